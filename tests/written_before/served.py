"""The service as `siaga serve` puts it together, on a data folder, but at a time that is set: `make` writes with it what a
release writes, and tests open with it what an earlier one has written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from api.access import Access
from api.access.admin_token import ADMIN_TOKEN_FILE, ensure_admin_token
from api.access.gate import CSRF_HEADER
from api.http.app import create_app
from api.http.serving import Serving
from dispatch.archive import ArchiveSettings, Archivist, Places, open_key
from dispatch.prepare import Sources, build_region
from dispatch.regions import BuiltRegion, open_region
from dispatch.service.live_region import LiveRegion
from dispatch.service.region_settings import region_settings
from dispatch.service.service import Service
from dispatch.store import EmbeddedServer, Store, open_store
from dispatch.store.store import KEEP_ANSWERS_DAYS
from routing.sample import invented_town
from tests.services import Office

REGION = "kota"
JUNCTIONS = 600
HOST = "http://siaga.test"
Json = dict[str, Any]


def build_town(regions: Path, moment: datetime, junctions: int = JUNCTIONS) -> BuiltRegion:
    """The invented town where all of it happens. Cases hold places and the ids of facilities, so it may be built anew."""
    build_region(regions, REGION, Sources(invented_town(junctions)), now=moment, progress=lambda _what, _share: None)
    return open_region(regions, REGION, moment)


@dataclass
class Served:
    """A service on a data folder.

    Attributes:
        places: the folder.
        store_url: where its store is.
        desk: its service, region and clock.
        access: who may do what.
        app: as it is served.
    """

    places: Places
    store_url: str
    desk: Office
    access: Access
    app: FastAPI
    stack: AsyncExitStack

    @property
    def store(self) -> Store:
        return self.desk.service.store

    @property
    def token(self) -> str:
        """The admin's, which lies in the data folder."""
        return (self.places.data / ADMIN_TOKEN_FILE).read_text(encoding="ascii").strip()

    def archivist(self, settings: ArchiveSettings | None = None) -> Archivist:
        """Of the region."""
        zone = self.desk.live.built.zone
        return Archivist(self.store, REGION, zone, self.places.archive, open_key(self.places.key), settings)

    async def client(self, **headers: str) -> httpx2.AsyncClient:
        """A program or a browser; its paths begin where the region's resources are."""
        transport = httpx2.ASGITransport(app=self.app)
        return await self.stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url=f"{HOST}/v1/regions/{REGION}", headers=headers)
        )

    async def with_token(self, secret: str) -> httpx2.AsyncClient:
        """A program with a token."""
        return await self.client(Authorization=f"Bearer {secret}")

    async def signed_in(self, name: str, password: str) -> httpx2.AsyncClient:
        """A browser in which somebody has signed in."""
        client = await self.client()
        answer = await client.post(f"{HOST}/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers[CSRF_HEADER] = answer.json()["csrf"]
        return client


@asynccontextmanager
async def served(
    data: Path, town: BuiltRegion, moment: datetime, *, keep_answers_days: float = KEEP_ANSWERS_DAYS
) -> AsyncIterator[Served]:
    """Everything but the port, the worker and the archivist of `siaga serve`, as long as the block lasts."""
    async with (
        await EmbeddedServer.start(Places(data).store) as server,
        await open_store(server.url, keep_answers_days=keep_answers_days) as store,
        AsyncExitStack() as stack,
    ):
        rules, weights = region_settings(data / "settings", REGION)
        live = LiveRegion(replace(town, name=REGION), rules, weights, moment)
        desk = Office(Service(store, {REGION: live}), REGION, moment)
        desk.service.clock = lambda: desk.now
        access = await Access.of(store, desk.service.clock)
        await ensure_admin_token(store, data, desk.service.clock)
        serving = Serving.of(desk.service, working=False)
        await stack.enter_async_context(serving.running())
        yield Served(Places(data), server.url, desk, access, create_app(serving, access), stack)


async def given(client: httpx2.AsyncClient, method: str, path: str, body: Mapping[str, Any], key: str) -> httpx2.Response:
    """A command, with its id."""
    return await client.request(method, path, json=dict(body), headers={"Idempotency-Key": key})
