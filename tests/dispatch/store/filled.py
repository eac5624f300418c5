"""A store filled with cases that must each be there as a whole or not at all; what tests of the embedded server share."""

from __future__ import annotations

import itertools
from pathlib import Path

from dispatch.store import Commit, EventEntry, Loaded, PrivateEntry, Ref, Write, open_store

_moments = itertools.count()


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def last_log(directory: Path) -> Path:
    """The append-only file that is being written."""
    return max((directory / "appendonlydir").glob("*.incr.aof"))


async def fill(url: str, count: int) -> None:
    """Commit as many cases, each with an event, a clock and a private entry."""
    async with await open_store(url) as store:
        for number in range(count):
            ref = Ref("case", f"{number}")
            write = Write(ref, 0, b"state %d" % number, {"ring": 1 + number})
            event, private = EventEntry(ref, 1, "opened", b"%d" % number), PrivateEntry(ref, b"%d" % number)
            await store.commit("r", Commit(f"c{number}", writes=[write], events=[event], private=[private]))


async def whole(url: str, count: int) -> int:
    """How many of the cases are there; each must be there as a whole or not at all."""
    async with await open_store(url) as store:
        refs = [Ref("case", f"{number}") for number in range(count)]
        loaded = await store.load("r", refs)
        now = 10**12 + 10 * next(_moments)
        due = {clock.ref for clock in await store.claim_due("r", now, 1, limit=10 * count)}
        there = 0
        for number, (ref, found) in enumerate(zip(refs, loaded, strict=True)):
            expected = 1 if found.version else 0
            assert found in (Loaded(0, None), Loaded(1, b"state %d" % number))
            assert len(await store.history("r", ref)) == expected
            assert len(await store.private("r", ref)) == expected
            assert (ref in due) == bool(expected)
            assert (await store.seen("r", f"c{number}") is not None) == bool(expected)
            there += expected
        assert len(await store.events.tail("r", "0-0", limit=10 * count)) == there
    return there
