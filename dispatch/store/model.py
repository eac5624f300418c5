"""What goes into the store and comes out of it: aggregates as opaque bytes, events, clocks, private entries, fixes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_KIND = re.compile(r"[a-z][a-z0-9_]{0,30}")
_WORD = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_REGION = re.compile(r"[A-Za-z0-9._-]{1,80}")
_EVENT_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_LONGEST_COMMAND = 200
MAX_VERSION = 2**53
"""Scripts count in doubles."""


def _checked(pattern: re.Pattern[str], word: str, what: str) -> str:
    if not pattern.fullmatch(word):
        raise ValueError(f"{what} {word!r} does not match {pattern.pattern}")
    return word


def checked_region(region: str) -> str:
    """The region's name, if it can be one.

    Raises:
        ValueError: it has other characters than letters, digits, dot, hyphen and underscore, or more than 80.
    """
    return _checked(_REGION, region, "region")


def checked_event_id(event_id: str) -> str:
    """The event id, if it is one: two numbers with a hyphen, as the store gives them; `0-0` comes before all.

    Raises:
        ValueError: it isn't.
    """
    return _checked(_EVENT_ID, event_id, "event id")


def checked_word(word: str, what: str) -> str:
    """A name of a clock, vehicle, group or consumer, if it can be one.

    Raises:
        ValueError: it has other characters than letters, digits, `._:-`, or more than 80.
    """
    return _checked(_WORD, word, what)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An aggregate's name.

    Attributes:
        kind: a short word in lower case ("case", "run", "vehicle").
        id: letters, digits, `._:-`, at most 80.

    Raises:
        ValueError: kind or id has other characters.
    """

    kind: str
    id: str

    def __post_init__(self) -> None:
        _checked(_KIND, self.kind, "kind")
        _checked(_WORD, self.id, "id")

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, word: str) -> Ref:
        """The ref that `str` wrote."""
        kind, _, identity = word.partition("/")
        return cls(kind, identity)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An aggregate as it was found; version 0 and no state: not there."""

    version: int
    state: bytes | None


@dataclass(frozen=True, slots=True)
class Write:
    """An aggregate's next state.

    Attributes:
        ref: which.
        expected: the version it was loaded with, 0 for a new one; it becomes one more.
        state: its bytes.
        clocks: name to deadline, milliseconds since 1970; they replace all earlier clocks of this aggregate.
        open: it stays in the index of what is open.
    """

    ref: Ref
    expected: int
    state: bytes
    clocks: Mapping[str, int] = field(default_factory=dict)
    open: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.expected < MAX_VERSION:
            raise ValueError(f"{self.ref}: {self.expected} can't be a version")
        for name, deadline in self.clocks.items():
            checked_word(name, "clock")
            if not 0 <= deadline < MAX_VERSION:
                raise ValueError(f"{self.ref}: {deadline} can't be the deadline of {name!r} in milliseconds")


@dataclass(frozen=True, slots=True)
class Check:
    """An aggregate that was read and isn't written: it must still have this version."""

    ref: Ref
    version: int


@dataclass(frozen=True, slots=True)
class EventEntry:
    """One event: of which aggregate, the version it led to, its type, and its bytes (no personal data: it is archived)."""

    ref: Ref
    version: int
    type: str
    body: bytes

    def __post_init__(self) -> None:
        checked_word(self.type, "event type")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with the id the region's stream gave it; ids grow."""

    id: str
    event: EventEntry


@dataclass(frozen=True, slots=True)
class PrivateEntry:
    """Personal data about an aggregate: kept in a list of its own, not in states, events or streams; `forget` drops it."""

    ref: Ref
    body: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """What one command leads to: all of it is stored, or nothing.

    Attributes:
        command: its id, 1 to 200 characters; a second commit with the same one does nothing.
        answer: what it was answered (no personal data: it is kept for days); a repetition gets it again.
        fingerprint: of the request, so that an id reused for something else can be told.
        writes, checks: aggregates written, and those only read; each at most once.
        events: in order.
        private: personal data.
    """

    command: str
    answer: bytes = b""
    fingerprint: bytes = b""
    writes: Sequence[Write] = ()
    checks: Sequence[Check] = ()
    events: Sequence[EventEntry] = ()
    private: Sequence[PrivateEntry] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.command) <= _LONGEST_COMMAND:
            raise ValueError(f"a command id has 1 to {_LONGEST_COMMAND} characters, not {len(self.command)}")
        named = [write.ref for write in self.writes] + [check.ref for check in self.checks]
        if len(set(named)) != len(named):
            doubled = next(ref for ref in named if named.count(ref) > 1)
            raise ValueError(f"{doubled} is written or checked twice in one commit")


@dataclass(frozen=True, slots=True)
class Committed:
    """It is stored, and on disk.

    Attributes:
        event_ids: of its events, in their order.
    """

    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A command with this id was stored before; nothing was done now.

    Attributes:
        answer: what it was answered then.
        fingerprint: of the request then; if the present one's differs, the id was reused for something else. Empty where it
            was dropped (`Store.blank_prints`).
    """

    answer: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class DueClock:
    """A clock that rings: whose, its name, and its deadline as it was set (milliseconds since 1970)."""

    ref: Ref
    name: str
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A vehicle's position as reported.

    Attributes:
        vehicle: whose.
        fix_ms: when it was taken, milliseconds since 1970.
        body: its bytes.
        trusted: it may become the vehicle's latest; False for one that can't be true, which only the trail keeps.
    """

    vehicle: str
    fix_ms: int
    body: bytes
    trusted: bool = True

    def __post_init__(self) -> None:
        checked_word(self.vehicle, "vehicle")
        if not 0 <= self.fix_ms < MAX_VERSION:
            raise ValueError(f"{self.vehicle}: {self.fix_ms} can't be a time in milliseconds")


@dataclass(frozen=True, slots=True)
class StoredFix:
    """A fix of the live stream, with its id there."""

    id: str
    fix: Fix
