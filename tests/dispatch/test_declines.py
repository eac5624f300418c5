"""The chance of a decline times the cost of going on, against plain enumeration."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.declines import asked_cost, expected_care, not_taken, refused_cost, sitegar_cost

INF = math.inf


def enumerated_door(
    here: int,
    seen: frozenset[int],
    onward: Sequence[Sequence[float]],
    q: Sequence[float],
    w: float,
    desk: tuple[float, float],
    left: int,
) -> float:
    """C of the formula, by trying everything."""
    near = min((onward[here][g] for g in range(len(q)) if g != here), default=INF)
    choices = [desk[0] + max(desk[1], near if near < INF else 0.0)]
    if left:
        for g in range(len(q)):
            if g not in seen:
                behind = enumerated_door(g, seen | {g}, onward, q, w, desk, left - 1)
                choices.append(onward[here][g] + q[g] * (w + behind))
    return min(choices)


def enumerated_asked(
    f: int, seen: frozenset[int], e: Sequence[float], p: Sequence[float], lost: Sequence[float], s: float, step: int
) -> float:
    """E of the formula, by trying everything."""
    if math.isinf(e[f]):
        return INF
    choices = [s]
    if step + 1 < len(lost):
        choices += [enumerated_asked(g, seen | {g}, e, p, lost, s, step + 1) for g in range(len(e)) if g not in seen]
    more = lost[step] - (lost[step - 1] if step else 0.0)
    return (1 - p[f]) * e[f] + p[f] * (more + min(choices))


minutes = st.integers(0, 60).map(lambda m: m * 60_000.0)
times = st.one_of(minutes, minutes, minutes, st.just(INF))
chances = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def facility_worlds(draw: st.DrawFn) -> tuple[list[list[float]], list[float], list[float], list[float], int]:
    count = draw(st.integers(1, 5))
    onward = draw(st.lists(st.lists(times, min_size=count, max_size=count), min_size=count, max_size=count))
    transport = draw(st.lists(times, min_size=count, max_size=count))
    p = draw(st.lists(chances, min_size=count, max_size=count))
    r = draw(st.lists(chances, min_size=count, max_size=count))
    return onward, transport, p, r, draw(st.integers(0, 2))


@given(facility_worlds(), minutes, minutes, minutes)
def test_refusals_at_the_door_equal_enumeration(world, door, desk, usual) -> None:
    onward, _, p, r, further = world
    q = not_taken(np.array(p), np.array(r))
    found = refused_cost(np.array(onward), q, door, desk, usual, further)
    expected = [
        door + enumerated_door(f, frozenset({f}), onward, q.tolist(), door, (desk, usual), further) for f in range(len(p))
    ]
    assert found == pytest.approx(expected)


@given(facility_worlds(), minutes, minutes, st.lists(minutes, min_size=3, max_size=3).map(sorted))
def test_declines_by_telephone_equal_enumeration(world, door, sitegar, lost) -> None:
    onward, transport, p, r, further = world
    behind = refused_cost(np.array(onward), not_taken(np.array(p), np.array(r)), door, 0.0, sitegar, further)
    accepted = np.array(transport) + np.array(r) * behind
    found = asked_cost(accepted, np.array(p), tuple(lost[: further + 1]), sitegar)
    expected = [
        enumerated_asked(f, frozenset({f}), accepted.tolist(), p, lost[: further + 1], sitegar, 0) for f in range(len(p))
    ]
    assert found == pytest.approx(expected)


def test_the_same_facility_is_never_tried_twice() -> None:
    # Two facilities a minute apart, both sure to decline: after both, only SITEGAR is left, however near they lie.
    onward = np.array([[0.0, 60.0], [60.0, 0.0]])
    q = np.ones(2)
    assert refused_cost(onward, q, 0.0, 0.0, 1000.0, 2) == pytest.approx([1000.0, 1000.0])
    assert refused_cost(onward, np.array([1.0, 0.0]), 0.0, 0.0, 1000.0, 2) == pytest.approx([60.0, 1000.0])


def test_by_hand_one_decline_and_one_that_takes() -> None:
    # A 10 min away declines every second time, B 14 min away never: asked ahead, going on costs the detour only.
    transport = np.array([600.0, 840.0])
    none = np.zeros(2)
    care = expected_care(
        transport, none, np.array([0.5, 0.0]), none, slack_ms=900.0, answer_ms=180.0, sitegar_ms=2700.0, tries=3
    )
    assert care == pytest.approx([0.5 * 600 + 0.5 * 840, 840.0])
    # Asked on board: the three minutes until the answer are lost with it.
    care = expected_care(transport, none, np.array([0.5, 0.0]), none, slack_ms=0.0, answer_ms=180.0, sitegar_ms=2700.0, tries=3)
    assert care == pytest.approx([0.5 * 600 + 0.5 * (180 + 840), 840.0])


def test_nobody_asks_then_the_whole_way_is_lost() -> None:
    onward = np.array([[0.0, 500.0], [500.0, 0.0]])
    transport, declined, refused = np.array([600.0, 840.0]), np.array([0.5, 0.0]), np.zeros(2)
    behind = refused_cost(onward, not_taken(declined, refused), 300.0, 600.0, 2100.0, 2)
    care = expected_care(transport, behind, declined, refused, None, 180.0, 2700.0, 3)
    assert care == pytest.approx([600 + 0.5 * (300 + 500), 840.0])


@given(facility_worlds(), minutes, st.floats(0, 1), st.integers(1, 3), st.one_of(st.none(), minutes))
def test_quicker_roads_never_make_it_later(world, sitegar, factor, tries, slack) -> None:
    onward, transport, p, r, _ = world
    declined, refused = np.array(p), np.array(r)

    def care(shrink: float) -> np.ndarray:
        behind = refused_cost(np.array(onward) * shrink, not_taken(declined, refused), 300_000.0, 0.0, sitegar, tries - 1)
        return expected_care(np.array(transport) * shrink, behind, declined, refused, slack, 180_000.0, sitegar, tries)

    factor = max(factor, 0.001)
    assert (care(factor) <= care(1.0) * (1 + 1e-12) + 1e-6).all()


def test_no_facility_no_times() -> None:
    nothing = np.empty(0)
    assert expected_care(nothing, nothing, nothing, nothing, 0.0, 1.0, 1.0, 3).shape == (0,)
    assert refused_cost(np.empty((0, 0)), nothing, 0.0, 0.0, 1.0, 2).shape == (0,)


def test_sitegar_names_nothing_nearer_than_what_is_left() -> None:
    drive = np.array([90.0, 30.0, INF, 60.0, 120.0])
    assert [sitegar_cost(drive, 10.0, 20.0, tried) for tried in range(6)] == [40.0, 70.0, 100.0, 130.0, 130.0, 130.0]
    assert sitegar_cost(drive, 10.0, 75.0, 1) == 85.0
    assert sitegar_cost(np.array([INF]), 10.0, 20.0, 3) == 30.0


@given(facility_worlds(), minutes, minutes, st.integers(1, 3))
def test_where_a_decline_is_more_likely_the_best_first_offer_is_not_better(world, desk, usual, tries) -> None:
    # The least expected time over all first offers never falls when some facility becomes likelier to decline.
    _, transport, p, _, _ = world
    drive, none = np.array(transport), np.zeros(len(p))
    sitegar = max(sitegar_cost(drive, desk, usual, tries), max((d for d in transport if d < INF), default=0.0))

    def least(declined: list[float]) -> float:
        return float(expected_care(drive, none, np.array(declined), none, 1e9, 180_000.0, sitegar, tries).min())

    for f in range(len(p)):
        likelier = [*p[:f], (1 + p[f]) / 2, *p[f + 1 :]]
        assert least(likelier) >= least(p) - 1e-6
