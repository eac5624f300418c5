"""How much of the region is covered, and moves that keep their word: once a vehicle stands there, cover is as promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from api.http import cover
from dispatch.regions import BuiltRegion
from dispatch.service import cover as worked_out
from dispatch.service.cover import Posts
from tests.api.http.live import Live, live_at

Json = dict[str, Any]
VEHICLES = ("A1", "A2", "A3", "A4")


@pytest.fixture
def alone(store_url: str, town: BuiltRegion, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A region in which a call has to be reached within three minutes, and no answer is kept."""
    monkeypatch.setattr(cover, "_KEPT_SECONDS", 0.0)
    with live_at(store_url, town) as running:
        live = running.office.live
        live.settings = replace(live.settings, standard_ms=180_000.0)
        yield running


def _cover(live: Live, language: str = "en") -> Json:
    answer = live.get("dispatcher", "cover", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _stand(live: Live, vehicle: str, place: tuple[float, float]) -> None:
    live.office.wait(seconds=1)
    live.do(live.office.seen(vehicle, place))


def test_a_move_does_what_it_says_once_the_vehicle_stands_there(alone: Live) -> None:
    for vehicle in VEHICLES:
        _stand(alone, vehicle, alone.office.spot(7))
    told = _cover(alone)
    assert told["thin"] is True
    assert told["reached_share"] < told["limit_share"] == 0.8
    assert 1 <= len(told["advice"]) <= 3
    assert len({one["vehicle"] for one in told["advice"]}) == len(told["advice"])
    before = told["expected_share"], told["reached_share"]
    for move in told["advice"]:
        assert (move["cover_now"], move["reached_now"]) == pytest.approx(before, abs=1e-3)
        assert move["gain_share"] == pytest.approx(move["cover_then"] - move["cover_now"], abs=2e-4)
        assert move["gain_share"] > 0
        assert move["gain_amount"] == pytest.approx(move["gain_share"] * told["demand"], abs=0.01)
        assert move["reached_then"] >= move["reached_now"]
        start, end = alone.office.spot(7), (move["to"]["longitude"], move["to"]["latitude"])
        places = f"{start[0]},{start[1]};{end[0]},{end[1]}"
        route = alone.get("dispatcher", f"/osrm/{alone.region}/route/v1/ambulance/{places}").json()["routes"][0]
        assert move["minutes"] == pytest.approx(route["duration"] / 60, abs=0.2)
        assert move["vehicle_name"] in move["reason"]
        _stand(alone, move["vehicle"], (move["to"]["longitude"], move["to"]["latitude"]))
        now = _cover(alone)
        before = now["expected_share"], now["reached_share"]
        assert before == pytest.approx((move["cover_then"], move["reached_then"]), abs=2e-3)


def test_what_only_one_covers_is_what_a_recommendation_says_it_uncovers(alone: Live) -> None:
    for number, vehicle in enumerate(VEHICLES):
        _stand(alone, vehicle, alone.office.spot(20 + number))
    told = {one["vehicle"]: one for one in _cover(alone)["vehicles"]}
    case = alone.call()
    for option in alone.get("dispatcher", f"cases/{case}/recommendation").json()["options"]:
        one = told[option["vehicle"]["id"]]
        assert one["only_it"] == pytest.approx(option["uncovers"]["amount"], abs=0.011)
        assert one["expected_share"] == pytest.approx(option["uncovers"]["expected_share"], abs=2e-4)
    assert set(told) == set(VEHICLES)


def test_enough_cover_needs_no_advice_and_who_is_busy_covers_nothing(alone: Live) -> None:
    alone.office.live.settings = replace(alone.office.live.settings, standard_ms=3_600_000.0)
    told = _cover(alone)
    assert (told["thin"], told["advice"], told["known"]) == (False, [], True)
    assert told["reached_share"] > 0.95  # all that any road leads to
    assert told["expected_share"] == pytest.approx((1 - 0.3**4) * told["reached_share"], abs=2e-4)
    assert {one["vehicles"] for one in told["thinnest"]} <= {0, 4}
    alone.send(alone.call(), "A1")
    told = _cover(alone)
    assert {one["vehicle"] for one in told["vehicles"]} == {"A2", "A3", "A4"}
    assert told["expected_share"] == pytest.approx((1 - 0.3**3) * told["reached_share"], abs=2e-4)


def test_the_thinnest_cells_are_those_that_nobody_reaches_and_have_names(alone: Live) -> None:
    for vehicle in VEHICLES:
        _stand(alone, vehicle, alone.office.spot(7))
    told = _cover(alone)
    assert [one["vehicles"] for one in told["thinnest"]] == [0] * 5
    weights = [one["weight"] for one in told["thinnest"]]
    assert weights == sorted(weights, reverse=True)
    assert all(one["name"] for one in told["thinnest"])


def test_nobody_free_covers_nothing_and_nobody_is_moved(alone: Live) -> None:
    for vehicle in VEHICLES:
        alone.done("dispatcher", f"vehicles/{vehicle}/breakdown", {"why": "mogok"})
    told = _cover(alone)
    assert (told["reached_share"], told["expected_share"], told["vehicles"], told["advice"]) == (0.0, 0.0, [], [])
    assert told["thin"] is True


def test_a_vehicle_that_nobody_can_place_is_said_not_to_count(alone: Live) -> None:
    alone.done("admin", "vehicles/B9", {"name": "Ambulans Baru", "kind": "village_ambulance"}, method="PUT")
    told = _cover(alone, "id")
    (one,) = told["not_counted"]
    assert (one["vehicle"], one["vehicle_name"]) == ("B9", "Ambulans Baru")
    assert one["reason"]


def test_the_answer_is_kept_for_a_moment_however_fast_the_services_clock_runs(
    alone: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []

    def counted(places: Any, found: Any) -> Any:
        looked_up.append(found.made_at)
        return _named(places, found)

    _cover(alone)  # the roads may have been taken in anew meanwhile: as the service starts
    _named = cover._named
    monkeypatch.setattr(cover, "_named", counted)
    monkeypatch.setattr(cover, "_KEPT_SECONDS", 60.0)
    first = _cover(alone)
    alone.office.wait(minutes=1)
    assert _cover(alone) == first
    assert len(looked_up) == 1
    alone.office.live.settings = replace(alone.office.live.settings)
    assert _cover(alone)["made_at"] > first["made_at"]
    assert len(looked_up) == 2


def test_what_may_be_covered_from_where_is_worked_out_once_for_roads_and_bases(
    alone: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(*of: Any) -> Posts:
        made.append(of)
        return Posts(*of)

    _cover(alone)
    monkeypatch.setattr(worked_out, "Posts", counted)
    for vehicle in VEHICLES:
        _stand(alone, vehicle, alone.office.spot(7))
    first = _cover(alone)
    _stand(alone, "A1", alone.office.spot(8))
    assert _cover(alone) != first
    before = len(made)
    _stand(alone, "A1", alone.office.spot(7))
    assert _cover(alone)["advice"] == first["advice"]
    assert len(made) == before <= 1
    longitude, latitude = alone.office.spot(30)
    base = {"base": "Pos Baru", "base_longitude": longitude, "base_latitude": latitude}
    alone.done("admin", "vehicles/B9", {"name": "B9", "kind": "village_ambulance", **base}, method="PUT")
    _cover(alone)
    alone.office.live.settings = replace(alone.office.live.settings, standard_ms=170_000.0)
    _cover(alone)
    assert len(made) == before + 2
