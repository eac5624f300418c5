"""What a facility's desk and SITEGAR's see of a patient who may come: what is needed, who brings them, when, and where they
are, but never where they live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.life.particulars import cell_of
from dispatch.regions import BuiltRegion
from tests.api.http.live import Live, live_at

Json = dict[str, Any]


@pytest.fixture
def alone(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """A region without any case."""
    with live_at(store_url, town) as running:
        yield running


def _offer(live: Live, role: str = "facility", **query: Any) -> Json:
    answer = live.get(role, "offers", params=query, headers={"Accept-Language": "id"})
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()
    found: Json = row
    return found


def _accept(live: Live, case: str) -> None:
    """So that no clock rings while time passes."""
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": True})


def _fix(live: Live, vehicle: str, place: tuple[float, float]) -> None:
    live.do(live.office.seen(vehicle, place))


def _drive_minutes(live: Live, start: tuple[float, float], end: tuple[float, float], profile: str = "ambulance") -> float:
    """By the service's own routes for navigation programs, which know nothing of cases."""
    places = f"{start[0]},{start[1]};{end[0]},{end[1]}"
    found = live.get("dispatcher", f"/osrm/{live.region}/route/v1/{profile}/{places}").json()
    return float(found["routes"][0]["duration"]) / 60


def _door(live: Live) -> tuple[float, float]:
    table = live.office.live.built.facilities
    one = table.facilities[table.index[live.facility]]
    return one.longitude, one.latitude


def test_a_facility_sees_what_is_needed_and_when_the_clock_rings(alone: Live) -> None:
    case = alone.call(needs=[["emergency", "icu"], ["ponek"]])
    alone.send(case, "A1")
    row = _offer(alone)
    assert row["needs"] == [["emergency", "icu"], ["ponek"]]
    assert row["needs_text"] == "IGD + ICU atau PONEK"
    assert row["vehicle_name"] == "A1"
    (clock,) = [one for one in alone.get("dispatcher", f"cases/{case}").json()["clocks"] if one["name"].startswith("answer:")]
    assert row["rings_at"] == clock["rings_at"]
    assert datetime.fromisoformat(row["rings_at"]) - alone.office.now == timedelta(minutes=5)
    _accept(alone, case)
    assert _offer(alone)["rings_at"] is None


def test_the_arrival_is_the_way_to_the_patient_the_time_there_and_the_way_on(alone: Live) -> None:
    here = alone.office.spot(7)
    _fix(alone, "A1", here)
    case = alone.call()
    run = alone.send(case, "A1")
    _accept(alone, case)
    # At once: a crew that is silent for a minute is replaced.
    alone.done("driver_a1", f"runs/{run}/progress", {"point": "acknowledged"})
    row = _offer(alone)
    place = alone.office.spot(1)
    kinds = alone.get("dispatcher", "services").json()
    scene = next(one["scene_minutes"] for one in kinds if one["id"] == "emergency")
    there, on = _drive_minutes(alone, here, place), _drive_minutes(alone, place, _door(alone), "ambulance_priority")
    assert row["eta_minutes"] == pytest.approx(there + scene + on, abs=0.3)
    assert datetime.fromisoformat(row["arrives_at"]) > alone.office.now
    assert (row["aboard"], row["position"], row["eta_assumed"]) == (False, None, False)
    alone.office.wait(minutes=20)
    assert _offer(alone)["eta_assumed"] is True
    # Whoever sees all offers asks for the times.
    assert _offer(alone, "dispatcher")["eta_minutes"] is None
    assert _offer(alone, "dispatcher", eta=True)["eta_minutes"] == pytest.approx(row["eta_minutes"], abs=0.2)
    assert _offer(alone, "facility", eta=False)["eta_minutes"] is None
    alone.press("driver_a1", run, "departed", "at_scene")
    alone.office.wait(minutes=4)
    assert _offer(alone)["eta_minutes"] == pytest.approx(scene - 4 + on, abs=0.3)
    alone.press("driver_a1", run, "left_scene")
    _fix(alone, "A1", here)
    row = _offer(alone)
    assert row["aboard"] is True
    assert (row["patient_state"], row["patient_state_text"]) == ("aboard", "di dalam kendaraan")
    assert row["eta_minutes"] == pytest.approx(_drive_minutes(alone, here, _door(alone), "ambulance_priority"), abs=0.3)


