"""Who is sent: the first choice or another with a reason, several vehicles, officers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life import events as e
from dispatch.life.case import Patient, PatientState
from dispatch.life.commands import (
    Assign,
    BeginTreatment,
    DeclineJob,
    Issued,
    Join,
    OpenCase,
    Progress,
    RegisterUnit,
    Ring,
    SetShift,
    SetUnitStatus,
)
from dispatch.life.decide import decide, wanted
from dispatch.life.events import Ref
from dispatch.life.facts import VehicleChoice
from dispatch.life.referring import needs_place
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
    only,
    points,
    press,
    refused,
    rules,
    search,
    sent,
    status,
    unit,
)
from tests.dispatch.life.worlds import DISPATCHER, DRIVER, HERE, Desk, goal, kinds


def test_the_first_choice_is_sent() -> None:
    desk = sent()
    run = desk.run()
    assert (run.unit, run.state, run.chosen, run.reason) == ("a1", RunState.ASSIGNED, "recommended", "")
    assert run.riders == (Rider("K1", "1"),)
    assert (run.kind, run.priority) == ("emergency", Priority.RED)
    assert (status(desk), unit(desk).run, unit(desk).scheduled_run) == ("assigned", run.id, False)
    assert (desk.patient().state, search(desk)) == (PatientState.ASSIGNED, None)
    assert points(run) == ["assigned"]
    assert run.expected_ms == 300_000


def test_the_dispatcher_may_leave_the_choice_to_the_service() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    for name in ("K1", "K2", "K3"):
        desk.opened(case=name)
    for name, vehicle in (("K1", "a1"), ("K2", "a2")):
        assert wanted(desk.world, Assign(name, first=True)).vehicles_for == name
        desk.give(Assign(name, first=True))
        assert (desk.run(name).unit, desk.run(name).chosen) == (vehicle, "recommended")
    with refused("no_vehicle_free", case="K3"):
        desk.give(Assign("K3", first=True))


def test_also_for_one_of_several_patients() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.opened(patients=2)
    desk.give(Assign("K1", patients=("2",), first=True))
    assert [one.state for one in desk.case().patients] == [PatientState.WAITING, PatientState.ASSIGNED]


def test_a_run_is_driven_as_the_most_urgent_of_those_whom_it_is_for() -> None:
    desk = Desk()
    desk.fleet("a1", capacity=2)
    trip = booked_trip(desk)
    assert unit(desk).can_be_diverted
    desk.opened()
    desk.give(Join(trip.id, "K1", ("1",)))
    assert (desk.run("K1").kind, desk.run("K1").priority) == ("emergency", Priority.RED)
    assert not unit(desk).can_be_diverted


def test_another_choice_needs_a_reason_which_is_kept() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.opened()
    for blank in ("", "  "):
        with refused("override_without_reason"):
            desk.give(Assign("K1", "a2", recommended=False, override=blank))
    desk.give(Assign("K1", "a2", recommended=False, override="a1 isi bensin"))
    assert (desk.run().unit, desk.run().chosen, desk.run().reason) == ("a2", "override", "a1 isi bensin")


def test_a_vehicle_that_is_not_the_first_choice_needs_a_reason_whatever_is_said_of_it() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.reach_s["a2"] = 331
    desk.opened()
    for blank in ("", "  "):
        with refused("not_first_choice", vehicle="A2", first="A1"):
            desk.give(Assign("K1", "a2", override=blank))
    desk.give(Assign("K1", "a2", override="a1 isi bensin"))
    assert (desk.run().unit, desk.run().chosen, desk.run().reason) == ("a2", "override", "a1 isi bensin")


def test_one_that_is_not_ranked_at_all_needs_one_too() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.vehicles = ("a1",)
    desk.opened()
    with refused("not_first_choice", vehicle="A2", first="A1"):
        desk.give(Assign("K1", "a2"))
    desk.vehicles = ()
    desk.give(Assign("K1", "a2"))
    assert desk.run().chosen == "recommended", "nobody was ranked, so it departs from nothing"


def test_one_that_takes_all_is_not_held_against_a_nearer_one_that_can_not() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.fleet("big", capacity=3)
    desk.reach_s["big"] = 900
    desk.opened(patients=3)
    desk.give(Assign("K1", "big"))
    assert (desk.run().unit, desk.run().chosen) == ("big", "recommended")


def test_nor_for_a_trip_tomorrow_whoever_is_near_today() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.reach_s["a2"] = 900
    desk.give(OpenCase("B1", "outpatient", Priority.GREEN, HERE, pickup_at=desk.now + timedelta(days=1)))
    desk.give(Assign("B1", "a2"))
    assert desk.run("B1").chosen == "recommended"


@pytest.mark.parametrize("reach_s", [270, 330])
def test_one_that_is_there_at_about_the_same_time_needs_none(reach_s: float) -> None:
    """Positions change while somebody reads: what was first a moment ago is sent, not argued about."""
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.reach_s["a2"] = reach_s
    desk.opened()
    desk.give(Assign("K1", "a2"))
    assert (desk.run().unit, desk.run().chosen) == ("a2", "recommended")


def test_nor_the_next_one_where_the_first_has_said_no() -> None:
    desk = Desk()
    desk.fleet("a1", "a2", "a3")
    desk.reach_s.update(a2=600, a3=900)
    desk.opened()
    desk.give(Assign("K1", "a1"))
    desk.vehicles = ()
    desk.give(DeclineJob(desk.run().id, "ban bocor"), actor=DRIVER)
    desk.vehicles = ("a1", "a2", "a3")
    with refused("not_first_choice", vehicle="A3", first="A2"):
        desk.give(Assign("K1", "a3"))
    desk.give(Assign("K1", "a2"))
    assert desk.run().chosen == "recommended"


def test_nobody_is_sent_before_the_call() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.opened()
    called = desk.now
    desk.wait(minutes=3)
    with refused("time_before_call", seconds=121):
        desk.give(Assign("K1", "a1"), at=called - timedelta(seconds=121))
    desk.give(Assign("K1", "a1"), at=called - timedelta(seconds=120))
    assert desk.run().stamps[0].happened_at == called


def test_somebody_has_to_be_named() -> None:
    desk = Desk()
    desk.opened()
    with refused("nobody_to_send"):
        desk.give(Assign("K1"))


def test_a_vehicle_has_one_run_at_a_time() -> None:
    desk = sent()
    desk.opened(case="K2")
    with refused("vehicle_taken", vehicle="A1"):
        desk.give(Assign("K2", "a1"))


@pytest.mark.parametrize("doing", ["on_break", "broken"])
def test_a_vehicle_on_a_break_or_out_of_order_is_not_sent(doing: str) -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.opened()
    desk.give(SetUnitStatus("a1", VehicleStatus(doing)))
    with refused("vehicle_taken"):
        desk.give(Assign("K1", "a1"))


def test_a_vehicle_on_its_way_back_is_free() -> None:
    desk = sent(TO_THE_DOOR)
    hand_over(desk)
    desk.give(BeginTreatment("K1", "1"))
    run = desk.run().id
    desk.give(Progress(run, TimePoint.AVAILABLE))
    assert status(desk) == "returning"
    desk.opened(case="K2")
    desk.give(Assign("K2", "a1"))
    assert desk.run("K2").unit == "a1"


def test_a_vehicle_takes_as_many_as_it_has_room_for() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.opened(patients=2)
    with refused("vehicle_too_small", vehicle="A1", capacity=1, people=2):
        desk.give(Assign("K1", "a1"))
    desk.give(Assign("K1", "a1", patients=("1",)))
    assert desk.run().riders == (Rider("K1", "1"),)


def test_whoever_comes_to_stay_needs_no_room() -> None:
    desk = Desk()
    desk.give(RegisterUnit("m1", "Motor 1", VehicleKind.MOTORCYCLE, capacity=0))
    desk.opened("home_care", "green")
    desk.give(Assign("K1", "m1"))
    assert desk.run().unit == "m1"


def test_two_ambulances_for_one_accident() -> None:
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.facilities = ("f1", "f2")
    desk.opened("accident", "red", 2)
    desk.give(Assign("K1", "a1", patients=("2",)))
    assert (desk.patient("1").state, search(desk)) == (PatientState.WAITING, "assign")
    desk.give(Assign("K1", "a2"))
    assert search(desk) is None
    assert (desk.run(patient="2").unit, desk.run(patient="1").unit) == ("a1", "a2")
    press(desk, *TO_THE_DOOR, patient="2")
    assert desk.patient("2").state is PatientState.AT_FACILITY
    assert desk.patient("1").state is PatientState.ASSIGNED


def test_a_patient_has_one_live_transfer() -> None:
    desk = sent()
    with refused("nobody_waits", case="K1"):
        desk.give(Assign("K1", "a2"))
    desk = sent(patients=2)
    with refused("nobody_waits"):
        desk.give(Assign("K1", "a2", patients=("1",)))
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.opened(patients=2)
    desk.give(Assign("K1", "a1", patients=("1",)))
    with refused("patient_not_waiting", patient="1"):
        desk.give(Assign("K1", "a2", patients=("1",)))


class TestPlaces:
    def test_facilities_are_asked_from_the_moment_a_vehicle_is_sent(self) -> None:
        desk = sent()
        assert asked(desk) == [("f1", "offered")]
        assert (desk.patient().goal, desk.patient().firm) == (goal("f1"), False)

    def test_the_dispatchers_choice_is_asked_first(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.facilities = ("f1", "f2")
        desk.opened()
        desk.give(Assign("K1", "a1", goal=goal("f2")))
        assert asked(desk) == [("f2", "offered")]

    @pytest.mark.parametrize("by_itself", [False, True])
    def test_the_one_that_goes_with_the_vehicle_is_asked_first(self, by_itself: bool) -> None:
        desk = Desk(rules(assign_rings=1))
        desk.fleet("a1")
        desk.facilities = ("f1",)
        desk.opened()
        desk.wait(minutes=1)
        facts = replace(desk.facts(), vehicles_for="K1", vehicles=(VehicleChoice("a1", 1_000.0, goal("f2")),))
        command = Ring(Ref("case", "K1"), "search", desk.now) if by_itself else Assign("K1", "a1")
        events = decide(desk.world, Issued("c", DISPATCHER, desk.now, command), facts)
        assert only(events, e.FacilityAsked).goal == goal("f2")
        assert only(events, e.RunStarted).expected_ms == 1_000

    @pytest.mark.parametrize("asking", ["on_board", "at_door"])
    def test_or_only_when_the_patient_is_on_board(self, asking: str) -> None:
        desk = sent(TO_THE_DOOR[:4], set_by=rules(asking=asking))
        assert asked(desk) == []
        press(desk, TimePoint.LEFT_SCENE)
        assert asked(desk) == [("f1", "offered" if asking == "on_board" else "unasked")]
        assert desk.patient().goal == goal("f1")

    def test_a_place_that_the_caller_names_needs_no_asking(self) -> None:
        desk = sent(TO_THE_DOOR, kind="social_transport", priority="green")
        assert asked(desk) == []
        here = desk.patient()
        assert here.goal is not None
        assert (here.goal.kind, here.firm) == ("given", True)

    def test_a_place_that_the_dispatcher_gives_needs_none_either(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.facilities = ("f1",)
        desk.opened()
        desk.give(Assign("K1", "a1", goal=goal("rumah", "given")))
        assert asked(desk) == []
        assert (desk.patient().goal, desk.patient().firm) == (goal("rumah", "given"), True)

    def test_nowhere_for_somebody_who_stays(self) -> None:
        desk = sent(TO_THE_DOOR[:4], kind="home_care", priority="green")
        assert (asked(desk), desk.patient().goal) == ([], None)


class TestOfficers:
    def test_with_a_vehicle(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani", "budi")
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani", "budi")))
        assert desk.run().officers == ("ani", "budi")
        assert desk.world.officers["ani"].run == desk.run().id
        desk.opened(case="K2")
        with refused("officer_taken", officer="Budi"):
            desk.give(Assign("K2", None, ("budi",)))

    def test_without_a_vehicle(self) -> None:
        desk = Desk()
        officers(desk, "ani")
        desk.opened("attendant", "green")
        desk.give(Assign("K1", None, ("ani",)))
        run = desk.run()
        assert (run.unit, run.officers, run.helper) == (None, ("ani",), None)
        press(desk, TimePoint.ACKNOWLEDGED, TimePoint.DEPARTED, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT)
        assert clock_at(desk, "run", run.id) == 14_400, "a visit may take long"

    def test_only_on_duty(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani", hours=1)
        desk.opened()
        desk.wait(minutes=59, seconds=59)
        desk.give(Assign("K1", "a1", ("ani",)))
        desk.give(DeclineJob(desk.run().id, "sakit"), without=("a1",))
        assert desk.world.officers["ani"].run is None
        desk.wait(seconds=1)
        with refused("officer_off_duty", officer="Ani"):
            desk.give(Assign("K1", "a1", ("ani",)))
        desk.give(SetShift("ani", None, None))
        with refused("officer_off_duty"):
            desk.give(Assign("K1", "a1", ("ani",)))

    def test_on_duty_is_whoever_is_now_also_when_it_is_told_late(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani", hours=1)
        desk.opened()
        told = desk.now
        desk.wait(hours=2)
        with refused("officer_off_duty"):
            desk.give(Assign("K1", "a1", ("ani",)), at=told)

    def test_not_before_the_shift_begins(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani")
        desk.give(SetShift("ani", desk.now + timedelta(hours=1), desk.now + timedelta(hours=9)))
        desk.opened()
        with refused("officer_off_duty"):
            desk.give(Assign("K1", "a1", ("ani",)))


def test_what_is_worked_out_before_somebody_is_sent() -> None:
    desk = sent(patients=2)
    desk.opened(case="K2", patients=2)
    both = (Rider("K2", "1"), Rider("K2", "2"))
    assert wanted(desk.world, Assign("K2", "a2")).facilities_for == both
    assert wanted(desk.world, Assign("K2", "a2", patients=("2",))).facilities_for == both[1:]
    assert wanted(desk.world, Join(desk.run("K1").id, "K2", ("2",))).facilities_for == both[1:]


def test_events_of_an_assignment_in_order() -> None:
    desk = Desk()
    desk.fleet("a1")
    desk.facilities = ("f1",)
    desk.opened()
    events = desk.give(Assign("K1", "a1"))
    assert kinds(events) == ["RunStarted", "UnitMoved", "PatientAssigned", "FacilityAsked", "GoalChanged"]
    assert only(events, e.PatientAssigned).run == only(events, e.RunStarted).run
    assert offer(desk).via == "ranking"


@pytest.mark.parametrize(
    ("asking", "state", "stranded", "needed"),
    [
        ("ahead", PatientState.WAITING, None, False),
        ("ahead", PatientState.WAITING, "a1", True),
        ("ahead", PatientState.ASSIGNED, None, True),
        ("on_board", PatientState.ASSIGNED, None, False),
        ("on_board", PatientState.ASSIGNED, "a1", True),
        ("on_board", PatientState.ABOARD, None, True),
        ("at_door", PatientState.MET, None, False),
        ("at_door", PatientState.AT_FACILITY, None, True),
        ("ahead", PatientState.HANDED_OVER, None, False),
        ("ahead", PatientState.ENDED, None, False),
    ],
)
def test_when_somebody_must_be_found(asking: str, state: PatientState, stranded: str | None, needed: bool) -> None:
    who = Patient("1", state, stranded_with=stranded)
    assert needs_place(who, rules(asking=asking), matched=True) is needed
    assert not needs_place(who, rules(asking=asking), matched=False)
