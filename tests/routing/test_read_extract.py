"""Reading OSM files: small ones written by hand, and the real extracts beside the checkout."""

from __future__ import annotations

import bz2
import gzip
import hashlib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import osmium
import pytest
from shapely.geometry import Point

from routing.errors import ExtractError
from routing.osm import ODBL_ATTRIBUTION, Extract, Feature, Ways
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from routing.tags import COST_KEYS, is_way

# A street from 1 to 5 with a gate at 3, a side street from 3 to 6, a clinic, a kelurahan around it all.
TOWN = """
<relation id="1"><member type="way" ref="10" role="from"/><member type="node" ref="3" role="via"/>
  <member type="way" ref="11" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
<node id="1" lat="-6.5" lon="106.80" timestamp="2024-01-01T00:00:00Z" version="1"/>
<node id="2" lat="-6.5" lon="106.81"/>
<node id="3" lat="-6.5" lon="106.82"><tag k="barrier" v="gate"/><tag k="name" v="Portal"/></node>
<node id="4" lat="-6.5" lon="106.83"><tag k="highway" v="crossing"/></node>
<node id="5" lat="-6.5" lon="106.84"/>
<node id="6" lat="-6.4" lon="106.82"/>
<node id="7" lat="-6.45" lon="106.825"><tag k="amenity" v="clinic"/><tag k="name" v="Klinik Melati"/></node>
<way id="10" timestamp="2024-05-06T07:08:09Z" version="2"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="5"/>
  <tag k="highway" v="residential"/><tag k="name" v="Jalan Mawar"/><tag k="lit" v="yes"/><tag k="ref" v="11"/></way>
<way id="11"><nd ref="3"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="name" v="Gang Melati"/></way>
"""


def osm(body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="hand">{body}</osm>\n'


def write(folder: Path, body: str, name: str = "town.osm") -> Path:
    path = folder / name
    path.write_text(osm(body), encoding="utf-8")
    return path


def as_pbf(path: Path, target: Path) -> Path:
    with osmium.SimpleWriter(str(target)) as writer:
        for element in osmium.FileProcessor(str(path)):
            writer.add(element)
    return target


def lines(ways: Ways) -> list[tuple[int, list[int]]]:
    """(way id, node ids) of each row."""
    return [
        (int(way), ways.node_id[ways.way_node[ways.way_first[row] : ways.way_first[row + 1]]].tolist())
        for row, way in enumerate(ways.way_id)
    ]


def names(ways: Ways) -> list[str]:
    return [ways.names[name] for name in ways.way_name]


def points(ways: Ways) -> dict[int, dict[str, str]]:
    return {
        int(ways.node_id[node]): dict(ways.tagsets[tagset])
        for node, tagset in zip(ways.point_node, ways.point_tagset, strict=True)
    }


def test_a_small_town(tmp_path: Path) -> None:
    path = write(tmp_path, TOWN)
    extract = read_extract(path)
    ways = extract.ways
    assert lines(ways) == [(10, [1, 2, 3, 4, 5]), (11, [3, 6])]
    assert names(ways) == ["Jalan Mawar", "Gang Melati"]
    assert [ways.names[ref] for ref in ways.way_ref] == ["11", ""]
    assert [ways.tagsets[code] for code in ways.way_tagset] == [
        {"highway": "residential"},
        {"highway": "residential", "gang": "yes"},
    ]
    assert points(ways) == {3: {"barrier": "gate"}}
    assert ways.node_longitude.tolist() == [106.80, 106.81, 106.82, 106.83, 106.84, 106.82]
    assert ways.node_latitude.tolist() == [-6.5] * 5 + [-6.4]
    (ban,) = ways.restrictions
    assert (ban.osm_id, ban.from_way, ban.via, ban.via_is_node, ban.to_way) == (1, 10, (3,), True, 11)
    assert ban.tags["restriction"] == "no_left_turn"
    (clinic,) = extract.features
    assert (clinic.kind, clinic.osm_id, clinic.longitude, clinic.latitude) == ("node", 7, 106.825, -6.45)
    assert clinic.tags == {"amenity": "clinic", "name": "Klinik Melati"}
    assert set(extract.dropped.values()) == {0}
    source = extract.source
    assert (source.description, source.data_time, source.invented) == ("town.osm", "2024-05-06T07:08:09Z", False)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.attribution == ODBL_ATTRIBUTION


def test_columns_have_the_types_of_the_contract(tmp_path: Path) -> None:
    ways = read_extract(write(tmp_path, TOWN)).ways
    for name in ("node_id", "way_id", "way_first"):
        assert getattr(ways, name).dtype == np.int64, name
    for name in ("way_node", "way_tagset", "way_name", "way_ref", "point_node", "point_tagset"):
        assert getattr(ways, name).dtype == np.int32, name
    assert ways.node_longitude.dtype == ways.node_latitude.dtype == np.float64


def same(one: Extract, other: Extract) -> bool:
    return (
        lines(one.ways) == lines(other.ways)
        and points(one.ways) == points(other.ways)
        and names(one.ways) == names(other.ways)
        and one.ways.node_longitude.tolist() == other.ways.node_longitude.tolist()
        and one.ways.restrictions == other.ways.restrictions
        and one.features == other.features
    )


def test_every_format_reads_the_same(tmp_path: Path) -> None:
    plain = write(tmp_path, TOWN)
    expected = read_extract(plain)
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "town.osm.bz2").write_bytes(bz2.compress(plain.read_bytes()))
    as_pbf(plain, tmp_path / "town.osm.pbf")
    as_pbf(plain, tmp_path / "town.opl")
    for name in ("town.osm.gz", "town.osm.bz2", "town.osm.pbf", "town.opl"):
        assert same(read_extract(tmp_path / name), expected), name


