"""Signing in on a real server: a store of its own, an app on a free port of loopback, and a clock that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import httpx2
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from redis.asyncio import Redis

from api.access import Access, Principal, access_router, require
from api.access.errors import (
    AccessError,
    ForbiddenError,
    GrantError,
    NameTakenError,
    NotSignedInError,
    PasswordError,
    TooManyAttemptsError,
    UnknownHolderError,
)
from api.access.gate import CSRF_HEADER
from api.access.grants import Grant
from api.access.passwords import Passwords
from api.access.roles import roles
from api.access.rules import access_rules
from dispatch.store import open_store
from tests.servers import NO_TLS, WITHIN_S, Server, served

T = TypeVar("T")
Regions = tuple[str, ...] | None

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PASSWORD = "tiga kucing di atap"

STATUSES: Mapping[type[AccessError], int] = {
    NotSignedInError: 401,
    ForbiddenError: 403,
    UnknownHolderError: 404,
    NameTakenError: 409,
    GrantError: 422,
    PasswordError: 422,
    TooManyAttemptsError: 429,
}


@dataclass
class Clock:
    """The time, as the test says."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Some time passes."""
        self.now += timedelta(**by)


async def written(store_url: str) -> bytes:
    """Everything that a store's server has ever written to its disk."""
    async with Redis.from_url(store_url, protocol=2) as client:
        folder = Path(str((await client.config_get("dir"))["dir"]))
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def fast_passwords() -> Passwords:
    """Passwords that are hashed with less work, where a test is about something else."""
    return Passwords(access_rules().password, PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))


def app_of(access: Access) -> FastAPI:
    """The endpoints of accounts and tokens, and a few that need permissions."""
    app = FastAPI()
    app.state.access = access
    app.include_router(access_router(lambda *statuses: {status: {"description": "-"} for status in statuses}))

    @app.exception_handler(AccessError)
    async def refused(_request: Request, error: AccessError) -> JSONResponse:
        status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
        headers = {"WWW-Authenticate": error.challenge} if isinstance(error, NotSignedInError) else {}
        if isinstance(error, TooManyAttemptsError):
            headers = {"Retry-After": str(error.wait_seconds)}
        return JSONResponse({"code": error.code, "detail": str(error)}, status, headers=headers)

    @app.get("/v1/regions/{region}/cases")
    async def read_cases(region: str, who: Annotated[Principal, require("cases.read")]) -> dict[str, str]:
        return {"region": region, "who": who.id}

    @app.post("/v1/regions/{region}/cases")
    async def open_case(region: str, who: Annotated[Principal, require("cases.write")]) -> dict[str, str]:
        return {"region": region, "who": who.id}

    @app.post("/v1/regions/{region}/fixes")
    async def post_fixes(region: str, who: Annotated[Principal, require("fixes.write")]) -> dict[str, str | None]:
        return {"region": region, "vehicle": who.vehicle}

    @app.get("/constant")
    async def constant() -> dict[str, str]:
        return {"who": "anybody"}

    return app


def _units(names: Sequence[str]) -> dict[str, str]:
    """What roles that are tied to something need: vehicle V01, facility F01."""
    units = {roles()[name].unit for name in names}
    return {unit: f"{unit[0].upper()}01" for unit in units if unit is not None}


@dataclass
class Site:
    """The running service.

    Attributes:
        access, clock: of the service.
        server: its address and loop.
    """

    access: Access
    clock: Clock
    server: Server
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Its address."""
        return self.server.base

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something beside the service."""
        return self.server.do(work)

    def leave(self) -> None:
        """Closes all browsers and programs."""
        while self.clients:
            self.clients.pop().close()

    def person(self, name: str, *given: str, regions: Regions = ("cibinong",)) -> str:
        """An account, a dispatcher's unless other roles are named; its name."""
        grant = Grant(given or ("dispatcher",), regions, **_units(given))
        self.do(self.access.people.add(name, PASSWORD, grant, "test"))
        return name

    def token(self, role: str, regions: Regions = ("cibinong",), days: int = 10) -> tuple[str, str]:
        """A program's token: its secret and id."""
        grant = Grant((role,), regions, **_units((role,)))
        secret, token = self.do(self.access.tokens.create(f"a {role}", grant, "test", days=days))
        return secret, token.id

    def browser(self, **headers: str) -> httpx2.Client:
        """A browser that nobody has used."""
        client = httpx2.Client(base_url=self.base, timeout=WITHIN_S, headers=headers, verify=NO_TLS)
        self.clients.append(client)
        return client

    def program(self, secret: str) -> httpx2.Client:
        """A program with a token."""
        return self.browser(Authorization=f"Bearer {secret}")

    def signed_in(self, name: str, password: str = PASSWORD) -> httpx2.Client:
        """A browser in which somebody has signed in, and whose pages know the CSRF token."""
        client = self.browser()
        answer = client.post("/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers[CSRF_HEADER] = answer.json()["csrf"]
        return client


@contextmanager
def site_at(store_url: str, passwords: Passwords | None = None) -> Iterator[Site]:
    """The service on a store, as long as the block lasts."""
    clock = Clock()

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[FastAPI, Access]]:
        async with await open_store(store_url) as store:
            access = await Access.of(store, clock, passwords=passwords or fast_passwords())
            yield app_of(access), access

    with served(opened, log_level="debug", lifespan="off") as (server, access):
        site = Site(access, clock, server)
        try:
            yield site
        finally:
            site.leave()
