"""OSRM's route service: the quickest legal way through coordinates, in OSRM's form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

from api.http.osrm_coordinates import Coordinate
from api.http.osrm_errors import OsrmError
from api.http.osrm_guidance import LOCALES, steps_as_json
from api.http.osrm_lines import DATASOURCES, annotation_of, geometry_of, joined, location, simplified
from api.http.osrm_places import snapped
from api.http.osrm_request import RouteQuestion
from routing import PlaceError
from routing.guidance import Step, describe
from routing.network import CLOSED
from routing.router import Router
from routing.routes import Route
from routing.snapping import Position, Snap

Json = dict[str, Any]


def route_answer(router: Router, question: RouteQuestion) -> Json:
    """The answer to a question.

    Raises:
        OsrmError: NoSegment or NoRoute.
    """
    asked, profile = question.coordinates, question.profile
    places = [snapped(router, profile, coordinate, number) for number, coordinate in enumerate(asked)]
    try:
        if question.continue_straight:
            places, routes = straight_through(router, places, profile)
        else:
            places, routes = stop_by_stop(router, places, profile)
    except PlaceError as error:
        raise OsrmError("NoRoute", str(error)) from error
    legs = [leg_as_json(router, route, end, question) for route, end in zip(routes, asked[1:], strict=True)]
    seconds = sum(route.duration_ms for route in routes) / 1_000
    whole: Json = {
        "distance": round(sum(leg["distance"] for leg in legs), 1),
        "duration": seconds,
        "weight": seconds,
        "weight_name": "duration",
        "legs": legs,
    }
    if question.overview != "false":
        lines = [route.geometry for route in routes]
        line = joined(lines)
        if question.overview == "simplified":
            line = joined([simplified(one, line) for one in lines])
        whole["geometry"] = geometry_of(line, question.geometries)
    if question.voice_instructions:
        whole["voiceLocale"] = LOCALES[question.language]
    answer: Json = {"code": "Ok", "routes": [whole]}
    if not question.skip_waypoints:
        answer["waypoints"] = [waypoint(place) for place in places]
    return answer


def waypoint(place: Snap) -> Json:
    """Where a coordinate was taken to; `distance` is the metres between."""
    return {
        "name": place.street,
        "location": location(place.stop_longitude, place.stop_latitude),
        "distance": round(place.gap_m, 2),
    }


def stop_by_stop(router: Router, places: Sequence[Snap], profile: str) -> tuple[list[Snap], list[Route]]:
    """The quickest way between each two places; each is a stop, which may be left in either direction.

    Where one lies on an island that a leg can't reach, the place that stands for it is taken for all legs. Returns the
    places as they were taken, and the routes.

    Raises:
        PlaceError: there is no way.
    """
    taken = list(places)
    while True:
        routes = [router.route(start, end, profile) for start, end in pairwise(taken)]
        moved = False
        for number, place in enumerate(taken):
            ends = [int(route.segments[-1]) for route in routes[max(0, number - 1) : number]]
            ends += [int(route.segments[0]) for route in routes[number : number + 1]]
            if place.instead is not None and not {one.segment for one in place.positions}.issuperset(ends):
                taken[number], moved = place.instead, True
        if not moved:
            return taken, routes


def straight_through(router: Router, places: Sequence[Snap], profile: str) -> tuple[list[Snap], list[Route]]:
    """The quickest way through places of which those between the ends are passed without turning round, as `stop_by_stop`."""
    try:
        return list(places), _straight(router, places, profile)
    except PlaceError:
        if not any(place.instead for place in places):
            raise
    main = [place.instead or place for place in places]
    return main, _straight(router, main, profile)


def _straight(router: Router, places: Sequence[Snap], profile: str) -> list[Route]:
    """Chooses the direction at each place so that the whole is quickest."""
    ways: dict[Position, tuple[int, tuple[Position, ...]]] = {one: (0, (one,)) for one in places[0].positions}
    for number, (start, end) in enumerate(pairwise(places)):
        totals = router.eta_table(start.positions, end.positions, profile).totals
        onward: dict[Position, tuple[int, tuple[Position, ...]]] = {}
        for (i, here), (j, there) in product(enumerate(start.positions), enumerate(end.positions)):
            if here not in ways or totals[i, j] >= CLOSED:
                continue
            total, through = ways[here]
            total += int(totals[i, j])
            if there not in onward or total < onward[there][0]:
                onward[there] = (total, (*through, there))
        if not onward:
            router.route(start, end, profile)  # says why, if there is no way at all
            raise PlaceError(
                f"no way for {profile} from coordinate {number} to {number + 1} without turning round at a coordinate on the "
                "way; continue_straight=false allows that"
            )
        ways = onward
    _, through = min(ways.values(), key=lambda way: way[0])
    return [router.route(here, there, profile) for here, there in pairwise(through)]


def leg_as_json(router: Router, route: Route, end: Coordinate, question: RouteQuestion) -> Json:
    """One leg; its steps, if they are asked for, sum up to it."""
    seconds = route.duration_ms / 1_000
    leg: Json = {
        "distance": round(route.distance_m, 1),
        "duration": seconds,
        "weight": seconds,
        "summary": "",
        "steps": [],
    }
    if question.steps:
        weights = router.state.roads[route.profile].metric.weights
        steps = describe(router.network, route, weights=weights, destination=(end.longitude, end.latitude))
        lengths_m = _rounded_lengths(steps, leg["distance"])
        leg["summary"] = ", ".join(main_roads(steps))
        leg["steps"] = steps_as_json(steps, lengths_m, question)
    if question.annotations:
        leg["annotation"] = annotation_of(router.network, router.state, route, question.annotations)
        if "datasources" in question.annotations:
            leg["annotation"]["metadata"] = {"datasource_names": list(DATASOURCES)}
    return leg


def _rounded_lengths(steps: Sequence[Step], total_m: float) -> list[float]:
    """The steps' lengths in tenths of a metre that sum up to the leg's, as each by itself would not."""
    behind, before, lengths = 0.0, 0.0, []
    for number, step in enumerate(steps):
        behind += step.distance_m
        mark = total_m if number >= len(steps) - 2 else min(round(behind, 1), total_m)
        lengths.append(round(mark - before, 1))
        before = mark
    return lengths


def main_roads(steps: Sequence[Step]) -> list[str]:
    """The names of the two roads that a leg mostly goes along, in the order of travel."""
    metres: dict[str, float] = {}
    for step in steps:
        name = step.name or step.ref
        if name:
            metres[name] = metres.get(name, 0.0) + step.distance_m
    longest = sorted(metres, key=lambda name: -metres[name])[:2]
    return [name for name in metres if name in longest]
