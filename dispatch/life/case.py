"""A case: one request for help, its patients, whom it asks for a place, and the search for a vehicle.

No personal data is in here: names, telephone numbers, addresses, exact places and complaints are the particulars, which are
kept apart (`dispatch.life.particulars`), so that whatever follows the events can never give them away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from dispatch.cases import Priority
from dispatch.life.referral import FAILED_ATTEMPT, Attempt, DeskRequest, Goal
from dispatch.life.stamps import Watch


class PatientState(StrEnum):
    """Where a patient (or client) is on the way to care."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    MET = "met"
    ABOARD = "aboard"
    AT_FACILITY = "at_facility"
    HANDED_OVER = "handed_over"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        """0 for the earliest."""
        return _RANK[self]


_RANK = {state: rank for rank, state in enumerate(PatientState)}

RIDING = frozenset({PatientState.ABOARD, PatientState.AT_FACILITY})
"""In the vehicle, or at a door with it."""

NEEDS_VEHICLE = frozenset({PatientState.ASSIGNED, PatientState.MET, PatientState.ABOARD})
"""Lost without a vehicle that drives: to be fetched by it, or in it between two places."""


class Outcome(StrEnum):
    """How it ended for one patient."""

    TREATED = "treated"  # treatment began while the team was there
    HANDED_OVER = "handed_over"  # the team left before
    DELIVERED = "delivered"  # to a place that the caller named
    SERVED = "served"  # where they were
    DIED = "died"
    RECOVERED = "recovered"
    REFUSED = "refused"  # the patient did not want to come
    NOT_FOUND = "not_found"
    BY_OTHERS = "by_others"  # somebody else took them
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"


class Patient(Struct, frozen=True):
    """One patient or client.

    Attributes:
        id: "1", "2", … in the case.
        state: see `PatientState`.
        run: the one live transfer, or the last one.
        goal: where they are being taken; `firm` once somebody there has said yes, else it is an interim destination.
        door: the facility at whose door they are, or which has taken them; where they are taken may have changed meanwhile.
        stranded_with: the vehicle that broke down with them on board, until another one has them.
        died_at: when they died on the way.
        outcome: how it ended.
    """

    id: str
    state: PatientState = PatientState.WAITING
    run: str | None = None
    goal: Goal | None = None
    firm: bool = False
    door: Goal | None = None
    stranded_with: str | None = None
    died_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do for them."""
        return self.state is PatientState.ENDED


SearchStep = Literal["booked", "assign", "neighbours", "psc119", "queue"]
"""Booked for later; a dispatcher is to choose; a neighbouring unit is asked; PSC 119 is asked; waits for the next free one."""


class Search(Struct, frozen=True):
    """A vehicle is looked for: how far it has got, and since when."""

    step: SearchStep
    watch: Watch


class Cell(Struct, frozen=True):
    """The 250 m cell in which a place lies, of a grid of the whole earth: row from the south pole, column from 180° west."""

    row: int
    column: int


class Case(Struct, frozen=True):
    """One request for help.

    Attributes:
        id: pseudonymous; says nothing about anybody.
        kind, priority: as in `dispatch.cases`; None while the intake is a draft.
        cell: where the patient is, coarsely; None while nobody knows. The exact place is in the particulars.
        needs: capabilities asked of the facility instead of what the kind says, or None.
        received_at: when the call came.
        recorded_at: when the service knew of it.
        pickup_at: for what time it is booked, or None: now.
        patients, attempts, desk: see there.
        search: there is one while a patient waits for a vehicle.
        intake: since when the draft waits to be completed; None once it is.
        passed_over: vehicles that declined or did not answer, in order.
        merged_into: the case that goes on for this one.
        closed_at: when it ended.
    """

    id: str
    kind: str | None
    priority: Priority | None
    cell: Cell | None
    received_at: datetime
    recorded_at: datetime
    needs: tuple[frozenset[str], ...] | None = None
    pickup_at: datetime | None = None
    patients: tuple[Patient, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    desk: tuple[DeskRequest, ...] = ()
    search: Search | None = None
    intake: Watch | None = None
    passed_over: tuple[str, ...] = ()
    merged_into: str | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether anything is left to do."""
        return self.closed_at is None

    @property
    def complete(self) -> bool:
        """Whether enough is known to send somebody."""
        return self.kind is not None and self.priority is not None and self.cell is not None

    def patient(self, name: str) -> Patient | None:
        """The patient of that id."""
        return next((one for one in self.patients if one.id == name), None)

    def attempt(self, name: str) -> Attempt | None:
        """The attempt of that id."""
        return next((one for one in self.attempts if one.id == name), None)

    def request(self, name: str) -> DeskRequest | None:
        """The request to the desk of that id."""
        return next((one for one in self.desk if one.id == name), None)

    def open_attempt(self, patient: str) -> Attempt | None:
        """The facility that is being asked for, or has accepted, a patient."""
        return next((one for one in self.attempts if one.patient == patient and one.open), None)

    def open_request(self, patient: str) -> DeskRequest | None:
        """The request to the desk that waits for its answer."""
        return next((one for one in self.desk if one.patient == patient and one.state == "asked"), None)

    def failed(self, patient: str) -> Iterator[Attempt]:
        """The facilities that did not take a patient, in the order in which they were asked."""
        return (one for one in self.attempts if one.patient == patient and one.state in FAILED_ATTEMPT)

    def waiting(self) -> tuple[Patient, ...]:
        """Those whom nobody is on the way to."""
        return tuple(one for one in self.patients if one.state is PatientState.WAITING)


def urgency(case: Case, patient: Patient) -> int:
    """0 for the most urgent; nothing is urgent any more for one who died on the way."""
    return Priority.BLACK.rank if case.priority is None or patient.died_at is not None else case.priority.rank
