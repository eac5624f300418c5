"""Facilities as JSON, so that a region's folder keeps them with all their sources; what is read equals what was written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from facilities.model import CapabilityClaim, Conflict, Facility, Problem, Severity, SourceRecord, Value
from routing import RegionError

VERSION = 1
"""Of the form; another one is refused."""


def to_json(facilities: Sequence[Facility], problems: Sequence[Problem] = ()) -> str:
    """Facilities, and what was wrong with their sources, as JSON text; the same input gives the same text."""
    held = {
        "version": VERSION,
        "facilities": [asdict(facility) for facility in facilities],
        "problems": [asdict(problem) for problem in problems],
    }
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> tuple[tuple[Facility, ...], tuple[Problem, ...]]:
    """Facilities and problems from `to_json`.

    Raises:
        RegionError: not such a text, or of another version.
    """
    try:
        held = json.loads(text)
        if held["version"] != VERSION:
            raise RegionError(f"the facilities are of version {held['version']}, not {VERSION}; build the region again")
        return (
            tuple(_facility(entry) for entry in held["facilities"]),
            tuple(Problem(entry["reference"], entry["code"], entry["params"]) for entry in held["problems"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RegionError(f"the region's facilities are damaged ({error}); build the region again") from error


def _facility(entry: dict[str, Any]) -> Facility:
    fields = dict(entry)
    fields["capabilities"] = tuple(CapabilityClaim(**{**c, "value": Value(c["value"])}) for c in entry["capabilities"])
    fields["sources"] = tuple(SourceRecord(**source) for source in entry["sources"])
    fields["conflicts"] = tuple(
        Conflict(**{**c, "severity": Severity(c["severity"]), "values": tuple(c["values"]), "sources": tuple(c["sources"])})
        for c in entry["conflicts"]
    )
    for name in ("services", "aliases"):
        fields[name] = tuple(entry[name])
    return Facility(**fields)
