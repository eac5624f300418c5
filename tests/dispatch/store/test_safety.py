"""Outside servers: unsafe ones are refused by name, others are used; what a server refuses is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.store import (
    Commit,
    Committed,
    Loaded,
    Ref,
    StoreRefusedError,
    StoreUnreachableError,
    UnsafeStoreError,
    Write,
    open_store,
    store_problems,
)
from dispatch.store.connect import store_error
from dispatch.store.opening import link_to
from tests.stores import SAFE, Run, free_ports, outside_server, until

CASE = Ref("case", "1")
COMMIT = Commit("1", writes=[Write(CASE, 0, b"state")])


def test_a_safe_outside_server_is_used(run: Run, tmp_path: Path) -> None:
    with outside_server(tmp_path, *SAFE, "--requirepass", "s3cret") as server:

        async def scenario() -> None:
            await server.tell("PING")
            url = f"redis://:s3cret@127.0.0.1:{server.port}"
            assert await store_problems(url) == []
            async with await open_store(url) as store:
                assert isinstance(await store.commit("r", COMMIT), Committed)
                server.kill()
                with pytest.raises(StoreUnreachableError) as error:
                    await store.load("r", [CASE])
                assert "s3cret" not in str(error.value)
                assert f"127.0.0.1:{server.port}" in str(error.value)
                server.start()

                async def back() -> bool:
                    try:
                        return await store.load("r", [CASE]) == (Loaded(1, b"state"),)
                    except (StoreUnreachableError, StoreRefusedError):
                        return False

                await until(back, "the server")
            with pytest.raises(StoreRefusedError, match="password"):
                await open_store(f"redis://:wrong@127.0.0.1:{server.port}")

        run(scenario())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("--appendonly", "no"), "appendonly is no; set it to yes"),
        (("--appendfsync", "everysec"), "appendfsync is everysec; set it to always"),
        (("--no-appendfsync-on-rewrite", "yes"), "no-appendfsync-on-rewrite is yes; set it to no"),
        (("--maxmemory-policy", "allkeys-lru"), "maxmemory-policy is allkeys-lru; set it to noeviction"),
        (("--rename-command", "CONFIG", ""), "it forbids CONFIG GET"),
        (("--replicaof", "127.0.0.1", "1"), "it is a replica of 127.0.0.1:1"),
        (("--cluster-enabled", "yes"), "cluster-require-full-coverage is yes; set it to no"),
    ],
)
def test_unsafe_servers_are_refused_by_name(run: Run, tmp_path: Path, settings: tuple[str, ...], said: str) -> None:
    with outside_server(tmp_path, *SAFE, *settings) as server:

        async def scenario() -> None:
            await server.tell("PING")
            (problem,) = await store_problems(server.url)
            assert problem.startswith(f"127.0.0.1:{server.port}: {said}")
            with pytest.raises(UnsafeStoreError) as error:
                await open_store(server.url)
            assert error.value.problems == (problem,)

        run(scenario())


def test_every_problem_is_named(run: Run, tmp_path: Path) -> None:
    with outside_server(tmp_path) as server:

        async def scenario() -> None:
            await server.tell("PING")
            problems = await store_problems(server.url)
            assert [problem.split()[1] for problem in problems] == ["appendonly", "appendfsync"]

        run(scenario())


def test_a_user_who_may_not_read_settings_is_refused(run: Run, tmp_path: Path) -> None:
    with outside_server(tmp_path, *SAFE) as server:

        async def scenario() -> None:
            await server.tell("ACL", "SETUSER", "siaga", "on", ">pw", "~*", "+@all", "-config")
            url = f"redis://siaga:pw@127.0.0.1:{server.port}"
            (problem,) = await store_problems(url)
            assert "allow the user +config|get" in problem
            await server.tell("ACL", "SETUSER", "siaga", "+config|get")
            assert await store_problems(url) == []
            await server.tell("ACL", "SETUSER", "siaga", "-fcall")
            async with await open_store(url) as store:
                with pytest.raises(StoreRefusedError, match="ACL"):
                    await store.commit("r", COMMIT)

        run(scenario())


def test_a_replica_takes_no_writes(run: Run, tmp_path: Path) -> None:
    with outside_server(tmp_path, *SAFE) as server:

        async def scenario() -> None:
            await server.tell("PING")
            async with await open_store(server.url) as store:
                assert await server.tell("REPLICAOF", "127.0.0.1", "1") == b"+OK"
                with pytest.raises(StoreRefusedError, match="replica"):
                    await store.commit("r", COMMIT)
                assert await server.tell("REPLICAOF", "NO", "ONE") == b"+OK"
                assert isinstance(await store.commit("r", COMMIT), Committed)

        run(scenario())


def test_nobody_there(run: Run) -> None:
    (port,) = free_ports(1)
    for url in (f"redis://u:s3cret@127.0.0.1:{port}", f"redis+cluster://u:s3cret@127.0.0.1:{port}", "unix:///nowhere/s"):
        with pytest.raises(StoreUnreachableError, match="does not answer") as error:
            run(open_store(url))
        assert "s3cret" not in str(error.value)
        (problem,) = run(store_problems(url))
        assert "does not answer" in problem


@pytest.mark.parametrize("url", ["", "host:6379", "http://u:s3cret@host", "redis://", "unix://", "redis+cluster://u:s3cret@"])
def test_wrong_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="the store's URL") as error:
        link_to(url)
    assert "s3cret" not in str(error.value)


def test_refusals_by_the_disk_are_told() -> None:
    error = store_error("here", Exception("MISCONF Errors writing to the AOF file: No space left on device"))
    assert isinstance(error, StoreRefusedError)
    assert "disk" in str(error)
