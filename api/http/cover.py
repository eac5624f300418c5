"""How much of the region the free vehicles reach in time, and which of them to post elsewhere. Advice: nothing happens by
itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import numpy as np
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.language import language_of
from api.http.problems import documented
from api.http.reading import everything, positions
from dispatch.life.units import Unit
from dispatch.move_up import Move
from dispatch.reasons import said
from dispatch.service.choices import vehicles_of
from dispatch.service.cover import Cover, Site, cover_now
from dispatch.service.live_region import LiveRegion, Now
from dispatch.settings import DecisionSettings
from routing import text
from routing.places import PlaceIndex

router = APIRouter(prefix="/v1/regions/{region}", tags=["fleet"], responses=documented(401, 403, 404, 422, 503))

Reading = Annotated[Asking, Depends(asking("vehicles.read"))]

_KEPT_SECONDS = 3.0
_THINNEST = 5


class CoveringView(BaseModel):
    """A free vehicle, and what it covers."""

    vehicle: str
    vehicle_name: str
    only_it: float = Field(description="The demand that no other free vehicle reaches in time, in `unit`.")
    only_it_share: float = Field(description="The same as a share of all demand, 0 … 1.")
    expected_share: float = Field(description="The share of all demand by which expected coverage falls if it is sent.")
    remarks: list[dict[str, Any]] = Field(description="What is old or assumed about where it is.")


class UncountedView(BaseModel):
    """A free vehicle that is not counted, since nobody knows where it is."""

    vehicle: str
    vehicle_name: str
    reason: str


class ThinView(BaseModel):
    """A cell of demand that few or no vehicles reach in time."""

    longitude: float = Field(description="A point on a street in the middle of the cell, degrees.")
    latitude: float
    name: str = Field(description="The street or place there; may be empty.")
    weight: float = Field(description="In `unit`.")
    share: float = Field(description="Of all demand, 0 … 1.")
    vehicles: int = Field(description="Free vehicles that reach it in time.")


class PostView(BaseModel):
    """Where a vehicle is to be posted."""

    longitude: float
    latitude: float
    name: str = Field(description="Of the base, or the street or place there.")


class MoveView(BaseModel):
    """A move that is advised; each counts on those before it. All shares are of all demand, 0 … 1."""

    vehicle: str
    vehicle_name: str
    to: PostView
    base: bool = Field(description="There is a base of the fleet.")
    minutes: float = Field(description="The drive there.")
    cover_now: float = Field(description="Expected coverage before it.")
    cover_then: float = Field(description="Expected coverage once it is there.")
    reached_now: float = Field(description="The share that some free vehicle reaches in time, before it.")
    reached_then: float
    gain_share: float
    gain_amount: float = Field(description="`gain_share` of all demand, in `unit`.")
    unit: str
    reason: str


class CoverView(BaseModel):
    """What the free vehicles cover. Expected coverage counts on each being busy with a certain chance (Daskin 1983)."""

    made_at: datetime = Field(description="It is kept for up to 3 s.")
    road_state: int
    known: bool = Field(description="Somebody has said where help may be needed; else nothing else is told.")
    unit: str = Field(examples=["people"], description="people, km2, or empty.")
    demand: float = Field(description="All of it.")
    demand_label: str = Field(description="Where it comes from, in English.")
    standard_minutes: float
    reached_share: float = Field(description="Of all demand, that some free vehicle reaches within the standard time.")
    reached_amount: float
    expected_share: float
    limit_share: float = Field(description="Below it cover is thin, and moves are advised.")
    thin: bool
    vehicles: list[CoveringView] = Field(description="What falls most with it first.")
    not_counted: list[UncountedView]
    thinnest: list[ThinView] = Field(description="The cells that fewest vehicles reach, the heaviest of these first.")
    advice: list[MoveView] = Field(description="At most three, and none unless cover is thin and a move helps.")
    as_of: datetime | None = None


Names = Mapping[tuple[float, float], str]
"""Of places (longitude, latitude): the street there, else the smallest place around; may be empty."""


@dataclass(slots=True)
class _Kept:
    """The last answer of a region, and the state of it that it rests on."""

    lock: asyncio.Lock
    now: Now | None = None
    settings: DecisionSettings | None = None
    until: float = 0.0  # of time.monotonic(): in a demo the service's clock runs many times as fast
    cover: Cover | None = None
    names: Names = field(default_factory=dict)


_kept: WeakKeyDictionary[LiveRegion, _Kept] = WeakKeyDictionary()


async def _cover(asked: Asking) -> tuple[Cover | None, Names, datetime | None]:
    """What is covered, worked out every few seconds at most, what the places are called that an answer names, and how old the
    fleet is where the store was away."""
    found, as_of = await everything(asked, "unit")
    live = asked.live
    kept = _kept.setdefault(live, _Kept(asyncio.Lock()))
    async with kept.lock:
        now, settings = live.now, live.settings
        if not (time.monotonic() < kept.until and kept.now is now and kept.settings is settings):
            fleet = vehicles_of([one for one, _ in found if isinstance(one, Unit)], await positions(asked))
            known = None if kept.cover is None else kept.cover.posts
            cover = await asyncio.to_thread(cover_now, now.facts, fleet, asked.now, settings, known)
            kept.names = {} if cover is None else await asyncio.to_thread(_named, live.built.places, cover)
            kept.cover, kept.now, kept.settings, kept.until = cover, now, settings, time.monotonic() + _KEPT_SECONDS
        return kept.cover, kept.names, as_of


def _named(places: PlaceIndex, cover: Cover) -> Names:
    sites = [cover.sites[one.site] for one in cover.moves]
    found = [(one.longitude, one.latitude) for one in sites if not one.name]
    found += [(float(cover.demand.longitude[c]), float(cover.demand.latitude[c])) for c in _thinnest_cells(cover)]
    addresses = {place: places.reverse(*place) for place in found}
    return {place: next((name for name in (one.street, *one.context) if name), "") for place, one in addresses.items()}


def _thinnest_cells(cover: Cover) -> list[int]:
    found: list[int] = np.lexsort((-cover.demand.weight, cover.reached))[:_THINNEST].tolist()
    return found


@router.get("/cover")
async def get_cover(asked: Reading) -> CoverView:
    """How much of the demand the free vehicles reach within the standard time, what only each of them covers, where cover is
    thinnest, and, while it is thin, which vehicle to post where and what that gains. Advice only."""
    cover, names, as_of = await _cover(asked)
    settings, viewer, language = asked.live.settings, asked.viewer(as_of), language_of(asked.request)
    told = CoverView(
        made_at=viewer.local(asked.now if cover is None else cover.made_at),
        road_state=asked.live.now.state.number,
        known=cover is not None,
        unit="",
        demand=0.0,
        demand_label=asked.live.built.demand_label,
        standard_minutes=settings.standard_ms / 60_000,
        reached_share=0.0,
        reached_amount=0.0,
        expected_share=0.0,
        limit_share=settings.advise_below,
        thin=False,
        vehicles=[],
        not_counted=[],
        thinnest=[],
        advice=[],
        as_of=None if as_of is None else viewer.local(as_of),
    )
    if cover is None:
        return told
    total = cover.demand.total
    order = np.argsort(-cover.loss, kind="stable").tolist()
    return told.model_copy(
        update={
            "road_state": cover.road_state,
            "unit": cover.demand.unit,
            "demand": round(total, 2),
            "reached_share": round(cover.reached_share, 4),
            "reached_amount": round(cover.reached_share * total, 2),
            "expected_share": round(cover.expected_share, 4),
            "thin": cover.thin,
            "vehicles": [
                CoveringView(
                    vehicle=cover.vehicles[v].vehicle.id,
                    vehicle_name=cover.vehicles[v].vehicle.name,
                    only_it=round(float(cover.alone[v]), 2),
                    only_it_share=round(float(cover.alone[v]) / total, 4),
                    expected_share=round(float(cover.loss[v]), 4),
                    remarks=[one.as_dict(language) for one in cover.vehicles[v].remarks],
                )
                for v in order
            ],
            "not_counted": [
                UncountedView(vehicle=one.id, vehicle_name=one.name, reason=why.text(language)) for one, why in cover.unknown
            ],
            "thinnest": _thinnest(cover, names),
            "advice": [_move(asked, cover, names, one) for one in cover.moves],
        }
    )


def _thinnest(cover: Cover, names: Names) -> list[ThinView]:
    demand = cover.demand
    return [
        ThinView(
            longitude=round(float(demand.longitude[c]), 6),
            latitude=round(float(demand.latitude[c]), 6),
            name=names[float(demand.longitude[c]), float(demand.latitude[c])],
            weight=round(float(demand.weight[c]), 2),
            share=round(float(demand.weight[c]) / demand.total, 4),
            vehicles=int(cover.reached[c]),
        )
        for c in _thinnest_cells(cover)
    ]


def _move(asked: Asking, cover: Cover, names: Names, move: Move) -> MoveView:
    vehicle, site = cover.vehicles[move.vehicle].vehicle, cover.sites[move.site]
    gain, unit = move.expected_then - move.expected_now, cover.demand.unit
    amount, minutes = gain * cover.demand.total, round(move.drive_ms / 60_000, 1)
    to = _post(site, names)
    language = language_of(asked.request)
    why = text(
        language,
        f"dispatch.cover.gains_{unit}",
        vehicle=vehicle.name,
        place=to.name or f"{site.latitude:.5f}, {site.longitude:.5f}",
        minutes=round(minutes),
        standard=round(asked.live.settings.standard_ms / 60_000),
        amount=said(round(amount) if unit == "people" else round(amount, 1), language),
        now=round(100 * move.expected_now),
        then=round(100 * move.expected_then),
    )
    return MoveView(
        vehicle=vehicle.id,
        vehicle_name=vehicle.name,
        to=to,
        base=bool(site.name),
        minutes=minutes,
        cover_now=round(move.expected_now, 4),
        cover_then=round(move.expected_then, 4),
        reached_now=round(move.reached_now, 4),
        reached_then=round(move.reached_then, 4),
        gain_share=round(gain, 4),
        gain_amount=round(amount, 2),
        unit=unit,
        reason=why,
    )


def _post(site: Site, names: Names) -> PostView:
    name = site.name or names[site.longitude, site.latitude]
    return PostView(longitude=round(site.longitude, 6), latitude=round(site.latitude, 6), name=name)
