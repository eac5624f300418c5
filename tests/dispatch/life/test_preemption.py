"""An emergency pulls a booked trip away: before anyone is met, never after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.cases import Priority
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    Assign,
    OpenCase,
)
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    booked_trip,
    officers,
    press,
    refused,
    ring,
    search,
    sent,
    status,
    unit,
)
from tests.dispatch.life.worlds import HERE, Desk


class TestPullingAwayABookedTrip:
    @pytest.mark.parametrize("upto", [0, 1, 2])
    def test_an_emergency_may_before_anyone_is_met(self, upto: int) -> None:
        desk = Desk()
        desk.fleet("a1")
        trip = booked_trip(desk)
        press(desk, *TO_THE_DOOR[:upto], case="B1")
        desk.opened()
        desk.give(Assign("K1", "a1"))
        assert desk.world.runs[trip.id].how == "preempted"
        assert (desk.run("K1").unit, unit(desk).run, status(desk)) == ("a1", desk.run("K1").id, "assigned")
        assert (desk.patient(case="B1").state, search(desk, "B1")) == (PatientState.WAITING, "assign")
        assert desk.patient(case="B1").stranded_with is None
        assert not unit(desk).can_be_diverted

    @pytest.mark.parametrize("upto", [3, 4, 5, 6])
    def test_never_after(self, upto: int) -> None:
        desk = Desk()
        desk.fleet("a1")
        trip = booked_trip(desk)
        press(desk, *TO_THE_DOOR[:upto], case="B1")
        desk.opened()
        with refused("vehicle_taken"):
            desk.give(Assign("K1", "a1"))
        desk.wait(minutes=5)
        desk.vehicles = ("a1",)
        ring(desk, "search", "K1")
        ring(desk, "search", "K1")
        ring(desk, "search", "K1")
        assert desk.patient(case="K1").state is PatientState.WAITING
        assert desk.world.runs[trip.id].live

    def test_a_booked_trip_does_not_pull_another_away(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        booked_trip(desk)
        desk.give(OpenCase("B2", "shelter", Priority.YELLOW, HERE))
        with refused("vehicle_taken"):
            desk.give(Assign("B2", "a1"))

    def test_an_emergency_does_not_pull_an_emergency_away(self) -> None:
        desk = sent()
        desk.opened(case="K2")
        with refused("vehicle_taken"):
            desk.give(Assign("K2", "a1"))

    def test_by_itself_too_when_nobody_chooses(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        trip = booked_trip(desk)
        desk.opened()
        for _ in range(3):
            ring(desk, "search", "K1")
        assert desk.world.runs[trip.id].how == "preempted"
        assert (desk.run("K1").unit, desk.run("K1").chosen) == ("a1", "automatic")

    def test_a_trip_for_tomorrow_is_booked_again(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(days=1)))
        desk.give(Assign("B1", "a1"))
        desk.opened()
        desk.give(Assign("K1", "a1"))
        assert search(desk, "B1") == "booked"

    def test_its_officers_are_free_for_the_emergency(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani")
        desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE))
        desk.give(Assign("B1", "a1", ("ani",)))
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani",)))
        assert desk.run("K1").officers == ("ani",)
