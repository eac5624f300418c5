"""The demo's folder: emptied at each start, and never anything else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.demo.folder import MARK, emptied
from routing import InputError


def test_it_is_made_and_emptied_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with emptied(folder):
        (folder / "store").mkdir()
        (folder / "store" / "appendonly.aof").write_text("a case")
        (folder / "admin-token").write_text("secret")
    with emptied(folder):
        assert [one.name for one in folder.iterdir()] == [MARK]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_no_demo_has_made_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    (folder / "store").mkdir(parents=True)
    (folder / "store" / "appendonly.aof").write_text("a real case")
    with pytest.raises(InputError, match="no demo has made"), emptied(folder):
        pass
    assert (folder / "store" / "appendonly.aof").read_text() == "a real case"


def test_a_link_to_an_office_is_no_folder_of_a_demo(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / MARK).write_text("")
    (office / "cases").write_text("real")
    (tmp_path / "demo").symlink_to(office)
    with pytest.raises(InputError, match="not a folder of its own"), emptied(tmp_path / "demo"):
        pass
    assert (office / "cases").read_text() == "real"


def test_what_a_link_inside_points_to_stays(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "cases").write_text("real")
    folder = tmp_path / "demo"
    with emptied(folder):
        (folder / "regions").symlink_to(office)
    with emptied(folder):
        pass
    assert (office / "cases").read_text() == "real"


def test_two_demos_do_not_share_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with emptied(folder):
        (folder / "store").mkdir()
        with pytest.raises(InputError, match="another demo runs"), emptied(folder):
            pass
        assert (folder / "store").is_dir()
