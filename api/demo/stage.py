"""A demo around the service: its clock, its accounts, and the company of simulated people, a process of its own."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from api.access import Access
from api.access.admin_token import AdminToken
from api.demo.cast import Cast
from api.demo.script import WARM, Script
from api.demo.settings import DemoSettings
from api.http.serving import Account, Demo
from api.serve import Stage
from dispatch.archive.archivist import ArchiveSettings
from dispatch.fleet import Vehicle
from dispatch.regions import BuiltRegion
from dispatch.service.clock import FastClock
from routing import Language, text

log = logging.getLogger(__name__)

KEPT = ArchiveSettings(keep_stream=timedelta(hours=1), keep_closed=timedelta(hours=1), clear_every=timedelta(minutes=10))
"""A demo that runs for days keeps no more than the last hour."""
KEEP_ANSWERS_DAYS = 1 / 24

_WARM_SECONDS = 40.0
_LEAVE_SECONDS = 3.0
_PASSWORD_BYTES = 12
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a demo.

    Attributes:
        speed, calls_per_hour, seed: see `siaga demo --help`.
        host: on which address it listens.
        language: of what is said.
    """

    speed: float
    calls_per_hour: float
    seed: int
    host: str
    language: Language


def stage(
    wanted: Wanted, settings: DemoSettings, built: BuiltRegion, fleet: Sequence[Vehicle]
) -> tuple[Stage, tuple[Account, ...]]:
    """The stage, and the accounts that go with it.

    On this machine only, their password is the published one, and every page tells it. Where others on the network can reach
    the demo it is drawn anew, and only the terminal tells it.

    Raises:
        InputError: the speed is none.
    """
    alone = wanted.host in LOOPBACK
    cast = Cast(settings, built, fleet, settings.account.password if alone else secrets.token_urlsafe(_PASSWORD_BYTES))
    shown = Demo(wanted.speed, wanted.calls_per_hour, cast.accounts if alone else ())

    @asynccontextmanager
    async def company(address: str, access: Access, admin: AdminToken) -> AsyncIterator[None]:
        script = await cast.made(access, admin, address=address, calls_per_hour=wanted.calls_per_hour, seed=wanted.seed)
        async with playing(script, wanted.language):
            yield

    return Stage(shown, FastClock(wanted.speed), KEPT, KEEP_ANSWERS_DAYS, partial(_admit, cast), company), cast.accounts


async def _admit(cast: Cast, access: Access) -> None:
    await cast.admitted(access)


@asynccontextmanager
async def playing(script: Script, language: Language) -> AsyncIterator[None]:
    """The company plays meanwhile; entered once an ambulance is under way. It ends with its standard input, also where this
    process is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.demo",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).resolve().parent.parent.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    watching: asyncio.Task[None] | None = None
    try:
        with suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(script) + b"\n")
            await process.stdin.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(_WARM_SECONDS):
                while (line := await process.stdout.readline()) and line.decode().strip() != WARM:
                    pass
        watching = asyncio.create_task(_watch(process, language))
        yield
    finally:
        if watching is not None:
            watching.cancel()
        await _ended(process)


async def _watch(process: asyncio.subprocess.Process, language: Language) -> None:
    code = await process.wait()
    log.warning("%s", text(language, "demo.actors_ended", code=code))


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
