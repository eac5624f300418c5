"""When a reported position is believed and what is made of movement, from `data/positions.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from dispatch.settings import DecisionSettings, default_settings
from routing import DataError, read_table

PlaceKind = Literal["pickup", "facility", "base"]
"""Where a vehicle arrives and leaves."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A place's two radii in metres: within `inside_m` it may have been reached, beyond `outside_m` it may have been left."""

    inside_m: float
    outside_m: float

    def widened(self, inside_m: float) -> Ring:
        """The same band around another radius; never a narrower one."""
        return Ring(inside_m, inside_m + self.outside_m - self.inside_m) if inside_m > self.inside_m else self


@dataclass(frozen=True, slots=True)
class PositionSettings:
    """Limits; units as named. `data/positions.toml` says what each means and where its figure comes from.

    `late_seconds` and `future_seconds` are `[fix] now_seconds` and `ahead_seconds` of `data/decision.toml`: what is late here
    is what a recommendation no longer takes for "now".
    """

    late_seconds: float
    future_seconds: float
    top_kph: float
    usual_accuracy_m: float
    believed_after: int
    believed_seconds: float
    believed_gap_seconds: float
    accuracy_limit_m: float
    null_island_degrees: float
    region_margin_m: float
    rings: Mapping[PlaceKind, Ring]
    arrival_seconds: float
    departure_seconds: float
    follow_accuracy_m: float
    gap_seconds: float
    standing_kph: float
    off_route_m: float
    back_on_route_m: float
    off_route_seconds: float
    back_on_route_seconds: float
    still_m: float
    still_seconds: float
    eta_moved_m: float
    eta_seconds: float
    eta_least_seconds: float


def read_position_settings(
    table: Mapping[str, Any], decision: DecisionSettings, where: str = "positions.toml"
) -> PositionSettings:
    """Settings from a table as in `data/positions.toml`.

    Raises:
        DataError: a key is missing or unknown, or its value is out of range; the message names it.
    """
    known: dict[str, set[str]] = {}

    def number(section: str, key: str, low: float, high: float) -> float:
        known.setdefault(section, set()).add(key)
        return _number(table.get(section, {}), key, low, high, f"{where}: [{section}] {key}")

    day, far = 86_400.0, 1e6
    known["place"] = set(get_args(PlaceKind))
    settings = PositionSettings(
        late_seconds=decision.fix_now_seconds,
        future_seconds=decision.fix_ahead_seconds,
        top_kph=number("jump", "top_kph", 10, 1000),
        usual_accuracy_m=number("jump", "usual_accuracy_m", 0, 1000),
        believed_after=int(number("jump", "believed_after", 2, 100)),
        believed_seconds=number("jump", "believed_seconds", 0, day),
        believed_gap_seconds=number("jump", "believed_gap_seconds", 0, day),
        accuracy_limit_m=number("doubt", "accuracy_limit_m", 1, far),
        null_island_degrees=number("doubt", "null_island_degrees", 0, 1),
        region_margin_m=number("doubt", "region_margin_m", 0, far),
        rings=MappingProxyType({kind: _ring(table, kind, where) for kind in get_args(PlaceKind)}),
        arrival_seconds=number("place", "arrival_seconds", 0, day),
        departure_seconds=number("place", "departure_seconds", 0, day),
        follow_accuracy_m=number("place", "accuracy_m", 1, far),
        gap_seconds=number("place", "gap_seconds", 1, day),
        standing_kph=number("place", "standing_kph", 0, 50),
        off_route_m=number("route", "off_m", 1, far),
        back_on_route_m=number("route", "back_m", 0, far),
        off_route_seconds=number("route", "off_seconds", 0, day),
        back_on_route_seconds=number("route", "back_seconds", 0, day),
        still_m=number("still", "moved_m", 1, far),
        still_seconds=number("still", "seconds", 1, day),
        eta_moved_m=number("eta", "moved_m", 1, far),
        eta_seconds=number("eta", "seconds", 1, day),
        eta_least_seconds=number("eta", "least_seconds", 0, day),
    )
    if settings.back_on_route_m >= settings.off_route_m:
        raise DataError(f"{where}: [route] back_m must be less than off_m, or a vehicle between them would be both")
    for section, values in table.items():
        if strange := set(values) - known.get(section, set()):
            raise DataError(f"{where}: [{section}] has no key {sorted(strange)[0]!r}")
    return settings


def _number(values: Mapping[str, Any], key: str, low: float, high: float, what: str) -> float:
    found = values.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
        raise DataError(f"{what} must be a number from {low:g} to {high:g}, not {found!r}")
    return float(found)


def _ring(table: Mapping[str, Any], kind: PlaceKind, where: str) -> Ring:
    found = table.get("place", {}).get(kind)
    what = f"{where}: [place] {kind}"
    if not isinstance(found, Mapping) or set(found) != {"inside_m", "outside_m"}:
        raise DataError(f"{what} must have inside_m and outside_m, not {found!r}")
    inside, outside = (_number(found, key, 1, 10_000, f"{what}.{key}") for key in ("inside_m", "outside_m"))
    if outside <= inside:
        raise DataError(f"{what}: outside_m must be more than inside_m, or noise would have the vehicle come and go")
    return Ring(inside, outside)


@cache
def default_position_settings() -> PositionSettings:
    """The settings that ship with Siaga.

    Raises:
        DataError: a table is wrong.
    """
    return read_position_settings(read_table("positions.toml"), default_settings())
