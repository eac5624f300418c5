"""Who travels, and what the tags of a way, a point or a turn restriction mean for them.

Figures stand in `data/profiles.toml`, with their sources. The rules here follow the OSM wiki (Key:access, Key:barrier,
Relation:restriction) and, where OSM leaves a gap, the choice that keeps a patient from waiting at a dead end: what is unknown
is open on ordinary roads and closed where a vehicle normally doesn't belong.

Conditional tags are never applied here: `routing.tags.timed_clauses` lists them, `routing.tags.with_conditions` gives the
tags as they stand at some time, and the profile is asked again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from routing.errors import DataError
from routing.network import DrivingSide
from routing.osm import TagSet
from routing.profile_tables import FILE, Section, Tables, Verdict, read_sections, read_tables
from routing.tags import Direction, length_m, one_way, road_class, speed_kph, values, weight_t

MOTOR_PROFILES: tuple[str, ...] = ("car", "ambulance", "ambulance_priority", "motorcycle")
"""Profiles that have a hierarchy of their own, in the order in which they are prepared and stored."""

PROFILES: tuple[str, ...] = (*MOTOR_PROFILES, "foot")


@dataclass(frozen=True, slots=True)
class WayUse:
    """What one direction of a way is to a traveller.

    `speed_kph` is 0 where it is closed. `restricted` ways are for reaching or leaving what lies on them. On a `ferry` the
    speed is that of the crossing; `Profile.ferry_wait_seconds` is to be added to each turn from a road onto a ferry.
    """

    speed_kph: float
    restricted: bool = False
    ferry: bool = False


@dataclass(frozen=True, slots=True)
class PointUse:
    """What passing a point (a barrier, a signal) is to a traveller.

    Attributes:
        open: whether one gets through. restricted: as for ways.
        seconds: what it takes who comes along the way and who comes against it (signals and signs may face one of them).
        signal_seconds: how much of that is waiting at signals.
    """

    open: bool
    restricted: bool = False
    seconds: tuple[float, float] = (0.0, 0.0)
    signal_seconds: tuple[float, float] = (0.0, 0.0)


CLOSED_WAY = WayUse(0.0)
_CLOSED_POINT, _FREE_POINT = PointUse(open=False), PointUse(open=True)
_OPENNESS: Mapping[Verdict, int] = MappingProxyType({"closed": 0, "restricted": 1, "open": 2})
_MOTORWAYS = ("motorway", "motorway_link")
_FOOTWAYS = ("footway", "path", "bridleway", "cycleway")


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A kind of traveller.

    Attributes:
        name: as in `data/profiles.toml`.
        motor: drives (has turn delays, obeys one-ways); else walks.
        modes: OSM access keys that speak of this traveller, general to specific.
        bus_modes: access keys that open what `modes` closes, and never close (right of way).
        width_m, height_m, weight_t: of the vehicle, loaded; `clearance_m` is the room it needs beyond its width.
        right_of_way: drives with siren and lights.
        emergency_access: what ways built for emergencies are to it where no access tag says anything.
        u_turn_seconds: turning round in the road; None = never, except where nothing else goes on.
        ferry_wait_seconds: added to each turn from a road onto a ferry.
    """

    name: str
    motor: bool
    modes: tuple[str, ...]
    bus_modes: tuple[str, ...]
    width_m: float
    clearance_m: float
    height_m: float
    weight_t: float
    right_of_way: bool
    emergency_access: Verdict
    u_turn_seconds: float | None
    ferry_wait_seconds: float
    near_turn_seconds: float
    far_turn_seconds: float
    speed_factor: float
    limit_factor: float
    top_kph: float
    signal_factor: float
    pedestrian_kph: float
    busway_kph: float
    closed_smoothness: frozenset[str]
    speeds: Mapping[str, float]
    speeds_where_allowed: Mapping[str, float]
    barrier_column: str
    tables: Tables

    # -- ways -----------------------------------------------------------------------------------------------------------

    def way(self, tags: TagSet) -> tuple[WayUse, WayUse]:
        """The use of a way with these tags: forward (in the OSM way's direction) and backward."""
        kind = road_class(tags)
        if kind is None or (self.motor and tags.get("area") == "yes") or not self._fits_way(tags, kind):
            return CLOSED_WAY, CLOSED_WAY
        if not self.motor and tags.get("motorroad") == "yes":
            return CLOSED_WAY, CLOSED_WAY
        forward, backward = self._directions(tags)
        return (
            self._use(tags, kind, "forward") if forward else CLOSED_WAY,
            self._use(tags, kind, "backward") if backward else CLOSED_WAY,
        )

    def _directions(self, tags: TagSet) -> tuple[bool, bool]:
        if not self.motor:
            meaning = one_way({"oneway": tags.get("oneway:foot", "no")}, ())
            return meaning in ("no", "forward"), meaning in ("no", "backward")
        meaning = one_way(tags, self.modes[1:])
        if self.right_of_way and meaning != "no" and self._contraflow_bus_lane(tags):
            meaning = "no"
        return meaning in ("no", "forward"), meaning in ("no", "backward")

    def _contraflow_bus_lane(self, tags: TagSet) -> bool:
        lanes = (tags.get(key, "") for key in ("busway", "busway:left", "busway:right", "busway:both"))
        return any(lane.startswith("opposite") for lane in lanes) or any(
            tags.get(f"oneway:{mode}") == "no" for mode in self.bus_modes
        )

    def _use(self, tags: TagSet, kind: str, direction: Direction) -> WayUse:
        verdict = self._way_verdict(tags, kind, direction)
        if verdict == "closed":
            return CLOSED_WAY
        speed = self._speed_kph(tags, kind, direction)
        return WayUse(speed, restricted=verdict == "restricted", ferry=kind == "ferry") if speed > 0 else CLOSED_WAY

    def _way_verdict(self, tags: TagSet, kind: str, direction: Direction) -> Verdict:
        if self.right_of_way and kind == "busway":
            return self._said(tags, ("emergency",), direction) or "open"
        if kind not in self.speeds:
            if kind not in self.speeds_where_allowed:
                return "closed"
            # access=yes alone doesn't make a footpath a road; access=no may still close what nothing else opens. A toll road
            # says motor_vehicle=yes of cars: motorcycles must be named.
            said = self._said(tags, self.modes[-1:] if kind in _MOTORWAYS else self.modes[1:], direction)
            if said in ("open", "restricted"):
                return said
            return "restricted" if kind == "pedestrian" and self._gets_into_pedestrian_street(tags, direction) else "closed"
        said = self._said(tags, self.modes, direction)
        if said is not None:
            return said
        service = tags.get("service")
        if kind == "ferry" and self.motor and "ferry" not in tags:
            return "closed"  # the boats of Indonesian rivers take people; that one takes vehicles must be said
        if kind == "service" and self.motor:
            if service in self.tables.emergency_services:
                return self.emergency_access
            if service in self.tables.restricted_services:
                return "restricted"
        return "open"

    def _said(self, tags: TagSet, modes: tuple[str, ...], direction: Direction | None) -> Verdict | None:
        """What the access tags say, the most specific that says anything; None where they are silent."""
        verdict: Verdict | None = None
        for mode in reversed(modes):
            for key in (f"{mode}:{direction}", mode) if direction else (mode,):
                if key in tags and (verdict := self._judge(tags[key])) is not None:
                    break
            if verdict is not None:
                break
        if verdict != "open" and self._bus_opens(tags, direction) and self._judge(tags.get("emergency", "")) != "closed":
            return "open"  # emergency=no is the one thing that speaks of this traveller more exactly than bus=yes does
        return verdict

    def _bus_opens(self, tags: TagSet, direction: Direction | None) -> bool:
        return any(self._judge(tags.get(f"{mode}:{direction}", tags.get(mode, ""))) == "open" for mode in self.bus_modes)

    def _judge(self, value: str) -> Verdict | None:
        """The meaning of an access value; of a list ("destination;delivery") the most open one."""
        access = self.tables.access
        found: list[Verdict] = []
        for word in values(value):
            if self.right_of_way and (word in access.right_of_way or word in access.waived):
                found.append("open")
            elif word in access.verdicts:
                found.append(access.verdicts[word])
        return _most_open(found) if found else None

    def _gets_into_pedestrian_street(self, tags: TagSet, direction: Direction) -> bool:
        """Whether a width that suffices, or access for some vehicles at some time, shows that an ambulance gets in."""
        if not self.right_of_way or self._said(tags, ("emergency",), direction) == "closed":
            return False
        if self._judge(tags.get("access", "yes")) != "open":
            return False
        if any(f"{mode}:conditional" in tags for mode in ("vehicle", "motor_vehicle", "motorcar", *self.bus_modes)):
            return True  # deliveries in the morning: vehicles fit
        return self._mapped_width_m(tags, "pedestrian") is not None  # `_fits_way` has found it wide enough

    # -- room -----------------------------------------------------------------------------------------------------------

    def _fits_way(self, tags: TagSet, kind: str) -> bool:
        if not self.motor:
            return True
        if not self._fits_limits(tags):
            return False
        width = self._mapped_width_m(tags, kind)
        if width is None:
            width = self._presumed_width_m(tags, kind)
        return self.width_m + self.clearance_m <= width + 1e-9

    def _fits_limits(self, tags: TagSet) -> bool:
        """Against signs and built limits: they speak of the vehicle itself, so no clearance is added."""
        limits = (
            ("maxwidth", length_m, self.width_m),
            ("maxwidth:physical", length_m, self.width_m),
            ("maxheight", length_m, self.height_m),
            ("maxheight:physical", length_m, self.height_m),
            ("maxweight", weight_t, self.weight_t),
        )
        for key, parse, own in limits:
            if key in tags and (limit := parse(tags[key])) is not None and own > limit + 1e-9:
                return False
        return True

    def _mapped_width_m(self, tags: TagSet, kind: str) -> float | None:
        """The carriageway's width as mapped: the most exact tag that can be read and believed."""
        least = self.tables.least_width_m if kind in self.tables.least_width_classes else 0.0
        for key in ("width:carriageway", "width", "est_width"):
            if key in tags and (width := length_m(tags[key])) is not None and width >= least:
                return width
        return None

    def _presumed_width_m(self, tags: TagSet, kind: str) -> float:
        """The width to reckon with where none is mapped; unlimited on ordinary roads."""
        verdicts = self.tables.access.verdicts
        if any(verdicts.get(value) == "open" for mode in self.modes[1:] for value in values(tags.get(mode, ""))):
            return math.inf  # someone says that vehicles do pass
        widths = self.tables.presumed_widths
        width = widths[kind] if kind in _FOOTWAYS else math.inf
        if kind == "service" and tags.get("service") == "alley":
            width = min(width, widths["alley"])
        if tags.get("gang") == "yes":
            width = min(width, widths["gang"])
        if "narrow" in tags and kind in self.tables.narrow_classes:
            width = min(width, widths["narrow"])
        return width

    # -- speed ----------------------------------------------------------------------------------------------------------

    def _speed_kph(self, tags: TagSet, kind: str, direction: Direction) -> float:
        if kind == "ferry":
            return float(tags["ferry:kph"]) if "ferry:kph" in tags else self.speeds[kind]
        if not self.motor:
            return self.speeds[kind]
        # A surface, a bump, people in the street slow everyone alike: the factor is for free traffic only.
        speed = self.speeds[kind] * self.speed_factor if kind in self.speeds else self.speeds_where_allowed[kind]
        if self.right_of_way:
            speed = {"busway": self.busway_kph, "pedestrian": self.pedestrian_kph}.get(kind, speed)
        speed = min(speed, self._cap_kph(tags), self.top_kph)
        if tags.get("narrow") == "yes":
            speed *= self.tables.narrow_factor
        return min(speed, self._limit_kph(tags, direction) * self.limit_factor)

    def _cap_kph(self, tags: TagSet) -> float:
        tables = self.tables
        smoothness = tags.get("smoothness", "")
        if smoothness in self.closed_smoothness or tags.get("ford") in ("stepping_stones", "boat"):
            return 0.0
        caps = [tables.surface_caps.get(value, math.inf) for value in values(tags.get("surface", ""))]
        caps.append(tables.smoothness_caps.get(smoothness, math.inf))
        caps.append(tables.tracktype_caps.get(tags.get("tracktype", ""), math.inf))
        caps.append(tables.service_caps.get(tags.get("service", ""), math.inf))
        if tags.get("gang") == "yes":
            caps.append(tables.gang_cap)
        if "traffic_calming" in tags:
            caps.append(tables.traffic_calming_cap)
        if "ford" in tags:
            caps.append(tables.ford_cap)
        return min(caps)

    def _limit_kph(self, tags: TagSet, direction: Direction) -> float:
        """The speed limit, the most specific tag that names one; infinite where there is none."""
        modes = (*reversed(self.modes[2:]), "")
        keys = [f"maxspeed{':' if mode else ''}{mode}{end}" for mode in modes for end in (f":{direction}", "")]
        limit = math.inf
        for key in (*keys, "maxspeed:type", "source:maxspeed", "zone:maxspeed"):
            if key in tags and (found := speed_kph(tags[key], self.tables.zone_limits)) is not None:
                limit = found
                break
        if not self.right_of_way and "maxspeed:advisory" in tags:
            limit = min(limit, speed_kph(tags["maxspeed:advisory"], self.tables.zone_limits) or math.inf)
        return limit

    # -- points ---------------------------------------------------------------------------------------------------------

    def point(self, tags: TagSet) -> PointUse:
        """The use of a point with these tags: barriers, and delays at signals, stop signs, level crossings, bumps."""
        use = self._barrier(tags) if "barrier" in tags else _FREE_POINT
        if not use.open or (self.motor and not self._fits_limits(tags)):
            return _CLOSED_POINT
        delays = self.tables.point_seconds
        (both_ways, _), facing, signals = use.seconds, 0.0, 0.0  # a barrier takes as long from either side
        if tags.get("highway") == "traffic_signals":
            signals = delays["traffic_signals"] * self.signal_factor
        elif tags.get("highway") in ("stop", "give_way", "mini_roundabout"):
            facing = delays[tags["highway"]] * self.signal_factor
        if tags.get("crossing") == "traffic_signals":
            signals += delays["crossing_signals"] * self.signal_factor
        if tags.get("railway") == "level_crossing":
            both_ways += delays["level_crossing"]
        if self.motor and "traffic_calming" in tags:
            both_ways += delays["traffic_calming"]
        along, against = (float(tags.get("direction") in (None, end)) for end in ("forward", "backward"))
        return PointUse(
            open=True,
            restricted=use.restricted,
            seconds=(both_ways + along * (facing + signals), both_ways + against * (facing + signals)),
            signal_seconds=(along * signals, against * signals),
        )

    def _barrier(self, tags: TagSet) -> PointUse:
        tables = self.tables
        kind = next((value for value in values(tags["barrier"]) if value in tables.barriers), "other")
        barrier = tables.barriers[kind]
        movable = kind == "bollard" and tags.get("bollard") in tables.movable_bollards
        verdict: Verdict = barrier.verdicts[self.barrier_column]
        if kind == "kerb" and (tags.get("kerb") in tables.flat_kerbs or tags.get("highway") == "crossing"):
            verdict = "open"
        if kind == "height_restrictor" and self.motor and "maxheight" not in tags:
            verdict = verdict if self.height_m <= tables.restrictor_height_m else "closed"
        said = self._said_of_barrier(tags, immovable=barrier.fixed and not movable)
        if tags.get("locked") == "yes" and (said is None or self.motor):
            return _CLOSED_POINT  # a lock yields to no siren
        verdict = said or verdict
        seconds = tables.movable_seconds if movable and verdict != "closed" and self.width_m > 1 else barrier.seconds
        return PointUse(open=verdict != "closed", restricted=verdict == "restricted", seconds=(seconds, seconds))

    def _said_of_barrier(self, tags: TagSet, *, immovable: bool) -> Verdict | None:
        """What a barrier's access tags say. What can't be moved opens for ordinary vehicles' own keys only: access=yes on a
        bollard is for people on foot, and emergency=yes or bus=yes don't widen a gap."""
        if not immovable:
            return self._said(tags, self.modes, None)
        specific = tuple(mode for mode in self.modes[1:] if mode != "emergency")
        verdict = next((said for mode in reversed(specific) if (said := self._judge(tags.get(mode, "")))), None)
        if verdict is None and self._judge(tags.get("access", "")) == "closed":
            return "closed"
        return verdict

    # -- turns ----------------------------------------------------------------------------------------------------------

    def obeys(self, restriction_tags: TagSet) -> bool:
        """Whether a turn restriction with these tags binds this traveller.

        `restriction:<mode>` binds that mode, `restriction` every vehicle that `except` does not name; people on foot only
        obey `restriction:foot`. Right of way waives the kinds that the table lists. A value that is neither no_* nor only_*
        binds nobody.
        """
        own = self.modes[1:]
        kind = next(
            (restriction_tags[key] for mode in reversed(own) if (key := f"restriction:{mode}") in restriction_tags), None
        )
        if kind is None:
            if not self.motor:
                return False
            kind = restriction_tags.get("restriction", "")
            if not {*own, *self.bus_modes}.isdisjoint(values(restriction_tags.get("except", ""))):
                return False
        bans = [ban for ban in values(kind) if ban.startswith(("no_", "only_"))]
        if self.right_of_way:
            bans = [ban for ban in bans if ban not in self.tables.waived_restrictions]
        return bool(bans)

    def turn_seconds(self, angle_degrees: NDArray[np.int16], driving_side: DrivingSide) -> NDArray[np.float64]:
        """The delay of turns by their angle (-180 … 180, positive to the right): float64, same shape.

        Smooth: `full · sin²(angle / 2)`, nothing straight on, half at a right angle; `full` is the near-side or the far-side
        delay, the latter for turns across oncoming traffic. U-turns cost `u_turn_seconds` instead, which is not added here.
        """
        angle = np.asarray(angle_degrees, dtype=np.float64)
        near = angle <= 0 if driving_side == "left" else angle >= 0
        full = np.where(near, self.near_turn_seconds, self.far_turn_seconds)
        result: NDArray[np.float64] = full * np.sin(np.radians(angle) / 2) ** 2
        return result


