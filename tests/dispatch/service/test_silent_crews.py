"""Crews that say nothing, one after the other: each is replaced, whatever the ids of the commands that sent them."""

from __future__ import annotations

import uuid

from dispatch.life.commands import Assign
from tests.services import Office
from tests.stores import Run


def test_every_crew_that_says_nothing_is_replaced(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(5)
        await desk.call()
        await desk.give(Assign("K1", first=True), command_id=str(uuid.uuid4()))
        sent = []
        for _ in range(4):
            sent.append((await desk.run_of()).unit)
            desk.wait(seconds=61)
            assert await desk.worker().fire_due() >= 1
        assert len(set(sent)) == 4

    run(story())
