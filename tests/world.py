r"""Worlds drawn as text: a street plan becomes a table of ways and a road network, small enough to check by eye.

    town = draw('''
        A---B>>>C
        |   |   |
        D-#-E---F
    ''', streets={"D E F": "highway=primary name='Jalan Merdeka'"}, restrictions=["no: A B C"]).build()
    town.network, town.segment("A", "B"), town.turn("A", "B", "E")

- Capital letters and digits are nodes with a name; streets run between them.
- `-`, `|`, `/`, `\` are two-way streets; `>`, `<`, `^`, `v` anywhere in a street make it one-way.
- `+` is a bend: a node without a name where a street changes direction.
- `#` and small letters other than `v` are points on a street; `points` says what stands there. A `#` is a block
  (`barrier=block`) unless told otherwise. Points that stand only once in the plan have their sign for a name.
- Every street between two named nodes is a way of its own, `highway=residential`, unless `streets` joins several into one
  way or gives it tags ("A B C": "oneway=yes name='Jalan Baru'"); `points` may speak of named nodes too.
- One character is `metres` wide and high.

Restrictions: "no: A B C" (from street A-B, via node B, to street B-C), "only: A B C", "no: A B..C D" (via the way B-C),
"no: A B..C..D E" (via two ways), further tags behind a bar: "no: A B C | except=psv". The kind (left, right …) follows from
the drawing; write "no_entry: …" or so to choose another.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import dedent

import numpy as np
from numpy.typing import NDArray

from routing.build import BuildReport, build_with_report
from routing.network import DrivingSide, RoadNetwork
from routing.osm import TagSet, TurnRestriction, Ways
from routing.profiles import Profile, load_profiles
from routing.tags import point_tags, way_tags

Cell = tuple[int, int]
Tags = str | Mapping[str, str]

METRES_PER_DEGREE = 111_195.08
CIBINONG = (106.85, -6.48)

_STEPS: dict[Cell, str] = {
    (0, 1): "-><",
    (0, -1): "-><",
    (1, 0): "|v^",
    (-1, 0): "|v^",
    (1, 1): "\\",
    (-1, -1): "\\",
    (1, -1): "/",
    (-1, 1): "/",
}
_ARROWS: dict[str, Cell] = {">": (0, 1), "<": (0, -1), "v": (1, 0), "^": (-1, 0)}


@dataclass(frozen=True, slots=True)
class World:
    """A drawn world as OSM data.

    `ways`: the table. `nodes`: OSM id by name. `streets`: OSM id of the way by the names of two neighbours on it.
    """

    ways: Ways
    nodes: Mapping[str, int]
    streets: Mapping[tuple[str, str], int]

    def position(self, name: str) -> tuple[float, float]:
        """Longitude and latitude of a named node."""
        index = int(np.flatnonzero(self.ways.node_id == self.nodes[name])[0])
        return float(self.ways.node_longitude[index]), float(self.ways.node_latitude[index])

    def build(self, profiles: Mapping[str, Profile] | None = None, driving_side: DrivingSide | None = "left") -> Town:
        """Build its road network, for Siaga's own profiles unless others are given."""
        network, report = build_with_report(self.ways, profiles or load_profiles(), driving_side=driving_side)
        return Town(self, network, report)


@dataclass(frozen=True, slots=True)
class Town:
    """A drawn world with its road network."""

    world: World
    network: RoadNetwork
    report: BuildReport

    def junction(self, name: str) -> int:
        """The junction at a named node."""
        (found,) = np.flatnonzero(self.network.junction_osm_id == self.world.nodes[name])
        return int(found)

    def segments(self, start: str, end: str) -> list[int]:
        """Every segment that runs through `start` and later through `end`, passing as few named nodes as any of them."""
        name = {self.world.position(name): name for name in self.world.nodes}
        found: dict[int, list[int]] = {}
        for segment in range(2 * self.network.links):
            shape = map(tuple, self.network.segment_shape(segment).tolist())
            passed = [name[point] for point in shape if point in name]
            if start in passed and end in passed[passed.index(start) + 1 :]:
                between = passed.index(end, passed.index(start) + 1) - passed.index(start)
                found.setdefault(between, []).append(segment)
        return found[min(found)] if found else []

    def segment(self, start: str, end: str) -> int:
        """The one segment that runs through `start` and (most directly) through `end`."""
        found = self.segments(start, end)
        if len(found) != 1:
            raise LookupError(f"{len(found)} segments from {start} to {end}: {found}")
        return found[0]

    def state(self, start: str, end: str) -> int:
        """The plain state of a segment (-1: no vehicle may use it)."""
        return int(self.network.segment_state[self.segment(start, end)])

    def turn(self, start: str, via: str, end: str) -> int:
        """The turn from the plain state of segment `start`-`via` into segment `via`-`end`."""
        return self.turn_between(self.segment(start, via), self.segment(via, end))

    def turn_between(self, before: int, after: int) -> int:
        """The turn from the plain state of one segment into another segment."""
        state = int(self.network.segment_state[before])
        turns = range(int(self.network.turn_first[state]), int(self.network.turn_first[state + 1]))
        (found,) = (turn for turn in turns if self.network.state_segment[self.network.turn_head[turn]] == after)
        return found


