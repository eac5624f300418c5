"""The roads as they are now: numbered, immutable states made from what people report and from what the data itself says
about time (conditional tags, gates with hours).

A state holds, for each profile, a metric and the times and masks that belong to it. A request takes one state and uses it
throughout; a decision records its number. Making a state costs what the change touches, not what the network holds; only
when a timed tag of the data changes, everything is costed anew, which the hours tell beforehand (`next_change_after`).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from routing._masks import with_cut_off, with_ferries, with_opened, without
from routing.cch import Metric
from routing.conditions import (
    Closed,
    RoadCondition,
    Slower,
    TopSpeed,
    WayIndex,
    clause_holds,
    next_change,
    segments_meant,
)
from routing.costs import LONGEST_SEGMENT_MS, Meaning, ProfileCosts, TurnsInto, recost
from routing.errors import ConditionError
from routing.network import CLOSED, RoadNetwork
from routing.osm import TagSet
from routing.profiles import Profile
from routing.road_state import Overlay, ProfileRoads, RoadState
from routing.snap_index import SnapIndex
from routing.tags import Clause, timed_clauses, with_conditions

SLOWEST_KPH = 1.0
"""No report makes a road slower than this (to close it, close it): whole routes stay below `RESTRICTED_ENTRY_MS`, 37 h."""

ISLAND_M = 1_000.0
"""Less road than this, cut off by closures, is no place to send a vehicle to (as `routing.parts` has it for the data)."""

_KEPT_TIMED = 2  # states of the data's own hours that are kept besides the one without: gates open, gates shut
_FEW_TURNS = 500
_TINY = 10_000  # links; so many are longer than an island altogether


class LiveRoads:
    """Makes states of the roads. Safe from many threads."""

    def __init__(
        self,
        network: RoadNetwork,
        index: SnapIndex,
        profiles: Mapping[str, Profile],
        costs: Mapping[str, ProfileCosts],
        metrics: Mapping[str, Metric],
        masks: Mapping[str, NDArray[np.uint8]],
        foot_ms: NDArray[np.uint32],
        into: TurnsInto,
        time_zone: str,
    ) -> None:
        """From what is prepared once for a region.

        Args:
            network, index: of the region.
            profiles, costs, metrics, masks: by name of each motor profile; `masks` as in `base_mask`.
            foot_ms: uint32[2 l], times on foot.
            into: `turns_into(network)`.
            time_zone: of the region, as in "Asia/Jakarta".
        """
        self._network, self._index, self._time_zone = network, index, time_zone
        self._profiles, self._costs, self._foot_ms = dict(profiles), dict(costs), foot_ms
        self._ways: WayIndex | None = None
        self._into = into
        self._meanings: dict[str, Meaning] | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._clauses = _clauses_of(network)
        roads = {}
        for name, metric in metrics.items():
            held = costs[name]
            roads[name] = ProfileRoads(metric, Overlay.of(held.segment_ms), held.segment_restricted, masks[name])
        self.base = RoadState(0, (), frozenset(), MappingProxyType(roads))
        """The state in which no condition and no conditional tag holds."""
        self._timed: dict[frozenset[str], Mapping[str, ProfileRoads]] = {frozenset(): self.base.roads}

    # -- time -------------------------------------------------------------------------------------------------------------

    def next_change_after(self, time: datetime, conditions: Iterable[RoadCondition] = ()) -> datetime | None:
        """The next time at which a new state may be due: a condition or a conditional tag begins or ceases to hold.

        Raises:
            ConditionError: the time has no time zone.
        """
        _check_aware(time)
        times = [condition.next_change_after(time, self._time_zone) for condition in conditions]
        times += [next_change(clause.hours, time, self._time_zone) for clause in self._clauses.times.values()]
        return min((moment for moment in times if moment is not None), default=None)

    # -- states -----------------------------------------------------------------------------------------------------------

    def apply(self, conditions: Iterable[RoadCondition], time: datetime) -> RoadState:
        """The state of the roads at an aware time, given everything that is reported about them.

        Raises:
            ConditionError: two conditions with one id, a profile that doesn't exist, a place that the network doesn't have,
                a time without time zone.
        """
        _check_aware(time)
        given = tuple(conditions)
        self._check(given)
        holding = tuple(condition for condition in given if condition.holds_at(time, self._time_zone))
        times = self._clauses.times.items()
        hours = frozenset(when for when, clause in times if clause_holds(clause, time, self._time_zone))
        roads = self._timed_roads(hours)
        if holding:
            meant = [segments_meant(self._index, condition, self._way_index()) for condition in holding]
            names = list(roads)

            def changed(name: str) -> ProfileRoads:
                return self._changed(name, roads[name], *self._times(name, roads[name], holding, meant))

            roads = MappingProxyType(dict(zip(names, _together(changed, names), strict=True)))
        return RoadState(next(self._numbers), holding, hours, roads)

    def affected(self, condition: RoadCondition, time: datetime) -> NDArray[np.int64]:
        """The directed segments (int64, sorted) whose time a condition alone would change for some profile while it holds, with
        the data's own hours as they are at an aware time. What is closed to all anyway is not among them.

        Raises:
            ConditionError: an unknown profile, a place that the network doesn't have, a time without time zone.
        """
        _check_aware(time)
        self._check((condition,))
        times = self._clauses.times.items()
        roads = self._timed_roads(frozenset(when for when, clause in times if clause_holds(clause, time, self._time_zone)))
        meant = [segments_meant(self._index, condition, self._way_index())]
        changed = [self._times(name, one, (condition,), meant)[0] for name, one in roads.items()]
        return np.unique(np.concatenate(changed))

    def _check(self, conditions: Sequence[RoadCondition]) -> None:
        seen: set[str] = set()
        for condition in conditions:
            if condition.id in seen:
                raise ConditionError(f"road condition {condition.id!r} is given twice")
            seen.add(condition.id)
            unknown = (condition.profiles or frozenset()) - self.base.roads.keys()
            if unknown:
                raise ConditionError(
                    f"road condition {condition.id!r}: unknown profile {', '.join(sorted(unknown))}; "
                    f"there are {', '.join(self.base.roads)}"
                )

    def _way_index(self) -> WayIndex:
        with self._lock:
            if self._ways is None:
                self._ways = WayIndex(self._network)
            return self._ways

    def _times(
        self, profile: str, roads: ProfileRoads, holding: Sequence[RoadCondition], meant: Sequence[NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Segments whose time changes, sorted, and their new times. Of several conditions on one, the slowest counts."""
        pieces, times = [], []
        for condition, segments in zip(holding, meant, strict=True):
            if condition.profiles is None or profile in condition.profiles:
                pieces.append(segments)
                times.append(self._slowed(roads, condition, segments))
        if not pieces:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        all_segments, all_times = np.concatenate(pieces), np.concatenate(times)
        order = np.lexsort((all_times, all_segments))
        all_segments, all_times = all_segments[order], all_times[order]
        slowest = np.ones(len(all_segments), np.bool_)  # none at all where conditions lie off the roads
        slowest[:-1] = all_segments[1:] != all_segments[:-1]
        segments, new_ms = all_segments[slowest], all_times[slowest]
        differs = new_ms != roads.segment_ms.at(segments)
        return segments[differs], new_ms[differs]

    def _slowed(self, roads: ProfileRoads, condition: RoadCondition, segments: NDArray[np.int64]) -> NDArray[np.uint32]:
        now_ms = roads.segment_ms.at(segments)
        match condition.effect:
            case Closed():
                return np.full(len(segments), CLOSED, np.uint32)
            case Slower(factor):
                new_ms = np.ceil(now_ms * factor)
            case TopSpeed(kph):
                new_ms = np.maximum(now_ms, np.ceil(self._network.link_length_m[segments >> 1] * 3_600.0 / kph))
        slowest_ms = np.minimum(self._network.link_length_m[segments >> 1] * 3_600.0 / SLOWEST_KPH, LONGEST_SEGMENT_MS)
        limited = np.minimum(new_ms, np.ceil(slowest_ms)).astype(np.uint32)
        return np.where(now_ms >= CLOSED, np.uint32(CLOSED), np.maximum(limited, now_ms))

    def _changed(self, name: str, roads: ProfileRoads, segments: NDArray[np.int64], new_ms: NDArray[np.uint32]) -> ProfileRoads:
        """The roads with other times on some segments; what was closed before stays so."""
        if not len(segments):
            return roads
        turns = self._into.segments(segments).astype(np.int64)
        which = np.repeat(np.arange(len(segments)), self._into.first[segments + 1] - self._into.first[segments])
        weights = roads.metric.weights[turns]
        passable = weights < CLOSED
        turns, which, weights = turns[passable], which[passable], weights[passable]
        moved = weights.astype(np.int64) - roads.segment_ms.at(segments)[which] + new_ms[which]
        new_weights = np.where(new_ms[which] >= CLOSED, CLOSED, np.minimum(moved, CLOSED)).astype(np.uint32)
        shut = segments[new_ms >= CLOSED]
        metric = roads.metric.with_weights(turns, new_weights) if len(turns) else roads.metric
        times, closed_turns = roads.segment_ms.replaced(segments, new_ms), turns[new_weights >= CLOSED]
        mask = self._cut_off(name, without(roads.mask, shut), metric, times, closed_turns, np.empty(0, np.int64))
        return ProfileRoads(metric, times, roads.restricted, mask)

    def _cut_off(
        self,
        name: str,
        mask: NDArray[np.uint8],
        metric: Metric,
        times: Overlay,
        closed_turns: NDArray[np.int64],
        opened: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        # In a region that is tiny altogether, half of its roads are enough.
        base = self.base.roads[name].mask
        enough_m = ISLAND_M if len(base) > _TINY else min(ISLAND_M, float(self._network.link_length_m[base > 0].sum()) / 2)
        return with_cut_off(self._network, self._into, mask, metric.weights, times, closed_turns, opened, enough_m)

    # -- the data's own hours -----------------------------------------------------------------------------------------------

    def _timed_roads(self, hours: frozenset[str]) -> Mapping[str, ProfileRoads]:
        """The roads while the conditional tags with these hours hold; made when first asked for, then kept a while."""
        with self._lock:
            known = self._timed.get(hours)
            if known is not None:
                return known
            if self._meanings is None:
                self._meanings = {name: Meaning.of(self._network, self._profiles[name]) for name in self.base.roads}
            meanings = self._meanings
        tagsets, restrictions = self._clauses.standing(self._network, hours)

        def costed(name: str) -> ProfileRoads:
            base, costs, profile = self.base.roads[name], self._costs[name], self._profiles[name]
            new = recost(
                self._network, profile, costs, meanings[name], self._into, tagsets=tagsets, restrictions=restrictions
            )  # fmt: skip
            differs = new.weights != base.metric.weights[new.turns]
            metric = reweighted(base.metric, new.turns[differs], new.weights[differs])
            restricted = base.restricted.copy()
            restricted[new.segments] = new.segment_restricted
            times = base.segment_ms.replaced(new.segments, new.segment_ms)
            opened = new.segments[(new.segment_ms < CLOSED) & (costs.segment_ms[new.segments] >= CLOSED)]
            mask = with_opened(without(base.mask, new.segments[new.segment_ms >= CLOSED]), opened, self._foot_ms)
            mask = with_ferries(mask, self._network)
            closed_turns = new.turns[differs & (new.weights >= CLOSED)]
            mask = self._cut_off(name, mask, metric, times, closed_turns, opened)
            return ProfileRoads(metric, times, restricted, mask)

        names = list(self.base.roads)
        roads = MappingProxyType(dict(zip(names, _together(costed, names), strict=True)))
        with self._lock:
            while len(self._timed) > _KEPT_TIMED:
                del self._timed[next(text for text in self._timed if text)]
            return self._timed.setdefault(hours, roads)


@dataclass(frozen=True, slots=True)
class _Clauses:
    """The conditional tags of a network: by index of the tag set and of the turn restriction, and one for each time."""

    of_tagset: Mapping[int, tuple[Clause, ...]]
    of_restriction: Mapping[int, tuple[Clause, ...]]
    times: Mapping[str, Clause]

    def standing(self, network: RoadNetwork, hours: frozenset[str]) -> tuple[dict[int, TagSet], dict[int, TagSet]]:
        """Tag sets and turn restrictions that stand otherwise while the clauses with these hours hold, by index."""
        standing: tuple[dict[int, TagSet], dict[int, TagSet]] = ({}, {})
        sources = (
            (self.of_tagset, network.tagsets),
            (self.of_restriction, [restriction.tags for restriction in network.restrictions]),
        )
        for found, (every, tags) in zip(standing, sources, strict=True):
            for number, clauses in every.items():
                active = [clause for clause in clauses if clause.when in hours]
                if active:
                    found[number] = with_conditions(tags[number], active)
        return standing


def _clauses_of(network: RoadNetwork) -> _Clauses:
    used = np.zeros(len(network.tagsets) + 1, np.bool_)  # the last: junctions without tags have -1
    used[network.link_tagset] = used[network.junction_tagset] = True
    of_tagset = {number: timed_clauses(network.tagsets[number]).timed for number in np.flatnonzero(used[:-1]).tolist()}
    of_restriction = {number: timed_clauses(one.tags).timed for number, one in enumerate(network.restrictions)}
    of_tagset = {number: clauses for number, clauses in of_tagset.items() if clauses}
    of_restriction = {number: clauses for number, clauses in of_restriction.items() if clauses}
    every = itertools.chain(*of_tagset.values(), *of_restriction.values())
    return _Clauses(of_tagset, of_restriction, {clause.when: clause for clause in every})


def reweighted(metric: Metric, turns: NDArray[np.int64], weights: NDArray[np.uint32], *, few: int = _FEW_TURNS) -> Metric:
    """The metric with other weights; if they are many and lie all over, as a root of its own.

    What is derived from a metric takes over what that one has changed: closures on top of many changes would be slow.
    """
    if len(turns) <= few:
        return metric.with_weights(turns, weights) if len(turns) else metric
    everything = metric.weights.copy()
    everything[turns] = weights
    return metric.hierarchy.customize(everything)


def _together(work: Callable[[str], ProfileRoads], names: Sequence[str]) -> list[ProfileRoads]:
    """`work` for each name, in threads: the kernels hold no interpreter lock."""
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return list(pool.map(work, names))


def _check_aware(time: datetime) -> None:
    if time.utcoffset() is None:
        raise ConditionError(f"time {time.isoformat()} has no time zone; give an aware time")
