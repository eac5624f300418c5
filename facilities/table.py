"""Facilities as arrays, made once when a region is loaded, so that a match is a few vectorised masks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facilities import _kernels as kernels
from facilities.hours import Calendar, Changes, Hours, changes, country_of, read_hours, time_zone
from facilities.model import Facility
from facilities.vocabulary import vocabulary

NEVER = kernels.NEVER
"""No change of opening state within the calendar that the table holds (milliseconds)."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Opening states of all distinct hours over some years.

    Attributes:
        row_first: int64[r + 1]; the changes of row `i` are `start[row_first[i]:row_first[i + 1]]`.
        start: int64[…], seconds since 1970, UTC, ascending in a row.
        state: int8[…], `Open` from that second on.
        begin, end: the seconds that every row covers; outside of them everything is unknown.
    """

    row_first: NDArray[np.int64]
    start: NDArray[np.int64]
    state: NDArray[np.int8]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class FacilityTable:
    """Facilities and what a match asks of them.

    Attributes:
        facilities: as given; index `i` everywhere is `facilities[i]`.
        index: from id to index.
        longitude, latitude: float64[n], degrees.
        column: from capability to column.
        capability: int8[n, c], `Value` of each capability.
        implied: bool[n, c], the value follows from the kind and is not stated.
        kind: int16[n], index into `kinds`.
        destination: bool[n], people are taken there when a case names no kind.
        grave: bool[n], sources disagree on something that must be shown.
        unnamed: bool[n].
        hours_row, emergency_row: int32[n], rows of `timetable`.
        zone: the time zone of each, by name.
        services: the services that a facility says it accepts, where it says any.
        order: int32[n], rank of the id, to break ties the same way whatever the order of input.
        timetable: see `Timetable`.
    """

    facilities: tuple[Facility, ...]
    index: Mapping[str, int]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    column: Mapping[str, int]
    capability: NDArray[np.int8]
    implied: NDArray[np.bool_]
    kinds: tuple[str, ...]
    kind: NDArray[np.int16]
    destination: NDArray[np.bool_]
    grave: NDArray[np.bool_]
    unnamed: NDArray[np.bool_]
    hours_row: NDArray[np.int32]
    emergency_row: NDArray[np.int32]
    zone: tuple[str, ...]
    services: Mapping[int, frozenset[str]]
    order: NDArray[np.int32]
    timetable: Timetable

    def __len__(self) -> int:
        return len(self.facilities)

    @staticmethod
    def build(facilities: Sequence[Facility], today: dt.date, calendar: Calendar | None = None) -> FacilityTable:
        """The table, with opening states from a month before `today` to 13 months after.

        Args:
            facilities: with unique ids.
            today: any local day near those that will be asked about; outside the span every hour is unknown.
            calendar: the holidays; None takes each facility's country and the office's list.

        Raises:
            ValueError: two facilities share an id.
        """
        words = vocabulary()
        index = {facility.id: i for i, facility in enumerate(facilities)}
        if len(index) != len(facilities):
            raise ValueError("two facilities share an id")
        count = len(facilities)
        column = {name: i for i, name in enumerate(words.capabilities)}
        capability = np.zeros((count, len(column)), dtype=np.int8)
        implied = np.zeros((count, len(column)), dtype=np.bool_)
        for i, facility in enumerate(facilities):
            for name, claim in facility.settled.items():
                capability[i, column[name]] = claim.value
                implied[i, column[name]] = claim.basis == "implied"
        kinds = tuple(words.kinds)
        timetable, hours_row, emergency_row = _timetable(facilities, today, calendar)
        order = np.empty(count, dtype=np.int32)
        order[sorted(range(count), key=lambda i: facilities[i].id)] = np.arange(count, dtype=np.int32)
        return FacilityTable(
            facilities=tuple(facilities),
            index=index,
            longitude=np.array([f.longitude for f in facilities], dtype=np.float64),
            latitude=np.array([f.latitude for f in facilities], dtype=np.float64),
            column=column,
            capability=capability,
            implied=implied,
            kinds=kinds,
            kind=np.array([kinds.index(f.kind) for f in facilities], dtype=np.int16),
            destination=np.array([words.kinds[f.kind].destination for f in facilities], dtype=np.bool_),
            grave=np.array([f.grave for f in facilities], dtype=np.bool_),
            unnamed=np.array([not f.name for f in facilities], dtype=np.bool_),
            hours_row=hours_row,
            emergency_row=emergency_row,
            zone=tuple(time_zone(f.longitude, f.latitude).key for f in facilities),
            services={i: frozenset(f.services) for i, f in enumerate(facilities) if f.services},
            order=order,
            timetable=timetable,
        )


def _timetable(
    facilities: Sequence[Facility], today: dt.date, calendar: Calendar | None
) -> tuple[Timetable, NDArray[np.int32], NDArray[np.int32]]:
    first, last = today - dt.timedelta(days=31), today + dt.timedelta(days=396)
    # Every row starts a day early and is cut at the same two seconds, whatever its time zone.
    begin = int(dt.datetime.combine(first, dt.time(), dt.UTC).timestamp())
    end = int(dt.datetime.combine(last, dt.time(), dt.UTC).timestamp())
    rows: dict[tuple[Hours | None, str], int] = {}
    cuts: list[Changes] = []

    def row(written: str | None, facility: Facility) -> int:
        zone = time_zone(facility.longitude, facility.latitude)
        key = (None, "") if written is None else (read_hours(written), zone.key)
        if key not in rows:
            of_country = calendar or Calendar.of_office(country_of(zone.key))
            rows[key] = len(cuts)
            cuts.append(changes(key[0], zone, of_country, first - dt.timedelta(days=2), last + dt.timedelta(days=2)))
        return rows[key]

    hours_row = np.array([row(f.opening_hours, f) for f in facilities], dtype=np.int32)
    # An emergency department whose hours nobody gives is open when the facility is.
    emergency_row = np.array([row(f.emergency_hours or f.opening_hours, f) for f in facilities], dtype=np.int32)
    row_first = [0]
    start: list[int] = []
    state: list[int] = []
    for cut in cuts:
        inside = [i for i, since in enumerate(cut.start) if begin < since < end]
        before = max((i for i, since in enumerate(cut.start) if since <= begin), default=0)
        start.extend([begin, *(cut.start[i] for i in inside)])
        state.extend([int(cut.state[before]), *(int(cut.state[i]) for i in inside)])
        row_first.append(len(start))
    starts = np.array(start, dtype=np.int64)
    timetable = Timetable(np.array(row_first, dtype=np.int64), starts, np.array(state, dtype=np.int8), begin, end)
    return timetable, hours_row, emergency_row
