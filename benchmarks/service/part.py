"""The service's part of `make bench`: `siaga serve` on DKI Jakarta, asked over HTTP, beside its own functions in-process."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import CACHE
from benchmarks.pace import pace
from benchmarks.processes import Worker, WorkerError
from benchmarks.service import region
from benchmarks.service.fixing import fix_rows
from benchmarks.service.opening import open_cases
from benchmarks.service.recommending import TITLE, Recommendations
from benchmarks.service.region import Ground, Place
from benchmarks.service.rows import ServiceResults
from benchmarks.service.served import Cores, Served, held_to

INSIDE_SECONDS = 1_200.0
FILES = 8_192
"""That each process may have open: a connection is one."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is asked: cases, rounds of each of them, rounds of throughput and seconds of each, seconds of fixes."""

    cases: int = 120
    rounds: int = 8
    bursts: int = 10
    burst_seconds: float = 2.0
    fix_seconds: float = 30.0


QUICK = Amounts(cases=20, rounds=2, bursts=2, burst_seconds=1.0, fix_seconds=5.0)


def measure_service(results: ServiceResults, amounts: Amounts, seed: int, say: Say) -> None:
    """Measures all of it; what is known so far is always in `results`."""
    cores = Cores.of_this_machine()
    if cores is None:
        results.where = "the live service"
        results.excuse("everything", "needs Linux, and two cores: one for the service and its store, one for whoever asks")
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES if most == resource.RLIM_INFINITY else min(FILES, most), most))
    CACHE.mkdir(parents=True, exist_ok=True)
    # On the disk of the checkout, not in /tmp, which may be memory: there nothing would be durable.
    with tempfile.TemporaryDirectory(prefix="service-", dir=CACHE) as name:
        data = Path(name)
        say("the live service: building its region")
        ground = region.build(data, seed)
        results.where = ground.title
        try:
            with Served(data, cores.service) as served, held_to(cores.client):
                _measure(served, ground, data, cores, results, amounts, seed, say)
        except (WorkerError, OSError) as error:
            results.failed = True
            results.excuse("the rest", f"{error or type(error).__name__}")
            say(f"the live service: {error}")


def _measure(
    served: Served, ground: Ground, data: Path, cores: Cores, results: ServiceResults, amounts: Amounts, seed: int, say: Say
) -> None:
    rng = random.Random(seed)
    with _inside(served, data, cores) as inside:
        with _part("opening cases", cores, results, say):
            cases = open_cases(served, inside, ground, data, results, amounts.cases, rng.randrange(1 << 30))
        asked = Recommendations(served, inside, ground, cases, results, rng.randrange(1 << 30))
        if ground.jakarta:
            inside.call("follow", cases=cases)
            with _part("recommendations, one by one", cores, results, say):
                asked.one_by_one(amounts.rounds)
            with _part("recommendations, as many as it can", cores, results, say):
                asked.throughput(amounts.bursts, amounts.burst_seconds)
        else:
            results.excuse(TITLE, f"needs {region.EXTRACT.name} and {region.REGISTER.name} in ../shared")
        known: dict[str, Place] = dict(asked.vehicles)
        inside.call("place", vehicles=known)
    with _part("fixes", cores, results, say):
        results.rows += fix_rows(served, ground, known, cases, amounts.fix_seconds, rng.randrange(1 << 30))


@contextmanager
def _inside(served: Served, data: Path, cores: Cores) -> Iterator[Worker]:
    """The process that calls the service's functions, on the service's core: one of the two rests while the other works."""
    with held_to(cores.service):
        worker = Worker([sys.executable, "-m", "benchmarks.service.inside"], seconds=INSIDE_SECONDS)
    with worker:
        worker.call("open", data=str(data), token=served.token)
        yield worker


@contextmanager
def _part(what: str, cores: Cores, results: ServiceResults, say: Say) -> Iterator[None]:
    say(f"the live service: {what}")
    for before in (True, False):
        with held_to(cores.service):
            results.paces.append(pace())
        if before:
            yield
