"""What can go wrong, as one tree.

    SiagaError
    ├── InputError (ValueError)          what the user gave can't be used: one clear line, exit code 2
    │   ├── ExtractError                 an OSM extract that is truncated, empty or not one
    │   ├── PlaceError (LookupError)     a position or place name outside the region, or far from any road
    │   ├── RegisterError                a facility register, fleet or zone file with wrong rows
    │   └── ConditionError               a road condition that can't be read
    ├── RegionError                      a built region that is missing, stale or damaged
    ├── DataError                        a table that ships with Siaga (profiles, texts) is wrong
    └── FetchError (OSError)             something outside did not answer in time

Every message says what is wrong, where, and what to do.
"""

from __future__ import annotations


class SiagaError(Exception):
    """Base of every error that Siaga raises on purpose."""


class InputError(SiagaError, ValueError):
    """What the user gave can't be used."""


class ExtractError(InputError):
    """An OSM extract is truncated, has no roads, or is not an extract."""


class PlaceError(InputError, LookupError):
    """A position or a place name lies outside the region or far from any road."""


class RegisterError(InputError):
    """A register, fleet or zone file can't be used; the message names file, row and column."""


class ConditionError(InputError):
    """A road condition (closure, slow-down) can't be read."""


class RegionError(SiagaError):
    """A built region is missing, stale or damaged."""


class DataError(SiagaError):
    """A table that ships with Siaga is wrong; the message names file and key."""


class FetchError(SiagaError, OSError):
    """Something outside (Overpass) did not answer, or not in time."""
