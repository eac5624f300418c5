"""A service of three regions on a cluster of three nodes: a node that is lost, or hangs, stops its own region only, until it
is back."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2
import pytest

from api.access.records import ACCESS_REGION
from dispatch.store import StoreError, open_store
from dispatch.store.connect import NOTICED_SECONDS
from dispatch.store.keys import Keys
from tests.crash.checks import check
from tests.crash.clients import finish_all, fleet
from tests.crash.desks import Desk, Heard
from tests.crash.processes import Siaga
from tests.dispatch.store.test_cluster import SLOTS, cluster, knows
from tests.stores import OutsideServer, Run, until

REGIONS = ("kota", "gunung", "pesisir")
"""The first, second and third node's; the third also has who may do what."""

AT_ONCE_SECONDS = 2.0
ORDINARY_SECONDS = 1.0
"""More than anything takes while all is well, on two cores that others use too; less than waiting for a node once."""

LATE_SECONDS = 2.0
ACKNOWLEDGE_SECONDS = 1.5
PAUSE_SECONDS = 0.03
"""After each request: people are busy, but leave the computer to the others."""

VEHICLES = 16
RESTING = 8
KEPT = {"Idempotency-Key": "kept-for-later"}
FIRST_CHOICE = {"first_choice": True}
MakeSiaga = Callable[..., Siaga]
Spots = Sequence[tuple[float, float]]


def node_of(region: str) -> int:
    """Which of the cluster's nodes has a region."""
    return next(number for number, (first, last) in enumerate(SLOTS) if first <= Keys(region).slot <= last)


@pytest.fixture
def data(tmp_path: Path, regions: Path) -> Path:
    """A data folder with the town under three names, each with a clock that rings soon."""
    folder = tmp_path / "data"
    for name in ("regions", "settings"):
        (folder / name).mkdir(parents=True)
    for name in REGIONS:
        (folder / "regions" / name).symlink_to(regions / "kota", target_is_directory=True)
        clock = f"acknowledge = {{ first = {ACKNOWLEDGE_SECONDS}, again = 600 }}"
        (folder / "settings" / f"{name}.toml").write_text(f"[life.clocks]\n{clock}\n")
    return folder


class Loss:
    """A node that is lost for a while: killed, or hanging as behind a cable that was pulled."""

    def __init__(self, node: OutsideServer, process: int | None) -> None:
        """`process`: of a node that is to hang."""
        self._node, self._process = node, process

    def begin(self) -> None:
        if self._process is None:
            self._node.kill()
        else:
            os.kill(self._process, signal.SIGSTOP)

    def end(self) -> None:
        if self._process is None:
            self._node.start()
        else:
            os.kill(self._process, signal.SIGCONT)


async def process_of(url: str, node: OutsideServer) -> int:
    async with await open_store(url) as store:
        about = (await store.info())[f"127.0.0.1:{node.port}"]
    assert not isinstance(about, StoreError)
    return int(about["process_id"])


async def readiness(desk: Desk) -> tuple[int, dict[str, str], float]:
    """What the service says of itself: status, the check of each region, and the seconds it took."""
    answer, seconds = await desk.once("GET", f"{desk.siaga.url}/readyz")
    return answer.status_code, answer.json()["checks"], seconds


async def refused(desk: Desk, case: str, version: int) -> float:
    """The region of a lost node: commands are refused, and what is read says how old it is. The longest took so long."""
    taken = []

    async def ask(method: str, path: str, status: int, key: Mapping[str, str] | None = None) -> httpx2.Response:
        body = FIRST_CHOICE if method == "POST" else None
        answer, seconds = await desk.once(method, path, json=body, headers=key or {})
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        taken.append(seconds)
        return answer

    for _ in range(3):
        assert (await ask("POST", f"{case}/assignments", 503, KEPT)).headers["retry-after"]
    keys = [{"Idempotency-Key": f"never-done-{number:02d}"} for number in range(20)]
    await asyncio.gather(*(ask("POST", f"{case}/assignments", 503, key) for key in keys))
    for path in (case, "/cases", "/vehicles", "/runs", "/offers"):
        answer = await ask("GET", path, 200)
        assert answer.headers["warning"].startswith("110")
        assert int(answer.headers["age"]) >= 0
    told = (await ask("GET", case, 200)).json()
    assert told["version"] == version
    assert told["as_of"] is not None
    for path in (f"{case}/timeline", f"{case}/particulars"):
        await ask("GET", path, 503)
    return max(taken)


