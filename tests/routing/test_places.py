"""Address search on a drawn town, on invented names, and, where there are any, on real extracts."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from routing.build import build_network
from routing.osm import Feature
from routing.places import Extra, Place, PlaceIndex
from routing.profiles import load_profiles
from routing.read_extract import read_extract
from routing.storage import load_arrays, save_arrays
from tests.routing.misspelling import WAYS
from tests.world import CIBINONG, draw

TOWN = draw(
    """
    A-----B-----C-----D
    |     |     |     |
    E-----F-----G-----H
    |     |     |
    I-----J-----K
    """,
    streets={
        "A B C D": "name='Jalan Jenderal Ahmad Yani' highway=primary",
        "E F G H": "name='Jalan Siliwangi' highway=secondary",
        "A E I": "name='Jalan Haji Tjokroaminoto'",
        "B F J": "name='Gang Mawar'",
        "C G K": "name='Jalan Pasir Berkah XIII'",
        "I J": "name='Jalan Limus Nunggal'",
        "D H": "name='Jalan Mawar Merah' ref=N12",
    },
)


def feature(name: str = "", at: str = "F", shift: float = 0.0, area: shapely.Geometry | None = None, **tags: str) -> Feature:
    longitude, latitude = TOWN.position(at)
    named = {"name": name} if name else {}
    kind = "node" if area is None else "relation"
    return Feature(kind, 1, longitude + shift, latitude, named | {key.replace("__", ":"): v for key, v in tags.items()}, area)


def box(west: str, east: str, margin: float) -> shapely.Geometry:
    (x1, y1), (x2, y2) = TOWN.position(west), TOWN.position(east)
    return shapely.box(min(x1, x2) - margin, min(y1, y2) - margin, max(x1, x2) + margin, max(y1, y2) + margin)


def house(number: str, at: str, shift: float = 0.0, street: str = "Jalan Siliwangi") -> Feature:
    return feature(at=at, shift=shift, addr__street=street, addr__housenumber=number)


FEATURES = [
    feature("Kebonjati", area=box("A", "J", 0.0005), boundary="administrative", admin_level="7", is_in__city="Kota Contoh"),
    feature("Cikole", area=box("C", "H", 0.0005), boundary="administrative", admin_level="7"),
    feature("Cikole", area=box("A", "H", 0.002), boundary="administrative", admin_level="6"),
    feature("Kebonjati", at="B", place="village"),
    feature("Puskesmas Kebonjati", at="F", amenity="clinic", alt_name="Pustu Lama"),
    feature("RSUD Raden Soebagja", at="H", amenity="hospital"),
    feature("Masjid Agung", at="G", amenity="place_of_worship"),
    feature("", at="G", amenity="bench"),
    house("1", "E"),
    house("3", "F"),
    house("9A", "G"),
    house("2", "E", 1e-4),
    house("21;23", "H"),
    house("5", "K", street="Jalan Tak Terpeta"),
]


@pytest.fixture(scope="module")
def town() -> PlaceIndex:
    return PlaceIndex.build(TOWN.build().network, FEATURES)


def first(index: PlaceIndex, text: str, near: tuple[float, float] | None = None) -> Place:
    found = index.search(text, near=near)
    assert found, f"nothing found for {text!r}"
    return found[0]


@pytest.mark.parametrize(
    ("text", "name", "match"),
    [
        ("Jalan Siliwangi", "Jalan Siliwangi", "exact"),
        ("jl. siliwangi", "Jalan Siliwangi", "exact"),
        ("JLN SILIWANGI", "Jalan Siliwangi", "exact"),
        ("Jl. Siliwngi", "Jalan Siliwangi", "spelling"),
        ("Siliwangi", "Jalan Siliwangi", "partial"),
        ("silaw", "Jalan Siliwangi", "partial"),
        ("Jl Siliw", "Jalan Siliwangi", "partial"),
        ("Siliwangi Jalan", "Jalan Siliwangi", "spelling"),
        ("Jl. Jend. A. Yani", "Jalan Jenderal Ahmad Yani", "spelling"),
        ("jl ahmad yani", "Jalan Jenderal Ahmad Yani", "partial"),
        ("Jl. H. Cokroaminoto", "Jalan Haji Tjokroaminoto", "exact"),
        ("Jl Haji Tjokroaminoto RT 03/17", "Jalan Haji Tjokroaminoto", "partial"),
        ("Gg. Mawar", "Gang Mawar", "exact"),
        ("Jl Pasir Berkah 13", "Jalan Pasir Berkah XIII", "exact"),
        ("Jalan Limusnunggal", "Jalan Limus Nunggal", "spelling"),
        ("Jalan Mawar Merah Kec. Cikole", "Jalan Mawar Merah", "exact"),
        ("N12", "Jalan Mawar Merah", "exact"),
        ("Kel. Kebonjati", "Kebonjati", "exact"),
        ("pkm kebon jati", "Puskesmas Kebonjati", "spelling"),
        ("pustu lama", "Puskesmas Kebonjati", "exact"),
        ("Rumah Sakit Umum Daerah Raden Subagja", "RSUD Raden Soebagja", "exact"),
        ("rsud r subagja", "RSUD Raden Soebagja", "spelling"),
        ("mesjid agung", "Masjid Agung", "exact"),
        ("dekat masjid agung", "Masjid Agung", "exact"),
    ],
)
def test_many_ways_to_write_a_name(town: PlaceIndex, text: str, name: str, match: str) -> None:
    found = first(town, text)
    assert (found.name, found.match) == (name, match)
    assert 0 < found.score <= 1


@pytest.mark.parametrize("text", ["", "   ", "...", "xyzzy", "12", "jl", "No."])
def test_what_says_nothing_finds_little_and_breaks_nothing(town: PlaceIndex, text: str) -> None:
    assert all(place.match == "partial" for place in town.search(text))


def test_the_word_for_the_street_tells_alleys_from_streets(town: PlaceIndex) -> None:
    assert first(town, "Gang Mawar").name == "Gang Mawar"
    assert first(town, "Jalan Mawar Merah").name == "Jalan Mawar Merah"


def test_numbered_streets_are_not_taken_for_each_other(town: PlaceIndex) -> None:
    assert all(place.match == "partial" for place in town.search("Jalan Pasir Berkah 12"))


def test_kinds_and_context(town: PlaceIndex) -> None:
    facility = first(town, "Puskesmas Kebonjati")
    assert (facility.kind, facility.context) == ("facility", ("Kebonjati", "Cikole", "Kota Contoh"))
    assert first(town, "Masjid Agung").kind == "landmark"
    areas = [place for place in town.search("Cikole") if place.kind == "area"]
    assert sorted(place.level for place in areas) == [6, 7]


def test_a_settlement_mapped_as_point_and_as_area_is_one_and_stands_at_the_point(town: PlaceIndex) -> None:
    found = [place for place in town.search("Kebonjati") if place.name == "Kebonjati"]
    assert [place.kind for place in found] == ["area"]
    assert (found[0].longitude, found[0].latitude) == TOWN.position("B")


@pytest.mark.parametrize("text", ["Jl. Siliwangi No. 3", "siliwangi 3", "3 Jalan Siliwangi", "Jl Siliwangi nomor 3"])
def test_house_numbers(town: PlaceIndex, text: str) -> None:
    found = first(town, text)
    assert (found.name, found.kind) == ("Jalan Siliwangi 3", "address")
    assert (found.longitude, found.latitude) == TOWN.position("F")


def test_a_house_number_in_a_list_and_with_a_letter(town: PlaceIndex) -> None:
    assert first(town, "Jl. Siliwangi No. 23").longitude == TOWN.position("H")[0]
    assert first(town, "Jl. Siliwangi No. 9a").name == "Jalan Siliwangi 9A"
    assert first(town, "Jl. Siliwangi No. 9").match == "near"


def test_an_unknown_house_number_is_between_its_neighbours(town: PlaceIndex) -> None:
    found = first(town, "Jl. Siliwangi No. 6")
    assert (found.name, found.match) == ("Jalan Siliwangi 6", "near")
    assert found.longitude == TOWN.position("E")[0] + 1e-4  # even numbers: 2 is the nearest known
    between = first(town, "Jl. Siliwangi No. 5")
    low, high = TOWN.position("F")[0], TOWN.position("G")[0]
    assert between.longitude == pytest.approx(low + (high - low) * (5 - 3) / (9 - 3))


def test_a_house_number_far_from_any_known_one_gives_the_street(town: PlaceIndex) -> None:
    found = first(town, "Jl. Siliwangi No. 400")
    assert (found.name, found.kind, found.match) == ("Jalan Siliwangi", "street", "partial")


def test_a_street_that_only_houses_know(town: PlaceIndex) -> None:
    assert first(town, "Jl Tak Terpeta 5").kind == "address"


@pytest.mark.parametrize(
    "text",
    [
        "Jl. Siliwangi simpang Gg. Mawar",
        "Siliwangi / Gang Mawar",
        "simpang Gang Mawar - Jalan Siliwangi",
        "perempatan Siliwangi dan Gang Mawar",
        "Jl Silwangi & Gg Mawr",
    ],
)
def test_where_two_streets_cross(town: PlaceIndex, text: str) -> None:
    found = first(town, text)
    assert found.kind == "intersection"
    assert set(found.name.split(" / ")) == {"Jalan Siliwangi", "Gang Mawar"}
    assert (found.longitude, found.latitude) == pytest.approx(TOWN.position("F"))


def test_streets_that_do_not_cross_have_no_crossing(town: PlaceIndex) -> None:
    assert all(place.kind != "intersection" for place in town.search("Jalan Limus Nunggal / Jalan Mawar Merah"))


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("-6.91, 106.93", -6.91, 106.93),
        ("-6.91 106.93", -6.91, 106.93),
        ("(-6.91,106.93)", -6.91, 106.93),
        ("106.93, -6.91", -6.91, 106.93),
        ("-6,9123 106,9345", -6.9123, 106.9345),
        ("6°55'S 106°56'E", -6.916667, 106.933333),
        ("6°55'12\"S, 106°56'30.6\"E", -6.92, 106.941833),
        ("6° 55' LS, 106° 56' BT", -6.916667, 106.933333),
        ("6.91 LS 106.93 BT", -6.91, 106.93),
        ("S6.91 E106.93", -6.91, 106.93),
        ("geo:-6.91,106.93?z=17", -6.91, 106.93),
        ("geo:0,0?q=-6.91,106.93(Rumah)", -6.91, 106.93),
        ("https://maps.google.com/?q=-6.91,106.93", -6.91, 106.93),
        ("Lokasi saya: https://maps.google.com/maps?q=-6.91%2C106.93&z=17&hl=id", -6.91, 106.93),
        ("https://www.google.com/maps/place/RS/@-6.92,106.92,17z/data=!4m5!3m4!8m2!3d-6.91!4d106.93", -6.91, 106.93),
        ("https://www.google.com/maps/@-6.91,106.93,17z", -6.91, 106.93),
        ("https://www.google.com/maps/search/-6.91,+106.93?entry=tts", -6.91, 106.93),
        ("https://www.openstreetmap.org/?mlat=-6.91&mlon=106.93#map=17/-6.9/106.9", -6.91, 106.93),
        ("https://www.openstreetmap.org/#map=17/-6.91/106.93", -6.91, 106.93),
        ("https://waze.com/ul?ll=-6.91,106.93&navigate=yes", -6.91, 106.93),
        ("41.15N 8.61W", 41.15, -8.61),
    ],
)
def test_positions_as_people_paste_them(town: PlaceIndex, text: str, latitude: float, longitude: float) -> None:
    (found,) = town.search(text)
    assert found.kind == "position"
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-6)


@pytest.mark.parametrize("text", ["Blok 4.5 7", "RT 03/17", "12, 13", "95.1, 190.2", "https://example.org/x", "6.9N 7.1N"])
def test_what_only_looks_like_a_position(town: PlaceIndex, text: str) -> None:
    assert all(place.kind != "position" for place in town.search(text))


def test_a_link_without_a_position_says_nothing_but_the_words_beside_it_do(town: PlaceIndex) -> None:
    assert town.search("https://maps.app.goo.gl/Siliwangi") == []
    assert first(town, "Jalan Siliwangi https://maps.app.goo.gl/x1Y2z").name == "Jalan Siliwangi"


def test_two_alleys_of_one_name_are_two_and_the_nearest_comes_first() -> None:
    one = draw("A---B\n|    \nC    ", streets={"A B": "name='Gang Mawar'", "A C": "name=Lain"})
    plan = "A---B" + "-" * 60 + "C---D\n    |" + " " * 60 + "|\n    E" + " " * 60 + "F"
    far = draw(plan, streets={"A B": "name='Gang Mawar'", "C D": "name='Gg. Mawar'"}, metres=50)
    assert len(PlaceIndex.build(one.build().network, [])) == 2
    index = PlaceIndex.build(far.build().network, [])
    for near in ("A", "D"):
        found = index.search("gang mawar", near=far.position(near))
        assert len(found) == 2
        assert [place.match for place in found] == ["exact", "exact"]
        assert found[0].distance_m is not None
        assert found[1].distance_m is not None
        assert found[0].distance_m < 300 < 2500 < found[1].distance_m
    assert index.search("gang mawar")[0].distance_m is None


def test_a_street_interrupted_by_a_square_is_one() -> None:
    town = draw("A---B---C---D\n    |   |\n    E---F", streets={"A B": "name=Lurus", "C D": "name=Lurus"})
    assert len(PlaceIndex.build(town.build().network, [])) == 1


def test_what_is_known_from_elsewhere_takes_the_place_of_the_feature() -> None:
    longitude, latitude = TOWN.position("F")
    extra: list[Extra] = [("Puskesmas Kebonjati", "facility", longitude, latitude, ("PKM KBJ",))]
    index = PlaceIndex.build(TOWN.build().network, FEATURES, extra)
    found = [place for place in index.search("Puskesmas Kebonjati") if place.name == "Puskesmas Kebonjati"]
    assert len(found) == 1
    assert first(index, "kbj").name == "Puskesmas Kebonjati"
    assert first(index, "pustu lama").name == "Puskesmas Kebonjati"


def test_the_way_back_from_a_point(town: PlaceIndex) -> None:
    longitude, latitude = TOWN.position("G")
    address = town.reverse(longitude + 1e-4, latitude + 2e-5)
    assert address.street == "Jalan Siliwangi"
    assert address.street_distance_m == pytest.approx(2.2, abs=0.2)
    assert address.house_number == "9A"
    assert address.context[0] == "Cikole"
    assert town.reverse(longitude + 5, latitude).street == ""
    assert town.reverse(longitude + 5, latitude).context == ()


@given(st.floats(-0.004, 0.016), st.floats(-0.008, 0.004))
def test_the_nearest_street_is_the_nearest(east: float, north: float) -> None:
    longitude, latitude = CIBINONG[0] + east, CIBINONG[1] + north
    network, index = _TOWN_NETWORK, _TOWN_INDEX
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * 111_195.0
    point = shapely.Point(np.array([longitude, latitude]) * scale)
    lines = [shapely.LineString(network.segment_shape(2 * link) * scale) for link in range(network.links)]
    names = [network.names[int(network.link_name[link])] for link in range(network.links)]
    named = [(line.distance(point), name) for line, name in zip(lines, names, strict=True) if name]
    address = index.reverse(longitude, latitude)
    assert address.street_distance_m == pytest.approx(min(named)[0], abs=0.5)


_TOWN_NETWORK = TOWN.build().network
_TOWN_INDEX = PlaceIndex.build(_TOWN_NETWORK, [])


def test_saved_and_mapped_it_answers_the_same(town: PlaceIndex, tmp_path: Path) -> None:
    save_arrays(tmp_path, town.arrays())
    mapped = PlaceIndex.from_arrays(load_arrays(tmp_path))
    assert len(mapped) == len(town)
    for text in ("jl siliwangi no 5", "kebonjati", "siliwangi / mawar", "Jl. Jend. A. Yni", "-6.48,106.85"):
        assert mapped.search(text, near=CIBINONG) == town.search(text, near=CIBINONG)
    assert mapped.reverse(*CIBINONG) == town.reverse(*CIBINONG)


def test_many_threads_at_once(town: PlaceIndex) -> None:
    texts = ["jl siliwangi no 5", "kebonjati", "siliwangi / mawar", "Jl. Jend. A. Yni"] * 20
    alone = [town.search(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(town.search, texts)) == alone


def test_a_region_without_any_name() -> None:
    index = PlaceIndex.build(draw("A---B").build().network, [])
    assert len(index) == 0
    assert index.search("Jalan Mawar") == []
    assert index.search("a / b") == []
    assert index.reverse(*CIBINONG).street == ""


@given(st.text(max_size=60))
def test_no_text_breaks_the_search(text: str) -> None:
    for place in _TOWN_INDEX.search(text, near=CIBINONG, limit=5):
        assert 0 <= place.score <= 1


# -- how much is forgiven ----------------------------------------------------------------------------------------------

_FIRST = ["Jalan", "Jalan", "Jalan", "Gang", "Jalan Haji", "Jalan Jenderal", "Kampung", "Perumahan"]
_SECOND = [
    *("Melati", "Kenanga", "Cempaka", "Flamboyan", "Bougenville", "Kamboja", "Teratai", "Seruni"),
    *("Dahlia", "Anggrek", "Sukamaju", "Sukasari", "Karangtengah", "Pasirjambu", "Cibuntu", "Cikaret"),
    *("Ciluar", "Cimahpar", "Kedungwaringin", "Bojongsari", "Rawamangun", "Tanjungsari", "Wirasaputra", "Kusumah"),
    *("Natadireja", "Suryadiningrat", "Martawijaya", "Prawirasumantri", "Sastranegara", "Kartadinata"),
]
_THIRD = ["", "", "", "Raya", "Dalam", "Timur", "Barat", "II", "IV", "VII", "12", "3"]


def recall(index: PlaceIndex, names: list[str]) -> dict[str, tuple[float, float]]:
    """For each way of misspelling: the shares of names found first, and among the first five."""
    shares: dict[str, tuple[float, float]] = {}
    for way, change in WAYS.items():
        dice = random.Random(way)
        ranks = []
        for name in names:
            found = [place.name.casefold() for place in index.search(change(name, dice), limit=5)]
            ranks.append(found.index(name.casefold()) if name.casefold() in found else 5)
        shares[way] = (ranks.count(0) / len(ranks), sum(rank < 5 for rank in ranks) / len(ranks))
    return shares


FLOORS = {
    "as mapped": (0.98, 0.99),
    "abbreviated": (0.95, 0.98),
    "misspelt": (0.93, 0.97),
    "word missing": (0.40, 0.70),  # "Jalan Melati" for "Jalan Melati IV": the longer name can't come first
    "old spelling": (0.94, 0.97),
    "glued": (0.92, 0.96),
}


def below_floor(shares: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {way: share for way, share in shares.items() if share[0] < FLOORS[way][0] or share[1] < FLOORS[way][1]}


def test_invented_names_are_found_however_they_are_written() -> None:
    dice = random.Random(1)
    names = {
        " ".join(filter(None, (dice.choice(_FIRST), dice.choice(_SECOND), dice.choice(["", dice.choice(_SECOND)]), third)))
        for third in _THIRD
        for _ in range(25)
    }
    extra: list[Extra] = [(name, "street", 106.8 + dice.random() / 10, -6.5 + dice.random() / 10, ()) for name in sorted(names)]
    index = PlaceIndex.build(draw("A---B").build().network, [], extra)
    shares = recall(index, sorted(names))
    assert below_floor(shares) == {}, shares


@pytest.mark.shared
@pytest.mark.parametrize("region", ["kota-sukabumi", "monaco", "liechtenstein"])
def test_real_names_are_found_however_they_are_written(shared: Path, region: str) -> None:
    extract = read_extract(shared / "osm" / f"{region}.osm.pbf")
    network = build_network(extract.ways, load_profiles())
    index = PlaceIndex.build(network, extract.features)
    names = sorted({network.names[name] for name in np.unique(network.link_name).tolist() if name})
    shares = recall(index, random.Random(1).sample(names, min(150, len(names))))
    assert below_floor(shares) == {}, shares


@pytest.mark.shared
def test_real_house_numbers_are_found(shared: Path) -> None:
    extract = read_extract(shared / "osm" / "liechtenstein.osm.pbf")
    index = PlaceIndex.build(build_network(extract.ways, load_profiles()), extract.features)
    houses = [feature for feature in extract.features if {"addr:street", "addr:housenumber"} <= set(feature.tags)]
    found = 0
    sample = random.Random(2).sample(houses, 150)
    for known in sample:
        text = f"{known.tags['addr:street']} {known.tags['addr:housenumber']}"
        best = first(index, text, (known.longitude, known.latitude))
        found += best.kind == "address" and best.match == "exact" and (best.distance_m or 0.0) < 5
    assert found / len(sample) > 0.97
