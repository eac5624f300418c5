"""`siaga user` and `siaga token` on a real store: what they change and print, and that no password is an argument."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.access import Access
from api.access.errors import GrantError, NameTakenError, PasswordError, UnknownHolderError, WrongPasswordError
from api.access.signing_in import sign_in
from api.cli.people import token_app, user_app
from dispatch.store import Store, open_store
from tests.api.access.site import PASSWORD
from tests.api.commands import Answer
from tests.stores import Run

NEW = "lima ekor bebek"
Command = Callable[..., Answer]


@pytest.fixture
def siaga(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `user …` or `token …`, in English; `stdin` is what is typed or piped."""
    monkeypatch.setenv("SIAGA_LANG", "en")
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path))

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        async with await open_store(store_url) as store:
            yield store

    apps = {"user": user_app(opened), "token": token_app(opened)}

    def run(which: str, *arguments: str, stdin: str = "") -> Answer:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        apps[which](args=list(arguments), standalone_mode=False)
        said = capsys.readouterr()
        return Answer(0, said.out, said.err)

    return run


def add(siaga: Command, name: str = "sari", *more: str, password: str = PASSWORD) -> Answer:
    given = more or ("--role", "dispatcher", "--region", "cibinong")
    return siaga("user", "add", name, *given, "--password-stdin", stdin=f"{password}\n")


async def enters(access: Access, name: str, password: str) -> bool:
    try:
        return (await sign_in(access, name, password, "203.0.113.7")).who.id == name
    except WrongPasswordError:
        return False


def test_an_account_is_added_and_can_sign_in(run: Run, siaga: Command, access: Access) -> None:
    answer = add(siaga, "Sari", "--role", "dispatcher", "--role", "sitegar", "--region", "cibinong", "--region", "bojong")
    assert answer.out == "sari can sign in as: Dispatcher, SITEGAR desk.\n"
    assert PASSWORD not in answer.out + answer.err
    assert run(enters(access, "sari", PASSWORD))
    grant = run(access.people.get("sari")).grant
    assert (grant.roles, grant.regions) == (("dispatcher", "sitegar"), ("cibinong", "bojong"))


def test_a_region_that_is_not_there_is_noted(siaga: Command, tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "regions").symlink_to(data_folder / "regions")
    assert add(siaga, "sari", "--role", "dispatcher", "--region", "kota").err == ""
    assert "no region cibinong has been built here; there are: kota" in add(siaga, "andi").err
    token = siaga("token", "add", "laporan", "--role", "planner", "--region", "kota", "--region", "ciriung")
    assert "no region ciriung has been built here" in token.err
    assert token.out.startswith("siaga_")


def test_a_role_that_is_not_there_is_refused_before_a_password_is_typed(siaga: Command) -> None:
    with pytest.raises(GrantError, match="no role operator"):
        siaga("user", "add", "sri", "--role", "operator", "--region", "cibinong", stdin="")


ASKING = """
import sys
from contextlib import asynccontextmanager
from api.cli.people import user_app
from dispatch.store import open_store

@asynccontextmanager
async def opened():
    async with await open_store(sys.argv[1]) as store:
        yield store

user_app(opened)(args=["add", "sari", "--role", "admin", "--all-regions", "--lang", "en"])
"""


