"""What release 0.1 wrote into a store is read by this one. The files beside this one were written then, and are never
changed: where a test here is red, a change would leave people with a store that can't be read.

`events.json`, `states.json` and `notes.json` hold one of each kind with every field filled; the `story_` files are a case from
the call to the handover, and what it led to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import to_builtins

from dispatch.life.events import Kind, Ref
from dispatch.life.evolve import evolve
from dispatch.life.world import Aggregate
from dispatch.service.codec import CodecError, read_event, read_note, read_state

FOLDER = Path(__file__).parent / "written_by_0_1"


def written(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def packed(state: dict[str, Any]) -> bytes:
    """A state as it lay in the store."""
    return b"%d %s" % (state["shape"], json.dumps(state["body"]).encode())


def lost(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """Whatever was written and is not there once it has been read: fields may come to it, none may go."""
    match before, now:
        case dict(), dict():
            for key, value in before.items():
                if key not in now:
                    yield f"{where}.{key}"
                else:
                    yield from lost(value, now[key], f"{where}.{key}")
        case list(), list() if len(before) == len(now):
            for number, (one, other) in enumerate(zip(before, now, strict=True)):
                yield from lost(one, other, f"{where}[{number}]")
        case _:
            if before != now:
                yield f"{where}: {before!r} is {now!r} now"


def plain(read: Any) -> Any:
    """What was read, as JSON has it."""
    return json.loads(json.dumps(to_builtins(read, builtin_types=()), default=str))


@pytest.mark.parametrize("row", written("events.json"), ids=lambda row: row["event"]["type"])
def test_every_event_is_read(row: dict[str, Any]) -> None:
    assert list(lost(row, plain(read_event(json.dumps(row).encode())))) == []


@pytest.mark.parametrize("row", written("states.json"), ids=lambda row: row["kind"])
def test_every_state_is_read(row: dict[str, Any]) -> None:
    assert list(lost(row["body"], plain(read_state(row["kind"], packed(row))))) == []


@pytest.mark.parametrize("row", written("notes.json"), ids=lambda row: row["field"])
def test_every_note_is_read(row: dict[str, Any]) -> None:
    assert list(lost(row, plain(read_note(json.dumps(row).encode())))) == []


def test_there_is_one_of_each_kind() -> None:
    assert {row["kind"] for row in written("states.json")} == set(get_args(Kind))
    assert len({row["event"]["type"] for row in written("events.json")}) == 47


def test_a_story_leads_to_what_it_led_to_then() -> None:
    states: dict[Ref, Aggregate] = {}
    for row in written("story_events.json"):
        recorded = read_event(json.dumps(row).encode())
        ref = recorded.event.ref
        states[ref] = evolve(states.get(ref), recorded)
    then = [(row["kind"], row["body"]["id"], read_state(row["kind"], packed(row))) for row in written("story_states.json")]
    assert len(then) == len(states) > 3
    for kind, name, state in then:
        assert states[Ref(kind, name)] == state


def test_what_is_lost_would_be_seen() -> None:
    """The tests above could else pass on anything that is read at all."""
    row = written("states.json")[0]
    assert list(lost({**row["body"], "other": 1}, plain(read_state(row["kind"], packed(row))))) == [".other"]
    with pytest.raises(CodecError, match="damaged"):
        read_state("run", packed(row))
