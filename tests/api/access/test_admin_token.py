"""The admin token of the first start: one, in a file that only its owner can read, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.access import Access, ensure_admin_token
from api.access.errors import AdminFileError
from api.access.grants import Grant
from api.access.secret import make_token
from dispatch.store import Store, open_store
from routing.catalogue import LANGUAGES
from tests.api.access.site import PASSWORD, Clock
from tests.stores import Run


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data directory that isn't there yet, and a process that would let everybody read what it writes."""
    before = os.umask(0)
    yield tmp_path / "data"
    os.umask(before)


def secret_in(folder: Path) -> str:
    return (folder / "admin-token").read_text().strip()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_one_and_the_next_keeps_it(
    run: Run, store: Store, access: Access, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        first = await access.ensure_admin_token(folder)
        secret = secret_in(folder)
        assert (first.state, first.path, first.narrowed) == ("made", folder / "admin-token", False)
        assert mode(folder / "admin-token") == 0o600
        assert mode(folder) == 0o700
        assert [path.name for path in folder.iterdir()] == ["admin-token"]
        who = await access.by_token(secret)
        assert who.may("people.admin")
        assert who.regions is None
        second = await ensure_admin_token(store, folder)
        assert second.state == "there"
        assert secret_in(folder) == secret
        assert len(await access.tokens.all()) == 1
        said = capfd.readouterr()
        for language in LANGUAGES:
            assert str(first.path) in first.text(language)
            assert secret not in first.text(language)
        assert secret not in repr(first) + caplog.text + said.out + said.err

    run(scenario())


def test_it_never_ends(run: Run, access: Access, clock: Clock, folder: Path) -> None:
    run(access.ensure_admin_token(folder))
    clock.advance(days=20 * 365)
    assert run(access.by_token(secret_in(folder))).may("people.admin")


def test_a_file_that_others_could_read_is_closed_and_that_is_said(
    run: Run, access: Access, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(access.ensure_admin_token(folder))
    (folder / "admin-token").chmod(0o644)
    found = run(access.ensure_admin_token(folder))
    assert (found.state, found.narrowed) == ("there", True)
    assert mode(folder / "admin-token") == 0o600
    assert "could be read by other users" in caplog.text
    assert "could be read by other users" in found.text("en")


def test_a_crash_between_the_file_and_the_store_leaves_a_token_that_works(run: Run, access: Access, folder: Path) -> None:
    folder.mkdir()
    secret = make_token()
    (folder / "admin-token").write_text(secret + "\n")
    found = run(access.ensure_admin_token(folder))
    assert (found.state, found.narrowed) == ("made", True)
    assert secret_in(folder) == secret
    assert run(access.by_token(secret)).may("people.admin")


def test_workers_that_start_at_once_end_up_with_the_same(run: Run, store_url: str, access: Access, folder: Path) -> None:
    async def start() -> None:
        async with await open_store(store_url) as store:
            await ensure_admin_token(store, folder)

    async def scenario() -> None:
        await asyncio.gather(*(start() for _ in range(8)))
        assert len(await access.tokens.all()) == 1
        assert (await access.by_token(secret_in(folder))).may("people.admin")
        assert [path.name for path in folder.iterdir()] == ["admin-token"]

    run(scenario())


def test_one_that_was_revoked_is_replaced_only_if_nobody_else_could_administer(run: Run, access: Access, folder: Path) -> None:
    async def scenario() -> None:
        await access.ensure_admin_token(folder)
        first = secret_in(folder)
        await access.people.add("sari", PASSWORD, Grant(("admin",), None), "test")
        (token,) = await access.tokens.all()
        await access.tokens.revoke(token.id, "test")
        assert (await access.ensure_admin_token(folder)).state == "stale"
        assert secret_in(folder) == first
        await access.people.change("sari", "test", disabled=True)
        assert (await access.ensure_admin_token(folder)).state == "made"
        assert secret_in(folder) != first
        assert mode(folder / "admin-token") == 0o600
        assert (await access.by_token(secret_in(folder))).may("people.admin")

    run(scenario())


@pytest.mark.parametrize(
    ("grant", "state"),
    [
        (Grant(("admin",), None), "elsewhere"),
        (Grant(("admin",), ("cibinong",)), "made"),
        (Grant(("dispatcher",), None), "made"),
    ],
)
def test_whoever_administers_everywhere_is_enough(run: Run, access: Access, folder: Path, grant: Grant, state: str) -> None:
    run(access.people.add("sari", PASSWORD, grant, "test"))
    assert run(access.ensure_admin_token(folder)).state == state
    assert (folder / "admin-token").exists() is (state == "made")


def test_something_else_of_that_name_is_not_followed(run: Run, access: Access, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "elsewhere").write_text("mine")
    (folder / "admin-token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AdminFileError, match="admin-token"):
        run(access.ensure_admin_token(folder))
    assert (tmp_path / "elsewhere").read_text() == "mine"
    (folder / "admin-token").unlink()
    (folder / "admin-token").mkdir()
    with pytest.raises(AdminFileError, match="admin-token"):
        run(access.ensure_admin_token(folder))
    assert run(access.tokens.all()) == []


@pytest.mark.parametrize("text", ["", "not a token\n", "siaga"])
def test_a_file_with_something_else_in_it_is_replaced(run: Run, access: Access, folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "admin-token").write_text(text)
    assert run(access.ensure_admin_token(folder)).state == "made"
    assert run(access.by_token(secret_in(folder))).may("people.admin")
    assert mode(folder / "admin-token") == 0o600
