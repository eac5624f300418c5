"""Regions, for people: where they come from, what they hold, what is doubtful about their facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.tables import (
    console,
    number,
    say,
    table_of,
)
from facilities import Facility, Problem, Severity, conflict_reason, problem_text
from routing import Language, text


def regions(abouts: Sequence[Mapping[str, Any]], folder: Path, language: Language) -> None:
    """The regions that have been built."""
    screen = console()
    if not abouts:
        screen.print(say(language, "no_regions", folder=folder))
        return
    table = table_of(language, "name", "title", "junctions>", "road_km>", "facilities>", "built_at")
    for about in abouts:
        report = about["report"]
        title = about["title"] + (f" ({say(language, 'invented')})" if about["invented"] else "")
        table.add_row(
            escape(about["name"]),
            escape(title),
            number(report["junctions"], language, 0),
            number(report["road_km"], language, 0),
            str(report["facilities"]),
            about["built_at"][:16].replace("T", " ") + " UTC",
        )
    screen.print(table)


def region(about: Mapping[str, Any], language: Language, parts: Mapping[str, Any] | None = None) -> None:
    """What a region is, and what its vehicles can't reach."""
    screen = console()
    report = about["report"]
    rows = {
        "title": about["title"],
        "data_time": about["source"]["data_time"] or say(language, "unknown"),
        "registers": ", ".join(about["registers"]) or say(language, "none"),
        "time_zone": about["time_zone"],
        "driving_side": say(language, f"side.{report['driving_side']}")
        + f" ({say(language, 'side_from.' + report['driving_side_from'])})",
        "junctions": number(report["junctions"], language, 0),
        "road_km": number(report["road_km"], language, 0) + " km",
        "restrictions": say(
            language, "restrictions", placed=report["restrictions_placed"], unplaced=len(report["restrictions_unplaced"])
        ),
        "facilities": say(
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
        table.add_row(say(language, f"column.{key}"), escape(str(value)))
    if about["invented"]:
        screen.print(Text(say(language, "invented_region"), style="bold yellow"))
    screen.print(table)
    if parts:
        _parts(screen, parts, language)
    screen.print(Text(" · ".join(about["attribution"]), style="dim"))


def _parts(screen: Console, parts: Mapping[str, Any], language: Language) -> None:
    table = table_of(
        language, "profile", "main_km>", "islands>", "fragments>", "closed_km>", title=say(language, "parts_title")
    )
    for name, summary in parts.items():
        table.add_row(
            say(language, f"profile_name.{name}"),
            number(summary.main.size_m / 1000 if summary.main else 0.0, language, 0),
            str(len(summary.islands)),
            str(summary.fragments),
            number(summary.closed_m / 1000, language, 0),
        )
    screen.print(table)


def facilities(found: Sequence[Facility], language: Language) -> None:
    """Every facility, with what its sources disagree on."""
    table = table_of(language, "id", "name", "kind", "doubts")
    for facility in found:
        doubts = "\n".join(
            conflict_reason(one).text(language) for one in facility.conflicts if one.severity is not Severity.NOTE
        )
        table.add_row(
            escape(facility.id),
            escape(facility.name or say(language, "unnamed")),
            text(language, f"facilities.kind.{facility.kind}"),
            Text(doubts, style="yellow"),
        )
    console().print(table)


def problems(found: Sequence[Problem], language: Language) -> None:
    """What was wrong with the sources of the facilities."""
    if not found:
        return
    screen = console()
    screen.print(Text(say(language, "problems_title", count=len(found)), style="bold"))
    for problem in found[:20]:
        screen.print(f"  {escape(problem_text(language, problem))}")
    if len(found) > 20:
        screen.print(f"  {say(language, 'more', count=len(found) - 20)}")
