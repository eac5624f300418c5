"""The live service: opens the store and the regions, lets people in, serves until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvicorn

from api.access import Access
from api.access.admin_token import AdminToken, ensure_admin_token
from api.access.links import Links
from api.bootstrap import STORE_FOLDER
from api.http.app import create_app
from api.http.serving import Demo, Serving, open_region
from api.settings import Settings
from dispatch.archive import ArchiveKeyError, Archivist, Places, archive_key
from dispatch.archive.archivist import ArchiveSettings
from dispatch.fleet import Vehicle
from dispatch.life.commands import RegisterUnit
from dispatch.life.people import Actor
from dispatch.regions import BuiltRegion
from dispatch.service.live_region import LiveRegion
from dispatch.service.loading import load_units
from dispatch.service.region_settings import region_settings, settings_file
from dispatch.service.service import Service
from dispatch.service.warming import warm_up
from dispatch.store import EmbeddedServer, Notice, Store, StoreError, StoreRefusedError, StoreUnreachableError, open_store
from dispatch.store.store import KEEP_ANSWERS_DAYS
from routing import InputError

log = logging.getLogger(__name__)

FIRST_FLEET = Actor("first-fleet", "system")
_GRACE_SECONDS = 3
_KEPT_OPEN_SECONDS = 75
"""An idle connection; the usual five seconds close it just as a slow caller asks again."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service listens, and how.

    Attributes:
        host, port: port 0 takes any that is free.
        certificate, key: files, for HTTPS; None: plain HTTP.
        proxies: addresses whose word on who calls and how is believed ("*" for all), or "".
        public: the address under which people reach it, where a proxy's is another one, as "https://siaga.example"; or "".
        working: it fires clocks as well.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    key: Path | None = None
    proxies: str = ""
    public: str = ""
    working: bool = True


Company = Callable[[str, Access, AdminToken], AbstractAsyncContextManager[None]]
"""Who acts in a demo, given the service's address, who may do what, and the administrator's token."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is otherwise in a demo than in an office.

    Attributes:
        demo: what is said of it.
        clock: the service's. Sessions, tokens and waits after a wrong password go by the wall's all the same.
        archive: how the archive is kept.
        keep_answers_days: see `opened_store`.
        admit: makes the accounts that anybody may sign in with.
        company: entered before it is said that it serves, left when it ends.
    """

    demo: Demo
    clock: Callable[[], datetime]
    archive: ArchiveSettings
    keep_answers_days: float
    admit: Callable[[Access], Awaitable[None]]
    company: Company


@dataclass(frozen=True, slots=True)
class Begun:
    """It serves.

    Attributes:
        address: where.
        token: what became of the administrator's.
        vehicles: so many the first region had already: the fleet to begin with was not taken.
    """

    address: str
    token: AdminToken
    vehicles: int


@asynccontextmanager
async def opened_store(settings: Settings, keep_answers_days: float = KEEP_ANSWERS_DAYS) -> AsyncIterator[Store]:
    """The store of the settings: an outside server, or one of our own in the data folder.

    Args:
        settings: of the environment.
        keep_answers_days: so long a command that is given again gets the answer of then.

    Raises:
        StoreError: it can't be opened; the message says why and what to do.
    """
    if settings.store_url:
        async with await open_store(settings.store_url, keep_answers_days=keep_answers_days) as store:
            yield store
        return
    server = await EmbeddedServer.start(settings.data_folder / STORE_FOLDER, report=_noticed)
    async with server, await open_store(server.url, keep_answers_days=keep_answers_days) as store:
        yield store


def _noticed(notice: Notice) -> None:
    log.warning("store: %s", notice.text)


class _Server(uvicorn.Server):
    """uvicorn, but who started it hears signals: it would raise them anew, and nothing would be put away after it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    settings: Settings,
    built: Sequence[BuiltRegion],
    fleet: Sequence[Vehicle],
    listening: Listening,
    ready: Callable[[Begun], None],
    stage: Stage | None = None,
) -> None:
    """Serves regions until SIGINT or SIGTERM.

    Args:
        settings: of the environment.
        built: the regions.
        fleet: registered in the first region, if it has no vehicles yet.
        listening: where.
        ready: called once it serves.
        stage: for a demo; None: for an office.

    Raises:
        StoreError: the store can't be opened. InputError: the port is taken. DataError: a region's settings are wrong.
    """
    stop = _Stop()
    try:
        async with opened_store(settings, KEEP_ANSWERS_DAYS if stage is None else stage.keep_answers_days) as store:
            opened = await _opened(settings, built, fleet, listening, store, stage)

            def company(address: str) -> AbstractAsyncContextManager[None]:
                return nullcontext() if stage is None else stage.company(address, opened.access, opened.token)

            def begun(address: str) -> None:
                ready(Begun(address, opened.token, opened.vehicles))

            await _until_told(opened.server, listening, stop, begun, company)
    except asyncio.CancelledError:
        if not stop.asked.is_set():
            raise


class _Stop:
    """SIGINT and SIGTERM, heard from the beginning on.

    Attributes:
        asked: one of them came.
        server: what is to stop; until there is one, the opening is broken off.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.server: _Server | None = None
        self._opening = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._heard)

    def _heard(self) -> None:
        self.asked.set()
        if self.server is not None:
            # Before it has started it would leave without putting away what it has begun.
            self.server.should_exit = self.server.started
        elif self._opening is not None:
            self._opening.cancel()


@dataclass(frozen=True, slots=True)
class _Opened:
    server: _Server
    access: Access
    token: AdminToken
    vehicles: int


