"""Fleet files: tolerant headers, errors by row, invented vehicles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.fleet import Vehicle, VehicleKind, VehicleStatus, invented_fleet, read_fleet, write_fleet
from routing import RegisterError

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)


def fleet_file(folder: Path, text: str) -> Path:
    path = folder / "fleet.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_indonesian_headers_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path = fleet_file(
        tmp_path,
        "\ufeffKode;Nama;Jenis;Perlengkapan;Status;Lintang;Bujur;Waktu Posisi;Pangkalan;Catatan\n"
        "A1;Ambulans Ciriung;Ambulans Kelurahan;sirene|rotator|tandu;Siaga;-6,4712;106,8581;2025-03-01 14:58;Kel. Ciriung;-\n"
        "\n"
        "T1;TRC 1;Mobil TRC;;kembali;-6,48;106,86;;;\n",
    )
    ambulance, car = read_fleet(path, ZoneInfo("Asia/Jakarta"))
    assert ambulance == Vehicle(
        "A1",
        "Ambulans Ciriung",
        VehicleKind.VILLAGE_AMBULANCE,
        frozenset({"siren", "lights", "stretcher"}),
        VehicleStatus.STANDBY,
        106.8581,
        -6.4712,
        datetime(2025, 3, 1, 14, 58, tzinfo=ZoneInfo("Asia/Jakarta")),
        "Kel. Ciriung",
    )
    assert ambulance.fix_age_seconds(NOW) == 120
    assert (car.kind, car.status, car.capacity, car.fix_time) == (VehicleKind.TRC_CAR, VehicleStatus.RETURNING, 3, None)
    assert car.fix_age_seconds(NOW) is None


def test_a_fix_from_the_future_is_of_now() -> None:
    vehicle = Vehicle("A", "A", VehicleKind.TRC_CAR, fix_time=NOW + timedelta(minutes=2))
    assert vehicle.fix_age_seconds(NOW) == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("id,kind,lat,lon\n", "no vehicle"),
        ("name,kind\nA,ambulance\n", "row 1: no column for 'id'"),
        ("id,kode,kind\n", "two columns mean 'id'"),
        ("id,kind,lat,lon\nA,ambulance,-6.5,106\nA,trc,-6.5,106\n", "row 3, column id: 'A' is already in row 2"),
        ("id,kind,lat,lon\nA,helicopter,-6.5,106\n", "row 2, column kind: 'helicopter' is not known"),
        ("id,kind,lat,lon\nA,trc,106,-6.5\n", "row 2, column latitude: 106 is not between -90 and 90"),
        ("id,kind,lat,lon\nA,trc,-6.5,\n", "row 2, column longitude: is empty while"),
        ("id,kind,lat,lon\nA,trc,,\n", "no base position"),
        ("id,kind,lat,lon\nA,trc,nan,106\n", "row 2, column latitude: nan is not between"),
        ("id,kind,lat,lon\nA,trc,x,106\n", "'x' is not a number"),
        ("id,kind,lat,lon,time\nA,trc,-6,106,yesterday\n", "row 2, column fix_time: 'yesterday' is not a time"),
        ("id,kind,lat,lon,status\nA,trc,-6,106,asleep\n", "column status: 'asleep' is not known"),
        ("id,kind,lat,lon,equipment\nA,trc,-6,106,magic\n", "column equipment: 'magic' is not known"),
        ("id,kind,lat,lon\nA,trc,-6,106,too,many\n", "row 2: has 6 cells, the header has 4"),
        ("id,kind,lat,lon,scheduled\nA,trc,-6,106,maybe\n", "neither yes nor no"),
        ("id,kind,lat,lon\n,trc,-6,106\n", "row 2, column id: is empty"),
    ],
)
def test_wrong_files_name_row_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = fleet_file(tmp_path, text)
    with pytest.raises(RegisterError) as error:
        read_fleet(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    path = fleet_file(tmp_path, "id,kind,lat,lon\n" + "".join(f"A{i},boat,-6,106\n" for i in range(5)))
    with pytest.raises(RegisterError, match="and 2 more"):
        read_fleet(path)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="can't be read"):
        read_fleet(tmp_path / "none.csv")
    (tmp_path / "fleet.csv").write_bytes(b"id,kind\n\xff\xfe")
    with pytest.raises(RegisterError, match="not UTF-8"):
        read_fleet(tmp_path / "fleet.csv")


def test_invented_vehicles_say_so_are_repeatable_and_survive_a_file(tmp_path: Path) -> None:
    places = [("Kel. A", 106.8, -6.5), ("Kel. B", 106.9, -6.4), ("", 106.7, -6.6)]
    fleet = invented_fleet(places, 12, seed=3, now=NOW)
    assert all(vehicle.invented for vehicle in fleet)
    assert fleet == invented_fleet(places, 12, seed=3, now=NOW)
    assert fleet != invented_fleet(places, 12, seed=4, now=NOW)
    assert {vehicle.kind for vehicle in fleet} == set(VehicleKind)
    assert len({vehicle.id for vehicle in fleet}) == 12
    write_fleet(tmp_path / "fleet.csv", fleet)
    again = read_fleet(tmp_path / "fleet.csv")
    assert [replace(vehicle, invented=False) for vehicle in fleet] == again
    with pytest.raises(ValueError, match="places"):
        invented_fleet([], 1, seed=0, now=NOW)
