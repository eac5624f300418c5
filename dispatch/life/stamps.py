"""Time points, in the order in which they come, each with when it happened and when it was recorded."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class TimePoint(StrEnum):
    """What is stamped in the course of a case and its runs, in order."""

    RECEIVED = "received"
    RECORDED = "recorded"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    DEPARTED = "departed"
    AT_SCENE = "at_scene"
    WITH_PATIENT = "with_patient"
    LEFT_SCENE = "left_scene"
    AT_FACILITY = "at_facility"
    LEFT_FACILITY = "left_facility"  # after a refusal at the door, or with others on board
    HANDED_OVER = "handed_over"
    ESCORT_ENDED = "escort_ended"
    AVAILABLE = "available"

    @property
    def rank(self) -> int:
        """0 for the earliest."""
        return _RANK[self]


_RANK = {point: rank for rank, point in enumerate(TimePoint)}


class Stamp(Struct, frozen=True):
    """One time point of a run.

    Attributes:
        point: which.
        happened_at, recorded_at: with their zone.
        claimed_at: what a clock that is a little off said, where `happened_at` was moved to keep the order; else None.
        corrected: the time was put right afterwards.
    """

    point: TimePoint
    happened_at: datetime
    recorded_at: datetime
    claimed_at: datetime | None = None
    corrected: bool = False


class Watch(Struct, frozen=True):
    """Something that somebody must move on: since when it waits, and how often its clock has rung.

    Attributes:
        since: when the waiting began, by the service's own clock.
        rung: how often the clock has rung since.
    """

    since: datetime
    rung: int = 0

    def after(self, rung: int) -> Watch:
        """The same after its clock has rung so often."""
        return Watch(self.since, rung)
