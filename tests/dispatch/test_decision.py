"""Screening and the decision, on worlds small enough to check by eye."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dispatch.cases import requirement
from dispatch.coverage import coverage_loss, covered, uncovered
from dispatch.decision import decide
from dispatch.fleet import Vehicle, VehicleKind, VehicleStatus
from dispatch.options import SITEGAR, Decision, Destination, Tables, Way
from dispatch.reasons import Reason
from dispatch.screening import Candidate, locate, screen
from dispatch.settings import default_settings
from routing.catalogue import LANGUAGES

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
SETTINGS = default_settings()
MINUTE = 60_000.0


def ambulance(name: str, **changes: object) -> Vehicle:
    fine = Vehicle(
        name, name, VehicleKind.VILLAGE_AMBULANCE, frozenset({"siren"}), longitude=106.8, latitude=-6.5, fix_time=NOW
    )
    return replace(fine, **changes)


def left_out(vehicle: Vehicle, case: str = "emergency", priority: str = "red", patients: int = 1) -> list[str]:
    _, out = screen([vehicle], requirement(case, priority, patients), NOW, SETTINGS)
    return [why.code for one in out for why in one.reasons]


@pytest.mark.parametrize("status", VehicleStatus)
def test_only_free_vehicles_go(status: VehicleStatus) -> None:
    free = status in {VehicleStatus.STANDBY, VehicleStatus.RETURNING}
    assert left_out(ambulance("A", status=status)) == ([] if free else [f"vehicle.status.{status}"])


@pytest.mark.parametrize("status", VehicleStatus)
def test_a_scheduled_run_is_pulled_away_for_an_emergency_before_boarding_only(status: VehicleStatus) -> None:
    vehicle = ambulance("A", status=status, scheduled_run=True)
    before = status in {VehicleStatus.ASSIGNED, VehicleStatus.EN_ROUTE}
    free = status in {VehicleStatus.STANDBY, VehicleStatus.RETURNING}
    assert (left_out(vehicle) == []) is (before or free)
    assert (left_out(vehicle, priority="green") == []) is free
    assert (left_out(vehicle, "outpatient", "yellow") == []) is free
    candidates, _ = screen([vehicle], requirement("emergency", "red"), NOW, SETTINGS)
    if before:
        assert candidates[0].diverts
        assert candidates[0].handicap_ms == SETTINGS.divert_penalty_ms
        assert [remark.code for remark in candidates[0].remarks] == ["vehicle.diverted"]


def test_every_reason_is_given_at_once() -> None:
    vehicle = ambulance("A", kind=VehicleKind.TRC_CAR, status=VehicleStatus.BROKEN, longitude=None, latitude=None)
    assert left_out(vehicle, patients=2) == [
        "vehicle.status.broken", "vehicle.kind", "vehicle.capacity", "vehicle.position_unknown",
    ]  # fmt: skip


def at(vehicle: Vehicle) -> tuple[str, ...]:
    found = locate(vehicle, NOW, SETTINGS)
    return (found.code,) if isinstance(found, Reason) else tuple(remark.code for remark in found.remarks)


def test_an_old_position_is_never_silently_now() -> None:
    limit, lost = SETTINGS.fix_now_seconds, SETTINGS.fix_lost_seconds

    def seen(seconds: float, **changes: object) -> Vehicle:
        return ambulance("A", fix_time=NOW - timedelta(seconds=seconds), **changes)

    based: dict[str, object] = {"base_longitude": 106.9, "base_latitude": -6.4}
    assert at(seen(limit)) == ()
    assert at(seen(limit + 1)) == ("position.old",)
    assert at(seen(lost + 1)) == ("vehicle.position_lost",)
    assert at(seen(lost + 1, **based)) == ("position.lost",)
    assert at(ambulance("A", fix_time=None)) == ("position.untimed",)
    assert at(ambulance("A", fix_time=None, **based)) == ("position.base",)
    assert at(ambulance("A", longitude=None, latitude=None, **based)) == ("position.base",)
    assert at(ambulance("A", longitude=None, latitude=None)) == ("vehicle.position_unknown",)
    at_base = locate(seen(lost + 1, **based), NOW, SETTINGS)
    assert isinstance(at_base, Candidate)
    assert (at_base.longitude, at_base.latitude) == (106.9, -6.4)


def test_doubt_grows_with_age_up_to_its_limit() -> None:
    doubts = []
    for minutes in (0, 5, 6, 15, 25, 30, 60):
        found = locate(ambulance("A", fix_time=NOW - timedelta(minutes=minutes)), NOW, SETTINGS)
        assert isinstance(found, Candidate)
        doubts.append(found.doubt_ms / MINUTE)
    assert doubts == [0, 0, 0.5, 5, 10, 10, 10]


HOSPITAL = Destination("H", "RSUD", "hospital", declined=0.5)
CLINIC = Destination("K", "Klinik", "clinic")
FAR = Destination("F", "RS Jauh", "hospital")


def two_ways(drive: list[float], to: list[list[float]], onward: float = 10.0) -> Tables:
    """Vehicles reach in so many minutes; each row of `to` is a way, and vehicle i takes way i if there are several."""
    count = len(to[0])
    roads = np.full((count, count), onward * MINUTE)
    ways = tuple(Way("ambulance", "ambulance_priority", 0.0, 0.0, 0.0, "street", np.array(row) * MINUTE, roads) for row in to)
    way = np.arange(len(drive)) if len(to) > 1 else np.zeros(len(drive), np.intp)
    nothing = np.zeros(len(drive))
    return Tables(np.array(drive) * MINUTE, way, ways, nothing, nothing)


def decided(
    vehicles: list[Vehicle], places: list[Destination], tables: Tables, priority: str = "red", policy: str = "expected_time"
) -> Decision:
    asked = requirement("emergency", priority)
    candidates, out = screen(vehicles, asked, NOW, SETTINGS)
    return decide(asked, candidates, places, tables, SETTINGS, policy, vehicles_out=out)


def test_an_option_adds_up_and_the_others_say_by_how_much_they_lost() -> None:
    decision = decided([ambulance("A"), ambulance("B")], [HOSPITAL, CLINIC], two_ways([4, 9], [[10, 14]]))
    best = decision.options[0]
    assert (best.vehicle.id, best.destination.id) == ("A", "H")
    turnout = SETTINGS.turnout_ms / MINUTE
    assert best.reach_ms / MINUTE == pytest.approx(turnout + 4)
    assert best.transport_ms / MINUTE == 10
    assert best.going_on_ms / MINUTE == pytest.approx(0.5 * (14 - 10))
    assert best.expected_ms / MINUTE == pytest.approx(turnout + 4 + 12 + 12)
    assert best.if_declined is not None
    assert best.if_declined.id == "K"
    assert [(lost.id, lost.reasons[0].code) for lost in decision.vehicles_lost] == [("B", "vehicle.later_at_patient")]
    assert [(lost.id, lost.reasons[0].code) for lost in decision.facilities_lost] == [("K", "facility.later_at_care")]
    assert dict(decision.vehicles_lost[0].reasons[0].params) == {"minutes": 5.0}
    assert [choice.destination.id for choice in decision.facilities] == ["H", "K"]


def test_no_way_to_the_patient_and_no_way_on() -> None:
    tables = two_ways([math.inf, 5], [[10], [10]])
    decision = decided([ambulance("A"), ambulance("B")], [CLINIC], tables)
    assert [option.vehicle.id for option in decision.options] == ["B"]
    assert [(out.id, out.reasons[0].code) for out in decision.vehicles_out] == [("A", "vehicle.unreachable")]


def test_where_no_facility_is_suitable_or_in_reach_sitegar_names_one() -> None:
    nothing = decided([ambulance("A")], [], two_ways([5], [[]]))
    assert nothing.options[0].destination.id == SITEGAR
    assert [remark.code for remark in nothing.options[0].remarks] == ["facility.none_suitable"]
    island = decided([ambulance("A")], [HOSPITAL], two_ways([5], [[math.inf]]))
    assert island.options[0].destination.id == SITEGAR
    assert [lost.id for lost in island.facilities_lost] == ["H"]
    # A motorcycle's bridge: one vehicle gets to the hospital, the other only to the patient.
    mixed = decided([ambulance("A"), ambulance("B")], [CLINIC], two_ways([5, 5], [[math.inf], [20]]))
    assert [(option.vehicle.id, option.destination.id) for option in mixed.options] == [("B", "K"), ("A", SITEGAR)]


def test_nobody_can_go() -> None:
    decision = decided([ambulance("A", status=VehicleStatus.BROKEN)], [CLINIC], two_ways([], [[10]]))
    assert decision.options == ()
    assert [out.id for out in decision.vehicles_out] == ["A"]


def test_the_last_facility_leaves_only_sitegar() -> None:
    decision = decided([ambulance("A")], [HOSPITAL], two_ways([5], [[10]]))
    assert decision.options[0].if_declined is not None
    assert decision.options[0].if_declined.id == SITEGAR


def test_tables_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="tables for 2 vehicles"):
        decided([ambulance("A")], [CLINIC], two_ways([5, 6], [[10]]))
    with pytest.raises(ValueError, match="1 destinations"):
        decided([ambulance("A")], [CLINIC], two_ways([5], [[10, 20]]))


def test_what_a_vehicle_uncovers() -> None:
    # Cells a b c d with 10, 20, 30, 40 people; A covers a b, B covers b c; nobody covers d.
    covers = covered(np.array([[5, 5, 99, math.inf], [99, 5, 5, math.inf]]) * MINUTE, 15 * MINUTE)
    people = np.array([10.0, 20.0, 30.0, 40.0])
    assert uncovered(covers, people).tolist() == [10.0, 30.0]
    assert coverage_loss(covers, people, 0.0) == pytest.approx([0.1, 0.3])
    # Busy half of the time, the shared cell counts for each with half of a half.
    assert coverage_loss(covers, people, 0.5) == pytest.approx([0.5 * 0.1 + 0.25 * 0.2, 0.5 * 0.3 + 0.25 * 0.2])


def test_every_reason_has_words_in_both_languages() -> None:
    vehicles = [
        ambulance("A", invented=True, fix_time=NOW - timedelta(minutes=20)),
        ambulance("B", kind=VehicleKind.HEARSE, status=VehicleStatus.ESCORTING, fix_time=NOW - timedelta(days=1)),
        ambulance("C", status=VehicleStatus.ASSIGNED, scheduled_run=True),
        ambulance("D"),
    ]
    tables = two_ways([5, 6, math.inf], [[10, 12, math.inf]])
    decision = decided(vehicles, [HOSPITAL, CLINIC, FAR], tables)
    groups = (decision.vehicles_lost, decision.facilities_lost, decision.vehicles_out)
    reasons = [why for group in groups for one in group for why in one.reasons]
    reasons += [remark for option in decision.options for remark in option.remarks]
    assert len(reasons) > 6
    for language in LANGUAGES:
        for why in reasons:
            assert why.text(language)
            assert "{" not in why.text(language)
    assert Reason("vehicle.later_at_care", (("minutes", 3.5),)).text("id") == "pasien ditangani 3,5 menit lebih lambat"


def test_a_position_from_the_future_has_a_wrong_clock() -> None:
    based: dict[str, object] = {"base_longitude": 106.9, "base_latitude": -6.4}
    soon, far = timedelta(seconds=SETTINGS.fix_ahead_seconds), timedelta(hours=7)
    assert at(ambulance("A", fix_time=NOW + soon)) == ()
    assert at(ambulance("A", fix_time=NOW + far)) == ("position.ahead",)
    assert at(ambulance("A", fix_time=NOW + far, **based)) == ("position.ahead", "position.base")
    found = locate(ambulance("A", fix_time=NOW + far), NOW, SETTINGS)
    assert isinstance(found, Candidate)
    assert found.doubt_ms == SETTINGS.fix_penalty_limit_ms


def test_who_was_last_seen_at_its_base_and_stands_by_is_there() -> None:
    lost = NOW - timedelta(hours=8)

    def doubt(**changes: object) -> float:
        found = locate(ambulance("A", base_longitude=106.8, base_latitude=-6.5, **changes), NOW, SETTINGS)
        assert isinstance(found, Candidate)
        return found.doubt_ms

    never_seen = doubt(fix_time=None, longitude=None, latitude=None)
    assert doubt(fix_time=lost) == never_seen == 0.0
    assert doubt(fix_time=lost, longitude=106.9) > 0.0
    assert doubt(fix_time=lost, status=VehicleStatus.RETURNING) > 0.0


def test_with_nobody_to_send_the_facilities_are_ranked_for_the_patient() -> None:
    decision = decided([ambulance("A", status=VehicleStatus.BROKEN)], [FAR, CLINIC], two_ways([], [[20, 10]]))
    assert [(choice.destination.id, choice.transport_ms / MINUTE) for choice in decision.facilities] == [("K", 10), ("F", 20)]
    assert [lost.id for lost in decision.facilities_lost] == ["F"]


def test_who_would_come_after_closing_is_not_sent_there() -> None:
    # K closes in half an hour; A gets there in time, B does not and goes on to the farther F.
    tables = replace(two_ways([4, 14], [[5, 15]]), closes_ms=np.array([30 * MINUTE, math.inf]))
    for policy in ("expected_time", "nearest"):
        decision = decided([ambulance("A"), ambulance("B")], [CLINIC, FAR], tables, policy=policy)
        assert [(option.vehicle.id, option.destination.id) for option in decision.options] == [("A", "K"), ("B", "F")]
    alone = decided([ambulance("B")], [CLINIC, FAR], replace(two_ways([14], [[5, 15]]), closes_ms=tables.closes_ms))
    assert [(lost.id, lost.reasons[0].code) for lost in alone.facilities_lost] == [("K", "facility.closes_before")]
    too_late = decided([ambulance("B")], [CLINIC], replace(two_ways([14], [[5]]), closes_ms=np.array([30 * MINUTE])))
    assert [(out.id, out.reasons[0].code) for out in too_late.vehicles_out] == [("B", "vehicle.after_closing")]


def test_who_is_asked_next_is_still_open_then() -> None:
    places = [HOSPITAL, CLINIC, FAR]
    tables = two_ways([4], [[5, 6, 15]])
    assert (first := decided([ambulance("A")], places, tables).options[0].if_declined) is not None
    closing = replace(tables, closes_ms=np.array([math.inf, 20 * MINUTE, math.inf]))
    assert (then := decided([ambulance("A")], places, closing, policy="nearest").options[0].if_declined) is not None
    assert (first.id, then.id) == ("K", "F")


def test_a_difference_that_decides_is_never_told_as_none() -> None:
    decision = decided([ambulance("A"), ambulance("B")], [CLINIC], two_ways([4, 4.001], [[10]]))
    assert dict(decision.vehicles_lost[0].reasons[0].params) == {"minutes": 0.1}
