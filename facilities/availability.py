"""Who said when that a facility is open, full, diverting or closed, and how much that is still worth.

A claim loses half its weight every half-life (data/facilities.toml). While it is fresh it decides; when it is old it is
shown as old, and only shifts the odds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from facilities.vocabulary import figures, vocabulary
from routing import InputError

AvailabilityState = Literal["open", "full", "diverting", "closed"]
STATES: tuple[AvailabilityState, ...] = ("closed", "full", "diverting", "open")
"""From the least hopeful to the most."""


@dataclass(frozen=True, slots=True)
class Availability:
    """A claim about a facility as a whole (`capability` None) or about one capability ("the ICU is full").

    Attributes:
        facility: its id.
        capability: a key of `[capabilities]`, or None.
        state: what is claimed.
        author: who says so, for the record ("dr. Sari, IGD", "dispatcher 3").
        time: when it was so, with a time zone.
    """

    facility: str
    capability: str | None
    state: AvailabilityState
    author: str
    time: dt.datetime

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise InputError(f"availability of {self.facility}: the time {self.time} has no zone")
        if self.state not in get_args(AvailabilityState):
            raise InputError(
                f"availability of {self.facility}: {self.state!r} is none of {', '.join(get_args(AvailabilityState))}"
            )
        if self.capability is not None and self.capability not in vocabulary().capabilities:
            raise InputError(f"availability of {self.facility}: unknown capability {self.capability!r}")


@dataclass(frozen=True, slots=True)
class AvailabilityBoard:
    """Claims as arrays, sorted so that the one that counts comes first for each (facility, capability).

    Attributes:
        claims: as given, sorted.
        facility: int32[n], index into the facilities.
        column: int16[n], column of the capability, -1 for the facility as a whole.
        state: int8[n], index into `STATES`.
        second: int64[n], when it was so, seconds since 1970 (UTC).
    """

    claims: tuple[Availability, ...]
    facility: NDArray[np.int32]
    column: NDArray[np.int16]
    state: NDArray[np.int8]
    second: NDArray[np.int64]

    @staticmethod
    def build(claims: Iterable[Availability], index: Mapping[str, int], column: Mapping[str, int]) -> AvailabilityBoard:
        """The board of a region; claims about facilities that are not in `index` are left aside.

        Of two claims of the same second about the same thing the less hopeful one counts, then the author's name decides:
        never the order of input.

        Args:
            claims: any number, in any order.
            index: from facility id to index. column: from capability to column. Both as in `FacilityTable`.
        """

        def rank(claim: Availability) -> tuple[int, int, int, int, str]:
            where = -1 if claim.capability is None else column[claim.capability]
            return (index[claim.facility], where, -int(claim.time.timestamp()), STATES.index(claim.state), claim.author)

        known = sorted((claim for claim in claims if claim.facility in index), key=rank)
        return AvailabilityBoard(
            tuple(known),
            np.array([index[claim.facility] for claim in known], dtype=np.int32),
            np.array([-1 if claim.capability is None else column[claim.capability] for claim in known], dtype=np.int16),
            np.array([STATES.index(claim.state) for claim in known], dtype=np.int8),
            np.array([int(claim.time.timestamp()) for claim in known], dtype=np.int64),
        )

    def at(self, second: int) -> Weighed:
        """The claims that count at `second` (since 1970, UTC), and what they are worth.

        For each (facility, capability) the newest one that does not lie in the future; clocks differ a little, so up to
        `future_tolerance_minutes` ahead counts as made now.
        """
        table = figures("availability")
        half_life = np.array([float(table["half_life_minutes"][state]) for state in STATES])
        age = (second - self.second) / 60.0
        made = np.flatnonzero(age >= -float(table["future_tolerance_minutes"]))
        facility, column = self.facility[made], self.column[made]
        newest = np.ones(len(made), dtype=np.bool_)
        newest[1:] = (facility[1:] != facility[:-1]) | (column[1:] != column[:-1])
        chosen = made[newest]
        minutes = np.maximum(age[chosen], 0.0)
        weight = 0.5 ** (minutes / half_life[self.state[chosen]])
        kept = weight >= float(table["forget_weight"])
        return Weighed(chosen[kept], weight[kept], minutes[kept], weight[kept] >= float(table["fresh_weight"]))


@dataclass(frozen=True, slots=True)
class Weighed:
    """Claims that count at a moment.

    Attributes:
        claim: int64[k], index into the board's claims.
        weight: float64[k], 1 when made, half of it after each half-life.
        age_minutes: float64[k].
        fresh: bool[k]; fresh ones decide, others only warn.
    """

    claim: NDArray[np.int64]
    weight: NDArray[np.float64]
    age_minutes: NDArray[np.float64]
    fresh: NDArray[np.bool_]
