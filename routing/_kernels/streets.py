"""Kernels over the shapes of links: the grid, the nearest links, points and lines along them, the search on foot.

Distances near a point are taken in a plane that touches the earth there (equirectangular, good to a millimetre a
kilometre); lengths along a link are haversine with the earth's mean radius, as everywhere in the network.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel
from routing.earth import METRES_PER_DEGREE, distance_m

Floats = NDArray[np.float64]
Integers = NDArray[Any]

FORWARD, BACKWARD, FENCED, ISLAND, CUT_OFF = 1, 2, 4, 8, 16
"""Bits of a mask of links: open along the link, open against it, not to be entered or left on foot, on an island (not in the
main part of the network), no place to be sent to (cut off by closures, or a ferry)."""

_FAR = 1e30


length_between = kernel(distance_m)
"""`earth.distance_m` for kernels."""


class Edges(NamedTuple):
    """The edges of link shapes and the grid over them, as `routing.snap_index.SnapIndex` and the network hold them."""

    grid: Floats
    cell_first: Integers
    cell_link: Integers
    cell_point: Integers
    shape_first: Integers
    shape_x: Floats
    shape_y: Floats


@kernel
def _columns_in_row(
    west: float, south: float, cell_x: float, cell_y: float, row: int, x_a: float, y_a: float, x_b: float, y_b: float
) -> tuple[int, int]:
    """First and last column that the edge a-b crosses within a row of cells."""
    low, high = south + row * cell_y, south + (row + 1) * cell_y
    from_share, to_share = 0.0, 1.0
    if y_a != y_b:
        one, other = (low - y_a) / (y_b - y_a), (high - y_a) / (y_b - y_a)
        from_share, to_share = max(0.0, min(one, other)), min(1.0, max(one, other))
    x_from, x_to = x_a + from_share * (x_b - x_a), x_a + to_share * (x_b - x_a)
    first = int(np.floor((min(x_from, x_to) - west) / cell_x - 1e-9))
    last = int(np.floor((max(x_from, x_to) - west) / cell_x + 1e-9))
    return first, last


@kernel
def fill_grid(
    grid: Floats,
    columns: int,
    rows: int,
    shape_first: Integers,
    shape_x: Floats,
    shape_y: Floats,
    cell_next: Integers,
    cell_link: Integers,
    cell_point: Integers,
    counting: bool,
) -> None:
    """Counts into `cell_next[cell + 1]`, or, when not counting, writes each edge of each link into its cells."""
    west, south, cell_x, cell_y = grid[0], grid[1], grid[2], grid[3]
    for link in range(len(shape_first) - 1):
        for point in range(shape_first[link], shape_first[link + 1] - 1):
            y_a, y_b = shape_y[point], shape_y[point + 1]
            first_row = max(0, int(np.floor((min(y_a, y_b) - south) / cell_y)))
            last_row = min(rows - 1, int(np.floor((max(y_a, y_b) - south) / cell_y)))
            for row in range(first_row, last_row + 1):
                first, last = _columns_in_row(west, south, cell_x, cell_y, row, shape_x[point], y_a, shape_x[point + 1], y_b)
                for column in range(max(0, first), min(columns - 1, last) + 1):
                    cell = row * columns + column
                    if counting:
                        cell_next[cell + 1] += 1
                    else:
                        cell_link[cell_next[cell]] = link
                        cell_point[cell_next[cell]] = point
                        cell_next[cell] += 1


@kernel
def _nearest_link(
    x: float,
    y: float,
    mask: Integers,
    unwanted: int,
    max_m: float,
    fenced_m: float,
    edges: Edges,
) -> tuple[int, float, float]:
    """The nearest link to a point, -1 if there is none; the share of its length before the nearest place; metres to there.

    A link counts if its mask isn't 0, has none of the `unwanted` bits, and it lies within `max_m`, or within `fenced_m` where
    its FENCED bit is set.
    """
    grid, cell_first, cell_link, cell_point, shape_first, shape_x, shape_y = edges
    columns, rows = int(grid[4]), int(grid[5])
    scale_x = np.cos(y * np.pi / 180.0) * METRES_PER_DEGREE
    cell_x_m, cell_y_m = grid[2] * scale_x, grid[3] * METRES_PER_DEGREE
    found, found_point, found_share, found_m = -1, -1, 0.0, _FAR
    home_column, home_row = int(np.floor((x - grid[0]) / grid[2])), int(np.floor((y - grid[1]) / grid[3]))
    # How far the point is from the borders of its cell: all that is nearer than ring r's inner border is in rings < r.
    inside_x = ((x - grid[0]) / grid[2] - home_column) * cell_x_m
    inside_y = ((y - grid[1]) / grid[3] - home_row) * cell_y_m
    margin_x, margin_y = min(inside_x, cell_x_m - inside_x), min(inside_y, cell_y_m - inside_y)
    # Rings that miss the grid altogether are passed over.
    off_columns = max(0, -home_column, home_column - (columns - 1))
    off_rows = max(0, -home_row, home_row - (rows - 1))
    last_ring = max(home_column, columns - 1 - home_column, home_row, rows - 1 - home_row)
    for ring in range(max(off_columns, off_rows), last_ring + 1):
        if ring > 0:
            seen_m = min(margin_x + (ring - 1) * cell_x_m, margin_y + (ring - 1) * cell_y_m)
            if seen_m > max_m or seen_m >= found_m:
                break
        for row in range(max(0, home_row - ring), min(rows - 1, home_row + ring) + 1):
            whole_row = row == home_row - ring or row == home_row + ring
            first = max(0, home_column - ring) if whole_row else home_column - ring
            last = min(columns - 1, home_column + ring) if whole_row else home_column + ring
            for column in range(first, last + 1, 1 if whole_row else 2 * ring):
                if column < 0 or column >= columns:
                    continue
                cell = row * columns + column
                for entry in range(cell_first[cell], cell_first[cell + 1]):
                    link = cell_link[entry]
                    if mask[link] == 0 or mask[link] & unwanted:
                        continue
                    point = cell_point[entry]
                    a_x, a_y = (shape_x[point] - x) * scale_x, (shape_y[point] - y) * METRES_PER_DEGREE
                    d_x = (shape_x[point + 1] - shape_x[point]) * scale_x
                    d_y = (shape_y[point + 1] - shape_y[point]) * METRES_PER_DEGREE
                    square = d_x * d_x + d_y * d_y
                    share = 0.0
                    if square > 0.0:
                        share = min(1.0, max(0.0, -(a_x * d_x + a_y * d_y) / square))
                    off_x, off_y = a_x + share * d_x, a_y + share * d_y
                    metres = np.sqrt(off_x * off_x + off_y * off_y)
                    if metres > max_m or metres >= found_m or (mask[link] & FENCED and metres > fenced_m):
                        continue
                    found, found_point, found_share, found_m = link, point, share, metres
    if found < 0:
        return -1, 0.0, np.inf
    before_m, whole_m = 0.0, 0.0
    for point in range(shape_first[found], shape_first[found + 1] - 1):
        metres = length_between(shape_x[point], shape_y[point], shape_x[point + 1], shape_y[point + 1])
        if point == found_point:
            before_m = whole_m + found_share * metres
        whole_m += metres
    return found, min(1.0, before_m / whole_m) if whole_m > 0.0 else 0.0, found_m


@kernel
def _nearest_street(
    x: float,
    y: float,
    mask: Integers,
    unwanted: int,
    reach_m: tuple[float, float, float, float],
    edges: Edges,
) -> tuple[int, float, float]:
    """As `_nearest_link`; `reach_m` as in `routing.snap_index.Reach`."""
    max_m, fenced_m, on_foot_m, near_m = reach_m
    link, fraction, metres = _nearest_link(x, y, mask, unwanted, max_m, fenced_m, edges)
    if link >= 0 and mask[link] & FENCED and metres > on_foot_m:
        other, other_fraction, other_m = _nearest_link(x, y, mask, unwanted, min(near_m, max_m), on_foot_m, edges)
        if other >= 0:
            return other, other_fraction, other_m
    return link, fraction, metres


@kernel
def nearest_streets(
    longitudes: Floats,
    latitudes: Floats,
    mask: Integers,
    unwanted: int,
    reach_m: tuple[float, float, float, float],
    edges: Edges,
    found_link: Integers,
    found_fraction: Floats,
    found_m: Floats,
) -> None:
    """The nearest link to each point, as `_nearest_street`."""
    for number in range(len(longitudes)):
        found_link[number], found_fraction[number], found_m[number] = _nearest_street(
            longitudes[number], latitudes[number], mask, unwanted, reach_m, edges
        )


@kernel
def stop_near(
    x: float,
    y: float,
    mask: Integers,
    unwanted: int,
    reach_m: tuple[float, float, float, float],
    walkable: Integers,
    edges: Edges,
) -> tuple[int, float, float, float, float, int, float, float]:
    """The nearest street to a point, and the nearest walkable link that is no farther: `routing.snap_index.Street`."""
    link, fraction, metres = _nearest_street(x, y, mask, unwanted, reach_m, edges)
    if link < 0:
        return -1, 0.0, np.inf, x, y, -1, 0.0, np.inf
    stop_x, stop_y = point_along(link, fraction, edges.shape_first, edges.shape_x, edges.shape_y)
    foot, foot_fraction, foot_m = -1, 0.0, np.inf
    if len(walkable):
        foot, foot_fraction, foot_m = _nearest_link(x, y, walkable, 0, metres, np.inf, edges)
    return link, fraction, metres, stop_x, stop_y, foot, foot_fraction, foot_m


@kernel
def links_in_box(
    west: float,
    south: float,
    east: float,
    north: float,
    grid: Floats,
    columns: int,
    rows: int,
    cell_first: Integers,
    cell_link: Integers,
) -> Integers:
    """The links with an edge in a cell that the box touches, each once or more: a superset of those in the box."""
    first_column = max(0, int(np.floor((west - grid[0]) / grid[2])))
    last_column = min(columns - 1, int(np.floor((east - grid[0]) / grid[2])))
    first_row = max(0, int(np.floor((south - grid[1]) / grid[3])))
    last_row = min(rows - 1, int(np.floor((north - grid[1]) / grid[3])))
    if first_column > last_column or first_row > last_row:
        return np.empty(0, np.int32)
    total = 0
    for row in range(first_row, last_row + 1):
        total += cell_first[row * columns + last_column + 1] - cell_first[row * columns + first_column]
    found = np.empty(total, np.int32)
    at = 0
    for row in range(first_row, last_row + 1):
        for entry in range(cell_first[row * columns + first_column], cell_first[row * columns + last_column + 1]):
            found[at] = cell_link[entry]
            at += 1
    return found


@kernel
def point_along(link: int, fraction: float, shape_first: Integers, shape_x: Floats, shape_y: Floats) -> tuple[float, float]:
    """The point at a share of a link's length, counted in the link's own direction."""
    first, last = shape_first[link], shape_first[link + 1] - 1
    whole_m = 0.0
    for point in range(first, last):
        whole_m += length_between(shape_x[point], shape_y[point], shape_x[point + 1], shape_y[point + 1])
    left_m = fraction * whole_m
    for point in range(first, last):
        metres = length_between(shape_x[point], shape_y[point], shape_x[point + 1], shape_y[point + 1])
        if left_m <= metres and metres > 0.0:
            share = left_m / metres
            x = shape_x[point] + share * (shape_x[point + 1] - shape_x[point])
            return x, shape_y[point] + share * (shape_y[point + 1] - shape_y[point])
        left_m -= metres
    return shape_x[last], shape_y[last]


@kernel
def line_of_route(
    segments: Integers, start_fraction: float, end_fraction: float, shape_first: Integers, shape_x: Floats, shape_y: Floats
) -> Floats:
    """The line along segments in order, from a share of the first to a share of the last: [points, longitude | latitude].

    Equal neighbours are written once; a route that doesn't move has two equal points.
    """
    most = 4
    for number in range(len(segments)):
        link = segments[number] >> 1
        most += shape_first[link + 1] - shape_first[link]
    line = np.empty((most, 2), np.float64)
    at = 0
    for number in range(len(segments)):
        link, against = segments[number] >> 1, segments[number] & 1
        first, count = shape_first[link], shape_first[link + 1] - shape_first[link]
        begin, step = (first + count - 1, -1) if against else (first, 1)
        if 0 < number < len(segments) - 1:
            for point in range(count):
                x, y = shape_x[begin + step * point], shape_y[begin + step * point]
                if at == 0 or line[at - 1, 0] != x or line[at - 1, 1] != y:
                    line[at, 0], line[at, 1] = x, y
                    at += 1
            continue
        whole_m, from_m, to_m = 0.0, -1.0, np.inf
        for edge in range(count - 1):
            a, b = begin + step * edge, begin + step * (edge + 1)
            whole_m += length_between(shape_x[a], shape_y[a], shape_x[b], shape_y[b])
        if number == 0:
            from_m = start_fraction * whole_m
        if number == len(segments) - 1:
            to_m = end_fraction * whole_m
        along_m = 0.0
        for edge in range(count - 1):
            a, b = begin + step * edge, begin + step * (edge + 1)
            a_x, a_y, b_x, b_y = shape_x[a], shape_y[a], shape_x[b], shape_y[b]
            metres = length_between(a_x, a_y, b_x, b_y)
            share_a, share_b = 0.0, 1.0
            if from_m >= 0.0 and metres > 0.0:
                share_a = min(1.0, max(0.0, (from_m - along_m) / metres))
            if to_m < np.inf and metres > 0.0:
                share_b = min(1.0, max(0.0, (to_m - along_m) / metres))
            last_edge = edge == count - 2
            along_m += metres
            if from_m > along_m and not last_edge:
                continue
            share_b = max(share_a, share_b)
            for share in (share_a, share_b):
                x, y = a_x + share * (b_x - a_x), a_y + share * (b_y - a_y)
                if share == 1.0:
                    x, y = b_x, b_y
                if at == 0 or line[at - 1, 0] != x or line[at - 1, 1] != y:
                    line[at, 0], line[at, 1] = x, y
                    at += 1
            if to_m <= along_m:
                break
    if at == 1:
        line[1] = line[0]
        at = 2
    return line[:at].copy()


@kernel
def follow_turns(
    first: int,
    turns: Integers,
    start_fraction: float,
    end_fraction: float,
    state_segment: Integers,
    turn_head: Integers,
    turn_weight: Integers,
    entry_ms: int,
    times: Integers,
    changed: Integers,
    changed_times: Integers,
    link_length_m: Floats,
    shape_first: Integers,
    shape_x: Floats,
    shape_y: Floats,
    segments: Integers,
    segment_ms: Integers,
    turn_ms: Integers,
    entered: NDArray[np.bool_],
) -> tuple[int, float, Floats]:
    """A route along a first segment and those that turns (arcs of the query graph) lead to.

    `times` are those along segments; `changed` (sorted) have `changed_times` instead. `entry_ms`, a power of 2, is added to
    the weight of a turn into a restricted road. Writes segments int32[k], times along them int64[k], delays between them
    int64[k - 1], and which of the turns enter a restricted road, bool[k - 1].

    Returns:
        How many turns enter a restricted road, metres from start to end, the line as `line_of_route` gives it.
    """
    count = len(segments)
    entries = 0
    metres = 0.0
    for number in range(count):
        segment = np.int64(first) if number == 0 else np.int64(state_segment[turn_head[turns[number - 1]]])
        ms = np.int64(times[segment])
        if len(changed):
            place = np.searchsorted(changed, segment)
            if place < len(changed) and changed[place] == segment:
                ms = np.int64(changed_times[place])
        segments[number], segment_ms[number] = segment, ms
        begins = start_fraction if number == 0 else 0.0
        ends = end_fraction if number == count - 1 else 1.0
        metres += link_length_m[segment >> 1] * ends - link_length_m[segment >> 1] * begins
        if number > 0:
            delay_ms = np.int64(turn_weight[turns[number - 1]]) - ms
            turn_ms[number - 1] = delay_ms & (entry_ms - 1)
            entered[number - 1] = delay_ms >= entry_ms
            entries += entered[number - 1]
    line = line_of_route(segments, start_fraction, end_fraction, shape_first, shape_x, shape_y)
    return entries, max(0.0, metres), line
