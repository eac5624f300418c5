"""What was closed long ago leaves the store once it lies in the archive, and not before."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dispatch.archive import Places, back_up, clear_closed, forget_case
from dispatch.archive.errors import ForgetError
from dispatch.life.case import Outcome
from dispatch.life.commands import Assign, CancelCase, EndPatient, Join, PostCondition, Progress, StandDown, WithdrawCondition
from dispatch.life.reports import Condition
from dispatch.life.rules import default_rules
from dispatch.life.stamps import TimePoint
from dispatch.store import EmbeddedServer, Ref, Store, open_store
from tests.dispatch.archive.filled import AT_DOOR, SECRET, fill, some_day
from tests.dispatch.archive.kept import Teller, archivist, delivered, rows, soon
from tests.dispatch.life.stories import TO_THE_PATIENT, press
from tests.dispatch.life.worlds import Desk
from tests.stores import Run

K1, K2 = Ref("case", "K1"), Ref("case", "K2")


async def there(store: Store, region: str, *refs: Ref) -> list[bool]:
    return [one.version > 0 for one in await store.load(region, refs)]


def test_nothing_goes_before_it_is_archived_and_old(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = delivered()
    desk.give(PostCondition(Condition("w1", "flood", "closed")))
    desk.give(WithdrawCondition("w1"))
    refs = (K1, *(Ref("run", name) for name in desk.world.runs), Ref("condition", "w1"))

    async def clear(before: datetime) -> int:
        return await clear_closed(store, region, tmp_path / region, before)

    async def scenario() -> None:
        teller = Teller(store, region)
        await teller.tell(desk)
        assert await clear(soon()) == 0  # there is no archive
        await archivist(store, region, tmp_path).archive(soon())
        assert await clear(soon() - timedelta(hours=1)) == 0  # not old
        assert all(await there(store, region, *refs))
        assert await clear(soon()) == 3
        assert not any(await there(store, region, *refs))
        assert await store.history(region, K1) == []
        assert all(await there(store, region, Ref("unit", "a1")))
        assert len(rows(tmp_path, "cases")) == 1

    run(scenario())


def test_what_happened_after_the_last_archiving_keeps_it(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = Desk()

    async def scenario() -> None:
        teller = Teller(store, region)
        desk.opened()
        await teller.tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        desk.give(CancelCase("K1", "tidak jadi"))
        await teller.tell(desk)
        assert await clear_closed(store, region, tmp_path / region, soon()) == 0
        await archivist(store, region, tmp_path).archive(soon())
        assert await clear_closed(store, region, tmp_path / region, soon()) == 1

    run(scenario())


def shared_trip() -> Desk:
    """One run for K1, who needs nobody any more, and K2, who waits for the next vehicle."""
    desk = Desk(default_rules())
    desk.fleet("a1", capacity=2)
    desk.opened(case="K1")
    desk.give(Assign("K1", "a1"))
    desk.opened(case="K2")
    desk.give(Join(desk.run("K1").id, "K2", ("1",)))
    press(desk, *TO_THE_PATIENT)
    (name,) = desk.world.runs
    desk.give(EndPatient("K1", "1", Outcome.RECOVERED))
    desk.give(EndPatient("K2", "1", Outcome.REFUSED))
    desk.give(Progress(name, TimePoint.AVAILABLE))
    return desk


def test_a_run_stays_as_long_as_somebody_of_it_does(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = shared_trip()
    (name,) = desk.world.runs

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        lists = {"archive": tmp_path, "backups": [], "forgotten": tmp_path / "forgotten.json", "now": some_day()}
        done = await forget_case(store, region, "K1", **lists)  # type: ignore[arg-type]
        assert done.cleared
        assert done.runs_left == (name,)
        assert await there(store, region, K1, K2, Ref("run", name)) == [False, True, True]
        done = await forget_case(store, region, "K2", **lists)  # type: ignore[arg-type]
        assert (done.cleared, done.runs_left) == (True, ())
        assert await there(store, region, K2, Ref("run", name)) == [False, False]
        assert len(rows(tmp_path, "cases")) == 2

    run(scenario())


def test_those_that_must_wait_hold_up_nobody(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    """Runs of a case that is open stay, however many there are; what was closed after them goes."""
    desk = Desk()
    desk.fleet("a1")
    desk.opened()
    for _ in range(5):
        desk.give(Assign("K1", "a1"))
        desk.give(StandDown(desk.run().id, "batal"))
    waiting = [Ref("run", name) for name in desk.world.runs]
    for number in range(7):
        desk.give(PostCondition(Condition(f"w{number}", "flood", "closed")))
        desk.give(WithdrawCondition(f"w{number}"))

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        await archivist(store, region, tmp_path).archive(soon())
        assert await clear_closed(store, region, tmp_path / region, soon(), at_once=2) == 7
        assert all(await there(store, region, *waiting))
        assert len(waiting) == 5

    run(scenario())


def test_a_person_is_forgotten(run: Run, tmp_path: Path) -> None:
    places, region = Places(tmp_path / "data"), "cibinong"
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"

    def on_disk(word: str) -> bool:
        return any(word.encode() in path.read_bytes() for path in places.store.rglob("*") if path.is_file())

    async def forget(store: Store, case: str) -> object:
        lists = {"archive": places.archive, "forgotten": places.forgotten, "backups": [first, second, tmp_path / "lost.tar"]}
        return await forget_case(store, region, case, now=some_day(), **lists)  # type: ignore[arg-type]

    async def scenario() -> None:
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            await fill(store, region)
            await store.events.drop_group(region, "reactions")
            await back_up(places, first, some_day())
            with pytest.raises(ForgetError, match="still open"):
                await forget(store, "K2")
            with pytest.raises(ForgetError, match="no case K9"):
                await forget(store, "K9")
            assert not places.forgotten.exists()
            early = await forget(store, "K1")
            assert (early.particulars, early.cleared, early.stream_left) == (True, False, True)  # type: ignore[attr-defined]
            assert not on_disk(SECRET)
            await archivist(store, region, places.archive).archive(soon() - timedelta(days=1))
            done = await forget(store, "K1")
            assert (done.particulars, done.cleared, done.runs_left) == (False, True, ())  # type: ignore[attr-defined]
            assert (done.in_backups, done.unread_backups) == ((first,), (second, tmp_path / "lost.tar"))  # type: ignore[attr-defined]
            assert await store.private(region, K1) == await store.history(region, K1) == []
            assert len(await store.private(region, K2)) == 3
            # Where a1 was on that run is gone from its trail; before and after, and the others', is not.
            assert [fix.body for fix in await store.fixes.trail(region, "a1")] == [b"before", b"after"]
            assert (await store.fixes.latest(region))["a1"].body == b"after"
            assert [fix.body for fix in await store.fixes.trail(region, "a2")] == [b"other"]
            assert early.trails == ("a1",)  # type: ignore[attr-defined]
            # The numbers stay.
            (row,) = rows(places.archive, "cases")
            assert row["outcome"] == "treated"
            await back_up(places, second, some_day())
            again = await forget(store, "K1")
            assert again.in_backups == (first,)  # type: ignore[attr-defined]
            assert str(AT_DOOR).encode() not in b"".join(fix.body for fix in await store.fixes.trail(region, "a1"))

    run(scenario())
