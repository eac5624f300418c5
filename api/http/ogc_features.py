"""The collections of OGC API - Features: facilities, vehicles, and what is reported about roads. Nothing personal is in them:
no crew's telephone number, nobody who reported or claimed something, no case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiLineString, Point, mapping
from shapely.geometry.base import BaseGeometry

from api.http.asking import Asking
from api.http.language import language_of
from api.http.ogc_query import Interval, ItemsQuery
from api.http.reading import everything, positions
from api.http.shapes import VehicleView
from api.http.views import Viewer
from dispatch.life.reports import Claims, Condition
from dispatch.life.units import Unit
from dispatch.regions import BuiltRegion
from dispatch.service.conditions import road_condition
from facilities import Facility
from routing import ConditionError, Language, text
from routing.conditions import Along, Around, OnWays, Within
from routing.network import RoadNetwork

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A feature, as far as it takes to find it.

    Attributes:
        id: unique in its collection.
        shape: CRS84; None where nobody knows.
        time: when it holds or was seen; None: unknown, or it has none.
        of: what it is about.
    """

    id: str
    shape: BaseGeometry | None
    time: Interval | None
    of: Any


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """What there is.

    Attributes:
        rows: all of it.
        properties: tells the rest of a row; asked only for those that are shown.
    """

    rows: Sequence[Row]
    properties: Callable[[Row], Json]

    def feature(self, row: Row) -> Json:
        """A row as GeoJSON (RFC 7946)."""
        geometry = None if row.shape is None else mapping(row.shape)
        return {"type": "Feature", "id": row.id, "geometry": geometry, "properties": self.properties(row)}


Reader = Callable[[], Loaded]
"""Makes the rows from what was read; may take some milliseconds, so it is called off the event loop."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Features of a kind.

    Attributes:
        id, title, description: of the collection.
        permission: who has it may read it.
        timed: its features have a time; where they have none, `datetime` is taken and changes nothing.
        load: what there is now.
    """

    id: str
    title: str
    description: str
    permission: str
    timed: bool
    load: Callable[[Asking], Awaitable[Reader]]


def selected(rows: Sequence[Row], asked: ItemsQuery, *, timed: bool) -> list[Row]:
    """The rows that lie in the box and the time asked for, by id. A row without a place lies in no box; in a collection with
    times a row without one is of no time."""
    left = list(rows)
    if asked.box is not None and left:
        shapes = np.array([one.shape for one in left], np.object_)
        left = [one for one, touched in zip(left, shapely.intersects(shapes, asked.box), strict=True) if touched]
    if asked.when is not None and timed:
        left = [one for one in left if one.time is not None and one.time.meets(asked.when)]
    return sorted(left, key=lambda one: one.id)


# -- facilities -----------------------------------------------------------------------------------------------------------


async def _facilities(asked: Asking) -> Reader:
    found, as_of = await everything(asked, "claims")
    claims = {one.facility: one for one, _ in found if isinstance(one, Claims)}
    built, viewer, now, language = asked.live.built, asked.viewer(as_of), asked.now, language_of(asked.request)
    return lambda: Loaded(_facility_rows(built), lambda row: _facility(row.of, claims.get(row.id), viewer, now, language))


@lru_cache(maxsize=64)
def _facility_rows(built: BuiltRegion) -> tuple[Row, ...]:
    """The facilities of a region, which stay the same as long as it is served."""
    table = built.facilities
    places = np.asarray(shapely.points(table.longitude, table.latitude), np.object_)
    rows = (Row(one.id, place, None, one) for one, place in zip(table.facilities, places, strict=True))
    return tuple(sorted(rows, key=lambda row: row.id))


def _facility(facility: Facility, claims: Claims | None, viewer: Viewer, now: datetime, language: Language) -> Json:
    settled = facility.settled
    said = claims.claims if claims is not None else ()
    return {
        "name": facility.name,
        "kind": facility.kind,
        "kind_text": text(language, f"facilities.kind.{facility.kind}"),
        "has": sorted(name for name, claim in settled.items() if claim.value > 0),
        "lacks": sorted(name for name, claim in settled.items() if claim.value < 0),
        "opening_hours": facility.opening_hours,
        "emergency_hours": facility.emergency_hours,
        "hospital_class": facility.hospital_class,
        "beds": facility.beds,
        "address": facility.address,
        "phone": facility.phone,
        "conflicts": len(facility.conflicts),
        "availability": [
            {
                "capability": one.capability,
                "state": one.state,
                "time": viewer.local(one.time).isoformat(),
                "age_minutes": round(max(0.0, (now - one.time).total_seconds()) / 60, 1),
            }
            for one in said
        ],
    }


