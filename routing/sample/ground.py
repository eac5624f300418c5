"""The ground a town stands on: where streets may run, what kind of quarter lies where, what cuts it apart.

The plane is a lattice of possible street corners, bent by smooth noise so that nothing runs straight. Some of its columns
and rows are *lines*, the town's through roads; the *blocks* between them are quarters, each of one kind. Rivers, the toll
road and the railway are *cuts*: a curve that no street passes but on a bridge or crossing. A cut is nothing but a label
on each corner (which side it lies on), so an edge crosses it if its ends bear different labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from routing.sample.dice import Dice, Flags, Floats, Ints, below, chance, noise

CELL_M = (
    66.0  # between corners; gives some 90 junctions and 7 km of streets per square kilometre of town, as in a Javanese kota
)
VILLAGE_JUNCTIONS = 400  # below this a place has a river and little else; from 600 on it has everything


class Quarter(IntEnum):
    """What kind of place a block is."""

    SAWAH = 0  # fields: nothing but the lines around it
    DESA = 1  # a village: few lanes, many dead ends
    KAMPUNG = 2  # dense, crooked, with alleys
    PERUMAHAN = 3  # a housing estate behind one gate
    MIXED = 4
    CENTRE = 5  # regular, with one-way streets
    LAKE = 6  # water, and an island in it


class Rank(IntEnum):
    """How important a line is."""

    PRIMARY = 0
    SECONDARY = 1
    TERTIARY = 2
    MINOR = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """A river, toll road or railway across the whole town, between two rows (or columns) of corners.

    `at[i]` is the row below it at column `i` (for `across` columns: the column left of it at row `i`).
    """

    at: Ints
    along_rows: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """Attributes:

    columns, rows: of the lattice; corner `(i, j)` is number `j * columns + i`.
    line_columns, line_rows: the lines; column_rank, row_rank: how important each is.
    quarter: int64[blocks], block `(a, b)` is number `b * (len(line_columns) + 1) + a`.
    block: int64[corners]; a corner on a line belongs to the block to its right and above.
    x, y: float64[corners], metres east and north of the lower left corner.
    island: bool[corners], on an island. water: bool[corners], in a lake.
    centres: lattice places (i, j, radius in cells) of towns, the chief one first.
    """

    seed: int
    columns: int
    rows: int
    line_columns: Ints
    line_rows: Ints
    column_rank: Ints
    row_rank: Ints
    quarter: Ints
    block: Ints
    x: Floats
    y: Floats
    island: Flags
    water: Flags
    rivers: tuple[Cut, ...]
    tolls: tuple[Cut, ...]
    railways: tuple[Cut, ...]
    centres: tuple[tuple[int, int, float], ...]

    @property
    def corners(self) -> int:
        """How many possible street corners there are."""
        return self.columns * self.rows

    @property
    def inner(self) -> Flags:
        """bool[corners]: with ground to the right and above."""
        result = np.ones((self.rows, self.columns), bool)
        result[-1], result[:, -1] = False, False
        return result.ravel()

    @property
    def blocks_across(self) -> int:
        """How many blocks stand side by side."""
        return len(self.line_columns) + 1

    def place(self, column: Floats, row: Floats) -> tuple[Floats, Floats]:
        """Metres of lattice places given in fractions (float64 arrays), between the bent corners."""
        left = np.clip(np.floor(column).astype(np.int64), 0, self.columns - 2)
        low = np.clip(np.floor(row).astype(np.int64), 0, self.rows - 2)
        u, v = column - left, row - low
        corner = low * self.columns + left

        def between(z: Floats) -> Floats:
            lower = z[corner] * (1 - u) + z[corner + 1] * u
            upper = z[corner + self.columns] * (1 - u) + z[corner + self.columns + 1] * u
            result: Floats = lower * (1 - v) + upper * v
            return result

        return between(self.x), between(self.y)

    def side(self, cut: Cut, corner: Ints) -> Flags:
        """Whether each corner (int64 array) lies on the far side (north, east) of a cut."""
        j, i = np.divmod(corner, self.columns)
        return j > cut.at[i] if cut.along_rows else i > cut.at[j]

    def sides(self, cuts: tuple[Cut, ...]) -> NDArray[np.int8]:
        """int8[corners]: on the far side of how many of the cuts, which run beside one another."""
        result = np.zeros((self.rows, self.columns), np.int8)
        for cut in cuts:
            if cut.along_rows:
                result += np.arange(self.rows)[:, None] > cut.at
            else:
                result += np.arange(self.columns) > cut.at[:, None]
        return result.ravel()


def _lines(seed: int, purpose: str, length: int) -> Ints:
    steps = 7 + below(seed, purpose, length // 7 + 2, 7)
    steps[0] //= 2
    places = np.cumsum(steps)
    return places[places < length - 3]


def _ranks(seed: int, purpose: str, lines: Ints, length: int) -> Ints:
    number = np.arange(len(lines))
    from_middle = np.abs(number - int(np.argmin(np.abs(lines - length // 2))))
    minor = chance(seed, purpose, len(lines)) < 0.3
    rank = np.where(minor, int(Rank.MINOR), int(Rank.TERTIARY))
    rank[from_middle % 3 == 0] = Rank.SECONDARY
    rank[from_middle % 9 == 0] = Rank.PRIMARY
    return rank.astype(np.int64)


def _wander(seed: int, purpose: str, length: int, middle: int, width: int, lines: Ints) -> Ints:
    """A curve that keeps within `width` of `middle`, at most one row a step, and level where lines may need a bridge."""
    dice = Dice(seed, purpose)
    place, wanted, at = middle, middle, []
    level = {line + offset for line in lines.tolist() for offset in (-2, -1, 0)}
    for column in range(length):
        at.append(place)
        if place == wanted and dice.happens(9):
            wanted = middle - width + dice.throw(2 * width + 1)
        if place != wanted and column not in level and dice.happens(70):
            place += 1 if wanted > place else -1
    return np.array(at, np.int64)


def _centres(seed: int, columns: int, rows: int, junctions: int) -> tuple[tuple[int, int, float], ...]:
    dice = Dice(seed, "centres")
    reach = 0.60 * min(columns, rows)
    if junctions < 25_000:
        return ((columns // 2, rows // 2, reach),)
    towns = [(columns // 2, rows // 2, 110.0)]
    more = columns * rows // 11_000
    towns += [(dice.throw(columns), dice.throw(rows), float(28 + dice.throw(62))) for _ in range(more)]
    return tuple(towns)


def _urbanity(ground_columns: Floats, ground_rows: Floats, centres: tuple[tuple[int, int, float], ...]) -> Floats:
    """How much of a town each place is: 1 in the middle of one, 0 at its edge, below in the country."""
    best = np.full(len(ground_columns), -9.0)
    for column, row, radius in centres:
        away = np.sqrt((ground_columns - column) ** 2 + (ground_rows - row) ** 2)
        best = np.maximum(best, 1 - away / radius)
    return best


def _quarters(seed: int, urbanity: Floats, cut: Flags) -> Ints:
    dice = chance(seed, "quarter", len(urbanity))
    quarter = np.full(len(urbanity), int(Quarter.SAWAH), np.int64)
    quarter[(urbanity > -0.25) & (dice < 0.55) | (dice < 0.28)] = Quarter.DESA
    town = urbanity > 0.18
    quarter[town] = np.where(dice < 0.48, int(Quarter.KAMPUNG), int(Quarter.MIXED))[town]
    quarter[town & ~cut & (dice > 0.72)] = Quarter.PERUMAHAN
    quarter[town & (dice > 0.965)] = Quarter.SAWAH
    quarter[urbanity > 0.80] = Quarter.CENTRE
    return quarter


def _bent(seed: int, columns: int, rows: int, rough: Floats) -> tuple[Floats, Floats]:
    """Where the corners lie, metres: the lattice turned a little, bent at three scales, and shaken by `rough` cells."""
    i, j = np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64)
    x, y = np.tile(i, (rows, 1)), np.repeat(j, columns).reshape(rows, columns)
    for wavelength, amplitude in ((61.0, 6.0), (23.0, 2.2), (9.0, 0.55)):
        x += amplitude * noise(seed, f"bend x {wavelength}", i, j, wavelength)
        y += amplitude * noise(seed, f"bend y {wavelength}", i, j, wavelength)
    x = x.ravel() + rough * (chance(seed, "shake x", columns * rows) * 2 - 1)
    y = y.ravel() + rough * (chance(seed, "shake y", columns * rows) * 2 - 1)
    # a turn by the angle of the (7, 24, 25) triangle: no sine that might differ in its last bit between machines
    return CELL_M * (x * 0.96 - y * 0.28), CELL_M * (x * 0.28 + y * 0.96)


_ROUGH = {
    Quarter.SAWAH: 0.1,
    Quarter.DESA: 0.3,
    Quarter.KAMPUNG: 0.32,
    Quarter.PERUMAHAN: 0.05,
    Quarter.MIXED: 0.2,
    Quarter.CENTRE: 0.1,
    Quarter.LAKE: 0.1,
}


def lay_ground(seed: int, columns: int, rows: int, junctions: int) -> Ground:
    """The ground of a place of about so many junctions on a lattice of `columns` × `rows` corners."""
    line_columns, line_rows = _lines(seed, "columns", columns), _lines(seed, "rows", rows)
    across, up = len(line_columns) + 1, len(line_rows) + 1
    row, column = np.divmod(np.arange(columns * rows), columns)
    block = np.searchsorted(line_rows, row, "right") * across + np.searchsorted(line_columns, column, "right")

    more = 1 + rows // 500
    width = max(1, rows // (9 * more))
    rivers = tuple(
        Cut(_wander(seed, f"river {k}", columns, int(rows * (k + 0.36) / more), width, line_columns), along_rows=True)
        for k in range(more)
    )
    tolls: tuple[Cut, ...] = ()
    railways: tuple[Cut, ...] = ()
    if junctions >= VILLAGE_JUNCTIONS:
        tolls = tuple(
            Cut(np.full(columns, _between_lines(line_rows, int(rows * (k + 0.74) / more))), along_rows=True)
            for k in range(more)
        )
        more = 1 + columns // 500
        railways = tuple(
            Cut(np.full(rows, _between_lines(line_columns, int(columns * (k + 0.3) / more))), along_rows=False)
            for k in range(more)
        )

    bounds_columns = np.concatenate(([0], line_columns, [columns - 1]))
    bounds_rows = np.concatenate(([0], line_rows, [rows - 1]))
    middle_columns = (bounds_columns[:-1] + bounds_columns[1:]) / 2
    middle_rows = (bounds_rows[:-1] + bounds_rows[1:]) / 2
    centres = _centres(seed, columns, rows, junctions)
    ragged = 0.22 * noise(seed, "outline", middle_columns, middle_rows, 31.0)
    urbanity = _urbanity(np.tile(middle_columns, up), np.repeat(middle_rows, across), centres) + ragged.ravel()
    cut = _cut_blocks(bounds_columns, bounds_rows, rivers + tolls + railways)
    quarter = _quarters(seed, urbanity, cut)
    lakes = 1 + junctions // 50_000 if junctions >= VILLAGE_JUNCTIONS else 0
    _dig_lakes(seed, quarter, urbanity, cut, bounds_columns, bounds_rows, lakes)
    _fence_estates(seed, quarter, cut)
    water, island = _lake_corners(quarter, columns, rows, bounds_columns, bounds_rows)

    rough = np.array([_ROUGH[Quarter(kind)] for kind in range(len(Quarter))])[quarter[block]]
    online = np.isin(column, line_columns) | np.isin(row, line_rows)
    rough = np.where(online, np.minimum(rough, 0.12), rough)
    rough = np.where(_beside_cuts(columns, rows, rivers + tolls + railways), 0.05, rough)
    x, y = _bent(seed, columns, rows, rough)
    return Ground(
        seed=seed,
        columns=columns,
        rows=rows,
        line_columns=line_columns,
        line_rows=line_rows,
        column_rank=_ranks(seed, "column rank", line_columns, columns),
        row_rank=_ranks(seed, "row rank", line_rows, rows),
        quarter=quarter,
        block=block,
        x=x,
        y=y,
        island=island,
        water=water,
        rivers=rivers,
        tolls=tolls,
        railways=railways,
        centres=centres,
    )


def _between_lines(lines: Ints, wanted: int) -> int:
    """A place near `wanted` for a straight cut, as far from the lines beside it as can be."""
    if len(lines) < 2:
        return wanted
    k = int(np.clip(np.searchsorted(lines, wanted), 1, len(lines) - 1))
    return int(lines[k - 1] + lines[k]) // 2


def _cut_blocks(bounds_columns: Ints, bounds_rows: Ints, cuts: tuple[Cut, ...]) -> Flags:
    """bool[blocks]: something cuts through the block."""
    across, up = len(bounds_columns) - 1, len(bounds_rows) - 1
    result = np.zeros((up, across), bool)
    for cut in cuts:
        bounds, other = (bounds_columns, bounds_rows) if cut.along_rows else (bounds_rows, bounds_columns)
        low = np.minimum.reduceat(cut.at, bounds[:-1])
        high = np.maximum.reduceat(cut.at, bounds[:-1])
        last = cut.at[bounds[1:]]  # a block's far line belongs to the next one
        low, high = np.minimum(low, last), np.maximum(high, last)
        hit = (high[None, :] >= other[:-1, None]) & (low[None, :] < other[1:, None])
        result |= hit if cut.along_rows else hit.T
    return result.ravel()


def _beside_cuts(columns: int, rows: int, cuts: tuple[Cut, ...]) -> Flags:
    result = np.zeros((rows, columns), bool)
    for cut in cuts:
        along = np.arange(len(cut.at))
        for offset in (-1, 0, 1, 2):
            place = np.clip(cut.at + offset, 0, (rows if cut.along_rows else columns) - 1)
            if cut.along_rows:
                result[place, along] = True
            else:
                result[along, place] = True
    return result.ravel()


def _dig_lakes(
    seed: int, quarter: Ints, urbanity: Floats, cut: Flags, bounds_columns: Ints, bounds_rows: Ints, lakes: int
) -> None:
    """Turn the widest uncut blocks into lakes, at the edge of towns if there are such."""
    across = len(bounds_columns) - 1
    size = np.minimum(np.tile(np.diff(bounds_columns), len(bounds_rows) - 1), np.repeat(np.diff(bounds_rows), across))
    fit = ~cut & (size >= 6)
    order = np.lexsort((draw_order(seed, len(quarter)), np.abs(urbanity - 0.35) > 0.35, -size, quarter == Quarter.CENTRE, ~fit))
    quarter[[block for block in order[:lakes] if fit[block]]] = Quarter.LAKE


def _fence_estates(seed: int, quarter: Ints, cut: Flags) -> None:
    """Make sure of two housing estates, however small the town."""
    wanted = 2 - np.count_nonzero(quarter == Quarter.PERUMAHAN)
    fit = np.flatnonzero(~cut & ((quarter == Quarter.KAMPUNG) | (quarter == Quarter.MIXED)))
    quarter[fit[np.argsort(draw_order(seed, len(fit)))][: max(0, wanted)]] = Quarter.PERUMAHAN


def draw_order(seed: int, number: int) -> Ints:
    """A number for each thing, to sort by where nothing else decides."""
    return below(seed, "order", number, 1 << 40)


def _lake_corners(quarter: Ints, columns: int, rows: int, bounds_columns: Ints, bounds_rows: Ints) -> tuple[Flags, Flags]:
    """Which corners are water, and which lie on an island (bool[corners] each)."""
    across = len(bounds_columns) - 1
    water, island = np.zeros((rows, columns), bool), np.zeros((rows, columns), bool)
    for lake in np.flatnonzero(quarter == Quarter.LAKE):
        left, right = bounds_columns[lake % across : lake % across + 2]
        low, high = bounds_rows[lake // across : lake // across + 2]
        water[low + 1 : high, left + 1 : right] = True
        i, j = (left + right) // 2, (low + high) // 2
        wide, tall = min(2, (right - left - 4) // 2), min(2, (high - low - 4) // 2)
        island[j - tall : j + tall + 1, i - wide : i + wide + 1] = True
    return (water & ~island).ravel(), island.ravel()
