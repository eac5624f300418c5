"""States, events and notes as bytes for the store, each with the version of its shape."""

from __future__ import annotations

from typing import Any

import msgspec

from dispatch.life.case import Case
from dispatch.life.events import Kind, Recorded
from dispatch.life.events import Ref as LifeRef
from dispatch.life.particulars import Note
from dispatch.life.reports import Claims, Condition, Readings
from dispatch.life.run import Run
from dispatch.life.units import Officer, Unit
from dispatch.life.world import Aggregate
from dispatch.store import Ref
from routing import InputError, SiagaError

STATE_SCHEMA = 1
"""Of states in the store. A release that changes their shape reads older ones and counts this up."""

_TYPES: dict[Kind, type[Any]] = {
    "case": Case,
    "run": Run,
    "unit": Unit,
    "officer": Officer,
    "condition": Condition,
    "claims": Claims,
    "readings": Readings,
}
_READERS = {kind: msgspec.json.Decoder(shape) for kind, shape in _TYPES.items()}
_EVENT = msgspec.json.Decoder(Recorded)
_NOTE = msgspec.json.Decoder(Note)
_ENCODER = msgspec.json.Encoder()


class CodecError(SiagaError, ValueError):
    """Bytes in the store that this release can't read."""


def stored(ref: LifeRef) -> Ref:
    """A reference as the store spells it.

    Raises:
        InputError: nothing can be called that.
    """
    try:
        return Ref(ref.kind, ref.id)
    except ValueError as error:
        raise InputError(f"{ref.id[:80]!r} can't be an id: 1 to 80 letters, digits or . _ : -") from error


def named(ref: Ref) -> LifeRef:
    """A reference as the core spells it."""
    for kind in _TYPES:
        if ref.kind == kind:
            return LifeRef(kind, ref.id)
    raise CodecError(f"the store holds {ref}, of a kind that this release does not know")


def write_state(state: Aggregate) -> bytes:
    """A state as the store keeps it: the version of its shape, a space, JSON."""
    return b"%d %s" % (STATE_SCHEMA, _ENCODER.encode(state))


def read_state(kind: Kind, packed: bytes) -> Aggregate:
    """The state that was written.

    Raises:
        CodecError: a newer release wrote it, or it is damaged.
    """
    schema, _, body = packed.partition(b" ")
    if schema != b"%d" % STATE_SCHEMA:
        found = schema.decode(errors="replace")
        raise CodecError(f"a {kind} in the store has shape {found!r}; this release reads {STATE_SCHEMA}")
    try:
        state: Aggregate = _READERS[kind].decode(body)
    except msgspec.DecodeError as error:
        raise CodecError(f"a {kind} in the store is damaged: {error}") from error
    return state


def write_event(recorded: Recorded) -> bytes:
    """An event as JSON; it bears the version of its shape."""
    return _ENCODER.encode(recorded)


def read_event(packed: bytes) -> Recorded:
    """The event that was written.

    Raises:
        CodecError: it is damaged, or of a type that this release does not know.
    """
    try:
        return _EVENT.decode(packed)
    except msgspec.DecodeError as error:
        raise CodecError(f"an event in the store can't be read: {error}") from error


def write_note(note: Note) -> bytes:
    """A note as JSON."""
    return _ENCODER.encode(note)


def read_note(packed: bytes) -> Note:
    """The note that was written.

    Raises:
        CodecError: it is damaged.
    """
    try:
        return _NOTE.decode(packed)
    except msgspec.DecodeError as error:
        raise CodecError(f"a note in the store can't be read: {error}") from error
