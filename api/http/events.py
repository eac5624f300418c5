"""Server-sent events: what happens in a region, as it happens, resumable by the id of the last event that was seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import json, to_builtins

from api.access import Principal, authenticate, require
from api.access.errors import AccessError, ForbiddenError
from api.http.asking import Asking
from api.http.problems import documented
from dispatch.life.events import AttemptMoved, FacilityAsked, Recorded
from dispatch.service.codec import CodecError, read_event
from dispatch.service.feed import Feed
from dispatch.store import StoredEvent, StoreError, TrimmedError
from routing import InputError

router = APIRouter(prefix="/v1", tags=["events"], responses=documented(401, 403, 404, 422, 503))

BATCH_SECONDS = 0.25
_PING_SECONDS = 15.0
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
    stream = _stream(asked, feed, said or feed.last_id)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _is_id(word: str) -> bool:
    first, dash, second = word.partition("-")
    return bool(dash) and first.isdigit() and second.isdigit() and len(word) < 40


async def _stream(asked: Asking, feed: Feed, at: str) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n: siaga\n\n"
    quiet, away = 0.0, False
    number = asked.serving.fixes[asked.region].number
    while True:
        try:
            found = await feed.after(at)
        except TrimmedError:
            at = feed.last_id
            yield b"event: gap\nid: %s\ndata: {}\n\n" % at.encode()
            continue
        except StoreError:
            found = []
        if found:
            at = found[-1].id
            told = b"".join(_message(asked, one) for one in found if _may_see(asked, one))
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
            yield b": %s\n\n" % at.encode()
            quiet = 0.0
            if not await _still_welcome(asked):
                return
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


async def _still_welcome(asked: Asking) -> bool:
    """Whether the caller may go on listening: a session ends, a token is revoked. While the store is away, they may."""
    try:
        return (await authenticate(asked.request)).permissions == asked.who.permissions
    except AccessError:
        return False
    except StoreError:
        return True


def _message(asked: Asking, one: StoredEvent) -> bytes:
    try:
        recorded = read_event(one.event.body)
    except CodecError:
        return b""
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


def _may_see(asked: Asking, one: StoredEvent) -> bool:
    """Everything of the region for those who may; else what concerns the caller's own vehicle or facility."""
    if one.event.type == _READINGS:
        return "people.admin" in asked.who.permissions
    if "events.read" in asked.who.permissions:
        return True
    try:
        return _is_own(asked, read_event(one.event.body))
    except CodecError:
        return False


def _is_own(asked: Asking, recorded: Recorded) -> bool:
    event, world = recorded.event, asked.serving.board(asked.region).world
    kind, name = event.ref.kind, event.ref.id
    if asked.who.vehicle is not None:
        unit = world.units.get(asked.who.vehicle)
        mine = None if unit is None else unit.run
        if (kind, name) == ("unit", asked.who.vehicle) or (kind == "run" and name == mine):
            return True
        case = world.cases.get(name) if kind == "case" else None
        if case is not None and mine is not None and any(one.run == mine for one in case.patients):
            return True
        run = world.runs.get(name) if kind == "run" else None
        if run is not None and run.unit == asked.who.vehicle:
            return True
    if asked.who.facility is not None:
        match event:
            case FacilityAsked(goal=goal):
                return bool(goal.id == asked.who.facility)
            case AttemptMoved(attempt=attempt):
                case = world.cases.get(name)
                found = None if case is None else case.attempt(attempt)
                return found is not None and bool(found.goal.id == asked.who.facility)
    return kind == "condition"
