"""Whatever is commanded, in whatever order, at whatever time: what must always hold, holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from dispatch.cases import Priority, case_kinds
from dispatch.fleet import VehicleKind, VehicleStatus
from dispatch.life import commands as c
from dispatch.life.case import Outcome
from dispatch.life.events import Recorded
from dispatch.life.evolve import apply
from dispatch.life.people import CLOCK, Voice
from dispatch.life.referral import FAILED_ATTEMPT, Decline
from dispatch.life.refusals import RefusedError
from dispatch.life.rules import default_rules
from dispatch.life.run import Rider, RunState
from dispatch.life.stamps import TimePoint
from dispatch.life.world import World
from routing import LANGUAGES
from tests.dispatch.life.worlds import HERE, Desk, goal

UNITS = ("a1", "a2", "trc", "tiny")
FACILITIES = ("f1", "f2", "f3", "f4", "f5")
PRESSED = {
    RunState.ASSIGNED: TimePoint.ACKNOWLEDGED,
    RunState.ACKNOWLEDGED: TimePoint.DEPARTED,
    RunState.EN_ROUTE: TimePoint.AT_SCENE,
    RunState.AT_SCENE: TimePoint.WITH_PATIENT,
    RunState.WITH_PATIENT: TimePoint.LEFT_SCENE,
    RunState.CARRYING: TimePoint.AT_FACILITY,
    RunState.CLEARING: TimePoint.AVAILABLE,
}
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Not made smaller: that takes minutes, and the steps are printed as they were."""
TALLY: dict[str, int] = {}


