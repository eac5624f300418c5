"""What a network costs one profile: from tags to times, from times to the weights of the query graph.

    weight(turn a → b) = turn_ms(a, b) + segment_ms(b), CLOSED if either is

`turn_ms` holds the delay of turning, of what stands at the junction and of boarding a ferry, `RESTRICTED_ENTRY_MS` where the
turn leads from an open road into a restricted one (or passes a restricted barrier), and CLOSED where a turn restriction that
the profile obeys bans the turn or a barrier that it can't pass stands there.

- Of two signals within `ONE_JUNCTION_M` of each other one waits at the longer: they belong to one crossing, as where dual
  carriageways meet, or guard a crossing on foot beside it.
- The delay of turning counts where there is a choice, at junctions of three links or more; a bend is a bend even where a
  street's name changes.
- A turn back onto the same link costs `Profile.u_turn_seconds`, whatever stands at the junction: at a closed gate one turns
  round in front of it. Where that is None, turning round is open only where the profile has no other way on. All motor
  profiles have a figure today; for one that has none, a street that a *closure* makes a dead end can't be left again.
- A restriction that holds only at times (`restriction:conditional`) doesn't hold here; nor does any other `:conditional` tag.
  `recost` gives what changes at a time when they do.

Everything is worked out once per tag set, then gathered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing._kernels.turns import turn_delays, turns_by_segment
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.osm import TagSet
from routing.profiles import Profile

LONGEST_SEGMENT_MS = RESTRICTED_ENTRY_MS - 1
ONE_JUNCTION_M = 40.0
"""Signals at most this far apart along a street are one junction's. Assumption: a dual carriageway with its median is 15 to
30 m wide, and the next crossing in a town is seldom nearer than 60 m."""
FORK_LINKS = 3


@dataclass(frozen=True, slots=True)
class ProfileCosts:
    """What a network costs a profile.

    Attributes:
        segment_ms: uint32[2 l], time along each segment, `CLOSED` where closed, else at least 1.
        segment_restricted: bool[2 l], for reaching or leaving what lies on it (destination, private).
        turn_ms: uint32[m], see the module.
        weights: uint32[m], of the query graph's arcs.
    """

    segment_ms: NDArray[np.uint32]
    segment_restricted: NDArray[np.bool_]
    turn_ms: NDArray[np.uint32]
    weights: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What tag sets, restrictions and angles mean to a profile, as tables to gather from.

    By tag set and direction (`[t, 2]`): `way_kph` (0 = closed), `way_restricted`, `way_ferry`. By tag set, with a last row
    for nothing (so that -1 finds it): `point_open`, `point_restricted`, and by direction as well (`[t + 1, 2]`) `point_ms`,
    with `signal_ms` for what of it is waiting at signals. By restriction: `obeys`. By angle + 180: `angle_ms`. By junction:
    `fork`. `u_turn_ms` is -1 where turning round is for dead ends.
    """

    way_kph: NDArray[np.float64]
    way_restricted: NDArray[np.bool_]
    way_ferry: NDArray[np.bool_]
    point_open: NDArray[np.bool_]
    point_restricted: NDArray[np.bool_]
    point_ms: NDArray[np.int64]
    signal_ms: NDArray[np.int64]
    obeys: NDArray[np.bool_]
    angle_ms: NDArray[np.int64]
    fork: NDArray[np.bool_]
    u_turn_ms: int
    ferry_wait_ms: int

    @classmethod
    def of(cls, network: RoadNetwork, profile: Profile) -> Self:
        """The meaning of a network's tags as they stand."""
        sets = len(network.tagsets)
        blank = cls(
            way_kph=np.zeros((sets, 2)),
            way_restricted=np.zeros((sets, 2), np.bool_),
            way_ferry=np.zeros((sets, 2), np.bool_),
            point_open=np.ones(sets + 1, np.bool_),
            point_restricted=np.zeros(sets + 1, np.bool_),
            point_ms=np.zeros((sets + 1, 2), np.int64),
            signal_ms=np.zeros((sets + 1, 2), np.int64),
            obeys=np.zeros(len(network.restrictions), np.bool_),
            angle_ms=_ms(profile.turn_seconds(np.arange(-180, 181, dtype=np.int16), network.driving_side)),
            fork=_forks(network),
            u_turn_ms=-1 if profile.u_turn_seconds is None else round(profile.u_turn_seconds * 1000),
            ferry_wait_ms=round(profile.ferry_wait_seconds * 1000),
        )
        rules = {index: restriction.tags for index, restriction in enumerate(network.restrictions)}
        return blank.with_tags(profile, dict(enumerate(network.tagsets)), rules)

    def with_tags(self, profile: Profile, tagsets: Mapping[int, TagSet], restrictions: Mapping[int, TagSet]) -> Self:
        """The meaning where some tag sets and restrictions, by index, have other tags."""
        way_kph, way_restricted, way_ferry = self.way_kph.copy(), self.way_restricted.copy(), self.way_ferry.copy()
        point_open, point_restricted = self.point_open.copy(), self.point_restricted.copy()
        point_ms, signal_ms, obeys = self.point_ms.copy(), self.signal_ms.copy(), self.obeys.copy()
        for index, tags in tagsets.items():
            for direction, use in enumerate(profile.way(tags)):
                way_kph[index, direction] = use.speed_kph
                way_restricted[index, direction] = use.restricted
                way_ferry[index, direction] = use.ferry
            point = profile.point(tags)
            point_open[index], point_restricted[index] = point.open, point.restricted
            point_ms[index], signal_ms[index] = (_ms(np.array(one)) for one in (point.seconds, point.signal_seconds))
        for index, tags in restrictions.items():
            obeys[index] = profile.obeys(tags)
        return replace(
            self,
            way_kph=way_kph,
            way_restricted=way_restricted,
            way_ferry=way_ferry,
            point_open=point_open,
            point_restricted=point_restricted,
            point_ms=point_ms,
            signal_ms=signal_ms,
            obeys=obeys,
        )


