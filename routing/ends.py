"""Places as the beginnings and the ends of journeys: positions turned into nodes of the query graph with offsets.

A distance in the query graph leads from the *end* of a segment to the end of another. So a journey from a share f of segment
s begins with what is left of s, and one to a share g of segment t gives back what lies behind:

    elapsed(x) = round(x · segment_ms)
    journey = (segment_ms[s] - elapsed(f)) + distance(s, t) - (segment_ms[t] - elapsed(g))

On one and the same segment this is elapsed(g) - elapsed(f), which is right if the destination lies ahead; if it lies behind,
the journey is a round trip that has to be looked for among the journeys with at least one turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from routing._kernels import ends as kernels
from routing.cch import Pinned
from routing.conditions import ranges
from routing.endpoints import Endpoints
from routing.network import CLOSED, RoadNetwork
from routing.road_state import Overlay, ProfileRoads
from routing.snapping import Position, Snap, Snaps

Places = Snaps | Sequence[Snap | Position]


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Positions of places, those of a place next to each other.

    Attributes:
        places: how many places there are; one may have no position.
        owner: int64[p], the place of each position, rising.
        segment: int64[p]. fraction: float64[p], share of the segment's length behind.
    """

    places: int
    owner: NDArray[np.int64]
    segment: NDArray[np.int64]
    fraction: NDArray[np.float64]

    @staticmethod
    def of(places: Places) -> Positions:
        """The positions of places."""
        if isinstance(places, Snaps):
            most = 2 * len(places)
            owner, segment, fraction = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.float64)
            count = kernels.positions_on_links(places.link, places.fraction, places.directions, owner, segment, fraction)
            return Positions(len(places), owner[:count], segment[:count], fraction[:count])
        every = [(place,) if isinstance(place, Position) else place.positions for place in places]
        flat = [position for positions in every for position in positions]
        return Positions(
            len(every),
            np.repeat(np.arange(len(every)), [len(positions) for positions in every]),
            np.array([position.segment for position in flat], np.int64),
            np.array([position.fraction for position in flat], np.float64),
        )

    def chosen(self, keep: NDArray[np.bool_]) -> Positions:
        """Some of the positions; the places stay."""
        return Positions(self.places, self.owner[keep], self.segment[keep], self.fraction[keep])

    def followed_by(self, others: Positions) -> Positions:
        """These places, and then others."""
        return Positions(
            self.places + others.places,
            np.concatenate((self.owner, others.owner + self.places)),
            np.concatenate((self.segment, others.segment)),
            np.concatenate((self.fraction, others.fraction)),
        )

    def missing(self) -> NDArray[np.int64]:
        """Places without any position."""
        return kernels.without_any(self.owner, self.places)


def instead_of(places: Places) -> tuple[NDArray[np.int64], Places]:
    """Which places have another one on the main part, and these."""
    if isinstance(places, Snaps):
        if places.instead is None:
            return np.empty(0, np.int64), ()
        which = np.flatnonzero(places.instead.link >= 0)
        return which, places.instead.rows(which)
    others = {number: one.instead for number, one in enumerate(places) if isinstance(one, Snap) and one.instead is not None}
    return np.array(list(others), np.int64), tuple(others.values())


def with_places(places: Snaps, which: NDArray[np.int64], new: Snaps) -> Snaps:
    """The places with some of them replaced."""
    link, fraction, directions, gap_m = (
        getattr(places, name).copy() for name in ("link", "fraction", "directions", "gap_m")
    )  # fmt: skip
    link[which], fraction[which], directions[which], gap_m[which] = new.link, new.fraction, new.directions, new.gap_m
    instead = None
    if places.instead is not None or new.instead is not None:
        instead = with_places(places.instead or _nowhere(places), which, new.instead or _nowhere(new))
    return replace(places, link=link, fraction=fraction, directions=directions, gap_m=gap_m, instead=instead)


