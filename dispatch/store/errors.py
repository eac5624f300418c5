"""What can go wrong with the store, as one tree.

    SiagaError
    └── StoreError
        ├── StoreUnreachableError (ConnectionError)   no answer; a write may be done all the same: repeat its id
        ├── StoreRefusedError (OSError)               the server answered, and won't: full, loading, read-only, cluster down
        ├── StoreAddressError (ValueError)            the URL is not one of a store
        ├── UnsafeStoreError (ValueError)             an outside server whose settings lose what was acknowledged
        ├── StoreInUseError (BlockingIOError)         another process runs the embedded server of this directory
        ├── StoreDamagedError (OSError)               the append-only file can't be read
        ├── StoreStartError (OSError)                 the embedded server can't be found or doesn't start
        ├── SchemaError (RuntimeError)                written by another release
        ├── TrimmedError (LookupError)                events asked for are no longer in the stream
        └── ConflictError (RuntimeError)              somebody else wrote the aggregate first

Every message says what is wrong, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing import SiagaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.store.model import Ref


class StoreError(SiagaError):
    """Base of everything that goes wrong with the store."""


class StoreUnreachableError(StoreError, ConnectionError):
    """The store gave no answer. A commit may have been applied all the same: repeat it with the same command id."""


class StoreRefusedError(StoreError, OSError):
    """The store answered, and can't do it now; nothing was written."""


class StoreAddressError(StoreError, ValueError):
    """The URL is not one of a store."""


class UnsafeStoreError(StoreError, ValueError):
    """An outside server is set up so that it could lose what was acknowledged.

    Attributes:
        problems: one line for each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("the store is not safe to use: " + "; ".join(problems))
        self.problems = tuple(problems)


class StoreInUseError(StoreError, BlockingIOError):
    """Another process runs the embedded server of this directory."""


class StoreDamagedError(StoreError, OSError):
    """The append-only file is damaged where no cut explains it."""


class StoreStartError(StoreError, OSError):
    """The embedded server can't be found, or doesn't start."""


class SchemaError(StoreError, RuntimeError):
    """A region's entries were written by another release."""


class TrimmedError(StoreError, LookupError):
    """Events between the one asked for and the oldest one left are gone from the stream; load the present state instead."""


class ConflictError(StoreError, RuntimeError):
    """An aggregate has another version than expected: somebody else was first. Nothing was written.

    Attributes:
        ref: which.
        expected, found: its versions; 0 means not there.
    """

    def __init__(self, ref: Ref, expected: int, found: int) -> None:
        super().__init__(f"{ref}: version {found} found where {expected} was expected; load it again and decide anew")
        self.ref = ref
        self.expected = expected
        self.found = found
