"""Read an OSM extract from a file (`.osm.pbf`, `.osm`, `.osm.gz`, `.osm.bz2`, …) with pyosmium.

Three passes, so that the order of elements in the file doesn't matter and only nodes that are needed are kept: relations,
ways, nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray
from osmium.filter import EmptyTagFilter
from osmium.osm import NODE, RELATION, WAY

from routing.assembly import assemble
from routing.elements import Elements, Member, Relation
from routing.errors import ExtractError
from routing.map_tags import is_drawn
from routing.osm import ODBL_ATTRIBUTION, ElementKind, Extract, Source
from routing.osm_backdrop import in_backdrop
from routing.osm_features import is_feature, needs_geometry
from routing.tags import is_way

Progress = Callable[[str], None]
"""Told the name of each step as it begins."""

_FORMATS = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".xml", ".xml.gz", ".xml.bz2", ".o5m", ".opl", ".opl.gz", ".opl.bz2")
_HISTORY = (".osh", ".osc", ".osh.pbf", ".osh.gz", ".osh.bz2", ".osc.gz", ".osc.bz2")
_KINDS: dict[str, ElementKind] = {"n": "node", "w": "way", "r": "relation"}
# osmium sorts its index of nodes when it meets the first way after them; unsorted, it finds nothing and says nothing.
_ANY_WAY = b'<osm version="0.6"><way id="1"><nd ref="1"/></way></osm>'
_UNDEFINED = 2**31 - 1  # libosmium's mark for a coordinate that is not given


def read_extract(path: Path, *, progress: Progress | None = None) -> Extract:
    """The extract in the file at `path`.

    Raises:
        ExtractError: the file is missing, empty, truncated, no OSM file, or has no roads; one line that names it.
    """
    say = progress or (lambda _step: None)
    _check(path)
    say("checksum")
    sha256 = _sha256(path)
    try:
        elements = _read(path, say)
        header_time = _header_time(path)
    except (RuntimeError, ValueError, OSError) as error:  # what pyosmium raises for anything wrong with the file
        reason = " ".join(str(error).split())
        raise ExtractError(f"{path}: not a complete OSM file ({reason}); fetch it again") from error
    if not elements.way_id and not elements.relations and not elements.node_tags:
        raise ExtractError(f"{path}: there are no roads or places in it; take an OSM extract with roads")
    say("assemble")
    source = Source(
        description=path.name,
        sha256=sha256,
        data_time=max(header_time, elements.newest) or None,
        invented=False,
        attribution=ODBL_ATTRIBUTION,
    )
    return assemble(elements, source)


def _check(path: Path) -> None:
    if not path.exists():
        raise ExtractError(f"{path}: there is no such file; name an OSM extract (.osm.pbf or .osm)")
    if not path.is_file():
        raise ExtractError(f"{path}: not a file; name an OSM extract (.osm.pbf or .osm)")
    name = path.name.lower()
    if name.endswith(_HISTORY):
        raise ExtractError(f"{path}: a history or change file, not an extract; name an .osm.pbf or .osm file")
    if not name.endswith(_FORMATS):
        raise ExtractError(f"{path}: not an OSM file by its name; it must end in .osm.pbf, .osm, .osm.gz or .osm.bz2")
    try:
        if path.stat().st_size == 0:
            raise ExtractError(f"{path}: the file is empty; fetch it again")
    except OSError as error:
        raise ExtractError(f"{path}: can't be read ({error.strerror})") from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExtractError(f"{path}: can't be read ({error.strerror})") from error


def _header_time(path: Path) -> str:
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        stated: str = reader.header().get("osmosis_replication_timestamp") or reader.header().get("timestamp")
    return stated if stated.startswith("20") else ""


def _read(path: Path, say: Progress) -> Elements:
    elements = Elements()
    newest = datetime.fromtimestamp(0, UTC)

    say("relations")
    members: set[int] = set()
    nodes: set[int] = set()
    for relation in _objects(path, RELATION, EmptyTagFilter()):
        tags = dict(relation.tags)
        if tags.get("type") != "restriction" and tags.get("type") not in ("multipolygon", "boundary", "site"):
            continue
        found = Relation(
            relation.id,
            tags,
            tuple(Member(_KINDS[member.type], member.ref, member.role) for member in relation.members),
        )
        area = needs_geometry(found) or in_backdrop(found)
        if area or tags["type"] == "restriction":
            elements.add_relation(found)
            newest = max(newest, relation.timestamp)
        if area:
            members.update(member.osm_id for member in found.members if member.kind == "way")
            nodes.update(member.osm_id for member in found.members if member.kind == "node")

    say("ways")
    for way in _objects(path, WAY):
        tags = dict(way.tags)
        if way.id in members or (tags and (is_way(tags) or is_feature(tags, "way") or is_drawn(tags))):
            elements.add_way(way.id, [node.ref for node in way.nodes], tags)
            newest = max(newest, way.timestamp)

    say("nodes")
    for node in _objects(path, NODE, EmptyTagFilter()):
        elements.node_tags[node.id] = dict(node.tags)
        nodes.add(node.id)
        newest = max(newest, node.timestamp)
    needed = np.union1d(np.array(elements.way_ref, dtype=np.int64), np.fromiter(nodes, dtype=np.int64, count=len(nodes)))
    _add_places(elements, path, needed)
    elements.newest = newest.strftime("%Y-%m-%dT%H:%M:%SZ") if newest.year > 1970 else ""
    return elements


def _add_places(elements: Elements, path: Path, needed: NDArray[np.int64]) -> None:
    """The places of the nodes with these ids (sorted), where the file has them.

    osmium's index takes 16 bytes for each node of the file (its id filter would take a bit for each node of the planet), but
    only positive ids; editors' files have others too.
    """
    if len(needed) and needed[0] < 0:
        wanted = set(needed.tolist())
        for node in _objects(path, NODE):
            if node.id in wanted and node.location.x != _UNDEFINED:
                elements.add_node(node.id, node.location.x, node.location.y)
        return
    index = osmium.index.create_map("flex_mem")
    collector = osmium.NodeLocationsForWays(index)
    collector.ignore_errors()
    with osmium.io.Reader(str(path), NODE) as reader:
        osmium.apply(reader, collector)
    with osmium.io.Reader(osmium.io.FileBuffer(_ANY_WAY, "osm")) as reader:
        osmium.apply(reader, collector)
    for osm_id in needed.tolist():
        try:
            place = index.get(osm_id)
        except KeyError:  # outside the extract
            continue
        if place.x != _UNDEFINED:
            elements.add_node(osm_id, place.x, place.y)


def _objects(path: Path, kind: Any, *filters: Any) -> Iterator[Any]:
    processor: Iterable[Any] = osmium.FileProcessor(str(path), kind)
    for condition in filters:
        processor = processor.with_filter(condition)  # type: ignore[attr-defined]
    return (element for element in processor if element.visible)
