"""Facilities as JSON, so that a region's folder keeps them with all their sources; what is read equals what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from facilities.model import Facility, Problem
from routing import RegionError

VERSION = 1
"""Of the form; another one is refused."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a file holds."""

    version: int
    facilities: tuple[Facility, ...]
    problems: tuple[Problem, ...]


def to_json(facilities: Sequence[Facility], problems: Sequence[Problem] = ()) -> bytes:
    """Facilities, and what was wrong with their sources, as JSON in UTF-8; the same input gives the same bytes."""
    return msgspec.json.encode(_Held(VERSION, tuple(facilities), tuple(problems)), order="deterministic")


def from_json(held: bytes) -> tuple[tuple[Facility, ...], tuple[Problem, ...]]:
    """Facilities and problems from `to_json`.

    Raises:
        RegionError: not such a text, or of another version.
    """
    try:
        found = msgspec.json.decode(held, type=_Held)
    except msgspec.MsgspecError as error:
        raise RegionError(f"the region's facilities are damaged ({error}); build the region again") from error
    if found.version != VERSION:
        raise RegionError(f"the facilities are of version {found.version}, not {VERSION}; build the region again")
    return found.facilities, found.problems
