"""The report of `compare_routes.py`: what was compared, in figures, and each notable difference with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.differences import CATEGORIES, NOTABLE, Explanation
from benchmarks.peer_routes import Found
from routing.osm import ODBL_ATTRIBUTION
from routing.routes import Route


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair whose routes differ notably in length, and why."""

    number: int
    route: Route
    found: Found
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Compared:
    """A peer's routes beside Siaga's for the same pairs; `asked`: pairs, also those that the peer found no way for."""

    name: str
    routes: Sequence[Route]
    found: Sequence[Found]
    asked: int
    differences: Sequence[Difference]


def write_report(
    extract: str, seed: int, routes: Sequence[Route], illegal: Mapping[int, list[str]], compared: Sequence[Compared | str]
) -> str:
    """The report as Markdown."""
    peers = [peer for peer in compared if isinstance(peer, Compared)]
    parts = [
        "# Siaga's car routes beside OSRM's and Valhalla's",
        f"{len(routes)} random pairs of places on {extract} (seed {seed}), made by `benchmarks/compare_routes.py`; how the "
        "reasons are found, and what the columns mean: [README.md](README.md). Data: " + ODBL_ATTRIBUTION + ".",
        _legality(routes, illegal),
        *(f"- {peer}" for peer in compared if isinstance(peer, str)),
    ]
    if peers:
        parts += ["## Figures", _figures(peers), "## Reasons", _reasons(peers)]
    for peer in peers:
        parts += [f"## {peer.name}: lengths that differ by more than {NOTABLE:.0%}", _table(peer)]
    return "\n\n".join(parts) + "\n"


def _legality(routes: Sequence[Route], illegal: Mapping[int, list[str]]) -> str:
    if not illegal:
        return f"All {len(routes)} of Siaga's routes are legal by the raw tags (ways, directions, barriers, turn restrictions)."
    rows = [f"- pair {number}: {'; '.join(found)}" for number, found in illegal.items()]
    return "\n".join([f"{len(illegal)} of Siaga's {len(routes)} routes are ILLEGAL by the raw tags:", "", *rows])


def _figures(peers: Sequence[Compared]) -> str:
    rows: list[tuple[str, list[str]]] = []
    lengths = [np.array([f.distance_m / r.distance_m for f, r in zip(p.found, p.routes, strict=True)]) for p in peers]
    times = [np.array([f.duration_s / r.duration_ms * 1000 for f, r in zip(p.found, p.routes, strict=True)]) for p in peers]
    rows.append(("pairs without a way", [str(peer.asked - len(peer.found)) for peer in peers]))
    rows.append(("length against Siaga's: median", [f"{np.median(ratio):.3f}" for ratio in lengths]))
    rows.append(("… sum of all", [f"{_sum_m(p) / sum(r.distance_m for r in p.routes):.3f}" for p in peers]))
    rows.append(("… within 5 %", [f"{(abs(ratio - 1) <= 0.05).mean():.0%}" for ratio in lengths]))
    rows.append(("… within 10 %", [f"{(abs(ratio - 1) <= NOTABLE).mean():.0%}" for ratio in lengths]))
    rows.append(("… shorter by more than 10 %", [f"{(ratio < 1 - NOTABLE).mean():.0%}" for ratio in lengths]))
    rows.append(("… longer by more than 10 %", [f"{(ratio > 1 + NOTABLE).mean():.0%}" for ratio in lengths]))
    rows.append(("time against Siaga's: mean", [f"{ratio.mean():.2f}" for ratio in times]))
    rows.append(("… 5th to 95th percentile", ["{:.2f} to {:.2f}".format(*np.percentile(r, [5, 95])) for r in times]))
    return _markdown(["", *(peer.name for peer in peers)], [[name, *cells] for name, cells in rows])


def _sum_m(peer: Compared) -> float:
    return sum(found.distance_m for found in peer.found)


def _reasons(peers: Sequence[Compared]) -> str:
    counts = [Counter(one.explanation.category for one in peer.differences) for peer in peers]
    rows = [[category, *(str(count[category]) for count in counts)] for category in CATEGORIES]
    return _markdown(["of the differences in length by more than 10 %", *(peer.name for peer in peers)], rows)


def _table(peer: Compared) -> str:
    rows = []
    ordered = sorted(peer.differences, key=lambda one: (CATEGORIES.index(one.explanation.category), one.number))
    for one in ordered:
        why, (x, y), (u, v) = one.explanation, one.route.geometry[0], one.route.geometry[-1]
        rows.append(
            [
                str(one.number),
                f"{y:.4f},{x:.4f} → {v:.4f},{u:.4f}",
                f"{one.route.distance_m / 1000:.1f}",
                f"{one.found.distance_m / one.route.distance_m - 1:+.0%}",
                f"{one.route.duration_ms / 1000:.0f}",
                _or_dash(why.siaga_s),
                f"{one.found.cost:.0f}",
                _or_dash(why.peer_cost),
                f"{CATEGORIES.index(why.category) + 1}. {why.evidence}",
            ]
        )
    head = ["pair", "from → to (lat,lon)", "km", peer.name, "Siaga: own", "Siaga: theirs", "peer: own", "peer: Siaga's", "why"]
    return "\n".join([*(f"{number}. {name}" for number, name in enumerate(CATEGORIES, 1)), "", _markdown(head, rows)])


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))
