"""Gathering what the core asks for: particulars, positions, rankings, times; from the store, the roads and the facilities."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from dispatch.fleet import Vehicle
from dispatch.life.commands import Assign, Command, DescribeCase, Issued
from dispatch.life.decide import decide, wanted
from dispatch.life.events import Ref
from dispatch.life.evolve import apply
from dispatch.life.facts import Facilities, Facts, Wanted
from dispatch.life.particulars import Particulars
from dispatch.life.refusals import RefusedError
from dispatch.life.run import Rider
from dispatch.life.world import World
from dispatch.service.choices import Positions, ranked_facilities, ranked_vehicles, vehicle_choices, vehicles_of
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import Scene, load, load_particulars, load_units
from dispatch.service.noting import Notes
from dispatch.service.positions import latest_positions
from dispatch.service.run_legs import leg_of
from dispatch.store import Store
from routing import InputError, PlaceError

_AUTOMATIC_CHOICES = 3
"""So many of the ranked vehicles are looked at when one is chosen by itself."""


async def gather(store: Store, live: LiveRegion, scene: Scene, issued: Issued, noted: Notes, moment: datetime) -> Facts:
    """What `decide` is to be told; vehicles that it may choose are loaded into the scene.

    Args:
        store, live, scene, issued: what is decided, and on what.
        noted: particulars that go with the command; they count at once.
        moment: the time.

    Raises:
        StoreError: the store can't.
    """
    facts = Facts(moment, live.rules)
    asked = wanted(scene.world, issued.command)
    names = _cases(scene.world, asked)
    if not names:
        return facts
    read = await asyncio.gather(*(_particulars(store, live.name, name, noted) for name in names))
    notes = dict(zip(names, read, strict=True))
    positions = await latest_positions(store, live.name)
    if asked.vehicles_for in notes:
        facts = await _with_vehicles(store, live, scene, facts, asked, notes, positions, issued)
    then = _foreseen(scene.world, issued, facts) if isinstance(issued.command, DescribeCase) else scene.world
    facts = _with_facilities(live, then, facts, asked, notes, positions, issued.command)
    return _with_leg(live, scene.world, facts, asked, notes, positions, issued)


def _foreseen(world: World, issued: Issued, facts: Facts) -> World:
    """The world as the command leaves it with what is known so far: who is on board then, and who waits. As it is now, where
    the command can't be decided yet."""
    try:
        events = decide(world, issued, facts)
    except RefusedError:
        return world
    for event in events:
        world = apply(world, event)
    return world


def _cases(world: World, asked: Wanted) -> list[str]:
    """Whose particulars are needed."""
    names = {rider.case for rider in asked.facilities_for}
    if asked.vehicles_for is not None:
        names.add(asked.vehicles_for)
    run = world.runs.get(asked.leg_of or "")
    if run is not None and run.live:
        names |= {rider.case for rider in run.riders}
    return sorted(name for name in names if name in world.cases)


async def _particulars(store: Store, region: str, case: str, noted: Notes) -> Particulars:
    found = await load_particulars(store, region, case)
    return Particulars((*found.notes, *noted.get(Ref("case", case), ())))


async def _with_vehicles(
    store: Store,
    live: LiveRegion,
    scene: Scene,
    facts: Facts,
    asked: Wanted,
    notes: Mapping[str, Particulars],
    positions: Positions,
    issued: Issued,
) -> Facts:
    if isinstance(issued.command, Assign):
        world, named, patients = scene.world, issued.command.unit, issued.command.patients
    else:
        # For those who wait once the command is carried out: a breakdown leaves people by the road.
        world, named, patients = _foreseen(scene.world, issued, facts), None, ()
    case = world.cases[asked.vehicles_for or ""]
    if not case.complete:
        return facts
    units = [unit for unit in (await load_units(store, live.name)).values() if unit.id not in asked.without]
    try:
        fleet = vehicles_of(units, positions)
        limit = _AUTOMATIC_CHOICES if named is None else len(fleet)  # also the last one has a time, if it is named
        found = ranked_vehicles(live, live.now, case, notes[case.id], fleet, facts.now, limit=max(1, limit), patients=patients)
    except (InputError, PlaceError):
        return replace(facts, vehicles_for=case.id)
    ranked = vehicle_choices(found)
    choices = tuple(one for place, one in enumerate(ranked) if place < _AUTOMATIC_CHOICES or one.unit == named)
    await load(store, live.name, [Ref("unit", one.unit) for one in choices], scene)
    return replace(facts, vehicles_for=case.id, vehicles=choices)


def _vehicle(world: World, unit: str | None, positions: Positions) -> Vehicle | None:
    here = world.units.get(unit or "")
    return None if here is None else vehicles_of([here], positions)[0] if not here.retired else None


def _with_facilities(
    live: LiveRegion,
    world: World,
    facts: Facts,
    asked: Wanted,
    notes: Mapping[str, Particulars],
    positions: Positions,
    command: Command,
) -> Facts:
    found: dict[Rider, Facilities] = {}
    for rider in asked.facilities_for:
        case = world.cases.get(rider.case)
        patient = None if case is None else case.patient(rider.patient)
        if case is None or patient is None or not case.complete:
            continue
        run = None if patient.run is None else world.runs.get(patient.run)
        chosen = command.unit if isinstance(command, Assign) else None
        vehicle = _vehicle(world, chosen or (None if run is None else run.unit), positions)
        found[rider] = ranked_facilities(live, live.now, case, patient, run, vehicle, notes[case.id], facts.now)
    return replace(facts, facilities=found) if found else facts


def _with_leg(
    live: LiveRegion,
    world: World,
    facts: Facts,
    asked: Wanted,
    notes: Mapping[str, Particulars],
    positions: Positions,
    issued: Issued,
) -> Facts:
    if asked.leg_of is None:
        return facts
    then = _foreseen(world, issued, facts)  # with those on board who board now
    run = then.runs.get(asked.leg_of)
    if run is None or not run.live or not run.riders:
        return facts
    try:
        leg = leg_of(live.now, run, then.cases, notes, _vehicle(world, run.unit, positions))
    except (InputError, PlaceError):
        return facts
    return facts if leg is None else replace(facts, leg_ms=float(leg.route.duration_ms))
