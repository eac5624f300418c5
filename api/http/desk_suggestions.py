"""What SITEGAR is suggested for a patient: the facilities as Siaga ranks them now, and why not the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.fields import CasePath, RequestPath
from api.http.incoming import needs_as_lists, needs_of, needs_text
from api.http.language import language_of
from api.http.places import ClaimView, claim_views
from api.http.problems import documented
from api.http.reading import everything, positions
from dispatch.cases import CapabilitySets
from dispatch.life.case import RIDING, Case, Patient
from dispatch.life.events import Ref
from dispatch.life.refusals import UnknownError
from dispatch.life.reports import Claims
from dispatch.report import next_facility_as_dict
from dispatch.service.choices import StartKind, Suggested, suggested_facilities, vehicles_of
from dispatch.service.live_region import Now
from dispatch.service.loading import load, load_particulars
from facilities import Facility, Value
from routing import Language, text

router = APIRouter(prefix="/v1/regions/{region}", tags=["referral"], responses=documented(401, 403, 404, 422, 503))

Queue = Annotated[Asking, Depends(asking("desk.answer"))]

Json = dict[str, Any]


class SuggestionView(BaseModel):
    """A facility that may be named. Times are told in whole minutes: finer ones would tell where the patient is."""

    rank: int
    facility: str
    name: str
    kind: str
    kind_text: str
    phone: str
    longitude: float | None
    latitude: float | None
    minutes: int = Field(description="The drive there, from where the patient is or leaves from.")
    expected_minutes: int = Field(description="Until care, with the chance of a decline; on this the rank rests.")
    chance_declined: float
    matched: list[str] = Field(description="What is needed and known to be there: the whole of the set that fits best.")
    matched_text: str
    unknown: list[str] = Field(description="What that set asks for and nobody knows of.")
    unknown_text: str
    remarks: list[Json] = Field(description="What is old, unknown or contradictory: code, figures and text.")
    claims: list[ClaimView] = Field(description="What was said of it, and how long ago.")


class LeftOutView(BaseModel):
    """A facility that is not suggested, and why."""

    facility: str
    name: str
    reasons: list[Json]


class SuggestionsView(BaseModel):
    """The ranking for one request."""

    case: str
    request: str
    patient: str
    open: bool = Field(description="The request waits for its answer.")
    aboard: bool
    reckoned_from: StartKind | None = Field(
        description="door: of the facility where they stand; vehicle: where it was last seen with them; patient: where they "
        "are fetched. Null: nobody is taken to a facility, or no road comes near."
    )
    needs: list[list[str]]
    needs_text: str
    suggestions: list[SuggestionView]
    left_out: list[LeftOutView] = Field(description="Those that have been asked first, then the likeliest.")
    left_out_count: int = Field(description="How many there are, shown or not.")
    road_state: int
    attribution: list[str]
    labels: list[str] = Field(description="What is invented.")


@router.get("/desk/{case}/{request}/suggestions")
async def list_suggestions(
    case: CasePath,
    request: RequestPath,
    asked: Queue,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    others: Annotated[int, Query(ge=0, le=1000, description="So many of those that are left out.")] = 50,
) -> SuggestionsView:
    """Which facilities fit a patient for whom SITEGAR is asked, the best first: minutes, what they have of what is needed,
    what was claimed of them and when, and why the others are left out. From where the patient is now, which is not told."""
    now = asked.live.now
    here, patient, suggested = await _suggested(asked, now, case, request)
    language, needs = language_of(asked.request), needs_of(here)
    told: Json = {"facilities": [], "facilities_left_out": []}
    if suggested is not None:
        told = next_facility_as_dict(suggested.found, language)
    found, _ = await everything(asked, "claims")
    claims = {one.facility: one for one, _ in found if isinstance(one, Claims)}
    tried = {one.goal.id for one in here.failed(patient.id)}
    left_out = sorted(told["facilities_left_out"], key=lambda one: one["id"] not in tried)
    ticket = here.request(request)
    return SuggestionsView(
        case=case,
        request=request,
        patient=patient.id,
        open=ticket is not None and ticket.state == "asked",
        aboard=patient.state in RIDING,
        reckoned_from=None if suggested is None else suggested.start,
        needs=needs_as_lists(needs),
        needs_text=needs_text(needs, language),
        suggestions=[_view(asked, one, needs, claims, language) for one in told["facilities"][:limit]],
        left_out=[LeftOutView(facility=one["id"], name=one["name"], reasons=one["reasons"]) for one in left_out[:others]],
        left_out_count=len(left_out),
        road_state=now.state.number,
        attribution=list(now.facts.attribution),
        labels=[text(language, "dispatch.label.invented_region")] if now.facts.invented else [],
    )


async def _suggested(asked: Asking, now: Now, name: str, request: str) -> tuple[Case, Patient, Suggested | None]:
    """The case, the patient whom a request is for, and the ranking.

    Raises:
        UnknownError: there is no such case or request. StoreError: the store can't.
    """
    store = asked.serving.service.store
    world = (await load(store, asked.region, [Ref("case", name)])).world
    case = world.cases.get(name)
    if case is None:
        raise UnknownError("no_case", case=name)
    ticket = case.request(request)
    patient = None if ticket is None else case.patient(ticket.patient)
    if patient is None:
        raise UnknownError("no_request", case=name, request=request)
    if case.cell is None:
        return case, patient, None
    run = world.runs.get(patient.run or "")
    run = run if run is not None and run.live else None
    unit = None if run is None else world.units.get(run.unit or "")
    fleet = [] if unit is None else vehicles_of([unit], await positions(asked))
    notes = await load_particulars(store, asked.region, name)
    moment = asked.viewer().local(asked.now)
    vehicle = next(iter(fleet), None)
    found = await asyncio.to_thread(suggested_facilities, asked.live, now, case, patient, run, vehicle, notes, moment)
    return case, patient, found


def _view(asked: Asking, told: Json, needs: CapabilitySets, claims: Mapping[str, Claims], language: Language) -> SuggestionView:
    place, table = told["facility"], asked.live.built.facilities
    at = table.index.get(place["id"])
    matched, unknown = ([], []) if at is None else _matched(table.facilities[at], needs)
    return SuggestionView(
        rank=told["rank"],
        facility=place["id"],
        name=place["name"],
        kind=place["kind"],
        kind_text=text(language, f"facilities.kind.{place['kind']}"),
        phone=place["phone"],
        longitude=place["longitude"],
        latitude=place["latitude"],
        minutes=round(told["transport_minutes"]),
        expected_minutes=round(told["expected_minutes"]),
        chance_declined=place["chance_declined"],
        matched=matched,
        matched_text=_words(matched, language),
        unknown=unknown,
        unknown_text=_words(unknown, language),
        remarks=told["remarks"],
        claims=claim_views(asked, claims.get(place["id"])),
    )


def _matched(facility: Facility, needs: CapabilitySets) -> tuple[list[str], list[str]]:
    """Of the set that fits best, what is there and what nobody knows of: the set that lacks least, then with least unknown."""

    def of(wanted: frozenset[str], value: Value) -> list[str]:
        return sorted(one for one in wanted if facility.value(one) is value)

    best = min(
        needs, key=lambda one: (len(of(one, Value.NO)), len(of(one, Value.UNKNOWN)), -len(one)), default=frozenset[str]()
    )
    return of(best, Value.YES), of(best, Value.UNKNOWN)


def _words(names: Iterable[str], language: Language) -> str:
    return ", ".join(text(language, f"facilities.capability.{name}") for name in names)
