"""The table of position limits is checked when it is read, and errors name the key."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dispatch.positions.settings import Ring, default_position_settings, read_position_settings
from dispatch.settings import default_settings
from routing import DataError, read_table


def test_the_table_that_ships_is_right_and_lateness_is_that_of_decisions() -> None:
    settings = default_position_settings()
    assert settings.late_seconds == default_settings().fix_now_seconds
    assert settings.future_seconds == default_settings().fix_ahead_seconds
    assert all(ring.outside_m > ring.inside_m for ring in settings.rings.values())


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("jump", "top_kph", 0, r"\[jump\] top_kph must be a number from 10 to 1000"),
        ("jump", "believed_after", 1, r"\[jump\] believed_after"),
        ("doubt", "accuracy_limit_m", True, r"\[doubt\] accuracy_limit_m"),
        ("place", "arrival_seconds", "soon", r"\[place\] arrival_seconds .* not 'soon'"),
        ("place", "pickup", 60, r"\[place\] pickup must have inside_m and outside_m"),
        ("place", "base", {"inside_m": 80, "outside_m": 80}, r"\[place\] base: outside_m must be more"),
        ("place", "base", {"inside_m": -1, "outside_m": 80}, r"\[place\] base\.inside_m"),
        ("route", "back_m", 100, r"\[route\] back_m must be less than off_m"),
        ("still", "colour", 1, r"\[still\] has no key 'colour'"),
        ("weather", "rain", 1, r"\[weather\] has no key 'rain'"),
    ],
)
def test_wrong_values_name_the_key(section: str, key: str, value: object, said: str) -> None:
    table: dict[str, Any] = copy.deepcopy(read_table("positions.toml"))
    table.setdefault(section, {})[key] = value
    with pytest.raises(DataError, match=r"positions\.toml: " + said):
        read_position_settings(table, default_settings())


def test_a_missing_value_is_named() -> None:
    table = copy.deepcopy(read_table("positions.toml"))
    del table["eta"]
    with pytest.raises(DataError, match=r"\[eta\] moved_m"):
        read_position_settings(table, default_settings())


def test_a_ring_keeps_its_band_when_it_is_widened() -> None:
    ring = Ring(120, 220)
    assert ring.widened(300) == Ring(300, 400)
    assert ring.widened(50) is ring
