"""Tables for people: every word from the catalogue, every figure with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.answers import Leg, steps_of
from dispatch.decision import Destination, Option
from dispatch.reasons import AnyReason
from dispatch.recommend import Recommendation
from dispatch.regions import BuiltRegion
from dispatch.screening import LeftOut
from facilities import Facility, Matches, Problem, Severity
from routing import Language, text
from routing.instructions import distance, instruction
from routing.places import Place
from routing.snapping import Carry

_SHOWN_LOSERS = 8
_NEVER_BROKEN = ("name", "id", "position", "match")
_PRIORITY_STYLE = {
    "red": "bold white on red",
    "yellow": "black on yellow",
    "green": "black on green",
    "black": "white on black",
}


_PIPED_WIDTH = 130
"""Columns of a table that goes into a file or another program, where no terminal says how wide it is."""


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def _t(language: Language, key: str, **values: object) -> str:
    return text(language, f"cli.{key}", **values)


def _number(value: float, language: Language, digits: int = 1) -> str:
    written = f"{value:,.{digits}f}"
    return written.translate(str.maketrans(",.", ".,")) if language == "id" else written


def _minutes(ms: float, language: Language) -> str:
    return _t(language, "minutes", minutes=_number(ms / 60_000, language))


def _table(language: Language, *columns: str, title: str | None = None) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False, box=None, padding=(0, 2)
    )
    for column in columns:
        right, whole = column.endswith(">"), column in _NEVER_BROKEN
        table.add_column(
            _t(language, f"column.{column.rstrip('>')}"), justify="right" if right else "left", no_wrap=right or whole
        )
    return table


def _labels(region: BuiltRegion, language: Language, *, invented_fleet: bool = False) -> list[Text]:
    lines = []
    if region.invented:
        lines.append(Text(_t(language, "invented_region"), style="bold yellow"))
    if invented_fleet:
        lines.append(Text(_t(language, "invented_fleet"), style="bold yellow"))
    return lines


def _attribution(region: BuiltRegion) -> Text:
    return Text(" · ".join(region.about["attribution"]), style="dim")


# -- regions --------------------------------------------------------------------------------------------------------------


def regions(abouts: Sequence[Mapping[str, Any]], folder: Path, language: Language) -> None:
    """The regions that have been built."""
    console = _console()
    if not abouts:
        console.print(_t(language, "no_regions", folder=folder))
        return
    table = _table(language, "name", "title", "junctions>", "road_km>", "facilities>", "built_at")
    for about in abouts:
        report = about["report"]
        title = about["title"] + (f" ({_t(language, 'invented')})" if about["invented"] else "")
        table.add_row(
            escape(about["name"]),
            escape(title),
            _number(report["junctions"], language, 0),
            _number(report["road_km"], language, 0),
            str(report["facilities"]),
            about["built_at"][:16].replace("T", " ") + " UTC",
        )
    console.print(table)


def region(about: Mapping[str, Any], language: Language, parts: Mapping[str, Any] | None = None) -> None:
    """What a region is, and what its vehicles can't reach."""
    console = _console()
    report = about["report"]
    rows = {
        "title": about["title"],
        "data_time": about["source"]["data_time"] or _t(language, "unknown"),
        "registers": ", ".join(about["registers"]) or _t(language, "none"),
        "time_zone": about["time_zone"],
        "driving_side": _t(language, f"side.{report['driving_side']}")
        + f" ({_t(language, 'side_from.' + report['driving_side_from'])})",
        "junctions": _number(report["junctions"], language, 0),
        "road_km": _number(report["road_km"], language, 0) + " km",
        "restrictions": _t(
            language, "restrictions", placed=report["restrictions_placed"], unplaced=len(report["restrictions_unplaced"])
        ),
        "facilities": _t(
            language, "facilities_count", count=report["facilities"], conflicts=report["facilities_with_conflicts"]
        ),
    }
    table = Table(
        show_header=False,
        box=None,
        pad_edge=False,
        padding=(0, 2),
        title=escape(about["name"]),
        title_style="bold",
        title_justify="left",
    )
    for key, value in rows.items():
        table.add_row(_t(language, f"column.{key}"), escape(str(value)))
    if about["invented"]:
        console.print(Text(_t(language, "invented_region"), style="bold yellow"))
    console.print(table)
    if parts:
        _parts(console, parts, language)
    console.print(Text(" · ".join(about["attribution"]), style="dim"))