def test_an_editor_file_with_negative_ids_and_any_order(tmp_path: Path) -> None:
    body = """
    <relation id="-9"><member type="way" ref="-10" role="from"/><member type="node" ref="-3" role="via"/>
      <member type="way" ref="-11" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
    <way id="-11"><nd ref="-3"/><nd ref="4"/><tag k="highway" v="service"/></way>
    <node id="4" lat="0.1" lon="0.2"/>
    <way id="-10"><nd ref="-1"/><nd ref="-3"/><tag k="highway" v="service"/></way>
    <node id="-3" lat="0.1" lon="0.1"><tag k="barrier" v="bollard"/></node><node id="-1" lat="0" lon="0"/>
    """
    ways = read_extract(write(tmp_path, body)).ways
    assert lines(ways) == [(-11, [-3, 4]), (-10, [-1, -3])]
    assert points(ways) == {-3: {"barrier": "bollard"}}
    assert [ban.from_way for ban in ways.restrictions] == [-10]


def street(way: int, *nodes: int, tags: str = '<tag k="highway" v="residential"/>') -> str:
    return f'<way id="{way}">{"".join(f"""<nd ref="{node}"/>""" for node in nodes)}{tags}</way>'


def grid(*nodes: int) -> str:
    return "".join(f'<node id="{node}" lat="{node * 0.001}" lon="{node * 0.002}"/>' for node in nodes)


