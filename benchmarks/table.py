"""Results as one table of ratios, and what they say about what must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.contestants import Contestant
from benchmarks.measuring import Results

TITLES = {
    "ready": "from the .osm.pbf to ready to answer (a)",
    "open": "open what was prepared, in a new process",
    "read ahead": "and read ahead what questions touch (f)",
    "graph": "order and contract the query graph (b)",
    "customise": "customise: every weight new, one profile (c)",
    "close": "100 closed segments in one area, one profile (c)",
    "close for all": "100 closed segments, all motor profiles and snapping",
    "route": "one route with geometry, between places (d)",
    "places 1→500": "1→500 between places (d)",
    "places 200×200": "200×200 between places (d)",
    "path": "one path, node to node",
    "1→500": "1→500, node to node",
    "pinned": "1→500, the targets prepared beforehand",
    "200×200": "200×200, node to node (e)",
    "prepare MB": "most memory, preparing",
    "serve MB": "most memory, answering",
    "recommend": "recommendation, 50 vehicles × 200 facilities (g)",
    "recommend slow": "the same, in bursts during which the machine was slowed down (h)",
    "recommend idle": "the same, the first five after two idle seconds, all bursts",
    "recommend told": "the same as (g), every reason put into words, as JSON",
    "imports": "imports for serving",
}
BETWEEN_PLACES = ("route", "places 1→500", "places 200×200")
BARE_QUERIES = ("path", "1→500", "pinned", "200×200")

NOTES = """\
Medians; every repetition asks something new, and everybody the same. A ratio of 5 means five times Siaga's time or memory.
"–": has no such operation.

- (a) Siaga: all motor profiles and walking, facilities, demand, address search, written to disk, checked and opened. OSRM and
  Valhalla: one graph for cars, opened.
- (b) RoutingKit gets Siaga's query graph (a node per directed segment, an arc per turn) and finds its own order. pandana and
  networkx get a smaller one: a node per junction, without turns and restrictions.
- (c) Siaga and RoutingKit: until the new metric can be asked; Siaga's old one stays valid, RoutingKit's is changed. OSRM MLD:
  its tool (with a speed file), and opening the result; OSRM CH the same by contracting anew; pandana by making its network
  anew. Where that is what preparing does, the figure is from there. Valhalla makes its tiles once; a request can avoid areas.
- (d) Coordinates in, snapping included. Siaga's route also finds the way on foot at both ends.
- (e) RoutingKit: 200 times 1→200, as it has no table. networkx: 2 of the 200 sources measured, times 100.
- (f) Siaga maps its files and can answer at once; a service reads them ahead, so that its first answers are as quick as the
  later ones. What isn't in memory any more comes from the disk here. The others read theirs when they open them.
- (g) After 30 others: the processor forgets in two idle seconds what it had at hand, see the row on these.
- (h) Machines that are shared are slow by half for seconds at a time. A fixed loop of Python tells: where it took over 1.15
  times its shortest time before or after a burst, the burst is in this row, and not in (g).
- Siaga's tables use all cores, the others answer a request on one. Memory is the largest resident set of one process, mapped
  files included. A recommendation is everything from the call to ranked pairs, what each vehicle uncovers and every reason; 50
  new vehicles and a new patient each time."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that must hold: in words, what was measured, and whether it does."""

    words: str
    found: str
    holds: bool


def figure(seconds: float) -> str:
    """A duration in ms or s with three digits."""
    if seconds >= 10:
        return f"{seconds:,.1f} s" if seconds < 100 else f"{seconds:,.0f} s"
    ms = seconds * 1000
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.3g} ms"


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"


