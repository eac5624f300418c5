"""data/demo.toml says nothing that Siaga does not know."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from api.access.roles import roles
from api.demo.settings import DemoSettings, demo_settings
from api.http.pages import PAGES
from dispatch.cases import Priority, case_kinds
from dispatch.life.referral import Decline
from routing import read_table, text
from routing.conditions import KINDS


@pytest.fixture
def table() -> dict[str, Any]:
    return read_table("demo.toml")


@pytest.fixture
def settings(table: dict[str, Any]) -> DemoSettings:
    return demo_settings(table)


def test_every_word_is_known(settings: DemoSettings) -> None:
    assert set(settings.call.kinds) <= set(case_kinds())
    assert set(settings.call.priorities) <= set(Priority)
    assert set(settings.facility.reasons) == set(Decline)
    assert set(settings.road.kinds) <= set(KINDS)
    assert len(settings.road.kinds) == len(settings.road.reasons)
    assert set(settings.account.names) <= set(roles())
    assert set(settings.account.pages.values()) <= set(PAGES)
    for role in settings.account.names:
        assert text("en", f"demo.account.{role}")


def test_facilities_answer_as_in_the_record(settings: DemoSettings) -> None:
    shares = {one.minutes: one.share for one in settings.facility.answers}
    assert shares[1.0, 5.0] / sum(shares.values()) == pytest.approx(0.6)
    reasons = settings.facility.reasons
    assert reasons["room_full"] / sum(reasons.values()) == pytest.approx(0.68)
    assert settings.facility.decline == pytest.approx(1 / 3, abs=0.01)


def test_the_fleet_grows_with_the_calls_within_bounds(settings: DemoSettings) -> None:
    counts = [settings.vehicles(calls) for calls in (0.1, 12, 20, 500)]
    assert counts == sorted(counts)
    assert counts[0] == settings.fleet.least
    assert counts[-1] == settings.fleet.most


def test_a_key_that_nobody_knows_is_named(table: dict[str, Any]) -> None:
    table["driver"]["speeed"] = 1
    with pytest.raises(ValueError, match=r"speeed.*driver"):
        demo_settings(table)


def test_a_kind_that_nobody_complains_of_is_named(table: dict[str, Any]) -> None:
    table["call"]["kinds"]["hearse"] = 1
    with pytest.raises(ValueError, match="hearse"):
        demo_settings(table)


def test_the_company_knows_nothing_of_siaga_but_its_own_package() -> None:
    """It acts through HTTP only: nothing else of ours is even loaded in its process."""
    told = (
        "import sys, api.demo.__main__; "
        "print(*sorted(n for n in sys.modules if n.split('.')[0] in ('api', 'dispatch', 'facilities', 'routing')))"
    )
    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert found
    assert {name for name in found if name != "api" and not name.startswith("api.demo")} == set()
