"""What the company of simulated people is told when it begins: who they are, where they live, and how they behave."""

from __future__ import annotations

from msgspec import Struct

from api.demo.settings import DemoSettings


class DriverRole(Struct, frozen=True):
    """The crew of a vehicle.

    Attributes:
        vehicle, kind: which one it drives, and what that is.
        token: a driver's, for that vehicle.
        longitude, latitude: of its base, degrees.
        waits: somebody may have signed in as this crew: it lets them go first.
    """

    vehicle: str
    kind: str
    token: str
    longitude: float
    latitude: float
    waits: bool = False


class DeskRole(Struct, frozen=True):
    """The desk of a facility; `waits`: as with a crew."""

    facility: str
    token: str
    waits: bool = False


class Script(Struct, frozen=True):
    """Everything that the company knows.

    Attributes:
        address, region: of the service.
        zone: of the region, an IANA name.
        calls_per_hour: by the service's clock.
        seed: of every choice.
        room, sitegar: tokens of the call-taker (a dispatcher) and of SITEGAR's desk.
        drivers, desks: see there.
        spots: longitude, latitude (degrees) and weight of where calls come from.
        hands_off: who opens cases that nobody here may touch: ids of the administrator's token.
        settings: how they behave.
    """

    address: str
    region: str
    zone: str
    calls_per_hour: float
    seed: int
    room: str
    sitegar: str
    drivers: list[DriverRole]
    desks: list[DeskRole]
    spots: list[tuple[float, float, float]]
    hands_off: list[str]
    settings: DemoSettings


WARM = "warm"
"""What the company says on its standard output once an ambulance is under way."""
