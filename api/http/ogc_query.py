"""What is asked of a collection of features: how many, from where on, in which box, of which time.

OGC API - Features, Part 1: Core 1.0.1 (17-069r4), 7.15; https://docs.ogc.org/is/17-069r4/17-069r4.html. A parameter that the
API does not define, or a value that it can't have, is answered with 400, as the standard demands; a limit above the largest is
not wrong, the largest is taken instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from fastapi import Request, Response
from fastapi.routing import APIRoute
from shapely.geometry.base import BaseGeometry

from api.http.problems import problem
from routing import InputError

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
DEFAULT_LIMIT = 1_000
LARGEST_LIMIT = 10_000
LARGEST_OFFSET = 10_000_000

ITEMS_PARAMETERS = ("bbox", "datetime", "limit", "offset")
_OF_OTHER_PARTS = frozenset({"bbox-crs", "crs"})


class OgcError(InputError):
    """A parameter that the API does not define, or a value that it can't have: status 400."""


class NoFeatureError(InputError, LookupError):
    """A feature that is not in its collection: status 404."""


class OgcRoute(APIRoute):
    """Answers what is wrong with a question as the standard says; the rest is left to the service's own error mapper."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except OgcError as error:
                return problem(request, 400, "ogc_parameter", str(error))
            except NoFeatureError as error:
                return problem(request, 404, "no_feature", str(error))

        return answered


@dataclass(frozen=True, slots=True)
class Interval:
    """A time from `begin` to `end`, both included and with their zone; None: open on that side. A moment has both the same."""

    begin: datetime | None
    end: datetime | None

    def meets(self, other: Interval) -> bool:
        """Whether the two have a moment in common."""
        return _not_after(self.begin, other.end) and _not_after(other.begin, self.end)


def _not_after(begin: datetime | None, end: datetime | None) -> bool:
    return begin is None or end is None or begin <= end


@dataclass(frozen=True, slots=True, eq=False)
class ItemsQuery:
    """What is asked.

    Attributes:
        limit, offset: so many features, after so many others.
        box: features that it touches; None: anywhere. Degrees, CRS84.
        when: features of that time; None: of any.
        given: the other parameters as they came, for links.
    """

    limit: int
    offset: int
    box: BaseGeometry | None
    when: Interval | None
    given: tuple[tuple[str, str], ...]


def read_items_query(items: Sequence[tuple[str, str]]) -> ItemsQuery:
    """The question of a query string.

    Raises:
        OgcError: a parameter that there is not, that came twice, or with a value that it can't have.
    """
    known = checked(items, ITEMS_PARAMETERS)
    bbox, moment = known.get("bbox"), known.get("datetime")
    return ItemsQuery(
        limit=min(LARGEST_LIMIT, _count("limit", known.get("limit", str(DEFAULT_LIMIT)), 1)),
        offset=min(LARGEST_OFFSET, _count("offset", known.get("offset", "0"), 0)),
        box=None if bbox is None else read_box(bbox),
        when=None if moment is None else read_interval(moment),
        given=tuple((name, value) for name, value in items if name in ("bbox", "datetime")),
    )


def checked(items: Sequence[tuple[str, str]], allowed: Sequence[str] = ()) -> dict[str, str]:
    """The parameters by name.

    Raises:
        OgcError: one that is not allowed, or that came twice.
    """
    found: dict[str, str] = {}
    for name, value in items:
        if name in _OF_OTHER_PARTS:
            raise OgcError(f"{name}: there is only {CRS84} (longitude, latitude in degrees); leave {name} out")
        if name not in allowed:
            raise OgcError(f"no parameter {name[:40]!r} here; there are {', '.join(allowed) or 'none'}")
        if name in found:
            raise OgcError(f"{name} is given twice")
        found[name] = value
    return found


def _count(name: str, said: str, least: int) -> int:
    # So many digits are enough for anything, and Python reads no number that is thousands of digits long.
    number = int(said[:18]) if said.isascii() and said.isdecimal() else -1
    if number < least:
        raise OgcError(f"{name} must be a whole number, at least {least}")
    return number


def read_box(said: str) -> BaseGeometry:
    """The area of a `bbox`: west, south, east, north in degrees, or with heights in third and sixth place, which are left out
    of account; east of less than west crosses the 180th meridian.

    Raises:
        OgcError: it is no box.
    """
    try:
        numbers = [float(part) for part in said.split(",")]
    except ValueError:
        raise OgcError("bbox must be four numbers with commas: west,south,east,north in degrees") from None
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise OgcError("bbox must be four numbers (west,south,east,north in degrees) or six (with heights)")
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise OgcError("bbox: the lower height is above the upper one")
        numbers = [*numbers[:2], *numbers[3:5]]
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        raise OgcError("bbox leaves the earth: longitudes lie between -180 and 180, latitudes between -90 and 90")
    if south > north:
        raise OgcError(f"bbox: south {south:g} lies north of north {north:g}; the order is west,south,east,north")
    if west > east:
        return shapely.union_all([_area(west, south, 180.0, north), _area(-180.0, south, east, north)])
    return _area(west, south, east, north)


def _area(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box; one without width or height is a line or a point, since a polygon without area touches nothing."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return shapely.Point(west, south) if (west, south) == (east, north) else shapely.LineString([(west, south), (east, north)])


def read_interval(said: str) -> Interval:
    """A `datetime`: a moment, or two with a slash, where nothing or `..` leaves a side open.

    Raises:
        OgcError: it is neither, has no zone, or ends before it begins.
    """
    begin, slash, end = said.partition("/")
    if not slash:
        moment = _moment(begin)
        return Interval(moment, moment)
    first, last = (None if side in ("", "..") else _moment(side) for side in (begin, end))
    if first is not None and last is not None and last < first:
        raise OgcError("datetime ends before it begins")
    return Interval(first, last)


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise OgcError("datetime must be like 2026-11-22T03:00:00Z, or an interval like 2026-11-22T03:00:00Z/..")
    return moment
