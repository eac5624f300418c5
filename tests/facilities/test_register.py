"""Registers as they come: spellings of columns and numbers, rows that can't be used, files that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from facilities import Value, problem_text
from facilities.prepare import parse_register, read_register
from routing import LANGUAGES, RegisterError

HEAD = "kode,nama,jenis,lon,lat\n"


def test_headings_and_numbers_as_offices_write_them() -> None:
    text = (
        "Kode Faskes;Nama RS;Tipe;Bujur;Lintang;Kapabilitas;Jam Layanan;Tempat Tidur;No. Telp\n"
        "A1;Puskesmas Cibinong;Puskesmas;106,8541;-6,4816;PONED, rawat inap; Senin-Jumat 07.30 s/d 14.30;12;021-1\n"
    )
    (record,) = parse_register(text, "a.csv").records
    assert (record.source.longitude, record.source.latitude) == (106.8541, -6.4816)
    assert (record.code, record.kind, record.beds, record.phone) == ("A1", "puskesmas", 12, "021-1")
    assert record.opening_hours == "Senin-Jumat 07.30 s/d 14.30"


def test_capabilities_may_be_denied() -> None:
    text = "nama;lon;lat;kapabilitas\nRS Satu;106.8;-6.4;IGD | PONEK | tidak ada ICU | HD: tidak | NICU: ya | sulap\n"
    register = parse_register(text, "a.csv")
    said = {claim.capability: claim.value for claim in register.records[0].claims}
    assert said == {"emergency": Value.YES, "ponek": Value.YES, "icu": Value.NO, "hemodialysis": Value.NO, "nicu": Value.YES}
    assert [(p.code, p.params["value"]) for p in register.problems] == [("unknown_capability", "sulap")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes((HEAD + "1,Klinik Café,Klinik,106.8,-6.4\n").encode(codec))
    assert read_register(path).records[0].name == "Klinik Café"


def test_rows_that_cannot_be_used_are_reported_by_line() -> None:
    text = HEAD + (
        "1,RS Satu,Rumah Sakit,106.8,-6.4\n"
        "2,,Rumah Sakit,106.8,-6.4\n"
        '3,"RS\nDua Baris",Rumah Sakit,106.8x,-6.4\n'
        "4,RS Empat,Rumah Sakit,0,0\n"
        "5,RS Lima,Rumah Sakit,-6.4,106.8\n"
        "6,RS Enam,Rumah Sakit,206.8,-6.4\n"
        "7,RS Tujuh\n"
        "\n"
        "8,RS Delapan,Rumah Sakit,,\n"
        "9,Toko,Toko Roti,106.8,-6.4\n"
    )
    register = parse_register(text, "r.csv")
    assert [record.name for record in register.records] == ["RS Satu", "RS Delapan", "Toko"]
    assert all(problem_text(language, problem) for language in LANGUAGES for problem in register.problems)
    assert [(p.reference, p.code) for p in register.problems] == [
        ("r.csv:3", "no_name"),
        ("r.csv:4", "bad_coordinate"),
        ("r.csv:6", "zero_place"),
        ("r.csv:7", "swapped"),
        ("r.csv:8", "out_of_range"),
        ("r.csv:9", "wrong_fields"),
        ("r.csv:12", "unknown_kind"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("nama,jenis\nRS,RS\n", "no column for longitude .*latitude"),
        ("lon,lat\n1,2\n", "no column for name"),
        (HEAD + "1,RS A,RS,-6.4,106.8\n2,RS B,RS,-6.5,106.9\n", "swapped in 2 of 2 rows"),
        (HEAD, "no usable row among 0"),
        (HEAD + "1,RS A,RS,x,y\n", "no usable row among 1 .line 2: bad_coordinate"),
        (HEAD + '1,"RS A,RS,106.8,-6.4\n2,RS B,RS,106.8,-6.4\n', "line 2: not CSV"),
        (HEAD + "1,RS Satu,RS,106.8,-6.4\n1,Klinik Lain,Klinik,106.8,-6.4\n", "lines 2 and 3 give code 1 to different"),
        (
            HEAD + "1,Sehat,RS,106.8,-6.4\n1,Sehat,Puskesmas,106.8,-6.4\n",
            "lines 2 and 3 give code 1 to “Sehat” as different kinds",
        ),
        (HEAD + "1,RS Satu,RS,106.8,-6.4\n1,RS Satu,RS,106.9,-6.4\n", "at places 11.1 km apart"),
    ],
)
def test_a_register_that_cannot_be_used_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(RegisterError, match=message) as caught:
        parse_register(text, "r.csv")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("r.csv: ")


@pytest.mark.parametrize("data", [b"PK\x03\x04xlsx", b"\x00\x01\x02", b"\xff\xfe\x00", b"%PDF-1.7", b"kode\x81nama\n"])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(RegisterError, match=r"not text|neither UTF-8"):
        read_register(path)
    with pytest.raises(RegisterError, match="can't be read"):
        read_register(tmp_path / "none.csv")


def test_the_same_code_for_the_same_facility_is_no_contradiction() -> None:
    text = HEAD + "1,RSUD Syamsudin,RSUD,106.800,-6.4\n1,RSUD R. Syamsudin SH,Rumah Sakit,106.801,-6.4\n"
    assert len(parse_register(text, "r.csv").records) == 2


def test_running_numbers_of_several_lists_are_no_codes() -> None:
    rows = [f"{n},Puskesmas Satu {n},Puskesmas,106.{n + 100},-6.4" for n in range(1, 15)]
    rows += [f"{n},Klinik Dua {n},Klinik,106.{n + 100},-6.5" for n in range(1, 15)]
    register = parse_register(HEAD + "\n".join(rows), "r.csv")
    assert {record.code for record in register.records} == {""}
    assert [p.code for p in register.problems] == ["local_numbers"]


def test_a_puskesmas_with_a_hospitals_class_and_beds_is_marked() -> None:
    text = "nama,jenis,kelas,tempat_tidur,lon,lat\nPuskesmas Selabatu,Puskesmas,D,164,106.93,-6.91\n"
    (record,) = parse_register(text, "r.csv").records
    assert record.kind == "puskesmas"
    assert [(c.code, c.severity.value) for c in record.conflicts] == [("implausible", "warning")]


@pytest.mark.shared
def test_jakartas_register_is_read_whole(shared: Path) -> None:
    register = read_register(shared / "registers" / "dki-jakarta.csv")
    assert len(register.records) == 2132
    assert [p.code for p in register.problems] == ["local_numbers"]
    kinds = {
        record.source.fields["jenis"]: record.kind for record in register.records if record.source.fields["jenis"] != "RSU"
    }
    assert kinds["Puskesmas Kelurahan"] == "puskesmas"
    assert kinds["Klinik Gigi"] == "dental_clinic"
    assert kinds["Klinik Kecantikan"] == "beauty_clinic"
    assert kinds["RSIA"] == "maternity_hospital"
    assert kinds["Bidan"] == "midwife"
    assert "unknown" not in {record.kind for record in register.records}
