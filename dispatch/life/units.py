"""What moves: vehicles on duty, and officers with their shifts. Positions are not in here: they are no events."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dispatch.fleet import BEFORE_BOARDING, FREE, Vehicle, VehicleKind, VehicleStatus


class Unit(Struct, frozen=True):
    """A vehicle of the fleet.

    Attributes:
        id, name, kind, equipment, capacity, base…: as in `dispatch.fleet.Vehicle`.
        status: what it is doing.
        run: its one live run.
        scheduled_run: that run is a booked trip.
        out_of_order: it broke down and goes out of service as soon as its run ends.
        invented: it does not exist.
        since: when its status was last changed.
    """

    id: str
    name: str
    kind: VehicleKind
    equipment: frozenset[str]
    capacity: int
    base: str
    base_longitude: float | None
    base_latitude: float | None
    status: VehicleStatus
    since: datetime
    phone: str = ""
    run: str | None = None
    scheduled_run: bool = False
    out_of_order: bool = False
    retired: bool = False
    invented: bool = False

    @property
    def free(self) -> bool:
        """Whether it can be sent."""
        return self.run is None and self.status in FREE and not self.retired

    @property
    def can_be_diverted(self) -> bool:
        """Whether an emergency may pull it away from its booked trip: nobody is met yet."""
        return self.scheduled_run and self.status in BEFORE_BOARDING

    def as_vehicle(
        self, longitude: float | None = None, latitude: float | None = None, fix_time: datetime | None = None
    ) -> Vehicle:
        """The vehicle as a recommendation looks at it, with where it was last seen (degrees)."""
        return Vehicle(
            id=self.id,
            name=self.name,
            kind=self.kind,
            equipment=self.equipment,
            status=self.status,
            longitude=longitude,
            latitude=latitude,
            fix_time=fix_time,
            base=self.base,
            base_longitude=self.base_longitude,
            base_latitude=self.base_latitude,
            capacity=self.capacity,
            scheduled_run=self.scheduled_run,
            invented=self.invented,
        )


class Officer(Struct, frozen=True):
    """Somebody of the crew, a companion or a bedside attendant.

    Attributes:
        id: pseudonymous.
        name: as colleagues call them.
        skills: what they may be sent for: "crew", "companion", "attendant".
        shift_from, shift_until: the present or next shift, or None: not on duty.
        run: the one live run that they are on.
    """

    id: str
    name: str
    skills: frozenset[str]
    shift_from: datetime | None = None
    shift_until: datetime | None = None
    run: str | None = None
    retired: bool = False

    def on_shift(self, moment: datetime) -> bool:
        """Whether they are on duty at a moment."""
        if self.retired or self.shift_from is None or self.shift_until is None:
            return False
        return self.shift_from <= moment < self.shift_until
