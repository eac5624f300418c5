"""Reports about roads as routing understands them, and claims about facilities as matching does."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
import xxhash
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon, shape

from dispatch.life.reports import Claims, Condition
from facilities import Availability, AvailabilityBoard, FacilityTable
from routing import ConditionError
from routing.conditions import KINDS as KINDS
from routing.conditions import Along, Around, Closed, Effect, OnWays, RoadCondition, Slower, TopSpeed, Where, Within

_USUAL_REACH_M = {"Point": 30.0, "LineString": 12.0, "MultiLineString": 12.0}


def road_condition(told: Condition) -> RoadCondition:
    """A report as routing understands it.

    Raises:
        ConditionError: it can't be meant; the message begins with its id.
    """
    kind = next((one for one in KINDS if one == told.kind), None)
    if kind is None:
        raise ConditionError(f"{told.id}: no kind {told.kind!r}; there are {', '.join(KINDS)}")
    return RoadCondition(
        id=told.id,
        kind=kind,
        where=_where(told),
        effect=_effect(told),
        author=told.author or "?",
        reason=told.reason,
        profiles=frozenset(told.profiles) or None,
        direction=told.direction,
        from_time=told.from_time,
        until=told.until,
        hours=told.hours or None,
    )


def _where(told: Condition) -> Where:
    if (told.geometry is None) == (not told.ways):
        raise ConditionError(f"{told.id}: say where: either a geometry or ways, not both")
    if told.geometry is None:
        return OnWays(told.ways)
    try:
        drawn = shape(told.geometry)
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ConditionError(f"{told.id}: the geometry is not GeoJSON: {error}") from error
    reach = told.reach_m if told.reach_m is not None else _USUAL_REACH_M.get(drawn.geom_type, 0.0)
    match drawn:
        case Point() if not drawn.is_empty:
            return Around(drawn.x, drawn.y, reach)
        case LineString() | MultiLineString():
            return Along(drawn, reach)
        case Polygon() | MultiPolygon():
            return Within(drawn)
    raise ConditionError(f"{told.id}: a {drawn.geom_type} can't be closed; draw a point, a line or an area")


def _effect(told: Condition) -> Effect:
    if told.effect == "closed":
        return Closed()
    if told.value is None:
        raise ConditionError(f"{told.id}: {told.effect!r} needs a value")
    return Slower(told.value) if told.effect == "slower" else TopSpeed(told.value)


def claims_id(facility: str) -> str:
    """How a facility's claims are called in the store, whose names take fewer letters than facilities' ids have."""
    return xxhash.xxh3_64_hexdigest(facility.encode())


def board(claims: Iterable[Claims], table: FacilityTable) -> AvailabilityBoard:
    """All claims as matching looks at them."""
    told = [Availability(of.facility, one.capability, one.state, one.author, one.time) for of in claims for one in of.claims]
    return AvailabilityBoard.build(told, table.index, table.column)
