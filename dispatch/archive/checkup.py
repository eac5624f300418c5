"""A check-up: whether what is kept is sound, and what to do where it isn't. It changes nothing.

Findings are codes with figures; the texts are in the catalogues (`keeping.doctor.…`).
"""

from __future__ import annotations

import asyncio
import math
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from dispatch.archive.appendonly import log_files
from dispatch.archive.columns import SCHEMA
from dispatch.archive.errors import ArchiveError, BackupError
from dispatch.archive.forgetting import left_of
from dispatch.archive.forgotten import forgotten_cases
from dispatch.archive.keys import check_key_of
from dispatch.archive.manifest import read_manifest
from dispatch.archive.places import Places
from dispatch.life.clocks import clocks_of
from dispatch.life.events import Kind
from dispatch.life.events import Ref as LifeRef
from dispatch.life.invariants import broken
from dispatch.life.rules import Rules
from dispatch.life.units import Unit
from dispatch.life.world import Aggregate
from dispatch.service.codec import CodecError, named
from dispatch.service.loading import Scene, load
from dispatch.store import Store, StoreError, is_later, store_problems
from dispatch.store.connect import Client
from dispatch.store.keys import Keys
from dispatch.store.opening import link_to

Grade = Literal["ok", "warning", "error"]

_KINDS: tuple[Kind, ...] = ("case", "run", "unit", "officer", "condition", "claims")
_AGAIN_SECONDS = 0.3
"""Between two looks at a store that others write to: what is wrong both times is wrong."""
_OVERDUE = timedelta(minutes=1)
_LAG_WARNING, _LAG_ERROR = timedelta(hours=1), timedelta(days=1)
_SKEW_WARNING, _SKEW_ERROR = timedelta(seconds=2), timedelta(seconds=60)
_ROOM_ERROR_BYTES, _ROOM_WARNING_BYTES = 200 << 20, 1 << 30
_TOLD_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    Attributes:
        check: which; the first part of its texts' keys.
        grade: ok, warning, error.
        about: the region or file, or "".
        facts: figures for the text.
        details: in the words of whatever found them; for programs and operators.
    """

    check: str
    grade: Grade
    about: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    details: tuple[str, ...] = ()


async def check_store(url: str) -> list[Finding]:
    """Whether a store answers, and keeps what it acknowledges."""
    problems = await store_problems(url)
    return [Finding("store", "error" if problems else "ok", details=tuple(problems))]


async def check_clock(url: str, now: datetime) -> Finding:
    """Whether the store's clock and this machine's agree."""
    link = link_to(url)

    async def time(client: Client) -> float:
        seconds, micros = await client.time()
        return int(seconds) + int(micros) / 1e6

    try:
        told = await asyncio.gather(*(node.use(time) for node in await link.primaries()))
    except StoreError as error:
        return Finding("clock", "error", facts={"seconds": 0}, details=(str(error),))
    finally:
        await link.aclose()
    apart = max(abs(datetime.fromtimestamp(one, UTC) - now) for one in told)
    grade: Grade = "error" if apart > _SKEW_ERROR else "warning" if apart > _SKEW_WARNING else "ok"
    return Finding("clock", grade, facts={"seconds": round(apart.total_seconds(), 1)})


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen of a region at one moment; each word says one thing that is wrong."""

    unsound: tuple[str, ...]
    missing: tuple[str, ...]
    other: tuple[str, ...]
    overdue: tuple[str, ...]
    open: int


async def check_region(store: Store, url: str, region: str, rules: Rules, now: datetime) -> list[Finding]:
    """Whether a region can be read and is sound, and its clocks run.

    Raises:
        StoreError: the store can't be asked.
    """
    try:
        first = await _look(store, url, region, rules, now)
        if first.unsound or first.missing or first.other:
            await asyncio.sleep(_AGAIN_SECONDS)
            second = await _look(store, url, region, rules, now)
            first = _Look(
                _both(first.unsound, second.unsound),
                _both(first.missing, second.missing),
                _both(first.other, second.other),
                first.overdue,
                second.open,
            )
    except CodecError as error:
        return [Finding("schema", "error", region, details=(str(error),))]
    return [
        Finding("schema", "ok", region, {"count": first.open}),
        _graded("world", region, first.unsound, "error"),
        _graded("clocks", region, (*first.missing, *first.other), "error" if first.missing else "warning"),
        _graded("overdue", region, first.overdue, "error"),
    ]


