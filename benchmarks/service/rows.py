"""What was measured of the live service, as rows: a figure, how it scatters, what it is in proportion to, what must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import numpy as np

from benchmarks.table import figure

HEAD = ("", "median", "P90, or range", "in proportion", "must hold")
DRAWS = 2_000

SERVICE_NOTES = """\
`siaga serve` and its store share one core, and whoever asks has another; each caller keeps its connection. Goals are met or
missed by what was measured, nobody sets them by hand.

- (a) On disk: the store syncs before it answers (`appendfsync always`), and the data folder is on the disk of the checkout.
  With pauses of 20 ms, so that what a case sets off is over before the next one.
- (b) The endpoint's own function, called in a process that has opened the same store and region and is held to the same core:
  reading the facts, deciding, every reason in words, JSON. Calls are at random places with random needs, and in each round
  every vehicle is somewhere else. Each call is asked both ways in each round, in different orders.
- (c) The difference of the medians, and between what it lies when the calls are drawn anew (2.5 % to 97.5 %).
- (d) Eight under way at once, for a few seconds each in turn; the ratio is the median of the rounds, and their range.
- (e) 1,000 vehicles tell once a second where they are: each on a connection of its own, in OsmAnd's form, as Traccar Client 8
  does; or 20 at a time as JSON, as a relay does. 25 of them are on a run and drive along its route. Listeners read all of the
  server-sent events and count the positions; of two of one vehicle within a quarter of a second they get the later one. What
  was used is the processor time of the service and of the store, the kernel's included, a second of the measured time: where it
  is under 0.5, more than half of the core is free."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table.

    Attributes:
        title: what was measured. found: the figure. scatter: how it scatters. ratio: in proportion to what.
        goal: what must hold, "" if nothing must. holds: whether it does.
    """

    title: str
    found: str
    scatter: str = ""
    ratio: str = ""
    goal: str = ""
    holds: bool = True

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        said = f"{self.goal}: {'met' if self.holds else 'MISSED'}" if self.goal else ""
        return self.title, self.found, self.scatter, self.ratio, said


@dataclass(slots=True)
class ServiceResults:
    """What was measured.

    Attributes:
        where: on which region, in words. rows: what came of it.
        compared, different: answers over HTTP that were held against the in-process ones, and those that differ.
        served: those of them that name somebody to send.
        paces: what a fixed loop took before and after each part, seconds.
        failed: something could not be measured that should have been.
    """

    where: str = ""
    rows: list[Row] = field(default_factory=list)
    compared: int = 0
    different: int = 0
    served: int = 0
    paces: list[float] = field(default_factory=list)
    failed: bool = False

    def excuse(self, title: str, reason: str) -> None:
        """Keeps why something was not measured."""
        self.rows.append(Row(title, "not measured", reason))

    def lines(self) -> list[str]:
        """What is to be said besides the table."""
        same = self.compared - self.different
        told = []
        if self.compared:
            words = f"{same} of {self.compared} answers over HTTP say what in-process says at the same moment"
            told.append(f"{words}; {self.served} name somebody to send")
        if self.paces:
            slowest = max(self.paces) / min(self.paces)
            words = "the pace of the service's core between the parts: a fixed loop took up to"
            told.append(f"{words} {slowest:.2f} times its shortest time")
        return told

    def text(self) -> str:
        """For the terminal."""
        rows = [HEAD, *(row.cells() for row in self.rows)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.where, *shown, "", *self.lines()])

    def markdown(self) -> str:
        """For a file."""
        lines = ["| " + " | ".join(HEAD) + " |", "|---|---:|---:|---:|---|", f"| **{self.where}** |" + "  |" * (len(HEAD) - 1)]
        lines += ["| " + " | ".join(row.cells()) + " |" for row in self.rows]
        return "\n".join([*lines, "", *(f"- {line}" for line in self.lines())])


def p90(values: Sequence[float]) -> float:
    """What 90 of 100 stay below."""
    return quantiles(values, n=10)[-1]


def duration(title: str, seconds: Sequence[float], ratio: str = "", goal: str = "", most: float = float("inf")) -> Row:
    """A row of a duration that was measured again and again; `most`: what its median must not exceed, seconds."""
    middle = median(seconds)
    return Row(title, figure(middle), f"P90 {figure(p90(seconds))}", ratio, goal, middle <= most)


def difference(slow: Sequence[float], quick: Sequence[float]) -> tuple[float, float, float]:
    """By how much the median of the one exceeds that of the other: 2.5 %, itself, 97.5 %, by drawing pairs anew."""
    one, other = np.asarray(slow), np.asarray(quick)
    drawn = np.random.default_rng(1).integers(len(one), size=(DRAWS, len(one)))
    found = np.median(one[drawn], axis=1) - np.median(other[drawn], axis=1)
    low, high = np.quantile(found, (0.025, 0.975)).tolist()
    return low, median(slow) - median(quick), high


def rate(several: Sequence[float]) -> str:
    """So many a second, the median of several rounds."""
    return f"{median(several):,.0f}/s"


def between(several: Sequence[float], form: str) -> str:
    """The least and the most of several rounds."""
    return f"{min(several):{form}} to {max(several):{form}}"
