"""How it ends: handed over and treated, died, recovered, refused, gone, cancelled, brought home, served at home."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.life import events as e
from dispatch.life.case import Outcome, PatientState
from dispatch.life.commands import (
    AnswerOffer,
    AskDesk,
    Assign,
    BeginTreatment,
    CancelCase,
    DescribeCase,
    EndEscort,
    EndPatient,
    HandOver,
    OpenCase,
    Progress,
    RecordDeath,
    ReportBreakdown,
    SetGoal,
)
from dispatch.life.run import RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    clock_at,
    hand_over,
    only,
    points,
    press,
    refused,
    ring,
    sent,
    status,
)
from tests.dispatch.life.worlds import Desk, goal, kinds

MET = TO_THE_DOOR[:4]
ABOARD = TO_THE_DOOR[:5]


class TestTheEscort:
    def test_the_team_stays_with_its_own_clock(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        assert (desk.run().state, clock_at(desk, "run", desk.run().id)) == (RunState.ESCORTING, 3_600)
        assert only(ring(desk, "run"), e.RunClockRang).clock == "escort"
        assert desk.case().open

    def test_until_treatment_begins(self) -> None:
        desk = sent(TO_THE_DOOR)
        with refused("not_handed_over", patient="1"):
            desk.give(BeginTreatment("K1", "1"))
        hand_over(desk)
        desk.give(BeginTreatment("K1", "1"))
        assert desk.patient().outcome is Outcome.TREATED
        assert points(desk.run())[-2:] == ["handed_over", "escort_ended"]
        assert asked(desk) == [("f1", "accepted")], "the yes stays on record"

    def test_or_until_it_leaves_before_with_a_reason(self) -> None:
        desk = sent(TO_THE_DOOR)
        with refused("not_escorting"):
            desk.give(EndEscort(desk.run().id, "ada panggilan"))
        hand_over(desk)
        events = desk.give(EndEscort(desk.run().id, "keluarga datang"))
        ended = only(events, e.PatientEnded)
        assert (ended.outcome, ended.why) == (Outcome.HANDED_OVER, "keluarga datang")
        assert (desk.run().state, desk.case().open) == (RunState.CLEARING, False)

    def test_with_two_it_ends_with_the_last(self) -> None:
        desk = sent(TO_THE_DOOR, patients=2)
        hand_over(desk, "1")
        assert desk.run(patient="2").state is RunState.AT_FACILITY
        hand_over(desk, "2")
        desk.give(BeginTreatment("K1", "2"))
        assert desk.run(patient="1").state is RunState.ESCORTING
        desk.give(EndEscort(desk.run(patient="1").id, "sudah lama"))
        assert [one.outcome for one in desk.case().patients] == [Outcome.HANDED_OVER, Outcome.TREATED]

    def test_the_clock_of_the_door_runs_on_while_one_is_still_there(self) -> None:
        desk = sent(TO_THE_DOOR, patients=2)
        since = desk.run().watch.since
        hand_over(desk, "1")
        assert (desk.run().state, desk.run().watch.since) == (RunState.AT_FACILITY, since)

    def test_the_vehicle_that_nobody_calls_available_is_reminded_of(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        desk.give(BeginTreatment("K1", "1"))
        assert clock_at(desk, "run", desk.run().id) == 900
        assert only(ring(desk, "run"), e.RunClockRang).clock == "clear"

    @pytest.mark.parametrize("upto", [0, 2, 4])
    def test_nobody_is_handed_over_before_they_are_on_board(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        with refused("not_at_a_door", patient="1"):
            desk.give(HandOver("K1", "1"))

    def test_nobody_is_handed_over_twice(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        with refused("not_at_a_door"):
            desk.give(HandOver("K1", "1"))


class TestOtherPlaces:
    def test_at_a_place_that_the_caller_named_the_handover_is_all(self) -> None:
        desk = sent(TO_THE_DOOR, kind="social_transport", priority="green")
        hand_over(desk)
        assert (desk.patient().outcome, desk.run().state, desk.case().open) == (Outcome.DELIVERED, RunState.CLEARING, False)
        desk.give(Progress(desk.run().id, TimePoint.AVAILABLE))
        assert status(desk) == "returning"

    def test_brought_home_instead(self) -> None:
        desk = sent(ABOARD)
        desk.give(SetGoal("K1", "1", goal("rumah", "given"), "minta pulang"))
        hand_over(desk)
        assert desk.patient().outcome is Outcome.DELIVERED

    def test_served_where_they_are(self) -> None:
        desk = sent(MET, kind="home_care", priority="green")
        assert clock_at(desk, "run", desk.run().id) == 14_400
        desk.give(EndPatient("K1", "1", Outcome.SERVED))
        assert (desk.run().state, status(desk), desk.case().open) == (RunState.CLEARING, "at_scene", False)


class TestDeath:
    def test_before_the_team_comes(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        run = desk.run().id
        desk.give(RecordDeath("K1", "1"))
        assert (desk.patient().outcome, desk.patient().died_at) == (Outcome.DIED, desk.now)
        assert (desk.world.runs[run].how, status(desk)) == ("stood_down", "returning")
        assert asked(desk) == [("f1", "withdrawn")]

    def test_told_late_it_was_when_it_was(self) -> None:
        desk = Desk()
        desk.opened()
        desk.wait(minutes=10)
        told = desk.now - timedelta(minutes=4)
        desk.give(RecordDeath("K1", "1"), at=told)
        assert (desk.patient().died_at, desk.case().closed_at) == (told, told)

    def test_before_anybody_is_sent(self) -> None:
        desk = Desk()
        desk.opened()
        desk.give(RecordDeath("K1", "1"))
        assert (desk.case().open, desk.clocks()) == (False, {})

    @pytest.mark.parametrize("upto", [3, 4])
    def test_at_the_scene(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        desk.give(RecordDeath("K1", "1"))
        assert desk.patient().outcome is Outcome.DIED
        assert (desk.run().state, desk.run().live) == (RunState.CLEARING, True)

    @pytest.mark.parametrize("upto", [5, 6])
    def test_on_board_the_way_goes_on_to_where_the_body_is_taken(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        before = desk.patient().state
        desk.give(RecordDeath("K1", "1"))
        assert (desk.patient().state, desk.patient().died_at, desk.case().open) == (before, desk.now, True)
        assert asked(desk) == [("f1", "withdrawn")]
        with refused("died_already", patient="1"):
            desk.give(RecordDeath("K1", "1"))
        desk.give(SetGoal("K1", "1", goal("kamar-jenazah", "given"), "keluarga"))
        hand_over(desk)
        assert (desk.patient().outcome, desk.run().state) == (Outcome.DIED, RunState.CLEARING)

    def test_a_body_handed_over_at_a_facility_needs_no_escort(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(RecordDeath("K1", "1"))
        hand_over(desk)
        assert (desk.patient().outcome, desk.run().state) == (Outcome.DIED, RunState.CLEARING)

    def test_nobody_accepts_the_dead(self) -> None:
        desk = sent(ABOARD)
        first = desk.case().attempts[0].id
        ring(desk, "answer")
        desk.give(RecordDeath("K1", "1"))
        with refused("died_already", patient="1"):
            desk.give(AnswerOffer("K1", first, True))

    def test_sitegar_need_not_answer_any_more(self) -> None:
        desk = sent(ABOARD)
        desk.give(AskDesk("K1", "1"))
        desk.give(RecordDeath("K1", "1"))
        assert desk.case().desk[0].state == "withdrawn"

    def test_while_the_team_stays(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        desk.give(RecordDeath("K1", "1"))
        assert (desk.patient().outcome, desk.run().state) == (Outcome.DIED, RunState.CLEARING)


class TestNobodyIsNeeded:
    @pytest.mark.parametrize("outcome", [Outcome.RECOVERED, Outcome.REFUSED, Outcome.NOT_FOUND, Outcome.BY_OTHERS])
    def test_before_the_vehicle_leaves(self, outcome: Outcome) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        run = desk.run().id
        ended = only(desk.give(EndPatient("K1", "1", outcome, "kata keluarga")), e.PatientEnded)
        assert (ended.outcome, ended.why) == (outcome, "kata keluarga")
        assert (desk.world.runs[run].how, status(desk), desk.case().open) == ("stood_down", "standby", False)
        assert asked(desk) == [("f1", "withdrawn")]

    @pytest.mark.parametrize("outcome", [Outcome.RECOVERED, Outcome.REFUSED, Outcome.NOT_FOUND, Outcome.BY_OTHERS])
    def test_at_the_scene_the_team_clears_up(self, outcome: Outcome) -> None:
        desk = sent(MET)
        desk.give(EndPatient("K1", "1", outcome))
        assert desk.run().state is RunState.CLEARING
        press(desk, TimePoint.AVAILABLE)
        assert status(desk) == "returning"

    @pytest.mark.parametrize("outcome", [Outcome.RECOVERED, Outcome.REFUSED])
    def test_on_board(self, outcome: Outcome) -> None:
        desk = sent(ABOARD)
        desk.give(EndPatient("K1", "1", outcome))
        assert (desk.patient().outcome, desk.run().state, desk.case().open) == (outcome, RunState.CLEARING, False)

    def test_then_the_vehicle_has_its_time_to_be_cleared_up(self) -> None:
        desk = sent(ABOARD)
        desk.wait(minutes=40)
        desk.give(EndPatient("K1", "1", Outcome.RECOVERED))
        assert (desk.run().expected_ms, clock_at(desk, "run", desk.run().id)) == (None, 900)

    @pytest.mark.parametrize(("upto", "shown"), [(3, "at_scene"), (5, "at_scene"), (6, "at_facility")])
    def test_it_shows_where_they_left_it(self, upto: int, shown: str) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        desk.give(EndPatient("K1", "1", Outcome.RECOVERED))
        assert (desk.run().state, status(desk)) == (RunState.CLEARING, shown)

    @pytest.mark.parametrize("outcome", [Outcome.NOT_FOUND, Outcome.BY_OTHERS, Outcome.CANCELLED])
    def test_whoever_is_on_board_was_found(self, outcome: Outcome) -> None:
        desk = sent(ABOARD)
        with refused("outcome_aboard", patient="1"):
            desk.give(EndPatient("K1", "1", outcome))
        desk.vehicles = ()
        desk.give(ReportBreakdown("a1"))
        assert desk.patient().stranded_with == "a1"
        if outcome is Outcome.BY_OTHERS:
            desk.give(EndPatient("K1", "1", outcome))  # a neighbour's car took them on
            assert not desk.case().open
            return
        with refused("outcome_aboard", patient="1"):
            desk.give(EndPatient("K1", "1", outcome))

    @pytest.mark.parametrize(
        "outcome", [Outcome.DIED, Outcome.DUPLICATE, Outcome.TREATED, Outcome.HANDED_OVER, Outcome.DELIVERED]
    )
    def test_what_has_its_own_command_is_said_by_that(self, outcome: Outcome) -> None:
        desk = sent(MET)
        with refused("outcome_by_its_own_command"):
            desk.give(EndPatient("K1", "1", outcome))

    def test_whoever_is_in_care_did_not_go_away(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        with refused("handed_over_already"):
            desk.give(EndPatient("K1", "1", Outcome.REFUSED))

    def test_one_of_two_leaves_the_other_on_the_run(self) -> None:
        desk = sent(MET, patients=2)
        desk.give(EndPatient("K1", "1", Outcome.REFUSED))
        assert desk.case().open
        assert [rider.patient for rider in desk.run(patient="2").riders] == ["2"]
        assert desk.run(patient="2").state is RunState.WITH_PATIENT

    def test_nothing_is_done_twice_nor_for_nobody(self) -> None:
        desk = sent(MET, patients=2)
        desk.give(EndPatient("K1", "1", Outcome.REFUSED))
        with refused("patient_ended", case="K1", patient="1"):
            desk.give(RecordDeath("K1", "1"))
        with refused("no_patient", case="K1", patient="7"):
            desk.give(RecordDeath("K1", "7"))
        with refused("no_case", case="K7"):
            desk.give(RecordDeath("K7", "1"))
        desk.give(EndPatient("K1", "2", Outcome.REFUSED))
        with refused("case_closed", case="K1"):
            desk.give(DescribeCase("K1", why="lagi"))


class TestCancelled:
    def test_everybody_who_is_under_way_is_called_off(self) -> None:
        desk = Desk()
        desk.fleet("a1", "a2")
        desk.facilities = ("f1",)
        desk.opened("accident", "red", 3)
        desk.give(Assign("K1", "a1", patients=("1",)))
        desk.give(Assign("K1", "a2", patients=("2",)))
        events = desk.give(CancelCase("K1", "laporan palsu"))
        assert kinds(events).count("PatientEnded") == 3
        assert {one.outcome for one in desk.case().patients} == {Outcome.CANCELLED}
        assert (status(desk, "a1"), status(desk, "a2")) == ("standby", "standby")
        assert (desk.clocks(), desk.case().search, desk.case().closed_at) == ({}, None, desk.now)
        assert kinds(events)[-1] == "CaseClosed"

    def test_a_draft_too(self) -> None:
        desk = Desk()
        desk.give(OpenCase("K1"))
        desk.give(CancelCase("K1", "salah sambung"))
        assert (desk.case().open, desk.case().intake, desk.clocks()) == (False, None, {})

    @pytest.mark.parametrize("upto", [5, 6, 7])
    def test_not_with_somebody_on_board_or_in_care(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        if upto == 7:
            hand_over(desk)
        with refused("cancel_aboard", case="K1", patient="1"):
            desk.give(CancelCase("K1", "tidak jadi"))
        assert desk.patient().state is not PatientState.ENDED
