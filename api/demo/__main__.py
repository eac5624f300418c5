"""`python -m api.demo`: the company of simulated people. Its script is the first line of its standard input; it ends when that
does, so it never outlives the service that has started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading

import msgspec

from api.demo.desks import Desk, Sitegar
from api.demo.driver import Driver
from api.demo.line import AwayError, RefusedError
from api.demo.room import Room
from api.demo.scene import Actor, Scene
from api.demo.script import WARM, Script


async def play(script: Script) -> None:
    """Plays until it is cancelled."""
    scene = await Scene.of(script)
    room = Room(scene)
    room.drivers = {one.vehicle: Driver(scene, one) for one in script.drivers}
    room.desks = {one.facility: Desk(scene, one, number, room) for number, one in enumerate(script.desks)}
    room.sitegar = Sitegar(scene)
    await asyncio.gather(*(one.post() for one in room.drivers.values()))
    company: list[Actor] = [room, room.sitegar, *room.drivers.values(), *room.desks.values()]
    async with asyncio.TaskGroup() as tasks:
        for one in company:
            tasks.create_task(one.play())
        for driver in room.drivers.values():
            tasks.create_task(driver.tell())
        with contextlib.suppress(RefusedError, AwayError):
            await room.open_the_show()
        sys.stdout.write(f"{WARM}\n")
        sys.stdout.flush()
        tasks.create_task(room.calls())
        tasks.create_task(room.roads())


def main() -> None:
    """Reads the script, plays, and leaves with the service."""
    # Ctrl-C reaches every process of the terminal; the service ends first, and this one with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    script = msgspec.json.decode(sys.stdin.buffer.readline(), type=Script)

    def leave() -> None:
        sys.stdin.buffer.read()
        os._exit(0)  # nothing is kept here

    threading.Thread(target=leave, daemon=True).start()
    asyncio.run(play(script))


if __name__ == "__main__":
    main()
