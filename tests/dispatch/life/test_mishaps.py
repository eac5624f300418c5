"""Nights that went badly, told once more: each says what should have held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life.case import Outcome, PatientState
from dispatch.life.commands import (
    AnswerHelp,
    AnswerOffer,
    AskDesk,
    AskFacility,
    Assign,
    CancelCase,
    CorrectTime,
    DeclineJob,
    DescribeCase,
    EndEscort,
    EndPatient,
    HandOver,
    Issued,
    Join,
    MergeCase,
    OpenCase,
    Progress,
    RecordDeath,
    RefuseAtDoor,
    RegisterUnit,
    ReportBreakdown,
    Reroute,
    Ring,
    SetGoal,
    StandDown,
    TryAgain,
)
from dispatch.life.decide import decide, wanted
from dispatch.life.events import Ref
from dispatch.life.facts import Facilities, FacilityChoice
from dispatch.life.people import Actor, Voice
from dispatch.life.referral import Decline
from dispatch.life.refusals import RefusedError
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    booked_trip,
    clock_at,
    hand_over,
    offer,
    officers,
    press,
    refused,
    ring,
    rules,
    says_yes,
    search,
    sent,
    shared,
    status,
)
from tests.dispatch.life.worlds import DISPATCHER, HERE, Desk, goal

ONE, TWO = Rider("K1", "1"), Rider("K1", "2")


class TestWhoIsAskedNext:
    def test_a_facility_that_has_just_declined_is_not_asked_again(self) -> None:
        """The ranking was worked out before the answer, as it is in dispatch/service: f1 is still in it."""
        desk = sent()
        ranked = Facilities(tuple(FacilityChoice(goal(name), 1.0) for name in ("f1", "f2")))
        facts = replace(desk.facts(), facilities={ONE: ranked})
        no = AnswerOffer("K1", offer(desk).id, False, Decline.ROOM_FULL)
        events = decide(desk.world, Issued("c", DISPATCHER, desk.now, no), facts)
        asked_now = [one.event.goal.id for one in events if hasattr(one.event, "via")]
        assert asked_now == ["f2"]

    def test_a_crew_that_declined_is_not_sent_again_at_once(self) -> None:
        """Its vehicle stands by, which the worker takes for a vehicle that has become free: it gives TryAgain."""
        desk = sent()
        desk.vehicles = ("a1",)
        desk.give(DeclineJob(desk.run().id, "ban bocor"), without=("a1",))
        assert search(desk) == "neighbours"
        assert "a1" in wanted(desk.world, TryAgain("K1")).without
        assert "a1" in wanted(desk.world, Ring(Ref("case", "K1"), "search", desk.now)).without


class TestSomebodyIsLost:
    def test_whoever_is_in_care_is_not_fetched_again_when_the_vehicle_breaks_down(self) -> None:
        desk = sent(TO_THE_DOOR[:5], patients=2)
        press(desk, TimePoint.AT_FACILITY, riders=(ONE,))
        hand_over(desk, "1")
        press(desk, TimePoint.LEFT_FACILITY, patient="2")
        desk.give(ReportBreakdown("a1"))
        assert desk.patient("1").state in (PatientState.HANDED_OVER, PatientState.ENDED)

    def test_a_vehicle_is_not_called_off_at_the_second_scene_with_the_first_on_board(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR[:4], TimePoint.LEFT_SCENE, riders=(ONE,))
        press(desk, TimePoint.AT_SCENE, riders=(Rider("K2", "1"),))
        assert desk.patient(case="K1").state is PatientState.ABOARD
        with refused("run_too_far"):
            desk.give(StandDown(desk.run("K1").id, "salah"))

    def test_whoever_is_not_fetched_yet_is_not_taken_to_be_on_board(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR[:4], riders=(ONE,))
        press(desk, TimePoint.LEFT_SCENE)
        assert desk.patient(case="K2").state is PatientState.ASSIGNED, "nobody has been to K2 yet"

    def test_nor_to_have_arrived(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR[:4], TimePoint.LEFT_SCENE, riders=(ONE,))
        press(desk, TimePoint.AT_FACILITY)
        assert desk.patient(case="K2").state is PatientState.ASSIGNED

    def test_a_vehicle_on_its_way_is_not_called_off_for_a_draft(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        desk.give(OpenCase("K2"))
        try:
            desk.give(MergeCase("K1", "K2"))
        except RefusedError:
            return
        assert desk.case("K2").complete, "what was known of K1 is known of K2"
        assert search(desk, "K2") is not None or desk.patient(case="K2").run is not None

    def test_the_more_urgent_of_two_reports_counts(self) -> None:
        desk = Desk()
        desk.opened(priority="red")
        desk.opened(priority="yellow", case="K2")
        desk.give(MergeCase("K1", "K2"))
        assert desk.case("K2").priority is Priority.RED

    @pytest.mark.parametrize("what", ["merge", "cancel"])
    def test_somebody_in_a_vehicle_that_broke_down_is_not_nobody(self, what: str) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.vehicles = ()
        desk.opened(case="K2")
        desk.give(ReportBreakdown("a1"))
        with refused("merge_met" if what == "merge" else "cancel_aboard"):
            desk.give(MergeCase("K1", "K2") if what == "merge" else CancelCase("K1", "tidak jadi"))

    def test_an_emergency_that_joined_a_booked_trip_is_not_pulled_away_for_another(self) -> None:
        desk = Desk()
        desk.fleet("a1", capacity=2)
        trip = booked_trip(desk)
        desk.opened()
        desk.give(Join(trip.id, "K1", ("1",)))
        desk.opened(case="K2")
        with refused("vehicle_taken"):
            desk.give(Assign("K2", "a1"))

    def test_a_breakdown_at_the_door_does_not_keep_the_patient_out(self) -> None:
        desk = sent(TO_THE_DOOR)
        says_yes(desk)
        desk.give(ReportBreakdown("a1"))
        desk.give(HandOver("K1", "1"))
        assert desk.patient().state in (PatientState.HANDED_OVER, PatientState.ENDED)

    def test_help_from_outside_may_break_down_too(self) -> None:
        """Or be unable to go on: there is no command by which its patient waits again."""
        desk = Desk()
        desk.opened()
        desk.give(AnswerHelp("K1", True, "psc119", "PSC"))
        press(desk, TimePoint.LEFT_SCENE)
        with pytest.raises(RefusedError):
            desk.give(DeclineJob(desk.run().id, "mogok"))
        desk.give(StandDown(desk.run().id, "mogok"))
        assert desk.patient().stranded_with == "helper"


class TestTheWrongPlace:
    def test_a_late_yes_does_not_turn_a_hearse_round(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        first = offer(desk).id
        ring(desk, "answer")
        desk.give(RecordDeath("K1", "1"))
        desk.give(SetGoal("K1", "1", goal("kamar-jenazah", "given"), "keluarga"))
        with pytest.raises(RefusedError):
            desk.give(AnswerOffer("K1", first, True))
        assert desk.patient().goal == goal("kamar-jenazah", "given")

    def test_nor_whoever_is_brought_home(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        first = offer(desk).id
        ring(desk, "answer")
        desk.give(SetGoal("K1", "1", goal("rumah", "given"), "minta pulang"))
        with pytest.raises(RefusedError):
            desk.give(AnswerOffer("K1", first, True))
        assert desk.patient().goal == goal("rumah", "given")

    def test_a_timer_that_runs_out_at_the_door_does_not_make_another_facility_have_taken_the_patient(self) -> None:
        """F1 has not answered the telephone, but takes the patient; F2, asked meanwhile, goes on waiting for them."""
        desk = sent(TO_THE_DOOR)
        ring(desk, "answer")
        desk.give(HandOver("K1", "1"))
        assert ("f1", "accepted") in asked(desk)
        assert ("f2", "accepted") not in asked(desk)

    def test_nobody_else_is_asked_for_the_dead(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.give(RecordDeath("K1", "1"))
        desk.give(AskFacility("K1", "1", goal("kamar-jenazah", "outside")))
        ring(desk, "answer")
        assert asked(desk) == [("f1", "withdrawn"), ("kamar-jenazah", "unanswered")]

    def test_nobody_drives_on_to_the_door_that_has_just_refused(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.give(AskDesk("K1", "1"))
        press(desk, TimePoint.AT_FACILITY)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        assert desk.patient().goal == goal("f2")

    def test_where_the_dispatcher_sends_the_second_vehicle_counts(self) -> None:
        desk = sent()
        desk.give(StandDown(desk.run().id, "salah"))
        desk.give(Assign("K1", "a2", goal=goal("f3")))
        assert asked(desk) == [("f1", "withdrawn"), ("f3", "offered")]

    def test_also_if_it_is_home(self) -> None:
        desk = sent()
        desk.give(StandDown(desk.run().id, "salah"))
        desk.give(Assign("K1", "a2", goal=goal("rumah", "given")))
        assert asked(desk) == [("f1", "withdrawn")], "else its decline has another facility be asked and headed for"


class TestClocks:
    def test_a_closure_does_not_give_the_crew_another_minute_to_answer(self) -> None:
        desk = sent()
        desk.wait(seconds=50)
        desk.give(Reroute(desk.run().id, "closure"))
        assert clock_at(desk, "run", desk.run().id) == 10

    def test_a_trip_put_off_until_tomorrow_does_not_get_a_vehicle_now(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(minutes=30)))
        desk.give(DescribeCase("B1", pickup_at=desk.now + timedelta(days=1)))
        assert search(desk, "B1") == "booked"

    def test_a_booking_without_a_zone_is_refused(self) -> None:
        desk = Desk()
        naive = (desk.now + timedelta(days=1)).replace(tzinfo=None)
        with refused("time_without_zone"):
            desk.give(OpenCase("K1", pickup_at=naive))
        with refused("time_without_zone"):
            desk.give(OpenCase("K1", "outpatient", Priority.GREEN, HERE, pickup_at=naive))

    def test_a_vehicle_without_room_does_not_stop_the_clock(self) -> None:
        desk = Desk(rules(assign_rings=1))
        desk.give(RegisterUnit("m1", "Motor 1", VehicleKind.MOTORCYCLE, capacity=0))
        desk.fleet("a1")
        desk.vehicles = ("m1", "a1")
        desk.opened()
        ring(desk, "search")
        assert desk.run().unit == "a1"


class TestWhatACrewCanNotSay:
    def test_the_second_patient_was_not_there_so_they_drive_on_with_the_first(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR[:4], TimePoint.LEFT_SCENE, riders=(ONE,))
        press(desk, TimePoint.AT_SCENE, riders=(Rider("K2", "1"),))
        desk.give(EndPatient("K2", "1", Outcome.NOT_FOUND))
        if desk.run("K1").state is not RunState.CARRYING:
            press(desk, TimePoint.LEFT_SCENE)
        assert (desk.run("K1").state, status(desk)) == (RunState.CARRYING, "carrying")

    def test_the_first_is_in_care_and_they_come_to_the_second(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR, riders=(ONE,))
        hand_over(desk, case="K1")
        press(desk, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT, case="K2")
        assert desk.patient(case="K2").state is PatientState.MET

    def test_one_in_care_the_other_recovers_and_the_team_leaves(self) -> None:
        desk = sent(TO_THE_DOOR, patients=2)
        hand_over(desk, "1")
        desk.give(EndPatient("K1", "2", Outcome.RECOVERED))
        desk.give(EndEscort(desk.run(patient="1").id, "keluarga datang"))
        assert not desk.case().open

    def test_nobody_pressed_that_they_left_the_door_that_refused(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        press(desk, TimePoint.AT_FACILITY)
        assert [one.point for one in desk.run().stamps].count(TimePoint.AT_FACILITY) == 2

    def test_help_that_takes_one_of_two(self) -> None:
        desk = Desk()
        desk.opened("accident", "red", 2)
        assert "patients" in AnswerHelp.__struct_fields__, "else the second is taken to be under way as well"


class TestWhatIsForgotten:
    def test_whose_word_a_handover_was(self) -> None:
        desk = sent(TO_THE_DOOR)
        voice = Voice("Bidan Rina", "0251-8311")
        events = desk.give(HandOver("K1", "1", voice))
        assert any(getattr(one.event, "voice", None) == voice for one in events)

    def test_a_no_is_not_the_word_of_whoever_said_yes(self) -> None:
        desk = sent()
        says_yes(desk, voice=Voice("Bidan Rina", "0251-8311"))
        desk.give(AnswerOffer("K1", offer(desk).id, False, Decline.ICU_FULL), actor=Actor("rs-f1", "facility"))
        assert desk.case().attempts[0].voice is None, "the facility itself took it back"

    def test_who_said_that_help_comes(self) -> None:
        desk = Desk()
        desk.opened()
        events = desk.give(AnswerHelp("K1", True, "psc119", "PSC 119", Voice("Ani", "119")))
        assert "Ani" in repr(events)

    def test_a_case_that_turns_red_is_driven_as_red(self) -> None:
        desk = sent(TO_THE_DOOR[:5], priority="yellow")
        desk.give(DescribeCase("K1", priority=Priority.RED))
        assert desk.run().priority is Priority.RED


class TestTimes:
    def test_nothing_happens_before_the_call(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.opened()
        yesterday = desk.now - timedelta(days=1)
        for command in (CancelCase("K1", ""), RecordDeath("K1", "1"), Assign("K1", "a1")):
            with pytest.raises(RefusedError):
                desk.give(command, at=yesterday)

    def test_nor_does_a_run_end_before_it_began(self) -> None:
        desk = sent()
        with pytest.raises(RefusedError):
            desk.give(DeclineJob(desk.run().id, "ban bocor"), at=desk.now - timedelta(days=1))

    def test_what_has_not_come_yet_can_not_be_put_right(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        with pytest.raises(RefusedError):
            desk.give(CorrectTime(desk.run().id, TimePoint.HANDED_OVER, desk.now, "salah tekan"))

    def test_a_run_ends_with_its_last_point(self) -> None:
        desk = sent(TO_THE_DOOR)
        run = desk.run().id
        hand_over(desk)
        desk.give(EndEscort(run, ""), at=desk.now - timedelta(seconds=60))
        assert desk.case().closed_at == desk.world.runs[run].stamps[-1].happened_at
        desk.give(Progress(run, TimePoint.AVAILABLE), at=desk.now - timedelta(seconds=60))
        ended = desk.world.runs[run]
        assert ended.ended_at == ended.stamps[-1].happened_at


class TestNamedTwice:
    def test_an_officer(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani")
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani", "ani")))
        assert desk.run().officers == ("ani",)

    def test_a_patient_of_a_merged_case(self) -> None:
        desk = Desk()
        desk.opened(patients=2)
        desk.opened(case="K2")
        desk.give(MergeCase("K1", "K2", ("1", "1")))
        assert len(desk.case("K2").patients) == 2
