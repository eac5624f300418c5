"""The rules of the house, held as tests: style, types, who imports whom, what serving may import, what is packaged."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("routing", "facilities", "dispatch", "api")
PREPARATION_ONLY = ("osmium", "osmnx", "networkx", "geopandas", "pandas", "pyproj", "scipy.sparse", "pyogrio")
"""numba itself imports the bare scipy where it is installed; what costs time lies below it."""


def tool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "--no-cache", "."), ("ruff", "format", "--no-cache", "--check", "."), ("mypy",)],
    ids=["lint", "format", "types"],
)
def test_style(command: tuple[str, ...]) -> None:
    answer = tool(*command)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_imports_keep_the_contracts() -> None:
    answer = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_all_four_packages_come_from_one_root() -> None:
    roots = set()
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None, package
        assert spec.origin is not None, package
        roots.add(Path(spec.origin).parent.parent)
    assert roots == {ROOT}


def test_serving_imports_nothing_that_only_preparation_needs() -> None:
    code = f"import sys, api.bootstrap; print([name for name in {PREPARATION_ONLY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_locks_have_hashes_and_no_addresses() -> None:
    for lock in sorted(ROOT.glob("*.lock")):
        text = lock.read_text()
        assert "://" not in text, lock.name
        pins = re.findall(r"^[a-z0-9].*==.*$", text, re.MULTILINE)
        assert pins, lock.name
        assert all(pin.endswith("\\") for pin in pins), f"{lock.name}: a pin without a hash"


def test_links_inside_the_documents_lead_somewhere() -> None:
    for document in (path for path in tracked() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (document.parent / target).exists(), f"{document.name}: dead link {target}"


def test_no_file_is_large() -> None:
    # The map's library is one file of what is built; what the pages weigh on the wire is tried in tests/browser.
    built = ROOT / "api" / "static"
    large = [path.name for path in tracked() if path.stat().st_size > (2 << 20 if built in path.parents else 1 << 20)]
    assert large == []


def test_an_installed_copy_gets_every_table() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    packed = {path for patterns in listed.values() for pattern in patterns for path in ROOT.glob(pattern)}
    assert packed == set((ROOT / "data").rglob("*.toml"))
