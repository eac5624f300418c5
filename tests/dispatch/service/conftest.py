"""The service's tests run on a real store and real roads."""

from __future__ import annotations

from tests.services import desk, town
from tests.stores import region, run, store, store_url

__all__ = ["desk", "region", "run", "store", "store_url", "town"]
