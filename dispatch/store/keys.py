"""What the store's keys are called. All of a region's share the hash tag `{region}`, so they lie on one shard."""

from __future__ import annotations

from redis.crc import key_slot

from dispatch.store.model import Ref, checked_region

EVERY_SCHEMA = "siaga:{*}:schema"
"""Matches one key of each region."""


def region_of(key: str) -> str:
    """The region a key belongs to."""
    return key[key.index("{") + 1 : key.index("}")]


class Keys:
    """The names of one region's keys.

    Attributes:
        schema: the number of the layout described here.
        events, trimmed: the stream of events, and the id of the last one trimmed from it.
        clocks, deadlines: sorted set of clocks by when to look at them next; hash of their deadlines as set.
        closed: sorted set of refs by when they were closed, for clearing away.
        latest_fixes, live_fixes: hash of each vehicle's latest fix; capped stream of fixes as they come.
        slot: of the cluster.
    """

    __slots__ = ("_start", "clocks", "closed", "deadlines", "events", "latest_fixes", "live_fixes", "schema", "slot", "trimmed")

    def __init__(self, region: str) -> None:
        self._start = start = f"siaga:{{{checked_region(region)}}}:"
        self.schema = start + "schema"
        self.events = start + "events"
        self.trimmed = start + "trimmed"
        self.clocks = start + "clocks"
        self.deadlines = start + "deadlines"
        self.closed = start + "closed"
        self.latest_fixes = start + "fixes"
        self.live_fixes = start + "fixes:live"
        self.slot = key_slot(self.schema.encode())

    def state(self, ref: Ref) -> str:
        """String: `version clock clock…`, a line feed, the state's bytes."""
        return f"{self._start}state:{ref}"

    def history(self, ref: Ref) -> str:
        """List of the aggregate's own events: `id version type`, a line feed, the body."""
        return f"{self._start}history:{ref}"

    def private(self, ref: Ref) -> str:
        """List of personal data."""
        return f"{self._start}private:{ref}"

    def open(self, kind: str) -> str:
        """Set of the ids of a kind that are open."""
        return f"{self._start}open:{kind}"

    def seen(self, command: str) -> str:
        """Hash of a command's fingerprint and answer; expires."""
        return f"{self._start}seen:{command}"

    def trail(self, vehicle: str) -> str:
        """Sorted set of a vehicle's last fixes by their time."""
        return f"{self._start}trail:{vehicle}"
