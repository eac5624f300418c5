"""OSRM's table and nearest services."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.http.osrm_places import nothing_near, snapped, streets_near
from api.http.osrm_request import NearestQuestion, TableQuestion
from api.http.osrm_routes import waypoint
from routing.earth import distance_m
from routing.network import CLOSED
from routing.router import Router
from routing.routes import EtaTable
from routing.snapping import Snap

Json = dict[str, Any]


def table_answer(router: Router, question: TableQuestion) -> Json:
    """Times, and distances if they are asked for, from each source to each destination; null where no way leads.

    Raises:
        OsrmError: NoSegment.
    """
    asked = [snapped(router, question.profile, one, number) for number, one in enumerate(question.coordinates)]
    places, table = _settled(router, question, asked)
    starts, ends = [places[i] for i in question.sources], [places[i] for i in question.destinations]
    ms, missing = table.ms, table.ms >= CLOSED
    answer: Json = {"code": "Ok"}
    crow = _crow_m(question, starts, ends, missing) if question.fallback_speed else {}
    if "duration" in question.annotations:
        seconds = [[None if ms_ >= CLOSED else ms_ / 1_000 for ms_ in row] for row in ms.tolist()]
        for (i, j), metres in crow.items():
            seconds[i][j] = round(metres / (question.fallback_speed or 1.0), 3)
        if question.scale_factor != 1.0:
            seconds = [[None if one is None else round(one * question.scale_factor, 3) for one in row] for row in seconds]
        answer["durations"] = seconds
    if "distance" in question.annotations:
        metres_of = _distances(router, starts, ends, missing, question.profile)
        for (i, j), metres in crow.items():
            metres_of[i][j] = round(metres, 1)
        answer["distances"] = metres_of
    if question.fallback_speed:
        answer["fallback_speed_cells"] = [list(cell) for cell in crow]
    if not question.skip_waypoints:
        answer["sources"] = [waypoint(place) for place in starts]
        answer["destinations"] = [waypoint(place) for place in ends]
    return answer


def _settled(router: Router, question: TableQuestion, asked: Sequence[Snap]) -> tuple[list[Snap], EtaTable]:
    """The table, and where each coordinate was taken to for it: one place for all cells, since an answer tells but one.

    A place on an island that some cell finds no way to or from is given up for the one on the main part.
    """
    places = list(asked)
    while True:
        starts, ends = [places[i] for i in question.sources], [places[i] for i in question.destinations]
        table = router.eta_table(starts, ends, question.profile)
        left = {question.sources[row] for row in np.flatnonzero((table.instead & 1).any(axis=1)).tolist()}
        left |= {question.destinations[column] for column in np.flatnonzero((table.instead & 2).any(axis=0)).tolist()}
        if not left:
            return places, table
        for number in left:
            places[number] = places[number].instead or places[number]


def _distances(
    router: Router, starts: Sequence[Snap], ends: Sequence[Snap], missing: NDArray[np.bool_], profile: str
) -> list[list[float | None]]:
    """The length of the quickest way in metres; each is measured along its route."""
    return [
        [None if missing[i, j] else round(router.route(start, end, profile).distance_m, 1) for j, end in enumerate(ends)]
        for i, start in enumerate(starts)
    ]


def _crow_m(
    question: TableQuestion, starts: Sequence[Snap], ends: Sequence[Snap], missing: NDArray[np.bool_]
) -> dict[tuple[int, int], float]:
    """The straight distance in metres of each pair without a way, between the coordinates or the streets near them."""

    def at(place: Snap) -> tuple[float, float]:
        if question.fallback_snapped:
            return place.stop_longitude, place.stop_latitude
        return place.longitude, place.latitude

    pairs = [(int(i), int(j)) for i, j in np.argwhere(missing)]
    return {(i, j): distance_m(*at(starts[i]), *at(ends[j])) for i, j in pairs}


def nearest_answer(router: Router, question: NearestQuestion) -> Json:
    """The nearest streets to a coordinate, as many as there are within reach and asked for.

    Raises:
        OsrmError: NoSegment, there is none.
    """
    found = list(islice(streets_near(router, question.profile, question.coordinate), question.number))
    if not found:
        raise nothing_near(router, question.profile, question.coordinate, 0)
    return {"code": "Ok", "waypoints": [waypoint(place) for place in found]}
