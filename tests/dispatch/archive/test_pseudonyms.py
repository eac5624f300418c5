"""The key is nobody else's, and without it the archive's names lead nowhere."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dispatch.archive import ArchiveKeyError, open_key, read_key
from dispatch.archive.pseudonyms import Pseudonyms


def test_the_key_is_made_once_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "archive.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(open_key, [path] * 8))
    assert len(keys) == 1
    assert open_key(path) == keys.pop()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["archive.key"]
    assert open_key(tmp_path / "other.key") != open_key(path)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "archive.key"
    open_key(path)
    path.chmod(mode)
    with pytest.raises(ArchiveKeyError, match=f"mode {mode:04o}.*chmod 600"):
        open_key(path)


@pytest.mark.parametrize("content", ["", "hello", "00" * 16])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "archive.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ArchiveKeyError, match=r"archive\.key holds"):
        open_key(path)
    with pytest.raises(FileNotFoundError):
        read_key(tmp_path / "none")


def test_pseudonyms_are_the_same_every_time_and_differ_otherwise() -> None:
    key = b"k" * 32
    one = Pseudonyms(key, "r")
    names = [
        one.hide("case", "K1"),
        one.hide("case", "K2"),
        one.hide("run", "K1"),
        Pseudonyms(key, "s").hide("case", "K1"),
        Pseudonyms(b"j" * 32, "r").hide("case", "K1"),
        Pseudonyms(key, "r\0case").hide("case", "K1"),
    ]
    assert len(set(names)) == len(names)
    assert one.hide("case", "K1") == names[0]
    assert Pseudonyms(key, "r").mark == one.mark != Pseudonyms(b"j" * 32, "r").mark
