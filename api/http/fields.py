"""What fields of paths and bodies may hold: ids that the store takes, times that can be meant, places on earth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

WORD = r"^[A-Za-z0-9._:-]{1,80}$"
"""As `dispatch.store.model` has it; other ids can't exist, so asking about one is a mistake, not a question."""

LONGEST_LIST = 100
"""Of ids or words in one command."""

STRICT = ConfigDict(extra="forbid", str_max_length=2_000)
"""Of every body: a field that nobody knows is refused, since it may have been meant; so are words without end, and (which
pydantic tells only of words that it measures) halves of surrogate pairs, which no text can be written with."""

_YEARS = range(2000, 2100)
_LARGEST_GEOMETRY = 20_000
_DEEPEST = 6  # "coordinates" of a collection of areas of rings of points


def _sensible(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"must lie between the years {_YEARS.start} and {_YEARS.stop - 1}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
"""A time with its zone, kept in UTC."""

Id = Annotated[str, StringConstraints(pattern=WORD)]
"""Of something in the store."""

Word = Annotated[str, StringConstraints(max_length=200)]

Ids = Annotated[list[Id], Field(max_length=LONGEST_LIST)]
Words = Annotated[list[Word], Field(max_length=LONGEST_LIST)]

CasePath = Annotated[str, Path(pattern=WORD, examples=["K3F-9QX-7TT"])]
PatientPath = Annotated[str, Path(pattern=WORD, examples=["1"])]
OfferPath = Annotated[str, Path(pattern=WORD)]
RequestPath = Annotated[str, Path(pattern=WORD)]
RunPath = Annotated[str, Path(pattern=WORD)]
VehiclePath = Annotated[str, Path(pattern=WORD, examples=["V01"])]
OfficerPath = Annotated[str, Path(pattern=WORD, examples=["P01"])]
ConditionPath = Annotated[str, Path(pattern=WORD, examples=["banjir-1"])]


def _drawable(geometry: dict[str, Any]) -> dict[str, Any]:
    """A geometry whose numbers are all degrees on earth and which is not drawn too finely."""
    left = _LARGEST_GEOMETRY

    def look(at: Any, deep: int) -> None:
        nonlocal left
        left -= 1
        if deep > _DEEPEST or left < 0:
            raise ValueError(f"must have at most {_LARGEST_GEOMETRY} values, {_DEEPEST} levels deep")
        match at:
            case bool() | None:
                raise ValueError("must hold numbers only, apart from types")
            case str():
                at.encode()
            case int() | float():
                if not -180 <= at <= 180:  # nor is NaN
                    raise ValueError("must hold degrees: numbers from -180 to 180")
            case dict():
                for name, value in at.items():
                    name.encode()
                    look(value, deep + 1)
            case list():
                for value in at:
                    look(value, deep + 1)

    look(geometry, 0)
    return geometry


Geometry = Annotated[dict[str, Any], AfterValidator(_drawable)]
"""GeoJSON, as far as that can be told without drawing it."""
