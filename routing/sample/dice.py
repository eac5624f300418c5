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
    numbers = np.arange(number, dtype=np.int64) if isinstance(number, int) else number
    z = numbers.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(_start(seed, purpose))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def chance(seed: int, purpose: str, number: Ints | int) -> Floats:
    """A fraction in [0, 1) for each number."""
    return (draw(seed, purpose, number) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(seed: int, purpose: str, number: Ints | int, limit: int) -> Ints:
    """A whole number in `0 .. limit - 1` for each number."""
    return (draw(seed, purpose, number) % np.uint64(limit)).astype(np.int64)


def noise(seed: int, purpose: str, x: Floats, y: Floats, wavelength: float) -> Floats:
    """Smooth noise in [-1, 1] over the plane: values on a grid of `wavelength`, joined by smoothsteps."""
    u, v = x / wavelength, y / wavelength
    left, low = np.floor(u), np.floor(v)
    u, v = u - left, v - low
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    column, row = left.astype(np.int64), low.astype(np.int64)

    def corner(right: int, up: int) -> Floats:
        return chance(seed, purpose, (column + right) * 1_000_003 + (row + up)) * 2 - 1

    lower = corner(0, 0) * (1 - u) + corner(1, 0) * u
    upper = corner(0, 1) * (1 - u) + corner(1, 1) * u
    result: Floats = lower * (1 - v) + upper * v
    return result


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
