"""The family's link: who has it sees where the vehicle is and when it comes, and nothing else, and not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatch.store import Ref as StoreRef
from tests.api.http.live import NOBODY, Live

Json = dict[str, Any]

TOLD = {"state", "state_text", "vehicles", "as_of", "time_zone", "expires", "region"}
TOLD_OF_THE_REGION = {"name", "title", "time_zone", "bounds", "middle", "invented", "attribution"}
TOLD_OF_VEHICLES = {
    "name",
    "kind_text",
    "state",
    "state_text",
    "position",
    "arrives_at",
    "arrives_in_minutes",
    "from_base",
}


def link_to(live: Live, case: str, **body: Any) -> str:
    """A link's path."""
    path: str = live.give("dispatcher", f"cases/{case}/links", body).json()["path"]
    return path


def seen(live: Live, path: str, language: str = "en") -> Json:
    """What a family's telephone shows."""
    answer = live.get(NOBODY, path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    assert set(told) == TOLD
    return told


def is_over(live: Live, path: str) -> bool:
    """Whether a link counts no more."""
    answer = live.get(NOBODY, path)
    assert path.rpartition("/")[2] not in answer.text
    return answer.status_code == 404 and answer.json()["code"] == "link_over"


def stands(live: Live, vehicle: str, spot: int) -> tuple[float, float]:
    """The vehicle is there now."""
    longitude, latitude = live.office.spot(spot)
    one = {"vehicle": vehicle, "longitude": longitude, "latitude": latitude, "fix_time": live.office.now.isoformat()}
    assert live.client("dispatcher").post(f"{live.at}/fixes", json={"fixes": [one]}).status_code == 200
    return longitude, latitude


def test_a_family_follows_its_vehicle_to_the_end(live: Live) -> None:
    person = {"name": "KANARI-NAMA", "phone": "0899-7777-001", "complaint": "KANARI-KELUHAN"}
    case = live.call(person=person, note="KANARI-CATATAN")
    path = link_to(live, case)
    told = seen(live, path)
    assert (told["state"], told["vehicles"]) == ("searching", [])

    run = live.send(case, "A1")
    assert seen(live, path)["state"] == "searching"  # until its crew has said that it goes
    there = stands(live, "A1", 7)
    live.press("driver_a1", run, "acknowledged", "departed")
    told = seen(live, path)
    (vehicle,) = told["vehicles"]
    assert set(vehicle) == TOLD_OF_VEHICLES
    assert vehicle["state"] == told["state"] == "coming"
    assert (vehicle["position"]["longitude"], vehicle["position"]["latitude"]) == there
    assert vehicle["position"]["age_seconds"] == 120
    route = live.get("driver_a1", f"runs/{run}/route").json()["route"]
    assert vehicle["arrives_in_minutes"] == round(route["duration_seconds"] / 60, 1) > 0
    arrives = datetime.fromisoformat(vehicle["arrives_at"])
    assert arrives == live.office.now + timedelta(minutes=vehicle["arrives_in_minutes"])
    assert str(arrives.tzinfo) == "UTC+07:00"
    assert not vehicle["from_base"]
    assert seen(live, path, "id")["state_text"] == "Tim sedang menuju tempat Anda."

    live.press("driver_a1", run, "at_scene", "with_patient")
    (vehicle,) = seen(live, path)["vehicles"]
    assert (vehicle["state"], vehicle["arrives_at"]) == ("there", None)
    live.press("driver_a1", run, "left_scene")
    (vehicle,) = seen(live, path)["vehicles"]
    assert vehicle["state"] == "on_the_way"
    assert vehicle["arrives_in_minutes"] > 0
    live.press("driver_a1", run, "at_facility")
    told = seen(live, path)
    assert told["state"] == "arrived"
    for word in ("KANARI", "0899", live.facility):
        assert word not in str(told)
    live.done("driver_a1", f"cases/{case}/patients/1/handover")
    live.done("driver_a1", f"cases/{case}/patients/1/treatment")
    assert seen(live, path)["state"] == "ended"
    assert seen(live, path)["vehicles"] == []
    live.press("driver_a1", run, "available")


def test_a_family_can_draw_a_map_of_the_region_and_learns_no_more_of_it(live: Live) -> None:
    case = live.call()
    region = seen(live, link_to(live, case))["region"]
    assert set(region) == TOLD_OF_THE_REGION
    about = live.get("dispatcher", live.at).json()
    for name in ("name", "title", "time_zone", "invented", "attribution"):
        assert region[name] == about[name]
    west, south, east, north = region["bounds"]
    spots = [live.office.spot(number) for number in range(50)]
    assert all(west <= longitude <= east and south <= latitude <= north for longitude, latitude in spots)
    network = live.office.live.built.roads.network
    assert [west, south] == [min(network.junction_longitude.tolist()), min(network.junction_latitude.tolist())]
    assert [east, north] == [max(network.junction_longitude.tolist()), max(network.junction_latitude.tolist())]
    assert region["middle"] == [(west + east) / 2, (south + north) / 2]
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})


