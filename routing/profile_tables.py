"""`data/profiles.toml` read and checked: the figures behind the profiles, without their meaning (`routing.profiles`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from routing.datafiles import read_table
from routing.errors import DataError

FILE = "profiles.toml"
Verdict = Literal["open", "restricted", "closed"]


@dataclass(frozen=True, slots=True)
class AccessValues:
    """What values of access tags mean; any other value means nothing."""

    verdicts: Mapping[str, Verdict]
    right_of_way: frozenset[str]
    waived: frozenset[str]


@dataclass(frozen=True, slots=True)
class Barrier:
    """A kind of barrier: who gets past it where its tags say nothing, whether it is immovable, and the delay."""

    verdicts: Mapping[str, Verdict]
    fixed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything in the file that all profiles share."""

    zone_limits: Mapping[str, float]
    speeds: Mapping[str, Mapping[str, float]]
    speeds_where_allowed: Mapping[str, Mapping[str, float]]
    service_caps: Mapping[str, float]
    surface_caps: Mapping[str, float]
    smoothness_caps: Mapping[str, float]
    tracktype_caps: Mapping[str, float]
    gang_cap: float
    traffic_calming_cap: float
    ford_cap: float
    narrow_factor: float
    presumed_widths: Mapping[str, float]
    narrow_classes: frozenset[str]
    least_width_m: float
    least_width_classes: frozenset[str]
    access: AccessValues
    restricted_services: frozenset[str]
    emergency_services: frozenset[str]
    barriers: Mapping[str, Barrier]
    movable_bollards: frozenset[str]
    movable_seconds: float
    flat_kerbs: frozenset[str]
    restrictor_height_m: float
    point_seconds: Mapping[str, float]
    waived_restrictions: frozenset[str]


class Section:
    """A table of the file that knows its own name, so that every error says where it is."""

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        self.name = name
        self._content = content

    def _wrong(self, key: str, expected: str) -> DataError:
        return DataError(f"data/{FILE}: {self.name}{'.' if self.name else ''}{key} must be {expected}")

    def _value(self, key: str, expected: str) -> object:
        if key not in self._content:
            raise self._wrong(key, f"{expected}, and is missing")
        return self._content[key]

    def keys(self) -> list[str]:
        return list(self._content)

    def section(self, key: str) -> Section:
        value = self._value(key, "a table")
        if not isinstance(value, Mapping):
            raise self._wrong(key, "a table")
        return Section(f"{self.name}.{key}" if self.name else key, value)

    def number(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self._content:
            return default
        value = self._value(key, "a number, 0 or more")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self._wrong(key, "a number, 0 or more")
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        if default is not None and key not in self._content:
            return default
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def word(self, key: str, allowed: Iterable[str]) -> str:
        expected = "one of " + ", ".join(allowed)
        value = self._value(key, expected)
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(key, expected)
        return value

    def words(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if default is not None and key not in self._content:
            return default
        value = self._value(key, "a list of words")
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of words")
        return tuple(cast("list[str]", value))

    def numbers(self, skip: Iterable[str] = ()) -> dict[str, float]:
        return {key: self.number(key) for key in self._content if key not in skip}

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that nothing reads: a typing error would otherwise silently change nothing."""
        for key in self._content:
            if key not in known:
                raise DataError(f"data/{FILE}: {self.name}.{key} is not a known key; known are {', '.join(sorted(known))}")


def read_sections() -> Section:
    """The whole file.

    Raises:
        DataError: missing or not TOML.
    """
    return Section("", read_table(FILE))


def _access(section: Section) -> AccessValues:
    section.only({"open", "restricted", "closed", "right_of_way", "waived"})
    verdicts: dict[str, Verdict] = {}
    kinds: tuple[Verdict, ...] = ("open", "restricted", "closed")
    for verdict in kinds:
        for word in section.words(verdict):
            if word in verdicts:
                raise DataError(f"data/{FILE}: access.{verdict} holds {word!r}, which access.{verdicts[word]} holds already")
            verdicts[word] = verdict
    return AccessValues(verdicts, frozenset(section.words("right_of_way")), frozenset(section.words("waived")))


def _barrier(section: Section) -> Barrier:
    section.only({"motor", "motorcycle", "foot", "fixed", "seconds"})
    kinds = ("open", "restricted", "closed")
    motor = section.word("motor", kinds)
    present = section.keys()
    verdicts = {
        "motor": motor,
        "motorcycle": section.word("motorcycle", kinds) if "motorcycle" in present else motor,
        "foot": section.word("foot", kinds) if "foot" in present else "open",
    }
    return Barrier(cast("dict[str, Verdict]", verdicts), section.flag("fixed", default=False), section.number("seconds"))


_POINTS = ("traffic_signals", "crossing_signals", "stop", "give_way", "mini_roundabout", "level_crossing", "traffic_calming")


def read_tables(root: Section) -> Tables:
    """The shared tables of the file.

    Raises:
        DataError: something is missing, unknown or of the wrong kind; the message names file and key.
    """
    speeds, allowed, caps, other = (
        root.section("speeds"),
        root.section("speeds_where_allowed"),
        root.section("caps"),
        root.section("caps").section("other"),
    )
    widths, mapped, details, defaults = (
        root.section("presumed_widths"),
        root.section("mapped_widths"),
        root.section("barrier_details"),
        root.section("restricted_by_default"),
    )
    barriers, points = root.section("barriers"), root.section("point_seconds")
    points.only(_POINTS)
    mapped.only({"least_m", "least_classes"})
    barriers.section("other")
    return Tables(
        zone_limits={key.lower(): value for key, value in root.section("zone_limits").numbers().items()},
        speeds={name: speeds.section(name).numbers() for name in speeds.keys()},  # noqa: SIM118 (not a dictionary)
        speeds_where_allowed={name: allowed.section(name).numbers() for name in allowed.keys()},  # noqa: SIM118
        service_caps=caps.section("service").numbers(),
        surface_caps=caps.section("surface").numbers(),
        smoothness_caps=caps.section("smoothness").numbers(),
        tracktype_caps=caps.section("tracktype").numbers(),
        gang_cap=other.number("gang"),
        traffic_calming_cap=other.number("traffic_calming"),
        ford_cap=other.number("ford"),
        narrow_factor=root.section("factors").number("narrow"),
        presumed_widths=widths.numbers(skip=("narrow_classes",)),
        narrow_classes=frozenset(widths.words("narrow_classes")),
        least_width_m=mapped.number("least_m"),
        least_width_classes=frozenset(mapped.words("least_classes")),
        access=_access(root.section("access")),
        restricted_services=frozenset(defaults.words("service")),
        emergency_services=frozenset(defaults.words("emergency_service")),
        barriers={name: _barrier(barriers.section(name)) for name in barriers.keys()},  # noqa: SIM118
        movable_bollards=frozenset(details.words("movable_bollards")),
        movable_seconds=details.number("movable_seconds"),
        flat_kerbs=frozenset(details.words("flat_kerbs")),
        restrictor_height_m=details.number("presumed_restrictor_height_m"),
        point_seconds={name: points.number(name) for name in _POINTS},
        waived_restrictions=frozenset(root.section("right_of_way").words("waived_restrictions")),
    )
