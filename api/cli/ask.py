"""`siaga recommend`, `route`, `nearest`, `search`: questions to a built region."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from api import answers
from api.cli import show_decision, show_ways
from api.cli.options import (
    AsJson,
    ClosedRoads,
    LanguageName,
    RegionName,
    Time,
    opened,
    place_of,
    print_json,
    roads_at,
    time_of,
)
from dispatch.cases import requirement
from dispatch.fleet import Vehicle, invented_fleet, read_fleet
from dispatch.policies import DEFAULT_POLICY
from dispatch.recommend import COVER_PROFILE, Call
from dispatch.recommend import recommend as decide
from dispatch.regions import BuiltRegion
from dispatch.report import recommendation_as_dict
from dispatch.times import RegionTimes, without_leaps
from facilities import Requirement as FacilityRequirement
from facilities import match
from routing import InputError

INVENTED_VEHICLES = 6
"""How many vehicles are invented where no fleet is given."""

At = Annotated[str, typer.Option("--at", help="Where the patient is: LAT,LON, a link to a map, or words to search for.")]


def fleet_of(region: BuiltRegion, file: Path | None, moment: datetime) -> list[Vehicle]:
    """The fleet in a file, else an invented one, whose vehicles say so.

    Raises:
        RegisterError: the file can't be used.
    """
    if file is not None:
        return read_fleet(file, region.zone)
    return invented_fleet(places_of(region), INVENTED_VEHICLES, 1, moment)


def places_of(region: BuiltRegion) -> list[tuple[str, float, float]]:
    """Where invented vehicles may stand: name, longitude, latitude in degrees; at facilities, where there are any."""
    places = [(one.name, one.longitude, one.latitude) for one in region.facilities.facilities if one.name]
    if not places:
        network = region.roads.network
        some = np.linspace(0, network.junctions - 1, INVENTED_VEHICLES).astype(int)
        places = [("", float(network.junction_longitude[i]), float(network.junction_latitude[i])) for i in some]
    return places


def recommend(
    at: At,
    region: RegionName = None,
    case: Annotated[str, typer.Option(help="Kind of case, as in data/cases.toml.")] = "emergency",
    priority: Annotated[str, typer.Option(help="red, yellow, green or black.")] = "red",
    need: Annotated[
        list[str] | None, typer.Option(help="A capability the facility must have, instead of what the kind of case says.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Where to take the person, for cases with a given destination.")] = None,
    fleet: Annotated[Path | None, typer.Option(help="The vehicles, CSV; invented if left out.")] = None,
    tried: Annotated[list[str] | None, typer.Option(help="Id of a facility that has declined.")] = None,
    policy: Annotated[str, typer.Option(help="expected_time, nearest or coverage_aware.")] = DEFAULT_POLICY,
    time: Time = None,
    closed: ClosedRoads = None,
    limit: Annotated[int, typer.Option(help="How many options to work out.", min=1)] = 5,
    as_json: AsJson = False,
    lang: LanguageName = None,
) -> None:
    """Name the vehicle to send, the facility to go to, both legs, and why the others lost."""
    asked_of, language = opened(region, lang)
    moment = time_of(asked_of, time)
    patient = place_of(asked_of, at, "--at")
    there = None if to is None else place_of(asked_of, to, "--to")
    known = asked_of.facilities.index
    for name in tried or ():
        if name not in known:
            raise InputError(f"--tried {name}: no such facility in region {asked_of.name!r}; `siaga region show` lists them")
    call = Call(
        requirement=requirement(case, priority, capabilities=(frozenset(need),) if need else None),
        longitude=patient.longitude,
        latitude=patient.latitude,
        now=moment,
        destination=None if there is None else (there.name, there.longitude, there.latitude),
        tried=frozenset(tried or ()),
    )
    state = roads_at(asked_of, moment, closed)
    found = decide(asked_of.facts(state), fleet_of(asked_of, fleet, moment), call, policy=policy, limit=limit)
    best = answers.legs_of_best(asked_of, found, state)
    if as_json:
        print_json(
            {
                **recommendation_as_dict(found, language),
                "legs": [answers.route_as_dict(asked_of, leg, language) for leg in best],
            }
        )
    else:
        show_decision.recommendation(asked_of, found, best, language)


def route(
    start: Annotated[str, typer.Option("--from", help="LAT,LON, a link to a map, or words to search for.")],
    to: Annotated[str, typer.Option("--to", help="LAT,LON, a link to a map, or words to search for.")],
    region: RegionName = None,
    profile: Annotated[str, typer.Option(help="car, ambulance, ambulance_priority or motorcycle.")] = "ambulance",
    time: Time = None,
    closed: ClosedRoads = None,
    as_json: AsJson = False,
    lang: LanguageName = None,
) -> None:
    """Show the way from one place to another, turn by turn."""
    asked_of, language = opened(region, lang)
    begin, end = place_of(asked_of, start, "--from"), place_of(asked_of, to, "--to")
    router = asked_of.roads.router.at(roads_at(asked_of, time_of(asked_of, time), closed))
    answers.check_profile(router, profile)
    way = router.route(
        router.snap(begin.longitude, begin.latitude, profile), router.snap(end.longitude, end.latitude, profile), profile
    )
    leg = answers.Leg(way, (end.longitude, end.latitude), begin.name, end.name)
    if as_json:
        print_json({**answers.route_as_dict(asked_of, leg, language), "attribution": asked_of.about["attribution"]})
    else:
        show_ways.route(asked_of, leg, language)


def nearest(
    at: At,
    region: RegionName = None,
    need: Annotated[list[str] | None, typer.Option(help="A capability that is needed, as poned, emergency, icu.")] = None,
    priority: Annotated[str, typer.Option(help="red, yellow, green or black; red takes no unknown for a yes.")] = "yellow",
    profile: Annotated[str, typer.Option(help="car, ambulance, ambulance_priority or motorcycle.")] = "ambulance",
    time: Time = None,
    closed: ClosedRoads = None,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1)] = 10,
    as_json: AsJson = False,
    lang: LanguageName = None,
) -> None:
    """List the facilities that can help, the nearest by road first, and why the others can't."""
    asked_of, language = opened(region, lang)
    moment = time_of(asked_of, time)
    place = place_of(asked_of, at, "--at")
    asked = requirement("emergency", priority)
    wanted = FacilityRequirement((frozenset(need),) if need else asked.needed_capabilities, asked.priority)
    router = asked_of.roads.router.at(roads_at(asked_of, moment, closed))
    answers.check_profile(router, profile)
    table = asked_of.facilities
    times = RegionTimes.prepare(router, table.longitude, table.latitude, None, (profile,), COVER_PROFILE)
    stop = without_leaps(router.snap(place.longitude, place.latitude, profile))
    travel, estimated = times.to_facilities(stop, profile)
    matches = match(wanted, table, travel, moment, estimated=estimated)
    if as_json:
        print_json(answers.matches_as_dict(asked_of, place, matches, limit, language))
    else:
        show_ways.matches(asked_of, place, matches, limit, language)


def search(
    words: Annotated[str, typer.Argument(help="A street, place, facility, house number, crossing, kelurahan, or LAT,LON.")],
    region: RegionName = None,
    near: Annotated[str | None, typer.Option(help="LAT,LON: the nearest first.")] = None,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1)] = 10,
    as_json: AsJson = False,
    lang: LanguageName = None,
) -> None:
    """Search for an address or a place, tolerant of spelling; nothing outside is asked."""
    asked_of, language = opened(region, lang)
    beside = None
    if near is not None:
        point = place_of(asked_of, near, "--near")
        beside = (point.longitude, point.latitude)
    found = asked_of.places.search(words, near=beside, limit=limit)
    if as_json:
        print_json([answers.place_as_dict(place) for place in found])
    else:
        show_ways.places(found, words, language)
