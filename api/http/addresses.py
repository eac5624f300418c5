"""Places by words, and the address of a point. Both are asked in a body: where a patient lives stands in no address of a
request, and so in no log on its way."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api import answers
from api.http.asking import Asking, asking
from api.http.fields import STRICT
from api.http.problems import documented

router = APIRouter(prefix="/v1/regions/{region}/places", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Places = Annotated[Asking, Depends(asking("places.read"))]


class PointBody(BaseModel):
    """A point, in degrees."""

    model_config = STRICT
    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)


class SearchBody(BaseModel):
    """What is looked for."""

    model_config = STRICT
    q: str = Field(min_length=1, max_length=200, description="Words, an address, coordinates.")
    near: PointBody | None = Field(default=None, description="The nearest to it first.")
    limit: int = Field(default=10, ge=1, le=50)


class AddressView(BaseModel):
    """The address of a point."""

    street: str
    street_distance_m: float | None = Field(description="How far away that street is; null: none is near.")
    house_number: str
    context: list[str] = Field(description="The places around it, the smallest first.")


@router.post("/search")
async def search_places(asked: Places, body: SearchBody) -> list[dict[str, Any]]:
    """Places by words, tolerant of spelling; nothing outside is asked."""
    near = None if body.near is None else (body.near.longitude, body.near.latitude)
    return [answers.place_as_dict(place) for place in asked.live.built.places.search(body.q, near=near, limit=body.limit)]


@router.post("/address")
async def reverse_address(asked: Places, body: PointBody) -> AddressView:
    """The address of a point."""
    found = asked.live.built.places.reverse(body.longitude, body.latitude)
    away = None if found.street_distance_m is None else round(found.street_distance_m, 1)
    return AddressView(
        street=found.street, street_distance_m=away, house_number=found.house_number, context=list(found.context)
    )
