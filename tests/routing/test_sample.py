"""The invented town: the same everywhere, of the size asked for, and with everything in it that makes real towns hard."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString, Point

from facilities.register import parse_register
from routing.build import BuildReport, build_with_report
from routing.costs import cost
from routing.network import CLOSED, RoadNetwork
from routing.osm import Extract, TagSet
from routing.parts import find_parts
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from routing.sample import invented_register, invented_town
from routing.sample.dice import Dice, chance, draw, noise
from routing.write_extract import write_pbf

SIZES = (600, 3000)


@cache
def town(junctions: int, seed: int = 1) -> Extract:
    return invented_town(junctions, seed=seed)


@cache
def built(junctions: int, seed: int = 1) -> tuple[RoadNetwork, BuildReport]:
    return build_with_report(town(junctions, seed).ways, load_profiles())


def junctions_of_streets(network: RoadNetwork) -> int:
    """How many there are, leaving out those where a street goes on as it is and only the OSM way changes."""
    links = np.arange(network.links)
    end = np.concatenate((network.link_tail, network.link_head))
    order = np.argsort(end, kind="stable")
    first, degree = np.searchsorted(end[order], np.arange(network.junctions)), np.bincount(end, minlength=network.junctions)
    on = (degree == 2) & (network.junction_tagset < 0)
    one, other = (np.concatenate((links, links))[order[first[on] + place]] for place in (0, 1))
    alike = network.link_way[one] != network.link_way[other]
    for column in (network.link_tagset, network.link_name, network.link_ref):
        alike &= column[one] == column[other]
    return network.junctions - int(alike.sum())


def fingerprint(extract: Extract) -> str:
    ways = extract.ways
    digest = hashlib.sha256()
    for values in (ways.node_id, ways.node_longitude, ways.node_latitude, ways.way_first, ways.way_node, ways.way_tagset,
                   ways.way_name, ways.point_node, ways.point_tagset):  # fmt: skip
        digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    digest.update(repr((ways.tagsets, ways.names, ways.restrictions)).encode())
    for feature in extract.features:
        digest.update(repr((feature.kind, feature.osm_id, feature.longitude, feature.latitude, dict(feature.tags))).encode())
    return digest.hexdigest()


def way_lines(extract: Extract) -> list[tuple[TagSet, str, LineString]]:
    ways = extract.ways
    place = np.column_stack((ways.node_longitude, ways.node_latitude))
    return [
        (
            ways.tagsets[ways.way_tagset[row]],
            ways.names[ways.way_name[row]],
            LineString(place[ways.way_node[ways.way_first[row] : ways.way_first[row + 1]]]),
        )
        for row in range(len(ways.way_id))
    ]


def test_it_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert fingerprint(invented_town(600)) == fingerprint(town(600))
    assert fingerprint(invented_town(600, seed=2)) != fingerprint(town(600))


def test_it_is_the_same_on_every_machine() -> None:
    # Whoever changes the generator on purpose changes this, and every figure measured on invented towns before.
    assert fingerprint(town(600)) == "b457668ebc8d21c8d9b05ed009ecf12900153276ba532f31894eca57a48b00c4"


def test_it_lies_where_it_is_put() -> None:
    here, there = town(600).ways, invented_town(600, longitude=110.0, latitude=-7.5).ways
    np.testing.assert_allclose(there.node_latitude - here.node_latitude, -2.4, atol=2e-7)
    assert len(here.node_id) == len(there.node_id)


def test_the_dice_are_those_of_the_published_generator() -> None:
    # splitmix64 with state 1234567 (Steele, Lea, Flood 2014): the first outputs that its authors' code prints.
    dice = Dice(0, "")
    dice._state = 1234567
    assert [dice.throw(2**64) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_arrays_of_throws_do_not_depend_on_their_neighbours() -> None:
    whole = draw(7, "some", 100)
    np.testing.assert_array_equal(whole[[5, 3]], draw(7, "some", np.array([5, 3])))
    assert len(np.unique(whole)) == 100
    fractions = chance(7, "some", 10_000)
    assert fractions.min() >= 0
    assert fractions.max() < 1
    assert abs(fractions.mean() - 0.5) < 0.02


def test_noise_is_smooth_and_bounded() -> None:
    values = noise(1, "some", np.arange(200.0), np.arange(100.0), 20.0)
    assert values.shape == (100, 200)
    assert np.abs(values).max() <= 1
    assert np.abs(np.diff(values, axis=1)).max() <= 3 / 20


@pytest.mark.parametrize(("junctions", "tolerance"), [(60, 0.2), (150, 0.12), (600, 0.1), (3000, 0.1), (12_000, 0.1)])
def test_it_has_about_as_many_junctions_as_asked(junctions: int, tolerance: float) -> None:
    network, report = built(junctions)
    assert abs(junctions_of_streets(network) - junctions) <= tolerance * junctions
    assert report.driving_side == "left"


@pytest.mark.parametrize("seed", range(2, 8))
def test_every_seed_gives_a_whole_town(seed: int) -> None:
    network, report = built(1000, seed)
    assert abs(junctions_of_streets(network) - 1000) <= 120
    assert report.restrictions_placed >= 8
    kinds = {tags.get("highway") for tags in network.tagsets}
    assert {"motorway", "motorway_link", "primary", "living_street", "busway"} <= kinds


def test_too_small_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="60 junctions"):
        invented_town(59)


def test_it_says_that_it_is_invented() -> None:
    source = town(600).source
    assert source.invented
    assert "rekaan" in source.description
    assert "OpenStreetMap" not in source.attribution


def test_its_junctions_are_as_real_towns_are() -> None:
    # Kota Sukabumi: 2.4 links a junction, a third of the junctions dead ends, 6 % with four arms; Porto 2.8, 16 %, 11 %.
    network, _ = built(3000)
    degree = np.bincount(network.link_tail, minlength=network.junctions) + np.bincount(
        network.link_head, minlength=network.junctions
    )
    assert 2.3 <= degree.mean() <= 2.9
    assert 0.10 <= np.mean(degree == 1) <= 0.36
    assert 0.05 <= np.mean(degree == 4) <= 0.2
    assert 60 <= network.link_length_m.mean() <= 120


@pytest.mark.parametrize("junctions", SIZES)
def test_a_car_reaches_nearly_everything_but_the_island(junctions: int) -> None:
    network, _ = built(junctions)
    parts = find_parts(network, cost(network, load_profiles()["car"]))
    drivable = (parts.part.reshape(-1, 2) >= 0).any(1)
    island = on_island(town(junctions), network)
    main = (parts.part.reshape(-1, 2) == parts.main).any(1)
    length = network.link_length_m
    assert length[main].sum() > 0.95 * length[drivable & ~island].sum()
    assert not main[island].any()
    assert island.any()


def on_island(extract: Extract, network: RoadNetwork) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    lake = next(f.area for f in extract.features if f.tags.get("water") == "lake")
    assert lake is not None
    hole = shapely.Polygon(lake.interiors[0])
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] = shapely.contains_xy(
        hole, network.junction_longitude[network.link_tail], network.junction_latitude[network.link_tail]
    )
    return inside


WAYS: dict[str, Callable[[TagSet], bool]] = {
    "toll road": lambda t: t.get("highway") == "motorway" and t.get("toll") == "yes",
    "ramp": lambda t: t.get("highway") == "motorway_link",
    "roundabout": lambda t: t.get("junction") == "roundabout",
    "one-way": lambda t: t.get("highway") not in ("motorway", "motorway_link") and t.get("oneway") == "yes",
    "drawn against its one-way": lambda t: t.get("oneway") == "-1",
    "alley with a width": lambda t: t.get("service") == "alley" and float(t.get("width", "9")) <= 1.8,
    "gang by name": lambda t: t.get("gang") == "yes",
    "busway": lambda t: t.get("highway") == "busway",
    "bus lane by access": lambda t: t.get("access") == "no" and t.get("bus") == "yes",
    "private": lambda t: t.get("access") == "private",
    "destination": lambda t: t.get("access") == "destination",
    "living street": lambda t: t.get("highway") == "living_street",
    "steps": lambda t: t.get("highway") == "steps",
    "footway": lambda t: t.get("highway") == "footway",
    "unpaved": lambda t: t.get("surface") in ("unpaved", "dirt", "gravel"),
    "paving stones": lambda t: t.get("surface") == "paving_stones",
    "speed limit": lambda t: t.get("maxspeed") == "60",
    "speed limit, another spelling": lambda t: t.get("maxspeed", "60").strip("0123456789") != "",
}
POINTS: dict[str, Callable[[TagSet], bool]] = {
    "toll booth": lambda t: t.get("barrier") == "toll_booth",
    "gate that says nothing": lambda t: t == {"barrier": "gate"},
    "gate that is shut": lambda t: t.get("barrier") == "gate" and t.get("access") == "no",
    "gate shut at night": lambda t: "22:00-05:00" in t.get("access:conditional", ""),
    "bollard": lambda t: t.get("barrier") == "bollard",
    "signals": lambda t: t.get("highway") == "traffic_signals",
    "level crossing": lambda t: t.get("railway") == "level_crossing",
    "bump": lambda t: "traffic_calming" in t,
}


@pytest.mark.parametrize("case", WAYS)
def test_every_odd_way_is_in_the_network(case: str) -> None:
    network, _ = built(3000)
    used = [network.tagsets[index] for index in np.unique(network.link_tagset)]
    assert any(WAYS[case](tags) for tags in used)


@pytest.mark.parametrize("case", POINTS)
def test_every_odd_point_is_in_the_network(case: str) -> None:
    network, _ = built(3000)
    used = [network.tagsets[index] for index in np.unique(network.junction_tagset) if index >= 0]
    assert any(POINTS[case](tags) for tags in used)


def test_turn_bans_of_every_kind_are_placed() -> None:
    extract = town(12_000)
    _, report = built(12_000)
    assert report.restrictions_placed >= 0.9 * len(extract.ways.restrictions)
    kinds = Counter(r.tags.get("restriction", "conditional") for r in extract.ways.restrictions)
    assert {"no_right_turn", "no_left_turn", "no_u_turn", "only_straight_on", "conditional"} <= kinds.keys()
    assert any(not r.via_is_node for r in extract.ways.restrictions)
    assert any("emergency" in r.tags.get("except", "") for r in extract.ways.restrictions)
    assert report.copies > 0


@pytest.mark.parametrize("junctions", SIZES)
def test_odd_cases_grow_with_the_town(junctions: int) -> None:
    def count(extract: Extract) -> Counter[str]:
        barriers = [extract.ways.tagsets[index].get("barrier") for index in extract.ways.point_tagset]
        alleys = [extract.ways.tagsets[index].get("service") == "alley" for index in extract.ways.way_tagset]
        return Counter({"barriers": sum(map(bool, barriers)), "alleys": sum(alleys)})

    small, great = count(town(junctions)), count(town(junctions * 4))
    assert small["barriers"] >= 5
    assert small["alleys"] >= 5
    assert great["barriers"] > 2 * small["barriers"]
    assert great["alleys"] > 2 * small["alleys"]


@pytest.mark.parametrize("junctions", SIZES)
def test_water_is_crossed_on_bridges_only(junctions: int) -> None:
    extract = town(junctions)
    water = shapely.union_all([f.area for f in extract.features if f.tags.get("natural") == "water"])
    wet = [(tags, name) for tags, name, line in way_lines(extract) if line.intersects(water)]
    bridges = [name for tags, name in wet if name.startswith("Jembatan")]
    assert 1 <= len(bridges) <= 2 + junctions // 700
    others = [tags for tags, name in wet if not name.startswith("Jembatan")]
    assert all(tags.get("highway") == "path" or tags.get("route") == "ferry" for tags in others)


def test_closing_a_bridge_makes_a_way_longer() -> None:
    extract, (network, _) = town(3000), built(3000)
    costs = cost(network, load_profiles()["car"])
    bridges = [n for n, name in enumerate(network.names) if name.startswith("Jembatan")]
    links = np.flatnonzero(np.isin(network.link_name, bridges))
    assert len(links)
    river = next(f.area for f in extract.features if f.tags.get("water") == "river")

    def shortest(weights: np.ndarray[tuple[int], np.dtype[np.uint32]], source: int, target: int) -> float:
        is_open = weights < CLOSED
        graph = csr_array(
            (weights[is_open].astype(float), (network.turn_tail[is_open], network.turn_head[is_open])),
            shape=(network.states, network.states),
        )
        return float(dijkstra(graph, indices=source)[target])

    changed = 0
    for link in links.tolist():
        assert LineString(network.segment_shape(2 * link)).intersects(river)
        state = int(network.segment_state[2 * link])
        before = network.turn_tail[network.turn_head == state][:1]
        after = network.turn_head[network.turn_tail == state][:1]
        closed = costs.weights.copy()
        closed[network.turn_head == state] = CLOSED
        if len(before) and len(after):
            usual = shortest(costs.weights, int(before[0]), int(after[0]))
            changed += usual < shortest(closed, int(before[0]), int(after[0]))
    assert changed


def test_ambulances_motorcycles_and_right_of_way_get_different_networks() -> None:
    network, _ = built(3000)
    profiles = load_profiles()
    opened = {
        name: cost(network, profiles[name]).segment_ms < CLOSED
        for name in ("car", "ambulance", "ambulance_priority", "motorcycle")
    }
    assert (opened["motorcycle"] & ~opened["car"]).any()  # alleys
    assert (opened["car"] & ~opened["motorcycle"]).any()  # the toll road
    assert (opened["car"] & ~opened["ambulance"]).any()  # too narrow
    assert (opened["ambulance_priority"] & ~opened["ambulance"]).any()  # bus lanes


def test_great_regions_have_ferries_and_an_island_without() -> None:
    extract = town(55_000)
    lakes = [f for f in extract.features if f.tags.get("water") == "lake"]
    ferries = [tags for tags in extract.ways.tagsets if tags.get("route") == "ferry"]
    assert len(lakes) == 2
    assert len(ferries) == 1
    assert sum(f.tags.get("name", "").startswith("Pustu Pulau") for f in extract.features) == 2


@pytest.mark.parametrize("junctions", [60, 600, 3000])
def test_kelurahan_tile_the_town_and_kecamatan(junctions: int) -> None:
    features = town(junctions).features
    for level in ("6", "7"):
        parts = [f.area for f in features if f.tags.get("admin_level") == level and f.tags.get("boundary")]
        assert len(parts) >= (1 if level == "6" else 2)
        assert all(part is not None and part.is_valid for part in parts)
        whole = shapely.union_all(parts)
        assert whole.area == pytest.approx(sum(part.area for part in parts if part is not None), rel=1e-9)
        offices = [f for f in features if f.tags.get("name", "").startswith("Kantor Kelurahan")]
        assert offices
        assert all(whole.covers(Point(f.longitude, f.latitude)) for f in offices)
    names = [f.tags["name"] for f in features if f.tags.get("admin_level") == "7" and f.tags.get("boundary")]
    assert len(set(names)) == len(names)


def test_facilities_of_every_kind_grow_with_the_town() -> None:
    def facilities(extract: Extract) -> list[TagSet]:
        return [
            f.tags
            for f in extract.features
            if f.tags.get("amenity") in ("hospital", "clinic", "doctors") or "healthcare" in f.tags
        ]

    small, great = facilities(town(3000)), facilities(town(12_000))
    assert 10 <= len(small) < len(great)
    assert {tags["operator:class"] for tags in great if "operator:class" in tags} >= {"B", "C", "D"}
    assert any(tags.get("opening_hours") == "24/7" for tags in small)
    assert any("Mo-" in tags.get("opening_hours", "") for tags in small)
    assert any("PONED" in tags.get("operator:capabilities", "") for tags in small)
    assert any(tags["amenity"] == "hospital" and "Gigi" in tags.get("name", "") for tags in small if "amenity" in tags)
    kinds = Counter(f.tags.get("place") for f in town(3000).features)
    assert kinds["neighbourhood"] > 5
    assert kinds["town"] == 1
    assert any(f.tags.get("social_facility") == "shelter" for f in town(600).features)


def test_addresses_name_streets_that_exist() -> None:
    extract = town(3000)
    houses = [f.tags for f in extract.features if "addr:housenumber" in f.tags]
    assert 2000 <= len(houses) <= 100_000
    assert {tags["addr:street"] for tags in houses} <= set(extract.ways.names)
    assert all(tags["addr:neighbourhood"].startswith("RT ") for tags in houses)


def test_the_register_is_read_with_its_contradictions() -> None:
    extract = town(3000)
    register = parse_register(invented_register(extract), "rekaan.csv")
    names = [record.name for record in register.records]
    assert len(names) > 8
    assert any(name.startswith("Rumah Sakit Umum Daerah") for name in names)  # one twice, under another spelling
    places = {f.tags["operator:code"]: f for f in extract.features if "operator:code" in f.tags}
    away = [
        abs((record.source.longitude or 0) - places[record.code].longitude)
        for record in register.records
        if record.code in places
    ]
    assert sum(distance > 0.03 for distance in away) == 1  # another at a place some 4 km off


@pytest.mark.parametrize("junctions", [60, 3000])
def test_it_reads_back_as_it_was_written(junctions: int, tmp_path: Path) -> None:
    extract = town(junctions)
    write_pbf(extract, tmp_path / "town.osm.pbf")
    again = read_extract(tmp_path / "town.osm.pbf")
    ways, read = extract.ways, again.ways
    for name in ("node_id", "node_longitude", "node_latitude", "way_id", "way_first", "way_node", "point_node"):
        np.testing.assert_array_equal(getattr(ways, name), getattr(read, name))
    assert [ways.tagsets[i] for i in ways.way_tagset] == [read.tagsets[i] for i in read.way_tagset]
    assert [ways.tagsets[i] for i in ways.point_tagset] == [read.tagsets[i] for i in read.point_tagset]
    assert [ways.names[i] for i in ways.way_name] == [read.names[i] for i in read.way_name]
    assert ways.restrictions == read.restrictions
    assert [(f.kind, f.osm_id, f.tags) for f in extract.features] == [(f.kind, f.osm_id, f.tags) for f in again.features]


@pytest.mark.shared
def test_a_real_extract_reads_back_as_it_was_written(shared: Path, tmp_path: Path) -> None:
    extract = read_extract(shared / "osm" / "kota-sukabumi.osm.pbf")
    write_pbf(extract, tmp_path / "again.osm.pbf")
    again = read_extract(tmp_path / "again.osm.pbf")
    np.testing.assert_array_equal(extract.ways.node_longitude, again.ways.node_longitude)
    np.testing.assert_array_equal(extract.ways.way_node, again.ways.way_node)
    assert [(f.kind, f.osm_id, f.tags) for f in extract.features] == [(f.kind, f.osm_id, f.tags) for f in again.features]


@pytest.mark.slow
def test_a_region_of_200_000_junctions_is_built() -> None:
    network, _ = built(200_000)
    assert abs(junctions_of_streets(network) - 200_000) <= 20_000