def _parts(console: Console, parts: Mapping[str, Any], language: Language) -> None:
    table = _table(language, "profile", "main_km>", "islands>", "fragments>", "closed_km>", title=_t(language, "parts_title"))
    for name, summary in parts.items():
        table.add_row(
            _t(language, f"profile_name.{name}"),
            _number(summary.main.size_m / 1000 if summary.main else 0.0, language, 0),
            str(len(summary.islands)),
            str(summary.fragments),
            _number(summary.closed_m / 1000, language, 0),
        )
    console.print(table)


def facilities(found: Sequence[Facility], language: Language) -> None:
    """Every facility, with what its sources disagree on."""
    table = _table(language, "id", "name", "kind", "doubts")
    for facility in found:
        doubts = "\n".join(_conflict(one, language) for one in facility.conflicts if one.severity is not Severity.NOTE)
        table.add_row(
            escape(facility.id),
            escape(facility.name or _t(language, "unnamed")),
            text(language, f"facilities.kind.{facility.kind}"),
            Text(doubts, style="yellow"),
        )
    _console().print(table)


def _conflict(one: Any, language: Language) -> str:
    return text(
        language,
        f"facilities.reason.conflict_{one.code}",
        values=" / ".join(one.values),
        chosen=one.chosen or "–",
        distance_m=round(one.distance_m or 0),
    )


def problems(found: Sequence[Problem], language: Language) -> None:
    """What was wrong with the sources of the facilities."""
    if not found:
        return
    console = _console()
    console.print(Text(_t(language, "problems_title", count=len(found)), style="bold"))
    for problem in found[:20]:
        said = text(language, f"facilities.problem.{problem.code}", **problem.params)
        console.print(f"  {escape(problem.reference)}: {escape(said)}")
    if len(found) > 20:
        console.print(f"  {_t(language, 'more', count=len(found) - 20)}")


# -- recommendation -------------------------------------------------------------------------------------------------------


def recommendation(region: BuiltRegion, found: Recommendation, legs: Sequence[Leg], language: Language) -> None:
    """The decision: the choice with both legs, the alternatives, and why the others lost."""
    console = _console()
    decision, call = found.decision, found.call
    priority = decision.requirement.priority
    for label in _labels(region, language, invented_fleet=found.invented_fleet):
        console.print(label)
    address = region.places.reverse(call.longitude, call.latitude)
    where = ", ".join(part for part in (address.street, *address.context[:2]) if part)
    heading = Text.assemble(
        (f" {text(language, f'dispatch.priority.{priority}').upper()} ", _PRIORITY_STYLE[priority]),
        f" {text(language, f'dispatch.case.{decision.requirement.kind.name}')} · {where} ",
        (f"({call.latitude:.5f}, {call.longitude:.5f}) · {call.now:%Y-%m-%d %H:%M %Z}", "dim"),
    )
    console.print(heading)
    if not decision.options:
        console.print(Text(_t(language, "no_option"), style="bold red"))
    else:
        console.print(Panel(_best(found, decision.options[0], legs, language), title=_t(language, "best"), title_align="left"))
        _options(console, found, language)
        _facilities_of_best(console, found, language)
        _onwards(console, region, legs, language)
    _lost(console, _t(language, "vehicles_out"), [*decision.vehicles_out, *decision.vehicles_lost], language)
    _lost(console, _t(language, "facilities_out"), [*decision.facilities_lost, *decision.facilities_out], language)
    console.print(_made_with(found, language))
    console.print(_attribution(region))


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
            _t(
                language,
                "first_leg",
                total=_minutes(option.reach_ms, language),
                turnout=_minutes(option.turnout_ms, language),
                drive=_minutes(option.drive_ms, language),
                how=_t(language, f"profile.{option.reach_profile}"),
                carry=_carry(option.carry_m, option.carry_kind, language),
            )
        ),
        Text(_t(language, "on_scene", minutes=_minutes(option.scene_ms, language))),
        Text(
            _t(
                language,
                "second_leg",
                total=_minutes(option.transport_ms, language),
                how=_t(language, f"profile.{option.carry_profile}"),
            )
        ),
        Text(
            _t(
                language,
                "expected",
                minutes=_minutes(option.expected_ms, language),
                going_on=_minutes(option.going_on_ms, language),
            ),
            style="bold",
        ),
        Text(_uncovers(found, option, language)),
    ]
    if option.if_declined is not None:
        lines.append(Text(_t(language, "if_declined", name=_destination(option.if_declined, language))))
    lines += [Text(f"! {one.text(language)}", style="yellow") for one in option.remarks]
    restricted = [entry.street or _t(language, "unnamed_road") for leg in legs for entry in leg.route.restricted]
    if restricted:
        lines.append(Text(_t(language, "through_restricted", names=", ".join(restricted)), style="yellow"))
    return Group(*lines)


