"""Nobody gets in: every endpoint with every role and with none, what is one's own, and where personal data may stand."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from dispatch.store import Ref
from tests.api.http.doors import DESKS, DOORS, STAFF, STRANGERS
from tests.api.http.live import ROLES, Live

Json = dict[str, Any]

BODIES = {"/v1/session/password": {"old": "lama sekali", "new": "baru sekali"}}
"""Where a wrong body is refused before it is looked who asks for what."""

NAMES = {
    "case": "K000-000-000",
    "patient": "1",
    "run": "none",
    "vehicle": "A1",
    "officer": "none",
    "offer": "none",
    "request": "none",
    "facility": "none",
    "condition": "none",
    "feature": "none",
    "name": "none",
    "token": "none",
    "profile": "car",
    "coordinates": "107.3,-5.08;107.31,-5.08",
    "z": "13",
    "x": "6538",
    "y": "4211",
}


def _entered(live: Live) -> set[tuple[str, str]]:
    paths = live.client("admin").get("/v1/openapi.json").json()["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in item}


def test_the_table_names_every_endpoint(live: Live) -> None:
    assert _entered(live) == set(DOORS)


def _asked(live: Live, role: str, method: str, path: str) -> httpx2.Response:
    """Asks with a body that is wrong, so that nothing is done; for the door that comes first it makes no difference."""
    for name, value in {"region": live.region, **NAMES}.items():
        path = path.replace("{" + name + "}", value)
    headers = {"Idempotency-Key": live.new_key()}
    query = {"region": "nowhere"} if path == "/v1/events" and role in DOORS["GET", "/v1/events"] else {}
    query |= {"region": live.region} if path == "/v1/events" and not query else {}
    body = None if method in ("GET", "DELETE") else BODIES.get(path, {"nothing": "of this"})
    return live.client(role).request(method, path, params=query or None, json=body, headers=headers)


def _code(answer: httpx2.Response) -> str:
    """Why it was refused, as our own problem details say it or FHIR's OperationOutcome."""
    told = answer.json() if "json" in answer.headers.get("content-type", "") else None
    match told:
        case {"code": str(code)}:
            return code
        case {"issue": [{"details": {"coding": [{"code": str(code)}, *_]}}, *_]}:
            return code
    return ""


@pytest.mark.parametrize(("method", "path"), DOORS, ids=lambda word: str(word))
def test_who_gets_past_the_door(live: Live, method: str, path: str) -> None:
    for role in ROLES:
        answer = _asked(live, role, method, path)
        told = f"{role}: {answer.status_code} {answer.text[:200]}"
        if path.startswith("/track/"):
            assert answer.status_code in (400, 401, 403, 422), told
            continue
        code = _code(answer)
        if role in DOORS[method, path]:
            assert answer.status_code not in (401, 405, 500), told
            assert code not in ("no_permission", "nobody"), told
            assert code != "other_region" or path == "/v1/events", told
        elif role in STRANGERS:
            assert answer.status_code == 401, told
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 403, told
            assert code in ("no_permission", "other_region", "not_a_person"), told


def test_what_is_not_in_the_document_has_doors_too(live: Live) -> None:
    for role in STRANGERS:
        assert live.get(role, f"/osrm/{live.region}/trip/v1/car/1,2;3,4").status_code == 401
        assert live.get(role, f"/osrm/{live.region}/route/v1/car/107.3,-5.08;107.31,-5.08").status_code == 401


# -- what is one's own ------------------------------------------------------------------------------------------------------

LONGITUDE, LATITUDE = 107.3061234, -5.0831234
CANARIES = {
    "name": "KANARI-NAMA",
    "phone": "0899-7777-001",
    "address": "KANARI-JALAN 12",
    "landmark": "KANARI-PATOKAN",
    "nik": "3201999999990001",
    "birth_date": "1961-01-09",
    "complaint": "KANARI-KELUHAN",
    "caller": "KANARI-PENELEPON",
    "caller_phone": "0899-7777-002",
    "note": "KANARI-CATATAN",
}


@dataclass(frozen=True)
class Two:
    """One case with two people, each in a vehicle of their own: the first goes to `facility`, the second to the other."""

    case: str
    runs: tuple[str, str]


@pytest.fixture(scope="module")
def two(live: Live) -> Two:
    """The case."""
    c = CANARIES
    case = live.call(
        patients=2,
        place={"longitude": LONGITUDE, "latitude": LATITUDE, "address": c["address"], "landmark": c["landmark"]},
        caller={"name": c["caller"], "phone": c["caller_phone"]},
        note=c["note"],
        person={one: c[one] for one in ("name", "phone", "nik", "birth_date", "complaint")},
    )
    live.done("dispatcher", f"cases/{case}/patients/2/particulars", {"person": {"name": "KANARI-KEDUA"}}, method="PUT")
    first = live.send(case, "A1", patients=["1"])
    second = live.send(case, "A2", patients=["2"], facility={"facility": live.other_facility})
    return Two(case, (first, second))


