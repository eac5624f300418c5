"""Driving times that a choice needs, on one state of the roads: what does not depend on the call is prepared once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from routing import CLOSED
from routing.earth import great_circle_m
from routing.ends import Ends
from routing.router import Router
from routing.snapping import Snap, Snaps

Floats = NDArray[np.float64]

FORGOTTEN_M = 100.0
"""A place on a part of the network that no road joins to the rest stands for the street beyond the gap if that is so near: a
connection that nobody has mapped. A wider gap is a river or the sea until somebody maps a bridge. Assumption."""

_WHOLE_TABLE = 400
"""Up to so many facilities the times between all are prepared; beyond, those of the ones weighed are asked each time."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Where people are: cells with weights.

    Attributes:
        longitude, latitude: float64[c], degrees.
        weight: float64[c], people or square kilometres.
        unit: "people" or "km2".
    """

    longitude: Floats
    latitude: Floats
    weight: Floats
    unit: str

    @property
    def total(self) -> float:
        """All of it."""
        return float(self.weight.sum())


def milliseconds(times: NDArray[np.uint32]) -> Floats:
    """Times as float64, inf where there is no way."""
    found = times.astype(np.float64)
    found[times >= CLOSED] = np.inf
    return found


def without_leaps(snap: Snap) -> Snap:
    """A place that stands for no street across a wide gap."""
    return snap if snap.instead is None or snap.instead.gap_m <= FORGOTTEN_M else replace(snap, instead=None)


def all_without_leaps(snaps: Snaps) -> Snaps:
    """Places that stand for no street across a wide gap."""
    other = snaps.instead
    if other is None:
        return snaps
    link = np.where(other.gap_m <= FORGOTTEN_M, other.link, -1).astype(np.int32)
    return replace(snaps, instead=replace(other, link=link) if (link >= 0).any() else None)


@dataclass(frozen=True, slots=True)
class FacilityTimes:
    """The facilities as one profile sees them.

    Attributes:
        snaps: where it stops for each. ends: the same, prepared as destinations.
        beyond: bool[n], those that no road of the network leads to: their times are estimates.
        estimate_ms_per_m: what an estimate takes per metre of straight line.
        door_ms: float64[n], from the street to it, estimated: no road of the network leads all the way to many a compound.
        onward_ms: float64[n, n] between them, or None if there are too many to prepare.
    """

    snaps: Snaps
    ends: Ends
    beyond: NDArray[np.bool_]
    estimate_ms_per_m: float
    door_ms: Floats
    onward_ms: Floats | None


@dataclass(frozen=True, slots=True)
class RegionTimes:
    """Times on one state of the roads.

    Attributes:
        router: bound to that state.
        longitude, latitude: float64[n], of the facilities, degrees.
        gap_m: for each facility, metres in a straight line to the nearest street that a vehicle can use, inf if none is near.
        facilities: by profile.
        demand: cells, or None if nobody knows.
        cells: the cells as destinations, by profile.
    """

    router: Router
    longitude: Floats
    latitude: Floats
    gap_m: tuple[float, ...]
    facilities: Mapping[str, FacilityTimes]
    demand: Demand | None
    cells: Mapping[str, Ends]

    @staticmethod
    def prepare(
        router: Router,
        longitude: Floats,
        latitude: Floats,
        demand: Demand | None,
        profiles: Iterable[str],
        cover_profile: str,
    ) -> RegionTimes:
        """Prepare what every call needs; to be done again for another state of the roads.

        Args:
            router: bound to the state.
            longitude, latitude: float64[n], of the facilities, degrees.
            demand: cells of demand, or None.
            profiles: with which patients are carried.
            cover_profile: with which cells are reached.

        Raises:
            DataError: no such profile.
        """
        facilities = {profile: _facility_times(router, longitude, latitude, profile) for profile in sorted(set(profiles))}
        cells = {}
        if demand is not None:
            snaps = all_without_leaps(router.snap_many(demand.longitude, demand.latitude, cover_profile, sent_to=True))
            cells[cover_profile] = router.destinations(snaps, cover_profile, pinned=True)
        gap_m = np.min([known.snaps.gap_m for known in facilities.values()], axis=0, initial=np.inf)
        return RegionTimes(
            router, longitude, latitude, tuple(gap_m.tolist()), MappingProxyType(facilities), demand, MappingProxyType(cells)
        )

    def to_facilities(self, stop: Snap, profile: str) -> tuple[Floats, NDArray[np.bool_]]:
        """Milliseconds from where a vehicle stops to each facility, float64[n], and which of them are estimates, bool[n]."""
        known = self.facilities[profile]
        drive = milliseconds(self.router.eta_table([stop], known.ends, profile).ms)[0] + known.door_ms
        if known.beyond.any():
            far = great_circle_m(
                stop.stop_longitude, stop.stop_latitude, self.longitude[known.beyond], self.latitude[known.beyond]
            )
            drive[known.beyond] = far * known.estimate_ms_per_m
        return drive, known.beyond

    def between(self, profile: str, which: NDArray[np.intp]) -> Floats:
        """Milliseconds between some of the facilities: float64[k, k]."""
        known = self.facilities[profile]
        if known.onward_ms is not None:
            return np.asarray(known.onward_ms[which[:, None], which])
        some = known.snaps.rows(which)
        times = _door_to_door(milliseconds(self.router.eta_table(some, some, profile).ms), known.door_ms[which])
        return _estimate_beyond(
            times, known.beyond[which], self.longitude[which], self.latitude[which], known.estimate_ms_per_m
        )

    def to_cells(self, origins: Ends, profile: str) -> NDArray[np.uint32]:
        """Milliseconds from each place to each cell of demand: uint32[v, c], `CLOSED` where there is no way."""
        return self.router.eta_table(origins, self.cells[profile], profile).ms


def _door_to_door(times: Floats, door_ms: Floats) -> Floats:
    return times + door_ms[:, None] + door_ms[None, :]


def _estimate_beyond(times: Floats, beyond: NDArray[np.bool_], longitude: Floats, latitude: Floats, ms_per_m: float) -> Floats:
    for place in np.flatnonzero(beyond).tolist():
        estimate = great_circle_m(float(longitude[place]), float(latitude[place]), longitude, latitude) * ms_per_m
        times[place], times[:, place] = estimate, estimate
    return times


def _facility_times(router: Router, longitude: Floats, latitude: Floats, profile: str) -> FacilityTimes:
    snaps = all_without_leaps(router.snap_many(longitude, latitude, profile, sent_to=True))
    ends = router.destinations(snaps, profile, pinned=True)
    beyond = snaps.link < 0
    figures = router.estimate((0.0, 0.0), (0.0, 0.1), profile)
    ms_per_m = figures.detour_factor * 3_600 / figures.kph
    door_ms = np.rint(np.where(beyond, 0.0, snaps.gap_m) * ms_per_m)
    onward = None
    if len(longitude) <= _WHOLE_TABLE:
        times = _door_to_door(milliseconds(router.eta_table(snaps, ends, profile).ms), door_ms)
        onward = _estimate_beyond(times, beyond, longitude, latitude, ms_per_m)
    return FacilityTimes(snaps, ends, beyond, ms_per_m, door_ms, onward)
