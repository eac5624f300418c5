"""Fixes as they come in: judged, kept, followed; what they suggest is told, and the time of arrival is kept fresh."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec import DecodeError, Struct, json

from dispatch.life.commands import Signal as SignalCommand
from dispatch.life.events import Ref, SignalName
from dispatch.life.particulars import Particulars, Position
from dispatch.life.people import CLOCK
from dispatch.life.refusals import RefusedError
from dispatch.life.run import Run, RunState
from dispatch.positions.area import Box
from dispatch.positions.fixes import Fix, Judged, Track, judge_all
from dispatch.positions.line import Line
from dispatch.positions.movement import Expected, Movement, Place, Sight, Signal, eta_due, follow, settle
from dispatch.positions.settings import PlaceKind, PositionSettings, default_position_settings
from dispatch.service.board import Board
from dispatch.service.choices import Seen, vehicles_of
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load_particulars
from dispatch.service.run_legs import RunLeg, leg_of, standing_at
from dispatch.service.service import Service
from dispatch.store import Fix as StoredFix
from dispatch.store import StoreError
from routing import InputError, PlaceError

log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.02
"""Fixes that come within this go to the store together."""

_SETTLE_SECONDS = 15.0

_NOT_LEFT = (RunState.ASSIGNED, RunState.ACKNOWLEDGED)
_DRIVING = (RunState.EN_ROUTE, RunState.CARRYING)
_ON_THE_WAY = (*_NOT_LEFT, *_DRIVING)


class Told(Struct, frozen=True, omit_defaults=True):
    """A fix as it is kept and shown: where, when, what is doubtful about it, and how long the vehicle still takes."""

    vehicle: str
    longitude: float
    latitude: float
    fix_time: object
    received_at: object
    source: str
    marks: tuple[str, ...] = ()
    speed_kph: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None
    battery: float | None = None
    run: str | None = None
    eta_seconds: float | None = None


_FIX = json.Decoder(Fix)
_ENCODER = json.Encoder()


@dataclass(slots=True)
class _Vehicle:
    """What is remembered of one vehicle."""

    track: Track
    movement: Movement
    leg_key: tuple[object, ...] = ()
    told: tuple[int, ...] = ()
    expected: Expected = field(default_factory=Expected)
    leg: RunLeg | None = None
    line: Line | None = None
    basis: Sight | None = None
    eta_ms: float | None = None

    def forget_leg(self) -> None:
        """It is on no leg."""
        self.leg_key, self.told, self.expected = (), (), Expected()
        self.leg, self.line, self.basis, self.eta_ms = None, None, None, None


class Tracking:
    """The fixes of one region, as they come in to this process."""

    def __init__(self, service: Service, live: LiveRegion, board: Board, settings: PositionSettings | None = None) -> None:
        """`settings`: None for those that ship with Siaga."""
        self._service, self._live, self._board = service, live, board
        self._settings = settings or default_position_settings()
        network = live.built.roads.network
        margin_m = self._settings.region_margin_m
        self._area = Box.around(network.junction_longitude, network.junction_latitude, margin_m)
        self._known: dict[str, _Vehicle] = {}
        self._waiting: list[tuple[StoredFix, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._locks: dict[str, asyncio.Lock] = {}

    async def take(self, fixes: Sequence[Fix]) -> list[Judged]:
        """Takes fixes in, of any vehicles and in any order; once it returns they are kept.

        Raises:
            StoreError: the store can't.
        """
        if len(fixes) == 1:  # from a tracker; there are so many that it counts
            return await self._of_vehicle(fixes[0].vehicle, fixes)
        by_vehicle: dict[str, list[Fix]] = {}
        for fix in fixes:
            by_vehicle.setdefault(fix.vehicle, []).append(fix)
        found = await asyncio.gather(*(self._of_vehicle(vehicle, some) for vehicle, some in by_vehicle.items()))
        return [one for some in found for one in some]

    async def _of_vehicle(self, vehicle: str, fixes: Sequence[Fix]) -> list[Judged]:
        # One after the other: what a fix means depends on the one before.
        async with self._locks.setdefault(vehicle, asyncio.Lock()):
            here = await self._remembered(vehicle)
            judged, here.track = judge_all(fixes, here.track, self._area, self._settings)
            kept = []
            for one in judged:
                if one.usable:
                    await self._follow(here, one.fix)
                kept.append(self._keep(here, one))
        await (kept[0] if len(kept) == 1 else asyncio.gather(*kept))
        return judged

    async def _remembered(self, vehicle: str) -> _Vehicle:
        here = self._known.get(vehicle)
        if here is None:
            here = self._known[vehicle] = _Vehicle(Track(), Movement())
            last = await self._service.store.fixes.latest_of(self._live.name, vehicle)
            if last is not None:
                try:
                    here.track = Track(_FIX.decode(last.body))
                except (DecodeError, InputError):
                    log.warning("region %s: the last fix of %s can't be read; begun anew", self._live.name, vehicle)
        return here

    # -- keeping ------------------------------------------------------------------------------------------------------------

    def _keep(self, here: _Vehicle, one: Judged) -> asyncio.Future[None]:
        fix = one.fix
        told = Told(
            fix.vehicle,
            fix.longitude,
            fix.latitude,
            fix.fix_time,
            fix.received_at,
            fix.source,
            tuple(sorted(one.marks)),
            fix.speed_kph,
            fix.course_deg,
            fix.accuracy_m,
            fix.battery,
            run=here.leg_key[0] if here.leg_key and here.leg_key[1] in _ON_THE_WAY and one.usable else None,  # type: ignore[arg-type]
            eta_seconds=round(here.eta_ms / 1000, 1) if here.eta_ms is not None and one.usable else None,
        )
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((StoredFix(fix.vehicle, fix.fix_ms, _ENCODER.encode(told), one.trusted), done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return done

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            together, self._waiting = self._waiting, []
            try:
                await self._service.store.fixes.put(self._live.name, [fix for fix, _ in together])
            except StoreError as error:
                for _, done in together:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in together:
                    if not done.done():
                        done.set_result(None)

    # -- following ----------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Asks now and then for those whose device has fallen silent, as many do where they stand, until it is cancelled."""
        while True:
            await asyncio.sleep(_SETTLE_SECONDS)
            await self.settle()

    async def settle(self) -> None:
        """Suggests the arrivals of which no further fix tells."""
        moment = self._service.clock()
        for name, here in tuple(self._known.items()):
            run = self._run_of(name)
            if run is None:
                continue
            async with self._locks.setdefault(name, asyncio.Lock()):
                if here.leg_key[:2] != (run.id, run.state):
                    continue  # its next fix tells what is expected of it now
                here.movement, signals = settle(here.movement, moment, here.expected, self._settings)
            for signal in signals:
                await self._tell(run, signal)

    def _run_of(self, vehicle: str) -> Run | None:
        unit = self._board.world.units.get(vehicle)
        return None if unit is None or unit.run is None else self._board.world.runs.get(unit.run)

    async def _follow(self, here: _Vehicle, fix: Fix) -> None:
        run = self._run_of(fix.vehicle)
        await self._renew(here, run, fix)
        here.movement, signals = follow(here.movement, fix, here.expected, self._settings)
        if run is not None:
            for signal in signals:
                await self._tell(run, signal)

    async def _renew(self, here: _Vehicle, run: Run | None, fix: Fix) -> None:
        """What is expected of the vehicle, when its run, a place or the roads have changed; and the time it still takes, now
        and then."""
        if run is None or not run.live:
            if here.leg_key:
                here.forget_leg()
            return
        world, now = self._board.world, self._live.now
        moving = run.state in _ON_THE_WAY
        try:
            goals = tuple(patient.goal for _, patient in world.riders(run))
        except KeyError:  # a case has just been closed, and the run has not heard of it
            return
        key = (run.id, run.state, goals, now.state.number)
        told = tuple(self._board.versions.get(Ref("case", rider.case), 0) for rider in run.riders)  # an address put right
        if (key, told) == (here.leg_key, here.told) and not (moving and eta_due(here.basis, fix, self._settings)):
            return
        vehicle = vehicles_of([world.units[fix.vehicle]], {fix.vehicle: Seen(fix.longitude, fix.latitude, fix.fix_time)})[0]
        notes: dict[str, Particulars] = {
            rider.case: await load_particulars(self._service.store, self._live.name, rider.case) for rider in run.riders
        }
        leg, standing = None, None
        with suppress(PlaceError, InputError, KeyError):
            standing = standing_at(run, world.cases, notes)
        with suppress(PlaceError, InputError, KeyError):
            leg = leg_of(now, run, world.cases, notes, vehicle)
        if key != here.leg_key or here.leg is None or leg is None or leg.goal != here.leg.goal:
            # The line to follow stays that of the whole leg; a vehicle that strays is off it, whatever is the way from there.
            here.leg = leg
            here.line = None if leg is None else Line([tuple(point) for point in leg.route.geometry.tolist()])
        here.expected = self._expected(here, run, fix, standing)
        here.leg_key, here.told, here.basis = key, told, Sight(fix.longitude, fix.latitude, fix.fix_time)
        here.eta_ms = float(leg.route.duration_ms) if leg is not None and moving else None

    @staticmethod
    def _expected(here: _Vehicle, run: Run, fix: Fix, standing: tuple[PlaceKind, Position] | None) -> Expected:
        if run.state in _NOT_LEFT:
            # Wherever it was when it was sent: it need not have been at its base.
            before = here.expected.at if here.leg_key[:1] == (run.id,) else None
            at: Place | None = before or _place("base", run, Position(fix.longitude, fix.latitude))
        else:
            # Refused at a door, nobody says any more at which; it stands there until it leaves.
            before = here.expected.at if here.leg_key[:2] == (run.id, run.state) else None
            at = before if standing is None else _place(standing[0], run, standing[1])
        target = None
        if here.leg is not None:
            target = _place("pickup" if here.leg.leg == "reach" else "facility", run, here.leg.goal)
        return Expected(at, None if target == at else target, here.line, run.state in _DRIVING)

    async def _tell(self, run: Run, signal: Signal) -> None:
        what: SignalName = _snake(type(signal).__name__)  # type: ignore[assignment]
        try:
            command = SignalCommand(run.id, what, signal.since)
            await self._service.do(self._live.name, CLOCK, f"signal.{uuid.uuid4().hex}", command)
        except (RefusedError, StoreError) as error:
            log.info("region %s: a signal of %s is left out: %s", self._live.name, Ref("run", run.id), error)


def _place(kind: PlaceKind, run: Run, where: Position) -> Place:
    # A place that was put right is another one, and so is the next pick-up of a shared trip.
    return Place(kind, f"{run.id} {where.longitude:.6f} {where.latitude:.6f}", where.longitude, where.latitude)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
