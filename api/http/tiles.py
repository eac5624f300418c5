"""The map of a region as vector tiles, cut from its own data: no page fetches a map from elsewhere.

Nobody has to sign in for these two: the map is public data (Open Database License), facilities too are on it as OpenStreetMap
has them. Nothing of cases, vehicles, reports or an office's registers is in it, and the page of a family's link draws it too.
"""

from __future__ import annotations

import gzip
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.http.asking import RegionName
from api.http.etags import has_already
from api.http.problems import documented
from api.http.serving import serving_of
from api.tiles import MAX_ZOOM, MIN_ZOOM, Tiles, version_of
from api.tiles.scales import FIELDS

router = APIRouter(prefix="/v1/regions/{region}", tags=["map"])

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"

Version = Annotated[str | None, Query(max_length=100, description="As the TileJSON gives it: the tile may be kept for ever.")]


class VectorLayer(BaseModel):
    """A layer of the tiles; `fields`: the properties of its features and their types."""

    id: str
    fields: dict[str, str]
    minzoom: int
    maxzoom: int


class TileJson(BaseModel):
    """What the tiles are (TileJSON 3.0.0, https://github.com/mapbox/tilejson-spec)."""

    tilejson: str = "3.0.0"
    name: str
    tiles: list[str]
    version: str = "1.0.0"
    attribution: str
    scheme: str = "xyz"
    minzoom: int = MIN_ZOOM
    maxzoom: int = Field(default=MAX_ZOOM, description="Clients draw this one larger where they zoom in further.")
    bounds: tuple[float, float, float, float] = Field(description="West, south, east, north of the roads.")
    center: tuple[float, float, int]
    vector_layers: list[VectorLayer]


def tiles_of(request: Request) -> Tiles:
    """What cuts and keeps the app's tiles."""
    found = request.app.state.tiles
    assert isinstance(found, Tiles)
    return found


@router.get("/tiles.json", responses=documented(404, 503))
async def get_tilejson(request: Request, response: Response, region: RegionName) -> TileJson:
    """What the region's tiles are and where; no sign-in."""
    built = serving_of(request).region(region).built
    west, south, east, north = bounds = (await tiles_of(request).sheet(built)).bounds
    middle = built.about.get("middle", ((west + east) / 2, (south + north) / 2))
    base = str(request.base_url).rstrip("/")
    response.headers["Cache-Control"] = _ASK_AGAIN
    return TileJson(
        name=built.about.get("title") or region,
        tiles=[f"{base}/v1/regions/{region}/tiles/{{z}}/{{x}}/{{y}}.mvt?v={version_of(built)}"],
        attribution="; ".join(built.about["attribution"]),
        bounds=bounds,
        center=(float(middle[0]), float(middle[1]), 13),
        vector_layers=[
            VectorLayer(id=name, fields=dict(fields), minzoom=MIN_ZOOM, maxzoom=MAX_ZOOM) for name, fields in FIELDS.items()
        ],
    )


@router.get(
    "/tiles/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "The tile, gzipped."},
        204: {"description": "There is nothing in it."},
        304: {"description": "It is still the same."},
        **documented(404, 422, 503),
    },
)
async def get_tile(
    request: Request,
    region: RegionName,
    z: Annotated[int, Path(description=f"Zoom, {MIN_ZOOM} to {MAX_ZOOM}.", examples=[13])],
    x: Annotated[int, Path(description="Column, from the west.", examples=[6538])],
    y: Annotated[int, Path(description="Row, from the north.", examples=[4211])],
    v: Version = None,
) -> Response:
    """A tile of the region's map (Mapbox Vector Tile 2.1); no sign-in."""
    built = serving_of(request).region(region).built
    if not MIN_ZOOM <= z <= MAX_ZOOM:
        raise HTTPException(404, f"there are tiles of zoom {MIN_ZOOM} to {MAX_ZOOM}, not {z}")
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise HTTPException(404, f"zoom {z} has columns and rows 0 to {2**z - 1}")
    tile = await tiles_of(request).tile(built, (z, x, y), request.client.host if request.client else "")
    keep = _FOR_EVER if v == version_of(built) else _ASK_AGAIN
    headers = {"Cache-Control": keep, "ETag": tile.tag, "Vary": "Accept-Encoding"}
    if not tile.zipped:
        return Response(status_code=204, headers=headers)
    if has_already(request.headers, tile.tag):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(tile.zipped), media_type=MEDIA_TYPE, headers=headers)
    return Response(tile.zipped, media_type=MEDIA_TYPE, headers={**headers, "Content-Encoding": "gzip"})
