"""Who says what of a facility: every value is one that its source has, and the source is the first that has any."""

from __future__ import annotations

import pytest

from facilities import Facility, said_of
from facilities.prepare import lay_over, parse_register
from facilities.provenance import Said
from routing import Feature
from routing.sample import invented_register, invented_town

HEAD = "kode,nama,jenis,kelas,tempat tidur,kapabilitas,jam buka,alamat,telepon,tanggal,lon,lat\n"


def _one(features: list[Feature], *rows: str) -> Facility:
    registers = [parse_register(HEAD + "\n".join(rows), "faskes.csv")] if rows else []
    (found,) = lay_over(features, registers).facilities
    return found


def _by_name(facility: Facility) -> dict[str, Said]:
    return {one.capability or one.attribute: one for one in said_of(facility)}


def test_a_register_says_most_and_osm_the_rest() -> None:
    tags = {
        "amenity": "hospital",
        "name": "RSUD Cibinong",
        "emergency": "yes",
        "phone": "021-1",
        "opening_hours": "24/7",
        "check_date": "2025-01-02",
    }
    row = '3201,RSUD Cibinong,Rumah Sakit,B,300,"ICU; tidak ada HD",,Jl. KSR 1,,2024-05-06,106.8501,-6.48'
    said = _by_name(_one([Feature("way", 7, 106.85, -6.48, tags)], row))
    for name, value in (("name", "RSUD Cibinong"), ("kind", "hospital"), ("beds", "300"), ("hospital_class", "B")):
        assert said[name] == Said(name, value, "faskes.csv:2", "2024-05-06")
    assert said["address"] == Said("address", "Jl. KSR 1", "faskes.csv:2", "2024-05-06")
    assert said["phone"] == Said("phone", "021-1", "osm:way/7", "2025-01-02")
    assert said["opening_hours"] == Said("opening_hours", "24/7", "osm:way/7", "2025-01-02")
    assert said["place"] == Said("place", "-6.48000,106.85000", "osm:way/7", "2025-01-02")
    assert said["icu"] == Said("capability", "yes", "faskes.csv:2", "2024-05-06", "stated", "icu")
    assert said["hemodialysis"] == Said("capability", "no", "faskes.csv:2", "2024-05-06", "stated", "hemodialysis")
    assert said["emergency"].source in ("osm:way/7", "faskes.csv:2")


def test_what_only_the_name_or_the_kind_tells_is_said_to_be_so() -> None:
    clinic = _by_name(_one([Feature("node", 3, 106.85, -6.48, {"amenity": "hospital", "name": "Puskesmas Citeureup"})]))
    assert clinic["kind"] == Said("kind", "puskesmas", "osm:node/3 (name)", None)
    implied = [one for one in clinic.values() if one.basis == "implied"]
    assert implied
    assert {one.source for one in implied} <= {"kind:puskesmas", "osm:node/3"}


@pytest.mark.parametrize("junctions", [300, 900])
def test_every_value_of_a_town_is_the_one_that_is_gone_by_and_stands_in_its_source(junctions: int) -> None:
    extract = invented_town(junctions)
    registers = [parse_register(invented_register(extract), "register", (-180, -90, 180, 90))]
    facilities = lay_over(extract.features, registers).facilities
    assert len(facilities) > 5
    for facility in facilities:
        sources = {one.reference: one for one in facility.sources}
        said = said_of(facility)
        assert len({(one.attribute, one.capability) for one in said}) == len(said)
        for one in said:
            reference = one.source.removesuffix(" (name)")
            if one.attribute == "capability":
                assert facility.value(one.capability).name.lower() == one.value
            elif one.attribute not in ("place", "kind"):
                assert str(getattr(facility, one.attribute)) == one.value
                assert one.basis == "implied" or any(one.value in each for each in sources[reference].fields.values())
            if not one.source.startswith("kind:"):
                assert one.date == sources[reference].date
        told = {one.attribute for one in said}
        assert {"place"} <= told
        assert ("name" in told) == bool(facility.name)
        assert ("kind" in told) == (facility.kind != "unknown")
        assert {one.capability for one in said if one.capability} == set(facility.settled)
