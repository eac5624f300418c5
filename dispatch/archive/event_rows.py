"""Events as rows of the archive: of each, what its columns name, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, assert_never, get_args

from dispatch.archive.pseudonyms import Hidden, Pseudonyms
from dispatch.cases import case_kinds
from dispatch.life import events as e
from dispatch.life.case import Cell
from dispatch.life.events import Event, Recorded
from dispatch.life.referral import Goal
from dispatch.life.reports import Condition
from dispatch.life.rules import ClockKind
from facilities.vocabulary import vocabulary
from routing.conditions import KINDS

Row = Mapping[str, Any]
"""By column; what is left out is null."""

OTHER = "other"
_ROLE = re.compile(r"[a-z][a-z_]{0,30}")
_REGISTERED = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._-]{0,79}")
_CLOCKS = frozenset(("search", *get_args(ClockKind)))


def event_row(region: str, event_id: str, kind: str, recorded: Recorded, hidden: Pseudonyms) -> Row:
    """The row of an event.

    Args:
        region: its name.
        event_id, kind: the event's id and type, as the store names them.
        recorded: the event.
        hidden: makes pseudonyms.
    """
    row: dict[str, Any] = {
        "region": region,
        "event": event_id,
        "type": kind,
        "happened_at": recorded.happened_at,
        "recorded_at": recorded.recorded_at,
        "role": recorded.actor.role if _ROLE.fullmatch(recorded.actor.role) else OTHER,
    }
    for name, value in _told(recorded.event).items():
        row[name] = hidden.hide(*value) if isinstance(value, _Id) else value
    return row


class _Id(tuple[Hidden, str]):
    """An id that is to be hidden."""

    __slots__ = ()


def _case(name: str) -> _Id:
    return _Id(("case", name))


def kind_word(kind: str | None) -> str | None:
    """A kind of case, if it is one."""
    return kind if kind is None or kind in case_kinds() else OTHER


def goal_columns(goal: Goal | None) -> dict[str, Any]:
    """Where somebody is taken. Only a facility of the register has an id that nobody has made up."""
    if goal is None:
        return {"destination": None, "facility": None}
    known = goal.kind == "facility" and _REGISTERED.fullmatch(goal.id) is not None
    return {"destination": goal.kind, "facility": goal.id if known else None}


def cell_columns(cell: Cell | None) -> dict[str, Any]:
    """A 250 m cell; its polygon is drawn when the file is written."""
    return {} if cell is None else {"cell_row": cell.row, "cell_column": cell.column}


def seconds(milliseconds: float | None) -> float | None:
    """Seconds, of a time that may not be known."""
    return None if milliseconds is None else milliseconds / 1000


def _told(event: Event) -> dict[str, Any]:
    match event:
        case e.CaseEvent():
            return {"case": _case(event.case), **_of_case(event)}
        case e.RunEvent():
            return {"run": _Id(("run", event.run)), **_of_run(event)}
        case e.UnitEvent():
            return {"vehicle": event.unit, **_of_unit(event)}
        case e.OfficerEvent():
            return {}
        case e.ConditionPosted():
            return {"condition": _Id(("condition", event.condition)), **_of_report(event.posted)}
        case e.ConditionWithdrawn():
            return {"condition": _Id(("condition", event.condition)), "state": "withdrawn"}
        case e.AvailabilityClaimed():
            claim = event.claim
            known = claim.capability in vocabulary().capabilities
            where = goal_columns(Goal("facility", event.facility))
            return {
                **where,
                "state": claim.state,
                "capability": (claim.capability if known else OTHER) if claim.capability else None,
            }
        case e.ParticularsRead():
            return {"case": _case(event.case)}
        case _:
            assert_never(event)


def _of_report(posted: Condition) -> dict[str, Any]:
    return {"report": posted.kind if posted.kind in KINDS else OTHER, "state": posted.effect}


def _of_case(event: e.AnyCaseEvent) -> dict[str, Any]:
    match event:
        case e.CaseOpened() | e.CaseDescribed():
            told = {"kind": kind_word(event.kind), "priority": event.priority, "pickup_at": event.pickup_at}
            count = len(event.patients) if isinstance(event, e.CaseOpened) else None
            return {**told, **cell_columns(event.cell), "count": count}
        case e.ParticularsNoted() | e.HelpRefused():
            return {"state": event.step} if isinstance(event, e.HelpRefused) else {}
        case e.SearchMoved():
            return {"state": event.step}
        case e.VehiclePassedOver():
            return {"vehicle": event.unit}
        case e.CaseClosed():
            return {"into": None if event.into is None else _case(event.into)}
        case e.CaseClockRang():
            return _clock(event.clock, event.count)
        case e.AttemptMoved():
            return {"attempt": _Id(("attempt", event.attempt)), "state": event.state, "reason": event.why}
        case e.DeskAnswered():
            attempt = None if event.attempt is None else _Id(("attempt", event.attempt))
            state = "nothing_found" if event.attempt is None else "answered"
            return {"request": _Id(("request", event.request)), "attempt": attempt, "state": state}
        case e.DeskWithdrawn():
            return {"request": _Id(("request", event.request)), "state": "withdrawn"}
        case _:
            return {"patient": event.patient, **_of_patient(event)}


_PatientEvent = (
    e.PatientAdded
    | e.PatientAssigned
    | e.PatientMet
    | e.PatientBoarded
    | e.PatientArrived
    | e.PatientHandedOver
    | e.PatientReleased
    | e.PatientDied
    | e.PatientEnded
    | e.GoalChanged
    | e.FacilityAsked
    | e.DeskAsked
)


def _of_patient(event: _PatientEvent) -> dict[str, Any]:
    match event:
        case e.PatientAssigned():
            return {"run": _Id(("run", event.run))}
        case e.PatientReleased():
            # A helper's vehicle is named by a word, one of the fleet by its id.
            return {"reason": event.how, "vehicle": event.stranded_with}
        case e.PatientEnded():
            return {"outcome": event.outcome}
        case e.GoalChanged():
            return {**goal_columns(event.goal), "firm": event.firm}
        case e.FacilityAsked():
            asked = {"attempt": _Id(("attempt", event.attempt)), "via": event.via, "state": event.state}
            return {**goal_columns(event.goal), **asked}
        case e.DeskAsked():
            return {"request": _Id(("request", event.request)), "reason": event.because, "state": "asked"}
        case _:
            return {}


def _of_run(event: e.AnyRunEvent) -> dict[str, Any]:
    match event:
        case e.RunStarted():
            return {
                "vehicle": event.unit,
                "helper": None if event.helper is None else event.helper.kind,
                "kind": kind_word(event.kind),
                "priority": event.priority,
                "chosen": event.chosen,
                "expected_s": seconds(event.expected_ms),
                "count": len(event.riders),
                "pickup_at": event.due_at,
            }
        case e.RunProgressed():
            return {"point": event.point, "state": event.state, "expected_s": seconds(event.expected_ms)}
        case e.RunRetriaged():
            return {"kind": kind_word(event.kind), "priority": event.priority}
        case e.RunDue():
            return {"pickup_at": event.due_at}
        case e.RunTurned():
            return {"state": event.state}
        case e.RunRerouted():
            return {"expected_s": seconds(event.expected_ms)}
        case e.RidersJoined():
            return {"count": len(event.riders)}
        case e.RiderLeft():
            return {"case": _case(event.rider.case), "patient": event.rider.patient}
        case e.RunEmptied():
            return {}
        case e.RunEnded():
            return {"reason": event.how}
        case e.StampCorrected():
            return {"point": event.point, "point_at": event.at}
        case e.RunSignalled():
            return {"state": event.what, "point_at": event.since}
        case e.RunClockRang():
            return _clock(event.clock, event.count)
        case _:
            assert_never(event)


def _of_unit(event: e.AnyUnitEvent) -> dict[str, Any]:
    match event:
        case e.UnitRegistered():
            return {"vehicle_kind": event.kind}
        case e.UnitMoved():
            return {"state": event.status, "run": None if event.run is None else _Id(("run", event.run))}
        case e.UnitBroke():
            return {"state": "broken"}
        case e.UnitRetired():
            return {"state": "retired"}
        case _:
            assert_never(event)


def _clock(clock: str, count: int) -> dict[str, Any]:
    kind = clock.partition(":")[0]  # behind it stands the id of an offer
    return {"clock": kind if kind in _CLOCKS else OTHER, "count": count}
