"""A second, plain reading of an OSM file: raw ways, points and relations, and what their tags mean for each vehicle.

Nothing of `routing` is used here. The judgement follows the OSM wiki (Key:access, Key:oneway, Key:barrier,
Relation:restriction) and the choices that data/profiles.toml declares; it knows the values that occur in the extracts it is
used on and stops at any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import osmium

Tags = Mapping[str, str]
Use = str

OPEN, RESTRICTED, CLOSED = "open", "restricted", "closed"
VEHICLES = ("car", "ambulance", "ambulance_priority", "motorcycle")

# -- what data/profiles.toml declares -----------------------------------------------------------------------------------

ROOM_M = {"car": 1.7 + 0.3, "ambulance": 1.9 + 0.4, "ambulance_priority": 1.9 + 0.4, "motorcycle": 0.75 + 0.25}
WIDTH_M = {"car": 1.7, "ambulance": 1.9, "ambulance_priority": 1.9, "motorcycle": 0.75}
HEIGHT_M = {"car": 1.9, "ambulance": 2.5, "ambulance_priority": 2.5, "motorcycle": 1.9}
WEIGHT_T = {"car": 1.8, "ambulance": 3.2, "ambulance_priority": 3.2, "motorcycle": 0.3}
OWN_KEYS = {
    "car": ("motorcar", "motor_vehicle", "vehicle"),
    "ambulance": ("motorcar", "motor_vehicle", "vehicle"),
    "ambulance_priority": ("emergency", "motorcar", "motor_vehicle", "vehicle"),
    "motorcycle": ("motorcycle", "motor_vehicle", "vehicle"),
}
WORDS = {
    **dict.fromkeys(("yes", "permissive", "designated", "public"), OPEN),
    **dict.fromkeys(("private", "destination", "customers", "delivery"), RESTRICTED),
    **dict.fromkeys(("no", "agricultural"), CLOSED),
}
WAIVED_WORDS = ("destination", "delivery")  # by right of way
MINOR = ("unclassified", "residential", "living_street", "service", "track", "road")
MAJOR = tuple(f"{kind}{link}" for kind in ("trunk", "primary", "secondary", "tertiary") for link in ("", "_link"))
MOTORWAYS = ("motorway", "motorway_link")
NOT_FOR_VEHICLES = ("pedestrian", "footway", "path", "cycleway", "bridleway")
ASSUMED_WIDTH_M = {"footway": 1.5, "path": 1.5, "bridleway": 1.5, "cycleway": 2.4}
NARROW_M, ALLEY_M = 2.2, 2.0
FOR_EMERGENCIES = {"ambulance_priority": OPEN, "ambulance": RESTRICTED}
TOO_NARROW_TO_BE_TRUE_M = 2.5  # on the classes below
NEVER_SO_NARROW = ("motorway", "trunk", "primary", "secondary")
LETS_THROUGH = ("gate", "lift_gate", "toll_booth", "entrance")  # without access tags
IMMOVABLE = ("bollard", "block", "cycle_barrier", "kissing_gate", "wall", "yes")
BESIDE_WHICH_A_MOTORCYCLE_PASSES = ("bollard", "block")
BY_HAND = ("chain",)


def metres(text: str) -> float:
    """A length, weight or such with or without its unit."""
    return float(text.removesuffix("m").removesuffix("t"))


def word_says(vehicle: str, word: str) -> Use:
    """What an access value means for a vehicle."""
    return OPEN if vehicle == "ambulance_priority" and word in WAIVED_WORDS else WORDS[word]


def said(tags: Tags, vehicle: str, keys: Iterable[str]) -> Use | None:
    """What the access tags say, the first of `keys` that is there; buses' leave is right of way's leave."""
    if vehicle == "ambulance_priority" and any(tags.get(key) in ("yes", "designated") for key in ("bus", "psv")):
        return OPEN
    return next((word_says(vehicle, tags[key]) for key in keys if key in tags), None)


def fits(tags: Tags, vehicle: str, kind: str) -> bool:
    """Whether a vehicle has room on a way."""
    limits = (("maxwidth", WIDTH_M), ("maxheight", HEIGHT_M), ("maxweight", WEIGHT_T))
    if any(key in tags and own[vehicle] > metres(tags[key]) for key, own in limits):
        return False
    slip = kind.removesuffix("_link") in NEVER_SO_NARROW and metres(tags.get("width", "0")) < TOO_NARROW_TO_BE_TRUE_M
    if "width" in tags and not slip:
        return ROOM_M[vehicle] <= metres(tags["width"])
    if any(WORDS.get(tags.get(key, "")) == OPEN for key in OWN_KEYS[vehicle]):
        return True
    room = ASSUMED_WIDTH_M.get(kind, 99.0)
    if kind == "service" and tags.get("service") == "alley":
        room = min(room, ALLEY_M)
    if kind in MINOR and "narrow" in tags:
        room = min(room, NARROW_M)
    return ROOM_M[vehicle] <= room


def way_use(tags: Tags, vehicle: str) -> tuple[Use, Use]:
    """What a way is to a vehicle in its own direction and against it."""
    known = (*MINOR, *MAJOR, *MOTORWAYS, *NOT_FOR_VEHICLES)
    kind = next((value for value in tags.get("highway", "").split(";") if value in known), None)
    if kind is None or tags.get("area") == "yes" or not fits(tags, vehicle, kind):
        return CLOSED, CLOSED
    use = _use_of_kind(tags, vehicle, kind)
    one_way = tags.get("oneway")
    if one_way is None and (tags.get("junction") == "roundabout" or kind == "motorway"):
        one_way = "yes"
    return {
        None: (use, use),
        "no": (use, use),
        "yes": (use, CLOSED),
        "1": (use, CLOSED),
        "-1": (CLOSED, use),
    }[one_way]


def _use_of_kind(tags: Tags, vehicle: str, kind: str) -> Use:
    own = OWN_KEYS[vehicle]
    if kind in NOT_FOR_VEHICLES or (vehicle == "motorcycle" and kind in MOTORWAYS):
        # access=yes is for people on foot; on toll roads motor_vehicle=yes is for cars, motorcycles must be named.
        use = said(tags, vehicle, own if kind in NOT_FOR_VEHICLES else own[:1]) or CLOSED
        if use == CLOSED and vehicle == "ambulance_priority" and kind == "pedestrian" and "width" in tags:
            return RESTRICTED if WORDS[tags.get("access", "yes")] == OPEN else CLOSED
        return use
    use = said(tags, vehicle, (*own, "access"))
    if use is None and kind == "service" and tags.get("service") == "emergency_access":
        return FOR_EMERGENCIES.get(vehicle, CLOSED)
    return use or OPEN


def barrier_use(tags: Tags, vehicle: str) -> Use:
    """What a barrier is to a vehicle."""
    kind = tags["barrier"]
    if kind not in (*LETS_THROUGH, *IMMOVABLE, *BY_HAND):
        raise KeyError(kind)
    if kind in IMMOVABLE:  # whatever the law: only a gap that is wide enough lets anyone through
        shut = said(tags, vehicle, (*OWN_KEYS[vehicle], "access")) == CLOSED
        return OPEN if vehicle == "motorcycle" and kind in BESIDE_WHICH_A_MOTORCYCLE_PASSES and not shut else CLOSED
    return said(tags, vehicle, (*OWN_KEYS[vehicle], "access")) or (OPEN if kind in LETS_THROUGH else CLOSED)


# -- the file -----------------------------------------------------------------------------------------------------------


class Edge(NamedTuple):
    """A piece of a way between two of its nodes, in one direction; `along`: the way's own."""

    way: int
    start: int
    end: int
    along: bool

    @property
    def back(self) -> Edge:
        """The same piece in the other direction."""
        return Edge(self.way, self.end, self.start, not self.along)


