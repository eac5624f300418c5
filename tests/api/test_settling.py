"""A process that is readied for many questions answers them as any other does."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.cases import requirement
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.recommend import Call, recommend
from dispatch.regions import open_region
from dispatch.report import recommendation_as_dict

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def collector() -> Iterator[None]:
    """The garbage collector, as it was before."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_settling_changes_no_answer(data_folder: Path) -> None:
    region = open_region(data_folder / "regions", "kota", NOW)
    longitude, latitude = float(region.demand.longitude[0]), float(region.demand.latitude[0])
    fleet = [Vehicle("a", "A", VehicleKind.EMERGENCY_AMBULANCE, longitude=longitude, latitude=latitude, fix_time=NOW)]
    call = Call(requirement("emergency", "yellow"), longitude, latitude, NOW)
    before = recommendation_as_dict(recommend(region.facts(), fleet, call), "id")
    region.settle()
    assert gc.get_freeze_count() > 0
    assert recommendation_as_dict(recommend(region.facts(), fleet, call), "id") == before
    assert before["options"]
