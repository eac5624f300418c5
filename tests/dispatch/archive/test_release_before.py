"""What every release before has left behind, store, archive and backup, is opened by this one, and everybody goes on with it.

The files lie in tests/written_before, where a README says how they came about. Where a test here is red, an update would leave
people with a store that can't be gone on with.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from api.access.errors import NotSignedInError
from api.access.gate import CSRF_HEADER
from api.cli import app as wired
from dispatch.archive import ArchiveSettings, Places, back_up, clear_closed, read_cases, read_events, restore
from dispatch.archive.manifest import read_manifest
from dispatch.life.commands import Issued, RegisterOfficer
from dispatch.life.events import CaseClockRang, Kind, Recorded, Ref
from dispatch.life.evolve import evolve
from dispatch.life.invariants import broken
from dispatch.life.people import CLOCK, Actor
from dispatch.life.world import Aggregate, World
from dispatch.regions import BuiltRegion
from dispatch.service.codec import read_event, read_note, read_state
from dispatch.service.service import Given
from dispatch.service.worker import Worker
from dispatch.store import EmbeddedServer, Store, is_later, open_store
from dispatch.store import Ref as StoreRef
from tests.crash.clients import Client, Ledger, free_all
from tests.crash.processes import Siaga
from tests.dispatch.archive.kept import rows
from tests.dispatch.service.test_written_before import lost, plain
from tests.stores import Run, until
from tests.written_before.releases import Json, Release, contents, event_ids, releases
from tests.written_before.served import HOST, REGION, Served, build_town, given, served

LATER = datetime(2200, 1, 1, tzinfo=UTC)
"""After everything that was ever stored, whatever the store's clock said."""


@pytest.fixture(scope="module", params=releases(), ids=lambda release: release.folder.name)
def before(request: pytest.FixtureRequest) -> Release:
    """An earlier release."""
    found: Release = request.param
    return found


