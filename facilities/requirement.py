"""What a case asks of a facility."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from facilities.vocabulary import figures, vocabulary
from routing import InputError

Priority = Literal["red", "yellow", "green", "black"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked of a facility.

    Attributes:
        capabilities: sets of capabilities any one of which will do, each met whole; empty: nothing is asked.
        priority: "red", "yellow", "green" or "black" (merah, kuning, hijau, hitam).
        kinds: only these kinds of facility; None: all where people are taken.
        service: the facility must not have said that it accepts others only; None: not asked.

    Raises:
        InputError: an unknown capability, kind or priority.
    """

    capabilities: tuple[frozenset[str], ...] = ()
    priority: str = "yellow"
    kinds: frozenset[str] | None = None
    service: str | None = None

    def __post_init__(self) -> None:
        words = vocabulary()
        if self.priority not in get_args(Priority):
            raise InputError(f"no priority {self.priority!r}; there are {', '.join(get_args(Priority))}")
        for wanted in self.capabilities:
            if unknown := sorted(wanted - set(words.capabilities)):
                raise InputError(f"no capability {unknown[0]!r}; there are {', '.join(words.capabilities)}")
        if self.kinds is not None and (strange := sorted(self.kinds - set(words.kinds))):
            raise InputError(f"no facility kind {strange[0]!r}; there are {', '.join(words.kinds)}")

    @property
    def needs_room(self) -> bool:
        """Whether every way of meeting it takes a bed."""
        rooms = _room_capabilities()
        return bool(self.capabilities) and all(wanted & rooms for wanted in self.capabilities)


@cache
def _room_capabilities() -> frozenset[str]:
    return frozenset(figures("decline")["room_capabilities"])