@pytest.mark.parametrize(
    ("present", "way", "pieces", "cut", "without"),
    [
        ((1, 2, 3, 4), (1, 2, 3, 4), [[1, 2, 3, 4]], 0, 0),
        ((1, 2, 4, 5), (1, 2, 3, 4, 5), [[1, 2], [4, 5]], 1, 0),
        ((2, 3), (1, 2, 3), [[2, 3]], 1, 0),
        ((1, 2), (1, 2, 3), [[1, 2]], 1, 0),
        ((1, 3, 4), (1, 2, 3, 4), [[3, 4]], 1, 0),
        ((1, 3, 5), (1, 2, 3, 4, 5), [], 1, 1),
        ((1,), (1, 2), [], 1, 1),
        ((1, 2), (1, 1, 2, 2), [[1, 2]], 0, 0),
        ((1, 2), (1, 1), [], 0, 1),
        ((1,), (1,), [], 0, 1),
        ((1, 2, 3), (1, 2, 3, 1), [[1, 2, 3, 1]], 0, 0),
        ((1, 2), (1, 2, 9, 2, 1), [[1, 2], [2, 1]], 1, 0),
    ],
)
def test_ways_are_cut_where_nodes_are_missing(
    present: tuple[int, ...], way: tuple[int, ...], pieces: list[list[int]], cut: int, without: int, tmp_path: Path
) -> None:
    body = grid(*present, 100, 101) + street(7, *way) + street(8, 100, 101)
    extract = read_extract(write(tmp_path, body))
    assert lines(extract.ways) == [*((7, piece) for piece in pieces), (8, [100, 101])]
    assert (extract.dropped["ways_cut"], extract.dropped["ways_without_nodes"]) == (cut, without)


def test_nodes_without_a_place_count_as_missing(tmp_path: Path) -> None:
    body = '<node id="3"/>' + grid(1, 2) + street(7, 1, 2, 3)
    assert lines(read_extract(write(tmp_path, body)).ways) == [(7, [1, 2])]


@pytest.mark.parametrize("name", ["shuffled.osm", "shuffled.osm.pbf"])
def test_nodes_in_any_order(name: str, tmp_path: Path) -> None:
    """osmium's index of nodes wants them sorted, and is silent where they are not."""
    ids = np.random.default_rng(3).permutation(np.arange(1, 3000) * 3_000_017 % 12_000_000_000).tolist()
    nodes = "".join(f'<node id="{node}" lat="{node % 80}.5" lon="{node % 170}.25"/>' for node in ids)
    path = write(tmp_path, nodes + street(7, *ids), "shuffled.osm")
    if name.endswith("pbf"):
        path = as_pbf(path, tmp_path / name)
    ways = read_extract(path).ways
    assert lines(ways) == [(7, ids)]
    assert ways.node_latitude.tolist() == [node % 80 + 0.5 for node in ways.node_id.tolist()]
    assert ways.node_longitude.tolist() == [node % 170 + 0.25 for node in ways.node_id.tolist()]


def test_the_last_version_of_a_way_counts(tmp_path: Path) -> None:
    body = grid(1, 2, 3) + grid(2) + street(7, 1, 3) + street(7, 1, 2)
    assert lines(read_extract(write(tmp_path, body)).ways) == [(7, [1, 2])]


def member(kind: str, ref: int, role: str) -> str:
    return f'<member type="{kind}" ref="{ref}" role="{role}"/>'


def ban(osm_id: int, kind: str, sources: str, via: str, targets: str) -> str:
    """A restriction; members are given as "w10 w11" or "n2"."""
    members = "".join(
        member({"w": "way", "n": "node"}[one[0]], int(one[1:]), role)
        for role, text in (("from", sources), ("via", via), ("to", targets))
        for one in text.split()
    )
    return f'<relation id="{osm_id}">{members}<tag k="type" v="restriction"/><tag k="restriction" v="{kind}"/></relation>'


