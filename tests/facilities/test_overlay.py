"""Registers over OSM: what is the same, which value wins, and that every disagreement stays visible."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from facilities import Facility, Severity, Value, conflict_reason, problem_text
from facilities.names import core, likeness
from facilities.prepare import from_json, lay_over, parse_register, read_register, to_json
from routing import Feature
from routing.read_extract import read_extract

HEAD = "kode,nama,jenis,kelas,tempat_tidur,alamat,lon,lat\n"


def node(number: int, longitude: float, latitude: float, **tags: str) -> Feature:
    return Feature("node", number, longitude, latitude, {key.replace("__", ":"): value for key, value in tags.items()})


def in_words(facility: Facility) -> list[str]:
    """Every conflict in Indonesian; in English it must have its words, too."""
    assert all(conflict_reason(conflict).text("en") for conflict in facility.conflicts)
    return [conflict_reason(conflict).text("id") for conflict in facility.conflicts]


def conflicts(facility: Facility) -> dict[str, Severity]:
    return {conflict.code: conflict.severity for conflict in facility.conflicts}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RSUD R. Syamsudin, SH.", "Rumah Sakit Umum Daerah R. Syamsudin, S.H."),
        ("RS Islam Assyifa", "Rumah Sakit Islam As-Syifa"),
        ("RS Umum Daerah Al-Mulk", "RSUD Al Mulk"),
        ("Puskesmas Cibinong", "PKM Cibinong"),
        ("Klinik Café", "KLINIK CAFE"),
    ],
)
def test_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert likeness(one, other) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Puskesmas Kelurahan Slipi I", "Puskesmas Kelurahan Slipi II"),
        ("Puskesmas Kelurahan Klender ll", "Puskesmas Kelurahan Klender lll"),
        ("Puskesmas Pegangsaan Dua A", "Puskesmas Pegangsaan Dua B"),
        ("Klinik Pratama Sehat Dania Rorotan Cilincing", "Klinik Pratama Sehat DWI AYU Rorotan Cilincing"),
        ("Klinik Satkes Denma Mabes AU Cipayung", "Klinik Satkes Denma Mabes AL Cipayung"),
        ("", "RS Satu"),
    ],
)
def test_neighbours_with_much_in_common_are_not_alike(one: str, other: str) -> None:
    assert likeness(one, other) < 80


def test_the_core_of_a_name_leaves_out_class_and_titles() -> None:
    assert core("Praktek Mandiri Bidan Hj. Siti Aminah, Amd.Keb") == "siti aminah"
    assert core("Rumah Sakit Umum Daerah") == "rumah sakit umum daerah"


def test_a_dental_clinic_tagged_as_a_hospital_is_no_hospital() -> None:
    (facility,) = lay_over([node(1, 106.9, -6.9, amenity="hospital", healthcare="hospital", name="klinik gigi")]).facilities
    assert (facility.kind, facility.value("emergency")) == ("dental_clinic", Value.NO)
    assert conflicts(facility) == {"kind": Severity.WARNING}
    assert in_words(facility) == ["jenisnya berbeda antarsumber: rumah sakit / klinik gigi; dipakai: klinik gigi"]


def test_an_emergency_tag_on_what_is_wrongly_called_a_hospital_is_not_believed() -> None:
    (facility,) = lay_over([node(1, 106.9, -6.9, amenity="hospital", emergency="yes", name="Puskesmas Selabatu")]).facilities
    assert (facility.kind, facility.value("emergency")) == ("puskesmas", Value.UNKNOWN)
    assert conflicts(facility) == {"kind": Severity.WARNING, "capability": Severity.WARNING}


def test_only_a_kind_that_is_confirmed_implies_a_yes() -> None:
    unnamed = lay_over([node(1, 106.9, -6.9, amenity="hospital")]).facilities[0]
    named = lay_over([node(1, 106.9, -6.9, amenity="hospital", name="RS Satu")]).facilities[0]
    denied = lay_over([node(1, 106.9, -6.9, amenity="hospital", name="RS Satu", emergency="no")]).facilities[0]
    assert (unnamed.value("emergency"), unnamed.name, unnamed.emergency_hours) == (Value.UNKNOWN, "", None)
    assert (named.value("emergency"), named.emergency_hours) == (Value.YES, "24/7")
    assert (denied.value("emergency"), denied.emergency_hours) == (Value.NO, None)
    assert named.value("icu") is Value.UNKNOWN


def test_node_way_and_register_become_one_and_keep_their_sources() -> None:
    register = parse_register(
        HEAD + "7,RS Harapan,Rumah Sakit,C,100,,106.9000,-6.9\n,RS Harapan,RS,C,90,,106.9005,-6.9\n", "r.csv"
    )
    features = [
        node(1, 106.9002, -6.9, amenity="hospital", name="Rumah Sakit Harapan", emergency="yes", beds="95"),
        Feature("way", 2, 106.9003, -6.9, {"amenity": "hospital"}),
        node(3, 106.9010, -6.9, amenity="pharmacy", name="Apotek Harapan"),
    ]
    overlay = lay_over(features, [register])
    hospital = next(f for f in overlay.facilities if f.kind == "hospital")
    assert len(overlay.facilities) == 2
    assert hospital.id == "reg:7"
    assert [source.reference for source in hospital.sources] == ["r.csv:2", "r.csv:3", "osm:node/1", "osm:way/2"]
    assert hospital.beds == 100
    assert (hospital.longitude, hospital.latitude) == (106.9002, -6.9)
    assert conflicts(hospital) == {"beds": Severity.NOTE, "place_alone": Severity.NOTE}


def test_one_hospital_at_two_places_is_a_grave_conflict_and_the_address_decides() -> None:
    rows = '7,RS Umum Daerah Al-Mulk,RSU,D,50,"Jl. Pelabuhan, Kec. Lembursitu",106.9223,-6.9124\n'
    rows += ",RSUD Al-Mulk,RS,D,50,,106.8977,-6.9586\n"
    tags = {"boundary": "administrative", "name": "Lembursitu"}
    area = Feature("relation", 9, 106.9, -6.96, tags, box(106.88, -6.97, 106.91, -6.94))
    (facility,) = lay_over([area], [parse_register(HEAD + rows, "r.csv")]).facilities
    assert (facility.longitude, facility.latitude) == (106.8977, -6.9586)
    (conflict,) = facility.conflicts
    assert (conflict.code, conflict.severity) == ("place", Severity.GRAVE)
    assert conflict.values == ("-6.91240,106.92230", "-6.95860,106.89770")
    assert conflict.chosen == "-6.95860,106.89770"
    assert conflict.distance_m == pytest.approx(5800, abs=100)
    (elsewhere,) = lay_over([], [parse_register(HEAD + rows, "r.csv")]).facilities
    assert (elsewhere.longitude, elsewhere.latitude) == (106.9223, -6.9124)
    assert elsewhere.grave


def test_two_hospitals_of_one_list_are_never_joined() -> None:
    rows = "1,RSUD Tebet,RSUD,,,,106.84668,-6.23166\n2,RS Tebet,RSU,,,,106.85014,-6.2428\n"
    overlay = lay_over([], [parse_register(HEAD + rows, "r.csv")])
    assert [f.id for f in overlay.facilities] == ["reg:1", "reg:2"]


def test_a_chain_is_not_one_facility() -> None:
    features = [node(i, 106.9 + i / 50, -6.9, amenity="clinic", name="Klinik Kimia Jaya") for i in range(4)]
    assert len(lay_over(features).facilities) == 4


def test_different_facilities_at_the_very_same_place_are_suspected() -> None:
    rows = "1,RS Jiwa Soeharto,RS Khusus,,,,106.8,-6.2\n2,RS Marinir,RSU,,,,106.8,-6.2\n"
    overlay = lay_over([], [parse_register(HEAD + rows, "r.csv")])
    assert [conflicts(f) for f in overlay.facilities] == [{"same_place": Severity.GRAVE}] * 2


def test_a_row_without_a_place_takes_that_of_its_name_or_is_reported() -> None:
    text = "nama,jenis,lon,lat\nPuskesmas Cibinong,Puskesmas,,\nPuskesmas Entah,Puskesmas,,\nRS X,RS,106.7,-6.4\n"
    features = [node(1, 106.85, -6.48, amenity="clinic", name="Puskesmas Cibinong")]
    overlay = lay_over(features, [parse_register(text, "r.csv")])
    assert {f.name for f in overlay.facilities} == {"Puskesmas Cibinong", "RS X"}
    assert [(p.reference, p.code) for p in overlay.problems] == [("r.csv:3", "no_place")]
    assert problem_text("en", overlay.problems[0]) == "r.csv:3: no coordinates, and no facility of this name elsewhere"


def test_a_registers_word_on_capabilities_wins_over_osm() -> None:
    text = "nama,jenis,lon,lat,kapabilitas,tanggal\nRS Satu,Rumah Sakit,106.9,-6.9,tidak ada IGD; PONEK,2026-01-31\n"
    features = [node(1, 106.9, -6.9, amenity="hospital", name="RS Satu", emergency="yes")]
    (facility,) = lay_over(features, [parse_register(text, "r.csv")]).facilities
    claim = facility.claim("emergency")
    assert claim is not None
    assert (claim.value, claim.source, claim.date) == (Value.NO, "r.csv:2", "2026-01-31")
    assert (facility.value("poned"), facility.value("birth")) == (Value.YES, Value.YES)
    assert conflicts(facility)["capability"] is Severity.WARNING
    assert facility.emergency_hours is None


LETTERS = st.sampled_from(["RS Satu", "RS Dua", "Puskesmas Satu", "Klinik Gigi Satu", "Klinik Satu", "", "RSUD Satu"])


@given(st.lists(st.tuples(LETTERS, st.integers(0, 40), st.booleans()), max_size=12), st.randoms(use_true_random=False))
def test_no_record_is_lost_and_the_order_of_input_does_not_matter(world: list[tuple[str, int, bool]], random: Random) -> None:
    features = [
        node(i, 106.9 + place / 4000, -6.9, amenity="hospital" if hospital else "clinic", **({"name": name} if name else {}))
        for i, (name, place, hospital) in enumerate(world)
    ]
    overlay = lay_over(features)
    random.shuffle(features)
    assert lay_over(features) == overlay
    kept = sorted(source.reference for facility in overlay.facilities for source in facility.sources)
    assert kept == sorted(f"osm:node/{i}" for i in range(len(world)))
    assert len({facility.id for facility in overlay.facilities}) == len(overlay.facilities)
    assert from_json(to_json(overlay.facilities, overlay.problems)) == (overlay.facilities, overlay.problems)


@pytest.mark.shared
def test_kota_sukabumi(shared: Path) -> None:
    extract = read_extract(shared / "osm" / "kota-sukabumi.osm.pbf")
    register = read_register(shared / "registers" / "kota-sukabumi.csv")
    found = {facility.name: facility for facility in lay_over(extract.features, [register]).facilities}
    assert len(found) == 10
    assert len(found["RSUD R. Syamsudin, SH."].sources) == 3
    assert conflicts(found["RSUD R. Syamsudin, SH."]) == {"beds": Severity.NOTE}
    al_mulk = found["RS Umum Daerah Al-Mulk"]
    assert conflicts(al_mulk) == {"place": Severity.GRAVE}
    assert al_mulk.latitude == pytest.approx(-6.95859, abs=1e-5)
    assert found["klinik gigi"].kind == "dental_clinic"
    selabatu = found["Puskesmas Selabatu"]
    assert (selabatu.kind, selabatu.value("emergency")) == ("puskesmas", Value.UNKNOWN)
    assert sum(len(facility.sources) for facility in found.values()) == 12 + 10
    assert any("164 tempat tidur" in words for words in in_words(selabatu))
    assert all(in_words(facility) for facility in found.values() if facility.conflicts)
    assert from_json(to_json(tuple(found.values())))[0] == tuple(found.values())


@pytest.mark.shared
def test_jakarta_joins_only_rows_entered_twice(shared: Path) -> None:
    overlay = lay_over([], [read_register(shared / "registers" / "dki-jakarta.csv")])
    joined = [facility for facility in overlay.facilities if len(facility.sources) > 1]
    assert len(overlay.facilities) == 2130
    assert all(len({source.fields["nama"] for source in facility.sources}) == 1 for facility in joined)
    marinir = next(facility for facility in overlay.facilities if facility.name == "RS Marinir Cilandak")
    assert conflicts(marinir) == {"same_place": Severity.GRAVE}


@pytest.mark.shared
def test_monaco_has_a_pharmacy_that_is_tagged_as_a_hospital(shared: Path) -> None:
    found = {f.name: f for f in lay_over(read_extract(shared / "osm" / "monaco.osm.pbf").features).facilities}
    assert found["Farmacy des Anglais"].kind == "pharmacy"
    assert found["Centre Cardio Thoracique de Monaco"].value("emergency") is Value.YES
    assert found["Institut Monégasque de Médecine du Sport"].value("emergency") is Value.NO
