"""When a facility is open: the spellings of OSM and of Indonesian registers, holidays, local time.

`opening-hours-py` evaluates OSM's syntax; its Indonesian calendar lacks every holiday that moves (Nyepi, Idul Fitri, Waisak
…), so `PH` is replaced by dates before it sees the text. What can't be read is unknown, never open.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import tzfpy
from opening_hours import OpeningHours, State, validate

from facilities.hours_words import translate
from facilities.vocabulary import figures


class Open(IntEnum):
    """Whether a facility receives people at a moment."""

    CLOSED = -1
    UNKNOWN = 0
    OPEN = 1


_STATES = {State.OPEN: Open.OPEN, State.CLOSED: Open.CLOSED, State.UNKNOWN: Open.UNKNOWN}

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_SELECTOR = re.compile(rf"^(?P<days>(?:PH|SH|{_DAY}(?:-{_DAY})?)(?:\s*,\s*(?:PH|SH|{_DAY}(?:-{_DAY})?))*)(?P<rest>\s.*|$)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours: as `written`, and in OSM's syntax, None where they can't be read."""

    written: str
    expression: str | None


@dataclass(frozen=True, slots=True)
class Opening:
    """Open, closed or unknown at a moment, and when that changes (None: not within the calendar's years)."""

    state: Open
    until: dt.datetime | None


@cache
def read_hours(written: str) -> Hours:
    """Read opening hours in OSM's syntax or in the words of an Indonesian register; never raises."""
    text = written.strip()
    if not text:
        return Hours(written, None)
    for candidate in (text, translate(text)):
        if candidate is not None and _valid(candidate):
            return Hours(written, candidate)
    return Hours(written, None)


def _valid(expression: str) -> bool:
    """Whether both OSM's syntax and the replacement of `PH` understand it."""
    try:
        replaced = with_dates(expression.partition("||")[0], (dt.date(2026, 1, 1),))
    except ValueError:
        return False
    return validate(expression) and validate(replaced)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays of a country, mended by the office's own list.

    Attributes:
        country: ISO 3166 code, or None where holidays are unknown.
        added, removed: dates that the office's list adds to or takes from the published ones.
    """

    country: str | None = "ID"
    added: frozenset[dt.date] = frozenset()
    removed: frozenset[dt.date] = frozenset()

    @staticmethod
    def of_office(country: str | None = "ID") -> Calendar:
        """The calendar with the office's list in data/facilities.toml."""
        own = figures("holidays")
        return Calendar(country, frozenset(own["added"]), frozenset(own["removed"]))

    def dates(self, years: Iterable[int]) -> tuple[dt.date, ...]:
        """The holidays of some years in order; joint leave days (cuti bersama) included where they are published."""
        wanted = sorted(set(years))
        published = {date for date in _published(self.country, tuple(wanted)) if date.year in wanted}
        own = {date for date in self.added if date.year in wanted}
        return tuple(sorted((published | own) - self.removed))


@cache
def _published(country: str | None, years: tuple[int, ...]) -> frozenset[dt.date]:
    if country is None:
        return frozenset()
    try:  # its list of supported countries would import every one of them
        supported = holidays.country_holidays(country).supported_categories
    except NotImplementedError:
        return frozenset()
    wanted = tuple(category for category in ("public", "government") if category in supported)
    return frozenset(holidays.country_holidays(country, years=years, categories=wanted))


@cache
def time_zone(longitude: float, latitude: float) -> ZoneInfo:
    """The time zone of a place, degrees; UTC on the high seas."""
    return ZoneInfo(tzfpy.get_tz(longitude, latitude) or "UTC")


@cache
def country_of(zone: str) -> str | None:
    """The ISO 3166 code of the country a time zone is named for, or None (UTC)."""
    from importlib.resources import files

    for line in files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if not line.startswith("#") and len(fields) > 2 and fields[2] == zone:
            return fields[0]
    return None


def with_dates(expression: str, dates: Sequence[dt.date]) -> str:
    """`expression` with each `PH` replaced by dates.

    Raises:
        ValueError: `PH` stands where it can't be replaced (beside months, or shifted by days), or school holidays are
            named, which nobody publishes.
    """
    if "PH" not in expression and "SH" not in expression:
        return expression
    listed = ",".join(f"{date.year} {_MONTHS[date.month - 1]} {date.day}" for date in dates)
    rules = []
    for rule in re.split(r"\s*;\s*", expression.strip()):
        if not re.search(r"\b[PS]H\b", rule):
            rules.append(rule)
            continue
        match = _SELECTOR.match(rule)
        if match is None or re.search(r"\b[PS]H\b", match["rest"]) or re.match(r"\s*[+-]", match["rest"]):
            raise ValueError(f"holidays in {rule!r} can't be replaced by dates")
        days = [day.strip() for day in match["days"].split(",")]
        if "SH" in days:
            raise ValueError("school holidays are unknown")
        others = ",".join(day for day in days if day != "PH")
        if others:
            rules.append(others + match["rest"])
        if listed:
            rules.append(listed + match["rest"])
    return "; ".join(rule for rule in rules if rule)


@dataclass(frozen=True, slots=True)
class Changes:
    """A stretch of time cut where the state changes: `state[i]` holds from `start[i]` to `start[i + 1]` (seconds, UTC)."""

    start: tuple[int, ...]
    state: tuple[Open, ...]
    end: int


def changes(hours: Hours | None, zone: ZoneInfo, calendar: Calendar, first: dt.date, last: dt.date) -> Changes:
    """The states from the start of `first` to the start of `last`, local days.

    Hours with holidays in a country whose calendar is unknown are unknown throughout, as are hours that nobody can read;
    hours with a comment only ("by appointment") are unknown while the comment holds.
    """
    begin = dt.datetime.combine(first, dt.time(), zone)
    finish = dt.datetime.combine(last, dt.time(), zone)
    unknown = Changes((int(begin.timestamp()),), (Open.UNKNOWN,), int(finish.timestamp()))
    if hours is None or hours.expression is None:
        return unknown
    dates = calendar.dates(range(first.year - 1, last.year + 2))
    if "PH" in hours.expression and not dates:
        return unknown
    # The library's `intervals` goes wrong with a fallback ("Mo-Fr 08:00-14:00 || \"by appointment\""): it is cut off, and what
    # it would decide is unknown.
    main, fallback, _ = hours.expression.partition("||")
    replaced = with_dates(main, dates)
    opening = OpeningHours(replaced or "24/7 off", timezone=zone)
    start: list[int] = []
    states: list[Open] = []
    for since, _until, state, comment in opening.intervals(begin, finish):
        doubtful = comment if state is State.OPEN else fallback if state is State.CLOSED else ""
        value = Open.UNKNOWN if doubtful else _STATES[state]
        if not states or states[-1] is not value:
            start.append(int(since.timestamp()))
            states.append(value)
    if not start:
        return unknown
    return Changes(tuple(start), tuple(states), int(finish.timestamp()))


def opening_at(hours: Hours | None, zone: ZoneInfo, calendar: Calendar, when: dt.datetime) -> Opening:
    """Whether a place with these hours is open at `when`, and until when that holds.

    Raises:
        ValueError: `when` has no time zone.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when}: a time without a zone")
    day = when.astimezone(zone).date()
    cut = changes(hours, zone, calendar, day - dt.timedelta(days=1), day + dt.timedelta(days=15))
    moment = when.timestamp()
    at = max(i for i, since in enumerate(cut.start) if since <= moment or i == 0)
    until = dt.datetime.fromtimestamp(cut.start[at + 1], zone) if at + 1 < len(cut.start) else None
    return Opening(cut.state[at], until)
