"""What earlier releases have left behind: a folder each, beside this file."""

from __future__ import annotations

import json
import lzma
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from dispatch.life.events import Kind
from dispatch.service.codec import named
from dispatch.store import Ref, Store
from dispatch.store.connect import Client
from dispatch.store.keys import Keys
from dispatch.store.opening import link_to

HERE = Path(__file__).parent
WRITTEN, EXPECTED = "written.tar.xz", "expected.json.xz"
Json = dict[str, Any]


@dataclass(frozen=True)
class Release:
    """What one release has left behind.

    Attributes:
        folder: where it lies.
    """

    folder: Path

    @cached_property
    def expected(self) -> Json:
        """What was in it then."""
        found: Json = json.loads(lzma.decompress((self.folder / EXPECTED).read_bytes()))
        return found

    @property
    def moment(self) -> datetime:
        """When the service was stopped, by its clock."""
        return datetime.fromisoformat(self.expected["moment"])

    def unpack(self, target: Path) -> tuple[Path, Path]:
        """Its data folder as the service left it, and its backup."""
        with tarfile.open(self.folder / WRITTEN, "r:xz") as tar:
            tar.extractall(target, filter="data")
        data = target / "data"
        for path in (data, data / "store"):
            path.chmod(0o700)
        return data, target / "backup.tar"


def releases() -> list[Release]:
    """All there are, the oldest first."""
    found = [path.parent for path in HERE.glob(f"*/{EXPECTED}")]
    return [Release(path) for path in sorted(found, key=lambda path: tuple(map(int, path.name.split("."))))]


async def all_refs(url: str, region: str) -> list[Ref]:
    """Everything that has a state in a region, closed or not."""
    link, start = link_to(url), Keys(region).schema.removesuffix("schema") + "state:"

    async def scan(client: Client) -> list[Ref]:
        return sorted(
            [Ref.parse(key.decode().removeprefix(start)) async for key in client.scan_iter(f"{start}*", count=10_000)]
        )

    try:
        return await link.run(Keys(region).slot, scan)
    finally:
        await link.aclose()


async def deadlines(url: str, region: str) -> dict[str, int]:
    """Every clock that is set, as "case/K1/search", and for when, in milliseconds since 1970."""
    link, keys = link_to(url), Keys(region)
    try:
        found = await link.run(keys.slot, lambda client: client.hgetall(keys.deadlines))
    finally:
        await link.aclose()
    return {name.decode(): int(at) for name, at in sorted(found.items())}


async def contents(url: str, store: Store, region: str) -> Json:
    """What a store holds of a region, as plain values."""
    refs = await all_refs(url, region)
    kinds: list[Kind] = sorted({named(ref).kind for ref in refs})
    still_open = {ref for kind in kinds for ref in await store.open_refs(region, kind)}
    states, histories, notes = [], {}, {}
    for ref, one in zip(refs, await store.load(region, refs), strict=True):
        assert one.state is not None
        shape, _, body = one.state.partition(b" ")
        about = {"kind": ref.kind, "id": ref.id, "version": one.version, "open": ref in still_open, "shape": int(shape)}
        states.append({**about, "body": json.loads(body)})
        histories[str(ref)] = [[told.id, told.event.version, told.event.type] for told in await store.history(region, ref)]
        if found := await store.private(region, ref):
            notes[str(ref)] = [json.loads(note) for note in found]
    latest = await store.fixes.latest(region)
    return {
        "states": states,
        "histories": histories,
        "notes": notes,
        "clocks": await deadlines(url, region),
        "fixes": {vehicle: [fix.fix_ms, json.loads(fix.body)] for vehicle, fix in sorted(latest.items())},
        "trails": {vehicle: [fix.fix_ms for fix in await store.fixes.trail(region, vehicle)] for vehicle in sorted(latest)},
        "stream": {"oldest": await store.events.oldest_id(region), "last": await store.events.last_id(region)},
    }


def event_ids(found: Json) -> Iterator[str]:
    """The ids of all events that `contents` has found."""
    for history in found["histories"].values():
        for event_id, _, _ in history:
            yield event_id
