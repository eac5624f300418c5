"""Tables are checked when they are read, and errors name the key."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.cases import read_kind
from dispatch.settings import default_settings, learned, read_settings
from routing import DataError, read_table


def changed(section: str, key: str, value: object) -> dict[str, Any]:
    table = copy.deepcopy(read_table("decision.toml"))
    table[section][key] = value
    return table


def test_the_table_that_ships_is_right() -> None:
    assert default_settings().tries == 3
    assert read_settings(changed("offers", "tries", 1)).tries == 1


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("offers", "asking", "politely"),
        ("offers", "tries", 4),
        ("offers", "answer_seconds", -1),
        ("prior", "declined", 1.5),
        ("prior", "declined", True),
        ("fix", "now_seconds", "soon"),
        ("divert", "priorities", ["pink"]),
        ("cover", "busy_share", 1),
    ],
)
def test_wrong_values_name_the_key(section: str, key: str, value: object) -> None:
    with pytest.raises(DataError, match=rf"decision\.toml: \[{section}\] {key}"):
        read_settings(changed(section, key, value))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": 1}, "unknown key 'colour'"),
        ({"vehicles": ["boat"]}, "'boat'"),
        ({"destination": "moon"}, "destination 'moon'"),
        ({"scene_minutes": -1}, "scene_minutes"),
        ({"capabilities": {"pink": []}}, "no priority 'pink'"),
    ],
)
def test_wrong_case_kinds_name_the_key(change: dict[str, object], said: str) -> None:
    fine = {"scheduled": False, "vehicles": ["trc_car"], "destination": "none", "scene_minutes": 0}
    assert read_kind("visit", fine).destination == "none"
    with pytest.raises(DataError, match=said):
        read_kind("visit", fine | change)
    with pytest.raises(DataError, match="'scheduled' is missing"):
        read_kind("visit", {key: value for key, value in fine.items() if key != "scheduled"})


@given(st.floats(0, 1), st.floats(0.1, 50), st.integers(0, 100), st.integers(0, 100))
def test_learning_lies_between_the_prior_and_the_record(prior: float, strength: float, declined: int, taken: int) -> None:
    offered = declined + taken
    chance = learned(prior, strength, declined, offered)
    low, high = sorted((prior, declined / offered if offered else prior))
    assert low - 1e-9 <= chance <= high + 1e-9
    if not offered:
        assert chance == pytest.approx(prior)


def test_more_declines_than_offers() -> None:
    with pytest.raises(ValueError, match="3 declined of 2"):
        learned(0.3, 6, 3, 2)
