"""What a region is like: itself, its facilities and what is claimed of them, its roads, kinds of cases."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from msgspec import to_builtins
from pydantic import BaseModel, Field

from api.access import Principal, require
from api.http.asking import COMMAND, Asking, CommandAnswer, CommandBody, asking
from api.http.bodies import AvailabilityBody, ConditionBody
from api.http.destinations import facility_of
from api.http.fields import ConditionPath
from api.http.language import language_of
from api.http.own import own_facility
from api.http.problems import documented
from api.http.reading import everything
from api.http.serving import serving_of
from dispatch.cases import Priority, case_kinds
from dispatch.life import commands as c
from dispatch.life.events import Ref
from dispatch.life.reports import Claims, Condition
from dispatch.service.conditions import claims_id
from dispatch.service.live_region import LiveRegion
from facilities import Availability, Facility
from routing import text

router = APIRouter(prefix="/v1", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Roads = Annotated[Asking, Depends(asking("roads.read"))]
RoadsWriting = Annotated[Asking, Depends(asking("roads.write"))]
Facilities = Annotated[Asking, Depends(asking("facilities.read"))]
Claiming = Annotated[Asking, Depends(asking("availability.any", "availability.own"))]
Places = Annotated[Asking, Depends(asking("places.read"))]


class PeriodView(BaseModel):
    """How long until a clock rings, and until it rings once more."""

    first_seconds: float
    again_seconds: float


class RegionView(BaseModel):
    """A region that is served here."""

    name: str
    title: str
    time_zone: str
    invented: bool
    attribution: list[str]
    built_at: str
    road_state: int
    reports: int = Field(description="Reports about roads that hold now.")
    set_aside: dict[str, str] = Field(description="Reports that this network can't understand, and why.")
    bounds: tuple[float, float, float, float] = Field(description="West, south, east, north of its roads, degrees.")
    middle: tuple[float, float] = Field(description="Longitude, latitude of about the middle of its roads, degrees.")
    desk_name: str = Field(examples=["SITEGAR"], description="Who names a facility when one declines.")
    desk_phone: str
    standard_minutes: float = Field(description="Within so long a vehicle is to be there; what cover is reckoned by.")
    fix_now_seconds: float = Field(description="A position older than this is not where the vehicle is now.")
    clocks: dict[str, PeriodView] = Field(
        description="How long anything may wait, by the name of its clock in data/life.toml: intake, assign, answer, desk, …"
    )
    late_factor: float = Field(description="Whoever is on the way is late after this times the expected time …")
    late_seconds: float = Field(description="… and this.")


class ClaimView(BaseModel):
    """What somebody said of a facility, and how long ago."""

    capability: str | None
    state: str
    author: str
    time: datetime
    age_minutes: float


class FacilityView(BaseModel):
    """A place where a person can be taken."""

    id: str
    name: str
    kind: str
    longitude: float
    latitude: float
    phone: str
    capabilities: dict[str, str] = Field(description="yes, no or unknown, by capability")
    conflicts: int = Field(description="Where its sources disagree.")
    claims: list[ClaimView]


class FacilityPage(BaseModel):
    """Some of the facilities."""

    facilities: list[FacilityView]
    next: str | None = Field(description="Ask for it as `cursor` for the ones after these; null: there are none.")
    as_of: datetime | None = Field(description="How old the claims are, where the store could not be asked; else null.")


class ConditionView(BaseModel):
    """Something about roads; who reported it and in which words, only for those who report themselves."""

    id: str
    version: int
    condition: dict[str, Any]
    holds: bool = Field(description="It counts now.")
    set_aside: str | None = Field(description="Why this network can't understand it.")


class KindView(BaseModel):
    """A kind of case, and what it needs."""

    id: str
    text: str
    scheduled: bool
    destination: str
    vehicles: list[str]
    scene_minutes: float
    capabilities: dict[str, list[list[str]]]


@router.get("/regions")
async def list_regions(request: Request, who: Annotated[Principal, require("places.read")]) -> list[RegionView]:
    """The regions that are served here and that the caller may see."""
    serving = serving_of(request)
    return [_region(serving.region(name)) for name in sorted(serving.service.regions) if who.may("places.read", name)]


def _region(live: LiveRegion) -> RegionView:
    about, now = live.built.about, live.now
    return RegionView(
        name=live.name,
        title=about.get("title") or live.name,
        time_zone=about["time_zone"],
        invented=live.built.invented,
        attribution=list(about["attribution"]),
        built_at=about["built_at"],
        road_state=now.state.number,
        reports=len(now.conditions),
        set_aside=dict(now.set_aside),
        bounds=tuple(about["bounds"]),
        middle=tuple(about["middle"]),
        desk_name=live.rules.desk_name,
        desk_phone=live.rules.desk_phone,
        standard_minutes=live.settings.standard_ms / 60_000,
        fix_now_seconds=live.settings.fix_now_seconds,
        clocks={
            name: PeriodView(first_seconds=one.first.total_seconds(), again_seconds=one.again.total_seconds())
            for name, one in live.rules.clocks.items()
        },
        late_factor=live.rules.late_factor,
        late_seconds=live.rules.late.total_seconds(),
    )


@router.get("/regions/{region}")
async def get_region(asked: Places) -> RegionView:
    """A region: what it is, and the state of its roads."""
    return _region(asked.live)


@router.get("/regions/{region}/services")
async def list_services(asked: Places) -> list[KindView]:
    """The kinds of cases, and what each needs."""
    language = language_of(asked.request)
    return [
        KindView(
            id=name,
            text=text(language, f"dispatch.case.{name}"),
            scheduled=kind.scheduled,
            destination=kind.destination,
            vehicles=sorted(kind.vehicles),
            scene_minutes=kind.scene_seconds / 60,
            capabilities={p.value: [sorted(one) for one in kind.capabilities[p]] for p in Priority},
        )
        for name, kind in case_kinds().items()
    ]


@router.get("/regions/{region}/facilities")
async def list_facilities(
    asked: Facilities,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
) -> FacilityPage:
    """The facilities by their ids, with what is known and claimed of each."""
    found, as_of = await everything(asked, "claims")
    claims = {one.facility: one for one, _ in found if isinstance(one, Claims)}
    there = asked.live.built.facilities.facilities
    left = sorted((one for one in there if cursor is None or one.id > cursor), key=attrgetter("id"))
    page = left[:limit]
    return FacilityPage(
        facilities=[facility_view(asked, one, claims.get(one.id)) for one in page],
        next=page[-1].id if len(left) > limit else None,
        as_of=None if as_of is None else asked.viewer().local(as_of),
    )


def facility_view(asked: Asking, facility: Facility, claims: Claims | None) -> FacilityView:
    """A facility, with what is claimed of it."""
    return FacilityView(
        id=facility.id,
        name=facility.name,
        kind=facility.kind,
        longitude=facility.longitude,
        latitude=facility.latitude,
        phone=facility.phone or "",
        capabilities={
            claim.capability: facility.value(claim.capability).name.lower() for claim in facility.capabilities if claim.counts
        },
        conflicts=len(facility.conflicts),
        claims=claim_views(asked, claims),
    )


def claim_views(asked: Asking, claims: Claims | None) -> list[ClaimView]:
    """What is claimed of a facility, with its age."""
    now, local = asked.now, asked.viewer().local
    return [
        ClaimView(
            capability=one.capability,
            state=one.state,
            author=one.author,
            time=local(one.time),
            age_minutes=round(max(0.0, (now - one.time).total_seconds()) / 60, 1),
        )
        for one in (claims.claims if claims is not None else ())
    ]


@router.put("/regions/{region}/availability/{facility:path}", **COMMAND)
async def claim(facility: str, body: AvailabilityBody, asked: Claiming) -> CommandAnswer:
    """Say that a facility, or one capability of it, is open, full, diverting or closed."""
    own_facility(asked, facility)
    facility_of(asked, facility)
    # Raises if there is no such capability.
    Availability(facility, body.capability, body.state, asked.actor.id, body.happened_at or asked.now)
    name = claims_id(facility)
    return await asked.give(c.ClaimAvailability(name, facility, body.capability, body.state), body, Ref("claims", name))


@router.get("/regions/{region}/conditions")
async def list_conditions(asked: Roads) -> list[ConditionView]:
    """What is reported about roads."""
    found, _ = await everything(asked, "condition")
    return [_condition(asked, told, version) for told, version in found if isinstance(told, Condition)]


def _condition(asked: Asking, told: Condition, version: int) -> ConditionView:
    now = asked.live.now
    holding = {one.id for one in now.state.conditions}
    condition: dict[str, Any] = to_builtins(told)
    if not asked.who.may("roads.write", asked.region):  # a crew may have written whose house it is
        condition |= {"author": "", "reason": ""}
    return ConditionView(
        id=told.id,
        version=version,
        condition=condition,
        holds=told.id in holding,
        set_aside=now.set_aside.get(told.id),
    )


@router.put("/regions/{region}/conditions/{condition}", **COMMAND)
async def post_condition(condition: ConditionPath, body: ConditionBody, asked: RoadsWriting) -> CommandAnswer:
    """Report something about roads: a closure, a flood, a market; or replace a report. Routes change at once."""
    told = condition_of(condition, body, asked.actor.id)
    asked.live.understood(told, asked.now)
    return await asked.give(c.PostCondition(told), body, Ref("condition", condition))


def condition_of(name: str, body: ConditionBody, author: str) -> Condition:
    """A report as the core takes it."""
    return Condition(
        id=name,
        kind=body.kind,
        effect=body.effect,
        geometry=body.geometry,
        ways=tuple(body.ways),
        reach_m=body.reach_m,
        value=body.value,
        reason=body.reason,
        profiles=tuple(body.profiles),
        direction=body.direction,
        from_time=body.from_time,
        until=body.until,
        hours=body.hours,
        author=author,
    )


@router.post("/regions/{region}/conditions/{condition}/withdraw", **COMMAND)
async def withdraw_condition(condition: ConditionPath, body: CommandBody, asked: RoadsWriting) -> CommandAnswer:
    """It is over."""
    return await asked.give(c.WithdrawCondition(condition), body, Ref("condition", condition))
