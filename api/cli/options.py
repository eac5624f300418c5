"""Options that several commands share, and how what people type is understood."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from api.bootstrap import Siaga, now, siaga
from dispatch.regions import BuiltRegion
from routing import LANGUAGES, ConditionError, InputError, Language, PlaceError
from routing.conditions import Around, Closed, RoadCondition
from routing.places import Place
from routing.road_state import RoadState

RegionName = Annotated[
    str | None, typer.Option("--region", "-r", help="Name of a built region; may be left out if there is but one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]
LanguageName = Annotated[str | None, typer.Option("--lang", help="Language of what is printed: id or en.")]
ClosedRoads = Annotated[
    list[str] | None,
    typer.Option("--closed", help="LAT,LON,METRES: roads that are closed around a point; may be given several times."),
]
Time = Annotated[str | None, typer.Option("--time", help="Local time in ISO form, as 2026-11-22T03:00; now if left out.")]

_SURE = 0.55
"""A place found by words with a lower score is asked about, not taken."""


def language_of(siaga: Siaga, wanted: str | None) -> Language:
    """The language to print in.

    Raises:
        InputError: there is no such language.
    """
    if wanted is None:
        return siaga.settings.language
    for language in LANGUAGES:
        if wanted == language:
            return language
    raise InputError(f"--lang {wanted}: no such language; there are {', '.join(LANGUAGES)}")


def opened(name: str | None, lang: str | None) -> tuple[BuiltRegion, Language]:
    """The region that a question is put to, and the language to answer in.

    Raises:
        InputError: there is no such language, or it is not clear which region is meant.
        RegionError: the region can't be opened.
    """
    here = siaga()
    language = language_of(here, lang)
    return here.open(name, now()), language


def time_of(region: BuiltRegion, written: str | None) -> datetime:
    """The time that is meant, in the region's zone.

    Raises:
        InputError: it is not a time.
    """
    if written is None:
        return now().astimezone(region.zone)
    try:
        time = datetime.fromisoformat(written)
    except ValueError as error:
        raise InputError(f"--time {written}: not a time; write it as 2026-11-22T03:00") from error
    return time.replace(tzinfo=region.zone) if time.tzinfo is None else time.astimezone(region.zone)


def place_of(region: BuiltRegion, typed: str, option: str) -> Place:
    """The place that is meant by coordinates (LAT,LON), a link to a map, or words.

    Raises:
        PlaceError: nothing in the region is called so, or only something that might be meant.
    """
    middle = tuple(region.about["middle"])
    found = region.places.search(typed, near=(middle[0], middle[1]), limit=3)
    if not found:
        raise PlaceError(f"{option} {typed!r}: nothing in region {region.name!r} is called so; give LAT,LON or another name")
    best = found[0]
    if best.kind == "position":
        return best
    if best.score < _SURE:
        maybe = "; ".join(place.name for place in found)
        raise PlaceError(f"{option} {typed!r}: not found in region {region.name!r}; did you mean: {maybe}?")
    return best


def roads_at(region: BuiltRegion, moment: datetime, closed: list[str] | None) -> RoadState:
    """The state of the roads at a time, with what is said to be closed.

    Raises:
        ConditionError: a closure can't be read.
    """
    conditions = []
    for number, written in enumerate(closed or (), start=1):
        try:
            latitude, longitude, metres = (float(part) for part in written.split(","))
        except ValueError as error:
            raise ConditionError(f"--closed {written}: three numbers are needed, LAT,LON,METRES") from error
        where = Around(longitude, latitude, metres)
        conditions.append(RoadCondition(f"--closed {number}", "closure", where, Closed(), author="command line"))
    return region.roads.live.apply(conditions, moment)


def print_json(value: Any) -> None:
    """Prints JSON for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
