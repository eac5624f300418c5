"""Both languages say the same things, and every text can be filled."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

from routing.catalogue import LANGUAGES, text, texts
from routing.datafiles import data_folder
from routing.errors import DataError


def placeholders(template: str) -> Counter[str]:
    return Counter(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def test_every_language_has_the_same_files() -> None:
    names = {
        language: {path.name for path in Path(data_folder() / "locales" / language).glob("*.toml")} for language in LANGUAGES
    }
    assert len(set(map(frozenset, names.values()))) == 1, names


def test_every_language_has_the_same_keys() -> None:
    first, *others = (texts(language).keys() for language in LANGUAGES)
    for other in others:
        assert sorted(first ^ other) == []


def test_every_text_has_the_same_placeholders_in_each_language() -> None:
    first, *others = (texts(language) for language in LANGUAGES)
    for other in others:
        wrong = [key for key in first if key in other and set(placeholders(first[key])) != set(placeholders(other[key]))]
        assert wrong == []


def test_no_text_is_empty_and_every_placeholder_has_a_name() -> None:
    for language in LANGUAGES:
        for key, template in texts(language).items():
            assert template.strip(), f"{language}: {key}"
            assert all(name.isidentifier() for name in placeholders(template)), f"{language}: {key}"


def test_a_missing_key_or_value_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"guidance\.nothing"):
        text("id", "guidance.nothing")
    with pytest.raises(DataError, match="road"):
        text("id", "guidance.turn.road", verb="belok kiri")
