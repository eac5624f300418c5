"""The particulars of a case: who calls, where exactly, who the patients are, what ails them.

All that is personal is in here and nowhere else: kept apart from states and events, read only by those who need it, each
reading recorded, and dropped as a whole when a person asks to be forgotten. A note is never changed: a newer one of the
same field counts instead, so that what was put right can be seen until then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

from dispatch.life.case import Cell
from dispatch.life.refusals import InvalidError

Field = Literal[
    "caller_name",
    "caller_phone",
    "address",
    "landmark",
    "place",
    "goal_place",
    "stranded_place",
    "note",
    "name",
    "nik",
    "birth_date",
    "sex",
    "complaint",
    "phone",
]
FIELDS: tuple[Field, ...] = get_args(Field)
PLACES = frozenset({"place", "goal_place", "stranded_place"})
"""Fields that are a position: where the patient is, where they want to go, where a vehicle that broke down has left them."""
LONGEST = 2_000

CELL_M = 250.0
_METRES_PER_DEGREE = 111_320.0  # of latitude: 40,075 km / 360


class Note(Struct, frozen=True, omit_defaults=True):
    """One thing that somebody said.

    Attributes:
        field: what it is.
        value: the words; of a place its description, which may be empty.
        by, at: who recorded it, and when.
        patient: whom it is about, or None: the case as a whole.
        longitude, latitude: degrees, of a place.
    """

    field: Field
    value: str
    by: str
    at: datetime
    patient: str | None = None
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is known, the newest word on everything; `notes` is all of it, in order."""

    notes: tuple[Note, ...]

    def latest(self, field: Field, patient: str | None = None) -> Note | None:
        """The newest note of a field."""
        return next((one for one in reversed(self.notes) if one.field == field and one.patient == patient), None)

    def place(self, patient: str | None = None) -> Position | None:
        """Where a patient is to be fetched: their own place, else the case's; or where a broken-down vehicle left them, if
        that was noted later: a newer word on the place puts it right."""
        said = self._first_said(patient) or self._first_said(None)
        left = self._placed("stranded_place", patient)
        known = [one for one in self.notes if one is said or one is left]  # of two at the same time, the second is newer
        return _position(max(reversed(known), key=lambda one: one.at, default=None))

    def _first_said(self, patient: str | None) -> Note | None:
        """Where somebody is as it was said last, when that was said first: repeating it tells nothing new."""
        found = None
        for one in self.notes:
            if (one.field, one.patient) == ("place", patient) and (found is None or _position(one) != _position(found)):
                found = one
        return None if _position(found) is None else found

    def goal(self, patient: str | None = None) -> Position | None:
        """Where they want to go, if somebody said."""
        return _position(self._placed("goal_place", patient) or self._placed("goal_place", None))

    def _placed(self, field: Field, patient: str | None) -> Note | None:
        """The newest note of a place; None also where the place was taken back: such a note has no coordinates."""
        found = self.latest(field, patient)
        return None if _position(found) is None else found


def _position(note: Note | None) -> Position | None:
    if note is None or note.longitude is None or note.latitude is None:
        return None
    return Position(note.longitude, note.latitude)


def check_note(note: Note) -> None:
    """Raises InvalidError if a note can't be meant: too long, or a place without a position."""
    if len(note.value) > LONGEST:
        raise InvalidError("note_too_long", field=note.field, most=LONGEST)
    if (note.longitude is None) != (note.latitude is None):
        raise InvalidError("half_a_place", field=note.field)
    if note.longitude is not None and note.latitude is not None:
        inside = -180 <= note.longitude <= 180 and -90 <= note.latitude <= 90
        if note.field not in PLACES or not inside:
            raise InvalidError("not_a_place", field=note.field)


def cell_of(longitude: float, latitude: float) -> Cell:
    """The 250 m cell of a place: rows of equal height, in each as many columns as fit into its circle of latitude.

    Args:
        longitude, latitude: degrees.
    """
    row = math.floor((latitude + 90.0) * _METRES_PER_DEGREE / CELL_M)
    return Cell(row, math.floor((longitude + 180.0) / _column_degrees(row)))


def middle_of(cell: Cell) -> Position:
    """The middle of a cell, degrees."""
    latitude = (cell.row + 0.5) * CELL_M / _METRES_PER_DEGREE - 90.0
    return Position((cell.column + 0.5) * _column_degrees(cell.row) - 180.0, latitude)


def _column_degrees(row: int) -> float:
    """The width of a row's columns: 250 m at its middle; the poles have one."""
    latitude = (row + 0.5) * CELL_M / _METRES_PER_DEGREE - 90.0
    around_m = 360.0 * _METRES_PER_DEGREE * max(0.0, math.cos(math.radians(latitude)))
    return 360.0 / max(1, math.floor(around_m / CELL_M))


def fields_of(notes: Iterable[Note]) -> tuple[str, ...]:
    """The fields that notes are about, without what they say: that may go into an event."""
    return tuple(dict.fromkeys(one.field for one in notes))


def shown(particulars: Particulars) -> Mapping[str, Mapping[str, Note]]:
    """The newest note of every field, by patient ("" for the case as a whole) and field."""
    found: dict[str, dict[str, Note]] = {}
    for one in particulars.notes:
        found.setdefault(one.patient or "", {})[one.field] = one
    return found
