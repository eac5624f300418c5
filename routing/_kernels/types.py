"""Array types, constants and compiler options that all kernels share."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel as kernel

Int8 = NDArray[np.int8]
UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt32 = NDArray[np.uint32]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

INFINITE: Final = np.uint32(2**31 - 1)
"""Weight of what can't be passed; two of them still add up within uint32."""

UNSEEN: Final = np.uint32(2**32 - 1)
"""Marks a node whose distance is not known yet, unlike one known to be unreachable."""

LANES: Final = 16
"""Sources that one sweep carries side by side: 16 × uint32 fill one cache line and one AVX-512 register."""


class Topology(NamedTuple):
    """A hierarchy without weights, nodes named by rank; n nodes, m input arcs, u upward arcs. All int32.

    Of node x, the upward arcs `first[x] .. middle[x] - 1` rise (lead from x to their head) and `middle[x] ..
    first[x + 1] - 1` fall (lead from their head to x); heads ascend in both parts. Upward arcs are grouped by their head
    as well: `down_arc[down_first[y] : down_middle[y]]` rise into y, the rest up to `down_first[y + 1]` fall from y, lower
    ends ascending.
    """

    parent: Int32  # [n] in the elimination tree; n above a root
    first: Int32  # [n + 1]
    middle: Int32  # [n]
    head: Int32  # [u] the higher end
    tail: Int32  # [u] the lower end
    down_first: Int32  # [n + 1]
    down_middle: Int32  # [n]
    down_arc: Int32  # [u]
    upward_arc: Int32  # [m] the upward arc an input arc belongs to, -1 for a loop
    grouped_first: Int32  # [n + 1]
    grouped: Int32  # [m without loops] input arcs grouped by their lower end


class Workspace(NamedTuple):
    """What a point-to-point query works in; distances are INFINITE whenever none runs."""

    out: UInt32  # [n] distance up from the source
    back: UInt32  # [n] distance up from the target, against the arcs
    out_via: Int32  # [n] the upward arc that gave `out`
    back_via: Int32  # [n]


class Restriction(NamedTuple):
    """The part of a weighted hierarchy that leads to chosen targets (see `sweeps.restrict`)."""

    slot: Int32  # [n] the row of a node, -1 if it has none
    first: Int32  # [rows + 1]
    head: Int32  # row of the higher end
    weight: UInt32


class Labels(NamedTuple):
    """Of each of f ends its hubs: nodes with a distance, of which a shortest path to or from the end has one as its highest."""

    end: Int64  # [f] the number of each, in the order in which they stand here
    first: Int64  # [f + 1]
    hub: Int32  # rank
    distance: UInt32  # between hub and end; what `bias` says is added
    bias: Int64  # [f] what was added to the end's offsets so that they are not negative