class Life(RuleBasedStateMachine):
    """Every command, by whoever, about whatever there is."""

    @initialize(
        asking=st.sampled_from(["ahead", "on_board", "at_door"]),
        after=st.sampled_from(["next", "sitegar"]),
        order=st.sampled_from([("neighbours", "psc119", "queue"), ("queue",), ("psc119", "queue")]),
        rings=st.integers(0, 2),
        kind=st.sampled_from(["emergency", "emergency", "outpatient", "home_care", "social_transport"]),
        patients=st.integers(1, 2),
    )
    def begin(self, asking: str, after: str, order: tuple[str, ...], rings: int, kind: str, patients: int) -> None:
        rules = replace(
            default_rules(), asking=asking, after_decline=after, no_vehicle=order, assign_rings=rings, desk_rings=rings
        )
        self.desk = Desk(rules)
        for name in UNITS:
            sort = VehicleKind.TRC_CAR if name == "trc" else VehicleKind.VILLAGE_AMBULANCE
            self.desk.give(c.RegisterUnit(name, name, sort, capacity=3 if name == "trc" else 1))
        for name in ("o1", "o2"):
            self.desk.give(c.RegisterOfficer(name, name))
            self.desk.give(c.SetShift(name, self.desk.now, self.desk.now + timedelta(hours=8)))
        self.desk.vehicles, self.desk.facilities = UNITS, FACILITIES
        # Two calls are there already and a vehicle is under way, so that most walks get far.
        self.given(c.OpenCase("K1", kind, Priority.YELLOW, HERE, patients))
        self.given(c.OpenCase("K2", "emergency", Priority.RED, HERE))
        self.given(c.Assign("K1", "trc" if kind in ("home_care", "social_transport") else "a1", (), ("1",)))

    def given(self, command: c.Command, **more: object) -> None:
        name = type(command).__name__
        try:
            self.desk.give(command, **more)  # type: ignore[arg-type]
            TALLY[name] = TALLY.get(name, 0) + 1
        except RefusedError as refused:
            assert all(refused.text(language) for language in LANGUAGES)  # noqa: PT017
            TALLY[f"{name} refused: {refused.code}"] = TALLY.get(f"{name} refused: {refused.code}", 0) + 1

    @rule(data=st.data())
    def facts_change(self, data: st.DataObject) -> None:
        self.desk.vehicles = data.draw(st.lists(st.sampled_from(UNITS), unique=True))
        self.desk.facilities = data.draw(st.lists(st.sampled_from(FACILITIES), unique=True))
        self.desk.by_desk, self.desk.unfit = data.draw(st.booleans()), data.draw(st.booleans())
        self.desk.reach_s = {name: data.draw(st.sampled_from([300, 320, 900])) for name in self.desk.vehicles}

    @rule(minutes=st.sampled_from([0.1, 1, 4, 20, 120]))
    def time_passes(self, minutes: float) -> None:
        self.desk.wait(minutes=minutes)

    @precondition(lambda self: self.desk.clocks())
    @rule(data=st.data())
    def a_clock_rings(self, data: st.DataObject) -> None:
        clocks = self.desk.clocks()
        (ref, name), deadline = data.draw(st.sampled_from(sorted(clocks.items())))
        early = data.draw(st.booleans()) and deadline > self.desk.now
        if not early:
            self.desk.now = max(self.desk.now, deadline)
        before = len(self.desk.log)
        self.given(c.Ring(ref, name, deadline), actor=CLOCK)
        assert (len(self.desk.log) == before) == early, "a clock that rings moves something on; one that is early does not"

    @precondition(lambda self: sum(one.open for one in self.desk.world.cases.values()) < 3)
    @rule(
        kind=st.sampled_from([None, *case_kinds()]),
        priority=st.sampled_from([None, *Priority]),
        cell=st.sampled_from([None, HERE]),
        patients=st.integers(1, 3),
        hours=st.sampled_from([None, None, 0.5, 30.0]),
    )
    def open(self, kind: str | None, priority: Priority | None, cell: object, patients: int, hours: float | None) -> None:
        name = f"K{len(self.desk.world.cases) + 1}"
        later = None if hours is None else self.desk.now + timedelta(hours=hours)
        self.given(c.OpenCase(name, kind, priority, cell, patients, None, later))  # type: ignore[arg-type]

    def some(self, data: st.DataObject) -> tuple[str, str, str]:
        """A case, one of its patients, and a run: mostly live ones."""
        world = self.desk.world
        open_ones = [one.id for one in world.cases.values() if one.open]
        case = data.draw(st.sampled_from(open_ones or list(world.cases)))
        patient = data.draw(st.sampled_from([one.id for one in world.cases[case].patients]))
        live = [one.id for one in world.runs.values() if one.live]
        run = data.draw(st.sampled_from(live or [*world.runs, "nobody"]))
        return case, patient, run

    @precondition(lambda self: self.desk.world.cases)
    @rule(data=st.data())
    def triage(self, data: st.DataObject) -> None:
        case, _, _ = self.some(data)
        kind = data.draw(st.sampled_from([None, *case_kinds()]))
        self.given(c.DescribeCase(case, kind, data.draw(st.sampled_from([None, *Priority])), HERE))

    @precondition(lambda self: self.desk.world.cases)
    @rule(data=st.data(), unit=st.sampled_from(UNITS), how=st.integers(0, 5))
    def send(self, data: st.DataObject, unit: str, how: int) -> None:
        case, patient, run = self.some(data)
        officers = tuple(data.draw(st.sets(st.sampled_from(["o1", "o2"]))))
        match how:
            case 0:
                self.given(c.Assign(case, None, officers))
            case 1:
                self.given(c.Assign(case, unit, officers, (patient,), goal(data.draw(st.sampled_from(FACILITIES)))))
            case 2:
                self.given(c.Join(run, case, (patient,)))
            case 3:
                self.given(c.SeekHelp(case))
            case 4:
                self.given(c.AnswerHelp(case, data.draw(st.booleans()), "psc119", "PSC", Voice("Ani", "119")))
            case _:
                self.given(c.Assign(case, unit))

    @precondition(lambda self: any(one.live for one in self.desk.world.runs.values()))
    @rule(data=st.data(), point=st.sampled_from(TimePoint), back=st.sampled_from([0, 0, 0, 30, 3600]))
    def drive(self, data: st.DataObject, point: TimePoint, back: int) -> None:
        _, _, run = self.some(data)
        riders: tuple[Rider, ...] = ()
        if data.draw(st.booleans()) and (on := self.desk.world.runs[run].riders):
            riders = (data.draw(st.sampled_from(on)),)
        self.given(c.Progress(run, point, riders), at=self.desk.now - timedelta(seconds=back))

    @precondition(lambda self: any(one.live for one in self.desk.world.runs.values()))
    @rule(data=st.data(), steps=st.integers(1, 8))
    def drive_on(self, data: st.DataObject, steps: int) -> None:
        """The next steps as a crew would take them, so that runs get far."""
        _, _, run = self.some(data)
        for _ in range(steps):
            here = self.desk.world.runs[run]
            if here.state in PRESSED:
                self.given(c.Progress(run, PRESSED[here.state]))
            elif here.riders:
                rider = data.draw(st.sampled_from(here.riders))
                at_door = here.state is RunState.AT_FACILITY
                if at_door and data.draw(st.integers(0, 3)) == 0:
                    self.given(c.RefuseAtDoor(rider.case, rider.patient, data.draw(st.sampled_from(Decline))))
                    self.given(c.Progress(run, TimePoint.LEFT_FACILITY))
                else:
                    self.given((c.HandOver if at_door else c.BeginTreatment)(rider.case, rider.patient))
            self.desk.wait(seconds=data.draw(st.sampled_from([0, 20, 400])))

    @precondition(lambda self: self.desk.world.runs)
    @rule(data=st.data(), what=st.integers(0, 4))
    def run_trouble(self, data: st.DataObject, what: int) -> None:
        _, _, run = self.some(data)
        unit = data.draw(st.sampled_from(UNITS))
        point = data.draw(st.sampled_from(TimePoint))
        earlier = self.desk.now - timedelta(seconds=data.draw(st.integers(0, 600)))
        trouble: list[c.Command] = [
            c.DeclineJob(run, "ban bocor"),
            c.StandDown(run, "salah"),
            c.ReportBreakdown(unit),
            c.EndEscort(run, "keluarga datang"),
            c.CorrectTime(run, point, earlier, "lupa menekan"),
        ]
        self.given(trouble[what])

    @precondition(lambda self: self.desk.world.cases)
    @rule(data=st.data(), what=st.integers(0, 8))
    def patients(self, data: st.DataObject, what: int) -> None:
        case, patient, _ = self.some(data)
        other = data.draw(st.sampled_from(list(self.desk.world.cases)))
        make: list[Callable[[], c.Command]] = [
            lambda: c.HandOver(case, patient),
            lambda: c.BeginTreatment(case, patient),
            lambda: c.EndPatient(case, patient, data.draw(st.sampled_from(Outcome))),
            lambda: c.RecordDeath(case, patient),
            lambda: c.RefuseAtDoor(case, patient, data.draw(st.sampled_from(Decline))),
            lambda: c.AddPatient(case),
            lambda: c.CancelCase(case, "tidak jadi"),
            lambda: c.MergeCase(case, other, data.draw(st.sampled_from([(), (patient,)]))),
            lambda: c.SetGoal(case, patient, goal("rumah", "given"), "pulang"),
        ]
        self.given(make[what]())

    @precondition(lambda self: any(one.attempts or one.desk for one in self.desk.world.cases.values()))
    @rule(data=st.data(), accepted=st.booleans(), nothing=st.booleans(), why=st.sampled_from([None, *Decline]))
    def answers(self, data: st.DataObject, accepted: bool, nothing: bool, why: Decline | None) -> None:
        asked = [(case.id, one.id, False) for case in self.desk.world.cases.values() if case.open for one in case.attempts]
        requests = [(case.id, one.id, True) for case in self.desk.world.cases.values() if case.open for one in case.desk]
        if not (asked or requests):
            return
        case, name, by_desk = data.draw(st.sampled_from([*asked, *requests]))
        if by_desk:
            where = None if nothing else goal(data.draw(st.sampled_from([*FACILITIES, "elsewhere"])), "outside")
            self.given(c.AnswerDesk(case, name, where, accepted, Voice("SITEGAR")))
        else:
            self.given(c.AnswerOffer(case, name, accepted, why, "", Voice("IGD", "021")))

    @precondition(lambda self: self.desk.world.cases)
    @rule(data=st.data(), desk=st.booleans())
    def asks(self, data: st.DataObject, desk: bool) -> None:
        case, patient, _ = self.some(data)
        name = data.draw(st.sampled_from(FACILITIES))
        self.given(c.AskDesk(case, patient) if desk else c.AskFacility(case, patient, goal(name)))

    @precondition(lambda self: self.desk.count % 5 == 0)
    @rule(unit=st.sampled_from(UNITS), status=st.sampled_from(VehicleStatus), what=st.integers(0, 4), data=st.data())
    def fleet(self, unit: str, status: VehicleStatus, what: int, data: st.DataObject) -> None:
        match what:
            case 0:
                self.given(c.RetireUnit("tiny"))
            case 1:
                self.given(c.RegisterUnit("tiny", "tiny", VehicleKind.VILLAGE_AMBULANCE, capacity=1))
            case 2 if self.desk.world.cases:
                self.given(c.TryAgain(data.draw(st.sampled_from(list(self.desk.world.cases)))))
            case _:
                self.given(c.SetUnitStatus(unit, status))

    @invariant()
    def nobody_who_declined_is_asked_again_by_itself(self) -> None:
        for case in self.desk.world.cases.values() if hasattr(self, "desk") else ():
            for patient in case.patients:
                failed: set[str] = set()
                for one in case.attempts:
                    if one.patient == patient.id:
                        assert one.via != "ranking" or one.goal.id not in failed
                        if one.state in FAILED_ATTEMPT:
                            failed.add(one.goal.id)

    @invariant()
    def the_log_gives_the_same_world(self) -> None:
        if not hasattr(self, "desk") or len(self.desk.log) % 7:
            return
        world = World()
        for recorded in self.desk.log:
            world = apply(world, recorded)
        assert world == self.desk.world

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        # Written and read again, the events are the same.
        written = msgspec.json.encode(self.desk.log)
        assert msgspec.json.decode(written, type=list[Recorded]) == self.desk.log
        # Nobody does anything any more: clocks go on ringing for whatever is open, for as long as it is.
        for _ in range(3):
            waiting = [one for one in self.desk.world.cases.values() if one.open]
            events = self.desk.ring()
            assert bool(events) or not waiting


ELSEWHERE = {"RegisterOfficer", "SetShift", "RetireOfficer", "PostCondition", "WithdrawCondition", "ClaimAvailability"}
ELSEWHERE |= {"RecordReading", "Reroute", "Signal"}
"""Commands that move no case on by themselves; the stories have them."""


def test_whatever_is_commanded() -> None:
    some = settings(max_examples=60, stateful_step_count=50, phases=PHASES, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=some)
    assert TALLY["Ring"] > 20
    assert TALLY["Progress"] > 20


@pytest.mark.slow
def test_whatever_is_commanded_at_length() -> None:
    many = settings(max_examples=1_500, stateful_step_count=50, phases=PHASES, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=many)
    # The machine got everywhere: each command was carried out at least once.
    done = {name for name in TALLY if "refused" not in name}
    assert {one.__name__ for one in c.Command.__args__} - ELSEWHERE <= done
