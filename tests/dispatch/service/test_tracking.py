"""Fixes through the service: judged, kept, followed, told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from dispatch.life.commands import AnswerOffer, Assign, DescribeCase, Join, PostCondition, Progress, RefuseAtDoor
from dispatch.life.events import Ref
from dispatch.life.particulars import Note
from dispatch.life.referral import Decline
from dispatch.life.reports import Condition
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from dispatch.positions.fixes import Fix
from dispatch.service.board import Board
from dispatch.service.choices import vehicles_of
from dispatch.service.feed import Feed
from dispatch.service.following import Follower
from dispatch.service.loading import load_particulars
from dispatch.service.positions import latest_positions
from dispatch.service.run_legs import leg_of
from dispatch.service.tracking import Tracking
from tests.services import Office
from tests.stores import Run, until


@asynccontextmanager
async def served(desk: Office, *, roads: bool = False) -> AsyncIterator[tuple[Tracking, Board]]:
    """The tasks of a region: its feed, its board, and where wanted its roads."""
    feed = Feed(desk.service.store, desk.region)
    board = Board(desk.service.store, feed)
    tasks = [asyncio.create_task(feed.run()), asyncio.create_task(board.run())]
    if roads:
        follower = Follower(desk.service.store, desk.live, feed, desk.service.clock, desk.worker().roads_changed)
        tasks.append(asyncio.create_task(follower.run()))
    try:
        await until(when(lambda: board.as_of is not None), "the board is loaded")
        yield Tracking(desk.service, desk.live, board), board
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def when(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return condition()

    return asked


def fix(desk: Office, vehicle: str, place: tuple[float, float], at: datetime | None = None, **more: object) -> Fix:
    return Fix(vehicle, place[0], place[1], at or desk.now, desk.now, "api", accuracy_m=5.0, **more)  # type: ignore[arg-type]


def test_late_batches_never_move_a_vehicle_back(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        async with served(desk) as (tracking, _):
            here, before = desk.spot(1), (desk.spot(1)[0] + 0.001, desk.spot(1)[1])
            await tracking.take([fix(desk, "A1", here)])
            old = [fix(desk, "A1", before, desk.now - timedelta(seconds=age)) for age in (30, 90, 60)]
            judged = await tracking.take(old)
            assert not any(one.usable for one in judged)
            seen = (await latest_positions(desk.service.store, desk.region))["A1"]
            assert (seen.longitude, seen.time) == (here[0], desk.now)
            assert len(await desk.service.store.fixes.trail(desk.region, "A1")) == 4

    run(story())


def test_a_vehicle_on_its_way_has_an_eta_and_its_arrival_is_suggested(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call(place=7)
        await desk.give(Assign("K1", "A1"))
        name = (await desk.run_of()).id
        await desk.give(Progress(name, TimePoint.DEPARTED))
        async with served(desk) as (tracking, board):
            await until(when(lambda: name in board.world.runs), "the run is on the board")
            # It drives along its own route, a point every few seconds, and then stands at the patient's.
            unit, case = await desk.unit("A1"), await desk.case()
            notes = {"K1": await load_particulars(desk.service.store, desk.region, "K1")}
            leg = leg_of(desk.live.now, await desk.run_of(), {"K1": case}, notes, vehicles_of([unit], {})[0])
            assert leg is not None
            points = [tuple(point) for point in leg.route.geometry.tolist()]
            etas = []
            for longitude, latitude in [*points, *[points[-1]] * 12]:
                desk.wait(seconds=15)
                await tracking.take([fix(desk, "A1", (longitude, latitude))])
                body = (await desk.service.store.fixes.latest(desk.region))["A1"].body
                etas.append(b"eta_seconds" in body)
            assert all(etas)
            told = [one.type for one in await desk.service.history(desk.region, "K1")]
            assert "run_signalled" in told
            whats = [one.told["what"] for one in await desk.service.history(desk.region, "K1") if one.type == "run_signalled"]
            assert "arrival_suggested" in whats
            assert (await desk.run_of()).state is RunState.EN_ROUTE, "people confirm it"

    run(story())


def test_a_closure_on_the_way_reaches_the_crew_and_so_does_a_decline(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call(place=9)
        await desk.give(Assign("K1", "A1"))
        name = (await desk.run_of()).id
        await desk.give(Progress(name, TimePoint.DEPARTED))
        await desk.give(Progress(name, TimePoint.LEFT_SCENE))
        await desk.seen("A1", desk.spot(9))
        async with served(desk, roads=True):
            unit, case = await desk.unit("A1"), await desk.case()
            notes = {"K1": await load_particulars(desk.service.store, desk.region, "K1")}
            vehicle = vehicles_of([unit], await latest_positions(desk.service.store, desk.region))[0]
            leg = leg_of(desk.live.now, await desk.run_of(), {"K1": case}, notes, vehicle)
            assert leg is not None
            middle = leg.route.geometry[len(leg.route.geometry) // 2].tolist()
            flood = Condition(
                "banjir-1", "flood", "closed", {"type": "Point", "coordinates": middle}, reach_m=15.0, reason="banjir"
            )
            loop = asyncio.get_running_loop()
            began = loop.time()
            await desk.give(PostCondition(flood))

            async def rerouted() -> bool:
                told = await desk.service.history(desk.region, "K1")
                return any(one.type == "run_rerouted" and one.told["why"] == "closure" for one in told)

            await until(rerouted, "the crew is told")
            assert loop.time() - began < 2.0
            new = leg_of(desk.live.now, await desk.run_of(), {"K1": await desk.case()}, notes, vehicle)
            assert new is not None
            assert new.route.segments.tolist() != leg.route.segments.tolist()

            asked = (await desk.case()).open_attempt("1")
            assert asked is not None
            await desk.give(AnswerOffer("K1", asked.id, False, Decline.ICU_FULL))
            told = await desk.service.history(desk.region, "K1")
            assert [one.told["why"] for one in told if one.type == "run_rerouted"][-1] in ("asked", "desk_asked")

    run(story())


async def signals(desk: Office, case: str = "K1") -> list[str]:
    """What was suggested of a case's vehicle, in order."""
    return [one.told["what"] for one in await desk.service.history(desk.region, case) if one.type == "run_signalled"]


