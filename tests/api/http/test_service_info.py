"""What the service says of itself before anybody has signed in."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from tests.api.http.live import NOBODY, Live


def test_an_office_is_no_demo_and_its_clock_is_the_services(live: Live) -> None:
    answer = live.get(NOBODY, "/v1/service")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert datetime.fromisoformat(told.pop("now")) == live.office.now
    assert told == {"version": version("siaga"), "speed": 1.0, "demo": None, "languages": ["id", "en"]}
