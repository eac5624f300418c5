"""Where the tables that ship with Siaga lie: `data/` beside the packages, or the installed copy."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from routing.errors import DataError


def data_folder() -> Path:
    """The folder `data/`: of the checkout if there is one, else of the installed distribution.

    Raises:
        DataError: neither exists.
    """
    beside = Path(__file__).resolve().parent.parent / "data"
    installed = Path(sys.prefix) / "share" / "siaga" / "data"
    for folder in (beside, installed):
        if (folder / "profiles.toml").is_file():
            return folder
    raise DataError(f"Siaga's tables are missing: no profiles.toml in {beside} or {installed}; install Siaga again")


def read_table(*parts: str) -> dict[str, Any]:
    """The TOML file `data/<parts>` as a dictionary.

    Raises:
        DataError: the file is missing or not TOML.
    """
    path = data_folder().joinpath(*parts)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: this table is missing; install Siaga again") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not valid TOML: {error}") from error
