"""Which clocks run in which state, and when each rings; a region's own figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dispatch.cases import Priority
from dispatch.life.case import Search
from dispatch.life.clocks import clock_kind, clocks_of
from dispatch.life.commands import (
    AskDesk,
    Assign,
    BeginTreatment,
    DescribeCase,
    EndEscort,
    OpenCase,
    Progress,
    Ring,
    SeekHelp,
    StandDown,
)
from dispatch.life.events import CaseClockRang, Ref
from dispatch.life.ringing import wanted_by_ring
from dispatch.life.rules import default_rules, read_rules
from dispatch.life.run import Rider
from dispatch.life.searching import overdue
from dispatch.life.stamps import TimePoint, Watch
from dispatch.settings import default_settings
from routing import DataError, read_table
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    booked_trip,
    clock_at,
    hand_over,
    refused,
    request,
    ring,
    rules,
    says_no,
    sent,
)
from tests.dispatch.life.worlds import HERE, START, Desk

EACH = ["acknowledge", "depart", "reach", "scene", "scene", "carry", "handover", "escort", "clear"]


def test_each_state_of_a_run_has_a_clock() -> None:
    desk = sent()
    seen = [clock_kind(desk.run())]
    for point in TO_THE_DOOR:
        desk.give(Progress(desk.run().id, point))
        seen.append(clock_kind(desk.run()))
    hand_over(desk)
    seen.append(clock_kind(desk.run()))
    desk.give(EndEscort(desk.run().id, ""))
    seen.append(clock_kind(desk.run()))
    assert seen == EACH
    run = desk.run().id
    desk.give(Progress(run, TimePoint.AVAILABLE))
    assert clocks_of(desk.world.runs[run], desk.rules) == {}


@pytest.mark.parametrize("upto", range(len(TO_THE_DOOR) + 1))
def test_a_clock_rings_first_and_then_again_and_again(upto: int) -> None:
    desk = sent(TO_THE_DOOR[:upto])
    run = desk.run()
    kind = clock_kind(run)
    period = desk.rules.clocks[kind]
    first = clock_at(desk, "run", run.id)
    if kind == "reach":
        assert first == 300 * desk.rules.late_factor + desk.rules.late.total_seconds()
    else:
        assert first == period.first.total_seconds()
    if kind == "acknowledge":
        return
    for count in (1, 2):
        ring(desk, "run")
        assert desk.run().watch == Watch(run.watch.since, count)
        assert clock_at(desk, "run", run.id) == period.again.total_seconds()


def test_a_leg_whose_time_nobody_knows_has_a_clock_all_the_same() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.opened("social_transport", "green")
    desk.vehicles = ()
    desk.give(Assign("K1", "a1"))
    desk.give(Progress(desk.run().id, TimePoint.DEPARTED))
    assert (desk.run().expected_ms, clock_at(desk, "run", desk.run().id)) == (None, 1_800)
    desk.give(Progress(desk.run().id, TimePoint.LEFT_SCENE))
    assert clock_at(desk, "run", desk.run().id) == 2_700


def test_with_the_patient_on_board_the_time_to_the_facility_counts_where_it_is_known() -> None:
    desk = sent(TO_THE_DOOR[:5])
    assert clock_at(desk, "run", desk.run().id) == 2_700
    says_no(desk)
    assert desk.run().expected_ms == 600_000
    assert clock_at(desk, "run", desk.run().id) == 600 * 1.5 + 180


def test_a_clock_does_not_ring_early_nor_under_another_name() -> None:
    desk = sent((TimePoint.ACKNOWLEDGED,))
    run = desk.run()
    at = run.watch.since + timedelta(seconds=180)
    desk.now = at - timedelta(seconds=1)
    assert desk.give(Ring(Ref("run", run.id), "run", at)) == ()
    desk.now = at
    assert desk.give(Ring(Ref("run", run.id), "depart", at)) == ()
    assert desk.give(Ring(Ref("unit", "a1"), "run", at)) == ()
    assert desk.give(Ring(Ref("run", run.id), "run", at)) != ()


def test_rung_twice_at_the_same_time_counts_once() -> None:
    desk = sent((TimePoint.ACKNOWLEDGED,))
    run = desk.run().id
    ring(desk, "run")
    assert desk.give(Ring(Ref("run", run), "run", desk.now)) == ()


def test_a_closed_case_has_none() -> None:
    desk = sent(TO_THE_DOOR)
    desk.give(AskDesk("K1", "1"))
    hand_over(desk)
    desk.give(BeginTreatment("K1", "1"))
    assert clocks_of(desk.case(), desk.rules) == {}


def test_units_and_officers_have_none() -> None:
    desk = sent()
    assert clocks_of(desk.world.units["a1"], desk.rules) == {}


def test_whoever_waits_goes_on_waiting_from_when_it_was_recorded() -> None:
    desk = sent()
    told = desk.now + timedelta(minutes=1)
    desk.wait(minutes=30)
    desk.give(Progress(desk.run().id, TimePoint.ACKNOWLEDGED), at=told)
    assert desk.run().watch.since == desk.now
    assert clock_at(desk, "run", desk.run().id) == 180


def test_so_does_a_call_that_is_told_late_and_a_search() -> None:
    desk = Desk()
    told = desk.now
    desk.wait(minutes=30)
    desk.give(OpenCase("K1"), at=told)
    assert clock_at(desk, "intake") == 120
    desk.give(OpenCase("K2", "emergency", Priority.RED, HERE), at=told)
    assert desk.case("K2").search is not None
    desk.give(SeekHelp("K2"), at=told)
    assert clock_at(desk, "search", "K2") == 120


def test_a_booked_trip_that_is_late_already_rings_at_once_and_not_before_its_search_began() -> None:
    desk = Desk()
    desk.fleet("a1")
    trip = booked_trip(desk)
    assert desk.world.runs[trip.id].live
    desk.give(StandDown(trip.id, ""))
    desk.give(DescribeCase("B1", pickup_at=START - timedelta(hours=1)))
    assert (clock_at(desk, "search", "B1") or 0) > 0


@pytest.mark.parametrize("late", [0, 1, 119, 120, 121, 8 * 3600])
def test_a_clock_that_nobody_heard_rings_once_and_counts_for_all(late: int) -> None:
    desk = Desk()
    desk.give(OpenCase("K1"))
    desk.wait(seconds=120 + late)
    (rang,) = desk.give(Ring(Ref("case", "K1"), "intake", START + timedelta(seconds=120)))
    assert rang.event == CaseClockRang("K1", "intake", 1 + late // 120)
    assert 0 < (clock_at(desk, "intake") or 0) <= 120


def test_a_crew_that_is_booked_for_later_is_not_told_to_leave_now() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE, pickup_at=START + timedelta(minutes=40)))
    desk.give(Assign("B1", "a1"))
    run = desk.run("B1")
    assert run.due_at == START + timedelta(minutes=40)
    assert clock_at(desk, "run", run.id) == 60  # to acknowledge, as ever
    desk.give(Progress(run.id, TimePoint.ACKNOWLEDGED))
    waits = clock_at(desk, "run", run.id)
    assert waits == 40 * 60 - (run.expected_ms or 0) / 1000 > 180
    ring(desk, "run", of=run.id)
    assert clock_at(desk, "run", run.id) == 120


def test_what_is_worked_out_before_a_clock_rings() -> None:
    desk = Desk()
    desk.opened(patients=2)
    both = (Rider("K1", "1"), Rider("K1", "2"))
    found = wanted_by_ring(desk.world, Ring(Ref("case", "K1"), "search", desk.now))
    assert (found.vehicles_for, found.facilities_for) == ("K1", both)
    desk = sent()
    desk.give(AskDesk("K1", "1"))
    name = f"desk:{request(desk).id}"
    assert wanted_by_ring(desk.world, Ring(Ref("case", "K1"), name, desk.now)).facilities_for == both[:1]


@pytest.mark.parametrize(
    ("step", "rung", "rings", "due"),
    [("assign", 3, 3, True), ("assign", 4, 3, True), ("assign", 2, 3, False), ("assign", 9, 0, False), ("queue", 9, 3, False)],
)
def test_when_nobody_chooses_for_too_long(step: Any, rung: int, rings: int, due: bool) -> None:
    desk = Desk()
    desk.opened()
    case = replace(desk.case(), search=Search(step, Watch(START)))
    assert overdue(case, rung, rings) is due


class TestARegionsOwnFigures:
    def test_it_sets_what_it_likes_and_keeps_the_rest(self) -> None:
        over = {
            "clocks": {"desk": {"first": 60, "again": 30}, "scene": {"first": 60}},
            "referral": {"after_decline": "sitegar", "desk_phone": "0251-1"},
        }
        mine, usual = read_rules(read_table("life.toml"), default_settings(), over), default_rules()
        assert mine.clocks["desk"].first == timedelta(minutes=1)
        assert mine.clocks["scene"].again == usual.clocks["scene"].again
        assert mine.clocks["desk"].until(2) == timedelta(minutes=2)
        assert (mine.after_decline, mine.desk_phone, mine.desk_name) == ("sitegar", "0251-1", "SITEGAR")
        assert mine.clocks["answer"] == usual.clocks["answer"]
        assert usual.clocks["answer"].first == timedelta(minutes=5)
        assert usual.clocks["acknowledge"].first == timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("over", "said"),
        [
            ({"clock": {}}, "no section [clock]"),
            ({"clocks": {"tea": {"first": 1, "again": 1}}}, "[clocks] has no key 'tea'"),
            ({"clocks": {"desk": {"first": 0, "again": 30}}}, "desk: first must be a number of seconds"),
            ({"clocks": {"desk": {"again": 0}}}, "desk: again must be a number of seconds"),
            ({"clocks": {"desk": {"fist": 60}}}, "[clocks] desk has no key 'fist'"),
            ({"clocks": 5}, "[clocks] must be a section"),
            ({"clocks": {"desk": 60}}, "desk: first must be"),
            ({"clocks": {"desk": {"first": True, "again": 30}}}, "desk: first must be"),
            ({"search": {"no_vehicle": ["neighbours"]}}, "'queue' last"),
            ({"search": {"no_vehicle": []}}, "'queue' last"),
            ({"search": {"no_vehicle": ["taxi", "queue"]}}, "must be some of neighbours, psc119, queue"),
            ({"search": {"no_vehicle": ["psc119", "psc119", "queue"]}}, "each once"),
            ({"search": {"assign_rings": 101}}, "assign_rings must be a number from 0 to 100"),
            ({"referral": {"after_decline": "luck"}}, "after_decline must be one of next, sitegar"),
            ({"late": {"factor": 0.5}}, "factor must be a number from 1 to 10"),
            ({"clock_skew": {"tolerance_seconds": "2m"}}, "tolerance_seconds must be a number"),
        ],
    )
    def test_what_can_not_be_meant_is_named(self, over: dict[str, Any], said: str) -> None:
        with pytest.raises(DataError) as caught:
            read_rules(read_table("life.toml"), default_settings(), over, "cibinong.toml")
        assert said in str(caught.value)
        assert "cibinong.toml" in str(caught.value)

    def test_a_clock_that_the_table_forgets_is_named(self) -> None:
        table = read_table("life.toml")
        table = {**table, "clocks": {name: value for name, value in table["clocks"].items() if name != "escort"}}
        with pytest.raises(DataError, match="look at 'escort'"):
            read_rules(table, default_settings())

    def test_a_shorter_patience(self) -> None:
        patient = rules(skew=timedelta(seconds=5))
        desk = sent((TimePoint.ACKNOWLEDGED,), set_by=patient)
        with refused("time_before_last", seconds=6):
            desk.give(Progress(desk.run().id, TimePoint.DEPARTED), at=desk.now - timedelta(seconds=6))
