"""Which vehicles may go at all, and what is known of where they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from dispatch.cases import Requirement
from dispatch.fleet import FREE, Vehicle, VehicleStatus
from dispatch.reasons import AnyReason, Reason, Terms, reason
from dispatch.settings import DecisionSettings
from routing.earth import distance_m


class Candidate(Struct, frozen=True):
    """A vehicle that may go.

    Attributes:
        vehicle: it.
        longitude, latitude: where it is taken to be, degrees.
        turnout_ms: from the assignment to moving.
        doubt_ms: added to the way to the patient because its position is old.
        handicap_ms: what pulling it away from its run costs, counted like time when vehicles are compared.
        remarks: what is old or assumed about it.
    """

    vehicle: Vehicle
    longitude: float
    latitude: float
    turnout_ms: float
    doubt_ms: float = 0.0
    handicap_ms: float = 0.0
    remarks: tuple[Reason, ...] = ()

    @property
    def diverts(self) -> bool:
        """Whether it is pulled away from a scheduled run."""
        return self.vehicle.can_be_diverted


class LeftOut(Struct, frozen=True, gc=False):
    """A vehicle or a facility that is not chosen from, by id and name, and why."""

    id: str
    name: str
    reasons: tuple[AnyReason, ...]


def _unfit(vehicle: Vehicle, requirement: Requirement, settings: DecisionSettings) -> list[Reason]:
    """Everything that keeps a vehicle from this case, its position aside."""
    found = []
    if vehicle.status not in FREE:
        pulled = vehicle.can_be_diverted and not requirement.kind.scheduled
        if not (pulled and requirement.priority in settings.divert_priorities):
            found.append(reason(f"vehicle.status.{vehicle.status}"))
    if vehicle.kind not in requirement.kind.vehicles:
        found.append(reason("vehicle.kind", kind=Terms("vehicle_kind", (vehicle.kind,))))
    if missing := requirement.needed_equipment - vehicle.equipment:
        found.append(reason("vehicle.equipment", missing=Terms("equipment", tuple(sorted(missing)))))
    if vehicle.capacity < requirement.patients and requirement.kind.destination != "none":
        found.append(reason("vehicle.capacity", capacity=vehicle.capacity, patients=requirement.patients))
    return found


_MOVING = frozenset({VehicleStatus.RETURNING, VehicleStatus.EN_ROUTE})


def locate(vehicle: Vehicle, now: datetime, settings: DecisionSettings) -> Candidate | Reason:
    """Where a vehicle is taken to be, or why nobody knows.

    A fix up to `fix_now_seconds` old is "now". An older one is labelled, and doubt is added to the way to the patient, since
    the vehicle may have moved off; one older than `fix_lost_seconds` says nothing, and the vehicle counts as standing at
    its base, labelled as assumed, or is left out if it has none. A fix without a time, or with one that lies in the future
    (a clock or a time zone is wrong, so nobody knows how old it is), is assumed, with the doubt of a lost one.
    """
    moving = vehicle.status in _MOVING
    turnout = settings.turnout_moving_ms if moving else settings.turnout_ms
    diverted = vehicle.can_be_diverted
    handicap = settings.divert_penalty_ms if diverted else 0.0
    fixed = vehicle.longitude is not None and vehicle.latitude is not None
    age = None if vehicle.fix_time is None or not fixed else (now - vehicle.fix_time).total_seconds()
    ahead = 0.0 if age is None else -age
    wrong_clock = ahead > settings.fix_ahead_seconds
    if wrong_clock:
        age = None
    remarks: list[Reason] = [reason("vehicle.diverted")] if diverted else []

    longitude, latitude = vehicle.longitude, vehicle.latitude
    if wrong_clock:
        remarks.append(reason("position.ahead", minutes=round(ahead / 60)))
    if fixed and age is not None and age <= settings.fix_lost_seconds:
        doubt_ms = _doubt_ms(age - settings.fix_now_seconds, settings)
        if age > settings.fix_now_seconds:
            remarks.append(reason("position.old", minutes=round(age / 60)))
    elif vehicle.base_longitude is not None and vehicle.base_latitude is not None:
        longitude, latitude = vehicle.base_longitude, vehicle.base_latitude
        # Whoever stands by without a word, or was last seen at the base, is most likely there; one on the road is anywhere.
        nothing_else = not fixed or _apart_m(vehicle) <= settings.off_road_m
        doubt_ms = 0.0 if not moving and nothing_else else _doubt_ms(settings.fix_lost_seconds, settings)
        if age is None:
            remarks.append(reason("position.base", base=vehicle.base or vehicle.name))
        else:
            remarks.append(reason("position.lost", minutes=round(age / 60), base=vehicle.base or vehicle.name))
    elif fixed and age is None:
        doubt_ms = _doubt_ms(settings.fix_lost_seconds, settings)
        if not wrong_clock:
            remarks.append(reason("position.untimed"))
    elif fixed and age is not None:
        return reason("vehicle.position_lost", minutes=round(age / 60))
    else:
        return reason("vehicle.position_unknown")
    assert longitude is not None
    assert latitude is not None
    return Candidate(vehicle, longitude, latitude, turnout, doubt_ms, handicap, tuple(remarks))


def _doubt_ms(seconds: float, settings: DecisionSettings) -> float:
    """What is added for a position that has been too old for so long: the vehicle may have moved off meanwhile."""
    return min(settings.fix_penalty_limit_ms, seconds * 1000 * settings.fix_penalty_share) if seconds > 0.0 else 0.0


def _apart_m(vehicle: Vehicle) -> float:
    """How far from its base it was last seen, metres; inf where one of the two is unknown."""
    places = (vehicle.longitude, vehicle.latitude, vehicle.base_longitude, vehicle.base_latitude)
    if any(place is None for place in places):
        return math.inf
    longitude, latitude, base_longitude, base_latitude = (float(place or 0.0) for place in places)
    return distance_m(longitude, latitude, base_longitude, base_latitude)


def screen(
    vehicles: Iterable[Vehicle], requirement: Requirement, now: datetime, settings: DecisionSettings
) -> tuple[list[Candidate], list[LeftOut]]:
    """Vehicles that may go, and those left out with every reason; both in the order of the input."""
    candidates, left_out = [], []
    for vehicle in vehicles:
        reasons = _unfit(vehicle, requirement, settings)
        found = locate(vehicle, now, settings)
        if isinstance(found, Reason):
            reasons.append(found)
        if reasons or isinstance(found, Reason):
            left_out.append(LeftOut(vehicle.id, vehicle.name, tuple(reasons)))
        else:
            candidates.append(found)
    return candidates, left_out
