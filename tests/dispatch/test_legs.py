"""Right of way belongs where the law gives it, and nowhere else (UU 22/2009 art. 134 and 135)."""

from __future__ import annotations

import pytest

from dispatch.cases import Priority, case_kinds, requirement
from dispatch.fleet import Vehicle, VehicleKind
from dispatch.legs import Leg, default_rules, profile_for, read_rules
from facilities import Requirement as FacilityRequirement
from routing import DataError, InputError
from routing.profiles import load_profiles

SIREN = frozenset({"siren", "lights"})


def profile(kind: VehicleKind, equipment: frozenset[str], case: str, priority: Priority, leg: Leg) -> str:
    return profile_for(default_rules(), Vehicle("V", "V", kind, equipment), case_kinds()[case], priority, leg)


@pytest.mark.parametrize(
    ("vehicle", "equipment", "case", "priority", "reach", "carry"),
    [
        ("emergency_ambulance", SIREN, "emergency", "red", "ambulance", "ambulance_priority"),
        ("emergency_ambulance", SIREN, "accident", "yellow", "ambulance_priority", "ambulance_priority"),
        ("village_ambulance", frozenset({"siren"}), "accident", "red", "ambulance", "ambulance"),
        ("village_ambulance", frozenset(), "emergency", "red", "ambulance", "ambulance"),
        ("transport_ambulance", SIREN, "emergency", "green", "ambulance", "ambulance"),
        ("transport_ambulance", SIREN, "outpatient", "yellow", "ambulance", "ambulance"),
        ("trc_car", SIREN, "social_transport", "green", "car", "car"),
        ("motorcycle", frozenset(), "home_care", "green", "motorcycle", "motorcycle"),
        ("hearse", SIREN, "hearse", "black", "ambulance", "ambulance_priority"),
        ("hearse", frozenset(), "hearse", "black", "ambulance", "ambulance"),
    ],
)
def test_profiles_of_both_legs(
    vehicle: str, equipment: frozenset[str], case: str, priority: str, reach: str, carry: str
) -> None:
    legs: tuple[Leg, Leg] = ("reach", "carry")
    found = tuple(profile(VehicleKind(vehicle), equipment, case, Priority(priority), leg) for leg in legs)
    assert found == (reach, carry)


def test_no_siren_without_siren_on_any_leg_of_any_case() -> None:
    for kind in VehicleKind:
        for case in case_kinds():
            for priority in Priority:
                for leg in ("reach", "carry"):
                    assert profile(kind, frozenset({"siren"}), case, priority, leg) != "ambulance_priority"


def test_every_profile_exists() -> None:
    assert {rule.profile for rule in default_rules()} <= set(load_profiles())


def test_a_rule_for_every_vehicle_and_no_unknown_words() -> None:
    with pytest.raises(DataError, match="vehicle kind 'emergency_ambulance'"):
        read_rules({"rule": [{"profile": "car", "vehicles": ["trc_car"]}]})
    with pytest.raises(DataError, match="rule 1: unknown key 'colour'"):
        read_rules({"rule": [{"profile": "car", "colour": "red"}]})
    with pytest.raises(DataError, match="rule 1: leg 'sideways'"):
        read_rules({"rule": [{"profile": "car", "leg": "sideways"}]})
    with pytest.raises(DataError, match="rule 1: 'boat'"):
        read_rules({"rule": [{"profile": "car", "vehicles": ["boat"]}]})
    with pytest.raises(DataError, match="'profile' is missing"):
        read_rules({"rule": [{}]})


def test_what_cases_need_is_what_facilities_can_say() -> None:
    for kind in case_kinds().values():
        for priority in Priority:
            FacilityRequirement(kind.capabilities[priority], priority)


def test_what_a_user_may_ask() -> None:
    asked = requirement("maternal", "red")
    assert asked.needed_capabilities == (frozenset({"ponek"}),)
    assert asked.seconds_on_scene == 12 * 60
    assert requirement("emergency", "green", scene_seconds=60).seconds_on_scene == 60
    with pytest.raises(InputError, match="no case kind 'flood'"):
        requirement("flood", "red")
    with pytest.raises(InputError, match="no priority 'pink'"):
        requirement("emergency", "pink")
    with pytest.raises(InputError, match="never red"):
        requirement("outpatient", "red")
    with pytest.raises(InputError, match="at least one"):
        requirement("emergency", "red", patients=0)
