"""Steps for navigation programs: OSRM's steps, with banners and spoken words as in Mapbox's Directions.

A banner or an announcement belongs to the step that is being driven and speaks of the one to come; `distanceAlongGeometry` is
how many metres before that one it is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from api.http.osrm_lines import geometry_of, location
from api.http.osrm_request import Geometries, RouteQuestion
from routing import Language
from routing.guidance import Intersection, Step
from routing.instructions import announcement, instruction

Json = dict[str, Any]

LOCALES: dict[Language, str] = {"id": "id-ID", "en": "en-GB"}
"""What is spoken, for speech synthesis."""

_AHEAD_M = (2_000, 1_000, 400, 200, 100)
"""How far ahead a manoeuvre may be announced: round figures, since they are spoken."""
_AHEAD_SECONDS = 25.0
"""The announcement is due at the largest of these distances that is driven in so many seconds: time to change lanes."""
_NOW_SECONDS = 6.0
_NOW_M = (20.0, 150.0)
"""The manoeuvre itself is told so many seconds before it, at least and at most so many metres: a sentence takes 3 to 4 s."""
_BETWEEN_M = 50.0
"""Two announcements that are due at less than so many metres from each other would be spoken at once."""
_ROUNDABOUTS = ("roundabout", "rotary")


def steps_as_json(steps: Sequence[Step], lengths_m: Sequence[float], question: RouteQuestion) -> list[Json]:
    """The steps of a leg.

    Args:
        steps: `depart` first, `arrive` last.
        lengths_m: of each, as it is told to clients.
        question: says which form they have and whether banners and spoken words belong to them.
    """
    told = []
    for at, (step, length_m) in enumerate(zip(steps, lengths_m, strict=True)):
        one = step_as_json(step, length_m, question.geometries, question.language)
        if question.banner_instructions:
            one["bannerInstructions"] = banners(steps, at, length_m, question.language)
        if question.voice_instructions:
            one["voiceInstructions"] = voices(steps, at, length_m, question.language)
        told.append(one)
    return told


def step_as_json(step: Step, length_m: float, geometries: Geometries, language: Language) -> Json:
    """One step in OSRM's form; `maneuver.instruction` is Mapbox's."""
    manoeuvre: Json = {
        "type": step.type,
        "location": location(step.longitude, step.latitude),
        "bearing_before": step.bearing_before,
        "bearing_after": step.bearing_after,
        "instruction": instruction(step, language),
    }
    if step.modifier is not None:
        manoeuvre["modifier"] = step.modifier
    if step.exit is not None:
        manoeuvre["exit"] = step.exit
    seconds = step.duration_ms / 1_000
    one: Json = {
        "distance": length_m,
        "duration": seconds,
        "weight": seconds,
        "geometry": geometry_of(step.geometry, geometries),
        "name": step.name,
        "mode": step.mode,
        "driving_side": step.driving_side,
        "maneuver": manoeuvre,
        "intersections": [_intersection(crossing) for crossing in step.intersections],
    }
    if step.ref:
        one["ref"] = step.ref
    if step.rotary_name:
        one["rotary_name"] = step.rotary_name
    return one


def _intersection(crossing: Intersection) -> Json:
    one: Json = {
        "location": location(crossing.longitude, crossing.latitude),
        "bearings": list(crossing.bearings),
        "entry": list(crossing.entry),
    }
    if crossing.incoming is not None:
        one["in"] = crossing.incoming
    if crossing.outgoing is not None:
        one["out"] = crossing.outgoing
    return one


def banners(steps: Sequence[Step], at: int, length_m: float, language: Language) -> list[Json]:
    """What to show while `steps[at]` is driven: one banner from its beginning, none on arrival."""
    if at + 1 == len(steps):
        return []
    following = steps[at + 1]
    named = (following.name or following.ref) if following.type != "arrive" and not following.restricted else ""
    words = named or instruction(following, language)
    primary: Json = {
        "text": words,
        "components": [{"type": "text", "text": words}],
        "type": following.type,
        "driving_side": following.driving_side,
    }
    if following.modifier is not None:
        primary["modifier"] = following.modifier
    turned = _turned_degrees(steps, at + 1)
    if turned is not None:
        primary["degrees"] = turned
    return [{"distanceAlongGeometry": length_m, "primary": primary, "secondary": None, "sub": None}]


def _turned_degrees(steps: Sequence[Step], at: int) -> int | None:
    """How far one goes round a roundabout, 180 being straight on; None elsewhere, or if the route ends in it."""
    entering = steps[at]
    if entering.type not in _ROUNDABOUTS or entering.exit is None:
        return None
    leaving = steps[at + 1]
    turned = leaving.bearing_after - entering.bearing_before
    around = (180 + turned if entering.driving_side == "left" else 180 - turned) % 360
    return around or 360


def voices(steps: Sequence[Step], at: int, length_m: float, language: Language) -> list[Json]:
    """What to say while `steps[at]` is driven, the farthest from the next step first; nothing after arrival."""
    if at + 1 == len(steps):
        return []
    return [
        {"distanceAlongGeometry": due_m, "announcement": words, "ssmlAnnouncement": f"<speak>{escape(words)}</speak>"}
        for due_m, words in _spoken(steps[at], steps[at + 1], length_m, first=at == 0, language=language)
    ]


def _spoken(step: Step, following: Step, length_m: float, *, first: bool, language: Language) -> Iterator[tuple[float, str]]:
    metres_a_second = length_m * 1_000 / step.duration_ms if step.duration_ms else 0.0
    now_m = min(length_m, max(_NOW_M[0], min(_NOW_M[1], round(metres_a_second * _NOW_SECONDS, 1))))
    room_m = length_m
    if first:
        yield length_m, instruction(step, language)
        room_m -= _BETWEEN_M
        now_m = min(now_m, max(0.0, room_m)) or round(length_m / 2, 1)
    ahead_m = next((metres for metres in _AHEAD_M if metres <= metres_a_second * _AHEAD_SECONDS and metres <= room_m), None)
    if ahead_m is not None and ahead_m >= now_m + _BETWEEN_M:
        yield float(ahead_m), announcement(following, ahead_m, language)
    yield now_m, instruction(following, language)
