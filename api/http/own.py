"""What is somebody's own: a driver's run and its cases, a facility's offers. Whoever may do it to any need not own it."""

from __future__ import annotations

from api.http.asking import Asking
from api.http.reading import case_of, run_of, unit_of
from dispatch.life.case import Case
from dispatch.life.run import Run
from routing import SiagaError


class NotYoursError(SiagaError, PermissionError):
    """It belongs to somebody else."""


async def own_run(asked: Asking, run: str) -> Run:
    """A run that the caller may move: any, or that of their own vehicle.

    Raises:
        NotYoursError: it is another vehicle's. UnknownError: there is none.
    """
    found, _, _ = await run_of(asked, run)
    if "progress.any" not in asked.who.permissions and (asked.who.vehicle is None or found.unit != asked.who.vehicle):
        raise NotYoursError(f"run {run} is not that of your vehicle")
    return found


async def own_case(asked: Asking, case: str, anyone: str) -> Case:
    """A case that the caller may do something with: any (`anyone`: that permission), one that their own vehicle is under way
    for, or one that their own facility is asked about.

    Raises:
        NotYoursError: they have nothing to do with it. UnknownError: there is none.
    """
    found, _, _ = await case_of(asked, case)
    if anyone in asked.who.permissions:
        return found
    if asked.who.facility is not None and any(one.open and one.goal.id == asked.who.facility for one in found.attempts):
        return found
    if asked.who.vehicle is not None:
        unit, _, _ = await unit_of(asked, asked.who.vehicle)
        if unit.run is not None and any(one.run == unit.run for one in found.patients):
            return found
    raise NotYoursError(f"you have nothing to do with case {case}")


async def own_offer(asked: Asking, case: str, offer: str) -> None:
    """Makes sure that the caller may answer an offer: any, or one to their own facility.

    Raises:
        NotYoursError: it is another facility's. UnknownError: there is no such case.
    """
    found, _, _ = await case_of(asked, case)
    attempt = found.attempt(offer)
    if "offers.any" in asked.who.permissions or attempt is None:
        return
    if asked.who.facility is not None and attempt.goal.id == asked.who.facility:
        return
    if asked.who.vehicle is None:
        raise NotYoursError(f"offer {offer} is not to your facility")
    await own_case(asked, case, "offers.any")


def own_vehicle(asked: Asking, vehicle: str, anyone: str) -> None:
    """Makes sure that a vehicle is the caller's own, or that they may do it to any (`anyone`: that permission).

    Raises:
        NotYoursError: it is somebody else's.
    """
    if anyone not in asked.who.permissions and asked.who.vehicle != vehicle:
        raise NotYoursError(f"{vehicle} is not your vehicle")


def own_facility(asked: Asking, facility: str) -> None:
    """Makes sure that a facility is the caller's own, or that they may speak for any.

    Raises:
        NotYoursError: it is another one.
    """
    if "availability.any" not in asked.who.permissions and asked.who.facility != facility:
        raise NotYoursError(f"{facility} is not your facility")
