"""The commands, on an invented town: what they answer, and how they refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.bootstrap import Siaga, now
from api.cli.first_region import first_region, kept
from api.settings import read_settings
from dispatch.regions import about_regions, open_region
from tests.api.commands import Run


@pytest.fixture(scope="module")
def middle(data_folder: Path) -> str:
    """LAT,LON of a street in the middle of the town."""
    region = open_region(data_folder / "regions", "kota", now())
    longitude, latitude = region.about["middle"]
    return f"{latitude:.6f},{longitude:.6f}"


def test_a_recommendation_names_vehicle_facility_both_legs_and_why_the_others_lost(siaga: Run, middle: str) -> None:
    answer = siaga("recommend", f"--at={middle}", "--region", "kota", "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert [option["rank"] for option in found["options"]] == list(range(1, len(found["options"]) + 1))
    best = found["options"][0]
    minutes = best["first_leg"]["minutes"] + best["on_scene_minutes"] + best["second_leg"]["minutes"] + best["decline_minutes"]
    assert best["expected_minutes"] == pytest.approx(minutes, abs=0.3)
    assert len(found["legs"]) == 2
    # The drive counts what lies between the vehicle's position and the street as well; the route begins on the street.
    off_the_street = 60 * best["first_leg"]["drive_minutes"] - found["legs"][0]["duration_seconds"]
    assert -3 <= off_the_street <= 30
    assert found["legs"][1]["to"] == best["facility"]["name"]
    assert all(len(leg["geometry"]["coordinates"]) >= 2 and leg["steps"][-1]["type"] == "arrive" for leg in found["legs"])
    told = found["vehicles_lost"] + found["vehicles_left_out"] + found["facilities_lost"] + found["facilities_left_out"]
    assert all(reason["text"] for one in told for reason in one["reasons"])
    assert all(one["reasons"] for one in told)
    assert found["labels"], "an invented town and fleet are labelled"


def test_every_facility_and_vehicle_is_either_chosen_or_has_a_reason(siaga: Run, middle: str) -> None:
    found = siaga("recommend", f"--at={middle}", "--json", "--limit", "1").json
    known = {facility["id"] for facility in siaga("region", "show", "kota", "--json").json["facilities"]}
    told = {one["id"] for one in found["facilities_lost"] + found["facilities_left_out"]}
    assert told | {found["options"][0]["facility"]["id"]} == known
    vehicles = {one["id"] for one in found["vehicles_lost"] + found["vehicles_left_out"]}
    assert len(vehicles | {found["options"][0]["vehicle"]["id"]}) == 6


def test_a_facility_that_declined_is_not_asked_again(siaga: Run, middle: str) -> None:
    first = siaga("recommend", f"--at={middle}", "--json").json["options"][0]["facility"]["id"]
    second = siaga("recommend", f"--at={middle}", "--json", "--tried", first).json
    assert all(option["facility"]["id"] != first for option in second["options"])
    assert first in {one["id"] for one in second["facilities_left_out"]}


def test_a_fleet_file_is_used_and_its_wrong_rows_are_named(siaga: Run, middle: str, tmp_path: Path) -> None:
    latitude, longitude = middle.split(",")
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(f"id,name,kind,longitude,latitude\nA1,Ambulans Satu,ambulans desa,{longitude},{latitude}\n")
    found = siaga("recommend", f"--at={middle}", "--fleet", str(fleet), "--json").json
    assert [option["vehicle"]["id"] for option in found["options"]] == ["A1"]
    assert not any("fleet" in label.lower() for label in found["labels"])
    fleet.write_text(f"id,name,kind,longitude,latitude\nA1,Ambulans Satu,becak,{longitude},{latitude}\n")
    refused = siaga("recommend", f"--at={middle}", "--fleet", str(fleet))
    assert refused.code == 2
    assert "becak" in refused.err
    assert "fleet.csv" in refused.err


@pytest.mark.parametrize("language", ["id", "en"])
def test_tables_for_people_are_printed_in_both_languages(siaga: Run, middle: str, language: str) -> None:
    words = {"id": "KOTA REKAAN", "en": "INVENTED TOWN"}[language]
    for command in (
        ("recommend", f"--at={middle}"),
        ("route", f"--from={middle}", f"--to={middle}"),
        ("nearest", f"--at={middle}"),
        ("region", "show", "kota"),
    ):
        answer = siaga(*command, "--lang", language)
        assert answer.code == 0, answer.err
        assert words in answer.out
    assert siaga("region", "list", "--lang", language).code == 0


def test_nearest_ranks_by_road_and_tells_why_others_are_left_out(siaga: Run, middle: str) -> None:
    found = siaga("nearest", f"--at={middle}", "--need", "emergency", "--priority", "red", "--json").json
    minutes = [one["minutes"] for one in found["facilities"]]
    assert minutes
    assert minutes == sorted(minutes)
    assert all(one["reasons"] for one in found["left_out"])


def test_nearest_and_recommend_give_the_same_minutes(siaga: Run, middle: str) -> None:
    best = siaga("recommend", f"--at={middle}", "--json").json["options"][0]
    leg = best["second_leg"]
    found = siaga("nearest", f"--at={middle}", "--profile", leg["profile"], "--limit", "99", "--json").json
    minutes = {one["id"]: one["minutes"] for one in found["facilities"] + found["uncertain"]}
    assert minutes[best["facility"]["id"]] == pytest.approx(leg["minutes"] - leg["on_foot_minutes"], abs=0.11)


def test_a_closed_road_changes_the_way(siaga: Run, middle: str) -> None:
    hospital = next(one for one in siaga("region", "show", "kota", "--json").json["facilities"] if one["kind"] == "hospital")
    ask = ("route", f"--from={middle}", f"--to={hospital['latitude']},{hospital['longitude']}", "--json")
    before = siaga(*ask).json
    longitude, latitude = before["geometry"]["coordinates"][len(before["geometry"]["coordinates"]) // 2]
    after = siaga(*ask, "--closed", f"{latitude},{longitude},20").json
    assert after["duration_seconds"] > before["duration_seconds"]
    assert [longitude, latitude] not in after["geometry"]["coordinates"]


def test_what_a_search_finds_can_be_asked_for_by_its_words(siaga: Run) -> None:
    facility = next(one for one in siaga("region", "show", "kota", "--json").json["facilities"] if one["kind"] == "hospital")
    found = siaga("search", facility["name"], "--json").json
    assert found[0]["name"] == facility["name"]
    assert siaga("nearest", "--at", facility["name"], "--json").json["at"]["name"] == facility["name"]


BAD = {
    "a truncated extract": (["region", "build", "x", "--osm", "{cut}"], "cut.osm.pbf"),
    "an extract without roads": (["region", "build", "x", "--osm", "{empty}"], "road"),
    "a missing extract": (["region", "build", "x", "--osm", "nowhere.osm.pbf"], "nowhere.osm.pbf"),
    "no source": (["region", "build", "x"], "--osm"),
    "two sources": (["region", "build", "x", "--osm", "a.pbf", "--invented", "500"], "--osm"),
    "a wrong name": (["region", "build", "Kota Baru", "--invented", "500"], "Kota Baru"),
    "a contradictory register": (
        ["region", "build", "x", "--invented", "300", "--register", "{contradictory}"],
        "contradictory.csv",
    ),
    "a missing register": (["region", "build", "x", "--invented", "300", "--register", "gone.csv"], "gone.csv"),
    "not a box": (["region", "build", "x", "--bbox", "1,2,3"], "1,2,3"),
    "a place outside": (["recommend", "--at=10.0,10.0"], "road"),
    "a place that is none": (["recommend", "--at=zzzzqqqq"], "zzzzqqqq"),
    "an unknown case": (["recommend", "--at={middle}", "--case", "pijat"], "pijat"),
    "an unknown capability": (["nearest", "--at={middle}", "--need", "pijat"], "pijat"),
    "an unknown priority": (["recommend", "--at={middle}", "--priority", "ungu"], "ungu"),
    "an unknown policy": (["recommend", "--at={middle}", "--policy", "coin"], "coin"),
    "an unknown profile": (["route", "--from={middle}", "--to={middle}", "--profile", "kapal"], "kapal"),
    "an unknown facility": (["recommend", "--at={middle}", "--tried", "nobody"], "nobody"),
    "a wrong closure": (["route", "--from={middle}", "--to={middle}", "--closed", "here"], "here"),
    "a wrong time": (["recommend", "--at={middle}", "--time", "kemarin"], "kemarin"),
    "a wrong language": (["region", "list", "--lang", "fr"], "fr"),
    "a missing region": (["recommend", "--at={middle}", "--region", "atlantis"], "atlantis"),
    "an unknown option": (["recommend", "--wo", "x"], "--wo"),
    "an unknown command": (["terbang"], "terbang"),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_gets_one_clear_line_and_writes_nothing(
    siaga: Run, middle: str, tmp_path: Path, data_folder: Path, small_extract: Path, bad: str
) -> None:
    (tmp_path / "cut.osm.pbf").write_bytes(small_extract.read_bytes()[:-200])
    (tmp_path / "empty.osm").write_text('<osm version="0.6"><node id="1" lat="-6.9" lon="106.9"/></osm>')
    (tmp_path / "contradictory.csv").write_text(
        "kode,nama,jenis,lon,lat\n1,RS Satu,Rumah Sakit,106.80,-6.50\n1,Puskesmas Dua,Puskesmas,106.90,-6.60\n"
    )
    places = {
        "middle": middle,
        "cut": str(tmp_path / "cut.osm.pbf"),
        "empty": str(tmp_path / "empty.osm"),
        "contradictory": str(tmp_path / "contradictory.csv"),
    }
    command, named = BAD[bad]
    answer = siaga(*(word.format(**places) for word in command))
    assert answer.code == 2, answer.out + answer.err
    lines = [line for line in answer.err.splitlines() if line.strip()]
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("siaga: ")
    assert named in lines[0]
    assert sorted(path.name for path in (data_folder / "regions").iterdir()) in (["kota"], ["kota", "x"])
    assert not [path for path in (data_folder / "regions").rglob("*") if path.is_file() and "kota" not in path.parts]


@pytest.fixture(scope="session")
def small_extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small .osm.pbf of our own."""
    from routing.sample import invented_town
    from routing.write_extract import write_pbf

    path = tmp_path_factory.mktemp("pbf") / "town.osm.pbf"
    write_pbf(invented_town(200), path)
    return path


