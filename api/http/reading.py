"""Reading states: from the store; while it is away, from what this process last knew, and then it says how old that is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import Response

from api.http.asking import Asking
from api.http.views import Viewer, about
from dispatch.life.case import Case
from dispatch.life.clocks import clocks_of
from dispatch.life.events import Kind, Ref
from dispatch.life.refusals import UnknownError
from dispatch.life.run import Run
from dispatch.life.units import Officer, Unit
from dispatch.life.world import Aggregate
from dispatch.service.choices import Positions
from dispatch.service.codec import named, read_state, stored
from dispatch.service.positions import latest_positions
from dispatch.store import StoreError

Found = tuple[Aggregate, int]


async def one(asked: Asking, ref: Ref) -> tuple[Aggregate | None, int, datetime | None]:
    """A state, its version, and how old it is where the store was away.

    Raises:
        StoreError: the store is away, and nothing is known of it here.
    """
    try:
        state, version = (await asked.serving.service.states(asked.region, [ref]))[0]
    except StoreError:
        board = asked.serving.board(asked.region)
        state, version = board.get(ref)
        if state is None or board.as_of is None:
            raise
        return state, version, _aged(asked, board.as_of)
    return state, version, None


async def everything(asked: Asking, kind: Kind) -> tuple[list[Found], datetime | None]:
    """All that is open of a kind; how old that is where the store was away.

    Raises:
        StoreError: the store is away, and nothing is known here.
    """
    try:
        found = await asked.serving.service.store.load_open(asked.region, kind)
    except StoreError:
        board = asked.serving.board(asked.region)
        if board.as_of is None:
            raise
        here = [(ref, version) for ref, version in board.versions.items() if ref.kind == kind]
        states = [(board.world.get(ref), version) for ref, version in here]
        return [(state, version) for state, version in states if state is not None], _aged(asked, board.as_of)
    return [(read_state(named(ref).kind, one.state), one.version) for ref, one in found.items() if one.state is not None], None


async def viewer_of(asked: Asking, states: Iterable[Case | Run], as_of: datetime | None = None) -> Viewer:
    """Makes views of cases and runs with their clocks as these were set, which other settings since have not changed; as the
    rules have them now where the store is away."""
    clocks = [(about(one), name) for one in states for name in clocks_of(one, asked.live.rules)]
    try:
        found = await asked.serving.service.store.deadlines(asked.region, [(stored(ref), name) for ref, name in clocks])
    except StoreError:
        return asked.viewer(as_of)
    times = zip(clocks, found, strict=True)
    return asked.viewer(as_of, {clock: datetime.fromtimestamp(ms / 1000, UTC) for clock, ms in times if ms is not None})


async def positions(asked: Asking) -> Positions:
    """Where vehicles are; nowhere while the store is away."""
    try:
        return await latest_positions(asked.serving.service.store, asked.region)
    except StoreError:
        return {}


def _aged(asked: Asking, as_of: datetime) -> datetime:
    asked.response.headers["Age"] = str(max(0, round((asked.now - as_of).total_seconds())))
    asked.response.headers["Warning"] = '110 siaga "the store is away; this is what was last known"'
    return as_of


def tagged(response: Response, version: int) -> None:
    """Says the version, for If-Match."""
    response.headers["ETag"] = f'"{version}"'


async def case_of(asked: Asking, name: str) -> tuple[Case, int, datetime | None]:
    """A case; raises UnknownError."""
    state, version, as_of = await one(asked, Ref("case", name))
    if not isinstance(state, Case):
        raise UnknownError("no_case", case=name)
    return state, version, as_of


async def run_of(asked: Asking, name: str) -> tuple[Run, int, datetime | None]:
    """A run; raises UnknownError."""
    state, version, as_of = await one(asked, Ref("run", name))
    if not isinstance(state, Run):
        raise UnknownError("no_run", run=name)
    return state, version, as_of


async def unit_of(asked: Asking, name: str) -> tuple[Unit, int, datetime | None]:
    """A vehicle; raises UnknownError."""
    state, version, as_of = await one(asked, Ref("unit", name))
    if not isinstance(state, Unit):
        raise UnknownError("no_vehicle", vehicle=name)
    return state, version, as_of


async def officer_of(asked: Asking, name: str) -> tuple[Officer, int, datetime | None]:
    """An officer; raises UnknownError."""
    state, version, as_of = await one(asked, Ref("officer", name))
    if not isinstance(state, Officer):
        raise UnknownError("no_officer", officer=name)
    return state, version, as_of
