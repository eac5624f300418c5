"""The ranking for a case as things stand, and the legs of one of its options."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api import answers
from api.http.asking import Asking, asking
from api.http.fields import CasePath, Id, VehiclePath
from api.http.language import language_of
from api.http.problems import documented
from api.http.reading import case_of, positions
from dispatch.life.case import Case
from dispatch.life.events import Ref
from dispatch.life.refusals import ConflictError, UnknownError
from dispatch.options import Option
from dispatch.recommend import Recommendation
from dispatch.regions import BuiltRegion
from dispatch.service.choices import ranked_vehicles, vehicles_of
from dispatch.service.loading import load_particulars, load_units
from routing import Language

router = APIRouter(prefix="/v1/regions/{region}/cases", tags=["cases"], responses=documented(401, 403, 404, 409, 422, 503))

Sending = Annotated[Asking, Depends(asking("assign"))]


class LegsView(BaseModel):
    """How a vehicle would drive: to the patient, and on to the destination as far as roads lead there."""

    vehicle: str
    facility: str
    version: int = Field(description="Of the case that it was worked out for.")
    legs: list[dict[str, Any]] = Field(description="Each with geometry (GeoJSON), steps with texts, distance and duration.")


async def ranked(
    asked: Asking, case: str, patients: Collection[str] = (), *, by_hearsay: bool = True
) -> tuple[Recommendation, int]:
    """The ranking for those of a case who wait, and the case's version.

    `by_hearsay`: what this process heard a moment ago is good enough to choose by, since whoever is sent is looked at once
    more; else the store is asked.

    Raises:
        ConflictError: the case is a draft. InputError, PlaceError: as `ranked_vehicles`.
    """
    store, board = asked.serving.service.store, asked.serving.board(asked.region)
    heard = board.world if by_hearsay and board.is_fresh else None
    known, version = board.get(Ref("case", case))
    if heard is not None and isinstance(known, Case):
        state = known
    else:
        state, version, _ = await case_of(asked, case)
    if not state.complete:
        raise ConflictError("case_is_draft", case=case)
    notes, seen = await asyncio.gather(load_particulars(store, asked.region, case), positions(asked))
    units = heard.units if heard is not None else await load_units(store, asked.region)
    fleet = vehicles_of(units.values(), seen)
    moment = asked.viewer().local(asked.now)
    live = asked.live
    found = await asyncio.to_thread(ranked_vehicles, live, live.now, state, notes, fleet, moment, patients=patients)
    return found, version


@router.get("/{case}/recommendation/{vehicle}/legs")
async def get_legs(
    case: CasePath,
    vehicle: VehiclePath,
    asked: Sending,
    patient: Annotated[list[Id] | None, Query(description="For these; left out: for all who wait.", max_length=50)] = None,
) -> LegsView:
    """Both legs of one option of the ranking, to be drawn and read before the vehicle is sent."""
    found, version = await ranked(asked, case, patient or ())
    option = next((one for one in found.decision.options if one.vehicle.id == vehicle), None)
    if option is None:
        raise UnknownError("no_option", vehicle=vehicle, case=case)
    legs = await asyncio.to_thread(_legs, asked.live.built, found, option, language_of(asked.request))
    return LegsView(vehicle=vehicle, facility=option.destination.id, version=version, legs=legs)


def _legs(built: BuiltRegion, found: Recommendation, option: Option, language: Language) -> list[dict[str, Any]]:
    """On the roads as they were when it was ranked: they may be others by now."""
    legs = answers.legs_of(built, found, option, found.region.times.router.state)
    return [answers.route_as_dict(built, leg, language) for leg in legs]
