"""Weight arrays that many metrics share, page by page.

A metric keeps its weights in a memory file. A metric derived from it maps the same file privately: pages stay shared until
written (copy on write), so a hundred changed arcs on a network of millions cost a few pages, not a copy of everything.
Linux keeps the file in memory (memfd); elsewhere it is an unnamed temporary file. Small arrays are plainly copied.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from pathlib import Path
from typing import Self

import numpy as np

from routing._kernels.types import UInt32

COPY_BELOW_BYTES = 1 << 20
"""Arrays smaller than this are copied: that is faster than the page faults, and costs no file descriptor."""


class WeightStore:
    """A uint32 array that can be branched: every branch starts with the stored values and may be written freely.

    Fill `array` once, then only branch.
    """

    def __init__(self, array: UInt32, descriptor: int | None, offset: int) -> None:
        """An array that lies at a byte offset of an open file, or in plain memory if there is no descriptor."""
        self.array = array
        self._offset = offset
        self._descriptor = descriptor
        if descriptor is not None:
            weakref.finalize(self, os.close, descriptor)

    @classmethod
    def create(cls, length: int) -> Self:
        """A new array with undefined content."""
        if 4 * length < COPY_BELOW_BYTES:
            return cls(np.empty(length, np.uint32), None, 0)
        descriptor = _memory_file()
        try:
            os.ftruncate(descriptor, 4 * length)
            mapped = mmap.mmap(descriptor, 4 * length, access=mmap.ACCESS_WRITE)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(np.frombuffer(mapped, np.uint32), descriptor, 0)

    @classmethod
    def open(cls, path: Path, length: int) -> Self:
        """The array in a .npy file, mapped read-only.

        Raises:
            OSError: the file can't be read.
            ValueError: it does not hold uint32[length].
        """
        stored = np.load(path, mmap_mode="c")
        if stored.dtype != np.uint32 or stored.shape != (length,):
            raise ValueError(f"{path}: expected uint32[{length}], found {stored.dtype}{list(stored.shape)}")
        array = np.asarray(stored)
        if 4 * length < COPY_BELOW_BYTES:
            return cls(array.copy(), None, 0)
        return cls(array, os.open(path, os.O_RDONLY), int(stored.offset))

    def branch(self) -> UInt32:
        """A writable array with the stored values; writing to it changes nothing but itself."""
        if self._descriptor is None:
            return self.array.copy()
        mapped = mmap.mmap(self._descriptor, self._offset + 4 * len(self.array), access=mmap.ACCESS_COPY)
        return np.frombuffer(mapped, np.uint32, offset=self._offset)


def _memory_file() -> int:
    """A descriptor of an empty file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("siaga-weights", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
