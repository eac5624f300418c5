"""Work arrays for queries, lent to one thread at a time and used again."""

from __future__ import annotations

from collections import deque

import numpy as np

from routing._kernels.types import INFINITE, LANES, UNSEEN, Int32, UInt8, UInt32, Workspace


class Work:
    """The arrays that one query works in; clean (`INFINITE`, `UNSEEN`, -1, 0) whenever none runs.

    They are allocated when first used: 4 bytes a node each, `lanes` 64 bytes a row.
    """

    def __init__(self, nodes: int, height: int) -> None:
        """For a hierarchy of so many nodes and such an elimination tree height."""
        self._nodes = nodes
        self.stack: Int32 = np.empty(height + 2, np.int32)
        self.query = Workspace(
            out=np.full(nodes, INFINITE, np.uint32),
            back=np.full(nodes, INFINITE, np.uint32),
            out_via=np.empty(nodes, np.int32),
            back_via=np.empty(nodes, np.int32),
        )
        self._memo: UInt32 | None = None
        self._slot: Int32 | None = None
        self._queued: UInt8 | None = None
        self._lanes: UInt32 = np.empty((0, LANES), np.uint32)
        self._marked: UInt8 = np.zeros(0, np.uint8)

    @property
    def memo(self) -> UInt32:
        """uint32[nodes], UNSEEN."""
        if self._memo is None:
            self._memo = np.full(self._nodes, UNSEEN, np.uint32)
        return self._memo

    @property
    def slot(self) -> Int32:
        """int32[nodes], -1."""
        if self._slot is None:
            self._slot = np.full(self._nodes, -1, np.int32)
        return self._slot

    def queued(self, upward: int) -> UInt8:
        """uint8[upward arcs], zero."""
        if self._queued is None:
            self._queued = np.zeros(upward, np.uint8)
        return self._queued

    def lanes(self, rows: int) -> tuple[UInt32, UInt8]:
        """uint32[≥ rows, LANES] with any content, and uint8[≥ rows], zero."""
        if len(self._lanes) < rows:
            self._lanes = np.empty((rows + rows // 4, LANES), np.uint32)
            self._marked = np.zeros(rows + rows // 4, np.uint8)
        return self._lanes, self._marked


class Workspaces:
    """A stock of work arrays; as many exist as queries ever ran at once."""

    def __init__(self, nodes: int, height: int) -> None:
        """Empty at first."""
        self._nodes = nodes
        self._height = height
        self._idle: deque[Work] = deque()  # append and pop are atomic

    def take(self) -> Work:
        """Work arrays for this thread; `give` them back, and only if they are clean."""
        try:
            return self._idle.pop()
        except IndexError:
            return Work(self._nodes, self._height)

    def give(self, work: Work) -> None:
        """Return what `take` lent. After an exception let them go instead: they may be dirty."""
        self._idle.append(work)
