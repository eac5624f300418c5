"""Roles: named sets of permissions, from `data/roles.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from routing import DataError, read_table

Unit = Literal["vehicle", "facility"]

_FILE = "roles.toml"


class Permission(StrEnum):
    """What may be done. `own` means: to one's own vehicle with its runs, or to one's own facility with its offers."""

    CASES_READ = "cases.read"  # every case, its timeline and runs, without personal data
    CASES_OWN = "cases.own"  # only the cases of one's own run
    CASES_WRITE = "cases.write"  # open, describe, correct, merge, cancel
    PERSONAL_READ = "personal.read"  # name, telephone, address, NIK, diagnosis; each reading is recorded
    PERSONAL_OWN = "personal.own"  # the same, of the people on one's own run or offered to one's own facility
    ASSIGN = "assign"  # recommendation, sending and calling off vehicles, help from outside
    PROGRESS_ANY = "progress.any"  # time points of runs
    PROGRESS_OWN = "progress.own"
    OFFERS_ANY = "offers.any"  # ask facilities and record what they answer
    OFFERS_OWN = "offers.own"
    DESK_ANSWER = "desk.answer"  # SITEGAR's queue and its answers
    DESK_OWN = "desk.own"  # record what SITEGAR told the crew about their own patients
    VEHICLES_READ = "vehicles.read"  # every vehicle, where it is and what it does
    VEHICLES_WRITE = "vehicles.write"  # what any vehicle does, its crew and shifts
    STATUS_OWN = "status.own"
    FIXES_WRITE = "fixes.write"  # post positions
    FACILITIES_READ = "facilities.read"
    AVAILABILITY_ANY = "availability.any"  # say which facility has room
    AVAILABILITY_OWN = "availability.own"
    ROADS_READ = "roads.read"
    ROADS_WRITE = "roads.write"  # report closures and slow-downs
    PLACES_READ = "places.read"
    ROUTE_READ = "route.read"
    EVENTS_READ = "events.read"  # the stream of everything that happens
    EVENTS_OWN = "events.own"
    FLEET_ADMIN = "fleet.admin"  # add and retire vehicles, officers and registers
    PEOPLE_ADMIN = "people.admin"  # accounts and tokens; whoever has it can give themselves the rest, in their regions
    ARCHIVE_READ = "archive.read"
    METRICS_READ = "metrics.read"

    __hash__ = str.__hash__  # so that a plain word is found in a set of them


_INCLUDES = {
    Permission.CASES_READ: Permission.CASES_OWN,
    Permission.PERSONAL_READ: Permission.PERSONAL_OWN,
    Permission.PROGRESS_ANY: Permission.PROGRESS_OWN,
    Permission.OFFERS_ANY: Permission.OFFERS_OWN,
    Permission.DESK_ANSWER: Permission.DESK_OWN,
    Permission.VEHICLES_WRITE: Permission.STATUS_OWN,
    Permission.AVAILABILITY_ANY: Permission.AVAILABILITY_OWN,
    Permission.EVENTS_READ: Permission.EVENTS_OWN,
}


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions.

    Attributes:
        name: as programs say it; people read `access.role.<name>`.
        permissions: what it opens, that of one's own included where it opens everybody's.
        unit: what it is tied to; its holder has to have one.
        programs_only: no person may have it.
    """

    name: str
    permissions: frozenset[Permission]
    unit: Unit | None = None
    programs_only: bool = False


def read_roles(table: Mapping[str, Any]) -> Mapping[str, Role]:
    """The roles of a table such as `data/roles.toml`, by name, in its order.

    Raises:
        DataError: it is wrong; the message names file and key.
    """
    found = table.get("role")
    if not isinstance(found, Mapping) or not found:
        raise DataError(f"{_FILE}: [role.NAME] is missing; there must be at least one")
    roles = {name: _role(name, entry) for name, entry in found.items()}
    for needed in ("admin", "tracker"):
        if needed not in roles:
            raise DataError(f"{_FILE}: [role.{needed}] is missing; Siaga itself gives it to the first token or to devices")
    if Permission.PEOPLE_ADMIN not in roles["admin"].permissions:
        raise DataError(f"{_FILE}, role.admin.permissions: without people.admin nobody could let anybody in")
    if roles["tracker"] != Role("tracker", frozenset({Permission.FIXES_WRITE}), "vehicle", programs_only=True):
        raise DataError(f"{_FILE}, role.tracker: its id stands in URLs, so it may post fixes of one vehicle and nothing else")
    return MappingProxyType(roles)


def _role(name: str, entry: Any) -> Role:
    where = f"{_FILE}, role.{name}"
    if not isinstance(entry, Mapping):
        raise DataError(f"{where}: must be a table")
    if unknown := sorted(set(entry) - {"permissions", "unit", "programs_only"}):
        raise DataError(f"{where}.{unknown[0]}: no such key; there are permissions, unit, programs_only")
    unit = entry.get("unit")
    if unit is not None and unit not in get_args(Unit):
        raise DataError(f"{where}.unit: {unit!r} is neither of {', '.join(get_args(Unit))}")
    programs_only = entry.get("programs_only", False)
    if not isinstance(programs_only, bool):
        raise DataError(f"{where}.programs_only: must be true or false")
    return Role(name, _permissions(f"{where}.permissions", entry.get("permissions")), unit, programs_only)


def _permissions(where: str, words: Any) -> frozenset[Permission]:
    if words == "all":
        return frozenset(Permission)
    if not isinstance(words, list) or not words:
        raise DataError(f'{where}: must be a list of permissions, or "all"')
    known = set(Permission)
    if unknown := [word for word in words if word not in known]:
        raise DataError(f"{where}: {unknown[0]!r} is no permission; there are {', '.join(Permission)}")
    if doubled := [word for word in words if words.count(word) > 1]:
        raise DataError(f"{where}: {doubled[0]!r} stands there twice")
    named = {Permission(word) for word in words}
    return frozenset(named | {_INCLUDES[one] for one in named if one in _INCLUDES})


@cache
def roles() -> Mapping[str, Role]:
    """The roles that ship with Siaga.

    Raises:
        DataError: `data/roles.toml` is wrong.
    """
    return read_roles(read_table(_FILE))
