"""README's walk from the call to the handover, tried as a newcomer would: the real command, curl, line by line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
    return {**kept, "SIAGA_DATA_DIR": str(folder)}


def stores_of(process: int) -> list[int]:
    """The store's servers that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().rsplit(")", 1)
        except OSError:
            continue
        if "valkey-server" in name and int(rest.split()[1]) == process:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def folder(data_folder: Path, tmp_path: Path) -> Path:
    """A data folder of its own, with the region that is built already."""
    (tmp_path / "regions").symlink_to(data_folder / "regions")
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`siaga serve` on a free port, and what it has printed once it serves."""
    siaga = Path(sys.executable).parent / "siaga"
    with subprocess.Popen(
        [siaga, "serve", "--region", "kota", "--port", "0", "--lang", "en"],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "export PLACE=" not in said:
                line = process.stdout.readline()
                assert line, process.communicate()
                said += line
            yield process, said
        finally:
            if process.poll() is None:
                process.kill()


def stop(process: subprocess.Popen[str], how: signal.Signals) -> float:
    began = time.monotonic()
    process.send_signal(how)
    process.wait(timeout=30)
    return time.monotonic() - began


@pytest.mark.skipif(shutil.which("curl") is None and "CI" not in os.environ, reason="curl is not installed here")
def test_the_walk_of_the_readme_works_line_by_line(served: tuple[subprocess.Popen[str], str], folder: Path) -> None:
    process, said = served
    assert "INVENTED REGION" in said
    assert (folder / "admin-token").stat().st_mode & 0o777 == 0o600
    secret = (folder / "admin-token").read_text().strip()
    assert secret not in said

    exports = "\n".join(line.strip() for line in said.splitlines() if line.strip().startswith("export "))
    (block,) = re.findall(r"```sh walk\n(.*?)```", README, re.DOTALL)
    lines = [line for line in block.splitlines() if line.startswith(("say ", "see "))]
    functions = [line for line in block.splitlines() if line.startswith(("say()", "see()"))]
    assert len(functions) == 2
    # Each step in a shell of its own would lose nothing: all that is needed is exported.
    script = "set -eu\n" + "\n".join([exports, *functions, *lines])
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=120)
    answers = [json.loads(line) for line in answer.stdout.splitlines() if line]
    assert len(answers) == len(lines)
    problems = [(line, told) for line, told in zip(lines, answers, strict=True) if "status" in told and "title" in told]
    assert problems == []

    case, timeline = answers[-2], answers[-1]
    assert not case["open"]
    assert case["patients"][0]["outcome"] == "treated"
    states = [(one["via"], one["state"]) for one in case["offers"]]
    assert states[0] == ("ranking", "declined")
    assert states[-1] == ("sitegar", "accepted")
    types = [one["type"] for one in timeline["entries"]]
    assert types[0] == "case_opened"
    assert types[-1] == "run_ended"
    assert "+07:00" in timeline["entries"][0]["recorded_at"]
    # Sent again, a command is done once.
    again = subprocess.run(
        ["bash", "-c", "\n".join([exports, *functions, lines[0]])], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(again.stdout)["repeated"]

    # And the fleet is the office's own.
    (block,) = re.findall(r"```sh vehicles\n(.*?)```", README, re.DOTALL)
    fleet = subprocess.run(
        ["bash", "-c", "\n".join(["set -eu", *exports.splitlines(), *functions, block])],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    vehicles = json.loads(fleet.stdout.splitlines()[-1])
    assert ("B1234XY", False) in {(one["id"], one["invented"]) for one in vehicles}
    assert "V06" not in {one["id"] for one in vehicles}

    assert stop(process, signal.SIGINT) < 10
    assert process.returncode in (0, 130)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(served: tuple[subprocess.Popen[str], str], how: signal.Signals) -> None:
    process, _ = served
    mine = stores_of(process.pid)
    assert len(mine) == 1
    stop(process, how)
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{one}").exists() for one in mine):
        assert time.monotonic() < deadline, "the store's server is still there"
        time.sleep(0.05)
