"""A run: one vehicle (or officers without one, or a helper from outside) under way for one or more people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from dispatch.cases import Priority
from dispatch.fleet import VehicleStatus
from dispatch.life.stamps import Stamp, TimePoint, Watch


class RunState(StrEnum):
    """How far a run has got."""

    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    AT_SCENE = "at_scene"
    WITH_PATIENT = "with_patient"
    CARRYING = "carrying"
    AT_FACILITY = "at_facility"
    ESCORTING = "escorting"
    CLEARING = "clearing"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        """0 for the earliest."""
        return _RANK[self]


_RANK = {state: rank for rank, state in enumerate(RunState)}

STATUS_OF: dict[RunState, VehicleStatus] = {
    RunState.ASSIGNED: VehicleStatus.ASSIGNED,
    RunState.ACKNOWLEDGED: VehicleStatus.ASSIGNED,
    RunState.EN_ROUTE: VehicleStatus.EN_ROUTE,
    RunState.AT_SCENE: VehicleStatus.AT_SCENE,
    RunState.WITH_PATIENT: VehicleStatus.AT_SCENE,
    RunState.CARRYING: VehicleStatus.CARRYING,
    RunState.AT_FACILITY: VehicleStatus.AT_FACILITY,
    RunState.ESCORTING: VehicleStatus.ESCORTING,
    RunState.CLEARING: VehicleStatus.AT_FACILITY,
}
"""What a vehicle is doing, by the state of its run; `Run.status` knows more."""

How = Literal["completed", "unacknowledged", "declined", "stood_down", "preempted", "broken_down"]
"""How a run ended."""

Chosen = Literal["recommended", "override", "automatic", "help"]
"""Who chose it: the dispatcher took the first choice, or another one with a reason; the service; outside help."""

HelperKind = Literal["neighbour", "psc119", "other"]


class Helper(Struct, frozen=True):
    """A vehicle from outside the region's fleet."""

    kind: HelperKind
    name: str
    phone: str = ""


class Rider(Struct, frozen=True):
    """A patient of a case, whom the run is for."""

    case: str
    patient: str


class Run(Struct, frozen=True):
    """One vehicle under way for one or more people.

    Attributes:
        id: unique in the region.
        unit: the vehicle, or None: officers without one, or a helper.
        officers: who is on it.
        helper: the vehicle from outside, or None.
        riders: whom it is for and has not yet left; in the order in which they are fetched.
        kind, priority: of the case it was sent for: they say how its legs are driven.
        state: see `RunState`; `watch` since when, and how often its clock has rung.
        stamps: in the order in which they happened.
        expected_ms: how long the leg under way was reckoned to take from `watch.since` on, or None.
        chosen, reason: who chose it, and why not the first choice.
        how, ended_at: how it ended, and when.
        due_at: for what time it was booked, where that was still to come; None: at once.
        called_at: when the call came for which it was sent; None: it began under a release that did not say.
    """

    id: str
    unit: str | None
    officers: tuple[str, ...]
    helper: Helper | None
    riders: tuple[Rider, ...]
    kind: str
    priority: Priority
    state: RunState
    watch: Watch
    stamps: tuple[Stamp, ...]
    expected_ms: float | None = None
    chosen: Chosen = "recommended"
    reason: str = ""
    how: How | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    called_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it still goes on."""
        return self.state is not RunState.ENDED

    @property
    def status(self) -> VehicleStatus:
        """What its vehicle is doing. Whoever clears up stands where the last patient left them: at a door, or on the way."""
        if self.state is RunState.CLEARING:
            last = self.stamps[-1].point
            if last.rank < TimePoint.AT_FACILITY.rank or last is TimePoint.LEFT_FACILITY:
                return VehicleStatus.AT_SCENE
        return STATUS_OF[self.state]

    @property
    def last_point(self) -> datetime:
        """When the last of its points happened."""
        return max(one.happened_at for one in self.stamps)

    def stamp(self, point: TimePoint) -> Stamp | None:
        """The last stamp of a point, or None: it is missing."""
        return next((one for one in reversed(self.stamps) if one.point is point), None)