def test_restrictions(tmp_path: Path) -> None:
    streets = street(10, 1, 2) + street(11, 2, 3) + street(12, 3, 4) + street(13, 2, 5)
    wall = '<way id="14"><nd ref="2"/><nd ref="3"/><tag k="barrier" v="wall"/></way>'
    good = [
        ban(1, "no_left_turn", "w10", "n2", "w11"),
        ban(2, "no_u_turn", "w10", "w11", "w12"),
        ban(3, "no_u_turn", "w10", "w11 w12", "w13"),
        ban(4, "no_entry", "w10 w13", "n2", "w11"),
        ban(5, "no_exit", "w10", "n2", "w11 w13"),
        ban(6, "only_straight_on", "w10", "n2", "w11 w13"),
    ]
    malformed = [
        ban(20, "no_left_turn", "", "n2", ""),
        ban(21, "no_left_turn", "w10", "", "w11"),
        ban(23, "no_left_turn", "w10", "n2 n3", "w11"),
        ban(24, "no_left_turn", "w10", "n2 w11", "w12"),
        ban(25, "no_left_turn", "n1", "n2", "w11"),
    ]
    incomplete = [
        ban(30, "no_left_turn", "w99", "n2", "w11"),
        ban(31, "no_left_turn", "w10", "n99", "w11"),
        ban(32, "no_left_turn", "w10", "n2", "w14"),
    ]
    body = grid(1, 2, 3, 4, 5) + streets + wall + "".join(good + malformed + incomplete)
    extract = read_extract(write(tmp_path, body))
    found = [(one.osm_id, one.from_way, one.via, one.via_is_node, one.to_way) for one in extract.ways.restrictions]
    assert found == [
        (1, 10, (2,), True, 11),
        (2, 10, (11,), False, 12),
        (3, 10, (11, 12), False, 13),
        (4, 10, (2,), True, 11),
        (4, 13, (2,), True, 11),
        (5, 10, (2,), True, 11),
        (5, 10, (2,), True, 13),
        (6, 10, (2,), True, 11),
        (6, 10, (2,), True, 13),
    ]
    assert extract.dropped["restrictions_malformed"] == len(malformed)
    assert extract.dropped["restrictions_incomplete"] == len(incomplete)


def test_a_ferry_is_as_fast_as_its_duration_says(tmp_path: Path) -> None:
    crossing = '<tag k="route" v="ferry"/><tag k="duration" v="00:20"/><tag k="motor_vehicle" v="yes"/>'
    nodes = '<node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.05"/>'  # 5,559.75 m
    ways = read_extract(write(tmp_path, nodes + street(7, 1, 2, tags=crossing) + street(8, 1, 2, 3, tags=crossing))).ways
    whole, cut = (ways.tagsets[code] for code in ways.way_tagset)
    assert whole["ferry:kph"] == "16.7"
    assert load_profiles()["car"].way(whole)[0].speed_kph == 16.7
    assert "ferry:kph" not in cut  # the duration of the whole says nothing about a part of it


# -- features -----------------------------------------------------------------------------------------------------------


def tagged(text: str) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in (pair.split("=", 1) for pair in text.split(",")))


def features_of(tmp_path: Path, body: str) -> tuple[dict[tuple[str, int], Feature], Extract]:
    extract = read_extract(write(tmp_path, grid(900, 901) + street(900, 900, 901) + body))
    return {(feature.kind, feature.osm_id): feature for feature in extract.features}, extract


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("amenity=hospital", True),
        ("healthcare=midwife", True),
        ("amenity=social_facility", True),
        ("social_facility=shelter", True),
        ("amenity=place_of_worship", True),
        ("amenity=townhall", True),
        ("office=government", True),
        ("emergency=ambulance_station", True),
        ("addr:housenumber=12,addr:street=Jalan Mawar", True),
        ("addr:full=Jalan Mawar 12", True),
        ("place=hamlet", True),
        ("place=neighbourhood,name=RW 03", True),
        ("shop=convenience,name=Warung Bu Siti", True),
        ("shop=convenience", False),
        ("amenity=bench", False),
        ("amenity=bench,name=Bangku", True),
        ("building=yes,name=Gedung Serbaguna", True),
        ("building=yes", False),
        ("landuse=residential,name=Perumahan Griya Asri", True),
        ("landuse=residential", False),
        ("tourism=hotel,name=Hotel Melati", True),
        ("highway=bus_stop,name=Halte", True),
        ("highway=traffic_signals,name=Simpang Lima", False),
        ("railway=station,name=Stasiun", True),
        ("railway=switch,name=W 12", False),
        ("barrier=gate,name=Portal", False),
        ("disused:amenity=hospital", False),
        ("natural=tree", False),
    ],
)
def test_which_nodes_are_features(tags: str, wanted: bool, tmp_path: Path) -> None:
    found, _ = features_of(tmp_path, f'<node id="1" lat="1" lon="2">{tagged(tags)}</node>')
    assert (("node", 1) in found) == wanted


