"""One decision under way: the events so far, and the world as they leave it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dispatch.cases import CaseKind, case_kinds
from dispatch.fleet import VehicleStatus
from dispatch.life.case import Case, Patient
from dispatch.life.commands import Issued
from dispatch.life.events import Event, Recorded, UnitMoved
from dispatch.life.evolve import apply
from dispatch.life.facts import Facts
from dispatch.life.refusals import ConflictError, InvalidError, UnknownError
from dispatch.life.rules import Rules
from dispatch.life.run import Rider, Run
from dispatch.life.units import Officer, Unit
from dispatch.life.world import World


class Deciding:
    """Collects events; each is folded into the world at once, so that what follows sees it.

    Attributes:
        world: as the events so far leave it.
        issued, facts: what is decided about, and by.
        events: so far.
        at: when what the command tells happened.
    """

    def __init__(self, world: World, issued: Issued, facts: Facts) -> None:
        self.world = world
        self.issued = issued
        self.facts = facts
        self.events: list[Recorded] = []
        self.at = told_at(issued, facts)
        self._made = 0

    @property
    def rules(self) -> Rules:
        """The region's."""
        return self.facts.rules

    @property
    def now(self) -> datetime:
        """When the service records it."""
        return self.facts.now

    def emit(self, event: Event, at: datetime | None = None) -> None:
        """One more event; `at` is when it happened, where that is not when the command says."""
        recorded = Recorded(event, at or self.at, self.now, self.issued.actor, self.issued.id)
        self.world = apply(self.world, recorded)
        self.events.append(recorded)

    def new_id(self) -> str:
        """An id for something that this command makes."""
        self._made += 1
        return f"{self.issued.id}.{self._made}"

    def case(self, name: str) -> Case:
        """The open case of that id.

        Raises:
            UnknownError: there is none. ConflictError: it is closed.
        """
        found = self.world.cases.get(name)
        if found is None:
            raise UnknownError("no_case", case=name)
        if found.merged_into is not None:
            raise ConflictError("case_merged", case=name, into=found.merged_into)
        if not found.open:
            raise ConflictError("case_closed", case=name)
        return found

    def patient(self, case: str, name: str) -> Patient:
        """The patient of that id in an open case who has not ended.

        Raises:
            UnknownError: there is none. ConflictError: nothing is left to do for them.
        """
        found = self.case(case).patient(name)
        if found is None:
            raise UnknownError("no_patient", case=case, patient=name)
        if found.ended:
            raise ConflictError("patient_ended", case=case, patient=name)
        return found

    def run(self, name: str) -> Run:
        """The live run of that id.

        Raises:
            UnknownError: there is none. ConflictError: it has ended.
        """
        found = self.world.runs.get(name)
        if found is None:
            raise UnknownError("no_run", run=name)
        if not found.live:
            raise ConflictError("run_ended", run=name)
        return found

    def unit(self, name: str) -> Unit:
        """The vehicle of that id.

        Raises:
            UnknownError: there is none in the fleet.
        """
        found = self.world.units.get(name)
        if found is None or found.retired:
            raise UnknownError("no_vehicle", vehicle=name)
        return found

    def officer(self, name: str) -> Officer:
        """The officer of that id.

        Raises:
            UnknownError: there is none.
        """
        found = self.world.officers.get(name)
        if found is None or found.retired:
            raise UnknownError("no_officer", officer=name)
        return found

    def kind_of(self, case: Case) -> CaseKind:
        """The kind of a case whose intake is complete."""
        assert case.kind is not None
        return case_kinds()[case.kind]

    def matched(self, case: Case) -> bool:
        """Whether a facility has to be found for those of a case."""
        return case.kind is not None and case_kinds()[case.kind].destination == "facility"

    def riders(self, run: Run) -> Iterator[tuple[Rider, Patient]]:
        """Whom a run is for now."""
        return self.world.riders(run)

    def show_unit(self, run: Run, why: str = "") -> None:
        """Has the vehicle of a live run show what the run is doing."""
        if run.unit is None:
            return
        unit, status, scheduled = self.world.units[run.unit], run.status, self.scheduled(run)
        if (unit.status, unit.run, unit.scheduled_run) != (status, run.id, scheduled):
            self.emit(UnitMoved(unit.id, status, run.id, scheduled, why))

    def scheduled(self, run: Run) -> bool:
        """Whether a run is for booked trips only."""
        return all(self.kind_of(self.world.cases[rider.case]).scheduled for rider in run.riders)

    def in_order(self, run: Run) -> datetime | None:
        """Makes sure that what is decided does not come before the last point of a run; a clock that is a little slow is put
        right, and what it said is returned.

        Raises:
            InvalidError: it is earlier by more than the tolerance.
        """
        last = run.last_point
        if self.at >= last:
            return None
        if last - self.at > self.rules.skew:
            raise InvalidError("time_before_last", seconds=round((last - self.at).total_seconds()))
        said, self.at = self.at, last
        return said

    def after_the_call(self, case: Case) -> None:
        """Makes sure that what is decided does not come before the call; a clock that is a little slow is put right.

        Raises:
            InvalidError: it is earlier by more than the tolerance.
        """
        if case.received_at - self.at > self.rules.skew:
            raise InvalidError("time_before_call", seconds=round((case.received_at - self.at).total_seconds()))
        self.at = max(self.at, case.received_at)

    def free_unit(self, name: str, status: VehicleStatus, why: str = "", at: datetime | None = None) -> None:
        """Has a vehicle be without a run; one that broke down is out of order from then on. `at`: as for `emit`."""
        unit = self.world.units[name]
        self.emit(UnitMoved(name, VehicleStatus.BROKEN if unit.out_of_order else status, None, False, why), at)


def told_at(issued: Issued, facts: Facts) -> datetime:
    """When what a command tells happened: never later than now; a clock that is a little fast is put right.

    Raises:
        InvalidError: the time has no zone, or lies in the future by more than the tolerance.
    """
    if issued.happened_at.tzinfo is None:
        raise InvalidError("time_without_zone")
    ahead = issued.happened_at - facts.now
    if ahead > facts.rules.skew:
        raise InvalidError("time_ahead", seconds=round(ahead.total_seconds()))
    return min(issued.happened_at, facts.now)
