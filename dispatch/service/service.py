"""Commands: loaded, decided, committed, answered. The only way in which anything changes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import xxhash
from msgspec import json, to_builtins

from dispatch.life.commands import Command, Issued, RecordReading
from dispatch.life.decide import decide
from dispatch.life.events import PatientAssigned, Recorded, Ref
from dispatch.life.particulars import Note, check_note
from dispatch.life.people import Actor
from dispatch.life.refusals import ConflictError, InvalidError, RefusedError
from dispatch.life.world import Aggregate
from dispatch.service.codec import read_event, read_state, stored
from dispatch.service.committing import Answer, commit_of
from dispatch.service.gathering import gather
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import Scene, latest, load, named_by, outdated
from dispatch.service.noting import notes_made
from dispatch.store import ConflictError as VersionConflict
from dispatch.store import Seen, Store, StoredEvent, StoreError
from routing import InputError

_TRIES = 20
"""So often a command is decided anew because somebody else was quicker; fifty who fight for one vehicle need fewer."""


class UnknownRegionError(InputError, LookupError):
    """A region that is not served here."""

    def __init__(self, name: str, served: Sequence[str]) -> None:
        self.name = name
        super().__init__(f"no region {name!r} is served here; there are {', '.join(served) or 'none'}")


class StaleError(ConflictError):
    """What is to be changed has changed since the caller looked at it."""


class BusyError(StoreError, RuntimeError):
    """Others changed the same things again and again; nothing was done."""


_ANSWER = json.Decoder(Answer)


@dataclass(frozen=True, slots=True)
class Given:
    """A command with what goes along with it.

    Attributes:
        issued: the command.
        notes: particulars that are noted with it; they belong to `case`.
        case: see there.
        expected: versions that the caller has seen; if one differs, nothing is done.
    """

    issued: Issued
    notes: tuple[Note, ...] = ()
    case: str | None = None
    expected: Mapping[Ref, int] | None = None

    @property
    def fingerprint(self) -> bytes:
        """Of what is asked, so that an id that is used twice for different things can be told; times are left out, since a
        repetition may be given its own."""
        said = [(note.field, note.value, note.patient, note.longitude, note.latitude) for note in self.notes]
        return xxhash.xxh3_128_digest(json.encode((self.issued.command, self.issued.actor, said), order="deterministic"))


class Service:
    """Serves regions from a store.

    Attributes:
        store: where everything is kept.
        regions: by name.
        clock: gives the time, with its zone.
    """

    def __init__(self, store: Store, regions: Mapping[str, LiveRegion], clock: Callable[[], datetime] | None = None) -> None:
        """`clock`: None for the computer's."""
        self.store = store
        self.regions = dict(regions)
        self.clock = clock or (lambda: datetime.now(UTC))

    def region(self, name: str) -> LiveRegion:
        """The region of that name.

        Raises:
            UnknownRegionError: it is not served here.
        """
        found = self.regions.get(name)
        if found is None:
            raise UnknownRegionError(name, sorted(self.regions))
        return found

    async def give(self, region: str, given: Given) -> Answer:
        """Carries a command out, once: given again with the same id, it does nothing and answers the same.

        Raises:
            RefusedError: it can't be carried out; nothing has changed.
            StaleError: something has changed since the caller looked at it.
            InputError: something in it can't be used.
            StoreError: the store can't; it may have been carried out: give it again with the same id.
        """
        live, issued, fingerprint = self.region(region), given.issued, given.fingerprint
        for note in given.notes:
            check_note(note)
        seen = await self.store.seen(region, issued.id)
        if seen is not None:
            return _repeated(seen, fingerprint, issued.id)
        for left in reversed(range(_TRIES)):
            scene = await load(self.store, region, named_by(issued.command))
            moment = self._now(live, scene)
            try:
                _check_versions(scene, given.expected)
                notes = dict(await notes_made(self.store, live, scene.world, issued.command, moment))
                if given.case is not None:
                    here = Ref("case", given.case)
                    notes[here] = (*notes.get(here, ()), *given.notes)
                facts = await gather(self.store, live, scene, issued, notes, moment)
                events = decide(scene.world, issued, facts)
            except RefusedError:
                # The same command, given twice at once, may have been carried out meanwhile.
                if (seen := await self.store.seen(region, issued.id)) is not None:
                    return _repeated(seen, fingerprint, issued.id)
                # Nobody is refused for what was so a moment ago: a vehicle that somebody has just taken is taken, not second.
                if left and await outdated(self.store, region, scene):
                    continue
                raise
            answer, commit = commit_of(scene, events, issued, fingerprint, facts.now, live.rules, notes)
            try:
                done = await self.store.commit(region, commit)
            except VersionConflict:
                # Somebody was quicker: what they have done may change what this leads to.
                continue
            return _repeated(done, fingerprint, issued.id) if isinstance(done, Seen) else answer
        raise BusyError(f"command {issued.id}: others changed the same things {_TRIES} times; give it again")

    def _now(self, live: LiveRegion, scene: Scene) -> datetime:
        """The time; where another process's clock is a little ahead and has recorded something, that time, so that nothing
        comes before what led to it."""
        now, known = self.clock(), latest(scene.world)
        return known if known is not None and now < known <= now + live.rules.skew else now

    async def do(self, region: str, actor: Actor, command_id: str, command: Command) -> Answer:
        """Carries out a command of the service's own, happening now; raises as `give`."""
        return await self.give(region, Given(Issued(command_id, actor, self.clock(), command)))

    async def record_reading(self, region: str, actor: Actor, case: str, fields: Sequence[str], once: str = "") -> None:
        """Records that somebody was shown what is personal about a case; raises as `give`.

        `once`: what it was shown with; the same person is recorded with it once for that case, however often they look.
        """
        if fields:
            shown = f"{actor.role}\0{actor.id}\0{case}\0{once}"
            name = xxhash.xxh3_128_hexdigest(shown.encode()) if once else uuid.uuid4().hex
            await self.do(region, actor, f"read.{name}", RecordReading(case, tuple(fields)))

    async def history(self, region: str, case: str) -> list[Happened]:
        """All that happened to a case and its runs, in the order in which it was recorded.

        Raises:
            StoreError: the store can't. CodecError: what it holds can't be read.
        """
        found = [_happened(one) for one in await self.store.history(region, stored(Ref("case", case)))]
        runs = dict.fromkeys(one.recorded.event.run for one in found if isinstance(one.recorded.event, PatientAssigned))
        for run in runs:
            found += [_happened(one) for one in await self.store.history(region, stored(Ref("run", run)))]
        return sorted(found, key=lambda one: tuple(map(int, one.id.split("-"))))

    async def states(self, region: str, refs: Sequence[Ref]) -> list[tuple[Aggregate | None, int]]:
        """States with their versions; None and 0 for what is not there.

        Raises:
            StoreError: the store can't. CodecError: what it holds can't be read.
        """
        found = await self.store.load(region, [stored(ref) for ref in refs])
        return [
            (None if one.state is None else read_state(ref.kind, one.state), one.version)
            for ref, one in zip(refs, found, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the store: its id and type, what it is about, the event, and the same as plain data."""

    id: str
    type: str
    ref: Ref
    recorded: Recorded
    told: dict[str, Any]


def _happened(one: StoredEvent) -> Happened:
    recorded = read_event(one.event.body)
    return Happened(one.id, one.event.type, recorded.event.ref, recorded, to_builtins(recorded.event))


def _check_versions(scene: Scene, expected: Mapping[Ref, int] | None) -> None:
    for ref, version in (expected or {}).items():
        found = scene.versions.get(ref, 0)
        if found != version:
            raise StaleError("version", found=found, expected=version)


def _repeated(seen: Seen, fingerprint: bytes, command: str) -> Answer:
    if seen.fingerprint and seen.fingerprint != fingerprint:  # it has none once its case was forgotten
        raise InvalidError("id_reused", command=command)
    told = _ANSWER.decode(seen.answer)
    return Answer(told.command, told.recorded_at, told.versions, told.events, told.made, repeated=True)
