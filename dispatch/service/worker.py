"""What nobody presses: clocks that ring, vehicles that become free, roads that change under a vehicle."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import UTC, datetime

import numpy as np

from dispatch.fleet import FREE
from dispatch.life.case import Case
from dispatch.life.commands import Reroute, Ring, TryAgain
from dispatch.life.events import Ref, UnitMoved
from dispatch.life.people import CLOCK
from dispatch.life.refusals import RefusedError
from dispatch.life.run import Run, RunState
from dispatch.service.choices import Positions, vehicles_of
from dispatch.service.codec import CodecError, named, read_event, read_state
from dispatch.service.live_region import Now
from dispatch.service.loading import load, load_particulars
from dispatch.service.outage import Outage
from dispatch.service.positions import latest_positions
from dispatch.service.run_legs import RunLeg, leg_of
from dispatch.service.service import Service
from dispatch.store import DueClock, StoredEvent, StoreError
from routing import InputError, PlaceError

log = logging.getLogger(__name__)

LEASE_MS = 10_000
"""A worker that takes a clock has so long to fire it; then another one may."""

_LOOK_SECONDS = 0.25
_AT_ONCE = 50
_BACKOFF_SECONDS = 0.5
GROUP = "reactions"


class Worker:
    """Fires a region's clocks and does what follows from its events. Several may run: each clock fires once, each event is
    followed up once, since both end in commands that the store takes once."""

    def __init__(self, service: Service, region: str, name: str | None = None) -> None:
        """`name`: tells workers apart; None makes one up."""
        self._service, self._region = service, region
        self._name = name or f"worker-{uuid.uuid4().hex[:8]}"

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.clocks())
            tasks.create_task(self.reactions())

    # -- clocks -------------------------------------------------------------------------------------------------------------

    async def clocks(self) -> None:
        """Fires clocks until it is cancelled."""
        outage = Outage(log, f"region {self._region}: clocks can't be read")
        while True:
            try:
                fired = await self.fire_due()
                outage.over()
            except StoreError as error:
                outage.goes_on(error)
                fired = 0
                await asyncio.sleep(_BACKOFF_SECONDS)
            if fired < _AT_ONCE:
                await asyncio.sleep(_LOOK_SECONDS)

    async def fire_due(self) -> int:
        """Fires the clocks that ring now; how many there were.

        Raises:
            StoreError: the store can't.
        """
        now_ms = int(self._service.clock().timestamp() * 1000)
        due = await self._service.store.claim_due(self._region, now_ms, LEASE_MS, _AT_ONCE)
        for one in due:
            await self._fire(one)
        return len(due)

    async def _fire(self, due: DueClock) -> None:
        ring = Ring(named(due.ref), due.name, datetime.fromtimestamp(due.deadline_ms / 1000, UTC))
        try:
            # The state says whether this clock still runs, and a commit compares versions: so it fires once.
            # A short id: runs that it makes are named after it, and may ring again.
            await self._service.do(self._region, CLOCK, f"ring.{uuid.uuid4().hex}", ring)
        except (RefusedError, InputError, CodecError):
            log.exception("region %s: clock %s of %s could not be fired; it rings again", self._region, due.name, due.ref)

    # -- reactions ----------------------------------------------------------------------------------------------------------

    async def reactions(self) -> None:
        """Follows events up until it is cancelled."""
        events, known = self._service.store.events, False
        outage = Outage(log, f"region {self._region}: events can't be followed up")
        while True:
            try:
                if not known:
                    await events.register_group(self._region, GROUP, after=await events.last_id(self._region))
                    known = True
                found = await events.read_group(self._region, GROUP, self._name, wait_ms=1_000)
                found += await events.reclaim(self._region, GROUP, self._name, idle_ms=LEASE_MS)
                outage.over()
                for one in found:
                    try:
                        await self._react(one)
                    except CodecError:
                        # It is not taken up again: all that comes after it would wait behind it.
                        log.exception("region %s: event %s can't be followed up", self._region, one.id)
                    await events.ack(self._region, GROUP, [one.id])
            except StoreError as error:
                outage.goes_on(error)
                await asyncio.sleep(_BACKOFF_SECONDS)

    async def _react(self, stored: StoredEvent) -> None:
        if stored.event.type != "unit_moved":
            return
        event = read_event(stored.event.body).event
        if isinstance(event, UnitMoved) and event.status in FREE:
            for case in await self._waiting():
                await self._quietly(f"again.{stored.id}-{case}", TryAgain(case))

    async def _waiting(self) -> list[str]:
        """Cases for which a vehicle is looked for in vain, the most urgent first, then the oldest."""
        found = await self._service.store.load_open(self._region, "case")
        cases = [read_state("case", one.state) for one in found.values() if one.state is not None]
        waiting = [
            one
            for one in cases
            if isinstance(one, Case) and one.search is not None and one.search.step not in ("booked", "assign") and one.priority
        ]
        waiting.sort(key=lambda one: (one.priority.rank if one.priority else 9, one.received_at, one.id))
        return [one.id for one in waiting]

    async def _quietly(self, command_id: str, command: TryAgain | Reroute) -> None:
        try:
            await self._service.do(self._region, CLOCK, command_id, command)
        except (RefusedError, InputError) as error:
            log.info("region %s: %s: %s", self._region, command_id, error)

    async def roads_changed(self, before: Now, after: Now, word: str) -> None:
        """Tells the crews whose way is another one now."""
        found = await self._service.store.load_open(self._region, "run")
        runs = [read_state("run", one.state) for one in found.values() if one.state is not None]
        positions = await latest_positions(self._service.store, self._region)
        for run in runs:
            moving = (RunState.ASSIGNED, RunState.ACKNOWLEDGED, RunState.EN_ROUTE, RunState.CARRYING)
            if isinstance(run, Run) and run.state in moving and await self._other_way(run, positions, before, after):
                await self._quietly(f"reroute.{word}-{run.id}", Reroute(run.id, "closure"))

    async def _other_way(self, run: Run, positions: Positions, before: Now, after: Now) -> bool:
        scene = await load(self._service.store, self._region, [Ref("run", run.id)])
        cases = {rider.case: await load_particulars(self._service.store, self._region, rider.case) for rider in run.riders}
        unit = scene.world.units.get(run.unit or "")
        if unit is None:
            return False
        vehicle = vehicles_of([unit], positions)[0]

        def way(now: Now) -> RunLeg | None:
            try:
                return leg_of(now, run, scene.world.cases, cases, vehicle)
            except (PlaceError, InputError):
                return None

        old, new = way(before), way(after)
        if old is None or new is None:
            return old is not new
        return not np.array_equal(old.route.segments, new.route.segments)


__all__ = ["GROUP", "LEASE_MS", "Worker"]