class Others:
    """The regions that notice nothing: people work there, clocks ring, vehicles that become free are sent.

    Attributes:
        late: seconds by which clocks rang late.
        sent: seconds after which vehicles were sent.
    """

    def __init__(self, desks: Sequence[Desk]) -> None:
        self._desks = desks
        self.late: list[float] = []
        self.sent: list[float] = []

    async def during(self, meanwhile: Awaitable[None]) -> None:
        """At work while something happens, and a little longer."""
        for desk in self._desks:
            desk.seconds.clear()
            desk.pause = PAUSE_SECONDS
        over = asyncio.Event()
        async with asyncio.TaskGroup() as work:
            for desk in self._desks:
                work.create_task(desk.work(over))
                work.create_task(self._clocks(desk, over))
            await meanwhile
            over.set()
        for desk in self._desks:
            desk.pause = 0.0

    async def _clocks(self, desk: Desk, over: asyncio.Event) -> None:
        while not over.is_set():
            case, run = await desk.silent()
            if desk.resting:
                self.sent.append(await desk.sought())
            self.late.append(await desk.rang(run, ACKNOWLEDGE_SECONDS))
            await desk.cancel(case)

    async def check(self, once: float = 0.0) -> str:
        """Nobody had to ask twice, or wait, but `once` so many seconds; in words, for people."""
        taken = [seconds for desk in self._desks for seconds in desk.seconds]
        delays = [seconds for desk in self._desks for seconds in await desk.all_heard()]
        for desk in self._desks:
            assert desk.ledger.tries == 0
            assert not any(desk.away())
        told = (
            f"{len(taken)} requests, median {statistics.median(taken) * 1000:.0f} ms, longest {max(taken) * 1000:.0f} ms; "
            f"events after at most {max(delays):.2f} s; {len(self.late)} clocks at most {max(self.late):.2f} s late; "
            f"{len(self.sent)} vehicles sent after at most {max(self.sent):.2f} s"
        )
        waited = [seconds for seconds in taken if seconds >= ORDINARY_SECONDS]
        assert len(waited) <= (2 * len(self._desks) if once else 0), told
        assert max(taken) < ORDINARY_SECONDS + once, told
        assert max(*delays, *self.late, *self.sent) < LATE_SECONDS + once, told
        return told


def test_the_regions_lie_on_three_nodes() -> None:
    assert [node_of(region) for region in REGIONS] == [0, 1, 2]
    assert node_of(ACCESS_REGION) == 2


@dataclass
class Mine:
    """The region that is lost, and what was begun there before.

    Attributes:
        desk: of the region.
        case, version: nobody has been sent yet.
        silent: another case, whose crew says nothing; its clock falls due while the node is lost.
        run: of that one.
        longest: the longest that a refusal took, seconds.
        late: so late the clock rang.
    """

    desk: Desk
    case: str
    version: int
    silent: str
    run: str
    longest: float = 0.0
    late: float = 0.0

    @staticmethod
    async def of(desk: Desk) -> Mine:
        case = f"/cases/{await desk.open()}"
        return Mine(desk, case, (await desk.get(case))["version"], *await desk.silent())

    def rings(self) -> list[Heard]:
        return self.desk.of("run_clock_rang", f"run/{self.run}")

    async def while_lost(self, seconds: float, hangs: bool) -> None:
        """It says so, as long as it is lost, and at once; only of a node that hangs must somebody find out by waiting."""
        desk, begun = self.desk, time.monotonic()
        most = NOTICED_SECONDS + AT_ONCE_SECONDS if hangs else AT_ONCE_SECONDS
        while True:
            longest = await refused(desk, self.case, self.version)
            status, checks, taken = await readiness(desk)
            assert status == 503
            assert [name for name, said in checks.items() if said != "ok"] == [desk.region], checks
            assert (await desk.once("GET", f"{desk.siaga.url}/healthz"))[0].status_code == 200
            assert max(longest, taken) < most
            self.longest, most = max(self.longest, longest), AT_ONCE_SECONDS
            if time.monotonic() > begun + seconds:
                break
            await asyncio.sleep(0.5)
        assert desk.away() == [True]
        assert self.rings() == []

    async def once_back(self) -> None:
        """It works again, and nobody has done anything to the service."""
        desk, returned = self.desk, datetime.now(UTC)

        async def ready() -> bool:
            return (await readiness(desk))[0] == 200

        await until(ready, "readiness")
        found, _ = await desk.once("GET", self.case)
        assert found.json()["version"] == self.version
        assert "warning" not in found.headers
        again = [await desk.once("POST", f"{self.case}/assignments", json=FIRST_CHOICE, headers=KEPT) for _ in range(2)]
        assert [answer.status_code for answer, _ in again] == [201, 201]
        assert [answer.json()["repeated"] for answer, _ in again] == [False, True]
        self.late = await desk.rang(self.run, ACKNOWLEDGE_SECONDS)
        assert self.rings()[0].recorded_at > returned
        await desk.cancel(self.silent)
        await desk.rang(again[0][0].json()["made"]["run"][0], ACKNOWLEDGE_SECONDS)
        assert desk.away() == [True, False]


