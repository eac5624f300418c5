"""What OSM tags mean on a map: which layer a thing belongs to, and of which class it is there.

Values as on the OSM wiki, Map features.
"""

from __future__ import annotations

from collections.abc import Mapping

from routing.backdrop import Layer, Properties
from routing.osm import TagSet
from routing.tags import road_class

WATER: Mapping[tuple[str, str], str] = {
    ("natural", "water"): "lake",
    ("waterway", "riverbank"): "river",
    ("waterway", "dock"): "lake",
    ("landuse", "reservoir"): "reservoir",
    ("landuse", "basin"): "reservoir",
    ("landuse", "aquaculture"): "pond",
    ("landuse", "salt_pond"): "pond",
}
"""Areas of water by tag; `water=*` says more (river, pond, …)."""

GROUND: Mapping[tuple[str, str], str] = {
    ("amenity", "hospital"): "hospital",
    ("amenity", "clinic"): "hospital",
    ("healthcare", "hospital"): "hospital",
    ("amenity", "school"): "education",
    ("amenity", "kindergarten"): "education",
    ("amenity", "college"): "education",
    ("amenity", "university"): "education",
    ("amenity", "grave_yard"): "cemetery",
    ("landuse", "cemetery"): "cemetery",
    ("landuse", "military"): "military",
    ("leisure", "park"): "park",
    ("leisure", "garden"): "park",
    ("leisure", "nature_reserve"): "forest",
    ("leisure", "golf_course"): "grass",
    ("leisure", "pitch"): "pitch",
    ("leisure", "stadium"): "pitch",
    ("leisure", "sports_centre"): "pitch",
    ("landuse", "forest"): "forest",
    ("natural", "wood"): "forest",
    ("natural", "scrub"): "scrub",
    ("natural", "heath"): "scrub",
    ("natural", "grassland"): "grass",
    ("natural", "wetland"): "wetland",
    ("natural", "beach"): "sand",
    ("natural", "sand"): "sand",
    ("landuse", "grass"): "grass",
    ("landuse", "meadow"): "grass",
    ("landuse", "village_green"): "grass",
    ("landuse", "recreation_ground"): "park",
    ("landuse", "paddy"): "paddy",
    ("landuse", "farmland"): "farmland",
    ("landuse", "farmyard"): "farmland",
    ("landuse", "orchard"): "farmland",
    ("landuse", "vineyard"): "farmland",
    ("landuse", "plantation"): "farmland",
    ("landuse", "residential"): "residential",
    ("landuse", "commercial"): "commercial",
    ("landuse", "retail"): "retail",
    ("landuse", "industrial"): "industrial",
    ("landuse", "quarry"): "industrial",
    ("landuse", "railway"): "industrial",
    ("aeroway", "aerodrome"): "aerodrome",
}
"""Areas of ground by tag; of several the first counts."""

WATERWAYS = frozenset({"river", "stream", "canal", "drain", "ditch"})
RAILWAYS = frozenset({"rail", "light_rail", "subway", "tram", "narrow_gauge", "monorail", "funicular"})
PLACES: Mapping[str, int] = {
    "city": 1,
    "town": 2,
    "borough": 3,
    "suburb": 4,
    "village": 4,
    "quarter": 5,
    "island": 5,
    "neighbourhood": 6,
    "hamlet": 6,
    "islet": 7,
    "isolated_dwelling": 7,
    "locality": 7,
}
"""Kinds of places whose names are written, and their rank: 1 is written first."""

BOUNDED: Mapping[str, str] = {"6": "borough", "7": "suburb"}
"""The kind of place that a border bounds, by `admin_level`: kecamatan and kelurahan, which often have no place of their own."""

LOWEST_BOUNDARY = 7
"""Borders are drawn down to this `admin_level`: in Indonesia provinsi 4, kabupaten and kota 5, kecamatan 6, kelurahan 7."""

