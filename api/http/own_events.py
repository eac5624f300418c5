"""Which events somebody may see who may not see all: those of their own vehicle's runs, their own facility's offers, the
desk's requests, and what they can read anyway.

What is somebody's own is told by the events themselves as they come, and looked up in the store only for runs and cases whose
beginning was not seen; so it does not matter how far this process has got with what it keeps in memory.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.http.asking import Asking
from dispatch.life.case import Case
from dispatch.life.events import (
    AttemptMoved,
    AvailabilityClaimed,
    CaseEvent,
    ConditionEvent,
    DeskAnswered,
    DeskAsked,
    DeskWithdrawn,
    FacilityAsked,
    PatientAssigned,
    Recorded,
    Ref,
    RiderLeft,
    RidersJoined,
    RunEnded,
    RunEvent,
    RunStarted,
    UnitEvent,
)
from dispatch.life.run import Run


class OwnEvents:
    """What one listener has learnt of what is theirs.

    Args:
        asked: who listens, and where.
    """

    def __init__(self, asked: Asking) -> None:
        self._asked, self._who = asked, asked.who
        self._runs: dict[str, bool] = {}
        self._cases: dict[str, set[str]] = {}
        self._offers: dict[tuple[str, str], bool] = {}

    async def among(self, events: Iterable[Recorded]) -> list[Recorded]:
        """Those of some events that the listener may see.

        Raises:
            StoreError: the store can't. CodecError: what it holds can't be read.
        """
        events = list(events)
        # First what they tell, since a case's events come before the run that makes it one's own.
        for one in events:
            self._learn(one)
        seen = []
        for one in events:
            if await self._sees(one):
                seen.append(one)
            self._forget(one)
        return seen

    def _learn(self, recorded: Recorded) -> None:
        match recorded.event:
            case RunStarted(run=run, unit=unit, riders=riders):
                self._runs[run] = self._who.vehicle is not None and unit == self._who.vehicle
                if self._runs[run]:
                    for rider in riders:
                        self._cases.setdefault(rider.case, set()).add(run)
            case RidersJoined(run=run, riders=riders) if self._runs.get(run):
                for rider in riders:
                    self._cases.setdefault(rider.case, set()).add(run)
            case PatientAssigned(case=case, run=run) if self._runs.get(run):
                self._cases.setdefault(case, set()).add(run)
            case FacilityAsked(case=case, attempt=attempt, goal=goal):
                self._offers[case, attempt] = self._who.facility is not None and goal.id == self._who.facility
            case _:
                pass

    def _forget(self, recorded: Recorded) -> None:
        match recorded.event:
            case RunEnded(run=run):
                for runs in self._cases.values():
                    runs.discard(run)
            case RiderLeft(run=run, rider=rider) if self._runs.get(run) and rider.case in self._cases:
                self._cases[rider.case].discard(run)
            case _:
                pass

    async def _sees(self, recorded: Recorded) -> bool:
        permissions = self._who.permissions
        match recorded.event:
            case ConditionEvent():
                return "roads.read" in permissions
            case AvailabilityClaimed():
                return "facilities.read" in permissions
            case DeskAsked() | DeskAnswered() | DeskWithdrawn() if "desk.answer" in permissions:
                return True
            case UnitEvent(unit=unit):
                return self._who.vehicle is not None and unit == self._who.vehicle
            case RunEvent(run=run):
                return self._who.vehicle is not None and await self._own_run(run)
            case FacilityAsked(case=case, attempt=attempt) | AttemptMoved(case=case, attempt=attempt) if self._who.facility:
                return await self._own_offer(case, attempt) or await self._own_case(case)
            case CaseEvent(case=case):
                return await self._own_case(case)
            case _:
                return False

    async def _own_run(self, run: str) -> bool:
        if run not in self._runs:
            ((state, _),) = await self._asked.serving.service.states(self._asked.region, [Ref("run", run)])
            self._runs[run] = isinstance(state, Run) and state.unit == self._who.vehicle
        return self._runs[run]

    async def _own_case(self, case: str) -> bool:
        if self._who.vehicle is None:
            return False
        if case not in self._cases:
            found = await self._case(case)
            names = {one.run for one in found.patients if one.run is not None} if found is not None else set()
            self._cases[case] = {run for run in names if await self._own_run(run)}
        return bool(self._cases[case])

    async def _own_offer(self, case: str, attempt: str) -> bool:
        if (case, attempt) not in self._offers:
            state = await self._case(case)
            found = None if state is None else state.attempt(attempt)
            self._offers[case, attempt] = found is not None and found.goal.id == self._who.facility
        return self._offers[case, attempt]

    async def _case(self, name: str) -> Case | None:
        ((state, _),) = await self._asked.serving.service.states(self._asked.region, [Ref("case", name)])
        return state if isinstance(state, Case) else None
