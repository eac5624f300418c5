"""Which streets there are on the ground, and of which class: an edge list over the corners.

Lines come first; inside each block a random spanning tree reaches every corner, then some more edges close loops and some
dead ends are pruned, in proportions that depend on the quarter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from routing.sample.dice import Flags, Floats, Ints, chance, draw
from routing.sample.edges import Direction, Kind, Span, Streets
from routing.sample.ground import Cut, Ground, Quarter, Rank
from routing.sample.traffic import classes, one_ways

# in hundredths: how many of the edges beyond the tree stay; how many dead ends go, by round
_LOOPS = {
    Quarter.SAWAH: 0,
    Quarter.DESA: 3,
    Quarter.KAMPUNG: 15,
    Quarter.PERUMAHAN: 30,
    Quarter.MIXED: 24,
    Quarter.CENTRE: 60,
    Quarter.LAKE: 60,
}
_PRUNED = {
    Quarter.SAWAH: 100,
    Quarter.DESA: 62,
    Quarter.KAMPUNG: 20,
    Quarter.PERUMAHAN: 22,
    Quarter.MIXED: 30,
    Quarter.CENTRE: 85,
    Quarter.LAKE: 0,
}


def _by_quarter(table: dict[Quarter, int], quarter: Ints) -> Floats:
    values: Floats = np.array([table[Quarter(kind)] for kind in range(len(Quarter))]) / 100.0
    result: Floats = values[quarter]
    return result


@dataclass(frozen=True, slots=True)
class _Edges:
    """Candidates: every edge that could be a street."""

    tail: Ints
    head: Ints
    direction: Ints
    rank: Ints  # of the line it is part of, or -1
    quarter: Ints


def _lattice(ground: Ground) -> _Edges:
    corners, columns = ground.corners, ground.columns
    number = np.arange(corners)
    j, i = np.divmod(number, columns)
    east, north = number[i < columns - 1], number[j < ground.rows - 1]
    quad = number[(i < columns - 1) & (j < ground.rows - 1)]
    crooked = np.isin(ground.quarter[ground.block[quad]], (Quarter.KAMPUNG, Quarter.DESA))
    quad = quad[crooked & (chance(ground.seed, "slant", quad) < 0.35)]
    falling = draw(ground.seed, "falling", quad) % np.uint64(2) == 0
    tail = np.concatenate((east, north, np.where(falling, quad + 1, quad)))
    head = np.concatenate((east + 1, north + columns, np.where(falling, quad + columns, quad + columns + 1)))
    direction = np.repeat((Direction.EAST, Direction.NORTH, Direction.SLANT), (len(east), len(north), len(quad)))

    rank = np.full(len(tail), -1, np.int64)
    _mark_lines(ground, rank, east, 0, along_rows=True)
    _mark_lines(ground, rank, north, len(east), along_rows=False)
    quarter = ground.quarter[ground.block[np.concatenate((east, north, quad))]]
    keep = (rank >= 0) | (quarter != Quarter.SAWAH)
    keep &= ~ground.water[tail] & ~ground.water[head] & (ground.island[tail] == ground.island[head])
    return _Edges(tail[keep], head[keep], direction.astype(np.int64)[keep], rank[keep], quarter[keep])


def _mark_lines(ground: Ground, rank: Ints, tail: Ints, first: int, *, along_rows: bool) -> None:
    """Set the rank of the edges that are part of a line; stretches of lesser lines are missing here and there."""
    row, column = np.divmod(tail, ground.columns)
    if along_rows:
        lines, crossing, ranks, on, along = ground.line_rows, ground.line_columns, ground.row_rank, row, column
    else:
        lines, crossing, ranks, on, along = ground.line_columns, ground.line_rows, ground.column_rank, column, row
    mine = np.flatnonzero(np.isin(on, lines))
    line = np.searchsorted(lines, on[mine])
    stretch = line * 10_000 + np.searchsorted(crossing, along[mine], "right")
    fields = ground.quarter[ground.block[tail[mine]]] == Quarter.SAWAH
    missing = np.array([0.0, 0.0, 0.12, 0.3])[ranks[line]] + np.where(fields & (ranks[line] >= Rank.TERTIARY), 0.22, 0)
    there = chance(ground.seed, f"stretch {along_rows}", stretch) >= missing
    rank[first + mine[there]] = ranks[line[there]]


def _spans(ground: Ground, edges: _Edges) -> tuple[Ints, Flags]:
    """What each edge passes over (`Span`), and whether it may be there at all (bool[edges])."""
    span = np.zeros(len(edges.tail), np.int64)
    possible = np.ones(len(edges.tail), bool)
    for cuts, choose in ((ground.rivers, _over_river), (ground.tolls, _over_toll), (ground.railways, _over_railway)):
        side = ground.sides(cuts)
        over = np.flatnonzero(side[edges.tail] != side[edges.head])
        chosen = np.zeros(len(over), np.int64)
        for cut in cuts:
            mine = np.flatnonzero(ground.side(cut, edges.tail[over]) != ground.side(cut, edges.head[over]))
            chosen[mine] = choose(ground, cut, edges, over[mine])
        possible[over[chosen == Span.NONE]] = False
        span[over] = np.where(chosen > 0, chosen, span[over])
    return span, possible & ((edges.direction != Direction.SLANT) | (span == Span.NONE))


def _over_river(ground: Ground, cut: Cut, edges: _Edges, over: Ints) -> Ints:
    """Few bridges, on lines, where the river runs straight; and a footbridge here and there."""
    result = np.zeros(len(over), np.int64)
    column, rank = edges.tail[over] % ground.columns, edges.rank[over]
    straight = (edges.direction[over] == Direction.NORTH) & _level(cut, column)
    foot = straight & (rank < 0) & (chance(ground.seed, "footbridge", edges.tail[over]) < 0.05)
    bridge = np.flatnonzero(straight & (rank >= 0))
    result[foot] = Span.FOOTBRIDGE
    result[bridge[_few(column[bridge], rank[bridge], 10 if ground.columns < 80 else 18)]] = Span.RIVER
    return result


def _over_toll(ground: Ground, _cut: Cut, edges: _Edges, over: Ints) -> Ints:
    """Greater lines and two in three of the others pass the toll road, over it or under it."""
    rank = edges.rank[over]
    passes = (rank >= 0) & (edges.direction[over] == Direction.NORTH)
    passes &= (rank <= Rank.SECONDARY) | (chance(ground.seed, "passes toll", edges.tail[over]) < 0.65)
    under = (rank > Rank.SECONDARY) & (chance(ground.seed, "under", edges.tail[over]) < 0.5)
    return np.where(passes, np.where(under, int(Span.UNDER_TOLL), int(Span.OVER_TOLL)), 0)


def _over_railway(ground: Ground, _cut: Cut, edges: _Edges, over: Ints) -> Ints:
    """Lines cross the railway, and one in eight of the other streets."""
    passes = (edges.rank[over] >= 0) | (chance(ground.seed, "level crossing", edges.tail[over]) < 0.12)
    passes &= edges.direction[over] == Direction.EAST
    return np.where(passes, int(Span.RAILWAY), 0)


def _level(cut: Cut, column: Ints) -> Flags:
    """Where a river runs straight enough for a bridge."""
    at = cut.at
    before, after = at[np.maximum(column - 1, 0)], at[np.minimum(column + 1, len(at) - 1)]
    result: Flags = (at[column] == before) & (at[column] == after)
    return result


def _few(column: Ints, rank: Ints, apart: int) -> Flags:
    """Few bridges: of the places where a line meets the river, the most important ones, `apart` cells apart."""
    keep = np.zeros(len(column), bool)
    for edge in np.lexsort((column, rank)):
        if not keep.any() or np.abs(column[keep] - column[edge]).min() >= (
            apart if rank[edge] <= Rank.SECONDARY else 2 * apart
        ):
            keep[edge] = True
    return keep


def _gates(ground: Ground, edges: _Edges, local: Flags) -> tuple[Ints, Flags]:
    """The gates of the estates: int64[edges] (1 the gate, 2 another), and bool[edges]: what joins an estate elsewhere."""
    online = np.zeros(ground.corners, bool)
    j, i = np.divmod(np.arange(ground.corners), ground.columns)
    online[np.isin(i, ground.line_columns) | np.isin(j, ground.line_rows)] = True
    through = np.zeros(ground.corners, bool)
    through[edges.tail[edges.rank >= 0]] = True
    through[edges.head[edges.rank >= 0]] = True
    block = np.where(online[edges.tail], ground.block[edges.head], ground.block[edges.tail])
    joins = local & (online[edges.tail] != online[edges.head])
    # an edge that leads from a line down into a block has its inner end, and so its block, on the other side
    inner = np.where(online[edges.tail], edges.head, edges.tail)
    joins &= ground.quarter[ground.block[inner]] == Quarter.PERUMAHAN
    gate = np.zeros(len(edges.tail), np.int64)
    candidates = np.flatnonzero(joins & (through[edges.tail] | through[edges.head]))
    for number, percent in ((1, 100), (2, 45)):
        free = candidates[gate[candidates] == 0]
        order = free[np.lexsort((draw(ground.seed, f"gate {number}", free), block[free]))]
        blocks, first = np.unique(block[order], return_index=True)
        gate[order[first[chance(ground.seed, f"has gate {number}", blocks) * 100 < percent]]] = number
    return gate, joins & (gate == 0)


def lay_streets(ground: Ground) -> Streets:
    """The streets of a place."""
    edges = _lattice(ground)
    span, possible = _spans(ground, edges)
    local = edges.rank < 0
    gate, barred = _gates(ground, edges, local & possible)
    possible &= ~barred

    tree = _tree(ground, edges, possible, span)
    number = np.arange(len(edges.tail))
    kept = _by_quarter(_LOOPS, edges.quarter)
    rows_of_houses = edges.quarter == Quarter.PERUMAHAN
    kept = np.where(rows_of_houses, np.where(edges.direction == Direction.EAST, 0.8, 0.1), kept)
    extra = chance(ground.seed, "loop", number) < kept
    present = possible & (tree | ~local | extra | (span == Span.FOOTBRIDGE) | (gate > 0))
    present &= (edges.direction != Direction.SLANT) | tree | (chance(ground.seed, "slant stays", number) < 0.3)

    keep = present & _pruned(ground, edges, present, local & (gate != 1))
    keep &= _connected(ground, edges, keep)
    count = int(np.count_nonzero(keep))
    streets = Streets(
        tail=edges.tail[keep],
        head=edges.head[keep],
        direction=edges.direction[keep],
        kind=np.where(local, int(Kind.RESIDENTIAL), edges.rank)[keep],
        span=span[keep],
        line=~local[keep],
        loop=~tree[keep],
        oneway=np.zeros(count, np.int64),
        gate=gate[keep],
        busway=np.zeros(count, bool),
        lead=np.arange(count),
    )
    streets = replace(streets, lead=_chains(ground, streets))
    streets = replace(streets, kind=classes(ground, streets, edges.quarter[keep]))
    oneway, busway = one_ways(ground, streets, edges.quarter[keep])
    return replace(streets, oneway=oneway, busway=busway)


def _chains(ground: Ground, streets: Streets) -> Ints:
    """int64[edges]: the first edge of each edge's chain, of what hangs together at corners where two local edges meet."""
    edge = np.flatnonzero(~streets.line & (streets.span == Span.NONE) & (streets.gate == 0))
    ends = np.concatenate((streets.tail[edge], streets.head[edge]))
    edges = np.concatenate((edge, edge))
    between = (streets.degree(ground.corners) == 2) & (np.bincount(ends, minlength=ground.corners) == 2)
    order = np.argsort(ends, kind="stable")
    order = order[between[ends[order]]]
    pairs = edges[order].reshape(-1, 2)
    count = len(streets.tail)
    graph = csr_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, chain = connected_components(graph, directed=False)
    _, first = np.unique(chain, return_index=True)
    return first[chain]


