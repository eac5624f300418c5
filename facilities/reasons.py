"""Why a facility is left out, or what to know about one that is not: a code with figures, put into words on demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from facilities.model import Conflict, Problem
from routing import Language, text

Param = str | int | float | tuple[str, ...]


class Reason(Struct, frozen=True, gc=False):
    """A reason or a remark.

    Attributes:
        code: key of the text, `facilities.reason.<code>`.
        params: what the text needs, by name; `capabilities`, `kind` and `state` are keys that the text names in words,
            `arrival` and `change` are seconds since 1970 (UTC), told in the time zone `zone`.
    """

    code: str
    params: tuple[tuple[str, Param], ...] = ()

    def text(self, language: Language) -> str:
        """The reason in words.

        Raises:
            DataError: a text is missing.
        """
        return self._text(language, dict(self.params))

    def as_dict(self, language: Language) -> dict[str, object]:
        """For programs: code, figures (moments as ISO 8601 in local time) and words."""
        held = dict(self.params)
        found: dict[str, object] = {"code": self.code, **held}
        for key, value in self.params:
            if key in _MOMENTS and isinstance(value, int):
                begin, end, _, _ = _minute(value, held["zone"])
                found[key] = f"{begin}{value % 60:02d}{end}"
            elif isinstance(value, tuple):
                found[key] = list(value)
        found["text"] = self._text(language, held)
        return found

    def _text(self, language: Language, held: dict[str, Param]) -> str:
        words = held.copy()
        for key, value in self.params:
            if key in _MOMENTS:
                words[key] = _clock(language, value, held["arrival"], held["zone"])
            elif key in _TOLD:
                words[key] = _word(language, key, held)
        return text(language, f"facilities.reason.{self.code}", **words)


_MOMENTS = frozenset({"arrival", "change"})
_TOLD = frozenset({"values", "chosen", "capabilities", "distance_m", "kind", "state", "age_minutes"})
"""Parameters that stand otherwise in words."""


def _minute(second: Param, zone: Param) -> tuple[str, str, str, str]:
    assert isinstance(second, int)
    return _local(second // 60, str(zone))


@lru_cache(maxsize=4096)
def _local(minute: int, zone: str) -> tuple[str, str, str, str]:
    """A minute since 1970 (UTC) as local clocks show it: what stands before and after the seconds in ISO 8601, day and time.

    No zone is off by parts of a minute in our time.
    """
    moment = dt.datetime.fromtimestamp(60 * minute, ZoneInfo(zone))
    written = moment.isoformat()
    return written[:17], written[19:], written[:10], written[11:16]


def _clock(language: Language, second: Param, arrival: Param, zone: Param) -> str:
    """A moment as clocks show it; the day is told if it is not that of the arrival."""
    _, _, day, said = _minute(second, zone)
    if language == "id":
        said = said.replace(":", ".")
    return said if second == arrival or day == _minute(arrival, zone)[2] else f"{said} ({day})"


def _word(language: Language, key: str, params: Mapping[str, Param]) -> Param:
    value = params[key]
    if key in ("values", "chosen"):
        said = value if isinstance(value, tuple) else (str(value),)
        return " / ".join(_said(language, str(params["about"]), part) for part in said)
    if key == "capabilities" and isinstance(value, tuple):
        return ", ".join(text(language, f"facilities.capability.{name}") for name in value)
    if key == "distance_m":
        return _distance(language, float(str(value)))
    if key in ("kind", "state"):
        return text(language, f"facilities.{key}.{value}")
    if key == "age_minutes" and isinstance(value, int):
        if value < 120:
            return text(language, "facilities.age.minutes", count=value)
        unit, size = ("hours", 60) if value < 48 * 60 else ("days", 24 * 60)
        return text(language, f"facilities.age.{unit}", count=value // size)
    return value


def _distance(language: Language, metres: float) -> str:
    if metres < 1000:
        return f"{metres:.0f} m"
    kilometres = f"{metres / 1000:.1f} km"
    return kilometres.replace(".", ",") if language == "id" else kilometres


def _said(language: Language, about: str, value: str) -> str:
    """What one voice of a conflict says, in words."""
    if about == "kind" and value:
        return text(language, f"facilities.kind.{value}")
    if about == "capability":
        capability, _, held = value.partition(": ")
        return f"{text(language, f'facilities.capability.{capability}')}: {text(language, f'facilities.value.{held}')}"
    if about == "implausible" and "=" in value:
        what, _, held = value.partition("=")
        return text(language, f"facilities.odd.{what}", value=held)
    return value


def conflict_reason(conflict: Conflict) -> Reason:
    """A conflict as something to say; `sources` are as many as `values`."""
    params: dict[str, Param] = {"about": conflict.code, "values": conflict.values, "sources": conflict.sources}
    params["chosen"] = conflict.chosen
    if conflict.distance_m is not None:
        params["distance_m"] = round(conflict.distance_m)
    return reason(f"conflict_{conflict.code}", **params)


def problem_text(language: Language, problem: Problem) -> str:
    """A problem of a source in words: where, and what.

    Raises:
        DataError: the text is missing.
    """
    return f"{problem.reference}: {text(language, f'facilities.problem.{problem.code}', **problem.params)}"


def reason(code: str, **params: Param) -> Reason:
    """A reason with its figures."""
    return Reason(code, tuple(params.items()))
