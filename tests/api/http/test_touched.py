"""What a report about roads does, before it is given and after: whose way it changes, by how much, and what it closes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from api.http import touched
from dispatch.regions import BuiltRegion
from dispatch.service.touched import Compared, compared
from routing.earth import distance_m
from tests.api.http.live import Live, live_at

Json = dict[str, Any]


@pytest.fixture
def alone(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """A region without any case or report."""
    with live_at(store_url, town) as running:
        yield running


def _run(live: Live, vehicle: str = "A1", spot: int = 1, start: int = 7) -> tuple[str, str]:
    """A vehicle on its way to a patient: case and run."""
    longitude, latitude = live.office.spot(spot)
    live.do(live.office.seen(vehicle, live.office.spot(start)))
    case = live.call(place={"longitude": longitude, "latitude": latitude})
    return case, live.send(case, vehicle)


def _minutes(live: Live, run: str) -> float:
    return float(live.get("dispatcher", f"runs/{run}/route").json()["route"]["duration_seconds"]) / 60


def _way(live: Live, run: str) -> list[list[float]]:
    route = live.get("dispatcher", f"runs/{run}/route").json()["route"]
    found: list[list[float]] = route["geometry"]["coordinates"]
    return found


def _middle(live: Live, run: str) -> Json:
    """A closure of the street in the middle of a run's way."""
    way = _way(live, run)
    point = [float(one) for one in np.mean(way[len(way) // 2 - 1 : len(way) // 2 + 1], axis=0)]
    return {"kind": "flood", "geometry": {"type": "Point", "coordinates": point}, "reach_m": 20}


def _preview(live: Live, body: Json, role: str = "dispatcher") -> Json:
    answer = live.client(role).post(f"{live.at}/conditions/preview", json=body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _touched(live: Live, name: str, role: str = "dispatcher") -> Json:
    answer = live.get(role, f"conditions/{name}/touched")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _posted(live: Live, name: str, body: Json) -> None:
    """A report, taken in by the roads."""
    live.done("dispatcher", f"conditions/{name}", body, method="PUT")
    _known(live, {*_holding(live), name})


def _holding(live: Live) -> set[str]:
    return {one.id for one in live.office.live.now.conditions}


def _known(live: Live, names: set[str]) -> None:
    deadline = time.monotonic() + 10
    while _holding(live) != names:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_foreseen_is_what_happens_and_nothing_is_recorded_by_looking(alone: Live) -> None:
    case, run = _run(alone)
    body, before = _middle(alone, run), _minutes(alone, run)
    foreseen = _preview(alone, body)
    assert alone.get("dispatcher", "conditions").json() == []
    assert _minutes(alone, run) == before
    _posted(alone, "banjir-1", body)
    told = _touched(alone, "banjir-1")
    assert told == foreseen["touched"]
    (row,) = told["cases"]
    assert (row["case"], row["run"], row["vehicle"], row["vehicle_name"], row["leg"]) == (case, run, "A1", "A1", "reach")
    assert row["runs_over"] is True
    assert row["minutes_before"] == pytest.approx(before, abs=0.06)
    assert row["minutes_now"] == pytest.approx(_minutes(alone, run), abs=0.06)
    assert row["minutes_now"] > row["minutes_before"]
    assert told["holds"] is True


def test_at_once_after_the_report_although_the_roads_may_not_know_yet(alone: Live) -> None:
    _, run = _run(alone)
    body = _middle(alone, run)
    foreseen = _preview(alone, body)["touched"]
    alone.done("dispatcher", "conditions/banjir-1", body, method="PUT")
    assert _touched(alone, "banjir-1") == foreseen


def test_two_reports_are_each_compared_with_the_other_in_force(alone: Live) -> None:
    _, run = _run(alone)
    _posted(alone, "banjir-1", _middle(alone, run))
    detour = _minutes(alone, run)
    body = _middle(alone, run)
    foreseen = _preview(alone, body)["touched"]["cases"]
    assert [one["minutes_before"] for one in foreseen] == pytest.approx([detour], abs=0.06)
    _posted(alone, "banjir-2", body)
    assert [one["minutes_before"] for one in _touched(alone, "banjir-2")["cases"]] == pytest.approx([detour], abs=0.06)
    alone.done("dispatcher", "conditions/banjir-1/withdraw")
    assert _touched(alone, "banjir-1") == {"holds": False, "set_aside": None, "cases": []}


def test_a_street_that_nobody_takes_touches_nobody_and_is_drawn(alone: Live) -> None:
    _, run = _run(alone)
    way = np.array(_way(alone, run))
    network = alone.office.live.built.roads.network
    ends = np.column_stack((network.junction_longitude, network.junction_latitude))
    far = ends[np.argmax(np.min(np.hypot(*(ends[:, None, :] - way[None, :, :]).transpose(2, 0, 1)), axis=1))]
    body = {"kind": "market", "geometry": {"type": "Point", "coordinates": far.tolist()}, "reach_m": 15}
    told = _preview(alone, body)
    assert told["touched"]["cases"] == []
    assert told["links"] >= 1
    assert told["geometry"]["type"] == "MultiLineString"
    lines = told["geometry"]["coordinates"]
    assert 1 <= len(lines) <= told["links"]
    length = sum(distance_m(*a, *b) for line in lines for a, b in pairwise(line))
    assert told["length_m"] == pytest.approx(length, rel=0.01)
    assert min(distance_m(*far, *point) for line in lines for point in line) < 15


def test_what_will_hold_later_is_foreseen_as_if_it_held(alone: Live) -> None:
    _, run = _run(alone)
    body = _middle(alone, run)
    later = {**body, "from_time": "2026-03-03T10:00:00+07:00", "until": "2026-03-03T12:00:00+07:00"}
    assert _preview(alone, later) == _preview(alone, body)
    _posted(alone, "besok", later)
    told = _touched(alone, "besok")
    assert told["holds"] is False
    (row,) = told["cases"]  # led over it, and not longer by it yet
    assert row["runs_over"] is True
    assert row["minutes_now"] == row["minutes_before"] == pytest.approx(_minutes(alone, run), abs=0.06)


def test_a_slow_street_makes_longer_and_a_whole_town_closed_leaves_no_way(alone: Live) -> None:
    _, run = _run(alone)
    slow = _preview(alone, {**_middle(alone, run), "effect": "slower", "value": 1.5})["touched"]["cases"][0]
    assert slow["minutes_now"] >= slow["minutes_before"]
    network = alone.office.live.built.roads.network
    x, y = network.junction_longitude, network.junction_latitude
    west, south, east, north = x.min() - 0.01, y.min() - 0.01, x.max() + 0.01, y.max() + 0.01
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    told = _preview(alone, {"kind": "flood", "geometry": {"type": "Polygon", "coordinates": [ring]}})
    assert [(one["run"], one["minutes_now"]) for one in told["touched"]["cases"]] == [(run, None)]
    drivable = (network.segment_state.reshape(-1, 2) >= 0).any(axis=1)
    assert told["links"] == int(drivable.sum())


def test_a_crew_sees_its_own_run_only_and_a_planner_none_and_neither_learns_that_there_are_others(alone: Live) -> None:
    _, first = _run(alone, "A1")
    alone.office.wait(seconds=1)
    _, second = _run(alone, "A2")
    body = _middle(alone, first)
    assert {one["run"] for one in _preview(alone, body)["touched"]["cases"]} == {first, second}
    mine = _preview(alone, body, "driver_a1")["touched"]
    assert [one["run"] for one in mine["cases"]] == [first]
    _posted(alone, "banjir-1", body)
    told = _touched(alone, "banjir-1", "planner")
    assert told == {"holds": True, "set_aside": None, "cases": []}
    for run in (first, second):  # a crew that doesn't say yes loses its run to another as the minutes below pass
        alone.done("dispatcher", f"runs/{run}/progress", {"point": "acknowledged"})
    alone.press("dispatcher", second, "departed", "at_scene")
    assert _touched(alone, "banjir-1", "planner") == told
    assert [one["run"] for one in _touched(alone, "banjir-1")["cases"]] == [first]


def test_one_is_worked_out_after_the_other(alone: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0

    def watched(*args: Any, **more: Any) -> Compared:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.05)
        found = compared(*args, **more)
        at_once -= 1
        return found

    monkeypatch.setattr(touched, "compared", watched)
    body = {"kind": "flood", "geometry": {"type": "Point", "coordinates": list(alone.office.spot(1))}, "reach_m": 20}
    alone.client("dispatcher")
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: _preview(alone, body), range(4)))
        assert told == [told[0]] * 4
        _posted(alone, "banjir-1", body)
        assert len(set(pool.map(lambda _: str(_touched(alone, "banjir-1")), range(4)))) == 1
    assert most == 1


def test_what_can_not_be_meant(alone: Live) -> None:
    assert alone.get("dispatcher", "conditions/none/touched").json()["code"] == "no_condition"
    answer = alone.client("dispatcher").post(f"{alone.at}/conditions/preview", json={"kind": "flood", "ways": [987654321]})
    assert (answer.status_code, answer.json()["code"]) == (422, "condition")
