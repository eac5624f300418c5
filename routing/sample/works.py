"""The great works of a place: toll roads with their ramps, bus lanes, ferries, roundabouts, signals, turn bans."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from routing.osm import TagSet
from routing.sample.dice import Dice, Flags, Ints, below, draw
from routing.sample.edges import Kind, Span, Streets
from routing.sample.ground import VILLAGE_JUNCTIONS, Cut, Ground, Quarter, Rank
from routing.sample.layout import Layout
from routing.sample.spellings import TOLL_ROAD

_RAMP_CELLS = 3  # a ramp leaves the carriageway so many cells before the interchange
_BEYOND_CELLS = 6
_CARRIAGEWAY = 0.11  # cells from the middle of the toll road: some nine metres


@dataclass(frozen=True, slots=True)
class Ban:
    """A turn ban, in edges: `via` is empty where it holds at the corner between the two."""

    from_edge: int
    via: tuple[int, ...]
    to_edge: int
    corner: int
    tags: TagSet


def choose_roundabouts(ground: Ground, streets: Streets, junctions: int) -> Ints:
    """Corners that become roundabouts: crossings of lines, one for every 8,000 junctions and one more."""
    if junctions < VILLAGE_JUNCTIONS // 2:
        return np.zeros(0, np.int64)
    fit, rank = _crossings(ground, streets)
    j, i = np.divmod(fit, ground.columns)
    column, row, _ = ground.centres[0]
    away = (np.abs(i - column) + np.abs(j - row)) // 12
    chosen: list[int] = []
    for corner in fit[np.lexsort((draw(ground.seed, "roundabout", fit), away > 1, rank))].tolist():
        apart = [
            max(abs(corner % ground.columns - c % ground.columns), abs(corner // ground.columns - c // ground.columns))
            for c in chosen[-40:]
        ]
        if not apart or min(apart) > 20:
            chosen.append(corner)
        if len(chosen) == 1 + junctions // 8000:
            break
    return np.array(chosen, np.int64)


def _crossings(ground: Ground, streets: Streets) -> tuple[Ints, Ints]:
    """Corners where two two-way lines cross with four arms and no bridge among them, and the sum of the lines' ranks."""
    lines = np.zeros(ground.corners, np.int64)
    rank = np.zeros(ground.corners, np.int64)
    plain = streets.line & (streets.span == Span.NONE) & (streets.oneway == 0)
    for end in (streets.tail, streets.head):
        np.add.at(lines, end[plain], 1)
        np.add.at(rank, end[plain], streets.kind[plain])
    fit = np.flatnonzero((lines == 4) & (streets.degree(ground.corners) == 4))
    return fit, rank[fit]


def stand_signals(ground: Ground, streets: Streets, layout: Layout, roundabouts: Ints) -> None:
    """Traffic signals at crossings of greater lines, stop signs and crossings with lights at some others."""
    fit, rank = _crossings(ground, streets)
    dice = below(ground.seed, "signals", fit, 100)
    kept = ~np.isin(fit, roundabouts)
    lit = kept & (dice < np.where(rank <= 4, 75, np.where(rank <= 6, 30, 8)))
    corners = fit[lit].tolist()
    if not corners:  # a town without any would be no test
        ends = np.concatenate((streets.tail[streets.line], streets.head[streets.line]))
        corners = np.setdiff1d(np.flatnonzero(np.bincount(ends, minlength=ground.corners) > 2), roundabouts)[:2].tolist()
    for corner in corners:
        layout.standing[corner] = {"highway": "traffic_signals"}
    for corner in fit[kept & ~lit & (dice >= 90)].tolist():
        layout.standing[corner] = {"highway": "stop"}


