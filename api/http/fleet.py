"""Vehicles and officers: who there is, what they do, where vehicles are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from api.http.asking import COMMAND, Asking, CommandAnswer, CommandBody, asking
from api.http.bodies import OfficerBody, ReasonBody, ShiftBody, StatusBody, VehicleBody
from api.http.fields import OfficerPath, VehiclePath
from api.http.own import own_vehicle
from api.http.problems import documented
from api.http.reading import everything, officer_of, positions, run_of, tagged, unit_of, viewer_of
from api.http.shapes import OfficerView, RunView, VehicleView
from dispatch.fleet import known_equipment
from dispatch.life import commands as c
from dispatch.life.events import Ref
from dispatch.life.units import Officer, Unit

router = APIRouter(prefix="/v1/regions/{region}", tags=["fleet"], responses=documented(401, 403, 404, 422, 503))

Reading = Annotated[Asking, Depends(asking("vehicles.read"))]
Status = Annotated[Asking, Depends(asking("vehicles.read", "vehicles.write", "status.own"))]
Admin = Annotated[Asking, Depends(asking("fleet.admin"))]


class JobView(BaseModel):
    """What a vehicle has to do now: its run, or nothing."""

    vehicle: VehicleView
    run: RunView | None


@router.get("/vehicles")
async def list_vehicles(asked: Reading) -> list[VehicleView]:
    """The fleet, with where each vehicle was last seen and how long ago."""
    found, as_of = await everything(asked, "unit")
    seen = await positions(asked)
    viewer, limit = asked.viewer(as_of), asked.live.settings.fix_now_seconds
    return [viewer.vehicle(one, version, seen.get(one.id), limit) for one, version in found if isinstance(one, Unit)]


@router.get("/vehicles/{vehicle}")
async def get_vehicle(vehicle: VehiclePath, asked: Status, response: Response) -> VehicleView:
    """A vehicle as it is now."""
    own_vehicle(asked, vehicle, "vehicles.read")
    return await _vehicle(asked, vehicle, response)


async def _vehicle(asked: Asking, vehicle: str, response: Response) -> VehicleView:
    unit, version, as_of = await unit_of(asked, vehicle)
    tagged(response, version)
    seen = (await positions(asked)).get(vehicle)
    return asked.viewer(as_of).vehicle(unit, version, seen, asked.live.settings.fix_now_seconds)


@router.get("/vehicles/{vehicle}/job")
async def get_job(vehicle: VehiclePath, asked: Status, response: Response) -> JobView:
    """What the crew has to do now."""
    own_vehicle(asked, vehicle, "vehicles.read")
    view = await _vehicle(asked, vehicle, response)
    if view.run is None:
        return JobView(vehicle=view, run=None)
    run, version, as_of = await run_of(asked, view.run)
    return JobView(vehicle=view, run=(await viewer_of(asked, [run], as_of)).run(run, version))


@router.put("/vehicles/{vehicle}", **COMMAND)
async def register_vehicle(vehicle: VehiclePath, body: VehicleBody, asked: Admin) -> CommandAnswer:
    """A vehicle joins the fleet, or what is known of it is put right."""
    command = c.RegisterUnit(
        vehicle,
        body.name,
        body.kind,
        known_equipment(body.equipment),
        body.capacity,
        body.base,
        body.base_longitude,
        body.base_latitude,
        body.phone,
    )
    return await asked.give(command, body, Ref("unit", vehicle))


@router.post("/vehicles/{vehicle}/retire", **COMMAND)
async def retire_vehicle(vehicle: VehiclePath, body: CommandBody, asked: Admin) -> CommandAnswer:
    """A vehicle leaves the fleet."""
    return await asked.give(c.RetireUnit(vehicle), body, Ref("unit", vehicle))


@router.post("/vehicles/{vehicle}/status", **COMMAND)
async def set_status(vehicle: VehiclePath, body: StatusBody, asked: Status) -> CommandAnswer:
    """A vehicle without a run stands by, returns, is on a break or out of order."""
    own_vehicle(asked, vehicle, "vehicles.write")
    return await asked.give(c.SetUnitStatus(vehicle, body.status, body.why), body, Ref("unit", vehicle))


@router.post("/vehicles/{vehicle}/breakdown", **COMMAND)
async def break_down(vehicle: VehiclePath, body: ReasonBody, asked: Status) -> CommandAnswer:
    """A vehicle goes no further: whoever it was under way for gets another one."""
    own_vehicle(asked, vehicle, "vehicles.write")
    return await asked.give(c.ReportBreakdown(vehicle, body.why), body, Ref("unit", vehicle))


@router.get("/officers")
async def list_officers(asked: Reading) -> list[OfficerView]:
    """The officers, with their shifts."""
    found, as_of = await everything(asked, "officer")
    viewer = asked.viewer(as_of)
    return [viewer.officer(one, version) for one, version in found if isinstance(one, Officer)]


@router.get("/officers/{officer}")
async def get_officer(officer: OfficerPath, asked: Reading, response: Response) -> OfficerView:
    """An officer."""
    state, version, as_of = await officer_of(asked, officer)
    tagged(response, version)
    return asked.viewer(as_of).officer(state, version)


@router.put("/officers/{officer}", **COMMAND)
async def register_officer(officer: OfficerPath, body: OfficerBody, asked: Admin) -> CommandAnswer:
    """Somebody joins, or what is known of them is put right."""
    return await asked.give(c.RegisterOfficer(officer, body.name, frozenset(body.skills)), body, Ref("officer", officer))


@router.put("/officers/{officer}/shift", **COMMAND)
async def set_shift(officer: OfficerPath, body: ShiftBody, asked: Admin) -> CommandAnswer:
    """When somebody is on duty."""
    return await asked.give(c.SetShift(officer, body.begins, body.ends), body, Ref("officer", officer))


@router.post("/officers/{officer}/retire", **COMMAND)
async def retire_officer(officer: OfficerPath, body: CommandBody, asked: Admin) -> CommandAnswer:
    """Somebody leaves."""
    return await asked.give(c.RetireOfficer(officer), body, Ref("officer", officer))