async def _opened(
    settings: Settings,
    built: Sequence[BuiltRegion],
    fleet: Sequence[Vehicle],
    listening: Listening,
    store: Store,
    stage: Stage | None,
) -> _Opened:
    access = await Access.of(store, origins=frozenset({listening.public} - {""}))
    token = await ensure_admin_token(store, settings.data_folder)
    if stage is not None:
        access.links = Links(store, access.rules.link, stage.clock)  # they end with their case, in its time
        await stage.admit(access)
    service = Service(store, {}, None if stage is None else stage.clock)
    for one in built:
        one.settle()
        folder = settings.region_settings_folder
        rules, weights = region_settings(folder, one.name)
        own = settings_file(folder, one.name)
        service.regions[one.name] = live = LiveRegion(one, rules, weights, service.clock(), own)
        warm_up(live, service.clock())
        await open_region(store, one.name)
    vehicles = 0
    if built:
        try:
            vehicles = await _first_fleet(service, built[0].name, fleet)
        except (StoreUnreachableError, StoreRefusedError) as error:
            log.warning("region %s: whether it has vehicles is not known: %s", built[0].name, error)
    background = _archivists(settings, service, stage) if listening.working else {}
    demo = None if stage is None else stage.demo
    config = uvicorn.Config(
        create_app(Serving.of(service, working=listening.working, background=background, demo=demo), access),
        host=listening.host,
        port=listening.port,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        proxy_headers=bool(listening.proxies),
        forwarded_allow_ips=listening.proxies or None,
        log_level="warning",
        access_log=False,  # paths hold ids and coordinates; /metrics counts by pattern
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_KEPT_OPEN_SECONDS,
    )
    return _Opened(_Server(config), access, token, vehicles)


def _archivists(settings: Settings, service: Service, stage: Stage | None) -> dict[str, Callable[[], Awaitable[None]]]:
    """Each region's history leaves the store for the archive; nothing personal goes with it. What has been in the store for how
    long goes by the store's clock, which is the wall's."""
    kept = None if stage is None else stage.archive
    places = Places(settings.data_folder)
    try:
        key = archive_key(places)
    except ArchiveKeyError as error:
        log.warning("nothing is archived until the service is started again with the right key: %s", error)
        return {}
    return {
        f"archive of {name}": partial(Archivist(service.store, name, live.built.zone, places.archive, key, kept).run, _wall)
        for name, live in service.regions.items()
    }


def _wall() -> datetime:
    return datetime.now(UTC)


async def _until_told(
    server: _Server,
    listening: Listening,
    stop: _Stop,
    ready: Callable[[str], None],
    company: Callable[[str], AbstractAsyncContextManager[None]],
) -> None:
    stop.server = server
    if stop.asked.is_set():
        return  # the opening was to be broken off, and had ended
    task = asyncio.create_task(_serving(server, listening))
    while not server.started and not task.done():
        await asyncio.sleep(0.02)
    if stop.asked.is_set():
        server.should_exit = True
    elif server.started:
        port = server.servers[0].sockets[0].getsockname()[1]
        scheme = "https" if listening.certificate else "http"
        host = f"[{listening.host}]" if ":" in listening.host else listening.host
        await _with_company(task, f"{scheme}://{host}:{port}", ready, company)
    await task


async def _with_company(
    task: asyncio.Task[None],
    address: str,
    ready: Callable[[str], None],
    company: Callable[[str], AbstractAsyncContextManager[None]],
) -> None:
    """Until the server ends; should that be before everybody is there, nobody waits for them."""
    here = company(address)
    entering = asyncio.create_task(here.__aenter__())
    await asyncio.wait((entering, task), return_when=asyncio.FIRST_COMPLETED)
    if not entering.done():
        entering.cancel()
        await asyncio.wait((entering,))
        return
    entering.result()
    try:
        ready(address)
        await asyncio.wait((task,))
    finally:
        await here.__aexit__(None, None, None)


class _Quiet(logging.Filter):
    """Holds back what uvicorn says where we say it, once and shorter (`why` it can't listen), and where nothing is wrong: who
    follows the events is cut off when the service stops."""

    why = ""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, OSError):
            self.why = str(record.msg.strerror or record.msg).split(": ")[-1]
            return False
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, asyncio.CancelledError) and not record.msg.startswith("Cancel %s running task(s)")


async def _serving(server: _Server, listening: Listening) -> None:
    quiet, uvicorns = _Quiet(), logging.getLogger("uvicorn.error")
    uvicorns.addFilter(quiet)
    try:
        await server.serve()
    except SystemExit as error:
        where = f"{listening.host}:{listening.port}"
        raise InputError(f"can't listen on {where} ({quiet.why}); try another --port or --host") from error
    finally:
        uvicorns.removeFilter(quiet)
    if server.lifespan.should_exit:
        raise StoreError("the service could not begin; what is said above tells why. Start it again")


async def _first_fleet(service: Service, region: str, fleet: Sequence[Vehicle]) -> int:
    """Registers the first vehicles, unless there are some: so many there were."""
    if known := await load_units(service.store, region):
        return len(known)
    for one in fleet:
        command = RegisterUnit(
            one.id,
            one.name,
            one.kind,
            one.equipment,
            one.capacity,
            one.base,
            one.base_longitude if one.base_longitude is not None else one.longitude,
            one.base_latitude if one.base_latitude is not None else one.latitude,
            "",
            one.invented,
        )
        await service.do(region, FIRST_FLEET, f"first-fleet.{one.id}", command)
    return 0
