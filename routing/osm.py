"""What reading OSM data ends in, whichever way it was read: ways, points on them, turn restrictions, features.

Everything is columnar, and tag sets are dictionary-encoded: a region has a hundred thousand ways but only a few thousand
different sets of the tags that matter for costs, so the meaning of tags is worked out once per set, in plain Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from routing.backdrop import Backdrop, nothing

TagSet = Mapping[str, str]
ElementKind = Literal["node", "way", "relation"]


@dataclass(frozen=True, slots=True)
class TurnRestriction:
    """One OSM `type=restriction` relation.

    `via` holds either exactly one node id (`via_is_node`) or one or more way ids, in order. `tags` are the relation's own
    (`restriction`, `restriction:hgv`, `except`, `restriction:conditional`, …).
    """

    osm_id: int
    from_way: int
    via: tuple[int, ...]
    via_is_node: bool
    to_way: int
    tags: TagSet


@dataclass(frozen=True, slots=True)
class Ways:
    """The table of ways, and the nodes they run through.

    Attributes:
        node_id: int64[n], OSM ids; unique.
        node_longitude, node_latitude: float64[n], degrees (WGS 84).
        way_id: int64[w], OSM ids; a way that an extract's border cuts in two may stand twice.
        way_first: int64[w + 1]; way `i` runs through `way_node[way_first[i]:way_first[i + 1]]`, two nodes at least.
        way_node: int32[…], indices into the nodes.
        way_tagset: int32[w], index into `tagsets`: the tags that matter for costs (see `routing.tags.COST_KEYS`).
        way_name, way_ref: int32[w], index into `names` (0 is the empty string).
        point_node: int32[p], nodes of ways that bear tags of their own (barrier, traffic signals, level crossing …); unique.
        point_tagset: int32[p], index into `tagsets`.
        tagsets: distinct tag sets.
        names: distinct street names and references; `names[0] == ""`.
        restrictions: turn restrictions whose members are all in the table.
    """

    node_id: NDArray[np.int64]
    node_longitude: NDArray[np.float64]
    node_latitude: NDArray[np.float64]
    way_id: NDArray[np.int64]
    way_first: NDArray[np.int64]
    way_node: NDArray[np.int32]
    way_tagset: NDArray[np.int32]
    way_name: NDArray[np.int32]
    way_ref: NDArray[np.int32]
    point_node: NDArray[np.int32]
    point_tagset: NDArray[np.int32]
    tagsets: tuple[TagSet, ...]
    names: tuple[str, ...]
    restrictions: tuple[TurnRestriction, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A named, addressed or useful thing: a facility, a place, a house number, an administrative boundary.

    `longitude`, `latitude` is a point on or in it (degrees); `area` its outline where it has one that matters
    (boundaries, large compounds), else None. `tags` are all its tags.
    """

    kind: ElementKind
    osm_id: int
    longitude: float
    latitude: float
    tags: TagSet
    area: BaseGeometry | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an extract came from, for the record and for attribution.

    `description` is for people ("kota-sukabumi.osm.pbf", "Kecamatan Cibinong, Kabupaten Bogor"); `sha256` is of the file
    where there was one, else None; `data_time` is the newest OSM timestamp, ISO 8601, or None where the data has none.
    """

    description: str
    sha256: str | None
    data_time: str | None
    invented: bool
    attribution: str


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything that Siaga takes from OSM for one region.

    `dropped` counts what could not be used, by reason (keys of `routing.assembly.DROPPED`); `backdrop` is what a map shows
    besides roads.
    """

    ways: Ways
    features: tuple[Feature, ...]
    source: Source
    dropped: Mapping[str, int] = field(default_factory=dict)
    backdrop: Backdrop = field(default_factory=nothing)


ODBL_ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