def test_a_driver_moves_their_own_run_and_no_other(live: Live, two: Two) -> None:
    first, second = two.runs
    for path, body in (
        (f"runs/{first}/progress", {"point": "acknowledged"}),
        (f"runs/{first}/decline", {"why": "x"}),
        (f"runs/{first}/escort-end", {"why": "x"}),
        (f"runs/{first}/times", {"point": "departed", "at": "2026-03-02T10:00:00+07:00", "why": "x"}),
        (f"cases/{two.case}/patients/1/death", {}),
        (f"cases/{two.case}/patients/1/handover", {}),
        (f"cases/{two.case}/patients/1/end", {"outcome": "recovered"}),
        (f"cases/{two.case}/patients/1/refusal", {"why": "room_full"}),
        (f"cases/{two.case}/patients/1/goal", {"place": {"longitude": 107.3, "latitude": -5.08}, "why": "x"}),
        (f"cases/{two.case}/patients/1/offers", {"facility": {"facility": live.other_facility}}),
        (f"cases/{two.case}/patients/1/desk", {}),
        (f"cases/{two.case}/offers/{live.offer(two.case)}/answer", {"accepted": True}),
        ("vehicles/A1/status", {"status": "on_break"}),
        ("vehicles/A1/breakdown", {"why": "x"}),
    ):
        answer = live.give("driver_a2", path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), f"{path}: {answer.text}"
    for path in (f"runs/{first}", f"runs/{first}/route", f"runs/{first}/route.gpx", "vehicles/A1", "vehicles/A1/job"):
        assert live.get("driver_a2", path).status_code == 403, path
    assert live.done("driver_a2", f"runs/{second}/progress", {"point": "acknowledged"})["events"]


def test_a_driver_reads_of_those_on_board_and_of_nobody_else(live: Live, two: Two) -> None:
    told = live.get("driver_a1", f"cases/{two.case}/particulars").json()
    assert set(told["patients"]) == {"1"}
    assert told["case"]["address"]["value"] == CANARIES["address"]
    assert set(live.get("driver_a2", f"cases/{two.case}/particulars").json()["patients"]) == {"2"}
    other = live.call(person={"name": "KANARI-LAIN"})
    for path in ("", "/particulars", "/timeline"):
        assert live.get("driver_a1", f"cases/{other}{path}").status_code == 403


def test_who_is_shown_the_way_to_the_door_is_recorded_once(live: Live, two: Two) -> None:
    def read() -> list[bytes]:
        kept = live.do(live.store.history(live.region, Ref("readings", two.case)))
        return [one.event.body for one in kept if b'["place"]' in one.event.body]

    before = read()
    for ending in ("", ".gpx", ".geojson", ""):
        assert live.get("driver_a2", f"runs/{two.runs[1]}/route{ending}").status_code == 200
    assert len(read()) == len(before) + 1


def test_a_facility_reads_of_those_it_is_asked_about(live: Live, two: Two) -> None:
    told = live.get("facility", f"cases/{two.case}/particulars").json()
    assert (set(told["patients"]), told["case"]) == ({"1"}, {})
    assert set(live.get("other_facility", f"cases/{two.case}/particulars").json()["patients"]) == {"2"}
    rows = live.get("facility", "offers").json()
    assert [row["offer"]["facility"]["id"] for row in rows] == [live.facility]
    assert live.get("facility", f"offers?facility={live.other_facility}").json() == []


def test_a_crew_reads_the_offers_for_whom_it_carries(live: Live, two: Two) -> None:
    for role, facility in (("driver_a1", live.facility), ("driver_a2", live.other_facility)):
        rows = live.get(role, "offers").json()
        assert [(row["case"], row["offer"]["facility"]["id"]) for row in rows] == [(two.case, facility)]
    assert len(live.get("dispatcher", f"offers?facility={live.facility}").json()) == 1


def test_a_facility_answers_its_own_offers_and_moves_nobody(live: Live, two: Two) -> None:
    offer = live.offer(two.case)
    assert live.give("other_facility", f"cases/{two.case}/offers/{offer}/answer", {"accepted": True}).status_code == 403
    elsewhere = {"facility": {"facility": live.other_facility}}
    assert live.give("facility", f"cases/{two.case}/patients/1/offers", elsewhere).status_code == 403
    full = {"state": "full"}
    assert live.give("facility", f"availability/{live.other_facility}", full, method="PUT").status_code == 403
    assert live.done("facility", f"availability/{live.facility}", full, method="PUT")["events"] == ["availability_claimed"]


