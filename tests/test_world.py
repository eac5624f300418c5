"""The drawing of worlds: what a plan says is what comes out."""

from __future__ import annotations

import pytest

from tests.world import World, draw


def lines(world: World) -> dict[int, list[int]]:
    """The OSM node ids along each way."""
    ways = world.ways
    return {
        int(way): ways.node_id[ways.way_node[ways.way_first[row] : ways.way_first[row + 1]]].tolist()
        for row, way in enumerate(ways.way_id)
    }


def test_streets_of_all_directions_and_their_lengths() -> None:
    world = draw(
        """
        A---B
        |\\ /|
        | X |
        |/ \\|
        C---D
        """,
        metres=10,
    )
    assert len(world.ways.way_id) == 8
    town = world.build()
    assert town.network.junctions == 5
    lengths = {pair: town.network.link_length_m[town.segment(*pair) >> 1] for pair in ("AB", "AC", "AX")}
    assert lengths["AB"] == pytest.approx(40, rel=1e-3)
    assert lengths["AC"] == pytest.approx(40, rel=1e-3)
    assert lengths["AX"] == pytest.approx(20 * 2**0.5, rel=1e-3)


def test_arrows_make_one_ways_in_their_direction() -> None:
    world = draw("""
        A-<-B
        ^   v
        C->-D
    """)
    line = lines(world)
    for start, end in ("BA", "BD", "CD", "CA"):
        assert line[world.streets[start, end]] == [world.nodes[start], world.nodes[end]]
    assert all(world.ways.tagsets[tagset] == {"highway": "residential", "oneway": "yes"} for tagset in world.ways.way_tagset)


def test_bends_points_and_joined_ways() -> None:
    world = draw(
        """
        A-s-+
            |
            B-#-C
        """,
        streets={"A B C": "highway=primary name='Jalan Merdeka' ref=1"},
        points={"s": "highway=traffic_signals", "B": "highway=stop"},
    )
    assert len(world.ways.way_id) == 1
    assert len(lines(world)[world.streets["A", "B"]]) == 6
    assert world.streets["A", "B"] == world.streets["C", "B"]
    assert [world.ways.names[i] for i in (world.ways.way_name[0], world.ways.way_ref[0])] == ["Jalan Merdeka", "1"]
    standing = {
        int(world.ways.node_id[node]): world.ways.tagsets[tagset]
        for node, tagset in zip(world.ways.point_node, world.ways.point_tagset, strict=True)
    }
    assert standing == {
        world.nodes["s"]: {"highway": "traffic_signals"},
        world.nodes["B"]: {"highway": "stop"},
        world.nodes["#"]: {"barrier": "block"},
    }


def test_restrictions_are_named_by_what_is_drawn() -> None:
    world = draw(
        """
            N
            |
        W---M---E---F
            |
            S
        """,
        restrictions=[
            "no: S M W",
            "no: S M E",
            "only: S M N",
            "no: S M S",
            "no: S M..E F | except=psv;emergency",
            "no_entry: S M W",
        ],
    )
    kinds = [restriction.tags["restriction"] for restriction in world.ways.restrictions]
    assert kinds == ["no_left_turn", "no_right_turn", "only_straight_on", "no_u_turn", "no_right_turn", "no_entry"]
    over_node, over_way = world.ways.restrictions[0], world.ways.restrictions[4]
    assert over_node.via == (world.nodes["M"],)
    assert over_way.via == (world.streets["M", "E"],)
    assert not over_way.via_is_node
    assert over_way.tags["except"] == "psv;emergency"


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [("A---", "ends in the open"), ("A-><-B", "arrows both ways"), ("A-+", "0 ways on"), ("A---B\n|\n", "ends in the open")],
)
def test_plans_that_are_wrong(plan: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        draw(plan)


def test_words_that_are_not_in_the_plan() -> None:
    with pytest.raises(ValueError, match="don't stand in the plan"):
        draw("A---B", points={"g": "barrier=gate"})
    with pytest.raises(ValueError, match="no street"):
        draw("A---B", streets={"A C": "oneway=yes"})
    with pytest.raises(LookupError, match="0 segments"):
        draw("A---B").build().segment("A", "Z")
