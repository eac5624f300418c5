"""What can be reached, and what can't."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.costs import ProfileCosts, cost
from routing.network import CLOSED
from routing.parts import ISLAND_M, find_parts, summarise
from routing.profiles import load_profiles
from tests.routing.test_oracle import PROFILES, network_distances, towns
from tests.world import Town, World, draw

CAR = load_profiles()["car"]


def parts_of(town: Town, *names: str) -> list[int]:
    parts = find_parts(town.network, cost(town.network, CAR))
    return [int(parts.part[town.segment(*name)]) for name in names]


def test_a_town_and_an_island() -> None:
    town = draw(
        """
        A---B---C   X---Y
        |   |   |   |   |
        D---E---F   V---W
        """,
        metres=100,
    ).build()
    parts = find_parts(town.network, cost(town.network, CAR))
    main, island = parts.part[town.segment("B", "E")], parts.part[town.segment("X", "Y")]
    assert main == parts.main != island
    assert parts.size_m[[main, island]] == pytest.approx([2200, 1200], rel=1e-2)
    assert parts.usable.all()
    summary = summarise(town.network, parts)
    assert summary.main is not None
    assert (summary.main.kind, summary.main.links) == ("main", 7)
    assert [(part.kind, round(part.size_m, -2)) for part in summary.islands] == [("island", 1200)]
    assert summary.islands[0].longitude > summary.main.longitude
    assert summary.fragments == summary.closed_links == 0


def test_behind_a_block_lies_a_fragment() -> None:
    town = draw("""
        A---B---C-#-D
        |   |
        E---F
    """).build()
    parts = find_parts(town.network, cost(town.network, CAR))
    assert parts.part[town.segment("C", "#")] == parts.main
    assert parts.part[town.segment("#", "D")] == parts.part[town.segment("D", "#")] != parts.main
    assert not parts.usable[town.segment("#", "D")]
    summary = summarise(town.network, parts)
    assert (summary.fragments, summary.fragment_links) == (1, 1)
    assert summary.fragment_m == pytest.approx(50, rel=1e-2)


def test_a_one_way_out_of_the_extract_is_no_island_however_long() -> None:
    town = draw(
        """
        A---B-------------------->C
        |   |
        E---F
        """,
        metres=100,
    ).build()
    parts = find_parts(town.network, cost(town.network, CAR))
    out = town.segment("B", "C")
    assert town.network.link_length_m[out >> 1] > ISLAND_M
    assert not parts.usable[out]
    assert parts.part[out ^ 1] == -1
    assert summarise(town.network, parts).islands == ()


def test_closed_links_are_counted() -> None:
    town = draw("A---B---C", streets={"B C": "highway=footway"}).build()
    summary = summarise(town.network, find_parts(town.network, cost(town.network, CAR)))
    assert summary.closed_links == 1
    assert summary.closed_m == pytest.approx(100, rel=1e-2)


def test_nothing_open() -> None:
    town = draw("A---B", streets={"A B": "highway=footway"}).build()
    parts = find_parts(town.network, cost(town.network, CAR))
    assert (parts.main, parts.part.tolist(), parts.usable.tolist()) == (-1, [-1, -1], [False, False])
    assert summarise(town.network, parts).main is None


def test_a_segment_that_is_only_reached_with_a_memory_is_reached() -> None:
    # Whoever is on B-E has come from A, so remembers it: the plain state of B-E is never entered.
    town = draw(
        """
        A>>>B>>>E---F
        ^       |   |
        D<<<<<<<G---H
        """,
        streets={"A B": "name=Satu", "B E": "name=Dua"},
        restrictions=["no: A B..E F"],
    ).build()
    assert town.network.states > town.network.plain_states
    first, other = parts_of(town, "BE", "EG")
    assert first == other


@settings(max_examples=50)
@given(towns(), st.sampled_from(PROFILES))
def test_parts_are_what_can_be_driven_there_and_back(world: World, name: str) -> None:
    if not len(world.ways.way_id):
        return
    town = world.build()
    costs: ProfileCosts = cost(town.network, load_profiles()[name])
    parts = find_parts(town.network, costs)
    assert np.array_equal(parts.part >= 0, costs.segment_ms < CLOSED)
    is_open = np.flatnonzero(parts.part >= 0).tolist()
    reached = {segment: set(network_distances(town, costs, segment)) for segment in is_open}
    for segment, others in reached.items():
        assert set(np.flatnonzero(parts.part == parts.part[segment]).tolist()) <= others
    # Where turns must be remembered, going there and back from stop to stop can lead further than one journey does.
    if town.network.states == town.network.plain_states:
        graph = nx.DiGraph((segment, other) for segment, others in reached.items() for other in others)
        assert nx.number_strongly_connected_components(graph) == len(parts.size_m)
    assert len(parts.size_m) == 0 or parts.size_m[parts.main] == parts.size_m.max()
