"""What holds for every command and every answer: ids, versions, pages, languages, problem details, sizes, local times."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from api.http.middleware import LARGEST_BODY
from tests.api.http.live import Live

JSON = {"Content-Type": "application/json"}
PROBLEM = {"type", "title", "status", "detail", "code", "instance", "params"}


def test_a_command_given_again_is_done_once(live: Live) -> None:
    first = live.give("dispatcher", "cases", {"kind": "emergency"}, key="call-0001")
    again = live.give("dispatcher", "cases", {"kind": "emergency"}, key="call-0001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == {**first.json(), "repeated": True}
    case = first.headers["Location"]
    assert live.client("dispatcher").get(case).json()["version"] == next(iter(first.json()["versions"].values()))


def test_an_id_is_not_used_for_two_things(live: Live) -> None:
    live.done("dispatcher", "cases", {"kind": "emergency"}, key="call-0002")
    other = live.give("dispatcher", "cases", {"kind": "control_visit"}, key="call-0002")
    somebody = live.give("admin", "cases", {"kind": "emergency"}, key="call-0002")
    assert [(one.status_code, one.json()["code"]) for one in (other, somebody)] == [(422, "id_reused")] * 2


@pytest.mark.parametrize(
    ("key", "status", "code"), [(None, 400, "idempotency_key_missing"), ("short", 422, "input"), ("with a space", 422, "input")]
)
def test_a_command_without_an_id(live: Live, key: str | None, status: int, code: str) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = live.client("dispatcher").post(f"{live.at}/cases", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_has_changed_meanwhile_is_not_overwritten(live: Live) -> None:
    case = live.call()
    seen = live.get("dispatcher", f"cases/{case}").headers["ETag"]
    done = live.give("dispatcher", f"cases/{case}", {"priority": "yellow"}, method="PATCH", headers={"If-Match": seen})
    assert done.status_code == 200
    assert done.headers["ETag"] == live.get("dispatcher", f"cases/{case}").headers["ETag"] != seen
    late = live.give("dispatcher", f"cases/{case}", {"priority": "green"}, method="PATCH", headers={"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "version")
    assert live.get("dispatcher", f"cases/{case}").json()["priority"] == "yellow"
    for said, status in ((done.headers["ETag"], 200), ("*", 200), ('"x"', 422), ('"1", "2"', 422)):
        answer = live.give("dispatcher", f"cases/{case}", {"priority": "green"}, method="PATCH", headers={"If-Match": said})
        assert answer.status_code == status, said


def test_what_a_caller_says_of_a_place_is_kept_before_it_is_found_and_put_right_piece_by_piece(live: Live) -> None:
    case = live.done("dispatcher", "cases", {"place": {"address": "gang buntu", "landmark": "pasar"}})["versions"]
    (name,) = (one.removeprefix("case/") for one in case if one.startswith("case/"))

    def known() -> dict[str, tuple[str, float | None]]:
        told = live.get("dispatcher", f"cases/{name}/particulars").json()["case"]
        return {field: (one["value"], one["longitude"]) for field, one in told.items()}

    assert known() == {"address": ("gang buntu", None), "landmark": ("pasar", None)}
    longitude, latitude = live.office.spot(1)
    live.done("dispatcher", f"cases/{name}", {"place": {"longitude": longitude, "latitude": latitude}}, method="PATCH")
    live.done("dispatcher", f"cases/{name}", {"place": {"landmark": ""}, "note": ""}, method="PATCH")
    assert known() == {"address": ("gang buntu", None), "landmark": ("", None), "place": ("", longitude), "note": ("", None)}
    half = live.give("dispatcher", f"cases/{name}", {"place": {"longitude": longitude}}, method="PATCH")
    assert (half.status_code, half.json()["code"]) == (422, "invalid")


def test_pages_hold_every_case_once_the_most_urgent_first(live: Live) -> None:
    made = {live.call(priority=("red", "yellow", "green")[number % 3]) for number in range(23)}
    for zone in ("+00:00", "+07:00", "-05:00"):  # the same moments, however they are written
        live.office.wait(minutes=1)
        at = (live.office.now + timedelta(hours=int(zone[:3]))).strftime("%Y-%m-%dT%H:%M:%S") + zone
        made.add(live.call(priority="red", received_at=at))
    found, cursor = [], None
    while True:
        query = {"limit": 5} | ({} if cursor is None else {"cursor": cursor})
        page = live.get("dispatcher", "cases", params=query).json()
        found += page["cases"]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["cases"]) == 5
    names = [one["id"] for one in found]
    assert len(names) == len(set(names))
    assert made <= set(names)
    ranks = {"red": 0, "yellow": 1, "green": 2, None: 9}
    order = [(ranks[one["priority"]], datetime.fromisoformat(one["received_at"])) for one in found]
    assert order == sorted(order)


@pytest.mark.parametrize("cursor", ["x", "!!!!", "MXx4", "YQ==", "fHx8fA==", "é"])
def test_a_cursor_that_was_not_given_out(live: Live, cursor: str) -> None:
    answer = live.get("dispatcher", "cases", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "input")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (None, "merah"),
        ("id", "merah"),
        ("en", "red"),
        ("en-GB,en;q=0.9,id;q=0.5", "red"),
        ("de, en;q=0.5", "red"),
        ("jv", "merah"),
        ("", "merah"),
        (";;;,,,", "merah"),
    ],
)
def test_words_are_in_the_language_that_is_asked_for(live: Live, said: str | None, text: str) -> None:
    case = live.call()
    headers = {} if said is None else {"Accept-Language": said}
    client = live.client("dispatcher")
    assert client.get(f"{live.at}/cases/{case}", headers=headers).json()["priority_text"] == text
    problem = client.get(f"{live.at}/cases/none", headers=headers).json()
    english = client.get(f"{live.at}/cases/none", headers={"Accept-Language": "en"}).json()
    assert (problem["detail"] == english["detail"]) == (text == "red")


def test_errors_are_problem_details(live: Live) -> None:
    asked = [
        (live.get("nobody", "cases"), 401),
        (live.get("planner", "cases"), 403),
        (live.get("dispatcher", "cases/none"), 404),
        (live.get("dispatcher", "/nowhere"), 404),
        (live.get("admin", "/v1/regions/nowhere/cases"), 403),
        (live.get("dispatcher", "cases/has%20space"), 422),
        (live.get("dispatcher", "facilities/none"), 404),
        (live.client("dispatcher").put(f"{live.at}/cases"), 405),
        (live.give("dispatcher", "cases", {"kind": "x"}), 422),
        (live.give("dispatcher", "cases", {"priority": "x"}), 422),
        (
            live.client("dispatcher").post(f"{live.at}/cases", content=b"\xff", headers={"Content-Type": "application/json"}),
            400,
        ),
    ]
    for answer, status in asked:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert set(told) >= PROBLEM
        assert (told["status"], told["type"]) == (status, f"urn:siaga:problem:{told['code']}")
        assert told["instance"] == answer.request.url.path
        assert told["detail"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert asked[0][0].headers["WWW-Authenticate"] == 'Bearer realm="siaga"'
    assert asked[7][0].headers["Allow"]


def test_what_was_sent_is_not_said_back(live: Live) -> None:
    answer = live.give("dispatcher", "cases", {"priority": "RAHASIA-1", "person": {"nik": "RAHASIA-2" * 9}})
    assert answer.status_code == 422
    assert "RAHASIA" not in answer.text
    assert {one["where"] for one in answer.json()["params"]["errors"]} == {"body.priority", "body.person.nik"}


@pytest.mark.parametrize("told", [True, False], ids=["length told", "in pieces"])
def test_a_body_that_is_too_large(live: Live, told: bool) -> None:
    piece = b"x" * 65_536
    body = piece * (LARGEST_BODY // len(piece) + 1)
    sent = body if told else (piece for _ in range(LARGEST_BODY // len(piece) + 1))
    headers = {"Idempotency-Key": live.new_key(), "Content-Type": "application/json"}
    answer = live.client("dispatcher").post(f"{live.at}/cases", content=sent, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= PROBLEM
    assert live.get("dispatcher", "cases").status_code == 200


def test_times_are_local_and_have_a_zone(live: Live) -> None:
    case = live.call(received_at="2026-03-02T02:50:00Z")
    shown = live.get("dispatcher", f"cases/{case}").json()
    assert shown["received_at"] == "2026-03-02T09:50:00+07:00"
    assert all(one["rings_at"].endswith("+07:00") for one in shown["clocks"])
    entries = live.get("dispatcher", f"cases/{case}/timeline").json()["entries"]
    assert all(one[name].endswith("+07:00") for one in entries for name in ("happened_at", "recorded_at"))
    for bad in ("2026-03-02T09:50:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday"):
        answer = live.give("dispatcher", "cases", {"happened_at": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), bad


def test_figures_count_by_pattern_and_not_by_what_anybody_makes_up(live: Live) -> None:
    case = live.call()
    live.get("dispatcher", f"cases/{case}")
    live.get("dispatcher", "/made-up-path")
    live.client("nobody").request("MADEUP", f"{live.at}/cases")
    text = live.get("metrics", "/metrics").text
    assert 'method="GET",route="/v1/regions/{region}/cases/{case}",status="200"' in text
    for made_up in (case, "made-up", "MADEUP"):
        assert made_up not in text
