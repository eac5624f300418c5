"""What is chosen from and what is decided: destinations, ways and tables, and the options that come of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dispatch.cases import Requirement
from dispatch.fleet import Vehicle
from dispatch.reasons import AnyReason
from dispatch.screening import LeftOut

Floats = NDArray[np.float64]

SITEGAR = "SITEGAR"
"""The id of the referral desk as a destination: who names a facility when none is left."""


class Destination(Struct, frozen=True):
    """Where a patient may be taken: a facility, a given place, the referral desk, or nowhere.

    Attributes:
        id, name, kind: of the facility; `kind` is "given", "referral_desk" or "none" for the others.
        longitude, latitude: degrees, or None.
        declined, refused: chances that it declines by telephone and that it refuses at the door.
        remarks: why it stands in, where it does; of a facility, what must be said whenever it is named.
        phone: as its sources give it, or "".
    """

    id: str
    name: str
    kind: str
    longitude: float | None = None
    latitude: float | None = None
    declined: float = 0.0
    refused: float = 0.0
    remarks: tuple[AnyReason, ...] = ()
    phone: str = ""


def referral_desk(*remarks: AnyReason) -> Destination:
    """SITEGAR, as the destination when no facility is left."""
    return Destination(SITEGAR, SITEGAR, "referral_desk", remarks=remarks)


@dataclass(frozen=True, slots=True)
class Way:
    """How vehicles of one kind get to the patient and on.

    Attributes:
        reach_profile, carry_profile: how the first and the second leg are driven.
        carry_ms, back_ms: on foot from the vehicle to the patient, and back to it with the patient.
        carry_m, carry_kind: that way once; the kind is `street`, `footways` or `straight` (nobody has checked the ground).
        drive_ms: float64[f], from where the vehicle stops to each destination, inf where there is no way.
        onward_ms: float64[f, f], between the destinations.
    """

    reach_profile: str
    carry_profile: str
    carry_ms: float
    back_ms: float
    carry_m: float
    carry_kind: str
    drive_ms: Floats
    onward_ms: Floats


@dataclass(frozen=True, slots=True)
class Tables:
    """Times and demand, for vehicles and destinations in a fixed order.

    Attributes:
        drive_ms: float64[v], from where each vehicle is to where it stops for the patient, inf where there is no way.
        way: intp[v], the vehicle's place in `ways`.
        ways: see there.
        uncovered: float64[v], the demand that nobody else reaches in time once this vehicle has gone.
        loss: float64[v], the same as an expected share of all demand (`dispatch.coverage.coverage_loss`).
        demand: all demand, in `demand_unit`.
        demand_unit: "people", "km2" or "" if nobody knows.
        closes_ms: float64[f], from the assignment until each destination closes, inf where that is not known or not soon; or
            None: none does.
    """

    drive_ms: Floats
    way: NDArray[np.intp]
    ways: tuple[Way, ...]
    uncovered: Floats
    loss: Floats
    demand: float = 0.0
    demand_unit: str = ""
    closes_ms: Floats | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A vehicle and a facility, with all that speaks for and against; times in milliseconds.

    Attributes:
        vehicle, destination: the pair.
        start: longitude, latitude of where the vehicle is taken to be, degrees: its position, or its base.
        reach_profile, carry_profile: how its legs are driven.
        turnout_ms, drive_ms, carry_ms, doubt_ms: the first leg: turning out, driving, on foot, added for an old position.
        back_ms, carry_m, carry_kind: the part on foot back to the vehicle, in metres, and what it leads over.
        scene_ms: at the patient.
        transport_ms: the second leg, the way back to the vehicle included.
        going_on_ms: what the chance of a decline adds (or spares, where the next one is nearer than this one).
        expected_ms: all of it: from the assignment to definitive care.
        if_declined: who is asked next.
        uncovered, loss: see `Tables`.
        diverts: the vehicle is pulled away from a scheduled run.
        vehicle_remarks, facility_remarks: facts that are old, unknown or assumed.
    """

    vehicle: Vehicle
    destination: Destination
    start: tuple[float, float]
    reach_profile: str
    carry_profile: str
    turnout_ms: float
    drive_ms: float
    carry_ms: float
    doubt_ms: float
    back_ms: float
    carry_m: float
    carry_kind: str
    scene_ms: float
    transport_ms: float
    going_on_ms: float
    expected_ms: float
    if_declined: Destination | None
    uncovered: float
    loss: float
    diverts: bool
    vehicle_remarks: tuple[AnyReason, ...]
    facility_remarks: tuple[AnyReason, ...]

    @property
    def remarks(self) -> tuple[AnyReason, ...]:
        """All that is old, unknown or assumed."""
        return (*self.vehicle_remarks, *self.facility_remarks)

    @property
    def reach_ms(self) -> float:
        """The first leg: from the assignment to arrival at the patient."""
        return self.turnout_ms + self.drive_ms + self.carry_ms + self.doubt_ms


@dataclass(frozen=True, slots=True)
class FacilityChoice:
    """A facility as an alternative for the vehicle that was chosen, and what is old, unknown or contradictory about it.

    With nobody to send, the times count from the moment the patient is taken away, by whomever.
    """

    destination: Destination
    transport_ms: float
    expected_ms: float
    remarks: tuple[AnyReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Ranked pairs, and why the others lost.

    Attributes:
        requirement: what was asked.
        policy: name of the policy.
        options: the best pairs, best first, one for each vehicle (with its best facility).
        facilities: for the vehicle of the first option (with nobody to send: for the patient), the best facilities, best first.
        vehicles_lost, facilities_lost: suitable, but not first: by how much.
        vehicles_out, facilities_out: not suitable, and why.
    """

    requirement: Requirement
    policy: str
    options: tuple[Option, ...]
    facilities: tuple[FacilityChoice, ...]
    vehicles_lost: tuple[LeftOut, ...]
    facilities_lost: tuple[LeftOut, ...]
    vehicles_out: tuple[LeftOut, ...]
    facilities_out: tuple[LeftOut, ...]


Describe = Callable[[Destination], tuple[AnyReason, ...]]
"""What is old, unknown or contradictory about a destination."""


def no_remarks(_place: Destination) -> tuple[AnyReason, ...]:
    """Nothing is known to be doubtful about a destination."""
    return ()
