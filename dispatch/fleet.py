"""Vehicles: what they are, where they were last seen, whether they can be sent; read from a CSV file or invented."""

from __future__ import annotations

import csv
import io
import random
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from routing import DataError, InputError, RegisterError, read_table


class VehicleKind(StrEnum):
    """What a vehicle is."""

    EMERGENCY_AMBULANCE = "emergency_ambulance"
    TRANSPORT_AMBULANCE = "transport_ambulance"
    VILLAGE_AMBULANCE = "village_ambulance"
    TRC_CAR = "trc_car"
    MOTORCYCLE = "motorcycle"
    HEARSE = "hearse"

    __hash__ = str.__hash__  # Enum's own is slow, and a decision looks up hundreds


class VehicleStatus(StrEnum):
    """What a vehicle is doing."""

    STANDBY = "standby"
    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    AT_SCENE = "at_scene"
    CARRYING = "carrying"
    AT_FACILITY = "at_facility"
    ESCORTING = "escorting"
    RETURNING = "returning"
    ON_BREAK = "on_break"
    BROKEN = "broken"

    __hash__ = str.__hash__


FREE = frozenset({VehicleStatus.STANDBY, VehicleStatus.RETURNING})
"""Statuses in which a vehicle can be sent."""

BEFORE_BOARDING = frozenset({VehicleStatus.ASSIGNED, VehicleStatus.EN_ROUTE})
"""Statuses in which a scheduled run can still be pulled away: nobody is met yet."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle as it was last known.

    Attributes:
        id, name: how programs and people call it.
        kind, equipment, capacity: what it is, carries on board, and how many people beside the crew.
        status: what it is doing.
        longitude, latitude: where it was last seen, degrees; None if it never was.
        fix_time: when that was (with its zone); None if nobody said, and then the position is only assumed.
        base: the name of its unit or base, may be empty.
        base_longitude, base_latitude: where that is, degrees, or None.
        scheduled_run: its present run is a booked trip, which an emergency may pull away before anyone is on board.
        invented: it does not exist.
    """

    id: str
    name: str
    kind: VehicleKind
    equipment: frozenset[str] = frozenset()
    status: VehicleStatus = VehicleStatus.STANDBY
    longitude: float | None = None
    latitude: float | None = None
    fix_time: datetime | None = None
    base: str = ""
    base_longitude: float | None = None
    base_latitude: float | None = None
    capacity: int = 1
    scheduled_run: bool = False
    invented: bool = False

    def fix_age_seconds(self, now: datetime) -> float | None:
        """How old its position is, never below 0; None if nobody knows when it was taken."""
        return None if self.fix_time is None else max(0.0, (now - self.fix_time).total_seconds())

    @property
    def can_be_diverted(self) -> bool:
        """Whether an emergency may pull it away from what it does."""
        return self.scheduled_run and self.status in BEFORE_BOARDING


def _plain(word: str) -> str:
    """A word without case, accents, spaces, hyphens and underscores."""
    letters = unicodedata.normalize("NFKD", word).casefold()
    return "".join(letter for letter in letters if letter.isalnum() or letter in "/")


@cache
def _spellings() -> Mapping[str, Mapping[str, str]]:
    """Per section of `data/fleet.toml`: plain spelling to identifier."""
    table = read_table("fleet.toml")
    found: dict[str, Mapping[str, str]] = {}
    for section in ("columns", "kinds", "statuses", "equipment"):
        words = {_plain(identifier): identifier for identifier in table[section]}
        words.update({_plain(word): identifier for identifier, spelt in table[section].items() for word in spelt})
        found[section] = MappingProxyType(words)
    known: dict[str, set[str]] = {"kinds": set(VehicleKind), "statuses": set(VehicleStatus)}
    for section, identifiers in known.items():
        if set(table[section]) != identifiers:
            raise DataError(f"fleet.toml: [{section}] must name exactly {', '.join(sorted(identifiers))}")
    return MappingProxyType(found)


def known_equipment(words: Collection[str]) -> frozenset[str]:
    """Equipment by any of its spellings.

    Raises:
        InputError: a word is not known.
    """
    spellings = _spellings()["equipment"]
    if (strange := next((word for word in words if _plain(word) not in spellings), None)) is not None:
        raise InputError(f"equipment {strange!r} is not known; there are {', '.join(sorted(set(spellings.values())))}")
    return frozenset(spellings[_plain(word)] for word in words)


