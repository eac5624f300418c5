"""What is worked out for a command: who is sent, from where, and where a run is led; real store, roads and facilities."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life.case import PatientState
from dispatch.life.commands import (
    AnswerOffer,
    AskFacility,
    Assign,
    DescribeCase,
    HandOver,
    Join,
    OpenCase,
    Progress,
    RefuseAtDoor,
    RegisterUnit,
    ReportBreakdown,
)
from dispatch.life.events import Ref
from dispatch.life.particulars import Note, Particulars, cell_of
from dispatch.life.referral import Decline, Goal
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from dispatch.recommend import Recommendation
from dispatch.service.choices import ranked_vehicles, vehicles_of
from dispatch.service.loading import load, load_particulars, load_units
from dispatch.service.positions import latest_positions
from dispatch.service.run_legs import RunLeg, leg_of, standing_at
from tests.services import Office
from tests.stores import Run

GEAR = frozenset({"siren", "lights", "stretcher"})
TO_THE_PATIENT = ("acknowledged", "departed", "at_scene", "with_patient")


async def ranked(desk: Office, case: str = "K1") -> Recommendation:
    """What is recommended for a case."""
    store = desk.service.store
    fleet = vehicles_of((await load_units(store, desk.region)).values(), await latest_positions(store, desk.region))
    notes = await load_particulars(store, desk.region, case)
    return ranked_vehicles(desk.live, desk.live.now, await desk.case(case), notes, fleet, desk.now)


async def leg(desk: Office, run: str) -> RunLeg:
    """The leg that a run is on."""
    store = desk.service.store
    scene = await load(store, desk.region, [Ref("run", run)])
    here = scene.world.runs[run]
    notes = {one.case: await load_particulars(store, desk.region, one.case) for one in here.riders}
    vehicle = vehicles_of([scene.world.units[here.unit or ""]], await latest_positions(store, desk.region))[0]
    found = leg_of(desk.live.now, here, scene.world.cases, notes, vehicle)
    assert found is not None
    return found


async def pressed(desk: Office, run: str, *points: str, riders: tuple[Rider, ...] = ()) -> None:
    for point in points:
        desk.wait(minutes=1)
        await desk.give(Progress(run, TimePoint(point), riders))


async def bound_for_two_doors(desk: Office) -> tuple[str, Goal, Goal]:
    """A run with two people on board: the first goes where the ranking says, another facility is asked for the second."""
    await desk.fleet(1, capacity=2)
    await desk.call(patients=2)
    await desk.give(Assign("K1", "A1"))
    name = (await desk.run_of()).id
    await pressed(desk, name, *TO_THE_PATIENT, "left_scene")
    first = (await desk.patient("1")).goal
    assert first is not None
    other = next(one for one in desk.live.built.facilities.facilities if one.id != first.id)
    second = Goal("facility", other.id, other.name, "", other.longitude, other.latitude)
    await desk.give(AskFacility("K1", "2", second))
    return name, first, second


def where(found: RunLeg) -> tuple[float, float]:
    return found.goal.longitude, found.goal.latitude


def test_a_car_that_may_not_go_keeps_no_ambulance_from_going(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(2)
        await desk.give(RegisterUnit("TRC", "TRC", VehicleKind.TRC_CAR, frozenset({"wheelchair"}), 3, "b", *desk.spot(7)))
        await desk.call(kind="accident", patients=2)
        found = (await ranked(desk)).decision
        assert {one.vehicle.id for one in found.options} == {"A1", "A2"}
        assert found.requirement.patients == 2
        await desk.give(Assign("K1", first=True))
        # One is on the way, the other one gets a vehicle of their own.
        assert [one.state for one in (await desk.case()).patients] == [PatientState.ASSIGNED, PatientState.WAITING]
        await desk.give(Assign("K1", first=True))
        assert {(await desk.run_of(patient=one)).unit for one in ("1", "2")} == {"A1", "A2"}

    run(story())


def test_a_big_ambulance_far_away_hides_no_near_one(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(2)
        await desk.give(RegisterUnit("BIG", "BIG", VehicleKind.TRANSPORT_AMBULANCE, GEAR, 2, "b", *desk.spot(33)))
        await desk.call(kind="accident", patients=2)
        assert {one.vehicle.id for one in (await ranked(desk)).decision.options} == {"A1", "A2", "BIG"}

    run(story())


def test_after_one_is_handed_over_the_route_leads_to_the_door_of_the_other(run: Run, desk: Office) -> None:
    async def story() -> None:
        name, first, second = await bound_for_two_doors(desk)
        assert first.longitude is not None
        assert first.latitude is not None
        for patient in ("1", "2"):
            asked = (await desk.case()).open_attempt(patient)
            assert asked is not None
            await desk.give(AnswerOffer("K1", asked.id, True))
        await pressed(desk, name, "at_facility", riders=(Rider("K1", "1"),))
        await desk.seen("A1", (first.longitude, first.latitude))
        assert (await leg(desk, name)).goal_name == first.name  # it stands there until they are handed over
        await desk.give(HandOver("K1", "1"))
        assert (await leg(desk, name)).goal_name == second.name
        await pressed(desk, name, "left_facility")
        found = await leg(desk, name)
        assert found.goal_name == second.name
        assert (await desk.run_of(patient="2")).expected_ms == found.route.duration_ms > 0

    run(story())


def test_a_shared_trip_fetches_the_next_one_with_the_first_on_board(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1, capacity=2)
        await desk.call("K1", "outpatient", "green")
        await desk.call("K2", "outpatient", "green", place=9)
        await desk.give(Assign("K1", "A1"))
        name = (await desk.run_of()).id
        await desk.give(Join(name, "K2", ("1",)))
        await desk.seen("A1", desk.spot(1))
        await pressed(desk, name, *TO_THE_PATIENT, "left_scene", riders=(Rider("K1", "1"),))
        here = await desk.run_of()
        found = await leg(desk, name)
        assert here.state is RunState.CARRYING
        assert (found.leg, where(found)) == ("reach", desk.spot(9))
        assert here.expected_ms == found.route.duration_ms
        await pressed(desk, name, "at_scene", "with_patient", "left_scene", riders=(Rider("K2", "1"),))
        assert (await leg(desk, name)).leg == "carry"

    run(story())


def test_nobody_in_danger_is_driven_round_for_a_less_urgent_one(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1, capacity=2)
        await desk.call("K1")
        await desk.call("K2", "outpatient", "green", place=9)
        await desk.give(Assign("K1", "A1"))
        name = (await desk.run_of()).id
        await desk.give(Join(name, "K2", ("1",)))
        await desk.seen("A1", desk.spot(1))
        await pressed(desk, name, *TO_THE_PATIENT, "left_scene", riders=(Rider("K1", "1"),))
        goal = (await desk.patient()).goal
        found = await leg(desk, name)
        assert goal is not None
        assert (found.leg, found.goal_name) == ("carry", goal.name)
        assert (await desk.run_of()).expected_ms == found.route.duration_ms
        await pressed(desk, name, "at_facility", riders=(Rider("K1", "1"),))
        assert (await leg(desk, name)).goal_name == goal.name
        await desk.give(HandOver("K1", "1"))
        found = await leg(desk, name)
        assert (found.leg, where(found)) == ("reach", desk.spot(9))

    run(story())


async def stranded(desk: Office) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """A vehicle breaks down far from where it fetched the second of two patients; the first is ill at home and ends."""
    network = desk.live.built.roads.network
    order = np.argsort(network.junction_longitude)
    spots = [(float(network.junction_longitude[one]), float(network.junction_latitude[one])) for one in order]
    home, far = spots[20], spots[-20]
    for name, base in (("A1", spots[25]), ("NEAR_HOME", spots[30]), ("NEAR_THEM", spots[-25])):
        await desk.give(RegisterUnit(name, name, VehicleKind.VILLAGE_AMBULANCE, GEAR, 1, "b", *base))
        await desk.seen(name, base)
    note = Note("place", "", "sri", desk.now, None, *home)
    command = OpenCase("K1", "emergency", Priority.RED, cell_of(*home), 2, noted=("place",))
    await desk.give(command, notes=[note], case="K1")
    await desk.give(Assign("K1", "NEAR_HOME", patients=("1",)))
    await desk.give(Assign("K1", "A1", patients=("2",)))
    await pressed(desk, (await desk.run_of(patient="2")).id, *TO_THE_PATIENT, "left_scene")
    await pressed(desk, (await desk.run_of(patient="1")).id, *TO_THE_PATIENT, "left_scene", "at_facility")
    await desk.give(HandOver("K1", "1"))
    return far, spots


def test_another_vehicle_is_chosen_by_its_way_to_where_a_breakdown_left_them(run: Run, desk: Office) -> None:
    async def story() -> None:
        far, spots = await stranded(desk)
        await desk.give(RegisterUnit("A3", "A3", VehicleKind.VILLAGE_AMBULANCE, GEAR, 1, "b", *spots[30]))
        for name, place in (("A1", far), ("A3", spots[30]), ("NEAR_THEM", spots[-25])):
            await desk.seen(name, place)
        await desk.give(ReportBreakdown("A1", "mesin"))
        sent = await desk.run_of(patient="2")
        assert sent.unit == "NEAR_THEM"
        assert where(await leg(desk, sent.id)) == far

    run(story())


def test_where_a_breakdown_left_them_can_be_put_right(run: Run, desk: Office) -> None:
    async def story() -> None:
        far, spots = await stranded(desk)
        await desk.seen("A1", far)
        await desk.give(ReportBreakdown("A1", "mesin"))
        name = (await desk.run_of(patient="2")).id
        assert where(await leg(desk, name)) == far
        desk.wait(minutes=1)
        note = Note("place", "di depan masjid", "sri", desk.now, "2", *spots[300])
        await desk.give(DescribeCase("K1", noted=("place",)), notes=[note], case="K1")
        assert where(await leg(desk, name)) == spots[300]

    run(story())


def test_of_two_words_on_a_place_the_newer_counts(desk: Office) -> None:
    def placed(field: str, minute: int, patient: str | None, longitude: float | None) -> Note:
        at = desk.now + timedelta(minutes=minute)
        return Note(field, "", "sri", at, patient, longitude, None if longitude is None else 0.0)  # type: ignore[arg-type]

    def found(*notes: Note) -> float | None:
        place = Particulars(notes).place("1")
        return None if place is None else place.longitude

    case, own, left = placed("place", 0, None, 1.0), placed("place", 1, "1", 2.0), placed("stranded_place", 2, "1", 3.0)
    assert found() is None
    assert found(case) == 1.0
    assert found(case, own) == found(own, case) == 2.0  # their own place, whenever the case's was said
    assert found(case, own, left) == found(case, left) == found(left, own) == 3.0
    assert found(case, left, placed("place", 3, None, 4.0)) == 4.0
    assert found(case, left, placed("place", 2, "1", 5.0)) == 5.0  # at the same time: what was noted after it
    assert found(case, left, placed("stranded_place", 3, "1", None)) == 1.0  # taken back
    assert found(case, left, placed("place", 3, "1", None)) == 3.0


def test_who_is_refused_where_their_vehicle_broke_down_is_fetched_at_that_door(run: Run, desk: Office) -> None:
    async def story(case: str, names: tuple[str, str], door_known: bool) -> None:
        await desk.call(case)
        await desk.give(Assign(case, names[0], override="dipilih petugas"))
        name = (await desk.run_of(case)).id
        if not door_known:
            elsewhere = Goal("outside", "outside:RS Jauh", "RS Jauh", "021")
            await desk.give(AskFacility(case, "1", elsewhere))
        await pressed(desk, name, *TO_THE_PATIENT, "left_scene", "at_facility")
        door = (await desk.patient(case=case)).door
        assert door is not None
        await desk.seen(names[0], desk.spot(42))
        await desk.give(ReportBreakdown(names[0], "mesin"))
        await desk.give(RefuseAtDoor(case, "1", Decline.ROOM_FULL))
        sent = await desk.run_of(case)
        assert sent.unit == names[1]
        place = (door.longitude, door.latitude) if door_known else desk.spot(42)
        assert where(await leg(desk, sent.id)) == place

    async def stories() -> None:
        await desk.fleet(2)
        await story("K1", ("A1", "A2"), True)
        for number, name in enumerate(("A3", "A4")):
            await desk.give(RegisterUnit(name, name, VehicleKind.VILLAGE_AMBULANCE, GEAR, 1, "b", *desk.spot(60 + number)))
        await story("K2", ("A3", "A4"), False)

    run(stories())


def test_the_first_choice_is_that_of_the_patient_for_whom_somebody_is_sent(run: Run, desk: Office) -> None:
    async def story() -> None:
        names = await desk.fleet(8)
        await desk.call(patients=2, place=1)
        note = Note("place", "", "sri", desk.now, "2", *desk.spot(77))
        await desk.give(DescribeCase("K1", noted=("place",)), notes=[note], case="K1")

        async def first(patient: str) -> tuple[str, float]:
            store = desk.service.store
            fleet = vehicles_of((await load_units(store, desk.region)).values(), {})
            notes = await load_particulars(store, desk.region, "K1")
            live = desk.live
            found = ranked_vehicles(live, live.now, await desk.case(), notes, fleet, desk.now, patients=(patient,))
            return found.decision.options[0].vehicle.id, found.decision.options[0].reach_ms

        for patient in ("1", "2"):
            unit, reach_ms = await first(patient)
            await desk.give(Assign("K1", unit, patients=(patient,)))
            sent = await desk.run_of(patient=patient)
            assert (sent.unit, sent.chosen, sent.expected_ms) == (unit, "recommended", reach_ms)
        await desk.call("K2", place=40)
        last = [one for one in names if (await desk.unit(one)).free][-1]
        await desk.give(Assign("K2", last, override="dekat rumah kru"))
        assert (await desk.run_of("K2")).expected_ms is not None, "also one far down the list has a time"

    run(story())


def test_a_place_that_is_said_once_more_does_not_put_right_where_a_breakdown_left_them(desk: Office) -> None:
    def placed(field: str, minute: int, longitude: float, patient: str | None = None) -> Note:
        return Note(field, "", "sri", desk.now + timedelta(minutes=minute), patient, longitude, 0.0)  # type: ignore[arg-type]

    home, left = placed("place", 0, 1.0), placed("stranded_place", 1, 3.0, "1")
    found = Particulars((home, left, placed("place", 2, 1.0))).place("1")
    assert found is not None
    assert found.longitude == 3.0
    found = Particulars((home, left, placed("place", 2, 1.5), placed("place", 3, 1.5))).place("1")
    assert found is not None
    assert found.longitude == 1.5


def test_a_vehicle_stands_at_the_door_of_whoever_is_still_to_go_in(run: Run, desk: Office) -> None:
    async def story() -> None:
        name, _, second = await bound_for_two_doors(desk)
        await pressed(desk, name, "at_facility", riders=(Rider("K1", "1"),))
        await desk.give(HandOver("K1", "1"))
        await pressed(desk, name, "left_facility")
        await pressed(desk, name, "at_facility", riders=(Rider("K1", "2"),))
        scene = await load(desk.service.store, desk.region, [Ref("run", name)])
        notes = {"K1": await load_particulars(desk.service.store, desk.region, "K1")}
        found = standing_at(scene.world.runs[name], scene.world.cases, notes)
        assert found is not None
        assert (found[0], found[1].longitude, found[1].latitude) == ("facility", second.longitude, second.latitude)

    run(story())
