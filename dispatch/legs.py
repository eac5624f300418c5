"""Which routing profile a leg is driven with: vehicle × case × leg, from `data/legs.toml`.

Right of way on the road is given by law (UU 22/2009 art. 134 and 135) to an ambulance with a patient on board, to aid on its
way to a traffic accident and to a funeral procession, and only with siren and lights; everything else is an ordinary car.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from dispatch.cases import CaseKind, Priority
from dispatch.fleet import Vehicle, VehicleKind
from routing import DataError, read_table

Leg = Literal["reach", "carry"]
"""To the patient, and with the patient on board."""


@dataclass(frozen=True, slots=True)
class LegRule:
    """One rule; None fits everything, `equipment` must be there whole."""

    profile: str
    leg: Leg | None
    cases: frozenset[str] | None
    priorities: frozenset[Priority] | None
    vehicles: frozenset[VehicleKind] | None
    equipment: frozenset[str]

    def fits(self, vehicle: Vehicle, case: str, priority: Priority, leg: Leg) -> bool:
        """Whether the rule speaks of this leg."""
        return (
            (self.leg is None or self.leg == leg)
            and (self.cases is None or case in self.cases)
            and (self.priorities is None or priority in self.priorities)
            and (self.vehicles is None or vehicle.kind in self.vehicles)
            and self.equipment <= vehicle.equipment
        )


_KEYS = {"profile", "leg", "cases", "priorities", "vehicles", "equipment"}


def read_rules(table: Mapping[str, Any], where: str = "legs.toml") -> tuple[LegRule, ...]:
    """Rules from a table as in `data/legs.toml`.

    Raises:
        DataError: a rule has an unknown key or value, or some vehicle fits none; the message names it.
    """
    rules = []
    for number, row in enumerate(table.get("rule", []), start=1):
        here = f"{where}: rule {number}"
        if unknown := set(row) - _KEYS:
            raise DataError(f"{here}: unknown key {sorted(unknown)[0]!r}")
        if "profile" not in row:
            raise DataError(f"{here}: the key 'profile' is missing")
        if row.get("leg", "reach") not in get_args(Leg):
            raise DataError(f"{here}: leg {row['leg']!r} is none of {', '.join(get_args(Leg))}")
        try:
            rules.append(
                LegRule(
                    profile=str(row["profile"]),
                    leg=row.get("leg"),
                    cases=frozenset(row["cases"]) if "cases" in row else None,
                    priorities=frozenset(map(Priority, row["priorities"])) if "priorities" in row else None,
                    vehicles=frozenset(map(VehicleKind, row["vehicles"])) if "vehicles" in row else None,
                    equipment=frozenset(row.get("equipment", ())),
                )
            )
        except ValueError as error:
            raise DataError(f"{here}: {error}") from error
    open_rules = [rule for rule in rules if not (rule.leg or rule.cases or rule.priorities or rule.equipment)]
    for kind in VehicleKind:
        if not any(rule.vehicles is None or kind in rule.vehicles for rule in open_rules):
            raise DataError(f"{where}: no rule without conditions for the vehicle kind {kind.value!r}; add one at the end")
    return tuple(rules)


def profile_for(rules: Sequence[LegRule], vehicle: Vehicle, kind: CaseKind, priority: Priority, leg: Leg) -> str:
    """The profile of a leg: that of the first rule that fits; `read_rules` has made sure that there is one."""
    return next(rule.profile for rule in rules if rule.fits(vehicle, kind.name, priority, leg))


@cache
def default_rules() -> tuple[LegRule, ...]:
    """The rules that ship with Siaga.

    Raises:
        DataError: the table is wrong.
    """
    return read_rules(read_table("legs.toml"))
