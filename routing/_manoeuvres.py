"""Where something has to be said along a route, and what kind of thing it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from routing._walk import MINOR_RANK, Walk, Way, bearing_at_end, bearing_at_start

StepType = Literal[
    "depart",
    "turn",
    "new name",
    "continue",
    "merge",
    "on ramp",
    "off ramp",
    "fork",
    "end of road",
    "roundabout",
    "rotary",
    "exit roundabout",
    "exit rotary",
    "roundabout turn",
    "notification",
    "arrive",
]
Modifier = Literal["uturn", "sharp right", "right", "slight right", "straight", "slight left", "left", "sharp left"]

STRAIGHT_DEGREES = 20
SLIGHT_DEGREES = 40
SHARP_DEGREES = 120
"""Upper ends of "straight" and "slight", lower end of "sharp" (OSRM's bands)."""

_AHEAD_DEGREES = SLIGHT_DEGREES + STRAIGHT_DEGREES  # what lies within this angle is about ahead: a fork, no end of the road
_STRAIGHTER_DEGREES = 12  # so much straighter will do where the street keeps its name
_CLEARLY_STRAIGHTER_DEGREES = 30  # a way on that is this much straighter than the next one is the obvious one
_SHORT_LINK_M = 30.0  # the gap in a median, the offset of a staggered crossing


def modifier_of(angle_degrees: float) -> Modifier:
    """The word for a turn by an angle in degrees, -180 … 180, positive to the right; ±180 is a U-turn."""
    size = abs(angle_degrees)
    if size >= 180:
        return "uturn"
    if size <= STRAIGHT_DEGREES:
        return "straight"
    if angle_degrees > 0:
        return "slight right" if size <= SLIGHT_DEGREES else "right" if size <= SHARP_DEGREES else "sharp right"
    return "slight left" if size <= SLIGHT_DEGREES else "left" if size <= SHARP_DEGREES else "sharp left"


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """Something to do at the start of `segments[at]`."""

    at: int
    type: StepType
    modifier: Modifier | None
    exit: int | None = None
    rotary_name: str = ""
    named_by: int | None = None  # index into the segments of the road whose name the step bears, if not `at`


def manoeuvres_of(walk: Walk) -> list[Manoeuvre]:
    """What has to be said along a route, in order: the departure first, the arrival not among it."""
    return _collapse(list(_said(walk)), walk)


def _said(walk: Walk) -> Iterable[Manoeuvre]:
    """Junction by junction, before turns that are one to the driver are taken together."""
    yield Manoeuvre(0, "depart", None)
    current_name = walk.names[0]
    at, last = 0, len(walk.segments) - 1
    while at < last:
        before, after = walk.roads[at], walk.roads[at + 1]
        if before.roundabout:  # the route begins in a roundabout, or has come round to its end
            if not after.roundabout:
                yield Manoeuvre(at + 1, "exit roundabout", modifier_of(walk.angles[at]))
                current_name = walk.names[at + 1]
            at += 1
            continue
        if after.roundabout:
            left_at, around = _through_roundabout(walk, at)
            yield from around
            at = left_at
            current_name = walk.names[at]
            continue
        manoeuvre = _at_junction(walk, at, current_name)
        if manoeuvre is not None:
            yield manoeuvre
            current_name = walk.names[at + 1]
        current_name = walk.names[at + 1] or current_name
        at += 1


def _through_roundabout(walk: Walk, at: int) -> tuple[int, list[Manoeuvre]]:
    """The roundabout entered after `segments[at]`: the index of the road it is left by (or the last one), what to say."""
    ring, exits, last = at + 1, 0, len(walk.segments) - 1
    while ring < last:
        leaving = not walk.roads[ring + 1].roundabout
        here = walk.segments[ring]
        exits += sum(1 for way in walk.alternatives(ring) if not walk.road_of(way.segment).roundabout)
        if leaving:
            exits += 1
            if walk.segments[ring + 1] == here ^ 1:  # turned round on the ring itself: no exit
                exits = max(1, exits - 1)
            break
        ring += 1
    leaves = ring < last
    own_name = walk.names[at + 1]
    roads = {walk.names[at], walk.names[ring + 1] if leaves else ""}
    rotary = bool(own_name) and own_name not in roads
    entry = Manoeuvre(
        at + 1,
        "rotary" if rotary else "roundabout",
        _across(walk, at, ring + 1) if leaves else None,
        exits if leaves else None,
        own_name if rotary else "",
        ring + 1 if leaves else None,
    )
    if not leaves:
        return last, [entry]
    exit_type: StepType = "exit rotary" if rotary else "exit roundabout"
    leave = Manoeuvre(ring + 1, exit_type, modifier_of(walk.angles[ring]), exits, entry.rotary_name)
    return ring + 1, [entry, leave]


def _across(walk: Walk, entering: int, leaving: int) -> Modifier:
    """The word for the way across a roundabout as a whole; its ring bends between junctions too, so bearings tell."""
    if walk.segments[leaving] == walk.segments[entering] ^ 1:
        return "uturn"
    turned = bearing_at_start(walk.shape(leaving)) - bearing_at_end(walk.shape(entering))
    return modifier_of((turned + 180) % 360 - 180)


def _at_junction(walk: Walk, at: int, current_name: str) -> Manoeuvre | None:
    """What to say between `segments[at]` and the next one, roundabouts apart; None where the way on is obvious."""
    before, after = walk.roads[at], walk.roads[at + 1]
    angle, name = walk.angles[at], walk.names[at + 1]
    modifier = modifier_of(angle)
    same_name = bool(name) and name == current_name

    def say(kind: StepType, word: Modifier | None = modifier, exit_number: int | None = None) -> Manoeuvre:
        return Manoeuvre(at + 1, kind, word, exit_number)

    if walk.segments[at + 1] == walk.segments[at] ^ 1:
        return say("continue", "uturn")
    if before.ferry != after.ferry:
        return say("notification")
    others = walk.alternatives(at)
    if _is_mini_roundabout(walk, at) and others:
        return say("roundabout turn", exit_number=_mini_exit(walk, at))
    if after.ramp and not before.ramp:
        if not others:
            return None
        return say("off ramp" if before.motorway else "on ramp", _sideways(modifier, angle))
    if before.ramp and after.motorway:
        return say("merge", _sideways(modifier, angle))
    if _is_obvious(walk, at, others):
        if name and not same_name and not _is_part(name, current_name):
            return say("new name" if abs(angle) <= SLIGHT_DEGREES else "turn")
        return None
    if _is_end_of_road(angle, others):
        return say("end of road")
    side = _fork_side(walk, at, others)
    if side is not None:
        return say("fork", side)
    return say("continue" if same_name else "turn" if modifier != "straight" or not name else "new name")


def _is_obvious(walk: Walk, at: int, others: list[Way]) -> bool:
    """Whether one follows this way on without being told."""
    angle = abs(walk.angles[at])
    if not others:
        return True
    if angle > _AHEAD_DEGREES:
        return False
    before, after = walk.roads[at], walk.roads[at + 1]
    name = walk.names[at + 1]
    goes_on = bool(name) and name == walk.names[at] and after.rank <= before.rank
    for way in others:
        road = walk.road_of(way.segment)
        size = abs(way.angle)
        if size > _AHEAD_DEGREES and angle <= SLIGHT_DEGREES:
            continue  # a side street; we go about straight on
        straighter_by = size - angle
        if road.link and not before.link and not after.link and straighter_by > -STRAIGHT_DEGREES:
            continue  # an exit that we pass
        if road.rank >= max(MINOR_RANK, after.rank + 2) and straighter_by > -STRAIGHT_DEGREES:
            continue  # a driveway or a track beside a street
        if (
            goes_on
            and walk.name_of(way.segment) != name
            and (
                (straighter_by >= 0 and road.rank > after.rank)
                or (straighter_by >= _STRAIGHTER_DEGREES and angle <= SLIGHT_DEGREES)
            )
        ):
            continue  # the same street goes on; the other one is lesser, or turns off
        if angle <= STRAIGHT_DEGREES and straighter_by >= _CLEARLY_STRAIGHTER_DEGREES and road.rank >= after.rank:
            continue
        return False
    return True


def _is_end_of_road(angle: int, others: list[Way]) -> bool:
    """A T: nothing ahead, ways to both sides."""
    if abs(angle) <= _AHEAD_DEGREES or abs(angle) > SHARP_DEGREES + STRAIGHT_DEGREES:
        return False
    return all(abs(way.angle) > _AHEAD_DEGREES for way in others) and any(way.angle * angle < 0 for way in others)


def _fork_side(walk: Walk, at: int, others: list[Way]) -> Modifier | None:
    """Which branch of a fork this is, or None if there is no fork: two like roads, both about ahead."""
    angle, rank = walk.angles[at], walk.roads[at + 1].rank
    rivals = [
        way.angle
        for way in others
        if abs(way.angle) <= _AHEAD_DEGREES
        and abs(abs(way.angle) - abs(angle)) < _CLEARLY_STRAIGHTER_DEGREES
        and abs(walk.road_of(way.segment).rank - rank) <= 2
    ]
    if abs(angle) > _AHEAD_DEGREES or not rivals:
        return None
    if all(rival < angle for rival in rivals):
        return "slight right"
    if all(rival > angle for rival in rivals):
        return "slight left"
    return "straight"


def _is_mini_roundabout(walk: Walk, at: int) -> bool:
    tagset = int(walk.network.junction_tagset[walk.network.segment_head(walk.segments[at])])
    return tagset >= 0 and walk.network.tagsets[tagset].get("highway") == "mini_roundabout"


def _mini_exit(walk: Walk, at: int) -> int:
    """The number of the exit at a roundabout that is a mere point: counted round it, as traffic circulates."""
    here, following = walk.segments[at], walk.segments[at + 1]
    sign = 1 if walk.network.driving_side == "left" else -1
    ways = sorted(
        (way for way in walk.ways[at] if (way.open and way.segment != here ^ 1) or way.segment == following),
        key=lambda way: sign * way.angle,
    )
    return 1 + next(i for i, way in enumerate(ways) if way.segment == following)


def _sideways(modifier: Modifier, angle: int) -> Modifier:
    """A ramp always leaves or joins at a side, however small the angle."""
    if modifier != "straight" or angle == 0:
        return modifier
    return "slight right" if angle > 0 else "slight left"


def _is_part(name: str, of: str) -> bool:
    """Whether two names differ only by a word more or less at the end ("Jalan Raya Bogor", "Jalan Raya Bogor KM 45")."""
    return bool(of) and (name.startswith(of + " ") or of.startswith(name + " "))


def _collapse(manoeuvres: list[Manoeuvre], walk: Walk) -> list[Manoeuvre]:
    """Two turns within a few metres that are one to the driver: a U-turn round a median, a staggered crossing."""
    plain = {"turn", "continue", "end of road", "new name", "fork"}
    kept: list[Manoeuvre] = []
    for manoeuvre in manoeuvres:
        first = kept[-1] if kept else None
        if first is None or first.type not in plain or manoeuvre.type not in plain or first.at == 0:
            kept.append(manoeuvre)
            continue
        between_m = sum(walk.distances_m[first.at : manoeuvre.at])
        total = sum(walk.angles[first.at - 1 : manoeuvre.at])
        same_road = bool(walk.names[manoeuvre.at]) and walk.names[manoeuvre.at] == walk.names[first.at - 1]
        if between_m > _SHORT_LINK_M or not same_road:
            kept.append(manoeuvre)
        elif abs(total) >= 180 - STRAIGHT_DEGREES:
            kept[-1] = replace(first, type="continue", modifier="uturn", named_by=manoeuvre.at)
        elif abs(total) <= STRAIGHT_DEGREES:
            kept.pop()
        else:
            kept.append(manoeuvre)
    return kept
