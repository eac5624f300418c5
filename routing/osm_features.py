"""Features: facilities, places, addresses, boundaries, landmarks that people name on the phone; from nodes, ways, relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from routing.elements import Elements, Lines, Nodes, Relation
from routing.osm import ElementKind, Feature, TagSet
from routing.osm_rings import between
from routing.tags import is_way

KNOWN_UNNAMED: Mapping[str, frozenset[str]] = {
    "amenity": frozenset(
        {"hospital", "clinic", "doctors", "dentist", "pharmacy", "nursing_home", "social_facility", "social_centre", "shelter"}
        | {"community_centre", "townhall", "police", "fire_station", "school", "kindergarten", "university", "college"}
        | {"place_of_worship", "marketplace", "childcare", "fuel", "bus_station", "grave_yard"}
    ),
    "emergency": frozenset({"ambulance_station", "emergency_ward_entrance", "landing_site", "disaster_response"}),
    "office": frozenset({"government"}),
    "landuse": frozenset({"cemetery"}),
}
"""Useful without a name as well: people say "the mosque", "the market", "the kelurahan office"."""

NAMED_KEYS = frozenset(
    {"amenity", "shop", "tourism", "office", "leisure", "historic", "building", "landuse", "craft", "public_transport"}
    | {"railway", "aeroway", "man_made", "military", "club", "place", "natural", "residential", "industrial", "highway"}
)
"""Keys whose objects are features where they have a name."""

_NAMES = ("name", "official_name", "alt_name", "short_name", "loc_name", "brand")
# A name on these is the name of a street or a river, or of something that nobody is fetched from.
_NOT_BY_NAME: Mapping[str, frozenset[str]] = {
    "highway": frozenset({"bus_stop", "services", "rest_area"}),
    "railway": frozenset({"station", "halt", "tram_stop"}),
}
_AREA_KEYS = frozenset(
    {"boundary", "place", "landuse", "amenity", "healthcare", "social_facility", "leisure", "office", "shop", "tourism"}
    | {"aeroway", "railway", "military", "industrial", "residential"}
)


def is_feature(tags: TagSet, kind: ElementKind) -> bool:
    """Whether an element with these tags is a feature."""
    if not tags:
        return False
    if any(key in tags for key in ("healthcare", "social_facility")) or "place" in tags:
        return True
    if any(tags.get(key) in known for key, known in KNOWN_UNNAMED.items()):
        return True
    if kind == "relation" and tags.get("boundary") == "administrative":
        return any(key in tags for key in _NAMES)
    road = kind == "way" and is_way(tags)
    if not road and any(key.startswith("addr:") and key != "addr:interpolation" for key in tags):
        return "addr:interpolation" not in tags
    if not any(key in tags for key in _NAMES):
        return False
    if kind == "way" and tags.get("boundary") == "administrative":
        return "admin_level" in tags
    keys = NAMED_KEYS & tags.keys()
    if road:
        keys -= {"building", "landuse", "natural", "man_made", "railway"}
    return any(key not in _NOT_BY_NAME or tags[key] in _NOT_BY_NAME[key] for key in keys)


def needs_geometry(relation: Relation) -> bool:
    """Whether a relation is a feature whose members' geometry is needed."""
    return relation.tags.get("type") in ("multipolygon", "boundary", "site") and is_feature(relation.tags, "relation")


def collect_features(elements: Elements, nodes: Nodes, lines: Lines, dropped: dict[str, int]) -> tuple[Feature, ...]:
    """Every feature: nodes by id, then ways, then relations."""
    features = _from_nodes(elements, nodes, dropped)
    features += _from_ways(nodes, lines, dropped)
    for relation in elements.relations.values():
        if needs_geometry(relation) and (feature := _from_relation(relation, nodes, lines, dropped)) is not None:
            features.append(feature)
    return tuple(features)


def _from_nodes(elements: Elements, nodes: Nodes, dropped: dict[str, int]) -> list[Feature]:
    wanted = sorted(osm_id for osm_id, tags in elements.node_tags.items() if is_feature(tags, "node"))
    features: list[Feature] = []
    for osm_id, position in zip(wanted, nodes.positions(np.array(wanted, dtype=np.int64)).tolist(), strict=True):
        if position < 0:
            dropped["features_without_place"] += 1
            continue
        longitude, latitude = float(nodes.longitude[position]), float(nodes.latitude[position])
        features.append(Feature("node", osm_id, longitude, latitude, elements.node_tags[osm_id]))
    return features


@dataclass(frozen=True, slots=True)
class _Outline:
    """A feature way: its nodes that are there, and whether they close."""

    row: int
    line: NDArray[np.int64]
    closed: bool


