"""What a region sets for itself, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.life.rules import default_rules
from dispatch.service.region_settings import region_settings
from dispatch.settings import default_settings
from routing import DataError


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
        ("[life", "can't be read"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "kota.toml").write_text(text)
    with pytest.raises(DataError, match=named) as wrong:
        region_settings(tmp_path, "kota")
    assert "kota.toml" in str(wrong.value)
