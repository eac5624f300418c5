"""A region built by the command line itself, once for all tests, and a way to run commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main
from tests.api.commands import Answer, Run


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where regions lie: one invented town is built there."""
    folder = tmp_path_factory.mktemp("siaga")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAGA_DATA_DIR", str(folder))
        with pytest.raises(SystemExit) as ended:
            main(["region", "build", "kota", "--invented", "1200", "--json"])
    assert ended.value.code == 0
    return folder


@pytest.fixture
def siaga(data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the data folder, in English unless it says otherwise."""
    monkeypatch.setenv("SIAGA_DATA_DIR", str(data_folder))
    monkeypatch.setenv("SIAGA_LANG", "en")

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run
