"""The crew does not answer or can't go; nobody is free: neighbours, PSC 119, the queue, each with a clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.life import events as e
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    AnswerHelp,
    Assign,
    DeclineJob,
    Progress,
    ReportBreakdown,
    Ring,
    SeekHelp,
    StandDown,
    TryAgain,
)
from dispatch.life.decide import wanted
from dispatch.life.events import Ref
from dispatch.life.facts import NOTHING
from dispatch.life.people import Voice
from dispatch.life.run import Helper, Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    clock_at,
    hand_over,
    officers,
    only,
    points,
    press,
    refused,
    ring,
    rules,
    search,
    sent,
    status,
)
from tests.dispatch.life.worlds import DRIVER, Desk, kinds


class TestTheCrewDoesNotAnswer:
    def test_within_a_minute_then_the_next_choice_is_sent_by_itself(self) -> None:
        desk = sent()
        first = desk.run()
        assert clock_at(desk, "run", first.id) == 60
        events = ring(desk, "run", without=("a1",))
        assert kinds(events)[:3] == ["RunClockRang", "VehiclePassedOver", "PatientReleased"]
        ended = desk.world.runs[first.id]
        assert (ended.how, ended.riders, status(desk)) == ("unacknowledged", (), "standby")
        assert (desk.run().unit, desk.run().chosen, desk.run().state) == ("a2", "automatic", RunState.ASSIGNED)
        assert desk.case().passed_over == ("a1",)
        assert clock_at(desk, "run", desk.run().id) == 60

    def test_an_answer_stops_the_clock(self) -> None:
        desk = sent()
        desk.wait(seconds=59)
        desk.give(Progress(desk.run().id, TimePoint.ACKNOWLEDGED), actor=DRIVER)
        assert clock_at(desk, "run", desk.run().id) == 180, "now it is to leave"
        rang = ring(desk, "run")
        assert (only(rang, e.RunClockRang).clock, desk.run().unit) == ("depart", "a1")

    def test_nor_does_anybody_else(self) -> None:
        desk = sent()
        ring(desk, "run", without=("a1",))
        ring(desk, "run", without=("a1", "a2"))
        assert desk.case().passed_over == ("a1", "a2")
        assert search(desk) == "neighbours"

    def test_a_vehicle_that_is_somebody_elses_by_now_is_not_chosen(self) -> None:
        desk = sent()
        desk.opened(case="K2")
        desk.give(Assign("K2", "a2"))
        ring(desk, "run", of=desk.run("K1").id, without=("a1",))
        assert (search(desk, "K1"), desk.run("K2").unit) == ("neighbours", "a2")

    def test_other_vehicles_are_worked_out_and_the_ones_passed_over_left_out(self) -> None:
        desk = sent()
        run = desk.run().id
        for command in (DeclineJob(run, ""), Ring(Ref("run", run), "run", desk.now)):
            found = wanted(desk.world, command)
            assert (found.vehicles_for, found.without) == ("K1", frozenset({"a1"}))
            assert found.facilities_for == (Rider("K1", "1"),)
        ring(desk, "run", without=("a1",))
        assert wanted(desk.world, DeclineJob(desk.run().id, "")).without == {"a1", "a2"}
        assert wanted(desk.world, DeclineJob(run, "")) == NOTHING, "it has ended"
        assert wanted(desk.world, ReportBreakdown("a2")).without == {"a2"}

    def test_they_are_asked_again_once_the_queue_has_waited_in_vain(self) -> None:
        desk = sent()
        desk.vehicles = ()
        desk.give(DeclineJob(desk.run().id, "ban bocor"))
        for _ in range(2):
            desk.give(SeekHelp("K1"))
        seen = []
        for _ in range(3):
            seen.append(set(wanted(desk.world, TryAgain("K1")).without))
            ring(desk, "search")
        assert seen == [{"a1"}, {"a1"}, set()]

    def test_a_ring_that_comes_too_late_does_nothing(self) -> None:
        desk = sent()
        run, deadline = desk.run().id, desk.now + timedelta(seconds=60)
        desk.give(Progress(run, TimePoint.ACKNOWLEDGED))
        desk.wait(seconds=61)
        assert desk.give(Ring(Ref("run", run), "run", deadline)) == ()
        assert desk.give(Ring(Ref("run", "gone"), "run", deadline)) == ()


class TestTheCrewDeclines:
    def test_the_next_choice_is_sent_by_itself(self) -> None:
        desk = sent()
        first = desk.run().id
        desk.give(DeclineJob(first, "ban bocor"), actor=DRIVER, without=("a1",))
        assert desk.world.runs[first].how == "declined"
        assert only([one for one in desk.log if one.event.ref == Ref("run", first)], e.RunEnded).why == "ban bocor"
        assert (desk.run().unit, desk.run().chosen) == ("a2", "automatic")
        assert desk.run().expected_ms == 300_000

    def test_on_the_way_it_is_returning_then(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED))
        desk.give(DeclineJob(desk.run().id, "jalan putus"), without=("a1",))
        assert (status(desk, "a1"), desk.run().unit) == ("returning", "a2")

    @pytest.mark.parametrize("upto", [3, 4, 5, 6])
    def test_not_at_the_scene_any_more(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        with refused("run_too_far", run=desk.run().id):
            desk.give(DeclineJob(desk.run().id, "capek"))

    def test_the_place_that_was_promised_stays(self) -> None:
        desk = sent()
        before = desk.case().attempts
        desk.give(DeclineJob(desk.run().id, "ban bocor"), without=("a1",))
        assert desk.case().attempts == before


class TestCalledOff:
    def test_the_dispatcher_chooses_anew(self) -> None:
        desk = sent()
        run = desk.run().id
        desk.give(StandDown(run, "salah kirim"))
        assert (desk.world.runs[run].how, status(desk), search(desk)) == ("stood_down", "standby", "assign")
        assert desk.case().passed_over == (), "it did nothing wrong"
        with refused("run_ended"):
            desk.give(StandDown(run, "lagi"))

    def test_a_vehicle_on_the_road_returns(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        desk.give(StandDown(desk.run().id, "salah kirim"))
        assert status(desk) == "returning"

    @pytest.mark.parametrize("upto", [5, 6])
    def test_not_with_somebody_on_board(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        with refused("run_too_far"):
            desk.give(StandDown(desk.run().id, "salah kirim"))

    @pytest.mark.parametrize("back", [1, 121])
    def test_not_before_the_run_began(self, back: int) -> None:
        desk = sent()
        began = desk.now
        desk.wait(minutes=5)
        told = began - timedelta(seconds=back)
        run = desk.run().id
        if back > 120:
            with refused("time_before_last", seconds=back):
                desk.give(StandDown(run, "salah"), at=told)
            return
        desk.give(StandDown(run, "salah"), at=told)
        assert desk.world.runs[run].ended_at == began

    def test_officers_are_free_again(self) -> None:
        desk = Desk()
        officers(desk, "ani")
        desk.opened("home_care", "green")
        desk.give(Assign("K1", None, ("ani",)))
        desk.give(StandDown(desk.run().id, ""))
        assert desk.world.officers["ani"].run is None
        assert search(desk) == "assign"


class TestNobodyChooses:
    def test_the_first_choice_goes_by_itself_after_three_rings(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.opened()
        for count in (1, 2):
            assert only(ring(desk, "search"), e.CaseClockRang).count == count
            assert desk.patient().state is PatientState.WAITING
        ring(desk, "search")
        assert (desk.run().unit, desk.run().chosen) == ("a1", "automatic")

    def test_never_where_the_region_does_not_want_it(self) -> None:
        desk = Desk(rules(assign_rings=0))
        desk.fleet("a1")
        desk.opened()
        for _ in range(10):
            ring(desk, "search")
        assert search(desk) == "assign"

    def test_each_vehicle_takes_as_many_as_it_has_room_for(self) -> None:
        desk = Desk(rules(assign_rings=1))
        desk.fleet("a1", "a2")
        desk.opened("accident", "red", 2)
        ring(desk, "search")
        assert (desk.run(patient="1").unit, search(desk)) == ("a1", "assign")
        ring(desk, "search")
        assert (desk.run(patient="2").unit, search(desk)) == ("a2", None)

    def test_all_that_it_has_room_for(self) -> None:
        desk = Desk(rules(assign_rings=1))
        desk.fleet("a1", capacity=2)
        desk.opened("accident", "red", 3)
        ring(desk, "search")
        assert [rider.patient for rider in desk.run().riders] == ["1", "2"]
        assert (desk.patient("3").state, search(desk)) == (PatientState.WAITING, "assign")


class TestNobodyIsFree:
    def test_neighbours_then_psc_119_then_the_queue_each_with_a_clock(self) -> None:
        desk = Desk()
        desk.opened()
        for step, seconds in (("neighbours", 120), ("psc119", 120), ("queue", 60)):
            assert only(desk.give(SeekHelp("K1")), e.SearchMoved).step == step
            assert (search(desk), clock_at(desk, "search")) == (step, seconds)
        with refused("queue_is_last", case="K1"):
            desk.give(SeekHelp("K1"))

    def test_in_the_order_that_the_region_sets(self) -> None:
        desk = Desk(rules(no_vehicle=("psc119", "neighbours", "queue")))
        desk.opened()
        steps = [only(desk.give(SeekHelp("K1")), e.SearchMoved).step for _ in range(3)]
        assert steps == ["psc119", "neighbours", "queue"]

    def test_only_the_queue_where_there_is_nothing_else(self) -> None:
        desk = Desk(rules(no_vehicle=("queue",)))
        desk.opened()
        desk.give(SeekHelp("K1"))
        assert search(desk) == "queue"

    def test_clocks_move_it_on_without_anybody(self) -> None:
        desk = Desk()
        desk.opened()
        seen = []
        for _ in range(6):
            ring(desk, "search")
            seen.append(search(desk))
        assert seen == ["assign", "assign", "neighbours", "psc119", "queue", "queue"]
        assert clock_at(desk, "search") == 60, "the queue rings on"

    def test_an_own_vehicle_that_becomes_free_meanwhile_goes_by_itself(self) -> None:
        desk = Desk()
        desk.opened()
        desk.give(SeekHelp("K1"))
        desk.fleet("a1")
        ring(desk, "search")
        assert (desk.run().unit, search(desk)) == ("a1", None)

    def test_the_queue_gets_the_next_free_one(self) -> None:
        desk = Desk()
        desk.opened()
        for _ in range(3):
            desk.give(SeekHelp("K1"))
        assert desk.give(TryAgain("K1")) == ()
        desk.fleet("a1")
        desk.give(TryAgain("K1"))
        assert desk.run().unit == "a1"
        assert desk.give(TryAgain("K1")) == (), "nobody waits any more"

    def test_a_case_for_which_the_dispatcher_still_chooses_does_not(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.opened()
        assert desk.give(TryAgain("K1")) == ()
        assert desk.give(TryAgain("K9")) == ()
        assert wanted(desk.world, TryAgain("K1")).vehicles_for == "K1"

    def test_the_dispatcher_says_why_and_may_still_send_somebody(self) -> None:
        desk = Desk()
        desk.opened()
        assert only(desk.give(SeekHelp("K1", "semua di Cibinong")), e.SearchMoved).why == "semua di Cibinong"
        desk.fleet("a1")
        desk.give(Assign("K1", "a1"))
        assert search(desk) is None

    def test_nobody_is_sought_for_a_draft_or_for_nobody(self) -> None:
        desk = sent()
        with refused("nobody_waits"):
            desk.give(SeekHelp("K1"))
        with refused("nobody_waits"):
            desk.give(AnswerHelp("K1", True, "psc119", "PSC"))


class TestHelpFromOutside:
    def helped(self) -> Desk:
        desk = Desk()
        desk.facilities = ("f1",)
        desk.opened()
        desk.give(SeekHelp("K1"))
        desk.give(AnswerHelp("K1", True, "neighbour", "Kelurahan Pabuaran", Voice("Ujang", "0811"), 600))
        return desk

    def test_it_comes_as_a_run_that_has_said_yes(self) -> None:
        desk = self.helped()
        run = desk.run()
        assert (run.unit, run.helper, run.chosen) == (None, Helper("neighbour", "Kelurahan Pabuaran", "0811"), "help")
        assert (run.state, run.expected_ms) == (RunState.ACKNOWLEDGED, 600_000)
        assert points(run) == ["assigned", "acknowledged"]
        assert (search(desk), desk.patient().state) == (None, PatientState.ASSIGNED)
        assert clock_at(desk, "run", run.id) == 180

    def test_its_way_is_followed_like_any_other(self) -> None:
        desk = self.helped()
        press(desk, *TO_THE_DOOR[1:])
        hand_over(desk)
        assert desk.run().state is RunState.ESCORTING

    def test_the_time_that_was_said_counts_until_it_is_there(self) -> None:
        desk = self.helped()
        press(desk, TimePoint.DEPARTED)
        assert clock_at(desk, "run", desk.run().id) == 600 * 1.5 + 180

    def test_it_may_have_to_give_up_with_the_patient_on_board(self) -> None:
        desk = self.helped()
        press(desk, *TO_THE_DOOR[1:5])
        run = desk.run().id
        desk.give(StandDown(run, "mogok"))
        assert (desk.world.runs[run].how, desk.patient().stranded_with, search(desk)) == ("broken_down", "helper", "assign")

    def test_if_it_cannot_come_the_next_means_is_tried(self) -> None:
        desk = Desk()
        desk.opened()
        desk.give(SeekHelp("K1"))
        voice = Voice("Ujang", "0811")
        events = desk.give(AnswerHelp("K1", False, "neighbour", "Kelurahan Pabuaran", voice))
        said = only(events, e.HelpRefused)
        assert (said.step, said.voice) == ("neighbours", voice)
        assert search(desk) == "psc119"

    def test_a_no_before_anybody_was_asked_is_only_noted(self) -> None:
        desk = Desk()
        desk.opened()
        assert kinds(desk.give(AnswerHelp("K1", False, "other", "Klinik"))) == ["HelpRefused"]
        assert search(desk) == "assign"

    def test_a_no_in_the_queue_leaves_it_there(self) -> None:
        desk = Desk()
        desk.opened()
        for _ in range(3):
            desk.give(SeekHelp("K1"))
        assert kinds(desk.give(AnswerHelp("K1", False, "psc119", "PSC"))) == ["HelpRefused"]

    def test_whoever_said_yes_may_still_have_to_say_no(self) -> None:
        desk = self.helped()
        desk.give(DeclineJob(desk.run().id, "dipanggil ke tempat lain"))
        assert (search(desk), desk.case().passed_over) == ("neighbours", ())
