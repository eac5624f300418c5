"""Who says what of a facility: for every attribute the value that Siaga goes by, which source it is from, and of when.

The sources are read again, by what read them when the region was built, and asked in the same order (`facilities.merging`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from facilities.model import Facility, SourceRecord
from facilities.osm import read_features
from facilities.records import Record
from facilities.register import parse_register
from routing import Feature
from routing.osm import ElementKind

Rests = Literal["stated", "implied"]

_EARTH = -180.0, -90.0, 180.0, 90.0


@dataclass(frozen=True, slots=True)
class Said:
    """One attribute.

    Attributes:
        attribute: "name", "kind", "place", "opening_hours", "emergency_hours", "beds", "hospital_class", "address", "phone",
            "services" or "capability".
        capability: which one, of "capability"; else "".
        value: as text: a key of `[kinds]`, "lat,lon", "yes" or "no", …; hours as written.
        source: "osm:way/123", "file.csv:7", for what follows from the kind "kind:hospital", for what only the name tells the
            source with " (name)" behind it.
        date: ISO date of the statement, or None where the source bears none.
        basis: "stated" in so many words, or "implied".
    """

    attribute: str
    value: str
    source: str
    date: str | None
    basis: Rests = "stated"
    capability: str = ""


def said_of(facility: Facility) -> list[Said]:
    """Every attribute of a facility that any source gives, in a fixed order; capabilities last, unknown ones not."""
    records = [(source, one) for source in facility.sources if (one := _read(source)) is not None]
    return [*_plain(facility, records), *_capabilities(facility)]


def mapped(facility: Facility) -> Record | None:
    """A facility as OSM alone has it, without what only an office's register says of it; None where OSM doesn't have it."""
    return next((one for source in facility.sources if source.kind == "osm" and (one := _read(source)) is not None), None)


_Pairs = Sequence[tuple[SourceRecord, Record]]


def _read(source: SourceRecord) -> Record | None:
    """A source as it was read when the region was built; None where it says nothing of a facility."""
    if source.kind == "osm":
        kind, _, number = source.reference.removeprefix("osm:").partition("/")
        placed = source.longitude or 0.0, source.latitude or 0.0
        return next(iter(read_features([Feature(cast(ElementKind, kind), int(number), *placed, source.fields)])), None)
    row = io.StringIO()
    csv.writer(row).writerows([source.fields.keys(), source.fields.values()])
    return parse_register(row.getvalue(), source.reference, _EARTH).records[0]


_TEXTS: tuple[tuple[str, Callable[[Record], object], Callable[[Facility], object]], ...] = (
    ("name", lambda r: r.name, lambda f: f.name),
    ("opening_hours", lambda r: r.opening_hours, lambda f: f.opening_hours),
    ("emergency_hours", lambda r: r.emergency_hours, lambda f: f.emergency_hours),
    ("beds", lambda r: r.beds, lambda f: f.beds),
    ("hospital_class", lambda r: r.hospital_class, lambda f: f.hospital_class),
    ("address", lambda r: r.address, lambda f: f.address),
    ("phone", lambda r: r.phone, lambda f: f.phone),
    ("services", lambda r: ", ".join(r.services), lambda f: ", ".join(f.services)),
)


def _plain(facility: Facility, records: _Pairs) -> Iterator[Said]:
    yield from _kind(facility, records)
    placed = next(one for one in facility.sources if (one.longitude, one.latitude) == (facility.longitude, facility.latitude))
    yield Said("place", f"{facility.latitude:.5f},{facility.longitude:.5f}", placed.reference, placed.date)
    for name, told, taken in _TEXTS:
        value = taken(facility)
        if value in (None, ""):
            continue
        source = next((source for source, record in records if told(record) not in (None, "")), None)
        if source is None:  # hours of an emergency department that its kind implies
            yield Said(name, str(value), f"kind:{facility.kind}", None, "implied")
        else:
            yield Said(name, str(value), source.reference, source.date)


def _kind(facility: Facility, records: _Pairs) -> Iterator[Said]:
    """The kind is that of the first source that tells any; a source may tell it by the facility's name only."""
    for source, record in records:
        if record.kind == facility.kind and record.kind != "unknown":
            by_name = record.kind_basis == "name" or record.said_kind != record.kind
            yield Said("kind", facility.kind, f"{source.reference} (name)" if by_name else source.reference, source.date)
            return


def _capabilities(facility: Facility) -> Iterator[Said]:
    for name, claim in sorted(facility.settled.items()):
        yield Said("capability", claim.value.name.lower(), claim.source, claim.date, claim.basis, name)
