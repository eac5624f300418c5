"""One vehicle under way for the people of two cases: each is fetched and brought by themselves."""

from __future__ import annotations

from dispatch.life.case import Outcome, PatientState
from dispatch.life.commands import (
    Assign,
    EndPatient,
    Join,
)
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    hand_over,
    press,
    refused,
    search,
    status,
)
from tests.dispatch.life.worlds import Desk


class TestSharedTrips:
    def two(self, capacity: int = 2) -> Desk:
        desk = Desk()
        desk.fleet("a1", capacity=capacity)
        desk.facilities = ("f1", "f2")
        for name in ("K1", "K2"):
            desk.opened("outpatient", "green", case=name)
        desk.give(Assign("K1", "a1"))
        return desk

    def test_one_vehicle_fetches_the_people_of_two_cases(self) -> None:
        desk = self.two()
        desk.give(Join(desk.run("K1").id, "K2", ("1",)))
        run = desk.run("K2")
        assert run.id == desk.run("K1").id
        assert run.riders == (Rider("K1", "1"), Rider("K2", "1"))
        assert search(desk, "K2") is None
        assert asked(desk, case="K2") == [("f1", "offered")]

    def test_each_is_fetched_and_brought_by_itself(self) -> None:
        desk = self.two()
        run = desk.run("K1").id
        desk.give(Join(run, "K2", ("1",)))
        first, second = (Rider("K1", "1"),), (Rider("K2", "1"),)
        press(desk, *TO_THE_DOOR[:4], TimePoint.LEFT_SCENE, riders=first)
        assert (desk.patient(case="K1").state, desk.patient(case="K2").state) == (PatientState.ABOARD, PatientState.ASSIGNED)
        press(desk, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT, riders=second)
        assert desk.patient(case="K2").state is PatientState.MET
        press(desk, TimePoint.LEFT_SCENE, riders=second)
        press(desk, TimePoint.AT_FACILITY, riders=first)
        assert (desk.patient(case="K1").state, desk.patient(case="K2").state) == (PatientState.AT_FACILITY, PatientState.ABOARD)
        hand_over(desk, case="K1")
        assert desk.run("K2").state is RunState.AT_FACILITY
        press(desk, TimePoint.LEFT_FACILITY)
        assert desk.run("K2").state is RunState.CARRYING
        press(desk, TimePoint.AT_FACILITY)
        hand_over(desk, case="K2")
        assert desk.world.runs[run].state is RunState.ESCORTING

    def test_whoever_nobody_has_been_to_is_not_meant(self) -> None:
        desk = self.two()
        desk.give(Join(desk.run("K1").id, "K2", ("1",)))
        press(desk, TimePoint.LEFT_SCENE)
        assert (desk.patient(case="K1").state, desk.patient(case="K2").state) == (PatientState.ABOARD, PatientState.ASSIGNED)

    def test_with_the_second_not_found_they_drive_on_with_the_first(self) -> None:
        desk = self.two()
        desk.give(Join(desk.run("K1").id, "K2", ("1",)))
        press(desk, TimePoint.LEFT_SCENE, TimePoint.AT_SCENE)
        assert status(desk) == "at_scene"
        desk.give(EndPatient("K2", "1", Outcome.NOT_FOUND))
        assert (desk.run("K1").state, status(desk)) == (RunState.CARRYING, "carrying")

    def test_only_while_there_is_room(self) -> None:
        desk = self.two(capacity=1)
        with refused("vehicle_too_small", vehicle="A1", capacity=1, people=2):
            desk.give(Join(desk.run("K1").id, "K2", ("1",)))

    def test_not_once_the_team_stays_with_somebody(self) -> None:
        desk = self.two()
        press(desk, *TO_THE_DOOR)
        hand_over(desk)
        with refused("run_too_far"):
            desk.give(Join(desk.run("K1").id, "K2", ("1",)))

    def test_only_people_who_wait(self) -> None:
        desk = self.two()
        with refused("nobody_waits"):
            desk.give(Join(desk.run("K1").id, "K1", ("1",)))
