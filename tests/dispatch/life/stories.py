"""What the stories share: a crew that presses, a facility that answers, a clock that rings, a command that is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.cases import Priority
from dispatch.fleet import VehicleStatus
from dispatch.life import events as e
from dispatch.life.commands import (
    AnswerDesk,
    AnswerOffer,
    Assign,
    HandOver,
    Join,
    OpenCase,
    Progress,
    RegisterOfficer,
    Ring,
    SetShift,
)
from dispatch.life.events import Recorded
from dispatch.life.people import CLOCK, Voice
from dispatch.life.referral import Attempt, Decline, DeskRequest, Goal
from dispatch.life.refusals import RefusedError
from dispatch.life.rules import Rules, default_rules
from dispatch.life.run import Rider, Run
from dispatch.life.stamps import TimePoint
from dispatch.life.units import Unit
from tests.dispatch.life.worlds import DRIVER, HERE, Desk

TO_THE_PATIENT = (TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT)
TO_THE_DOOR = (*TO_THE_PATIENT, TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY)


def rules(**changes: Any) -> Rules:
    """The rules that ship with Siaga, some of them set by the region."""
    return replace(default_rules(), **changes)


@contextmanager
def refused(code: str, **params: object) -> Iterator[None]:
    """What is given inside is refused with this code (and these figures), and changes nothing."""
    with pytest.raises(RefusedError) as caught:
        yield
    assert caught.value.code == code
    assert {name: caught.value.params[name] for name in params} == params


def sent(
    upto: Sequence[TimePoint] = (),
    *,
    kind: str = "emergency",
    priority: str = "red",
    set_by: Rules | None = None,
    patients: int = 1,
) -> Desk:
    """A case K1 with vehicle a1 on the way to it, a2 standing by, and facilities f1, f2, f3 to be asked in that order."""
    desk = Desk(set_by)
    desk.fleet("a1", "a2", capacity=max(1, patients))
    desk.facilities = ("f1", "f2", "f3")
    desk.opened(kind, priority, patients)
    desk.give(Assign("K1", "a1"))
    press(desk, *upto)
    return desk


def press(
    desk: Desk, *points: TimePoint, riders: tuple[Rider, ...] = (), case: str = "K1", patient: str = "1"
) -> list[Recorded]:
    """The crew presses, a minute between one and the next."""
    events: list[Recorded] = []
    for point in points:
        desk.wait(minutes=1)
        events.extend(desk.give(Progress(desk.run(case, patient).id, point, riders), actor=DRIVER))
    return events


def offer(desk: Desk, patient: str = "1", case: str = "K1") -> Attempt:
    """The facility that is being asked, or has said yes."""
    found = desk.case(case).open_attempt(patient)
    assert found is not None
    return found


def request(desk: Desk, patient: str = "1", case: str = "K1") -> DeskRequest:
    """The request that SITEGAR has not answered."""
    found = desk.case(case).open_request(patient)
    assert found is not None
    return found


def asked(desk: Desk, patient: str = "1", case: str = "K1") -> list[tuple[str, str]]:
    """The facilities that were asked for a patient, in order, with what became of it."""
    return [(one.goal.id, one.state.value) for one in desk.case(case).attempts if one.patient == patient]


def says_yes(desk: Desk, patient: str = "1", case: str = "K1", voice: Voice | None = None) -> None:
    """The facility that is being asked accepts."""
    desk.give(AnswerOffer(case, offer(desk, patient, case).id, True, voice=voice))


def says_no(desk: Desk, why: Decline = Decline.ROOM_FULL, patient: str = "1", case: str = "K1") -> None:
    """The facility that is being asked declines."""
    desk.give(AnswerOffer(case, offer(desk, patient, case).id, False, why))


def desk_says(desk: Desk, where: Goal | None, arranged: bool = False, patient: str = "1", voice: Voice | None = None) -> None:
    """SITEGAR answers."""
    desk.give(AnswerDesk("K1", request(desk, patient).id, where, arranged, voice))


def hand_over(desk: Desk, patient: str = "1", case: str = "K1") -> None:
    """Somebody at the door takes charge, two minutes on."""
    desk.wait(minutes=2)
    desk.give(HandOver(case, patient), actor=DRIVER)


def ring(desk: Desk, clock: str, of: str | None = None, without: Sequence[str] = ()) -> tuple[Recorded, ...]:
    """The named clock rings at its time: "search", "answer", "run" …; `of`: whose, if several run."""
    found = [
        (deadline, ref, name)
        for (ref, name), deadline in desk.clocks().items()
        if name.partition(":")[0] == clock and of in (None, ref.id)
    ]
    assert found, f"no clock {clock} of {of} runs: {sorted(desk.clocks())}"
    deadline, ref, name = min(found)
    desk.now = max(desk.now, deadline)
    return desk.give(Ring(ref, name, deadline), actor=CLOCK, without=without)


def clock_at(desk: Desk, clock: str, of: str = "K1") -> float | None:
    """In how many seconds a clock of a case or a run rings, or None: it does not run."""
    for (ref, name), deadline in desk.clocks().items():
        if ref.id == of and name.partition(":")[0] == clock:
            return (deadline - desk.now).total_seconds()
    return None


def search(desk: Desk, case: str = "K1") -> str | None:
    """The means by which a vehicle is looked for, or None: it is not."""
    found = desk.case(case).search
    return None if found is None else found.step


def unit(desk: Desk, name: str = "a1") -> Unit:
    """A vehicle as it stands."""
    return desk.world.units[name]


def status(desk: Desk, name: str = "a1") -> VehicleStatus:
    """What a vehicle shows."""
    return desk.world.units[name].status


def points(run: Run) -> list[str]:
    """The stamps of a run, in order."""
    return [stamp.point.value for stamp in run.stamps]


def only(events: Sequence[Recorded], kind: type[e.CaseEvent] | type[e.RunEvent] | type[e.UnitEvent]) -> Any:
    """The one event of a kind."""
    found = [one.event for one in events if isinstance(one.event, kind)]
    assert len(found) == 1, [type(one.event).__name__ for one in events]
    return found[0]


def booked_trip(desk: Desk, name: str = "B1", vehicle: str = "a1") -> Run:
    """An out-patient visit that is due, with a vehicle on its way."""
    desk.give(OpenCase(name, "outpatient", Priority.GREEN, HERE))
    desk.give(Assign(name, vehicle))
    return desk.run(name)


def officers(desk: Desk, *names: str, hours: float = 8) -> None:
    """Officers on duty from now on."""
    for name in names:
        desk.give(RegisterOfficer(name, name.title(), frozenset({"crew"})))
        desk.give(SetShift(name, desk.now, desk.now + timedelta(hours=hours)))


def shared(capacity: int = 2) -> Desk:
    """One vehicle under way for K1, with K2 (somewhere else) joined to it."""
    desk = Desk()
    desk.fleet("a1", capacity=capacity)
    desk.fleet("a2", capacity=capacity)
    desk.facilities = ("f1", "f2")
    for name in ("K1", "K2"):
        desk.opened("outpatient", "green", case=name)
    desk.give(Assign("K1", "a1"))
    desk.give(Join(desk.run("K1").id, "K2", ("1",)))
    return desk