def choose_bans(ground: Ground, streets: Streets, roundabouts: Ints, junctions: int) -> list[Ban]:
    """Turn bans at corners of lines, some of them by way of another street, some with exceptions or hours."""
    sides = np.column_stack(streets.at(ground.corners))
    degree = streets.degree(ground.corners)
    on_line = np.zeros(ground.corners, bool)
    on_line[streets.tail[streets.line]] = True
    on_line[streets.head[streets.line]] = True
    on_line[roundabouts] = False
    drivable = np.zeros(len(streets.tail) + 1, bool)
    drivable[:-1] = streets.kind < Kind.ALLEY
    fit = np.flatnonzero(on_line & (degree >= 3) & (drivable[sides].sum(1) >= 3))
    wanted = 0 if junctions < VILLAGE_JUNCTIONS // 2 else max(14, junctions // 160)
    fit = fit[np.argsort(draw(ground.seed, "ban", fit), kind="stable")][: 2 * wanted]
    dice = Dice(ground.seed, "bans")
    bans: list[Ban] = []
    for corner in fit.tolist():
        ban = _ban(ground, sides, drivable, corner, dice, force_via=len(bans) == 3)
        if ban is not None and len(bans) < wanted:
            bans.append(ban)
    return bans


# (kind, sides to the right of straight on: sides are east 0, north 1, west 2, south 3; tags beside the kind)
_KINDS: tuple[tuple[str, int, TagSet], ...] = (
    ("no_right_turn", 3, {}),
    ("no_left_turn", 1, {}),
    ("no_right_turn", 3, {"except": "emergency;psv"}),
    ("no_u_turn", 2, {}),
    ("no_right_turn", 3, {}),
    ("only_straight_on", 0, {}),
    ("no_straight_on", 0, {"except": "psv"}),
    ("no_u_turn", 2, {"except": "emergency"}),
    ("only_left_turn", 1, {}),
    ("no_left_turn", 1, {"except": "motorcycle"}),
)


def _ban(ground: Ground, sides: Ints, drivable: Flags, corner: int, dice: Dice, *, force_via: bool) -> Ban | None:
    came_from = dice.throw(4)
    kind, turn, more = dice.one_of(_KINDS)
    timed = dice.happens(8)
    by_way = dice.happens(10) or force_via
    for _ in range(4):  # the first arm that has such a turn
        came_from = (came_from + 1) % 4
        heading = (came_from + 2) % 4
        from_edge, to_edge = int(sides[corner, came_from]), int(sides[corner, (heading + turn) % 4])
        if not drivable[from_edge] or not drivable[to_edge]:
            continue
        if by_way:
            left = int(sides[corner, (heading + 1) % 4])
            if not drivable[left]:
                continue
            step = (1, ground.columns, -1, -ground.columns)[(heading + 1) % 4]
            back = int(sides[corner + step, (heading + 2) % 4])
            if drivable[back]:
                return Ban(from_edge, (left,), back, corner, {"restriction": "no_u_turn"})
            continue
        if timed and kind.startswith("no_"):
            return Ban(from_edge, (), to_edge, corner, {"restriction:conditional": f"{kind} @ (Mo-Fr 06:00-09:00)", **more})
        return Ban(from_edge, (), to_edge, corner, {"restriction": kind, **more})
    return None


def ban_corners(ground: Ground, streets: Streets, bans: list[Ban]) -> Flags:
    """bool[corners]: where ways must end so that the bans' members are clear."""
    split = np.zeros(ground.corners, bool)
    for ban in bans:
        split[ban.corner] = True
        for edge in ban.via:
            split[[streets.tail[edge], streets.head[edge]]] = True
    return split


def lay_bus_lanes(ground: Ground, streets: Streets, layout: Layout) -> None:
    """Beside one-way lines, a lane of its own against the traffic."""
    for edge in np.flatnonzero(streets.busway).tolist():
        j, i = divmod(int(streets.tail[edge]), ground.columns)
        x, y = ground.place(np.array([i + 0.12]), np.array([j + 0.5]))
        mid = layout.add_points(x, y)
        plain = j % 8 < 4
        tags = {"highway": "busway"} if plain else {"highway": "service", "access": "no", "bus": "yes"}
        layout.add_way([int(streets.head[edge]), mid, int(streets.tail[edge])], {**tags, "oneway": "yes"}, "Jalur Bus Banyu")


