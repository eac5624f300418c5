"""The legs of an option, before anybody is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.http import legs
from tests.api.http.live import Live


def test_both_legs_join_at_the_patient_and_end_at_the_facility(live: Live) -> None:
    case = live.call()
    best = live.get("dispatcher", f"cases/{case}/recommendation").json()["options"][0]
    told = live.get("dispatcher", f"cases/{case}/recommendation/{best['vehicle']['id']}/legs").json()
    reach, carry = told["legs"]
    assert told["facility"] == best["facility"]["id"]
    assert reach["geometry"]["coordinates"][-1] == carry["geometry"]["coordinates"][0]
    assert abs(reach["duration_seconds"] / 60 - best["first_leg"]["drive_minutes"]) < 0.1
    end = carry["geometry"]["coordinates"][-1]
    assert abs(end[0] - best["facility"]["longitude"]) < 0.01
    assert abs(end[1] - best["facility"]["latitude"]) < 0.01
    assert reach["steps"][0]["instruction"]


def test_who_is_no_option_is_refused(live: Live) -> None:
    case = live.call()
    answer = live.get("dispatcher", f"cases/{case}/recommendation/nobody/legs")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_option")


def test_a_run_that_ends_while_its_way_is_looked_up_has_none(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    case = live.call()
    run = live.send(case, "A1")
    real = legs.load

    async def late(*args: Any) -> Any:
        """Everything about the run is loaded a moment after its state was."""
        await asyncio.to_thread(live.done, "dispatcher", f"cases/{case}/cancel", {"why": "salah sambung"})
        return await real(*args)

    assert live.get("dispatcher", f"runs/{run}/route").status_code == 200
    monkeypatch.setattr(legs, "load", late)
    answer = live.get("dispatcher", f"runs/{run}/route")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_leg")
