"""What has happened. Each event belongs to one case, run, vehicle or officer, or to something reported about roads or a
facility; none holds anything personal of a patient."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life.case import Cell, Outcome, SearchStep
from dispatch.life.people import Actor, Voice
from dispatch.life.referral import AttemptState, Because, Decline, Goal, Via
from dispatch.life.reports import Claim, Condition
from dispatch.life.run import Chosen, Helper, How, Rider, RunState
from dispatch.life.stamps import TimePoint

Kind = Literal["case", "run", "unit", "officer", "condition", "claims", "readings"]


SignalName = Literal["arrival_suggested", "departure_suggested", "off_route", "back_on_route", "standing_still", "moving_again"]


class Ref(Struct, frozen=True, order=True):
    """What an event belongs to."""

    kind: Kind
    id: str


class CaseEvent(Struct, frozen=True):
    """Of a case."""

    case: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("case", self.case)


class RunEvent(Struct, frozen=True):
    """Of a run."""

    run: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("run", self.run)


class UnitEvent(Struct, frozen=True):
    """Of a vehicle."""

    unit: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("unit", self.unit)


class OfficerEvent(Struct, frozen=True):
    """Of an officer."""

    officer: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("officer", self.officer)


class ConditionEvent(Struct, frozen=True):
    """Of something about roads."""

    condition: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("condition", self.condition)


class ClaimsEvent(Struct, frozen=True):
    """Of how a facility is."""

    claims: str

    @property
    def ref(self) -> Ref:
        """What it belongs to."""
        return Ref("claims", self.claims)


class ReadingsEvent(Struct, frozen=True):
    """Of who has read what is personal about a case."""

    case: str

    @property
    def ref(self) -> Ref:
        """What it belongs to: apart from the case, so that reading does not change it."""
        return Ref("readings", self.case)


class CaseOpened(CaseEvent, frozen=True, tag="case_opened"):
    """A call was recorded, perhaps as a draft."""

    kind: str | None
    priority: Priority | None
    cell: Cell | None
    patients: tuple[str, ...]
    received_at: datetime
    pickup_at: datetime | None = None
    needs: tuple[frozenset[str], ...] | None = None


class CaseDescribed(CaseEvent, frozen=True, tag="case_described"):
    """What is known of a case was completed or put right; what is None stays as it was."""

    kind: str | None = None
    priority: Priority | None = None
    cell: Cell | None = None
    pickup_at: datetime | None = None
    needs: tuple[frozenset[str], ...] | None = None
    why: str = ""


class ParticularsNoted(CaseEvent, frozen=True, tag="particulars_noted"):
    """Something personal was noted, named by its field only; `place` says that the exact place has changed."""

    fields: tuple[str, ...]
    place: bool = False


class PatientAdded(CaseEvent, frozen=True, tag="patient_added"):
    """One more person."""

    patient: str


class SearchMoved(CaseEvent, frozen=True, tag="search_moved"):
    """A vehicle is looked for, by the next means."""

    step: SearchStep
    why: str


class HelpRefused(CaseEvent, frozen=True, tag="help_refused"):
    """Somebody from outside cannot come."""

    step: SearchStep
    voice: Voice | None = None


class VehiclePassedOver(CaseEvent, frozen=True, tag="vehicle_passed_over"):
    """A vehicle declined the job or did not answer."""

    unit: str


class PatientAssigned(CaseEvent, frozen=True, tag="patient_assigned"):
    """A run is for this patient."""

    patient: str
    run: str


class PatientMet(CaseEvent, frozen=True, tag="patient_met"):
    """The team is with the patient."""

    patient: str


class PatientBoarded(CaseEvent, frozen=True, tag="patient_boarded"):
    """The patient is in the vehicle."""

    patient: str


class PatientArrived(CaseEvent, frozen=True, tag="patient_arrived"):
    """The patient is at the door."""

    patient: str


class PatientHandedOver(CaseEvent, frozen=True, tag="patient_handed_over"):
    """Somebody else has taken charge of the patient; `voice`: who."""

    patient: str
    voice: Voice | None = None


class PatientReleased(CaseEvent, frozen=True, tag="patient_released"):
    """The run is lost to the patient, who waits again; `stranded_with`: in a vehicle that goes no further."""

    patient: str
    how: How
    stranded_with: str | None = None


class PatientDied(CaseEvent, frozen=True, tag="patient_died"):
    """The patient died on the way; the run goes on to where the body is taken."""

    patient: str


class PatientEnded(CaseEvent, frozen=True, tag="patient_ended"):
    """Nothing is left to do for the patient."""

    patient: str
    outcome: Outcome
    why: str = ""


class GoalChanged(CaseEvent, frozen=True, tag="goal_changed"):
    """The patient is taken somewhere else, or a place that was interim has become firm; `why` is told to the driver."""

    patient: str
    goal: Goal | None
    firm: bool
    why: str


class FacilityAsked(CaseEvent, frozen=True, tag="facility_asked"):
    """A facility is asked (`offered`), or chosen to be asked at its door (`unasked`)."""

    attempt: str
    patient: str
    goal: Goal
    via: Via
    state: AttemptState


class AttemptMoved(CaseEvent, frozen=True, tag="attempt_moved"):
    """An answer, none in time, a withdrawal, a refusal at the door."""

    attempt: str
    state: AttemptState
    why: Decline | None = None
    note: str = ""
    voice: Voice | None = None


class DeskAsked(CaseEvent, frozen=True, tag="desk_asked"):
    """The referral desk is asked to name a facility."""

    request: str
    patient: str
    because: Because


class DeskAnswered(CaseEvent, frozen=True, tag="desk_answered"):
    """It named one (`attempt`), or found nothing (None)."""

    request: str
    attempt: str | None
    voice: Voice | None = None


class DeskWithdrawn(CaseEvent, frozen=True, tag="desk_withdrawn"):
    """Its answer is no longer needed."""

    request: str


class CaseClosed(CaseEvent, frozen=True, tag="case_closed"):
    """Nothing is left to do; `into`: another case goes on for it."""

    into: str | None = None


class CaseClockRang(CaseEvent, frozen=True, tag="case_clock_rang"):
    """Something waited too long; `count` times by now. Whoever is in charge is to be told."""

    clock: str
    count: int


class RunStarted(RunEvent, frozen=True, tag="run_started"):
    """A vehicle, officers or outside help are sent."""

    unit: str | None
    officers: tuple[str, ...]
    helper: Helper | None
    riders: tuple[Rider, ...]
    kind: str
    priority: Priority
    chosen: Chosen
    reason: str = ""
    expected_ms: float | None = None
    voice: Voice | None = None
    due_at: datetime | None = None
    called_at: datetime | None = None


class RunRetriaged(RunEvent, frozen=True, tag="run_retriaged"):
    """The most urgent of those whom it is for; how it is driven follows from that."""

    kind: str
    priority: Priority


class RunDue(RunEvent, frozen=True, tag="run_due"):
    """For what time it is booked now; None: at once."""

    due_at: datetime | None


class RunTurned(RunEvent, frozen=True, tag="run_turned"):
    """What it does now that somebody has left it."""

    state: RunState


class RunProgressed(RunEvent, frozen=True, tag="run_progressed"):
    """A time point; `claimed_at`: what a clock that is a little off said."""

    point: TimePoint
    state: RunState
    claimed_at: datetime | None = None
    expected_ms: float | None = None


class RunRerouted(RunEvent, frozen=True, tag="run_rerouted"):
    """Where the run goes has changed under way; `expected_ms` from now."""

    why: str
    expected_ms: float | None = None


class RidersJoined(RunEvent, frozen=True, tag="riders_joined"):
    """The run fetches more people."""

    riders: tuple[Rider, ...]


class RiderLeft(RunEvent, frozen=True, tag="rider_left"):
    """The run is no longer for this person."""

    rider: Rider


class RunEmptied(RunEvent, frozen=True, tag="run_emptied"):
    """Nobody is left whom the run is for; it is cleared up."""


class RunEnded(RunEvent, frozen=True, tag="run_ended"):
    """It is over."""

    how: How
    why: str = ""


class StampCorrected(RunEvent, frozen=True, tag="stamp_corrected"):
    """A time point was put right, or a missing one was added; `was`: the time that it had, None for a missing one.

    Releases up to 0.1 did not say which: there it is the last one of its kind.
    """

    point: TimePoint
    at: datetime
    why: str
    was: datetime | None = None


class RunSignalled(RunEvent, frozen=True, tag="run_signalled"):
    """What a vehicle's fixes suggest: it seems to have arrived or left, is off its route or back on it, stands still or moves
    on; since when. Nothing follows from it but that people look."""

    what: SignalName
    since: datetime


class RunClockRang(RunEvent, frozen=True, tag="run_clock_rang"):
    """A run stood still too long; `count` times by now."""

    clock: str
    count: int


class UnitRegistered(UnitEvent, frozen=True, tag="unit_registered"):
    """A vehicle joined the fleet, or what is known of it was put right."""

    name: str
    kind: VehicleKind
    equipment: frozenset[str]
    capacity: int
    base: str
    base_longitude: float | None
    base_latitude: float | None
    phone: str = ""
    invented: bool = False


class UnitMoved(UnitEvent, frozen=True, tag="unit_moved"):
    """A vehicle's status, and the run that it has (or None)."""

    status: VehicleStatus
    run: str | None = None
    scheduled_run: bool = False
    why: str = ""


