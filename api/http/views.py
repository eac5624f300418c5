"""Fills the shapes of what is answered from states: in words, in local time, with nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from api.http.shapes import (
    CaseView,
    ClockView,
    DeskView,
    GoalView,
    OfferView,
    OfficerView,
    PatientView,
    PositionView,
    RiderView,
    RunView,
    SearchView,
    StampView,
    VehicleView,
    VoiceView,
)
from dispatch.life.case import Case, Patient
from dispatch.life.clocks import clocks_of
from dispatch.life.events import Ref
from dispatch.life.particulars import middle_of
from dispatch.life.people import Voice
from dispatch.life.referral import Attempt, DeskRequest, Goal
from dispatch.life.rules import Rules
from dispatch.life.run import Run
from dispatch.life.units import Officer, Unit
from dispatch.service.choices import Seen
from routing import Language, text

Deadlines = Mapping[tuple[Ref, str], datetime]
"""Of clocks, by what they are of and name, as they were set."""

NO_DEADLINES: Deadlines = MappingProxyType({})
_SET_FINELY = timedelta(milliseconds=1)


def about(state: Case | Run) -> Ref:
    """What a case or run is called."""
    return Ref("case" if isinstance(state, Case) else "run", state.id)


class Viewer:
    """Makes views for one region and one reader."""

    def __init__(
        self,
        zone: ZoneInfo,
        language: Language,
        rules: Rules,
        now: datetime,
        as_of: datetime | None = None,
        deadlines: Deadlines = NO_DEADLINES,
    ) -> None:
        self._zone, self._language, self._rules, self._now, self._deadlines = zone, language, rules, now, deadlines
        self._as_of = None if as_of is None else as_of.astimezone(zone)

    def local(self, moment: datetime) -> datetime:
        """A time in the region's zone."""
        return moment.astimezone(self._zone)

    def maybe(self, moment: datetime | None) -> datetime | None:
        """The same for a time that may be missing."""
        return None if moment is None else self.local(moment)

    def word(self, section: str, code: str | None) -> str:
        """An identifier in words."""
        return "" if code is None else text(self._language, f"dispatch.{section}.{code}")

    def rings(self, state: Case | Run) -> dict[str, datetime]:
        """When the clocks that run for a case or run ring, by name.

        A clock is set when its case or run changes. Where the rules are others since, the later time counts: nobody wakes
        before it was set to, and what rings too soon for the rules of now is set anew.
        """
        found = clocks_of(state, self._rules)
        return {name: self._later(when, self._deadlines.get((about(state), name))) for name, when in found.items()}

    def _later(self, when: datetime, as_set: datetime | None) -> datetime:
        return when if as_set is None or as_set - when < _SET_FINELY else as_set

    def clocks(self, state: Case | Run) -> list[ClockView]:
        """The clocks that run for something, the next one first."""
        found = sorted(self.rings(state).items(), key=lambda item: item[1])
        return [ClockView(name=name, rings_at=self.local(when)) for name, when in found]

    def case(self, case: Case, version: int) -> CaseView:
        """A case."""
        near = None if case.cell is None else middle_of(case.cell)
        return CaseView(
            id=case.id,
            version=version,
            kind=case.kind,
            kind_text=self.word("case", case.kind),
            priority=case.priority,
            priority_text=self.word("priority", case.priority),
            open=case.open,
            draft=case.open and not case.complete,
            near=None if near is None else (round(near.longitude, 5), round(near.latitude, 5)),
            received_at=self.local(case.received_at),
            recorded_at=self.local(case.recorded_at),
            pickup_at=self.maybe(case.pickup_at),
            search=self._search(case),
            patients=[self.patient(one) for one in case.patients],
            offers=[self.offer(one) for one in case.attempts],
            desk=[self.desk(one) for one in case.desk],
            passed_over=list(case.passed_over),
            merged_into=case.merged_into,
            closed_at=self.maybe(case.closed_at),
            clocks=self.clocks(case),
            as_of=self._as_of,
        )

    def _search(self, case: Case) -> SearchView | None:
        if case.search is None:
            return None
        step, watch = case.search.step, case.search.watch
        return SearchView(step=step, step_text=self.word("search", step), since=self.local(watch.since), rung=watch.rung)

    def patient(self, patient: Patient) -> PatientView:
        """A patient."""
        return PatientView(
            id=patient.id,
            state=patient.state,
            state_text=self.word("patient_state", patient.state),
            run=patient.run,
            goal=goal_view(patient.goal),
            firm=patient.firm,
            stranded_with=patient.stranded_with,
            died_at=self.maybe(patient.died_at),
            outcome=patient.outcome,
        )

    def offer(self, attempt: Attempt) -> OfferView:
        """An offer to a facility."""
        facility = goal_view(attempt.goal)
        assert facility is not None
        return OfferView(
            id=attempt.id,
            patient=attempt.patient,
            facility=facility,
            via=attempt.via,
            state=attempt.state,
            state_text=self.word("attempt_state", attempt.state),
            asked_at=self.local(attempt.watch.since),
            why=attempt.why,
            voice=_voice(attempt.voice),
        )

    def desk(self, request: DeskRequest) -> DeskView:
        """A request to the referral desk."""
        return DeskView(
            id=request.id,
            patient=request.patient,
            because=request.because,
            because_text=self.word("because", request.because),
            state=request.state,
            asked_at=self.local(request.watch.since),
            offer=request.attempt,
            voice=_voice(request.voice),
        )

    def run(self, run: Run, version: int) -> RunView:
        """A run."""
        stamps = [
            StampView(
                point=one.point,
                point_text=self.word("point", one.point),
                happened_at=self.local(one.happened_at),
                recorded_at=self.local(one.recorded_at),
                claimed_at=self.maybe(one.claimed_at),
                corrected=one.corrected,
            )
            for one in run.stamps
        ]
        helper = None
        if run.helper is not None:
            helper = {"kind": run.helper.kind, "name": run.helper.name, "phone": run.helper.phone}
        return RunView(
            id=run.id,
            version=version,
            state=run.state,
            state_text=self.word("run_state", run.state),
            vehicle=run.unit,
            officers=list(run.officers),
            helper=helper,
            riders=[RiderView(case=one.case, patient=one.patient) for one in run.riders],
            kind=run.kind,
            priority=run.priority,
            chosen=run.chosen,
            reason=run.reason,
            expected_seconds=None if run.expected_ms is None else round(run.expected_ms / 1000, 1),
            due_at=self.maybe(run.due_at),
            since=self.local(run.watch.since),
            stamps=stamps,
            how=run.how,
            ended_at=self.maybe(run.ended_at),
            clocks=self.clocks(run),
            as_of=self._as_of,
        )

    def vehicle(self, unit: Unit, version: int, seen: Seen | None, now_seconds: float) -> VehicleView:
        """A vehicle; a position older than `now_seconds` is not "now"."""
        position = None
        if seen is not None:
            age = max(0.0, (self._now - seen.time).total_seconds())
            position = PositionView(
                longitude=seen.longitude,
                latitude=seen.latitude,
                fix_time=self.local(seen.time),
                age_seconds=round(age, 1),
                now=age <= now_seconds,
            )
        return VehicleView(
            id=unit.id,
            version=version,
            name=unit.name,
            kind=unit.kind,
            kind_text=self.word("vehicle_kind", unit.kind),
            status=unit.status,
            status_text=self.word("status", unit.status),
            since=self.local(unit.since),
            equipment=sorted(unit.equipment),
            capacity=unit.capacity,
            base=unit.base,
            base_longitude=unit.base_longitude,
            base_latitude=unit.base_latitude,
            phone=unit.phone,
            run=unit.run,
            free=unit.free,
            out_of_order=unit.out_of_order,
            invented=unit.invented,
            position=position,
            as_of=self._as_of,
        )

    def officer(self, officer: Officer, version: int) -> OfficerView:
        """An officer."""
        return OfficerView(
            id=officer.id,
            version=version,
            name=officer.name,
            skills=sorted(officer.skills),
            shift_from=self.maybe(officer.shift_from),
            shift_until=self.maybe(officer.shift_until),
            on_shift=officer.on_shift(self._now),
            run=officer.run,
        )


def goal_view(goal: Goal | None) -> GoalView | None:
    """Where a patient is taken."""
    if goal is None:
        return None
    return GoalView(
        kind=goal.kind, id=goal.id, name=goal.name, phone=goal.phone, longitude=goal.longitude, latitude=goal.latitude
    )


def _voice(voice: Voice | None) -> VoiceView | None:
    return None if voice is None else VoiceView(name=voice.name, phone=voice.phone)