def test_roads_are_no_features_but_squares_are(tmp_path: Path) -> None:
    body = grid(1, 2, 3)
    body += street(1, 1, 2, tags=tagged("highway=residential,name=Jalan Mawar,addr:street=Jalan Mawar"))
    body += street(2, 1, 2, 3, 1, tags=tagged("highway=pedestrian,area=yes,place=square,name=Alun-alun"))
    body += street(3, 1, 2, tags=tagged("addr:interpolation=even,addr:street=Jalan Mawar"))
    found, extract = features_of(tmp_path, body)
    assert set(found) == {("way", 2)}
    assert {1, 2} <= set(extract.ways.way_id.tolist())


def corner(osm_id: int, x: float, y: float) -> str:
    return f'<node id="{osm_id}" lat="{y}" lon="{x}"/>'


SQUARE = corner(1, 0, 0) + corner(2, 4, 0) + corner(3, 4, 4) + corner(4, 0, 4)
COURT = corner(5, 1, 1) + corner(6, 2, 1) + corner(7, 2, 2) + corner(8, 1, 2)
# The letter U: its centroid lies outside.
LETTER = "".join(
    corner(10 + index, x, y) for index, (x, y) in enumerate([(0, 0), (6, 0), (6, 6), (5, 6), (5, 1), (1, 1), (1, 6), (0, 6)])
)


def test_ways_as_features(tmp_path: Path) -> None:
    body = SQUARE + LETTER
    body += street(1, 1, 2, 3, 4, 1, tags=tagged("amenity=hospital,name=RSUD"))
    body += street(2, *range(10, 18), 10, tags=tagged("amenity=school"))
    body += street(3, 1, 2, 3, 4, 1, tags=tagged("building=yes,addr:housenumber=7"))
    body += street(4, 1, 2, 3, tags=tagged("amenity=marketplace"))  # not closed
    body += street(5, 1, 2, 3, 4, 99, 1, tags=tagged("amenity=clinic"))  # a corner lies outside the extract
    body += street(6, 98, 99, tags=tagged("amenity=clinic"))
    body += street(7, 1, 3, 2, 4, 1, tags=tagged("amenity=police"))  # crosses itself
    found, extract = features_of(tmp_path, body)
    hospital = found["way", 1]
    assert (hospital.longitude, hospital.latitude) == (2, 2)
    assert hospital.area is not None
    assert hospital.area.area == 16
    school = found["way", 2]
    assert school.area is not None
    assert school.area.intersects(Point(school.longitude, school.latitude))
    assert found["way", 3].area is None  # a house: the point is enough
    assert (found["way", 4].longitude, found["way", 4].latitude, found["way", 4].area) == (4, 0, None)
    assert found["way", 5].area is None
    assert found["way", 7].area is None
    assert ("way", 6) not in found
    assert extract.dropped["features_without_place"] == 1


def relation(osm_id: int, tags: str, *members: str) -> str:
    return f'<relation id="{osm_id}">{"".join(members)}{tagged(tags)}</relation>'


KELURAHAN = "type=boundary,boundary=administrative,admin_level=7,name=Ciriung"