@pytest.fixture(scope="module")
def regions(before: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """A folder for the town, of each release its own."""
    return tmp_path_factory.mktemp("regions")


@pytest.fixture(scope="module")
def town(before: Release, regions: Path) -> BuiltRegion:
    """The town where it all happened."""
    return build_town(regions, before.moment, before.expected["junctions"])


@pytest.fixture
def data(before: Release, tmp_path: Path) -> Path:
    """The data folder that it has left behind."""
    return before.unpack(tmp_path)[0]


Doing = Callable[[Served], Coroutine[Any, Any, None]]
Opened = Callable[[Doing], None]


@pytest.fixture
def opened(run: Run, before: Release, data: Path, town: BuiltRegion) -> Opened:
    """Does something with this release's service on that folder, at the time when the other one was stopped."""

    def do(doing: Doing) -> None:
        async def scenario() -> None:
            async with served(data, town, before.moment) as here:
                await doing(here)

        run(scenario())

    return do


@pytest.fixture(scope="module")
def looked_at(before: Release, town: BuiltRegion, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The same, opened once for all that change nothing."""
    data, _ = before.unpack(tmp_path_factory.mktemp("looked-at"))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        here = runner.run(stack.enter_async_context(served(data, town, before.moment)))

        def do(doing: Doing) -> None:
            here.desk.now = before.moment
            runner.run(doing(here))

        yield do
        runner.run(stack.aclose())


async def now_in(here: Served) -> Json:
    """What the store holds."""
    return json.loads(json.dumps(await contents(here.store_url, here.store, REGION)))  # type: ignore[no-any-return]


async def world_of(here: Served) -> World:
    """Everything that has a state."""
    world = World()
    for one in (await now_in(here))["states"]:
        ref = Ref(one["kind"], one["id"])
        state, _ = (await here.desk.service.states(REGION, [ref]))[0]
        assert state is not None
        world = world.with_(ref, state)
    return world


async def told(here: Served, ref: str) -> list[Recorded]:
    """What happened to something."""
    return [read_event(one.event.body) for one in await here.store.history(REGION, StoreRef.parse(ref))]


def in_order(value: Any) -> Any:
    """With lists of words sorted: sets are written in any order."""
    match value:
        case dict():
            return {name: in_order(one) for name, one in value.items()}
        case list() if all(isinstance(one, str) for one in value):
            return sorted(value)
        case list():
            return [in_order(one) for one in value]
        case _:
            return value


def test_what_0_1_wrote_is_kept() -> None:
    assert "0.1" in [one.folder.name for one in releases()]


def test_everything_is_there_as_it_was(before: Release, looked_at: Opened) -> None:
    async def scenario(here: Served) -> None:
        found = await now_in(here)
        assert found == {name: before.expected[name] for name in found}
        client = await here.with_token(here.token)
        listed = (await client.get("/cases?limit=200")).json()["cases"]
        there = [one for one in before.expected["states"] if one["kind"] == "case"]
        assert {one["id"] for one in listed} == {one["id"] for one in there if one["open"]}
        for one in there:
            answer = await client.get(f"/cases/{one['id']}")
            assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{one["version"]}"')
            entries = (await client.get(f"/cases/{one['id']}/timeline")).json()["entries"]
            assert entries[0]["type"] == "case_opened"

    looked_at(scenario)


def test_what_happened_leads_to_what_there_is(before: Release, looked_at: Opened) -> None:
    async def scenario(here: Served) -> None:
        for one in before.expected["states"]:
            kind: Kind = one["kind"]
            packed = b"%d %s" % (one["shape"], json.dumps(one["body"]).encode())
            state, version = (await here.desk.service.states(REGION, [Ref(kind, one["id"])]))[0]
            assert (state, version) == (read_state(kind, packed), one["version"])
            assert list(lost(in_order(one["body"]), in_order(plain(state)))) == []
            folded: Aggregate | None = None
            for recorded in await told(here, f"{kind}/{one['id']}"):
                folded = evolve(folded, recorded)
            assert folded == state
        for ref, notes in before.expected["notes"].items():
            kept = [read_note(one) for one in await here.store.private(REGION, StoreRef.parse(ref))]
            assert list(lost(notes, plain(kept))) == []
        assert list(broken(await world_of(here), here.desk.live.rules)) == []

    looked_at(scenario)


def test_the_clocks_that_were_set_ring(before: Release, opened: Opened) -> None:
    async def scenario(here: Served) -> None:
        here.desk.wait(minutes=6)
        by_now = here.desk.now.timestamp() * 1000
        due = {name.rpartition("/")[0] for name, at in before.expected["clocks"].items() if at <= by_now}
        assert len(due) > 5
        assert {ref.partition("/")[0] for ref in due} == {"case", "run"}
        while await here.desk.worker().fire_due():
            pass
        for ref in due:
            news = (await told(here, ref))[len(before.expected["histories"][ref]) :]
            assert news, ref
            assert {one.actor for one in news} == {CLOCK}
            assert min(one.recorded_at for one in news) >= before.moment
        assert list(broken(await world_of(here), here.desk.live.rules)) == []

    opened(scenario)


def test_a_clock_that_nobody_heard_for_long_rings_once(before: Release, opened: Opened) -> None:
    async def scenario(here: Served) -> None:
        here.desk.wait(minutes=40)
        worker = Worker(here.desk.service, REGION, "worker-1")
        while await worker.fire_due():
            pass
        drafts = [name.removesuffix("/intake") for name in before.expected["clocks"] if name.endswith("/intake")]
        assert drafts
        for draft in drafts:
            assert [type(one.event) for one in await told(here, draft)].count(CaseClockRang) == 1

    opened(scenario)


async def clients_of(here: Served, expected: Json) -> dict[str, httpx2.AsyncClient]:
    """Everybody who gave commands, signed in anew with the old passwords."""
    words = {one["name"]: one["password"] for one in expected["people"] if not one["disabled"]}
    found = {name: await here.signed_in(name, word) for name, word in words.items()}
    return {**found, "admin": await here.with_token(here.token)}


def test_every_command_given_again_gets_its_old_answer(before: Release, looked_at: Opened) -> None:
    """Among them those of people and facilities, with what is personal, with reports about roads."""
    commands = before.expected["commands"]

    async def scenario(here: Served) -> None:
        clients = await clients_of(here, before.expected)
        here.desk.wait(hours=3)
        for one in commands:
            answer = await given(clients[one["who"]], one["method"], one["path"], one["body"], one["key"])
            assert (answer.is_success, answer.json()) == (True, {**one["answer"], "repeated": True}), one
        last = commands[-1]
        body = {**last["body"], "override": "lain"}
        other = await given(clients[last["who"]], last["method"], last["path"], body, last["key"])
        assert (other.status_code, other.json()["code"]) == (422, "id_reused")
        found = await now_in(here)
        assert found == {name: before.expected[name] for name in found}

    assert {one["who"] for one in commands} == {"admin", "sari", "budi", "igd"}
    looked_at(scenario)


def test_a_command_with_a_set_is_known_again() -> None:
    """Another process, or the next one, keeps the words of a set in another order; what is asked is the same."""
    moment = datetime(2025, 1, 31, tzinfo=UTC)

    def mark(words: list[str]) -> bytes:
        command = RegisterOfficer("P1", "Petugas Rekaan", frozenset(words))
        return Given(Issued("written-0001", Actor("sari", "admin"), moment, command)).fingerprint

    for number in range(100):  # the order hangs on hashes, which are others each time: many sets, to see it every time
        words = [f"{number}-{letter}" for letter in "abcde"]
        assert mark(words) == mark(words[::-1])


def test_people_and_programs_get_in_as_before(before: Release, looked_at: Opened) -> None:
    async def scenario(here: Served) -> None:
        browser = await here.client()
        people = before.expected["people"]
        some = [people[0], next(one for one in people if one["disabled"])]
        for one in (*some, {**people[0], "password": people[1]["password"], "disabled": True}):
            answer = await browser.post(f"{HOST}/v1/session", json={"name": one["name"], "password": one["password"]})
            assert answer.status_code == (401 if one["disabled"] else 200), one["name"]
        assert [user.name for user in await here.access.people.all()] == sorted(one["name"] for one in people)
        for one in before.expected["tokens"]:
            find = here.access.by_device if one["kind"] == "device" else here.access.by_token
            if one["counts"]:
                who = await find(one["secret"])
                assert (who.id, who.role) == (one["id"], one["role"])
            else:
                with pytest.raises(NotSignedInError):
                    await find(one["secret"])
        assert before.expected["admin_token"] == here.token

    looked_at(scenario)


async def to_the_end(client: Client) -> None:
    """Everything that is open goes on step by step, until nothing is."""
    for _ in range(60):
        listed = (await client.get("/cases?limit=200"))["cases"]
        for row in listed:
            await client.step(row["id"])
        await free_all(client)
        if not listed:
            return
    raise AssertionError(f"these come to no end: {listed}")


async def worker_of(here: Served) -> Client:
    """Somebody who sees cases through, with the admin's token."""
    spots = [here.desk.spot(number) for number in range(5)]
    client = Client(cast("Siaga", Here(here.token)), spots, "sesudah", Ledger())
    await client.http.aclose()
    client.http = await here.with_token(here.token)
    return client


class Here:
    """What a client wants to know of a service that has no port."""

    url = HOST

    def __init__(self, token: str) -> None:
        self.token = token


def matches(expected: list[Json], found: list[Mapping[str, Any]]) -> None:
    """Rows that were archived are found again; columns may have come to them."""
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        known = {name: value for name, value in other.items() if value is not None}
        assert list(lost(one, json.loads(json.dumps(known, default=str)))) == []


def test_the_archive_goes_on_where_it_was(before: Release, data: Path, opened: Opened) -> None:
    archive = data / "archive"
    old = before.expected["archive"]
    closed = {one["id"] for one in before.expected["states"] if one["kind"] == "case" and not one["open"]}

    def ids() -> Counter[str]:
        return Counter(one["event"] for one in rows(archive, "events"))

    async def scenario(here: Served) -> None:
        matches(old["events"], list(rows(archive, "events")))
        matches(old["cases"], list(rows(archive, "cases")))
        first = await here.archivist().archive(LATER)
        assert first.events == len(set(event_ids(before.expected))) - len(old["events"]) > 0
        assert first.case_rows > 0
        assert first.trimmed == 0  # a worker had taken some events and not said yet that it was done with them
        assert ids() == Counter(event_ids(before.expected))
        # A time put right about what the other release archived, and everything open to its end.
        client = await worker_of(here)
        run = next(one["id"] for one in before.expected["states"] if one["kind"] == "run" and not one["open"])
        stamp = next(one for one in (await client.get(f"/runs/{run}"))["stamps"] if one["point"] == "at_scene")
        at = (datetime.fromisoformat(stamp["happened_at"]) - timedelta(seconds=20)).isoformat()
        put_right = {"point": "at_scene", "at": at, "why": "contoh"}
        assert await client.give("POST", f"/runs/{run}/times", put_right) is not None
        await to_the_end(client)
        await here.archivist(ArchiveSettings(keep_stream=timedelta(0), merge_at=2)).archive(LATER)
        assert ids() == Counter(event_ids(await now_in(here)))
        assert max(ids().values()) == 1
        manifest = read_manifest(archive / REGION)
        assert manifest is not None
        assert manifest.gaps == ()

        # Old and new read together.
        cases, events = read_cases(archive), read_events(archive)
        assert len(events) == len(ids())
        whole = await world_of(here)
        patients = sum(len(one.patients) for one in whole.cases.values())
        assert len(cases[cases["final"]]) == patients
        assert cases["corrected"].sum() == 1
        assert set(cases["case"]) >= {one["case"] for one in old["cases"]}
        assert set(events["case"].dropna()) == set(cases["case"])
        assert {f"{when:%Y-%m}" for when in events["happened_at"].dt.tz_convert("Asia/Jakarta")} >= {"2025-01", "2025-02"}
        assert [case.id for case in whole.cases.values() if case.open] == []
        assert list(broken(whole, here.desk.live.rules)) == []

        # What lies in the archive may go, what the other release closed as well.
        assert await clear_closed(here.store, REGION, archive / REGION, LATER) > len(closed)
        assert {one["kind"] for one in (await now_in(here))["states"]}.isdisjoint({"case", "run"})

    opened(scenario)


def test_it_is_backed_up_and_restored(run: Run, before: Release, tmp_path: Path) -> None:
    """Its store by this release, and its own backup."""
    data, backup = before.unpack(tmp_path)
    file = tmp_path / "new.tar"

    async def held(places: Places) -> Json:
        async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
            return json.loads(json.dumps(await contents(server.url, store, REGION)))  # type: ignore[no-any-return]

    async def scenario() -> None:
        await back_up(Places(data), file, before.moment, secrets=True)
        for number, source in enumerate((file, backup)):
            places = Places(tmp_path / f"restored-{number}")
            restored = await restore(places, source, before.moment)
            assert (restored.archive, restored.settings, restored.forgotten) == (True, (), ())
            found = await held(places)
            assert found == {name: before.expected[name] for name in found}
            for name in ("archive.key", "admin-token", "settings/kota.toml"):
                assert (places.data / name).read_bytes() == (data / name).read_bytes()
            matches(before.expected["archive"]["events"], list(rows(places.archive, "events")))

    run(scenario())


# -- the service as people run it ----------------------------------------------------------------------------------------------


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs a command on the data folder `home`; its exit code, and what it says."""
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("SIAGA_LANG", "en")
    monkeypatch.delenv("SIAGA_REDIS_URL", raising=False)

    def do(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = wired._code(arguments)
        return code, capsys.readouterr().out

    return do


def wrong(said: str) -> set[str]:
    """The checks of `siaga doctor` that have found an error."""
    return {one["check"] for one in json.loads(said) if one["grade"] == "error"}


@pytest.mark.slow
@pytest.mark.usefixtures("town")
def test_siaga_serves_it(
    run: Run, before: Release, regions: Path, tmp_path: Path, typed: Callable[..., tuple[int, str]]
) -> None:
    """From the backup: restored, looked over, served, backed up, stopped, by the commands that people type."""
    expected = before.expected
    _, backup = before.unpack(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / "regions").symlink_to(regions, target_is_directory=True)
    assert typed("restore", str(backup))[0] == 0
    # It lay for long: its clocks were to ring meanwhile, and its last events to be archived.
    assert wrong(typed("doctor", "--json")[1]) <= {"overdue", "archive"}

    async def goes_on(service: Siaga) -> None:
        admin = {"Authorization": f"Bearer {expected['admin_token']}"}
        at = f"{service.url}/v1/regions/{REGION}"
        async with httpx2.AsyncClient(base_url=at, trust_env=False, timeout=20) as http:
            sari = next(one for one in expected["people"] if one["name"] == "sari")
            signed = await http.post(f"{service.url}/v1/session", json={"name": "sari", "password": sari["password"]})
            assert signed.status_code == 200, signed.text
            http.headers[CSRF_HEADER] = signed.json()["csrf"]
            again = next(one for one in expected["commands"] if one["who"] == "sari" and one["path"] == "/cases")
            answer = await given(http, again["method"], again["path"], again["body"], again["key"])
            assert (answer.status_code, answer.json()) == (201, {**again["answer"], "repeated": True})
            run_id = next(
                one["id"] for one in expected["states"] if one["kind"] == "run" and one["body"]["state"] == "carrying"
            )
            pressed = await given(http, "POST", f"/runs/{run_id}/progress", {"point": "at_facility"}, "sesudah-0001")
            assert pressed.status_code == 200, pressed.text
            assert "run_progressed" in pressed.json()["events"]
            assert (await http.get("/cases", headers=admin)).status_code == 200
            draft = next(name for name in expected["clocks"] if name.endswith("/intake")).split("/")[1]

            async def rang() -> bool:
                entries = (await http.get(f"/cases/{draft}/timeline")).json()["entries"]
                return any(one["type"] == "case_clock_rang" for one in entries)

            async def archived() -> bool:
                manifest = read_manifest(home / "archive" / REGION)
                return manifest is not None and not is_later(expected["stream"]["last"], manifest.upto)

            await until(rang, "a clock that was set rings", 60)
            await until(archived, "what had happened is archived", 60)

    with Siaga(home) as service:
        service.start()
        run(goes_on(service))
        assert wrong(typed("doctor", "--json")[1]) <= {"overdue"}
        assert typed("backup", str(tmp_path / "served.tar"))[0] == 0
        assert service.stop() == 0
        assert "Traceback" not in service.earlier

    async def nothing_twice(store: Store, url: str) -> None:
        known = Counter(one["event"] for one in rows(home / "archive", "events"))
        assert set(known.values()) == {1}
        found = await contents(url, store, REGION)
        assert set(event_ids(expected)) <= set(known)
        left = {one["id"] for one in found["states"] if one["kind"] == "case"}
        gone = {one["id"] for one in expected["states"] if one["kind"] == "case"} - left
        # What was closed a month ago by the store's own clock has left it.
        assert gone <= {one["id"] for one in expected["states"] if not one["open"]}

    async def afterwards() -> None:
        async with await EmbeddedServer.start(home / "store") as server, await open_store(server.url) as store:
            await nothing_twice(store, server.url)

    run(afterwards())
