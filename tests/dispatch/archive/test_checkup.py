"""The check-up finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatch.archive import ArchiveKeyError, Places, archive_key, open_key
from dispatch.archive.checkup import (
    Finding,
    check_archive,
    check_clock,
    check_fixes,
    check_modes,
    check_region,
    check_room,
    check_store,
    check_up,
)
from dispatch.archive.files import write_whole
from dispatch.archive.manifest import Gap, read_manifest, write_manifest
from dispatch.life.commands import Assign
from dispatch.life.rules import default_rules
from dispatch.service.codec import read_state, write_state
from dispatch.store import Commit as StoreCommit
from dispatch.store import Fix, Ref, Store, Write
from dispatch.store.connect import Client
from dispatch.store.keys import Keys
from dispatch.store.opening import link_to
from tests.dispatch.archive.kept import KEY, Teller, archivist, delivered, soon
from tests.dispatch.life.stories import sent
from tests.dispatch.life.worlds import Desk
from tests.stores import SAFE, OutsideServer, Run, outside_server


def waiting() -> Desk:
    """A case that is over, one under way, one that nobody has been sent to."""
    desk = delivered(sent())
    desk.opened(case="K2")
    desk.give(Assign("K2", "a2"))
    desk.opened(case="K3")
    return desk


async def change(url: str, region: str, what: Any) -> None:
    """Does something to a region's keys behind everybody's back."""
    link, keys = link_to(url), Keys(region)

    async def do(client: Client) -> None:
        await what(client, keys)

    try:
        await link.run(keys.slot, do)
    finally:
        await link.aclose()


def grades(found: list[Finding]) -> dict[str, str]:
    return {one.check: one.grade for one in found}


def test_a_sound_region_has_nothing_wrong(run: Run, store: Store, store_url: str, region: str) -> None:
    desk = waiting()

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        found = await check_region(store, store_url, region, default_rules(), desk.now)
        assert grades(found) == dict.fromkeys(("schema", "world", "clocks", "overdue"), "ok")

    run(scenario())


def test_a_clock_that_is_not_set_is_found(run: Run, store: Store, store_url: str, region: str) -> None:
    desk = waiting()

    async def lose(client: Client, keys: Keys) -> None:
        assert await client.hdel(keys.deadlines, "case/K3/search") == 1

    async def move(client: Client, keys: Keys) -> None:
        (name,) = [one.id for one in desk.world.runs.values() if one.live]
        await client.hset(keys.deadlines, f"run/{name}/run", 10**13)

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        await change(store_url, region, move)
        found = await check_region(store, store_url, region, default_rules(), desk.now)
        assert grades(found)["clocks"] == "warning"
        await change(store_url, region, lose)
        found = await check_region(store, store_url, region, default_rules(), desk.now)
        (clocks,) = [one for one in found if one.check == "clocks"]
        assert (clocks.grade, clocks.facts["count"]) == ("error", 2)
        assert "case/K3/search" in clocks.details[0]

    run(scenario())


def test_clocks_that_nobody_fires_are_found(run: Run, store: Store, store_url: str, region: str) -> None:
    desk = waiting()
    first = min(desk.clocks().values())

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        for late, grade in ((59, "ok"), (61, "error")):
            found = await check_region(store, store_url, region, default_rules(), first + timedelta(seconds=late))
            assert grades(found)["overdue"] == grade

    run(scenario())


def test_a_world_that_does_not_fit_is_found(run: Run, store: Store, store_url: str, region: str) -> None:
    desk = waiting()

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        ref = Ref("unit", "a2")
        (loaded,) = await store.load(region, [ref])
        assert loaded.state is not None
        alone = msgspec.structs.replace(read_state("unit", loaded.state), run=None)
        await store.commit(region, StoreCommit("x", writes=[Write(ref, loaded.version, write_state(alone))]))
        found = await check_region(store, store_url, region, default_rules(), desk.now)
        (world,) = [one for one in found if one.check == "world"]
        assert world.grade == "error"
        assert any("a2" in line for line in world.details)
        await store.commit(region, StoreCommit("y", writes=[Write(ref, loaded.version + 1, b"9 {}")]))
        found = await check_region(store, store_url, region, default_rules(), desk.now)
        assert grades(found) == {"schema": "error"}

    run(scenario())


def test_silent_vehicles_are_found(run: Run, store: Store, region: str) -> None:
    desk = waiting()
    now, hour = datetime.now(UTC), timedelta(hours=1)

    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        silent = await check_fixes(store, region, now, hour)
        assert (silent.grade, silent.details, silent.facts["all"]) == ("warning", ("a2",), 1)
        await store.fixes.put(region, [Fix("a2", int((now - 2 * hour).timestamp() * 1000), b"old")])
        assert (await check_fixes(store, region, now, hour)).grade == "warning"
        await store.fixes.put(region, [Fix("a2", int(now.timestamp() * 1000), b"new")])
        assert (await check_fixes(store, region, now, hour)).grade == "ok"

    run(scenario())


def test_an_archive_whose_key_is_away_or_another_one_is_found(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    """Nothing new waits to be archived: it doesn't lag, and still could not go on."""
    places = Places(tmp_path)

    async def told() -> tuple[str, str]:
        found = await check_archive(store, region, places, datetime.now(UTC))
        return found.grade, " ".join(found.details)

    async def scenario() -> None:
        await Teller(store, region).tell(delivered())
        await archivist(store, region, places.archive).archive(soon())
        grade, why = await told()
        assert grade == "error"
        assert f"{places.key} is missing" in why
        with pytest.raises(ArchiveKeyError, match="put it back"):
            archive_key(places)
        assert not places.key.exists()  # none is made: it would be another one
        write_whole(places.key, f"{KEY[::-1].hex()}\n".encode(), 0o600)
        grade, why = await told()
        assert grade == "error"
        assert "another key" in why
        write_whole(places.key, f"{KEY.hex()}\n".encode(), 0o600)
        assert await told() == ("ok", "")
        assert archive_key(places) == KEY

    run(scenario())


