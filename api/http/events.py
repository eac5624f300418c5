"""Server-sent events: what happens in a region, as it happens, resumable by the id of the last event that was seen."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import json, to_builtins

from api.access import Principal, authenticate, require
from api.access.errors import AccessError, ForbiddenError
from api.http.asking import Asking
from api.http.own_events import OwnEvents
from api.http.problems import documented
from dispatch.life.events import Recorded
from dispatch.service.codec import CodecError, read_event
from dispatch.service.feed import Feed
from dispatch.store import START, StoredEvent, StoreError, TrimmedError, is_later
from routing import InputError

router = APIRouter(prefix="/v1", tags=["events"], responses=documented(401, 403, 404, 422, 503))

BATCH_SECONDS = 0.25
WELCOME_SECONDS = 5.0
"""So often it is asked whether a listener may still listen."""

_PING_SECONDS = 15.0
_PING = b"event: ping\ndata: {}\n\n"
"""That the stream lives: an event, since a browser tells scripts of nothing else. It bears no id."""
_READINGS = "particulars_read"


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events as they happen."}},
)
async def events(
    request: Request,
    response: Response,
    region: Annotated[str, Query(description="Of which region.")],
    who: Annotated[Principal, require("events.read", "events.own")],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    after: Annotated[str | None, Query(description="The same as Last-Event-ID, for the first time.")] = None,
) -> StreamingResponse:
    """What happens, from now on or after the event that was seen last; in batches a quarter of a second apart.

    Each event is one message with its id; `event: gap` says that events after the given id are gone: read the states anew.
    `event: store` says that the store is away, and since when.
    """
    if not who.in_region(region):
        raise ForbiddenError("other_region", region=repr(region[:80]))
    asked = Asking(request, response, region, who)
    feed = asked.serving.feeds[region]
    said = last_event_id or after
    if said is not None and not _is_id(said):
        raise InputError("Last-Event-ID is not the id of an event")
    try:
        begins = await _beginning(asked, feed, said)
    except StoreError:
        begins = None  # refused now, a browser would never ask again
    stream = _stream(asked, feed, said, begins)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


_ID = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")


def _is_id(word: str) -> bool:
    found = _ID.fullmatch(word)
    return found is not None and max(map(int, found.groups())) < 2**64


async def _beginning(asked: Asking, feed: Feed, said: str | None) -> tuple[str, bool]:
    """After which event to begin, and whether that leaves a gap: an id that was never given out is of another store, or of
    this one before it was restored."""
    if said is not None and not is_later(said, feed.last_id):
        return said, False
    if said is None and feed.last_id != START:
        return feed.last_id, False
    # This process may be a little behind, or have read nothing yet: the store knows.
    last = await asked.serving.service.store.events.last_id(asked.region)
    return (last, False) if said is None else (min(said, last, key=_order), is_later(said, last))


def _order(event_id: str) -> tuple[int, ...]:
    return tuple(map(int, event_id.split("-")))


def _gap(at: str) -> bytes:
    return b"event: gap\nid: %s\ndata: {}\n\n" % at.encode()


async def _stream(asked: Asking, feed: Feed, said: str | None, begins: tuple[str, bool] | None) -> AsyncIterator[bytes]:
    """Messages without end; `begins`: as `_beginning` has it, or None: the store is away, and that is found when it is back."""
    yield b"retry: 1000\n: siaga\n\n"
    at, gap = begins or ("", True)
    if at and gap:
        yield _gap(at)
    own = None if "events.read" in asked.who.permissions else OwnEvents(asked)
    quiet, away = 0.0, False
    number = asked.serving.fixes[asked.region].number
    welcome = _Welcome(asked)
    while welcome.lasts():
        try:
            if not at:
                at, _ = await _beginning(asked, feed, said)
                yield _gap(at)
            found = await feed.after(at)
            told = await _told(asked, own, found)
        except TrimmedError:
            at = feed.last_id
            yield _gap(at)
            await asyncio.sleep(BATCH_SECONDS)
            continue
        except StoreError:
            found, told = [], b""
        if found:
            at = found[-1].id
        if told:
            yield told
            quiet = 0.0
        number, told = _fixes(asked, number)
        if told:
            yield told
            quiet = 0.0
        if (feed.lost_since is not None) != away:
            away = feed.lost_since is not None
            since = None if feed.lost_since is None else asked.viewer().local(feed.lost_since).isoformat()
            yield b"event: store\ndata: %s\n\n" % json.encode({"away": away, "since": since})
        if quiet >= _PING_SECONDS:
            yield _PING
            quiet = 0.0
        await asyncio.sleep(BATCH_SECONDS)
        quiet += BATCH_SECONDS


def _fixes(asked: Asking, number: int) -> tuple[int, bytes]:
    """The positions since a batch: of every vehicle for those who may, else of the caller's own. They bear no id: after a
    break only where vehicles are now matters."""
    feed = asked.serving.fixes[asked.region]
    if feed.number == number:
        return number, b""
    found = feed.after(number)
    if "vehicles.read" not in asked.who.permissions:
        found = {name: body for name, body in found.items() if name == asked.who.vehicle}
    told = b"event: fixes\ndata: [%s]\n\n" % b",".join(found.values()) if found else b""
    return feed.number, told


class _Welcome:
    """Whether a listener may go on: asked now and then, beside what is told meanwhile."""

    def __init__(self, asked: Asking) -> None:
        self._asked = asked
        self._since = time.monotonic()
        self._asking: asyncio.Task[bool] | None = None

    def lasts(self) -> bool:
        """Whether they may, as far as is known."""
        if self._asking is not None and self._asking.done():
            if not self._asking.result():
                return False
            self._asking = None
        if self._asking is None and time.monotonic() - self._since >= WELCOME_SECONDS:
            self._since = time.monotonic()
            self._asking = asyncio.create_task(_still_welcome(self._asked))
        return True


async def _still_welcome(asked: Asking) -> bool:
    """Whether the caller may go on listening: a session ends, a token is revoked. While the store is away, they may."""
    try:
        return await authenticate(asked.request) == asked.who
    except AccessError:
        return False
    except StoreError:
        return True


async def _told(asked: Asking, own: OwnEvents | None, found: Sequence[StoredEvent]) -> bytes:
    """Messages of those events that the caller may see; `own`: what is theirs, of who may not see all."""
    readable = [(one, recorded) for one in found if (recorded := _read(one)) is not None]
    if own is not None:
        kept = {id(recorded) for recorded in await own.among([recorded for _, recorded in readable])}
        readable = [row for row in readable if id(row[1]) in kept]
    elif "people.admin" not in asked.who.permissions:
        readable = [row for row in readable if row[0].event.type != _READINGS]
    return b"".join(_message(asked, one, recorded) for one, recorded in readable)


def _read(one: StoredEvent) -> Recorded | None:
    try:
        return read_event(one.event.body)
    except CodecError:
        return None


def _message(asked: Asking, one: StoredEvent, recorded: Recorded) -> bytes:
    local = asked.viewer().local
    told: dict[str, Any] = {
        "about": str(one.event.ref),
        "version": one.event.version,
        "type": one.event.type,
        "happened_at": local(recorded.happened_at),
        "recorded_at": local(recorded.recorded_at),
        "role": recorded.actor.role,
        "command": recorded.command,
        "event": to_builtins(recorded.event),
    }
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (one.id.encode(), one.event.type.encode(), json.encode(told))
