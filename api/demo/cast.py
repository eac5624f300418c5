"""Who there is in a demo: accounts that anybody may sign in with, and a token for everybody who is simulated."""

from __future__ import annotations

from collections.abc import Sequence

from api.access import Access
from api.access.admin_token import AdminToken
from api.access.grants import Grant
from api.demo.script import DeskRole, DriverRole, Script
from api.demo.settings import DemoSettings
from api.http.serving import Account
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.regions import BuiltRegion

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
        asked = [one for one in built.facilities.facilities if one.kind in kinds]
        self._facilities = sorted(asked, key=lambda one: (kinds[one.kind], one.id))[:_MOST_DESKS]
        ambulances = [one for one in fleet if one.kind is VehicleKind.VILLAGE_AMBULANCE]
        self._vehicle = (ambulances or list(fleet))[0].id
        self._facility = self._facilities[0].id if self._facilities else None
        roles = [role for role in table.names if role != "facility" or self._facility is not None]
        self.accounts = tuple(Account(table.names[role], password, role, table.pages[role]) for role in roles)

    async def made(self, access: Access, admin: AdminToken, *, address: str, calls_per_hour: float, seed: int) -> Script:
        """Makes tokens for all who are simulated; what they are told.

        Raises:
            AccessError: a token can't be made. StoreError: the store can't.
        """
        here = (self._built.name,)

        async def token(label: str, grant: Grant) -> str:
            return (await access.tokens.create(label, grant, _BY))[0]

        drivers = [
            DriverRole(
                one.id,
                one.kind,
                await token(f"demo {one.id}", Grant(("driver",), here, vehicle=one.id)),
                float(one.base_longitude if one.base_longitude is not None else one.longitude or 0.0),
                float(one.base_latitude if one.base_latitude is not None else one.latitude or 0.0),
                one.id == self._vehicle,
            )
            for one in self._fleet
        ]
        desks = [
            DeskRole(
                one.id,
                await token(f"demo {number}", Grant(("facility",), here, facility=one.id)),
                one.id == self._facility,
            )
            for number, one in enumerate(self._facilities)
        ]
        demand = self._built.demand
        spots = zip(demand.longitude.tolist(), demand.latitude.tolist(), demand.weight.tolist(), strict=True)
        held = await access.tokens.find(admin.path.read_text(encoding="ascii").strip())
        return Script(
            address,
            self._built.name,
            str(self._built.zone),
            calls_per_hour,
            seed,
            await token("demo call-taker", Grant(("dispatcher",), here)),
            await token("demo SITEGAR", Grant(("sitegar",), here)),
            drivers,
            desks,
            list(spots),
            [] if held.value is None else [held.value.id],
            self._settings,
        )

    async def admitted(self, access: Access) -> None:
        """Makes the accounts; raises as `made`."""
        here = (self._built.name,)
        for one in self.accounts:
            vehicle = self._vehicle if one.role == "driver" else None
            facility = self._facility if one.role == "facility" else None
            await access.people.add(one.name, one.password, Grant((one.role,), here, vehicle, facility), _BY)
