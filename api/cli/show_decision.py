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
from dispatch.options import Destination, Option
from dispatch.recommend import Recommendation
from dispatch.regions import BuiltRegion
from dispatch.screening import LeftOut
from routing import Language, text
from routing.instructions import distance

_CLOCK = {"id": "%Y-%m-%d %H.%M %Z", "en": "%Y-%m-%d %H:%M %Z"}
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
        (f"({call.latitude:.5f}, {call.longitude:.5f}) · {call.now:{_CLOCK[language]}}", "dim"),
    )
    screen.print(heading)
    if not decision.options:
        screen.print(Text(say(language, "no_option"), style="bold red"))
        _facilities(screen, found, "facilities_alone", language)
    else:
        screen.print(Panel(_best(found, decision.options[0], legs, language), title=say(language, "best"), title_align="left"))
        _options(screen, found, language)
        if len(decision.facilities) > 1:
            _facilities(screen, found, "facilities_title", language)
        _onwards(screen, region, legs, language)
    # Who stands in a table above is not told again; who could never serve comes last.
    shown = {option.vehicle.id for option in decision.options}
    others = [one for one in decision.vehicles_lost if one.id not in shown]
    print_lost(screen, say(language, "vehicles_out"), [*others, *_hopeless_last(decision.vehicles_out)], language)
    shown = {choice.destination.id for choice in decision.facilities[:_SHOWN_FACILITIES]}
    others = [one for one in decision.facilities_lost if one.id not in shown]
    print_lost(screen, say(language, "facilities_out"), [*others, *_hopeless_last(decision.facilities_out)], language)
    screen.print(_made_with(found, language))
    screen.print(attribution(region))


_SHOWN_FACILITIES = 5
_HOPELESS = {"vehicle.kind", "vehicle.equipment", "kind_unsuitable", "lacks"}


def _hopeless_last(items: Sequence[LeftOut]) -> list[LeftOut]:
    """The same, those behind that no change of status, place or hour would make suitable."""
    return sorted(items, key=lambda one: any(why.code in _HOPELESS for why in one.reasons))


def _doubt(option: Option, language: Language) -> str:
    """What is added since nobody knows where the vehicle is now."""
    return "" if not option.doubt_ms else say(language, "first_leg_doubt", minutes=minutes(option.doubt_ms, language))


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
                carry=_carry(option.carry_m, option.carry_kind, language) + _doubt(option, language),
            )
        ),
    ]
    if place.kind != "none":
        lines += [
            Text(say(language, "on_scene", minutes=minutes(option.scene_ms, language))),
            Text(_second_leg(found, option, language)),
            Text(_expected(option, language), style="bold"),
        ]
    lines.append(Text(_uncovers(found, option, language)))
    if place.phone:
        lines.append(Text(say(language, "phone", name=_destination(place, language), phone=place.phone)))
    if (following := option.if_declined) is not None:
        named = _destination(following, language) + (f" ({following.phone})" if following.phone else "")
        lines.append(Text(say(language, "if_declined", name=named)))
        lines += [
            Text(f"! {_destination(following, language)}: {one.text(language)}", style="yellow") for one in following.remarks
        ]
    lines += [Text(f"! {one.text(language)}", style="yellow") for one in option.remarks]
    restricted = [entry.street or say(language, "unnamed_road") for leg in legs for entry in leg.route.restricted]
    if restricted:
        lines.append(Text(say(language, "through_restricted", names=", ".join(restricted)), style="yellow"))
    return Group(*lines)


def _second_leg(found: Recommendation, option: Option, language: Language) -> str:
    total, place = minutes(option.transport_ms, language), option.destination
    if place.kind == "referral_desk":
        return say(language, "sitegar_leg", total=total, desk=minutes(found.settings.desk_ms, language))
    key = "given_leg" if place.kind == "given" else "second_leg"
    return say(language, key, total=total, how=say(language, f"profile.{option.carry_profile}"))


def _expected(option: Option, language: Language) -> str:
    total = minutes(option.expected_ms, language)
    if option.destination.kind == "given":
        return say(language, "expected_given", minutes=total)
    if option.if_declined is None:
        return say(language, "expected_plain", minutes=total)
    if option.going_on_ms < _TOLD_MS:  # the next one is as near: declines cost nothing
        return say(language, "expected_all_in", minutes=total)
    return say(language, "expected", minutes=total, going_on=minutes(option.going_on_ms, language))


_TOLD_MS = 3_000.0


def _destination(place: Destination, language: Language) -> str:
    if place.kind == "none":
        return say(language, "no_destination")
    return place.name or say(language, "unnamed")


def _carry(metres: float, kind: str, language: Language) -> str:
    if kind == "street" and metres < 30:
        return ""
    return ", " + say(language, f"on_foot.{kind}", distance=distance(metres, language))


def _uncovers(found: Recommendation, option: Option, language: Language) -> str:
    standard = number(found.settings.standard_ms / 60_000, language, 0)
    if not found.demand:
        return say(language, "uncovers_unknown")
    if option.uncovered <= 0:
        return say(language, "uncovers.nothing", standard=standard)
    return say(
        language,
        f"uncovers.{found.demand_unit}",
        amount=number(option.uncovered, language, 0 if found.demand_unit == "people" else 1),
        percent=number(100 * option.uncovered / found.demand, language),
        standard=standard,
    )


def _options(screen: Console, found: Recommendation, language: Language) -> None:
    onward = found.decision.options[0].destination.kind != "none"
    columns = ["rank>", "vehicle", "reach>", *(["facility", "transport>", "expected>"] if onward else []), "uncovers>"]
    table = table_of(language, *columns, title=say(language, "options"))
    lost = {one.id: one.reasons for one in found.decision.vehicles_lost}
    for rank, option in enumerate(found.decision.options, start=1):
        share = f"{number(100 * option.uncovered / found.demand, language)} %" if found.demand else "–"
        # That it is later, the figures say themselves; that it is invented, the heading does.
        why = [one for one in (*lost.get(option.vehicle.id, ()), *option.vehicle_remarks) if one.code not in _SAID_ELSEWHERE]
        there = [
            escape(_destination(option.destination, language)),
            minutes(option.transport_ms, language),
            minutes(option.expected_ms, language),
        ]
        table.add_row(
            str(rank),
            with_doubts(option.vehicle.name or option.vehicle.id, why, language),
            minutes(option.reach_ms, language),
            *(there if onward else []),
            share,
        )
    screen.print(table)


_SAID_ELSEWHERE = {"vehicle.later_at_patient", "vehicle.later_at_care", "vehicle.no_better", "vehicle.invented"}


def _facilities(screen: Console, found: Recommendation, title: str, language: Language) -> None:
    if not found.decision.facilities:
        return
    table = table_of(
        language,
        "rank>",
        "facility",
        "transport>",
        "expected>",
        "chance_declined>",
        title=say(language, title),
    )
    for rank, choice in enumerate(found.decision.facilities[:_SHOWN_FACILITIES], start=1):
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
