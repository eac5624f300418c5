"""Whom a dispatcher sends: the first choice, or another one with a reason."""

from __future__ import annotations

from tests.api.http.live import Live


def test_a_vehicle_that_is_not_the_first_choice_is_sent_with_a_reason_or_not_at_all(live: Live) -> None:
    case = live.call(priority="red")
    options = live.get("dispatcher", f"cases/{case}/recommendation").json()["options"]
    first = options[0]
    other = next(one for one in options if one["first_leg"]["minutes"] > first["first_leg"]["minutes"] + 0.6)
    path, body = f"cases/{case}/assignments", {"vehicle": other["vehicle"]["id"]}
    answer = live.give("dispatcher", path, body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "not_first_choice")
    assert told["params"] == {"vehicle": other["vehicle"]["name"], "first": first["vehicle"]["name"]}
    assert told["next"]["vehicle"] == first["vehicle"]["id"]
    made = live.done("dispatcher", path, {**body, "override": "kru pertama belum sarapan"})["made"]
    run = live.get("dispatcher", f"runs/{made['run'][0]}").json()
    assert (run["chosen"], run["reason"]) == ("override", "kru pertama belum sarapan")
    live.done("dispatcher", f"cases/{case}/cancel", {"why": "test"})
