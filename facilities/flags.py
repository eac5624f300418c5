"""What a match finds of each facility, one bit each (int32)."""

from __future__ import annotations

# Why a facility is left out …
TRIED = 1 << 0
KIND = 1 << 1
LACKS = 1 << 2
UNREACHABLE = 1 << 3
CLOSED_THEN = 1 << 4  # at the time of arrival
FULL = 1 << 5
DIVERTING = 1 << 6
SHUT = 1 << 7  # somebody says that it is closed
SERVICE = 1 << 8
OUT = (1 << 9) - 1
# … what is not known of it …
CAPABILITY_UNKNOWN = 1 << 9
HOURS_UNKNOWN = 1 << 10
UNSURE = CAPABILITY_UNKNOWN | HOURS_UNKNOWN
# … and what else there is to say.
IMPLIED = 1 << 11
ESTIMATED = 1 << 12
OLD = 1 << 13
SOON = 1 << 14
