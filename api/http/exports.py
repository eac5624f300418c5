"""Routes for other programs: GPX 1.1 for navigation devices, GeoJSON (RFC 7946) for maps. Pure: nothing is looked up.

The GPX schema: https://www.topografix.com/GPX/1/1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as Xml

from api.answers import Leg
from routing import Language
from routing.guidance import Step
from routing.instructions import instruction
from routing.snapping import Carry

Json = dict[str, Any]
Line = list[list[float]]

_NAMESPACE = "http://www.topografix.com/GPX/1/1"
_CREATOR = "Siaga"
_DECIMALS = 6
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, however it is escaped (section 2.2); names in OSM contain such things now and then."""


@dataclass(frozen=True, slots=True, eq=False)
class ToldLeg:
    """A leg and its manoeuvres, as `api.answers.steps_of` gives them (none: the line alone is given)."""

    leg: Leg
    steps: Sequence[Step] = ()


def as_gpx(legs: Sequence[ToldLeg], title: str, attribution: Sequence[str], language: Language) -> str:
    """Legs as GPX: the ends of each as waypoints, its manoeuvres as a route, its line as a track.

    Args:
        legs: in order of travel.
        title: of the whole.
        attribution: whose data it is made of.
        language: of the instructions.
    """
    root = Xml.Element("gpx", {"xmlns": _NAMESPACE, "version": "1.1", "creator": _CREATOR})
    metadata = Xml.SubElement(root, "metadata")
    _text(metadata, "name", title)
    if attribution:
        _text(metadata, "desc", "; ".join(attribution))
    for told in legs:
        for place, name in _ends(told):
            _text(_point(root, "wpt", place), "name", name)
    for told in legs:
        if told.steps:
            route = Xml.SubElement(root, "rte")
            _text(route, "name", _title(told))
            for step in told.steps:
                point = _point(route, "rtept", [step.longitude, step.latitude])
                _text(point, "name", step.name or step.ref)
                _text(point, "desc", instruction(step, language))
                _text(point, "type", step.type)
    for told in legs:
        track = Xml.SubElement(root, "trk")
        _text(track, "name", _title(told))
        segment = Xml.SubElement(track, "trkseg")
        for place in _line(told):
            _point(segment, "trkpt", place)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def as_geojson(legs: Sequence[ToldLeg], attribution: Sequence[str], language: Language) -> Json:
    """Legs as a collection of features: each leg's line, the parts on foot at its ends, and its manoeuvres.

    `properties.role` tells which a feature is: `leg`, `on_foot` or `manoeuvre`; `properties.leg` is the number of the leg.
    """
    features = [feature for number, told in enumerate(legs) for feature in _features(number, told, language)]
    return {"type": "FeatureCollection", "attribution": list(attribution), "features": features}


def _features(number: int, told: ToldLeg, language: Language) -> Iterable[Json]:
    leg, route = told.leg, told.leg.route
    yield _feature(
        {"type": "LineString", "coordinates": _line(told)},
        {
            "role": "leg",
            "leg": number,
            "profile": route.profile,
            "from": leg.origin_name,
            "to": leg.destination_name,
            "distance_m": round(route.distance_m, 1),
            "duration_seconds": round(route.duration_ms / 1_000, 1),
            "restricted_roads": [entry.street for entry in route.restricted],
            "road_state": route.state,
        },
    )
    for end, carry in (("origin", route.origin_carry), ("destination", route.destination_carry)):
        if carry is not None and _leads_somewhere(carry):
            yield _feature(
                {"type": "LineString", "coordinates": carry.path.round(_DECIMALS).tolist()},
                {
                    "role": "on_foot",
                    "leg": number,
                    "end": end,
                    "kind": carry.kind,
                    "distance_m": round(carry.metres, 1),
                    "duration_seconds": round(carry.seconds, 1),
                },
            )
    for step in told.steps:
        yield _feature(
            {"type": "Point", "coordinates": [round(step.longitude, _DECIMALS), round(step.latitude, _DECIMALS)]},
            {
                "role": "manoeuvre",
                "leg": number,
                "type": step.type,
                "modifier": step.modifier,
                "name": step.name,
                "instruction": instruction(step, language),
                "distance_m": round(step.distance_m, 1),
                "duration_seconds": round(step.duration_ms / 1_000, 1),
            },
        )


def _feature(geometry: Json, properties: Json) -> Json:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _leads_somewhere(carry: Carry) -> bool:
    """Whether its path is a line: a point on the street is no way on foot."""
    path = carry.path.round(_DECIMALS).tolist()
    return any(here != there for here, there in pairwise(path))


def _line(told: ToldLeg) -> Line:
    line: Line = told.leg.route.geometry.round(_DECIMALS).tolist()
    return line


def _ends(told: ToldLeg) -> tuple[tuple[list[float], str], tuple[list[float], str]]:
    """Where the leg's line begins, and the place that was asked for at its end."""
    return (_line(told)[0], told.leg.origin_name), (list(told.leg.destination), told.leg.destination_name)


def _title(told: ToldLeg) -> str:
    return f"{told.leg.origin_name} → {told.leg.destination_name}"


def _point(parent: Xml.Element, tag: str, place: Sequence[float]) -> Xml.Element:
    longitude, latitude = place
    at = {"lat": f"{latitude:.{_DECIMALS}f}", "lon": f"{longitude:.{_DECIMALS}f}"}
    return Xml.SubElement(parent, tag, at)


def _text(parent: Xml.Element, tag: str, text: str) -> None:
    if text:
        Xml.SubElement(parent, tag).text = _NOT_XML.sub("", text)
