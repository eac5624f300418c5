"""What everybody of the company shares: the service's time, who is to be rung, which cases are somebody else's."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any

from api.demo.line import AwayError, Line, RefusedError
from api.demo.script import Script
from api.demo.settings import Range

_AGAIN_SECONDS = 2.0


class Scene:
    """The company's common ground.

    Attributes:
        script: what they were told.
        speed: of the service's clock.
        opening: the first case, "" before it; `declined`: its first facility has declined.
        decline_from: from when on (monotonic seconds) it may.
        allowed: open cases that they act upon; until it is known whose a case is, nobody here touches it.
    """

    def __init__(self, script: Script, told_at: datetime, speed: float) -> None:
        """`told_at`: what the service's clock said just now."""
        self.script, self.speed = script, speed
        self._told_at, self._since = told_at, time.monotonic()
        self.opening = ""
        self.declined = False
        self.decline_from = float("inf")
        self.allowed: set[str] = set()

    @classmethod
    async def of(cls, script: Script) -> Scene:
        """Asks the service for its time; raises as `Line.get`."""
        told = await Line(script.address, "", "scene").get("/v1/service")
        return cls(script, datetime.fromisoformat(told["now"]), float(told["speed"]))

    @property
    def now(self) -> datetime:
        """The service's time, or a moment before it; never ahead of it."""
        return self._told_at + timedelta(seconds=(time.monotonic() - self._since) * self.speed)

    def wall(self, minutes: float) -> float:
        """So many minutes of the service's clock in seconds of the wall's."""
        return minutes * 60 / self.speed

    def say(self, what: str) -> None:
        """Tells whoever started the demo; on the standard error, as all that is no answer."""
        print(f"siaga demo: {what}", file=sys.stderr, flush=True)  # noqa: T201


class Actor:
    """Somebody with a token of their own.

    Attributes:
        scene: see there.
        name: for ids of commands.
        line: to the service.
        random: their own choices.
    """

    def __init__(self, scene: Scene, name: str, token: str) -> None:
        self.scene, self.name = scene, name
        self.line = Line(scene.script.address, token, name)
        self.at = f"/v1/regions/{scene.script.region}"
        self.random = random.Random(f"{scene.script.seed} {name}")
        self._rung = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def ring(self) -> None:
        """Something has changed for them: they look."""
        self._rung.set()

    async def until_rung(self, seconds: float | None) -> bool:
        """Waits for a ring, at most so many seconds of the wall's clock (None: for ever); whether it came."""
        try:
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    async def pause(self, minutes: float) -> None:
        """Waits so many minutes of the service's clock."""
        await asyncio.sleep(self.scene.wall(minutes))

    def between(self, minutes: Range) -> float:
        """A draw from a range."""
        return self.random.uniform(*minutes)

    def one_of(self, shares: Mapping[str, float]) -> str:
        """A draw by shares."""
        return self.random.choices(list(shares), list(shares.values()))[0]

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something meanwhile; a refusal only ends it: somebody else was quicker."""
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (RefusedError, AwayError):
            pass
        except Exception as error:
            self.scene.say(f"{self.name}: {error!r}")

    async def play(self) -> None:
        """What they do, until they are cancelled; what goes wrong once is tried again."""
        while True:
            try:
                await self.act()
            except (RefusedError, AwayError):
                await asyncio.sleep(_AGAIN_SECONDS)
            except Exception as error:
                self.scene.say(f"{self.name}: {error!r}")
                await asyncio.sleep(_AGAIN_SECONDS)

    async def act(self) -> None:
        """One thing after the other."""
        raise NotImplementedError
