"""Routes are worked out beside the event loop, on one state of the roads: meanwhile others are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from api import answers
from api.http import cover, desk_suggestions, incoming, legs, ranking
from dispatch.life.reports import Condition
from dispatch.regions import BuiltRegion
from tests.api.http.live import Live, live_at


@pytest.fixture
def alone(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """A region without any case."""
    with live_at(store_url, town) as running:
        yield running


def _watched(monkeypatch: pytest.MonkeyPatch, where: ModuleType, name: str) -> list[bool]:
    """Whether each call of a function was on an event loop."""
    real: Callable[..., Any] = getattr(where, name)
    on_loop = []

    def watched(*args: Any, **more: Any) -> Any:
        try:
            asyncio.get_running_loop()
            on_loop.append(True)
        except RuntimeError:
            on_loop.append(False)
        return real(*args, **more)

    monkeypatch.setattr(where, name, watched)
    return on_loop


def test_other_requests_do_not_wait_for_a_route(alone: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    case = alone.call()
    run = alone.send(case, "A1")
    waiting = alone.call()
    (request,) = alone.done("dispatcher", f"cases/{waiting}/patients/1/desk")["made"]["request"]
    functions = [
        (incoming, "arrival_at", "facility", "offers"),
        (desk_suggestions, "suggested_facilities", "sitegar", f"desk/{waiting}/{request}/suggestions"),
        (legs, "leg_of", "dispatcher", f"runs/{run}/route"),
        (ranking, "ranked_vehicles", "dispatcher", f"cases/{waiting}/recommendation"),
        (answers, "route_as_dict", "dispatcher", f"cases/{waiting}/recommendation/A2/legs"),
        (cover, "_named", "dispatcher", "cover"),
    ]
    for where, name, role, path in functions:
        on_loop = _watched(monkeypatch, where, name)
        answer = alone.get(role, path)
        assert answer.status_code == 200, answer.text
        assert on_loop, name
        assert not any(on_loop), name


def test_legs_lead_over_the_roads_that_the_ranking_knew(alone: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    case, live = alone.call(), alone.office.live
    real = answers.legs_of
    drawn: list[bool] = []

    async def late(_asked: Any) -> Any:
        """A report is taken in while the ranking waits for the store."""
        place = {"type": "Point", "coordinates": list(alone.office.spot(40))}
        live.refresh([Condition("banjir", "flood", "closed", place, reach_m=20)], [], alone.office.now)
        return {}

    def watched(built: Any, found: Any, option: Any, state: Any) -> Any:
        drawn.append(state is found.region.times.router.state)
        return real(built, found, option, state)

    monkeypatch.setattr(ranking, "positions", late)
    monkeypatch.setattr(answers, "legs_of", watched)
    assert alone.get("dispatcher", f"cases/{case}/recommendation/A1/legs").status_code == 200
    assert drawn == [True]
