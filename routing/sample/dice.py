"""Dice that fall the same way everywhere: a hash of seed, purpose and number, in whole numbers only.

A counter-based generator (splitmix64, Steele, Lea and Flood 2014) needs no order of calls: what is drawn for one street
does not depend on how many were drawn before it, so any part of a town can be drawn with numpy in one go, and a new
throw added later changes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_Thing = TypeVar("_Thing")
_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


def _mixed(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _start(seed: int, purpose: str) -> int:
    state = _mixed(seed + _GOLDEN)
    for byte in purpose.encode():
        state = _mixed(state + _GOLDEN * (byte + 1))
    return state


def draw(seed: int, purpose: str, number: Ints | int) -> NDArray[np.uint64]:
    """A hash for each number (int64 array), or for `0 .. number - 1` where one int is given: uint64."""
    z = np.arange(number, dtype=np.uint64) if isinstance(number, int) else number.astype(np.uint64)
    z *= np.uint64(_GOLDEN)
    z += np.uint64(_start(seed, purpose))
    part = z >> np.uint64(30)
    z ^= part
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= np.right_shift(z, np.uint64(27), out=part)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= np.right_shift(z, np.uint64(31), out=part)
    return z


def chance(seed: int, purpose: str, number: Ints | int) -> Floats:
    """A fraction in [0, 1) for each number."""
    return (draw(seed, purpose, number) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(seed: int, purpose: str, number: Ints | int, limit: int) -> Ints:
    """A whole number in `0 .. limit - 1` for each number."""
    return (draw(seed, purpose, number) % np.uint64(limit)).astype(np.int64)


def noise(seed: int, purpose: str, x: Floats, y: Floats, wavelength: float) -> Floats:
    """Smooth noise in [-1, 1] on the grid of columns `x` (float64[w]) and rows `y` (float64[h]): float64[h, w].

    Values on a coarse grid of `wavelength`, joined by smoothsteps.
    """
    column, u = _steps(x / wavelength)
    row, v = _steps(y / wavelength)
    coarse = np.arange(int(row.max()) + 2)[:, None] * 1_000_003 + np.arange(int(column.max()) + 2)
    values = chance(seed, purpose, coarse) * 2 - 1
    rows = values[row] * (1 - v)[:, None] + values[row + 1] * v[:, None]
    result: Floats = rows[:, column] * (1 - u) + rows[:, column + 1] * u
    return result


def _steps(place: Floats) -> tuple[Ints, Floats]:
    whole = np.floor(place)
    rest = place - whole
    return whole.astype(np.int64), rest * rest * (3 - 2 * rest)


class Dice:
    """The same for plain Python: one throw after another."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._state = _start(seed, purpose)

    def throw(self, limit: int) -> int:
        """A whole number in `0 .. limit - 1`."""
        self._state = (self._state + _GOLDEN) & _MASK
        return _mixed(self._state) % limit

    def happens(self, percent: int) -> bool:
        """Whether something with a chance of `percent` in 100 happens."""
        return self.throw(100) < percent

    def one_of(self, things: Sequence[_Thing]) -> _Thing:
        """One of the things."""
        return things[self.throw(len(things))]

    def shuffled(self, things: Sequence[_Thing]) -> list[_Thing]:
        """The things in another order."""
        result = list(things)
        for last in range(len(result) - 1, 0, -1):
            other = self.throw(last + 1)
            result[last], result[other] = result[other], result[last]
        return result
