"""Which facilities can take this patient, best first, and why not the others. Pure: no clock, no state, no I/O.

What is known decides, what is unknown is said. For a red case an unknown is never taken for a yes: facilities of which a
needed capability or the hours are unknown are no candidates but listed apart; for other cases they come behind all known
ones. Ranking here is by time to the door; the expected time to care, with the chance of a decline, is dispatch's matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facilities import _kernels as kernels
from facilities import flags as bits
from facilities.availability import STATES, AvailabilityBoard, Weighed
from facilities.explaining import Explainer
from facilities.model import Facility, Value
from facilities.reasons import Reason
from facilities.requirement import Requirement
from facilities.table import FacilityTable
from facilities.vocabulary import figures, vocabulary
from routing import CLOSED


class Certainty(IntEnum):
    """How sure it is that a facility meets a requirement at the time of arrival."""

    STATED = 0
    """Somebody says so."""
    IMPLIED = 1
    """It follows from what kind of facility it is."""
    UNKNOWN = 2
    """A needed capability, or whether it is open, is unknown."""


_KIND, _ESTIMATED = np.int32(bits.KIND), np.int32(bits.ESTIMATED)
_OF_CLAIM = np.array(
    [{"closed": bits.SHUT, "full": bits.FULL, "diverting": bits.DIVERTING}.get(s, 0) for s in STATES], np.int32
)
_STATED, _BY_KIND, _UNKNOWN = (np.int8(certainty) for certainty in Certainty)


@cache
def _emergency_door() -> frozenset[str]:
    return frozenset(figures("matching")["emergency_door"])


@dataclass(frozen=True, slots=True)
class Ranked:
    """Facilities, best first; arrays of the same length.

    Attributes:
        facility_index: int32, index into the table's facilities.
        travel_ms: int64.
        decline_probability: float64, 0 … 1.
        certainty: int8, `Certainty`.
        open_for_ms: int64, from `when` until it closes, or until its hours change or become unknown; NEVER if they don't
            within the calendar. A vehicle that would arrive later must ask again.
    """

    facility_index: NDArray[np.int32]
    travel_ms: NDArray[np.int64]
    decline_probability: NDArray[np.float64]
    certainty: NDArray[np.int8]
    open_for_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.facility_index)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A facility that is no candidate, and every reason why."""

    facility: Facility
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answer: every facility is in exactly one of `candidates`, `uncertain` and `left_out`.

    Attributes:
        requirement, table, when: what was asked.
        candidates: ranked.
        uncertain: ranked; for red cases those that are unknown in something that matters, else empty.
        left_out_index: int32, in the order of travel time.
        flags: int32[n], `facilities.flags`, for every facility.
        travel_ms: int64[n], as given; CLOSED where it can't be reached.
        arrival, change: int64[n], seconds since 1970 (UTC): at the door, and when the hours change after that (NEVER).
        open_for_ms: int64[n], from `when` until then (NEVER).
        board, weighed: the claims, and those of them that count.
    """

    requirement: Requirement
    table: FacilityTable
    when: dt.datetime
    candidates: Ranked
    uncertain: Ranked
    left_out_index: NDArray[np.int32]
    flags: NDArray[np.int32]
    travel_ms: NDArray[np.int64]
    arrival: NDArray[np.int64]
    change: NDArray[np.int64]
    open_for_ms: NDArray[np.int64]
    board: AvailabilityBoard | None
    weighed: Weighed | None

    @property
    def best(self) -> Ranked:
        """The candidates; where there is none the uncertain ones, to be asked before anybody is sent there."""
        return self.candidates if len(self.candidates) else self.uncertain

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Each facility left out, the nearest first, with every reason."""
        explainer = self.explainer()
        return tuple(LeftOut(self.table.facilities[i], explainer.reasons(i)) for i in self.left_out_index.tolist())

    def reasons(self, facility: int) -> tuple[Reason, ...]:
        """Why facility `facility` (index) is left out or uncertain; empty for a candidate of which everything is known."""
        return self.explainer().reasons(facility)

    def remarks(self, facility: int) -> tuple[Reason, ...]:
        """What to know of facility `facility` (index) though it is no reason: implied, estimated, old claims, conflicts."""
        return self.explainer().remarks(facility)

    def explainer(self) -> Explainer:
        """What `left_out`, `reasons` and `remarks` are told by; to be kept by whoever asks for many of them."""
        return Explainer.of(self.requirement, self.table, self.flags, self.arrival, self.change, self.board, self.weighed)


