"""What SITEGAR is suggested: the ranking that a dispatcher's recommendation and a decline rest on, told without the place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import hypot
from typing import Any

import pytest

from dispatch.regions import BuiltRegion
from facilities import Value
from tests.api.http.live import Live, live_at

Json = dict[str, Any]


@pytest.fixture
def alone(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """A region without any case."""
    with live_at(store_url, town) as running:
        yield running


def _told(live: Live, case: str, request: str, **query: Any) -> Json:
    answer = live.get("sitegar", f"desk/{case}/{request}/suggestions", params=query, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _asked(live: Live, role: str, case: str) -> str:
    (request,) = live.done(role, f"cases/{case}/patients/1/desk")["made"]["request"]
    return str(request)


def test_it_is_the_ranking_that_a_recommendation_has(alone: Live) -> None:
    case = alone.call()
    request = _asked(alone, "dispatcher", case)
    told = _told(alone, case, request, limit=5)
    assert (told["open"], told["aboard"], told["reckoned_from"], told["needs_text"]) == (
        True,
        False,
        "patient",
        "emergency department",
    )
    ranked = alone.get("dispatcher", f"cases/{case}/recommendation").json()["facilities"]
    assert [one["facility"] for one in told["suggestions"]] == [one["facility"]["id"] for one in ranked]
    # Nobody is sent yet, so it is reckoned for a vehicle of which nobody knows whether it has a siren.
    for here, there in zip(told["suggestions"], ranked, strict=True):
        assert 0 <= here["minutes"] - there["transport_minutes"] + 0.5 <= 2
    assert [one["rank"] for one in told["suggestions"]] == list(range(1, len(ranked) + 1))
    assert told["left_out_count"] >= len(told["left_out"]) > 0
    assert all(one["reasons"][0]["text"] for one in told["left_out"])
    assert told["labels"] == ["INVENTED REGION: these roads, places and facilities do not exist"]


def test_who_has_declined_is_left_out_first_with_the_reason(alone: Live) -> None:
    case = alone.call()
    alone.send(case, "A1")
    alone.done("facility", f"cases/{case}/offers/{alone.offer(case)}/answer", {"accepted": False, "why": "room_full"})
    told = _told(alone, case, _asked(alone, "dispatcher", case), others=1)
    assert told["left_out"][0]["facility"] == alone.facility
    assert told["left_out"][0]["reasons"][0]["code"] == "already_tried"
    assert alone.facility not in [one["facility"] for one in told["suggestions"]]
    assert len(told["left_out"]) == 1 < told["left_out_count"]


def test_what_is_there_of_what_is_needed_and_what_is_claimed_with_its_age(alone: Live) -> None:
    case = alone.call(needs=[["emergency", "icu"], ["emergency"]])
    request = _asked(alone, "dispatcher", case)
    first = _told(alone, case, request)["suggestions"][0]
    alone.done("sitegar", f"availability/{first['facility']}", {"state": "open", "capability": "emergency"}, method="PUT")
    alone.office.wait(minutes=7)
    told = _told(alone, case, request)
    table = alone.office.live.built.facilities
    for one in told["suggestions"]:
        there = table.facilities[table.index[one["facility"]]]
        assert one["matched"], one
        assert all(there.value(name) is Value.YES for name in one["matched"])
        assert all(there.value(name) is Value.UNKNOWN for name in one["unknown"])
        assert {"emergency"} <= set(one["matched"]) | set(one["unknown"])
    (claim,) = next(one for one in told["suggestions"] if one["facility"] == first["facility"])["claims"]
    assert (claim["capability"], claim["state"], claim["age_minutes"]) == ("emergency", "open", 7.0)


def test_from_the_vehicle_once_the_patient_is_on_board_and_without_the_place(alone: Live) -> None:
    longitude, latitude = alone.office.spot(1)
    case = alone.call()
    run = alone.send(case, "A1")
    alone.done("facility", f"cases/{case}/offers/{alone.offer(case)}/answer", {"accepted": True})
    alone.press("driver_a1", run, "acknowledged", "departed", "at_scene", "left_scene")
    alone.do(alone.office.seen("A1", alone.office.spot(7)))
    request = _asked(alone, "driver_a1", case)
    there = _told(alone, case, request)
    assert (there["reckoned_from"], there["aboard"]) == ("vehicle", True)
    far = _farthest(alone, (there["suggestions"][0]["longitude"], there["suggestions"][0]["latitude"]))
    alone.office.wait(seconds=30)
    alone.do(alone.office.seen("A1", far))
    elsewhere = _told(alone, case, request)
    for one in elsewhere["suggestions"]:
        # By the routes for navigation programs, which know nothing of cases; the last metres to the door are not in them.
        places = f"{far[0]},{far[1]};{one['longitude']},{one['latitude']}"
        route = alone.get("dispatcher", f"/osrm/{alone.region}/route/v1/ambulance_priority/{places}").json()["routes"][0]
        assert 0 <= one["minutes"] - route["duration"] / 60 + 0.6 <= 1.6
    times = [{one["facility"]: one["minutes"] for one in told["suggestions"]} for told in (there, elsewhere)]
    assert times[0] != times[1]
    for place in (str(longitude), str(latitude), *map(str, far)):
        assert place not in json.dumps(elsewhere)


def _farthest(live: Live, place: tuple[float, float]) -> tuple[float, float]:
    """The place of a town that is farthest from one, as the crow flies."""
    return max(map(live.office.spot, range(40)), key=lambda at: hypot(at[0] - place[0], at[1] - place[1]))


def test_a_request_or_a_case_that_there_is_not(alone: Live) -> None:
    case = alone.call()
    assert alone.get("sitegar", f"desk/{case}/none/suggestions").json()["code"] == "no_request"
    assert alone.get("sitegar", "desk/K000-000-000/none/suggestions").status_code == 404
