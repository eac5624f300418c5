"""A run under way: each time point, forgotten ones, late ones, clocks that are a little off, corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.life import events as e
from dispatch.life.case import PatientState
from dispatch.life.commands import Assign, BeginTreatment, CorrectTime, HandOver, Issued, Join, Progress, Reroute, StandDown
from dispatch.life.decide import decide, wanted
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    clock_at,
    hand_over,
    only,
    points,
    press,
    refused,
    says_no,
    sent,
    shared,
    status,
    unit,
)
from tests.dispatch.life.worlds import DRIVER, Desk, goal, kinds

STEPS = [
    (TimePoint.ACKNOWLEDGED, RunState.ACKNOWLEDGED, "assigned", PatientState.ASSIGNED),
    (TimePoint.DEPARTED, RunState.EN_ROUTE, "en_route", PatientState.ASSIGNED),
    (TimePoint.AT_SCENE, RunState.AT_SCENE, "at_scene", PatientState.ASSIGNED),
    (TimePoint.WITH_PATIENT, RunState.WITH_PATIENT, "at_scene", PatientState.MET),
    (TimePoint.LEFT_SCENE, RunState.CARRYING, "carrying", PatientState.ABOARD),
    (TimePoint.AT_FACILITY, RunState.AT_FACILITY, "at_facility", PatientState.AT_FACILITY),
]


def test_from_the_base_to_the_next_job() -> None:
    desk = sent()
    run = desk.run().id
    for point, state, shown, patient in STEPS:
        press(desk, point)
        assert (desk.run().state, status(desk), desk.patient().state) == (state, shown, patient)
        assert unit(desk).run == run
    hand_over(desk)
    assert (desk.run().state, status(desk)) == (RunState.ESCORTING, "escorting")
    assert desk.patient().state is PatientState.HANDED_OVER
    desk.wait(minutes=20)
    desk.give(BeginTreatment("K1", "1"))
    assert (desk.world.runs[run].state, status(desk)) == (RunState.CLEARING, "at_facility")
    assert not desk.case().open
    desk.wait(minutes=1)
    desk.give(Progress(run, TimePoint.AVAILABLE), actor=DRIVER)
    done = desk.world.runs[run]
    assert (done.state, done.how, done.live, done.ended_at) == (RunState.ENDED, "completed", False, desk.now)
    assert (status(desk), unit(desk).run, unit(desk).free) == ("returning", None, True)
    assert points(done) == [
        "assigned",
        *(point.value for point, *_ in STEPS),
        "handed_over",
        "escort_ended",
        "available",
    ]
    assert [one.happened_at for one in done.stamps] == sorted(one.happened_at for one in done.stamps)
    with refused("run_ended", run=run):
        desk.give(Progress(run, TimePoint.AVAILABLE))


def test_each_stamp_has_when_it_happened_and_when_it_was_recorded() -> None:
    desk = sent()
    told = desk.now + timedelta(minutes=3)
    desk.wait(minutes=10)
    desk.give(Progress(desk.run().id, TimePoint.DEPARTED), at=told, actor=DRIVER)
    stamp = desk.run().stamp(TimePoint.DEPARTED)
    assert stamp is not None
    assert (stamp.happened_at, stamp.recorded_at, stamp.claimed_at) == (told, desk.now, None)
    assert desk.log[-1].actor == DRIVER


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_a_point_that_was_forgotten_stays_missing(number: int) -> None:
    desk = sent()
    point, state, shown, patient = STEPS[number]
    press(desk, point)
    assert points(desk.run()) == ["assigned", point.value]
    assert (desk.run().state, status(desk)) == (state, shown)
    assert desk.patient().state is patient


def test_handed_over_although_nobody_pressed_that_they_arrived() -> None:
    desk = sent((TimePoint.LEFT_SCENE,))
    assert kinds(desk.give(HandOver("K1", "1")))[:2] == ["PatientArrived", "PatientHandedOver"]
    assert points(desk.run()) == ["assigned", "left_scene", "handed_over"]


@pytest.mark.parametrize(
    ("upto", "point"),
    [
        (1, TimePoint.ACKNOWLEDGED),
        (2, TimePoint.ACKNOWLEDGED),
        (3, TimePoint.DEPARTED),
        (4, TimePoint.AT_SCENE),
        (5, TimePoint.AT_SCENE),
        (5, TimePoint.LEFT_SCENE),
        (6, TimePoint.AT_FACILITY),
        (0, TimePoint.LEFT_FACILITY),
        (5, TimePoint.LEFT_FACILITY),
        (0, TimePoint.AVAILABLE),
        (6, TimePoint.AVAILABLE),
    ],
)
def test_nothing_goes_back_or_comes_too_early(upto: int, point: TimePoint) -> None:
    desk = sent(TO_THE_DOOR[:upto])
    with refused("out_of_order"):
        desk.give(Progress(desk.run().id, point))


@pytest.mark.parametrize(
    "point", [TimePoint.RECEIVED, TimePoint.RECORDED, TimePoint.ASSIGNED, TimePoint.HANDED_OVER, TimePoint.ESCORT_ENDED]
)
def test_what_follows_from_something_else_can_not_be_pressed(point: TimePoint) -> None:
    desk = sent(TO_THE_DOOR)
    with refused("not_pressed"):
        desk.give(Progress(desk.run().id, point))


def test_a_team_that_stays_is_not_available_yet() -> None:
    desk = sent(TO_THE_DOOR)
    hand_over(desk)
    with refused("still_escorting", run=desk.run().id):
        desk.give(Progress(desk.run().id, TimePoint.AVAILABLE))
    with refused("out_of_order"):
        desk.give(Progress(desk.run().id, TimePoint.LEFT_FACILITY))


def test_only_about_people_of_the_run() -> None:
    desk = sent()
    with refused("not_on_run", case="K1", patient="2", run=desk.run().id):
        desk.give(Progress(desk.run().id, TimePoint.LEFT_SCENE, (Rider("K1", "2"),)))


def test_two_people_from_one_scene_board_one_after_the_other() -> None:
    desk = sent(TO_THE_DOOR[:3], patients=2)
    one, two = (Rider("K1", "1"),), (Rider("K1", "2"),)
    press(desk, TimePoint.WITH_PATIENT, TimePoint.LEFT_SCENE, riders=one)
    assert (desk.patient("1").state, desk.patient("2").state) == (PatientState.ABOARD, PatientState.ASSIGNED)
    press(desk, TimePoint.LEFT_SCENE, riders=two)
    assert desk.patient("2").state is PatientState.ABOARD


def test_two_people_in_one_run_to_different_facilities() -> None:
    desk = sent(TO_THE_DOOR[:5], patients=2)
    one, two = (Rider("K1", "1"),), (Rider("K1", "2"),)
    press(desk, TimePoint.AT_FACILITY, riders=one)
    assert desk.patient("2").state is PatientState.ABOARD
    hand_over(desk, "1")
    assert desk.run(patient="2").state is RunState.AT_FACILITY, "somebody is on board still"
    press(desk, TimePoint.LEFT_FACILITY, patient="2")
    assert (desk.patient("1").state, status(desk)) == (PatientState.HANDED_OVER, "carrying")
    press(desk, TimePoint.AT_FACILITY, riders=two, patient="2")
    hand_over(desk, "2")
    assert desk.run(patient="2").state is RunState.ESCORTING
    desk.give(BeginTreatment("K1", "1"))
    assert desk.run(patient="2").state is RunState.ESCORTING, "the team stays with the other"
    desk.give(BeginTreatment("K1", "2"))
    assert desk.world.runs[desk.run(patient="2").id].state is RunState.CLEARING
    assert points(desk.run(patient="2"))[-3:] == ["at_facility", "handed_over", "escort_ended"]


def test_whoever_is_taken_elsewhere_has_not_arrived_with_the_others() -> None:
    desk = sent(TO_THE_DOOR[:5], patients=2)
    says_no(desk, patient="2")
    assert (desk.patient("1").goal, desk.patient("2").goal) == (goal("f1"), goal("f2"))
    press(desk, TimePoint.AT_FACILITY)
    assert (desk.patient("1").state, desk.patient("2").state) == (PatientState.AT_FACILITY, PatientState.ABOARD)
    with refused("out_of_order"):
        press(desk, TimePoint.AT_FACILITY)
    assert desk.patient("2").state is PatientState.ABOARD, "pressed again at the same door"
    hand_over(desk, "1")
    press(desk, TimePoint.LEFT_FACILITY, TimePoint.AT_FACILITY, patient="2")
    assert desk.patient("2").door == goal("f2")


def test_of_two_on_board_the_one_arrives_to_whose_door_the_way_leads() -> None:
    """The most urgent, and of all those somebody whose place is known."""
    desk = Desk()
    desk.fleet("a1", capacity=2)
    desk.facilities = ("f1", "f2")
    desk.opened("emergency", "yellow")
    desk.opened("emergency", "red", case="K2")
    desk.give(Assign("K1", "a1"))
    run = desk.run().id
    desk.give(Join(run, "K2", ("1",)))
    says_no(desk, case="K2")
    press(desk, *TO_THE_DOOR[:5], riders=(Rider("K1", "1"),))
    press(desk, *TO_THE_DOOR[2:5], riders=(Rider("K2", "1"),))
    press(desk, TimePoint.AT_FACILITY)
    assert (desk.patient(case="K1").state, desk.patient(case="K2").state) == (PatientState.ABOARD, PatientState.AT_FACILITY)
    assert desk.patient(case="K2").door == goal("f2")


class TestLateAndOffline:
    def test_a_batch_from_the_road_keeps_its_own_times(self) -> None:
        desk = sent()
        run, begun = desk.run().id, desk.now
        desk.wait(minutes=30)
        for minute, (point, *_) in enumerate(STEPS, 1):
            desk.give(Progress(run, point), actor=DRIVER, at=begun + timedelta(minutes=minute))
        assert [(s.happened_at - begun).total_seconds() / 60 for s in desk.run().stamps] == [0, 1, 2, 3, 4, 5, 6]
        assert all(stamp.recorded_at == desk.now for stamp in desk.run().stamps[1:])

    def test_a_clock_that_is_a_little_slow_is_put_in_order_and_marked(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        last = desk.now
        desk.wait(seconds=30)
        said = last - timedelta(seconds=120)
        events = desk.give(Progress(desk.run().id, TimePoint.DEPARTED), at=said)
        stamp = desk.run().stamps[-1]
        assert (stamp.happened_at, stamp.claimed_at, stamp.recorded_at) == (last, said, desk.now)
        assert only(events, e.RunProgressed).claimed_at == said

    def test_one_that_is_far_off_is_refused(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        with refused("time_before_last", seconds=121):
            desk.give(Progress(desk.run().id, TimePoint.DEPARTED), at=desk.now - timedelta(seconds=121))

    def test_so_is_one_that_is_far_ahead_and_one_without_a_zone(self) -> None:
        desk = sent()
        run = desk.run().id
        with refused("time_ahead", seconds=121):
            desk.give(Progress(run, TimePoint.DEPARTED), at=desk.now + timedelta(seconds=121))
        with refused("time_without_zone"):
            desk.give(Progress(run, TimePoint.DEPARTED), at=desk.now.replace(tzinfo=None))

    def test_one_that_is_a_little_ahead_is_taken_for_now(self) -> None:
        desk = sent()
        desk.give(Progress(desk.run().id, TimePoint.DEPARTED), at=desk.now + timedelta(seconds=120))
        assert desk.run().stamps[-1].happened_at == desk.now

    @pytest.mark.parametrize("last", ["hand_over", "begin_treatment", "available"])
    def test_the_end_of_a_run_is_in_order_too(self, last: str) -> None:
        desk = sent(TO_THE_DOOR)
        run = desk.run().id
        steps = {"hand_over": HandOver("K1", "1"), "begin_treatment": BeginTreatment("K1", "1")}
        for name, command in (*steps.items(), ("available", Progress(run, TimePoint.AVAILABLE))):
            before = desk.now
            desk.wait(minutes=1)
            if name == last:
                with refused("time_before_last"):
                    desk.give(command, at=before - timedelta(seconds=121))
                desk.give(command, at=before - timedelta(seconds=60))
                stamp = desk.world.runs[run].stamps[-1]
                assert (stamp.happened_at, stamp.claimed_at) == (before, before - timedelta(seconds=60))
                break
            desk.give(command)


class TestCorrections:
    def test_a_time_is_put_right_as_a_new_event(self) -> None:
        desk = sent(TO_THE_DOOR[:3])
        run = desk.run()
        right = run.stamps[2].happened_at + timedelta(seconds=40)
        desk.wait(minutes=5)
        event = only(desk.give(CorrectTime(run.id, TimePoint.AT_SCENE, right, "baru menekan")), e.StampCorrected)
        assert event.why == "baru menekan"
        stamp = desk.run().stamp(TimePoint.AT_SCENE)
        assert stamp is not None
        assert (stamp.happened_at, stamp.recorded_at, stamp.corrected) == (right, desk.now, True)
        assert len(desk.run().stamps) == len(run.stamps)
        assert desk.run().state is RunState.AT_SCENE

    def test_a_missing_one_is_added_in_its_place(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.AT_SCENE))
        run = desk.run()
        between = run.stamps[1].happened_at + timedelta(seconds=10)
        desk.give(CorrectTime(run.id, TimePoint.DEPARTED, between, "lupa menekan"))
        assert points(desk.run()) == ["assigned", "acknowledged", "departed", "at_scene"]

    def test_also_after_the_run_has_ended(self) -> None:
        desk = sent(TO_THE_DOOR)
        run = desk.run().id
        hand_over(desk)
        desk.give(BeginTreatment("K1", "1"))
        desk.give(Progress(run, TimePoint.AVAILABLE))
        at = desk.world.runs[run].stamps[-1].happened_at
        desk.wait(days=1)
        desk.give(CorrectTime(run, TimePoint.AVAILABLE, at + timedelta(minutes=3), "lupa"))
        assert desk.world.runs[run].stamps[-1].happened_at == at + timedelta(minutes=3)

    def test_the_run_ends_when_its_last_point_is_said_to_have_been(self) -> None:
        desk = sent(TO_THE_DOOR)
        run = desk.run().id
        hand_over(desk)
        desk.give(BeginTreatment("K1", "1"))
        desk.give(Progress(run, TimePoint.AVAILABLE))
        desk.wait(days=1)
        later = desk.world.runs[run].stamps[-1].happened_at + timedelta(minutes=3)
        desk.give(CorrectTime(run, TimePoint.AVAILABLE, later, "lupa"))
        assert desk.world.runs[run].ended_at == later

    def test_one_that_was_called_off_had_no_points_after_that(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        run = desk.run().id
        desk.wait(minutes=1)
        desk.give(StandDown(run, "salah"))
        over = desk.world.runs[run].ended_at
        assert over is not None
        desk.wait(minutes=10)
        with refused("times_out_of_order"):
            desk.give(CorrectTime(run, TimePoint.DEPARTED, over + timedelta(seconds=1), ""))
        desk.give(CorrectTime(run, TimePoint.DEPARTED, over, ""))

    def test_of_several_it_is_said_which_one(self) -> None:
        """On a shared trip each has points of their own."""
        desk = shared()
        press(desk, *TO_THE_DOOR[:5], riders=(Rider("K1", "1"),))
        press(desk, *TO_THE_DOOR[2:5], riders=(Rider("K2", "1"),))
        run = desk.run()
        first, second = (one.happened_at for one in run.stamps if one.point is TimePoint.AT_SCENE)
        right = first + timedelta(seconds=20)
        desk.wait(minutes=1)
        with refused("which_time", times=f"{first.isoformat()}, {second.isoformat()}"):
            desk.give(CorrectTime(run.id, TimePoint.AT_SCENE, right, "lupa"))
        with refused("no_such_time"):
            desk.give(CorrectTime(run.id, TimePoint.AT_SCENE, right, "lupa", right))
        with refused("time_without_zone"):
            desk.give(CorrectTime(run.id, TimePoint.AT_SCENE, right, "lupa", first.replace(tzinfo=None)))
        desk.give(CorrectTime(run.id, TimePoint.AT_SCENE, right, "lupa", first))
        assert [one.happened_at for one in desk.run().stamps if one.point is TimePoint.AT_SCENE] == [right, second]

    def test_of_two_at_the_same_time_the_one_that_was_earlier_is_put_right(self) -> None:
        desk = sent(TO_THE_DOOR, patients=2)
        run = desk.run().id
        desk.wait(minutes=2)
        for patient in ("1", "2"):
            desk.give(HandOver("K1", patient))
        at = desk.now
        desk.give(CorrectTime(run, TimePoint.HANDED_OVER, at - timedelta(seconds=20), "lupa", at))
        times = [one.happened_at for one in desk.world.runs[run].stamps if one.point is TimePoint.HANDED_OVER]
        assert times == [at - timedelta(seconds=20), at]

    def test_the_order_must_hold(self) -> None:
        desk = sent(TO_THE_DOOR[:3])
        run = desk.run()
        desk.wait(minutes=5)
        with refused("time_before_call", seconds=1):
            desk.give(CorrectTime(run.id, TimePoint.DEPARTED, run.stamps[0].happened_at - timedelta(seconds=1), ""))
        with refused("times_out_of_order"):
            desk.give(CorrectTime(run.id, TimePoint.DEPARTED, run.stamps[1].happened_at - timedelta(seconds=1), ""))
        with refused("times_out_of_order"):
            desk.give(CorrectTime(run.id, TimePoint.DEPARTED, run.stamps[3].happened_at + timedelta(seconds=1), ""))

    def test_not_into_the_future_not_without_a_zone_not_the_call_not_of_nothing(self) -> None:
        desk = sent(TO_THE_DOOR[:3])
        run = desk.run().id
        with refused("time_ahead", seconds=5):
            desk.give(CorrectTime(run, TimePoint.AT_SCENE, desk.now + timedelta(seconds=5), ""))
        with refused("time_without_zone"):
            desk.give(CorrectTime(run, TimePoint.AT_SCENE, desk.now.replace(tzinfo=None), ""))
        for point in (TimePoint.RECEIVED, TimePoint.RECORDED):
            with refused("not_pressed"):
                desk.give(CorrectTime(run, point, desk.now, ""))
        with refused("no_run", run="R9"):
            desk.give(CorrectTime("R9", TimePoint.AT_SCENE, desk.now, ""))


class TestTheLegUnderWay:
    def test_a_leg_that_begins_is_timed(self) -> None:
        desk = sent()
        run = desk.run().id
        timed = {point for point in TimePoint if wanted(desk.world, Progress(run, point)).leg_of == run}
        assert timed == {TimePoint.DEPARTED, TimePoint.LEFT_SCENE, TimePoint.LEFT_FACILITY}
        assert wanted(desk.world, Reroute(run, "closure")).leg_of == run

    def test_what_was_reckoned_at_the_assignment_counts_until_the_vehicle_is_there(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        assert desk.run().expected_ms == 300_000
        press(desk, TimePoint.AT_SCENE)
        assert desk.run().expected_ms is None

    def test_a_closure_on_the_way_is_told_and_the_clock_starts_anew(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        desk.wait(minutes=5)
        event = only(desk.give(Reroute(desk.run().id, "closure")), e.RunRerouted)
        assert (event.why, event.expected_ms) == ("closure", 300_000)
        assert clock_at(desk, "run", desk.run().id) == 300 * 1.5 + 180

    @pytest.mark.parametrize("upto", [1, 4])
    def test_a_leg_that_begins_has_the_time_that_is_reckoned_now(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        issued = Issued("c", DRIVER, desk.now, Progress(desk.run().id, TO_THE_DOOR[upto]))
        events = decide(desk.world, issued, replace(desk.facts(), leg_ms=900_000.0))
        assert only(events, e.RunProgressed).expected_ms == 900_000

    def test_so_has_a_way_that_changes(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        issued = Issued("c", DRIVER, desk.now, Reroute(desk.run().id, "closure"))
        events = decide(desk.world, issued, replace(desk.facts(), leg_ms=900_000.0))
        assert only(events, e.RunRerouted).expected_ms == 900_000

    @pytest.mark.parametrize("upto", [3, 4, 6])
    def test_whoever_stands_somewhere_is_not_rerouted(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        assert desk.give(Reroute(desk.run().id, "closure")) == ()

    def test_whoever_boards_without_a_place_gets_one_worked_out(self) -> None:
        desk = sent(TO_THE_DOOR[:4])
        run = desk.run().id
        assert wanted(desk.world, Progress(run, TimePoint.LEFT_SCENE)).facilities_for == (), "f1 is being asked"
        desk = Desk()
        desk.fleet("a1")
        desk.opened("social_transport", "green")
        desk.give(Assign("K1", "a1"))
        run = desk.run().id
        for point in (TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY):
            assert wanted(desk.world, Progress(run, point)).facilities_for == (Rider("K1", "1"),)
        assert wanted(desk.world, Progress(run, TimePoint.AT_SCENE)).facilities_for == ()
