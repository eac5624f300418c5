"""The leg that a run is on now, from where its vehicle was last seen."""

from __future__ import annotations

import asyncio

from api.http.asking import Asking
from api.http.reading import positions, unit_of
from dispatch.life.events import Ref
from dispatch.life.run import Run
from dispatch.service.choices import vehicles_of
from dispatch.service.loading import load, load_particulars
from dispatch.service.run_legs import RunLeg, leg_of


async def present_leg(asked: Asking, run: Run) -> RunLeg | None:
    """A run's present leg; None: it has none.

    Raises:
        StoreError: the store can't. PlaceError: there is no way.
    """
    store = asked.serving.service.store
    scene = await load(store, asked.region, [Ref("run", run.id)])
    run = scene.world.runs.get(run.id, run)  # it may have ended since, and then comes without its cases
    if not run.live:
        return None
    notes = {rider.case: await load_particulars(store, asked.region, rider.case) for rider in run.riders}
    vehicle = None
    if run.unit is not None:
        unit, _, _ = await unit_of(asked, run.unit)
        vehicle = vehicles_of([unit], await positions(asked))[0]
    return await asyncio.to_thread(leg_of, asked.live.now, run, scene.world.cases, notes, vehicle)
