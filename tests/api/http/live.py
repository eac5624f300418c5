"""The whole service on a real port of loopback: the app, its store and worker, an invented town, a fleet of four, and a
token for everybody who may ask.

`live` has a region of its own for each module of tests; the clock is the test's.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx2
import pytest
from fastapi import FastAPI

from api.access import Access
from api.access.grants import Grant
from api.http.app import create_app
from api.http.serving import Serving
from dispatch.regions import BuiltRegion
from dispatch.service.region_settings import settings_file
from dispatch.store import Store, open_store
from tests.api.access.site import fast_passwords
from tests.servers import NO_TLS, WITHIN_S, Server, served
from tests.services import Office, office
from tests.stores import fresh_region

T = TypeVar("T")
Json = dict[str, Any]

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NOBODY = "nobody"

ROLES = (
    "dispatcher",
    "driver_a1",
    "driver_a2",
    "facility",
    "other_facility",
    "sitegar",
    "planner",
    "admin",
    "tracker",
    "metrics",
    "elsewhere",
    "expired",
    "revoked",
    "unknown",
    NOBODY,
)
"""Everybody who may ask: `elsewhere` is an admin of another region, `expired` and `revoked` were admins of this one."""


@dataclass
class Live:
    """The running service.

    Attributes:
        app: as it is served.
        office: its service, region and clock.
        access: who may do what.
        server: its address and loop.
        tokens: secrets, by role.
        facility, other_facility: ids of those that have a desk.
    """

    app: FastAPI
    office: Office
    access: Access
    server: Server
    facility: str
    other_facility: str
    tokens: dict[str, str] = field(default_factory=dict)
    clients: dict[str, httpx2.Client] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def base(self) -> str:
        """Its address."""
        return self.server.base

    @property
    def region(self) -> str:
        """Its name."""
        return self.office.region

    @property
    def at(self) -> str:
        """Where the region's resources are."""
        return f"/v1/regions/{self.region}"

    @property
    def store(self) -> Store:
        """Of the service."""
        return self.office.service.store

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something beside the service."""
        return self.server.do(work)

    def client(self, role: str) -> httpx2.Client:
        """A program with that role's token."""
        if role not in self.clients:
            secret = self.tokens.get(role)
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            self.clients[role] = httpx2.Client(base_url=self.base, timeout=WITHIN_S, headers=headers, verify=NO_TLS)
        return self.clients[role]

    def new_key(self) -> str:
        """Of a command."""
        return f"key-{next(self.numbers):06d}"

    def get(self, role: str, path: str, **more: Any) -> httpx2.Response:
        """Reads something of the region."""
        return self.client(role).get(path if path.startswith("/") else f"{self.at}/{path}", **more)

    def give(
        self,
        role: str,
        path: str,
        body: Json | None = None,
        *,
        method: str = "POST",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Gives a command, with a new key unless one is given."""
        sent = {"Idempotency-Key": key or self.new_key(), **(headers or {})}
        url = path if path.startswith("/") else f"{self.at}/{path}"
        return self.client(role).request(method, url, json=body or {}, headers=sent)

    def done(self, role: str, path: str, body: Json | None = None, **more: Any) -> Json:
        """Gives a command that has to be carried out; its answer."""
        answer = self.give(role, path, body, **more)
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        told: Json = answer.json()
        return told

    def call(self, **more: Any) -> str:
        """A case; its id."""
        longitude, latitude = self.office.spot(1)
        place = {"longitude": longitude, "latitude": latitude}
        answer = self.done("dispatcher", "cases", {"kind": "emergency", "priority": "red", "place": place, **more})
        return next(name.removeprefix("case/") for name in answer["versions"] if name.startswith("case/"))

    def send(self, case: str, vehicle: str, **more: Any) -> str:
        """Sends a vehicle; the id of its run."""
        body = {"vehicle": vehicle, "recommended": False, "override": "test", "facility": {"facility": self.facility}, **more}
        (run,) = self.done("dispatcher", f"cases/{case}/assignments", body)["made"]["run"]
        return str(run)

    def press(self, role: str, run: str, *points: str) -> None:
        """Time points of a run, a minute apart."""
        for point in points:
            self.office.wait(minutes=1)
            self.done(role, f"runs/{run}/progress", {"point": point})

    def offer(self, case: str, patient: str = "1") -> str:
        """The offer that waits for an answer."""
        offers = self.get("dispatcher", f"cases/{case}").json()["offers"]
        found: str = next(one["id"] for one in offers if one["patient"] == patient and one["state"] == "offered")
        return found

    def leave(self) -> None:
        """Closes all clients."""
        while self.clients:
            self.clients.popitem()[1].close()


async def _tokens(access: Access, office: Office, facilities: tuple[str, str]) -> dict[str, str]:
    here = (office.region,)
    grants = {
        "dispatcher": Grant(("dispatcher",), here),
        "driver_a1": Grant(("driver",), here, vehicle="A1"),
        "driver_a2": Grant(("driver",), here, vehicle="A2"),
        "facility": Grant(("facility",), here, facility=facilities[0]),
        "other_facility": Grant(("facility",), here, facility=facilities[1]),
        "sitegar": Grant(("sitegar",), here),
        "planner": Grant(("planner",), here),
        "admin": Grant(("admin",), here),
        "tracker": Grant(("tracker",), here, vehicle="A1"),
        "metrics": Grant(("metrics",), here),
        "elsewhere": Grant(("admin",), ("elsewhere",)),
        "expired": Grant(("admin",), here),
        "revoked": Grant(("admin",), here),
    }
    made = {}
    for role, grant in grants.items():
        now, office.now = office.now, office.now - timedelta(days=20 if role == "expired" else 0)
        secret, token = await access.tokens.create(role, grant, "test", days=10)
        office.now = now
        if role == "revoked":
            await access.tokens.revoke(token.id, "test")
        made[role] = secret
    made["unknown"] = made["admin"][:-4] + "zzzz"
    return made


@contextmanager
def live_at(store_url: str, town: BuiltRegion, kind: type[Office] = Office, *, working: bool = True) -> Iterator[Live]:
    """The service on a store, in a region that nobody else uses, as long as the block lasts; `kind`: with which clock;
    `working`: its clocks are fired."""
    care = [one.id for one in town.facilities.facilities if one.kind in ("clinic", "puskesmas", "hospital")]

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[FastAPI, tuple[FastAPI, Office, Access, dict[str, str]]]]:
        async with await open_store(store_url) as store:
            here = office(store, town, fresh_region(), kind=kind)
            await store.open_region(here.region)
            access = await Access.of(store, lambda: here.now, passwords=fast_passwords())
            await here.fleet(4)
            tokens = await _tokens(access, here, (care[0], care[1]))
            app = create_app(Serving.of(here.service, working=working), access)
            yield app, (app, here, access, tokens)

    with (
        TemporaryDirectory() as settings,
        served(opened, access_log=False, timeout_graceful_shutdown=1) as (server, (app, here, access, tokens)),
    ):
        here.live.own_settings = settings_file(Path(settings), here.region)
        live = Live(app, here, access, server, care[0], care[1], tokens)
        try:
            yield live
        finally:
            live.leave()


@pytest.fixture(scope="module")
def live(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """The service, with a region of its own for the module."""
    with live_at(store_url, town) as running:
        yield running
