"""The cases, runs, vehicles and officers that a command is about, as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dispatch.life.case import Case, Patient
from dispatch.life.events import Ref
from dispatch.life.reports import Claims, Condition, Readings
from dispatch.life.run import Rider, Run
from dispatch.life.units import Officer, Unit

T = TypeVar("T")
Aggregate = Case | Run | Unit | Officer | Condition | Claims | Readings


@dataclass(frozen=True, slots=True)
class World:
    """What was loaded, by id. Whatever refers to something else that is live has it in here as well."""

    cases: Mapping[str, Case] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    officers: Mapping[str, Officer] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    claims: Mapping[str, Claims] = field(default_factory=dict)
    readings: Mapping[str, Readings] = field(default_factory=dict)

    def get(self, ref: Ref) -> Aggregate | None:
        """What a reference names, or None: it was not loaded or does not exist."""
        match ref.kind:
            case "case":
                return self.cases.get(ref.id)
            case "run":
                return self.runs.get(ref.id)
            case "unit":
                return self.units.get(ref.id)
            case "officer":
                return self.officers.get(ref.id)
            case "condition":
                return self.conditions.get(ref.id)
            case "claims":
                return self.claims.get(ref.id)
            case "readings":
                return self.readings.get(ref.id)

    def with_(self, ref: Ref, state: Aggregate) -> World:
        """The same world with one of its members replaced or added."""
        match state:
            case Case():
                return replace(self, cases={**self.cases, ref.id: state})
            case Run():
                return replace(self, runs={**self.runs, ref.id: state})
            case Unit():
                return replace(self, units={**self.units, ref.id: state})
            case Officer():
                return replace(self, officers={**self.officers, ref.id: state})
            case Condition():
                return replace(self, conditions={**self.conditions, ref.id: state})
            case Claims():
                return replace(self, claims={**self.claims, ref.id: state})
            case Readings():
                return replace(self, readings={**self.readings, ref.id: state})

    def without(self, ref: Ref) -> World:
        """The same world without one of its members."""
        match ref.kind:
            case "case":
                return replace(self, cases=_less(self.cases, ref.id))
            case "run":
                return replace(self, runs=_less(self.runs, ref.id))
            case "unit":
                return replace(self, units=_less(self.units, ref.id))
            case "officer":
                return replace(self, officers=_less(self.officers, ref.id))
            case "condition":
                return replace(self, conditions=_less(self.conditions, ref.id))
            case "claims":
                return replace(self, claims=_less(self.claims, ref.id))
            case "readings":
                return replace(self, readings=_less(self.readings, ref.id))

    def riders(self, run: Run) -> Iterator[tuple[Rider, Patient]]:
        """Whom a run is for, each with how they are."""
        for rider in run.riders:
            patient = self.cases[rider.case].patient(rider.patient)
            if patient is not None:
                yield rider, patient


def _less(held: Mapping[str, T], name: str) -> Mapping[str, T]:
    return {key: one for key, one in held.items() if key != name}


def links(state: Aggregate) -> Iterator[Ref]:
    """What else must be loaded to decide about something: whatever it has to do with now."""
    match state:
        case Case():
            for patient in state.patients:
                if patient.run is not None and not patient.ended:
                    yield Ref("run", patient.run)
        case Run():
            if not state.live:
                return
            yield from (Ref("case", rider.case) for rider in state.riders)
            yield from (Ref("officer", name) for name in state.officers)
            if state.unit is not None:
                yield Ref("unit", state.unit)
        case Unit() | Officer():
            if state.run is not None:
                yield Ref("run", state.run)
        case Condition() | Claims() | Readings():
            return