@pytest.mark.parametrize(
    ("lost", "hangs", "seconds"),
    [
        pytest.param("gunung", False, 2.0, id="killed", marks=pytest.mark.slow),
        pytest.param("pesisir", False, 12.0, id="killed-that-knows-people", marks=pytest.mark.slow),
        pytest.param("kota", True, 8.0, id="hangs", marks=pytest.mark.slow),
        pytest.param("pesisir", True, 8.0, id="hangs-that-knows-people", marks=pytest.mark.slow),
    ],
)
def test_a_lost_node_stops_its_own_region_only(
    run: Run, siaga: MakeSiaga, tmp_path: Path, spots: Spots, lost: str, hangs: bool, seconds: float
) -> None:
    async def scenario() -> None:
        async with cluster(tmp_path / "cluster") as nodes:
            url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
            service = siaga("--region", "gunung", "--region", "pesisir", store_url=url)
            await asyncio.to_thread(service.start)
            node = nodes[node_of(lost)]
            loss = Loss(node, await process_of(url, node) if hangs else None)
            async with AsyncExitStack() as stack:
                desks = [await stack.enter_async_context(Desk(service, spots, name)) for name in REGIONS]
                await asyncio.gather(*map(works, desks))
                assert (await readiness(desks[0]))[:2] == (200, dict.fromkeys(REGIONS, "ok"))
                others = Others([desk for desk in desks if desk.region != lost])
                mine = await Mine.of(next(desk for desk in desks if desk.region == lost))

                loss.begin()
                await others.during(mine.while_lost(seconds, hangs))
                # Who people are is asked of one node: where that hangs, those who ask just then wait for it.
                said = await others.check(once=NOTICED_SECONDS if hangs and node is nodes[node_of(ACCESS_REGION)] else 0.0)
                await until(partial(seen, nodes, node), "the cluster's word of it")
                loss.end()
                await others.during(mine.once_back())
                await others.check()

                # Every case of every region comes to its end.
                await asyncio.gather(*map(finish_all, desks))
                for desk in desks:
                    await desk.all_heard()
            assert await asyncio.to_thread(service.stop) == 0
            assert "Traceback" not in service.earlier
            async with await open_store(url) as store:
                for desk in desks:
                    await check(store, desk.region, desk.ledger)
            print(  # noqa: T201
                f"\n{lost} lost for {seconds:g} s: refused after at most {mine.longest:.2f} s; its clock rang {mine.late:.1f} "
                f"s late; elsewhere {said}"
            )

    run(scenario())


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["kota", "gunung"])
def test_it_begins_while_a_node_is_lost(run: Run, siaga: MakeSiaga, tmp_path: Path, spots: Spots, lost: str) -> None:
    """Started while one region's node is away, the service serves the others, and that one when it is back."""

    async def scenario() -> None:
        async with cluster(tmp_path / "cluster") as nodes:
            url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
            node = nodes[node_of(lost)]
            node.kill()
            await until(partial(seen, nodes, node), "the cluster's word of it")
            service = siaga("--region", "gunung", "--region", "pesisir", store_url=url)
            await asyncio.to_thread(service.start)
            async with AsyncExitStack() as stack:
                desks = [await stack.enter_async_context(Desk(service, spots, name)) for name in REGIONS]
                mine = next(desk for desk in desks if desk.region == lost)
                await asyncio.gather(*(works(desk) for desk in desks if desk is not mine))
                status, checks, _ = await readiness(mine)
                assert (status, [name for name, said in checks.items() if said != "ok"]) == (503, [lost])
                answer, _ = await mine.once("GET", "/cases")  # of which nothing is known yet
                assert answer.status_code == 503
                node.start()

                async def ready() -> bool:
                    return (await readiness(mine))[0] == 200

                await until(ready, "readiness")
                await works(mine)
                await asyncio.gather(*map(finish_all, desks))
            assert await asyncio.to_thread(service.stop) == 0
            assert "Traceback" not in service.earlier

    run(scenario())


async def works(desk: Desk) -> None:
    """A region works: vehicles join, a call is taken, a vehicle is sent and does what it does; all of it is heard."""
    await fleet(desk, VEHICLES)
    await desk.rest(RESTING)
    case = await desk.open()
    for _ in range(6):
        await desk.step(case, wait=True)
    await desk.all_heard()


async def seen(nodes: Sequence[OutsideServer], lost: OutsideServer) -> bool:
    """Whether the other nodes know of a loss, and go on."""
    first, last = SLOTS[nodes.index(lost)]
    return {await knows(node) for node in nodes if node is not lost} == {("ok", 16384 - (last - first + 1), 3)}
