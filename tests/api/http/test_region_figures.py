"""A region's settings over HTTP: read, set as a whole, refused as a start would refuse them, in force at once."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dispatch.regions import BuiltRegion
from dispatch.service.region_settings import region_settings
from tests.api.http.live import Live, live_at

Json = dict[str, Any]


@pytest.fixture
def alone(store_url: str, town: BuiltRegion, tmp_path: Path) -> Iterator[Live]:
    """A region with a folder for its settings."""
    with live_at(store_url, town) as running:
        running.office.live.own_settings = tmp_path / "settings" / f"{running.region}.toml"
        yield running


def _put(live: Live, body: Json, seen: str | None = None) -> httpx2.Response:
    headers = {"Accept-Language": "en"} | ({} if seen is None else {"If-Match": seen})
    return live.client("admin").put(f"{live.at}/settings", json=body, headers=headers)


def _file(live: Live) -> Path:
    path = live.office.live.own_settings
    assert path is not None
    return path


def _figure(told: Json, name: str) -> Json:
    (found,) = [one for one in told["figures"] if f"{one['table']}.{one['section']}.{one['key']}" == name]
    figure: Json = found
    return figure


def test_what_is_set_holds_at_once_and_after_a_start(alone: Live) -> None:
    told = alone.get("admin", "settings").json()
    assert told["own"] == {"life": {}, "decision": {}}
    assert told["writable"] is True
    assert _figure(told, "life.clocks.answer.first") | {"comment": ""} == {
        "table": "life",
        "section": "clocks",
        "key": "answer.first",
        "default": 300,
        "own": None,
        "unit": "s",
        "comment": "",
    }
    body = {
        "life": {"referral": {"desk_phone": "0251-1"}, "clocks": {"answer": {"first": 240}}},
        "decision": {"offers": {"tries": 2}, "divert": {"priorities": ["red"]}},
    }
    answer = _put(alone, body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["own"] == body
    assert "Other processes of the service take it when they start next" in told["note"]
    assert told == alone.get("admin", "settings", headers={"Accept-Language": "en"}).json()
    assert (_figure(told, "decision.offers.tries")["own"], _figure(told, "decision.offers.tries")["default"]) == (2, 3)
    live = alone.office.live
    assert (live.rules.desk_phone, live.rules.tries, live.settings.tries) == ("0251-1", 2, 2)
    assert region_settings(_file(alone).parent, alone.region) == (live.rules, live.settings)
    case = alone.call()
    alone.send(case, "A1")
    (row,) = alone.get("facility", "offers").json()
    (clock,) = [one for one in alone.get("admin", f"cases/{case}").json()["clocks"] if one["name"].startswith("answer:")]
    assert row["rings_at"] == clock["rings_at"]
    assert datetime.fromisoformat(row["rings_at"]) - alone.office.now == timedelta(seconds=240)


def test_a_clock_that_runs_is_shown_as_it_will_ring_whatever_is_set_meanwhile(alone: Live) -> None:
    case = alone.call()
    run = alone.send(case, "A1")
    alone.done("driver_a1", f"runs/{run}/progress", {"point": "acknowledged"})
    started = alone.office.now

    def shown() -> list[timedelta]:
        (offer,) = alone.get("facility", "offers").json()
        (page,) = alone.get("admin", "cases").json()["cases"]
        clocks = [*page["clocks"], *alone.get("admin", f"cases/{case}").json()["clocks"]]
        times = [offer["rings_at"], *(one["rings_at"] for one in clocks if one["name"].startswith("answer:"))]
        assert len(times) == 3
        return sorted({datetime.fromisoformat(one) - started for one in times})

    def offered() -> bool:
        offers = alone.get("admin", f"cases/{case}").json()["offers"]
        return [one["state"] for one in offers] == ["offered"]

    def departs() -> set[timedelta]:
        views = [alone.get("admin", f"runs/{run}").json(), *alone.get("admin", "runs").json()]
        views.append(alone.get("driver_a1", "vehicles/A1/job").json()["run"])
        return {datetime.fromisoformat(one["clocks"][0]["rings_at"]) - started for one in views}

    before = departs()
    assert _put(alone, {"life": {"clocks": {"answer": {"first": 60}, "depart": {"first": 20}}}}).status_code == 200
    assert (shown(), departs()) == ([timedelta(seconds=300)], before)
    alone.office.wait(seconds=90)
    time.sleep(1)  # clocks are looked at four times a second
    assert offered()
    assert shown() == [timedelta(seconds=300)]
    assert _put(alone, {"life": {"clocks": {"answer": {"first": 900}}}}).status_code == 200
    assert shown() == [timedelta(seconds=900)]
    alone.office.wait(seconds=300)
    time.sleep(1)
    assert offered()
    assert shown() == [timedelta(seconds=900)]


def test_the_file_before_stays_beside_it_and_what_is_left_out_is_as_it_ships_again(alone: Live) -> None:
    _file(alone).parent.mkdir()
    by_hand = "# why: the room is full\n[decision.offers]\ntries = 1\n"
    _file(alone).write_text(by_hand, encoding="utf-8")
    assert alone.get("admin", "settings").json()["own"]["decision"] == {"offers": {"tries": 1}}
    assert _put(alone, {"life": {"referral": {"desk_name": 'Meja "Rujukan"\n#1'}}}).status_code == 200
    assert Path(f"{_file(alone)}.before").read_text(encoding="utf-8") == by_hand
    assert tomllib.loads(_file(alone).read_text(encoding="utf-8")) == {
        "life": {"referral": {"desk_name": 'Meja "Rujukan"\n#1'}}
    }
    assert alone.office.live.settings.tries == 3
    assert sorted(one.name for one in _file(alone).parent.iterdir()) == [_file(alone).name, f"{_file(alone).name}.before"]


def test_of_two_who_set_something_at_once_the_second_is_told(alone: Live) -> None:
    seen = alone.get("admin", "settings").headers["ETag"]
    mine = {"life": {"clocks": {"answer": {"first": 240.0}}}, "decision": {"offers": {"tries": 2}}}
    done = _put(alone, mine, seen)
    assert done.status_code == 200
    assert done.headers["ETag"] == alone.get("admin", "settings").headers["ETag"] != seen
    late = _put(alone, {"decision": {"offers": {"tries": 1}}}, seen)
    assert (late.status_code, late.json()["code"]) == (412, "version")
    assert alone.get("admin", "settings").json()["own"] == mine
    assert alone.office.live.settings.tries == 2
    assert _put(alone, {"decision": {"offers": {"tries": 1}}}, done.headers["ETag"]).status_code == 200
    assert _put(alone, {}).status_code == 200
    assert alone.get("admin", "settings").headers["ETag"] == seen
    _file(alone).write_text("[decision.offers]\ntries = 1\n", encoding="utf-8")
    assert _put(alone, {}, seen).status_code == 412


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"life": {"referral": {"after_decline": "never"}}}, "after_decline"),
        ({"life": {"referal": {}}}, "referal"),
        ({"life": {"clocks": {"answer": {"first": 0}}}}, "answer"),
        ({"decision": {"offers": {"tries": 9}}}, "tries"),
        ({"decision": {"offers": {"tries": None}}}, "tries"),
        ({"decision": {"offers": 3}}, "offers"),
        ({"decision": {"divert": {"priorities": {"red": 1}}}}, "priorities"),
        ({"life": {"referral": {"desk_name": "x" * 30_000}}}, "20000"),
    ],
)
def test_what_a_start_would_refuse_is_refused_and_nothing_is_written(alone: Live, body: Json, named: str) -> None:
    before = alone.office.live.rules, alone.office.live.settings
    answer = _put(alone, body)
    assert answer.status_code == 422
    assert named in answer.json()["detail"]
    assert not _file(alone).exists()
    assert (alone.office.live.rules, alone.office.live.settings) == before


def test_a_file_that_somebody_made_wrong_by_hand_is_named_and_can_be_set_anew(alone: Live) -> None:
    _file(alone).parent.mkdir()
    _file(alone).write_text("[life.referral]\nafter_decline = 'never'\n", encoding="utf-8")
    answer = alone.get("admin", "settings")
    assert answer.status_code == 422
    assert _file(alone).name in answer.json()["detail"]
    assert _put(alone, {}).status_code == 200
    assert alone.get("admin", "settings").json()["own"] == {"life": {}, "decision": {}}


def test_without_a_folder_nothing_can_be_set(alone: Live) -> None:
    alone.office.live.own_settings = None
    assert alone.get("admin", "settings").json()["writable"] is False
    answer = _put(alone, {})
    assert (answer.status_code, "without a folder" in answer.json()["detail"]) == (422, True)
