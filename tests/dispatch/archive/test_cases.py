"""The row of a case says what happened, and of what nobody knows it says nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch.archive import CASES, EVENTS, ArchiveDamagedError, ArchiveSchemaError, read_cases, read_events
from dispatch.archive.columns import columns_of
from dispatch.archive.parquet import bounds_of, write_rows
from dispatch.life.case import Outcome
from dispatch.life.commands import Assign, BeginTreatment, EndEscort, EndPatient, Join, Progress, RefuseAtDoor, ReportBreakdown
from dispatch.life.particulars import cell_of
from dispatch.life.referral import Decline
from dispatch.life.run import Rider
from dispatch.life.stamps import TimePoint
from dispatch.store import Store
from routing import InputError
from tests.dispatch.archive.kept import Teller, archivist, delivered, rows, soon, store_events
from tests.dispatch.life.stories import TO_THE_DOOR, TO_THE_PATIENT, hand_over, press, says_no, says_yes, sent
from tests.dispatch.life.worlds import DRIVER, START, Desk
from tests.stores import Run


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def archived(run: Run, store: Store, region: str, folder: Path, desk: Desk) -> list[dict[str, Any]]:
    async def scenario() -> None:
        await Teller(store, region).tell(desk)
        await archivist(store, region, folder).archive(soon())

    run(scenario())
    return rows(folder, "cases")


def test_a_case_in_full(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    (row,) = archived(run, store, region, tmp_path, delivered())
    times = {name: value for name, value in row.items() if isinstance(value, datetime)}
    assert times == {
        "received_at": at(0),
        "recorded_at": at(0),
        "assigned_at": at(0),
        "acknowledged_at": at(1),
        "departed_at": at(2),
        "at_scene_at": at(3),
        "with_patient_at": at(4),
        "left_scene_at": at(5),
        "at_facility_at": at(6),
        "handed_over_at": at(8),
        "escort_ended_at": at(18),
        "available_at": at(23),
        "closed_at": at(18),
    }
    expected = {
        "region": region, "patient": "1", "final": True, "kind": "emergency", "priority": "red", "patients": 1,
        "vehicle": "a1", "helper": None, "officers": 0, "chosen": "recommended", "passed_over": 0, "run_ended": "completed",
        "corrected": 0, "desk_requests": 0, "destination": "facility", "facility": "f1", "outcome": "treated",
        "died_at": None, "pickup_at": None, "left_facility_at": None, "into": None,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    (attempt,) = row["attempts"]
    assert (attempt["facility"], attempt["state"], attempt["via"], attempt["reason"]) == ("f1", "accepted", "ranking", None)


def test_facilities_that_declined_are_told_in_order(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = sent()
    press(desk, *TO_THE_PATIENT, TimePoint.LEFT_SCENE)
    says_no(desk, Decline.ICU_FULL)
    desk.ring(desk.now + timedelta(minutes=6))
    press(desk, TimePoint.AT_FACILITY)
    desk.give(RefuseAtDoor("K1", "1", Decline.ROOM_FULL))
    desk.give(Progress(desk.run().id, TimePoint.LEFT_FACILITY))
    press(desk, TimePoint.AT_FACILITY)
    hand_over(desk)

    desk.give(EndEscort(desk.run().id, "keluarga datang"))
    desk.give(Progress(next(iter(desk.world.runs)), TimePoint.AVAILABLE))
    (row,) = archived(run, store, region, tmp_path, desk)
    told = [(one["facility"], one["state"], one["reason"]) for one in row["attempts"]]
    assert told[:3] == [("f1", "declined", "icu_full"), ("f2", "unanswered", None), ("f3", "refused_at_door", "room_full")]
    assert row["attempts"][1]["moved_at"] - row["attempts"][1]["asked_at"] == timedelta(minutes=5)
    assert row["left_facility_at"] is not None
    assert row["left_facility_at"] < row["at_facility_at"]
    assert row["outcome"] == "handed_over"
    assert row["left_scene_at"] == at(5)


def test_what_was_not_pressed_is_missing(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = sent((TimePoint.ACKNOWLEDGED, TimePoint.LEFT_SCENE, TimePoint.AT_FACILITY))
    hand_over(desk)
    desk.give(BeginTreatment("K1", "1"))
    desk.give(Progress(next(iter(desk.world.runs)), TimePoint.AVAILABLE))
    (row,) = archived(run, store, region, tmp_path, desk)
    missing = [name for name in ("departed_at", "at_scene_at", "with_patient_at") if row[name] is None]
    assert missing == ["departed_at", "at_scene_at", "with_patient_at"]
    assert row["left_scene_at"] is not None


def test_a_breakdown_gives_two_rows_one_of_them_final(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = sent(TO_THE_PATIENT)
    desk.wait(minutes=1)
    desk.give(ReportBreakdown("a1"), actor=DRIVER)
    if desk.case().search is not None:
        desk.give(Assign("K1", "a2"))
    delivered(desk)
    found = archived(run, store, region, tmp_path, desk)
    assert [(one["vehicle"], one["run_ended"], one["final"]) for one in found] == [
        ("a1", "broken_down", False),
        ("a2", "completed", True),
    ]
    assert found[0]["handed_over_at"] is None
    assert found[0]["at_scene_at"] < found[1]["at_scene_at"]


def test_a_row_waits_for_the_run_to_end(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = sent(TO_THE_DOOR)
    says_yes(desk)
    hand_over(desk)

    desk.give(BeginTreatment("K1", "1"))
    assert not desk.case().open
    assert desk.world.runs
    assert archived(run, store, region, tmp_path, desk) == []


def test_people_on_one_run_have_their_own_times(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    """a1 fetches K1's patient, then K2's; each has their own departure, the second was not there for the first door."""

    desk = Desk()
    desk.fleet("a1", capacity=2)
    desk.facilities = ("f1",)
    desk.opened(case="K1")
    desk.give(Assign("K1", "a1"))
    press(desk, *TO_THE_PATIENT, TimePoint.LEFT_SCENE)
    desk.opened(case="K2")
    desk.give(Join(desk.run("K1").id, "K2", ("1",)))
    second = (Rider("K2", "1"),)
    press(desk, TimePoint.AT_SCENE, TimePoint.WITH_PATIENT, riders=second)
    desk.give(EndPatient("K2", "1", Outcome.REFUSED))
    press(desk, TimePoint.AT_FACILITY)
    hand_over(desk)

    desk.give(BeginTreatment("K1", "1"))
    desk.give(Progress(next(iter(desk.world.runs)), TimePoint.AVAILABLE))
    first, other = sorted(archived(run, store, region, tmp_path, desk), key=lambda one: one["received_at"])
    assert (first["at_scene_at"], first["with_patient_at"], first["left_scene_at"]) == (at(3), at(4), at(5))
    assert (other["at_scene_at"], other["with_patient_at"], other["left_scene_at"]) == (at(6), at(7), None)
    assert other["at_facility_at"] is other["handed_over_at"] is other["escort_ended_at"] is None
    assert (first["outcome"], other["outcome"]) == ("treated", "refused")
    assert first["at_facility_at"] == at(8)


def test_the_planner_reads_months_with_places(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    desk = Desk()
    desk.now = datetime(2026, 11, 30, 16, 59, tzinfo=UTC)  # a minute to December in Jakarta
    desk.fleet("a1", "a2")
    desk.facilities = ("f1", "f2")
    desk.opened()
    desk.give(Assign("K1", "a1"))
    delivered(desk)
    archived(run, store, region, tmp_path, desk)
    november, december = read_events(tmp_path, ["2026-11"]), read_events(tmp_path, ["2026-12"])
    assert len(november) > 0 < len(december)
    assert november["happened_at"].max() < december["happened_at"].min()
    cases = read_cases(tmp_path, ["2026-11"], [region])
    assert isinstance(cases, geopandas.GeoDataFrame)
    assert cases.crs == "EPSG:4326"
    assert list(cases.columns) == [one.name for one in CASES]
    assert list(november.columns) == [one.name for one in EVENTS]
    assert str(cases["received_at"].dtype) == "datetime64[ms, UTC]"
    assert cases["left_facility_at"].isna().all()
    (place,) = cases.to_crs("EPSG:32748").geometry
    assert 55_000 < place.area < 70_000
    assert len(read_cases(tmp_path, ["2026-12"])) == 0
    assert list(read_cases(tmp_path, []).columns) == [one.name for one in CASES]


def test_other_tools_open_the_files_as_they_are(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    archived(run, store, region, tmp_path, delivered())
    whole = geopandas.read_parquet(tmp_path / region / "cases")
    assert (len(whole), whole.crs, list(whole["month"])) == (1, "EPSG:4326", ["2026-03"])
    (file,) = (tmp_path / region / "cases").glob("*/*.parquet")
    assert geopandas.read_parquet(file).geometry.is_valid.all()
    told = pq.read_schema(file)
    assert told.metadata[b"siaga:schema"] == b"1"
    assert {
        field.name: str(field.type) for field in told if field.name in ("received_at", "officers", "final", "expected_s")
    } == {
        "received_at": "timestamp[ms, tz=UTC]",
        "officers": "int32",
        "final": "bool",
        "expected_s": "double",
    }


def test_what_can_not_be_read_is_refused_by_name(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    archived(run, store, region, tmp_path, delivered())
    with pytest.raises(InputError, match="2026-13"):
        read_cases(tmp_path, ["2026-13"])
    with pytest.raises(InputError, match="nowhere"):
        read_cases(tmp_path, regions=["nowhere"])
    (file,) = (tmp_path / region / "cases").glob("*/*.parquet")
    table = pq.ParquetFile(file).read()
    newer = {**table.schema.metadata, b"siaga:schema": b"2"}
    pq.write_table(table.replace_schema_metadata(newer), file)
    with pytest.raises(ArchiveSchemaError, match=f"{file.name}: a newer release"):
        read_cases(tmp_path)
    pq.write_table(pa.table({"a": [1]}), file)
    with pytest.raises(ArchiveDamagedError, match="no file of the archive"):
        read_cases(tmp_path)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ArchiveDamagedError, match=file.name):
        read_cases(tmp_path)
    file.unlink()
    with pytest.raises(ArchiveDamagedError, match=file.name):
        read_cases(tmp_path)


def test_only_columns_that_are_named_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'caller_name' is no column"):
        write_rows(tmp_path / "x.parquet", "cases", [{"caller_name": "Siti"}])
    assert list(tmp_path.iterdir()) == []
    for table in ("events", "cases"):
        names = [one.name for one in columns_of(table)]  # type: ignore[arg-type]
        assert len(names) == len(set(names))


@given(st.floats(-179.9, 179.9), st.floats(-85, 85))
def test_a_place_lies_in_the_polygon_of_its_cell(longitude: float, latitude: float) -> None:
    west, south, east, north = bounds_of(cell_of(longitude, latitude))
    close = 1e-9
    assert west - close <= longitude <= east + close
    assert south - close <= latitude <= north + close
    assert shapely.box(west, south, east, north).area < 1


def test_an_archive_of_nothing_in_particular(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await store.open_region(region)
        done = await archivist(store, region, tmp_path).archive(soon())
        assert done.events == 0
        await store_events(store, region, [])

    run(scenario())
    assert list(tmp_path.glob("*/*/*/*.parquet")) == []
    assert len(read_cases(tmp_path)) == 0


def test_serving_imports_neither_geopandas_nor_pyarrow() -> None:
    names = ("geopandas", "pandas", "pyarrow", "pyproj")
    code = f"import sys, dispatch.archive; print([name for name in {names!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
