"""What tests of the HTTP interface may ask for."""

from __future__ import annotations

from tests.api.http.live import live
from tests.services import town
from tests.stores import store_url

__all__ = ["live", "store_url", "town"]