def draw(
    plan: str,
    *,
    streets: Mapping[str, Tags] | None = None,
    points: Mapping[str, Tags] | None = None,
    restrictions: Iterable[str] = (),
    default: Tags = "highway=residential",
    metres: float = 25.0,
    origin: tuple[float, float] = CIBINONG,
) -> World:
    """Read a plan.

    Args:
        plan: the drawing; common indentation and blank lines around it don't count.
        streets: tags by the names along a street, joining these pieces into one way; on top of `default`.
        points: tags by sign or name.
        restrictions: turn restrictions, as the module says.
        default: tags of streets.
        metres: width and height of a character.
        origin: longitude and latitude of the upper left character.

    Raises:
        ValueError: a street that leads nowhere, or a name that isn't in the plan.
    """
    sheet = _Sheet(plan)
    lines, street_ids = _lines(sheet, streets or {}, _tags(default))
    cells = sorted({cell for line, _ in lines for cell in line} | set(sheet.named))
    index = {cell: place for place, cell in enumerate(cells)}
    table = _Table()
    standing = _standing(sheet, cells, {"#": "barrier=block"} | dict(points or {}))
    ways = Ways(
        node_id=np.arange(1, len(cells) + 1, dtype=np.int64),
        node_longitude=np.array([origin[0] + c * metres / METRES_PER_DEGREE / _shrink(origin[1]) for _, c in cells]),
        node_latitude=np.array([origin[1] - r * metres / METRES_PER_DEGREE for r, _ in cells]),
        way_id=np.arange(_WAY_ID, _WAY_ID + len(lines), dtype=np.int64),
        way_first=np.cumsum([0, *(len(line) for line, _ in lines)], dtype=np.int64),
        way_node=np.array([index[cell] for line, _ in lines for cell in line], np.int32),
        way_tagset=np.array([table.tagset(way_tags(tags)) for _, tags in lines], np.int32),
        way_name=np.array([table.name(tags.get("name", "")) for _, tags in lines], np.int32),
        way_ref=np.array([table.name(tags.get("ref", "")) for _, tags in lines], np.int32),
        point_node=np.array([index[cell] for cell in standing], np.int32),
        point_tagset=np.array([table.tagset(tags) for tags in standing.values()], np.int32),
        tagsets=tuple(table.tagsets),
        names=tuple(table.names),
        restrictions=(),
    )
    world = World(ways, {name: index[cell] + 1 for name, cell in sheet.names().items()}, street_ids)
    relations = tuple(_restriction(world, text, _RELATION_ID + i) for i, text in enumerate(restrictions))
    return replace(world, ways=replace(ways, restrictions=relations))


_WAY_ID = 1001
_RELATION_ID = 9001


@dataclass(frozen=True, slots=True)
class _Run:
    """A street between two named nodes: its nodes' cells, and whether arrows forbid one direction."""

    cells: list[Cell]
    one_way: bool

    def reversed(self) -> _Run:
        if self.one_way:
            raise ValueError("a street is named against its one-way")
        return _Run(self.cells[::-1], one_way=False)


class _Sheet:
    """The characters of a plan."""

    def __init__(self, plan: str) -> None:
        lines = dedent(plan.strip("\n")).splitlines()
        self.text = {(r, c): sign for r, line in enumerate(lines) for c, sign in enumerate(line) if sign != " "}
        self.named = [cell for cell, sign in self.text.items() if sign.isdigit() or sign.isupper()]

    def names(self) -> dict[str, Cell]:
        """Cells by sign, where it stands only once."""
        count = Counter(self.text.values())
        return {
            sign: cell
            for cell, sign in self.text.items()
            if count[sign] == 1 and (sign.isalnum() or sign == "#") and sign != "v"
        }

    def runs(self) -> list[_Run]:
        """Every street, once."""
        found: dict[frozenset[Cell], _Run] = {}
        for cell in self.named:
            for step in _STEPS:
                if self._line(_moved(cell, step), step):
                    run, trodden = self._walk(cell, step)
                    found.setdefault(trodden, run)
        return list(found.values())

    def _line(self, cell: Cell, step: Cell) -> bool:
        return self.text.get(cell, " ") in _STEPS[step]

    def _walk(self, start: Cell, step: Cell) -> tuple[_Run, frozenset[Cell]]:
        nodes, trodden, ahead, against = [start], {start}, False, False
        cell = start
        while True:
            cell = _moved(cell, step)
            sign = self.text.get(cell, " ")
            trodden.add(cell)
            if sign in _STEPS[step]:
                ahead |= _ARROWS.get(sign) == step
                against |= _ARROWS.get(sign) == (-step[0], -step[1])
                continue
            if sign == " " or sign in "-|/\\<>^v":
                raise ValueError(f"the street from {self.text[start]} ends in the open at row {cell[0]}, column {cell[1]}")
            nodes.append(cell)
            if cell in self.named:
                break
            if sign == "+":
                arms = [s for s in _STEPS if s != (-step[0], -step[1]) and self._line(_moved(cell, s), s)]
                if len(arms) != 1:
                    raise ValueError(f"the bend at row {cell[0]}, column {cell[1]} has {len(arms)} ways on")
                step = arms[0]
        if ahead and against:
            raise ValueError(f"the street from {self.text[start]} has arrows both ways")
        return _Run(nodes[::-1] if against else nodes, ahead or against), frozenset(trodden)


