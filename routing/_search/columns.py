"""Small things that the builder and the searcher of a place index share: texts as arrays, grid cells, pairs of letters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

CELL_DEGREES = 0.0025
"""Side of a grid cell, about 280 m on the equator: pieces of a street nearer than one cell to each other are one street."""

NEIGHBOURS = tuple((row << 20) + column for row in (-1, 0, 1) for column in (-1, 0, 1))
"""What to add to a cell for the nine cells around and at it."""


def cell_of(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """The grid cell of points: row * 2**20 + column, so that neighbours are ±1 and ±2**20 away."""
    column = np.floor((longitude + 180.0) / CELL_DEGREES).astype(np.int64)
    row = np.floor((latitude + 90.0) / CELL_DEGREES).astype(np.int64)
    return (row << 20) | column


def packed(name: str, texts: Sequence[str | bytes]) -> Arrays:
    """Texts end to end as uint8 `<name>`, with `<name>_first` int64[n + 1] saying where each begins."""
    blobs = [text.encode() if isinstance(text, str) else text for text in texts]
    first = np.zeros(len(blobs) + 1, np.int64)
    np.cumsum([len(blob) for blob in blobs], out=first[1:])
    return {name: np.frombuffer(b"".join(blobs), np.uint8).copy(), f"{name}_first": first}


def unpacked(arrays: Arrays, name: str, at: int) -> bytes:
    """One of the texts that `packed` wrote."""
    first = arrays[f"{name}_first"]
    return bytes(arrays[name][first[at] : first[at + 1]].tobytes())


def lines(name: str, texts: Sequence[str]) -> Arrays:
    """Texts without line breaks, one a line: quicker to read all at once than `packed`."""
    return {f"{name}_lines": np.frombuffer("\n".join(texts).encode(), np.uint8).copy()}


def read_lines(blob: NDArray[np.uint8]) -> list[str]:
    """What `lines` wrote; no text at all reads as one empty one."""
    return blob.tobytes().decode().split("\n")


def grams_of(word: str) -> list[int]:
    """The pairs of neighbouring letters of a word, its ends counted as letters, as numbers; sorted, each once."""
    letters = [0, *map(ord, word), 0]
    return sorted({(one << 21) | two for one, two in pairwise(letters)})
