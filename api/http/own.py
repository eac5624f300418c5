"""What is somebody's own: a driver's run and its cases, a facility's offers. Whoever may do it to any need not own it."""

from __future__ import annotations

from collections.abc import Callable

from api.http.asking import Asking
from api.http.reading import case_of, run_of, unit_of
from dispatch.life.case import Case
from dispatch.life.referral import Attempt
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
    """A case that the caller may look at: any (`anyone`: that permission), one that their own vehicle is under way for, or one
    that their own facility is asked about.

    Raises:
        NotYoursError: they have nothing to do with it. UnknownError: there is none.
    """
    found, _, _ = await case_of(asked, case)
    if anyone not in asked.who.permissions and not _asked_about(asked, found) and not await _carried(asked, found):
        raise NotYoursError(f"you have nothing to do with case {case}")
    return found


async def own_patient(asked: Asking, case: str, patient: str, anyone: str) -> None:
    """Makes sure that the caller may do something for a patient: for any (`anyone`: that permission), or for one whom their
    own vehicle is under way for. To be asked about somebody opens none of this.

    Raises:
        NotYoursError: they are somebody else's. UnknownError: there is no such case.
    """
    found, _, _ = await case_of(asked, case)
    if anyone in asked.who.permissions or patient in await _carried(asked, found):
        return
    if not await _done_before(asked):
        raise NotYoursError(f"patient {patient} of case {case} is not on the run of your vehicle")


async def own_offer(asked: Asking, case: str, offer: str) -> None:
    """Makes sure that the caller may answer an offer: any, one to their own facility, or one for a patient on their own run.

    Raises:
        NotYoursError: it is another facility's. UnknownError: there is no such case or offer.
    """
    found, _, _ = await case_of(asked, case)
    if "offers.any" in asked.who.permissions:
        return
    attempt = found.attempt(offer)
    mine = attempt is not None and (
        (asked.who.facility is not None and attempt.goal.id == asked.who.facility)
        or attempt.patient in await _carried(asked, found)
    )
    if not mine and not await _done_before(asked):
        raise NotYoursError(f"offer {offer} of case {case} is neither to your facility nor for somebody on your run")


async def sees_offers(asked: Asking) -> Callable[[Case, Attempt], bool]:
    """Which offers the caller may see: any, those to their own facility, those for patients on their own vehicle's run."""
    if "offers.any" in asked.who.permissions:
        return lambda _case, _offer: True
    run = await _own_run_now(asked)

    def mine(case: Case, offer: Attempt) -> bool:
        patient = case.patient(offer.patient)
        aboard = run is not None and patient is not None and patient.run == run
        return aboard or (asked.who.facility is not None and offer.goal.id == asked.who.facility)

    return mine


async def own_request(asked: Asking, case: str, request: str) -> None:
    """Makes sure that the caller may answer a request to the desk: any, or one for a patient on their own run.

    Raises:
        NotYoursError: it is about somebody else. UnknownError: there is no such case.
    """
    found, _, _ = await case_of(asked, case)
    if "desk.answer" in asked.who.permissions:
        return
    desk = found.request(request)
    if (desk is None or desk.patient not in await _carried(asked, found)) and not await _done_before(asked):
        raise NotYoursError(f"request {request} of case {case} is not about somebody on your run")


async def own_people(asked: Asking, case: str) -> frozenset[str] | None:
    """Of whom the caller may see what is personal: None, of everybody in the case and of the caller; else these patients,
    and "" for what belongs to the case as a whole (who calls, from where), which the crew needs and a facility does not.

    Raises:
        NotYoursError: of nobody. UnknownError: there is no such case.
    """
    found = await own_case(asked, case, "personal.read")
    if "personal.read" in asked.who.permissions:
        return None
    aboard = await _carried(asked, found)
    return _asked_about(asked, found) | aboard | ({""} if aboard else frozenset())


async def _done_before(asked: Asking) -> bool:
    """Whether this is a command that was carried out: a telephone that got no answer asks again, and what was its own then
    may have ended by that. It gets the answer of then, and somebody else with the same id is refused, by `Service.give`."""
    if asked.request.method == "GET" or "idempotency-key" not in asked.request.headers:
        return False
    return await asked.serving.service.store.seen(asked.region, asked.key) is not None


def _asked_about(asked: Asking, case: Case) -> frozenset[str]:
    """The patients about whom the caller's own facility is asked, or whom it will take."""
    mine = asked.who.facility
    return frozenset(one.patient for one in case.attempts if mine is not None and one.open and one.goal.id == mine)


async def _carried(asked: Asking, case: Case) -> frozenset[str]:
    """The patients of a case for whom the caller's own vehicle is under way now."""
    run = await _own_run_now(asked)
    return frozenset(one.id for one in case.patients if run is not None and one.run == run)


async def _own_run_now(asked: Asking) -> str | None:
    if asked.who.vehicle is None:
        return None
    unit, _, _ = await unit_of(asked, asked.who.vehicle)
    return unit.run


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
