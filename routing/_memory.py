"""Where rules hold in the query graph, and the copies of states that remember where one came from.

A rule over via ways can only be judged at its end by who has come all its path. So whoever is part of the way along gets a
state of their own: a segment together with the set of (rule, steps done) under way on it. Such copies branch off the plain
graph where a second step is taken and fall back into it where nothing is under way any more. This is the usual automaton of
prefixes (Aho and Corasick 1975), unfolded onto the graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing._turns import Turns
from routing.restrictions import Rule

Memory = frozenset[tuple[int, int]]
"""(rule, steps of its path done), two steps at least: having done the first is plain from the segment itself.

Negative steps: turned round after so many, and on the way back along the last one. Who turns round once more is where they
were: turning to and fro on the short piece between two carriageways is no way round a ban.
"""


@dataclass(frozen=True, slots=True)
class Graph:
    """The query graph as `RoadNetwork` holds it: plain states first, then the copies."""

    state_segment: NDArray[np.int32]
    plain_states: int
    turn_first: NDArray[np.int64]
    turn_tail: NDArray[np.int32]
    turn_head: NDArray[np.int32]
    turn_angle: NDArray[np.int16]
    turn_rules: NDArray[np.int32]
    rule_sets: tuple[tuple[int, ...], ...]


class _Unfolding:
    """Copies of states, made as they are reached."""

    def __init__(self, turns: Turns, rules: Sequence[Rule]) -> None:
        self.turns = turns
        self.rules = rules
        self.beginning: dict[int, list[int]] = defaultdict(list)
        for index, rule in enumerate(rules):
            self.beginning[rule.path[0]].append(index)
        self.plain_states = len(turns.state_segment)
        self.copies: list[tuple[int, Memory]] = []
        self._number: dict[tuple[int, Memory], int] = {}

    def state(self, segment: int, memory: Memory) -> int:
        """The number of a state; a copy seen for the first time is appended."""
        if not memory:
            return int(self.turns.segment_state[segment])
        number = self._number.get((segment, memory))
        if number is None:
            number = self._number[segment, memory] = self.plain_states + len(self.copies)
            self.copies.append((segment, memory))
        return number

    def under_way(self, segment: int, memory: Memory) -> list[tuple[int, int]]:
        """(rule, steps done) on a segment, the first steps included."""
        return [(rule, 1) for rule in self.beginning.get(segment, ())] + sorted(memory)

    def turns_from(self, segment: int, memory: Memory) -> tuple[list[int], list[tuple[int, ...]]]:
        """The head of each turn out of a state, and the restrictions that ban it, in the order of the plain turns."""
        heads: list[int] = []
        bans: list[tuple[int, ...]] = []
        under_way = self.under_way(segment, memory)
        for head in self.turns.heads(int(self.turns.segment_state[segment])):
            onto = int(self.turns.state_segment[head])
            banned: set[int] = set()
            ahead: set[tuple[int, int]] = set()
            for index, done in under_way:
                rule = self.rules[index]
                if onto == segment ^ 1 and abs(done) > 1:
                    ahead.add((index, -done))
                if done < 0:
                    continue
                if done == len(rule.path):
                    if (onto in rule.exits) != rule.mandatory:
                        banned.add(rule.restriction)
                elif rule.path[done] == onto:
                    ahead.add((index, done + 1))
            heads.append(self.state(onto, frozenset(ahead)))
            bans.append(tuple(sorted(banned)))
        return heads, bans


def unfold(turns: Turns, rules: Sequence[Rule]) -> Graph:
    """Put the rules on the plain graph, with as many copies of states as they need."""
    unfolding = _Unfolding(turns, rules)
    rule_set: dict[tuple[int, ...], int] = {(): 0}
    plain_head = turns.head.copy()
    plain_rules = np.zeros(len(turns.head), np.int32)
    for segment in sorted(unfolding.beginning):
        state = int(turns.segment_state[segment])
        part = slice(int(turns.first[state]), int(turns.first[state + 1]))
        heads, bans = unfolding.turns_from(segment, frozenset())
        plain_head[part] = heads
        plain_rules[part] = [rule_set.setdefault(ban, len(rule_set)) for ban in bans]

    tail: list[int] = []
    head: list[int] = []
    rules_of: list[int] = []
    origin: list[int] = []  # the plain turn that each copied turn mirrors
    count: list[int] = []
    done = 0
    while done < len(unfolding.copies):
        segment, memory = unfolding.copies[done]
        heads, bans = unfolding.turns_from(segment, memory)
        begin = int(turns.first[turns.segment_state[segment]])
        tail += [unfolding.plain_states + done] * len(heads)
        head += heads
        rules_of += [rule_set.setdefault(ban, len(rule_set)) for ban in bans]
        origin += range(begin, begin + len(heads))
        count.append(len(heads))
        done += 1

    first_of_copies = turns.first[-1] + np.cumsum(np.array(count, np.int64))
    return Graph(
        state_segment=np.append(turns.state_segment, np.array([s for s, _ in unfolding.copies], np.int32)),
        plain_states=unfolding.plain_states,
        turn_first=np.append(turns.first, first_of_copies),
        turn_tail=np.append(turns.tail, np.array(tail, np.int32)),
        turn_head=np.append(plain_head, np.array(head, np.int32)),
        turn_angle=np.append(turns.angle, turns.angle[np.array(origin, np.int64)]),
        turn_rules=np.append(plain_rules, np.array(rules_of, np.int32)),
        rule_sets=tuple(rule_set),
    )