def sail_ferries(ground: Ground, streets: Streets, layout: Layout) -> None:
    """Every second island has a ferry; the first has none."""
    degree = streets.degree(ground.corners)
    for number, block in enumerate(np.flatnonzero(ground.quarter == Quarter.LAKE).tolist()):
        if number % 2 == 0:
            continue
        island = np.flatnonzero(ground.island & (ground.block == block) & (degree > 0))
        left = int(ground.line_columns[block % ground.blocks_across - 1])
        pier = min(island.tolist(), key=lambda corner: (corner % ground.columns, corner))
        j = pier // ground.columns
        shore = j * ground.columns + left
        if degree[shore]:
            x, y = ground.place(np.array([(left + pier % ground.columns) / 2]), np.array([j + 0.3]))
            layout.add_way(
                [shore, layout.add_points(x, y), pier], {"route": "ferry", "motor_vehicle": "yes"}, "Penyeberangan Pulau"
            )


def lay_toll_roads(ground: Ground, streets: Streets, layout: Layout) -> None:
    """Two carriageways along each toll road, and ramps with booths at its few interchanges."""
    for number, cut in enumerate(ground.tolls):
        _lay_toll_road(ground, layout, cut, _interchanges(ground, streets, cut), number)


def _interchanges(ground: Ground, streets: Streets, cut: Cut) -> list[int]:
    """Columns of the toll road's interchanges: where greater lines pass it, far apart."""
    row = int(cut.at[0])
    over = np.isin(streets.span, (Span.OVER_TOLL, Span.UNDER_TOLL)) & (streets.tail // ground.columns == row)
    columns = streets.tail[over] % ground.columns
    rank = np.minimum(streets.kind[over], Rank.TERTIARY)
    room = (columns >= _RAMP_CELLS + 1) & (columns < ground.columns - _RAMP_CELLS - 1)
    apart = 12 if ground.columns < 60 else 16 if ground.columns < 200 else 42
    chosen: list[int] = []
    for place in np.lexsort((columns, rank)):
        column = int(columns[place])
        if room[place] and all(abs(column - other) >= apart for other in chosen):
            chosen.append(column)
    return sorted(chosen)


def _lay_toll_road(ground: Ground, layout: Layout, cut: Cut, interchanges: list[int], number: int) -> None:
    row = float(cut.at[0]) + 0.5
    tags: dict[str, str] = {"highway": "motorway", "oneway": "yes", "toll": "yes", "maxspeed": "80", "surface": "asphalt"}
    link: dict[str, str] = {"highway": "motorway_link", "oneway": "yes", "toll": "yes", "maxspeed": "40"}
    name = TOLL_ROAD if number == 0 else f"{TOLL_ROAD} {number + 1}"
    # It comes from beyond the town and goes on beyond it, but the drawing ends a little way behind its outer exits.
    begin_at = max(0, min(interchanges, default=0) - _BEYOND_CELLS)
    end_at = min(ground.columns - 1, max(interchanges, default=ground.columns) + _BEYOND_CELLS)
    columns = np.arange(ground.columns, dtype=np.float64)
    # Traffic keeps to the left: the carriageway to the east is the northern one.
    for side, step in ((1, 1), (-1, -1)):
        x, y = ground.place(columns, np.full(len(columns), row + side * _CARRIAGEWAY, np.float64))
        begin = layout.add_points(x, y)
        stops = [begin_at, *interchanges, end_at]
        for left, right in pairwise(stops):
            points = list(range(begin + left, begin + right + 1))[::step]
            layout.add_way(points, tags, name)
        for place, column in enumerate(interchanges):
            corner = (int(cut.at[0]) + (1 if side > 0 else 0)) * ground.columns + column
            for away in (-step, step):  # off before the interchange, on behind it
                steps = np.arange(_RAMP_CELLS - 1, 0, -1, dtype=np.float64)
                heights = row + side * (0.24 + 0.10 * np.arange(len(steps), dtype=np.float64))
                x, y = ground.place(column + away * steps, heights)
                points_on = list(range(first := layout.add_points(x, y), first + len(steps)))
                layout.standing[points_on[-1]] = {"barrier": "toll_booth"}
                ramp = [begin + column + away * _RAMP_CELLS, *points_on, corner]
                exit_name = f"Gerbang Tol {('Banyu', 'Tirta', 'Karang', 'Mekar', 'Sinar')[place % 5]}"
                layout.add_way(ramp if away == -step else ramp[::-1], link, exit_name)
