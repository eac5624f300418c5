"""Asking for a place: facilities one after the other, late answers, answers taken back, refusals at the door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.life import events as e
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    AnswerDesk,
    AnswerOffer,
    AskDesk,
    AskFacility,
    Assign,
    HandOver,
    Progress,
    RecordDeath,
    RefuseAtDoor,
    Ring,
    SetGoal,
    StandDown,
)
from dispatch.life.decide import wanted
from dispatch.life.events import Ref
from dispatch.life.facts import NOTHING
from dispatch.life.people import Voice
from dispatch.life.referral import Decline
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    clock_at,
    hand_over,
    offer,
    only,
    press,
    refused,
    request,
    ring,
    rules,
    says_no,
    says_yes,
    sent,
)
from tests.dispatch.life.worlds import DISPATCHER, DRIVER, Desk, goal, kinds

US = (Rider("K1", "1"),)


def headed(desk: Desk) -> tuple[str | None, bool]:
    """Where the patient is taken, and whether somebody there has said yes."""
    here = desk.patient()
    return (None if here.goal is None else here.goal.id, here.firm)


class TestOneFacility:
    def test_while_it_is_asked_it_is_the_interim_destination_and_a_clock_runs(self) -> None:
        desk = sent()
        assert (headed(desk), clock_at(desk, "answer")) == (("f1", False), 300)

    def test_it_accepts(self) -> None:
        desk = sent()
        says_yes(desk)
        assert (asked(desk), headed(desk)) == ([("f1", "accepted")], ("f1", True))
        assert clock_at(desk, "answer") is None
        with refused("accepted_already", facility="F1"):
            desk.give(AnswerOffer("K1", offer(desk).id, True))

    @pytest.mark.parametrize("why", list(Decline))
    def test_it_declines_with_a_reason_and_the_next_one_is_asked(self, why: Decline) -> None:
        desk = sent()
        says_no(desk, why)
        assert asked(desk) == [("f1", "declined"), ("f2", "offered")]
        assert desk.case().attempts[0].why is why
        assert headed(desk) == ("f2", False)
        with refused("declined_already", facility="F1"):
            desk.give(AnswerOffer("K1", desk.case().attempts[0].id, False, why))

    def test_a_decline_without_a_reason_is_none(self) -> None:
        desk = sent()
        with refused("decline_without_reason"):
            desk.give(AnswerOffer("K1", offer(desk).id, False))

    def test_no_answer_in_five_minutes_counts_as_a_decline(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        begun = offer(desk).watch.since
        ring(desk, "answer")
        assert desk.now == begun + timedelta(minutes=5)
        assert asked(desk) == [("f1", "unanswered"), ("f2", "offered")]

    def test_an_unknown_offer(self) -> None:
        desk = sent()
        with refused("no_attempt", case="K1", attempt="x"):
            desk.give(AnswerOffer("K1", "x", True))

    def test_a_word_taken_down_by_telephone_has_a_name_a_number_and_a_time(self) -> None:
        desk = sent()
        voice, note = Voice("Bidan Rina, IGD", "0251-8311"), "bed 4"
        attempt = offer(desk).id
        desk.wait(minutes=2)
        told = desk.now - timedelta(minutes=1)
        events = desk.give(AnswerOffer("K1", attempt, True, None, note, voice), actor=DISPATCHER, at=told)
        moved = only(events, e.AttemptMoved)
        assert (moved.voice, moved.note) == (voice, note)
        assert (events[0].happened_at, events[0].recorded_at, events[0].actor) == (told, desk.now, DISPATCHER)
        assert desk.case().attempts[0].voice == voice

    def test_whose_word_it_was_is_kept_when_the_offer_is_withdrawn(self) -> None:
        desk = sent()
        says_yes(desk, voice=Voice("Rina"))
        desk.give(AskFacility("K1", "1", goal("f3")))
        assert (asked(desk)[0], desk.case().attempts[0].voice) == (("f1", "withdrawn"), Voice("Rina"))

    def test_whoever_is_on_board_is_told_the_new_way(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        events = desk.give(AnswerOffer("K1", offer(desk).id, False, Decline.ICU_FULL))
        rerouted = only(events, e.RunRerouted)
        assert (rerouted.why, rerouted.expected_ms, desk.run().expected_ms) == ("asked", 600_000, 600_000)
        assert "RunRerouted" not in kinds(desk.give(AnswerOffer("K1", offer(desk).id, True))), "it goes there already"

    def test_nobody_is_rerouted_before(self) -> None:
        desk = sent(TO_THE_DOOR[:2])
        assert "RunRerouted" not in kinds(desk.give(AnswerOffer("K1", offer(desk).id, False, Decline.OTHER)))


class TestWhoIsNext:
    def test_sitegar_after_three_tries(self) -> None:
        desk = sent()
        desk.facilities = ("f1", "f2", "f3", "f4")
        for _ in range(3):
            says_no(desk)
        assert asked(desk) == [("f1", "declined"), ("f2", "declined"), ("f3", "declined")]
        assert (request(desk).because, clock_at(desk, "desk")) == ("tries_used", 300)
        assert headed(desk) == ("f4", False), "meanwhile it drives to the nearest that may take the patient"

    def test_sitegar_when_no_facility_is_left(self) -> None:
        desk = sent()
        desk.facilities = ("f1",)
        says_no(desk)
        assert request(desk).because == "none_left"
        assert headed(desk) == ("f1", False), "nowhere better to drive meanwhile"

    def test_sitegar_at_once_where_the_region_wants_it(self) -> None:
        desk = sent(set_by=rules(after_decline="sitegar"))
        assert asked(desk) == [("f1", "offered")], "somebody is asked first"
        says_no(desk)
        assert (asked(desk), request(desk).because) == ([("f1", "declined")], "region_asks_desk")
        assert headed(desk) == ("f2", False)

    def test_sitegar_when_it_is_quicker(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.facilities, desk.by_desk = ("f1",), True
        desk.opened()
        desk.give(Assign("K1", "a1"))
        assert (asked(desk), request(desk).because, headed(desk)) == ([], "quicker", ("f1", False))

    def test_tries_count_no_answers_too(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,), set_by=rules(tries=2))
        ring(desk, "answer")
        says_no(desk)
        assert request(desk).because == "tries_used"

    def test_the_dispatcher_asks_another_one_and_the_first_is_told(self) -> None:
        desk = sent()
        desk.give(AskFacility("K1", "1", goal("f3")))
        assert asked(desk) == [("f1", "withdrawn"), ("f3", "offered")]
        assert (offer(desk).via, headed(desk)) == ("dispatcher", ("f3", False))
        with refused("asked_already", facility="F3"):
            desk.give(AskFacility("K1", "1", goal("f3")))
        with refused("attempt_withdrawn", facility="F1"):
            desk.give(AnswerOffer("K1", desk.case().attempts[0].id, True))

    def test_so_may_the_crew_also_one_in_no_register(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.give(AskFacility("K1", "1", goal("klinik", "outside")), actor=DRIVER)
        assert (offer(desk).via, offer(desk).goal.kind) == ("crew", "outside")

    def test_a_house_is_not_asked_and_a_facility_is(self) -> None:
        desk = sent()
        with refused("not_a_facility", goal="rumah"):
            desk.give(AskFacility("K1", "1", goal("rumah", "given")))
        with refused("facility_must_be_asked", goal="f2"):
            desk.give(SetGoal("K1", "1", goal("f2"), "dekat"))

    def test_a_place_that_need_not_be_asked(self) -> None:
        desk = sent()
        desk.give(SetGoal("K1", "1", goal("rumah", "given"), "minta pulang"))
        assert (asked(desk), headed(desk)) == ([("f1", "withdrawn")], ("rumah", True))

    @pytest.mark.parametrize("what", ["ask", "desk", "answer", "goal"])
    def test_nobody_is_asked_for_someone_who_is_in_care(self, what: str) -> None:
        desk = sent(TO_THE_DOOR)
        attempt = offer(desk).id
        hand_over(desk)
        commands = {
            "ask": AskFacility("K1", "1", goal("f2")),
            "desk": AskDesk("K1", "1"),
            "answer": AnswerOffer("K1", attempt, False, Decline.OTHER),
            "goal": SetGoal("K1", "1", goal("rumah", "given"), ""),
        }
        with refused("handed_over_already", patient="1"):
            desk.give(commands[what])

    def test_which_places_are_worked_out(self) -> None:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        name = offer(desk).id
        no = AnswerOffer("K1", name, False, Decline.OTHER)
        ringing = Ring(Ref("case", "K1"), f"answer:{name}", desk.now)
        for command in (no, ringing, RefuseAtDoor("K1", "1", Decline.OTHER)):
            assert wanted(desk.world, command).facilities_for == US
        assert wanted(desk.world, AnswerOffer("K1", name, True)) == NOTHING
        desk.give(AskDesk("K1", "1"))
        name = request(desk).id
        assert wanted(desk.world, AnswerDesk("K1", name, None)).facilities_for == US
        assert wanted(desk.world, AnswerDesk("K1", name, goal("f9"))) == NOTHING
        assert wanted(desk.world, Ring(Ref("case", "K1"), f"desk:{name}", desk.now)).facilities_for == US


class TestLateAndTakenBack:
    def unanswered(self) -> tuple[Desk, str]:
        desk = sent((TimePoint.ACKNOWLEDGED,))
        first = offer(desk).id
        ring(desk, "answer")
        return desk, first

    def test_a_late_yes_still_counts_while_nobody_else_has_said_yes(self) -> None:
        desk, first = self.unanswered()
        desk.give(AnswerOffer("K1", first, True))
        assert asked(desk) == [("f1", "accepted"), ("f2", "withdrawn")]
        assert headed(desk) == ("f1", True)

    def test_it_spares_sitegar_the_answer(self) -> None:
        desk, first = self.unanswered()
        desk.give(AskDesk("K1", "1"))
        name = request(desk).id
        desk.give(AnswerOffer("K1", first, True))
        assert desk.case().open_request("1") is None
        with refused("desk_withdrawn"):
            desk.give(AnswerDesk("K1", name, goal("f9")))

    def test_not_once_somebody_else_has(self) -> None:
        desk, first = self.unanswered()
        says_yes(desk)
        with refused("accepted_elsewhere", facility="F2"):
            desk.give(AnswerOffer("K1", first, True))

    def test_a_late_no_changes_nothing_but_the_record(self) -> None:
        desk, first = self.unanswered()
        events = desk.give(AnswerOffer("K1", first, False, Decline.NO_DOCTOR))
        assert kinds(events) == ["AttemptMoved"]
        assert asked(desk) == [("f1", "declined"), ("f2", "offered")]

    def test_a_yes_is_taken_back_and_the_next_one_is_asked(self) -> None:
        desk = sent()
        says_yes(desk)
        says_no(desk, Decline.ICU_FULL)
        assert asked(desk) == [("f1", "declined"), ("f2", "offered")]
        assert headed(desk) == ("f2", False)

    def test_a_yes_taken_back_with_nobody_else_to_ask_is_no_promise_any_more(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        says_yes(desk)
        desk.facilities = ()
        says_no(desk, Decline.NO_DOCTOR)
        assert (headed(desk), request(desk).because) == (("f1", False), "none_left")

    def test_a_no_is_taken_back(self) -> None:
        desk = sent()
        says_no(desk)
        desk.give(AnswerOffer("K1", desk.case().attempts[0].id, True))
        assert asked(desk) == [("f1", "accepted"), ("f2", "withdrawn")]
        assert desk.case().attempts[0].why is None


class TestAtTheDoor:
    def test_refused_although_accepted(self) -> None:
        desk = sent(TO_THE_DOOR)
        says_yes(desk)
        voice = Voice("Satpam IGD")
        events = desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL, "penuh mendadak", voice), actor=DRIVER)
        assert asked(desk) == [("f1", "refused_at_door"), ("f2", "offered")]
        first = desk.case().attempts[0]
        assert (first.why, first.voice, headed(desk)) == (Decline.ROOM_FULL, voice, ("f2", False))
        assert only(events, e.RunRerouted).why == "asked"
        press(desk, TimePoint.LEFT_FACILITY)
        assert (desk.run().state, desk.patient().state) == (RunState.CARRYING, PatientState.ABOARD)
        press(desk, TimePoint.AT_FACILITY)
        says_yes(desk)
        hand_over(desk)
        assert desk.patient().state is PatientState.HANDED_OVER
        with refused("handed_over_already"):
            desk.give(AnswerOffer("K1", first.id, True))

    def test_refused_without_having_been_asked(self) -> None:
        desk = sent(TO_THE_DOOR, set_by=rules(asking="at_door"))
        desk.give(RefuseAtDoor("K1", "1", Decline.NO_DOCTOR))
        assert asked(desk) == [("f1", "refused_at_door"), ("f2", "unasked")]

    def test_refused_before_it_has_answered(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(RefuseAtDoor("K1", "1", Decline.NO_DOCTOR))
        assert asked(desk) == [("f1", "refused_at_door"), ("f2", "offered")]
        with refused("attempt_refused_at_door", facility="F1"):
            desk.give(AnswerOffer("K1", desk.case().attempts[0].id, True))

    def test_sitegar_where_the_region_wants_it(self) -> None:
        desk = sent(TO_THE_DOOR, set_by=rules(after_decline="sitegar"))
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        assert request(desk).because == "refused_at_door"

    def test_while_sitegar_is_being_asked_it_is_on_record_and_sitegar_still_answers(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.give(AskDesk("K1", "1"))
        press(desk, TimePoint.AT_FACILITY)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        assert asked(desk)[-1] == ("f1", "refused_at_door")
        assert (request(desk).state, desk.case().open_attempt("1")) == ("asked", None)

    @pytest.mark.parametrize("upto", [0, 2, 4])
    def test_only_with_the_patient_on_board(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        with refused("not_at_a_door", patient="1"):
            desk.give(RefuseAtDoor("K1", "1", Decline.OTHER))

    def test_not_at_a_house(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(SetGoal("K1", "1", goal("rumah", "given"), ""))
        with refused("not_at_a_door"):
            desk.give(RefuseAtDoor("K1", "1", Decline.OTHER))

    def test_whoever_takes_the_patient_has_accepted_said_or_not(self) -> None:
        desk = sent(TO_THE_DOOR)
        assert asked(desk) == [("f1", "offered")]
        hand_over(desk)
        assert asked(desk) == [("f1", "accepted")]

    def test_told_by_the_crew_and_by_the_dispatcher_it_is_one_refusal(self) -> None:
        desk = sent(TO_THE_DOOR)
        says_yes(desk)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL), actor=DRIVER)
        with refused("refusal_recorded", patient="1", facility="F2"):
            desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        assert asked(desk) == [("f1", "refused_at_door"), ("f2", "offered")]

    def test_also_if_they_have_driven_on_meanwhile(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL), actor=DRIVER)
        press(desk, TimePoint.LEFT_FACILITY)
        says_yes(desk)
        for more in ({}, {"facility": "f1"}):
            with refused("refusal_recorded", patient="1"):
                desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL, **more))  # type: ignore[arg-type]
        with refused("not_at_a_door"):
            desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL, facility="f3"))
        assert headed(desk) == ("f2", True)

    @pytest.mark.parametrize("named", [False, True])
    def test_the_next_door_may_refuse_as_well(self, named: bool) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
        if named:
            desk.give(RefuseAtDoor("K1", "1", Decline.NO_DOCTOR, facility="f2"))
        else:
            press(desk, TimePoint.AT_FACILITY)
            desk.give(RefuseAtDoor("K1", "1", Decline.NO_DOCTOR))
        assert asked(desk) == [("f1", "refused_at_door"), ("f2", "refused_at_door"), ("f3", "offered")]

    def test_who_takes_them_can_be_said(self) -> None:
        """They drove on from where nobody answered, and nobody pressed it."""
        desk = sent(TO_THE_DOOR)
        ring(desk, "answer")
        says_yes(desk)
        with refused("not_asked", patient="1", facility="f9"):
            desk.give(HandOver("K1", "1", facility="f9"))
        desk.give(HandOver("K1", "1", facility="f2"))
        assert asked(desk) == [("f1", "unanswered"), ("f2", "accepted")]

    def test_at_whose_door_they_stand_takes_them_whoever_else_has_said_yes_meanwhile(self) -> None:
        desk = sent(TO_THE_DOOR)
        desk.give(AskFacility("K1", "1", goal("f2")))
        says_yes(desk)
        hand_over(desk)
        assert ("f1", "accepted") in asked(desk)
        assert ("f2", "accepted") not in asked(desk)

    def test_unless_that_one_has_said_no(self) -> None:
        """Then nobody pressed that they drove on."""
        desk = sent(TO_THE_DOOR)
        says_no(desk)
        says_yes(desk)
        hand_over(desk)
        assert asked(desk) == [("f1", "declined"), ("f2", "accepted")]

    def test_whoever_does_not_get_the_patient_is_told(self) -> None:
        desk = sent()
        desk.give(StandDown(desk.run().id, "salah"))
        desk.give(Assign("K1", "a2", goal=goal("rumah", "given")))
        press(desk, *TO_THE_DOOR)
        hand_over(desk)
        assert asked(desk) == [("f1", "withdrawn")]

    def test_whoever_was_asked_meanwhile_is_told(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.give(AskDesk("K1", "1"))
        press(desk, TimePoint.AT_FACILITY)
        name = request(desk).id
        hand_over(desk)
        found = desk.case().request(name)
        assert found is not None
        assert found.state == "withdrawn"


class TestEveryPatientByThemselves:
    def test_two_patients_two_facilities(self) -> None:
        desk = sent(TO_THE_DOOR[:5], patients=2)
        says_no(desk, patient="2")
        says_yes(desk, "1")
        says_yes(desk, "2")
        assert asked(desk, "1") == [("f1", "accepted")]
        assert asked(desk, "2") == [("f1", "declined"), ("f2", "accepted")]
        assert (desk.patient("1").goal, desk.patient("2").goal) == (goal("f1"), goal("f2"))

    def test_a_death_of_one_leaves_the_others_place(self) -> None:
        desk = sent(TO_THE_DOOR[:5], patients=2)
        desk.give(RecordDeath("K1", "1"))
        assert asked(desk, "1") == [("f1", "withdrawn")]
        assert asked(desk, "2") == [("f1", "offered")]


def test_boarding_asks_for_whoever_has_no_place_yet() -> None:
    desk = sent((), set_by=rules(asking="on_board"))
    desk.give(Progress(desk.run().id, TimePoint.AT_FACILITY))
    assert asked(desk) == [("f1", "offered")]
    assert desk.patient().state is PatientState.AT_FACILITY
