"""What a dispatcher reads: in order, complete, without what does not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import now
from dispatch.regions import open_region
from tests.api.commands import Run

HEADER = "id,name,kind,status,longitude,latitude,fix_time,base,base_longitude,base_latitude\n"
THREE = "2026-11-22T03:00"


@pytest.fixture(scope="module")
def ends(data_folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two facilities' places, longitude and latitude: on streets that vehicles reach."""
    table = open_region(data_folder / "regions", "kota", now()).facilities
    hospitals = [one for one in table.facilities if one.kind in ("hospital", "puskesmas")]
    return tuple((one.longitude, one.latitude) for one in (hospitals[0], hospitals[-1]))  # type: ignore[return-value]


def at(place: tuple[float, float]) -> str:
    return f"--at={place[1]},{place[0]}"


def fleet_file(folder: Path, *rows: str) -> str:
    path = folder / "fleet.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(path)


Ends = tuple[tuple[float, float], tuple[float, float]]


def test_the_way_begins_where_the_vehicle_is_taken_to_be(siaga: Run, ends: Ends, tmp_path: Path) -> None:
    (x, y), (far_x, far_y) = ends
    fleet = fleet_file(tmp_path, f"A,A,ambulans desa,siaga,{x},{y},2026-11-21T12:00,Pos,{far_x},{far_y}")
    found = siaga("recommend", at((x, y)), "--fleet", fleet, "--time", THREE, "--json").json
    assert found["options"][0]["vehicle"]["taken_to_be_at"] == {"longitude": far_x, "latitude": far_y}
    start = found["legs"][0]["geometry"]["coordinates"][0]
    assert start == pytest.approx([far_x, far_y], abs=0.002)
    unseen = fleet_file(tmp_path, f"A,A,ambulans desa,siaga,,,,Pos,{far_x},{far_y}")
    assert len(siaga("recommend", at((x, y)), "--fleet", unseen, "--time", THREE, "--json").json["legs"]) == 2


def test_doubts_stand_beside_each_vehicle_and_nobody_is_named_twice(siaga: Run, ends: Ends, tmp_path: Path) -> None:
    x, y = ends[0]
    fleet = fleet_file(
        tmp_path,
        f"A,Ambulans Satu,ambulans desa,siaga,{x},{y},2026-11-22T02:59,,,",
        f"B,Ambulans Tua,ambulans desa,siaga,{x},{y},2026-11-22T02:20,,,",
        f"C,Motor Satu,motor,siaga,{x},{y},2026-11-22T02:59,,,",
        f"D,Ambulans Rusak,ambulans desa,rusak,{x},{y},2026-11-22T02:59,,,",
    )
    said = siaga("recommend", at(ends[1]), "--fleet", fleet, "--time", THREE, "--lang", "id").out
    table, _, others = said.partition("Kendaraan lain")
    assert "posisi 40 menit yang lalu" in table
    assert "Ambulans Tua" not in others
    assert others.index("Ambulans Rusak") < others.index("Motor Satu"), "who could never serve comes last"


def test_minutes_that_are_added_for_an_old_position_are_told(siaga: Run, ends: Ends, tmp_path: Path) -> None:
    x, y = ends[0]

    def said(fix_time: str) -> str:
        fleet = fleet_file(tmp_path, f"A,A,ambulans desa,siaga,{x},{y},{fix_time},,,")
        out = siaga("recommend", at(ends[1]), "--fleet", fleet, "--time", THREE, "--lang", "id").out
        return " ".join(out.replace("│", " ").split())

    assert "ditambah 10,0 menit karena posisinya bukan posisi sekarang" in said("")
    assert "bukan posisi sekarang" not in said("2026-11-22T02:59")


def test_nobody_to_send_still_tells_where_to_go(siaga: Run, ends: Ends, tmp_path: Path) -> None:
    x, y = ends[0]
    fleet = fleet_file(tmp_path, f"A,A,ambulans desa,rusak,{x},{y},,,,")
    said = siaga("recommend", at(ends[1]), "--fleet", fleet, "--time", THREE).out
    assert "No vehicle can be sent" in said
    assert "Facilities that can be gone to" in said


def test_a_visit_at_home_takes_nobody_anywhere(siaga: Run, ends: Ends, tmp_path: Path) -> None:
    x, y = ends[0]
    fleet = fleet_file(tmp_path, f"C,Motor Satu,motor,siaga,{x},{y},2026-11-22T02:59,,,")
    said = siaga("recommend", at(ends[1]), "--case", "home_care", "--priority", "green", "--fleet", fleet, "--time", THREE).out
    assert "To the patient" in said
    assert "To the facility" not in said
    assert "declines" not in said
    to = f"--to={ends[1][1]},{ends[1][0]}"
    body = fleet_file(tmp_path, f"J,Jenazah,mobil jenazah,siaga,{x},{y},2026-11-22T02:59,,,")
    ride = siaga("recommend", at((x, y)), to, "--case", "hearse", "--priority", "black", "--fleet", body, "--time", THREE).out
    assert "Expected until there" in ride
    assert "until care" not in ride


def test_when_the_tries_are_used_up_sitegar_is_no_drive(siaga: Run, ends: Ends) -> None:
    tried: list[str] = []
    for _ in range(3):
        asked = [part for name in tried for part in ("--tried", name)]
        tried.append(siaga("recommend", at(ends[1]), *asked, "--json").json["options"][0]["facility"]["id"])
    asked = [part for name in tried for part in ("--tried", name)]
    said = siaga("recommend", at(ends[1]), *asked).out
    assert "To what SITEGAR names" in said
    assert "To the facility" not in said


def test_nobody_drives_across_water(siaga: Run, data_folder: Path, tmp_path: Path) -> None:
    table = open_region(data_folder / "regions", "kota", now()).facilities
    island = next((one.longitude, one.latitude) for one in table.facilities if "Pulau" in one.name)
    shore = next((one.longitude, one.latitude) for one in table.facilities if one.kind == "hospital")
    rows = [f"{name},{name},ambulans desa,siaga,{x},{y},2026-11-22T02:59,,," for name, (x, y) in (("I", island), ("S", shore))]
    both = fleet_file(tmp_path, *rows)

    def asked(place: tuple[float, float], fleet: str) -> Any:
        return siaga("recommend", at(place), "--fleet", fleet, "--time", THREE, "--json").json

    ashore = asked(shore, both)
    assert [option["vehicle"]["id"] for option in ashore["options"]] == ["S"]
    assert ashore["vehicles_left_out"][0]["reasons"][0]["code"] == "vehicle.unreachable"
    on_island = asked(island, both)["options"]
    assert [(option["vehicle"]["id"], option["facility"]["id"]) for option in on_island] == [("I", "SITEGAR")]
    assert [remark["code"] for remark in on_island[0]["remarks"]] == ["facility.none_reachable"]
    # With nobody on the island, the nearest comes to the shore that faces it, and the way over is told.
    best = asked(island, fleet_file(tmp_path, rows[1]))["options"][0]
    assert (best["vehicle"]["id"], best["first_leg"]["on_foot_by"]) == ("S", "straight")
    assert "carry.unchecked" in [remark["code"] for remark in best["remarks"]]
