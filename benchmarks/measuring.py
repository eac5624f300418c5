"""A run on one case: everybody prepared, one after the other, then asked the same in turn."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants import SIAGA, Case, Contestant, Proof, Question
from benchmarks.environment import PeersMissing
from benchmarks.processes import Worker, WorkerError

QUERIES = ("route", "path", "places 1→500", "1→500", "pinned", "places 200×200", "200×200")
CHANGES = ("customise", "close", "close for all")
"""Asked after all queries: OSRM rewrites its files for them."""

ROW_SECONDS = 60.0
"""A contestant that has spent so much on a row is not asked again."""

LEAST_FREE_MB = 3_000
Say = Callable[[str], None]


@dataclass(slots=True)
class Results:
    """What was measured on a case.

    Attributes:
        case: it. size: junctions, states, turns, upward_arcs.
        seconds: by row, by contestant, each repetition; the last ones of `warm` are without the first round.
        megabytes: by row ("prepare", "serve"), by contestant.
        reasons: by row, by contestant, why there is no figure.
        compared, different: exact answers that were compared with RoutingKit's, and those that differ.
    """

    case: Case
    size: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    megabytes: dict[str, dict[str, float]] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    different: dict[str, int] = field(default_factory=dict)

    def note(self, row: str, name: str, seconds: Sequence[float]) -> None:
        """Keeps what was measured."""
        self.seconds.setdefault(row, {}).setdefault(name, []).extend(seconds)

    def excuse(self, row: str, name: str, reason: str) -> None:
        """Keeps why nothing more was measured."""
        self.reasons.setdefault(row, {})[name] = reason


def measure(
    case: Case, peers: Sequence[Contestant], *, repetitions: int, pairs: int, seed: int, limit: float, reuse: bool, say: Say,
    results: Results,
) -> None:  # fmt: skip
    """Prepares and asks everybody; what is known so far is always in `results`.

    Args:
        case: what on. peers: beside Siaga.
        repetitions: rounds after the one that warms up.
        pairs: routes and paths a round.
        seed: of the questions.
        limit: seconds that each contestant gets for preparing, and again for all its answers.
        reuse: take what an earlier run prepared from the same extract.
        say: told what is under way.

    Raises:
        WorkerError: Siaga itself failed.
    """
    case.folder.mkdir(parents=True, exist_ok=True)
    _prepare(SIAGA, case, limit, reuse, say, results)
    with SIAGA.start(limit) as worker:
        opened = worker.call("open", folder=str(case.folder))
        results.size = {name: value for name, value in opened.items() if name != "seconds"}
        worker.call("write_inputs", seed=seed, repetitions=repetitions + 1, pairs=pairs)
    questions = json.loads((case.folder / "questions.json").read_text(encoding="utf-8"))
    running: dict[str, _Turn] = {}
    ready = [SIAGA]
    for peer in peers:
        try:
            _prepare(peer, case, limit, reuse, say, results)
            ready.append(peer)
        except (WorkerError, PeersMissing) as error:
            _give_up(peer, str(error), results, say)
    with contextlib.ExitStack() as stack:
        for contestant in ready:
            try:
                say(f"{case.title}: opening {contestant.title}")
                running[contestant.name] = turn = _Turn(contestant, case, limit, results)
                stack.callback(turn.end)
                turn.open()
            except (WorkerError, PeersMissing) as error:
                running.pop(contestant.name, None)
                if contestant is SIAGA:
                    raise
                _give_up(contestant, str(error), results, say)
        for rows in (QUERIES, CHANGES):
            for number, question in enumerate(questions):
                say(f"{case.title}: {'queries' if rows is QUERIES else 'changes'}, round {number} of {repetitions}")
                for row in rows:
                    turns = list(running.values())
                    random.Random(f"{row} {number}").shuffle(turns)
                    _compare(row, [(turn.contestant.name, turn.take(row, question, number)) for turn in turns], results)


def _prepare(contestant: Contestant, case: Case, limit: float, reuse: bool, say: Say, results: Results) -> None:
    if contestant.prepare is None:
        return
    own = case.own(contestant.name)
    stamp, wanted = own / "prepared-from", _digest(case)
    if reuse and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        for row in ("ready", "graph", "prepare MB"):
            results.excuse(row, contestant.name, "prepared earlier")
        return
    say(f"{case.title}: preparing {contestant.title}")
    shutil.rmtree(own, ignore_errors=True)
    if contestant is SIAGA:
        shutil.rmtree(case.folder / "regions", ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    worker = contestant.start(limit)
    try:
        for row, seconds in contestant.prepare(worker, case).items():
            results.note(row, contestant.name, [seconds])
        results.megabytes.setdefault("prepare MB", {})[contestant.name] = worker.finish()
    finally:
        worker.close()
    stamp.write_text(wanted, encoding="ascii")


def _digest(case: Case) -> str:
    with case.pbf.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _give_up(contestant: Contestant, reason: str, results: Results, say: Say) -> None:
    say(f"{contestant.title}: {reason}")
    for row in ("ready", "graph", "open", "serve MB", *contestant.asks):
        results.excuse(row, contestant.name, reason)


class _Turn:
    """A contestant that is being asked."""

    def __init__(self, contestant: Contestant, case: Case, limit: float, results: Results) -> None:
        self.contestant, self._case, self._results = contestant, case, results
        self._until = limit
        self._spent: dict[str, float] = {}
        self._banned = {row for row in contestant.asks if contestant.name in results.seconds.get(row, {})}  # measured already
        self._worker: Worker | None = None

    def open(self) -> None:
        free = _free_mb()
        if free < LEAST_FREE_MB:
            raise WorkerError(f"only {free:,.0f} MB of memory are left", fatal=True)
        self._worker = self.contestant.start(self._until)
        for row, seconds in self.contestant.open(self._worker, self._case).items():
            self._results.note(row, self.contestant.name, [seconds])

    def take(self, row: str, question: Question, number: int) -> Proof | None:
        """One round of a row. The first round warms up: it counts only for those who are too slow for another."""
        name, ask = self.contestant.name, self.contestant.asks.get(row)
        if ask is None or row in self._banned or self._spent.get(row, 0.0) > ROW_SECONDS:
            return None
        start = time.perf_counter()
        try:
            if self._worker is None:
                self.open()
            assert self._worker is not None
            seconds, proof = ask(self._worker, question)
        except (WorkerError, PeersMissing) as error:
            self._banned.add(row)
            self._results.excuse(row, name, str(error))
            if isinstance(error, PeersMissing) or error.fatal:
                self._until -= self._worker.used if self._worker is not None else 0.0
                self._worker = None
                if self._until <= 0:
                    self._banned |= self.contestant.asks.keys()
            return None
        finally:
            self._spent[row] = self._spent.get(row, 0.0) + time.perf_counter() - start
        if number == 1:
            self._results.seconds.get(row, {}).pop(name, None)
        self._results.note(row, name, seconds)
        return proof

    def end(self) -> None:
        if self._worker is not None:
            peak = self._worker.peak_mb()
            if peak:
                self._results.megabytes.setdefault("serve MB", {})[self.contestant.name] = peak
            self._worker.close()


def _compare(row: str, answers: list[tuple[str, Proof | None]], results: Results) -> None:
    """Holds Siaga's exact answers against RoutingKit's."""
    proofs = {name: proof for name, proof in answers if proof is not None}
    mine, theirs = proofs.get("siaga"), proofs.get("routingkit-cch")
    if mine is None or theirs is None:
        return
    results.compared[row] = results.compared.get(row, 0) + len(mine)
    wrong = sum(a != b for a, b in zip(mine, theirs, strict=True))
    results.different[row] = results.different.get(row, 0) + wrong


def _free_mb() -> float:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("inf")
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:")), float("inf"))