@dataclass(frozen=True, slots=True)
class TurnsInto:
    """The turns that lead onto each segment, into whichever of its states.

    `first`: int64[2 l + 1]; `turn`: int32[m]; those onto segment `s` are `turn[first[s]:first[s + 1]]`, rising.
    """

    first: NDArray[np.int64]
    turn: NDArray[np.int32]

    def segments(self, segments: NDArray[np.integer]) -> NDArray[np.int32]:
        """The turns onto any of some distinct segments, in the order of these."""
        begin = self.first[segments]
        count = self.first[np.asarray(segments) + 1] - begin
        place = np.arange(int(count.sum())) + np.repeat(begin - (np.cumsum(count) - count), count)
        turns: NDArray[np.int32] = self.turn[place]
        return turns


@dataclass(frozen=True, slots=True)
class Recost:
    """What is different from a profile's base costs at some time.

    `segments`: int64[k] with their `segment_ms` (uint32[k]) and `segment_restricted` (bool[k]); `turns`: int64[q] with
    their `turn_ms` (uint32[q]) and `weights` (uint32[q]). Both rising; a value may equal the base's.
    """

    segments: NDArray[np.int64]
    segment_ms: NDArray[np.uint32]
    segment_restricted: NDArray[np.bool_]
    turns: NDArray[np.int64]
    turn_ms: NDArray[np.uint32]
    weights: NDArray[np.uint32]


def cost(network: RoadNetwork, profile: Profile) -> ProfileCosts:
    """Cost a network for a profile."""
    meaning = Meaning.of(network, profile)
    segments = np.arange(2 * network.links, dtype=np.int64)
    segment_ms, restricted = _segments(network, meaning, segments)
    turns = np.arange(len(network.turn_head), dtype=np.int64)
    turn_ms = _turn_ms(network, meaning, turns, restricted)
    if meaning.u_turn_ms < 0:
        turn_ms[_round_where_there_is_a_choice(network, turn_ms, segment_ms)] = CLOSED
    weights = combine(turn_ms, segment_ms[network.state_segment][network.turn_head])
    for values in (segment_ms, restricted, turn_ms, weights):
        values.flags.writeable = False
    return ProfileCosts(segment_ms, restricted, turn_ms, weights)


