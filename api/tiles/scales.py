"""What is shown from which zoom on, and how finely."""

from __future__ import annotations

from collections.abc import Mapping

from api.tiles.mvt import Kind
from routing.backdrop import Properties

LINE_BUFFER = AREA_BUFFER = 64
"""Units around a tile that lines and areas reach into, so that wide lines and outlines don't end at its border."""

WAYS_FROM = 14
"""From this zoom on each way is a feature with its id and all its properties; before, ways that look alike are one feature."""

_ROADS = {
    "motorway": 5,
    "trunk": 6,
    "primary": 8,
    "ferry": 8,
    "secondary": 9,
    "tertiary": 11,
    "residential": 12,
    "pedestrian": 13,
    "track": 13,
    "service": 14,
    "path": 14,
}
_RAMPS_FROM = 11
_WATERWAYS = {"river": 8, "canal": 11, "stream": 13}
_PLACES = {"city": 4, "town": 8, "borough": 10, "village": 11, "suburb": 11, "island": 11, "quarter": 12}
_FACILITIES = {"hospital": 8, "maternity_hospital": 9, "specialist_hospital": 9, "puskesmas": 10, "clinic": 11}
_BORDERS = {5: 6, 6: 9, 7: 11}


def first_zoom(layer: str, properties: Properties) -> int:
    """The zoom from which on a thing is shown."""
    kind = str(properties.get("class", properties.get("kind", "")))
    match layer:
        case "roads":
            return max(_ROADS.get(kind, 14), _RAMPS_FROM if properties.get("link") else 0)
        case "waterways":
            return _WATERWAYS.get(kind, 14)
        case "railways":
            return 13 if properties.get("service") else 8 if kind == "rail" else 11
        case "boundaries":
            return _BORDERS.get(int(properties["level"]), 4)
        case "places":
            return _PLACES.get(kind, 13)
        case "facilities":
            return _FACILITIES.get(kind, 13)
        case "housenumbers":
            return 15
        case _:
            return 4


def shown(layer: str, properties: Properties, zoom: int) -> Properties:
    """The properties that a thing has at a zoom: what would only keep alike roads apart is left out while they are small."""
    if layer != "roads" or zoom >= WAYS_FROM:
        return properties
    return {key: value for key, value in properties.items() if key in _SMALL and (key != "name" or zoom >= _NAMES_FROM)}


_SMALL = frozenset({"class", "link", "name", "ref"})
_NAMES_FROM = 11


def tolerance(zoom: int) -> float:
    """How far a simplified line may be from the true one, in units (a pixel of a tile drawn at 512 pixels has 8)."""
    return 0.0 if zoom >= 15 else 2.0 if zoom >= 13 else 4.0


def smallest_area(zoom: int) -> float:
    """Areas below this many square units aren't shown: some pixels, at the last zoom nothing that is anything."""
    return 2.0 if zoom >= 15 else 256.0 if zoom >= 13 else 1024.0


KINDS: Mapping[str, Kind] = {
    "landuse": Kind.POLYGON,
    "water": Kind.POLYGON,
    "waterways": Kind.LINE,
    "boundaries": Kind.LINE,
    "railways": Kind.LINE,
    "roads": Kind.LINE,
    "housenumbers": Kind.POINT,
    "facilities": Kind.POINT,
    "places": Kind.POINT,
}
"""The layers in the order in which they stand in a tile."""

FIELDS: Mapping[str, Mapping[str, str]] = {
    "landuse": {"class": "String"},
    "water": {"class": "String", "name": "String"},
    "waterways": {"class": "String", "name": "String"},
    "boundaries": {"level": "Number"},
    "railways": {"class": "String", "name": "String", "tunnel": "Boolean", "service": "Boolean"},
    "roads": {
        "class": "String",
        "link": "Boolean",
        "name": "String",
        "ref": "String",
        "oneway": "Number",
        "bridge": "Boolean",
        "tunnel": "Boolean",
    },
    "housenumbers": {"number": "String"},
    "facilities": {"id": "String", "name": "String", "kind": "String"},
    "places": {"kind": "String", "name": "String", "rank": "Number"},
}
"""The properties of each layer's features, as TileJSON tells them."""
