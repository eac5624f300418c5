"""One invented town, built once; each test has a data folder of its own in which it lies."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dispatch.prepare import Sources, build_region
from dispatch.regions import BuiltRegion, open_region
from routing.sample import invented_town
from tests.crash.processes import Siaga
from tests.services import START, town
from tests.stores import region, run, store, store_url

__all__ = ["region", "run", "store", "store_url", "town"]


@pytest.fixture(scope="session")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the town."""
    if not sys.platform.startswith("linux"):
        pytest.skip("these tests look into /proc for the store's process")
    folder = tmp_path_factory.mktemp("regions")
    build_region(folder, "kota", Sources(invented_town(600)), now=START, progress=lambda _what, _share: None)
    return folder


@pytest.fixture(scope="session")
def kota(regions: Path) -> BuiltRegion:
    """The town, opened."""
    return open_region(regions, "kota", START)


@pytest.fixture(scope="session")
def spots(kota: BuiltRegion) -> list[tuple[float, float]]:
    """Some places in the town, longitude and latitude."""
    network = kota.roads.network
    some = np.random.default_rng(5).integers(network.junctions, size=20)
    return [(float(network.junction_longitude[one]), float(network.junction_latitude[one])) for one in some]


@pytest.fixture
def data(tmp_path: Path, regions: Path) -> Path:
    """A data folder with the town and nothing else."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "regions").symlink_to(regions, target_is_directory=True)
    return folder


@pytest.fixture
def siaga(data: Path) -> Iterator[Callable[..., Siaga]]:
    """Makes services in the data folder; none outlives the test."""
    made: list[Siaga] = []

    def make(*arguments: str, store_url: str = "", port: int | None = None) -> Siaga:
        made.append(Siaga(data, *arguments, store_url=store_url, port=port))
        return made[-1]

    yield make
    for one in made:
        one.__exit__(None, None, None)
