"""Where a run is led: the route of its present leg, to whom or to which door, and where its vehicle stands meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.fleet import Vehicle
from dispatch.legs import Leg, default_rules, profile_for
from dispatch.life.case import RIDING, Case, Patient, PatientState, urgency
from dispatch.life.particulars import Particulars, Position
from dispatch.life.referral import Goal
from dispatch.life.run import Run, RunState
from dispatch.positions.settings import PlaceKind
from dispatch.service.choices import asked_of, known_place, place_of
from dispatch.service.live_region import Now
from dispatch.times import without_leaps
from routing.router import Router
from routing.routes import Route


@dataclass(frozen=True, slots=True)
class RunLeg:
    """The leg that a run is on: the route, to whom or where it leads, and how it is driven."""

    route: Route
    leg: Leg
    profile: str
    goal: Position
    goal_name: str
    assumed_start: bool


@dataclass(frozen=True, slots=True)
class RunWay:
    """From where to where a run is led now, and how it is driven; by which way, the state of the roads says."""

    leg: Leg
    profile: str
    start: Position
    goal: Position
    goal_name: str
    assumed_start: bool

    def on(self, router: Router) -> RunLeg:
        """The leg on a state of the roads.

        Raises:
            PlaceError: there is no way.
        """
        begin = router.snap(self.start.longitude, self.start.latitude, self.profile, on_foot=False)
        end = without_leaps(router.snap(self.goal.longitude, self.goal.latitude, self.profile))
        route = router.route(begin, end, self.profile)
        return RunLeg(route, self.leg, self.profile, self.goal, self.goal_name, self.assumed_start)


def leg_of(
    now: Now,
    run: Run,
    cases: Mapping[str, Case],
    particulars: Mapping[str, Particulars],
    vehicle: Vehicle | None,
) -> RunLeg | None:
    """The route of a run's present leg; None: it has none.

    Raises:
        PlaceError: there is no way.
    """
    way = way_of(run, cases, particulars, vehicle)
    return None if way is None else way.on(now.router)


def way_of(
    run: Run, cases: Mapping[str, Case], particulars: Mapping[str, Particulars], vehicle: Vehicle | None
) -> RunWay | None:
    """From where to where a run is led now; None: nowhere, or nobody knows from where."""
    target = None if vehicle is None else _target(run, cases, particulars)
    if target is None or vehicle is None:
        return None
    leg, place, name, start = target
    kind = asked_of(cases[run.riders[0].case]).kind
    profile = profile_for(default_rules(), vehicle, kind, run.priority, leg)
    seen = vehicle.longitude is not None and vehicle.latitude is not None
    if seen and vehicle.longitude is not None and vehicle.latitude is not None:
        start = Position(vehicle.longitude, vehicle.latitude)
    elif start is None and vehicle.base_longitude is not None and vehicle.base_latitude is not None:
        start = Position(vehicle.base_longitude, vehicle.base_latitude)
    return None if start is None else RunWay(leg, profile, start, place, name, not seen)


_Target = tuple[Leg, Position, str, Position | None]
"""The leg, where it leads, what that is called, and from where it starts as far as anybody knows."""

_UNDER_WAY = frozenset({RunState.ASSIGNED, RunState.ACKNOWLEDGED, RunState.EN_ROUTE, RunState.CARRYING, RunState.AT_FACILITY})
"""States in which a run is on a leg, or stands where one has ended."""


def _target(run: Run, cases: Mapping[str, Case], particulars: Mapping[str, Particulars]) -> _Target | None:
    """Where a run's present leg leads.

    Whoever is still to be fetched comes before the doors of those on board: that is what the trip is shared for. Not so where
    somebody on board is more urgent than all who are to be fetched: no red patient is driven round for a green one. A run
    that stands at a door is there until those who go in are handed over.
    """
    if run.state not in _UNDER_WAY:
        return None
    riders = _riders(run, cases)
    to_fetch = [one for one in riders if one[1].state in (PatientState.ASSIGNED, PatientState.MET)]
    riding = sorted((one for one in riders if one[1].state in RIDING), key=lambda one: urgency(*one))
    arrived = [one for one in riding if _arrived(one[1])]
    onward = [one for one in riding if not _arrived(one[1])]
    waits = run.state is RunState.AT_FACILITY and bool(arrived)
    if to_fetch and not waits and not (onward and urgency(*onward[0]) < min(urgency(*one) for one in to_fetch)):
        case, patient = to_fetch[0]
        start = _home(*riding[0], particulars) if riding else None
        return "reach", _home(case, patient, particulars), "", start
    for case, patient in (*arrived, *onward) if waits else (*onward, *arrived):
        where = None if patient.goal is None else _goal_place(patient.goal, particulars[case.id], patient.id)
        if patient.goal is not None and where is not None:
            return "carry", where, patient.goal.name, _home(case, patient, particulars)
    return None


def _riders(run: Run, cases: Mapping[str, Case]) -> list[tuple[Case, Patient]]:
    return [(cases[one.case], patient) for one in run.riders if (patient := cases[one.case].patient(one.patient)) is not None]


def _arrived(patient: Patient) -> bool:
    """Whether a patient stands at the door where they are to go in; who was refused there is to go on."""
    if patient.state is not PatientState.AT_FACILITY:
        return False
    return patient.goal is None or patient.door is None or patient.goal.id == patient.door.id


def _home(case: Case, patient: Patient, particulars: Mapping[str, Particulars]) -> Position:
    return place_of(case, particulars[case.id], patient.id)


def standing_at(
    run: Run, cases: Mapping[str, Case], particulars: Mapping[str, Particulars]
) -> tuple[PlaceKind, Position] | None:
    """Where people say that a run's vehicle stands, with a patient or at a door; None: nowhere, or it isn't known where."""
    riders = _riders(run, cases)
    if run.state in (RunState.AT_SCENE, RunState.WITH_PATIENT):
        for state in (PatientState.MET, PatientState.ASSIGNED):
            for case, patient in riders:
                if patient.state is state:
                    return "pickup", _home(case, patient, particulars)
    if run.state in (RunState.AT_FACILITY, RunState.ESCORTING, RunState.CLEARING):
        # Whoever is still to go in stands where the vehicle does; who has gone in may have done so at another door before.
        going_in = [patient for _, patient in riders if patient.state is PatientState.AT_FACILITY]
        for patient in (*going_in, *(patient for _, patient in reversed(riders))):
            if patient.door is not None and (door := known_place(patient.door)) is not None:
                return "facility", door
    return None


def _goal_place(goal: Goal, particulars: Particulars, patient: str) -> Position | None:
    if (known := known_place(goal)) is not None:
        return known
    return particulars.goal(patient) if goal.kind == "given" else None
