"""Who there is in a demo: accounts that anybody may sign in with, and a token for everybody who is simulated."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from api.access import Access
from api.access.admin_token import AdminToken
from api.access.errors import GrantError
from api.access.grants import Grant, checked_grant
from api.access.roles import roles
from api.demo.script import DeskRole, DriverRole, Script
from api.demo.settings import DemoSettings
from api.http.serving import Account
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.regions import BuiltRegion
from facilities import Facility

_BY = "demo"
_ASKED = ("hospital", "puskesmas", "clinic")
"""Kinds of facility that have a desk, those first that are asked most."""
_MOST_DESKS = 150


class Cast:
    """Everybody, before they have been made.

    Attributes:
        accounts: that anybody may sign in with.
    """

    def __init__(self, settings: DemoSettings, built: BuiltRegion, fleet: Sequence[Vehicle], password: str) -> None:
        """`password`: of every account."""
        self._settings, self._built, self._fleet = settings, built, fleet
        table = settings.account
        kinds = {kind: number for number, kind in enumerate(_ASKED)}
        asked = [one for one in built.facilities.facilities if one.kind in kinds and self._can_have_a_desk(one.id)]
        weight = built.demand.weight / built.demand.weight.sum()
        middle = float(built.demand.longitude @ weight), float(built.demand.latitude @ weight)

        def apart(one: Facility | Vehicle) -> float:
            return (
                math.inf if one.longitude is None or one.latitude is None else math.dist(middle, (one.longitude, one.latitude))
            )

        # Those in the middle of things are asked and sent most: whoever signs in sees something.
        self._facilities = sorted(asked, key=lambda one: (kinds[one.kind], apart(one), one.id))[:_MOST_DESKS]
        ambulances = [one for one in fleet if one.kind is VehicleKind.VILLAGE_AMBULANCE]
        self._vehicle = min(ambulances or fleet, key=lambda one: (apart(one), one.id)).id
        self._facility = self._facilities[0].id if self._facilities else None
        roles = [role for role in table.names if role != "facility" or self._facility is not None]
        self.accounts = tuple(Account(table.names[role], password, role, table.pages[role]) for role in roles)

    def _can_have_a_desk(self, facility: str) -> bool:
        try:
            checked_grant(Grant(("facility",), (self._built.name,), facility=facility), "token", roles())
        except GrantError:
            return False  # its id in some register is none that a token can name
        return True

    async def made(self, access: Access, admin: AdminToken, *, address: str, calls_per_hour: float, seed: int) -> Script:
        """Makes tokens for all who are simulated; what they are told.

        Raises:
            AccessError: a token can't be made. StoreError: the store can't.
        """
        here = (self._built.name,)

        async def token(label: str, grant: Grant) -> str:
            return (await access.tokens.create(label, grant, _BY))[0]

        crews, desks, (room, sitegar) = await asyncio.gather(
            asyncio.gather(*(token(f"demo {one.id}", Grant(("driver",), here, vehicle=one.id)) for one in self._fleet)),
            asyncio.gather(
                *(
                    token(f"demo desk {number}", Grant(("facility",), here, facility=one.id))
                    for number, one in enumerate(self._facilities, 1)
                )
            ),
            asyncio.gather(
                token("demo call-taker", Grant(("dispatcher",), here)), token("demo SITEGAR", Grant(("sitegar",), here))
            ),
        )
        demand = self._built.demand
        spots = zip(demand.longitude.tolist(), demand.latitude.tolist(), demand.weight.tolist(), strict=True)
        held = await access.tokens.find(admin.path.read_text(encoding="ascii").strip())
        return Script(
            address,
            self._built.name,
            str(self._built.zone),
            calls_per_hour,
            seed,
            room,
            sitegar,
            [_crew(one, secret, one.id == self._vehicle) for one, secret in zip(self._fleet, crews, strict=True)],
            [DeskRole(one.id, secret, one.id == self._facility) for one, secret in zip(self._facilities, desks, strict=True)],
            list(spots),
            [] if held.value is None else [held.value.id],
            self._settings,
        )

    async def admitted(self, access: Access) -> None:
        """Makes the accounts; raises as `made`."""
        here = (self._built.name,)
        await asyncio.gather(
            *(
                access.people.add(
                    one.name,
                    one.password,
                    Grant(
                        (one.role,),
                        here,
                        self._vehicle if one.role == "driver" else None,
                        self._facility if one.role == "facility" else None,
                    ),
                    _BY,
                )
                for one in self.accounts
            )
        )


def _crew(vehicle: Vehicle, token: str, waits: bool) -> DriverRole:
    longitude = vehicle.base_longitude if vehicle.base_longitude is not None else vehicle.longitude
    latitude = vehicle.base_latitude if vehicle.base_latitude is not None else vehicle.latitude
    assert longitude is not None
    assert latitude is not None
    return DriverRole(vehicle.id, vehicle.kind, token, longitude, latitude, waits)
