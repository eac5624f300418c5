"""Where vehicles stand on the streets: how long each drives to the patient, and what they cover together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dispatch.cases import case_kinds
from dispatch.coverage import coverage_loss, covered, uncovered
from dispatch.facts import COVER_PROFILE
from dispatch.fleet import FREE, Vehicle
from dispatch.screening import Candidate, locate
from dispatch.settings import DecisionSettings
from dispatch.times import Floats, RegionTimes, all_without_leaps, milliseconds
from routing.ends import Ends
from routing.snapping import Snap

_COVER_CASE = "emergency"


@dataclass(frozen=True, slots=True)
class Standing:
    """Vehicles of one profile on the streets.

    Attributes:
        row: by vehicle id, its place in the arrays.
        ends: where journeys begin.
        to_street_ms: float64[v], over yards and car parks to the street, inf where there is none near.
    """

    row: Mapping[str, int]
    ends: Ends
    to_street_ms: Floats


def covering_vehicles(
    fleet: Iterable[Vehicle], known: Iterable[Candidate], now: datetime, settings: DecisionSettings
) -> list[Candidate]:
    """The free vehicles that the next emergency could get; `known` are some that are located already."""
    kinds = case_kinds()[_COVER_CASE].vehicles
    places = {candidate.vehicle.id: candidate for candidate in known}
    found = []
    for vehicle in fleet:
        if vehicle.status in FREE and vehicle.kind in kinds:
            place = places.get(vehicle.id) or locate(vehicle, now, settings)
            if isinstance(place, Candidate):
                found.append(place)
    return found


def stand(times: RegionTimes, candidates: Iterable[Candidate], profile: str, settings: DecisionSettings) -> Standing:
    """Put vehicles on the nearest streets that the profile can use; one that is named twice counts once."""
    by_id = {candidate.vehicle.id: candidate for candidate in candidates}
    longitude = np.array([candidate.longitude for candidate in by_id.values()], np.float64)
    latitude = np.array([candidate.latitude for candidate in by_id.values()], np.float64)
    snaps = all_without_leaps(times.router.snap_many(longitude, latitude, profile, max_gap_m=settings.off_road_m))
    to_street_ms = np.rint(snaps.gap_m * settings.off_road_ms_per_m)
    return Standing({name: row for row, name in enumerate(by_id)}, times.router.origins(snaps, profile), to_street_ms)


def drives(
    times: RegionTimes,
    candidates: Sequence[Candidate],
    profiles: Sequence[str],
    standing: Mapping[str, Standing],
    stops: Mapping[str, Snap],
) -> tuple[Floats, NDArray[np.bool_]]:
    """From each vehicle to where it stops for the patient: float64[v], inf where there is no way; and bool[v], which of them
    stand on or near a street that they can use."""
    drive, on_road = np.full(len(candidates), np.inf), np.ones(len(candidates), np.bool_)
    for profile, here in standing.items():
        mine = [v for v, name in enumerate(profiles) if name == profile]
        if not mine:
            continue
        rows = [here.row[candidates[v].vehicle.id] for v in mine]
        on_road[mine] = np.isfinite(here.to_street_ms[rows])
        if profile in stops:
            driving = milliseconds(times.router.eta_table(here.ends, [stops[profile]], profile).ms)[:, 0]
            drive[mine] = (driving + here.to_street_ms)[rows]
    return drive, on_road


def cover(
    times: RegionTimes, covering: Sequence[Candidate], standing: Standing, settings: DecisionSettings
) -> tuple[dict[str, float], dict[str, float]]:
    """What each free vehicle, by id, alone covers, and the expected share of coverage that goes with it."""
    demand = times.demand
    if demand is None or not covering:
        return {}, {}
    ids = [candidate.vehicle.id for candidate in covering]
    rows = [standing.row[name] for name in ids]
    before = np.array([candidate.turnout_ms + candidate.doubt_ms for candidate in covering]) + standing.to_street_ms[rows]
    covers = covered(times.to_cells(standing.ends, COVER_PROFILE)[rows], (settings.standard_ms - before)[:, None])
    alone, loss = uncovered(covers, demand.weight), coverage_loss(covers, demand.weight, settings.busy_share)
    return dict(zip(ids, alone.tolist(), strict=True)), dict(zip(ids, loss.tolist(), strict=True))
