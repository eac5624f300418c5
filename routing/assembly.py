"""Raw OSM elements into an extract: the table of ways, turn restrictions, features. Both readers end here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.earth import great_circle_m
from routing.elements import Elements, Lines, Member, Nodes, Relation
from routing.errors import ExtractError
from routing.osm import Extract, Source, TagSet, TurnRestriction, Ways
from routing.osm_backdrop import collect_backdrop
from routing.osm_features import collect_features
from routing.tags import duration_seconds, is_way, point_tags, road_class, timed_clauses, way_tags

DROPPED = {
    "ways_cut": "ways whose nodes are partly missing (the extract ends there); they end at the last node there is",
    "ways_without_nodes": "ways with fewer than two nodes in the extract",
    "restrictions_incomplete": "turn restrictions with a member outside the extract or on something that is no road",
    "restrictions_malformed": "turn restrictions without from, via or to, or with a mixed via",
    "conditions_not_understood": "distinct conditional tags that are no matter of time (weight, weather …); they never apply",
    "features_without_place": "features with no node in the extract",
    "areas_not_closed": "boundaries and areas whose outline is not closed or not whole in the extract; they have no area",
}
"""What `Extract.dropped` counts, and what it means."""


def assemble(elements: Elements, source: Source) -> Extract:
    """The extract that raw elements make up.

    A way with missing nodes ends before each of them and goes on after it, nothing is drawn in between.

    Raises:
        ExtractError: no roads.
    """
    nodes = Nodes(elements)
    lines = Lines(elements, nodes)
    dropped = dict.fromkeys(DROPPED, 0)
    ways = _ways(elements, nodes, lines, source, dropped)
    conditions = {
        one for tags in (*ways.tagsets, *(ban.tags for ban in ways.restrictions)) for one in timed_clauses(tags).not_understood
    }
    dropped["conditions_not_understood"] = len(conditions)
    features = collect_features(elements, nodes, lines, dropped)
    west, south = float(ways.node_longitude.min()), float(ways.node_latitude.min())
    box = west, south, float(ways.node_longitude.max()), float(ways.node_latitude.max())
    return Extract(ways, features, source, dropped, collect_backdrop(elements, nodes, lines, features, box))


class _TagSets:
    """Distinct tag sets, numbered as they appear."""

    def __init__(self) -> None:
        self.sets: list[TagSet] = []
        self._code: dict[tuple[tuple[str, str], ...], int] = {}

    def code(self, tags: TagSet) -> int:
        key = tuple(sorted(tags.items()))
        code = self._code.setdefault(key, len(self.sets))
        if code == len(self.sets):
            self.sets.append(tags)
        return code


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Unbroken runs of nodes of ways: `row[i]` is the way's row, its node positions `node[first[i]:first[i + 1]]`."""

    row: NDArray[np.int64]
    first: NDArray[np.int64]
    node: NDArray[np.int64]


def _pieces(lines: Lines, rows: NDArray[np.int64], dropped: dict[str, int]) -> _Pieces:
    """The runs of two nodes or more that ways consist of, cut at missing nodes; a node twice in a row counts once."""
    sizes = lines.first[rows + 1] - lines.first[rows]
    first = np.concatenate(([0], np.cumsum(sizes)))
    row = np.repeat(rows, sizes)
    node = lines.node[np.arange(len(row)) - np.repeat(first[:-1] - lines.first[rows], sizes)]
    present = node >= 0
    begins = np.ones(len(row), dtype=bool)
    begins[1:] = (row[1:] != row[:-1]) | ~present[:-1]
    repeated = np.zeros(len(row), dtype=bool)
    repeated[1:] = (node[1:] == node[:-1]) & ~begins[1:]
    kept = present & ~repeated
    piece = np.cumsum(begins[kept]) - 1
    long_enough = np.bincount(piece, minlength=1) >= 2
    node_kept = long_enough[piece] if len(piece) else np.zeros(0, dtype=bool)
    size = np.bincount(piece, minlength=1)[long_enough]
    piece_row = row[kept][begins[kept]][long_enough] if len(piece) else np.zeros(0, dtype=np.int64)
    dropped["ways_cut"] = len(np.unique(row[~present]))
    dropped["ways_without_nodes"] = len(rows) - len(np.unique(piece_row))
    return _Pieces(piece_row, np.concatenate(([0], np.cumsum(size))).astype(np.int64), node[kept][node_kept])