def _both(one: Sequence[str], other: Iterable[str]) -> tuple[str, ...]:
    again = set(other)
    return tuple(word for word in one if word in again)


def _graded(check: str, about: str, wrong: Sequence[str], grade: Grade) -> Finding:
    return Finding(check, grade if wrong else "ok", about, {"count": len(wrong)}, tuple(wrong[:_TOLD_AT_MOST]))


async def _look(store: Store, url: str, region: str, rules: Rules, now: datetime) -> _Look:
    refs: list[LifeRef] = []
    for kind in _KINDS:
        refs += [named(ref) for ref in await store.open_refs(region, kind)]
    scene = await load(store, region, refs)
    deadlines = await _deadlines(url, region)
    expected = dict(_expected(scene, rules))
    missing = [f"{name} is to ring at {_time(at)}, and is not set" for name, at in expected.items() if name not in deadlines]
    other = [
        f"{name} is set for {_time(at)}"
        + (f" and not for {_time(expected[name])}" if name in expected else ", and nothing waits for it")
        for name, at in deadlines.items()
        if expected.get(name) != at
    ]
    limit = (now - _OVERDUE).timestamp() * 1000
    overdue = [f"{name} was to ring at {_time(at)}" for name, at in deadlines.items() if at < limit]
    return _Look(tuple(broken(scene.world, rules)), tuple(missing), tuple(other), tuple(overdue), len(refs))


def _expected(scene: Scene, rules: Rules) -> Iterator[tuple[str, int]]:
    states: list[tuple[str, Aggregate]] = [(f"case/{name}", one) for name, one in scene.world.cases.items()]
    states += [(f"run/{name}", one) for name, one in scene.world.runs.items()]
    for ref, state in states:
        for clock, at in clocks_of(state, rules).items():
            yield f"{ref}/{clock}", math.ceil(at.timestamp() * 1000)


async def _deadlines(url: str, region: str) -> dict[str, int]:
    """Every clock that is set in a region, as "case/K1/search", and for when."""
    link, keys = link_to(url), Keys(region)
    try:
        found = await link.run(keys.slot, lambda client: client.hgetall(keys.deadlines))
    finally:
        await link.aclose()
    return {name.decode(): int(at) for name, at in found.items()}


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


async def check_fixes(store: Store, region: str, now: datetime, lost: timedelta) -> Finding:
    """Whether vehicles under way are still heard of.

    Raises:
        StoreError: the store can't be asked. CodecError: it holds what can't be read.
    """
    latest = await store.fixes.latest(region)
    scene = await load(store, region, [named(ref) for ref in await store.open_refs(region, "unit")])
    under_way = [one for one in scene.world.units.values() if isinstance(one, Unit) and one.run is not None]
    oldest = (now - lost).timestamp() * 1000
    silent = [one.id for one in under_way if one.id not in latest or latest[one.id].fix_ms < oldest]
    facts = {"count": len(silent), "all": len(under_way), "minutes": round(lost.total_seconds() / 60)}
    return Finding("fixes", "warning" if silent else "ok", region, facts, tuple(silent[:_TOLD_AT_MOST]))


