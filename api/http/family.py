"""The link for the family: made and ended by the office; whoever has it sees where the vehicle is and when it comes.

Nothing else is told: no name, no address, no facility, nothing of other people in the same vehicle.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from api.access import Principal
from api.access.errors import LinkOverError
from api.access.guard import access_of
from api.access.links import Link
from api.http.asking import COMMAND, Asking, asking
from api.http.fields import STRICT, CasePath
from api.http.legs import present_leg
from api.http.problems import documented
from api.http.reading import case_of, positions, run_of, unit_of
from api.http.shapes import PositionView
from dispatch.life.case import Case
from dispatch.life.refusals import ConflictError, InvalidError, UnknownError
from dispatch.life.run import Run, RunState
from dispatch.service.service import StaleError
from routing import PlaceError

router = APIRouter(tags=["family"], responses=documented(404, 422, 503))

Writing = Annotated[Asking, Depends(asking("cases.write"))]

FamilyState = Literal["searching", "coming", "there", "on_the_way", "arrived", "ended"]

_STATES: dict[RunState, FamilyState] = {
    RunState.ACKNOWLEDGED: "coming",
    RunState.EN_ROUTE: "coming",
    RunState.AT_SCENE: "there",
    RunState.WITH_PATIENT: "there",
    RunState.CARRYING: "on_the_way",
    RunState.AT_FACILITY: "arrived",
    RunState.ESCORTING: "arrived",
    RunState.CLEARING: "arrived",
}
"""A run that its crew has not acknowledged may yet be another one: it is not told."""

_TIMED: frozenset[FamilyState] = frozenset({"coming", "on_the_way"})
_MOST_MERGES = 20


class LinkBody(BaseModel):
    """A link for the family."""

    model_config = STRICT
    hours: int | None = Field(default=None, ge=1, le=1_000, description="How long it counts; 6 if left out.")


class LinkView(BaseModel):
    """A link, without its secret."""

    id: str
    created: datetime
    created_by: str
    expires: datetime


class NewLinkView(BaseModel):
    """A link with its path, which is a secret: whoever has it may look."""

    link: LinkView
    path: str = Field(examples=["/v1/family/0cV3…"])
    page: str = Field(
        examples=["/keluarga#0cV3…"],
        description="The page for people. The secret stands behind a #, which no browser sends to any server.",
    )


class FamilyVehicleView(BaseModel):
    """A vehicle that is under way for this case."""

    name: str
    kind_text: str
    state: FamilyState
    state_text: str
    position: PositionView | None = Field(description="Where it was last seen; null: not known, or with other people.")
    arrives_at: datetime | None = Field(description="When it is expected: with you, or where it takes you.")
    arrives_in_minutes: float | None
    from_base: bool = Field(description="Reckoned from its base, for want of a position.")


class FamilyRegionView(BaseModel):
    """The region, as far as a map of it and its time need; whoever has a link may not ask for more."""

    name: str
    title: str
    time_zone: str
    bounds: tuple[float, float, float, float] = Field(description="West, south, east, north of its roads, degrees.")
    middle: tuple[float, float] = Field(description="Longitude, latitude of the middle of these, degrees.")
    invented: bool
    attribution: list[str]


class FamilyView(BaseModel):
    """How far help has got."""

    state: FamilyState
    state_text: str
    vehicles: list[FamilyVehicleView]
    as_of: datetime = Field(description="Local time; how old this is, where the service could not look anew.")
    time_zone: str
    expires: datetime
    region: FamilyRegionView


def _link(asked: Asking, link: Link) -> LinkView:
    local = asked.viewer().local
    return LinkView(id=link.id, created=local(link.created), created_by=link.created_by, expires=local(link.expires))


@router.post("/v1/regions/{region}/cases/{case}/links", status_code=201, **COMMAND)
async def make_link(case: CasePath, body: LinkBody, asked: Writing) -> NewLinkView:
    """A link for the family, to be read on a telephone; it ends by itself, and with the case."""
    found, version, _ = await case_of(asked, case)
    links = access_of(asked.request).links
    lasting = links.lasting(body.hours)
    if (made := await links.made_by(asked.region, asked.key)) is not None:
        (secret, link), repeated = made, True
    else:
        await _can_be_made(asked, found, version)
        secret, link, repeated = await links.create(asked.region, case, asked.who.id, asked.key, lasting)
    if (link.case, link.created_by, link.expires - link.created) != (case, asked.who.id, lasting):
        raise InvalidError("id_reused", command=asked.key)
    if repeated:
        asked.response.headers["Idempotent-Replayed"] = "true"
    return NewLinkView(link=_link(asked, link), path=f"/v1/family/{secret}", page=f"/keluarga#{secret}")


async def _can_be_made(asked: Asking, case: Case, version: int) -> None:
    """Raises InvalidError, StaleError or ConflictError, as another command about the case would."""
    if await asked.serving.service.store.seen(asked.region, asked.key) is not None:
        raise InvalidError("id_reused", command=asked.key)
    seen = asked.version()
    if seen is not None and seen != version:
        raise StaleError("version", found=version, expected=seen)
    if not case.open:
        raise ConflictError("case_closed", case=case.id)


@router.get("/v1/regions/{region}/cases/{case}/links", responses=documented(401, 403))
async def list_links(case: CasePath, asked: Writing) -> list[LinkView]:
    """The links to a case that count."""
    await case_of(asked, case)
    return [_link(asked, one) for one in await access_of(asked.request).links.of_case(asked.region, case)]


@router.delete("/v1/regions/{region}/cases/{case}/links", status_code=204, responses=documented(401, 403))
async def end_links(case: CasePath, asked: Writing) -> None:
    """All links to a case end now."""
    await case_of(asked, case)
    await access_of(asked.request).links.revoke(asked.region, case, asked.who.id)


@router.get("/v1/family/{secret}")
async def look(request: Request, response: Response, secret: Annotated[str, Path(max_length=200)]) -> FamilyView:
    """How far help has got, for whoever has the link; no sign-in."""
    link = await access_of(request).links.find(secret)
    nobody = Principal(f"link:{link.id}", "token", ("family",), frozenset(), frozenset({link.region}))
    asked = Asking(request, response, link.region, nobody)
    try:
        case, as_of = await _case(asked, link.case)
    except UnknownError:
        raise LinkOverError from None  # the person was forgotten; that there was a case is nobody's business
    vehicles = [] if case.closed_at is not None else [one for run in _runs(case) if (one := await _vehicle(asked, case, run))]
    state: FamilyState = "ended" if case.closed_at is not None else _furthest(vehicles)
    viewer = asked.viewer(as_of)
    return FamilyView(
        state=state,
        state_text=viewer.word("family", state),
        vehicles=vehicles,
        as_of=viewer.local(as_of or asked.now),
        time_zone=asked.live.built.zone.key,
        expires=viewer.local(link.expires),
        region=_region(asked),
    )


def _region(asked: Asking) -> FamilyRegionView:
    built = asked.live.built
    west, south, east, north = built.about["bounds"]
    return FamilyRegionView(
        name=asked.region,
        title=built.about.get("title") or asked.region,
        time_zone=built.zone.key,
        bounds=(west, south, east, north),
        middle=((west + east) / 2, (south + north) / 2),
        invented=built.invented,
        attribution=list(built.about["attribution"]),
    )


async def _case(asked: Asking, name: str) -> tuple[Case, datetime | None]:
    """The case, or the one that it was found to be the same as."""
    for _ in range(_MOST_MERGES):
        case, _, as_of = await case_of(asked, name)
        if case.merged_into is None:
            return case, as_of
        name = case.merged_into
    raise UnknownError("no_case", case=name)


def _runs(case: Case) -> list[str]:
    return list(dict.fromkeys(one.run for one in case.patients if one.run is not None))


def _furthest(vehicles: list[FamilyVehicleView]) -> FamilyState:
    order = list(_STATES.values())
    return max((one.state for one in vehicles), key=order.index, default="searching")


async def _vehicle(asked: Asking, case: Case, name: str) -> FamilyVehicleView | None:
    run, _, as_of = await run_of(asked, name)
    state = _STATES.get(run.state)
    if state is None:
        return None
    viewer = asked.viewer(as_of)
    told, kind, position = "" if run.helper is None else run.helper.name, "", None
    alone = all(rider.case == case.id for rider in run.riders)
    if run.unit is not None:
        unit, version, _ = await unit_of(asked, run.unit)
        seen = (await positions(asked)).get(run.unit)
        view = viewer.vehicle(unit, version, seen, asked.live.settings.fix_now_seconds)
        told, kind, position = view.name, view.kind_text, view.position if alone else None
    minutes, from_base = await _expected(asked, run) if state in _TIMED and alone else (None, False)
    return FamilyVehicleView(
        name=told,
        kind_text=kind,
        state=state,
        state_text=viewer.word("family", state),
        position=position,
        arrives_at=None if minutes is None else viewer.local(asked.now + timedelta(minutes=minutes)),
        arrives_in_minutes=minutes,
        from_base=from_base,
    )


async def _expected(asked: Asking, run: Run) -> tuple[float | None, bool]:
    try:
        leg = await present_leg(asked, run)
    except PlaceError:
        return None, False
    return (None, False) if leg is None else (round(leg.route.duration_ms / 60_000, 1), leg.assumed_start)