def test_the_password_is_asked_for_twice_and_not_shown(run: Run, store_url: str, access: Access) -> None:
    """On a terminal of its own, which shows what is typed unless it is told not to."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", ASKING, store_url]
    shown = ""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        typed = [
            (r"Password: $", PASSWORD),
            (r"Once more: $", "a slip"),
            (r"not the same; try again\.\s+Password: $", PASSWORD),
            (r"Once more: $", PASSWORD),
        ]
        try:
            for prompt, answer in typed:
                shown += until(ours, prompt)
                os.write(ours, f"{answer}\n".encode())
            shown += until(ours, r"can sign in as: Administrator\.")
            assert process.wait(30) == 0
        finally:
            process.kill()  # which waits for ever, if it asks for what is not typed
    os.close(ours)
    assert PASSWORD not in shown
    assert "a slip" not in shown
    assert run(enters(access, "sari", PASSWORD))
    assert run(access.people.get("sari")).grant.regions is None


def until(terminal: int, words: str, seconds: float = 60) -> str:
    """What a terminal shows until it matches; nothing that comes at once with it is lost."""
    shown, deadline = "", time.monotonic() + seconds
    while re.search(words, shown) is None:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"{words!r} did not come, but {shown!r}"
        shown += os.read(terminal, 4096).decode()
    return shown


@pytest.mark.parametrize("command", ["add", "password"])
def test_no_option_takes_a_password(siaga: Command, command: str) -> None:
    with pytest.raises(Exception, match="No such option") as error:
        siaga("user", command, "sari", "--password", PASSWORD)
    assert PASSWORD not in str(error.value)


def test_accounts_are_listed_without_their_hashes(siaga: Command) -> None:
    assert "no accounts" in siaga("user", "list").out
    add(siaga)
    add(siaga, "andi", "--role", "driver", "--region", "cibinong", "--vehicle", "V01")
    shown = siaga("user", "list").out
    assert "sari" in shown
    assert "V01" in shown
    told = json.loads(siaga("user", "list", "--json").out)
    assert [one["name"] for one in told] == ["andi", "sari"]
    assert told[0]["grant"] == {"roles": ["driver"], "regions": ["cibinong"], "vehicle": "V01"}
    assert "argon2" not in shown + json.dumps(told)
    assert "Kendaraan/faskes" in siaga("user", "list", "--lang", "id").out


def test_a_password_is_changed(run: Run, siaga: Command, access: Access) -> None:
    add(siaga)
    siaga("user", "password", "sari", "--password-stdin", stdin=NEW + "\n")
    assert run(enters(access, "sari", NEW))
    assert not run(enters(access, "sari", PASSWORD))


def test_an_account_is_disabled_and_enabled(run: Run, siaga: Command, access: Access) -> None:
    add(siaga)
    assert "can't sign in" in siaga("user", "disable", "sari").out
    assert not run(enters(access, "sari", PASSWORD))
    siaga("user", "enable", "sari")
    assert run(enters(access, "sari", PASSWORD))


def test_what_can_not_be_is_said(siaga: Command) -> None:
    add(siaga)
    wrong: list[tuple[type[Exception], Callable[[], Any]]] = [
        (NameTakenError, lambda: add(siaga)),
        (PasswordError, lambda: add(siaga, "budi", password="short")),
        (PasswordError, lambda: add(siaga, "budi", password="")),
        (GrantError, lambda: add(siaga, "budi", "--role", "boss", "--region", "cibinong")),
        (GrantError, lambda: add(siaga, "budi", "--role", "dispatcher")),
        (GrantError, lambda: add(siaga, "budi", "--role", "dispatcher", "--region", "cibinong", "--all-regions")),
        (UnknownHolderError, lambda: siaga("user", "disable", "budi")),
        (UnknownHolderError, lambda: siaga("token", "revoke", "0123456789ab")),
        (GrantError, lambda: siaga("token", "add", "x", "--role", "tracker", "--region", "cibinong", "--device")),
    ]
    for kind, do in wrong:
        with pytest.raises(kind):
            do()


def test_a_tokens_secret_is_all_that_goes_to_standard_output(run: Run, siaga: Command, access: Access) -> None:
    answer = siaga("token", "add", "laporan bulanan", "--role", "planner", "--region", "cibinong", "--days", "30")
    secret = answer.out.strip()
    assert answer.out == f"{secret}\n"
    assert secret not in answer.err
    assert run(access.by_token(secret)).roles == ("planner",)
    device = siaga("token", "add", "GPS", "--role", "tracker", "--region", "cibinong", "--vehicle", "V03", "--device")
    assert run(access.by_device(device.out)).vehicle == "V03"


def test_tokens_are_listed_and_revoked(siaga: Command) -> None:
    assert "no tokens" in siaga("token", "list").out
    secret = siaga("token", "add", "laporan", "--role", "planner", "--all-regions").out.strip()
    (told,) = json.loads(siaga("token", "list", "--json").out)
    shown = siaga("token", "list").out
    assert told["id"] in shown
    assert secret not in shown + json.dumps(told)
    assert told["id"] in siaga("token", "revoke", told["id"]).out
    assert json.loads(siaga("token", "list", "--json").out) == []
