"""Recommendations on a drawn town: facts from the real router and the real matching, small enough to check by eye."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dispatch.cases import requirement
from dispatch.fleet import Vehicle, VehicleKind, VehicleStatus, invented_fleet
from dispatch.options import SITEGAR
from dispatch.recommend import COVER_PROFILE, Call, Recommendation, Region, next_facility, recommend
from dispatch.report import next_facility_as_dict, recommendation_as_dict
from dispatch.settings import default_settings
from dispatch.times import Demand, RegionTimes
from facilities import Availability, AvailabilityBoard, CapabilityClaim, Conflict, Facility, FacilityTable, Severity, Value
from routing import InputError, PlaceError
from routing.catalogue import LANGUAGES
from routing.conditions import Closed, OnSegments, RoadCondition
from tests.routing.journeys import Prepared, prepare
from tests.world import Town, draw

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2025, 3, 3, 9, 0, tzinfo=JAKARTA)
SETTINGS = default_settings()
PROFILES = ("ambulance", "ambulance_priority", "car", "motorcycle")

# W, P and M are where vehicles stand, patients are, and facilities stand; K can only be reached on foot; X is an island.
PLAN = """
    A-----B-----C-----D-----E
    |           |           |
    |           |           |
    F-----G-----H-----I-----J
          |     |
          L     K           X-----Y
