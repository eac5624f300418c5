"""Streets as ways: straight runs of edges become one way each, bent a little, with tags, names and what stands on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.osm import TagSet
from routing.sample.dice import Flags, Ints, below, chance, draw
from routing.sample.edges import Direction, Kind, Span, Streets
from routing.sample.ground import Ground, Quarter
from routing.sample.layout import Layout
from routing.sample.spellings import (
    BIRDS,
    ELDERS,
    ESTATE_GATES,
    FLOWERS,
    GREAT_STREETS,
    LOOP_BARRIERS,
    RIVER,
    SECOND_GATES,
    STREET_TAGS,
    TREE_BARRIERS,
    TREES,
    Variants,
)

_RING = ((1.0, 0.0), (0.7, -0.7), (0.0, -1.0), (-0.7, -0.7), (-1.0, 0.0), (-0.7, 0.7), (0.0, 1.0), (0.7, 0.7))
_RING_CELLS = 0.24
_OFTEN_NAMED = {Quarter.SAWAH: 20, Quarter.DESA: 15, Quarter.KAMPUNG: 25, Quarter.PERUMAHAN: 70, Quarter.MIXED: 45,
                Quarter.CENTRE: 80, Quarter.LAKE: 0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paved:
    """What later layers need to know: the way of each edge (int64[edges]), and each way's name and quarter."""

    way: Ints


def pave(ground: Ground, streets: Streets, layout: Layout, roundabouts: Ints, split: Flags) -> Paved:
    """Lay the streets down as ways.

    Args:
        roundabouts: corners that become roundabouts.
        split: bool[corners], where no way may run through (turn restrictions need their members to end there).
    """
    first = layout.add_points(ground.x, ground.y)
    assert first == 0, "corners are the first points, so that a corner's number is its point's"
    tail, head = _with_roundabouts(ground, streets, layout, roundabouts)
    obstacle = _obstacles(ground, streets)
    mids, mid_count = _bend(ground, streets, layout, tail, head, obstacle)
    for edge, tags in obstacle.items():
        layout.standing[int(mids[edge])] = tags

    through = split.copy()
    through[roundabouts] = True
    order, run = _runs(ground, streets, through)
    nodes, sizes = _nodes_of_runs(order, run, tail, head, mids, mid_count)
    opening = order[np.flatnonzero(np.diff(run, prepend=-1))]  # the first edge of each run
    turned = below(ground.seed, "drawn the other way", opening, 100) < 45
    nodes = _turned(nodes, sizes, turned)
    name = _names(ground, streets, layout, opening)
    tagset = _tagsets(ground, streets, layout, opening, turned, name)
    begin = layout.add_ways(sizes, nodes, tagset, name)
    way = np.empty(len(streets.tail), np.int64)
    way[order] = begin + run
    return Paved(way)


def _with_roundabouts(ground: Ground, streets: Streets, layout: Layout, roundabouts: Ints) -> tuple[Ints, Ints]:
    """The points where each edge begins and ends: corners, but for those that are roundabouts."""
    tail, head = streets.tail.copy(), streets.head.copy()
    east, north, west, south = streets.at(ground.corners)
    for corner in roundabouts.tolist():
        j, i = divmod(corner, ground.columns)
        ring = np.array(_RING) * _RING_CELLS
        x, y = ground.place(i + ring[:, 0], j + ring[:, 1])
        begin = layout.add_points(x, y)
        circle = [*range(begin, begin + 8), begin]  # clockwise: traffic keeps to the left
        layout.add_way(circle, {"highway": "secondary", "junction": "roundabout", "surface": "asphalt"}, "Bundaran Tirta")
        for place, edge in ((0, east[corner]), (2, south[corner]), (4, west[corner]), (6, north[corner])):
            if edge >= 0:
                (tail if streets.tail[edge] == corner else head)[edge] = begin + place
    return tail, head


def _pick(variants: Variants, dice: Ints) -> Ints:
    """The variant that each throw (0 … whole - 1) means, or -1: int64."""
    bounds = np.cumsum([share for share, _ in variants])
    result: Ints = np.searchsorted(bounds, dice, "right")
    return np.where(result < len(variants), result, -1)


