"""Answers as plain data, for programs: routes, facilities, places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dispatch.options import Option
from dispatch.recommend import Recommendation
from dispatch.regions import BuiltRegion
from facilities import Matches
from routing import CLOSED, InputError, Language
from routing.guidance import Step, describe
from routing.instructions import instruction
from routing.places import Place
from routing.road_state import RoadState
from routing.router import Router
from routing.routes import Route

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leg:
    """A route and the places at its ends: `destination` is the asked point (longitude, latitude in degrees)."""

    route: Route
    destination: tuple[float, float]
    origin_name: str
    destination_name: str


def check_profile(router: Router, profile: str) -> None:
    """Raises InputError if there is no such motor profile."""
    if profile not in router.state.roads:
        raise InputError(f"no profile {profile!r}; there are {', '.join(router.state.roads)}")


def legs_of_best(region: BuiltRegion, found: Recommendation, state: RoadState) -> list[Leg]:
    """Both legs of the first option, as far as roads lead there; none if there is no option."""
    return legs_of(region, found, found.decision.options[0], state) if found.decision.options else []


def legs_of(region: BuiltRegion, found: Recommendation, option: Option, state: RoadState) -> list[Leg]:
    """Both legs of an option of `found`, as far as roads lead there: to the patient, and on to the destination."""
    call, place = found.call, option.destination
    router = region.roads.router.at(state)
    legs: list[Leg] = []
    stop = found.stops[option.reach_profile]
    start = router.snap(*option.start, option.reach_profile, on_foot=False)
    way = router.route(start, stop, option.reach_profile)
    legs.append(Leg(way, (call.longitude, call.latitude), option.vehicle.name, stop.street))
    if place.longitude is not None and place.latitude is not None and not _beyond(found, option.carry_profile, place.id):
        there = router.snap(place.longitude, place.latitude, option.carry_profile)
        way = router.route(stop, there, option.carry_profile)
        legs.append(Leg(way, (place.longitude, place.latitude), stop.street, place.name))
    return legs


def _beyond(found: Recommendation, profile: str, facility: str) -> bool:
    """Whether a facility lies beyond the network, so that there is an estimate and no route."""
    at = found.region.facilities.index.get(facility)
    return at is not None and bool(found.region.times.facilities[profile].beyond[at])


def steps_of(region: BuiltRegion, leg: Leg) -> tuple[Step, ...]:
    """The manoeuvres of a leg."""
    state = region.roads.router.state
    weights = state.roads[leg.route.profile].metric.weights
    return describe(region.roads.network, leg.route, weights=weights, destination=leg.destination)


def route_as_dict(region: BuiltRegion, leg: Leg, language: Language) -> Json:
    """A leg with its geometry (GeoJSON) and turn-by-turn text."""
    route = leg.route
    carries = {"origin": route.origin_carry, "destination": route.destination_carry}
    return {
        "profile": route.profile,
        "from": leg.origin_name,
        "to": leg.destination_name,
        "distance_m": round(route.distance_m, 1),
        "duration_seconds": round(route.duration_ms / 1000, 1),
        "on_foot": {
            end: None if carry is None else {"kind": carry.kind, "metres": round(carry.metres), "seconds": round(carry.seconds)}
            for end, carry in carries.items()
        },
        "restricted_roads": [entry.street for entry in route.restricted],
        "road_state": route.state,
        "steps": [
            {
                "type": step.type,
                "modifier": step.modifier,
                "name": step.name,
                "ref": step.ref,
                "exit": step.exit,
                "distance_m": round(step.distance_m, 1),
                "duration_seconds": round(step.duration_ms / 1000, 1),
                "location": [step.longitude, step.latitude],
                "instruction": instruction(step, language),
            }
            for step in steps_of(region, leg)
        ],
        "geometry": {"type": "LineString", "coordinates": route.geometry.round(7).tolist()},
    }


def place_as_dict(place: Place) -> Json:
    """A place that was found."""
    return {
        "name": place.name,
        "kind": place.kind,
        "longitude": place.longitude,
        "latitude": place.latitude,
        "context": list(place.context),
        "match": place.match,
        "score": round(place.score, 3),
        "distance_m": None if place.distance_m is None else round(place.distance_m),
    }


def matches_as_dict(region: BuiltRegion, place: Place, matches: Matches, limit: int, language: Language) -> Json:
    """Facilities that can help, the best first, and why the others can't."""

    def ranked(indices: list[int]) -> list[Json]:
        found = []
        for i in indices[:limit]:
            facility = matches.table.facilities[i]
            ms = int(matches.travel_ms[i])
            found.append(
                {
                    "id": facility.id,
                    "name": facility.name,
                    "kind": facility.kind,
                    "longitude": facility.longitude,
                    "latitude": facility.latitude,
                    "minutes": None if ms >= CLOSED else round(ms / 60_000, 1),
                    "reasons": [one.as_dict(language) for one in matches.reasons(i)],
                    "remarks": [one.as_dict(language) for one in matches.remarks(i)],
                }
            )
        return found

    return {
        "region": region.name,
        "at": place_as_dict(place),
        "facilities": ranked(matches.candidates.facility_index.tolist()),
        "uncertain": ranked(matches.uncertain.facility_index.tolist()),
        "left_out": [
            {"id": one.facility.id, "name": one.facility.name, "reasons": [why.as_dict(language) for why in one.reasons]}
            for one in matches.left_out
        ],
        "invented": region.invented,
        "attribution": region.about["attribution"],
    }
