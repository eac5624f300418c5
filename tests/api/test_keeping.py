"""`siaga backup`, `restore`, `case forget` and `doctor`, as somebody types them."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from api.cli import app as wired
from dispatch.archive import Places, clear_closed, read_cases
from dispatch.archive.checkup import Grade
from dispatch.archive.files import write_whole
from dispatch.life.rules import default_rules
from dispatch.store import EmbeddedServer, Ref, Store, open_store
from routing import LANGUAGES
from routing.catalogue import texts
from tests.api.commands import Answer, Run
from tests.dispatch.archive.filled import fill
from tests.dispatch.archive.kept import KEY, Teller, archivist, delivered, soon

REGION = "kota"


@pytest.fixture
def home(data_folder: Path, tmp_path: Path) -> Path:
    """A data folder of one's own, with a built region."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "regions").symlink_to(data_folder / "regions")
    return home


@pytest.fixture
def typed(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in that data folder."""
    monkeypatch.setenv("SIAGA_DATA_DIR", str(home))
    monkeypatch.setenv("SIAGA_LANG", "en")
    monkeypatch.delenv("SIAGA_REDIS_URL", raising=False)

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = wired._code(arguments)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


def with_store(home: Path, do: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
    async def scenario() -> Any:
        async with await EmbeddedServer.start(home / "store") as server, await open_store(server.url) as store:
            return await do(store)

    return asyncio.run(scenario())


def findings(answer: Answer) -> dict[tuple[str, str], str]:
    return {(one["check"], one["about"]): one["grade"] for one in answer.json}


def test_backup_and_restore(typed: Run, home: Path, tmp_path: Path) -> None:
    with_store(home, lambda store: fill(store, REGION))
    file = tmp_path / "one.tar"
    made = typed("backup", str(file))
    assert (made.code, made.err) == (0, "")
    assert "cases 2, regions 1" in made.out
    assert "Without the secrets" in made.out
    refused = typed("restore", str(file))
    assert refused.code == 2
    assert "--replace" in refused.err
    shutil.rmtree(home / "store")
    done = typed("restore", str(file), "--lang", "id")
    assert (done.code, done.err) == (0, "")
    assert "kasus 2, wilayah 1" in done.out
    found = with_store(home, lambda store: store.load(REGION, [Ref("case", "K1"), Ref("case", "K2")]))
    assert all(one.version > 1 for one in found)
    os.truncate(file, file.stat().st_size // 2)
    damaged = typed("restore", str(file), "--replace")
    assert damaged.code == 2
    assert damaged.err.startswith(f"siaga: {file} is damaged")
    assert damaged.err.count("\n") == 1


def test_an_outside_store_has_its_own_means(typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_REDIS_URL", "redis://127.0.0.1:1")
    for command in ("backup", "restore"):
        answer = typed(command, str(tmp_path / "one.tar"))
        assert answer.code == 2
        assert "by its own means" in answer.err


def test_forget(typed: Run, home: Path, tmp_path: Path) -> None:
    with_store(home, lambda store: fill(store, REGION))
    (tmp_path / "elsewhere").mkdir()
    typed("backup", str(tmp_path / "one.tar"))
    shutil.copy(tmp_path / "one.tar", tmp_path / "elsewhere" / "copy.tar")
    (tmp_path / "elsewhere" / "letter.txt").write_text("no backup")
    done = typed("case", "forget", "K1", "--backups", str(tmp_path / "elsewhere"))
    assert (done.code, done.err) == (0, "")
    assert "has left the store and its files" in done.out
    assert "the archive keeps its numbers" in done.out
    assert "Where a1 was" in done.out
    lines = [line.strip() for line in done.out.splitlines()]
    assert {str(tmp_path / "one.tar"), str(tmp_path / "elsewhere" / "copy.tar")} <= set(lines)
    assert "letter.txt" not in done.out
    assert len(read_cases(Places(home).archive)) == 1
    wrong = typed("case", "forget", "K1 or so")
    assert (wrong.code, wrong.err) == (2, "siaga: 'K1 or so' is not the id of a case, which is like K65J-EBZ-JHA\n")
    opened = typed("case", "forget", "K2")
    assert opened.code == 2
    assert "still open" in opened.err
    again = typed("restore", str(tmp_path / "one.tar"), "--replace")
    assert again.code == 0
    assert "it was forgotten again" in again.err
    assert "K1" in again.err
    assert with_store(home, lambda store: store.private(REGION, Ref("case", "K1"))) == []


def test_forget_a_case_that_has_been_cleared_away(typed: Run, home: Path, tmp_path: Path) -> None:
    """Nothing of it is left here; the backups are named all the same, and held to it later."""
    file, places = tmp_path / "one.tar", Places(home)

    async def clear(store: Store) -> int:
        await archivist(store, REGION, places.archive).archive(soon())
        return await clear_closed(store, REGION, places.archive / REGION, soon())

    write_whole(places.key, f"{KEY.hex()}\n".encode())
    with_store(home, lambda store: Teller(store, REGION).tell(delivered()))
    assert typed("backup", str(file)).code == 0
    assert with_store(home, clear) == 2
    done = typed("case", "forget", "K1")
    assert (done.code, done.err) == (0, "")
    assert "has nothing of case K1 any more" in done.out
    assert str(file) in [line.strip() for line in done.out.splitlines()]
    unknown = typed("case", "forget", "K9")
    assert unknown.code == 2
    assert "no case K9" in unknown.err
    shutil.rmtree(places.archive)
    again = typed("restore", str(file), "--replace")
    assert again.code == 0
    assert "ITS EVENTS ARE BACK" in again.err  # no archive has its numbers
    warned = typed("doctor", "--json")
    assert findings(warned)["forgotten", REGION] == "warning"
    assert f"siaga case forget K1 --region {REGION}" in warned.out
    assert "the archive keeps its numbers" in typed("case", "forget", "K1").out
    assert findings(typed("doctor", "--json"))["forgotten", REGION] == "ok"


def test_doctor_is_content_with_a_store_that_is_well(typed: Run, home: Path) -> None:
    fresh = typed("doctor", "--json")
    assert fresh.code == 0
    assert findings(fresh)["service", ""] == findings(fresh)["store", str(home / "store")] == "warning"
    assert not (home / "store").exists()
    with_store(home, lambda store: Teller(store, REGION).tell(delivered()))
    well = typed("doctor", "--json")
    assert well.code == 0, well.out
    wrong = {key: grade for key, grade in findings(well).items() if grade != "ok"}
    assert wrong.keys() <= {("service", ""), ("room", str(home))}
    assert ("region", REGION) in findings(well)
    table = typed("doctor", "--lang", "id")
    assert table.code == 0
    assert "Berkasnya utuh" in table.out


def test_doctor_says_what_is_wrong_and_what_to_do(typed: Run, home: Path) -> None:
    with_store(home, lambda store: fill(store, REGION))  # its clocks were to ring long ago
    with_store(home, lambda store: fill(store, "elsewhere"))
    (home / "admin-token").write_text("x")
    (home / "admin-token").chmod(0o644)
    sick = typed("doctor", "--json")
    assert sick.code == 1
    found = findings(sick)
    assert found["overdue", REGION] == found["modes", str(home / "admin-token")] == "error"
    assert found["region", "elsewhere"] == "warning"
    table = typed("doctor")
    assert table.code == 1
    assert "chmod 600" in table.out
    assert "Start siaga serve" in " ".join(table.out.split())
    base = max((home / "store" / "appendonlydir").glob("*.incr.aof"))
    base.write_bytes(base.read_bytes()[:40] + b"\xff" * 40 + base.read_bytes()[80:])
    broken = typed("doctor", "--json")
    assert broken.code == 1
    assert findings(broken)["service", ""] == "error"


def test_doctor_reads_a_region_s_own_settings(typed: Run, home: Path) -> None:
    with_store(home, lambda store: fill(store, REGION))
    assert findings(typed("doctor", "--json"))["clocks", REGION] == "ok"
    own = home / "settings" / f"{REGION}.toml"
    own.parent.mkdir()
    own.write_text("".join(f"[life.clocks.{name}]\nfirst = 7\n" for name in default_rules().clocks), encoding="utf-8")
    assert findings(typed("doctor", "--json"))["clocks", REGION] == "warning"  # as it stands, the clock was set by others
    own.write_text("[life.clocks.intake]\nfirst = 'soon'\n", encoding="utf-8")
    sick = typed("doctor", "--json")
    assert sick.code == 1
    assert findings(sick)["settings", REGION] == "error"
    assert own.name in sick.out


def test_doctor_joins_a_running_service(typed: Run, home: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from dispatch.store import EmbeddedServer\n"
        "async def main():\n"
        "    async with await EmbeddedServer.start(pathlib.Path(sys.argv[1])):\n"
        "        print('ready', flush=True)\n"
        "        await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())\n"
    )
    with_store(home, lambda store: Teller(store, REGION).tell(delivered()))
    command = [sys.executable, "-c", code, str(home / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert service.stdin is not None
        assert service.stdout.readline() == "ready\n"
        found = findings(typed("doctor", "--json"))
        assert found["service", ""] == "ok"
        assert typed("backup", str(home.parent / "live.tar")).code == 0
        refused = typed("restore", str(home.parent / "live.tar"), "--replace")
        assert refused.code == 2
        assert "already runs a store" in refused.err
        service.stdin.close()
        deadline = time.monotonic() + 20
        while service.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_all_its_words(language: str) -> None:
    checks = {
        *(
            "service",
            "store",
            "clock",
            "schema",
            "world",
            "clocks",
            "overdue",
            "fixes",
            "archive",
            "forgotten",
            "room",
            "modes",
            "region",
            "settings",
        )
    }
    there = {key.removeprefix("keeping.doctor.") for key in texts(language) if key.startswith("keeping.doctor.")}  # type: ignore[arg-type]
    grades: Sequence[str] = get_args(Grade)
    assert there == {f"{check}.{word}" for check in checks for word in ("name", *grades)}