class _Table:
    """Distinct tag sets and names."""

    def __init__(self) -> None:
        self.tagsets: list[TagSet] = []
        self.names = [""]

    def tagset(self, tags: TagSet) -> int:
        if tags not in self.tagsets:
            self.tagsets.append(tags)
        return self.tagsets.index(tags)

    def name(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def _lines(
    sheet: _Sheet, streets: Mapping[str, Tags], default: dict[str, str]
) -> tuple[list[tuple[list[Cell], dict[str, str]]], dict[tuple[str, str], int]]:
    """The ways as lines of cells with tags, and the way id of each pair of neighbours."""
    lines: list[tuple[list[Cell], dict[str, str]]] = []
    ids: dict[tuple[str, str], int] = {}
    left = sheet.runs()
    for along, tags in streets.items():
        stops = list(pairwise(along.split()))
        pieces = [_take(left, sheet, *stop) for stop in stops]
        ids |= {pair: _WAY_ID + len(lines) for start, end in stops for pair in ((start, end), (end, start))}
        lines.append((_joined(pieces), default | _one_way(pieces) | _tags(tags)))
    for run in left:
        start, end = sheet.text[run.cells[0]], sheet.text[run.cells[-1]]
        ids[start, end] = ids[end, start] = _WAY_ID + len(lines)
        lines.append((run.cells, default | _one_way([run])))
    return lines, ids


def _standing(sheet: _Sheet, cells: list[Cell], points: Mapping[str, Tags]) -> dict[Cell, dict[str, str]]:
    """The tags of points that have any."""
    unknown = [sign for sign in points if sign != "#" and sign not in sheet.text.values()]
    if unknown:
        raise ValueError(f"points {unknown} don't stand in the plan")
    tags = {cell: point_tags(_tags(points.get(sheet.text[cell], ""))) for cell in cells}
    return {cell: kept for cell, kept in tags.items() if kept}


def _shrink(latitude: float) -> float:
    return math.cos(math.radians(latitude))


def _moved(cell: Cell, step: Cell) -> Cell:
    return cell[0] + step[0], cell[1] + step[1]


def _tags(tags: Tags) -> dict[str, str]:
    if isinstance(tags, str):
        return dict(part.split("=", 1) for part in shlex.split(tags))
    return dict(tags)


def _take(left: list[_Run], sheet: _Sheet, start: str, end: str) -> _Run:
    """Take the street between two names out of those that are left, in that direction."""
    for run in left:
        ends = sheet.text[run.cells[0]], sheet.text[run.cells[-1]]
        if {start, end} == set(ends):
            left.remove(run)
            return run if ends == (start, end) else run.reversed()
    raise ValueError(f"no street (left) between {start} and {end}")


def _joined(pieces: list[_Run]) -> list[Cell]:
    return pieces[0].cells + [cell for piece in pieces[1:] for cell in piece.cells[1:]]


def _one_way(pieces: list[_Run]) -> dict[str, str]:
    if len({piece.one_way for piece in pieces}) > 1:
        raise ValueError("a street can't be one-way in part: split it")
    return {"oneway": "yes"} if pieces[0].one_way else {}


def _restriction(world: World, text: str, osm_id: int) -> TurnRestriction:
    verb, _, rest = text.partition(":")
    members, _, more = rest.partition("|")
    start, via, end = members.split()
    through = via.split("..")
    if verb in ("no", "only"):
        verb = f"{verb}_{_kind(world, start, through[0], through[-1], end)}"
    ways = list(dict.fromkeys(world.streets[pair] for pair in pairwise(through)))
    return TurnRestriction(
        osm_id=osm_id,
        from_way=world.streets[start, through[0]],
        via=tuple(ways) if ways else (world.nodes[via],),
        via_is_node=not ways,
        to_way=world.streets[through[-1], end],
        tags={"type": "restriction", "restriction": verb} | _tags(more),
    )


def _kind(world: World, start: str, enter: str, leave: str, end: str) -> str:
    """What the turn is called, by the angle between the streets."""
    before = _direction(world.position(start), world.position(enter))
    after = _direction(world.position(leave), world.position(end))
    turned = math.degrees(math.atan2(before[0] * after[1] - before[1] * after[0], before @ after))
    if abs(turned) < 30:
        return "straight_on"
    if abs(turned) > 150:
        return "u_turn"
    return "left_turn" if turned > 0 else "right_turn"


def _direction(start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([(end[0] - start[0]) * _shrink(start[1]), end[1] - start[1]])
