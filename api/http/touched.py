"""What a report about roads does: which streets it affects, and whose way it changes. Before it is given, as well as after."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.bodies import ConditionBody
from api.http.closures import lines_of
from api.http.fields import ConditionPath
from api.http.places import condition_of
from api.http.problems import documented
from api.http.reading import everything, one, positions
from dispatch.life.events import Ref
from dispatch.life.refusals import UnknownError
from dispatch.life.reports import Condition
from dispatch.life.run import Run
from dispatch.service.choices import vehicles_of
from dispatch.service.conditions import road_condition
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load, load_particulars
from dispatch.service.touched import MOVING, Compared, Touched, compared, touched_runs
from routing import ConditionError
from routing.conditions import RoadCondition

router = APIRouter(prefix="/v1/regions/{region}/conditions", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Roads = Annotated[Asking, Depends(asking("roads.read"))]
RoadsWriting = Annotated[Asking, Depends(asking("roads.write"))]

_PREVIEW = "siaga:preview"

_comparing: WeakKeyDictionary[LiveRegion, asyncio.Lock] = WeakKeyDictionary()
"""One at a time: each makes a state of the roads of its own, and a page asks for one whenever a pin is moved."""


class TouchedCaseView(BaseModel):
    """A case whose vehicle is touched by a report."""

    case: str
    run: str
    vehicle: str
    vehicle_name: str
    leg: str = Field(description='"reach": to the patient; "carry": with the patient on board.')
    minutes_before: float | None = Field(
        description="The present leg without the report, from where the vehicle is; null: no way."
    )
    minutes_now: float | None = Field(description="The same with the report; null: no way is left.")
    runs_over: bool = Field(description="The way without it or the one with it leads over what it affects.")
    assumed_start: bool = Field(
        description="Where the vehicle is is not known: it is taken to be at its base or at the patient."
    )


class TouchedView(BaseModel):
    """Whom a report touches."""

    holds: bool = Field(description="It counts now; else the times are those without it.")
    set_aside: str | None = Field(default=None, description="Why this network can't understand it.")
    cases: list[TouchedCaseView] = Field(
        description="Of those that you may see. Who loses most first; who has no way left before all others."
    )


class PreviewView(BaseModel):
    """What a report would do."""

    links: int = Field(description="Streets from junction to junction whose time it would change for some vehicle.")
    length_m: float
    geometry: dict[str, Any] = Field(description="GeoJSON: a MultiLineString of these, joined where only two meet.")
    simplified: bool = Field(
        description="The geometry is coarser than the streets, or without the shortest: it would have more than 4,000 points."
    )
    touched: TouchedView


@router.get("/{condition}/touched")
async def get_touched(condition: ConditionPath, asked: Roads) -> TouchedView:
    """The runs whose present leg leads over what a report affects, or is another one or longer because of it. Whoever may not
    read all cases sees their own vehicle's only."""
    told, _, _ = await one(asked, Ref("condition", condition))
    if not isinstance(told, Condition):
        raise UnknownError("no_condition", condition=condition)
    if told.withdrawn_at is not None or (told.until is not None and told.until <= asked.now):
        return TouchedView(holds=False, cases=[])
    async with _comparing.setdefault(asked.live, asyncio.Lock()):
        try:
            report = road_condition(told)
            roads = await asyncio.to_thread(compared, asked.live, asked.live.now, report, asked.now)
        except ConditionError as error:
            return TouchedView(holds=False, set_aside=str(error), cases=[])
        return await _touched(asked, roads, holds=report.holds_at(asked.now, asked.live.built.zone.key))


@router.post("/preview")
async def preview(body: ConditionBody, asked: RoadsWriting) -> PreviewView:
    """What a report would do while it holds: the streets that it affects, and whose way it changes. Nothing is recorded; it is
    no command."""
    report: RoadCondition = road_condition(condition_of(_PREVIEW, body, asked.actor.id))
    network = asked.live.built.roads.network
    async with _comparing.setdefault(asked.live, asyncio.Lock()):
        roads = await asyncio.to_thread(compared, asked.live, asked.live.now, report, asked.now, as_if_now=True)
        links = np.unique(roads.segments >> 1)
        geometry, simplified = await asyncio.to_thread(lines_of, network, links)
        touched = await _touched(asked, roads, holds=True)
    return PreviewView(
        links=len(links),
        length_m=round(float(network.link_length_m[links].sum()), 1),
        geometry=geometry,
        simplified=simplified,
        touched=touched,
    )


async def _touched(asked: Asking, roads: Compared, *, holds: bool) -> TouchedView:
    store = asked.serving.service.store
    found, _ = await everything(asked, "run")
    runs = [run for run, _ in found if isinstance(run, Run) and run.state in MOVING and _shown(asked, run)]
    world = (await load(store, asked.region, [Ref("run", run.id) for run in runs])).world
    names = sorted({rider.case for run in world.runs.values() for rider in run.riders})
    notes = await asyncio.gather(*(load_particulars(store, asked.region, name) for name in names))
    vehicles = {each.id: each for each in vehicles_of(world.units.values(), await positions(asked))}
    moving = list(world.runs.values())
    touched = await asyncio.to_thread(touched_runs, roads, moving, world.cases, dict(zip(names, notes, strict=True)), vehicles)
    return TouchedView(
        holds=holds,
        cases=[_view(each, case, vehicles[each.run.unit or ""].name) for each in touched for case in _cases(each.run)],
    )


def _shown(asked: Asking, run: Run) -> bool:
    """Whether the caller may know of a run. Others are not even counted: whoever tries street after street would find a
    patient's door where the count changes."""
    if run.unit is None:
        return False
    return asked.who.may("cases.read", asked.region) or run.unit == asked.who.vehicle


def _cases(run: Run) -> list[str]:
    return list(dict.fromkeys(rider.case for rider in run.riders))


def _view(touched: Touched, case: str, name: str) -> TouchedCaseView:
    return TouchedCaseView(
        case=case,
        run=touched.run.id,
        vehicle=touched.run.unit or "",
        vehicle_name=name,
        leg=touched.way.leg,
        minutes_before=_minutes(touched.before_ms),
        minutes_now=_minutes(touched.now_ms),
        runs_over=touched.runs_over,
        assumed_start=touched.way.assumed_start,
    )


def _minutes(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 60_000, 1)