def combine(turn_ms: NDArray[np.uint32], segment_ms: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Weights of turns (uint32[q]) from their delays and the times of the segments that they lead onto."""
    weights: NDArray[np.uint32] = np.minimum(turn_ms + segment_ms, np.uint32(CLOSED))  # 2 * CLOSED still fits
    return weights


def turns_into(network: RoadNetwork) -> TurnsInto:
    """Index a network's turns by the segment that they lead onto."""
    first, turn = turns_by_segment(network.state_segment, network.turn_head, 2 * network.links)
    return TurnsInto(first, turn)


def recost(
    network: RoadNetwork,
    profile: Profile,
    base: ProfileCosts,
    meaning: Meaning,
    into: TurnsInto,
    *,
    tagsets: Mapping[int, TagSet],
    restrictions: Mapping[int, TagSet],
) -> Recost:
    """What changes while some tag sets and restrictions have other tags (their conditions hold).

    The work grows with what changes, but for one pass over the links' and junctions' tag sets.

    Args:
        network, profile: what was costed.
        base: `cost(network, profile)`.
        meaning: `Meaning.of(network, profile)`.
        into: `turns_into(network)`.
        tagsets, restrictions: by index, the tags as they stand at that time.
    """
    now = meaning.with_tags(profile, tagsets, restrictions)
    chosen = np.zeros(len(network.tagsets) + 1, np.bool_)
    chosen[list(tagsets)] = True
    links = np.flatnonzero(chosen[network.link_tagset])
    segments = np.sort(np.concatenate((2 * links, 2 * links + 1)))
    segment_ms, segment_restricted = _segments(network, now, segments)

    ruled = _turns_ruled_by(network, restrictions) if restrictions else np.empty(0, np.int64)
    junctions = np.flatnonzero(_with_neighbours(network, chosen[network.junction_tagset]))
    turns = np.unique(np.concatenate((_turns_at(network, into, segments, junctions), ruled)))
    restricted = base.segment_restricted.copy()
    restricted[segments] = segment_restricted
    turn_ms = _turn_ms(network, now, turns, restricted)
    if now.u_turn_ms < 0:
        back = _turns_back(network, turns)
        turn_ms[back] = base.turn_ms[turns[back]]
    heads = network.state_segment[network.turn_head[turns]]
    ms_onto = base.segment_ms[heads]
    if len(segments):
        place = np.minimum(np.searchsorted(segments, heads), len(segments) - 1)
        ms_onto = np.where(segments[place] == heads, segment_ms[place], ms_onto)
    return Recost(segments, segment_ms, segment_restricted, turns, turn_ms, combine(turn_ms, ms_onto))


def _ms(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(seconds * 1000).astype(np.int64)


def _forks(network: RoadNetwork) -> NDArray[np.bool_]:
    """Junctions where three links or more meet that some vehicle may use (bool[j])."""
    driven = (network.segment_state.reshape(-1, 2) >= 0).any(axis=1)
    ends = np.concatenate((network.link_tail[driven], network.link_head[driven]))
    return np.bincount(ends, minlength=network.junctions) >= FORK_LINKS


def _segments(
    network: RoadNetwork, meaning: Meaning, segments: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """`segment_ms` and `segment_restricted` of some segments."""
    link, direction = segments >> 1, segments & 1
    tagset = network.link_tagset[link]
    kph = meaning.way_kph[tagset, direction]
    is_open = kph > 0
    ms = np.rint(network.link_length_m[link] * 3600 / np.where(is_open, kph, 1.0))  # m / (km/h) = 3600 ms
    ms = np.where(is_open, np.clip(ms, 1, LONGEST_SEGMENT_MS), CLOSED)
    return ms.astype(np.uint32), meaning.way_restricted[tagset, direction] & is_open


def _turn_ms(
    network: RoadNetwork, meaning: Meaning, turns: NDArray[np.int64], restricted: NDArray[np.bool_]
) -> NDArray[np.uint32]:
    """`turn_ms` of some turns; turning round is open everywhere."""
    return turn_delays(
        turns,
        network.turn_tail,
        network.turn_head,
        network.turn_angle,
        network.turn_rules,
        network.state_segment,
        network.link_tail,
        network.link_head,
        network.link_length_m,
        network.link_tagset,
        network.junction_tagset,
        restricted,
        meaning.way_ferry,
        meaning.point_open,
        meaning.point_restricted,
        meaning.point_ms,
        meaning.signal_ms,
        ONE_JUNCTION_M,
        meaning.angle_ms,
        meaning.fork,
        np.array([any(meaning.obeys[rule] for rule in rules) for rules in network.rule_sets], np.bool_),
        max(meaning.u_turn_ms, 0),
        meaning.ferry_wait_ms,
        RESTRICTED_ENTRY_MS,
        CLOSED,
    )


def _turns_back(network: RoadNetwork, turns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some turns lead back onto the same link."""
    before, after = network.turn_tail[turns], network.turn_head[turns]
    back: NDArray[np.bool_] = network.state_segment[after] == network.state_segment[before] ^ 1
    return back


def _round_where_there_is_a_choice(
    network: RoadNetwork, turn_ms: NDArray[np.uint32], segment_ms: NDArray[np.uint32]
) -> NDArray[np.bool_]:
    """The turns back onto the same link at whose place the profile has another way on (bool[m])."""
    back = _turns_back(network, np.arange(len(turn_ms)))
    onward = ~back & (turn_ms < CLOSED) & (segment_ms[network.state_segment[network.turn_head]] < CLOSED)
    ways_on = np.bincount(network.turn_tail[onward], minlength=network.states)
    return back & (ways_on[network.turn_tail] > 0)


def _with_neighbours(network: RoadNetwork, junctions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Some junctions (bool[j]) and those whose signals may be one with theirs."""
    tail, head = network.link_tail, network.link_head
    near = (network.link_length_m <= ONE_JUNCTION_M) & (junctions[tail] | junctions[head])
    wider = junctions.copy()
    wider[tail[near]] = wider[head[near]] = True
    return wider


def _turns_ruled_by(network: RoadNetwork, restrictions: Iterable[int]) -> NDArray[np.int64]:
    """The turns that any of some restrictions bans."""
    wanted = set(restrictions)
    concerned = np.array([not wanted.isdisjoint(rules) for rules in network.rule_sets], np.bool_)
    return np.flatnonzero(concerned[network.turn_rules])


def _turns_at(
    network: RoadNetwork, into: TurnsInto, segments: NDArray[np.int64], junctions: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The turns onto and off some segments, and those at some junctions."""
    everywhere = np.zeros(network.junctions, np.bool_)
    everywhere[junctions] = True
    everywhere[network.link_tail[segments >> 1]] = True
    everywhere[network.link_head[segments >> 1]] = True
    at_tail, at_head = everywhere[network.link_tail], everywhere[network.link_head]
    leaving = np.concatenate((2 * np.flatnonzero(at_tail), 2 * np.flatnonzero(at_head) + 1))
    return into.segments(leaving).astype(np.int64)
