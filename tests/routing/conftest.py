"""Real regions, made ready once a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from routing.build import build_network
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from tests.routing.journeys import Prepared, prepare


@pytest.fixture(scope="session")
def region(shared: Path) -> Callable[[str], Prepared]:
    """Makes an extract ready, once a session."""

    @cache
    def ready(name: str) -> Prepared:
        return prepare(build_network(read_extract(shared / "osm" / f"{name}.osm.pbf").ways, load_profiles()))

    return ready
