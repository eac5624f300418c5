"""The road network: read it from OSM, cost it, query it, describe a route. Knows nothing of cases.

This is the package's public face for serving; `routing.prepare` is the one for building a region.
"""

from __future__ import annotations

from routing.catalogue import LANGUAGES, Language, text
from routing.datafiles import read_table
from routing.errors import (
    ConditionError,
    DataError,
    ExtractError,
    FetchError,
    InputError,
    PlaceError,
    RegionError,
    RegisterError,
    SiagaError,
)
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.osm import ODBL_ATTRIBUTION, Extract, Feature, Source, TagSet

__all__ = [
    "CLOSED",
    "LANGUAGES",
    "ODBL_ATTRIBUTION",
    "RESTRICTED_ENTRY_MS",
    "ConditionError",
    "DataError",
    "Extract",
    "ExtractError",
    "Feature",
    "FetchError",
    "InputError",
    "Language",
    "PlaceError",
    "RegionError",
    "RegisterError",
    "RoadNetwork",
    "SiagaError",
    "Source",
    "TagSet",
    "read_table",
    "text",
]