class UnitBroke(UnitEvent, frozen=True, tag="unit_broke"):
    """It is out of order as soon as its run ends."""


class UnitRetired(UnitEvent, frozen=True, tag="unit_retired"):
    """It left the fleet."""


class OfficerRegistered(OfficerEvent, frozen=True, tag="officer_registered"):
    """Somebody joined, or what is known of them was put right."""

    name: str
    skills: frozenset[str]


class ShiftSet(OfficerEvent, frozen=True, tag="shift_set"):
    """When somebody is on duty; both None: they are not."""

    begins: datetime | None
    ends: datetime | None


class OfficerMoved(OfficerEvent, frozen=True, tag="officer_moved"):
    """The run that somebody is on, or None."""

    run: str | None


class OfficerRetired(OfficerEvent, frozen=True, tag="officer_retired"):
    """Somebody left."""


class ConditionPosted(ConditionEvent, frozen=True, tag="condition_posted"):
    """Something about roads was reported."""

    posted: Condition


class ConditionWithdrawn(ConditionEvent, frozen=True, tag="condition_withdrawn"):
    """It is over."""


class AvailabilityClaimed(ClaimsEvent, frozen=True, tag="availability_claimed"):
    """Somebody said how a facility is."""

    facility: str
    claim: Claim


class ParticularsRead(ReadingsEvent, frozen=True, tag="particulars_read"):
    """Somebody was shown what is personal about a case; `fields` without what they say."""

    fields: tuple[str, ...]


