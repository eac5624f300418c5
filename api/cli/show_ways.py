"""Routes, facilities near by and found places, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from api.answers import Leg
from api.cli.tables import (
    attribution,
    console,
    labels,
    leg_words,
    minutes,
    print_lost,
    print_steps,
    say,
    table_of,
    with_doubts,
)
from dispatch.regions import BuiltRegion
from dispatch.screening import LeftOut
from facilities import Matches
from routing import Language, text
from routing.instructions import distance
from routing.places import Place
from routing.snapping import Carry


def route(region: BuiltRegion, leg: Leg, language: Language) -> None:
    """A route, turn by turn."""
    screen = console()
    for label in labels(region, language):
        screen.print(label)
    words = leg_words(leg, language)
    screen.print(
        Text(say(language, "route", profile=say(language, f"profile_name.{leg.route.profile}"), **words), style="bold")
    )
    for end, carry in (("origin", leg.route.origin_carry), ("destination", leg.route.destination_carry)):
        _on_foot(screen, end, carry, language)
    if leg.route.restricted:
        names = ", ".join(entry.street or say(language, "unnamed_road") for entry in leg.route.restricted)
        screen.print(Text(say(language, "through_restricted", names=names), style="yellow"))
    print_steps(screen, region, leg, language)
    screen.print(attribution(region))


def _on_foot(screen: Console, end: str, carry: Carry | None, language: Language) -> None:
    if carry is not None and (carry.kind != "street" or carry.metres >= 30):
        said = say(language, f"on_foot.{carry.kind}", distance=distance(carry.metres, language))
        screen.print(Text(f"{say(language, f'end.{end}')}: {said}", style="yellow"))


def matches(region: BuiltRegion, place: Place, found: Matches, limit: int, language: Language) -> None:
    """Facilities that can help, the nearest first, and why the others can't."""
    screen = console()
    for label in labels(region, language):
        screen.print(label)
    for title, ranked in (("nearest_title", found.candidates), ("uncertain_title", found.uncertain)):
        if not len(ranked):
            continue
        table = table_of(language, "rank>", "facility", "kind", "minutes>", title=say(language, title, name=place.name))
        for rank, i in enumerate(ranked.facility_index[:limit].tolist(), start=1):
            facility = found.table.facilities[i]
            table.add_row(
                str(rank),
                with_doubts(facility.name or say(language, "unnamed"), (*found.reasons(i), *found.remarks(i)), language),
                text(language, f"facilities.kind.{facility.kind}"),
                minutes(int(found.travel_ms[i]), language),
            )
        screen.print(table)
    if not len(found.best):
        screen.print(Text(say(language, "none_can_help"), style="bold red"))
    out = [LeftOut(one.facility.id, one.facility.name or say(language, "unnamed"), one.reasons) for one in found.left_out]
    print_lost(screen, say(language, "facilities_out"), out, language)
    screen.print(attribution(region))


def places(found: Sequence[Place], words: str, language: Language) -> None:
    """What a search found."""
    screen = console()
    if not found:
        screen.print(say(language, "nothing_found", words=words))
        return
    table = table_of(language, "name", "place_kind", "context", "match", "position", "distance>")
    for place in found:
        table.add_row(
            escape(place.name),
            say(language, f"place_kind.{place.kind}"),
            escape(", ".join(place.context)),
            say(language, f"match.{place.match}"),
            f"{place.latitude:.5f},{place.longitude:.5f}",
            "" if place.distance_m is None else distance(place.distance_m, language),
        )
    screen.print(table)