"""
TOWN: Town = draw(PLAN, streets={"H K": "highway=footway"}, default="highway=tertiary", metres=150.0).build()
ROADS: Prepared = prepare(TOWN.network, everywhere=True)


def place(name: str) -> tuple[float, float]:
    return TOWN.world.position(name)


def facility(name: str, at: str | tuple[float, float], kind: str = "hospital", *stated: str, **changes: object) -> Facility:
    longitude, latitude = place(at) if isinstance(at, str) else at
    claims = tuple(CapabilityClaim(one, Value.YES, "test.csv:1") for one in stated)
    fine = Facility(name, name, kind, longitude, latitude, capabilities=claims, opening_hours="24/7", emergency_hours="24/7")
    return replace(fine, **changes)


def vehicle(name: str, at: str, **changes: object) -> Vehicle:
    longitude, latitude = place(at)
    fine = Vehicle(
        name, name, VehicleKind.VILLAGE_AMBULANCE, frozenset({"siren", "lights"}), VehicleStatus.STANDBY,
        longitude, latitude, NOW, "base", capacity=1,
    )  # fmt: skip
    return replace(fine, **changes)


WEST = facility("West", "F", "hospital", "emergency", "ponek")
EAST = facility("East", "J", "hospital", "emergency")


def region(
    facilities: Sequence[Facility] = (WEST, EAST),
    people: Sequence[tuple[str, float]] = (),
    prepared: Prepared = ROADS,
    closed: Sequence[int] = (),
    **changes: object,
) -> Region:
    table = FacilityTable.build(facilities, NOW.date())
    demand = None
    if people:
        at = np.array([place(name) for name, _ in people])
        demand = Demand(at[:, 0].copy(), at[:, 1].copy(), np.array([weight for _, weight in people]), "people")
    router = prepared.router
    if closed:
        condition = RoadCondition("flood", "flood", OnSegments(tuple(closed)), Closed(), "test", "banjir")
        router = router.at(prepared.live.apply([condition], NOW))
    times = RegionTimes.prepare(router, table.longitude, table.latitude, demand, PROFILES, COVER_PROFILE)
    return replace(Region("town", times, table), **changes)


def call(case: str = "emergency", priority: str = "red", at: str = "H", **changes: object) -> Call:
    longitude, latitude = place(at)
    return replace(Call(requirement(case, priority), longitude, latitude, NOW), **changes)


def asked(fleet: Sequence[Vehicle], the_call: Call | None = None, the_region: Region | None = None) -> Recommendation:
    return recommend(the_region or region(), fleet, the_call or call())


def why(items: Sequence[object]) -> dict[str, list[str]]:
    return {one.id: [reason.code for reason in one.reasons] for one in items}  # type: ignore[attr-defined]


def test_both_legs_are_the_routers_own_and_everything_adds_up() -> None:
    found = asked([vehicle("A", "A"), vehicle("D", "D")])
    best = found.decision.options[0]
    assert (best.vehicle.id, best.reach_profile, best.carry_profile) == ("D", "ambulance", "ambulance_priority")
    router = ROADS.router
    patient = router.snap(*place("H"), "ambulance")
    first = router.route(router.snap(*place("D"), "ambulance", on_foot=False), patient, "ambulance")
    assert best.drive_ms == first.duration_ms
    there = router.snap(*place("J" if best.destination.id == "East" else "F"), "ambulance_priority", on_foot=False)
    assert best.transport_ms == router.route(patient, there, "ambulance_priority").duration_ms
    parts = best.turnout_ms + best.drive_ms + best.carry_ms + best.doubt_ms + best.scene_ms + best.transport_ms
    assert best.expected_ms == pytest.approx(parts + best.going_on_ms)
    assert best.if_declined is not None
    assert {best.destination.id, best.if_declined.id} == {"West", "East"}
    assert why(found.decision.vehicles_lost) == {"A": ["vehicle.later_at_patient"]}


def test_right_of_way_on_the_first_leg_only_to_an_accident_and_with_siren_and_lights() -> None:
    quiet = vehicle("Q", "D", equipment=frozenset())
    loud = vehicle("L", "D")
    profiles = {
        (case, option.vehicle.id): (option.reach_profile, option.carry_profile)
        for case in ("emergency", "accident")
        for option in asked([quiet, loud], call(case)).decision.options
    }
    assert profiles == {
        ("emergency", "Q"): ("ambulance", "ambulance"),
        ("emergency", "L"): ("ambulance", "ambulance_priority"),
        ("accident", "Q"): ("ambulance", "ambulance"),
        ("accident", "L"): ("ambulance_priority", "ambulance_priority"),
    }


def test_a_birth_in_danger_goes_where_ponek_is_known_and_the_other_is_told_apart() -> None:
    found = asked([vehicle("D", "D")], call("maternal"))
    assert found.decision.options[0].destination.id == "West"
    assert why(found.decision.facilities_out)["East"][0] == "facility.passed_over_uncertain"
    # Nowhere is it known: the unknown one is named, and said to be unknown.
    unsure = asked([vehicle("D", "D")], call("maternal"), region([EAST]))
    assert unsure.decision.options[0].destination.id == "East"
    codes = [remark.code for remark in unsure.decision.options[0].remarks]
    assert "facility.uncertain" in codes
    assert "capability_unknown" in codes


def test_a_full_facility_is_left_out_with_who_said_so() -> None:
    the_region = region()
    first = asked([vehicle("D", "D")]).decision.options[0].destination.id
    said = Availability(first, None, "full", "IGD", NOW - timedelta(minutes=5))
    board = AvailabilityBoard.build([said], the_region.facilities.index, the_region.facilities.column)
    found = asked([vehicle("D", "D")], None, replace(the_region, availability=board))
    assert found.decision.options[0].destination.id != first
    assert why(found.decision.facilities_out) == {first: ["declared_facility"]}


def test_a_record_of_declines_moves_the_choice() -> None:
    known = asked([vehicle("D", "D")]).decision.options[0].destination
    never = replace(region(), record={known.id: (30, 30)})
    worse = next(c for c in asked([vehicle("D", "D")], None, never).decision.facilities if c.destination.id == known.id)
    assert worse.destination.declined > known.declined + 0.3


def test_after_a_decline_the_next_one_and_in_the_end_sitegar() -> None:
    first = asked([vehicle("D", "D")]).decision.options[0]
    assert first.if_declined is not None
    second = asked([vehicle("D", "D")], call(tried=frozenset({first.destination.id}))).decision
    assert second.options[0].destination.id == first.if_declined.id
    assert why(second.facilities_out) == {first.destination.id: ["already_tried"]}
    both = frozenset({"West", "East"})
    last = asked([vehicle("D", "D")], call(tried=both)).decision
    assert last.options[0].destination.id == SITEGAR
    assert [remark.code for remark in last.options[0].remarks] == ["facility.none_suitable"]


def test_with_the_patient_on_board_the_next_facility_counts_from_the_vehicle() -> None:
    ambulance = vehicle("D", "D")
    from_i = next_facility(region(), ambulance, *place("I"), requirement("emergency", "red"), frozenset(), NOW)
    assert [choice.destination.id for choice in from_i.choices] == ["East", "West"]
    assert not from_i.sitegar
    router = ROADS.router
    here, there = (router.snap(*place(name), "ambulance_priority", on_foot=False) for name in ("I", "J"))
    assert from_i.choices[0].transport_ms == router.route(here, there, "ambulance_priority").duration_ms
    declined = next_facility(region(), ambulance, *place("I"), requirement("emergency", "red"), frozenset({"East"}), NOW)
    assert [choice.destination.id for choice in declined.choices] == ["West"]
    assert why(declined.left_out) == {"East": ["already_tried"]}
    nobody = next_facility(region(), ambulance, *place("I"), requirement("emergency", "red"), frozenset({"East", "West"}), NOW)
    assert nobody.sitegar
    assert nobody.choices == ()
    once = replace(SETTINGS, tries=1)
    by_setting = next_facility(
        region(), ambulance, *place("I"), requirement("emergency", "red"), frozenset({"East"}), NOW, once
    )
    assert by_setting.sitegar
    assert json.loads(json.dumps(next_facility_as_dict(declined, "en")))["facilities"][0]["facility"]["id"] == "West"


def test_a_closure_sends_another_vehicle_and_the_number_of_the_state_is_kept() -> None:
    both = [vehicle("B", "C"), vehicle("G", "G")]
    assert asked(both).decision.options[0].vehicle.id in {"B", "G"}
    cut = [segment for one, other in (("G", "H"), ("H", "G")) for segment in TOWN.segments(one, other)]
    flooded = asked(both, None, region(closed=cut))
    assert flooded.decision.options[0].vehicle.id == "B"
    assert flooded.road_state != asked(both).road_state
    # A vehicle on the flooded street itself is taken to the next open one, if that is near enough to be the same place.
    flooded_in = asked([vehicle("V", "G", longitude=(place("G")[0] + place("H")[0]) / 2)], None, region(closed=cut))
    assert why(flooded_in.decision.vehicles_out) == {"V": ["vehicle.off_road"]}


def test_a_patient_in_an_alley_is_carried_and_that_counts_twice() -> None:
    found = asked([vehicle("D", "D")], call(at="K"))
    best = found.decision.options[0]
    at_the_street = asked([vehicle("D", "D")]).decision.options[0]
    assert best.carry_kind == "footways"
    assert best.carry_m == pytest.approx(2 * 150, rel=0.05)
    assert best.drive_ms == pytest.approx(at_the_street.drive_ms, abs=5000)
    assert best.reach_ms - best.carry_ms == pytest.approx(at_the_street.reach_ms, abs=5000)
    assert best.transport_ms - best.carry_ms == pytest.approx(at_the_street.transport_ms, abs=5000)
    assert "carry.on_foot" in [remark.code for remark in best.remarks]


def test_a_facility_beyond_the_roads_is_an_estimate_and_says_so() -> None:
    longitude, latitude = place("J")
    beyond = facility("Beyond", (longitude + 0.2, latitude), "hospital", "emergency")
    best = asked([vehicle("D", "D")], None, region([beyond])).decision.options[0]
    assert best.destination.id == "Beyond"
    assert "travel_estimated" in [remark.code for remark in best.remarks]
    assert best.transport_ms > 20 * 60_000


def test_no_way_to_an_island_is_said_of_vehicles_and_facilities() -> None:
    island = facility("Island", "Y", "hospital", "emergency")
    found = asked([vehicle("D", "D"), vehicle("X", "X")], None, region([WEST, island]))
    assert [option.vehicle.id for option in found.decision.options] == ["D"]
    assert why(found.decision.vehicles_out) == {"X": ["vehicle.unreachable"]}
    assert why(found.decision.facilities_out) == {"Island": ["unreachable"]}
    alone = asked([vehicle("D", "D")], None, region([island]))
    assert alone.decision.options[0].destination.id == SITEGAR


def test_what_sending_it_uncovers() -> None:
    # Twelve streets of 150 m and more take minutes; the standard is set so that each corner has its own vehicle.
    people = [("A", 100.0), ("E", 40.0), ("C", 7.0)]
    near = replace(SETTINGS, standard_ms=SETTINGS.turnout_ms + 60_000.0)
    fleet = [vehicle("A", "A"), vehicle("E", "E"), vehicle("B", "D", status=VehicleStatus.BROKEN)]
    found = recommend(region(people=people), fleet, call(), near)
    lost = {option.vehicle.id: option.uncovered for option in found.decision.options}
    assert lost == {"A": 100.0, "E": 40.0}
    helped = recommend(region(people=people), [*fleet, vehicle("E2", "E")], call(), near)
    assert {option.vehicle.id: option.uncovered for option in helped.decision.options} == {"A": 100.0, "E": 0.0, "E2": 0.0}
    assert found.demand == 147.0
    shown = recommendation_as_dict(found, "en")["options"][0]  # type: ignore[index]
    assert shown["uncovers"]["unit"] == "people"


def test_a_place_that_the_caller_names() -> None:
    car = vehicle("T", "D", kind=VehicleKind.TRC_CAR, capacity=3)
    office = ("Dinas Sosial", *place("A"))
    found = asked([car], call("social_transport", "green", destination=office))
    best = found.decision.options[0]
    assert (best.destination.name, best.reach_profile, best.carry_profile) == ("Dinas Sosial", "car", "car")
    assert best.going_on_ms == pytest.approx(0)
    assert best.if_declined is None
    visit = asked([car], call("home_care", "green", at="K")).decision.options[0]
    assert visit.carry_ms > 0
    assert visit.destination.kind == "none"
    assert visit.expected_ms == pytest.approx(visit.reach_ms)
    with pytest.raises(InputError, match="needs a destination"):
        asked([car], call("social_transport", "green"))


def test_input_that_cannot_be() -> None:
    with pytest.raises(PlaceError):
        asked([vehicle("D", "D")], call(longitude=107.9))
    with pytest.raises(InputError, match="no policy 'best'"):
        recommend(region(), [vehicle("D", "D")], call(), policy="best")
    with pytest.raises(InputError, match="no zone"):
        asked([vehicle("D", "D")], call(now=NOW.replace(tzinfo=None)))


def test_nobody_to_send_still_explains() -> None:
    found = asked([vehicle("D", "D", status=VehicleStatus.ON_BREAK)])
    assert found.decision.options == ()
    assert why(found.decision.vehicles_out) == {"D": ["vehicle.status.on_break"]}
    assert asked([]).decision.options == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_json_with_ages_labels_and_words(language: str) -> None:
    fleet = [
        vehicle("D", "D", fix_time=NOW - timedelta(minutes=12)),
        vehicle("A", "A", invented=True),
        vehicle("B", "B", status=VehicleStatus.CARRYING),
    ]
    the_region = region(people=[("A", 10.0)], invented=True, attribution=("© OpenStreetMap contributors",))
    found = recommendation_as_dict(asked(fleet, None, the_region), language)  # type: ignore[arg-type]
    again = json.loads(json.dumps(found))
    options = again["options"]
    assert [option["rank"] for option in options] == [1, 2]
    aged = next(option for option in options if option["vehicle"]["id"] == "D")
    assert aged["vehicle"]["fix_age_seconds"] == 720
    assert "position.old" in [remark["code"] for remark in aged["remarks"]]
    assert aged["first_leg"]["doubt_minutes"] == 3.5
    assert again["vehicles_left_out"][0]["reasons"][0]["code"] == "vehicle.status.carrying"
    assert len(again["labels"]) == 2
    assert all(label.split(":")[0].isupper() for label in again["labels"])
    assert again["attribution"] == ["© OpenStreetMap contributors"]
    assert again["made_with"]["metrics"]["ambulance"] >= 0


def test_every_policy_gives_the_same_pairs_their_times() -> None:
    fleet = [vehicle("A", "A"), vehicle("D", "D")]
    times = [
        {option.vehicle.id: option.reach_ms for option in recommend(region(), fleet, call(), policy=policy).decision.options}
        for policy in ("expected_time", "nearest", "coverage_aware")
    ]
    assert times[0] == times[1] == times[2]


def test_a_named_facility_that_cannot_help_says_so() -> None:
    dentist = facility("Gigi", "A", "dental_clinic", opening_hours="Mo-Fr 08:00-16:00", emergency_hours=None)
    known = replace(dentist, capabilities=(CapabilityClaim("emergency", Value.NO, "kind:dental_clinic"),))
    the_call = call(destination=("Gigi", *place("A")), now=NOW.replace(hour=3))
    best = asked([vehicle("D", "D", fix_time=the_call.now)], the_call, region([WEST, known])).decision.options[0]
    assert best.destination.id == "given"
    assert [remark.code for remark in best.remarks] == ["lacks", "closed_at_arrival"]
    elsewhere = call(destination=("Rumah", *place("A")))
    assert asked([vehicle("D", "D")], elsewhere, region([WEST, known])).decision.options[0].remarks == ()


def test_when_the_tries_are_used_up_those_not_asked_are_still_told() -> None:
    once = replace(SETTINGS, tries=1)
    found = recommend(region(), [vehicle("D", "D")], call(tried=frozenset({"West"})), once).decision
    assert found.options[0].destination.id == SITEGAR
    assert [remark.code for remark in found.options[0].remarks] == ["facility.tries_used"]
    assert why(found.facilities_out) == {"East": ["facility.after_tries"], "West": ["already_tried"]}


def test_the_way_from_the_street_to_the_door_counts() -> None:
    longitude, latitude = place("E")
    far_in = facility("Deep", (longitude, latitude + 0.004), "hospital", "emergency")
    best = asked([vehicle("D", "D")], None, region([far_in])).decision.options[0]
    at_the_street = asked([vehicle("D", "D")], None, region([facility("E", "E", "hospital", "emergency")])).decision.options[0]
    assert best.transport_ms - at_the_street.transport_ms > 30_000
    assert [remark.code for remark in best.facility_remarks] == ["facility.off_road"]
    assert dict(best.facility_remarks[0].params)["metres"] == pytest.approx(440, abs=15)


def test_a_grave_conflict_is_told_of_one_that_lost_too() -> None:
    conflict = Conflict("place", Severity.GRAVE, ("-6.9,106.9", "-6.95,106.9"), ("a", "b"), "-6.95,106.9", 5566.2)
    disputed = replace(EAST, conflicts=(conflict,))
    found = asked([vehicle("A", "A")], call(at="A"), region([WEST, disputed])).decision
    assert why(found.facilities_lost) == {"East": ["facility.later_at_care", "conflict_place"]}
    chosen = asked([vehicle("D", "D")], None, region([disputed])).decision.options[0]
    assert [remark.code for remark in chosen.remarks] == ["conflict_place"]


def test_hours_are_judged_for_the_vehicle_that_goes() -> None:
    # The clinic closes at 9.20. D arrives there at about 9.15; B's position is an hour old, which may cost ten minutes more.
    clinic = facility("Klinik", "J", "clinic", "primary_care", opening_hours="Mo-Su 08:00-09:20", emergency_hours=None)
    fleet = [vehicle("D", "D"), vehicle("B", "D", fix_time=NOW - timedelta(minutes=50))]
    found = asked(fleet, call(priority="yellow"), region([WEST, clinic])).decision
    assert {option.vehicle.id: option.destination.id for option in found.options} == {"D": "Klinik", "B": "West"}


def test_a_shelter_or_a_dentist_is_no_place_for_an_emergency_nor_a_hospital_a_shelter() -> None:
    from facilities.prepare import lay_over
    from routing import Feature

    def feature(number: int, name: str, at: str, **tags: str) -> Feature:
        longitude, latitude = place(at)
        return Feature("node", number, longitude, latitude, {"name": name, "opening_hours": "24/7", **tags})

    built = lay_over(
        [
            feature(1, "Rumah Singgah", "I", amenity="social_facility", social_facility="shelter"),
            feature(2, "Klinik Gigi", "H", amenity="dentist"),
            feature(3, "Bidan Tuti", "C", healthcare="midwife"),
            feature(4, "RS Mata", "D", amenity="hospital"),
            feature(5, "RSUD", "A", amenity="hospital", emergency="yes"),
        ]
    ).facilities
    for priority in ("yellow", "green"):
        found = asked([vehicle("D", "D")], call(priority=priority), region(built)).decision
        assert {choice.destination.name for choice in found.facilities} <= {"RSUD", "RS Mata"}
    born = asked([vehicle("D", "D")], call("maternal"), region(built)).decision
    assert [choice.destination.name for choice in born.facilities] == ["RSUD"]
    homeless = asked([vehicle("D", "D")], call("shelter", "green"), region(built)).decision
    assert [choice.destination.name for choice in homeless.facilities] == ["Rumah Singgah"]


@pytest.mark.shared
def test_on_a_real_town_the_tables_are_the_routes(shared: Path) -> None:
    from routing.build import build_with_report
    from routing.profiles import load_profiles
    from routing.read_extract import read_extract

    extract = read_extract(shared / "osm" / "kota-sukabumi.osm.pbf")
    network, _ = build_with_report(extract.ways, load_profiles())
    prepared = prepare(network)
    rng = np.random.default_rng(5)

    def somewhere() -> tuple[float, float]:
        at = int(rng.integers(len(network.shape_longitude)))
        return float(network.shape_longitude[at]), float(network.shape_latitude[at])

    hospitals = [facility(f"H{i}", somewhere(), "hospital", "emergency") for i in range(12)]
    the_region = region(hospitals, prepared=prepared)
    fleet = invented_fleet([(f"B{i}", *somewhere()) for i in range(20)], 20, seed=1, now=NOW)
    router = prepared.router
    for _ in range(5):
        longitude, latitude = somewhere()
        best = asked(fleet, call(longitude=longitude, latitude=latitude), the_region).decision.options[0]
        patient = router.snap(longitude, latitude, best.reach_profile)
        stands = router.snap(best.vehicle.longitude or 0, best.vehicle.latitude or 0, best.reach_profile, on_foot=False)
        assert best.drive_ms == router.route(stands, patient, best.reach_profile).duration_ms
        at = best.destination
        there = router.snap(at.longitude or 0, at.latitude or 0, best.carry_profile, on_foot=False)
        driven = router.route(replace(patient, profile=best.carry_profile), there, best.carry_profile).duration_ms
        assert best.transport_ms - best.carry_ms == driven
