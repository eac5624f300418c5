"""A region as it is now: its roads with everything that is reported about them, its facilities with what is claimed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatch.facts import Region
from dispatch.life.reports import Claims, Condition
from dispatch.life.rules import Rules
from dispatch.regions import BuiltRegion
from dispatch.service.conditions import board, road_condition
from dispatch.settings import DecisionSettings
from routing import ConditionError
from routing.conditions import RoadCondition
from routing.road_state import RoadState
from routing.router import Router


@dataclass(frozen=True, slots=True)
class Now:
    """A region at a moment: one reference, so that an answer rests on one state of everything.

    Attributes:
        facts: what a recommendation knows.
        state: of the roads.
        conditions: the reports that `state` was made with.
        set_aside: reports that this network can't understand, by id, and why.
        made_at: when.
    """

    facts: Region
    state: RoadState
    conditions: tuple[RoadCondition, ...]
    set_aside: Mapping[str, str]
    made_at: datetime

    @property
    def router(self) -> Router:
        """On this state of the roads."""
        return self.facts.times.router


class LiveRegion:
    """A region that is being served.

    Attributes:
        built: as it was prepared.
        rules, settings: its own; replaced as a whole where an administrator sets others.
        own_settings: the file that they are from (`dispatch.service.region_settings`), or None: nobody can set others.
        now: as it is; replaced as a whole.
    """

    def __init__(
        self,
        built: BuiltRegion,
        rules: Rules,
        settings: DecisionSettings,
        moment: datetime,
        own_settings: Path | None = None,
    ) -> None:
        self.built, self.rules, self.settings, self.own_settings = built, rules, settings, own_settings
        self._lock = threading.Lock()
        self.now = self._made((), (), moment)

    @property
    def name(self) -> str:
        """Of the region."""
        return self.built.name

    def refresh(self, conditions: Iterable[Condition], claims: Iterable[Claims], moment: datetime) -> Now:
        """Takes reports and claims in; takes milliseconds to a second, so call it off the event loop.

        Whoever holds the former `now` goes on with it.
        """
        with self._lock:
            self.now = self._made(tuple(conditions), tuple(claims), moment)
            return self.now

    def next_change(self, moment: datetime) -> datetime | None:
        """When the roads change next by themselves: a report begins or ends, a gate opens or shuts."""
        return self.built.roads.live.next_change_after(moment, self.now.conditions)

    def understood(self, told: Condition, moment: datetime) -> RoadCondition:
        """A report as routing understands it, after trying it on the roads.

        Raises:
            ConditionError: this network can't understand it.
        """
        condition = road_condition(told)
        self.built.roads.live.apply((condition,), moment)
        return condition

    def _made(self, conditions: tuple[Condition, ...], claims: tuple[Claims, ...], moment: datetime) -> Now:
        live = self.built.roads.live
        holding: list[RoadCondition] = []
        set_aside: dict[str, str] = {}
        for told in conditions:
            if told.withdrawn_at is not None or (told.until is not None and told.until <= moment):
                continue
            try:
                condition = road_condition(told)
                live.apply((condition,), moment)
                holding.append(condition)
            except ConditionError as error:
                set_aside[told.id] = str(error)
        state = live.apply(holding, moment)
        facts = self.built.facts(state, board(claims, self.built.facilities) if claims else None)
        return Now(facts, state, tuple(holding), set_aside, moment)
