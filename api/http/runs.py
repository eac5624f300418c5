"""Runs: what the crew presses, and the route of the present leg."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from msgspec import UNSET
from pydantic import BaseModel, Field

from api import answers
from api.http.asking import COMMAND, Asking, CommandAnswer, asking
from api.http.bodies import CorrectBody, JoinBody, ProgressBody, ReasonBody
from api.http.exports import ToldLeg, as_geojson, as_gpx
from api.http.fields import RunPath
from api.http.language import language_of
from api.http.legs import present_leg
from api.http.own import own_run
from api.http.problems import documented
from api.http.reading import everything, run_of, tagged, viewer_of
from api.http.shapes import RunView
from dispatch.life import commands as c
from dispatch.life.events import Ref
from dispatch.life.refusals import ConflictError
from dispatch.life.run import Run
from dispatch.service.run_legs import RunLeg

router = APIRouter(prefix="/v1/regions/{region}/runs", tags=["runs"], responses=documented(401, 403, 404, 422, 503))

Progressing = Annotated[Asking, Depends(asking("progress.any", "progress.own"))]
Sending = Annotated[Asking, Depends(asking("assign"))]
Reading = Annotated[Asking, Depends(asking("cases.read"))]


class RouteView(BaseModel):
    """The route of a run's present leg."""

    run: str
    leg: str = Field(description='"reach": to the patient; "carry": with the patient on board.')
    to: str
    road_state: int
    assumed_start: bool = Field(
        description="Where the vehicle is is not known: it is taken to be at its base or at the patient."
    )
    route: dict[str, Any] = Field(description="Geometry (GeoJSON), steps with texts, distance and duration.")


@router.get("")
async def list_runs(asked: Reading) -> list[RunView]:
    """The runs that are under way."""
    found, as_of = await everything(asked, "run")
    runs = [(one, version) for one, version in found if isinstance(one, Run)]
    viewer = await viewer_of(asked, [one for one, _ in runs], as_of)
    return [viewer.run(one, version) for one, version in runs]


@router.get("/{run}")
async def get_run(run: RunPath, asked: Progressing, response: Response) -> RunView:
    """A run as it is now."""
    await own_run(asked, run)
    state, version, as_of = await run_of(asked, run)
    tagged(response, version)
    return (await viewer_of(asked, [state], as_of)).run(state, version)


async def _leg(asked: Asking, run: str) -> RunLeg:
    here = await own_run(asked, run)
    found = await present_leg(asked, here)
    if found is None:
        raise ConflictError("no_leg", run=run)
    if found.leg == "reach":
        # Its last step is at the patient's door.
        for case in {rider.case for rider in here.riders}:
            await asked.serving.service.record_reading(asked.region, asked.actor, case, ["place"], once=f"route of {run}")
    return found


def _told(found: RunLeg) -> answers.Leg:
    return answers.Leg(found.route, (found.goal.longitude, found.goal.latitude), "", found.goal_name)


@router.get("/{run}/route", responses=documented(409))
async def get_route(run: RunPath, asked: Progressing) -> RouteView:
    """The way that the run takes now, turn by turn; after a decline or a closure, the new one."""
    found = await _leg(asked, run)
    told = answers.route_as_dict(asked.live.built, _told(found), language_of(asked.request))
    return RouteView(
        run=run,
        leg=found.leg,
        to=found.goal_name,
        road_state=found.route.state,
        assumed_start=found.assumed_start,
        route=told,
    )


@router.get(
    "/{run}/route.gpx", response_class=Response, responses={200: {"content": {"application/gpx+xml": {}}}, **documented(409)}
)
async def get_gpx(run: RunPath, asked: Progressing) -> Response:
    """The same as a GPX file."""
    found = _told(await _leg(asked, run))
    attribution = asked.live.built.about["attribution"]
    steps = answers.steps_of(asked.live.built, found)
    text = as_gpx([ToldLeg(found, steps)], run, attribution, language_of(asked.request))
    return Response(text, media_type="application/gpx+xml", headers={"Content-Disposition": 'attachment; filename="route.gpx"'})


@router.get("/{run}/route.geojson", responses=documented(409))
async def get_geojson(run: RunPath, asked: Progressing, steps: Annotated[bool, Query()] = True) -> dict[str, Any]:
    """The same as GeoJSON."""
    found = _told(await _leg(asked, run))
    told = answers.steps_of(asked.live.built, found) if steps else ()
    return as_geojson([ToldLeg(found, told)], asked.live.built.about["attribution"], language_of(asked.request))


@router.post("/{run}/progress", **COMMAND)
async def progress(run: RunPath, body: ProgressBody, asked: Progressing) -> CommandAnswer:
    """A time point: acknowledged, departed, at_scene, with_patient, left_scene, at_facility, left_facility or available."""
    await own_run(asked, run)
    riders = tuple(one.rider() for one in body.riders)
    return await asked.give(c.Progress(run, body.point, riders), body, Ref("run", run))


@router.post("/{run}/decline", **COMMAND)
async def decline(run: RunPath, body: ReasonBody, asked: Progressing) -> CommandAnswer:
    """The crew can't go: the next vehicle is chosen by itself."""
    await own_run(asked, run)
    return await asked.give(c.DeclineJob(run, body.why), body, Ref("run", run))


@router.post("/{run}/escort-end", **COMMAND)
async def end_escort(run: RunPath, body: ReasonBody, asked: Progressing) -> CommandAnswer:
    """The team leaves although treatment has not begun for everybody."""
    await own_run(asked, run)
    return await asked.give(c.EndEscort(run, body.why), body, Ref("run", run))


@router.post("/{run}/stand-down", **COMMAND)
async def stand_down(run: RunPath, body: ReasonBody, asked: Sending) -> CommandAnswer:
    """The run is called off; its patients wait for another vehicle."""
    return await asked.give(c.StandDown(run, body.why), body, Ref("run", run))


@router.post("/{run}/join", **COMMAND)
async def join(run: RunPath, body: JoinBody, asked: Sending) -> CommandAnswer:
    """The run fetches more people."""
    return await asked.give(c.Join(run, body.case, tuple(body.patients)), body, Ref("run", run))


@router.post("/{run}/times", **COMMAND)
async def correct_time(run: RunPath, body: CorrectBody, asked: Progressing) -> CommandAnswer:
    """A time point was recorded wrongly, or not at all."""
    await own_run(asked, run)
    return await asked.give(c.CorrectTime(run, body.point, body.at, body.why, body.was or UNSET), body, Ref("run", run))
