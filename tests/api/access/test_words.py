"""Every word that access says exists in both languages, and every text is used."""

from __future__ import annotations

import re
from pathlib import Path

import api.access
import api.cli.people
from api.access.roles import roles
from routing.catalogue import LANGUAGES, texts

SOURCES = [*Path(api.access.__file__).parent.glob("*.py"), Path(api.cli.people.__file__)]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def known(section: str) -> set[str]:
    found = []
    for language in LANGUAGES:
        prefix = f"access.{section}."
        found.append({key.removeprefix(prefix) for key in texts(language) if key.startswith(prefix)})
    assert all(one == found[0] for one in found), section
    return found[0]


def test_both_languages_say_the_same_things() -> None:
    keys = [{key for key in texts(language) if key.startswith("access.")} for language in LANGUAGES]
    assert keys[0] == keys[1]
    for key in keys[0]:
        fields = [sorted(re.findall(r"\{(\w+)\}", texts(language)[key])) for language in LANGUAGES]
        assert fields[0] == fields[1], key


def test_every_problem_has_a_text_and_every_text_a_problem() -> None:
    raised = set(re.findall(r'Error\(\s*"([a-z_]+)"', SOURCE)) | set(re.findall(r'__init__\("([a-z_]+)"', SOURCE))
    raised |= {f"{unit}_unused" for unit in ("vehicle", "facility") if 'f"{unit}_unused"' in SOURCE}
    assert raised == known("problem")


def test_every_role_has_a_label() -> None:
    assert known("role") == set(roles())


def test_what_the_commands_say_exists() -> None:
    assert known("cli") == set(re.findall(r'_say\(language, "([a-z_]+)"', SOURCE)) | {"yes", "no"}
    assert known("admin_token") == {"made", "there", "elsewhere", "stale", "narrowed"}
    assert known("kind") == {"token", "device"}
    shown = re.findall(r"_table\(language, (.*?)\)", SOURCE)
    assert known("column") == {word for line in shown for word in re.findall(r'"([a-z_]+)"', line)}
