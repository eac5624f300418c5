"""What single OSM tags say: speeds, lengths, weights, durations, one-ways, conditions; and which of them matter for costs.

Parsers return None for what can't be read, never a guess. What a value *means* for a vehicle is `routing.profiles`' matter.
Syntax as on the OSM wiki: Key:maxspeed, Key:maxwidth, Map Features/Units, Key:duration, Key:oneway, Conditional restrictions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import opening_hours

from routing.osm import TagSet

Direction = Literal["forward", "backward"]

MPH_KPH = 1.609344
KNOT_KPH = 1.852
FOOT_M = 0.3048
INCH_M = 0.0254
SHORT_TON_T = 0.90718474
POUND_T = 0.00045359237

# -- numbers with units -------------------------------------------------------------------------------------------------

_NUMBER = r"\d+(?:[.,]\d+)?"
_SPEED = re.compile(rf"({_NUMBER})\s*(km/?h|kmh|kph|mph|knots?)?")
_METRIC_LENGTH = re.compile(rf"[~≈<>]?\s*({_NUMBER})\s*(m|meters?|metres?|cm|km|ft|feet)?\.?")
_IMPERIAL_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*'\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''))?|(\d+(?:\.\d+)?)\s*(?:\"|'')")
_WEIGHT = re.compile(rf"({_NUMBER})\s*(t|tons?|tonnes?|kg|st|lbs?)?\.?")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2})")
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE)
_WORDED_DURATION = re.compile(r"(?:(\d+)\s*h(?:ours?)?)?\s*(?:(\d+)\s*m(?:in(?:ute)?s?)?)?", re.IGNORECASE)

_LENGTH_UNIT_M = {"cm": 0.01, "km": 1000.0, "ft": FOOT_M, "feet": FOOT_M}
_SPEED_UNIT_KPH = {"mph": MPH_KPH, "knot": KNOT_KPH, "knots": KNOT_KPH}
_WEIGHT_UNIT_T = {"kg": 0.001, "st": SHORT_TON_T, "lb": POUND_T, "lbs": POUND_T}


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def values(text: str) -> list[str]:
    """The parts of a list value ("asphalt;gravel", "40 ; 50"), trimmed, in lower case, empty ones left out."""
    return [part for part in (piece.strip().lower() for piece in re.split(r"[;|]", text)) if part]


def speed_kph(text: str, zones: Mapping[str, float]) -> float | None:
    """A `maxspeed` in km/h: `math.inf` for "none", the lowest of several, None where it names no speed ("signals").

    Args:
        text: "50", "50 km/h", "30 mph", "40;50", "ID:urban", "DE:zone:30", "walk", "none", …
        zones: km/h by legal zone, in lower case: first looked up with the country ("id:urban"), then without ("urban").
    """
    found = [speed for part in values(text) if (speed := _one_speed_kph(part, zones)) is not None]
    return min(found) if found else None


def _one_speed_kph(text: str, zones: Mapping[str, float]) -> float | None:
    if text == "none":
        return math.inf
    if match := _SPEED.fullmatch(text):
        speed = _number(match[1]) * _SPEED_UNIT_KPH.get(match[2] or "", 1.0)
        return speed if speed > 0 else None  # maxspeed=0 is a mistake or a closure told elsewhere
    if text in zones:
        return zones[text]
    if ":" in text:
        zone = text.split(":", 1)[1].replace(":", "").replace("zone", "")
        if zone.isdecimal():
            return float(zone) or None
        return zones.get(zone)
    return None


def length_m(text: str) -> float | None:
    """A width, height or length in metres: "2.5", "2,5 m", "250 cm", "6'6\"", "3-4" (the lower); None for "default"."""
    found: list[float] = []
    for part in values(text):
        # "3-4" is a range: what is certain is the lower end. A leading minus is a mistake.
        pieces = [piece.strip() for piece in part.split("-")] if not part.startswith("-") else [part]
        for piece in pieces:
            value = _one_length_m(piece)
            if value is None:
                break
            found.append(value)
    return min(found) if found else None


def _one_length_m(text: str) -> float | None:
    if match := _METRIC_LENGTH.fullmatch(text):
        length = _number(match[1]) * _LENGTH_UNIT_M.get(match[2] or "", 1.0)
    elif match := _IMPERIAL_LENGTH.fullmatch(text):
        length = float(match[1] or 0) * FOOT_M + float(match[2] or match[3] or 0) * INCH_M
    else:
        return None
    return length if length > 0 else None


def weight_t(text: str) -> float | None:
    """A `maxweight` in metric tonnes: "3.5", "3,5 t", "7500 kg", "10 st"; the lowest of several; None for "default"."""
    found: list[float] = []
    for part in values(text):
        if match := _WEIGHT.fullmatch(part):
            weight = _number(match[1]) * _WEIGHT_UNIT_T.get(match[2] or "", 1.0)
            if weight > 0:
                found.append(weight)
    return min(found) if found else None


def duration_seconds(text: str) -> float | None:
    """A `duration` in seconds: "00:20" (hours:minutes), "1:05:00", "PT20M", "20" (minutes), "20 min", "1 h 30 min"."""
    text = text.strip()
    if match := _CLOCK.fullmatch(text):
        if match[1] is not None:  # h:mm:ss
            seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        else:
            seconds = int(match[2]) * 3600 + int(match[3]) * 60
        return float(seconds) or None
    if text.isdecimal():
        return float(text) * 60 or None
    if match := _ISO_DURATION.fullmatch(text):
        days, hours, minutes, rest = (float(part or 0) for part in match.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + rest or None
    if match := _WORDED_DURATION.fullmatch(text):
        return float(match[1] or 0) * 3600 + float(match[2] or 0) * 60 or None
    return None


# -- one-ways -----------------------------------------------------------------------------------------------------------

OneWay = Literal["no", "forward", "backward", "closed"]
_ONEWAY: dict[str, OneWay] = {
    "yes": "forward",
    "true": "forward",
    "1": "forward",
    "-1": "backward",
    "reverse": "backward",
    "no": "no",
    "false": "no",
    "0": "no",
    # One direction at a time, changed by a signal at the narrow part: both directions get through.
    "alternating": "no",
    # The direction changes by the clock; without `oneway:conditional` nobody can say which holds, so neither is offered.
    "reversible": "closed",
}


def one_way(tags: TagSet, modes: Iterable[str]) -> OneWay:
    """Which direction a way may be used in by a vehicle known as `modes` (general to specific).

    `oneway:<mode>` goes before `oneway`; a value that can't be read counts as absent; roundabouts and motorways are one-way
    unless they say otherwise (OSM wiki, Key:oneway).
    """
    for key in [*(f"oneway:{mode}" for mode in reversed(tuple(modes))), "oneway"]:
        if key in tags and (meaning := _ONEWAY.get(tags[key].strip().lower())) is not None:
            return meaning
    if tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway":
        return "forward"
    return "no"


# -- conditions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause:
    """`key = value` while `hours` (OSM opening_hours syntax, local time) say "open"; if `outside`, while they say "closed"."""

    key: str
    value: str
    hours: str
    outside: bool = False

    @property
    def when(self) -> str:
        """The time in words, alike for clauses that hold at the same times."""
        return f"not ({self.hours})" if self.outside else self.hours


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditional tags of one tag set: those that are a matter of time, and the rest as they were written.

    `not_understood` holds `key=value @ (condition)` for conditions on weight, weather, permits and the like, and for what
    can't be read; they are reported and never applied.
    """

    timed: tuple[Clause, ...]
    not_understood: tuple[str, ...]