ROADS: Mapping[str, str] = {
    "unclassified": "residential",
    "living_street": "residential",
    "road": "residential",
    "busway": "service",
    "footway": "path",
    "steps": "path",
    "cycleway": "path",
    "bridleway": "path",
    "corridor": "path",
    "elevator": "path",
}
"""Classes of roads that are drawn like another one."""

_WATER_KINDS = frozenset({"river", "canal", "stream", "pond", "reservoir", "basin", "lagoon", "fishpond"})


def area_of(tags: TagSet) -> tuple[Layer, Properties] | None:
    """The layer and properties of an area with these tags; None if it isn't drawn."""
    for (key, value), kind in WATER.items():
        if tags.get(key) == value:
            finer = tags.get("water", "")
            found = {"class": finer if finer in _WATER_KINDS else kind}
            return "water", _named(found, tags)
    for (key, value), kind in GROUND.items():
        if tags.get(key) == value:
            paddy = kind == "farmland" and (tags.get("crop") == "rice" or tags.get("farmland") == "paddy")
            return "landuse", {"class": "paddy" if paddy else kind}
    return None


def line_of(tags: TagSet) -> tuple[Layer, Properties] | None:
    """The layer and properties of a line with these tags, roads left out; None if it isn't drawn."""
    under = tags.get("tunnel", "no") != "no"
    if tags.get("waterway") in WATERWAYS:
        return None if under else ("waterways", _named({"class": tags["waterway"]}, tags))
    if tags.get("railway") in RAILWAYS:
        found: dict[str, str | bool] = {"class": tags["railway"]}
        if under:
            found["tunnel"] = True
        if "service" in tags:  # sidings and yards
            found["service"] = True
        return "railways", _named(found, tags)
    return None


def boundary_level(tags: TagSet) -> int | None:
    """The level of a border that is drawn; None for others."""
    level = tags.get("admin_level", "")
    if (
        tags.get("boundary") != "administrative"
        or tags.get("maritime") == "yes"
        or not level.isascii()
        or not level.isdecimal()
    ):
        return None
    return int(level) if 2 <= int(level) <= LOWEST_BOUNDARY else None


def is_coast(tags: TagSet) -> bool:
    """Whether a way is the coast: land on its left, sea on its right."""
    return tags.get("natural") == "coastline"


def is_drawn(tags: TagSet) -> bool:
    """Whether a way or a multipolygon with these tags is part of the backdrop."""
    return area_of(tags) is not None or line_of(tags) is not None or boundary_level(tags) is not None or is_coast(tags)


def place_of(tags: TagSet) -> tuple[dict[str, str | int], int] | None:
    """The properties of a place's name and the number of people (0: not told); None for what is no place or has no name."""
    kind, name = tags.get("place", ""), tags.get("name", "").strip()
    if tags.get("boundary") == "administrative":
        kind = BOUNDED.get(tags.get("admin_level", ""), "")
    if kind not in PLACES or not name:
        return None
    people = tags.get("population", "").replace(".", "").replace(",", "").replace(" ", "")
    return {"kind": kind, "name": name, "rank": PLACES[kind]}, int(people) if people.isascii() and people.isdecimal() else 0


def road_of(tags: TagSet) -> dict[str, str | int | bool]:
    """The properties of a road: class, and where they apply `link` (a ramp) and `oneway` (1 as the way runs, -1 against it).

    `tags` as the network has them.
    """
    kind = road_class(tags) or "service"
    base = kind.removesuffix("_link")
    found: dict[str, str | int | bool] = {"class": ROADS.get(base, base)}
    if base != kind:
        found["link"] = True
    one_way = tags.get("oneway", "")
    if one_way in ("yes", "true", "1") or (
        one_way == "" and (tags.get("junction") in ("roundabout", "circular") or kind == "motorway")
    ):
        found["oneway"] = 1
    elif one_way in ("-1", "reverse"):
        found["oneway"] = -1
    return found


def _named(found: Mapping[str, str | bool], tags: TagSet) -> Properties:
    name = tags.get("name", "").strip()
    return {**found, "name": name} if name else found
