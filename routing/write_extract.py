"""Write an extract as an OSM file, so that other programs read the same roads as Siaga does.

What is written: the tags that matter for costs, names, turn restrictions and features, not every tag that the source had;
of the backdrop only what is a feature too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way
from shapely.geometry import MultiPolygon, Polygon

from routing.osm import Extract, Feature, TagSet

_DERIVED = ("gang", "ferry:kph")  # what reading adds to a way's tags


def write_pbf(extract: Extract, path: Path) -> None:
    """Write an extract to `path`; its name tells the format (`.osm.pbf`, `.osm`, …). A file that is there is replaced.

    Elements come in the order that OSM files have (nodes, ways, relations, each by id). Outlines of features get nodes of
    their own, with ids behind all others; an outline with holes becomes a multipolygon.

    Raises:
        RuntimeError: pyosmium can't write there.
    """
    areas = _Areas(extract)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for node in _nodes(extract):
            writer.add_node(node)
        for osm_id, longitude, latitude in areas.nodes:
            writer.add_node(Node(id=osm_id, location=(longitude, latitude)))
        for way in _ways(extract, areas):
            writer.add_way(way)
        for relation in _relations(extract, areas):
            writer.add_relation(relation)


class _Areas:
    """Outlines of features as nodes and ways, with ids behind those of the extract."""

    def __init__(self, extract: Extract) -> None:
        ways, features = extract.ways, extract.features
        last = max((int(ways.node_id.max()), *(f.osm_id for f in features if f.kind == "node")))
        next_way = 1 + max((int(ways.way_id.max()), *(f.osm_id for f in features if f.kind == "way")))
        self.nodes: list[tuple[int, float, float]] = []
        self.ways: list[tuple[int, list[int], TagSet]] = []
        self.relations: list[tuple[int, list[tuple[str, int, str]], TagSet]] = []
        place: dict[tuple[float, float], int] = {}

        def ring(points: list[tuple[float, float]]) -> list[int]:
            refs = []
            for point in points:
                if point not in place:
                    place[point] = last + 1 + len(place)
                    self.nodes.append((place[point], *point))
                refs.append(place[point])
            return refs

        roads = set(ways.way_id.tolist())
        for feature in features:
            outlines = _rings(feature)
            if feature.kind == "way" and feature.osm_id not in roads:
                points = outlines[0][0] if outlines else [(feature.longitude, feature.latitude)] * 2
                self.ways.append((feature.osm_id, ring(points), feature.tags))
            elif feature.kind == "relation" and outlines:
                members = []
                for outline in outlines:
                    for number, points in enumerate(outline):
                        self.ways.append((next_way, ring(points), {}))
                        members.append(("w", next_way, "inner" if number else "outer"))
                        next_way += 1
                self.relations.append((feature.osm_id, members, {"type": "multipolygon", **feature.tags}))


def _rings(feature: Feature) -> list[list[list[tuple[float, float]]]]:
    """The rings of each polygon of a feature's area, the outer one first."""
    area = feature.area
    polygons = area.geoms if isinstance(area, MultiPolygon) else (area,) if isinstance(area, Polygon) else ()
    return [[[(x, y) for x, y, *_ in ring.coords] for ring in (each.exterior, *each.interiors)] for each in polygons]


def _nodes(extract: Extract) -> Iterator[Node]:
    ways = extract.ways
    tags: dict[int, TagSet] = {}
    for node, tagset in zip(ways.node_id[ways.point_node].tolist(), ways.point_tagset.tolist(), strict=True):
        tags[node] = ways.tagsets[tagset]
    lonely: list[tuple[int, float, float]] = []
    on_roads = set(ways.node_id.tolist()) if extract.features else set()
    for feature in extract.features:
        if feature.kind == "node":
            tags[feature.osm_id] = {**tags.get(feature.osm_id, {}), **feature.tags}
            if feature.osm_id not in on_roads:
                lonely.append((feature.osm_id, feature.longitude, feature.latitude))
    roads = zip(ways.node_id.tolist(), ways.node_longitude.tolist(), ways.node_latitude.tolist(), strict=True)
    none: TagSet = {}
    for osm_id, longitude, latitude in sorted([*roads, *lonely]):
        yield Node(id=osm_id, location=(longitude, latitude), tags=tags.get(osm_id, none))


def _ways(extract: Extract, areas: _Areas) -> Iterator[Way]:
    ways = extract.ways
    plain = [{key: value for key, value in tags.items() if key not in _DERIVED} for tags in ways.tagsets]
    node_ids = ways.node_id[ways.way_node].tolist()
    first = ways.way_first.tolist()
    features = {feature.osm_id: feature.tags for feature in extract.features if feature.kind == "way"}
    rows = zip(ways.way_id.tolist(), ways.way_tagset.tolist(), ways.way_name.tolist(), ways.way_ref.tolist(), strict=True)
    found: list[tuple[int, list[int], TagSet]] = list(areas.ways)
    for row, (osm_id, tagset, name, ref) in enumerate(rows):
        tags = dict(plain[tagset])
        if name:
            tags["name"] = ways.names[name]
        if ref:
            tags["ref"] = ways.names[ref]
        found.append((osm_id, node_ids[first[row] : first[row + 1]], {**features.get(osm_id, {}), **tags}))
    found.sort(key=lambda way: way[0])
    for osm_id, refs, tags_of_way in found:
        yield Way(id=osm_id, nodes=refs, tags=tags_of_way)


def _relations(extract: Extract, areas: _Areas) -> Iterator[Relation]:
    found = list(areas.relations)
    for restriction in extract.ways.restrictions:
        via = "n" if restriction.via_is_node else "w"
        members = [("w", restriction.from_way, "from")]
        members += [(via, member, "via") for member in restriction.via]
        members.append(("w", restriction.to_way, "to"))
        found.append((restriction.osm_id, members, {"type": "restriction", **restriction.tags}))
    found.sort(key=lambda relation: relation[0])
    for osm_id, members, tags in found:
        yield Relation(id=osm_id, members=members, tags=tags)
