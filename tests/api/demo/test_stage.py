"""Who may sign in to a demo: anybody on this machine, and on a network only whoever has read the terminal."""

from __future__ import annotations

import pytest

from api.access.passwords import check_password
from api.access.rules import access_rules
from api.demo.settings import demo_settings
from api.demo.stage import LOOPBACK, Wanted, stage
from api.http.serving import Account
from dispatch.fleet import invented_fleet
from dispatch.regions import BuiltRegion
from dispatch.service.clock import FastClock
from routing import InputError, read_table
from tests.services import START, town

__all__ = ["town"]


def staged(town: BuiltRegion, host: str, speed: float = 8.0) -> tuple[tuple[Account, ...], tuple[Account, ...], object]:
    """The accounts that every page tells, those that the terminal tells, and the clock."""
    settings = demo_settings(read_table("demo.toml"))
    places = [(one.name, one.longitude, one.latitude) for one in town.facilities.facilities if one.name]
    fleet = invented_fleet(places, 12, 1, START)
    made, accounts = stage(Wanted(speed, 12.0, 1, host, "en"), settings, town, fleet)
    return made.demo.accounts, accounts, made.clock


@pytest.mark.parametrize("host", LOOPBACK)
def test_on_this_machine_the_password_is_published(town: BuiltRegion, host: str) -> None:
    shown, accounts, clock = staged(town, host)
    assert shown == accounts
    assert {one.password for one in accounts} == {"peragaan-siaga"}
    assert isinstance(clock, FastClock)
    assert clock.speed == 8.0


def test_on_a_network_it_is_drawn_anew_and_only_the_terminal_tells_it(town: BuiltRegion) -> None:
    shown, accounts, _ = staged(town, "0.0.0.0")
    _, others, _ = staged(town, "0.0.0.0")
    assert shown == ()
    (password,), (another,) = {one.password for one in accounts}, {one.password for one in others}
    assert password != another
    for one in accounts:
        check_password(password, one.name, access_rules().password)


def test_a_speed_that_no_clock_runs_at_is_refused(town: BuiltRegion) -> None:
    with pytest.raises(InputError, match="1 to 600"):
        staged(town, "127.0.0.1", 1000.0)
