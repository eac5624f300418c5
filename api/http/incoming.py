"""What a facility or SITEGAR sees of a patient who may come: what is needed, who brings them and when; nothing personal.

Where the vehicle is is told only while it carries nobody but patients for facilities, and not in the 250 m cell of anybody whom
the run is for: on its way to a patient, or as it leaves them, it would give away their door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.http.asking import Asking
from api.http.reading import positions
from api.http.shapes import PositionView
from dispatch.cases import CapabilitySets
from dispatch.life.case import RIDING, Case, Cell, Patient
from dispatch.life.events import Ref
from dispatch.life.particulars import Particulars, cell_of
from dispatch.life.referral import Goal
from dispatch.life.run import Run, RunState
from dispatch.life.stamps import TimePoint
from dispatch.life.world import World
from dispatch.service.arrivals import Arrival, arrival_at
from dispatch.service.choices import Positions, asked_of, vehicles_of
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load, load_particulars
from dispatch.store import StoreError
from routing import InputError, Language, PlaceError, text


def needs_of(case: Case) -> CapabilitySets:
    """The sets of capabilities any one of which will do; empty for a draft, and where nothing is asked."""
    return asked_of(case).needed_capabilities if case.complete else ()


def needs_as_lists(needs: CapabilitySets) -> list[list[str]]:
    """The same for programs."""
    return [sorted(one) for one in needs]


def needs_text(needs: CapabilitySets, language: Language) -> str:
    """The same in words; empty where nothing is asked."""
    sets = [" + ".join(text(language, f"facilities.capability.{name}") for name in sorted(one)) for one in needs]
    return f" {text(language, 'dispatch.needs.or')} ".join(sets)


@dataclass(frozen=True, slots=True)
class Bringing:
    """Who brings patients.

    Attributes:
        world: their runs with all that these have to do with.
        seen: where vehicles were last seen.
        homes: by case, the cells in which any of its patients is or was to be fetched.
    """

    world: World
    seen: Positions
    homes: Mapping[str, frozenset[Cell]]

    def run_of(self, patient: Patient) -> Run | None:
        """The live run of a patient."""
        run = None if patient.run is None else self.world.runs.get(patient.run)
        return run if run is not None and run.live and not patient.ended else None

    def vehicle_name(self, patient: Patient) -> str | None:
        """What comes with them is called so; None: nothing is under way for them."""
        run = self.run_of(patient)
        if run is None or (run.unit is None and run.helper is None):
            return None
        unit = self.world.units.get(run.unit or "")
        return unit.name if unit is not None else "" if run.helper is None else run.helper.name


async def bringing(asked: Asking, cases: Collection[Case]) -> Bringing:
    """Who brings the patients of some cases; from what this process last heard where the store is away."""
    store = asked.serving.service.store
    runs = {one.run: None for case in cases for one in case.patients if one.run is not None and not one.ended}
    try:
        world = (await load(store, asked.region, [Ref("run", name) for name in runs])).world
        carrying = [run for run in world.runs.values() if run.live and run.state.rank >= RunState.CARRYING.rank]
        names = sorted({rider.case for run in carrying for rider in run.riders})
        notes = await asyncio.gather(*(load_particulars(store, asked.region, name) for name in names))
    except StoreError:
        return Bringing(asked.serving.board(asked.region).world, {}, {})
    homes = {name: _homes(world.cases[name], told) for name, told in zip(names, notes, strict=True)}
    return Bringing(world, await positions(asked) if runs else {}, homes)


def _homes(case: Case, told: Particulars) -> frozenset[Cell]:
    """The cells in which patients of a case are fetched; of each, also where it was first said to be, since either may be
    where they live."""
    places = [one for one in told.notes if one.field in ("place", "stranded_place")]
    said = [cell_of(one.longitude, one.latitude) for one in places if one.longitude is not None and one.latitude is not None]
    return frozenset(said if case.cell is None else (case.cell, *said))


def position_of(asked: Asking, found: Bringing, patient: Patient) -> PositionView | None:
    """Where the vehicle with a patient on board was last seen; None while that would give away where anybody lives."""
    run = found.run_of(patient)
    seen = None if run is None or run.unit is None else found.seen.get(run.unit)
    if run is None or seen is None or patient.state not in RIDING or run.state.rank < RunState.CARRYING.rank:
        return None
    left = run.stamp(TimePoint.LEFT_SCENE)
    private = any(
        one.state not in RIDING or (one.goal is not None and one.goal.kind == "given") for _, one in found.world.riders(run)
    )
    if private or left is None or seen.time <= left.happened_at:
        return None
    here = cell_of(seen.longitude, seen.latitude)
    if any(here in found.homes[rider.case] for rider in run.riders):
        return None
    age = max(0.0, (asked.now - seen.time).total_seconds())
    return PositionView(
        longitude=seen.longitude,
        latitude=seen.latitude,
        fix_time=asked.viewer().local(seen.time),
        age_seconds=round(age, 1),
        now=age <= asked.live.settings.fix_now_seconds,
    )


Arrivals = Mapping[tuple[str, str, str], Arrival]
"""By case, patient and facility."""


async def arrivals(asked: Asking, found: Bringing, rows: Collection[tuple[Case, Patient, Goal]]) -> Arrivals:
    """When patients are expected where they may be taken; missing where nobody can say."""
    under_way = [(case, patient, goal, run) for case, patient, goal in rows if (run := found.run_of(patient)) is not None]
    names = {rider.case for *_, run in under_way for rider in run.riders} | {case.id for case, *_ in under_way}
    notes = await _notes(asked, names)
    return {} if notes is None else await asyncio.to_thread(_arrivals, asked.live, found, notes, under_way, asked.now)


def _arrivals(
    live: LiveRegion,
    found: Bringing,
    notes: Mapping[str, Particulars],
    under_way: Collection[tuple[Case, Patient, Goal, Run]],
    moment: datetime,
) -> Arrivals:
    router, fresh = live.now.router, live.settings.fix_now_seconds
    told: dict[tuple[str, str, str], Arrival] = {}
    for case, patient, goal, run in under_way:
        unit = found.world.units.get(run.unit or "")
        vehicle = None if unit is None else next(iter(vehicles_of([unit], found.seen)), None)
        try:
            one = arrival_at(router, run, found.world.cases, notes, vehicle, case, patient, goal, moment, fresh)
        except (PlaceError, InputError):
            continue
        if one is not None:
            told[case.id, patient.id, goal.id] = one
    return told


async def _notes(asked: Asking, names: Collection[str]) -> Mapping[str, Particulars] | None:
    store = asked.serving.service.store
    ordered = sorted(names)
    try:
        found = await asyncio.gather(*(load_particulars(store, asked.region, name) for name in ordered))
    except StoreError:
        return None
    return dict(zip(ordered, found, strict=True))


def expected(asked: Asking, arrival: Arrival | None) -> tuple[float | None, datetime | None, bool]:
    """Minutes, the time, and whether it is assumed: for a view."""
    if arrival is None:
        return None, None, False
    at = asked.viewer().local(asked.now + timedelta(milliseconds=arrival.ms))
    return round(arrival.ms / 60_000, 1), at, arrival.assumed
