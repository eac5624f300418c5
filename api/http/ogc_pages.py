"""The documents of OGC API - Features, Part 1: Core: landing page, conformance, collections, a page of items. Pure.

The standard: https://docs.ogc.org/is/17-069r4/17-069r4.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from api.http.ogc_features import Collection, Loaded, Row
from api.http.ogc_query import CRS84, ItemsQuery

Json = dict[str, Any]

JSON = "application/json"
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_CONFORMANCE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CONFORMS_TO = tuple(f"{_CONFORMANCE}/{name}" for name in ("core", "geojson", "oas30"))
_LICENSE = "https://opendatacommons.org/licenses/odbl/1-0/"


@dataclass(frozen=True, slots=True)
class Site:
    """What every document says of a region.

    Attributes:
        base: its address, without a slash at the end.
        title: of the region.
        invented: none of it exists.
        attribution: whose data it is made of.
        bounds: west, south, east, north of its roads, degrees.
    """

    base: str
    title: str
    invented: bool
    attribution: tuple[str, ...]
    bounds: tuple[float, float, float, float]

    @property
    def credit(self) -> str:
        """The attribution in one line."""
        return "; ".join(self.attribution)

    @property
    def name(self) -> str:
        """The title, and that it is invented where it is."""
        return f"{self.title} (invented)" if self.invented else self.title


def link(href: str, rel: str, media_type: str, title: str) -> Json:
    """A link (RFC 8288)."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def landing(site: Site) -> Json:
    """The landing page."""
    return {
        "title": f"Siaga: {site.name}",
        "description": "Facilities, vehicles and road conditions of a region that Siaga dispatches in.",
        "attribution": site.credit,
        "links": [
            link(site.base, "self", JSON, "This document"),
            link(f"{site.base}/api", "service-desc", OPENAPI, "The API as an OpenAPI document"),
            link(f"{site.base}/conformance", "conformance", JSON, "What this API conforms to"),
            link(f"{site.base}/collections", "data", JSON, "The collections"),
            _license(),
        ],
    }


def conformance() -> Json:
    """What the API conforms to."""
    return {"conformsTo": list(CONFORMS_TO)}


def collections(site: Site, readable: Sequence[Collection]) -> Json:
    """The collections that the caller may read."""
    return {
        "attribution": site.credit,
        "links": [link(f"{site.base}/collections", "self", JSON, "This document"), _license()],
        "collections": [collection(site, one) for one in readable],
    }


def collection(site: Site, one: Collection) -> Json:
    """One collection."""
    here = _address(site, one)
    return {
        "id": one.id,
        "title": one.title,
        "description": one.description,
        "attribution": site.credit,
        "itemType": "feature",
        "crs": [CRS84],
        "extent": {"spatial": {"bbox": [list(site.bounds)], "crs": CRS84}},
        "links": [
            link(here, "self", JSON, "This collection"),
            link(f"{here}/items", "items", GEOJSON, one.title),
            _license(),
        ],
    }


def items(site: Site, one: Collection, there: Loaded, found: Sequence[Row], asked: ItemsQuery, now: datetime) -> Json:
    """A page of what was found, with links to the pages before and after it."""
    here = f"{_address(site, one)}/items"
    page = found[asked.offset : asked.offset + asked.limit]

    def at(offset: int) -> str:
        said = [*asked.given, ("limit", str(asked.limit)), *([("offset", str(offset))] if offset else [])]
        return f"{here}?{urlencode(said)}"

    links = [link(at(asked.offset), "self", GEOJSON, "This page")]
    if asked.offset + asked.limit < len(found):
        links.append(link(at(asked.offset + asked.limit), "next", GEOJSON, "The next page"))
    if asked.offset:
        links.append(link(at(max(0, asked.offset - asked.limit)), "prev", GEOJSON, "The page before"))
    links.append(link(_address(site, one), "collection", JSON, one.title))
    return {
        "type": "FeatureCollection",
        "numberMatched": len(found),
        "numberReturned": len(page),
        "timeStamp": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "attribution": site.credit,
        "links": links,
        "features": [there.feature(row) for row in page],
    }


def item(site: Site, one: Collection, there: Loaded, row: Row) -> Json:
    """One feature."""
    here = _address(site, one)
    links = [
        link(f"{here}/items/{quote(row.id, safe='')}", "self", GEOJSON, "This feature"),
        link(here, "collection", JSON, one.title),
    ]
    return {**there.feature(row), "attribution": site.credit, "links": links}


def _address(site: Site, one: Collection) -> str:
    return f"{site.base}/collections/{one.id}"


def _license() -> Json:
    return link(_LICENSE, "license", "text/html", "Open Database License (roads and facilities of OpenStreetMap)")
