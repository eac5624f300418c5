"""Every word that dispatch/ says exists in both languages, and every text is used."""

from __future__ import annotations

import re
from pathlib import Path

import dispatch
from dispatch.cases import Priority, case_kinds
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.policies import POLICIES
from routing import read_table
from routing.catalogue import LANGUAGES, texts

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(dispatch.__file__).parent.glob("*.py"))


def said() -> set[str]:
    """Codes of reasons as they stand in the source, those made from a status spelt out."""
    quoted = set(re.findall(r'"((?:vehicle|position|carry|facility|waits)\.[a-z_.]+)"', SOURCE))
    return quoted | {f"vehicle.status.{status}" for status in VehicleStatus}


def test_every_reason_has_a_text_and_every_text_a_reason() -> None:
    for language in LANGUAGES:
        known = {key.removeprefix("dispatch.reason.") for key in texts(language) if key.startswith("dispatch.reason.")}
        assert known == said()


def test_every_name_has_a_text() -> None:
    fleet = read_table("fleet.toml")
    wanted = {
        "priority": set(Priority),
        "case": set(case_kinds()),
        "vehicle_kind": set(VehicleKind),
        "status": set(VehicleStatus),
        "equipment": set(fleet["equipment"]),
        "policy": set(POLICIES),
        "asking": {"ahead", "on_board", "at_door"},
    }
    for language in LANGUAGES:
        for section, names in wanted.items():
            prefix = f"dispatch.{section}."
            assert {key.removeprefix(prefix) for key in texts(language) if key.startswith(prefix)} == names
