"""Functions in machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first call, keep the machine code on disk, release the interpreter lock while running."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))
