"""What the README says exists, exists: its commands, options and settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from api import settings
from api.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert {"run", "test"} <= named <= set(targets)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("siaga ")])
def test_every_command_of_the_readme_has_its_options(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line)[1:]
    named = [word for word in words if not word.startswith("-")]
    path = named[:2] if named and named[0] in ("region", "user", "token", "case") else named[:1]
    with pytest.raises(SystemExit) as ended:
        main([*path, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in said, f"{option} is not an option of siaga {' '.join(path)}"


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r"\bSIAGA_[A-Z_]+\b", Path(str(settings.__file__)).read_text(encoding="utf-8")))
    assert named == set(re.findall(r"\bSIAGA_[A-Z_]+\b", README))


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for package in ("routing", "facilities", "dispatch", "api")
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(r"os\.environ|os\.getenv", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["api/settings.py"]
