"""Which clocks run, from the state alone: nobody sets or stops one, so none can be forgotten.

| clock | of | runs while |
|---|---|---|
| `intake` | case | it is a draft |
| `search` | case | somebody waits for a vehicle |
| `answer:<attempt>` | case | a facility was asked and has not answered |
| `desk:<request>` | case | the referral desk was asked and has not answered |
| `run` | run | it is live |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from dispatch.cases import case_kinds
from dispatch.life.case import Case
from dispatch.life.referral import AttemptState
from dispatch.life.rules import ClockKind, Rules
from dispatch.life.run import Run, RunState
from dispatch.life.stamps import Watch
from dispatch.life.world import Aggregate


def clocks_of(state: Aggregate, rules: Rules) -> Mapping[str, datetime]:
    """Every clock that runs for something, by name, and when it rings next."""
    match state:
        case Case():
            return _of_case(state, rules)
        case Run():
            return {"run": _run_rings(state, rules)} if state.live else {}
        case _:
            return {}


def _rings(watch: Watch, kind: ClockKind, rules: Rules) -> datetime:
    return watch.since + rules.clocks[kind].until(watch.rung)


def _of_case(case: Case, rules: Rules) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    if not case.open:
        return found
    if case.intake is not None:
        found["intake"] = _rings(case.intake, "intake", rules)
    if case.search is not None:
        found["search"] = _search_rings(case, rules)
    for attempt in case.attempts:
        if attempt.state is AttemptState.OFFERED:
            found[f"answer:{attempt.id}"] = _rings(attempt.watch, "answer", rules)
    for request in case.desk:
        if request.state == "asked":
            found[f"desk:{request.id}"] = _rings(request.watch, "desk", rules)
    return found


def _search_rings(case: Case, rules: Rules) -> datetime:
    search = case.search
    assert search is not None
    if search.step != "booked":
        return _rings(search.watch, search.step, rules)
    due = case.pickup_at or search.watch.since
    return max(due - rules.booked_ahead, search.watch.since) + timedelta(seconds=1)


def clock_kind(run: Run) -> ClockKind:
    """What a live run is to do next."""
    match run.state:
        case RunState.ASSIGNED:
            return "acknowledge"
        case RunState.ACKNOWLEDGED:
            return "depart"
        case RunState.EN_ROUTE:
            return "reach"
        case RunState.AT_SCENE:
            return "scene"
        case RunState.WITH_PATIENT:
            return "visit" if case_kinds()[run.kind].destination == "none" else "scene"
        case RunState.CARRYING:
            return "carry"
        case RunState.AT_FACILITY:
            return "handover"
        case RunState.ESCORTING:
            return "escort"
        case RunState.CLEARING | RunState.ENDED:
            return "clear"
        case _:
            assert_never(run.state)


def _run_rings(run: Run, rules: Rules) -> datetime:
    kind = clock_kind(run)
    if kind in ("reach", "carry") and run.expected_ms is not None:
        late = timedelta(milliseconds=run.expected_ms * rules.late_factor) + rules.late
        return run.watch.since + late + rules.clocks[kind].again * run.watch.rung
    if kind == "depart" and run.due_at is not None:
        leave = run.due_at - timedelta(milliseconds=run.expected_ms or 0.0)
        return max(run.watch.since + rules.clocks[kind].first, leave) + rules.clocks[kind].again * run.watch.rung
    if kind == "acknowledge" and run.due_at is not None:
        # A crew that is told today of a trip tomorrow is reminded when it is to be assigned, not passed over in a minute.
        return max(run.watch.since, run.due_at - rules.booked_ahead) + rules.clocks[kind].until(run.watch.rung)
    return _rings(run.watch, kind, rules)