def test_an_archive_that_lags_is_found(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    places = Places(tmp_path)
    folder = places.archive / region
    write_whole(places.key, f"{KEY.hex()}\n".encode(), 0o600)

    async def grade(after: timedelta) -> str:
        return (await check_archive(store, region, places, datetime.now(UTC) + after)).grade

    async def scenario() -> None:
        hours = [timedelta(hours=count) for count in (0, 2, 25)]
        assert [await grade(after) for after in hours] == ["ok", "ok", "ok"]  # nothing has happened yet
        await Teller(store, region).tell(delivered())
        assert [await grade(after) for after in hours] == ["ok", "warning", "error"]
        await archivist(store, region, places.archive).archive(soon())
        assert [await grade(after) for after in hours] == ["ok", "ok", "ok"]
        manifest = read_manifest(folder)
        assert manifest is not None
        write_manifest(folder, msgspec.structs.replace(manifest, gaps=(Gap("0-0", "1-0"),)))
        assert await grade(hours[0]) == "warning"
        manifest.parts[0].path(folder).unlink()
        assert await grade(hours[0]) == "error"
        (folder / "manifest.json").write_text("{")
        assert await grade(hours[0]) == "error"

    run(scenario())


def test_clocks_of_machines_are_compared(run: Run, store_url: str) -> None:
    async def grade(after: float) -> str:
        return (await check_clock(store_url, datetime.now(UTC) + timedelta(seconds=after))).grade

    async def scenario() -> None:
        assert [await grade(after) for after in (0, 10, -10, 100, -100)] == ["ok", "warning", "warning", "error", "error"]

    run(scenario())


def test_open_secrets_are_found(tmp_path: Path) -> None:
    places = Places(tmp_path)
    open_key(places.key)
    places.store.mkdir(mode=0o700)
    assert [one.grade for one in check_modes(places)] == ["ok"]
    places.key.chmod(0o640)
    places.store.chmod(0o755)
    found = {one.about: (one.grade, one.facts["mode"], one.facts["right"]) for one in check_modes(places)}
    assert found == {str(places.key): ("error", "0640", "600"), str(places.store): ("error", "0755", "700")}


def test_room_is_told(tmp_path: Path) -> None:
    room = check_room(Places(tmp_path / "not" / "there" / "yet"))
    assert int(str(room.facts["megabytes"])) > 0


def test_an_unsafe_or_silent_store_is_an_error(run: Run, tmp_path: Path) -> None:
    async def scenario(server: OutsideServer) -> None:
        await server.tell("PING")
        found = await check_up(server.url, None, Places(tmp_path), {}, datetime.now(UTC), timedelta(hours=1))
        assert "store" not in grades(found)
        assert grades(await check_store(server.url)) == {"store": "ok"}
        await server.tell("CONFIG", "SET", "appendfsync", "everysec")
        (unsafe,) = await check_store(server.url)
        assert (unsafe.grade, "appendfsync" in unsafe.details[0]) == ("error", True)
        server.kill()
        assert grades(await check_store(server.url)) == {"store": "error"}
        assert (await check_clock(server.url, datetime.now(UTC))).grade == "error"

    with outside_server(tmp_path / "server", *SAFE) as server:
        run(scenario(server))
