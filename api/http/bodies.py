"""What commands say, as HTTP takes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from api.http.asking import CommandBody
from api.http.fields import STRICT, Geometry, Id, Ids, Moment
from api.http.fields import Words as ShortWords
from dispatch.cases import Priority
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life.case import Cell, Outcome
from dispatch.life.particulars import LONGEST, Note, cell_of
from dispatch.life.particulars import Field as NoteField
from dispatch.life.people import Voice
from dispatch.life.referral import Decline, Goal
from dispatch.life.run import HelperKind, Rider
from dispatch.life.stamps import TimePoint
from facilities import AvailabilityState

Words = Field(default=None, max_length=LONGEST)
_Longitude = Annotated[float, Field(ge=-180, le=180, examples=[106.8527])]
_Latitude = Annotated[float, Field(ge=-90, le=90, examples=[-6.4817])]


class _FoundBody(BaseModel):
    """How people find a place."""

    model_config = STRICT
    address: str | None = Field(default=None, max_length=LONGEST, examples=["Jl. Mayor Oking 12, RT 03/RW 05"])
    landmark: str | None = Field(default=None, max_length=LONGEST, examples=["depan masjid"])


class PlaceBody(_FoundBody):
    """A place: where exactly, and how people find it."""

    longitude: _Longitude
    latitude: _Latitude


class WhereBody(_FoundBody):
    """Where somebody is, as far as it is known: what a caller says may not be found on a map yet. What is left out stays."""

    longitude: _Longitude | None = None
    latitude: _Latitude | None = None

    @model_validator(mode="after")
    def _whole(self) -> WhereBody:
        if (self.longitude is None) != (self.latitude is None):
            raise ValueError("has a longitude or a latitude, not both")
        return self

    def cell(self) -> Cell | None:
        """Its cell; None without a position."""
        return None if self.longitude is None or self.latitude is None else cell_of(self.longitude, self.latitude)


class CallerBody(BaseModel):
    """Who calls."""

    model_config = STRICT
    name: str | None = Field(default=None, max_length=LONGEST, examples=["Ibu Rina"])
    phone: str | None = Field(default=None, max_length=100, examples=["0812-0000-0001"])


class PersonBody(BaseModel):
    """A patient or client; all of it personal."""

    model_config = STRICT
    name: str | None = Words
    nik: str | None = Field(default=None, max_length=32)
    birth_date: str | None = Field(default=None, max_length=32)
    sex: str | None = Field(default=None, max_length=32)
    phone: str | None = Field(default=None, max_length=100)
    complaint: str | None = Words


class _Case(CommandBody):
    kind: str | None = Field(default=None, description="As in data/cases.toml.", examples=["emergency"])
    priority: Priority | None = Field(default=None, examples=["red"])
    place: WhereBody | None = None
    destination: WhereBody | None = Field(default=None, description="Where the person wants to go, where the kind asks for it.")
    caller: CallerBody | None = None
    person: PersonBody | None = Field(default=None, description="The patient, if there is one; others at their own address.")
    pickup_at: Moment | None = Field(default=None, description="For what time a trip is booked.")
    needs: Annotated[list[ShortWords], Field(max_length=20)] | None = Field(
        default=None, description="Sets of capabilities, any one of which will do, instead of what the kind says."
    )
    note: str | None = Words

    def needed(self) -> tuple[frozenset[str], ...] | None:
        """Capabilities as the core takes them."""
        return None if self.needs is None else tuple(frozenset(one) for one in self.needs)


class OpenCaseBody(_Case):
    """A call, as far as it is known; the rest may follow."""

    patients: int = Field(default=1, ge=1, le=50)
    received_at: Moment | None = Field(default=None, description="When the call came, if not now.")


class DescribeCaseBody(_Case):
    """What is completed or put right; what is left out stays."""

    why: str = Field(default="", max_length=LONGEST)


class NoteBody(CommandBody):
    """Something that was said about a patient."""

    person: PersonBody
    place: WhereBody | None = Field(default=None, description="Where this patient is, if not where the case is.")


class ReasonBody(CommandBody):
    """Why."""

    why: str = Field(min_length=1, max_length=LONGEST, examples=["ban bocor"])


class MergeBody(CommandBody):
    """Two calls were about one event."""

    into: Id = Field(description="The case that goes on.")
    adds: Ids = Field(default_factory=list, description="Patients of this case who are not in the other one yet.")


class GoalBody(BaseModel):
    """A facility: of the region's list by its id, or another one by its name."""

    model_config = STRICT
    facility: str | None = Field(default=None, description="Id of a facility of the region.")
    name: str | None = Field(default=None, max_length=200, description="Name of one that is in no list.")
    phone: str = Field(default="", max_length=100)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    latitude: float | None = Field(default=None, ge=-90, le=90)