def _destination(place: Destination, language: Language) -> str:
    if place.kind == "none":
        return _t(language, "no_destination")
    return place.name or _t(language, "unnamed")


def _carry(metres: float, kind: str, language: Language) -> str:
    if kind == "street" and metres < 30:
        return ""
    return ", " + _t(language, f"on_foot.{kind}", distance=distance(metres, language))


def _uncovers(found: Recommendation, option: Option, language: Language) -> str:
    if not found.demand:
        return _t(language, "uncovers_unknown")
    return _t(
        language,
        f"uncovers.{found.demand_unit}",
        amount=_number(option.uncovered, language, 0 if found.demand_unit == "people" else 1),
        percent=_number(100 * option.uncovered / found.demand, language),
        standard=_number(found.settings.standard_ms / 60_000, language, 0),
    )


def _options(console: Console, found: Recommendation, language: Language) -> None:
    table = _table(
        language,
        "rank>",
        "vehicle",
        "reach>",
        "facility",
        "transport>",
        "expected>",
        "uncovers>",
        title=_t(language, "options"),
    )
    for rank, option in enumerate(found.decision.options, start=1):
        share = f"{_number(100 * option.uncovered / found.demand, language)} %" if found.demand else "–"
        table.add_row(
            str(rank),
            escape(option.vehicle.name or option.vehicle.id),
            _minutes(option.reach_ms, language),
            escape(_destination(option.destination, language)),
            _minutes(option.transport_ms, language),
            _minutes(option.expected_ms, language),
            share,
        )
    console.print(table)


def _facilities_of_best(console: Console, found: Recommendation, language: Language) -> None:
    if len(found.decision.facilities) < 2:
        return
    table = _table(
        language,
        "rank>",
        "facility",
        "transport>",
        "expected>",
        "chance_declined>",
        "doubts",
        title=_t(language, "facilities_title"),
    )
    for rank, choice in enumerate(found.decision.facilities[:5], start=1):
        table.add_row(
            str(rank),
            escape(_destination(choice.destination, language)),
            _minutes(choice.transport_ms, language),
            _minutes(choice.expected_ms, language),
            f"{_number(100 * choice.destination.declined, language, 0)} %",
            Text("; ".join(one.text(language) for one in choice.remarks), style="yellow"),
        )
    console.print(table)


def _onwards(console: Console, region: BuiltRegion, legs: Sequence[Leg], language: Language) -> None:
    for number, leg in enumerate(legs, start=1):
        console.print(Text(_t(language, f"leg_{number}", **_leg_words(leg, language)), style="bold"))
        _steps(console, region, leg, language, indent="  ")


def _leg_words(leg: Leg, language: Language) -> dict[str, str]:
    return {
        "name": leg.destination_name or _t(language, "unnamed_road"),
        "distance": distance(leg.route.distance_m, language),
        "minutes": _minutes(leg.route.duration_ms, language),
    }


def _lost(console: Console, title: str, losers: Sequence[LeftOut], language: Language) -> None:
    if not losers:
        return
    console.print(Text(title, style="bold"))
    for one in losers[:_SHOWN_LOSERS]:
        console.print(Text.assemble("  ", (one.name or one.id, ""), (": " + _said(one.reasons, language), "dim")))
    if len(losers) > _SHOWN_LOSERS:
        console.print(Text("  " + _t(language, "more", count=len(losers) - _SHOWN_LOSERS), style="dim"))