_CONDITIONAL = ":conditional"
_ANY_TIME = datetime(2025, 1, 1)  # noqa: DTZ001  (opening hours are in local time)
_CLAUSE = re.compile(r"\s*([^@;]+?)\s*@\s*(\((?:[^()]|\([^()]*\))*\)|[^;()]+)\s*(?:;|$)")


def timed_clauses(tags: TagSet) -> Conditions:
    """Every condition in `tags`, in the order in which they apply (of two that hold, the later one wins).

    `KEY:conditional = value @ (hours); value @ hours` gives one clause each. `opening_hours` on a barrier means that it is
    shut (`locked=yes`) at all other times.
    """
    timed: list[Clause] = []
    not_understood: list[str] = []
    for key in sorted(tags):
        if key.endswith(_CONDITIONAL):
            base = key.removesuffix(_CONDITIONAL)
            clauses, rest = _split_conditional(tags[key])
            not_understood.extend(f"{key}={part}" for part in rest)
            for value, condition in clauses:
                if (hours := _hours(condition)) is not None:
                    timed.append(Clause(base, value, hours))
                else:
                    not_understood.append(f"{key}={value} @ ({condition})")
        elif key == "opening_hours" and "barrier" in tags and tags[key].strip() != "24/7":
            hours = _hours(tags[key])
            if hours is not None and not _says_only_closed(hours):
                timed.append(Clause("locked", "yes", hours, outside=True))
            else:
                not_understood.append(f"{key}={tags[key]}")
    return Conditions(tuple(timed), tuple(not_understood))


