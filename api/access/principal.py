"""Who asks: a person who signed in, a program with a token, or a tracker, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.access.grants import Grant, Holder, permissions_of
from api.access.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks.

    Attributes:
        id: a person's name, or a token's id.
        kind: person, token or device.
        roles: their roles, the first one as which they act; roles that are no longer there open nothing.
        permissions: what the roles open.
        regions: where; None: everywhere.
        vehicle, facility: their own.
    """

    id: str
    kind: Holder
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    regions: frozenset[str] | None
    vehicle: str | None = None
    facility: str | None = None

    @staticmethod
    def of(identity: str, kind: Holder, grant: Grant, roles: Mapping[str, Role]) -> Principal:
        """Somebody who was given that."""
        return Principal(
            id=identity,
            kind=kind,
            roles=grant.roles,
            permissions=permissions_of(grant.roles, roles),
            regions=None if grant.regions is None else frozenset(grant.regions),
            vehicle=grant.vehicle,
            facility=grant.facility,
        )

    @property
    def role(self) -> str:
        """As which they act, for the record."""
        return self.roles[0]

    def in_region(self, region: str) -> bool:
        """Whether they have any business there."""
        return self.regions is None or region in self.regions

    def may(self, permission: str, region: str | None = None) -> bool:
        """Whether they may do something; with a region, whether they may do it there."""
        return permission in self.permissions and (region is None or self.in_region(region))

    def covers(self, grant: Grant) -> bool:
        """Whether everything that was granted lies within their own regions, so that they may decide about it."""
        return self.regions is None or (grant.regions is not None and self.regions.issuperset(grant.regions))
