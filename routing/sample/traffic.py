"""Of which class streets are, and which are one-way."""

from __future__ import annotations

import numpy as np

from routing.sample.dice import Flags, Ints, below, chance
from routing.sample.edges import Direction, Kind, Span, Streets
from routing.sample.ground import Ground, Quarter


def classes(ground: Ground, streets: Streets, quarter: Ints) -> Ints:
    """int64[edges]: the classes, of local streets too: alleys and footways among dead ends and loops, the rest by street."""
    kind = streets.kind.copy()
    local = ~streets.line & (streets.gate == 0)
    by_street = below(ground.seed, "class of street", streets.street(ground), 100)
    crooked = (quarter == Quarter.KAMPUNG) | (quarter == Quarter.DESA)
    kind[local & (quarter == Quarter.MIXED) & (by_street < 10)] = Kind.UNCLASSIFIED
    kind[local & (quarter == Quarter.MIXED) & (by_street >= 94)] = Kind.SERVICE
    kind[local & (quarter == Quarter.DESA) & (by_street < 30)] = Kind.UNCLASSIFIED
    kind[local & (quarter == Quarter.KAMPUNG) & (by_street < 22)] = Kind.LIVING
    kind[local & (quarter == Quarter.PERUMAHAN) & (by_street < 12)] = Kind.LIVING

    by_edge = below(ground.seed, "class of edge", streets.number[streets.lead], 100)
    loop = local & streets.loop
    kind[loop & crooked & (by_edge < 42)] = Kind.ALLEY
    kind[loop & (quarter != Quarter.CENTRE) & (by_edge >= 80)] = Kind.FOOTWAY
    kind[loop & (quarter != Quarter.CENTRE) & (by_edge >= 92)] = Kind.STEPS
    for level, alleys in enumerate((34, 20)):
        end = local & _dead_ends(ground, streets, level)
        kind[end & crooked & (by_edge < alleys)] = Kind.ALLEY
        kind[end & crooked & (by_edge >= 94)] = Kind.FOOTWAY
        kind[end & (quarter == Quarter.DESA) & (by_edge >= 80)] = Kind.TRACK
        kind[end & (quarter == Quarter.PERUMAHAN) & (by_edge < 9)] = Kind.SERVICE
    kind[ground.island[streets.tail]] = Kind.RESIDENTIAL
    kind[streets.span == Span.FOOTBRIDGE] = Kind.PATH
    return kind


def _dead_ends(ground: Ground, streets: Streets, level: int) -> Flags:
    """bool[edges]: dead ends (level 0), or what becomes one when those are gone (1)."""
    alive = np.ones(len(streets.tail), bool)
    for _ in range(level + 1):
        mine = np.flatnonzero(alive)
        degree = np.bincount(streets.tail[mine], minlength=ground.corners)
        degree += np.bincount(streets.head[mine], minlength=ground.corners)
        ends = mine[(degree[streets.tail[mine]] == 1) | (degree[streets.head[mine]] == 1)]
        alive[ends] = False
    result = np.zeros(len(streets.tail), bool)
    result[ends] = True
    return result


def one_ways(ground: Ground, streets: Streets, quarter: Ints) -> tuple[Ints, Flags]:
    """One-way streets: rows and columns of the centre that run from line to line, and a pair of lines with bus lanes."""
    oneway, busway = streets.oneway.copy(), streets.busway.copy()
    row, column = np.divmod(streets.tail, ground.columns)
    central = ~streets.line & (quarter == Quarter.CENTRE) & (streets.direction != Direction.SLANT)
    across = np.where(streets.direction == Direction.EAST, row, column)
    street = (ground.block[streets.tail] * 64 + across % 32) * 4 + streets.direction
    mine = np.flatnonzero(central)
    streets_here, place, count = np.unique(street[mine], return_inverse=True, return_counts=True)
    width = np.diff(np.concatenate(([0], ground.line_columns, [ground.columns - 1])))
    height = np.diff(np.concatenate(([0], ground.line_rows, [ground.rows - 1])))
    block = streets_here // 256
    full = np.where(
        streets_here % 4 == Direction.EAST, width[block % ground.blocks_across], height[block // ground.blocks_across]
    )
    whole = (count == full) & (chance(ground.seed, "one way", streets_here) < 0.6)
    oneway[mine[whole[place]]] = np.where(across % 2 == 0, 1, -1)[mine[whole[place]]]

    for i, j, _ in ground.centres[::3]:
        pair = _pair_of_lines(ground, streets, i, j)
        if pair is not None:
            edges, first = pair
            oneway[edges] = np.where(column[edges] == first, 1, -1)
            busway[edges] = column[edges] == first
    return oneway, busway


def _pair_of_lines(ground: Ground, streets: Streets, column: int, row: int) -> tuple[Ints, int] | None:
    """The stretches of two neighbouring lines nearest to a place that can be one-way, and the column of the first line.

    Neither leads over a river, whose only bridge that might be.
    """
    columns, rows = ground.line_columns, ground.line_rows
    pairs = [(k, band) for k in range(len(columns) - 1) for band in range(1, len(rows))]
    pairs = [(k, band) for k, band in pairs if abs(columns[k] - column) < 40 and abs(rows[band] - row) < 40]
    north = np.flatnonzero(streets.line & (streets.direction == Direction.NORTH))
    north = north[np.abs(streets.tail[north] % ground.columns - column) < 60]
    here_column, here_row = streets.tail[north] % ground.columns, streets.tail[north] // ground.columns
    for k, band in sorted(pairs, key=lambda pair: (abs(columns[pair[0]] - column) + abs(rows[pair[1]] - row), pair)):
        low, high = rows[band - 1], rows[band]
        mine = north[np.isin(here_column, columns[k : k + 2]) & (here_row >= low) & (here_row < high)]
        if len(mine) == 2 * (high - low) and not (streets.span[mine] == Span.RIVER).any():
            return mine, int(columns[k])
    return None
