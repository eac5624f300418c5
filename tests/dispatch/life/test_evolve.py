"""Folding events: the log gives the world again, written and read as well; what does not belong together is an error."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life import events as e
from dispatch.life.case import RIDING, Case, Outcome, Patient, PatientState
from dispatch.life.commands import (
    AnswerHelp,
    AskDesk,
    Assign,
    BeginTreatment,
    ClaimAvailability,
    Command,
    CorrectTime,
    DeclineJob,
    DescribeCase,
    EndPatient,
    HandOver,
    Issued,
    MergeCase,
    OpenCase,
    PostCondition,
    Progress,
    RecordDeath,
    RefuseAtDoor,
    ReportBreakdown,
    Ring,
    SeekHelp,
    SetGoal,
    TryAgain,
    WithdrawCondition,
)
from dispatch.life.decide import decide
from dispatch.life.events import Recorded, Ref
from dispatch.life.evolve import apply, evolve
from dispatch.life.facts import Facts
from dispatch.life.people import CLOCK, Voice
from dispatch.life.referral import Decline
from dispatch.life.reports import Condition
from dispatch.life.rules import default_rules
from dispatch.life.run import STATUS_OF, RunState
from dispatch.life.stamps import TimePoint
from dispatch.life.world import World, links
from tests.dispatch.life.stories import TO_THE_DOOR, desk_says, hand_over, officers, press, ring, sent
from tests.dispatch.life.worlds import DISPATCHER, DRIVER, HERE, START, Desk, goal


def long_day() -> Desk:
    """A day on which almost everything happens."""
    desk = sent((TimePoint.ACKNOWLEDGED,))
    officers(desk, "ani")
    desk.opened(case="K2")
    desk.give(MergeCase("K2", "K1", ("1",)))
    desk.give(SeekHelp("K1"))
    desk.give(AnswerHelp("K1", True, "psc119", "PSC 119", Voice("Ani", "119"), 900))
    press(desk, *TO_THE_DOOR[1:])
    desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
    desk.give(AskDesk("K1", "1"))
    desk_says(desk, goal("rs", "outside"), arranged=True)
    press(desk, TimePoint.LEFT_FACILITY, TimePoint.AT_FACILITY)
    hand_over(desk)
    desk.give(CorrectTime(desk.run().id, TimePoint.AT_SCENE, desk.run().stamps[3].happened_at, "benar"))
    desk.give(BeginTreatment("K1", "1"))
    desk.give(DeclineJob(desk.run(patient="2").id, "macet"))
    desk.give(RecordDeath("K1", "2"))
    desk.give(OpenCase("B1", noted=("caller_name",)))
    ring(desk, "intake")
    desk.give(DescribeCase("B1", "home_care", Priority.GREEN, HERE))
    desk.give(Assign("B1", None, ("ani",)))
    press(desk, *TO_THE_DOOR[:4], case="B1")
    desk.give(EndPatient("B1", "1", Outcome.SERVED))
    desk.give(ReportBreakdown("a2"))
    desk.give(PostCondition(Condition("c1", "flood", "closed", ways=(1,))))
    desk.give(WithdrawCondition("c1"))
    desk.give(ClaimAvailability("f1", "f1", "icu", "full"))
    return desk


def test_the_log_gives_the_world_again() -> None:
    desk = long_day()
    world = World()
    for recorded in desk.log:
        world = apply(world, recorded)
    assert world == desk.world


def test_written_and_read_it_is_the_same() -> None:
    desk = long_day()
    for coder in (msgspec.json, msgspec.msgpack):
        read = coder.decode(coder.encode(desk.log), type=list[Recorded])
        assert read == desk.log
    assert {one.schema for one in desk.log} == {1}


def test_every_event_says_who_when_and_by_which_command() -> None:
    desk = sent()
    desk.wait(minutes=2)
    told = desk.now
    desk.wait(minutes=1)
    events = desk.give(Progress(desk.run().id, TimePoint.DEPARTED), actor=DRIVER, at=told, command_id="cmd-7")
    assert events
    for one in events:
        assert (one.happened_at, one.recorded_at, one.actor, one.command) == (told, desk.now, DRIVER, "cmd-7")


def test_ids_are_made_from_the_commands_id() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.facilities = ("f1",)
    desk.opened()
    desk.give(Assign("K1", "a1"), command_id="cmd-7")
    assert (desk.run().id, desk.case().attempts[0].id) == ("cmd-7.1", "cmd-7.2")


def test_the_same_command_on_the_same_world_leads_to_the_same_events() -> None:
    desk = sent()
    issued = Issued("cmd-7", DISPATCHER, desk.now, DeclineJob(desk.run().id, "ban bocor"))
    facts = Facts(desk.now, desk.rules, "K1", desk.facts().vehicles)
    before = desk.world
    assert decide(desk.world, issued, facts) == decide(desk.world, issued, facts)
    assert desk.world is before


def test_commands_can_be_written_and_read() -> None:
    for command in (SetGoal("K1", "1", goal("rumah", "given"), ""), HandOver("K1", "1", Voice("Rina")), TryAgain("K1")):
        issued = Issued("c", DISPATCHER, START, command)
        assert msgspec.json.decode(msgspec.json.encode(issued), type=Issued) == issued
    tags = [kind.__struct_config__.tag for kind in Command.__args__]  # type: ignore[attr-defined]
    assert len(set(tags)) == len(tags)


def recorded(event: e.Event) -> Recorded:
    return Recorded(event, START, START, CLOCK, "c")


@pytest.mark.parametrize(
    "event",
    [
        e.PatientMet("K1", "1"),
        e.RunEnded("R1", "completed"),
        e.UnitBroke("a1"),
        e.OfficerRetired("ani"),
        e.ConditionWithdrawn("c1"),
    ],
)
def test_nothing_can_happen_to_what_is_not_there(event: e.Event) -> None:
    with pytest.raises(ValueError, match="can't follow on None"):
        apply(World(), recorded(event))


def test_nor_can_the_event_of_one_thing_happen_to_another() -> None:
    desk = sent()
    with pytest.raises(ValueError, match="can't follow on"):
        evolve(desk.case(), recorded(e.RunEnded("R1", "completed")))
    with pytest.raises(ValueError, match="no clock 'tea'"):
        evolve(desk.case(), recorded(e.CaseClockRang("K1", "tea", 1)))


def test_a_case_that_is_closed_leaves_nothing_running() -> None:
    draft = Case("K1", None, None, None, START, START, patients=(Patient("1"),))
    opened = evolve(None, recorded(e.CaseOpened("K1", None, None, None, ("1",), START)))
    assert isinstance(opened, Case)
    assert opened.intake is not None
    ended = evolve(opened, recorded(e.PatientEnded("K1", "1", Outcome.CANCELLED)))
    closed = evolve(ended, recorded(e.CaseClosed("K1")))
    assert isinstance(closed, Case)
    assert (closed.intake, closed.search, closed.closed_at, draft.open) == (None, None, START, True)


def test_states_come_in_the_order_of_a_life() -> None:
    assert [state.rank for state in RunState] == sorted(state.rank for state in RunState)
    assert RunState.ASSIGNED.rank < RunState.CARRYING.rank < RunState.ESCORTING.rank < RunState.ENDED.rank
    assert [point.rank for point in TimePoint] == list(range(len(TimePoint)))
    assert PatientState.WAITING.rank == 0
    assert {PatientState.ABOARD, PatientState.AT_FACILITY} == RIDING
    assert set(STATUS_OF) == set(RunState) - {RunState.ENDED}


class TestWhatElseHasToBeLoaded:
    def test_of_a_case_its_runs(self) -> None:
        desk = sent()
        assert list(links(desk.case())) == [Ref("run", desk.run().id)]

    def test_of_a_run_whom_it_is_for_who_is_on_it_and_the_vehicle(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani")
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani",)))
        run = desk.run()
        assert set(links(run)) == {Ref("case", "K1"), Ref("officer", "ani"), Ref("unit", "a1")}
        assert list(links(desk.world.units["a1"])) == [Ref("run", run.id)]
        assert list(links(desk.world.officers["ani"])) == [Ref("run", run.id)]

    def test_nothing_of_what_is_over(self) -> None:
        desk = sent(TO_THE_DOOR)
        run = desk.run().id
        hand_over(desk)
        desk.give(BeginTreatment("K1", "1"))
        assert list(links(desk.case())) == []
        desk.give(Progress(run, TimePoint.AVAILABLE))
        assert [list(links(one)) for one in (desk.world.runs[run], desk.world.units["a1"])] == [[], []]

    def test_the_world_finds_each_by_its_kind(self) -> None:
        desk = long_day()
        for held in (desk.world.cases, desk.world.runs, desk.world.units, desk.world.officers):
            for name, state in held.items():
                kind = type(state).__name__.lower()
                assert desk.world.get(Ref(kind, name)) is state  # type: ignore[arg-type]
        assert desk.world.get(Ref("condition", "c1")) is desk.world.conditions["c1"]
        assert desk.world.get(Ref("claims", "f1")) is desk.world.claims["f1"]
        assert desk.world.get(Ref("case", "K9")) is None


def test_a_clock_rings_on_what_it_finds_and_nobody_presses_for_it() -> None:
    desk = sent()
    events = ring(desk, "run", without=("a1",))
    assert {one.actor for one in events} == {CLOCK}
    stale = Ring(Ref("run", events[0].event.ref.id), "run", desk.now)
    facts = Facts(desk.now, default_rules())
    assert decide(desk.world, Issued("c", CLOCK, desk.now, stale), facts) == ()


def test_a_vehicle_that_joins_again_has_forgotten_that_it_left() -> None:
    desk = Desk()
    desk.fleet("a1")
    retired = apply(desk.world, recorded(e.UnitRetired("a1")))
    assert retired.units["a1"].retired
    here = e.UnitRegistered("a1", "A1", VehicleKind.HEARSE, frozenset(), 1, "", None, None)
    again = apply(retired, recorded(here)).units["a1"]
    assert (again.retired, again.kind, again.free) == (False, VehicleKind.HEARSE, True)
