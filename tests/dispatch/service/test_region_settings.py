"""What a region sets for itself, and what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.life.rules import default_rules
from dispatch.service.region_settings import as_toml, checked, region_settings
from dispatch.service.setting_figures import figures
from dispatch.settings import default_settings
from routing import DataError, read_table


def test_without_a_file_all_is_as_it_ships(tmp_path: Path) -> None:
    assert region_settings(tmp_path, "kota") == (default_rules(), default_settings())


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    own = '[life.referral]\nafter_decline = "sitegar"\ndesk_phone = "0251"\n[life.clocks]\nanswer = {first = 60, again = 30}\n'
    (tmp_path / "kota.toml").write_text(own + "[decision.offers]\ntries = 2\n")
    rules, settings = region_settings(tmp_path, "kota")
    assert (rules.after_decline, rules.desk_phone, rules.tries, settings.tries) == ("sitegar", "0251", 2, 2)
    assert rules.clocks["answer"].first.total_seconds() == 60
    assert rules.clocks["desk"] == default_rules().clocks["desk"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[life.referral]\nafter_decline = 'never'", "after_decline"),
        ("[life.referal]\nx = 1", "referal"),
        ("[life.search]\nno_vehicle = ['queue', 'psc119']", "no_vehicle"),
        ("[life.clocks]\nanswer = {first = 0, again = 1}", "answer"),
        ("[decision.offers]\ntries = 9", "tries"),
        ("[decision.offers]\ntry = 1", "try"),
        ("[decision.offer]\ntries = 1", "offer"),
        ("[other]\nx = 1", "other"),
        ("life = 3", "life"),
        ("[decision]\noffers = 3", "offers"),
        ("[life.search]\nno_vehicle = 3", "no_vehicle"),
        ("[life.search]\nno_vehicle = [['queue']]", "no_vehicle"),
        ("[life.referral]\ndesk_name = 3", "desk_name"),
        ("[life.similar]\nmetres = 0", "metres"),
        ("[decision.divert]\npriorities = 3", "priorities"),
        ("[decision.divert]\npriorities = [[]]", "priorities"),
        ("[decision.divert.priorities]\nred = 1", "priorities"),
        ("[decision.cover]\nadvise_below = 2", "advise_below"),
        ("[life", "can't be read"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "kota.toml").write_text(text)
    with pytest.raises(DataError, match=named) as wrong:
        region_settings(tmp_path, "kota")
    assert "kota.toml" in str(wrong.value)


def test_every_figure_of_both_tables_is_there_once_as_it_ships() -> None:
    told = {(one.table, one.section, one.key): one for one in figures()}
    assert len(told) == len(figures())
    shipped: dict[tuple[str, str, str], Any] = {}
    for table in ("life", "decision"):
        for section, values in read_table(f"{table}.toml").items():
            for key, value in values.items():
                parts = {f"{key}.{name}": one for name, one in value.items()} if isinstance(value, dict) else {key: value}
                shipped |= {(table, section, name): one for name, one in parts.items()}
    assert {name: one.default for name, one in told.items()} == shipped
    answer = told["life", "clocks", "answer.first"]
    assert (answer.unit, answer.comment[:22]) == ("s", "a facility was asked; ")
    asking = told["decision", "offers", "asking"]
    assert asking.comment.startswith('"ahead": facilities are asked')
    assert asking.comment.endswith("nobody asks, the team drives there")  # on its third line
    assert told["decision", "fix", "off_road_kph"].unit == "km/h"
    assert told["life", "similar", "metres"].unit == "m"
    assert told["life", "search", "assign_rings"].unit == ""


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_OWN = st.fixed_dictionaries(
    {},
    optional={
        "life": st.fixed_dictionaries(
            {},
            optional={
                "referral": st.fixed_dictionaries({}, optional={"desk_name": _WORDS, "desk_phone": _WORDS}),
                "clocks": st.fixed_dictionaries(
                    {},
                    optional={
                        "answer": st.fixed_dictionaries({}, optional={"first": st.integers(1, 999), "again": st.floats(1, 999)})
                    },
                ),
                "search": st.fixed_dictionaries({"no_vehicle": st.sampled_from([["queue"], ["psc119", "queue"]])}),
            },
        ),
        "decision": st.fixed_dictionaries(
            {},
            optional={
                "cover": st.fixed_dictionaries({"busy_share": st.floats(0, 0.99)}),
                "divert": st.fixed_dictionaries({"priorities": st.lists(st.sampled_from(["red", "green"]), unique=True)}),
            },
        ),
    },
)


@given(_OWN)
def test_what_is_written_is_read_as_it_was_meant(own: dict[str, Any]) -> None:
    wanted = checked(own, "here")
    again = tomllib.loads(as_toml(own))
    assert {table: sections for table, sections in own.items() if sections} == again
    assert checked(again, "there") == wanted
