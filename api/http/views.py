"""What is answered: states as HTTP shows them, with local times and nothing personal."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from dispatch.life.case import Case, Patient
from dispatch.life.clocks import clocks_of
from dispatch.life.particulars import middle_of
from dispatch.life.people import Voice
from dispatch.life.referral import Attempt, DeskRequest, Goal
from dispatch.life.rules import Rules
from dispatch.life.run import Run
from dispatch.life.units import Officer, Unit
from dispatch.life.world import Aggregate
from dispatch.service.choices import Seen
from routing import Language, text


class View(BaseModel):
    """Of something that is answered."""

    model_config = ConfigDict(frozen=True)


class ClockView(View):
    """A clock that runs: when it rings, in the region's local time."""

    name: str = Field(examples=["search"])
    rings_at: datetime


class VoiceView(View):
    """Whose word an answer is, where somebody else recorded it."""

    name: str = Field(examples=["dr. Sari, IGD"])
    phone: str = Field(default="", examples=["0251-8312292"])


class GoalView(View):
    """Where a patient is taken; a place that the caller named is in the particulars."""

    kind: str = Field(examples=["facility"], description="facility, outside (of every list), given or none")
    id: str
    name: str = ""
    phone: str = ""
    longitude: float | None = None
    latitude: float | None = None


class PatientView(View):
    """One patient, without anything personal."""

    id: str = Field(examples=["1"])
    state: str = Field(examples=["aboard"])
    state_text: str
    run: str | None
    goal: GoalView | None
    firm: bool = Field(description="somebody there has said yes; else it is an interim destination")
    stranded_with: str | None
    died_at: datetime | None
    outcome: str | None


class OfferView(View):
    """One facility that is asked to take one patient."""

    id: str
    patient: str
    facility: GoalView
    via: str = Field(examples=["ranking"], description="ranking, dispatcher, crew or sitegar")
    state: str = Field(examples=["offered"])
    state_text: str
    asked_at: datetime
    why: str | None = Field(examples=["room_full"])
    voice: VoiceView | None


class DeskView(View):
    """A request to the referral desk (SITEGAR)."""

    id: str
    patient: str
    because: str
    because_text: str
    state: str
    asked_at: datetime
    offer: str | None
    voice: VoiceView | None


class SearchView(View):
    """How far the search for a vehicle has got."""

    step: str = Field(examples=["assign"])
    step_text: str
    since: datetime
    rung: int


class CaseView(View):
    """A case, without anything personal: that is at its `particulars`."""

    id: str
    version: int
    kind: str | None
    kind_text: str
    priority: str | None
    priority_text: str
    open: bool
    draft: bool
    near: tuple[float, float] | None = Field(description="longitude, latitude of the middle of the 250 m cell, degrees")
    received_at: datetime
    recorded_at: datetime
    pickup_at: datetime | None
    search: SearchView | None
    patients: list[PatientView]
    offers: list[OfferView]
    desk: list[DeskView]
    passed_over: list[str]
    merged_into: str | None
    closed_at: datetime | None
    clocks: list[ClockView]
    as_of: datetime | None = Field(default=None, description="set where the store was away: how old this is")


class StampView(View):
    """A time point of a run."""

    point: str
    point_text: str
    happened_at: datetime
    recorded_at: datetime
    claimed_at: datetime | None
    corrected: bool


class RiderView(View):
    """A patient of a case."""

    case: str
    patient: str


class RunView(View):
    """A vehicle, officers or outside help under way."""

    id: str
    version: int
    state: str = Field(examples=["en_route"])
    state_text: str
    vehicle: str | None
    officers: list[str]
    helper: dict[str, str] | None
    riders: list[RiderView]
    kind: str
    priority: str
    chosen: str = Field(examples=["recommended"])
    reason: str
    expected_seconds: float | None
    since: datetime
    stamps: list[StampView]
    how: str | None
    ended_at: datetime | None
    clocks: list[ClockView]
    as_of: datetime | None = None


class PositionView(View):
    """Where a vehicle was last seen."""

    longitude: float
    latitude: float
    fix_time: datetime
    age_seconds: float
    now: bool = Field(description="recent enough to be taken for where it is")


class VehicleView(View):
    """A vehicle of the fleet."""

    id: str
    version: int
    name: str
    kind: str
    kind_text: str
    status: str
    status_text: str
    since: datetime
    equipment: list[str]
    capacity: int
    base: str
    base_longitude: float | None
    base_latitude: float | None
    phone: str
    run: str | None
    free: bool
    out_of_order: bool
    invented: bool
    position: PositionView | None
    as_of: datetime | None = None


class OfficerView(View):
    """Somebody of a crew."""

    id: str
    version: int
    name: str
    skills: list[str]
    shift_from: datetime | None
    shift_until: datetime | None
    on_shift: bool
    run: str | None


class Viewer:
    """Makes views for one region and one reader."""

    def __init__(self, zone: ZoneInfo, language: Language, rules: Rules, now: datetime, as_of: datetime | None = None) -> None:
        self._zone, self._language, self._rules, self._now = zone, language, rules, now
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

    def clocks(self, state: Aggregate) -> list[ClockView]:
        """The clocks that run for something, the next one first."""
        found = sorted(clocks_of(state, self._rules).items(), key=lambda item: item[1])
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