class Table:
    """The rows of all cases, with footnotes for what was not measured."""

    def __init__(self, siaga: Contestant, peers: Sequence[Contestant]) -> None:
        self._siaga, self._peers = siaga, peers
        self._reasons: list[str] = []
        self.rows: list[list[str]] = [["", siaga.title, *(peer.title for peer in peers)]]

    def add(self, results: Results) -> None:
        """Adds what was measured on a case."""
        size = results.size
        about = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in size.items())
        self.rows.append([f"**{results.case.title}**" + (f" ({about})" if about else ""), *("" for _ in self.rows[0][1:])])
        for row, title in TITLES.items():
            values = results.megabytes.get(row) if row.endswith(" MB") else _medians(results.seconds.get(row, {}))
            values = values or {}
            own = values.get("siaga")
            cells = [title, self._own(results, row, own)]
            for peer in self._peers:
                value = values.get(peer.name)
                if value is not None:
                    cells.append(_ratio(value / own) if own else self._figure(row, value))
                else:
                    cells.append(self._reason(results, row, peer.name))
            if any(cell not in ("–", "") for cell in cells[1:]):
                self.rows.append(cells)
        steps = {row[2:]: values for row, values in results.seconds.items() if row.startswith("· ") and row != "· ready"}
        if steps:
            parts = ", ".join(f"{step} {figure(median(values['siaga']))}" for step, values in steps.items())
            self.rows.append([f"· Siaga's steps to ready: {parts}", *("" for _ in self.rows[0][1:])])

    def _own(self, results: Results, row: str, own: float | None) -> str:
        if own is None:
            return self._reason(results, row, "siaga")
        several = results.seconds.get(row, {}).get("siaga", [])
        if row.startswith("recommend") and len(several) > 20:
            share = ""
            if row == "recommend slow":
                at_full_pace = results.seconds.get("recommend", {}).get("siaga", [])
                share = f", {len(several) / (len(several) + len(at_full_pace)):.0%} of all"
            return f"{figure(own)} (p95 {figure(p95(several))}{share})"
        return self._figure(row, own)

    def _figure(self, row: str, value: float) -> str:
        return f"{value:,.0f} MB" if row.endswith(" MB") else figure(value)

    def _reason(self, results: Results, row: str, name: str) -> str:
        reason = results.reasons.get(row, {}).get(name)
        if reason is None:
            return "–"
        if reason not in self._reasons:
            self._reasons.append(reason)
        return f"[{self._reasons.index(reason) + 1}]"

    @property
    def footnotes(self) -> list[str]:
        """Why something was not measured."""
        return [f"[{number}] not measured: {reason}" for number, reason in enumerate(self._reasons, start=1)]

    def text(self) -> str:
        """For the terminal."""
        rows = [[cell.replace("**", "") for cell in row] for row in self.rows]
        narrow = [row for row in rows if any(row[1:])]
        widths = [max(len(row[column]) for row in narrow) for column in range(len(rows[0]))]
        lines = []
        for row in rows:
            if any(row[1:]):
                rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
                lines.append("  ".join([row[0].ljust(widths[0]), *rest]))
            else:
                lines += ([""] if not row[0].startswith("·") else []) + [row[0]]
        return "\n".join([*lines, "", *self.footnotes])

    def markdown(self) -> str:
        """For a file."""
        head, *rest = self.rows
        lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in rest]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.footnotes)])


def _medians(measured: dict[str, list[float]]) -> dict[str, float]:
    return {name: median(seconds) for name, seconds in measured.items() if seconds}


def p95(seconds: Sequence[float]) -> float:
    """The time that 95 of 100 stay below."""
    return quantiles(seconds, n=20)[-1]


def goals(results: Results) -> list[Goal]:
    """What must hold of a case, as far as it was measured."""
    found: list[Goal] = []
    middle = {row: _medians(measured) for row, measured in results.seconds.items()}
    where = results.case.title

    def ahead(row: str, names: Sequence[str], least: float) -> None:
        mine = middle.get(row, {}).get("siaga")
        theirs = {name: middle[row][name] for name in names if name in middle.get(row, {})}
        if mine and theirs:
            ratio = min(theirs.values()) / mine
            words = f"{where}: {TITLES[row]}: OSRM and Valhalla take at least {least:g} times as long"
            found.append(Goal(words, f"{ratio:.1f}", ratio >= least))

    for row in BETWEEN_PLACES:
        ahead(row, ("osrm-ch", "osrm-mld", "valhalla"), 1.0 if row == "route" else 5.0)
    for row in BARE_QUERIES:
        mine, theirs = (middle.get(row, {}).get(name) for name in ("siaga", "routingkit-cch"))
        if mine and theirs:
            found.append(
                Goal(f"{where}: {TITLES[row]}: within 1.5 of RoutingKit", f"{mine / theirs:.2f}", mine / theirs <= 1.5)
            )
    for row, least, words in (
        ("ready", 60.0, "from the .osm.pbf to ready in under 60 s"),
        ("open", 1.0, "opened in under 1 s"),
        ("close for all", 0.3, "100 closures for all profiles in under 0.3 s"),
        ("recommend", 0.005, "a recommendation in under 5 ms"),
        ("imports", 1.5, "imports for serving in under 1.5 s"),
    ):
        mine = middle.get(row, {}).get("siaga")
        if mine is not None and (row != "ready" or "invented" not in where):
            found.append(Goal(f"{where}: {words}", figure(mine), mine < least))
    for row, count in results.compared.items():
        wrong = results.different[row]
        words = f"{where}: {TITLES[row]}: the answers are RoutingKit's"
        found.append(Goal(words, f"{count - wrong:,} of {count:,}", wrong == 0))
    return found
