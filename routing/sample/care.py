"""Hospitals, puskesmas, clinics and shelters of a place, as OSM has them: tags missing here and there, one of them wrong.

What OSM has no tag for is kept under `operator:*` (code, class, capabilities, hours as an office writes them), which is
what the health office's register is made from.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable

import numpy as np

from routing.osm import Extract
from routing.sample.dice import Dice, Ints, draw
from routing.sample.districts import Districts
from routing.sample.edges import Kind, Streets
from routing.sample.ground import Ground, Quarter
from routing.sample.landmarks import kelurahan_name
from routing.sample.survey import Survey

# Class: beds, what it can do (in a register's words), OSM specialities.
_HOSPITALS: dict[str, tuple[int, str, str]] = {
    "A": (720, "IGD;PONEK;ICU;PICU;NICU;HD;CT Scan;Cath Lab;Bedah;Bank Darah;Laboratorium;Radiologi;Isolasi;Jiwa",
          "emergency;intensive;surgery;dialysis;psychiatry"),
    "B": (340, "IGD;PONEK;ICU;NICU;HD;CT Scan;Bedah;Bank Darah;Laboratorium;Radiologi", "emergency;intensive;surgery;dialysis"),
    "C": (150, "IGD;ICU;Bedah;Laboratorium;Radiologi;Persalinan", "emergency;surgery"),
    "D": (60, "IGD;Rawat Inap;Laboratorium;Persalinan", ""),
}  # fmt: skip
_CLASSES = ("B", "C", "D", "C", "D", "C", "A", "D", "C", "B", "D")
_OFFICE_HOURS = (
    "Mo-Th 07:30-14:00; Fr 07:30-11:00; Sa 07:30-12:00; PH off",
    "Senin-Kamis 07.30-14.00, Jumat 07.30-11.00, Sabtu 07.30-12.00",
)
_EVENINGS = ("Mo-Sa 08:00-21:00; PH off", "Senin-Sabtu 08.00-21.00")


def facility_count(junctions: int) -> int:
    """How many hospitals, puskesmas and clinics: 12 in a town of 3,000 junctions, some 400 in a region of a million."""
    return max(3, round(12 * math.pow(junctions / 3000, 0.6)))


def build_facilities(ground: Ground, streets: Streets, districts: Districts, junctions: int, survey: Survey) -> None:
    """Add the facilities."""
    great, quiet = _sites(ground, streets)
    dice = Dice(ground.seed, "facilities")
    sites, side_sites = iter(great.tolist()), iter(quiet.tolist())
    count = facility_count(junctions)
    hospitals = max(1, round(count * 0.25))
    puskesmas = max(1, round(count * 0.35))

    def home(corner: int) -> str:
        return kelurahan_name(int(districts.of_block[ground.block[corner]]))

    for number in range(hospitals):
        corner = next(sites)
        _hospital(ground, survey, corner, home(corner), number, dice)
    for number in range(puskesmas):
        corner = next(side_sites if number % 2 else sites)
        _puskesmas(ground, survey, corner, home(corner), number)
    for number in range(count - hospitals - puskesmas):
        corner = next(sites if number % 2 else side_sites)
        _clinic(ground, survey, corner, home(corner), number, dice)
    _misplaced_kinds(ground, survey, next(side_sites), next(side_sites), next(side_sites), home)
    for number in range(1 + junctions // 60_000):
        corner = next(side_sites)
        tags = {"amenity": "social_facility", "social_facility": "shelter", "name": f"Rumah Singgah {home(corner)}"}
        _stand(ground, survey, corner, {**tags, "opening_hours": "24/7", "operator:type": "government"})
        corner = next(side_sites)
        tags = {"amenity": "social_facility", "social_facility": "group_home", "social_facility:for": "senior"}
        _stand(ground, survey, corner, {**tags, "name": f"Panti Werdha {home(corner)} {number + 1}"})
    for block in np.flatnonzero(ground.quarter == Quarter.LAKE).tolist():
        corner = int(np.flatnonzero(ground.island & (ground.block == block))[0])
        tags = {"amenity": "clinic", "healthcare": "centre", "name": f"Pustu Pulau {home(corner)}"}
        tags |= {"opening_hours": "Mo-Fr 08:00-12:00; PH off", "operator:type": "government"}
        _stand(ground, survey, corner, {**tags, "operator:code": f"PU{block:05d}", "operator:capabilities": "Poli Umum"})


def _sites(ground: Ground, streets: Streets) -> tuple[Ints, Ints]:
    """Corners on greater streets and on quiet ones, in towns, in random order; every place has enough of both."""
    degree = streets.degree(ground.corners)
    built = (degree > 0) & ~ground.island & ground.inner
    town = built & (ground.quarter[ground.block] >= Quarter.KAMPUNG)
    if np.count_nonzero(town) < 60:
        town = built
    busy = np.zeros(ground.corners, bool)
    greater = streets.line & (streets.kind <= Kind.SECONDARY)
    busy[streets.tail[greater]] = True
    local = np.zeros(ground.corners, bool)
    drivable = ~streets.line & (streets.kind <= Kind.RESIDENTIAL)
    local[streets.tail[drivable]] = True
    result = []
    for purpose, fit in (("busy site", town & busy), ("quiet site", town & local)):
        corners = np.flatnonzero(fit)
        result.append(corners[np.argsort(draw(ground.seed, purpose, corners), kind="stable")])
    return result[0], result[1]


def _stand(ground: Ground, survey: Survey, corner: int, tags: dict[str, str]) -> None:
    j, i = divmod(corner, ground.columns)
    survey.point(i + 0.3, j + 0.3, tags)


def _hospital(ground: Ground, survey: Survey, corner: int, home: str, number: int, dice: Dice) -> None:
    kelas = _CLASSES[number % len(_CLASSES)]
    beds, capabilities, specialities = _HOSPITALS[kelas]
    beds += dice.throw(beds // 3)
    public = number % 3 == 0
    name = f"RSUD {home}" if public else f"RS {('Bhakti', 'Kasih', 'Harapan', 'Mitra', 'Citra')[number % 5]} {home}"
    tags = {"amenity": "hospital", "healthcare": "hospital", "name": name}
    tags |= {"operator:type": "government" if public else "private"}
    tags |= {"operator:code": f"RS{number + 1:05d}", "operator:class": kelas, "operator:capabilities": capabilities}
    tags |= {"operator:beds": str(beds), "operator:hours": "24 jam"}
    if number % 4 != 3:  # what mappers left out
        tags |= {"emergency": "yes", "opening_hours": "24/7", "beds": str(beds)}
    if specialities and number % 2 == 0:
        tags["healthcare:speciality"] = specialities
    if number % 9 == 8:
        del tags["name"]
        tags["operator:name_in_register"] = name
    j, i = divmod(corner, ground.columns)
    if number % 2 == 0:
        columns, rows = np.array([0.15, 0.55, 0.55, 0.15, 0.15]), np.array([0.15, 0.15, 0.5, 0.5, 0.15])
        survey.area(*ground.place(i + columns, j + rows), tags)
    else:
        survey.point(i + 0.3, j + 0.3, tags)


def _puskesmas(ground: Ground, survey: Survey, corner: int, home: str, number: int) -> None:
    around_the_clock, inpatient, poned = number % 3 == 0, number % 3 == 0, number % 4 == 0
    capabilities = ["Poli Umum", "Laboratorium"]
    capabilities += ["UGD"] if around_the_clock else []
    capabilities += ["Rawat Inap"] if inpatient else []
    capabilities += ["PONED"] if poned else []
    tags = {"amenity": "clinic" if number % 5 else "hospital", "healthcare": "centre" if number % 5 else "hospital"}
    tags |= {"name": f"Puskesmas {home}", "operator:type": "government", "operator:code": f"PK{number + 1:05d}"}
    tags |= {"operator:capabilities": ";".join(capabilities)}
    osm, office = ("24/7", "24 jam") if around_the_clock else _OFFICE_HOURS
    tags |= {"operator:hours": office, **({"opening_hours": osm} if number % 4 != 1 else {})}
    if inpatient:
        tags |= {"inpatient": "yes", "beds": "12", "operator:beds": "12"}
    _stand(ground, survey, corner, tags)


def _clinic(ground: Ground, survey: Survey, corner: int, home: str, number: int, dice: Dice) -> None:
    if number % 5 == 3:
        tags = {
            "amenity": "doctors",
            "healthcare": "doctor",
            "name": f"Praktik dr. {dice.one_of(('Ratna', 'Bimo', 'Sekar', 'Galih'))}",
        }
        _stand(ground, survey, corner, {**tags, "opening_hours": "Mo-Fr 16:00-20:00; PH off"})
        return
    if number % 5 == 4:
        tags = {"healthcare": "midwife", "name": f"Bidan {dice.one_of(('Euis', 'Wulan', 'Tuti', 'Nining'))} {home}"}
        _stand(ground, survey, corner, {**tags, "opening_hours": "24/7"})
        return
    osm, office = ("24/7", "24 jam") if number % 4 == 0 else _EVENINGS
    tags = {
        "amenity": "clinic",
        "healthcare": "clinic",
        "name": f"Klinik {('Pratama', 'Medika', 'Sehat', 'Keluarga')[number % 4]} {home}",
    }
    tags |= {"operator:type": "private", "opening_hours": osm, "operator:code": f"KL{number + 1:05d}", "operator:hours": office}
    _stand(ground, survey, corner, {**tags, "operator:capabilities": "Poli Umum;Rawat Jalan"})


def _misplaced_kinds(ground: Ground, survey: Survey, first: int, second: int, third: int, home: Callable[[int], str]) -> None:
    """Mistakes as mappers make them: a dental clinic tagged as a hospital, a pharmacy as a clinic, a hospital twice."""
    tags = {"amenity": "hospital", "healthcare": "hospital", "name": f"Klinik Gigi {home(first)}", "operator:code": "KG00001"}
    _stand(ground, survey, first, {**tags, "operator:capabilities": "Gigi", "operator:hours": _EVENINGS[1]})
    _stand(ground, survey, second, {"amenity": "clinic", "name": f"Apotek {home(second)} Farma"})
    _stand(ground, survey, third, {"amenity": "dentist", "name": f"drg. {home(third)}"})


_COLUMNS = ("kode", "nama", "jenis", "kelas", "tempat_tidur", "kapabilitas", "jam", "alamat", "lon", "lat", "tanggal")


def invented_register(extract: Extract) -> str:
    """The health office's register of an invented town, as CSV, with the mistakes such lists have.

    One hospital stands in it twice, under another spelling and without a code; another one some 4 km from where it is; the
    dental clinic that OSM takes for a hospital is a clinic here.
    """
    rows: list[dict[str, str]] = []
    for feature in extract.features:
        tags = feature.tags
        if "operator:code" not in tags:
            continue
        name = tags.get("name") or tags["operator:name_in_register"]
        rows.append(
            {
                "kode": tags["operator:code"],
                "nama": name,
                "jenis": _jenis(name),
                "kelas": tags.get("operator:class", ""),
                "tempat_tidur": tags.get("operator:beds", ""),
                "kapabilitas": tags.get("operator:capabilities", ""),
                "jam": tags.get("operator:hours", ""),
                "lon": f"{feature.longitude + 0.0002:.6f}",
                "lat": f"{feature.latitude - 0.0001:.6f}",
                "tanggal": "2026-03-31",
            }
        )
    rows.sort(key=lambda row: row["kode"])
    hospitals = [row for row in rows if row["kode"].startswith("RS")]
    if len(hospitals) > 1:
        hospitals[1]["lon"] = f"{float(hospitals[1]['lon']) + 0.036:.6f}"
    if hospitals:
        again = dict(
            hospitals[0], kode="", kelas="", tanggal="2024-12-01", tempat_tidur=str(int(hospitals[0]["tempat_tidur"]) + 28)
        )
        again["nama"] = again["nama"].replace("RSUD ", "RS Umum Daerah ").replace("RS ", "Rumah Sakit ", 1)
        again["lon"] = f"{float(again['lon']) + 0.0007:.6f}"
        rows.append(again)
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _jenis(name: str) -> str:
    for word, jenis in (("Puskesmas", "Puskesmas"), ("Pustu", "Pustu"), ("Klinik Gigi", "Klinik Gigi"), ("Klinik", "Klinik")):
        if name.startswith(word):
            return jenis
    return "Rumah Sakit Umum"
