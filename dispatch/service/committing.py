"""What a command leads to, as the store takes it: states with their clocks, events, particulars, and the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, json

from dispatch.life.case import Case
from dispatch.life.clocks import clocks_of
from dispatch.life.commands import Issued, Ring
from dispatch.life.events import DeskAsked, FacilityAsked, Recorded, Ref, RunStarted
from dispatch.life.evolve import apply
from dispatch.life.particulars import Note
from dispatch.life.rules import Rules
from dispatch.life.units import Unit
from dispatch.life.world import Aggregate, World
from dispatch.service.codec import stored, write_event, write_note, write_state
from dispatch.service.loading import Scene
from dispatch.store import Check, Commit, EventEntry, PrivateEntry, Write


class Answer(Struct, frozen=True):
    """What a command led to; nothing personal.

    Attributes:
        command: its id.
        recorded_at: when the service took it.
        versions: of everything that it changed, by "kind/id".
        events: types of what happened, in order.
        made: ids that it made, by kind: runs, offers ("attempt"), requests to the desk ("request").
        repeated: it was given before, and this is the answer of then.
    """

    command: str
    recorded_at: datetime
    versions: dict[str, int]
    events: tuple[str, ...]
    made: dict[str, list[str]]
    repeated: bool = False


def tag_of(recorded: Recorded) -> str:
    """The type of an event, as programs read it: "case_opened"."""
    return str(type(recorded.event).__struct_config__.tag)


def _made(events: Sequence[Recorded]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for recorded in events:
        match recorded.event:
            case RunStarted(run=name):
                found.setdefault("run", []).append(name)
            case FacilityAsked(attempt=name):
                found.setdefault("attempt", []).append(name)
            case DeskAsked(request=name):
                found.setdefault("request", []).append(name)
    return found


def commit_of(
    scene: Scene,
    events: Sequence[Recorded],
    issued: Issued,
    fingerprint: bytes,
    now: datetime,
    rules: Rules,
    notes: Mapping[Ref, Sequence[Note]],
) -> tuple[Answer, Commit]:
    """The answer, and what is to be stored: what an event changed is written, everything else that was looked at must still
    be as it was."""
    world = scene.world
    for recorded in events:
        world = apply(world, recorded)
    changed = dict.fromkeys(recorded.event.ref for recorded in events)
    if isinstance(issued.command, Ring) and not changed and scene.versions.get(issued.command.ref):
        # A clock that rang for nothing: it is set anew as the rules have it now.
        changed[issued.command.ref] = None
    versions = {ref: scene.versions.get(ref, 0) + 1 for ref in changed}
    answer = Answer(
        issued.id,
        now,
        {f"{ref.kind}/{ref.id}": version for ref, version in versions.items()},
        tuple(map(tag_of, events)),
        _made(events),
    )
    commit = Commit(
        command=issued.id,
        answer=json.encode(answer),
        fingerprint=fingerprint,
        writes=[_write(world, ref, version - 1, rules) for ref, version in versions.items()],
        checks=[Check(stored(ref), version) for ref, version in scene.versions.items() if ref not in changed],
        events=[EventEntry(stored(one.event.ref), versions[one.event.ref], tag_of(one), write_event(one)) for one in events],
        private=[PrivateEntry(stored(ref), write_note(note)) for ref, all_of in notes.items() for note in all_of],
    )
    return answer, commit


def _write(world: World, ref: Ref, version: int, rules: Rules) -> Write:
    state = world.get(ref)
    assert state is not None
    clocks = {name: math.ceil(when.timestamp() * 1000) for name, when in clocks_of(state, rules).items()}
    return Write(stored(ref), version, write_state(state), clocks, is_open(state))


def is_open(state: Aggregate) -> bool:
    """Whether something is still to be found among what is open."""
    match state:
        case Case():
            return state.open
        case Unit():
            return not state.retired
        case _:
            ended = getattr(state, "live", None) is False or getattr(state, "retired", False)
            return not ended and getattr(state, "withdrawn_at", None) is None