def _nowhere(places: Snaps) -> Snaps:
    return replace(places, link=np.full(len(places), -1, np.int32), directions=np.zeros(len(places), np.uint8), instead=None)


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Places prepared as origins or as destinations, for one profile in one state of the roads.

    Attributes:
        profile: its name. state: number of the state.
        positions: of the places, the open ones only.
        elapsed: int64[p], milliseconds from the beginning of the segment to the position.
        endpoints: nodes and offsets.
        position_of_node: int64[nodes], the position that each node stands for.
        by_segment: int64[p], the positions sorted by segment, and `segments`: int64[p], theirs.
        pinned: destinations prepared for many tables, or None.
        instead: int64[k], places on islands; the places on the main part that stand for them where there is no way to them
            are the last k of `positions` and of `endpoints`.
    """

    profile: str
    state: int
    positions: Positions
    elapsed: NDArray[np.int64]
    endpoints: Endpoints
    position_of_node: NDArray[np.int64]
    by_segment: NDArray[np.int64]
    segments: NDArray[np.int64]
    instead: NDArray[np.int64]
    pinned: Pinned | None = None

    def __len__(self) -> int:
        """How many places there are, those that stand for others not counted."""
        return self.positions.places - len(self.instead)

    def nodes_of(self, place: int) -> slice:
        """Where in `endpoints` the nodes of a place lie."""
        return slice(int(self.endpoints.first[place]), int(self.endpoints.first[place + 1]))


class StatesOf:
    """Finds all states of segments: the plain one (`of_segment`, -1: none), and copies that remember where one came from."""

    def __init__(self, network: RoadNetwork) -> None:
        """Sorts the copies, of which there are few, by segment."""
        self.of_segment = network.segment_state
        copied = np.asarray(network.state_segment[network.plain_states :])
        order = np.argsort(copied, kind="stable")
        self._copies, self._segment_of_copy = order.astype(np.int64) + network.plain_states, copied[order]
        self._copies_of: dict[int, list[int]] = {}
        for segment, state in zip(self._segment_of_copy.tolist(), self._copies.tolist(), strict=True):
            self._copies_of.setdefault(segment, []).append(state)

    def plain(self, segments: NDArray[np.int64]) -> NDArray[np.int64]:
        """The plain state of each segment, -1 where there is none."""
        return np.asarray(self.of_segment[segments], np.int64)

    def plain_one(self, segment: int) -> int:
        """The plain state of a segment, -1 if there is none."""
        return int(self.of_segment[segment])

    def every_one(self, segment: int) -> list[int]:
        """All states of a segment that has one."""
        return [int(self.of_segment[segment]), *self._copies_of.get(segment, ())]

    def every(self, segments: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All states of segments that have one, and for each state the index in `segments`, rising."""
        which = np.arange(len(segments))
        if not len(self._copies):
            return self.plain(segments), which
        first = np.searchsorted(self._segment_of_copy, segments, side="left")
        counts = np.searchsorted(self._segment_of_copy, segments, side="right") - first
        states = np.concatenate((self.plain(segments), self._copies[ranges(first, counts)]))
        of = np.concatenate((which, np.repeat(which, counts)))
        order = np.argsort(of, kind="stable")
        return states[order], of[order]


def open_positions(positions: Positions, times: Overlay, states: StatesOf) -> tuple[Positions, NDArray[np.int64]]:
    """The positions on open segments, and the times (int64) along these segments."""
    ms = kernels.open_times(positions.segment, times.base, times.changed, times.values, states.of_segment)
    is_open = ms < CLOSED
    if is_open.all():
        return positions, ms.astype(np.int64)
    return positions.chosen(is_open), ms[is_open].astype(np.int64)


NO_PLACES = np.empty(0, np.int64)
NO_PLACES.flags.writeable = False


def as_origins(
    profile: str,
    state: int,
    positions: Positions,
    ms: NDArray[np.int64],
    states: StatesOf,
    instead: NDArray[np.int64] = NO_PLACES,
) -> Ends:
    """Places to start from: a fresh start remembers nothing, so only plain states."""
    elapsed = np.rint(positions.fraction * ms).astype(np.int64)
    nodes, which = states.plain(positions.segment), np.arange(len(elapsed))
    return _ends(profile, state, positions, elapsed, nodes, which, ms - elapsed, instead)


def as_destinations(
    profile: str,
    state: int,
    positions: Positions,
    ms: NDArray[np.int64],
    states: StatesOf,
    instead: NDArray[np.int64] = NO_PLACES,
) -> Ends:
    """Places to go to, whatever one remembers on arrival."""
    elapsed = np.rint(positions.fraction * ms).astype(np.int64)
    nodes, which = states.every(positions.segment)
    return _ends(profile, state, positions, elapsed, nodes, which, elapsed - ms, instead)


def _ends(
    profile: str,
    state: int,
    positions: Positions,
    elapsed: NDArray[np.int64],
    nodes: NDArray[np.int64],
    which: NDArray[np.int64],
    offsets: NDArray[np.int64],
    instead: NDArray[np.int64],
) -> Ends:
    first = kernels.firsts(positions.owner, which, positions.places)
    endpoints = Endpoints.trusted(first, nodes.astype(np.int32), offsets[which])
    by_segment = np.argsort(positions.segment, kind="stable")
    segments = positions.segment[by_segment]
    return Ends(profile, state, positions, elapsed, endpoints, which, by_segment, segments, instead)


def meetings(origins: Ends, destinations: Ends) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of an origin's and a destination's position on one segment, as indices into their positions."""
    count = kernels.count_meetings(origins.positions.segment, destinations.segments)
    if not count:
        return NO_PLACES, NO_PLACES
    here, there = np.empty(count, np.int64), np.empty(count, np.int64)
    kernels.meetings(origins.positions.segment, destinations.segments, destinations.by_segment, here, there)
    return here, there


def after_first_turn(
    network: RoadNetwork, roads: ProfileRoads, states: NDArray[np.integer], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """An origin moved on by one turn, so that a journey comes back to its own segment by a real way round.

    Args:
        network, roads: that are driven on.
        states, offsets: of the origin.

    Returns:
        Nodes, their offsets, the turn that led to each, and the index of the state that it led from.
    """
    counts = network.turn_first[states + 1] - network.turn_first[states]
    turns = ranges(network.turn_first[states], counts)
    weights = roads.metric.weights[turns].astype(np.int64)
    origin = np.repeat(np.arange(len(states)), counts)
    passable = weights < CLOSED
    turns, origin = turns[passable], origin[passable]
    return np.asarray(network.turn_head[turns]), offsets[origin] + weights[passable], turns, origin
