"""Register CSVs as offices publish them: any order and spelling of columns, `,` or `;`, decimal commas, a byte-order mark.

A row that can't be used is reported by line and reason; a file that can't be used at all is refused in one line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from facilities.model import CapabilityClaim, Conflict, Problem, Severity, SourceRecord, Value
from facilities.names import core, likeness
from facilities.places import distance_m
from facilities.records import Record, claims_of_name, settle_kind
from facilities.vocabulary import figures, plain, vocabulary
from routing import RegisterError

Bounds = tuple[float, float, float, float]
"""West, south, east, north, degrees."""

INDONESIA: Bounds = (94.0, -11.5, 142.0, 6.5)
_LOCAL_RUN = 10  # a list of at least so many consecutive numbers is numbered, not coded


@dataclass(frozen=True, slots=True)
class Register:
    """A register that was read: its usable rows, and what was wrong with others (by line)."""

    name: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


def read_register(path: Path, expected: Bounds | None = None) -> Register:
    """Read a register.

    Args:
        path: a CSV file.
        expected: where its facilities should lie; helps to see swapped coordinates. Indonesia if None.

    Raises:
        RegisterError: not text, no usable header, columns swapped, no usable row, or rows that contradict each other.
    """
    text, problems = _decode(path)
    return parse_register(text, path.name, expected, problems)


def parse_register(text: str, name: str, expected: Bounds | None = None, problems: Sequence[Problem] = ()) -> Register:
    """Read a register from text; see `read_register`."""
    rows, columns = _rows(text, name)
    found: list[Problem] = list(problems)
    records: list[Record] = []
    lines: list[int] = []
    swapped: list[str] = []
    for line, fields in rows:
        record, complaints = _record(fields, columns, f"{name}:{line}", name, expected)
        found.extend(complaints)
        swapped.extend(c.reference for c in complaints if c.code == "swapped")
        if record is not None:
            records.append(record)
            lines.append(line)
    if swapped and len(swapped) * 2 > len(rows):
        raise RegisterError(
            f"{name}: longitude and latitude are swapped in {len(swapped)} of {len(rows)} rows (first: line "
            f"{swapped[0].rpartition(':')[2]}); swap the names of the columns {_named(columns, 'longitude')} and "
            f"{_named(columns, 'latitude')}"
        )
    if not records:
        reasons = "; ".join(dict.fromkeys(f"line {p.reference.rpartition(':')[2]}: {p.code}" for p in found[:3]))
        raise RegisterError(f"{name}: no usable row among {len(rows)}" + (f" ({reasons})" if reasons else ""))
    records, note = _settle_codes(records, name)
    _refuse_contradictions(records, name)
    return Register(name, tuple(records), (*note, *found))


def _decode(path: Path) -> tuple[str, list[Problem]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RegisterError(f"{path}: the register can't be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), []
        except UnicodeDecodeError as error:
            raise RegisterError(f"{path.name}: not text; save the register as CSV, UTF-8") from error
    if b"\x00" in data or data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise RegisterError(f"{path.name}: not text (an Excel or PDF file?); save the register as CSV, UTF-8")
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), [Problem(path.name, "encoding")]
        except UnicodeDecodeError as error:
            raise RegisterError(f"{path.name}: neither UTF-8 nor Windows-1252; save the register as CSV, UTF-8") from error


def _rows(text: str, name: str) -> tuple[list[tuple[int, list[str]]], dict[str, tuple[int, str]]]:
    """The rows with the line each begins on, and from our column to (position, heading)."""
    if not text.strip():
        raise RegisterError(f"{name}: the register is empty")
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(",;\t|", key=lambda mark: len(_columns(next(csv.reader([first], delimiter=mark)))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                rows.append((begin, fields))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise RegisterError(f"{name}: line {begin}: not CSV ({error}); is a quotation mark left open?") from error
    columns = _columns(rows[0][1])
    missing = [column for column in ("name", "longitude", "latitude") if column not in columns]
    if missing:
        spellings = {c: ", ".join(sorted(s for s, target in vocabulary().columns.items() if target == c)) for c in missing}
        wanted = "; ".join(f"{column} (may be called {spellings[column]})" for column in missing)
        heading = ", ".join(field.strip() for field in rows[0][1][:12])
        raise RegisterError(f"{name}: no column for {wanted}; the first line has: {heading}")
    return rows[1:], columns


def _columns(heading: Sequence[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for position, written in enumerate(heading):
        column = vocabulary().columns.get(re.sub(r"[\s._\-/]+", "", plain(written)))
        if column is not None:
            found.setdefault(column, (position, written.strip()))
    return found


def _named(columns: Mapping[str, tuple[int, str]], column: str) -> str:
    return f"“{columns[column][1]}”"


def _record(
    fields: list[str], columns: Mapping[str, tuple[int, str]], reference: str, listing: str, expected: Bounds | None
) -> tuple[Record | None, list[Problem]]:
    width = 1 + max(position for position, _ in columns.values())
    if len(fields) < width:
        return None, [Problem(reference, "wrong_fields", {"found": str(len(fields)), "expected": str(width)})]

    def value(column: str) -> str:
        return " ".join(fields[columns[column][0]].split()) if column in columns else ""

    name, problems = value("name"), list[Problem]()
    if not name:
        return None, [Problem(reference, "no_name")]
    place, complaint = _place(value("longitude"), value("latitude"), columns, reference, expected)
    if complaint is not None:
        return None, [complaint]
    date = value("date") or None
    jenis = value("kind")
    said = vocabulary().kind_by_register(jenis) if jenis else None
    if jenis and said is None:
        problems.append(Problem(reference, "unknown_kind", {"value": jenis}))
    claims, strange = _claims(value("capabilities"), value("lacking"), reference, date)
    problems.extend(Problem(reference, "unknown_capability", {"value": word}) for word in strange)
    beds = value("beds")
    if beds and not re.fullmatch(r"\d+([.,]0+)?", beds):
        problems.append(Problem(reference, "bad_beds", {"value": beds}))
        beds = ""
    raw = {heading: fields[position] for position, heading in columns.values()}
    record = Record(
        source=SourceRecord("register", reference, date, place[0], place[1], raw),
        listing=listing,
        code=value("code"),
        numbered=bool(value("code")),
        label=f"reg:{plain(name).replace(' ', '-')}",
        name=name,
        kind="unknown",
        kind_basis="none",
        said_kind=said,
        claims=(*claims, *claims_of_name(name, reference, date)),
        opening_hours=value("opening_hours") or None,
        emergency_hours=value("emergency_hours") or None,
        services=tuple(part.strip() for part in re.split(r"[;,|/]", value("services")) if part.strip()),
        beds=int(re.split("[.,]", beds)[0]) if beds else None,
        hospital_class=value("class").upper() or None,
        address=value("address") or None,
        phone=value("phone") or None,
    )
    return _doubt(settle_kind(record, vocabulary().kind_by_name(name))), problems


def _place(
    longitude: str, latitude: str, columns: Mapping[str, tuple[int, str]], reference: str, expected: Bounds | None
) -> tuple[tuple[float | None, float | None], Problem | None]:
    if not longitude and not latitude:
        return (None, None), None
    read: list[float] = []
    for column, written in (("longitude", longitude), ("latitude", latitude)):
        if not re.fullmatch(r"[+-]?\d{1,3}([.,]\d+)?", written):
            return (None, None), Problem(reference, "bad_coordinate", {"column": columns[column][1], "value": written})
        read.append(float(written.replace(",", ".")))
    lon, lat = read
    shown = {"longitude": longitude, "latitude": latitude}
    west, south, east, north = expected or INDONESIA
    inside = west <= lon <= east and south <= lat <= north
    if not inside and west <= lat <= east and south <= lon <= north:
        return (None, None), Problem(reference, "swapped", shown)
    if lon == 0 and lat == 0:
        return (None, None), Problem(reference, "zero_place")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return (None, None), Problem(reference, "out_of_range", shown)
    return (lon, lat), None


_NO = re.compile(r"^(?:tidak ada|tidak|tanpa|no|non|bukan)\s+(.+)$|^(.+?)\s*[:=]\s*(?:tidak|tidak ada|no|-|0)$")
_YES = re.compile(r"^(?:ada\s+)?(.+?)(?:\s*[:=]\s*(?:ya|ada|yes|1))?$")


def _claims(having: str, lacking: str, reference: str, date: str | None) -> tuple[list[CapabilityClaim], list[str]]:
    """Claims from a list of words: "PONED; rawat inap; tidak ada ICU; HD: ya"; and the words not understood."""
    claims: list[CapabilityClaim] = []
    strange: list[str] = []
    words = vocabulary().words
    for listed, default in ((having, Value.YES), (lacking, Value.NO)):
        for part in (p.strip() for p in re.split(r"[;,|]|\bdan\b", listed)):
            if not part or plain(part) in ("tidak ada", ""):
                continue
            value = default
            no, yes = _NO.match(part.casefold()), _YES.match(part.casefold())
            if no is not None and plain(part) not in words:
                said, value = plain(no[1] or no[2]), Value.NO
            else:
                said = plain(yes[1] if yes is not None else part)
            capability = words.get(said)
            if capability is None:
                strange.append(part)
            else:
                claims.append(CapabilityClaim(capability, value, reference, date))
    return claims, strange


def _doubt(record: Record) -> Record:
    """Mark a record that contradicts itself: a puskesmas with a hospital's class or with more beds than one can have."""
    if record.kind != "puskesmas":
        return record
    odd = []
    if record.hospital_class in ("A", "B", "C", "D"):
        odd.append(f"class={record.hospital_class}")
    if record.beds is not None and record.beds > int(figures("overlay")["puskesmas_beds_at_most"]):
        odd.append(f"beds={record.beds}")
    if not odd:
        return record
    conflict = Conflict("implausible", Severity.WARNING, tuple(odd), (record.reference,) * len(odd))
    return replace(record, conflicts=(*record.conflicts, conflict))


