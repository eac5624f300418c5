"""The referral desk (SITEGAR): when it is asked, what it answers, and that it may be silent."""

from __future__ import annotations

from dispatch.life import events as e
from dispatch.life.commands import (
    AnswerDesk,
    AskDesk,
)
from dispatch.life.people import Voice
from dispatch.life.referral import AttemptState
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    clock_at,
    desk_says,
    offer,
    only,
    refused,
    request,
    ring,
    rules,
    says_no,
    says_yes,
    sent,
)
from tests.dispatch.life.worlds import DRIVER, Desk, goal


def headed(desk: Desk) -> tuple[str | None, bool]:
    """Where the patient is taken, and whether somebody there has said yes."""
    here = desk.patient()
    return (None if here.goal is None else here.goal.id, here.firm)


class TestSitegar:
    def at_the_desk(self, *, upto: int = 1) -> Desk:
        desk = sent(TO_THE_DOOR[:upto])
        desk.give(AskDesk("K1", "1"))
        return desk

    def test_the_dispatcher_or_the_crew_asks_it(self) -> None:
        desk = sent()
        desk.give(AskDesk("K1", "1"), actor=DRIVER)
        assert (request(desk).because, asked(desk)) == ("crew", [("f1", "withdrawn")])
        assert headed(desk) == ("f1", False), "it goes there meanwhile"
        with refused("desk_asked_already", patient="1"):
            desk.give(AskDesk("K1", "1"))
        desk = self.at_the_desk()
        assert request(desk).because == "dispatcher"

    def test_a_yes_that_there_is_already_is_kept_meanwhile(self) -> None:
        desk = sent()
        says_yes(desk)
        desk.give(AskDesk("K1", "1"))
        assert (asked(desk), headed(desk)) == ([("f1", "accepted")], ("f1", True))
        desk_says(desk, None)
        assert (asked(desk), desk.case().open_request("1")) == ([("f1", "accepted")], None)

    def test_naming_who_has_said_yes_already_does_not_ask_them_again(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        says_yes(desk)
        first = offer(desk).id
        desk.give(AskDesk("K1", "1"))
        desk_says(desk, goal("f1"))
        assert (asked(desk), offer(desk).id) == ([("f1", "accepted")], first)
        assert (desk.patient().goal, desk.patient().firm, desk.case().open_request("1")) == (goal("f1"), True, None)

    def test_its_answer_opens_a_new_attempt_wherever_that_is(self) -> None:
        desk = self.at_the_desk()
        name, voice = request(desk).id, Voice("Petugas SITEGAR", "0251-119")
        desk_says(desk, goal("rs-bogor", "outside"), voice=voice)
        answered = desk.case().request(name)
        assert answered is not None
        assert (answered.state, answered.attempt, answered.voice) == ("answered", offer(desk).id, voice)
        assert (offer(desk).via, offer(desk).state, offer(desk).goal.kind) == ("sitegar", AttemptState.OFFERED, "outside")
        assert (headed(desk), clock_at(desk, "answer"), clock_at(desk, "desk")) == (("rs-bogor", False), 300, None)
        says_yes(desk)
        assert headed(desk) == ("rs-bogor", True)
        with refused("desk_answered"):
            desk.give(AnswerDesk("K1", name, goal("f9")))

    def test_a_place_that_it_has_arranged_need_not_be_asked(self) -> None:
        desk = self.at_the_desk(upto=5)
        voice = Voice("Petugas SITEGAR", "0251-119")
        desk_says(desk, goal("rs-bogor", "outside"), arranged=True, voice=voice)
        assert asked(desk)[-1] == ("rs-bogor", "accepted")
        assert (offer(desk).voice, headed(desk), clock_at(desk, "answer")) == (voice, ("rs-bogor", True), None)

    def test_a_facility_of_the_list_may_be_named_too_even_where_nobody_telephones(self) -> None:
        desk = sent(TO_THE_DOOR[:5], set_by=rules(asking="at_door"))
        desk.give(AskDesk("K1", "1"))
        desk_says(desk, goal("f3"))
        assert offer(desk).state is AttemptState.OFFERED

    def test_it_found_nothing_then_the_next_one_is_asked(self) -> None:
        desk = self.at_the_desk()
        name = request(desk).id
        desk_says(desk, None)
        found = desk.case().request(name)
        assert found is not None
        assert (found.state, found.attempt) == ("nothing_found", None)
        assert asked(desk)[-1] == ("f1", "offered")
        with refused("desk_nothing_found"):
            desk.give(AnswerDesk("K1", name, goal("f9")))

    def test_and_if_nobody_is_left_it_is_asked_again(self) -> None:
        desk = self.at_the_desk()
        desk.facilities = ()
        desk_says(desk, None)
        assert (request(desk).because, len(desk.case().desk)) == ("none_left", 2)

    def test_the_facility_that_it_named_declines_then_it_goes_on(self) -> None:
        desk = self.at_the_desk()
        desk_says(desk, goal("f9", "outside"))
        says_no(desk)
        assert asked(desk)[-2:] == [("f9", "declined"), ("f1", "offered")]

    def test_it_is_silent_then_a_further_facility_is_asked_meanwhile(self) -> None:
        desk = self.at_the_desk()
        rang = only(ring(desk, "desk"), e.CaseClockRang)
        assert (rang.count, desk.case().open_attempt("1")) == (1, None)
        ring(desk, "desk")
        assert (offer(desk).goal.id, request(desk).state) == ("f1", "asked")
        says_yes(desk)
        assert desk.case().open_request("1") is None

    def test_never_where_the_region_does_not_want_it(self) -> None:
        desk = sent(TO_THE_DOOR[:1], set_by=rules(desk_rings=0))
        desk.give(AskDesk("K1", "1"))
        for count in range(1, 6):
            assert only(ring(desk, "desk"), e.CaseClockRang).count == count
        assert desk.case().open_attempt("1") is None

    def test_its_answer_takes_the_place_of_whoever_is_being_asked(self) -> None:
        desk = self.at_the_desk()
        for _ in range(2):
            ring(desk, "desk")
        desk_says(desk, goal("f9", "outside"))
        assert asked(desk)[-2:] == [("f1", "withdrawn"), ("f9", "offered")]

    def test_it_names_facilities_only(self) -> None:
        desk = self.at_the_desk()
        with refused("not_a_facility", goal="rumah"):
            desk_says(desk, goal("rumah", "given"))
        with refused("no_request", case="K1", request="x"):
            desk.give(AnswerDesk("K1", "x", None))
