"""Closed cases as rows of the archive: folded from their events, one row a patient and run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.archive.event_rows import Row, cell_columns, goal_columns, kind_word, seconds
from dispatch.archive.pseudonyms import Pseudonyms
from dispatch.life import events as e
from dispatch.life.case import Case, Patient
from dispatch.life.events import Recorded
from dispatch.life.evolve import evolve
from dispatch.life.run import Rider, Run
from dispatch.life.stamps import Stamp, TimePoint

_OWN: Mapping[type, TimePoint] = {
    e.PatientMet: TimePoint.WITH_PATIENT,
    e.PatientBoarded: TimePoint.LEFT_SCENE,
    e.PatientArrived: TimePoint.AT_FACILITY,
    e.PatientHandedOver: TimePoint.HANDED_OVER,
}
"""What happens to one patient, and the point that the run is stamped with then."""
_FIRST = frozenset({TimePoint.LEFT_SCENE})
"""Of several, the first one counts: they board once more after a refusal at the door."""
_NEEDS = {
    TimePoint.WITH_PATIENT: TimePoint.WITH_PATIENT,
    TimePoint.LEFT_SCENE: TimePoint.LEFT_SCENE,
    TimePoint.AT_FACILITY: TimePoint.AT_FACILITY,
    TimePoint.LEFT_FACILITY: TimePoint.AT_FACILITY,
    TimePoint.HANDED_OVER: TimePoint.HANDED_OVER,
    TimePoint.ESCORT_ENDED: TimePoint.HANDED_OVER,
}
"""Of a run with several people: a stamp is this patient's only if they themselves came so far."""

POINTS = tuple(TimePoint)[TimePoint.ASSIGNED.rank :]


@dataclass(frozen=True, slots=True)
class Story:
    """A case or run folded from its own events.

    Attributes:
        state: as the last one left it.
        events: in order.
    """

    state: Case | Run
    events: tuple[Recorded, ...]


def told(events: Iterable[Recorded]) -> Story | None:
    """The story that a case's or a run's own events tell; None if there are none.

    Raises:
        ValueError: they don't belong together, or the first ones are missing.
    """
    state: Any = None
    kept = tuple(events)
    for recorded in kept:
        state = evolve(state, recorded)
    return Story(state, kept) if isinstance(state, Case | Run) else None


def runs_of(case: Story) -> list[str]:
    """The runs that were ever for somebody of a case, in order."""
    return list(dict.fromkeys(one.event.run for one in case.events if isinstance(one.event, e.PatientAssigned)))


def riders_of(run: Story) -> set[Rider]:
    """Everybody whom a run was ever for."""
    found: set[Rider] = set()
    for one in run.events:
        if isinstance(one.event, e.RunStarted | e.RidersJoined):
            found.update(one.event.riders)
    return found


def is_over(case: Story, runs: Mapping[str, Story]) -> bool:
    """Whether nothing more is to come: the case is closed, and every run that was for it has ended."""
    assert isinstance(case.state, Case)
    return not case.state.open and all(not run.state.live for run in runs.values() if isinstance(run.state, Run))


def case_rows(region: str, case: Story, runs: Mapping[str, Story], hidden: Pseudonyms) -> list[Row]:
    """The rows of a case that is over: of each patient one for each run, or one without.

    Args:
        region: its name.
        case: its story.
        runs: those of its runs, by id.
        hidden: makes pseudonyms.
    """
    state = case.state
    assert isinstance(state, Case)
    whole = {
        "region": region,
        "case": hidden.hide("case", state.id),
        "kind": kind_word(state.kind),
        "priority": state.priority,
        **cell_columns(state.cell),
        "patients": len(state.patients),
        "received_at": state.received_at,
        "recorded_at": state.recorded_at,
        "pickup_at": state.pickup_at,
        "passed_over": len(state.passed_over),
        "closed_at": state.closed_at,
        "into": None if state.merged_into is None else hidden.hide("case", state.merged_into),
    }
    return [
        {**whole, **_of_patient(state, patient, case), **row}
        for patient in state.patients
        for row in _transfers(case, patient, runs, hidden)
    ]