def test_a_link_ends_by_itself_and_when_it_is_told_to(live: Live) -> None:
    case = live.call()
    short, long = link_to(live, case, hours=1), link_to(live, case)
    assert len(live.get("dispatcher", f"cases/{case}/links").json()) == 2
    live.office.wait(minutes=61)
    assert is_over(live, short)
    assert not is_over(live, long)
    (left,) = live.get("dispatcher", f"cases/{case}/links").json()
    assert left["created_by"]
    assert live.client("dispatcher").delete(f"{live.at}/cases/{case}/links").status_code == 204
    assert is_over(live, long)
    assert live.get("dispatcher", f"cases/{case}/links").json() == []
    assert live.client("dispatcher").delete(f"{live.at}/cases/{case}/links").status_code == 204
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})


def test_the_same_command_gives_the_same_link_and_another_one_another(live: Live) -> None:
    case, other = live.call(), live.call()
    first = live.give("dispatcher", f"cases/{case}/links", key="link-of-a-key")
    again = live.give("dispatcher", f"cases/{case}/links", key="link-of-a-key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    page, fragment = first.json()["page"].split("#")
    assert (page, f"/v1/family/{fragment}") == ("/keluarga", first.json()["path"])
    paths = {first.json()["path"], link_to(live, case), link_to(live, other)}
    assert len(paths) == 3
    assert all(len(path.rpartition("/")[2]) == 43 for path in paths)
    assert live.client("dispatcher").post(f"{live.at}/cases/{case}/links", json={}).status_code == 400
    assert live.give("dispatcher", f"cases/{case}/links", {"hours": 49}).json()["code"] == "hours"
    assert is_over(live, "/v1/family/0000000000000000000000000000000000000000000")
    for one in (case, other):
        live.done("dispatcher", f"cases/{one}/cancel", {"why": "test"})


def test_a_link_is_made_by_a_command_like_any_other(live: Live) -> None:
    case, other = live.call(), live.call()
    links, key = f"cases/{case}/links", live.new_key()
    live.give("dispatcher", links, key=key)
    for role, path, body in (
        ("dispatcher", f"cases/{other}/links", {}),
        ("dispatcher", links, {"hours": 1}),
        ("admin", links, {}),
    ):
        answer = live.give(role, path, body, key=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "id_reused"), answer.text
    used = live.new_key()
    live.done("dispatcher", f"cases/{case}/patients", {}, key=used)
    assert live.give("dispatcher", links, key=used).json()["code"] == "id_reused"
    version = live.get("dispatcher", f"cases/{case}").headers["etag"]
    assert live.give("dispatcher", links, headers={"If-Match": '"1"'}).status_code == 412
    assert live.give("dispatcher", links, headers={"If-Match": version}).status_code == 201
    for one in (case, other):
        live.done("dispatcher", f"cases/{one}/cancel", {"why": "test"})
    assert live.give("dispatcher", links).json()["code"] == "case_closed"
    assert live.give("dispatcher", links, key=key).status_code == 201, "it was made while the case was open"


def test_a_link_to_a_case_that_is_gone_is_over(live: Live) -> None:
    case = live.call()
    path = link_to(live, case)
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})
    assert seen(live, path)["state"] == "ended"
    ref = StoreRef("case", case)
    (there,) = live.do(live.store.load(live.region, [ref]))
    assert live.do(live.store.remove(live.region, ref, there.version))
    assert is_over(live, path)


def test_a_link_opens_nothing_else(live: Live) -> None:
    case = live.call()
    secret = link_to(live, case).rpartition("/")[2]
    for path in (f"{live.at}/cases/{case}", "/v1/events", f"{live.at}/vehicles"):
        answer = live.client(NOBODY).get(path, headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})


def test_a_link_follows_its_case_into_the_one_that_it_was_the_same_as(live: Live) -> None:
    case, same = live.call(), live.call()
    path = link_to(live, same)
    live.done("dispatcher", f"cases/{same}/merge", {"into": case})
    run = live.send(case, "A2")
    live.press("driver_a2", run, "acknowledged", "departed")
    assert seen(live, path)["state"] == "coming"
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})


def test_whom_else_a_vehicle_fetches_is_not_shown(live: Live) -> None:
    mine, theirs = live.call(), live.call()
    longitude, latitude = live.office.spot(3)
    base = {"base_longitude": longitude, "base_latitude": latitude}
    live.done("admin", "vehicles/B1", {"name": "B1", "kind": "village_ambulance", "capacity": 2, **base}, method="PUT")
    path = link_to(live, mine)
    run = live.send(mine, "B1")
    stands(live, "B1", 7)
    live.press("dispatcher", run, "acknowledged")
    assert seen(live, path)["vehicles"][0]["position"] is not None
    joined = live.give("dispatcher", f"runs/{run}/join", {"case": theirs, "patients": ["1"]})
    assert joined.status_code == 200, joined.text
    (vehicle,) = seen(live, path)["vehicles"]
    assert (vehicle["state"], vehicle["position"], vehicle["arrives_at"]) == ("coming", None, None)
    for case in (mine, theirs):
        live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})
