"""Turn restrictions, drawn and checked by eye."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from routing.build import build_with_report
from routing.network import RoadNetwork
from routing.osm import TurnRestriction, Ways
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from tests.world import Town, World, draw

CROSSING = """
        N
        |
    W---M---E
        |
        S
"""


def banned(town: Town, start: str, via: str) -> set[str]:
    """Where one may not go on to, coming from `start` over `via`, whoever obeys every restriction."""
    network = town.network
    state = town.state(start, via)
    names = {town.segment(via, end): end for end in town.world.nodes if end != via and town.segments(via, end)}
    turns = range(network.turn_first[state], network.turn_first[state + 1])
    return {names[int(network.state_segment[network.turn_head[turn]])] for turn in turns if network.turn_rules[turn]}


def may_drive(town: Town, path: str) -> bool:
    """Whether one who obeys every restriction may drive past these named nodes, with all that they remember."""
    network = town.network
    segments = [town.segment(start, end) for start, end in pairwise(path)]
    segments = [segment for i, segment in enumerate(segments) if i == 0 or segment != segments[i - 1]]
    state = int(network.segment_state[segments[0]])
    for segment in segments[1:]:
        turns = range(network.turn_first[state], network.turn_first[state + 1])
        (turn,) = (turn for turn in turns if network.state_segment[network.turn_head[turn]] == segment)
        if network.turn_rules[turn]:
            return False
        state = int(network.turn_head[turn])
    return True


def with_relation(world: World, *members: object, **changes: object) -> World:
    """The world with its one restriction changed."""
    (relation,) = world.ways.restrictions
    return replace(world, ways=replace(world.ways, restrictions=(replace(relation, **changes), *members)))  # type: ignore[arg-type]


def reasons(town: Town) -> list[str]:
    return [item.reason for item in town.report.unplaced]


# -- over a node ----------------------------------------------------------------------------------------------------------


def test_no_bans_one_turn() -> None:
    town = draw(CROSSING, restrictions=["no: S M W"]).build()
    assert banned(town, "S", "M") == {"W"}
    assert all(not banned(town, start, "M") for start in "NEW")
    assert town.network.restrictions[0].tags["restriction"] == "no_left_turn"


def test_only_bans_all_others_and_turning_round() -> None:
    town = draw(CROSSING, restrictions=["only: S M N"]).build()
    assert banned(town, "S", "M") == {"W", "E", "S"}
    assert all(not banned(town, start, "M") for start in "NEW")


def test_no_u_turn() -> None:
    town = draw(CROSSING, restrictions=["no: S M S"]).build()
    assert town.network.restrictions[0].tags["restriction"] == "no_u_turn"
    assert banned(town, "S", "M") == {"S"}


def test_several_restrictions_on_one_turn_stay_apart() -> None:
    town = draw(CROSSING, restrictions=["no: S M W | except=psv", "only: S M E"]).build()
    turn = town.turn("S", "M", "W")
    assert town.network.rule_sets[town.network.turn_rules[turn]] == (0, 1)
    assert town.network.rule_sets[town.network.turn_rules[town.turn("S", "M", "N")]] == (1,)
    assert town.network.rule_sets[0] == ()


def test_the_link_next_to_the_via_node_is_meant() -> None:
    # The way W-M-E is split by a signal; its part far from M has nothing to do with the restriction.
    town = draw(
        """
                N
                |
        W---s---M
                |
                S
    """,
        points={"s": "highway=traffic_signals"},
        restrictions=["no: S M W"],
    ).build()
    assert town.network.turn_rules[town.turn_between(town.segment("S", "M"), town.segment("M", "s"))] != 0
    assert banned(town, "M", "s") == set()


def test_no_entry_from_several_ways_and_no_exit_to_several() -> None:
    world = draw(CROSSING, restrictions=["no_entry: S M W"])
    east = replace(world.ways.restrictions[0], from_way=world.streets["M", "E"])
    town = with_relation(world, east).build()
    assert (banned(town, "S", "M"), banned(town, "E", "M"), banned(town, "N", "M")) == ({"W"}, {"W"}, set())
    world = draw(CROSSING, restrictions=["no_exit: S M W"])
    east = replace(world.ways.restrictions[0], to_way=world.streets["M", "E"])
    assert banned(with_relation(world, east).build(), "S", "M") == {"W", "E"}


def test_only_with_several_ways_on_allows_each() -> None:
    world = draw(CROSSING, restrictions=["only: S M W"])
    north = replace(world.ways.restrictions[0], to_way=world.streets["M", "N"])
    assert banned(with_relation(world, north).build(), "S", "M") == {"E", "S"}


# -- ways that run on through the via node --------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "expected"), [("no_left_turn", "W"), ("no_right_turn", "E")])
def test_which_arm_is_told_by_the_angle(kind: str, expected: str) -> None:
    world = draw(CROSSING, streets={"W M E": "name=Melati"}, restrictions=["no: S M W"])
    town = with_relation(world, tags={"restriction": kind}).build()
    assert banned(town, "S", "M") == {expected}
    assert not reasons(town)


def test_which_arm_is_told_by_the_angle_of_the_way_one_comes_from() -> None:
    world = draw(CROSSING, streets={"W M E": "name=Melati"}, restrictions=["no_left_turn: W M N"])
    town = world.build()
    assert (banned(town, "W", "M"), banned(town, "E", "M")) == ({"N"}, set())
    town = with_relation(world, tags={"restriction": "no_right_turn"}).build()
    assert (banned(town, "W", "M"), banned(town, "E", "M")) == (set(), {"N"})


def test_which_arm_is_told_by_a_one_way() -> None:
    world = draw(CROSSING, streets={"W M E": "oneway=yes"}, restrictions=["no_straight_on: S M E"])
    town = world.build()
    assert banned(town, "S", "M") == {"E"}
    assert not reasons(town)


def test_a_doubt_is_reported_not_guessed_at() -> None:
    world = draw(CROSSING, streets={"W M E": "", "N M S": ""}, restrictions=["no_left_turn: S M W"])
    town = world.build()
    assert reasons(town) == ["ambiguous"]
    assert town.report.unplaced[0].osm_id == world.ways.restrictions[0].osm_id
    assert town.network.restrictions == ()
    straight = with_relation(
        draw(CROSSING, streets={"W M E": ""}, restrictions=["no: S M W"]), tags={"restriction": "no_straight_on"}
    )
    assert reasons(straight.build()) == ["ambiguous"]


def test_no_turning_round_in_the_middle_of_a_way_goes_for_both_sides() -> None:
    town = draw(CROSSING, streets={"N M S": ""}, restrictions=["no: S M S"]).build()
    assert (banned(town, "S", "M"), banned(town, "N", "M"), banned(town, "E", "M")) == ({"S"}, {"N"}, set())


# -- over ways ------------------------------------------------------------------------------------------------------------

LADDER = """
    A---B---C
    |   |   |
    D---E---F
        |
        G