def _tree(ground: Ground, edges: _Edges, possible: Flags, span: Ints) -> Flags:
    """bool[edges]: a spanning tree that prefers lines, rows of houses in estates, and straight to slant."""
    weight = 1.0 + chance(ground.seed, "tree", len(edges.tail))
    weight = np.where(edges.rank >= 0, weight * 0.01, weight)
    rows = (edges.quarter == Quarter.PERUMAHAN) & (edges.direction == Direction.EAST)
    weight = np.where(rows, weight * 0.3, weight)
    weight = np.where(edges.direction == Direction.SLANT, weight + 0.35, weight)
    weight = np.where((span == Span.FOOTBRIDGE) | (span == Span.RAILWAY) & (edges.rank < 0), weight + 9, weight)
    mine = np.flatnonzero(possible)
    tail, head = edges.tail[mine], edges.head[mine]
    # Hashes of 53 bits: two weights are hardly ever the same, and then the edges' order decides, so only one tree is least.
    graph = csr_array((weight[mine], (tail, head)), shape=(ground.corners, ground.corners))
    tree = minimum_spanning_tree(graph).tocoo()
    result = np.zeros(len(edges.tail), bool)
    for direction, step in ((Direction.EAST, 1), (Direction.NORTH, ground.columns), (Direction.SLANT, 0)):
        there = np.full(ground.corners, -1, np.int64)
        lying = mine[edges.direction[mine] == direction]
        there[edges.tail[lying]] = lying
        away = tree.col - tree.row
        found = (away == step) if step else (away != 1) & (away != ground.columns)
        result[there[tree.row[found]]] = True
    return result


