"""Whom a report about roads touches: the runs that are led over what it affects, or another way or longer because of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dispatch.fleet import Vehicle
from dispatch.life.case import Case
from dispatch.life.particulars import Particulars
from dispatch.life.run import Run, RunState
from dispatch.service.live_region import LiveRegion, Now
from dispatch.service.run_legs import RunLeg, RunWay, way_of
from routing import InputError, PlaceError
from routing.conditions import RoadCondition
from routing.road_state import RoadState
from routing.router import Router

MOVING = frozenset({RunState.ASSIGNED, RunState.ACKNOWLEDGED, RunState.EN_ROUTE, RunState.CARRYING})
"""States in which a run is on its way, or is about to be."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A run that a report touches.

    Attributes:
        run, way: which, and from where to where it is led.
        before_ms, now_ms: the present leg without the report and with it, from the same position; None: there is no way.
        runs_over: one of the two ways leads over what the report affects.
    """

    run: Run
    way: RunWay
    before_ms: int | None
    now_ms: int | None
    runs_over: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The roads without a report and with it, and the directed segments (int64, sorted) that it affects."""

    before: Router
    after: Router
    segments: NDArray[np.int64]


def compared(live: LiveRegion, now: Now, condition: RoadCondition, moment: datetime, *, as_if_now: bool = False) -> Compared:
    """The roads without a report and with it; takes up to a second, so call it off the event loop.

    Args:
        live, now: the region, and the state of it that is to be used.
        condition: the report; one of its id that holds now is replaced by it.
        moment: with a time zone.
        as_if_now: whatever its times say, it is taken to hold.

    Raises:
        ConditionError: this network can't understand it.
    """
    roads = live.built.roads.live
    if as_if_now:
        condition = replace(condition, from_time=None, until=None, hours=None)
    segments = roads.affected(condition, moment)
    others = tuple(one for one in now.conditions if one.id != condition.id)
    known = next((one for one in now.conditions if one.id == condition.id), None)

    def state(conditions: tuple[RoadCondition, ...]) -> RoadState:
        return now.state if conditions == now.conditions else roads.apply(conditions, moment)

    with_it = now.conditions if known == condition else (*others, condition)
    return Compared(now.router.at(state(others)), now.router.at(state(with_it)), segments)


def touched_runs(
    roads: Compared,
    runs: Iterable[Run],
    cases: Mapping[str, Case],
    particulars: Mapping[str, Particulars],
    vehicles: Mapping[str, Vehicle],
) -> list[Touched]:
    """The runs on their way that a report touches, those that lose most first; those with no way left before all others.

    Args:
        roads: without the report and with it.
        runs: any.
        cases, particulars: of the riders of those that are on their way.
        vehicles: by id, where they were last seen.
    """
    found = []
    for run in runs:
        vehicle = vehicles.get(run.unit or "")
        if run.state not in MOVING or vehicle is None:
            continue
        try:
            way = way_of(run, cases, particulars, vehicle)
        except InputError:
            continue  # nobody knows where the patient is
        if way is not None and (one := _touched(roads, run, way)) is not None:
            found.append(one)
    return sorted(found, key=lambda one: (-_loss_ms(one), one.run.id))


def _touched(roads: Compared, run: Run, way: RunWay) -> Touched | None:
    before, after = _leg(way, roads.before), _leg(way, roads.after)
    used = [one.route.segments for one in (before, after) if one is not None]
    runs_over = any(bool(np.isin(segments, roads.segments).any()) for segments in used)
    before_ms, now_ms = (None if one is None else one.route.duration_ms for one in (before, after))
    same = before_ms == now_ms and (before is None or after is None or np.array_equal(used[0], used[1]))
    return None if same and not runs_over else Touched(run, way, before_ms, now_ms, runs_over)


def _leg(way: RunWay, router: Router) -> RunLeg | None:
    try:
        return way.on(router)
    except PlaceError:
        return None


def _loss_ms(one: Touched) -> float:
    if one.now_ms is None:
        return 0.0 if one.before_ms is None else np.inf
    return 0.0 if one.before_ms is None else float(one.now_ms - one.before_ms)
