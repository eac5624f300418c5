"""Facilities as callers name them."""

from __future__ import annotations

from api.http.asking import Asking
from api.http.bodies import GoalBody, goal_of
from dispatch.life.referral import Goal
from facilities import Facility
from routing import InputError


def facility_of(asked: Asking, name: str) -> Facility:
    """The facility of that id.

    Raises:
        NoFacilityError: the region's list has none.
    """
    table = asked.live.built.facilities
    at = table.index.get(name)
    if at is None:
        raise NoFacilityError(f"region {asked.region}: no facility {name!r}; GET …/facilities lists them")
    return table.facilities[at]


class NoFacilityError(InputError, LookupError):
    """A facility that the region's list does not have."""


def goal_from(asked: Asking, body: GoalBody) -> Goal:
    """A facility of the region by its id, or another one by its name.

    Raises:
        NoFacilityError: there is none of that id. InputError: neither is given.
    """
    if body.facility is not None:
        found = facility_of(asked, body.facility)
        return goal_of(body, Goal("facility", found.id, found.name, found.phone or "", found.longitude, found.latitude))
    if not (body.name or "").strip():
        raise InputError("facility: name one of the region by its id, or another one by its name")
    return goal_of(body, None)
