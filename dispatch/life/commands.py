"""What may be asked of the service. Every command comes as `Issued`: with an id, who gave it, and when it happened.

A field that came with a later release is `UNSET` unless it is said: a command that is given again after an update has to look
the same as before, or its id would seem to be used for something else.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life.case import Cell, Outcome
from dispatch.life.events import Ref, SignalName
from dispatch.life.people import Actor, Voice
from dispatch.life.referral import Because, Decline, Goal
from dispatch.life.reports import Condition
from dispatch.life.run import HelperKind, Rider
from dispatch.life.stamps import TimePoint
from facilities import AvailabilityState


class OpenCase(Struct, frozen=True, tag="open_case"):
    """Record a call; what is not known yet is None, and the case is a draft until it is."""

    case: str
    kind: str | None = None
    priority: Priority | None = None
    cell: Cell | None = None
    patients: int = 1
    received_at: datetime | None = None
    pickup_at: datetime | None = None
    needs: tuple[frozenset[str], ...] | None = None
    noted: tuple[str, ...] = ()


class DescribeCase(Struct, frozen=True, tag="describe_case"):
    """Complete or put right what is known of a case; `noted` names the particulars that change with it."""

    case: str
    kind: str | None = None
    priority: Priority | None = None
    cell: Cell | None = None
    pickup_at: datetime | None = None
    needs: tuple[frozenset[str], ...] | None = None
    noted: tuple[str, ...] = ()
    why: str = ""

    @property
    def triages(self) -> bool:
        """Whether it says anew what the patients need."""
        return any(one is not None for one in (self.kind, self.priority, self.needs))


class AddPatient(Struct, frozen=True, tag="add_patient"):
    """There is one more person."""

    case: str


class MergeCase(Struct, frozen=True, tag="merge_case"):
    """Two calls were about one event: `case` ends, `into` goes on; `adds` are its patients who are not in the other yet."""

    case: str
    into: str
    adds: tuple[str, ...] = ()


class CancelCase(Struct, frozen=True, tag="cancel_case"):
    """Nobody is needed after all."""

    case: str
    why: str


class Assign(Struct, frozen=True, tag="assign"):
    """Send a vehicle, or officers without one.

    `patients`: empty for all who wait. `goal`: where to; None leaves it to the ranking. `override`: why not the first choice;
    it must be said if `recommended` is false, or the vehicle is not the first choice as things stand now. `first`: the first
    choice of the ranking, whichever that is by now.
    """

    case: str
    unit: str | None = None
    officers: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    goal: Goal | None = None
    recommended: bool = True
    override: str = ""
    first: bool = False


class Join(Struct, frozen=True, tag="join"):
    """A run that is under way fetches waiting patients as well."""

    run: str
    case: str
    patients: tuple[str, ...]


class SeekHelp(Struct, frozen=True, tag="seek_help"):
    """No vehicle is free: go on to the next means."""

    case: str
    why: str = ""


class AnswerHelp(Struct, frozen=True, tag="answer_help"):
    """Somebody from outside comes, or cannot; recorded by whoever telephoned. `patients`: empty for all who wait."""

    case: str
    accepted: bool
    helper: HelperKind
    name: str
    voice: Voice | None = None
    expected_seconds: float | None = None
    patients: tuple[str, ...] = ()


class TryAgain(Struct, frozen=True, tag="try_again"):
    """A vehicle may have become free for a case that waits."""

    case: str


class Progress(Struct, frozen=True, tag="progress"):
    """A time point of a run; `riders`: whom it is about, empty for all whom it can be about."""

    run: str
    point: TimePoint
    riders: tuple[Rider, ...] = ()


class DeclineJob(Struct, frozen=True, tag="decline_job"):
    """The crew can't go."""

    run: str
    why: str


class StandDown(Struct, frozen=True, tag="stand_down"):
    """The run is called off; its patients wait for another vehicle."""

    run: str
    why: str


class HandOver(Struct, frozen=True, tag="hand_over"):
    """Somebody at the destination takes charge of a patient; `facility`: which, by its id. Left out: at whose door they stand,
    or where they are taken."""

    case: str
    patient: str
    voice: Voice | None = None
    facility: str | UnsetType = UNSET


class BeginTreatment(Struct, frozen=True, tag="begin_treatment"):
    """Treatment has begun: the team need not stay for this patient."""

    case: str
    patient: str


class EndEscort(Struct, frozen=True, tag="end_escort"):
    """The team leaves although treatment has not begun for everybody."""

    run: str
    why: str


class CorrectTime(Struct, frozen=True, tag="correct_time"):
    """A time point of a run was recorded wrongly, or not at all; `was`: which one, where there are several of its kind."""

    run: str
    point: TimePoint
    at: datetime
    why: str
    was: datetime | UnsetType = UNSET


class EndPatient(Struct, frozen=True, tag="end_patient"):
    """A patient needs nobody any more."""

    case: str
    patient: str
    outcome: Outcome
    why: str = ""


class RecordDeath(Struct, frozen=True, tag="record_death"):
    """A patient has died."""

    case: str
    patient: str


