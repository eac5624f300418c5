"""Who takes part: how each is prepared, opened and asked, in terms of the workers in `peers/`."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import BENCHMARKS, peers_python
from benchmarks.processes import Worker

Question = Mapping[str, Any]
Seconds = list[float]
Proof = list[Any]
"""What must be the same for those who answer the same question exactly."""

Asked = tuple[Seconds, Proof | None]
Ask = Callable[[Worker, Question], Asked]


CONTRACTED_ONCE_SECONDS = 60.0
"""If OSRM contracts for longer than this, it does so once."""


@dataclass(frozen=True, slots=True)
class Case:
    """A region to be measured on: `folder` holds everything that is made of its extract."""

    name: str
    title: str
    pbf: Path
    folder: Path

    def own(self, contestant: str) -> Path:
        """The folder of one contestant."""
        return self.folder / contestant


@dataclass(frozen=True, slots=True)
class Contestant:
    """One column of the table.

    Attributes:
        name, title: how it is called by `--only` and in the table.
        script: its worker. package: the distribution whose version is shown.
        separate: it lives in the peers' environment.
        prepare: calls that prepare it; gives seconds by row. None: nothing is kept, opening does it all.
        open: calls that open it; gives seconds by row.
        asks: how each row is asked.
    """

    name: str
    title: str
    script: str
    package: str
    separate: bool
    prepare: Callable[[Worker, Case], dict[str, float]] | None
    open: Callable[[Worker, Case], dict[str, float]]
    asks: Mapping[str, Ask]

    def start(self, seconds: float) -> Worker:
        """Its worker, given so much time.

        Raises:
            PeersMissing: its environment can't be made here.
        """
        python = str(peers_python()) if self.separate else sys.executable
        return Worker([python, str(BENCHMARKS / "peers" / f"{self.script}_worker.py")], seconds=seconds)

    def version(self) -> str:
        """Of its package, "" if that can't be told."""
        if not self.separate:
            return importlib.metadata.version(self.package)
        ask = f"import importlib.metadata as m; print(m.version({self.package!r}))"
        try:
            return subprocess.run([str(peers_python()), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        except (RuntimeError, OSError, subprocess.SubprocessError):
            return ""


def _points(question: Question, what: str) -> tuple[list[Any], list[Any]]:
    return question[what][0]["points"], question[what][1]["points"]


def _ask(call: str, arguments: Callable[[Question], dict[str, Any]], proof: str | None = None) -> Ask:
    def asked(worker: Worker, question: Question) -> Asked:
        answer = worker.call(call, **arguments(question))
        seconds = answer["seconds"]
        found = None if proof is None else answer[proof]
        every = found if found is None or isinstance(found, list) else [found]
        return seconds if isinstance(seconds, list) else [seconds], every

    return asked


def _pairs(question: Question, what: str) -> list[list[Any]]:
    return [list(pair) for pair in zip(question["pairs"][0][what], question["pairs"][1][what], strict=True)]


def _sets(what: str, terms: str) -> Callable[[Question], dict[str, Any]]:
    return lambda question: {"sources": question[what][0][terms], "targets": question[what][1][terms]}


def _from_one(terms: str) -> Callable[[Question], dict[str, Any]]:
    return lambda question: {"source": question["one_to_many"][0][terms][0], "targets": question["one_to_many"][1][terms]}


BETWEEN_PLACES: dict[str, Ask] = {
    "route": _ask("routes", lambda question: {"pairs": _pairs(question, "points")}),
    "places 1→500": _ask("table", _sets("one_to_many", "points")),
    "places 200×200": _ask("table", _sets("table", "points")),
}


def _bare(terms: str, exact: bool) -> dict[str, Ask]:
    proof = "distances" if exact else None
    return {
        "path": _ask("paths", lambda question: {"pairs": _pairs(question, terms)}, proof),
        "1→500": _ask("one_to_many", _from_one(terms), proof),
        "200×200": _ask("many_to_many", _sets("table", terms), "sum" if exact else None),
    }


def _siaga_update(worker: Worker, question: Question) -> Asked:
    seconds = worker.call("update", arcs=question["closure"]["arcs"])["seconds"]
    return [seconds], worker.call("one_to_many", closed=True, **_from_one("states")(question))["distances"]


def _routingkit_update(worker: Worker, question: Question) -> Asked:
    then = list(_from_one("states")(question).values())
    answer = worker.call("update", arcs=question["closure"]["arcs"], then=then)
    return [answer["seconds"]], answer["distances"]


def _siaga_prepare(worker: Worker, case: Case) -> dict[str, float]:
    steps = worker.call("prepare", pbf=str(case.pbf), folder=str(case.folder))
    return {"ready": steps["ready"], "graph": steps["order"] + steps["hierarchy"], **{f"· {k}": v for k, v in steps.items()}}


def _osrm(algorithm: str) -> Contestant:
    name = f"osrm-{algorithm.lower()}"

    def prepare(worker: Worker, case: Case) -> dict[str, float]:
        folder = str(case.own(name))
        steps = worker.call("prepare", pbf=str(case.pbf), folder=folder, algorithms=[algorithm])
        load = worker.call("open", folder=folder, algorithm=algorithm)["seconds"]
        anew = {}
        if algorithm == "CH":  # whatever has changed, it contracts again; if that takes minutes, this time stands for all
            rows = ("customise", "close") if steps["contract"] > CONTRACTED_ONCE_SECONDS else ("customise",)
            anew = dict.fromkeys(rows, steps["contract"] + load)
        return {"ready": sum(steps.values()) + load, **anew}

    def close(pairs: Callable[[Question], list[Any]]) -> Ask:
        def asked(worker: Worker, question: Question) -> Asked:
            return [sum(worker.call("close", pairs=pairs(question)).values())], None

        return asked

    return Contestant(
        name=name,
        title=f"OSRM {algorithm}",
        script="osrm",
        package="osrm-bindings",
        separate=True,
        prepare=prepare,
        open=lambda worker, case: {"open": worker.call("open", folder=str(case.own(name)), algorithm=algorithm)["seconds"]},
        asks={
            **BETWEEN_PLACES,
            **({"customise": close(lambda _question: [])} if algorithm == "MLD" else {}),
            "close": close(lambda question: question["closure"]["nodes"]),
        },
    )


def _valhalla_prepare(worker: Worker, case: Case) -> dict[str, float]:
    folder = str(case.own("valhalla"))
    steps = worker.call("prepare", pbf=str(case.pbf), folder=folder)
    return {"ready": sum(steps.values()) + worker.call("open", folder=folder)["seconds"]}


SIAGA = Contestant(
    name="siaga",
    title="Siaga",
    script="siaga",
    package="siaga",
    separate=False,
    prepare=_siaga_prepare,
    open=lambda worker, case: worker.call("open", folder=str(case.folder))["seconds"],
    asks={
        **BETWEEN_PLACES,
        **_bare("states", exact=True),
        "pinned": _ask("pinned", _from_one("states")),
        "customise": _ask("customise", lambda question: {"weights": question["weights"]}),
        "close": _siaga_update,
        "close for all": _ask("close", lambda question: {"segments": question["closure"]["segments"]}),
    },
)

PEERS = (
    Contestant(
        name="routingkit-cch",
        title="RoutingKit",
        script="routingkit",
        package="routingkit-cch",
        separate=False,
        prepare=lambda worker, case: {
            "graph": sum(worker.call("prepare", folder=str(case.folder), own=str(case.own("routingkit-cch"))).values())
        },
        open=lambda worker, case: worker.call("open", folder=str(case.folder), own=str(case.own("routingkit-cch"))) and {},
        asks={
            **_bare("states", exact=True),
            "pinned": _ask("pinned", _from_one("states")),
            "customise": _ask("customise", lambda question: {"weights": question["weights"]}),
            "close": _routingkit_update,
        },
    ),
    _osrm("CH"),
    _osrm("MLD"),
    Contestant(
        name="valhalla",
        title="Valhalla",
        script="valhalla",
        package="pyvalhalla",
        separate=True,
        prepare=_valhalla_prepare,
        open=lambda worker, case: {"open": worker.call("open", folder=str(case.own("valhalla")))["seconds"]},
        asks=BETWEEN_PLACES,
    ),
    Contestant(
        name="pandana",
        title="pandana",
        script="pandana",
        package="pandana",
        separate=True,
        prepare=None,
        open=lambda worker, case: dict.fromkeys(
            ("graph", "customise", "close"), worker.call("open", folder=str(case.folder))["seconds"]
        ),
        asks=_bare("junctions", exact=False),
    ),
    Contestant(
        name="networkx",
        title="networkx",
        script="networkx",
        package="networkx",
        separate=False,
        prepare=None,
        open=lambda worker, case: worker.call("open", folder=str(case.folder)) and {},
        asks=_bare("junctions", exact=False),
    ),
)