def test_a_tracker_posts_positions_of_its_vehicle(live: Live) -> None:
    def fix(vehicle: str) -> Json:
        longitude, latitude = live.office.spot(7)
        at = live.office.now.isoformat()
        return {"fixes": [{"vehicle": vehicle, "longitude": longitude, "latitude": latitude, "fix_time": at}]}

    assert live.give("tracker", "fixes", fix("A1")).status_code == 200
    assert live.give("tracker", "fixes", fix("A2")).status_code == 403


# -- where personal data may stand ------------------------------------------------------------------------------------------

MAY_READ = frozenset({"dispatcher", "admin", "driver_a1", "driver_a2"})
"""Who knows where the patient is; names stand in the particulars only."""

QUERY = {"q": "KANARI", "longitude": 107.3, "latitude": -5.08}

_NUMBER = re.compile(r"-?\d+\.\d+")


def _leaks(text: str) -> list[str]:
    found = [word for word in (*CANARIES.values(), "KANARI-KEDUA") if word in text]
    numbers = [float(one) for one in _NUMBER.findall(text)]
    near = [any(abs(one - exact) < 1e-5 for one in numbers) for exact in (LONGITUDE, LATITUDE)]
    return found + (["the exact place"] if all(near) else [])


def _everything(live: Live, role: str, two: Two) -> dict[str, str]:
    """The bodies of all that a role can GET, errors included, by path."""
    paths = [path for method, path in DOORS if method == "GET" and path != "/v1/events"]
    names = {**NAMES, "region": live.region, "case": two.case, "facility": live.facility, "condition": "c"}
    found = {}
    for path in paths:
        for run, vehicle in zip(two.runs, ("A1", "A2"), strict=True):
            url = path
            resource = f"{two.case}.{'a' if '/Task/' in path else ''}1"
            for name, value in {**names, "run": run, "vehicle": vehicle, "name": resource}.items():
                url = url.replace("{" + name + "}", value)
            answer = live.get(role, url, params=QUERY | {"focus": f"ServiceRequest/{two.case}.1"})
            found[url] = f"{answer.text} {answer.headers}"
    return found


def test_nothing_personal_where_it_does_not_belong(live: Live, two: Two, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    own = f"{live.at}/cases/{two.case}/particulars"
    referral = f"/fhir/{live.region}/ServiceRequest/{two.case}.1"
    for role in ROLES:
        for path, text in _everything(live, role, two).items():
            leaks = _leaks(text)
            if path == own and role in (*MAY_READ, *DESKS):
                assert leaks, f"{role} reads nothing at {path}"
            elif path == referral and role in STAFF:
                assert CANARIES["name"] in leaks
            elif role in MAY_READ:
                assert set(leaks) <= {"the exact place"}, f"{role} {path}"
            else:
                assert not leaks, f"{role} {path}"
    wrong = {"person": {"name": CANARIES["name"], "nik": CANARIES["nik"] * 9, "phone": [CANARIES["phone"]]}}
    for role in ROLES:
        assert not _leaks(live.give(role, "cases", wrong).text)
        assert not _leaks(live.give(role, f"cases/{two.case}/patients/1/particulars", wrong, method="PUT").text)
    assert not _leaks("\n".join(f"{one.getMessage()} {one.exc_text}" for one in caplog.records if "httpx" not in one.name))


def test_nothing_personal_in_the_stream(live: Live, two: Two) -> None:
    heard: dict[str, str] = {}

    def listen(role: str) -> None:
        client = httpx2.Client(base_url=live.base, headers=dict(live.client(role).headers), timeout=10, verify=False)
        with client, client.stream("GET", "/v1/events", params={"region": live.region, "after": "0-1"}) as answer:
            deadline = time.monotonic() + 5
            for line in answer.iter_lines():
                heard[role] = heard.get(role, "") + line + "\n"
                if "officer_registered" in heard[role] or "condition_posted" in heard[role] or time.monotonic() > deadline:
                    return

    live.done("admin", "officers/P1", {"name": "Budi"}, method="PUT")
    point = {"type": "Point", "coordinates": list(live.office.spot(3))}
    live.done("dispatcher", "conditions/c1", {"kind": "flood", "geometry": point}, method="PUT")
    listeners = [threading.Thread(target=listen, args=(role,)) for role in ("admin", "dispatcher", "driver_a1", "driver_a2")]
    for one in listeners:
        one.start()
    for one in listeners:
        one.join(20)
    assert all("particulars_noted" in heard[role] for role in ("admin", "dispatcher"))
    assert f"run/{two.runs[0]}" in heard["driver_a1"]
    assert f"run/{two.runs[1]}" not in heard["driver_a1"]
    assert "unit/A1" in heard["driver_a1"]
    assert "unit/A2" not in heard["driver_a1"]
    for role, text in heard.items():
        assert not _leaks(text), role
        assert ("particulars_read" in text) <= (role == "admin"), role
    assert json.dumps(two.case) in heard["driver_a2"]