def test_boundaries_become_areas(tmp_path: Path) -> None:
    body = SQUARE + COURT + corner(9, 3, 3.5)
    # Outline in two parts, one of them backwards, with a hole.
    body += street(1, 1, 2, 3, tags="") + street(2, 1, 4, 3, tags="") + street(3, 5, 6, 7, 8, 5, tags="")
    outline = (member("way", 1, "outer"), member("way", 2, "outer"))
    body += relation(1, KELURAHAN, *outline, member("way", 3, "inner"))
    body += relation(2, KELURAHAN, *outline, member("node", 9, "label"))
    body += relation(3, KELURAHAN, outline[0])  # not closed
    body += relation(4, KELURAHAN, *outline, member("way", 99, "outer"))  # not whole
    body += relation(5, KELURAHAN, outline[0], member("node", 9, "admin_centre"))
    body += relation(6, "type=boundary,boundary=administrative,admin_level=7", *outline)  # nameless
    body += relation(7, "type=multipolygon,amenity=hospital,name=RSUD", member("way", 1, ""), member("way", 2, ""))
    body += relation(8, "type=site,healthcare=hospital,name=RS", member("node", 9, "entrance"), member("way", 3, ""))
    body += relation(9, "type=multipolygon,building=yes", *outline)
    found, extract = features_of(tmp_path, body)
    assert set(found) == {("relation", number) for number in (1, 2, 5, 7, 8)}
    areas = {number: found["relation", number].area for number in (1, 2, 5, 7, 8)}
    assert [areas[number] is not None for number in (1, 2, 5, 7, 8)] == [True, True, False, True, False]
    assert areas[1] is not None
    assert areas[1].area == 15
    assert areas[1].intersects(Point(found["relation", 1].longitude, found["relation", 1].latitude))
    assert (found["relation", 2].longitude, found["relation", 2].latitude) == (3, 3.5)
    assert (found["relation", 5].longitude, found["relation", 5].latitude) == (3, 3.5)
    assert (found["relation", 8].longitude, found["relation", 8].latitude) == (3, 3.5)
    assert extract.dropped["areas_not_closed"] == 3
    assert extract.dropped["features_without_place"] == 2


# -- what can't be read -------------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(ExtractError) as caught:
        read_extract(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message or path.name in message
    return message


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.osm.pbf")


def test_a_folder(tmp_path: Path) -> None:
    assert "not a file" in refused(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.osm.pbf").write_bytes(b"")
    assert "empty" in refused(tmp_path / "empty.osm.pbf")


@pytest.mark.parametrize("name", ["town.zip", "town.geojson", "town"])
def test_another_kind_of_file_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert "not an OSM file by its name" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["town.osh.pbf", "town.osc.gz"])
def test_history_and_change_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"something")
    assert "history or change file" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.osm.gz", "town.osm.bz2"])
