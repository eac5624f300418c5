"""What a region is like: its facilities page by page, places and addresses asked in bodies, reports about its roads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.http.live import Live

Json = dict[str, Any]


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_pages_of_the_facilities_are_all_of_them_once(live: Live, limit: int) -> None:
    found: list[str] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = live.get("planner", "facilities", params={"limit": limit, **more}).json()
        assert len(page["facilities"]) <= limit
        found += [one["id"] for one in page["facilities"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == sorted(one.id for one in live.office.live.built.facilities.facilities)
    assert len(found) > 7


def test_a_place_is_found_by_its_words_and_by_what_is_near(live: Live) -> None:
    name = next(one.name for one in live.office.live.built.facilities.facilities if one.name)
    found = live.client("planner").post(f"{live.at}/places/search", json={"q": name, "limit": 3}).json()
    assert 1 <= len(found) <= 3
    assert found[0]["name"] == name
    street = _address(live, 3)["street"]
    for spot in (1, 9):
        longitude, latitude = live.office.spot(spot)
        body = {"q": street, "near": {"longitude": longitude, "latitude": latitude}}
        nearest = live.client("dispatcher").post(f"{live.at}/places/search", json=body).json()
        assert nearest[0]["distance_m"] is not None


def _address(live: Live, spot: int) -> Json:
    longitude, latitude = live.office.spot(spot)
    answer = live.client("dispatcher").post(f"{live.at}/places/address", json={"longitude": longitude, "latitude": latitude})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_a_point_has_an_address(live: Live) -> None:
    found = _address(live, 3)
    longitude, latitude = live.office.spot(3)
    known = live.office.live.built.places.reverse(longitude, latitude)
    assert known.street
    assert (found["street"], found["house_number"], found["context"]) == (known.street, known.house_number, list(known.context))
    assert found["street_distance_m"] < 50


@pytest.mark.parametrize("path", ["places?q=Jl.+Melati+3", "places/search?q=Jl.+Melati", "address?longitude=106.8&latitude=6"])
def test_nobody_can_ask_for_an_address_in_an_address(live: Live, path: str) -> None:
    assert live.get("dispatcher", path).status_code in (404, 405)


def test_who_reported_something_and_how_is_for_those_who_report(live: Live) -> None:
    longitude, latitude = live.office.spot(5)
    flood = {
        "kind": "flood",
        "effect": "closed",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "reach_m": 20,
        "reason": "di depan rumah Bu Rina",
    }
    live.done("driver_a1", "conditions/banjir-9", flood, method="PUT")

    def told(role: str) -> tuple[str, str]:
        one = next(one for one in live.get(role, "conditions").json() if one["id"] == "banjir-9")
        assert one["condition"]["geometry"]["coordinates"] == [longitude, latitude]
        return one["condition"]["author"], one["condition"]["reason"]

    author, reason = told("dispatcher")
    assert author
    assert reason == "di depan rumah Bu Rina"
    assert told("planner") == ("", "")
    live.done("dispatcher", "conditions/banjir-9/withdraw")


def test_a_facility_tells_who_says_what_where_they_disagree_and_whether_it_is_open(live: Live) -> None:
    table = live.office.live.built.facilities
    disputed = 0
    for facility in table.facilities:
        told = live.get("planner", f"facilities/{facility.id}", headers={"Accept-Language": "en"}).json()
        assert [(one["about"], one["severity"]) for one in told["conflicts_detail"]] == [
            (one.code, one.severity) for one in facility.conflicts
        ]
        assert len(told["conflicts_detail"]) == told["conflicts"]
        assert all(one["text"] for one in told["conflicts_detail"])
        disputed += len(told["conflicts_detail"])
        named = {one["attribute"]: one for one in told["sources"]}
        assert named["name"]["value"] == facility.name
        assert named["kind"]["value_text"] == told["kind_text"]
        assert {one["capability"] for one in told["sources"] if one["capability"]} == set(told["capabilities"])
        assert all(one["source"] and one["attribute_text"] and one["value_text"] for one in told["sources"])
        hours = told["hours"]
        assert hours["written"] == facility.opening_hours
        if facility.opening_hours == "24/7":
            assert (hours["now"], hours["now_text"], hours["changes_at"]) == ("open", "open", None)
        if facility.opening_hours is None:
            assert hours["now"] == "unknown"
    assert disputed > 0


def test_a_region_tells_what_pages_need_to_show_it(live: Live) -> None:
    told = live.get("planner", live.at).json()
    assert told in live.client("planner").get("/v1/regions").json()
    here = live.office.live
    network = here.built.roads.network
    west, south, east, north = told["bounds"]
    for longitude, latitude in zip(network.junction_longitude, network.junction_latitude, strict=True):
        assert west <= longitude <= east
        assert south <= latitude <= north
    assert west < told["middle"][0] < east
    assert south < told["middle"][1] < north
    assert (told["desk_name"], told["standard_minutes"], told["fix_now_seconds"]) == ("SITEGAR", 15.0, 300.0)
    assert told["clocks"]["answer"] == {"first_seconds": 300.0, "again_seconds": 300.0}
    assert set(told["clocks"]) == set(here.rules.clocks)
    assert (told["late_factor"], told["late_seconds"]) == (1.5, 180.0)


def test_the_list_of_facilities_stays_short(live: Live) -> None:
    (one,) = live.get("planner", "facilities", params={"limit": 1}).json()["facilities"]
    assert "sources" not in one
    assert "conflicts_detail" not in one
