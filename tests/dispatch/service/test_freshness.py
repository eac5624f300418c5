"""How old what is in memory is goes by the service's clock; whether it is fresh does not depend on how fast that runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from dispatch.service.board import Board
from dispatch.service.clock import FastClock
from dispatch.service.feed import Feed
from tests.services import START, Office
from tests.stores import Run, until

SPEED = 600.0


def test_a_fast_clock_makes_nothing_stale(run: Run, desk: Office) -> None:
    async def story() -> None:
        clock = FastClock(SPEED, START)
        feed = Feed(desk.service.store, desk.region, clock)
        board = Board(desk.service.store, feed)
        assert not board.is_fresh
        tasks = [asyncio.create_task(feed.run()), asyncio.create_task(board.run())]

        async def heard() -> bool:
            return board.is_fresh

        try:
            await until(heard, "the first answer")
            for _ in range(12):  # twelve minutes by the clock
                await asyncio.sleep(0.1)
                assert board.is_fresh
            assert board.as_of is not None
            assert timedelta(0) <= clock() - board.as_of < timedelta(seconds=2.5 * SPEED)
        finally:
            while left := [one for one in tasks if not one.done()]:
                for one in left:
                    one.cancel()
                await asyncio.wait(left, timeout=0.2)

    run(story())
