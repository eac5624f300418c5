"""Each rule of the costs, on a world that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.build import build_network
from routing.costs import Meaning, ProfileCosts, combine, cost, recost, turns_into
from routing.network import CLOSED, RESTRICTED_ENTRY_MS, RoadNetwork
from routing.profiles import Profile, load_profiles
from routing.read_extract import read_extract
from routing.tags import timed_clauses, with_conditions
from tests.routing.test_oracle import PROFILES, towns
from tests.world import Town, World, draw

CAR = load_profiles()["car"]

CROSSING = """
        N
        |
    W---M---E
        |
        S
"""


def ms(seconds: float | None) -> int:
    assert seconds is not None
    return round(seconds * 1000)


def turning(angle: int, town: Town, profile: Profile = CAR) -> int:
    return ms(float(profile.turn_seconds(np.array([angle], np.int16), town.network.driving_side)[0]))


# -- segments -------------------------------------------------------------------------------------------------------------


def test_time_along_a_segment_is_length_by_speed() -> None:
    town = draw("A---B---C", streets={"B C": "maxspeed=10"}).build()
    costs = cost(town.network, CAR)
    for start, end in ("AB", "BC"):
        segment = town.segment(start, end)
        tags = town.network.tagsets[town.network.link_tagset[segment >> 1]]
        expected = town.network.link_length_m[segment >> 1] / (CAR.way(tags)[0].speed_kph / 3.6)
        assert costs.segment_ms[segment] == costs.segment_ms[segment ^ 1] == round(expected * 1000)


def test_a_segment_takes_a_millisecond_at_least_and_37_hours_at_most() -> None:
    network = draw("A---B").build().network
    point, continent = (replace(network, link_length_m=np.array([length])) for length in (0.0, 1e10))
    assert cost(point, CAR).segment_ms.tolist() == [1, 1]
    assert cost(continent, CAR).segment_ms.tolist() == [RESTRICTED_ENTRY_MS - 1] * 2


def test_directions_differ() -> None:
    town = draw("A-->B---C", streets={"B C": "maxspeed:forward=30 maxspeed:backward=10"}).build()
    costs = cost(town.network, CAR)
    assert costs.segment_ms[town.segment("B", "A") if town.segments("B", "A") else town.segment("A", "B") ^ 1] == CLOSED
    assert costs.segment_ms[town.segment("B", "C")] < costs.segment_ms[town.segment("C", "B")] < CLOSED


def test_what_one_profile_may_use_is_closed_to_another() -> None:
    town = draw("A---B---C", streets={"B C": "highway=footway motorcycle=yes"}).build()
    profiles = load_profiles()
    segment, turn = town.segment("B", "C"), town.turn("A", "B", "C")
    assert cost(town.network, CAR).segment_ms[segment] == CLOSED
    assert cost(town.network, CAR).weights[turn] == CLOSED
    assert cost(town.network, profiles["motorcycle"]).weights[turn] < CLOSED
    assert cost(town.network, profiles["foot"]).segment_ms[segment] < CLOSED


# -- turns ----------------------------------------------------------------------------------------------------------------


def test_weight_is_the_turn_and_the_segment_it_leads_onto() -> None:
    town = draw(CROSSING).build()
    costs = cost(town.network, CAR)
    turn = town.turn("S", "M", "E")
    assert costs.weights[turn] == costs.turn_ms[turn] + costs.segment_ms[town.segment("M", "E")]


def test_turning_costs_by_its_angle_where_there_is_a_choice() -> None:
    town = draw(CROSSING).build()
    turn_ms = cost(town.network, CAR).turn_ms
    assert turn_ms[town.turn("S", "M", "N")] == 0
    assert turn_ms[town.turn("S", "M", "W")] == turning(-90, town) > 0
    assert turn_ms[town.turn("S", "M", "E")] == turning(90, town) > turning(-90, town)


def test_a_bend_is_no_turn_even_where_the_name_changes() -> None:
    town = draw(
        """
        A---B
            |
            C
    """,
        streets={"B C": "name=Melati"},
    ).build()
    assert abs(town.network.turn_angle[town.turn("A", "B", "C")]) == 90
    assert cost(town.network, CAR).turn_ms[town.turn("A", "B", "C")] == 0


def test_a_footpath_makes_no_crossing() -> None:
    town = draw(
        """
        A---B---D
            |
            C
    """,
        streets={"B C": "name=Melati", "B D": "highway=footway"},
    ).build()
    assert cost(town.network, CAR).turn_ms[town.turn("A", "B", "C")] == 0


def test_turning_round() -> None:
    town = draw(CROSSING, restrictions=["no: S M S"]).build()
    costs = cost(town.network, CAR)
    assert costs.turn_ms[town.turn("N", "M", "N")] == ms(CAR.u_turn_seconds)
    assert costs.turn_ms[town.turn("M", "N", "M")] == ms(CAR.u_turn_seconds)
    assert costs.turn_ms[town.turn("S", "M", "S")] == CLOSED


def test_who_never_turns_round_does_so_at_dead_ends() -> None:
    never = replace(CAR, u_turn_seconds=None)
    town = draw(
        """
            N   G
            |   |
        W---M---E-#-F
            |
            S
    """,
        streets={"E G": "highway=footway"},
        restrictions=["only: S M W"],
    ).build()
    turn_ms = cost(town.network, never).turn_ms
    assert turn_ms[town.turn("N", "M", "N")] == CLOSED
    assert turn_ms[town.turn("M", "N", "M")] == 0
    assert turn_ms[town.turn("M", "E", "M")] == CLOSED  # one can go on to the block
    assert turn_ms[town.turn("E", "#", "E")] == 0
    shut = draw("A---B---C", streets={"B C": "motor_vehicle=no motorcycle=yes"}).build()
    assert cost(shut.network, never).turn_ms[shut.turn("A", "B", "A")] == 0


def test_signals_delay_whoever_passes() -> None:
    town = draw("A-s-B", points={"s": "highway=traffic_signals"}).build()
    signals, _ = CAR.point({"highway": "traffic_signals"}).seconds
    turn_ms = cost(town.network, CAR).turn_ms
    assert turn_ms[town.turn("A", "s", "B")] == turn_ms[town.turn("B", "s", "A")] == ms(signals) > 0
    assert turn_ms[town.turn("A", "s", "A")] == ms(CAR.u_turn_seconds)


def test_signals_that_face_one_way_delay_nobody_who_comes_the_other_way() -> None:
    town = draw("A-s-B", points={"s": "highway=traffic_signals traffic_signals:direction=forward"}).build()
    turn_ms = cost(town.network, CAR).turn_ms
    along, against = (int(turn_ms[town.turn(*way)]) for way in ("AsB", "BsA"))
    if town.segment("A", "s") & 1:  # whichever way the street was drawn
        along, against = against, along
    assert (along, against) == (18_000, 0)


def test_signals_close_together_are_waited_at_once() -> None:
    town = draw(
        "A--s-t--u-x----w--B",
        points={
            **dict.fromkeys("stxw", "highway=traffic_signals"),
            "u": "highway=crossing crossing=traffic_signals",
        },
        metres=15,
    ).build()
    turn_ms = cost(town.network, CAR).turn_ms
    there = [int(turn_ms[town.turn(*way)]) for way in ("Ast", "stu", "tux", "uxw", "xwB")]
    back = [int(turn_ms[town.turn(*way)]) for way in ("Bwx", "wxu", "xut", "uts", "tsA")]
    # s and t are 30 m apart, t and u 45 m, u and x 30 m, x and w 75 m; a crossing on foot has signals of 6 s.
    assert there == [18_000, 0, 6_000, 12_000, 18_000]
    assert back == [18_000, 18_000, 0, 18_000, 0]


def test_signals_behind_a_shut_gate_are_one_with_nothing() -> None:
    """A gate with signals that shuts at night: who comes from it by day waits once, and `recost` knows the neighbours."""
    shut = "barrier=gate highway=traffic_signals motor_vehicle:conditional='no @ (22:00-05:00)'"
    town = draw("A--g-s--B", points={"g": shut, "s": "highway=traffic_signals"}, metres=15).build()
    network, base = town.network, cost(town.network, CAR)
    assert base.turn_ms[town.turn("g", "s", "B")] == 0
    ((index, tags),) = [(i, tags) for i, tags in enumerate(network.tagsets) if "barrier" in tags]
    at_night = applied(network, CAR, base, {index: with_conditions(tags, timed_clauses(tags).timed)}, {})
    assert at_night.turn_ms[town.turn("g", "s", "B")] == 18_000


def test_a_block_lets_nobody_through_but_turn_round() -> None:
    town = draw("A-#-B").build()
    costs = cost(town.network, CAR)
    assert costs.weights[town.turn("A", "#", "B")] == CLOSED
    assert costs.turn_ms[town.turn("A", "#", "A")] == ms(CAR.u_turn_seconds)


def test_boarding_a_ferry_means_waiting() -> None:
    town = draw(
        "A---B---C---D",
        default="",
        streets={
            "A B": "highway=residential",
            "B C": "route=ferry motor_vehicle=yes ferry=yes name=Satu",
            "C D": "route=ferry motor_vehicle=yes ferry=yes name=Dua",
        },
    ).build()
    turn_ms = cost(town.network, CAR).turn_ms
    assert turn_ms[town.turn("A", "B", "C")] == ms(CAR.ferry_wait_seconds) > 0
    assert turn_ms[town.turn("B", "C", "D")] == 0
    assert turn_ms[town.turn("C", "B", "A")] == 0


# -- restricted roads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", ["access=destination", "motor_vehicle=private"])
def test_entering_a_restricted_road_counts_leaving_does_not(tags: str) -> None:
    town = draw("A---B---C---D", streets={"B C": f"{tags} name=Satu", "C D": f"{tags} name=Dua"}).build()
    costs = cost(town.network, CAR)
    assert costs.segment_restricted[town.segment("B", "C")]
    assert not costs.segment_restricted[town.segment("A", "B")]
    assert costs.turn_ms[town.turn("A", "B", "C")] == RESTRICTED_ENTRY_MS
    assert costs.turn_ms[town.turn("B", "C", "D")] == 0
    assert costs.turn_ms[town.turn("D", "C", "B")] == 0
    assert costs.turn_ms[town.turn("C", "B", "A")] == 0


def test_a_restricted_barrier_counts_as_an_entry_but_once() -> None:
    gate = {"g": "barrier=gate access=private"}
    town = draw("A-g-B", points=gate).build()
    assert cost(town.network, CAR).turn_ms[town.turn("A", "g", "B")] // RESTRICTED_ENTRY_MS == 1
    assert cost(town.network, CAR).turn_ms[town.turn("A", "g", "A")] == ms(CAR.u_turn_seconds)
    inside = draw("A-g-B", streets={"A B": "access=private"}, points=gate).build()
    assert cost(inside.network, CAR).turn_ms[inside.turn("A", "g", "B")] < RESTRICTED_ENTRY_MS
    at_the_entry = draw("A---B---C", streets={"B C": "access=private"}, points={"B": gate["g"]}).build()
    assert cost(at_the_entry.network, CAR).turn_ms[at_the_entry.turn("A", "B", "C")] // RESTRICTED_ENTRY_MS == 1


def test_right_of_way_opens_what_is_restricted() -> None:
    town = draw("A---B---C", streets={"B C": "access=destination"}).build()
    siren = cost(town.network, load_profiles()["ambulance_priority"])
    assert siren.turn_ms[town.turn("A", "B", "C")] == 0


# -- restrictions ---------------------------------------------------------------------------------------------------------


def test_bans_hold_for_those_who_obey_them() -> None:
    restrictions = ["no: S M W", "no: S M E | except=emergency", "no_entry: N M W"]
    town = draw(CROSSING, restrictions=restrictions).build()
    profiles = load_profiles()
    for name in PROFILES:
        turn_ms = cost(town.network, profiles[name]).turn_ms
        for turn, restriction in zip(
            (("S", "M", "W"), ("S", "M", "E"), ("N", "M", "W")), town.network.restrictions, strict=True
        ):
            assert (turn_ms[town.turn(*turn)] == CLOSED) == profiles[name].obeys(restriction.tags), (name, turn)


def test_a_restriction_of_rush_hour_does_not_hold_by_itself() -> None:
    world = draw(CROSSING, restrictions=["no: S M W"])
    (relation,) = world.ways.restrictions
    timed = replace(relation, tags={"restriction:conditional": "no_left_turn @ (Mo-Fr 06:00-09:00)"})
    town = replace(world, ways=replace(world.ways, restrictions=(timed,))).build()
    assert len(town.network.restrictions) == 1
    assert cost(town.network, CAR).turn_ms[town.turn("S", "M", "W")] < CLOSED


# -- the parts that live conditions stand on ------------------------------------------------------------------------------


def test_weights_saturate() -> None:
    turn = np.array([0, CLOSED, 5, CLOSED, CLOSED - 1], np.uint32)
    onto = np.array([7, 7, CLOSED, CLOSED, 1], np.uint32)
    assert combine(turn, onto).tolist() == [7, CLOSED, CLOSED, CLOSED, CLOSED]
    assert combine(turn, onto).dtype == np.uint32


@settings(max_examples=30)
@given(towns())
def test_turns_into_segments(world: World) -> None:
    if not len(world.ways.way_id):
        return
    network = world.build().network
    into = turns_into(network)
    onto = network.state_segment[network.turn_head]
    for segment in range(2 * network.links):
        assert into.segments(np.array([segment])).tolist() == np.flatnonzero(onto == segment).tolist()
    some = np.arange(0, 2 * network.links, 3)
    assert sorted(into.segments(some).tolist()) == np.flatnonzero(np.isin(onto, some)).tolist()


def applied(network: RoadNetwork, profile: Profile, base: ProfileCosts, tagsets: dict, restrictions: dict) -> ProfileCosts:  # type: ignore[type-arg]
    """The base costs with what `recost` says put in."""
    meaning, into = Meaning.of(network, profile), turns_into(network)
    change = recost(network, profile, base, meaning, into, tagsets=tagsets, restrictions=restrictions)
    segment_ms, restricted = base.segment_ms.copy(), base.segment_restricted.copy()
    turn_ms, weights = base.turn_ms.copy(), base.weights.copy()
    segment_ms[change.segments], restricted[change.segments] = change.segment_ms, change.segment_restricted
    turn_ms[change.turns], weights[change.turns] = change.turn_ms, change.weights
    return ProfileCosts(segment_ms, restricted, turn_ms, weights)


OTHER_TAGS = [
    {"highway": "residential", "motor_vehicle": "no"},
    {"highway": "residential", "access": "destination"},
    {"highway": "residential", "maxspeed": "10"},
    {"highway": "residential", "oneway": "-1"},
    {"barrier": "gate", "locked": "yes"},
    {"barrier": "gate", "access": "private"},
    {"restriction": "no_left_turn"},
    {},
]


@settings(max_examples=100)
@given(towns(), st.sampled_from(PROFILES), st.data())
def test_recosting_is_costing_anew(world: World, name: str, data: st.DataObject) -> None:
    if not len(world.ways.way_id):
        return
    network, profile = world.build().network, load_profiles()[name]
    other = st.sampled_from(OTHER_TAGS)
    tagsets = data.draw(st.dictionaries(st.sampled_from(range(len(network.tagsets))), other))
    places = range(len(network.restrictions))
    restrictions = data.draw(st.dictionaries(st.sampled_from(places), other)) if places else {}
    then = replace(
        network,
        tagsets=tuple(tagsets.get(i, tags) for i, tags in enumerate(network.tagsets)),
        restrictions=tuple(replace(one, tags=restrictions.get(i, one.tags)) for i, one in enumerate(network.restrictions)),
    )
    expected, found = cost(then, profile), applied(network, profile, cost(network, profile), tagsets, restrictions)
    for field in ("segment_ms", "segment_restricted", "turn_ms", "weights"):
        assert np.array_equal(getattr(expected, field), getattr(found, field)), field


def test_a_gate_that_closes_at_night() -> None:
    town = draw("A-g-B", points={"g": "barrier=gate motor_vehicle:conditional='no @ (22:00-05:00)'"}).build()
    network, base = town.network, cost(town.network, CAR)
    ((index, tags),) = [(i, tags) for i, tags in enumerate(network.tagsets) if "barrier" in tags]
    assert base.weights[town.turn("A", "g", "B")] < CLOSED
    at_night = applied(network, CAR, base, {index: with_conditions(tags, timed_clauses(tags).timed)}, {})
    assert at_night.weights[town.turn("A", "g", "B")] == CLOSED
    assert at_night.weights[town.turn("A", "g", "A")] < CLOSED


# -- real roads -----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.slow
def test_every_barrier_of_porto_is_obeyed_or_waived_as_its_tags_say(shared: Path) -> None:
    ways = read_extract(shared / "osm" / "porto.osm.pbf").ways
    profiles = load_profiles()
    network = build_network(ways, profiles)
    of_segment = network.state_segment
    before, after = of_segment[network.turn_tail], of_segment[network.turn_head]
    junction = np.where(after & 1, network.link_head[after >> 1], network.link_tail[after >> 1])
    barriers = [i for i, tags in enumerate(network.tagsets) if "barrier" in tags]
    at_barrier = np.isin(network.junction_tagset[junction], barriers) & (after != before ^ 1)
    for name in PROFILES:
        turn_ms = cost(network, profiles[name]).turn_ms
        for turn in np.flatnonzero(at_barrier):
            use = profiles[name].point(network.tagsets[network.junction_tagset[junction[turn]]])
            obeyed = any(
                profiles[name].obeys(network.restrictions[i].tags) for i in network.rule_sets[network.turn_rules[turn]]
            )
            assert (turn_ms[turn] < CLOSED) == (use.open and not obeyed)
