"""A commit as the script takes it, and its answer; entries of streams and lists as events and fixes.

The order of keys and arguments is written down in library.lua.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.store.errors import ConflictError, SchemaError
from dispatch.store.keys import Keys
from dispatch.store.model import Commit, Committed, EventEntry, Fix, Loaded, Ref, Seen, StoredEvent, StoredFix

SCHEMA = 1
"""The layout of keys and values. A release that changes it counts on, and brings the way to rewrite the one before."""

Argument = bytes | str | int


def wrong_schema(region: str, found: bytes) -> SchemaError:
    """The error for a region whose entries have another layout."""
    number = int(found)
    what = "a newer release of Siaga wrote it; use that one" if number > SCHEMA else "an older release of Siaga wrote it"
    return SchemaError(f"region {region} in the store has schema {number}, this release knows {SCHEMA}: {what}")


def pack_commit(keys: Keys, commit: Commit, keep_ms: int) -> tuple[list[str], list[Argument]]:
    """Keys and arguments of the script."""
    names = [keys.schema, keys.seen(commit.command), keys.events, keys.clocks, keys.deadlines, keys.closed]
    sizes = [len(part) for part in (commit.writes, commit.checks, commit.events, commit.private)]
    args: list[Argument] = [SCHEMA, commit.fingerprint, commit.answer, keep_ms, *sizes]
    for write in commit.writes:
        names += (keys.state(write.ref), keys.open(write.ref.kind))
        args += (write.expected, write.expected + 1, write.state, str(write.ref), write.ref.id, int(write.open))
        args.append(len(write.clocks))
        for clock in write.clocks.items():
            args += clock
    for check in commit.checks:
        names.append(keys.state(check.ref))
        args.append(check.version)
    for event in commit.events:
        names.append(keys.history(event.ref))
        args += (str(event.ref), event.version, event.type, event.body)
    for entry in commit.private:
        names.append(keys.private(entry.ref))
        args.append(entry.body)
    return names, args


def unpack_answer(region: str, commit: Commit, answer: Sequence[bytes]) -> Committed | Seen:
    """What the script answered.

    Raises:
        ConflictError: a version is another one.
        SchemaError: the region was written by another release.
    """
    what, *rest = answer
    match what:
        case b"stored":
            return Committed(tuple(event_id.decode() for event_id in rest))
        case b"seen":
            return Seen(answer=rest[1], fingerprint=rest[0])
        case b"conflict":
            at, found = (int(number) for number in rest)
            writes = [(write.ref, write.expected) for write in commit.writes]
            ref, expected = (writes + [(check.ref, check.version) for check in commit.checks])[at]
            raise ConflictError(ref, expected, found)
        case _:
            raise wrong_schema(region, rest[0])


def unpack_state(packed: bytes | None) -> Loaded:
    """An aggregate from its key's value."""
    if packed is None:
        return Loaded(0, None)
    header, _, state = packed.partition(b"\n")
    return Loaded(int(header.partition(b" ")[0]), state)


def unpack_history(ref: Ref, packed: bytes) -> StoredEvent:
    """An event from the aggregate's own list."""
    header, _, body = packed.partition(b"\n")
    event_id, version, kind = header.decode().split(" ")
    return StoredEvent(event_id, EventEntry(ref, int(version), kind, body))


def unpack_event(event_id: bytes, fields: Mapping[bytes, bytes]) -> StoredEvent:
    """An event from the region's stream."""
    event = EventEntry(Ref.parse(fields[b"ref"].decode()), int(fields[b"version"]), fields[b"type"].decode(), fields[b"body"])
    return StoredEvent(event_id.decode(), event)


def unpack_latest(vehicle: str, packed: bytes) -> Fix:
    """A vehicle's latest fix."""
    ms, _, body = packed.partition(b" ")
    return Fix(vehicle, int(ms), body)


def unpack_trail(vehicle: str, packed: bytes) -> Fix:
    """A fix of a vehicle's trail."""
    ms, trusted, body = packed.split(b" ", 2)
    return Fix(vehicle, int(ms), body, trusted == b"1")


def unpack_live_fix(fix_id: bytes, fields: Mapping[bytes, bytes]) -> StoredFix:
    """A fix of the live stream."""
    return StoredFix(fix_id.decode(), Fix(fields[b"vehicle"].decode(), int(fields[b"ms"]), fields[b"body"]))


def stream_entries(answer: Any) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
    """The entries of the one stream that XREAD or XREADGROUP was asked about; none if it said nothing in time."""
    return list(answer[0][1]) if answer else []
