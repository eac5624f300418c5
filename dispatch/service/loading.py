"""The part of the world that a command is about: what it names, and whatever that has to do with now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.life import commands as c
from dispatch.life.commands import Command
from dispatch.life.events import Kind, Ref
from dispatch.life.particulars import Particulars
from dispatch.life.units import Unit
from dispatch.life.world import World, links
from dispatch.service.codec import read_note, read_state, stored
from dispatch.store import Store


def named_by(command: Command) -> Iterator[Ref]:
    """What a command names."""
    match command:
        case c.MergeCase():
            yield from (Ref("case", command.case), Ref("case", command.into))
        case c.Assign():
            yield Ref("case", command.case)
            if command.unit is not None:
                yield Ref("unit", command.unit)
            yield from (Ref("officer", name) for name in command.officers)
        case c.Join():
            yield from (Ref("run", command.run), Ref("case", command.case))
        case c.Ring():
            yield command.ref
        case c.PostCondition():
            yield Ref("condition", command.condition.id)
        case _:
            for kind in _FIELDS:
                if (name := getattr(command, kind, None)) is not None:
                    yield Ref(kind, name)


_FIELDS: tuple[Kind, ...] = ("case", "run", "unit", "officer", "condition", "claims", "readings")


@dataclass(slots=True)
class Scene:
    """What was loaded, and the version of everything that was looked at; version 0: it is not there."""

    world: World = field(default_factory=World)
    versions: dict[Ref, int] = field(default_factory=dict)


async def load(store: Store, region: str, refs: Iterable[Ref], scene: Scene | None = None) -> Scene:
    """Loads what is named and, from link to link, whatever has to do with it; adds it to `scene` if there is one.

    Raises:
        StoreError: the store can't. CodecError: what it holds can't be read.
    """
    scene = scene or Scene()
    missing = [ref for ref in dict.fromkeys(refs) if ref not in scene.versions]
    while missing:
        found = await store.load(region, [stored(ref) for ref in missing])
        further: dict[Ref, None] = {}
        for ref, one in zip(missing, found, strict=True):
            scene.versions[ref] = one.version
            if one.state is not None:
                state = read_state(ref.kind, one.state)
                scene.world = scene.world.with_(ref, state)
                further.update(dict.fromkeys(links(state)))
        missing = [ref for ref in further if ref not in scene.versions]
    return scene


async def outdated(store: Store, region: str, scene: Scene) -> bool:
    """Whether anything that was loaded has changed since.

    Raises:
        StoreError: the store can't.
    """
    found = await store.load(region, [stored(ref) for ref in scene.versions])
    return [one.version for one in found] != list(scene.versions.values())


async def load_particulars(store: Store, region: str, case: str) -> Particulars:
    """The particulars of a case. Whoever shows them to somebody records that they were read; working with them is not reading.

    Raises:
        StoreError: the store can't.
    """
    return Particulars(tuple(map(read_note, await store.private(region, stored(Ref("case", case))))))


async def load_units(store: Store, region: str) -> dict[str, Unit]:
    """All vehicles of a region, by id.

    Raises:
        StoreError: the store can't. CodecError: what it holds can't be read.
    """
    found = await store.load_open(region, "unit")
    states = (read_state("unit", one.state) for one in found.values() if one.state is not None)
    return {state.id: state for state in states if isinstance(state, Unit)}


def latest(world: World) -> datetime | None:
    """The latest time at which anything in a world was recorded."""
    times = [case.recorded_at for case in world.cases.values()]
    times += [case.search.watch.since for case in world.cases.values() if case.search is not None]
    for run in world.runs.values():
        times += [run.watch.since, *(stamp.recorded_at for stamp in run.stamps)]
    return max(times, default=None)
