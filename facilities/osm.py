"""Facilities in OSM data: which features are some, and what their tags claim."""

from __future__ import annotations

from collections.abc import Iterable

from facilities.model import CapabilityClaim, SourceRecord, Value
from facilities.records import Record, claims_of_name, settle_kind
from facilities.vocabulary import vocabulary
from routing import Feature, TagSet

_NAMES = ("alt_name", "official_name", "short_name", "old_name", "name:id", "name:en", "loc_name")


def read_features(features: Iterable[Feature]) -> tuple[Record, ...]:
    """The facilities among OSM features, as records; features that are none are passed over.

    What is disused or gone (`disused:amenity`, `abandoned:…`) bears no plain tag and is none.
    """
    return tuple(record for feature in features if (record := _record(feature)) is not None)


def _record(feature: Feature) -> Record | None:
    tags = feature.tags
    words = vocabulary()
    said = words.kind_by_tags(tags)
    if said is None:
        return None
    reference = f"osm:{feature.kind}/{feature.osm_id}"
    date = tags.get("check_date")
    name = (tags.get("name") or tags.get("official_name") or tags.get("operator:name") or "").strip()
    aliases = dict.fromkeys(
        alias.strip() for key in _NAMES for alias in tags.get(key, "").split(";") if alias.strip() and alias.strip() != name
    )
    record = Record(
        source=SourceRecord("osm", reference, date, feature.longitude, feature.latitude, dict(tags)),
        listing="osm",
        code="",
        label=reference,
        name=name,
        kind="unknown",
        kind_basis="none",
        said_kind=said,
        claims=(*_claims(tags, reference, date), *claims_of_name(name, reference, date)),
        opening_hours=tags.get("opening_hours") or None,
        emergency_hours=tags.get("opening_hours:emergency") or None,
        beds=_number(tags.get("beds") or tags.get("capacity:beds")),
        address=_address(tags),
        phone=tags.get("phone") or tags.get("contact:phone") or None,
        aliases=tuple(aliases),
    )
    return settle_kind(record, words.kind_by_name(name) if name else None)


def _claims(tags: TagSet, reference: str, date: str | None) -> tuple[CapabilityClaim, ...]:
    found: dict[str, Value] = {}
    for key, value, capability in vocabulary().osm_capabilities:
        said = tags.get(key, "")
        if value in (part.strip() for part in said.split(";")):
            found[capability] = Value.YES
        elif said == "no" and value == "yes":
            found.setdefault(capability, Value.NO)
    return tuple(CapabilityClaim(capability, value, reference, date) for capability, value in found.items())


def _address(tags: TagSet) -> str | None:
    if "addr:full" in tags:
        return tags["addr:full"]
    street = " ".join(tags[key] for key in ("addr:street", "addr:housenumber") if key in tags)
    parts = [street, *(tags[key] for key in ("addr:subdistrict", "addr:district", "addr:city") if key in tags)]
    return ", ".join(part for part in parts if part) or None


def _number(written: str | None) -> int | None:
    return int(written) if written and written.isdecimal() else None
