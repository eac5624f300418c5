"""Kelurahan and kecamatan: rectangles of blocks, so that their borders follow the lines and tile the town."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.sample.dice import Ints
from routing.sample.ground import Ground


@dataclass(frozen=True, slots=True)
class District:
    """A rectangle of the lattice: columns `left` to `right`, rows `low` to `high`, both included; its name's number."""

    left: int
    right: int
    low: int
    high: int
    number: int
    parent: int  # number of the kecamatan

    def ring(self, ground: Ground) -> Ints:
        """The corners around it, closed."""
        across = np.arange(self.left, self.right + 1)
        up = np.arange(self.low, self.high + 1)
        columns = np.concatenate((across, np.full(len(up) - 1, self.right), across[-2::-1], np.full(len(up) - 1, self.left)))
        rows = np.concatenate((np.full(len(across), self.low), up[1:], np.full(len(across) - 1, self.high), up[-2::-1]))
        ring: Ints = rows * ground.columns + columns
        return ring


@dataclass(frozen=True, slots=True)
class Districts:
    """The kelurahan and kecamatan of a place; `of_block`: int64[blocks], the kelurahan of each block."""

    kelurahan: tuple[District, ...]
    kecamatan: tuple[District, ...]
    of_block: Ints


Span2 = tuple[int, int, int, int]  # blocks: first and last + 1 across, first and last + 1 up


def _cut(part: Span2, pieces: int, bounds_columns: Ints, bounds_rows: Ints) -> list[Span2]:
    """A rectangle of blocks in about so many rectangles, cut again and again across the longer side."""
    a0, a1, b0, b1 = part
    if pieces <= 1 or (a1 - a0) * (b1 - b0) <= 1:
        return [part]
    half = pieces // 2
    wide = bounds_columns[a1] - bounds_columns[a0] >= bounds_rows[b1] - bounds_rows[b0]
    if (wide and a1 - a0 > 1) or b1 - b0 == 1:
        at = a0 + min(max(1, round((a1 - a0) * half / pieces)), a1 - a0 - 1)
        parts = ((a0, at, b0, b1), (at, a1, b0, b1))
    else:
        at = b0 + min(max(1, round((b1 - b0) * half / pieces)), b1 - b0 - 1)
        parts = ((a0, a1, b0, at), (a0, a1, at, b1))
    first, second = parts
    return _cut(first, half, bounds_columns, bounds_rows) + _cut(second, pieces - half, bounds_columns, bounds_rows)


def divide(ground: Ground, junctions: int) -> Districts:
    """The districts of a place: a kelurahan for some 150 junctions (more in great regions), a kecamatan for eight of them."""
    bounds_columns = np.concatenate(([0], ground.line_columns, [ground.columns - 1]))
    bounds_rows = np.concatenate(([0], ground.line_rows, [ground.rows - 1]))
    wanted = max(2, min(junctions, 20_000) // 150 + max(0, junctions - 20_000) // 330)
    whole = (0, len(bounds_columns) - 1, 0, len(bounds_rows) - 1)
    kecamatan: list[District] = []
    kelurahan: list[District] = []
    of_block = np.zeros((whole[3], whole[1]), np.int64)
    greater = max(1, wanted // 8)
    for outer in _cut(whole, greater, bounds_columns, bounds_rows):
        kecamatan.append(_district(outer, bounds_columns, bounds_rows, len(kecamatan), len(kecamatan)))
        for inner in _cut(outer, max(1, round(wanted / greater)), bounds_columns, bounds_rows):
            of_block[inner[2] : inner[3], inner[0] : inner[1]] = len(kelurahan)
            kelurahan.append(_district(inner, bounds_columns, bounds_rows, len(kelurahan), len(kecamatan) - 1))
    return Districts(tuple(kelurahan), tuple(kecamatan), of_block.ravel())


def _district(part: Span2, bounds_columns: Ints, bounds_rows: Ints, number: int, parent: int) -> District:
    a0, a1, b0, b1 = part
    return District(
        int(bounds_columns[a0]), int(bounds_columns[a1]), int(bounds_rows[b0]), int(bounds_rows[b1]), number, parent
    )