@dataclass(frozen=True, slots=True)
class Relation:
    """A turn restriction as it stands in the file."""

    id: int
    kind: str
    from_ways: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]

    def binds(self, vehicle: str) -> bool:
        """Right of way waives bans of turns, but not the only way that is left (UU 22/2009 art. 135)."""
        return vehicle != "ambulance_priority" or self.kind.startswith("only_")


@dataclass
class RawRoads:
    """Ways with a highway tag, the tags of nodes, where nodes lie (in units of 1e-7 degrees), turn restrictions."""

    ways: dict[int, tuple[dict[str, str], tuple[int, ...]]] = field(default_factory=dict)
    nodes: dict[int, dict[str, str]] = field(default_factory=dict)
    place: dict[int, tuple[int, int]] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    leaving: dict[int, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    at_node: dict[int, list[Relation]] = field(default_factory=lambda: defaultdict(list))
    _uses: dict[tuple[int, str], tuple[Use, Use]] = field(default_factory=dict)

    @staticmethod
    def read(path: Path) -> RawRoads:
        """Reads a file."""
        raw = RawRoads()
        for item in osmium.FileProcessor(str(path)):
            tags = dict(item.tags)
            if item.is_node():
                raw.place[item.id] = (round(item.location.lon * 1e7), round(item.location.lat * 1e7))
                if tags:
                    raw.nodes[item.id] = tags
            elif item.is_way() and "highway" in tags:
                raw.ways[item.id] = tags, tuple(node.ref for node in item.nodes)
            elif item.is_relation() and tags.get("type") == "restriction":
                members = [(member.type + (member.role or "?"), member.ref) for member in item.members]
                chosen = (tuple(ref for role, ref in members if role == wanted) for wanted in ("wfrom", "nvia", "wvia", "wto"))
                raw.relations.append(Relation(item.id, tags["restriction"], *chosen))
        for way, (_, nodes) in raw.ways.items():
            for start, end in pairwise(nodes):
                if start != end:
                    raw.leaving[start].append(Edge(way, start, end, True))
                    raw.leaving[end].append(Edge(way, end, start, False))
        for relation in raw.relations:
            for node in relation.via_nodes:
                raw.at_node[node].append(relation)
        return raw

    def use(self, edge: Edge, vehicle: str) -> Use:
        """What an edge is to a vehicle."""
        key = edge.way, vehicle
        if key not in self._uses:
            self._uses[key] = way_use(self.ways[edge.way][0], vehicle)
        return self._uses[key][not edge.along]

    def point(self, node: int, vehicle: str) -> Use:
        """What the barrier at a node, if there is one, is to a vehicle."""
        tags = self.nodes.get(node, {})
        return barrier_use(tags, vehicle) if "barrier" in tags else OPEN

    def banning(self, before: Edge, after: Edge) -> Iterator[Relation]:
        """The restrictions by way of a node that forbid a turn to those whom they bind."""
        for relation in self.at_node.get(before.end, ()):
            if before.way in relation.from_ways and self._meets(relation, before):
                named = after.way in relation.to_ways
                if named == relation.kind.startswith("no_"):
                    yield relation

    def _meets(self, relation: Relation, before: Edge) -> bool:
        """Whether a `to` member leaves the node at all: a relation with members elsewhere says nothing."""
        return any(edge.way in relation.to_ways for edge in self.leaving[before.end])

    def turn(self, before: Edge, after: Edge, vehicle: str) -> Use:
        """What going from one open edge on to the next is; turning round in front of a barrier doesn't pass it."""
        if self.use(after, vehicle) == CLOSED or any(rule.binds(vehicle) for rule in self.banning(before, after)):
            return CLOSED
        return OPEN if after == before.back else self.point(before.end, vehicle)

    def paths(self, relation: Relation) -> Iterator[tuple[Edge, ...]]:
        """What a restriction by way of one way forbids: the last edge before it, its edges, the first edge after it."""
        (via,) = relation.via_ways
        along = [Edge(via, start, end, True) for start, end in pairwise(self.ways[via][1])]
        for middle in (along, [edge.back for edge in reversed(along)]):
            for before in (edge.back for edge in self.leaving[middle[0].start] if edge.way in relation.from_ways):
                for after in (edge for edge in self.leaving[middle[-1].end] if edge.way in relation.to_ways):
                    yield before, *middle, after

    def entries(self, edges: Iterable[Edge], vehicle: str) -> int:
        """How often a path goes from an open road into one that is for reaching what lies there, or through such a gate."""
        return sum(self.enters(before, after, vehicle) for before, after in pairwise(edges))

    def enters(self, before: Edge, after: Edge, vehicle: str) -> bool:
        """Whether a turn does."""
        if self.use(before, vehicle) == RESTRICTED:
            return False
        return RESTRICTED in (self.use(after, vehicle), self.turn(before, after, vehicle))

    def joined(self, origin: Edge, destination: Edge, vehicle: str, entries: int) -> bool:
        """Whether one can drive from the end of one edge onto another with so many entries into restricted roads at most.

        Searches from both ends in turn, so that it ends soon where either lies in an enclave.
        """
        fewest = ({origin: 0}, {destination: 0})
        fronts = ([origin], [destination])
        while fronts[0] and fronts[1]:
            for side in (0, 1):
                mine, theirs = fewest[side], fewest[1 - side]
                front: list[Edge] = []
                for edge in fronts[side]:
                    for other, entered in self._next(edge, vehicle, forward=side == 0):
                        total = mine[edge] + entered
                        if total > entries or mine.get(other, entries + 1) <= total:
                            continue
                        if total + theirs.get(other, entries + 1) <= entries:
                            return True
                        mine[other] = total
                        front.append(other)
                fronts[side][:] = front
        return False

    def _next(self, edge: Edge, vehicle: str, *, forward: bool) -> Iterator[tuple[Edge, bool]]:
        """The edges that one can come to, or come from, and whether restricted roads are entered by that."""
        for leaving in self.leaving[edge.end if forward else edge.start]:
            before, after = (edge, leaving) if forward else (leaving.back, edge)
            if self.use(before, vehicle) != CLOSED and self.turn(before, after, vehicle) != CLOSED:
                yield after if forward else before, self.enters(before, after, vehicle)


@cache
def read(path: Path) -> RawRoads:
    """Reads a file once."""
    return RawRoads.read(path)