@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html><body>404</body></html>", b"\x00\x01\x02" * 100, b"PK\x03\x04"])
def test_something_else_under_the_right_name(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert "not a complete OSM file" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.osm.gz", "town.osm.bz2"])
def test_truncated_files(name: str, tmp_path: Path) -> None:
    plain = write(tmp_path, TOWN, "whole.osm")
    whole = {
        "town.osm": plain.read_bytes(),
        "town.osm.gz": gzip.compress(plain.read_bytes()),
        "town.osm.bz2": bz2.compress(plain.read_bytes()),
        "town.osm.pbf": as_pbf(plain, tmp_path / "whole.osm.pbf").read_bytes(),
    }[name]
    for part in np.linspace(1, len(whole) - 8, 12).astype(int):
        (tmp_path / name).write_bytes(whole[:part])
        refused(tmp_path / name)


def test_an_extract_without_roads(tmp_path: Path) -> None:
    clinic = '<node id="1" lat="0" lon="0"><tag k="amenity" v="clinic"/></node>'
    assert "no roads" in refused(write(tmp_path, clinic))
    assert "no roads" in refused(write(tmp_path, ""))
    assert "no roads" in refused(write(tmp_path, grid(1, 2) + street(7, 1, 2, tags=tagged("highway=proposed"))))
    assert "no nodes" in refused(write(tmp_path, street(7, 1, 2)))


def test_steps_are_told(tmp_path: Path) -> None:
    steps: list[str] = []
    read_extract(write(tmp_path, TOWN), progress=steps.append)
    assert steps == ["checksum", "relations", "ways", "nodes", "assemble"]


# -- real extracts ------------------------------------------------------------------------------------------------------


@cache
def read_real(shared: Path, name: str) -> Extract:
    return read_extract(shared / "osm" / f"{name}.osm.pbf")


def raw_counts(path: Path) -> Counter[str]:
    """The same things counted plainly, element by element."""
    counts: Counter[str] = Counter()
    on_roads: set[int] = set()
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        tags = dict(way.tags)
        if is_way(tags):
            counts["ways"] += 1
            on_roads.update(node.ref for node in way.nodes)
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        counts["restrictions"] += relation.tags.get("type") == "restriction"
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
        if node.id in on_roads and "barrier" in node.tags:
            counts["barriers"] += 1
    return counts


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["kota-sukabumi", "dki-jakarta-roads-2012", pytest.param("porto", marks=pytest.mark.slow), "monaco", "liechtenstein"],
)
def test_real_extracts(name: str, shared: Path) -> None:
    extract, raw = read_real(shared, name), raw_counts(shared / "osm" / f"{name}.osm.pbf")
    ways, dropped = extract.ways, extract.dropped
    assert len(set(ways.way_id.tolist())) == raw["ways"] - dropped["ways_without_nodes"]
    bans = {one.osm_id for one in ways.restrictions}
    assert len(bans) == raw["restrictions"] - dropped["restrictions_malformed"] - dropped["restrictions_incomplete"]
    barriers = sum("barrier" in ways.tagsets[code] for code in ways.point_tagset)
    assert raw["barriers"] - 10 <= barriers <= raw["barriers"]  # those on the ways that were dropped
    assert (np.diff(ways.way_first) >= 2).all()
    assert len(np.unique(ways.node_id)) == len(ways.node_id)
    assert np.array_equal(np.unique(ways.way_node), np.arange(len(ways.node_id)))
    assert len(set(map(str, ways.tagsets))) == len(ways.tagsets)
    assert all(set(tags) <= COST_KEYS for tags in ways.tagsets)
    assert len(ways.names) == len(set(ways.names))
    assert ways.names[0] == ""
    for feature in extract.features:
        if feature.area is not None and feature.kind == "way":
            assert feature.area.intersects(Point(feature.longitude, feature.latitude))


def test_conditions_that_are_no_matter_of_time_are_counted(tmp_path: Path) -> None:
    heavy = street(7, 1, 2, tags=tagged("highway=service,access:conditional=no @ (weight&gt;3.5)"))
    night = street(8, 1, 2, tags=tagged("highway=service,access:conditional=no @ (22:00-05:00)"))
    extract = read_extract(write(tmp_path, grid(1, 2) + heavy + heavy.replace("7", "9") + night))
    assert extract.dropped["conditions_not_understood"] == 1


@pytest.mark.shared
@pytest.mark.slow
def test_porto_has_its_restrictions_and_barriers(shared: Path) -> None:
    """357 restrictions, of which 14 lack a member."""
    extract = read_real(shared, "porto")
    assert len({ban.osm_id for ban in extract.ways.restrictions}) == 342
    assert extract.dropped["restrictions_malformed"] == 14
    assert extract.dropped["restrictions_incomplete"] == 1


@pytest.mark.shared
def test_kota_sukabumi_has_its_kelurahan_and_hospitals(shared: Path) -> None:
    extract = read_real(shared, "kota-sukabumi")
    kelurahan = [feature for feature in extract.features if feature.tags.get("admin_level") == "7" and feature.area is not None]
    assert len(kelurahan) == 33
    hospitals = [feature for feature in extract.features if feature.tags.get("amenity") == "hospital"]
    assert len(hospitals) == 10
    for hospital in hospitals:
        place = Point(hospital.longitude, hospital.latitude)
        assert sum(feature.area is not None and feature.area.intersects(place) for feature in kelurahan) <= 1
