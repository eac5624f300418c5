"""Reporting what roads and facilities are like, and rerouting whoever is under way because of it."""

from __future__ import annotations

from msgspec.structs import replace

from dispatch.life.commands import ClaimAvailability, PostCondition, Reroute, WithdrawCondition
from dispatch.life.deciding import Deciding
from dispatch.life.events import AvailabilityClaimed, ConditionPosted, ConditionWithdrawn, RunRerouted
from dispatch.life.refusals import ConflictError, UnknownError
from dispatch.life.reports import Claim
from dispatch.life.run import RunState


def post_condition(d: Deciding, command: PostCondition) -> None:
    """Something about roads is reported, or a report is replaced by a newer one."""
    known = d.world.conditions.get(command.condition.id)
    if known is not None and known.posted_at is not None and known.posted_at > d.at:
        raise ConflictError("condition_is_older", condition=known.id)
    posted = replace(command.condition, author=d.issued.actor.id, posted_at=d.at, withdrawn_at=None)
    d.emit(ConditionPosted(posted.id, posted))


def withdraw_condition(d: Deciding, command: WithdrawCondition) -> None:
    """It is over."""
    found = d.world.conditions.get(command.condition)
    if found is None:
        raise UnknownError("no_condition", condition=command.condition)
    if found.withdrawn_at is not None:
        raise ConflictError("condition_withdrawn", condition=command.condition)
    d.emit(ConditionWithdrawn(command.condition))


def claim_availability(d: Deciding, command: ClaimAvailability) -> None:
    """Somebody says how a facility is. A claim that is older than what is known changes nothing."""
    known = d.world.claims.get(command.claims)
    newer = () if known is None else (c for c in known.claims if c.capability == command.capability and c.time > d.at)
    if any(newer):
        raise ConflictError("claim_is_older", facility=command.facility)
    claim = Claim(command.capability, command.state, d.issued.actor.id, d.at)
    d.emit(AvailabilityClaimed(command.claims, command.facility, claim))


def reroute(d: Deciding, command: Reroute) -> None:
    """The way that a run takes has changed: its crew is told, and its clock starts anew with the new time."""
    run = d.run(command.run)
    if run.state in (RunState.ASSIGNED, RunState.ACKNOWLEDGED, RunState.EN_ROUTE, RunState.CARRYING):
        d.emit(RunRerouted(run.id, command.why, d.facts.leg_ms if d.facts.leg_ms is not None else run.expected_ms))
