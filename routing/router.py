"""Questions about journeys: where a vehicle can stop for a place, how long it takes, which way it goes.

A router is bound to one state of the roads and never changes; `Router.at` gives one for another state. It is safe from many
threads at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing._kernels.streets import length_between
from routing.datafiles import read_table
from routing.endpoints import Endpoints
from routing.ends import (
    Ends,
    Places,
    Positions,
    StatesOf,
    after_first_turn,
    as_destinations,
    as_origins,
    meetings,
    open_positions,
)
from routing.errors import DataError, PlaceError
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.road_state import ProfileRoads, RoadState
from routing.routes import Estimate, EtaTable, Route, decode, make_route
from routing.snapping import MAX_GAP_M, Position, Snap, SnapIndex, Snaps, snap, snap_many
from routing.walking import Footways

_Found = tuple[int, int, int, NDArray[Any]]  # total, the origin's and the destination's position, turns


@dataclass(frozen=True, slots=True, eq=False)
class Router:
    """Answers questions about journeys on one state of the roads.

    Attributes:
        network, index, footways: of the region.
        base: the state without conditions, to tell a road that is cut from one that never was.
        state: the state that is asked.
        states: where each segment stands in the query graph.
    """

    network: RoadNetwork
    index: SnapIndex
    footways: Footways
    base: RoadState
    state: RoadState
    states: StatesOf

    @staticmethod
    def build(network: RoadNetwork, index: SnapIndex, footways: Footways, base: RoadState) -> Router:
        """A router on the state without conditions."""
        return Router(network, index, footways, base, base, StatesOf(network))

    def at(self, state: RoadState) -> Router:
        """A router on another state of the same roads."""
        return replace(self, state=state)

    # -- places -----------------------------------------------------------------------------------------------------------

    def snap(
        self, longitude: float, latitude: float, profile: str, *, on_foot: bool = True, max_gap_m: float = MAX_GAP_M
    ) -> Snap:
        """Where a vehicle of a profile can stop for a point (degrees), with the part on foot.

        Streets that closures have cut off are passed over, as are closed ones: somebody walks to the next one. A vehicle's own
        position is taken as it is, so that a vehicle behind a flood has no way out rather than a wrong one.

        Args:
            longitude, latitude: the asked point, degrees.
            profile: name of a motor profile.
            on_foot: False for a vehicle's own position: it stands on a street, nobody walks.
            max_gap_m: how far the street may be.

        Raises:
            PlaceError: no usable street within `max_gap_m`, or no place on earth.
            DataError: no such profile.
        """
        roads = self._roads(profile)
        mask, footways = (roads.stops, self.footways) if on_foot else (roads.mask, None)
        return snap(self.index, mask, footways, profile, longitude, latitude, max_gap_m=max_gap_m)

    def snap_many(
        self,
        longitude: Sequence[float] | NDArray[np.float64],
        latitude: Sequence[float] | NDArray[np.float64],
        profile: str,
        *,
        max_gap_m: float = MAX_GAP_M,
    ) -> Snaps:
        """The nearest usable street to each point (degrees), without the part on foot; `link` is -1 where there is none.

        Raises:
            PlaceError: a pair that is no place on earth.
            DataError: no such profile.
        """
        return snap_many(self.index, self._roads(profile).mask, profile, longitude, latitude, max_gap_m=max_gap_m)

    def origins(self, places: Places, profile: str) -> Ends:
        """Places to start from, for several questions about the same ones.

        What was snapped to a street that is closed now is snapped again; what can't be has no way to anywhere.
        """
        positions, ms = self._standing(places, profile)
        return as_origins(profile, self.state.number, positions, ms, self.states)

    def destinations(self, places: Places, profile: str, *, pinned: bool = False) -> Ends:
        """Places to go to, as `origins`. `pinned`: prepared for many tables (a region's facilities)."""
        positions, ms = self._standing(places, profile)
        roads = self._roads(profile) if pinned else None
        return as_destinations(profile, self.state.number, positions, ms, self.states, roads)

    def _roads(self, profile: str) -> ProfileRoads:
        roads = self.state.roads.get(profile)
        if roads is None:
            raise DataError(f"no motor profile {profile!r}; there are {', '.join(self.state.roads)}")
        return roads

    def _standing(self, places: Places, profile: str) -> tuple[Positions, NDArray[np.int64]]:
        """The open positions of places and the times along their segments, some places snapped again."""
        times = self._roads(profile).segment_ms
        positions, ms = open_positions(Positions.of(places), times, self.states)
        missing = positions.missing()
        if not len(missing):
            return positions, ms
        if isinstance(places, Snaps):
            again = self.snap_many(places.longitude[missing], places.latitude[missing], profile)
            found = Positions.of(again)
            owner = missing[found.owner]
        else:
            snapped = {int(place): self._snapped_again(places[int(place)], profile) for place in missing}
            found = Positions.of([one for one in snapped.values() if one is not None])
            owner = np.array([place for place, one in snapped.items() if one is not None], np.int64)[found.owner]
        owner = np.concatenate((positions.owner, owner))
        order = np.argsort(owner, kind="stable")
        segment = np.concatenate((positions.segment, found.segment))[order]
        fraction = np.concatenate((positions.fraction, found.fraction))[order]
        return open_positions(Positions(positions.places, owner[order], segment, fraction), times, self.states)

    def _snapped_again(self, place: Snap | Position, profile: str) -> Snap | None:
        if isinstance(place, Position):
            return None
        try:
            return self.snap(place.longitude, place.latitude, profile)
        except PlaceError:
            return None

    # -- times ------------------------------------------------------------------------------------------------------------

    def eta_table(self, origins: Places | Ends, destinations: Places | Ends, profile: str) -> EtaTable:
        """Times from each origin to each destination, without the parts on foot.

        Raises:
            DataError: no such profile.
            ValueError: ends that were prepared for another profile or another state of the roads.
        """
        start = self._ends(origins, profile) if isinstance(origins, Ends) else self.origins(origins, profile)
        finish = (
            self._ends(destinations, profile) if isinstance(destinations, Ends) else self.destinations(destinations, profile)
        )
        roads = self._roads(profile)
        if finish.pinned is not None and len(start) <= len(finish):
            totals = finish.pinned.table(start.endpoints)
        else:
            totals = roads.metric.table(start.endpoints, finish.endpoints)
        self._mend_round_trips(totals, roads, start, finish)
        return EtaTable(profile, self.state.number, *decode(totals))

    def _ends(self, ends: Ends, profile: str) -> Ends:
        if ends.profile != profile or ends.state != self.state.number:
            raise ValueError(
                f"these ends were prepared for {ends.profile} in state {ends.state} of the roads, "
                f"not for {profile} in state {self.state.number}: prepare them again"
            )
        return ends

    def _mend_round_trips(self, totals: NDArray[np.uint32], roads: ProfileRoads, start: Ends, finish: Ends) -> None:
        """Puts in the true totals where a destination lies behind an origin on the same segment."""
        mine, theirs = meetings(start, finish)
        if not len(mine):
            return
        ahead_ms = finish.elapsed[theirs] - start.elapsed[mine]
        behind = ahead_ms < 0
        if not behind.any():
            return
        i, j = start.positions.owner[mine], finish.positions.owner[theirs]
        for origin in np.unique(i[behind]).tolist():
            wanted = np.unique(j[behind & (i == origin)])
            nodes, offsets, _, _ = after_first_turn(self.network, roads, start, origin)
            best = roads.metric.table(Endpoints.of([(nodes, offsets)]), _some(finish.endpoints, wanted))[0]
            for place, total in zip(wanted.tolist(), best.tolist(), strict=True):
                straight = ahead_ms[(i == origin) & (j == place) & ~behind]
                totals[origin, place] = min(total, int(straight.min(initial=CLOSED)))

    # -- routes -----------------------------------------------------------------------------------------------------------

    def route(self, origin: Snap | Position, destination: Snap | Position, profile: str) -> Route:
        """The quickest legal way.

        Raises:
            PlaceError: there is none; the message says whether closures cut it or there never was one. Or an end was
                snapped to a street that is closed now, and there is no other near.
            DataError: no such profile.
        """
        roads = self._roads(profile)
        origin, destination = self._open(origin, profile), self._open(destination, profile)
        start, finish = self.origins([origin], profile), self.destinations([destination], profile)
        found = self._best(roads, start, finish)
        if found is None:
            raise PlaceError(self._why_none(origin, destination, profile))
        total, here, there, turns = found
        first = (
            self.network.state_segment[self.network.turn_tail[turns[:1]]]
            if len(turns)
            else start.positions.segment[here : here + 1]
        )
        segments = np.concatenate((first, self.network.state_segment[self.network.turn_head[turns]])).astype(np.int32)
        fractions = float(start.positions.fraction[here]), float(finish.positions.fraction[there])
        carries = tuple(place.carry if isinstance(place, Snap) else None for place in (origin, destination))
        return make_route(
            self.network, roads, profile, self.state.number, segments, turns, fractions,
            total & (RESTRICTED_ENTRY_MS - 1), (carries[0], carries[1]),
        )  # fmt: skip

    def _open(self, place: Snap | Position, profile: str) -> Snap | Position:
        """The place, snapped again if its street is closed now."""
        positions, _ = open_positions(Positions.of([place]), self._roads(profile).segment_ms, self.states)
        if len(positions.owner):
            return place
        if isinstance(place, Position):
            street = self.network.names[int(self.network.link_name[place.segment >> 1])]
            raise PlaceError(f"segment {place.segment} ({street or 'a street without name'}) is closed to {profile}")
        return self.snap(place.longitude, place.latitude, profile)

    def _best(self, roads: ProfileRoads, start: Ends, finish: Ends) -> _Found | None:
        """The best journey between two places; positions as indices into those of the ends."""
        mine, theirs = meetings(start, finish)
        ahead_ms = finish.elapsed[theirs] - start.elapsed[mine]
        target = finish.endpoints.node, finish.endpoints.offset
        if not (ahead_ms < 0).any():
            found = roads.metric.route((start.endpoints.node, start.endpoints.offset), target)
            if found is None:
                return None
            total, here, there, turns = found
            return total, int(start.position_of_node[here]), int(finish.position_of_node[there]), turns
        best: _Found | None = None
        ahead = np.flatnonzero(ahead_ms >= 0)
        if len(ahead):
            nearest = ahead[np.argmin(ahead_ms[ahead])]
            best = int(ahead_ms[nearest]), int(mine[nearest]), int(theirs[nearest]), np.empty(0, np.int64)
        nodes, offsets, first_turn, position = after_first_turn(self.network, roads, start, 0)
        found = roads.metric.route((nodes, offsets), target)
        if found is not None and (best is None or found[0] < best[0]):
            total, here, there, turns = found
            whole = np.concatenate((first_turn[here : here + 1], turns))
            best = total, int(position[here]), int(finish.position_of_node[there]), whole
        return best

    def _why_none(self, origin: Snap | Position, destination: Snap | Position, profile: str) -> str:
        if self.state.number != self.base.number:
            unchanged = self.at(self.base)
            finish = unchanged.destinations([destination], profile)
            if unchanged._best(unchanged._roads(profile), unchanged.origins([origin], profile), finish) is not None:
                names = ", ".join(condition.reason or condition.id for condition in self.state.conditions[:3])
                more = len(self.state.conditions) - 3
                cause = (
                    f"closures cut it ({names}{f' and {more} more' if more > 0 else ''})"
                    if names
                    else "a gate or street is closed at this hour"
                )
                return f"no way for {profile} between these places at present: {cause}"
        return (
            f"no way for {profile} between these places: they lie on parts of the network that no road it may use joins "
            "(an island, a gated area)"
        )

    # -- beyond the network -------------------------------------------------------------------------------------------------

    def estimate(self, start: tuple[float, float], end: tuple[float, float], profile: str) -> Estimate:
        """A time for a journey to or from a place that no road of the network leads to; (longitude, latitude) in degrees.

        Factor and speeds, with their sources: `data/estimates.toml`.

        Raises:
            DataError: no speed for the profile.
        """
        table = read_table("estimates.toml")
        kph = table["kph"].get(profile)
        if kph is None:
            raise DataError(f"estimates.toml: no kph.{profile}")
        straight_m = length_between(*start, *end)
        factor = float(table["detour_factor"])
        return Estimate(round(straight_m * factor * 3_600 / kph), straight_m, factor, float(kph))


def _some(ends: Endpoints, wanted: NDArray[np.int64]) -> Endpoints:
    """Some of the ends."""
    slices = [slice(int(ends.first[place]), int(ends.first[place + 1])) for place in wanted.tolist()]
    return Endpoints.of((ends.node[part], ends.offset[part]) for part in slices)
