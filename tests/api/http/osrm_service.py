"""OSRM's interface on a real server: an invented town, roads that can be closed, a port on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from fastapi import FastAPI

from api.http.osrm import OpenedRegion, osrm_router
from dispatch.regions import BuiltRegion, open_region
from routing.conditions import Around, Closed, RoadCondition
from routing.earth import distance_m
from routing.road_state import RoadState
from routing.router import Router
from tests.servers import served

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
REGION = "kota"

Point = tuple[float, float]


@dataclass
class Town:
    """An invented town, its interface at `base`, and the state of its roads, which tests change."""

    region: BuiltRegion
    state: RoadState
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=60))
    base: str = ""

    @property
    def router(self) -> Router:
        """On the present state of the roads."""
        return self.region.roads.router.at(self.state)

    def report(self, *conditions: RoadCondition) -> None:
        """From now on just these hold."""
        self.state = self.region.roads.live.apply(conditions, NOW)

    def surround(self, place: Point) -> None:
        """Closes everything that lies 416 to 916 m away from a place."""
        turns = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)
        middles = np.column_stack((place[0] + 0.006 * np.cos(turns), place[1] + 0.006 * np.sin(turns))).tolist()
        closed = (Around(longitude, latitude, 250.0) for longitude, latitude in middles)
        self.report(*(RoadCondition(f"b{at}", "flood", one, Closed(), "Sari", "banjir") for at, one in enumerate(closed)))

    def get(self, service: str, profile: str, points: str | list[Point], **options: object) -> Any:
        """What is answered, which has to be Ok."""
        answer = self.ask(f"{service}/v1/{profile}/{path_of(points)}", **options)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["code"] == "Ok"
        return body

    def ask(self, path: str, **options: object) -> httpx2.Response:
        """Any answer to a path below the region."""
        given = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}
        return self.client.get(f"{self.base}/{path}", params=given)

    def far_apart(self) -> list[Point]:
        """Two places, more than 1.5 km apart."""
        first, *others = self.places(30, seed=1)
        return [first, next(one for one in others if distance_m(*first, *one) > 1_500)]

    def places(self, count: int, seed: int = 7) -> list[Point]:
        """Random places beside streets."""
        dice = np.random.default_rng(seed)
        found: list[Point] = []
        main = np.flatnonzero(self.region.roads.live.base.roads["car"].mask & 3)
        while len(found) < count:
            link = int(dice.choice(main))
            longitude, latitude = self.router.index.point_at(link, float(dice.uniform()))
            east, north = dice.uniform(-1e-4, 1e-4, 2)
            found.append((round(longitude + east, 6), round(latitude + north, 6)))
        return found


def path_of(points: str | list[Point]) -> str:
    """Coordinates as they stand in a path."""
    return points if isinstance(points, str) else ";".join(f"{longitude:.6f},{latitude:.6f}" for longitude, latitude in points)


@contextmanager
def town_served(data_folder: Path) -> Iterator[Town]:
    """The interface of the region in a folder, on a free port of loopback, as long as the block lasts."""
    region = open_region(data_folder / "regions", REGION, NOW)
    town = Town(region, region.roads.live.base)
    opened_region = OpenedRegion(region, lambda: town.state)

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[FastAPI, None]]:
        app = FastAPI()
        app.include_router(osrm_router(lambda name: opened_region if name == REGION else None))
        yield app, None

    with served(opened, access_log=False, lifespan="off") as (server, _), town.client:
        town.base = f"{server.base}/osrm/{REGION}"
        yield town
