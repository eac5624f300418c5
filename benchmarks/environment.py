"""The peers' environment: OSRM, Valhalla and pandana in an interpreter of their own, beside Siaga's.

OSRM and Valhalla publish wheels for Python 3.12 and later only, and nothing of theirs belongs into Siaga's environment. So
`.venv-bench` is made from a Python 3.12 or 3.13 of the machine and filled from `peers.lock`, which bears hashes. Where that
can't be done, `PeersMissing` says why, and whoever compares writes so instead of a figure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent
FOLDER = ROOT / ".venv-bench"
LOCK = BENCHMARKS / "peers.lock"
CACHE = BENCHMARKS / ".cache"
"""Where peers keep what they prepare; never committed."""

VERSIONS = ((3, 12), (3, 13))


class PeersMissing(RuntimeError):  # noqa: N818  (it is a state of the machine, named for what the reader is told)
    """The peers can't be set up here; the message is a reason to print in place of a figure."""


def peers_python() -> Path:
    """The interpreter of `.venv-bench`, which is made first if it is missing or older than the lock.

    Raises:
        PeersMissing: no suitable Python, or the packages can't be fetched.
    """
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = FOLDER / "made-from", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    base = next(_suitable(), None)
    if base is None:
        raise PeersMissing("needs Python 3.12 or 3.13")
    print(f"Setting up the peers' environment with {base} (once)", file=sys.stderr)
    _run([str(base), "-m", "venv", "--clear", str(FOLDER)])
    _run([*_uv(python), "sync", "--quiet", "--python", str(python), "--require-hashes", str(LOCK)])
    stamp.write_text(wanted)
    return python


def _suitable() -> Iterator[Path]:
    """Interpreters of a version that the peers have wheels for."""
    named = [found for version in VERSIONS if (found := shutil.which(f"python{version[0]}.{version[1]}"))]
    for place in ("~/.pyenv/versions", "~/.local/share/uv/python"):
        named += [str(path) for path in sorted(Path(place).expanduser().glob("*/bin/python3"))]
    for candidate in (sys.executable, *named):
        asked = subprocess.run(
            [candidate, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2]); print(sys._base_executable)"],
            capture_output=True,
            text=True,
            check=False,
        )  # a shim of pyenv exists for versions that are not switched on, too: it fails here
        lines = asked.stdout.splitlines()
        if asked.returncode == 0 and tuple(map(int, lines[0].split())) in VERSIONS:
            yield Path(lines[1])


def _uv(python: Path) -> list[str]:
    """uv of Siaga's environment, which `make` puts there; where it is missing, the peers' own gets one."""
    own = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    if own.exists():
        return [str(own), "pip"]
    locked = ROOT / "requirements-setup.lock"
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(locked)])
    return [str(python.with_name(own.name)), "pip"]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise PeersMissing(f"the peers' environment can't be made ({Path(command[0]).name}: {last})")
