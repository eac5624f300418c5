"""What a recommendation is asked, and what it knows of the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.cases import Requirement
from dispatch.times import RegionTimes
from facilities import AvailabilityBoard, FacilityTable

COVER_PROFILE = "ambulance"
"""How a vehicle reaches the next call that nobody knows of yet: as an ordinary car."""


@dataclass(frozen=True, slots=True)
class Region:
    """What a recommendation knows of a region; one per state of the roads.

    Attributes:
        name: of the region.
        times: prepared times, on one state of the roads.
        facilities: as arrays, in the order of `times`.
        availability: what has been claimed of them, or None.
        record: by facility id, how many of how many offers it has declined.
        invented: none of it exists.
        attribution: whose data this is, to be shown with it.
    """

    name: str
    times: RegionTimes
    facilities: FacilityTable
    availability: AvailabilityBoard | None = None
    record: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    invented: bool = False
    attribution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked.

    Attributes:
        requirement: kind, priority and what they need.
        longitude, latitude: where the patient is, degrees.
        now: with a time zone.
        destination: name, longitude, latitude of where the caller wants to go, or None: a facility is matched.
        tried: ids of facilities that have declined, or SITEGAR has spoken against, in this case.
    """

    requirement: Requirement
    longitude: float
    latitude: float
    now: datetime
    destination: tuple[str, float, float] | None = None
    tried: frozenset[str] = frozenset()