def _said(reasons: Iterable[AnyReason], language: Language) -> str:
    return "; ".join(one.text(language) for one in reasons)


def _made_with(found: Recommendation, language: Language) -> Text:
    return Text(
        _t(
            language,
            "made_with",
            policy=text(language, f"dispatch.policy.{found.decision.policy}"),
            asking=text(language, f"dispatch.asking.{found.settings.asking}"),
            state=found.road_state,
        ),
        style="dim",
    )


# -- routes, facilities near by, places -----------------------------------------------------------------------------------


def route(region: BuiltRegion, leg: Leg, language: Language) -> None:
    """A route, turn by turn."""
    console = _console()
    for label in _labels(region, language):
        console.print(label)
    words = _leg_words(leg, language)
    console.print(Text(_t(language, "route", profile=_t(language, f"profile_name.{leg.route.profile}"), **words), style="bold"))
    for end, carry in (("origin", leg.route.origin_carry), ("destination", leg.route.destination_carry)):
        _on_foot(console, end, carry, language)
    if leg.route.restricted:
        names = ", ".join(entry.street or _t(language, "unnamed_road") for entry in leg.route.restricted)
        console.print(Text(_t(language, "through_restricted", names=names), style="yellow"))
    _steps(console, region, leg, language)
    console.print(_attribution(region))


def _on_foot(console: Console, end: str, carry: Carry | None, language: Language) -> None:
    if carry is not None and (carry.kind != "street" or carry.metres >= 30):
        said = _t(language, f"on_foot.{carry.kind}", distance=distance(carry.metres, language))
        console.print(Text(f"{_t(language, f'end.{end}')}: {said}", style="yellow"))


def _steps(console: Console, region: BuiltRegion, leg: Leg, language: Language, indent: str = "") -> None:
    steps = steps_of(region, leg)
    width = len(str(len(steps)))
    for number, step in enumerate(steps, start=1):
        length = distance(step.distance_m, language) if step.distance_m else ""
        console.print(Text.assemble(f"{indent}{number:>{width}}  ", instruction(step, language), ("  " + length, "dim")))


def matches(region: BuiltRegion, place: Place, found: Matches, limit: int, language: Language) -> None:
    """Facilities that can help, the nearest first, and why the others can't."""
    console = _console()
    for label in _labels(region, language):
        console.print(label)
    for title, ranked in (("nearest_title", found.candidates), ("uncertain_title", found.uncertain)):
        if not len(ranked):
            continue
        table = _table(language, "rank>", "facility", "kind", "minutes>", "doubts", title=_t(language, title, name=place.name))
        for rank, i in enumerate(ranked.facility_index[:limit].tolist(), start=1):
            facility = found.table.facilities[i]
            table.add_row(
                str(rank),
                escape(facility.name or _t(language, "unnamed")),
                text(language, f"facilities.kind.{facility.kind}"),
                _minutes(int(found.travel_ms[i]), language),
                Text("; ".join(one.text(language) for one in (*found.reasons(i), *found.remarks(i))), style="yellow"),
            )
        console.print(table)
    if not len(found.best):
        console.print(Text(_t(language, "none_can_help"), style="bold red"))
    out = [LeftOut(one.facility.id, one.facility.name or _t(language, "unnamed"), one.reasons) for one in found.left_out]
    _lost(console, _t(language, "facilities_out"), out, language)
    console.print(_attribution(region))


def places(found: Sequence[Place], words: str, language: Language) -> None:
    """What a search found."""
    console = _console()
    if not found:
        console.print(_t(language, "nothing_found", words=words))
        return
    table = _table(language, "name", "place_kind", "context", "match", "position", "distance>")
    for place in found:
        table.add_row(
            escape(place.name),
            _t(language, f"place_kind.{place.kind}"),
            escape(", ".join(place.context)),
            _t(language, f"match.{place.match}"),
            f"{place.latitude:.5f},{place.longitude:.5f}",
            "" if place.distance_m is None else distance(place.distance_m, language),
        )
    console.print(table)
