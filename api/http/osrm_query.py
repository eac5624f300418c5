"""The options of a query string, `option=value&…`, read one by one and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.http.osrm_errors import OsrmError

INDEX = re.compile(r"\d{1,9}", re.ASCII)
NUMBER = re.compile(r"\d+(?:\.\d*)?", re.ASCII)

_Value = TypeVar("_Value")
_LEAST, _MOST = 1e-3, 1e6  # of speeds and factors: what lies beyond is a mistake


class Options:
    """The options of one question, each to be read once; what nobody has read is unknown."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self._given: dict[str, str] = {}
        for name, value in items:
            if name in self._given:
                raise OsrmError("InvalidQuery", f"{name} is given twice; give it once")
            self._given[name] = value

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of some words."""
        value = self._given.pop(name, default)
        if value not in allowed:
            raise OsrmError("InvalidQuery", f"{name}={value!r}: give one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`."""
        return self.choice(name, ("true", "false"), str(default).lower()) == "true"

    def words(self, name: str) -> tuple[str, ...] | None:
        """Words with commas between them, None if the option isn't given."""
        value = self._given.pop(name, None)
        return None if value is None else tuple(value.split(","))

    def text(self, name: str) -> str | None:
        """As it is, None if the option isn't given."""
        return self._given.pop(name, None)

    def each(self, name: str, count: int, read: Callable[[str, str], _Value], default: _Value) -> list[_Value]:
        """One value for each coordinate, with semicolons between them; an empty one is the default."""
        value = self._given.pop(name, None)
        if not value:
            return [default] * count
        elements = value.split(";")
        if len(elements) != count:
            raise OsrmError(
                "InvalidOptions",
                f"{name} has {len(elements)} elements for {count} coordinates; give one each (it may be empty)",
            )
        return [read(name, element) if element else default for element in elements]

    def number(self, name: str, default: float | None) -> float | None:
        """A number above 0."""
        value = self._given.pop(name, None)
        return default if value is None else _positive(name, value)

    def finish(self) -> None:
        """Raises OsrmError if an option is left that nobody has read."""
        if self._given:
            raise OsrmError("InvalidQuery", f"this service has no option {', '.join(sorted(self._given))}")


def _positive(name: str, value: str) -> float:
    if not NUMBER.fullmatch(value):
        raise OsrmError("InvalidQuery", f"{name}={value!r}: give a number")
    if not _LEAST <= float(value) <= _MOST:
        raise OsrmError("InvalidValue", f"{name}: give a number from {_LEAST:g} to {_MOST:,.0f}")
    return float(value)