class AskFacility(Struct, frozen=True, tag="ask_facility"):
    """Ask this facility now; one that is being asked is told that it is no longer needed."""

    case: str
    patient: str
    goal: Goal


class AnswerOffer(Struct, frozen=True, tag="answer_offer"):
    """A facility's answer, its own or recorded on its behalf."""

    case: str
    attempt: str
    accepted: bool
    why: Decline | None = None
    note: str = ""
    voice: Voice | None = None


class RefuseAtDoor(Struct, frozen=True, tag="refuse_at_door"):
    """The facility does not take the patient who stands at its door; `facility`: which, by its id. Left out: at whose door they
    stand, or, if none has refused them yet, where they are taken."""

    case: str
    patient: str
    why: Decline
    note: str = ""
    voice: Voice | None = None
    facility: str | UnsetType = UNSET


class AskDesk(Struct, frozen=True, tag="ask_desk"):
    """Ask the referral desk to name a facility."""

    case: str
    patient: str
    because: Because = "dispatcher"


class AnswerDesk(Struct, frozen=True, tag="answer_desk"):
    """The desk's answer: a facility (`arranged`: it takes the patient already), or None: it found nothing."""

    case: str
    request: str
    goal: Goal | None
    arranged: bool = False
    voice: Voice | None = None


class SetGoal(Struct, frozen=True, tag="set_goal"):
    """Take a patient to a place that needs not be asked."""

    case: str
    patient: str
    goal: Goal
    why: str


class RegisterUnit(Struct, frozen=True, tag="register_unit"):
    """A vehicle joins the fleet, or what is known of it is put right."""

    unit: str
    name: str
    kind: VehicleKind
    equipment: frozenset[str] = frozenset()
    capacity: int = 1
    base: str = ""
    base_longitude: float | None = None
    base_latitude: float | None = None
    phone: str = ""
    invented: bool = False


class SetUnitStatus(Struct, frozen=True, tag="set_unit_status"):
    """A vehicle without a run stands by, returns, is on a break or out of order."""

    unit: str
    status: VehicleStatus
    why: str = ""


class ReportBreakdown(Struct, frozen=True, tag="report_breakdown"):
    """A vehicle goes no further."""

    unit: str
    why: str = ""


class RetireUnit(Struct, frozen=True, tag="retire_unit"):
    """A vehicle leaves the fleet."""

    unit: str


class RegisterOfficer(Struct, frozen=True, tag="register_officer"):
    """Somebody joins, or what is known of them is put right."""

    officer: str
    name: str
    skills: frozenset[str] = frozenset()


class SetShift(Struct, frozen=True, tag="set_shift"):
    """When somebody is on duty; both None: they are not."""

    officer: str
    begins: datetime | None
    ends: datetime | None


class RetireOfficer(Struct, frozen=True, tag="retire_officer"):
    """Somebody leaves."""

    officer: str


class PostCondition(Struct, frozen=True, tag="post_condition"):
    """Report something about roads."""

    condition: Condition


class WithdrawCondition(Struct, frozen=True, tag="withdraw_condition"):
    """It is over."""

    condition: str


class ClaimAvailability(Struct, frozen=True, tag="claim_availability"):
    """Say how a facility, or one capability of it, is; `claims` names the facility in the store."""

    claims: str
    facility: str
    capability: str | None
    state: AvailabilityState


class Reroute(Struct, frozen=True, tag="reroute"):
    """The way of a run under way has changed, by a closure say."""

    run: str
    why: str


class Signal(Struct, frozen=True, tag="signal"):
    """What a vehicle's fixes suggest about its run."""

    run: str
    what: SignalName
    since: datetime


class RecordReading(Struct, frozen=True, tag="record_reading"):
    """What is personal about a case was shown to whoever gives this command."""

    readings: str
    fields: tuple[str, ...]


class Ring(Struct, frozen=True, tag="ring"):
    """A clock has run out; the service gives this command, nobody else."""

    ref: Ref
    clock: str
    deadline: datetime


Command = (
    OpenCase
    | DescribeCase
    | AddPatient
    | MergeCase
    | CancelCase
    | Assign
    | Join
    | SeekHelp
    | AnswerHelp
    | TryAgain
    | Progress
    | DeclineJob
    | StandDown
    | HandOver
    | BeginTreatment
    | EndEscort
    | CorrectTime
    | EndPatient
    | RecordDeath
    | AskFacility
    | AnswerOffer
    | RefuseAtDoor
    | AskDesk
    | AnswerDesk
    | SetGoal
    | RegisterUnit
    | SetUnitStatus
    | ReportBreakdown
    | RetireUnit
    | RegisterOfficer
    | SetShift
    | RetireOfficer
    | PostCondition
    | WithdrawCondition
    | ClaimAvailability
    | Reroute
    | RecordReading
    | Signal
    | Ring
)


class Issued(Struct, frozen=True):
    """A command with who and when.

    Attributes:
        id: unique; the same id again gives the same answer and does nothing. Ids of what it makes are made from it.
        actor: who gives it.
        happened_at: when what it tells happened, by the clock of whoever tells it, with its zone; when it was recorded is
            a fact of the service.
        command: what.
    """

    id: str
    actor: Actor
    happened_at: datetime
    command: Command
