"""From what a match has found to reasons and remarks; cheap enough to be asked for every facility of every answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from facilities import flags as bits
from facilities.availability import Availability, AvailabilityBoard, Weighed
from facilities.model import Conflict, Severity, Value
from facilities.reasons import Param, Reason, conflict_reason, reason
from facilities.requirement import Requirement
from facilities.table import NEVER, FacilityTable

_STATE_OF = {bits.FULL: "full", bits.DIVERTING: "diverting", bits.SHUT: "closed"}
_PLAIN = {
    bits.TRIED: reason("already_tried"),
    bits.UNREACHABLE: reason("unreachable"),
    bits.ESTIMATED: reason("travel_estimated"),
}


_HOURS_UNKNOWN = reason("hours_unknown")
_NONE: frozenset[str | None] = frozenset()
_FOR_GOOD = bits.TRIED | bits.KIND | bits.LACKS
_SET_BITS = [[1 << i for i in range(flags.bit_length()) if flags >> i & 1] for flags in range((bits.OUT | bits.UNSURE) + 1)]
_BITS = (bits.OUT | bits.UNSURE).bit_length()
_BEFORE_HOURS, _AFTER_HOURS = bits.CLOSED_THEN - 1, -2 * bits.CLOSED_THEN
_OWN = bits.HOURS_UNKNOWN | bits.FULL | bits.DIVERTING | bits.SHUT
"""What is told of each facility in words of its own."""


class AgedClaim(Struct, frozen=True):
    """A claim that counts, its age in minutes, and whether it is fresh enough to decide."""

    claim: Availability
    age_minutes: int
    fresh: bool


def claims_by_facility(board: AvailabilityBoard | None, weighed: Weighed | None) -> Mapping[int, list[AgedClaim]]:
    """The claims that count, by facility index."""
    found: dict[int, list[AgedClaim]] = defaultdict(list)
    if board is not None and weighed is not None:
        facilities = board.facility[weighed.claim].tolist()
        ages, fresh = weighed.age_minutes.astype(np.int64).tolist(), weighed.fresh.tolist()
        for at, facility, age, new in zip(weighed.claim.tolist(), facilities, ages, fresh, strict=True):
            found[facility].append(AgedClaim(board.claims[at], age, new))
    return found


@dataclass(frozen=True, slots=True)
class Explainer:
    """Reasons and remarks of one match: plain lists of what `facilities.matching.Matches` holds as arrays.

    `wanted` are the capabilities that the requirement names, sorted, and `columns` theirs. `alike[i]` is a number that facility
    `i` shares with those of its kind that have the same values in them; `memo` keeps what is told of such facilities.
    """

    requirement: Requirement
    table: FacilityTable
    flags: list[int]
    arrival: list[int]
    change: list[int]
    claims: Mapping[int, list[AgedClaim]]
    wanted: tuple[str, ...]
    columns: list[int]
    alike: list[int]
    memo: dict[int, tuple[Reason, ...]]

    @staticmethod
    def of(
        requirement: Requirement,
        table: FacilityTable,
        flags: NDArray[np.int32],
        arrival: NDArray[np.int64],
        change: NDArray[np.int64],
        board: AvailabilityBoard | None,
        weighed: Weighed | None,
    ) -> Explainer:
        """The explainer of a match."""
        wanted = tuple(sorted(frozenset[str]().union(*requirement.capabilities)))
        columns = [table.column[name] for name in wanted]
        return Explainer(
            requirement,
            table,
            flags.tolist(),
            arrival.tolist(),
            change.tolist(),
            claims_by_facility(board, weighed),
            wanted,
            columns,
            (table.kind + len(table.kinds) * (table.capability[:, columns] @ (len(Value) ** np.arange(len(columns))))).tolist(),
            {},
        )

    def reasons(self, facility: int) -> tuple[Reason, ...]:
        """Why a facility is left out or uncertain; what is unknown of one that can't help anyway is left unsaid."""
        flags = self.flags[facility]
        flags &= bits.OUT if flags & _FOR_GOOD else bits.OUT | bits.UNSURE
        if not flags & bits.CLOSED_THEN:
            return self._told(facility, flags)
        closed = (self._hours(facility, "closed_at_arrival"),)
        if flags == bits.CLOSED_THEN:
            return closed
        return self._told(facility, flags & _BEFORE_HOURS) + closed + self._told(facility, flags & _AFTER_HOURS)

    def _told(self, facility: int, flags: int) -> tuple[Reason, ...]:
        """The reasons for some bits, in their order: facilities alike in everything that they are about share them."""
        if not flags:
            return ()
        if flags & _OWN:
            each = _SET_BITS[flags]
            return tuple([self._reason(facility, bit) if bit & _OWN else self._told(facility, bit)[0] for bit in each])
        if facility in self.claims and self._opened(facility):
            return tuple([self._reason(facility, bit) for bit in _SET_BITS[flags]])
        key = self.alike[facility] << _BITS | flags
        known = self.memo.get(key)
        if known is None:
            known = self.memo[key] = tuple([self._reason(facility, bit) for bit in _SET_BITS[flags]])
        return known

    def remarks(self, facility: int) -> tuple[Reason, ...]:
        """What else to say of a facility: implied, estimated, old claims, no name, conflicts of weight."""
        flags = self.flags[facility] & ~(bits.OUT | bits.UNSURE)
        found = [self._reason(facility, bit) for bit in (bits.IMPLIED, bits.ESTIMATED, bits.SOON) if flags & bit]
        if flags & bits.OLD:
            found.extend(_claimed("old_claim", old) for old in self._relevant(facility) if not old.fresh)
        described = self.table.facilities[facility]
        if not described.name:
            found.append(reason("unnamed"))
        found.extend(conflict_reason(c) for c in described.conflicts if self._matters(c))
        return tuple(found)

    def grave(self, facility: int) -> tuple[Reason, ...]:
        """What must be said whenever the facility is named: that its sources contradict each other gravely."""
        if not self.table.grave[facility]:
            return ()
        conflicts = self.table.facilities[facility].conflicts
        return tuple(conflict_reason(c) for c in conflicts if c.severity is Severity.GRAVE)

    def _matters(self, conflict: Conflict) -> bool:
        """Whether a conflict bears on this requirement: not that of its beds, nor of what nobody needs."""
        if conflict.severity is Severity.NOTE or conflict.code == "beds":
            return False
        return conflict.code != "capability" or conflict.chosen.partition(":")[0] in self.wanted

    def _reason(self, facility: int, bit: int) -> Reason:
        if bit in _PLAIN:
            return _PLAIN[bit]
        if bit == bits.SOON:
            return self._hours(facility, "closes_soon")
        if bit in _STATE_OF:
            said = next(c for c in self._relevant(facility) if c.fresh and c.claim.state == _STATE_OF[bit])
            return _claimed("declared", said)
        if bit == bits.HOURS_UNKNOWN:
            written = self.table.facilities[facility].opening_hours
            return reason("hours_unreadable", written=written) if written else _HOURS_UNKNOWN
        if bit == bits.SERVICE:
            return reason("service_not_accepted", service=str(self.requirement.service))
        if bit == bits.KIND:
            return reason("kind_unsuitable", kind=self.table.facilities[facility].kind)
        return self._of_capabilities(facility, bit)

    def _hours(self, facility: int, code: str) -> Reason:
        arrival, change, zone = self.arrival[facility], self.change[facility], self.table.zone[facility]
        if change == NEVER:
            return Reason(f"{code}_for_good", (("arrival", arrival), ("zone", zone)))
        return Reason(code, (("arrival", arrival), ("change", change), ("zone", zone)))

    def _of_capabilities(self, facility: int, bit: int) -> Reason:
        values = self.table.capability[facility, self.columns].tolist()
        if bit == bits.IMPLIED:
            kind, rests = self.table.facilities[facility].kind, self.table.implied[facility, self.columns].tolist()
            named = [n for n, value, implied in zip(self.wanted, values, rests, strict=True) if implied and value == Value.YES]
            return reason("capability_implied", capabilities=tuple(named), kind=kind)
        code, short = ("lacks", Value.NO) if bit == bits.LACKS else ("capability_unknown", Value.UNKNOWN)
        return reason(code, capabilities=self._short_of(values, self._opened(facility), short))

    def _opened(self, facility: int) -> Set[str | None]:
        """The capabilities that fresh claims speak for."""
        named = [c.claim.capability for c in self.claims.get(facility, ()) if c.fresh and c.claim.state == "open"]
        return frozenset(named) if named else _NONE

    def _short_of(self, values: Sequence[int], opened: Set[str | None], value: Value) -> tuple[str, ...]:
        """What is lacking or unknown, in the set of capabilities that comes nearest to being met."""
        held = {name: Value.YES if name in opened else said for name, said in zip(self.wanted, values, strict=True)}
        best: tuple[int, int, tuple[str, ...]] | None = None
        for wanted in self.requirement.capabilities:
            short = tuple(sorted(name for name in wanted if held[name] == value))
            found = (sum(held[name] == Value.NO for name in wanted), len(short), short)
            if short and (best is None or found < best):
                best = found
        return () if best is None else best[2]

    def _relevant(self, facility: int) -> list[AgedClaim]:
        held = self.claims.get(facility, [])
        return [aged for aged in held if aged.claim.capability is None or aged.claim.capability in self.wanted]


def _claimed(code: str, aged: AgedClaim) -> Reason:
    claim = aged.claim
    params: dict[str, Param] = {"state": claim.state, "author": claim.author, "age_minutes": aged.age_minutes}
    if claim.capability is None:
        return reason(f"{code}_facility", **params)
    return reason(f"{code}_capability", **params, capabilities=(claim.capability,))