# -- vehicles -------------------------------------------------------------------------------------------------------------


async def _vehicles(asked: Asking) -> Reader:
    found, as_of = await everything(asked, "unit")
    seen = await positions(asked)
    viewer, limit = asked.viewer(as_of), asked.live.settings.fix_now_seconds
    views = [
        viewer.vehicle(one, version, seen.get(one.id), limit)
        for one, version in found
        if isinstance(one, Unit) and not one.retired
    ]
    return lambda: Loaded([_vehicle_row(one) for one in views], lambda row: _vehicle(row.of))


def _vehicle_row(view: VehicleView) -> Row:
    at = view.position
    if at is None:
        return Row(view.id, None, None, view)
    return Row(view.id, Point(at.longitude, at.latitude), Interval(at.fix_time, at.fix_time), view)


def _vehicle(view: VehicleView) -> Json:
    at = view.position
    return {
        "name": view.name,
        "kind": view.kind,
        "kind_text": view.kind_text,
        "status": view.status,
        "status_text": view.status_text,
        "since": view.since.isoformat(),
        "equipment": view.equipment,
        "capacity": view.capacity,
        "base": view.base,
        "free": view.free,
        "out_of_order": view.out_of_order,
        "invented": view.invented,
        "fix_time": None if at is None else at.fix_time.isoformat(),
        "age_seconds": None if at is None else at.age_seconds,
        "now": at is not None and at.now,
    }


# -- road conditions ------------------------------------------------------------------------------------------------------


async def _closures(asked: Asking) -> Reader:
    found, as_of = await everything(asked, "condition")
    network, viewer, now = asked.live.built.roads.network, asked.viewer(as_of), asked.live.now
    holding = {one.id for one in now.state.conditions}
    told = [(one, version) for one, version in found if isinstance(one, Condition) and one.withdrawn_at is None]
    words = asked.who.may("roads.write")  # a crew may have written whose house it is

    def properties(row: Row) -> Json:
        one, version = row.of
        found = _condition(one, version, viewer, holds=one.id in holding, set_aside=now.set_aside.get(one.id))
        return found if words else found | {"reason": ""}

    def loaded() -> Loaded:
        rows = [Row(one.id, _place(one, network), Interval(one.from_time, one.until), (one, version)) for one, version in told]
        return Loaded(rows, properties)

    return loaded


def _condition(told: Condition, version: int, viewer: Viewer, *, holds: bool, set_aside: str | None) -> Json:
    return {
        "kind": told.kind,
        "effect": told.effect,
        "value": told.value,
        "reason": told.reason,
        "profiles": list(told.profiles),
        "direction": told.direction,
        "reach_m": told.reach_m,
        "ways": list(told.ways),
        "from_time": viewer.maybe(told.from_time),
        "until": viewer.maybe(told.until),
        "hours": told.hours,
        "posted_at": viewer.maybe(told.posted_at),
        "version": version,
        "holds": holds,
        "set_aside": set_aside,
    }


def _place(told: Condition, network: RoadNetwork) -> BaseGeometry | None:
    """What was drawn, or the ways that were named; None where this network can't understand it."""
    try:
        where = road_condition(told).where
    except ConditionError:
        return None
    match where:
        case Around():
            return Point(where.longitude, where.latitude)
        case Along():
            return where.line
        case Within():
            return where.area
        case OnWays():
            return _lines(where.ways, network)
    return None


def _lines(ways: Iterable[int], network: RoadNetwork) -> BaseGeometry | None:
    links = np.flatnonzero(np.isin(network.link_way, np.fromiter(ways, np.int64)))
    if not len(links):
        return None
    return MultiLineString([network.segment_shape(2 * int(link)) for link in links])


COLLECTIONS = (
    Collection(
        "facilities",
        "Facilities",
        "Where people can be taken, what each is known to have and to lack, and what is claimed of its room, with the age.",
        "facilities.read",
        False,
        _facilities,
    ),
    Collection(
        "vehicles",
        "Vehicles",
        "The fleet where it was last seen: `fix_time`, `age_seconds`, and `now`: recent enough to be where it is. A vehicle "
        "that nobody has seen has no geometry. `datetime` asks for the time of the fix.",
        "vehicles.read",
        True,
        _vehicles,
    ),
    Collection(
        "closures",
        "Road conditions",
        "What is reported about roads: closures, floods, markets and the like, as it was drawn, or the ways that were named. "
        "`holds`: it counts at present. `datetime` asks for the time that it is reported for; `hours` are not looked at.",
        "roads.read",
        True,
        _closures,
    ),
)
