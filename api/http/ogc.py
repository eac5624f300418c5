"""OGC API - Features, Part 1: Core, for each region: facilities, vehicles and road conditions for QGIS and its like.

    /ogc/{region}                                                landing page
    /ogc/{region}/api, /conformance, /collections
    /ogc/{region}/collections/{facilities|vehicles|closures}[/items[/{featureId}]]

Coordinates are CRS84: longitude, latitude in degrees. Part 2 (other reference systems) is not there, so `crs` and `bbox-crs`
are refused. Who asks is known by a token, as everywhere: `Authorization: Bearer siaga_…`. QGIS sends that header if the
connection (Layer, Add WFS / OGC API - Features Layer, New) has an authentication of the kind "API Header" with the name
`Authorization` and the value `Bearer siaga_…`; owslib takes `headers=`, GDAL `GDAL_HTTP_HEADERS`.

Titles and descriptions are documentation for whoever writes programs, so they are English; words in features
(`kind_text`, `status_text`) are in the caller's language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Response
from starlette.concurrency import run_in_threadpool

from api.http import ogc_pages as pages
from api.http.asking import Asking, asking
from api.http.ogc_features import COLLECTIONS, Collection, selected
from api.http.ogc_openapi import PARAMETERS, openapi
from api.http.ogc_query import ITEMS_PARAMETERS, NoFeatureError, OgcRoute, checked, read_items_query
from api.http.problems import documented

Json = dict[str, Any]
Anything = Annotated[Asking, Depends(asking(*(one.permission for one in COLLECTIONS)))]

router = APIRouter(
    prefix="/ogc/{region}", tags=["OGC API - Features"], route_class=OgcRoute, responses=documented(400, 401, 403, 404, 503)
)


def _documented(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": what, "content": {media_type: {"schema": {"type": "object"}}}}}


def _response(asked: Asking, body: Json, media_type: str = pages.JSON) -> Response:
    # What was noted on the way (how old it is where the store is away) goes along.
    return Response(msgspec.json.encode(body), headers=dict(asked.response.headers), media_type=media_type)


def _plain(asked: Asking) -> pages.Site:
    """The region, after making sure that the question has no parameters."""
    checked(asked.request.query_params.multi_items())
    return _site(asked)


def _site(asked: Asking) -> pages.Site:
    built = asked.live.built
    return pages.Site(
        base=f"{str(asked.request.base_url).rstrip('/')}/ogc/{asked.region}",
        title=built.about.get("title") or asked.region,
        invented=built.invented,
        attribution=tuple(built.about["attribution"]),
        bounds=tuple(built.about["bounds"]),
    )


def _readable(asked: Asking) -> Sequence[Collection]:
    return [one for one in COLLECTIONS if asked.who.may(one.permission)]


@router.get("/", include_in_schema=False)
@router.get("", response_class=Response, responses=_documented(pages.JSON, "Where everything is."))
async def ogc_landing(asked: Anything) -> Response:
    """OGC API - Features of a region: the landing page."""
    return _response(asked, pages.landing(_plain(asked)))


@router.get("/api", response_class=Response, responses=_documented(pages.OPENAPI, "OpenAPI 3.0."))
async def ogc_api(asked: Anything) -> Response:
    """What OGC API - Features of a region can do, as an OpenAPI 3.0 document."""
    return _response(asked, openapi(_plain(asked), _readable(asked), version("siaga")), pages.OPENAPI)


@router.get("/conformance", response_class=Response, responses=_documented(pages.JSON, "Conformance classes."))
async def ogc_conformance(asked: Anything) -> Response:
    """What it conforms to."""
    _plain(asked)
    return _response(asked, pages.conformance())


@router.get("/collections", response_class=Response, responses=_documented(pages.JSON, "The collections."))
async def ogc_collections(asked: Anything) -> Response:
    """The collections that the caller may read."""
    return _response(asked, pages.collections(_plain(asked), _readable(asked)))


def _serve(collection: Collection) -> None:
    """Adds the endpoints of a collection."""
    gate = Depends(asking(collection.permission))

    async def about(asked: Asking = gate) -> Response:
        return _response(asked, pages.collection(_plain(asked), collection))

    async def items(asked: Asking = gate) -> Response:
        query = read_items_query(asked.request.query_params.multi_items())
        load, site, now = await collection.load(asked), _site(asked), asked.now

        def page() -> Response:
            there = load()
            found = selected(there.rows, query, timed=collection.timed)
            return _response(asked, pages.items(site, collection, there, found, query, now), pages.GEOJSON)

        return await run_in_threadpool(page)

    async def item(feature: str, asked: Asking = gate) -> Response:
        site = _plain(asked)
        there = await run_in_threadpool(await collection.load(asked))
        found = next((row for row in there.rows if row.id == feature), None)
        if found is None:
            raise NoFeatureError(
                f"{collection.id} has no feature {feature[:80]!r}; …/collections/{collection.id}/items lists them"
            )
        return _response(asked, pages.item(site, collection, there, found), pages.GEOJSON)

    def add(path: str, endpoint: Callable[..., Any], name: str, summary: str, media_type: str, **more: Any) -> None:
        router.add_api_route(
            f"/collections/{collection.id}{path}",
            endpoint,
            methods=["GET"],
            operation_id=f"ogc_{collection.id}_{name}",
            summary=summary,
            description=collection.description,
            response_class=Response,
            responses=_documented(media_type, summary),
            **more,
        )

    parameters = {"parameters": [PARAMETERS[name] for name in ITEMS_PARAMETERS]}
    add("", about, "about", f"{collection.title}: the collection", pages.JSON)
    add("/items", items, "items", collection.title, pages.GEOJSON, openapi_extra=parameters)
    add("/items/{feature:path}", item, "item", f"{collection.title}: one feature", pages.GEOJSON)


for _collection in COLLECTIONS:
    _serve(_collection)
