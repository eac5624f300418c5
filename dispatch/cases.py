"""Kinds of cases and what they need, from `data/cases.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from dispatch.fleet import VehicleKind
from routing import DataError, InputError, read_table


class Priority(StrEnum):
    """Triage: merah, kuning, hijau, hitam; in the order in which cases are served."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLACK = "black"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return tuple(Priority).index(self)


Destination = Literal["facility", "given", "none"]
CapabilitySets = tuple[frozenset[str], ...]
"""Any one of the sets will do; each is met whole. Empty: nothing is asked."""


@dataclass(frozen=True, slots=True)
class CaseKind:
    """One kind of case.

    Attributes:
        name: its identifier, the key in the table.
        scheduled: a booked trip, never red.
        vehicles: the kinds of vehicle that may serve.
        destination: where the person is taken: a matched facility, a place the caller names, or nowhere.
        scene_seconds: from arrival at the patient to leaving.
        capabilities, equipment: what is needed of the facility and the vehicle, by priority.
    """

    name: str
    scheduled: bool
    vehicles: frozenset[VehicleKind]
    destination: Destination
    scene_seconds: float
    capabilities: Mapping[Priority, CapabilitySets]
    equipment: Mapping[Priority, frozenset[str]]


_KEYS = {"scheduled", "vehicles", "destination", "scene_minutes", "capabilities", "equipment"}


def _by_priority(where: str, table: Mapping[str, Any]) -> dict[Priority, Any]:
    if unknown := set(table) - {"any", *Priority}:
        raise DataError(f"{where}: no priority {sorted(unknown)[0]!r}; there are any, {', '.join(Priority)}")
    return {priority: table.get(priority, table.get("any", [])) for priority in Priority}


def read_kind(name: str, table: Mapping[str, Any], where: str = "cases.toml") -> CaseKind:
    """One kind of case from its table.

    Raises:
        DataError: a key is missing, unknown or has a wrong value; the message names it.
    """
    here = f"{where}: [{name}]"
    if unknown := set(table) - _KEYS:
        raise DataError(f"{here}: unknown key {sorted(unknown)[0]!r}")
    try:
        destination = table["destination"]
        if destination not in get_args(Destination):
            raise DataError(f"{here}: destination {destination!r} is none of {', '.join(get_args(Destination))}")
        minutes = float(table["scene_minutes"])
        if not 0 <= minutes <= 24 * 60:
            raise DataError(f"{here}: scene_minutes {minutes} is not between 0 and a day")
        capabilities = _by_priority(f"{here}.capabilities", table.get("capabilities", {}))
        equipment = _by_priority(f"{here}.equipment", table.get("equipment", {}))
        return CaseKind(
            name=name,
            scheduled=bool(table["scheduled"]),
            vehicles=frozenset(VehicleKind(kind) for kind in table["vehicles"]),
            destination=destination,
            scene_seconds=minutes * 60,
            capabilities=MappingProxyType({p: tuple(frozenset(one) for one in sets) for p, sets in capabilities.items()}),
            equipment=MappingProxyType({p: frozenset(names) for p, names in equipment.items()}),
        )
    except KeyError as error:
        raise DataError(f"{here}: the key {error} is missing") from error
    except ValueError as error:
        raise DataError(f"{here}: {error}") from error


@cache
def case_kinds() -> Mapping[str, CaseKind]:
    """Every kind of case that ships with Siaga, by name.

    Raises:
        DataError: the table is wrong.
    """
    return MappingProxyType({name: read_kind(name, table) for name, table in read_table("cases.toml").items()})


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one case asks for.

    Attributes:
        kind: what happened.
        priority: how urgent it is.
        patients: people to be carried in one vehicle.
        capabilities: asked of the facility instead of what the kind says; None leaves it to the kind.
        scene_seconds: at the patient instead of what the kind says; None leaves it to the kind.
    """

    kind: CaseKind
    priority: Priority
    patients: int = 1
    capabilities: CapabilitySets | None = None
    scene_seconds: float | None = None

    @property
    def needed_capabilities(self) -> CapabilitySets:
        """The sets of capabilities any one of which will do."""
        return self.kind.capabilities[self.priority] if self.capabilities is None else self.capabilities

    @property
    def needed_equipment(self) -> frozenset[str]:
        """What the vehicle must carry."""
        return self.kind.equipment[self.priority]

    @property
    def seconds_on_scene(self) -> float:
        """From arrival at the patient to leaving."""
        return self.kind.scene_seconds if self.scene_seconds is None else self.scene_seconds


def requirement(
    kind: str,
    priority: str,
    patients: int = 1,
    capabilities: CapabilitySets | None = None,
    scene_seconds: float | None = None,
) -> Requirement:
    """A requirement from what a user typed.

    Raises:
        InputError: no such kind or priority, a scheduled trip called red, or nobody to carry.
    """
    kinds = case_kinds()
    if kind not in kinds:
        raise InputError(f"no case kind {kind!r}; there are {', '.join(kinds)}")
    if priority not in tuple(Priority):
        raise InputError(f"no priority {priority!r}; there are {', '.join(Priority)}")
    if kinds[kind].scheduled and priority == Priority.RED:
        raise InputError(f"{kind!r} is a scheduled trip and never red; an emergency is another kind of case")
    if patients < 1:
        raise InputError(f"{patients} patients: there must be at least one")
    return Requirement(kinds[kind], Priority(priority), patients, capabilities, scene_seconds)
