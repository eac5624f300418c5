"""What is reported about roads, to be drawn on a map: the streets that each report affects, and what was drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from fastapi import APIRouter, Depends
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.problems import documented
from api.http.reading import everything
from dispatch.life.reports import Condition
from dispatch.service.conditions import road_condition
from dispatch.service.live_region import LiveRegion
from routing import ConditionError
from routing.backdrop import spread
from routing.network import RoadNetwork

router = APIRouter(prefix="/v1/regions/{region}", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Roads = Annotated[Asking, Depends(asking("roads.read"))]
Geometry = dict[str, Any]

_DECIMALS = 6
_MOST_POINTS = 4_000
"""Of one geometry that a page is to draw: an area may hold all streets of a region, and every page reads all reports."""

_COARSE_DEGREES = 0.00002  # 2 m; doubled until the points are few enough
_COARSEST_DEGREES = 0.01


Streets = Mapping[tuple[str, int], Geometry | None]
"""By id and version of a report."""


@dataclass(slots=True)
class _Kept:
    """What is drawn for the reports of a region. A street of theirs that has hours of its own stays as it was then."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    streets: Streets = field(default_factory=dict)


_kept: WeakKeyDictionary[LiveRegion, _Kept] = WeakKeyDictionary()


class ClosureProperties(BaseModel):
    """What a report says; who reported it and in which words, only for those who report themselves."""

    id: str
    drawn: bool = Field(description="What was drawn; else the streets that are affected.")
    kind: str
    effect: str
    value: float | None
    direction: str
    profiles: list[str]
    from_time: datetime | None
    until: datetime | None
    hours: str
    holds: bool = Field(description="It counts now.")
    set_aside: str | None = Field(description="Why this network can't understand it.")
    author: str
    reason: str


class ClosureFeature(BaseModel):
    """A report, or what was drawn for it (RFC 7946)."""

    type: Literal["Feature"] = "Feature"
    geometry: Geometry | None
    properties: ClosureProperties


class ClosureCollection(BaseModel):
    """All reports (RFC 7946); `as_of`: how old they are where the store could not be asked, else null."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    as_of: datetime | None
    features: list[ClosureFeature]


@router.get("/conditions.geojson")
async def list_closures(asked: Roads) -> ClosureCollection:
    """What is reported about roads, as GeoJSON: of each report the streets that it affects while it holds (a MultiLineString;
    null: none), and, where a point, a line or an area was drawn, that as a second feature with `drawn`. Streets that would
    have more than 4,000 points are drawn coarser, and without the shortest where that isn't enough."""
    found, as_of = await everything(asked, "condition")
    told = [(one, version) for one, version in found if isinstance(one, Condition) and one.withdrawn_at is None]
    kept = _kept.setdefault(asked.live, _Kept())
    async with kept.lock:  # all pages read anew at once when a report comes: the first one draws it
        kept.streets = streets = await asyncio.to_thread(_all_streets, asked.live, told, kept.streets, asked.now)
    return ClosureCollection(
        as_of=None if as_of is None else asked.viewer().local(as_of),
        features=[feature for one, version in told for feature in _features(asked, one, streets[one.id, version])],
    )


def _features(asked: Asking, told: Condition, streets: Geometry | None) -> Iterator[ClosureFeature]:
    yield ClosureFeature(geometry=streets, properties=_properties(asked, told, drawn=False))
    if told.geometry is not None:
        yield ClosureFeature(geometry=told.geometry, properties=_properties(asked, told, drawn=True))


def _properties(asked: Asking, told: Condition, *, drawn: bool) -> ClosureProperties:
    now, local = asked.live.now, asked.viewer().maybe
    words = asked.who.may("roads.write", asked.region)  # a crew may have written whose house it is
    return ClosureProperties(
        id=told.id,
        drawn=drawn,
        kind=told.kind,
        effect=told.effect,
        value=told.value,
        direction=told.direction,
        profiles=list(told.profiles),
        from_time=local(told.from_time),
        until=local(told.until),
        hours=told.hours,
        holds=any(one.id == told.id for one in now.state.conditions),
        set_aside=now.set_aside.get(told.id),
        author=told.author if words else "",
        reason=told.reason if words else "",
    )


def _all_streets(live: LiveRegion, told: Collection[tuple[Condition, int]], known: Streets, now: datetime) -> Streets:
    """Of these reports and no others, so that no more is kept than there are."""
    keys = [(one.id, version) for one, version in told]
    return {key: known[key] if key in known else _streets(live, one, now) for key, (one, _) in zip(keys, told, strict=True)}


def _streets(live: LiveRegion, told: Condition, now: datetime) -> Geometry | None:
    """The links that a report affects; None where there are none, or this network can't understand it."""
    roads = live.built.roads
    try:
        links = np.unique(roads.live.affected(road_condition(told), now) >> 1)
    except ConditionError:
        return None
    return lines_of(roads.network, links)[0] if len(links) else None


def lines_of(network: RoadNetwork, links: NDArray[np.int64]) -> tuple[Geometry, bool]:
    """Links, joined end to end where only two meet, as a GeoJSON MultiLineString of at most 4,000 points, and whether it is
    coarser than they are for that."""
    points, counts = spread(network.shape_first, links)
    degrees = np.column_stack((network.shape_longitude[points], network.shape_latitude[points])).round(_DECIMALS)
    shapes = np.asarray(shapely.linestrings(degrees, indices=np.repeat(np.arange(len(links)), counts)))
    lines = joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapes)))
    coarse = _COARSE_DEGREES
    while shapely.get_num_coordinates(lines).sum() > _MOST_POINTS and coarse < _COARSEST_DEGREES:
        lines, coarse = shapely.simplify(lines, coarse), 2 * coarse
    longest = np.argsort(-shapely.length(lines), kind="stable")
    kept = longest[np.cumsum(shapely.get_num_coordinates(lines)[longest]) <= _MOST_POINTS]
    told = {"type": "MultiLineString", "coordinates": [shapely.get_coordinates(line).tolist() for line in lines[np.sort(kept)]]}
    return told, lines is not joined
