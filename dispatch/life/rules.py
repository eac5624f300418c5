"""How long anything may wait and what comes next, by the region's setting: `data/life.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from dispatch.life.case import SearchStep
from dispatch.settings import Asking, DecisionSettings, default_settings
from routing import DataError, read_table

ClockKind = Literal[
    "intake",
    "assign",
    "neighbours",
    "psc119",
    "queue",
    "answer",
    "desk",
    "acknowledge",
    "depart",
    "reach",
    "scene",
    "visit",
    "carry",
    "handover",
    "escort",
    "clear",
]
AfterDecline = Literal["next", "sitegar"]
_LONGEST = 200
HELP_STEPS: tuple[SearchStep, ...] = ("neighbours", "psc119", "queue")


@dataclass(frozen=True, slots=True)
class Period:
    """How long until a clock rings for the first time, and then again."""

    first: timedelta
    again: timedelta

    def until(self, rung: int) -> timedelta:
        """From the beginning to ring number `rung` + 1."""
        return self.first + self.again * rung


@dataclass(frozen=True, slots=True)
class Rules:
    """What `data/life.toml` says, and from `data/decision.toml` when and how often facilities are asked."""

    clocks: Mapping[ClockKind, Period]
    late_factor: float
    late: timedelta
    no_vehicle: tuple[SearchStep, ...]
    assign_rings: int
    as_good_ms: float
    booked_ahead: timedelta
    after_decline: AfterDecline
    desk_rings: int
    desk_name: str
    desk_phone: str
    skew: timedelta
    asking: Asking
    tries: int
    similar_m: float
    similar_for: timedelta


def _merged(shipped: Mapping[str, Any], own: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a region sets, and what it leaves as it ships."""
    for section, values in own.items():
        if section not in shipped:
            raise DataError(f"{where}: no section [{section}]; there are {', '.join(shipped)}")
        if not isinstance(values, Mapping):
            raise DataError(f"{where}: [{section}] must be a section with keys, not {values!r}")
        if strange := sorted(set(values) - set(shipped[section])):
            raise DataError(f"{where}: [{section}] has no key {strange[0]!r}")
    merged = {section: {**values, **own.get(section, {})} for section, values in shipped.items()}
    for name, period in own.get("clocks", {}).items():
        if isinstance(period, Mapping):
            if strange := sorted(set(period) - {"first", "again"}):
                raise DataError(f"{where}: [clocks] {name} has no key {strange[0]!r}")
            merged["clocks"][name] = {**shipped["clocks"][name], **period}
    return merged


def read_rules(
    table: Mapping[str, Any], settings: DecisionSettings, over: Mapping[str, Any] | None = None, where: str = "life.toml"
) -> Rules:
    """Rules from a table as in `data/life.toml`; what a region sets (`over`, the same shape) counts instead.

    Raises:
        DataError: a key is missing or unknown, or its value is out of range; the message names it.
    """
    merged = _merged(table, over or {}, where)

    def number(section: str, key: str, low: float, high: float) -> float:
        found = merged.get(section, {}).get(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            raise DataError(f"{where}: [{section}] {key} must be a number from {low:g} to {high:g}, not {found!r}")
        return float(found)

    clocks = merged.get("clocks", {})
    if set(clocks) != set(get_args(ClockKind)):
        odd = sorted(set(clocks) ^ set(get_args(ClockKind)))
        raise DataError(f"{where}: [clocks] must name exactly {', '.join(get_args(ClockKind))}; look at {odd[0]!r}")
    listed = merged.get("search", {}).get("no_vehicle", ())
    order = tuple(listed) if isinstance(listed, list | tuple) else ()
    known = all(one in HELP_STEPS for one in order)
    if not order or not known or order[-1] != "queue" or len(set(order)) != len(order):
        raise DataError(f"{where}: [search] no_vehicle must be some of {', '.join(HELP_STEPS)}, each once, 'queue' last")
    after = merged.get("referral", {}).get("after_decline")
    if after not in ("next", "sitegar"):
        raise DataError(f"{where}: [referral] after_decline must be one of {', '.join(get_args(AfterDecline))}, not {after!r}")
    for key in ("desk_name", "desk_phone"):
        if not isinstance(said := merged["referral"][key], str) or len(said) > _LONGEST:
            raise DataError(f"{where}: [referral] {key} must be text of at most {_LONGEST} letters")
    return Rules(
        clocks=MappingProxyType({name: _period(where, name, value) for name, value in clocks.items()}),
        late_factor=number("late", "factor", 1, 10),
        late=timedelta(seconds=number("late", "late_seconds", 0, 86_400)),
        no_vehicle=order,
        assign_rings=int(number("search", "assign_rings", 0, 100)),
        as_good_ms=1000 * number("search", "as_good_seconds", 0, 3600),
        booked_ahead=timedelta(seconds=number("search", "booked_ahead_seconds", 0, 30 * 86_400)),
        after_decline=after,
        desk_rings=int(number("referral", "desk_rings", 0, 100)),
        desk_name=str(merged["referral"]["desk_name"]),
        desk_phone=str(merged["referral"]["desk_phone"]),
        skew=timedelta(seconds=number("clock_skew", "tolerance_seconds", 0, 3600)),
        asking=settings.asking,
        tries=settings.tries,
        similar_m=number("similar", "metres", 1, 100_000),
        similar_for=timedelta(minutes=number("similar", "minutes", 1, 7 * 1_440)),
    )


def _period(where: str, name: str, value: Any) -> Period:
    found = []
    for key in ("first", "again"):
        seconds = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= 30 * 86_400:
            raise DataError(f"{where}: [clocks] {name}: {key} must be a number of seconds from 1 to 30 days, not {seconds!r}")
        found.append(timedelta(seconds=float(seconds)))
    return Period(*found)


@cache
def default_rules() -> Rules:
    """The rules that ship with Siaga.

    Raises:
        DataError: the table is wrong.
    """
    return read_rules(read_table("life.toml"), default_settings())
