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
    """A peer's routes beside Siaga's for the same pairs.

    `control`: Siaga's at OSRM's speeds; `asked`: how many pairs, also those that the peer found no way for.
    """

    name: str
    routes: Sequence[Route]
    control: Sequence[Route]
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
    head = ["", *(f"{peer.name} / Siaga" for peer in peers), *(f"{peer.name} / Siaga at OSRM's speeds" for peer in peers)]
    columns = [
        *(_column(peer, peer.routes) for peer in peers),
        *(_column(peer, peer.control) for peer in peers),
    ]  # fmt: skip
    return _markdown(head, [[name, *(column[name] for column in columns)] for name in columns[0]])


def _column(peer: Compared, routes: Sequence[Route]) -> dict[str, str]:
    theirs, own = np.array([one.distance_m for one in peer.found]), np.array([route.distance_m for route in routes])
    length = theirs / own
    time = np.array([one.duration_s / route.duration_ms * 1000 for one, route in zip(peer.found, routes, strict=True)])
    return {
        "pairs without a way": str(peer.asked - len(peer.found)),
        "length: median ratio": f"{np.median(length):.3f}",
        "length: ratio of the sums": f"{theirs.sum() / own.sum():.3f}",
        "length within 5 %": f"{(abs(length - 1) <= 0.05).mean():.1%}",
        "length within 10 %": f"{(abs(length - 1) <= NOTABLE).mean():.1%}",
        "shorter by more than 10 %": f"{(length < 1 - NOTABLE).mean():.1%}",
        "longer by more than 10 %": f"{(length > 1 + NOTABLE).mean():.1%}",
        "time: mean ratio": f"{time.mean():.2f}",
        "time: 5th to 95th percentile": "{:.2f} to {:.2f}".format(*np.percentile(time, [5, 95])),
    }


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