async def stands(desk: Office, tracking: Tracking, place: tuple[float, float], seconds: int = 120, **more: object) -> None:
    """A fix every 15 s from one place."""
    for _ in range(0, seconds, 15):
        desk.wait(seconds=15)
        await tracking.take([fix(desk, "A1", place, **more)])


async def pressed(desk: Office, board: Board, *points: TimePoint) -> None:
    """The crew presses, and the board knows."""
    name = (await desk.run_of()).id
    for point in points:
        await desk.give(Progress(name, point))
    state = (await desk.run_of()).state
    await until(when(lambda: name in board.world.runs and board.world.runs[name].state is state), "the board knows")


def test_leaving_is_suggested_wherever_somebody_forgets_to_press_it(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call(place=7)
        await desk.give(Assign("K1", "A1"))
        async with served(desk) as (tracking, board):
            await pressed(desk, board)
            await stands(desk, tracking, desk.spot(100), seconds=600)
            assert await signals(desk) == [], "it need not move before it has left"
            (ax, ay), (bx, by) = desk.spot(100), desk.spot(7)
            halfway = (ax + bx) / 2, (ay + by) / 2
            await stands(desk, tracking, halfway, seconds=60)
            assert await signals(desk) == ["departure_suggested"]
            await pressed(desk, board, TimePoint.DEPARTED, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT)
            await stands(desk, tracking, desk.spot(7))
            await stands(desk, tracking, halfway, seconds=60)
            assert (await signals(desk))[1:] == ["departure_suggested"]
            await pressed(desk, board, TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY)
            door = (await desk.patient()).door
            assert door is not None
            assert door.longitude is not None
            assert door.latitude is not None
            await stands(desk, tracking, (door.longitude, door.latitude))
            await desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
            await until(when(lambda: board.world.cases["K1"].attempts[0].state == "refused_at_door"), "the board knows")
            await stands(desk, tracking, (door.longitude, door.latitude), seconds=60)
            await stands(desk, tracking, halfway, seconds=60)
            assert (await signals(desk))[2:] == ["departure_suggested"]

    run(story())


def test_an_address_put_right_moves_the_way_and_the_arrival(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call(place=7)
        await desk.give(Assign("K1", "A1"))
        async with served(desk) as (tracking, board):
            await pressed(desk, board, TimePoint.DEPARTED)
            await stands(desk, tracking, desk.spot(100), seconds=15)
            right = desk.spot(30)
            note = Note("place", "", "sri", desk.now, None, *right)
            await desk.give(DescribeCase("K1", noted=("place",)), notes=[note], case="K1")
            version = (await desk.service.states(desk.region, [Ref("case", "K1")]))[0][1]
            await until(when(lambda: board.versions[Ref("case", "K1")] == version), "the board knows")
            await stands(desk, tracking, desk.spot(7))
            assert "arrival_suggested" not in await signals(desk), "that is where nobody waits"
            await stands(desk, tracking, right)
            assert "arrival_suggested" in await signals(desk)

    run(story())


def test_an_arrival_is_suggested_though_the_device_falls_silent(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call(place=7)
        await desk.give(Assign("K1", "A1"))
        async with served(desk) as (tracking, board):
            await pressed(desk, board, TimePoint.DEPARTED)
            await stands(desk, tracking, desk.spot(7), seconds=15, speed_kph=0.0)
            await tracking.settle()
            assert await signals(desk) == []
            desk.wait(seconds=60)
            await tracking.settle()
            await tracking.settle()
            assert await signals(desk) == ["arrival_suggested"]

    run(story())


def test_the_second_of_a_shared_trip_is_another_place_to_arrive_at(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1, capacity=2)
        await desk.call("K1", "outpatient", "green", place=7)
        await desk.call("K2", "outpatient", "green", place=30)
        await desk.give(Assign("K1", "A1"))
        await desk.give(Join((await desk.run_of()).id, "K2", ("1",)))
        async with served(desk) as (tracking, board):
            await pressed(desk, board, TimePoint.DEPARTED)
            await stands(desk, tracking, desk.spot(7))
            assert (await signals(desk))[-1] == "arrival_suggested"
            name = (await desk.run_of()).id
            for point in (TimePoint.AT_SCENE, TimePoint.LEFT_SCENE):
                await desk.give(Progress(name, point, (Rider("K1", "1"),)))
            await until(when(lambda: board.world.runs[name].state is RunState.CARRYING), "the board knows")
            before = len(await signals(desk))
            await stands(desk, tracking, desk.spot(30))
            assert "arrival_suggested" in (await signals(desk))[before:]

    run(story())
