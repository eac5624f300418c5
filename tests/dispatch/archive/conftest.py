"""The archive's tests run against a real server."""

from __future__ import annotations

from tests.stores import region, run, store, store_url

__all__ = ["region", "run", "store", "store_url"]