def match(
    requirement: Requirement,
    table: FacilityTable,
    travel_ms: NDArray[np.generic],
    when: dt.datetime,
    availability: AvailabilityBoard | None = None,
    tried: Collection[str] = (),
    prior: NDArray[np.float64] | None = None,
    estimated: NDArray[np.bool_] | None = None,
) -> Matches:
    """Rank the facilities for a requirement.

    Args:
        requirement: what is asked.
        table: the facilities, n of them.
        travel_ms: [n], from the patient to each; CLOSED (2**31 - 1) or more, or inf, is unreachable.
        when: when the vehicle leaves the patient, with a time zone. Hours are judged at the time of arrival.
        availability: what has been claimed, or None.
        tried: ids of facilities that have declined or been given up in this case.
        prior: float64[n], the chance of a decline before anything is known of this requirement; None takes that of
            data/facilities.toml.
        estimated: bool[n], travel times that are estimates (beyond the network); None: none is.

    Raises:
        ValueError: `when` has no zone, or an array has the wrong length.
    """
    count = len(table)
    if when.tzinfo is None:
        raise ValueError(f"{when}: a time without a zone")
    if np.shape(travel_ms) != (count,):
        raise ValueError(f"{np.shape(travel_ms)} travel times for {count} facilities")
    reached = travel_ms < CLOSED  # type: ignore[operator]
    travel = np.where(reached, travel_ms, CLOSED).astype(np.int64)
    second = int(when.timestamp())
    weighed = None if availability is None else availability.at(second)

    flags = ~_right_kind(requirement, table) * _KIND
    for name in tried:
        if name in table.index:
            flags[table.index[name]] |= bits.TRIED
    if requirement.service is not None:
        for i, accepted in table.services.items():
            if requirement.service not in accepted:
                flags[i] |= bits.SERVICE
    if estimated is not None:
        flags |= estimated * _ESTIMATED

    capability = table.capability
    sets = _Sets.of(requirement, table)
    if availability is not None and weighed is not None:
        capability = _with_claims(flags, sets, requirement, table, availability, weighed)
    soon = int(figures("matching")["closes_soon_minutes"]) * 60
    hours = table.timetable
    arrival, following, open_for = kernels.arrive(
        flags, travel, *sets.met(table, capability), table.emergency_row, table.hours_row, hours.row_first, hours.start,
        hours.state, (hours.begin, hours.end), second, soon,
    )  # fmt: skip

    declined = _decline(requirement, flags, prior, availability, weighed)
    out = (flags & bits.OUT) != 0
    unsure = (flags & bits.UNSURE) != 0
    certainty = np.where(unsure, _UNKNOWN, np.where(flags & bits.IMPLIED, _BY_KIND, _STATED))
    nearest = np.lexsort((table.order, travel))
    ranking = np.concatenate((nearest[~unsure[nearest]], nearest[unsure[nearest]]))

    def ranked(chosen: NDArray[np.bool_]) -> Ranked:
        index = ranking[chosen[ranking]]
        return Ranked(index.astype(np.int32), travel[index], declined[index], certainty[index], open_for[index])

    red = requirement.priority == "red"
    return Matches(
        requirement=requirement,
        table=table,
        when=when,
        candidates=ranked(~out & ~unsure if red else ~out),
        uncertain=ranked(~out & unsure if red else np.zeros(count, dtype=np.bool_)),
        left_out_index=nearest[out[nearest]].astype(np.int32),
        flags=flags,
        travel_ms=travel,
        arrival=arrival,
        change=following,
        open_for_ms=open_for,
        board=availability,
        weighed=weighed,
    )


def _right_kind(requirement: Requirement, table: FacilityTable) -> NDArray[np.bool_]:
    if requirement.kinds is None:
        return table.destination
    allowed = np.array([kind in requirement.kinds for kind in table.kinds], dtype=np.bool_)
    return allowed[table.kind]