AnyCaseEvent = (
    CaseOpened
    | CaseDescribed
    | ParticularsNoted
    | PatientAdded
    | SearchMoved
    | HelpRefused
    | VehiclePassedOver
    | PatientAssigned
    | PatientMet
    | PatientBoarded
    | PatientArrived
    | PatientHandedOver
    | PatientReleased
    | PatientDied
    | PatientEnded
    | GoalChanged
    | FacilityAsked
    | AttemptMoved
    | DeskAsked
    | DeskAnswered
    | DeskWithdrawn
    | CaseClosed
    | CaseClockRang
)
AnyRunEvent = (
    RunStarted
    | RunProgressed
    | RunRetriaged
    | RunDue
    | RunTurned
    | RunRerouted
    | RidersJoined
    | RiderLeft
    | RunEmptied
    | RunEnded
    | StampCorrected
    | RunSignalled
    | RunClockRang
)
AnyUnitEvent = UnitRegistered | UnitMoved | UnitBroke | UnitRetired
AnyOfficerEvent = OfficerRegistered | ShiftSet | OfficerMoved | OfficerRetired
AnyReport = ConditionPosted | ConditionWithdrawn | AvailabilityClaimed | ParticularsRead
Event = AnyCaseEvent | AnyRunEvent | AnyUnitEvent | AnyOfficerEvent | AnyReport


class Recorded(Struct, frozen=True):
    """An event with who and when.

    Attributes:
        event: what.
        happened_at, recorded_at: when it was so, and when the service knew; with their zone.
        actor: who gave the command.
        command: the id of the command that led to it.
        schema: version of this shape; a newer release reads older ones.
    """

    event: Event
    happened_at: datetime
    recorded_at: datetime
    actor: Actor
    command: str
    schema: int = 1
