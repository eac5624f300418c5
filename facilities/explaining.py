"""From what a match has found to reasons and remarks; cheap enough to be asked for every facility of every answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facilities import flags as bits
from facilities.availability import Availability, AvailabilityBoard, Weighed
from facilities.hours import time_zone
from facilities.model import Severity, Value
from facilities.reasons import Param, Reason, reason
from facilities.requirement import Requirement
from facilities.table import NEVER, FacilityTable

_STATE_OF = {bits.FULL: "full", bits.DIVERTING: "diverting", bits.SHUT: "closed"}
_PLAIN = {
    bits.TRIED: reason("already_tried"),
    bits.UNREACHABLE: reason("unreachable"),
    bits.ESTIMATED: reason("travel_estimated"),
}


@dataclass(frozen=True, slots=True)
class AgedClaim:
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
    """Reasons and remarks of one match; the attributes are those of `facilities.matching.Matches`."""

    requirement: Requirement
    table: FacilityTable
    flags: NDArray[np.int32]
    arrival: NDArray[np.int64]
    change: NDArray[np.int64]
    claims: Mapping[int, list[AgedClaim]]

    def reasons(self, facility: int) -> tuple[Reason, ...]:
        """Why a facility is left out or uncertain."""
        return tuple(self._reason(facility, bit) for bit in _set_bits(int(self.flags[facility]) & (bits.OUT | bits.UNSURE)))

    def remarks(self, facility: int) -> tuple[Reason, ...]:
        """What else to say of a facility: implied, estimated, old claims, no name, conflicts of weight."""
        flags = int(self.flags[facility]) & ~(bits.OUT | bits.UNSURE)
        found = [self._reason(facility, bit) for bit in _set_bits(flags & ~bits.OLD)]
        if flags & bits.OLD:
            found.extend(_claimed("old_claim", old) for old in self._relevant(facility) if not old.fresh)
        described = self.table.facilities[facility]
        if not described.name:
            found.append(reason("unnamed"))
        for conflict in described.conflicts:
            if conflict.severity is not Severity.NOTE:
                params: dict[str, Param] = {"values": " / ".join(conflict.values), "chosen": conflict.chosen}
                if conflict.distance_m is not None:
                    params["distance_m"] = round(conflict.distance_m)
                found.append(reason(f"conflict_{conflict.code}", **params))
        return tuple(found)

    def _reason(self, facility: int, bit: int) -> Reason:
        if bit in _PLAIN:
            return _PLAIN[bit]
        if bit == bits.KIND:
            return reason("kind_unsuitable", kind=self.table.facilities[facility].kind)
        if bit == bits.LACKS:
            return reason("lacks", capabilities=self._short_of(facility, Value.NO))
        if bit == bits.CAPABILITY_UNKNOWN:
            return reason("capability_unknown", capabilities=self._short_of(facility, Value.UNKNOWN))
        if bit == bits.IMPLIED:
            return reason("capability_implied", capabilities=self._resting(facility), kind=self.table.facilities[facility].kind)
        if bit in _STATE_OF:
            said = next(c for c in self._relevant(facility) if c.fresh and c.claim.state == _STATE_OF[bit])
            return _claimed("declared", said)
        if bit == bits.HOURS_UNKNOWN:
            written = self.table.facilities[facility].opening_hours
            return reason("hours_unreadable", written=written) if written else reason("hours_unknown")
        if bit == bits.SERVICE:
            return reason("service_not_accepted", service=str(self.requirement.service))
        return self._hours(facility, "closed_at_arrival" if bit == bits.CLOSED_THEN else "closes_soon")

    def _hours(self, facility: int, code: str) -> Reason:
        zone = time_zone(float(self.table.longitude[facility]), float(self.table.latitude[facility])).key
        arrival, change = int(self.arrival[facility]), int(self.change[facility])
        if change == NEVER:
            return Reason(f"{code}_for_good", (("arrival", arrival), ("zone", zone)))
        return Reason(code, (("arrival", arrival), ("change", change), ("zone", zone)))

    def _short_of(self, facility: int, value: Value) -> tuple[str, ...]:
        """What is lacking or unknown, in the set of capabilities that comes nearest to being met."""
        row = self.table.capability[facility].tolist()
        opened = {c.claim.capability for c in self._relevant(facility) if c.fresh and c.claim.state == "open"}
        best: tuple[int, int, tuple[str, ...]] | None = None
        for wanted in self.requirement.capabilities:
            said = {name: Value.YES if name in opened else row[self.table.column[name]] for name in wanted}
            short = tuple(sorted(name for name, held in said.items() if held == value))
            found = (sum(held == Value.NO for held in said.values()), len(short), short)
            if short and (best is None or found < best):
                best = found
        return () if best is None else best[2]

    def _resting(self, facility: int) -> tuple[str, ...]:
        """The needed capabilities that rest on what the facility's kind implies."""
        columns = [(name, self.table.column[name]) for name in sorted(set().union(*self.requirement.capabilities))]
        row, implied = self.table.capability[facility], self.table.implied[facility]
        return tuple(name for name, column in columns if implied[column] and row[column] == Value.YES)

    def _relevant(self, facility: int) -> list[AgedClaim]:
        wanted: frozenset[str] = frozenset().union(*self.requirement.capabilities)
        held = self.claims.get(facility, [])
        return [aged for aged in held if aged.claim.capability is None or aged.claim.capability in wanted]


def _claimed(code: str, aged: AgedClaim) -> Reason:
    claim = aged.claim
    params: dict[str, Param] = {"state": claim.state, "author": claim.author, "age_minutes": aged.age_minutes}
    if claim.capability is None:
        return reason(f"{code}_facility", **params)
    return reason(f"{code}_capability", **params, capabilities=(claim.capability,))


def _set_bits(flags: int) -> list[int]:
    return [1 << i for i in range(flags.bit_length()) if flags >> i & 1]
