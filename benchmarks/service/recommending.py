"""What HTTP adds to a recommendation, and how much of the throughput it leaves, on the same random calls in turn."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks.processes import Worker
from benchmarks.service.client import Caller, Rate, as_fast_as_it_goes, request, run
from benchmarks.service.region import FACILITIES, NAME, VEHICLES, Ground
from benchmarks.service.rows import Row, ServiceResults, between, difference, duration, rate
from benchmarks.service.served import Served
from benchmarks.table import figure

MOST_ADDED_SECONDS = 0.003
LEAST_OF_THROUGHPUT = 0.5
PAUSE_SECONDS = 1.0
WARMING_UP = 10
COMPARED_A_ROUND = 10
TRIES = 3
TOGETHER = 8
TITLE = f"recommendation, {VEHICLES} vehicles × {FACILITIES} facilities"


class Recommendations:
    """The same calls, asked over HTTP and in-process.

    Args:
        served: the service. inside: the process beside it. ground: where vehicles can be.
        cases: open ones.
        results: what comes of it.
        seed: of places and orders.
    """

    def __init__(
        self, served: Served, inside: Worker, ground: Ground, cases: Sequence[str], results: ServiceResults, seed: int
    ) -> None:
        self._served, self._inside, self._ground, self._cases, self._results = served, inside, ground, list(cases), results
        self._rng = random.Random(seed)
        self._constant = request(served, "GET", "/healthz", token=False)
        self._asked = {case: request(served, "GET", f"/v1/regions/{NAME}/cases/{case}/recommendation") for case in cases}
        self.vehicles = {f"V{number:02d}": ground.spot(self._rng) for number in range(1, VEHICLES + 1)}

    def _elsewhere(self) -> None:
        """Every vehicle somewhere else."""
        for name in self.vehicles:
            self.vehicles[name] = self._ground.spot(self._rng)
        self._inside.call("place", vehicles=self.vehicles)

    # -- one after the other ------------------------------------------------------------------------------------------------

    def one_by_one(self, rounds: int) -> None:
        """How long one takes: each case both ways in each round, in different orders, so that none is asked twice in a row."""
        caller = Caller(self._served)
        took: dict[str, list[float]] = {name: [] for name in ("http", "inside", "decision", "nothing")}
        try:
            for _ in range(rounds):
                self._elsewhere()
                time.sleep(PAUSE_SECONDS)
                found = self._round(caller)
                for name, by_case in found.items():
                    took[name] += [by_case[case] for case in self._cases]
                for case in self._rng.sample(self._cases, min(COMPARED_A_ROUND, len(self._cases))):
                    self._compare(caller, case)
        finally:
            caller.close()
        http, inside = took["http"], took["inside"]
        low, added, high = difference(http, inside)
        whole = median(inside)
        self._results.rows += [
            duration(f"{TITLE}, in-process (b)", inside),
            duration("of which deciding, words and JSON, the facts at hand", took["decision"]),
            duration(f"{TITLE}, over HTTP", http, f"{median(http) / whole:.2f} × in-process"),
            Row("what HTTP adds (c)", figure(added), f"{figure(low)} to {figure(high)}", f"{added / whole:.2f} × in-process",
                "at most 3 ms", added <= MOST_ADDED_SECONDS),
            duration("a constant over HTTP (GET /healthz) meanwhile", took["nothing"],
                     f"{median(took['nothing']) / whole:.2f} × in-process"),
        ]  # fmt: skip

    def _round(self, caller: Caller) -> dict[str, dict[str, float]]:
        """Seconds of every case each way."""
        ways: dict[str, Callable[[str], float]] = {
            "http": lambda case: caller.timed(self._asked[case])[0],
            "inside": lambda case: float(self._inside.call("recommend", case=case)),
            "decision": lambda case: float(self._inside.call("decide", case=case)),
            "nothing": lambda _case: caller.timed(self._constant)[0],
        }
        orders = {name: self._rng.sample(self._cases, len(self._cases)) for name in ways}
        found: dict[str, dict[str, float]] = {name: {} for name in ways}
        for number in range(-WARMING_UP, len(self._cases)):
            names = self._rng.sample(list(ways), len(ways))
            for name in names:
                case = orders[name][number]
                found[name][case] = ways[name](case)  # what was asked to warm up is asked once more
        return found

    def _compare(self, caller: Caller, case: str) -> None:
        """Whether both answer the same at the same moment; the number of the state of the roads is each process's own."""
        same, told = False, dict[str, Any]()
        for _ in range(TRIES):  # between the two a clock may ring, or the case go on
            told = caller.ask(self._asked[case]).told()
            mine = json.loads(self._inside.call("answer", case=case, at=told["asked"]["time"]))
            for one in (told, mine):
                del one["made_with"]["road_state"], one["made_with"]["metrics"]
            same = told == mine and list(told) == list(mine)
            if same:
                break
        self._results.compared += 1
        self._results.served += bool(told.get("options"))
        self._results.different += not same

    # -- as many as it can --------------------------------------------------------------------------------------------------

    def throughput(self, rounds: int, seconds: float) -> None:
        """How many a second, each on the service's core alone and so many at once."""
        inside: list[float] = []
        http: list[Rate] = []
        nothing: list[Rate] = []
        for _ in range(rounds):
            self._elsewhere()
            asked = [self._asked[case] for case in self._rng.sample(self._cases, len(self._cases))]
            for step in self._rng.sample(range(3), 3):
                if step == 0:
                    inside.append(
                        self._inside.call("as_fast_as_it_goes", cases=self._cases, together=TOGETHER, seconds=seconds)
                    )
                elif step == 1:
                    http.append(run(partial(as_fast_as_it_goes, self._served, asked, TOGETHER, seconds)))
                else:
                    nothing.append(run(partial(as_fast_as_it_goes, self._served, [self._constant], TOGETHER, seconds)))
        ratios = [over.a_second / alone for over, alone in zip(http, inside, strict=True)]
        ratio = median(ratios)
        self._results.rows += [
            Row("recommendations a second in-process, one core (d)", rate(inside), between(inside, ",.0f")),
            Row("over HTTP, one core", rate([one.a_second for one in http]), between([one.a_second for one in http], ",.0f"),
                f"{ratio:.2f} ({between(ratios, '.2f')}) × in-process", "at least 0.5", ratio >= LEAST_OF_THROUGHPUT),
            Row("a constant over HTTP (GET /healthz), one core", rate([one.a_second for one in nothing]),
                between([one.a_second for one in nothing], ",.0f"),
                f"{median([one.a_second for one in nothing]) / median(inside):.1f} × in-process"),
            Row("the client's own core meanwhile: recommendations, constant", f"{median([one.busy for one in http]):.2f} used",
                f"constant: {median([one.busy for one in nothing]):.2f} used"),
        ]  # fmt: skip
