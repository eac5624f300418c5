"""The fleet and the officers; breakdowns; what people report about roads and facilities."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life import events as e
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    Assign,
    BeginTreatment,
    ClaimAvailability,
    Join,
    PostCondition,
    Progress,
    RegisterOfficer,
    RegisterUnit,
    ReportBreakdown,
    RetireOfficer,
    RetireUnit,
    SetShift,
    SetUnitStatus,
    WithdrawCondition,
)
from dispatch.life.events import Ref
from dispatch.life.referral import AttemptState
from dispatch.life.reports import Claim, Condition
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from tests.dispatch.life.stories import (
    TO_THE_DOOR,
    asked,
    booked_trip,
    hand_over,
    offer,
    officers,
    only,
    press,
    refused,
    says_yes,
    search,
    sent,
    shared,
    status,
    unit,
)
from tests.dispatch.life.worlds import DRIVER, START, Desk, kinds


class TestTheFleet:
    def test_a_vehicle_joins_standing_by_and_is_put_right_later(self) -> None:
        desk = Desk()
        here = RegisterUnit(
            "a1", "Ambulans 1", VehicleKind.VILLAGE_AMBULANCE, frozenset({"siren"}), 2, "Ciriung", 106.8, -6.5, "0811"
        )
        desk.give(here)
        assert (status(desk), unit(desk).since, unit(desk).free) == ("standby", START, True)
        assert unit(desk).as_vehicle(106.9, -6.4, START).base_longitude == 106.8
        desk.opened()
        desk.give(Assign("K1", "a1"))
        desk.give(RegisterUnit("a1", "Ambulans Satu", VehicleKind.VILLAGE_AMBULANCE))
        now = unit(desk)
        assert (now.name, now.status, now.run, now.phone) == ("Ambulans Satu", "assigned", desk.run().id, "")

    def test_what_is_put_right_leaves_its_booked_trip_a_booked_trip(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        booked_trip(desk)
        desk.give(RegisterUnit("a1", "Ambulans Satu", VehicleKind.VILLAGE_AMBULANCE))
        assert unit(desk).can_be_diverted

    @pytest.mark.parametrize("capacity", [-1, 101])
    def test_with_a_room_that_can_be_meant(self, capacity: int) -> None:
        with refused("capacity", vehicle="a1"):
            Desk().give(RegisterUnit("a1", "A1", VehicleKind.VILLAGE_AMBULANCE, capacity=capacity))

    def test_without_a_run_it_stands_by_returns_rests_or_is_repaired(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        assert desk.give(SetUnitStatus("a1", VehicleStatus.STANDBY)) == ()
        for doing, free in (("on_break", False), ("returning", True), ("broken", False), ("standby", True)):
            desk.wait(minutes=1)
            desk.give(SetUnitStatus("a1", VehicleStatus(doing), "makan"))
            assert (status(desk), unit(desk).since, unit(desk).free) == (doing, desk.now, free)

    @pytest.mark.parametrize("doing", ["assigned", "en_route", "at_scene", "carrying", "at_facility", "escorting"])
    def test_the_rest_follows_from_its_run(self, doing: str) -> None:
        desk = Desk()
        desk.fleet("a1")
        with refused("status_by_run"):
            desk.give(SetUnitStatus("a1", VehicleStatus(doing)))

    def test_with_a_run_nothing_is_set_by_hand(self) -> None:
        desk = sent()
        with refused("vehicle_has_run", vehicle="A1"):
            desk.give(SetUnitStatus("a1", VehicleStatus.ON_BREAK))
        with refused("vehicle_has_run", vehicle="A1"):
            desk.give(RetireUnit("a1"))

    def test_one_that_left_is_not_there_until_it_joins_again(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.give(RetireUnit("a1"))
        desk.opened()
        for command in (Assign("K1", "a1"), SetUnitStatus("a1", VehicleStatus.STANDBY), ReportBreakdown("a9")):
            with refused("no_vehicle"):
                desk.give(command)
        desk.give(RegisterUnit("a1", "A1", VehicleKind.VILLAGE_AMBULANCE))
        desk.give(Assign("K1", "a1"))


class TestOfficers:
    def test_they_have_a_name_skills_and_a_shift(self) -> None:
        desk = Desk()
        officers(desk, "ani")
        here = desk.world.officers["ani"]
        assert (here.name, here.skills, here.shift_from) == ("Ani", frozenset({"crew"}), START)
        desk.give(RegisterOfficer("ani", "Ani S.", frozenset({"attendant"})))
        assert (desk.world.officers["ani"].name, desk.world.officers["ani"].shift_from) == ("Ani S.", START)

    def test_a_shift_has_a_beginning_and_then_an_end(self) -> None:
        desk = Desk()
        officers(desk, "ani")
        hour = timedelta(hours=1)
        with refused("shift_half", officer="ani"):
            desk.give(SetShift("ani", START, None))
        for ends in (START, START - hour):
            with refused("shift_backwards", officer="ani"):
                desk.give(SetShift("ani", START, ends))
        with refused("time_without_zone"):
            desk.give(SetShift("ani", START, (START + hour).replace(tzinfo=None)))
        with refused("time_without_zone"):
            desk.give(SetShift("ani", START.replace(tzinfo=None), START + hour))
        with refused("no_officer", officer="tono"):
            desk.give(SetShift("tono", None, None))

    def test_nobody_leaves_in_the_middle_of_a_job(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani")
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani",)))
        with refused("officer_taken", officer="Ani"):
            desk.give(RetireOfficer("ani"))

    def test_one_who_left_is_not_there(self) -> None:
        desk = Desk()
        officers(desk, "ani")
        desk.give(RetireOfficer("ani"))
        desk.opened()
        with refused("no_officer", officer="ani"):
            desk.give(Assign("K1", None, ("ani",)))
        desk.give(RegisterOfficer("ani", "Ani"))
        assert not desk.world.officers["ani"].retired

    def test_all_are_free_when_the_run_ends(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        officers(desk, "ani", "budi")
        desk.opened()
        desk.give(Assign("K1", "a1", ("ani", "budi")))
        desk.give(ReportBreakdown("a1"))
        assert {one.run for one in desk.world.officers.values()} == {None}


class TestBreakdown:
    def test_standing_by(self) -> None:
        desk = Desk()
        desk.fleet("a1")
        desk.give(ReportBreakdown("a1", "aki"))
        assert (status(desk), unit(desk).free) == ("broken", False)
        with refused("broken_already", vehicle="A1"):
            desk.give(ReportBreakdown("a1"))
        desk.give(SetUnitStatus("a1", VehicleStatus.STANDBY, "selesai"))
        assert unit(desk).free
        desk.give(ReportBreakdown("a1"))

    @pytest.mark.parametrize("upto", [0, 1, 2, 3, 4])
    def test_before_boarding_another_vehicle_is_sent_by_itself(self, upto: int) -> None:
        desk = sent(TO_THE_DOOR[:upto])
        first = desk.run().id
        desk.give(ReportBreakdown("a1", "mesin"))
        assert (desk.world.runs[first].how, status(desk)) == ("broken_down", "broken")
        assert (desk.run().unit, desk.run().chosen, desk.patient().stranded_with) == ("a2", "automatic", None)
        assert asked(desk) == [("f1", "offered")], "whoever is being asked goes on being asked"
        assert desk.case().passed_over == ()

    def test_with_the_patient_on_board_the_other_one_is_told_where_they_are(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        says_yes(desk)
        events = desk.give(ReportBreakdown("a1", "mesin"))
        assert only(events, e.PatientReleased).stranded_with == "a1"
        assert (desk.patient().stranded_with, desk.patient().state) == ("a1", PatientState.ASSIGNED)
        assert (desk.run().unit, desk.patient().firm, offer(desk).state) == ("a2", True, AttemptState.ACCEPTED)
        press(desk, *TO_THE_DOOR[:5])
        assert desk.patient().stranded_with is None
        press(desk, TimePoint.AT_FACILITY)
        hand_over(desk)
        assert desk.run().unit == "a2"

    def test_with_nobody_free_it_is_a_state_with_a_clock(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.vehicles = ()
        desk.give(ReportBreakdown("a1"))
        assert (search(desk), desk.patient().state, desk.patient().stranded_with) == ("neighbours", PatientState.WAITING, "a1")

    def test_somebody_stranded_goes_on_being_found_a_place_for(self) -> None:
        desk = sent(TO_THE_DOOR[:5])
        desk.vehicles = ()
        desk.give(ReportBreakdown("a1"))
        assert asked(desk) == [("f1", "offered")]

    def test_a_team_that_stays_with_somebody_stays_and_then_it_is_out_of_order(self) -> None:
        desk = sent(TO_THE_DOOR)
        hand_over(desk)
        run = desk.run().id
        assert kinds(desk.give(ReportBreakdown("a1"))) == ["UnitBroke"]
        assert (desk.run().state, status(desk), unit(desk).out_of_order) == (RunState.ESCORTING, "escorting", True)
        with refused("broken_already"):
            desk.give(ReportBreakdown("a1"))
        desk.give(BeginTreatment("K1", "1"))
        assert status(desk) == "at_facility"
        desk.give(Progress(run, TimePoint.AVAILABLE))
        assert (status(desk), unit(desk).out_of_order, unit(desk).run) == ("broken", False, None)

    def test_nobody_waits_for_a_vehicle_that_stands_at_a_door_and_goes_no_further(self) -> None:
        desk = shared()
        press(desk, *TO_THE_DOOR, riders=(Rider("K1", "1"),))
        desk.vehicles = ()
        desk.give(ReportBreakdown("a1", "mesin"))
        assert (desk.patient(case="K1").state, desk.patient(case="K1").run) == (PatientState.AT_FACILITY, desk.run("K1").id)
        lost = desk.patient(case="K2")
        assert (lost.state, lost.run, lost.stranded_with, search(desk, "K2")) == (
            PatientState.WAITING,
            None,
            None,
            "neighbours",
        )
        hand_over(desk, case="K1")
        assert desk.patient(case="K1").state is PatientState.HANDED_OVER

    def test_nobody_is_put_on_one(self) -> None:
        desk = sent(TO_THE_DOOR, patients=2)
        desk.give(ReportBreakdown("a1"))
        desk.opened(case="K2")
        with refused("vehicle_broken", vehicle="A1"):
            desk.give(Join(desk.run().id, "K2", ("1",)))

    def test_told_late_it_counts_from_the_last_that_is_known(self) -> None:
        desk = sent(TO_THE_DOOR[:3])
        run, last = desk.run(), desk.run().last_point
        desk.wait(minutes=30)
        desk.give(ReportBreakdown("a1"), at=desk.now - timedelta(hours=1))
        assert (desk.world.runs[run.id].ended_at, desk.run().unit) == (last, "a2")
        parked = sent()
        since = unit(parked, "a2").since
        parked.wait(minutes=5)
        parked.give(ReportBreakdown("a2"), at=since - timedelta(minutes=3))
        assert (unit(parked, "a2").status, unit(parked, "a2").since) == (VehicleStatus.BROKEN, since)

    def test_of_a_shared_trip_everybody_is_looked_for(self) -> None:
        desk = Desk()
        desk.fleet("a1", capacity=2)
        desk.fleet("a2")
        for name in ("K1", "K2"):
            desk.opened("outpatient", "green", case=name)
        desk.give(Assign("K1", "a1"))
        desk.give(Join(desk.run().id, "K2", ("1",)))
        desk.give(ReportBreakdown("a1"))
        assert (desk.run("K1").unit, search(desk, "K2")) == ("a2", "assign")


class TestReports:
    def flood(self) -> Condition:
        return Condition("c1", "flood", "closed", ways=(1,), author="somebody else", posted_at=START - timedelta(days=9))

    def test_something_about_roads_has_its_own_author_and_time(self) -> None:
        desk = Desk()
        desk.give(PostCondition(self.flood()), actor=DRIVER)
        here = desk.world.conditions["c1"]
        assert (here.author, here.posted_at, here.withdrawn_at, here.kind) == (DRIVER.id, desk.now, None, "flood")

    def test_it_is_over_once(self) -> None:
        desk = Desk()
        with refused("no_condition", condition="c1"):
            desk.give(WithdrawCondition("c1"))
        desk.give(PostCondition(self.flood()))
        desk.wait(hours=1)
        desk.give(WithdrawCondition("c1"))
        assert desk.world.conditions["c1"].withdrawn_at == desk.now
        with refused("condition_withdrawn", condition="c1"):
            desk.give(WithdrawCondition("c1"))
        desk.give(PostCondition(self.flood()))
        assert desk.world.conditions["c1"].withdrawn_at is None, "it is back"

    def test_how_a_facility_is_by_capability_the_newest_word_counts(self) -> None:
        desk = Desk()
        desk.give(ClaimAvailability("f1", "f1", None, "open"), actor=DRIVER)
        desk.wait(minutes=10)
        desk.give(ClaimAvailability("f1", "f1", "icu", "full"))
        desk.give(ClaimAvailability("f1", "f1", None, "closed"))
        assert desk.world.claims["f1"].claims == (
            Claim("icu", "full", "sri", desk.now),
            Claim(None, "closed", "sri", desk.now),
        )
        with refused("claim_is_older", facility="f1"):
            desk.give(ClaimAvailability("f1", "f1", "icu", "open"), at=desk.now - timedelta(minutes=1))
        assert desk.give(ClaimAvailability("f1", "f1", "icu", "open"), at=desk.now), "as new is not older"
        assert desk.give(ClaimAvailability("f1", "f1", "nicu", "open"), at=desk.now - timedelta(minutes=1))
        assert desk.log[-1].event.ref == Ref("claims", "f1")
