"""What all tables for people share: every word from the catalogue, every figure with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.answers import Leg, steps_of
from dispatch.reasons import AnyReason
from dispatch.regions import BuiltRegion
from dispatch.screening import LeftOut
from routing import Language, text
from routing.instructions import distance, instruction

_SHOWN_LOSERS = 8
_NEVER_BROKEN = ("name", "id", "position", "match")


_PIPED_WIDTH = 130
"""Columns of a table that goes into a file or another program, where no terminal says how wide it is."""


def console() -> Console:
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def say(language: Language, key: str, **values: object) -> str:
    return text(language, f"cli.{key}", **values)


def number(value: float, language: Language, digits: int = 1) -> str:
    written = f"{value:,.{digits}f}"
    return written.translate(str.maketrans(",.", ".,")) if language == "id" else written


def minutes(ms: float, language: Language) -> str:
    return say(language, "minutes", minutes=number(ms / 60_000, language))


def table_of(language: Language, *columns: str, title: str | None = None) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False, box=None, padding=(0, 1)
    )
    for column in columns:
        right, whole = column.endswith(">"), column in _NEVER_BROKEN
        heading = say(language, f"column.{column.rstrip('>')}")
        table.add_column(heading, justify="right" if right else "left", no_wrap=right or whole, overflow="fold")
    return table


def with_doubts(name: str, reasons: Iterable[AnyReason], language: Language) -> Text:
    """A name, and under it what is old, unknown or contradictory, a line each."""
    lines = Text(name)
    for one in reasons:
        lines.append(f"\n{one.text(language)}", style="yellow")
    return lines


def labels(region: BuiltRegion, language: Language, *, invented_fleet: bool = False) -> list[Text]:
    lines = []
    if region.invented:
        lines.append(Text(say(language, "invented_region"), style="bold yellow"))
    if invented_fleet:
        lines.append(Text(say(language, "invented_fleet"), style="bold yellow"))
    return lines


def attribution(region: BuiltRegion) -> Text:
    return Text(" · ".join(region.about["attribution"]), style="dim")


def print_lost(screen: Console, title: str, losers: Sequence[LeftOut], language: Language) -> None:
    if not losers:
        return
    screen.print(Text(title, style="bold"))
    for one in losers[:_SHOWN_LOSERS]:
        name = one.name or f"{say(language, 'unnamed')} {one.id}"
        screen.print(Text.assemble("  ", (name, ""), (": " + said(one.reasons, language), "dim")))
    if len(losers) > _SHOWN_LOSERS:
        count = number(len(losers) - _SHOWN_LOSERS, language, 0)
        screen.print(Text("  " + say(language, "more", count=count), style="dim"))


def said(reasons: Iterable[AnyReason], language: Language) -> str:
    return "; ".join(one.text(language) for one in reasons)


def leg_words(leg: Leg, language: Language) -> dict[str, str]:
    return {
        "name": leg.destination_name or say(language, "unnamed_road"),
        "distance": distance(leg.route.distance_m, language),
        "minutes": minutes(leg.route.duration_ms, language),
    }


def print_steps(screen: Console, region: BuiltRegion, leg: Leg, language: Language, indent: str = "") -> None:
    steps = steps_of(region, leg)
    width = len(str(len(steps)))
    for order, step in enumerate(steps, start=1):
        length = distance(step.distance_m, language) if step.distance_m else ""
        screen.print(Text.assemble(f"{indent}{order:>{width}}  ", instruction(step, language), ("  " + length, "dim")))
