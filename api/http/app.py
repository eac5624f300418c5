"""The app: every endpoint, one error mapper, the tasks that keep it up to date."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api.access import Access, access_router, require
from api.http import (
    addresses,
    cases,
    closures,
    cover,
    desk_suggestions,
    events,
    facility_detail,
    family,
    fhir_endpoints,
    fleet,
    health,
    ogc,
    places,
    positions,
    ranking,
    referrals,
    region_figures,
    runs,
    service_info,
    similar,
    tiles,
    touched,
)
from api.http.described import describe
from api.http.health import Figures
from api.http.middleware import Around, directly
from api.http.osrm import OpenedRegion, osrm_router
from api.http.pages import pages_router
from api.http.problems import documented, install
from api.http.serving import Serving
from api.http.trackers import OSMAND, osmand_answer, trackers_router
from api.tiles import NoMapError, Tiles

log = logging.getLogger(__name__)

DESCRIPTION = """Dispatch of village ambulances and social-service escort cars: cases from the call to the handover.

Every command carries an `Idempotency-Key`: sent again with the same one, it is done once. `ETag` and `If-Match` hold versions.
Times have a zone; answers are in the region's local time. Errors are problem details (RFC 9457).

Roads and facilities © OpenStreetMap contributors, Open Database License."""


def create_app(serving: Serving, access: Access) -> FastAPI:
    """The app that serves `serving` to whoever `access` lets in."""
    kept = Tiles()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with serving.running():
            for live in serving.service.regions.values():
                try:
                    await kept.sheet(live.built)
                except NoMapError as error:
                    log.warning("%s: %s", error, error.__cause__)  # vehicles are sent without a map, too
            yield
        kept.close()

    app = FastAPI(
        title="Siaga",
        version=version("siaga"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        # It would tell whole addresses to whatever a variable of the environment names, and a tracker's id stands in them.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.serving, app.state.access, app.state.figures, app.state.tiles = serving, access, Figures(), kept
    install(app)
    accept = positions.acceptance(serving, access)
    # Routes are tried one after the other: first what is asked for most, every vehicle's position every few seconds.
    app.include_router(trackers_router(accept))
    for one in (
        positions,
        health,
        cases,
        ranking,
        similar,
        family,
        referrals,
        desk_suggestions,
        runs,
        fleet,
        cover,
        places,
        closures,
        tiles,
        facility_detail,
        region_figures,
        touched,
        addresses,
        events,
        ogc,
        fhir_endpoints,
        service_info,
    ):
        app.include_router(one.router)
    app.include_router(access_router(documented))
    app.include_router(osrm_router(lambda name: _opened(serving, name)), dependencies=[require("route.read")])
    app.include_router(pages_router())
    describe(app)
    direct = {OSMAND: directly(app, osmand_answer(accept))}
    app.add_middleware(Around, figures=app.state.figures, direct=direct)
    return app


def _opened(serving: Serving, name: str) -> OpenedRegion | None:
    live = serving.service.regions.get(name)
    return None if live is None else OpenedRegion(live.built, lambda: live.now.state)
