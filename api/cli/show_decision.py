"""A recommendation, for people: the choice with both legs, the alternatives, and why the others lost."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from api.answers import Leg
from api.cli.tables import (
    attribution,
    console,
    labels,
    leg_words,
    minutes,
    number,
    print_lost,
    print_steps,
    say,
    table_of,
    with_doubts,
)
from dispatch.decision import Destination, Option
from dispatch.recommend import Recommendation
from dispatch.regions import BuiltRegion
from routing import Language, text
from routing.instructions import distance

_PRIORITY_STYLE = {
    "red": "bold white on red",
    "yellow": "black on yellow",
    "green": "black on green",
    "black": "white on black",
}


def recommendation(region: BuiltRegion, found: Recommendation, legs: Sequence[Leg], language: Language) -> None:
    """The decision: the choice with both legs, the alternatives, and why the others lost."""
    screen = console()
    decision, call = found.decision, found.call
    priority = decision.requirement.priority
    for label in labels(region, language, invented_fleet=found.invented_fleet):
        screen.print(label)
    address = region.places.reverse(call.longitude, call.latitude)
    where = ", ".join(part for part in (address.street, *address.context[:2]) if part)
    heading = Text.assemble(
        (f" {text(language, f'dispatch.priority.{priority}').upper()} ", _PRIORITY_STYLE[priority]),
        f" {text(language, f'dispatch.case.{decision.requirement.kind.name}')} · {where} ",
        (f"({call.latitude:.5f}, {call.longitude:.5f}) · {call.now:%Y-%m-%d %H:%M %Z}", "dim"),
    )
    screen.print(heading)
    if not decision.options:
        screen.print(Text(say(language, "no_option"), style="bold red"))
    else:
        screen.print(Panel(_best(found, decision.options[0], legs, language), title=say(language, "best"), title_align="left"))
        _options(screen, found, language)
        _facilities_of_best(screen, found, language)
        _onwards(screen, region, legs, language)
    print_lost(screen, say(language, "vehicles_out"), [*decision.vehicles_out, *decision.vehicles_lost], language)
    print_lost(screen, say(language, "facilities_out"), [*decision.facilities_lost, *decision.facilities_out], language)
    screen.print(_made_with(found, language))
    screen.print(attribution(region))


def _best(found: Recommendation, option: Option, legs: Sequence[Leg], language: Language) -> Group:
    vehicle, place = option.vehicle, option.destination
    lines = [
        Text.assemble(
            (f"{vehicle.name or vehicle.id}", "bold"),
            f" ({text(language, f'dispatch.vehicle_kind.{vehicle.kind}')})",
            "  →  ",
            (_destination(place, language), "bold"),
        ),
        Text(
            say(
                language,
                "first_leg",
                total=minutes(option.reach_ms, language),
                turnout=minutes(option.turnout_ms, language),
                drive=minutes(option.drive_ms, language),
                how=say(language, f"profile.{option.reach_profile}"),
                carry=_carry(option.carry_m, option.carry_kind, language),
            )
        ),
        Text(say(language, "on_scene", minutes=minutes(option.scene_ms, language))),
        Text(
            say(
                language,
                "second_leg",
                total=minutes(option.transport_ms, language),
                how=say(language, f"profile.{option.carry_profile}"),
            )
        ),
        Text(
            say(
                language,
                "expected",
                minutes=minutes(option.expected_ms, language),
                going_on=minutes(option.going_on_ms, language),
            ),
            style="bold",
        ),
        Text(_uncovers(found, option, language)),
    ]
    if option.if_declined is not None:
        lines.append(Text(say(language, "if_declined", name=_destination(option.if_declined, language))))
    lines += [Text(f"! {one.text(language)}", style="yellow") for one in option.remarks]
    restricted = [entry.street or say(language, "unnamed_road") for leg in legs for entry in leg.route.restricted]
    if restricted:
        lines.append(Text(say(language, "through_restricted", names=", ".join(restricted)), style="yellow"))
    return Group(*lines)


def _destination(place: Destination, language: Language) -> str:
    if place.kind == "none":
        return say(language, "no_destination")
    return place.name or say(language, "unnamed")


def _carry(metres: float, kind: str, language: Language) -> str:
    if kind == "street" and metres < 30:
        return ""
    return ", " + say(language, f"on_foot.{kind}", distance=distance(metres, language))


def _uncovers(found: Recommendation, option: Option, language: Language) -> str:
    if not found.demand:
        return say(language, "uncovers_unknown")
    return say(
        language,
        f"uncovers.{found.demand_unit}",
        amount=number(option.uncovered, language, 0 if found.demand_unit == "people" else 1),
        percent=number(100 * option.uncovered / found.demand, language),
        standard=number(found.settings.standard_ms / 60_000, language, 0),
    )


def _options(screen: Console, found: Recommendation, language: Language) -> None:
    table = table_of(
        language,
        "rank>",
        "vehicle",
        "reach>",
        "facility",
        "transport>",
        "expected>",
        "uncovers>",
        title=say(language, "options"),
    )
    for rank, option in enumerate(found.decision.options, start=1):
        share = f"{number(100 * option.uncovered / found.demand, language)} %" if found.demand else "–"
        table.add_row(
            str(rank),
            escape(option.vehicle.name or option.vehicle.id),
            minutes(option.reach_ms, language),
            escape(_destination(option.destination, language)),
            minutes(option.transport_ms, language),
            minutes(option.expected_ms, language),
            share,
        )
    screen.print(table)


def _facilities_of_best(screen: Console, found: Recommendation, language: Language) -> None:
    if len(found.decision.facilities) < 2:
        return
    table = table_of(
        language,
        "rank>",
        "facility",
        "transport>",
        "expected>",
        "chance_declined>",
        title=say(language, "facilities_title"),
    )
    for rank, choice in enumerate(found.decision.facilities[:5], start=1):
        table.add_row(
            str(rank),
            with_doubts(_destination(choice.destination, language), choice.remarks, language),
            minutes(choice.transport_ms, language),
            minutes(choice.expected_ms, language),
            f"{number(100 * choice.destination.declined, language, 0)} %",
        )
    screen.print(table)


def _onwards(screen: Console, region: BuiltRegion, legs: Sequence[Leg], language: Language) -> None:
    for order, leg in enumerate(legs, start=1):
        screen.print(Text(say(language, f"leg_{order}", **leg_words(leg, language)), style="bold"))
        print_steps(screen, region, leg, language, indent="  ")


def _made_with(found: Recommendation, language: Language) -> Text:
    return Text(
        say(
            language,
            "made_with",
            policy=text(language, f"dispatch.policy.{found.decision.policy}"),
            asking=text(language, f"dispatch.asking.{found.settings.asking}"),
            state=found.road_state,
        ),
        style="dim",
    )
