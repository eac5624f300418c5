"""From ways to links, states and turns."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from routing._links import edges_of, hilbert_index
from routing.build import build_network, build_with_report
from routing.earth import great_circle_m
from routing.errors import ExtractError
from routing.network import RoadNetwork
from routing.osm import Ways
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from tests.routing.test_oracle import towns
from tests.world import World, draw


def names(world: World, network: RoadNetwork) -> set[str]:
    """The named nodes that became junctions."""
    return {name for name, osm_id in world.nodes.items() if osm_id in network.junction_osm_id}


def of_one_way(world: World) -> World:
    """The same world, all of whose rows are pieces of one OSM way."""
    return replace(world, ways=replace(world.ways, way_id=np.full_like(world.ways.way_id, 7)))


# -- junctions and links --------------------------------------------------------------------------------------------------


def test_junctions_are_where_ways_meet_or_end() -> None:
    world = draw("""
        A---B---C---D
                |
                E
    """, streets={"A B C": ""})  # fmt: skip
    town = world.build()
    assert names(world, town.network) == {"A", "C", "D", "E"}
    assert town.network.links == 3
    link = town.segment("A", "C") >> 1
    assert town.network.shape_first[link + 1] - town.network.shape_first[link] == 3
    assert town.network.link_length_m[link] == pytest.approx(200, rel=1e-3)


@pytest.mark.parametrize(
    ("tags", "splits"),
    [
        ("highway=residential", False),
        ("highway=tertiary", True),
        ("name='Jalan Melati'", True),
        ("ref=42", True),
        ("maxspeed=20", True),
        ("oneway=yes", True),
    ],
)
def test_links_end_where_tags_names_or_references_change(tags: str, splits: bool) -> None:
    world = of_one_way(draw("A---B---C", streets={"B C": tags}))
    assert ("B" in names(world, world.build().network)) == splits


def test_links_end_where_the_way_changes() -> None:
    """A bridge is closed by its own id, though it means the same as the streets before and after it."""
    town = draw("A---B---C---D---E", streets={"C D E": ""}).build()
    assert names(town.world, town.network) == {"A", "B", "C", "E"}
    by_link = {int(town.network.link_way[town.segment(*pair) >> 1]): pair for pair in ("AB", "BC", "CE")}
    assert by_link == {
        town.world.streets["A", "B"]: "AB",
        town.world.streets["B", "C"]: "BC",
        town.world.streets["C", "D"]: "CE",
    }


def test_ways_drawn_against_each_other_join_where_both_directions_mean_the_same() -> None:
    two_way = of_one_way(draw("A---B---C", streets={"A B": "", "C B": ""}))
    assert names(two_way, two_way.build().network) == {"A", "C"}
    slower_back = {"A B": "maxspeed:backward=10", "C B": "maxspeed:backward=10"}
    uneven = of_one_way(draw("A---B---C", streets=slower_back))
    assert names(uneven, uneven.build().network) == {"A", "B", "C"}
    followed = of_one_way(draw("A---B---C", streets={"A B": "maxspeed:backward=10", "B C": "maxspeed:backward=10"}))
    assert names(followed, followed.build().network) == {"A", "C"}


def test_a_link_runs_as_its_way_does() -> None:
    town = draw("A---B>>>C", streets={"B C": "name=Melati"}).build()
    segment = town.segment("B", "C")
    assert segment & 1 == 0
    assert town.network.segment_tail(segment) == town.junction("B")
    assert town.network.segment_head(segment) == town.junction("C")
    assert town.network.segment_tail(segment ^ 1) == town.junction("C")
    assert town.network.names[town.network.link_name[segment >> 1]] == "Melati"


@pytest.mark.parametrize(
    ("tags", "felt"),
    [
        ("highway=traffic_signals", True),
        ("barrier=gate", True),
        ("barrier=bollard", True),
        ("barrier=block", True),
        ("barrier=lift_gate access=private", True),
        ("highway=crossing", False),
        ("highway=bus_stop", False),
        ("barrier=gate motor_vehicle:conditional='no @ (22:00-05:00)'", True),
    ],
)
def test_points_split_a_street_where_some_profile_feels_them(tags: str, felt: bool) -> None:
    world = draw("A-g-B", points={"g": tags})
    network = world.build().network
    assert ("g" in names(world, network)) == felt
    if felt:
        junction = int(np.flatnonzero(network.junction_osm_id == world.nodes["g"])[0])
        assert "barrier" in network.tagsets[network.junction_tagset[junction]] or "signals" in tags


def test_a_ring_without_junctions_gets_one() -> None:
    town = draw("""
        A---+
        |   |
        +---+
    """).build()
    network = town.network
    assert network.links == 1
    assert network.junctions == 1
    assert network.link_tail[0] == network.link_head[0] == 0
    assert network.link_length_m[0] == pytest.approx(300, rel=1e-3)


def test_a_loop_at_the_end_of_a_street_is_a_link_of_its_own() -> None:
    town = draw("""
            +---+
            |   |
        A---B---+
    """).build()
    loop = next(link for link in range(2) if town.network.link_tail[link] == town.network.link_head[link])
    assert town.network.link_length_m[loop] == pytest.approx(300, rel=1e-3)
    turns = {
        (int(town.network.state_segment[tail]), int(town.network.state_segment[head]))
        for tail, head in zip(town.network.turn_tail, town.network.turn_head, strict=True)
    }
    assert {(2 * loop, 2 * loop), (2 * loop, 2 * loop + 1), (town.segment("A", "B"), 2 * loop + 1)} <= turns


def broken_ways(node: list[int], first: list[int], positions: list[float]) -> Ways:
    """Ways along the equator, all residential."""
    count = len(first) - 1
    zero = np.zeros(count, np.int32)
    return Ways(
        node_id=np.arange(1, len(positions) + 1),
        node_longitude=np.array(positions) / 1000,
        node_latitude=np.zeros(len(positions)),
        way_id=np.arange(1, count + 1),
        way_first=np.array(first, np.int64),
        way_node=np.array(node, np.int32),
        way_tagset=zero,
        way_name=zero,
        way_ref=zero,
        point_node=np.empty(0, np.int32),
        point_tagset=np.empty(0, np.int32),
        tagsets=({"highway": "residential"},),
        names=("",),
        restrictions=(),
    )


def test_repeated_nodes_and_pieces_without_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.build.LONGEST_LINK_M", np.inf)
    repeated = build_network(broken_ways([0, 0, 1, 1, 2, 2], [0, 6], [0, 1, 2]), load_profiles())
    assert (repeated.links, len(repeated.shape_longitude)) == (1, 3)
    pieces = broken_ways([0, 1, 1, 2, 2, 3], [0, 2, 4, 6], [0, 0, 1, 1])
    at_one_place = build_network(replace(pieces, way_id=np.full(3, 7)), load_profiles())
    assert at_one_place.links == 1
    nothing_but_a_point = build_network(broken_ways([0, 1], [0, 2], [0, 0]), load_profiles())
    assert nothing_but_a_point.link_length_m.tolist() == [0.0]
    assert set(nothing_but_a_point.turn_angle.tolist()) == {180}


def test_a_way_that_goes_back_on_itself() -> None:
    network = build_network(broken_ways([0, 1, 2, 1, 3], [0, 5], [0, 1, 2, 3]), load_profiles())
    assert (network.links, network.junctions) == (3, 3)  # there and back is a loop
    assert network.link_length_m.sum() == pytest.approx(111.195 * 5, rel=1e-3)


def test_long_links_are_broken_at_nodes_into_parts_of_about_the_same_length() -> None:
    network = build_network(broken_ways([*range(31), 33], [0, 32], [*range(34)]), load_profiles())
    assert len(network.link_length_m) == 8
    assert 400 < network.link_length_m.min() <= network.link_length_m.max() < 600
    assert network.link_length_m.sum() == pytest.approx(33 * 111.195, rel=1e-3)
    no_nodes = build_network(broken_ways([0, 1], [0, 2], [0, 30]), load_profiles())
    assert no_nodes.links == 1


def test_nothing_to_drive_or_walk_on_is_refused() -> None:
    ways = broken_ways([0, 1], [0, 2], [0, 1])
    with pytest.raises(ExtractError, match="no road"):
        build_network(replace(ways, tagsets=({"highway": "proposed"},)), load_profiles())
    with pytest.raises(ExtractError, match="no road"):
        build_network(replace(ways, way_node=np.array([1, 1], np.int32)), load_profiles())


def test_ways_that_nobody_can_use_leave_no_junction() -> None:
    world = draw(
        """
            X
            |
        A---B---C
    """,
        streets={"X B": "highway=raceway", "A B C": ""},
    )
    _, report = build_with_report(replace(world.ways), load_profiles())
    assert report.ways_unusable == 1
    assert names(world, world.build().network) == {"A", "C"}


@settings(max_examples=40)
@given(towns())
def test_every_piece_is_in_exactly_one_link(world: World) -> None:
    if not len(world.ways.way_id):
        return
    ways, profiles = world.ways, load_profiles()
    network = build_network(ways, profiles)
    usable = np.array([any(u.speed_kph for p in profiles.values() for u in p.way(tags)) for tags in ways.tagsets])
    edges = edges_of(ways, usable[ways.way_tagset])
    assert len(network.shape_longitude) - network.links == len(edges.row)
    x, y = ways.node_longitude, ways.node_latitude
    a, b = edges.first_node, edges.second_node
    assert network.link_length_m.sum() == pytest.approx(great_circle_m(x[a], y[a], x[b], y[b]).sum())
    ends = np.column_stack((network.shape_longitude, network.shape_latitude))
    junctions = np.column_stack((network.junction_longitude, network.junction_latitude))
    assert np.array_equal(ends[network.shape_first[:-1]], junctions[network.link_tail])
    assert np.array_equal(ends[network.shape_first[1:] - 1], junctions[network.link_head])


# -- states and turns -----------------------------------------------------------------------------------------------------


def test_states_are_what_some_motor_profile_may_use_at_some_time() -> None:
    town = draw(
        """
        A---B>>>C---D---E---F
        """,
        streets={
            "C D": "highway=footway",
            "D E": "highway=footway motorcycle=yes",
            "E F": "oneway=yes oneway:conditional='no @ (22:00-05:00)'",
        },
    ).build()
    assert town.state("A", "B") >= 0
    assert town.state("B", "C") >= 0
    assert town.state("C", "B") == -1
    assert (town.state("C", "D"), town.state("D", "C")) == (-1, -1)
    assert town.state("D", "E") >= 0
    assert town.state("F", "E") >= 0


@settings(max_examples=40)
@given(towns())
def test_turns_are_all_pairs_that_meet(world: World) -> None:
    if not len(world.ways.way_id):
        return
    network = world.build().network
    count = network.plain_states
    assert np.array_equal(network.segment_state[network.state_segment[:count]], np.arange(count))
    assert np.array_equal(network.turn_tail, np.repeat(np.arange(network.states), np.diff(network.turn_first)))
    for state in range(network.states):
        turns = slice(network.turn_first[state], network.turn_first[state + 1])
        onto = network.state_segment[network.turn_head[turns]].tolist()
        end = network.segment_head(int(network.state_segment[state]))
        expected = [s for s in range(2 * network.links) if network.segment_tail(s) == end and network.segment_state[s] >= 0]
        assert sorted(onto) == expected


def test_angles() -> None:
    town = draw("""
            N
            | E
            |/
        W---M---O
            |
            S
    """).build()
    angle = {end: int(town.network.turn_angle[town.turn("S", "M", end)]) for end in "NEOWS"}
    assert angle == {"N": 0, "E": 45, "O": 90, "W": -90, "S": 180}


def test_angles_look_past_the_first_metres_of_a_line() -> None:
    # The side street leaves at a right angle for 6 m, then turns half left again.
    near = draw(
        """
                E
               /
              /
        B--M-+
           |
           S
        """,
        metres=3,
    ).build()
    angle = int(near.network.turn_angle[near.turn("S", "M", "E")])
    assert 45 < angle < 75


def test_a_hairpin_into_another_link_is_no_turn_back() -> None:
    ways = broken_ways([0, 1, 1, 2], [0, 2, 4], [0, 1, 0])
    network = build_network(replace(ways, way_name=np.array([0, 1], np.int32), names=("", "Melati")), load_profiles())
    back = network.state_segment[network.turn_head] == network.state_segment[network.turn_tail] ^ 1
    assert set(np.abs(network.turn_angle[~back]).tolist()) == {179}
    assert set(network.turn_angle[back].tolist()) == {180}


# -- driving side ---------------------------------------------------------------------------------------------------------

ROUND = """
    A>>>B
    ^   v
    D<<<C
