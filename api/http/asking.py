"""What every command brings along: an id, who gives it, when it happened, and the version that the caller has seen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import xxhash
from fastapi import Depends, Header, Path, Request, Response
from pydantic import BaseModel, Field

from api.access import Principal, require
from api.http.fields import STRICT, Moment
from api.http.language import language_of
from api.http.problems import MissingKeyError, documented
from api.http.serving import Serving, serving_of
from api.http.views import NO_DEADLINES, Deadlines, Viewer
from dispatch.life.commands import Command, Issued
from dispatch.life.events import Ref
from dispatch.life.particulars import Note
from dispatch.life.people import Actor
from dispatch.service.live_region import LiveRegion
from dispatch.service.service import Given
from routing import InputError

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_VERSION = re.compile(r'(?:W/)?"?(\d{1,15})"?')

RegionName = Annotated[str, Path(description="Name of a region that is served here.", examples=["cibinong"])]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="Id of the command: sent again with the same one, it is done once."),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The version that you have seen; 412 if it is another one by now.")
]


class CommandBody(BaseModel):
    """What every command may say."""

    model_config = STRICT
    happened_at: Moment | None = Field(
        default=None, description="When it happened, with its zone; now if left out.", examples=["2026-11-22T03:00:00+07:00"]
    )


class CommandAnswer(BaseModel):
    """What a command led to."""

    command: str = Field(description="Its id.")
    recorded_at: datetime = Field(description="When the service took it, in the region's local time.")
    versions: dict[str, int] = Field(description='Of everything that it changed, by "kind/id".')
    events: list[str] = Field(description="What happened, in order.")
    made: dict[str, list[str]] = Field(description="Ids that it made: run, attempt (an offer), request (to the desk).")
    repeated: bool = Field(default=False, description="It was done before; this is the answer of then.")


class Asking:
    """One request about a region.

    Attributes:
        serving, region: what is asked.
        who: asks.
        request: as it came.
    """

    def __init__(self, request: Request, response: Response, region: str, who: Principal) -> None:
        self.request, self.response, self.who = request, response, who
        self.serving: Serving = serving_of(request)
        self.region = region
        self.live: LiveRegion = self.serving.region(region)

    @property
    def now(self) -> datetime:
        """The service's time."""
        return self.serving.service.clock()

    def viewer(self, as_of: datetime | None = None, deadlines: Deadlines = NO_DEADLINES) -> Viewer:
        """Makes views in the caller's language; of cases and runs `reading.viewer_of` does, which knows when clocks ring."""
        return Viewer(self.live.built.zone, language_of(self.request), self.live.rules, self.now, as_of, deadlines)

    @property
    def key(self) -> str:
        """The id of the command.

        Raises:
            MissingKeyError: there is none. InputError: it can't be one.
        """
        key = self.request.headers.get("idempotency-key")
        if key is None:
            raise MissingKeyError
        if not _KEY.fullmatch(key):
            raise InputError("Idempotency-Key must be 8 to 64 of A-Z a-z 0-9 - _")
        return key

    @property
    def actor(self) -> Actor:
        """Who gives the command, as it is recorded."""
        return Actor(self.who.id, self.who.role)

    def version(self) -> int | None:
        """What If-Match says; None if it is not there or `*`.

        Raises:
            InputError: it is no version.
        """
        said = self.request.headers.get("if-match")
        if said is None or said.strip() == "*":
            return None
        found = _VERSION.fullmatch(said.strip())
        if found is None:
            raise InputError('If-Match must be a version as the ETag gave it, such as "3"')
        return int(found.group(1))

    async def give(
        self,
        command: Command,
        body: CommandBody,
        about: Ref,
        *,
        case: str | None = None,
        notes: Sequence[Note] = (),
    ) -> CommandAnswer:
        """Carries a command out; `about` is what If-Match speaks of. Raises as `Service.give`."""
        version = self.version()
        given = Given(
            Issued(self.key, self.actor, body.happened_at or self.now, command),
            tuple(notes),
            case,
            None if version is None else {about: version},
        )
        done = await self.serving.service.give(self.region, given)
        if done.repeated:
            self.response.headers["Idempotent-Replayed"] = "true"
        if (changed := done.versions.get(f"{about.kind}/{about.id}")) is not None:
            self.response.headers["ETag"] = f'"{changed}"'
        return CommandAnswer(
            command=done.command,
            recorded_at=self.viewer().local(done.recorded_at),
            versions=done.versions,
            events=list(done.events),
            made=done.made,
            repeated=done.repeated,
        )


def asking(*permissions: str) -> Callable[..., Awaitable[Asking]]:
    """A dependency: a request about a region by somebody who has one of these permissions there."""
    gate = require(*permissions)

    async def made(request: Request, response: Response, region: RegionName, who: Principal = gate) -> Asking:
        return Asking(request, response, region, who)

    return made


async def with_key(_key: IdempotencyKey = None, _version: IfMatch = None) -> None:
    """Documents the headers that every command takes."""


COMMAND: dict[str, Any] = {"dependencies": [Depends(with_key)], "responses": documented(400, 409, 412)}
"""What every endpoint that takes a command says of itself."""

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def case_id(command: str) -> str:
    """The id of the case that a command opens: pseudonymous, the same for the same command, and easy to say on the telephone
    (Crockford's letters, without I, L, O and U)."""
    number = xxhash.xxh3_64_intdigest(command.encode())
    letters = "".join(_LETTERS[(number >> shift) & 31] for shift in range(0, 45, 5))
    return f"K{letters[:3]}-{letters[3:6]}-{letters[6:]}"
