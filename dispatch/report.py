"""A recommendation as plain dictionaries, for programs and for the command line."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.options import Decision, Destination, FacilityChoice, Option
from dispatch.reasons import AnyReason
from dispatch.recommend import NextFacility, Recommendation
from dispatch.screening import LeftOut
from routing import Language, text

Json = dict[str, object]


def _minutes(ms: float) -> float:
    return round(ms / 60_000, 1)


def _reasons(reasons: Iterable[AnyReason], language: Language) -> list[Json]:
    return [one.as_dict(language) for one in reasons]


def _left_out(items: Iterable[LeftOut], language: Language) -> list[Json]:
    # Many facilities are left out for the very same reason, which is put into words once.
    said: dict[int, Json] = {}
    found: list[Json] = []
    for one in items:
        reasons = []
        for reason in one.reasons:
            words = said.get(id(reason))
            if words is None:
                words = said[id(reason)] = reason.as_dict(language)
            reasons.append(dict(words))
        found.append({"id": one.id, "name": one.name, "reasons": reasons})
    return found


def _destination(place: Destination) -> Json:
    return {
        "id": place.id,
        "name": place.name,
        "kind": place.kind,
        "longitude": place.longitude,
        "latitude": place.latitude,
        "chance_declined": round(place.declined, 3),
        "chance_refused_at_door": round(place.refused, 3),
        "phone": place.phone,
    }


def _facility(choice: FacilityChoice, rank: int, language: Language) -> Json:
    return {
        "rank": rank,
        "facility": _destination(choice.destination),
        "transport_minutes": _minutes(choice.transport_ms),
        "expected_minutes": _minutes(choice.expected_ms),
        "remarks": _reasons(choice.remarks, language),
    }


def _option(option: Option, rank: int, found: Recommendation, now_age: float | None, language: Language) -> Json:
    vehicle = option.vehicle
    stop = found.stops[option.reach_profile]
    return {
        "rank": rank,
        "vehicle": {
            "id": vehicle.id,
            "name": vehicle.name,
            "kind": vehicle.kind.value,
            "kind_text": text(language, f"dispatch.vehicle_kind.{vehicle.kind}"),
            "status": vehicle.status.value,
            "status_text": text(language, f"dispatch.status.{vehicle.status}"),
            "longitude": vehicle.longitude,
            "latitude": vehicle.latitude,
            "fix_age_seconds": None if now_age is None else round(now_age),
            "taken_to_be_at": {"longitude": option.start[0], "latitude": option.start[1]},
            "diverted": option.diverts,
            "invented": vehicle.invented,
        },
        "facility": _destination(option.destination),
        "first_leg": {
            "profile": option.reach_profile,
            "minutes": _minutes(option.reach_ms),
            "turnout_minutes": _minutes(option.turnout_ms),
            "drive_minutes": _minutes(option.drive_ms),
            "on_foot_minutes": _minutes(option.carry_ms),
            "doubt_minutes": _minutes(option.doubt_ms),
            "on_foot_m": round(option.carry_m),
            "on_foot_by": option.carry_kind,
            "stop": {"longitude": stop.stop_longitude, "latitude": stop.stop_latitude, "street": stop.street},
        },
        "on_scene_minutes": _minutes(option.scene_ms),
        "second_leg": {
            "profile": option.carry_profile,
            "minutes": _minutes(option.transport_ms),
            "on_foot_minutes": _minutes(option.back_ms),
        },
        "decline_minutes": _minutes(option.going_on_ms),
        "expected_minutes": _minutes(option.expected_ms),
        "if_declined": None if option.if_declined is None else _destination(option.if_declined),
        "uncovers": {
            "amount": round(option.uncovered, 2),
            "unit": found.demand_unit,
            "share": round(option.uncovered / found.demand, 4) if found.demand else None,
            "expected_share": round(option.loss, 4),
        },
        "remarks": _reasons(option.remarks, language),
    }


def recommendation_as_dict(found: Recommendation, language: Language = "id") -> Json:
    """A recommendation as JSON data: `options` ranked, reasons in words, ages, what it was made with.

    Raises:
        DataError: a text is missing.
    """
    decision: Decision = found.decision
    call, settings, requirement = found.call, found.settings, found.decision.requirement
    invented = {"invented_region": found.region.invented, "invented_fleet": found.invented_fleet}
    return {
        "region": found.region.name,
        "asked": {
            "case": requirement.kind.name,
            "case_text": text(language, f"dispatch.case.{requirement.kind.name}"),
            "priority": requirement.priority.value,
            "priority_text": text(language, f"dispatch.priority.{requirement.priority}"),
            "patients": requirement.patients,
            "longitude": call.longitude,
            "latitude": call.latitude,
            "time": call.now.isoformat(),
            "tried": sorted(call.tried),
        },
        "options": [
            _option(option, rank, found, option.vehicle.fix_age_seconds(call.now), language)
            for rank, option in enumerate(decision.options, start=1)
        ],
        "facilities": [_facility(choice, rank, language) for rank, choice in enumerate(decision.facilities, start=1)],
        "vehicles_lost": _left_out(decision.vehicles_lost, language),
        "facilities_lost": _left_out(decision.facilities_lost, language),
        "vehicles_left_out": _left_out(decision.vehicles_out, language),
        "facilities_left_out": _left_out(decision.facilities_out, language),
        "made_with": {
            "policy": decision.policy,
            "policy_text": text(language, f"dispatch.policy.{decision.policy}"),
            "asking": settings.asking,
            "asking_text": text(language, f"dispatch.asking.{settings.asking}"),
            "road_state": found.road_state,
            "metrics": dict(found.metrics),
            "demand": round(found.demand, 1),
            "demand_unit": found.demand_unit,
            "standard_minutes": _minutes(settings.standard_ms),
        },
        "labels": [text(language, f"dispatch.label.{label}") for label, holds in invented.items() if holds],
        "attribution": list(found.region.attribution),
    }


def next_facility_as_dict(found: NextFacility, language: Language = "id") -> Json:
    """Who is asked next, as JSON data.

    Raises:
        DataError: a text is missing.
    """
    return {
        "facilities": [_facility(choice, rank, language) for rank, choice in enumerate(found.choices, start=1)],
        "sitegar": found.sitegar,
        "sitegar_minutes": _minutes(found.sitegar_ms),
        "facilities_left_out": _left_out(found.left_out, language),
        "made_with": {"road_state": found.road_state},
    }
