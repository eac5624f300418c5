"""More nights that went badly, those that only the second look found."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from dispatch.cases import Priority
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    DescribeCase,
    HandOver,
    MergeCase,
    OpenCase,
    RefuseAtDoor,
    ReportBreakdown,
    SeekHelp,
    StandDown,
)
from dispatch.life.referral import Decline
from dispatch.life.refusals import RefusedError
from dispatch.life.run import Rider
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    hand_over,
    press,
    says_no,
    says_yes,
    search,
    sent,
    shared,
)
from tests.dispatch.life.worlds import HERE, Desk, goal

ONE, TWO = Rider("K1", "1"), Rider("K1", "2")


class TestSecondLook:
    @pytest.mark.parametrize("way_on", ["refused", "second"])
    def test_a_vehicle_that_broke_down_at_a_door_does_not_drive_on_from_it(self, way_on: str) -> None:
        """Refused there, or with somebody for another facility on board: it was reported already, and can't be again."""
        desk = sent(TO_THE_DOOR[:5], patients=2 if way_on == "second" else 1)
        press(desk, TimePoint.AT_FACILITY, riders=(ONE,))
        desk.give(ReportBreakdown("a1"))
        if way_on == "refused":
            desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        else:
            hand_over(desk, "1")
        left = "1" if way_on == "refused" else "2"
        if desk.run(patient=left).unit == "a1":
            with pytest.raises(RefusedError):
                press(desk, TimePoint.LEFT_FACILITY, patient=left)
            desk.give(StandDown(desk.run(patient=left).id, "mogok"))
        assert desk.patient(left).stranded_with == "a1"

    def test_a_point_pressed_twice_does_not_fetch_the_next_patient(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR[:4], TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY, riders=(ONE,))
        with suppress(RefusedError):
            press(desk, TimePoint.AT_FACILITY)
        assert desk.patient(case="K2").state is PatientState.ASSIGNED

    def test_an_emergency_is_not_put_off_by_a_booking_that_is_merged_into_it(self) -> None:
        desk = Desk()
        desk.opened()
        desk.give(OpenCase("B1", "emergency", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(days=1)))
        desk.give(MergeCase("B1", "K1"))
        assert desk.case("K1").pickup_at is None

    def test_a_red_report_merged_into_a_yellow_one_has_its_vehicle_driven_as_red(self) -> None:
        desk = sent(TO_THE_DOOR[:2], priority="yellow")
        desk.opened(priority="red", case="K2")
        desk.give(MergeCase("K2", "K1"))
        assert (desk.case("K1").priority, desk.run("K1").priority) == (Priority.RED, Priority.RED)

    def test_an_emergency_merged_into_a_booked_trip_stays_one(self) -> None:
        desk = Desk()
        desk.opened(priority="red")
        desk.opened("outpatient", "green", case="K2")
        try:
            desk.give(MergeCase("K1", "K2"))
        except RefusedError:
            return
        assert (desk.case("K2").kind, desk.case("K2").priority) == ("emergency", Priority.RED)

    def test_whoever_said_yes_has_the_patient_though_nobody_pressed_that_they_left_the_first_door(self) -> None:
        desk = sent(TO_THE_DOOR)
        says_no(desk)
        says_yes(desk)
        desk.wait(minutes=20)
        desk.give(HandOver("K1", "1"))
        assert asked(desk) == [("f1", "declined"), ("f2", "accepted")]
        assert desk.patient().goal == goal("f2")

    @pytest.mark.parametrize("step", ["neighbours", "queue"])
    def test_a_trip_put_off_does_not_get_the_next_free_vehicle_either(self, step: str) -> None:
        desk = Desk()
        desk.opened("outpatient", "green")
        while search(desk) != step:
            desk.give(SeekHelp("K1"))
        desk.give(DescribeCase("K1", pickup_at=desk.now + timedelta(days=1)))
        assert search(desk) == "booked"

    def test_whoever_is_stranded_on_another_sort_of_trip_is_found_a_place(self) -> None:
        """The state machine found it: with nobody under way, a trip to a given place becomes one to a facility."""
        desk = sent(TO_THE_DOOR[:5], kind="social_transport", priority="green")
        desk.vehicles = ()
        desk.give(ReportBreakdown("a1"))
        try:
            desk.give(DescribeCase("K1", kind="outpatient"))
        except RefusedError as error:
            assert error.code == "kind_under_way"  # noqa: PT017
            return
        assert desk.case().open_attempt("1") or desk.case().open_request("1")