@cache
def _per_kind(section: str) -> Mapping[VehicleKind, Any]:
    return MappingProxyType({VehicleKind(kind): value for kind, value in read_table("fleet.toml")[section].items()})


class _Row:
    """One row of a fleet file; its errors name file, row and column."""

    def __init__(self, path: Path, number: int, cells: Mapping[str, str], decimal_comma: bool) -> None:
        self._where = f"{path}, row {number}"
        self._cells = cells
        self._comma = decimal_comma

    def error(self, column: str, problem: str) -> RegisterError:
        return RegisterError(f"{self._where}, column {column}: {problem}")

    def word(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def number(self, column: str, low: float, high: float) -> float | None:
        word = self.word(column)
        if not word:
            return None
        try:
            number = float(word.replace(",", ".") if self._comma else word)
        except ValueError:
            raise self.error(column, f"{word!r} is not a number") from None
        if not low <= number <= high:
            raise self.error(column, f"{word} is not between {low:g} and {high:g}")
        return number

    def place(self, prefix: str) -> tuple[float, float] | tuple[None, None]:
        longitude = self.number(f"{prefix}longitude", -180, 180)
        latitude = self.number(f"{prefix}latitude", -90, 90)
        if longitude is None and latitude is None:
            return None, None
        if longitude is None or latitude is None:
            missing = "longitude" if longitude is None else "latitude"
            raise self.error(f"{prefix}{missing}", "is empty while the other coordinate is given")
        return longitude, latitude

    def identifier(self, column: str, section: str, word: str) -> str:
        found = _spellings()[section].get(_plain(word))
        if found is None:
            known = ", ".join(sorted(set(_spellings()[section].values())))
            raise self.error(column, f"{word!r} is not known; there are {known}")
        return found

    def time(self, zone: tzinfo) -> datetime | None:
        word = self.word("fix_time")
        if not word:
            return None
        try:
            time = datetime.fromisoformat(word)
        except ValueError:
            raise self.error("fix_time", f"{word!r} is not a time such as 2025-03-01T08:30:00+07:00") from None
        return time if time.tzinfo else time.replace(tzinfo=zone)

    def flag(self, column: str) -> bool:
        word = _plain(self.word(column))
        if word in {"", "0", "no", "false", "tidak", "n"}:
            return False
        if word in {"1", "yes", "true", "ya", "y"}:
            return True
        raise self.error(column, f"{self.word(column)!r} is neither yes nor no")


def _vehicle(row: _Row, zone: tzinfo) -> Vehicle:
    if not (identity := row.word("id")):
        raise row.error("id", "is empty")
    if not row.word("kind"):
        raise row.error("kind", "is empty")
    kind = VehicleKind(row.identifier("kind", "kinds", row.word("kind")))
    status = row.identifier("status", "statuses", row.word("status")) if row.word("status") else "standby"
    words = row.word("equipment").replace(";", "|").replace(",", "|").replace("+", "|").split("|")
    capacity = row.number("capacity", 0, 100)
    longitude, latitude = row.place("")
    base_longitude, base_latitude = row.place("base_")
    if longitude is None and base_longitude is None:
        raise row.error("longitude", "is empty, and there is no base position either")
    return Vehicle(
        id=identity,
        name=row.word("name") or identity,
        kind=kind,
        equipment=frozenset(row.identifier("equipment", "equipment", word) for word in words if word.strip()),
        status=VehicleStatus(status),
        longitude=longitude,
        latitude=latitude,
        fix_time=row.time(zone),
        base=row.word("base"),
        base_longitude=base_longitude,
        base_latitude=base_latitude,
        capacity=int(_per_kind("capacity")[kind] if capacity is None else capacity),
        scheduled_run=row.flag("scheduled_run"),
    )


_SHOWN_ERRORS = 3


def _columns(path: Path, header: Sequence[str]) -> list[str | None]:
    spellings = _spellings()["columns"]
    columns = [spellings.get(_plain(word)) for word in header]
    named = [column for column in columns if column]
    if doubled := next((column for column in named if named.count(column) > 1), None):
        raise RegisterError(f"{path}, row 1: two columns mean {doubled!r}; leave one")
    for needed in ("id", "kind"):
        if needed not in named:
            spelt = ", ".join(sorted(word for word, column in spellings.items() if column == needed))
            raise RegisterError(f"{path}, row 1: no column for {needed!r}; it may be called {spelt}")
    return columns


def read_fleet(path: Path, zone: tzinfo = UTC) -> list[Vehicle]:
    """The vehicles of a CSV file.

    The first row names the columns, in English or Indonesian (`data/fleet.toml` lists the spellings); `id` and `kind` are
    needed, and a position of the vehicle or of its base. Comma, semicolon or tab between cells; several pieces of equipment
    are separated by `|`, `;` or `+`; with semicolons or tabs, a decimal comma is understood. Unknown columns are passed over.

    Args:
        path: the file, UTF-8.
        zone: the zone of times that name none.

    Raises:
        RegisterError: the file can't be read, or rows are wrong: file, row (the header is row 1) and column are named.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegisterError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RegisterError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    lines = content.splitlines()
    if not lines or not lines[0].strip():
        raise RegisterError(f"{path}: is empty; the first row must name the columns")
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    columns = _columns(path, next(reader))
    vehicles: list[Vehicle] = []
    errors: list[str] = []
    first_row: dict[str, int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        number = reader.line_num
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            errors.append(f"{path}, row {number}: has {len(cells)} cells, the header has {len(columns)}")
            continue
        named = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        row = _Row(path, number, named, decimal_comma=delimiter != ",")
        try:
            vehicle = _vehicle(row, zone)
            if vehicle.id in first_row:
                raise row.error("id", f"{vehicle.id!r} is already in row {first_row[vehicle.id]}")
        except RegisterError as error:
            errors.append(str(error))
            continue
        first_row[vehicle.id] = number
        vehicles.append(vehicle)
    if errors:
        more = f"; and {len(errors) - _SHOWN_ERRORS} more" if len(errors) > _SHOWN_ERRORS else ""
        raise RegisterError("; ".join(errors[:_SHOWN_ERRORS]) + more)
    if not vehicles:
        raise RegisterError(f"{path}: has a header but no vehicle")
    return vehicles


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case _:
            return value


def write_fleet(path: Path, vehicles: Iterable[Vehicle]) -> None:
    """Write vehicles as a CSV file that `read_fleet` reads back the same, except that `invented` is not kept."""
    header = [
        "id", "name", "kind", "equipment", "status", "longitude", "latitude", "fix_time",
        "base", "base_longitude", "base_latitude", "capacity", "scheduled_run",
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for vehicle in vehicles:
            cells: list[object] = [
                "|".join(sorted(vehicle.equipment)) if name == "equipment" else getattr(vehicle, name) for name in header
            ]
            rows.writerow(map(_cell, cells))


_INVENTED_KINDS = (
    VehicleKind.VILLAGE_AMBULANCE,
    VehicleKind.EMERGENCY_AMBULANCE,
    VehicleKind.VILLAGE_AMBULANCE,
    VehicleKind.TRANSPORT_AMBULANCE,
    VehicleKind.TRC_CAR,
    VehicleKind.VILLAGE_AMBULANCE,
    VehicleKind.EMERGENCY_AMBULANCE,
    VehicleKind.MOTORCYCLE,
    VehicleKind.VILLAGE_AMBULANCE,
    VehicleKind.HEARSE,
)


def invented_fleet(places: Sequence[tuple[str, float, float]], count: int, seed: int, now: datetime) -> list[Vehicle]:
    """Vehicles that do not exist, for trying things out; each is marked `invented`.

    Deterministic: the same places, count, seed and time give the same vehicles, and a larger count only adds to them.

    Args:
        places: name, longitude, latitude (degrees) of bases, best first: kelurahan offices, facilities, else junctions.
        count: how many vehicles.
        seed: of the random choice.
        now: their fixes are up to three minutes older.

    Raises:
        ValueError: there are no places.
    """
    if not places:
        raise ValueError("an invented fleet needs places to stand at")
    rng = random.Random(seed)
    order = list(places)
    rng.shuffle(order)
    usual = _per_kind("usual")
    vehicles = []
    for number in range(count):
        base, longitude, latitude = order[number % len(order)]
        kind = _INVENTED_KINDS[number % len(_INVENTED_KINDS)]
        vehicles.append(
            Vehicle(
                id=f"V{number + 1:02d}",
                name=f"V{number + 1:02d} {base}".strip(),
                kind=kind,
                equipment=frozenset(usual[kind]),
                longitude=longitude,
                latitude=latitude,
                fix_time=now - timedelta(seconds=rng.randrange(180)),
                base=base,
                base_longitude=longitude,
                base_latitude=latitude,
                capacity=int(_per_kind("capacity")[kind]),
                invented=True,
            )
        )
    return vehicles
