"""What a device reports, before it is known whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dispatch.positions.fixes import Fix, Source


@dataclass(frozen=True, slots=True)
class ReportedFix:
    """A position as a device reports it, in Siaga's units.

    Attributes:
        token: the device's secret, to be looked up and never kept, shown or logged.
        longitude, latitude: degrees, in range.
        fix_time: when it was taken by the device's clock, with a zone.
        source, speed_kph, course_deg, accuracy_m, battery: as in `dispatch.positions.fixes.Fix`.
    """

    token: str = field(repr=False)
    longitude: float
    latitude: float
    fix_time: datetime
    source: Source
    speed_kph: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None
    battery: float | None = None

    def of(self, vehicle: str, device: str, received_at: datetime) -> Fix:
        """The fix of a vehicle.

        Args:
            vehicle: whose device it is.
            device: the device by the id that people may see.
            received_at: the service's time, with a zone.
        """
        return Fix(
            vehicle=vehicle,
            longitude=self.longitude,
            latitude=self.latitude,
            fix_time=self.fix_time,
            received_at=received_at,
            source=self.source,
            device=device,
            speed_kph=self.speed_kph,
            course_deg=self.course_deg,
            accuracy_m=self.accuracy_m,
            battery=self.battery,
        )
