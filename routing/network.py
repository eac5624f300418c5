"""The road network of a region: frozen arrays that every profile is costed on.

Four nouns:

- a **junction** is where a choice is made, or where something stands in the way (a gate, a signal, a dead end); on long
  roads there are some between, so that what closes a road somewhere doesn't close all of it;
- a **link** is the road between two junctions, with its shape, one tag set, one name;
- a **segment** is a link in one direction: segment `2 * link` runs as the OSM way does, `2 * link + 1` against it, so the
  reverse of segment `s` is `s ^ 1` and its link is `s >> 1`;
- a **turn** leads from the end of one segment into the next.

The query graph is edge-expanded: a node per **state**, an arc per turn. A state is a segment that some motor profile may
use, plus a copy of it for each memory that a turn restriction over several ways needs ("came from A by way of B"), so that
every restriction is a matter of closed arcs and one topology serves all profiles. Links that only people on foot use have
no state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from routing.osm import TagSet, TurnRestriction

CLOSED = 2**31 - 1
"""The weight of what can't be passed (uint32)."""

RESTRICTED_ENTRY_MS = 2**27
"""Added to a turn that leads from an open road into a restricted one (destination, private).

Shortest paths then minimise (restricted roads entered, milliseconds) in that order, exactly, while a route lasts under
2**27 ms (37 h): such roads are for reaching what lies on them, not for passing through. `weight >> 27` is the number of
entries, `weight & (2**27 - 1)` the milliseconds. More than 15 entries reach 2**31 - 1 and count as closed.
"""

MOST_ENTRIES = CLOSED // RESTRICTED_ENTRY_MS
"""How many restricted roads a way can enter."""

DrivingSide = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """A road network; every array is read-only and may be memory-mapped.

    Attributes:
        junction_longitude, junction_latitude: float64[j], degrees (WGS 84).
        junction_osm_id: int64[j].
        junction_tagset: int32[j], index into `tagsets` of what stands there (barrier, signals), or -1.
        link_tail, link_head: int32[l], junctions; tail to head is the OSM way's direction.
        link_length_m: float64[l], along the shape, haversine with radius 6,371,008.8 m.
        link_tagset: int32[l], index into `tagsets`.
        link_name, link_ref: int32[l], index into `names` (0 is the empty string).
        link_way: int64[l], OSM id of the way.
        shape_first: int64[l + 1]; the shape of link `i` is `shape_longitude[shape_first[i]:shape_first[i + 1]]`, both
            junctions included.
        shape_longitude, shape_latitude: float64[…], degrees.
        state_segment: int32[n], the segment of each state; states `0 .. plain_states - 1` are the plain ones, the rest are
            copies that remember where one came from.
        plain_states: how many plain states there are.
        segment_state: int32[2 l], the plain state of each segment, or -1 where no motor profile may use it.
        turn_first: int64[n + 1]; the turns out of state `s` are `turn_first[s] .. turn_first[s + 1] - 1`.
        turn_tail, turn_head: int32[m], states.
        turn_angle: int16[m], degrees, -180 … 180, positive to the right; a U-turn (onto `segment ^ 1`) is 180.
        turn_rules: int32[m], index into `rule_sets`; 0 is the empty set.
        rule_sets: sets of indices into `restrictions` that ban the turn for those who obey them.
        restrictions: the turn restrictions that were placed on the network.
        tagsets: distinct tag sets. names: distinct names; `names[0] == ""`.
        driving_side: the side of the road that traffic keeps to.
    """

    junction_longitude: NDArray[np.float64]
    junction_latitude: NDArray[np.float64]
    junction_osm_id: NDArray[np.int64]
    junction_tagset: NDArray[np.int32]
    link_tail: NDArray[np.int32]
    link_head: NDArray[np.int32]
    link_length_m: NDArray[np.float64]
    link_tagset: NDArray[np.int32]
    link_name: NDArray[np.int32]
    link_ref: NDArray[np.int32]
    link_way: NDArray[np.int64]
    shape_first: NDArray[np.int64]
    shape_longitude: NDArray[np.float64]
    shape_latitude: NDArray[np.float64]
    state_segment: NDArray[np.int32]
    plain_states: int
    segment_state: NDArray[np.int32]
    turn_first: NDArray[np.int64]
    turn_tail: NDArray[np.int32]
    turn_head: NDArray[np.int32]
    turn_angle: NDArray[np.int16]
    turn_rules: NDArray[np.int32]
    rule_sets: tuple[tuple[int, ...], ...]
    restrictions: tuple[TurnRestriction, ...]
    tagsets: tuple[TagSet, ...]
    names: tuple[str, ...]
    driving_side: DrivingSide

    @property
    def links(self) -> int:
        """How many links there are; there are twice as many segments."""
        return len(self.link_tail)

    @property
    def junctions(self) -> int:
        """How many junctions there are."""
        return len(self.junction_longitude)

    @property
    def states(self) -> int:
        """How many states, the nodes of the query graph, there are."""
        return len(self.state_segment)

    def segment_tail(self, segment: int) -> int:
        """The junction where a segment begins."""
        return int(self.link_head[segment >> 1] if segment & 1 else self.link_tail[segment >> 1])

    def segment_head(self, segment: int) -> int:
        """The junction where a segment ends."""
        return int(self.link_tail[segment >> 1] if segment & 1 else self.link_head[segment >> 1])

    def segment_shape(self, segment: int) -> NDArray[np.float64]:
        """The shape of a segment in its own direction: float64[points, 2], longitude and latitude in degrees."""
        link = segment >> 1
        part = slice(int(self.shape_first[link]), int(self.shape_first[link + 1]))
        shape = np.column_stack((self.shape_longitude[part], self.shape_latitude[part]))
        return shape[::-1] if segment & 1 else shape
