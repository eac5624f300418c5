"""Questions about journeys: where a vehicle can stop for a place, how long it takes, which way it goes.

A router is bound to one state of the roads and never changes; `Router.at` gives one for another state. It is safe from many
threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from routing._journey import Found, Stand, as_destination, as_origin, best, stand
from routing.datafiles import read_table
from routing.earth import distance_m
from routing.endpoints import Endpoints
from routing.ends import (
    Ends,
    Places,
    Positions,
    StatesOf,
    after_first_turn,
    as_destinations,
    as_origins,
    instead_of,
    meetings,
    open_positions,
    with_places,
)
from routing.errors import DataError, PlaceError
from routing.network import CLOSED, MOST_ENTRIES, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.road_state import ProfileRoads, RoadState
from routing.routes import Estimate, EtaTable, Route, make_route
from routing.snap_index import SnapIndex
from routing.snapping import MAX_GAP_M, Position, Snap, Snaps, snap, snap_many
from routing.walking import Footways

_MakeOne = Callable[[str, int, Stand, StatesOf], Ends]
_Make = Callable[[str, int, Positions, NDArray[np.int64], StatesOf, NDArray[np.int64]], Ends]


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
        footways = self.footways if on_foot else None
        return snap(self.index, self._roads(profile).mask, footways, profile, longitude, latitude, max_gap_m=max_gap_m)

    def snap_many(
        self,
        longitude: Sequence[float] | NDArray[np.float64],
        latitude: Sequence[float] | NDArray[np.float64],
        profile: str,
        *,
        sent_to: bool = False,
        max_gap_m: float = MAX_GAP_M,
    ) -> Snaps:
        """The nearest usable street to each point (degrees), without the part on foot; `link` is -1 where there is none.

        With `sent_to` (facilities, cells of demand) streets that closures have cut off are passed over; vehicles are where
        they are.

        Raises:
            PlaceError: a pair that is no place on earth.
            DataError: no such profile.
        """
        mask = self._roads(profile).mask
        return snap_many(self.index, mask, profile, longitude, latitude, sent_to=sent_to, max_gap_m=max_gap_m)

    def origins(self, places: Places, profile: str) -> Ends:
        """Places to start from, for several questions about the same ones.

        What was snapped to a street that is closed now is snapped again; what can't be has no way to anywhere.
        """
        return self._prepared(places, profile, as_origins, as_origin, sent_to=False)

    def destinations(self, places: Places, profile: str, *, pinned: bool = False) -> Ends:
        """Places to go to, as `origins`. `pinned`: prepared for many tables (a region's facilities)."""
        ends = self._prepared(places, profile, as_destinations, as_destination, sent_to=True)
        return replace(ends, pinned=self._roads(profile).metric.pin(ends.endpoints)) if pinned else ends

    def _roads(self, profile: str) -> ProfileRoads:
        roads = self.state.roads.get(profile)
        if roads is None:
            raise DataError(f"no motor profile {profile!r}; there are {', '.join(self.state.roads)}")
        return roads

    def _prepared(self, places: Places, profile: str, make: _Make, make_one: _MakeOne, *, sent_to: bool) -> Ends:
        if not isinstance(places, Snaps) and len(places) == 1:
            place = places[0]
            if isinstance(place, Position) or place.instead is None:
                positions_of_one = (place,) if isinstance(place, Position) else place.positions
                found = stand(positions_of_one, None, self._roads(profile).segment_ms, self.states)
                if found.segment:
                    return make_one(profile, self.state.number, found, self.states)
        current, positions, ms = self._current(places, profile, sent_to=sent_to)
        which, others = instead_of(current)
        if len(which):
            _, other_positions, other_ms = self._current(others, profile, sent_to=sent_to)
            positions, ms = positions.followed_by(other_positions), np.concatenate((ms, other_ms))
        return make(profile, self.state.number, positions, ms, self.states, which)

    def _opened(self, positions: Positions, profile: str) -> tuple[Positions, NDArray[np.int64]]:
        return open_positions(positions, self._roads(profile).segment_ms, self.states)

    def _current(self, places: Places, profile: str, *, sent_to: bool) -> tuple[Places, Positions, NDArray[np.int64]]:
        """The places, those whose street is closed now snapped again; their open positions and the times there."""
        positions, ms = self._opened(Positions.of(places), profile)
        missing = positions.missing()
        if isinstance(places, Snaps):
            missing = missing[places.link[missing] >= 0]
        if not len(missing):
            return places, positions, ms
        current: Places
        if isinstance(places, Snaps):
            again = self.snap_many(places.longitude[missing], places.latitude[missing], profile, sent_to=sent_to)
            current = with_places(places, missing, again)
        else:
            renewed = list(places)
            for number in missing.tolist():
                renewed[number] = self._snapped_again(renewed[number], profile)
            current = renewed
        return current, *self._opened(Positions.of(current), profile)

    def _snapped_again(self, place: Snap | Position, profile: str) -> Snap | Position:
        if isinstance(place, Position):
            return place
        try:
            return self.snap(place.longitude, place.latitude, profile)
        except PlaceError:
            return place

    # -- times ------------------------------------------------------------------------------------------------------------

    def eta_table(self, origins: Places | Ends, destinations: Places | Ends, profile: str) -> EtaTable:
        """Times from each origin to each destination, without the parts on foot.

        Raises:
            DataError: no such profile.
            ValueError: ends that were prepared for another profile or another state of the roads.
        """
        start = origins if isinstance(origins, Ends) else self.origins(origins, profile)
        finish = destinations if isinstance(destinations, Ends) else self.destinations(destinations, profile)
        for ends in (start, finish):
            self._check_ends(ends, profile)
        totals, instead = _without_others(self._totals(start, finish), start, finish)
        return EtaTable.of(profile, self.state.number, totals, instead)

    def _check_ends(self, ends: Ends, profile: str) -> None:
        if ends.profile != profile or ends.state != self.state.number:
            raise ValueError(
                f"these ends were prepared for {ends.profile} in state {ends.state} of the roads, "
                f"not for {profile} in state {self.state.number}: prepare them again"
            )

    def _totals(self, start: Ends, finish: Ends) -> NDArray[np.uint32]:
        roads = self._roads(start.profile)
        if finish.pinned is not None and len(start) <= len(finish):
            totals = finish.pinned.table(start.endpoints)
        else:
            totals = roads.metric.table(start.endpoints, finish.endpoints)
        self._mend_round_trips(totals, roads, start, finish)
        return totals

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
            nodes_of = start.nodes_of(origin)
            states, starts = start.endpoints.node[nodes_of], start.endpoints.offset[nodes_of]
            nodes, offsets, _, _ = after_first_turn(self.network, roads, states, starts)
            round_ms = roads.metric.table(Endpoints.of([(nodes, offsets)]), finish.endpoints.some(wanted))[0]
            for place, total in zip(wanted.tolist(), round_ms.tolist(), strict=True):
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
        for start, finish in product(self._stands(origin, profile), self._stands(destination, profile)):
            found = best(self.network, roads, self.states, start, finish)
            if found is not None:
                return self._route(profile, roads, start, finish, found)
        raise PlaceError(self._why_none(origin, destination, profile))

    def _route(self, profile: str, roads: ProfileRoads, start: Stand, finish: Stand, found: Found) -> Route:
        return make_route(
            self.network,
            roads,
            profile,
            self.state.number,
            start.segment[found.here],
            found.turns,
            (start.fraction[found.here], finish.fraction[found.there]),
            duration_ms=found.total & (RESTRICTED_ENTRY_MS - 1),
            carries=(start.carry, finish.carry),
        )

    def _stands(self, place: Snap | Position, profile: str) -> Iterator[Stand]:
        """Where a journey to or from a place can begin or end: there, or at the place on the main part that stands for it."""
        times = self._roads(profile).segment_ms
        if isinstance(place, Position):
            found = stand((place,), None, times, self.states)
            if not found.segment:
                street = self.network.names[int(self.network.link_name[place.segment >> 1])]
                raise PlaceError(f"segment {place.segment} ({street or 'a street without name'}) is closed to {profile}")
            yield found
            return
        found = stand(place.positions, place.carry, times, self.states)
        if not found.segment:
            place = self.snap(place.longitude, place.latitude, profile)
            found = stand(place.positions, place.carry, times, self.states)
        yield found
        if place.instead is not None:
            yield from self._stands(place.instead, profile)

    def _why_none(self, origin: Snap | Position, destination: Snap | Position, profile: str) -> str:
        if self.state.number == self.base.number or not self.at(self.base)._has_way(origin, destination, profile):
            return (
                f"no way for {profile} between these places: they lie on parts of the network that no road it may use joins "
                f"(an island, a gated area), or only by way of more than {MOST_ENTRIES} private roads"
            )
        names = [condition.reason or condition.id for condition in self.state.conditions]
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        cause = f"closures cut it ({listed})" if names else "a gate or street is closed at this hour"
        return f"no way for {profile} between these places at present: {cause}"

    def _has_way(self, origin: Snap | Position, destination: Snap | Position, profile: str) -> bool:
        try:
            self.route(origin, destination, profile)
        except PlaceError:
            return False
        return True

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
        straight_m = distance_m(*start, *end)
        factor = float(table["detour_factor"])
        return Estimate(round(straight_m * factor * 3_600 / kph), straight_m, factor, float(kph))


def _without_others(totals: NDArray[np.uint32], start: Ends, finish: Ends) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """The totals between the places proper, from the other places (`Snap.instead`) where these have no way; and which.

    The other places are the last rows and columns of the whole table.
    """
    rows, columns = len(start), len(finish)
    proper = totals[:rows, :columns]
    instead = np.zeros(proper.shape, np.uint8)
    if len(finish.instead):
        _fill(proper, instead, np.arange(rows), finish.instead, totals[:rows, columns:], 2)
    if len(start.instead):
        _fill(proper, instead, start.instead, np.arange(columns), totals[rows:, :columns], 1)
        _fill(proper, instead, start.instead, finish.instead, totals[rows:, columns:], 3)
    return proper, instead


def _fill(
    totals: NDArray[np.uint32],
    instead: NDArray[np.uint8],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    others: NDArray[np.uint32],
    bits: int,
) -> None:
    cells = rows[:, None], columns
    known = totals[cells]
    filled = (known >= CLOSED) & (others < CLOSED)
    if filled.any():
        totals[cells] = np.where(filled, others, known)
        instead[cells] = np.where(filled, bits, instead[cells])