def _pruned(ground: Ground, edges: _Edges, present: Flags, may_go: Flags) -> Flags:
    """bool[edges]: what stays when some dead ends go, and what hangs on them, for five rounds."""
    stays = present.copy()
    go = _by_quarter(_PRUNED, edges.quarter)
    for turn in range(5):
        alive = np.flatnonzero(stays)
        degree = np.bincount(edges.tail[alive], minlength=ground.corners)
        degree += np.bincount(edges.head[alive], minlength=ground.corners)
        ends = alive[(degree[edges.tail[alive]] == 1) | (degree[edges.head[alive]] == 1)]
        ends = ends[may_go[ends] & (chance(ground.seed, f"prune {turn}", ends) < go[ends])]
        stays[ends] = False
    return stays


def _connected(ground: Ground, edges: _Edges, present: Flags) -> Flags:
    """bool[edges]: in the main part, or on an island."""
    mine = np.flatnonzero(present)
    graph = csr_array(
        (np.ones(len(mine), np.int8), (edges.tail[mine], edges.head[mine])), shape=(ground.corners, ground.corners)
    )
    _, part = connected_components(graph, directed=False)
    main = int(np.argmax(np.bincount(part[edges.tail[mine]])))
    result: Flags = (part[edges.tail] == main) | ground.island[edges.tail]
    return result
