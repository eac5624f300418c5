"""Versions are whole or not there, and what is wrong with one is said by name."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from routing.bundle import has_version, new_version, open_version, read_about
from routing.errors import RegionError

NOW = datetime(2026, 11, 22, 4, 35, tzinfo=UTC)


def write(home: Path, text: str = "jalan", *, format_number: int = 1, fingerprint: str = "a") -> None:
    with new_version(home, now=NOW, format_number=format_number, fingerprint=fingerprint) as (folder, about):
        (folder / "roads").mkdir()
        (folder / "roads" / "names.txt").write_text(text)
        about["title"] = text


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "town")
    bundle = open_version(tmp_path / "town", format_number=1, fingerprint="a")
    assert (bundle.path / "roads" / "names.txt").read_text() == "jalan"
    assert bundle.about == {"title": "jalan"} == read_about(tmp_path / "town")


def test_a_second_version_replaces_the_first_and_keeps_it_for_its_readers(tmp_path: Path) -> None:
    write(tmp_path / "town", "lama")
    first = open_version(tmp_path / "town", format_number=1, fingerprint="a")
    write(tmp_path / "town", "baru")
    second = open_version(tmp_path / "town", format_number=1, fingerprint="a")
    assert second.about == {"title": "baru"}
    assert second.version != first.version
    assert (first.path / "roads" / "names.txt").read_text() == "lama"
    for _ in range(3):
        write(tmp_path / "town", "lagi")
    assert len(list((tmp_path / "town").glob("*/manifest.json"))) == 2


def test_a_failed_build_leaves_what_was_there(tmp_path: Path) -> None:
    home = tmp_path / "town"
    write(home, "lama")

    def fail() -> None:
        with new_version(home, now=NOW, format_number=1, fingerprint="a") as (folder, _):
            (folder / "half").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert open_version(home, format_number=1, fingerprint="a").about == {"title": "lama"}
    assert not list(home.glob(".building-*"))


def test_leftovers_of_a_killed_build_are_removed(tmp_path: Path) -> None:
    home = tmp_path / "town"
    dead = home / ".building-999999999-x"
    alive = home / f".building-{os.getpid()}-x"
    dead.mkdir(parents=True)
    alive.mkdir()
    write(home)
    assert not dead.exists()
    assert alive.exists()


def test_nothing_built(tmp_path: Path) -> None:
    assert not has_version(tmp_path / "town")
    with pytest.raises(RegionError, match="no such region"):
        open_version(tmp_path / "town", format_number=1, fingerprint="a")


@pytest.mark.parametrize(("format_number", "fingerprint"), [(2, "a"), (1, "b")])
def test_a_stale_version_is_refused_by_name(tmp_path: Path, format_number: int, fingerprint: str) -> None:
    write(tmp_path / "town")
    with pytest.raises(RegionError, match="'town' is stale"):
        open_version(tmp_path / "town", format_number=format_number, fingerprint=fingerprint)


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "manifest"])
def test_a_damaged_version_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    home = tmp_path / "town"
    write(home)
    file = next(home.glob("*/roads/names.txt"))
    if damage == "cut":
        file.write_text("jala")
    elif damage == "changed":
        file.write_text("jalur")
    elif damage == "gone":
        file.unlink()
    else:
        next(home.glob("*/manifest.json")).write_text("{")
    with pytest.raises(RegionError, match=r"town.* damaged"):
        open_version(home, format_number=1, fingerprint="a")


def test_damage_with_its_times_set_back_is_found(tmp_path: Path) -> None:
    write(tmp_path / "town")
    file = next(tmp_path.glob("town/*/roads/names.txt"))
    before = file.stat()
    file.write_text("jalur")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(RegionError, match=r"town.* damaged"):
        open_version(tmp_path / "town", format_number=1, fingerprint="a")


def test_a_copy_is_checked_and_then_known(tmp_path: Path) -> None:
    write(tmp_path / "town")
    shutil.copytree(tmp_path / "town", tmp_path / "copy")
    checked = next(tmp_path.glob("copy/*/checked.json"))
    copied = checked.read_text()
    open_version(tmp_path / "copy", format_number=1, fingerprint="a")
    assert checked.read_text() != copied
    next(tmp_path.glob("copy/*/roads/names.txt")).write_text("jalur")
    for written in (checked.read_text(), "[]", "{"):
        checked.write_text(written)
        with pytest.raises(RegionError, match=r"copy.* damaged"):
            open_version(tmp_path / "copy", format_number=1, fingerprint="a")


def test_damage_that_no_time_tells_of_is_found_by_a_thorough_check(tmp_path: Path) -> None:
    write(tmp_path / "town")
    file = next(tmp_path.glob("town/*/roads/names.txt"))
    file.write_text("jalur")
    stat = file.stat()
    looks = {"roads/names.txt": [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]}
    next(tmp_path.glob("town/*/checked.json")).write_text(json.dumps(looks))
    open_version(tmp_path / "town", format_number=1, fingerprint="a")
    with pytest.raises(RegionError, match=r"town.* damaged"):
        open_version(tmp_path / "town", format_number=1, fingerprint="a", thorough=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegionError, match="can't be written"):
        write(tmp_path / "file" / "town")