def _from_ways(nodes: Nodes, lines: Lines, dropped: dict[str, int]) -> list[Feature]:
    outlines: list[_Outline] = []
    for row in lines.rows():
        if not is_feature(lines.tags[row], "way"):
            continue
        line = lines.nodes_of(row)
        there = line[line >= 0]
        closed = len(there) == len(line) >= 4 and line[0] == line[-1]
        if len(there):
            outlines.append(_Outline(row, there, closed))
        else:
            dropped["features_without_place"] += 1
    areas = _polygons(nodes, [outline.line for outline in outlines if outline.closed])
    inside = _points_inside(areas)
    features: list[Feature] = []
    following = iter(zip(areas.tolist(), inside.tolist(), strict=True))
    for outline in outlines:
        tags, osm_id = lines.tags[outline.row], int(lines.ids[outline.row])
        area: BaseGeometry | None = None
        longitude, latitude = _middle(nodes, outline.line)
        if outline.closed:
            area, (longitude, latitude) = next(following)
            if not _AREA_KEYS & tags.keys() or not area.is_valid:
                area = None
        features.append(Feature("way", osm_id, longitude, latitude, tags, area))
    return features


def _polygons(nodes: Nodes, rings: list[NDArray[np.int64]]) -> NDArray[np.object_]:
    if not rings:
        return np.zeros(0, dtype=np.object_)
    flat = np.concatenate(rings)
    index = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    coordinates = np.column_stack((nodes.longitude[flat], nodes.latitude[flat]))
    return np.asarray(shapely.polygons(shapely.linearrings(coordinates, indices=index)), dtype=np.object_)


def _points_inside(areas: NDArray[np.object_]) -> NDArray[np.float64]:
    """A point in each area: its centroid where that lies inside, else some point that does. float64[n, 2]."""
    if not len(areas):
        return np.zeros((0, 2))
    points = shapely.centroid(areas)
    outside = ~shapely.intersects(areas, points)
    points[outside] = shapely.point_on_surface(areas[outside])
    # An outline without any extent (all nodes in one place, or on a line) has a centroid, and nothing inside it.
    empty = shapely.is_empty(points)
    points[empty] = shapely.centroid(areas[empty])
    return shapely.get_coordinates(points)


def _middle(nodes: Nodes, line: NDArray[np.int64]) -> tuple[float, float]:
    """The node in the middle of a line: a point on it."""
    position = int(line[len(line) // 2])
    return float(nodes.longitude[position]), float(nodes.latitude[position])


# -- relations ----------------------------------------------------------------------------------------------------------


def _from_relation(relation: Relation, nodes: Nodes, lines: Lines, dropped: dict[str, int]) -> Feature | None:
    area = None if relation.tags.get("type") == "site" else _area(relation, nodes, lines)
    if area is None and relation.tags.get("type") != "site":
        dropped["areas_not_closed"] += 1
    place = _label(relation, nodes)
    if place is None and area is not None:
        place = tuple(_points_inside(np.array([area], dtype=np.object_))[0].tolist())
    if place is None and relation.tags.get("type") != "boundary":
        # Half a boundary says nothing about where its middle is; half a building does, well enough.
        place = _some_member(relation, nodes, lines)
    if place is None:
        dropped["features_without_place"] += 1
        return None
    return Feature("relation", relation.osm_id, place[0], place[1], relation.tags, area)


def _label(relation: Relation, nodes: Nodes) -> tuple[float, float] | None:
    """The node that mappers chose for the name: `label`, else the `admin_centre`."""
    for role in ("label", "admin_centre"):
        ids = [member.osm_id for member in relation.members if member.kind == "node" and member.role == role]
        for position in nodes.positions(np.array(ids, dtype=np.int64)).tolist():
            if position >= 0:
                return float(nodes.longitude[position]), float(nodes.latitude[position])
    return None


def _some_member(relation: Relation, nodes: Nodes, lines: Lines) -> tuple[float, float] | None:
    """The middle of the first member that is there."""
    for member in relation.members:
        if member.kind == "node":
            position = nodes.positions(np.array([member.osm_id], dtype=np.int64))
        elif member.kind == "way" and member.osm_id in lines.row:
            position = lines.nodes_of(lines.row[member.osm_id])
        else:
            continue
        there = position[position >= 0]
        if len(there):
            return _middle(nodes, there)
    return None


def _area(relation: Relation, nodes: Nodes, lines: Lines) -> BaseGeometry | None:
    """The area inside a relation's outer ways and outside its inner ones; None if it isn't whole.

    Boundaries name roles; old multipolygons don't, then every ring counts as outer.
    """
    outer, inner = (
        _rings([member.osm_id for member in relation.members if member.kind == "way" and member.role in roles], nodes, lines)
        for roles in (("outer", "", "outline", "exclave"), ("inner", "enclave"))
    )
    if not outer or inner is None:
        return None
    area = between(outer, inner)
    return area if not area.is_empty and area.is_valid else None


def _rings(ways: Iterable[int], nodes: Nodes, lines: Lines) -> list[BaseGeometry] | None:
    """The polygons that ways close to; None if a way or a node is missing or ends stay loose."""
    strings: list[BaseGeometry] = []
    for way in ways:
        line = lines.nodes_of(lines.row[way]) if way in lines.row else np.full(1, -1, dtype=np.int64)
        if (line < 0).any() or len(line) < 2:
            return None
        strings.append(LineString(np.column_stack((nodes.longitude[line], nodes.latitude[line]))))
    polygons, cuts, dangles, invalid = shapely.polygonize_full(strings)
    if any(not rest.is_empty for rest in (cuts, dangles, invalid)):
        return None
    return list(polygons.geoms)