"""


def test_over_a_way_only_the_whole_path_is_banned() -> None:
    town = draw(LADDER, restrictions=["no: A B..E D"]).build()
    assert not may_drive(town, "ABED")
    assert may_drive(town, "CBED")  # joined later
    assert may_drive(town, "ABEF")  # left elsewhere
    assert may_drive(town, "ABEG")
    assert may_drive(town, "BED")  # began on the way
    assert may_drive(town, "ABEGED")  # came back after the path was left
    assert may_drive(town, "GED")
    assert may_drive(town, "ABEBA")  # turned round on the way
    assert not may_drive(town, "ABEBED")  # turning to and fro on it is no way round the ban
    assert town.network.states == town.network.plain_states + 2  # along the way, and turned round on it


def test_over_several_ways() -> None:
    town = draw(
        """
        A---B---C---D
            |   |   |
            H   E---F
    """,
        restrictions=["no: A B..C..E F"],
    ).build()
    assert not may_drive(town, "ABCEF")
    assert may_drive(town, "HBCEF")
    assert may_drive(town, "ABCDFE")
    assert may_drive(town, "ABCECBCEF")  # turned round on the path and left it
    assert not may_drive(town, "ABCECEF")  # turned to and fro on it


def test_only_over_a_way_speaks_of_its_end() -> None:
    town = draw(LADDER, restrictions=["only: A B..E D"]).build()
    assert may_drive(town, "ABED")
    assert not may_drive(town, "ABEF")
    assert not may_drive(town, "ABEG")
    assert not may_drive(town, "ABEB")
    assert may_drive(town, "ABC")  # left before
    assert may_drive(town, "CBEF")


def test_paths_that_begin_with_each_other() -> None:
    town = draw(LADDER, restrictions=["no: A B..E D", "no: A B..E..G E", "no: B E F", "only: C B..E F | except=psv"]).build()
    assert not may_drive(town, "ABED")
    assert not may_drive(town, "ABEGE")
    assert may_drive(town, "BEGE")
    assert not may_drive(town, "ABEF")  # banned for all that come from B
    assert not may_drive(town, "CBED")
    sets = {town.network.rule_sets[index] for index in town.network.turn_rules}
    assert {(), (0,), (1,), (2,), (3,), (2,)} <= sets


def test_paths_that_overlap_are_all_remembered() -> None:
    plan = """
        A---B---C---D---E
            |   |   |   |
            K---L---M---N
    """
    town = draw(plan, restrictions=["no: A B..C..D M", "no: B C..D E"]).build()
    assert not may_drive(town, "ABCDM")
    assert not may_drive(town, "ABCDE")
    assert not may_drive(town, "KBCDE")
    assert may_drive(town, "KBCDM")
    assert may_drive(town, "LCDE")


def test_via_ways_given_in_the_wrong_order_are_put_right() -> None:
    world = draw(
        """
        A---B---C---D
            |   |   |
            H   E---F
    """,
        restrictions=["no: A B..C..E F"],
    )
    town = with_relation(world, via=world.ways.restrictions[0].via[::-1]).build()
    assert not may_drive(town, "ABCEF")


def test_a_via_way_that_others_join_in_between_is_several_steps() -> None:
    plan = """
        A---B---X---C---D
            |   |   |
            H   Y   I
    """
    town = draw(plan, streets={"B X C": ""}, restrictions=["no: A B..X..C I"]).build()
    assert len(town.world.ways.restrictions[0].via) == 1
    assert not may_drive(town, "ABXCI")
    assert may_drive(town, "YXCI")
    assert may_drive(town, "ABXYXCI")
    assert may_drive(town, "HBXCI")


def test_a_via_way_that_is_met_in_its_middle() -> None:
    # The via way runs on beyond both ends of the path.
    plan = """
            H   I
            |   |
        A---B---C---D
            |   |
            K   L
    """
    world = draw(plan, streets={"A B C D": ""}, restrictions=["no: H B..C I"])
    town = world.build()
    assert not may_drive(town, "HBCI")
    assert may_drive(town, "HBCL")
    assert may_drive(town, "KBCI")
    assert may_drive(town, "ABCI")


def test_a_roundabout_as_via_way() -> None:
    plan = """
            N
            |
            R
           / \\
        W-Q   P-E
           \\ /
            O
            |
            S
    """
    # Driven clockwise: O, Q, R, P.
    world = draw(plan, streets={"O Q R P O": "junction=roundabout"}, restrictions=[])
    ring = world.streets["O", "Q"]
    relation = TurnRestriction(
        1, world.streets["S", "O"], (ring,), False, world.streets["P", "E"], {"restriction": "no_right_turn"}
    )
    town = replace(world, ways=replace(world.ways, restrictions=(relation,))).build()
    assert town.report.restrictions_placed == 1
    assert not may_drive(town, "SOQRPE")
    assert may_drive(town, "WQRPE")
    assert may_drive(town, "SOQRN")


# -- what can't be placed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"restriction": "no_parking_here"}, ["unknown_kind"]),
        ({"restriction": "no_right_turn_on_red"}, ["unknown_kind"]),
        ({}, ["unknown_kind"]),
        ({"restriction:hgv": "no_left_turn"}, []),
        ({"restriction:conditional": "no_left_turn @ (Mo-Fr 06:00-09:00)"}, []),
        ({"restriction": "no_left_turn;no_u_turn"}, []),
    ],
)
def test_kinds(tags: dict[str, str], expected: list[str]) -> None:
    town = with_relation(draw(CROSSING, restrictions=["no: S M W"]), tags=tags).build()
    assert reasons(town) == expected
    assert banned(town, "S", "M") == (set() if expected else {"W"})


def test_members_that_do_not_meet() -> None:
    world = draw(LADDER, restrictions=["no: A B C"])
    assert reasons(with_relation(world, to_way=world.streets["E", "F"]).build()) == ["members_apart"]
    assert reasons(with_relation(world, via=(world.nodes["G"],)).build()) == ["members_apart"]
    assert reasons(with_relation(world, via=(world.streets["E", "G"],), via_is_node=False).build()) == ["members_apart"]
    assert reasons(with_relation(world, via=(987_654,)).build()) == ["members_apart"]


def test_the_far_piece_of_a_split_member_is_no_loss() -> None:
    world = draw(
        """
                N
                |
        V---W---M---E
                |
                S
    """,
        streets={"V W": "name=Melati"},
        restrictions=["no: S M W"],
    )
    far = replace(world.ways.restrictions[0], to_way=world.streets["V", "W"])
    town = with_relation(world, far).build()
    assert banned(town, "S", "M") == {"W"}
    assert not reasons(town)


def test_ways_that_are_not_driven() -> None:
    against = draw(CROSSING, streets={"W M": "oneway=yes"}, restrictions=["no: S M W"]).build()
    assert reasons(against) == ["not_drivable"]
    footpath = draw(CROSSING, streets={"W M": "highway=footway"}, restrictions=["only: S M W"]).build()
    assert reasons(footpath) == ["not_drivable"]
    assert banned(footpath, "S", "M") == set()
    planned = draw(CROSSING, streets={"W M": "highway=raceway"}, restrictions=["no: S M W"]).build()
    assert reasons(planned) == ["way_not_usable"]


# -- whom they bind -------------------------------------------------------------------------------------------------------


def test_a_relation_of_two_kinds_becomes_two() -> None:
    tags = {"restriction": "no_left_turn", "restriction:motorcycle": "only_straight_on", "except": "psv"}
    world = with_relation(draw(CROSSING, restrictions=["no: S M W"]), tags=tags)
    network = world.build().network
    profiles = load_profiles()
    for_all, for_motorcycles = (one.tags for one in network.restrictions)
    assert profiles["car"].obeys(for_all)
    assert not profiles["motorcycle"].obeys(for_all)
    assert profiles["motorcycle"].obeys(for_motorcycles)
    assert not profiles["car"].obeys(for_motorcycles)


def placed_ids(network: RoadNetwork) -> set[int]:
    return {restriction.osm_id for restriction in network.restrictions}


def ids(ways: Ways | Iterable[TurnRestriction]) -> set[int]:
    return {restriction.osm_id for restriction in (ways.restrictions if isinstance(ways, Ways) else ways)}


@pytest.mark.shared
@pytest.mark.parametrize("name", [pytest.param("porto", marks=pytest.mark.slow), "monaco", "liechtenstein"])
def test_every_real_restriction_is_placed_or_reported(shared: Path, name: str) -> None:
    ways = read_extract(shared / "osm" / f"{name}.osm.pbf").ways
    network, report = build_with_report(ways, load_profiles())
    assert placed_ids(network) | {item.osm_id for item in report.unplaced} == ids(ways)
    assert len(report.unplaced) <= 0.02 * len(ways.restrictions)
    ruling = {rule for rules in network.rule_sets for rule in rules}
    assert ids(network.restrictions[rule] for rule in ruling) == placed_ids(network)