class AssignBody(CommandBody):
    """Whom to send."""

    vehicle: Id | None = Field(default=None, examples=["V01"])
    officers: Ids = Field(default_factory=list)
    patients: Ids = Field(default_factory=list, description="Empty: all who wait.")
    facility: GoalBody | None = Field(default=None, description="Left out: the first of the ranking is asked.")
    recommended: bool = Field(default=True, description="It is taken for the first choice; the service looks.")
    override: str = Field(default="", max_length=LONGEST, description="Why it is not the first choice; needed if it is not.")
    first_choice: bool = Field(default=False, description="Send the first choice of the ranking, whichever that is by now.")


class VoiceBody(BaseModel):
    """Whose word it is, where somebody else records it."""

    model_config = STRICT
    name: str = Field(max_length=200, examples=["dr. Sari, IGD"])
    phone: str = Field(default="", max_length=100, examples=["0251-8312292"])

    def said(self) -> Voice:
        """As the core takes it."""
        return Voice(self.name, self.phone)


class HelpBody(CommandBody):
    """What somebody from outside answered."""

    accepted: bool
    helper: HelperKind = "neighbour"
    name: str = Field(max_length=200, examples=["Ambulans Desa Nanggewer"])
    voice: VoiceBody | None = None
    expected_seconds: float | None = Field(default=None, ge=0, le=86_400)


class OfferBody(CommandBody):
    """A facility that is to be asked now."""

    facility: GoalBody


class AnswerBody(CommandBody):
    """A facility's answer."""

    accepted: bool
    why: Decline | None = Field(default=None, description="Of a decline.")
    note: str = Field(default="", max_length=LONGEST)
    voice: VoiceBody | None = None


Whose = Annotated[
    str | None,
    Field(max_length=300, description="Which one, by its id; left out: at whose door they stand, or are taken to."),
]


class RefusalBody(CommandBody):
    """A refusal at the door."""

    why: Decline
    note: str = Field(default="", max_length=LONGEST)
    voice: VoiceBody | None = None
    facility: Whose = None


class DeskAnswerBody(CommandBody):
    """SITEGAR's answer: a facility, or nothing found."""

    facility: GoalBody | None = None
    arranged: bool = Field(default=False, description="It takes the patient already.")
    voice: VoiceBody | None = None


class SetGoalBody(CommandBody):
    """A place that needs not be asked."""

    place: PlaceBody
    why: str = Field(min_length=1, max_length=LONGEST)


class HandOverBody(CommandBody):
    """Who takes charge."""

    voice: VoiceBody | None = None
    facility: Whose = None


class EndBody(CommandBody):
    """How it ended for a patient."""

    outcome: Outcome
    why: str = Field(default="", max_length=LONGEST)


class RiderBody(BaseModel):
    """A patient of a case."""

    model_config = STRICT
    case: Id
    patient: Id

    def rider(self) -> Rider:
        """As the core takes it."""
        return Rider(self.case, self.patient)


class ProgressBody(CommandBody):
    """A time point of a run."""

    point: TimePoint = Field(examples=["departed"])
    riders: list[RiderBody] = Field(default_factory=list, max_length=100, description="Empty: all whom it can be about.")


class JoinBody(CommandBody):
    """More people for a run."""

    case: Id
    patients: Ids


class CorrectBody(CommandBody):
    """A time point put right."""

    point: TimePoint
    at: Moment
    was: Moment | None = Field(
        default=None, description="The time that it has now: needed where the run has several of these points."
    )
    why: str = Field(min_length=1, max_length=LONGEST)


