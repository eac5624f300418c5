"""A small service without a store: commands are decided on a world in memory, with clocks that can be made to ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life.case import Case, Cell, Patient
from dispatch.life.clocks import clocks_of
from dispatch.life.commands import Command, Issued, OpenCase, RegisterUnit, Ring
from dispatch.life.decide import decide, wanted
from dispatch.life.events import Recorded, Ref
from dispatch.life.evolve import apply
from dispatch.life.facts import Facilities, FacilityChoice, Facts, VehicleChoice
from dispatch.life.invariants import broken
from dispatch.life.people import CLOCK, Actor
from dispatch.life.referral import Goal
from dispatch.life.rules import Rules, default_rules
from dispatch.life.run import Rider, Run
from dispatch.life.world import World

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DISPATCHER = Actor("sri", "dispatcher")
DRIVER = Actor("budi", "driver")
HERE = Cell(100, 200)


def goal(name: str, kind: str = "facility") -> Goal:
    return Goal(kind, name, name.upper(), "0251-1", 106.9, -6.9)  # type: ignore[arg-type]


class Desk:
    """Whoever sits at the service: gives commands, one after the other, and lets time pass.

    `vehicles` and `facilities` are what a recommendation would rank, best first; facilities that failed are left out, as
    the service does. `reach_s`: until a vehicle is with the patient, where it is not 300 s.
    `unfit`: who is being asked lacks what is needed.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or default_rules()
        self.world = World()
        self.now = START
        self.log: list[Recorded] = []
        self.vehicles: Sequence[str] = ()
        self.reach_s: dict[str, float] = {}
        self.facilities: Sequence[str] = ()
        self.by_desk = False
        self.unfit = False
        self.count = 0

    def facts(self, without: Sequence[str] = ()) -> Facts:
        choices = tuple(
            VehicleChoice(name, 1000.0 * self.reach_s.get(name, 300)) for name in self.vehicles if name not in without
        )
        ranked: dict[Rider, Facilities] = {}
        for case in self.world.cases.values():
            for patient in case.patients:
                out = {one.goal.id for one in case.failed(patient.id)}
                left = tuple(FacilityChoice(goal(name), 600_000.0) for name in self.facilities if name not in out)
                open_one = case.open_attempt(patient.id) if self.unfit else None
                fit = tuple(one for one in left if open_one is None or one.goal.id != open_one.goal.id)
                ranked[Rider(case.id, patient.id)] = Facilities(fit, self.by_desk, open_one is not None)
        return Facts(self.now, self.rules, None, choices, ranked)

    def give(
        self,
        command: Command,
        *,
        actor: Actor = DISPATCHER,
        at: datetime | None = None,
        command_id: str | None = None,
        without: Sequence[str] = (),
    ) -> tuple[Recorded, ...]:
        self.count += 1
        issued = Issued(command_id or f"c{self.count}", actor, at or self.now, command)
        facts = self.facts(without)
        facts = Facts(facts.now, facts.rules, wanted(self.world, command).vehicles_for, facts.vehicles, facts.facilities)
        events = decide(self.world, issued, facts)
        for recorded in events:
            self.world = apply(self.world, recorded)
        self.log.extend(events)
        found = list(broken(self.world, self.rules))
        assert not found, (found, issued, kinds(events))
        return events

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def clocks(self) -> Mapping[tuple[Ref, str], datetime]:
        found = {}
        for kind, states in (("case", self.world.cases), ("run", self.world.runs)):
            for state in states.values():
                for name, deadline in clocks_of(state, self.rules).items():
                    found[(Ref(kind, state.id), name)] = deadline  # type: ignore[arg-type]
        return found

    def ring(self, until: datetime | None = None) -> list[Recorded]:
        """Lets the next clock ring (or every one until then), at its time."""
        events: list[Recorded] = []
        while clocks := self.clocks():
            (ref, name), deadline = min(clocks.items(), key=lambda item: (item[1], item[0]))
            if until is not None and deadline > until:
                break
            self.now = max(self.now, deadline)
            passed = [one for case in self.world.cases.values() for one in case.passed_over]
            run = self.world.runs.get(ref.id)
            if run is not None and run.unit is not None:
                passed.append(run.unit)
            events.extend(self.give(Ring(ref, name, deadline), actor=CLOCK, without=passed if ref.kind == "run" else ()))
            if until is None:
                break
        if until is not None:
            self.now = max(self.now, until)
        return events

    def opened(self, kind: str = "emergency", priority: str = "red", patients: int = 1, case: str = "K1") -> Case:
        self.give(OpenCase(case, kind, Priority(priority), HERE, patients))
        return self.world.cases[case]

    def fleet(self, *names: str, capacity: int = 1) -> None:
        for name in names:
            self.give(RegisterUnit(name, name.upper(), VehicleKind.VILLAGE_AMBULANCE, capacity=capacity, base="Ciriung"))
        self.vehicles = (*self.vehicles, *names)

    def case(self, name: str = "K1") -> Case:
        return self.world.cases[name]

    def patient(self, name: str = "1", case: str = "K1") -> Patient:
        found = self.case(case).patient(name)
        assert found is not None
        return found

    def run(self, case: str = "K1", patient: str = "1") -> Run:
        name = self.patient(patient, case).run
        assert name is not None
        return self.world.runs[name]


def kinds(events: Sequence[Recorded]) -> list[str]:
    return [type(one.event).__name__ for one in events]
