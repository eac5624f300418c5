"""Move-up advice on towns drawn as text, held against trying every move there is.

A digit is a cell with that many people, a capital letter a free vehicle in a cell without any, a small letter a base. A
vehicle reaches whatever is no more than two steps away, and drives a minute a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatch.coverage import coverage_loss, uncovered
from dispatch.move_up import Limits, Move, advised, expected_share, gains, reached_share

REACH = 2
MINUTE_MS = 60_000.0
Cell = tuple[int, int]


@dataclass(frozen=True)
class Town:
    """A drawing: where people, vehicles and bases are; every cell with people and every base is a site."""

    people: dict[Cell, int]
    vehicles: dict[str, Cell]
    bases: dict[str, Cell]

    @property
    def sites(self) -> list[Cell]:
        return [*self.bases.values(), *self.people]

    @property
    def weights(self) -> NDArray[np.float64]:
        return np.array(list(self.people.values()), np.float64)

    def covers(self, places: list[Cell]) -> NDArray[np.bool_]:
        return np.array([[steps(one, cell) <= REACH for cell in self.people] for one in places], np.bool_).reshape(
            len(places), len(self.people)
        )

    def advice(self, busy: float, limits: Limits) -> list[Move]:
        here, sites = list(self.vehicles.values()), self.sites
        drive = np.array([[steps(a, b) * MINUTE_MS for b in sites] for a in here]).reshape(len(here), len(sites))
        is_base = np.array([s < len(self.bases) for s in range(len(sites))], np.bool_)
        return advised(self.covers(here), self.covers(sites), drive, self.weights, busy, limits, is_base)


def steps(a: Cell, b: Cell) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def town(text: str) -> Town:
    people, vehicles, bases = {}, {}, {}
    for row, line in enumerate(dedent(text).strip("\n").splitlines()):
        for column, sign in enumerate(line):
            if sign.isdigit() and sign != "0":
                people[row, column] = int(sign)
            elif sign.isupper():
                vehicles[sign] = row, column
            elif sign.islower():
                bases[sign] = row, column
    return Town(people, vehicles, bases)


EASY = Limits(most=3, least_gain=0.01, as_good=0.0, longest_ms=60 * MINUTE_MS)


def served(places: list[Cell], told: Town, busy: float) -> float:
    """Expected coverage, summed cell by cell from its definition: at least one of those who reach it is not busy."""
    total = sum(told.people.values())
    chance = 0.0
    for cell, weight in told.people.items():
        nobody = 1.0
        for one in places:
            if steps(one, cell) <= REACH:
                nobody *= busy
        chance += weight * (1 - nobody)
    return chance / total


def reached(places: list[Cell], told: Town) -> float:
    near = sum(weight for cell, weight in told.people.items() if any(steps(one, cell) <= REACH for one in places))
    return near / sum(told.people.values())


def test_one_of_two_who_stand_together_goes_where_nobody_is() -> None:
    told = town("""
        1A.........9
        1B.........9
    """)
    (move,) = told.advice(0.3, EASY)
    # Sites are the cells: the 9s are the second and the fourth.
    assert told.sites[move.site] in ((0, 11), (1, 11))
    assert move.reached_now == pytest.approx(2 / 20)
    assert move.reached_then == 1.0
    assert move.expected_then == pytest.approx((2 * 0.7 + 18 * 0.7) / 20)


def test_who_alone_covers_more_stays() -> None:
    told = town("""
        9A.........1
        9..........1
    """)
    assert told.advice(0.3, EASY) == []


def test_a_base_is_chosen_where_it_is_as_good_and_the_nearer_vehicle_where_both_are() -> None:
    told = town("""
        5A....B......99b
    """)
    (first, *_) = told.advice(0.3, EASY)
    assert (list(told.vehicles)[first.vehicle], told.sites[first.site]) == ("B", told.bases["b"])


def test_no_drive_is_longer_than_is_allowed_and_no_gain_smaller() -> None:
    told = town("1AB.........9")
    near = Limits(3, 0.01, 0.0, 5 * MINUTE_MS)
    assert told.advice(0.3, near) == []
    assert told.advice(0.3, Limits(3, 0.95, 0.0, 60 * MINUTE_MS)) == []
    assert len(told.advice(0.3, EASY)) == 1
    assert told.advice(0.3, Limits(0, 0.01, 0.0, 60 * MINUTE_MS)) == []


_TOWNS = st.lists(st.text("..123A9B.bC.", min_size=9, max_size=9), min_size=2, max_size=4).map("\n".join).map(town)


@given(_TOWNS.filter(lambda one: bool(one.people and one.vehicles)), st.sampled_from([0.0, 0.3, 0.7]))
def test_every_move_is_the_best_there_is_and_gains_what_it_says(told: Town, busy: float) -> None:
    limits = Limits(3, 0.01, 0.0, 6 * MINUTE_MS)
    places, sites = list(told.vehicles.values()), told.sites
    moved: set[int] = set()
    taken: set[int] = set()
    moves = told.advice(busy, limits)
    for number in range(limits.most):
        now, reach_now = served(places, told, busy), reached(places, told)
        best = 0.0
        for v, s in product(range(len(places)), range(len(sites))):
            if v in moved or s in taken or steps(places[v], sites[s]) * MINUTE_MS > limits.longest_ms:
                continue
            then = [*places[:v], sites[s], *places[v + 1 :]]
            if reached(then, told) >= reach_now - 1e-12:
                best = max(best, served(then, told, busy) - now)
        if number >= len(moves):
            assert best < limits.least_gain + 1e-12
            return
        move = moves[number]
        assert move.vehicle not in moved
        assert move.site not in taken
        assert move.drive_ms == steps(places[move.vehicle], sites[move.site]) * MINUTE_MS <= limits.longest_ms
        places[move.vehicle] = sites[move.site]
        moved.add(move.vehicle)
        taken.add(move.site)
        assert move.expected_now == pytest.approx(now)
        assert move.expected_then == pytest.approx(served(places, told, busy))
        assert (move.reached_now, move.reached_then) == pytest.approx((reach_now, reached(places, told)))
        assert move.expected_then - move.expected_now == pytest.approx(best)
        assert move.expected_then > move.expected_now
        assert move.reached_then >= move.reached_now - 1e-12


@given(_TOWNS.filter(lambda one: bool(one.people and one.vehicles)), st.sampled_from([0.0, 0.3, 0.7]))
def test_shares_and_gains_are_those_of_the_definitions(told: Town, busy: float) -> None:
    places, sites = list(told.vehicles.values()), told.sites
    covers = told.covers(places)
    assert expected_share(covers, told.weights, busy) == pytest.approx(served(places, told, busy))
    assert reached_share(covers, told.weights) == pytest.approx(reached(places, told))
    gain, reach_gain = gains(covers, told.covers(sites), told.weights, busy)
    total = told.weights.sum()
    for v in range(len(places)):
        without = [*places[:v], *places[v + 1 :]]
        # What is lost when it goes is what a choice of vehicles weighs (`coverage_loss`).
        loss = coverage_loss(covers, told.weights, busy)[v]
        assert loss == pytest.approx(served(places, told, busy) - served(without, told, busy))
        assert uncovered(covers, told.weights)[v] / total == pytest.approx(reached(places, told) - reached(without, told))
        for s, site in enumerate(sites):
            assert gain[v, s] == pytest.approx(served([*without, site], told, busy) - served(places, told, busy))
            assert reach_gain[v, s] == pytest.approx(reached([*without, site], told) - reached(places, told))