def _obstacles(ground: Ground, streets: Streets) -> dict[int, TagSet]:
    """What stands on edges, by edge."""
    result: dict[int, TagSet] = {}
    number = streets.number
    local = ~streets.line & (streets.gate == 0) & (streets.span == Span.NONE) & (streets.kind <= Kind.SERVICE)
    local &= ~ground.island[streets.tail]
    for mine, variants, purpose in (
        (local & streets.loop, LOOP_BARRIERS, "loop barrier"),
        (local & ~streets.loop, TREE_BARRIERS, "tree barrier"),
    ):
        edges = np.flatnonzero(mine)
        edges = edges[np.argsort(draw(ground.seed, purpose, number[edges]), kind="stable")]
        begin = 0
        for share, tags in variants:  # one of each at least, where there is room
            count = max(1, share * len(edges) // 1000)
            result |= dict.fromkeys(edges[begin : begin + count].tolist(), tags)
            begin += count
    for gate, kinds in ((1, ESTATE_GATES), (2, SECOND_GATES)):
        edges = np.flatnonzero(streets.gate == gate)
        for place, edge in enumerate(edges[np.argsort(draw(ground.seed, "gate kind", number[edges]), kind="stable")].tolist()):
            result[edge] = kinds[place % len(kinds)]
    for edge in np.flatnonzero(streets.span == Span.RAILWAY).tolist():
        result[edge] = {"railway": "level_crossing", "crossing:barrier": "yes"}
    return result


def _bend(
    ground: Ground, streets: Streets, layout: Layout, tail: Ints, head: Ints, obstacle: dict[int, TagSet]
) -> tuple[Ints, Ints]:
    """Add shape points between the ends of edges: the first one's number and how many (int64[edges] each)."""
    number = streets.number
    quarter = ground.quarter[ground.block[streets.tail]]
    count = np.array([1, 1, 2, 0], np.int64)[below(ground.seed, "shape points", number, 4)]
    count[streets.line] = 1
    count[streets.span != Span.NONE] = 0
    count[[edge for edge in obstacle if not count[edge]]] = 1
    bow = np.where(streets.line, 0.03, 0.09)
    bow = np.where((quarter == Quarter.PERUMAHAN) | (quarter == Quarter.CENTRE), 0.02, bow)
    bow = np.where(streets.span != Span.NONE, 0.0, bow) * (chance(ground.seed, "bow", number) * 2 - 1)

    x, y = np.concatenate(layout.x), np.concatenate(layout.y)
    begin = np.concatenate(([0], np.cumsum(count)))[:-1]
    edge = np.repeat(np.arange(len(count)), count)
    place = (np.arange(len(edge)) - begin[edge] + 1.0) / (count[edge] + 1)
    side = bow[edge] * 4 * place * (1 - place)
    side += np.where(streets.span[edge] != Span.NONE, 0.0, 0.02) * (
        chance(ground.seed, "shiver", number[edge] * 4 + begin[edge]) - 0.5
    )
    from_x, from_y = x[tail[edge]], y[tail[edge]]
    to_x, to_y = x[head[edge]] - from_x, y[head[edge]] - from_y
    first = layout.add_points(from_x + place * to_x - side * to_y, from_y + place * to_y + side * to_x)
    return first + begin, count


def _runs(ground: Ground, streets: Streets, through: Flags) -> tuple[Ints, Ints]:
    """Edges in the order of runs (int64[edges]), and the number of the run at each place of that order."""
    row, column = np.divmod(streets.tail, ground.columns)
    east = streets.direction == Direction.EAST
    order = np.lexsort((np.where(east, column, row), np.where(east, row, column), streets.direction))
    tail, head, direction = streets.tail[order], streets.head[order], streets.direction[order]
    alone = (streets.span != Span.NONE) & (streets.span != Span.RAILWAY) | (direction[np.argsort(order)] == Direction.SLANT)
    key = (streets.kind * 4 + streets.oneway + 1) * 2 + (streets.gate > 0)
    key = key * (1 << 40) + streets.street(ground)
    key, alone = key[order], alone[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (direction[1:] != direction[:-1]) | (tail[1:] != head[:-1]) | (key[1:] != key[:-1])
    begins[1:] |= alone[1:] | alone[:-1] | through[tail[1:]]
    return order, np.cumsum(begins) - 1


def _nodes_of_runs(order: Ints, run: Ints, tail: Ints, head: Ints, mids: Ints, mid_count: Ints) -> tuple[Ints, Ints]:
    """The points of all runs one after another, and how many each run has."""
    pieces = 1 + mid_count[order]
    start = np.cumsum(pieces) - pieces + run
    runs = int(run[-1]) + 1
    nodes = np.empty(int(pieces.sum()) + runs, np.int64)
    nodes[start] = tail[order]
    for mid in range(int(mid_count.max())):
        mine = mid_count[order] > mid
        nodes[start[mine] + 1 + mid] = mids[order[mine]] + mid
    last = np.flatnonzero(np.diff(run, append=runs))
    nodes[start[last] + pieces[last]] = head[order[last]]
    sizes = np.bincount(run, weights=pieces, minlength=runs).astype(np.int64) + 1
    return nodes, sizes


def _turned(nodes: Ints, sizes: Ints, turned: Flags) -> Ints:
    """The points with those of the `turned` runs in the opposite order."""
    end = np.cumsum(sizes)
    begin = end - sizes
    run = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(nodes))
    return nodes[np.where(turned[run], begin[run] + end[run] - 1 - place, place)]


def _names(ground: Ground, streets: Streets, layout: Layout, opening: Ints) -> Ints:
    """The name of each run (int64[runs], numbers of names)."""
    street = streets.street(ground)[opening]
    kind, line = streets.kind[opening], streets.line[opening]
    block = ground.block[streets.tail[opening]]
    quarter = ground.quarter[block]
    result = np.zeros(len(opening), np.int64)

    great = np.array([layout.name_code(name) for name in GREAT_STREETS])
    mine = line & ((kind <= Kind.SECONDARY) | (below(ground.seed, "line name", street, 100) < 75))
    result[mine] = great[(street // 2000 * 7 + street // 2 % 1000 + street % 2 * 3)[mine] % len(great)]

    often = np.array([_OFTEN_NAMED[Quarter(number)] for number in range(len(Quarter))])[quarter]
    named = ~line & (below(ground.seed, "named", street, 100) < often) & (kind != Kind.SERVICE) & (kind != Kind.STEPS)
    named &= kind != Kind.TRACK
    words = FLOWERS + TREES + BIRDS
    lanes = ("Gang", "Gg.")
    tables = [
        [layout.name_code(f"Jalan {word}{suffix}") for suffix in ("", *(f" {n}" for n in range(1, 16)))] for word in words
    ]
    roads = np.array(tables)
    alleys = np.array([[layout.name_code(f"{lane} {word}") for word in ELDERS] for lane in lanes])
    numbered = np.array([[layout.name_code(f"Gang {word} {n}") for n in range(1, 9)] for word in words])
    word = below(ground.seed, "theme", block, len(words))
    own = below(ground.seed, "own name", street, 1 << 20)
    is_lane = named & ((kind >= Kind.ALLEY) | (kind == Kind.LIVING) & (quarter == Quarter.KAMPUNG))
    result[named] = roads[word, street // 2 % 16][named]
    result[is_lane] = np.where(own % 2 == 0, alleys[own // 2 % 2, own // 4 % len(ELDERS)], numbered[word, own // 4 % 8])[
        is_lane
    ]
    result[streets.span[opening] == Span.RIVER] = layout.name_code(f"Jembatan {RIVER}")
    return result


def _owners(ground: Ground) -> Ints:
    """int64[blocks]: of each housing estate whether its streets are private (1) or for those who live there (2)."""
    estates = np.flatnonzero(ground.quarter == Quarter.PERUMAHAN)
    order = np.argsort(draw(ground.seed, "estate access", estates), kind="stable")
    result = np.zeros(len(ground.quarter), np.int64)
    result[estates[order[::7]]] = 1
    result[estates[order[1::7]]] = 2
    return result


_ONE_WAYS: tuple[TagSet, ...] = ({}, {"oneway": "yes"}, {"oneway": "-1"})


def _tagsets(ground: Ground, streets: Streets, layout: Layout, opening: Ints, turned: Flags, name: Ints) -> Ints:
    """The tags of each run (int64[runs], numbers of tag sets)."""
    kind, span = streets.kind[opening], streets.span[opening]
    block = ground.block[streets.tail[opening]]
    local = ~streets.line[opening]
    number = streets.number[streets.lead[opening]]
    # Neighbours mostly look alike: three in four streets have the tags of their quarter.
    alike = local & (kind < Kind.SERVICE) & (below(ground.seed, "like its quarter", number, 4) > 0)
    dice = np.where(alike, below(ground.seed, "quarter tags", block * 16 + kind, 100), below(ground.seed, "tags", number, 100))
    dice[ground.island[streets.tail[opening]]] = 99
    variant = np.full(len(opening), -1, np.int64)
    for each in Kind:
        mine = kind == each
        variant[mine] = _pick(STREET_TAGS[each][1], dice[mine])
    direction = streets.oneway[opening] * np.where(turned, -1, 1)
    oneway = np.where(direction > 0, 1, np.where(direction < 0, 2, 0))
    estate = local & (ground.quarter[block] == Quarter.PERUMAHAN) & (kind >= Kind.RESIDENTIAL) & (kind <= Kind.LIVING)
    owner = np.where(estate, _owners(ground)[block], 0)
    low = (span == Span.UNDER_TOLL) & (below(ground.seed, "low", number, 100) < 60)
    weak = (span == Span.RIVER) & (kind == Kind.TERTIARY) & (below(ground.seed, "weak", number, 100) < 50)
    names = list(layout.names)
    lane = np.array([text.startswith(("Gang", "Gg.")) for text in names])[name]
    whole = ((kind * 32 + variant + 1) * 3 + oneway) * 3 + owner
    whole = ((whole * 2 + low) * 2 + weak) * 2 + lane
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    codes = []
    for run in first.tolist():
        highway, variants = STREET_TAGS[Kind(int(kind[run]))]
        tags: dict[str, str] = {"highway": highway, **(variants[variant[run]][1] if variant[run] >= 0 else {})}
        tags |= _ONE_WAYS[oneway[run]]
        tags |= ({}, {"access": "private"}, {"access": "destination"})[owner[run]]
        tags |= {"maxheight": "2.1"} if low[run] else {}
        tags |= {"maxweight": "2.5"} if weak[run] else {}
        codes.append(layout.tag_code(tags, names[name[run]]))
    return np.array(codes)[place]
