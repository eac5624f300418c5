"""What a region's OGC API - Features can do, as an OpenAPI 3.0 document: the service's own document is OpenAPI 3.1, which
clients of the standard need not read. QGIS takes the page size from `components.parameters.limit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.http.ogc_features import Collection
from api.http.ogc_pages import GEOJSON, JSON, Site
from api.http.ogc_query import DEFAULT_LIMIT, LARGEST_LIMIT
from api.http.problems import MEDIA_TYPE

Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "bbox": {
        "name": "bbox",
        "in": "query",
        "required": False,
        "description": "Features that touch this box: west,south,east,north in degrees (CRS84), or six numbers with heights.",
        "style": "form",
        "explode": False,
        "schema": {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 4,
            "maxItems": 6,
            "example": [106.8, -6.5, 106.9, -6.4],
        },
    },
    "datetime": {
        "name": "datetime",
        "in": "query",
        "required": False,
        "description": "Features of this time: a moment with its zone, or an interval (`..` leaves a side open).",
        "style": "form",
        "explode": False,
        "schema": {"type": "string", "example": "2026-11-22T03:00:00Z/.."},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": "The most features in an answer; a larger number counts as the largest.",
        "style": "form",
        "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    },
    "offset": {
        "name": "offset",
        "in": "query",
        "required": False,
        "description": "So many features are left out before the first one; follow the link `next` instead of counting.",
        "style": "form",
        "explode": False,
        "schema": {"type": "integer", "minimum": 0, "default": 0},
    },
}


def openapi(site: Site, readable: Sequence[Collection], version: str) -> Json:
    """The document of a region, with the collections that the caller may read."""
    paths: dict[str, Json] = {
        "/": _get("landing", "The landing page", JSON),
        "/api": _get("api", "This document", JSON),
        "/conformance": _get("conformance", "What this API conforms to", JSON),
        "/collections": _get("collections", "The collections", JSON),
    }
    for one in readable:
        here = f"/collections/{one.id}"
        paths[here] = _get(f"{one.id}.about", f"{one.title}: the collection", JSON)
        paths[f"{here}/items"] = _get(f"{one.id}.items", one.title, GEOJSON, [_ref("parameters", name) for name in PARAMETERS])
        paths[f"{here}/items/{{featureId}}"] = _get(
            f"{one.id}.item", f"{one.title}: one feature", GEOJSON, [_ref("parameters", "featureId")]
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": f"Siaga: {site.name}", "version": version, "description": site.credit},
        "servers": [{"url": site.base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "parameters": {
                **PARAMETERS,
                "featureId": {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}},
            },
            "responses": {
                "problem": {
                    "description": "What went wrong (RFC 9457).",
                    "content": {MEDIA_TYPE: {"schema": {"type": "object"}}},
                }
            },
        },
    }


def _get(operation: str, summary: str, media_type: str, parameters: Sequence[Json] = ()) -> Json:
    ok = {"description": summary, "content": {media_type: {"schema": {"type": "object"}}}}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": list(parameters),
            "responses": {"200": ok, "default": _ref("responses", "problem")},
        }
    }


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
