"""Clients of OSRM's interface that run in Node: installed as their lock says, and run against a server on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
_INSTALLS_WITHIN_S = 240.0
_ANSWERS_WITHIN_S = 60.0


def run_client(script: str, *arguments: str, given: str = "") -> Any:
    """What a client prints, as JSON. Without Node or packages the test is skipped with the reason, but not in CI."""
    why_not = _install()
    if why_not:
        if os.environ.get("CI"):
            pytest.fail(f"the clients must run in CI: {why_not}")
        pytest.skip(why_not)
    answer = subprocess.run(
        ["node", CLIENTS / script, *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_ANSWERS_WITHIN_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@cache
def _install() -> str:
    """Installs what the lock names, unless it lies there; says why that can't be done, if so."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node and npm are not installed"
    with (Path(tempfile.gettempdir()) / "siaga-test-clients.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        return _installed()


def _installed() -> str:
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    try:
        answer = subprocess.run(
            ["npm", "ci", "--prefer-offline", "--no-progress"],
            cwd=CLIENTS,
            capture_output=True,
            text=True,
            timeout=_INSTALLS_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"npm ci took more than {_INSTALLS_WITHIN_S:.0f} s"
    return "" if answer.returncode == 0 else f"npm ci failed: {answer.stderr.strip()[-500:]}"