"""


def test_driving_side_is_told_by_roundabouts() -> None:
    clockwise = draw(ROUND, streets={"A B C D A": "junction=roundabout"})
    assert clockwise.build(driving_side=None).report.driving_side == "left"
    assert clockwise.build(driving_side=None).report.driving_side_from == "roundabouts"
    reverse = clockwise.ways.tagsets[0] | {"oneway": "-1"}  # type: ignore[operator]
    _, report = build_with_report(replace(clockwise.ways, tagsets=(reverse,)), load_profiles())
    assert report.driving_side == "right"
    assert clockwise.build(driving_side="right").report.driving_side_from == "given"


def test_driving_side_of_roundabouts_drawn_in_pieces() -> None:
    pieces = draw(ROUND, streets={"A B C": "junction=roundabout", "C D A": "junction=roundabout"})
    assert pieces.build(driving_side=None).report.driving_side == "left"


def test_driving_side_is_told_by_the_place_where_there_is_no_roundabout() -> None:
    assert draw("A---B").build(driving_side=None).report.driving_side == "left"
    porto = draw("A---B", origin=(-8.6, 41.1)).build(driving_side=None).report
    assert (porto.driving_side, porto.driving_side_from) == ("right", "place")


# -- the whole ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(towns())
def test_same_ways_same_network(world: World) -> None:
    if not len(world.ways.way_id):
        return
    one, other = world.build().network, world.build().network
    for field in fields(RoadNetwork):
        values = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(*values) if isinstance(values[0], np.ndarray) else values[0] == values[1], field.name


def test_arrays_are_read_only_and_typed_as_the_contract_says() -> None:
    network = draw("A---B", restrictions=[]).build().network
    for field in fields(RoadNetwork):
        value = getattr(network, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable
            assert value.flags.c_contiguous
            assert str(field.type).endswith(f"np.{value.dtype.name}]"), field.name


def test_the_curve_keeps_neighbours_together() -> None:
    x, y = np.meshgrid(np.arange(16.0), np.arange(16.0))
    order = np.argsort(hilbert_index(x.ravel(), y.ravel()))
    steps = np.abs(np.diff(x.ravel()[order])) + np.abs(np.diff(y.ravel()[order]))
    assert set(steps.tolist()) == {1.0}


def test_progress_names_the_steps() -> None:
    said: list[tuple[str, float]] = []
    build_network(draw("A---B").ways, load_profiles(), progress=lambda step, share: said.append((step, share)))
    assert [step for step, _ in said] == ["tags", "restrictions", "links", "turns"]
    assert [share for _, share in said] == sorted(share for _, share in said)


@pytest.mark.shared
def test_kota_sukabumi_has_the_junctions_that_were_counted(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4,302 ends of ways and 9,996 directed ways are in the file; ways that go on under the same name are joined."""
    monkeypatch.setattr("routing.build.LONGEST_LINK_M", np.inf)
    ways = read_extract(shared / "osm" / "kota-sukabumi.osm.pbf").ways
    network, report = build_with_report(ways, load_profiles())
    ends = np.unique(np.concatenate((ways.way_node[ways.way_first[:-1]], ways.way_node[ways.way_first[1:] - 1])))
    joined = len(ends) - network.junctions
    assert len(ends) == 4_302
    assert len(ways.way_id) - network.links == joined
    assert network.plain_states == 9_996 - 2 * joined
    assert report.driving_side == "left"
