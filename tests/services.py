"""A service on a real store and an invented town, with a clock that tests set; a fresh region for each test.

Import the fixtures into a folder's conftest, with `run`, `store`, `store_url` and `region` of `tests.stores`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life.case import Case, Patient
from dispatch.life.commands import Command, Issued, OpenCase, RegisterUnit
from dispatch.life.events import Ref
from dispatch.life.particulars import Note, cell_of
from dispatch.life.people import Actor
from dispatch.life.rules import Rules, default_rules
from dispatch.life.run import Run as LifeRun
from dispatch.life.units import Unit
from dispatch.prepare import Sources, build_region
from dispatch.regions import BuiltRegion, open_region
from dispatch.service.committing import Answer
from dispatch.service.live_region import LiveRegion
from dispatch.service.service import Given, Service
from dispatch.service.worker import Worker
from dispatch.settings import default_settings
from dispatch.store import Fix, Store
from routing.sample import invented_town

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DISPATCHER = Actor("sri", "dispatcher")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> BuiltRegion:
    """An invented town of 600 junctions, built once."""
    folder: Path = tmp_path_factory.mktemp("regions")
    build_region(folder, "kota", Sources(invented_town(600)), now=START, progress=lambda _what, _share: None)
    return open_region(folder, "kota", START)


@dataclass
class Office:
    """A service, and the clock on its wall.

    Attributes:
        service: takes commands.
        region: the one it serves.
        now: what the clock says.
    """

    service: Service
    region: str
    now: datetime = START
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def live(self) -> LiveRegion:
        return self.service.regions[self.region]

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def new_id(self) -> str:
        return f"command-{next(self.numbers):04d}"

    async def give(
        self,
        command: Command,
        *,
        actor: Actor = DISPATCHER,
        command_id: str | None = None,
        notes: Sequence[Note] = (),
        case: str | None = None,
        expected: dict[Ref, int] | None = None,
    ) -> Answer:
        issued = Issued(command_id or self.new_id(), actor, self.now, command)
        return await self.service.give(self.region, Given(issued, tuple(notes), case, expected))

    def spot(self, number: int) -> tuple[float, float]:
        """A place at a junction of the main part, the same for the same number."""
        network = self.live.built.roads.network
        at = int(np.random.default_rng(number).integers(network.junctions))
        return float(network.junction_longitude[at]), float(network.junction_latitude[at])

    async def fleet(self, count: int, kind: VehicleKind = VehicleKind.VILLAGE_AMBULANCE, capacity: int = 1) -> list[str]:
        names = [f"A{number}" for number in range(1, count + 1)]
        for number, name in enumerate(names):
            longitude, latitude = self.spot(100 + number)
            gear = frozenset({"siren", "lights", "stretcher"})
            await self.give(RegisterUnit(name, name, kind, gear, capacity, "Ciriung", longitude, latitude))
        return names

    async def seen(self, unit: str, place: tuple[float, float]) -> None:
        body = f'{{"longitude": {place[0]}, "latitude": {place[1]}, "fix_time": "{self.now.isoformat()}"}}'
        await self.service.store.fixes.put(self.region, [Fix(unit, int(self.now.timestamp() * 1000), body.encode())])

    async def call(
        self, case: str = "K1", kind: str = "emergency", priority: str = "red", place: int = 1, patients: int = 1
    ) -> None:
        longitude, latitude = self.spot(place)
        notes = [
            Note("place", "", "sri", self.now, None, longitude, latitude),
            Note("caller_name", "Ibu Rina", "sri", self.now),
            Note("complaint", "sesak napas", "sri", self.now, "1"),
        ]
        command = OpenCase(case, kind, Priority(priority), cell_of(longitude, latitude), patients, noted=("place",))
        await self.give(command, notes=notes, case=case)

    async def case(self, name: str = "K1") -> Case:
        found = (await self.service.states(self.region, [Ref("case", name)]))[0][0]
        assert isinstance(found, Case)
        return found

    async def patient(self, name: str = "1", case: str = "K1") -> Patient:
        found = (await self.case(case)).patient(name)
        assert found is not None
        return found

    async def run_of(self, case: str = "K1", patient: str = "1") -> LifeRun:
        name = (await self.patient(patient, case)).run
        assert name is not None
        found = (await self.service.states(self.region, [Ref("run", name)]))[0][0]
        assert isinstance(found, LifeRun)
        return found

    async def unit(self, name: str) -> Unit:
        found = (await self.service.states(self.region, [Ref("unit", name)]))[0][0]
        assert isinstance(found, Unit)
        return found

    def worker(self) -> Worker:
        return Worker(self.service, self.region)


def office(store: Store, town: BuiltRegion, region: str, rules: Rules | None = None, kind: type[Office] = Office) -> Office:
    """A service of one region on a store."""
    live = LiveRegion(replace(town, name=region), rules or default_rules(), default_settings(), START)
    made = kind(Service(store, {region: live}), region)
    made.service.clock = lambda: made.now
    return made


@pytest.fixture
def desk(store: Store, town: BuiltRegion, region: str) -> Office:
    """A service of an invented town."""
    return office(store, town, region)
