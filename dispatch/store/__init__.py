"""The store: where open cases, their events and clocks are kept, in Valkey or Redis. It knows nothing of cases.

`open_store(url)` opens one; `EmbeddedServer.start(directory)` runs a server of one's own and gives its URL.
"""

from __future__ import annotations

from dispatch.store.directory import running_at
from dispatch.store.embedded import EmbeddedServer, Happening, Notice
from dispatch.store.errors import (
    ConflictError,
    SchemaError,
    StoreAddressError,
    StoreDamagedError,
    StoreError,
    StoreInUseError,
    StoreRefusedError,
    StoreStartError,
    StoreUnreachableError,
    TrimmedError,
    UnsafeStoreError,
)
from dispatch.store.events import START, EventLog, is_later
from dispatch.store.fixes import Fixes
from dispatch.store.model import (
    Check,
    Commit,
    Committed,
    DueClock,
    EventEntry,
    Fix,
    Loaded,
    PrivateEntry,
    Ref,
    Seen,
    StoredEvent,
    StoredFix,
    Write,
)
from dispatch.store.opening import open_store, store_problems
from dispatch.store.store import Store

__all__ = [
    "START",
    "Check",
    "Commit",
    "Committed",
    "ConflictError",
    "DueClock",
    "EmbeddedServer",
    "EventEntry",
    "EventLog",
    "Fix",
    "Fixes",
    "Happening",
    "Loaded",
    "Notice",
    "PrivateEntry",
    "Ref",
    "SchemaError",
    "Seen",
    "Store",
    "StoreAddressError",
    "StoreDamagedError",
    "StoreError",
    "StoreInUseError",
    "StoreRefusedError",
    "StoreStartError",
    "StoreUnreachableError",
    "StoredEvent",
    "StoredFix",
    "TrimmedError",
    "UnsafeStoreError",
    "Write",
    "is_later",
    "open_store",
    "running_at",
    "store_problems",
]