class VehicleBody(CommandBody):
    """A vehicle of the fleet."""

    name: str = Field(min_length=1, max_length=200, examples=["Ambulans Ciriung 1"])
    kind: VehicleKind = Field(examples=["village_ambulance"])
    equipment: ShortWords = Field(default_factory=list, examples=[["siren", "lights", "stretcher"]])
    capacity: int = Field(default=1, ge=0, le=100)
    base: str = Field(default="", max_length=200)
    base_longitude: float | None = Field(default=None, ge=-180, le=180)
    base_latitude: float | None = Field(default=None, ge=-90, le=90)
    phone: str = Field(default="", max_length=100)


class StatusBody(CommandBody):
    """What a vehicle without a run does."""

    status: VehicleStatus = Field(examples=["on_break"])
    why: str = Field(default="", max_length=LONGEST)


class OfficerBody(CommandBody):
    """Somebody of a crew."""

    name: str = Field(min_length=1, max_length=200)
    skills: ShortWords = Field(default_factory=list)


class ShiftBody(CommandBody):
    """When somebody is on duty; both left out: they are not."""

    begins: Moment | None = None
    ends: Moment | None = None


class ConditionBody(CommandBody):
    """Something about roads."""

    kind: str = Field(examples=["flood"])
    effect: Literal["closed", "slower", "top_speed"] = "closed"
    value: float | None = Field(default=None, gt=0, le=1000, description='How many times as long ("slower"), or km/h.')
    geometry: Geometry | None = Field(
        default=None,
        description="GeoJSON: a point, a line or an area.",
        examples=[{"type": "Point", "coordinates": [106.85, -6.48]}],
    )
    ways: list[Annotated[int, Field(ge=1, lt=2**53)]] = Field(default_factory=list, max_length=1000)
    reach_m: float | None = Field(default=None, gt=0, le=100_000)
    reason: str = Field(default="", max_length=LONGEST)
    profiles: ShortWords = Field(default_factory=list)
    direction: Literal["both", "along", "against"] = "both"
    from_time: Moment | None = None
    until: Moment | None = None
    hours: str = Field(default="", max_length=LONGEST)


class AvailabilityBody(CommandBody):
    """How a facility, or one capability of it, is."""

    state: AvailabilityState = Field(examples=["full"])
    capability: str | None = Field(default=None, examples=["icu"])


def notes_of(
    by: str,
    at: datetime,
    *,
    place: WhereBody | None = None,
    destination: PlaceBody | WhereBody | None = None,
    caller: CallerBody | None = None,
    person: PersonBody | None = None,
    note: str | None = None,
    patient: str | None = None,
) -> tuple[Note, ...]:
    """What was said, as notes; what was not said makes none."""
    found: list[Note] = []

    def say(field: NoteField, value: str | None, of: str | None = None) -> None:
        if value is not None:
            found.append(Note(field, value, by, at, of))

    if place is not None:
        if place.cell() is not None:
            found.append(Note("place", "", by, at, patient, place.longitude, place.latitude))
        say("address", place.address, patient)
        say("landmark", place.landmark, patient)
    if destination is not None:
        said = destination.address or ""
        found.append(Note("goal_place", said, by, at, patient, destination.longitude, destination.latitude))
    if caller is not None:
        say("caller_name", caller.name)
        say("caller_phone", caller.phone)
    if person is not None:
        who = patient or "1"
        say("name", person.name, who)
        say("nik", person.nik, who)
        say("birth_date", person.birth_date, who)
        say("sex", person.sex, who)
        say("phone", person.phone, who)
        say("complaint", person.complaint, who)
    say("note", note, patient)
    return tuple(found)


def goal_of(body: GoalBody, listed: Goal | None) -> Goal:
    """A facility as the core takes it: of the list, or one that is in none.

    `listed`: the one of the region's list with that id.
    """
    if listed is not None:
        return listed
    name = (body.name or "").strip()
    return Goal("outside", f"outside:{name}", name, body.phone, body.longitude, body.latitude)