def _ways(elements: Elements, nodes: Nodes, lines: Lines, source: Source, dropped: dict[str, int]) -> Ways:
    rows = np.array([row for row in lines.rows() if is_way(lines.tags[row])], dtype=np.int64)
    if not len(rows):
        raise ExtractError(
            f"{source.description}: there are no roads in it (no way with a usable highway=*); take an OSM extract with roads"
        )
    pieces = _pieces(lines, rows, dropped)
    if not len(pieces.row):
        raise ExtractError(f"{source.description}: its roads have no nodes with coordinates; take a complete OSM extract")
    used = np.unique(pieces.node)
    way_node = np.searchsorted(used, pieces.node).astype(np.int32)
    node_id = nodes.ids[used]
    tagsets = _TagSets()
    names: dict[str, int] = {"": 0}
    # By row, since the pieces of a way share tags and names.
    tagset, name, ref = (np.zeros(len(lines.tags), dtype=np.int32) for _ in range(3))
    for row in dict.fromkeys(pieces.row.tolist()):
        tags = lines.tags[row]
        tagset[row] = tagsets.code(_with_ferry_speed(way_tags(tags), tags, lines.nodes_of(row), nodes))
        name[row] = names.setdefault(tags.get("name", "").strip(), len(names))
        ref[row] = names.setdefault(tags.get("ref", "").strip(), len(names))
    points = {
        int(position): tags
        for position, osm_id in _present(node_id, elements.node_tags)
        if (tags := point_tags(elements.node_tags[osm_id]))
    }
    return Ways(
        node_id=node_id,
        node_longitude=nodes.longitude[used],
        node_latitude=nodes.latitude[used],
        way_id=lines.ids[pieces.row],
        way_first=pieces.first,
        way_node=way_node,
        way_tagset=tagset[pieces.row],
        way_name=name[pieces.row],
        way_ref=ref[pieces.row],
        point_node=np.array(list(points), dtype=np.int32),
        point_tagset=np.array([tagsets.code(tags) for tags in points.values()], dtype=np.int32),
        tagsets=tuple(tagsets.sets),
        names=tuple(names),
        restrictions=tuple(_restrictions(elements.relations.values(), set(lines.ids[pieces.row].tolist()), node_id, dropped)),
    )


def _present(node_id: NDArray[np.int64], wanted: Iterable[int]) -> list[tuple[int, int]]:
    """(position, id) of the wanted ids that are among `node_id` (sorted), by position."""
    ids = np.array(sorted(wanted), dtype=np.int64)
    found = np.minimum(np.searchsorted(node_id, ids), len(node_id) - 1)
    there = node_id[found] == ids
    return list(zip(found[there].tolist(), ids[there].tolist(), strict=True))


def _with_ferry_speed(kept: dict[str, str], tags: TagSet, line: NDArray[np.int64], nodes: Nodes) -> dict[str, str]:
    """A ferry's `duration` and length as `ferry:kph`, so that the length need not be known where costs are worked out.

    Only for whole ways: the duration says nothing about a part of unknown share.
    """
    if road_class(tags) == "ferry" and "duration" in tags and (line >= 0).all():
        seconds = duration_seconds(tags["duration"])
        kph = length_m(nodes.longitude[line], nodes.latitude[line]) / seconds * 3.6 if seconds else 0.0
        if kph >= 0.1:
            return kept | {"ferry:kph": f"{kph:.1f}"}
    return kept


def length_m(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> float:
    """The length of a line of points (degrees) in metres."""
    return math.fsum(great_circle_m(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:]))


# -- turn restrictions --------------------------------------------------------------------------------------------------


def _restrictions(
    relations: Iterable[Relation], ways: set[int], node_id: NDArray[np.int64], dropped: dict[str, int]
) -> list[TurnRestriction]:
    found: list[TurnRestriction] = []
    for relation in relations:
        if relation.tags.get("type") != "restriction":
            continue
        sources = [member for member in relation.members if member.role == "from"]
        targets = [member for member in relation.members if member.role == "to"]
        via = [member for member in relation.members if member.role == "via"]
        if not _well_formed(sources, via, targets):
            dropped["restrictions_malformed"] += 1
        elif not all(_is_there(member, ways, node_id) for member in (*sources, *via, *targets)):
            dropped["restrictions_incomplete"] += 1
        else:
            found.extend(
                TurnRestriction(
                    osm_id=relation.osm_id,
                    from_way=source.osm_id,
                    via=tuple(member.osm_id for member in via),
                    via_is_node=via[0].kind == "node",
                    to_way=target.osm_id,
                    tags=relation.tags,
                )
                for source in sources
                for target in targets
            )
    return found


def _well_formed(sources: list[Member], via: list[Member], targets: list[Member]) -> bool:
    """A from, a to, and via one node or ways (OSM wiki, Relation:restriction).

    Several froms or tos make pairs: the wiki says so of no_entry and no_exit, and editors leave other kinds like that when a
    member way is split. Where the network is built, pairs that don't meet mean nothing, and any `to` of an only_* may be taken.
    """
    kinds = {member.kind for member in via}
    return (
        bool(sources and targets)
        and all(member.kind == "way" for member in (*sources, *targets))
        and (kinds == {"way"} or (kinds == {"node"} and len(via) == 1))
    )


def _is_there(member: Member, ways: set[int], node_id: NDArray[np.int64]) -> bool:
    if member.kind == "way":
        return member.osm_id in ways
    position = int(np.searchsorted(node_id, member.osm_id))
    return position < len(node_id) and int(node_id[position]) == member.osm_id