def test_where_the_vehicle_is_is_told_only_with_the_patient_on_board_and_away_from_their_door(alone: Live) -> None:
    home, away = alone.office.spot(1), alone.office.spot(7)
    assert cell_of(*home) != cell_of(*away)
    case = alone.call()
    run = alone.send(case, "A1")
    _accept(alone, case)
    for point in ("acknowledged", "departed", "at_scene", "with_patient"):
        _fix(alone, "A1", away)
        assert _offer(alone)["position"] is None
        alone.press("driver_a1", run, point)
    _fix(alone, "A1", away)
    alone.press("driver_a1", run, "left_scene")
    assert _offer(alone)["position"] is None  # seen before they left
    alone.office.wait(seconds=5)
    _fix(alone, "A1", home)
    assert _offer(alone)["position"] is None  # still in the cell
    alone.office.wait(seconds=90)
    _fix(alone, "A1", away)
    seen = _offer(alone)["position"]
    assert (seen["longitude"], seen["latitude"], seen["now"], seen["age_seconds"]) == (*away, True, 0.0)


def test_a_shared_trip_tells_nobody_where_another_patient_lives(alone: Live) -> None:
    alone.done("admin", "vehicles/A4", {"name": "A4", "kind": "village_ambulance", "capacity": 2}, method="PUT")
    case = alone.call()
    run = alone.send(case, "A4")
    alone.press("dispatcher", run, "acknowledged", "departed", "at_scene", "left_scene")
    alone.office.wait(minutes=2)
    _fix(alone, "A4", alone.office.spot(7))
    assert _offer(alone)["position"] is not None
    longitude, latitude = alone.office.spot(9)
    other = alone.call(place={"longitude": longitude, "latitude": latitude})
    alone.done("dispatcher", f"runs/{run}/join", {"case": other, "patients": ["1"]})
    rows = {row["case"]: row for row in alone.get("dispatcher", "offers").json()}
    assert rows[case]["aboard"] is True
    assert rows[case]["position"] is None


def test_the_doors_of_all_on_board_are_told_to_nobody(alone: Live) -> None:
    alone.done("admin", "vehicles/A4", {"name": "A4", "kind": "village_ambulance", "capacity": 3}, method="PUT")
    case = alone.call()
    run = alone.send(case, "A4")
    alone.press("dispatcher", run, "acknowledged", "departed", "at_scene", "left_scene")
    theirs, own, away = (alone.office.spot(number) for number in (9, 12, 7))
    other = alone.call(place={"longitude": theirs[0], "latitude": theirs[1]}, patients=2)
    said = {"person": {}, "place": {"longitude": own[0], "latitude": own[1]}}
    alone.done("dispatcher", f"cases/{other}/patients/2/particulars", said, method="PUT")
    alone.done("dispatcher", f"runs/{run}/join", {"case": other, "patients": ["1", "2"]})
    alone.press("dispatcher", run, "at_scene", "left_scene")
    rows = {row["case"]: row for row in alone.get("dispatcher", "offers").json()}
    assert rows[case]["aboard"] is True
    cells = {cell_of(*one) for one in (alone.office.spot(1), theirs, own, away)}
    assert len(cells) == 4
    told = []
    for place in (away, theirs, own, alone.office.spot(1), away):
        alone.office.wait(seconds=90)
        _fix(alone, "A4", place)
        rows = {row["case"]: row for row in alone.get("dispatcher", "offers").json()}
        told.append(rows[case]["position"] is not None)
    assert told == [True, False, False, False, True]


def test_without_a_vehicle_of_the_regions_own_nobody_guesses(alone: Live) -> None:
    case = alone.call(kind="maternal", priority="yellow")
    alone.done("dispatcher", f"cases/{case}/help")
    body = {"accepted": True, "helper": "neighbour", "name": "Ambulans Nanggewer", "expected_seconds": 600}
    alone.done("dispatcher", f"cases/{case}/help/answer", body)
    alone.done("dispatcher", f"cases/{case}/patients/1/offers", {"facility": {"facility": alone.facility}})
    row = _offer(alone)
    assert (row["vehicle_name"], row["eta_minutes"], row["arrives_at"]) == ("Ambulans Nanggewer", None, None)


def test_the_desk_sees_what_is_needed_and_when_it_is_reminded(alone: Live) -> None:
    case = alone.call(needs=[["icu"]])
    run = alone.send(case, "A1")
    alone.press("driver_a1", run, "acknowledged", "departed", "at_scene", "left_scene")
    alone.done("driver_a1", f"cases/{case}/patients/1/desk")
    (row,) = alone.get("sitegar", "desk", headers={"Accept-Language": "en"}).json()
    assert (row["needs"], row["needs_text"], row["vehicle_name"], row["aboard"]) == ([["icu"]], "ICU", "A1", True)
    assert datetime.fromisoformat(row["rings_at"]) - alone.office.now == timedelta(minutes=5)