async def check_archive(store: Store, region: str, places: Places, now: datetime) -> Finding:
    """Whether what happens gets into the archive.

    Raises:
        StoreError: the store can't be asked.
    """
    folder = places.archive / region
    try:
        manifest = read_manifest(folder)
        if manifest is not None:
            check_key_of(places, manifest)
    except ArchiveError as error:
        return Finding("archive", "error", region, {"minutes": 0, "gaps": 0}, (str(error),))
    upto = "0-0" if manifest is None else manifest.upto
    last = await store.events.last_id(region)
    lag = timedelta(0)
    if is_later(last, upto):
        oldest = await store.events.oldest_id(region) if manifest is None else upto
        lag = now - datetime.fromtimestamp(int((oldest or last).split("-")[0]) / 1000, UTC)
    missing = [] if manifest is None else [part for part in manifest.parts if not part.path(folder).is_file()]
    gaps = 0 if manifest is None else len(manifest.gaps)
    grade: Grade = "error" if lag > _LAG_ERROR or missing else "warning" if lag > _LAG_WARNING or gaps else "ok"
    facts = {"minutes": round(lag.total_seconds() / 60), "gaps": gaps, "schema": SCHEMA}
    return Finding("archive", grade, region, facts, tuple(f"{part.path(folder)} is missing" for part in missing[:5]))


async def check_forgotten(store: Store, region: str, places: Places) -> Finding:
    """Whether whoever was forgotten is gone: not yet archived then, or brought back by a backup, something of them may stay.

    Every such case is told: each one has to be seen to. Runs that stay since others were on them go with those.

    Raises:
        StoreError: the store can't be asked.
    """
    try:
        cases = [one.case for one in forgotten_cases(places.forgotten) if one.region == region]
    except BackupError as error:
        return Finding("forgotten", "error", region, {"count": 0, "all": 0}, (str(error),))
    left = {case: await left_of(store, region, case) for case in cases}
    details = tuple(
        f"case {case}: {'close it, then ' if what == 'open' else ''}siaga case forget {case} --region {region}"
        for case, what in left.items()
        if what is not None
    )
    facts = {"count": len(details), "all": len(cases)}
    return Finding("forgotten", "warning" if details else "ok", region, facts, details)


def check_room(places: Places) -> Finding:
    """Whether there is room on the disk, also for the append-only file to be written anew."""
    folder = next(one for one in (places.data, *places.data.parents) if one.exists())
    free = shutil.disk_usage(folder).free
    needed = 2 * sum(path.stat().st_size for path in log_files(places.store))
    grade: Grade = "error" if free < _ROOM_ERROR_BYTES else "warning" if free < max(needed, _ROOM_WARNING_BYTES) else "ok"
    return Finding("room", grade, str(folder), {"megabytes": free >> 20, "needed": needed >> 20})


def check_modes(places: Places) -> list[Finding]:
    """Whether nobody but their owner can read the secrets and the store."""
    found = []
    for path in (*places.secrets, places.store, places.backups, places.forgotten):
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            right = "700" if path.is_dir() else "600"
            found.append(Finding("modes", "error", str(path), {"mode": f"{mode:04o}", "right": right}))
    return found or [Finding("modes", "ok", str(places.data))]


async def check_up(
    url: str, store: Store | None, places: Places, regions: Mapping[str, Rules], now: datetime, lost: timedelta
) -> list[Finding]:
    """Every check, in the order in which they are to be looked at; one that can't be made is an error of its own.

    Args:
        url, store: the store; None: it can't be opened, and only the rest is looked at.
        places: the data folder.
        regions: the rules of those that are served.
        now: the time.
        lost: a vehicle that was silent for so long counts as lost.
    """
    found: list[Finding] = []
    if store is not None:
        found += await check_store(url)
        found.append(await check_clock(url, now))
        for region, rules in regions.items():
            try:
                found += await check_region(store, url, region, rules, now)
                found += [await check_fixes(store, region, now, lost), await check_archive(store, region, places, now)]
                found.append(await check_forgotten(store, region, places))
            except StoreError as error:
                found.append(Finding("store", "error", region, details=(str(error),)))
            except CodecError as error:
                found.append(Finding("schema", "error", region, details=(str(error),)))
    return [*found, check_room(places), *check_modes(places)]
