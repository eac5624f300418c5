"""From the call to a case that somebody can be sent to; corrections, more people, merging."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.cases import Priority
from dispatch.life import events as e
from dispatch.life.case import Outcome, PatientState
from dispatch.life.commands import (
    AddPatient,
    AskFacility,
    Assign,
    DescribeCase,
    EndPatient,
    Join,
    MergeCase,
    OpenCase,
    RecordDeath,
    SeekHelp,
    SetGoal,
)
from dispatch.life.rules import default_rules
from dispatch.life.run import RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    clock_at,
    only,
    press,
    refused,
    ring,
    rules,
    says_yes,
    search,
    sent,
    status,
    unit,
)
from tests.dispatch.life.worlds import HERE, START, Desk, goal, kinds


def test_a_call_is_recorded_at_once_and_completed_later() -> None:
    desk = Desk()
    desk.fleet("a1")
    events = desk.give(OpenCase("K1", noted=("caller_name", "caller_phone")))
    assert kinds(events) == ["CaseOpened", "ParticularsNoted"]
    assert not desk.case().complete
    assert search(desk) is None
    assert clock_at(desk, "intake") == 120
    with refused("case_is_draft", case="K1"):
        desk.give(Assign("K1", "a1"))
    for part in (DescribeCase("K1", kind="emergency"), DescribeCase("K1", cell=HERE)):
        desk.give(part)
        assert search(desk) is None, "triage is missing still"
    assert only(desk.give(DescribeCase("K1", priority=Priority.RED)), e.SearchMoved).step == "assign"
    assert (desk.case().kind, desk.case().priority, desk.case().cell) == ("emergency", Priority.RED, HERE)
    assert clock_at(desk, "intake") is None
    desk.give(Assign("K1", "a1"))
    assert desk.run().state is RunState.ASSIGNED


def test_a_draft_that_nobody_completes_rings_again_and_again() -> None:
    desk = Desk()
    desk.give(OpenCase("K1"))
    for count in (1, 2, 3):
        rang = only(ring(desk, "intake"), e.CaseClockRang)
        assert (rang.clock, rang.count) == ("intake", count)
        assert desk.now == START + timedelta(seconds=120 * count)


def test_when_the_call_came_and_when_it_was_recorded() -> None:
    desk = Desk()
    came = desk.now - timedelta(minutes=4)
    desk.give(OpenCase("K1", "emergency", Priority.RED, HERE, received_at=came))
    assert (desk.case().received_at, desk.case().recorded_at) == (came, desk.now)


def test_a_clock_that_is_a_little_fast_does_not_put_the_call_into_the_future() -> None:
    desk = Desk()
    desk.give(OpenCase("K1", received_at=desk.now + timedelta(seconds=90)))
    assert desk.case().received_at == desk.now
    with refused("time_ahead", seconds=180):
        desk.give(OpenCase("K2", received_at=desk.now + timedelta(minutes=3)))
    with refused("time_without_zone"):
        desk.give(OpenCase("K2", received_at=desk.now.replace(tzinfo=None)))


def test_the_same_case_is_not_opened_twice() -> None:
    desk = Desk()
    desk.opened()
    with refused("case_exists", case="K1"):
        desk.give(OpenCase("K1"))


def test_a_scheduled_trip_is_never_red() -> None:
    desk = Desk()
    with refused("scheduled_red", kind="outpatient"):
        desk.opened("outpatient", "red")
    desk.opened("outpatient", "green")
    with refused("scheduled_red"):
        desk.give(DescribeCase("K1", priority=Priority.RED))
    desk.opened("emergency", "red", case="K2")
    with refused("scheduled_red"):
        desk.give(DescribeCase("K2", kind="outpatient"))


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    desk = Desk()
    with refused("no_kind", kind="ufo"):
        desk.give(OpenCase("K1", "ufo"))
    desk.give(OpenCase("K1"))
    for kind in ("ufo", ""):
        with refused("no_kind"):
            desk.give(DescribeCase("K1", kind=kind))


@pytest.mark.parametrize("patients", [0, 51])
def test_a_case_has_one_to_fifty_patients(patients: int) -> None:
    with refused("patients", most=50):
        Desk().give(OpenCase("K1", patients=patients))


def test_a_fifty_first_patient_is_another_case() -> None:
    desk = Desk()
    desk.opened(patients=50)
    with refused("patients", most=50):
        desk.give(AddPatient("K1"))


def test_one_more_person_is_found_at_the_scene_and_a_vehicle_is_looked_for_again() -> None:
    desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED, TimePoint.AT_SCENE))
    assert search(desk) is None
    events = desk.give(AddPatient("K1"))
    assert only(events, e.PatientAdded).patient == "2"
    assert (desk.patient("2").state, search(desk)) == (PatientState.WAITING, "assign")
    desk.give(Assign("K1", "a2"))
    assert (desk.run(patient="1").unit, desk.run(patient="2").unit) == ("a1", "a2")


def test_one_more_person_does_not_begin_a_search_anew() -> None:
    desk = Desk()
    desk.opened()
    for _ in range(3):
        desk.give(SeekHelp("K1"))
    assert kinds(desk.give(AddPatient("K1"))) == ["PatientAdded"]
    assert search(desk) == "queue"


def test_what_was_recorded_wrongly_is_put_right_and_the_rest_stays() -> None:
    desk = Desk()
    later = desk.now + timedelta(hours=3)
    desk.opened()
    needs = (frozenset({"icu"}),)
    events = desk.give(DescribeCase("K1", priority=Priority.YELLOW, pickup_at=later, needs=needs, why="salah dengar"))
    assert only(events, e.CaseDescribed).why == "salah dengar"
    case = desk.case()
    assert (case.kind, case.priority, case.cell) == ("emergency", Priority.YELLOW, HERE)
    assert (case.pickup_at, case.needs) == (later, needs)


def test_a_place_that_changed_is_told_from_a_note_that_did_not_move_anybody() -> None:
    desk = Desk()
    desk.opened()
    assert only(desk.give(DescribeCase("K1", noted=("landmark",))), e.ParticularsNoted).place is False
    assert only(desk.give(DescribeCase("K1", cell=HERE, noted=("place",))), e.ParticularsNoted).place is True


def test_with_a_vehicle_under_way_a_case_stays_of_its_sort() -> None:
    desk = sent()
    desk.give(DescribeCase("K1", kind="maternal"))
    assert desk.case().kind == "maternal"
    for kind in ("home_care", "shelter"):
        with refused("kind_under_way", case="K1"):
            desk.give(DescribeCase("K1", kind=kind, priority=Priority.GREEN))


@pytest.mark.parametrize("kind", ["outpatient", "shelter"])
def test_whoever_gets_worse_on_a_booked_trip_is_an_emergency(kind: str) -> None:
    desk = sent(TO_THE_DOOR[:5], kind=kind, priority="green")
    assert unit(desk).scheduled_run
    desk.unfit = True  # where they were booked there is no emergency department
    desk.give(DescribeCase("K1", kind="emergency", priority=Priority.RED))
    assert (desk.run().kind, desk.run().priority, unit(desk).scheduled_run) == ("emergency", Priority.RED, False)
    assert asked(desk) == [("f1", "withdrawn"), ("f2", "offered")]
    assert (desk.patient().goal, desk.patient().state) == (goal("f2"), PatientState.ABOARD)


def test_so_is_whoever_was_only_to_be_brought_home() -> None:
    desk = sent(kind="social_transport", priority="green")
    desk.give(SetGoal("K1", "1", goal("rumah", "given"), ""))
    press(desk, *TO_THE_DOOR[:5])
    events = desk.give(DescribeCase("K1", kind="emergency", priority=Priority.RED))
    assert asked(desk) == [("f1", "offered")]
    assert only(events, e.RunRerouted).why == "asked"
    assert desk.patient().goal == goal("f1")


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("unfit", [False, True])
def test_a_facility_that_lacks_what_is_needed_now_gives_way_to_one_that_has_it(answered: bool, unfit: bool) -> None:
    desk = sent(TO_THE_DOOR[:5], priority="yellow")
    if answered:
        says_yes(desk)
    desk.unfit = unfit
    desk.give(DescribeCase("K1", priority=Priority.RED))
    before = ("f1", "accepted" if answered else "offered")
    assert asked(desk) == ([("f1", "withdrawn"), ("f2", "offered")] if unfit else [before])
    assert desk.patient().firm == (answered and not unfit)


def test_whoever_stands_at_its_door_is_left_to_those_behind_it() -> None:
    desk = sent(TO_THE_DOOR, priority="yellow")
    desk.unfit = True
    desk.give(DescribeCase("K1", priority=Priority.RED))
    assert asked(desk) == [("f1", "offered")]


def test_a_crew_told_today_of_a_trip_tomorrow_is_not_passed_over_in_a_minute() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    due = desk.now + timedelta(days=1)
    desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE, pickup_at=due))
    desk.give(Assign("B1", "a1"))
    rings = clock_at(desk, "run", desk.run("B1").id)
    assert rings == 86_400 - default_rules().booked_ahead.total_seconds() + 60
    desk.ring(desk.now + timedelta(hours=20))
    assert (desk.run("B1").unit, desk.case("B1").passed_over) == ("a1", ())


def booked(sent_already: bool) -> Desk:
    """A trip tomorrow, with a crew that has been told or not."""
    desk = Desk()
    desk.fleet("a1", "a2", capacity=2)
    desk.facilities = ("f1", "f2")
    desk.give(OpenCase("K1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(hours=20)))
    if sent_already:
        desk.give(Assign("K1", "a1"))
    desk.wait(hours=1)
    return desk


def test_a_booked_trip_that_becomes_an_emergency_does_not_wait_until_tomorrow() -> None:
    desk = booked(sent_already=False)
    assert search(desk) == "booked"
    desk.give(DescribeCase("K1", kind="emergency", priority=Priority.RED))
    rings = clock_at(desk, "search")
    assert rings is not None
    assert rings <= 1
    ring(desk, "search")
    assert search(desk) == "assign"


@pytest.mark.parametrize("how", ["described", "joined"])
def test_nor_does_the_crew_that_was_told_of_it(how: str) -> None:
    desk = booked(sent_already=True)
    run = desk.run().id
    if how == "described":
        desk.give(DescribeCase("K1", kind="emergency", priority=Priority.RED))
    else:
        desk.opened(case="K2")
        desk.give(Join(run, "K2", ("1",)))
    assert (desk.run().due_at, clock_at(desk, "run", run)) == (None, 60)
    ring(desk, "run", run, without=("a1",))
    assert desk.run("K1" if how == "described" else "K2").unit == "a2", "the more urgent of the two first"


def test_a_time_that_is_moved_reaches_the_crew_that_was_told_of_the_other_one() -> None:
    desk = booked(sent_already=True)
    run, sooner = desk.run().id, desk.now + timedelta(minutes=40)
    desk.give(DescribeCase("K1", pickup_at=sooner))
    assert (desk.run().due_at, clock_at(desk, "run", run)) == (sooner, 60)
    press(desk, TimePoint.ACKNOWLEDGED)
    later = desk.now + timedelta(hours=8)
    desk.give(DescribeCase("K1", pickup_at=later))
    assert desk.run().due_at == later


def test_nobody_is_asked_on_about_the_dead() -> None:
    desk = Desk()
    desk.fleet("a1", capacity=2)
    desk.facilities = ("f1",)
    desk.opened("social_transport", "green", 2)
    desk.give(Assign("K1", "a1"))
    press(desk, *TO_THE_DOOR[:5])
    desk.give(RecordDeath("K1", "1"))
    desk.give(SetGoal("K1", "1", goal("kamar-jenazah", "given"), "keluarga"))
    desk.give(DescribeCase("K1", kind="emergency", priority=Priority.RED))
    assert desk.patient("1").goal == goal("kamar-jenazah", "given")
    assert asked(desk, "2") == [("f1", "offered")]


def test_a_yes_of_one_that_lacks_what_is_needed_is_no_promise_before_they_are_on_board_either() -> None:
    desk = sent(set_by=rules(asking="on_board"), priority="yellow")
    desk.give(AskFacility("K1", "1", goal("f1")))
    says_yes(desk)
    desk.unfit = True
    desk.give(DescribeCase("K1", needs=frozenset({"icu"})))
    assert (asked(desk), desk.patient().goal, desk.patient().firm) == ([("f1", "withdrawn")], None, False)
    desk.unfit, desk.facilities = False, ("f2", "f3")
    press(desk, *TO_THE_DOOR[:5])
    assert asked(desk) == [("f1", "withdrawn"), ("f2", "offered")]


def test_a_trip_for_tomorrow_is_booked_and_due_in_time() -> None:
    desk = Desk()
    tomorrow = desk.now + timedelta(days=1)
    desk.give(OpenCase("K1", "outpatient", Priority.GREEN, HERE, pickup_at=tomorrow))
    assert search(desk) == "booked"
    moved = only(ring(desk, "search"), e.SearchMoved)
    assert (moved.step, moved.why) == ("assign", "due")
    assert 0 < (tomorrow - desk.rules.booked_ahead + timedelta(minutes=1) - desk.now).total_seconds() <= 60


def test_a_trip_that_is_due_soon_is_not_booked_first() -> None:
    desk = Desk()
    desk.give(OpenCase("K1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(minutes=40)))
    assert search(desk) == "assign"


def test_a_booking_that_is_moved_forward_rings_at_the_new_time() -> None:
    desk = Desk()
    desk.give(OpenCase("K1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(days=1)))
    desk.give(DescribeCase("K1", pickup_at=desk.now + timedelta(hours=2)))
    ring(desk, "search")
    assert desk.now - START == timedelta(hours=2) - desk.rules.booked_ahead + timedelta(seconds=1)


class TestTwoReportsOfOneEvent:
    def test_one_ends_and_the_other_goes_on(self) -> None:
        desk = sent()
        desk.opened(case="K2")
        events = desk.give(MergeCase("K2", "K1"))
        assert only(events, e.CaseClosed).into == "K1"
        assert (desk.case("K2").merged_into, desk.case("K2").open) == ("K1", False)
        assert desk.patient(case="K2").outcome is Outcome.DUPLICATE
        assert desk.run("K1").unit == "a1"
        with refused("case_merged", case="K2", into="K1"):
            desk.give(Assign("K2", "a2"))

    def test_the_one_for_which_somebody_is_under_way_is_the_one_that_goes_on(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED))
        desk.opened(case="K2")
        with refused("merge_sent", case="K1", into="K2"):
            desk.give(MergeCase("K1", "K2"))

    def test_with_a_vehicle_for_each_the_one_of_the_case_that_ends_is_called_off(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED))
        desk.opened(case="K2")
        desk.give(Assign("K2", "a2"))
        run = desk.run().id
        desk.give(MergeCase("K1", "K2"))
        assert (desk.world.runs[run].how, status(desk)) == ("stood_down", "returning")
        assert desk.run("K2").unit == "a2"

    def test_what_only_one_of_them_knows_is_known_of_both_and_the_more_urgent_counts(self) -> None:
        desk = Desk()
        needs = (frozenset({"icu"}),)
        desk.give(OpenCase("K1", "emergency", Priority.RED, HERE, needs=needs))
        desk.give(OpenCase("K2", None, Priority.YELLOW))
        desk.give(MergeCase("K1", "K2"))
        case = desk.case("K2")
        assert (case.kind, case.priority, case.cell, case.needs) == ("emergency", Priority.RED, HERE, needs)
        assert (case.complete, case.intake, search(desk, "K2")) == (True, None, "assign")

    def test_whoever_is_not_in_it_yet_is_taken_over_and_looked_for(self) -> None:
        desk = sent()
        desk.opened(case="K2", patients=3)
        desk.give(MergeCase("K2", "K1", ("2", "3")))
        assert [one.state for one in desk.case("K1").patients] == [
            PatientState.ASSIGNED,
            PatientState.WAITING,
            PatientState.WAITING,
        ]
        assert search(desk, "K1") == "assign"

    @pytest.mark.parametrize("met", [TimePoint.AT_SCENE, TimePoint.WITH_PATIENT])
    def test_not_when_its_team_is_already_there(self, met: TimePoint) -> None:
        desk = sent((TimePoint.DEPARTED, met))
        desk.opened(case="K2")
        with refused("merge_met", case="K1", patient="1", into="K2"):
            desk.give(MergeCase("K1", "K2"))
        desk.give(MergeCase("K2", "K1"))
        assert desk.run("K1").live

    def test_not_into_itself_nor_with_strangers_nor_with_the_ended(self) -> None:
        desk = Desk()
        desk.opened(patients=2)
        desk.opened(case="K2")
        with refused("merge_itself"):
            desk.give(MergeCase("K1", "K1"))
        with refused("merge_nobody", case="K1", patient="7"):
            desk.give(MergeCase("K1", "K2", ("7",)))
        desk.give(EndPatient("K1", "2", Outcome.NOT_FOUND))
        with refused("merge_nobody", patient="2"):
            desk.give(MergeCase("K1", "K2", ("2",)))

    def test_a_merged_case_is_not_merged_again(self) -> None:
        desk = Desk()
        for name in ("K1", "K2", "K3"):
            desk.opened(case=name)
        desk.give(MergeCase("K1", "K2"))
        with refused("case_merged"):
            desk.give(MergeCase("K1", "K3"))
        with refused("case_merged"):
            desk.give(MergeCase("K3", "K1"))

    def test_a_run_shared_with_a_third_case_goes_on_for_that(self) -> None:
        desk = Desk()
        desk.fleet("a1", capacity=2)
        for name in ("K1", "K2", "K3"):
            desk.opened("outpatient", "green", case=name)
        desk.give(Assign("K1", "a1"))
        desk.fleet("a2")
        desk.give(Join(desk.run("K1").id, "K2", ("1",)))
        desk.give(Assign("K3", "a2"))
        desk.give(MergeCase("K1", "K3"))
        assert [rider.case for rider in desk.run("K2").riders] == ["K2"]
        press(desk, TimePoint.ACKNOWLEDGED, case="K2")
        assert desk.run("K2").live