def _settle_codes(records: list[Record], name: str) -> tuple[list[Record], list[Problem]]:
    """Take codes for identifiers unless the file is several lists, each numbered from its own start.

    Such numbers repeat by nature: 453 is the first hospital of one list and the 452nd puskesmas of the next.
    """
    codes = [record.code for record in records]
    if len(set(codes) - {""}) == len([code for code in codes if code]) or not all(code.isdecimal() for code in codes):
        return records, []
    starts = [i for i, code in enumerate(codes) if i == 0 or int(code) != int(codes[i - 1]) + 1]
    runs = [end - begin for begin, end in zip(starts, [*starts[1:], len(codes)], strict=True)]
    if len(runs) < 2 or sum(run for run in runs if run >= _LOCAL_RUN) < 0.9 * len(codes):
        return records, []
    renamed = [replace(record, code="") for record in records]
    return renamed, [Problem(name, "local_numbers", {"lists": str(len(runs))})]


def _refuse_contradictions(records: Sequence[Record], name: str) -> None:
    """Refuse a register that gives one code to different facilities: only its office can say which is right.

    Raises:
        RegisterError: naming every such code and its lines.
    """
    by_code: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.code:
            by_code[record.code].append(record)
    limit = float(figures("overlay")["same_code_m"])
    wrong: list[str] = []
    for code, rows in by_code.items():
        for other in rows[1:]:
            why = _difference(rows[0], other, limit)
            if why:
                lines = " and ".join(row.reference.rpartition(":")[2] for row in (rows[0], other))
                wrong.append(f"lines {lines} give code {code} to {why}")
    if wrong:
        more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
        raise RegisterError(f"{name}: contradictory register: {'; '.join(wrong[:5])}{more}; correct it and try again")


def _difference(one: Record, other: Record, limit_m: float) -> str:
    """Why two rows under the same code can't be the same facility, or ""."""
    alike = max(likeness(one.name, other.name), fuzz.token_set_ratio(core(one.name), core(other.name)))
    if alike < 80:
        return f"different facilities, “{one.name}” and “{other.name}”"
    if one.group != other.group and "unknown" not in (one.group, other.group):
        return f"“{one.name}” as different kinds, {one.kind} and {other.kind}"
    if None not in (one.source.longitude, other.source.longitude):
        apart = distance_m(one.source, other.source)
        if apart > limit_m:
            return f"“{one.name}” at places {apart / 1000:.1f} km apart"
    return ""
