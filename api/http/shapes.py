"""The shapes of what is answered: states as HTTP shows them, without anything personal; `views` fills them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


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
    due_at: datetime | None = Field(description="For what time it is booked; null: at once.")
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
