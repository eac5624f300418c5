"""What must hold of a store after whatever happened to those who wrote it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.life.clocks import clocks_of
from dispatch.life.events import CaseClockRang, Recorded, Ref, RunClockRang
from dispatch.life.evolve import evolve
from dispatch.life.invariants import broken
from dispatch.life.people import CLOCK
from dispatch.life.rules import Rules, default_rules
from dispatch.life.world import Aggregate, World
from dispatch.service.codec import named, read_event, read_note, read_state, stored
from dispatch.service.committing import tag_of
from dispatch.store import START, Store, StoredEvent
from tests.crash.clients import Ledger

FAR_MS = 10**14


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that a store holds of a region.

    Attributes:
        stream: all its events, in order.
        told: the same, read.
        states: with their versions, of everything that the events are about.
        world: the same.
    """

    stream: tuple[StoredEvent, ...]
    told: tuple[Recorded, ...]
    states: dict[Ref, tuple[Aggregate, int]]
    world: World

    def of(self, ref: Ref) -> list[tuple[StoredEvent, Recorded]]:
        """What happened to something."""
        return [(one, told) for one, told in zip(self.stream, self.told, strict=True) if told.event.ref == ref]


async def everything(store: Store, region: str) -> Kept:
    """Reads all of it."""
    stream: list[StoredEvent] = []
    while found := await store.events.tail(region, stream[-1].id if stream else START):
        stream += found
    told = [read_event(one.event.body) for one in stream]
    refs = list(dict.fromkeys(named(one.event.ref) for one in stream))
    loaded = await store.load(region, [stored(ref) for ref in refs])
    states: dict[Ref, tuple[Aggregate, int]] = {}
    world = World()
    for ref, one in zip(refs, loaded, strict=True):
        assert one.state is not None, f"{ref} has events and no state"
        state = read_state(ref.kind, one.state)
        states[ref] = (state, one.version)
        world = world.with_(ref, state)
    return Kept(tuple(stream), tuple(told), states, world)


async def check(store: Store, region: str, ledger: Ledger, *, notes: bool = True) -> Kept:
    """Everything acknowledged is there once, everything refused is not, and what is there is sound. `notes`: each was given
    once for each case."""
    rules = default_rules()
    kept = await everything(store, region)
    acknowledged_once(kept, ledger)
    await _folded(store, region, kept)
    assert list(broken(kept.world, rules)) == []
    await _clocks(store, region, kept, rules)
    if notes:
        await _notes(store, region, kept)
    rung_once(kept)
    return kept


def acknowledged_once(kept: Kept, ledger: Ledger) -> None:
    """What clients were told, against what the store has of each command."""
    done: dict[str, list[tuple[StoredEvent, Recorded]]] = defaultdict(list)
    for one, told in zip(kept.stream, kept.told, strict=True):
        done[told.command].append((one, told))
    for command, answer in ledger.acknowledged.items():
        assert [tag_of(told) for _, told in done[command]] == answer["events"], f"{command}: {answer}"
        versions = {f"{told.event.ref.kind}/{told.event.ref.id}": one.event.version for one, told in done[command]}
        assert versions == answer["versions"], command
        assert {told.recorded_at for _, told in done[command]} <= {datetime.fromisoformat(answer["recorded_at"])}
    assert not {command for command in ledger.refused if command in done}
    # Whoever gives a command until it is answered leaves none behind that nobody was told of.
    known = {*ledger.acknowledged, *ledger.refused}
    prefixes = {command.rpartition("-")[0] for command in known}
    assert not [command for command in done if command.rpartition("-")[0] in prefixes and command not in known]
    assert not ledger.strange


async def _folded(store: Store, region: str, kept: Kept) -> None:
    by_ref: dict[Ref, list[tuple[StoredEvent, Recorded]]] = defaultdict(list)
    for one, told in zip(kept.stream, kept.told, strict=True):
        by_ref[told.event.ref].append((one, told))
    for ref, (state, version) in kept.states.items():
        history = await store.history(region, stored(ref))
        assert [one.id for one in history] == [one.id for one, _ in by_ref[ref]], ref
        versions = [one.event.version for one in history]
        assert versions == sorted(versions)
        # A clock that rang for nothing counts the version up without an event; nothing else does.
        assert versions[-1] <= version, ref
        folded: Aggregate | None = None
        commands: dict[int, str] = {}
        for one, told in by_ref[ref]:
            folded = evolve(folded, told)
            assert commands.setdefault(one.event.version, told.command) == told.command, f"{ref}: two commands, one version"
        assert folded == state, ref


async def _clocks(store: Store, region: str, kept: Kept, rules: Rules) -> None:
    due = await store.claim_due(region, FAR_MS, 1, limit=100_000)
    found = Counter((named(one.ref), one.name, one.deadline_ms) for one in due)
    expected = Counter(
        (ref, name, math.ceil(when.timestamp() * 1000))
        for ref, (state, _) in kept.states.items()
        for name, when in clocks_of(state, rules).items()
    )
    assert found == expected


async def _notes(store: Store, region: str, kept: Kept) -> None:
    for ref, (_, version) in kept.states.items():
        if ref.kind == "case" and version:
            notes = [read_note(one) for one in await store.private(region, stored(ref))]
            counted = Counter((one.field, one.patient) for one in notes)
            assert set(counted.values()) <= {1}, f"{ref}: a note was taken twice: {counted}"


def rung_once(kept: Kept) -> None:
    """Each clock rang once for each of its deadlines."""
    seen: Counter[tuple[Ref, str, int, int]] = Counter()
    moved: Counter[Ref] = Counter()
    for told in kept.told:
        match told.event:
            case CaseClockRang(clock=clock, count=count) | RunClockRang(clock=clock, count=count):
                seen[told.event.ref, clock, count, moved[told.event.ref]] += 1
            case _:
                moved[told.event.ref] += 1
    assert set(seen.values()) <= {1}, [one for one, count in seen.items() if count > 1]


def lateness(kept: Kept, refs: Iterable[Ref]) -> list[float]:
    """Seconds by which the first ring of each of these came after its time."""
    rules = default_rules()
    found = []
    for ref in refs:
        state: Aggregate | None = None
        for _, told in kept.of(ref):
            if told.actor == CLOCK and state is not None and (clocks := clocks_of(state, rules)):
                found.append((told.recorded_at - min(clocks.values())).total_seconds())
                break
            state = evolve(state, told)
    return found
