"""What a person or a token is given: roles, the regions they hold for, and one's own vehicle or facility."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from api.access.errors import GrantError
from api.access.records import ACCESS_REGION
from api.access.roles import Permission, Role
from dispatch.store.model import checked_region

Holder = Literal["person", "token", "device"]
"""A person who signs in; a program with a bearer token; a tracker, known by its device id."""

_UNIT = re.compile(r"[A-Za-z0-9._:/-]{1,80}")


class Grant(Struct, frozen=True, omit_defaults=True):
    """What somebody is given.

    Attributes:
        roles: their names; a token has one.
        regions: where they hold; None: everywhere.
        vehicle, facility: one's own, where a role is tied to one.
    """

    roles: tuple[str, ...]
    regions: tuple[str, ...] | None
    vehicle: str | None = None
    facility: str | None = None


def permissions_of(names: Iterable[str], roles: Mapping[str, Role]) -> frozenset[Permission]:
    """What roles open together; one that is no longer there opens nothing."""
    return frozenset[Permission]().union(*(roles[name].permissions for name in names if name in roles))


def checked_grant(grant: Grant, holder: Holder, roles: Mapping[str, Role]) -> Grant:
    """The grant, if a holder of that sort may have it.

    Raises:
        GrantError: it can't be; the message says what to change.
    """
    if not grant.roles:
        raise GrantError("no_role")
    if holder != "person" and len(grant.roles) != 1:
        raise GrantError("one_role")
    for name in grant.roles:
        if name not in roles:
            raise GrantError("unknown_role", role=name[:40], known=", ".join(roles))
        if holder == "person" and roles[name].programs_only:
            raise GrantError("programs_only", role=name)
    if holder == "device" and grant.roles != ("tracker",):
        raise GrantError("tracker_only")
    _check_regions(grant.regions)
    _check_units(grant, roles)
    return grant


def _check_regions(regions: tuple[str, ...] | None) -> None:
    if regions is None:
        return
    if not regions:
        raise GrantError("no_region")
    for region in regions:
        try:
            checked_region(region)
        except ValueError as error:
            raise GrantError("region_name", region=repr(region[:80])) from error
        if region == ACCESS_REGION:
            raise GrantError("region_name", region=region)


def _check_units(grant: Grant, roles: Mapping[str, Role]) -> None:
    tied = {roles[name].unit: name for name in grant.roles}
    # A vehicle's id means something in its region only: elsewhere another one may be called the same.
    if "vehicle" in tied and (grant.vehicle is None or grant.regions is None or len(grant.regions) != 1):
        raise GrantError("vehicle_needed", role=tied["vehicle"])
    if "facility" in tied and (grant.facility is None or grant.regions is None):
        raise GrantError("facility_needed", role=tied["facility"])
    for unit, written in (("vehicle", grant.vehicle), ("facility", grant.facility)):
        if written is None:
            continue
        if unit not in tied:
            raise GrantError(f"{unit}_unused")
        if not _UNIT.fullmatch(written):
            raise GrantError("unit_name", unit=unit)