def _most_open(verdicts: list[Verdict]) -> Verdict:
    return max(verdicts, key=lambda verdict: _OPENNESS[verdict])


def _restriction_keys(modes: tuple[str, ...]) -> list[str]:
    return [f"restriction:{mode}" for mode in reversed(modes)]


# -- loading ------------------------------------------------------------------------------------------------------------

_REQUIRED = {"motor", "modes", "speeds", "barrier_column", "width_m", "clearance_m", "height_m", "weight_t", "right_of_way"} | {
    *("speed_factor", "limit_factor", "top_kph", "near_turn_seconds", "far_turn_seconds", "signal_factor"),
    *("ferry_wait_seconds", "closed_smoothness", "emergency_access"),
}
_OPTIONAL = {"bus_modes", "u_turn_seconds", "pedestrian_kph", "busway_kph"}


def _profile(name: str, section: Section, tables: Tables) -> Profile:
    section.only(_REQUIRED | _OPTIONAL)
    speeds = section.word("speeds", tables.speeds)
    return Profile(
        name=name,
        motor=section.flag("motor"),
        modes=section.words("modes"),
        bus_modes=section.words("bus_modes", default=()),
        width_m=section.number("width_m"),
        clearance_m=section.number("clearance_m"),
        height_m=section.number("height_m"),
        weight_t=section.number("weight_t"),
        right_of_way=section.flag("right_of_way"),
        emergency_access=cast("Verdict", section.word("emergency_access", get_args(Verdict))),
        u_turn_seconds=section.number("u_turn_seconds") if "u_turn_seconds" in section.keys() else None,  # noqa: SIM118
        ferry_wait_seconds=section.number("ferry_wait_seconds"),
        near_turn_seconds=section.number("near_turn_seconds"),
        far_turn_seconds=section.number("far_turn_seconds"),
        speed_factor=section.number("speed_factor"),
        limit_factor=section.number("limit_factor"),
        top_kph=section.number("top_kph"),
        signal_factor=section.number("signal_factor"),
        pedestrian_kph=section.number("pedestrian_kph", default=0.0),
        busway_kph=section.number("busway_kph", default=0.0),
        closed_smoothness=frozenset(section.words("closed_smoothness")),
        speeds=tables.speeds[speeds],
        speeds_where_allowed=tables.speeds_where_allowed.get(speeds, {}),
        barrier_column=section.word("barrier_column", ("motor", "motorcycle", "foot")),
        tables=tables,
    )


@cache
def load_profiles() -> Mapping[str, Profile]:
    """Every profile by name, in the order of `PROFILES`; read once.

    Raises:
        DataError: the table is missing or wrong; the message names file and key.
    """
    root = read_sections()
    tables = read_tables(root)
    section = root.section("profiles")
    for name in section.keys():  # noqa: SIM118 (not a dictionary)
        if name not in PROFILES:
            raise DataError(f"data/{FILE}: profiles.{name} is not a known profile; known are {', '.join(PROFILES)}")
    return MappingProxyType({name: _profile(name, section.section(name), tables) for name in PROFILES})
