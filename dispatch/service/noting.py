"""Particulars that a command leads to although nobody says them: where a breakdown leaves people, what two reports share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from dispatch.life import commands as c
from dispatch.life.case import RIDING, PatientState
from dispatch.life.commands import Command
from dispatch.life.events import Ref
from dispatch.life.particulars import Note
from dispatch.life.world import World
from dispatch.service.choices import Seen, known_place
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load_particulars
from dispatch.service.positions import latest_positions
from dispatch.store import Store

BY = "siaga"

Notes = Mapping[Ref, tuple[Note, ...]]


async def notes_made(store: Store, live: LiveRegion, world: World, command: Command, now: datetime) -> Notes:
    """The notes that go with a command, by the case that they belong to.

    Raises:
        StoreError: the store can't.
    """
    match command:
        case c.ReportBreakdown():
            return await _stranded(store, live, world, command.unit, now)
        case c.RefuseAtDoor():
            return await _left_at_door(store, live, world, command, now)
        case c.MergeCase() if command.case in world.cases and command.into in world.cases:
            return await _shared(store, live.name, world, command)
        case _:
            return {}


async def _stranded(store: Store, live: LiveRegion, world: World, name: str, now: datetime) -> Notes:
    """Where those on board are now: where their vehicle was last seen, if that is not too long ago to mean anything."""
    unit = world.units.get(name)
    run = None if unit is None or unit.run is None else world.runs.get(unit.run)
    if run is None:
        return {}
    seen = await _last_seen(store, live, name, now)
    if seen is None:
        return {}
    found: dict[Ref, tuple[Note, ...]] = {}
    for rider, patient in world.riders(run):
        if patient.state is PatientState.ABOARD:
            note = _where_seen(name, patient.id, seen, now)
            found[Ref("case", rider.case)] = (*found.get(Ref("case", rider.case), ()), note)
    return found


async def _left_at_door(store: Store, live: LiveRegion, world: World, command: c.RefuseAtDoor, now: datetime) -> Notes:
    """Where somebody is whom a facility refuses after their vehicle broke down at its door: at that door, or where the vehicle
    was last seen, if nobody knows where the door is."""
    case = world.cases.get(command.case)
    patient = None if case is None else case.patient(command.patient)
    run = None if patient is None else world.runs.get(patient.run or "")
    unit = None if run is None or not run.live else world.units.get(run.unit or "")
    if patient is None or patient.state not in RIDING or unit is None or not unit.out_of_order:
        return {}
    door = patient.door or patient.goal
    if door is not None and (at := known_place(door)) is not None:
        note = Note("stranded_place", door.name, BY, now, patient.id, at.longitude, at.latitude)
    elif (seen := await _last_seen(store, live, unit.id, now)) is not None:
        note = _where_seen(unit.id, patient.id, seen, now)
    else:
        return {}
    return {Ref("case", command.case): (note,)}


async def _last_seen(store: Store, live: LiveRegion, unit: str, now: datetime) -> Seen | None:
    """Where a vehicle was last seen, unless that is too long ago to mean anything."""
    seen = (await latest_positions(store, live.name)).get(unit)
    return None if seen is None or now - seen.time > timedelta(seconds=live.settings.fix_lost_seconds) else seen


def _where_seen(unit: str, patient: str, seen: Seen, now: datetime) -> Note:
    minutes = round((now - seen.time).total_seconds() / 60)
    return Note("stranded_place", f"{unit}, {minutes} min", BY, now, patient, seen.longitude, seen.latitude)


async def _shared(store: Store, region: str, world: World, command: c.MergeCase) -> Notes:
    """What only the report that ends knows, for the one that goes on; with the people who are taken over, all about them."""
    old = await load_particulars(store, region, command.case)
    new = await load_particulars(store, region, command.into)
    count = len(world.cases[command.into].patients)
    becomes = {name: str(count + number) for number, name in enumerate(dict.fromkeys(command.adds), start=1)}
    kept = [one for one in old.notes if one.patient is None and new.latest(one.field) is None]
    kept += [replace(one, patient=becomes[one.patient]) for one in old.notes if one.patient in becomes]
    return {Ref("case", command.into): tuple(kept)} if kept else {}