def _split_conditional(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(value, condition) pairs without their outer parentheses, and the text that fits no clause."""
    clauses: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _CLAUSE.match(text, position)
        if match is None:
            rest = text[position:].strip(" ;")
            return clauses, [rest] if rest else []
        condition = match[2].strip()
        if condition.startswith("(") and condition.endswith(")"):
            condition = condition[1:-1].strip()
        clauses.append((match[1].strip().lower(), condition))
        position = match.end()
    return clauses, []


def _hours(condition: str) -> str | None:
    """`condition` as opening_hours text, or None where it is not a matter of time. `AND` of two times is kept apart too."""
    # The wiki writes "sunset - sunrise" and "06:00 - 09:00" in places; opening_hours takes both.
    return condition if condition and opening_hours.validate(condition) else None


def _says_only_closed(hours: str) -> bool:
    """Whether these hours are never open but name a time: "22:00-05:00 closed" means to be open by day, and doesn't say so."""
    parsed = opening_hours.OpeningHours(hours)
    never = parsed.is_closed(_ANY_TIME) and parsed.next_change(_ANY_TIME) is None
    return never and hours.strip().lower() not in ("closed", "off")


def with_conditions(tags: TagSet, active: Iterable[Clause]) -> TagSet:
    """`tags` as they stand while `active` clauses hold: each sets its key, later ones over earlier ones."""
    current = dict(tags)
    for clause in active:
        current[clause.key] = clause.value
    return current


# -- which tags matter for costs ----------------------------------------------------------------------------------------

MODES = ("access", "vehicle", "motor_vehicle", "motorcar", "motorcycle", "psv", "bus", "emergency", "foot")
_ONEWAY_MODES = MODES[1:]
_SPEED_MODES = ("motor_vehicle", "motorcar", "motorcycle", "emergency")
_DIRECTIONS = ("forward", "backward")


def _with_directions(keys: Iterable[str]) -> set[str]:
    return {name for key in keys for name in (key, *(f"{key}:{direction}" for direction in _DIRECTIONS))}


_ACCESS_KEYS = _with_directions(MODES)
_ONEWAY_KEYS = {"oneway", *(f"oneway:{mode}" for mode in _ONEWAY_MODES)}
_SPEED_KEYS = _with_directions({"maxspeed", *(f"maxspeed:{mode}" for mode in _SPEED_MODES)})
_SIZE_KEYS = {"maxwidth", "maxwidth:physical", "maxheight", "maxheight:physical", "maxweight"}
_TIMED_KEYS = _ACCESS_KEYS | _ONEWAY_KEYS | _SPEED_KEYS

WAY_KEYS: frozenset[str] = frozenset(
    {"highway", "service", "route", "ferry", "ferry:kph", "junction", "area", "motorroad", "toll", "gang", "narrow"}
    | {"tracktype", "surface", "smoothness", "ford", "traffic_calming"}
    | {"width", "width:carriageway", "est_width", "maxspeed:advisory", "maxspeed:type", "source:maxspeed", "zone:maxspeed"}
    | {"busway", "busway:left", "busway:right", "busway:both"}
    | _SIZE_KEYS
    | _TIMED_KEYS
    | {f"{key}{_CONDITIONAL}" for key in _TIMED_KEYS}
)
"""Keys of a way that can change its cost for some profile, or when it changes; `toll`, which guidance tells."""

POINT_KEYS: frozenset[str] = frozenset(
    {"barrier", "highway", "direction", "crossing", "railway", "traffic_calming", "locked", "bollard", "kerb", "opening_hours"}
    | _SIZE_KEYS
    | set(MODES)
    | {f"{key}{_CONDITIONAL}" for key in (*MODES, "locked")}
)
"""Keys of a point on a way that can change what it costs to pass it."""

COST_KEYS: frozenset[str] = WAY_KEYS | POINT_KEYS
"""Every key that a tag set of the network may hold."""

# Values that say nothing about costs and would only multiply the tag sets.
_IDLE_WAY_VALUES = {
    ("area", "no"),
    ("junction", "yes"),
    ("motorroad", "no"),
    ("toll", "no"),
    ("narrow", "no"),
    ("ford", "no"),
    ("traffic_calming", "no"),
}
_POINT_HIGHWAYS = {"traffic_signals", "stop", "give_way", "mini_roundabout"}
_POINT_CALMING = {"no", "island", "painted_island", "surface"}
_ZONE_KEYS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed")
_GANG = re.compile(r"(?:gang|gg)\b\.?", re.IGNORECASE)
_GANG_CLASSES = {"residential", "living_street", "service", "unclassified", "path", "footway", "pedestrian", "track"}

ROAD_CLASSES: frozenset[str] = frozenset(
    {"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link"}
    | {"tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "road", "track", "pedestrian"}
    | {"footway", "path", "steps", "cycleway", "bridleway", "busway", "corridor", "elevator"}
)
"""Values of `highway` that some profile may use. Not among them: planned, under construction, abandoned, bus_guideway (the
wheels are held by kerbs), raceway, escape, via_ferrata, platform, and areas such as services and rest_area."""

AREA_CLASSES: frozenset[str] = frozenset({"pedestrian", "footway", "path"})
"""Classes whose areas (`area=yes`) people on foot cross along the rim; areas of other classes are no ways at all."""


def road_class(tags: TagSet) -> str | None:
    """The class of a way: a known value of `highway` (the first known one of a list), "ferry", or None if no way at all."""
    highway = tags.get("highway")
    if highway is None:
        return "ferry" if tags.get("route") == "ferry" else None
    if highway in ROAD_CLASSES:
        return highway
    return next((value for value in values(highway) if value in ROAD_CLASSES), None)


def is_way(tags: TagSet) -> bool:
    """Whether a way with these tags belongs into the table of ways."""
    kind = road_class(tags)
    return kind is not None and (tags.get("area") != "yes" or kind in AREA_CLASSES)


def way_tags(tags: TagSet) -> dict[str, str]:
    """The tags of a way that matter for costs, unified so that few distinct sets remain.

    A minor road whose name begins with "Gang" or "Gg." gets `gang=yes`: an Indonesian alley, as the name says.
    """
    kept = {
        key: value
        for key, value in tags.items()
        if key in WAY_KEYS and (key, value) not in _IDLE_WAY_VALUES and key not in ("gang", "ferry:kph")
    }
    kind = road_class(tags)
    if kind is not None and kind != "ferry":
        kept["highway"] = kind
        kept.pop("route", None)  # bus routes and the like, drawn on the way itself
        kept.pop("ferry", None)
    elif kind == "ferry":
        kept["route"] = "ferry"
    if kind != "service":
        kept.pop("service", None)
    implied_one_way = kept.get("junction") in ("roundabout", "circular") or kind == "motorway"
    if "oneway" in kept and _ONEWAY.get(kept["oneway"]) == "no" and not implied_one_way:
        del kept["oneway"]
    for key in _ZONE_KEYS:  # "sign", "survey": where a limit was read, not what it is
        if key in kept and ("maxspeed" in kept or ":" not in kept[key]):
            del kept[key]
    if kind in _GANG_CLASSES and _GANG.match(tags.get("name", "").strip()):
        kept["gang"] = "yes"
    return kept


def point_tags(tags: TagSet) -> dict[str, str]:
    """The tags of a point that matter for passing it, unified; empty where it costs nothing (a plain crossing, a bus stop)."""
    kept: dict[str, str] = {}
    if "barrier" in tags:
        kept = {key: tags[key] for key in POINT_KEYS & tags.keys()}
        for key in ("highway", "direction", "crossing", "railway", "traffic_calming"):
            kept.pop(key, None)
    if tags.get("highway") in _POINT_HIGHWAYS:
        kept["highway"] = tags["highway"]
    elif tags.get("highway") == "crossing" and (
        tags.get("crossing") == "traffic_signals" or tags.get("crossing:signals") == "yes"
    ):
        kept["crossing"] = "traffic_signals"
    elif tags.get("barrier") == "kerb" and tags.get("highway") == "crossing":
        kept["highway"] = "crossing"
    facing = tags.get("traffic_signals:direction", tags.get("direction"))
    if ("highway" in kept or "crossing" in kept) and facing in ("forward", "backward"):
        kept["direction"] = facing
    if tags.get("railway") == "level_crossing":
        kept["railway"] = "level_crossing"
    if tags.get("traffic_calming", "no") not in _POINT_CALMING:
        kept["traffic_calming"] = tags["traffic_calming"]
        kept.update({key: tags[key] for key in _SIZE_KEYS & tags.keys()})  # a choker may leave too little room
    return kept