def test_an_extract_is_built_from_its_file(
    siaga: Run, small_extract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path))
    answer = siaga("region", "build", "dari-berkas", "--osm", str(small_extract), "--json")
    assert answer.code == 0, answer.err
    assert not answer.json["invented"], "what a file holds is taken for real"
    assert siaga("region", "list", "--json").json[0]["name"] == "dari-berkas"


def test_a_damaged_region_is_refused_by_name(siaga: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path))
    assert siaga("region", "build", "rusak", "--invented", "150", "--json").code == 0
    weights = next(tmp_path.rglob("turn_head.npy"))
    held = bytearray(weights.read_bytes())
    held[-1] ^= 1
    weights.write_bytes(held)
    answer = siaga("recommend", "--at=0,0", "--region", "rusak")
    assert answer.code == 2
    assert "'rusak' is damaged" in answer.err
    assert "turn_head.npy" in answer.err


def test_a_damaged_manifest_leaves_other_regions_usable(
    siaga: Run, small_extract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path))
    for name in ("rusak", "utuh"):
        assert siaga("region", "build", name, "--osm", str(small_extract), "--json").code == 0
    next(tmp_path.glob("regions/rusak/*/manifest.json")).write_text("{")
    listed = siaga("region", "list", "--json")
    assert [about["name"] for about in listed.json] == ["utuh"]
    assert "rusak" in listed.err
    assert first_region(Siaga(read_settings()), None, None, "en").name == "utuh"


def test_an_invented_town_is_never_taken_for_one_that_was_built_before(data_folder: Path) -> None:
    here = Siaga(read_settings({"SIAGA_DATA_DIR": str(data_folder)}))
    assert about_regions(here.settings.regions_folder)[0]["kota"]["invented"]
    assert kept(here) is None
    assert first_region(here, None, "kota", "en").invented, "unless it is asked for by its name"


def test_shells_complete_its_commands() -> None:
    environment = {**os.environ, "_SIAGA_COMPLETE": "complete_bash", "COMP_WORDS": "siaga re", "COMP_CWORD": "1"}
    answer = subprocess.run(
        [Path(sys.executable).parent / "siaga"], env=environment, capture_output=True, text=True, check=False
    )
    assert set(answer.stdout.split()) == {"region", "recommend", "restore"}