class _Sets(NamedTuple):
    """The sets of capabilities of a requirement, as `facilities._kernels.met` takes them."""

    columns: NDArray[np.int64]
    first: NDArray[np.int64]
    by_door: NDArray[np.bool_]

    @staticmethod
    def of(requirement: Requirement, table: FacilityTable) -> _Sets:
        sets = requirement.capabilities
        columns = np.array([table.column[name] for wanted in sets for name in wanted], np.int64)
        first = np.array([0, *accumulate(len(wanted) for wanted in sets)], np.int64)
        return _Sets(columns, first, np.array([bool(wanted & _emergency_door()) for wanted in sets], np.bool_))

    def met(
        self, table: FacilityTable, capability: NDArray[np.int8]
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_], NDArray[np.bool_]]:
        return kernels.met(capability, table.implied, self.columns, self.first, self.by_door)


def _with_claims(
    flags: NDArray[np.int32],
    sets: _Sets,
    requirement: Requirement,
    table: FacilityTable,
    board: AvailabilityBoard,
    weighed: Weighed,
) -> NDArray[np.int8]:
    """Let fresh claims decide: flags what is full, diverting or closed; a fresh "open" of a capability makes it a yes."""
    facility, column, state = (array[weighed.claim] for array in (board.facility, board.column, board.state))
    whole = weighed.fresh & (column < 0)
    np.bitwise_or.at(flags, facility[whole], _OF_CLAIM[state[whole]])
    relevant = np.zeros(len(table.column) + 1, dtype=np.bool_)
    for wanted in requirement.capabilities:
        relevant[[table.column[name] for name in wanted]] = True
    flags[facility[~weighed.fresh & ((column < 0) | relevant[column])]] |= bits.OLD
    part = weighed.fresh & (column >= 0) & relevant[column]
    if not part.any():
        return table.capability
    opened = part & (state == STATES.index("open"))
    raised = table.capability.copy()
    raised[facility[opened], column[opened]] = Value.YES
    refused = part & ~opened
    if refused.any():
        lowered = raised.copy()
        lowered[facility[refused], column[refused]] = Value.NO
        before, after = sets.met(table, raised)[0], sets.met(table, lowered)[0]
        blocked = refused & ((before > Value.NO) & (after == Value.NO))[facility]
        np.bitwise_or.at(flags, facility[blocked], _OF_CLAIM[state[blocked]])
    return raised


def _decline(
    requirement: Requirement,
    flags: NDArray[np.int32],
    prior: NDArray[np.float64] | None,
    board: AvailabilityBoard | None,
    weighed: Weighed | None,
) -> NDArray[np.float64]:
    """The chance that each facility declines: float64[n], from the prior, what is unknown, and claims by their weight."""
    known = figures("decline")
    if prior is None:
        base = float(known["base"]) * (1.0 if requirement.needs_room else 1.0 - float(known["room_share"]))
        prior = np.full(len(flags), base)
    elif len(prior) != len(flags):
        raise ValueError(f"{len(prior)} priors for {len(flags)} facilities")
    chances = (float(known[name]) for name in ("unknown_capability", "implied_capability", "unknown_hours"))
    accepts = kernels.accepting(flags, prior, *chances)
    if board is not None and weighed is not None:
        wanted = frozenset[str]().union(*requirement.capabilities)
        asked = np.array([*(name in wanted for name in vocabulary().capabilities), True])  # the last: facilities as a whole
        counts = asked[board.column[weighed.claim]]
        claim, weight = weighed.claim[counts], weighed.weight[counts]
        facility, state = board.facility[claim], board.state[claim]
        sure = np.array([float(known.get(f"{s}_claim", 0.0)) for s in STATES])
        np.multiply.at(accepts, facility, 1.0 - weight * sure[state])
        opened = state == STATES.index("open")
        declines = 1.0 - accepts
        np.multiply.at(declines, facility[opened], 1.0 - weight[opened] * (1.0 - float(known["open_claim_remains"])))
        accepts = 1.0 - declines
    return np.clip(1.0 - accepts, 0.0, 1.0)
