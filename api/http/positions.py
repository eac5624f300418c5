"""Positions: from the driver's page and other programs, from trackers, and a vehicle's trail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec import json
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access
from api.access.errors import ForbiddenError, NotATrackerError, NotSignedInError
from api.http.asking import Asking, asking
from api.http.own import own_vehicle
from api.http.problems import documented
from api.http.reading import unit_of
from api.http.serving import Serving
from api.http.trackers import Accept
from dispatch.positions.fixes import Fix, Judged, Source
from dispatch.positions.reports import ReportedFix

router = APIRouter(prefix="/v1/regions/{region}", tags=["positions"], responses=documented(401, 403, 404, 422, 503))

Writing = Annotated[Asking, Depends(asking("fixes.write", "vehicles.write"))]
Own = Annotated[Asking, Depends(asking("vehicles.read", "status.own"))]


class FixBody(BaseModel):
    """A position."""

    model_config = ConfigDict(extra="forbid")
    vehicle: str = Field(max_length=80, examples=["V01"])
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    fix_time: datetime = Field(description="When it was taken, with its zone.")
    speed_kph: float | None = Field(default=None, ge=0, le=1000, allow_inf_nan=False)
    course_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    battery: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)


class FixesBody(BaseModel):
    """Positions, in any order; a telephone that had no network sends those of the last hours at once."""

    model_config = ConfigDict(extra="forbid")
    fixes: list[FixBody] = Field(min_length=1, max_length=2_000)


class JudgedView(BaseModel):
    """What is thought of a position."""

    vehicle: str
    fix_time: datetime
    marks: list[str] = Field(description="late, duplicate, out_of_order, impossible_jump, future, outside_region, …")
    usable: bool = Field(description="It is acted upon.")


class TrailPoint(BaseModel):
    """One of a vehicle's last positions."""

    longitude: float
    latitude: float
    fix_time: datetime
    marks: list[str]


def _view(asked: Asking, one: Judged) -> JudgedView:
    return JudgedView(
        vehicle=one.fix.vehicle,
        fix_time=asked.viewer().local(one.fix.fix_time),
        marks=sorted(one.marks),
        usable=one.usable,
    )


@router.post("/fixes")
async def post_fixes(body: FixesBody, asked: Writing) -> list[JudgedView]:
    """Where vehicles are or were. Doubtful positions are taken and marked, and nothing is done because of them."""
    known = asked.serving.board(asked.region).world.units
    for vehicle in {one.vehicle for one in body.fixes}:
        own_vehicle(asked, vehicle, "vehicles.write")
        if vehicle not in known:
            await unit_of(asked, vehicle)
    now = asked.now
    source: Source = "driver_page" if asked.who.kind == "person" else "api"
    fixes = [
        Fix(
            vehicle=one.vehicle,
            longitude=one.longitude,
            latitude=one.latitude,
            fix_time=one.fix_time if one.fix_time.tzinfo else one.fix_time.replace(tzinfo=asked.live.built.zone),
            received_at=now,
            source=source,
            device=asked.who.id,
            speed_kph=one.speed_kph,
            course_deg=one.course_deg,
            accuracy_m=one.accuracy_m,
            battery=one.battery,
        )
        for one in body.fixes
    ]
    return [_view(asked, one) for one in await asked.serving.tracking[asked.region].take(fixes)]


@router.get("/vehicles/{vehicle}/trail")
async def get_trail(vehicle: str, asked: Own) -> list[TrailPoint]:
    """A vehicle's last positions, the oldest first; doubtful ones are marked."""
    own_vehicle(asked, vehicle, "vehicles.read")
    await unit_of(asked, vehicle)
    local = asked.viewer().local
    found = []
    for one in await asked.serving.service.store.fixes.trail(asked.region, vehicle):
        told = json.decode(one.body)
        moment = local(datetime.fromisoformat(told["fix_time"]))
        found.append(
            TrailPoint(
                longitude=told["longitude"], latitude=told["latitude"], fix_time=moment, marks=list(told.get("marks", ()))
            )
        )
    return found


def acceptance(serving: Serving, access: Access) -> Accept:
    """Takes what trackers send: each by a device id that can post the positions of one vehicle, and nothing else."""

    async def accept(secret: str, reported: ReportedFix) -> None:
        try:
            who = await access.by_device(secret)
        except NotSignedInError:
            who = await access.by_token(secret)
            if who.permissions != {"fixes.write"}:
                raise NotATrackerError from None
        if not who.may("fixes.write") or who.vehicle is None or who.regions is None or len(who.regions) != 1:
            raise NotATrackerError
        (region,) = who.regions
        tracking = serving.tracking.get(region)
        if tracking is None:
            raise ForbiddenError("other_region", region=repr(region))
        await tracking.take([reported.of(who.vehicle, who.id, serving.service.clock())])

    return accept
