"""What people report about roads and facilities: it has a time and an author, and shapes every recommendation after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from facilities import AvailabilityState

EffectName = Literal["closed", "slower", "top_speed"]


class Condition(Struct, frozen=True):
    """Something about roads, as it was drawn; `dispatch.service.conditions` makes a `routing.conditions.RoadCondition` of it.

    Attributes:
        id: unique in the region.
        kind: as in `routing.conditions.KINDS`.
        geometry: GeoJSON: a Point with `reach_m` around it, a line (found within `reach_m`), or an area; None with `ways`.
        ways: OSM ids of ways.
        reach_m: metres around a point or a line.
        effect: "closed", "slower" (takes `value` times as long), "top_speed" (`value` km/h).
        reason: in the author's words; nothing personal.
        profiles: whom it applies to; empty for all motor vehicles.
        direction: "both", "along" or "against" the way, or the line as drawn.
        from_time, until: with their zone, or None.
        hours: OSM opening_hours text: it holds while they are "open"; "" for always.
        author, posted_at: who said so, and when.
        withdrawn_at: when it was taken back.
    """

    id: str
    kind: str
    effect: EffectName
    geometry: dict[str, Any] | None = None
    ways: tuple[int, ...] = ()
    reach_m: float | None = None
    value: float | None = None
    reason: str = ""
    profiles: tuple[str, ...] = ()
    direction: Literal["both", "along", "against"] = "both"
    from_time: datetime | None = None
    until: datetime | None = None
    hours: str = ""
    author: str = ""
    posted_at: datetime | None = None
    withdrawn_at: datetime | None = None


class Readings(Struct, frozen=True):
    """How often what is personal about a case was shown to somebody; who and when is in the events."""

    id: str
    count: int = 0


class Claim(Struct, frozen=True):
    """Somebody says how a facility, or one capability of it, is.

    Attributes:
        capability: a key of `[capabilities]` in data/facilities.toml, or None: the facility as a whole.
        state: "open", "full", "diverting" or "closed".
        author, time: who said so, and when it was so.
    """

    capability: str | None
    state: AvailabilityState
    author: str
    time: datetime


class Claims(Struct, frozen=True):
    """The latest claim about each capability of one facility; `id` names it in the store, `facility` in the register."""

    id: str
    facility: str
    claims: tuple[Claim, ...] = ()