def _of_patient(state: Case, patient: Patient, case: Story) -> dict[str, Any]:
    return {
        "patient": patient.id,
        "attempts": list(_attempts(state, patient, case)),
        "desk_requests": sum(1 for one in state.desk if one.patient == patient.id),
        **goal_columns(patient.goal),
        "outcome": patient.outcome,
        "died_at": patient.died_at,
    }


def _attempts(state: Case, patient: Patient, case: Story) -> Iterator[dict[str, Any]]:
    asked: dict[str, datetime] = {}
    moved: dict[str, datetime] = {}
    for one in case.events:
        if isinstance(one.event, e.FacilityAsked):
            asked[one.event.attempt] = one.happened_at
        elif isinstance(one.event, e.AttemptMoved):
            moved[one.event.attempt] = one.happened_at
    for attempt in state.attempts:
        if attempt.patient == patient.id:
            yield {
                **goal_columns(attempt.goal),
                "via": attempt.via,
                "state": attempt.state,
                "reason": attempt.why,
                "asked_at": asked.get(attempt.id),
                "moved_at": moved.get(attempt.id),
            }


@dataclass(slots=True)
class _Transfer:
    """What one patient went through on one run."""

    run: str
    own: dict[TimePoint, datetime] = field(default_factory=dict)


def _transfers(case: Story, patient: Patient, runs: Mapping[str, Story], hidden: Pseudonyms) -> Iterator[dict[str, Any]]:
    found: list[_Transfer] = []
    for one in case.events:
        event = one.event
        if getattr(event, "patient", None) != patient.id:
            continue
        if isinstance(event, e.PatientAssigned):
            found.append(_Transfer(event.run))
            continue
        point = _OWN.get(type(event))
        if found and point is not None and not (point in _FIRST and point in found[-1].own):
            found[-1].own[point] = one.happened_at
    if not found:
        yield {"final": True}
    for number, transfer in enumerate(found, start=1):
        row = {"run": hidden.hide("run", transfer.run), "final": number == len(found)}
        story = runs.get(transfer.run)
        yield row if story is None else {**row, **_of_run(story, transfer)}


def _of_run(story: Story, transfer: _Transfer) -> dict[str, Any]:
    run = story.state
    assert isinstance(run, Run)
    started = next((one.event for one in story.events if isinstance(one.event, e.RunStarted)), None)
    alone = len(riders_of(story)) <= 1
    stamps = {point: _stamp(run, point, transfer.own, alone) for point in POINTS}
    return {
        "vehicle": run.unit,
        "helper": None if run.helper is None else run.helper.kind,
        "officers": len(run.officers),
        "chosen": run.chosen,
        "expected_s": None if started is None else seconds(started.expected_ms),
        "run_ended": run.how,
        "corrected": sum(1 for one in stamps.values() if one is not None and one.corrected),
        **{f"{point.value}_at": None if one is None else one.happened_at for point, one in stamps.items()},
    }


def _stamp(run: Run, point: TimePoint, own: Mapping[TimePoint, datetime], alone: bool) -> Stamp | None:
    """The stamp of a point that is this patient's; None: it is missing, or somebody else's."""
    found = [one for one in run.stamps if one.point is point]
    if not alone and (needs := _NEEDS.get(point)) is not None and needs not in own:
        return None
    if len(found) <= 1:
        return found[0] if found else None
    if point is TimePoint.AT_SCENE and (met := own.get(TimePoint.WITH_PATIENT) or own.get(TimePoint.LEFT_SCENE)) is not None:
        return next((one for one in reversed(found) if one.happened_at <= met), found[-1])
    if (at := own.get(point)) is not None:
        return min(found, key=lambda one: abs((one.happened_at - at).total_seconds()))
    return found[-1]
