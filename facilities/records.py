"""One source's view of a facility, before sources are laid over one another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from facilities.model import CapabilityClaim, Conflict, KindBasis, Severity, SourceRecord, Value
from facilities.vocabulary import plain, vocabulary

GENERIC = {"clinic", "doctor"}
"""Kinds whose words ("klinik", "dr.") stand in the names of many others: a name that says only this contradicts little."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a row of a register or an element of OSM says.

    Attributes:
        source: the record as it was; its place may be missing.
        listing: the register's file name, or "osm".
        code: the register's code where codes identify rows, else "".
        numbered: the row has a code or number of its own in its list, so its office holds it for one facility.
        label: what an id is made of where there is no code.
        name: "" where there is none. kind, kind_basis: as `Facility`.
        said_kind: the kind as the source itself says it (tag, `jenis`), which may have been overruled by the name.
    """

    source: SourceRecord
    listing: str
    code: str
    label: str
    name: str
    kind: str
    kind_basis: KindBasis
    said_kind: str | None
    claims: tuple[CapabilityClaim, ...] = ()
    opening_hours: str | None = None
    emergency_hours: str | None = None
    services: tuple[str, ...] = ()
    beds: int | None = None
    hospital_class: str | None = None
    address: str | None = None
    phone: str | None = None
    aliases: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    numbered: bool = False

    @property
    def reference(self) -> str:
        """How the record is named in conflicts and problems."""
        return self.source.reference

    @property
    def is_register(self) -> bool:
        """Whether a register says so, and not OSM."""
        return self.source.kind == "register"

    @property
    def group(self) -> str:
        """The group of its kind."""
        return vocabulary().group(self.kind)


def claims_of_name(name: str, reference: str, date: str | None) -> tuple[CapabilityClaim, ...]:
    """Capabilities that a name states ("Puskesmas Cibinong PONED")."""
    said = plain(name)
    found = (capability for pattern, capability in vocabulary().name_capabilities if pattern.search(said))
    return tuple(CapabilityClaim(capability, Value.YES, reference, date) for capability in found)


def contradicts(said: str, by_name: str) -> bool:
    """Whether a source's kind and the kind that the name tells exclude each other."""
    words = vocabulary()
    if words.group(said) == words.group(by_name) or "unknown" in (said, by_name):
        return False
    # "dr." stands in the names of hospitals, too; "klinik" does not.
    return by_name != "doctor" and not (by_name == "clinic" and words.group(said) not in ("hospital", "office"))


def settle_kind(record: Record, by_name: str | None) -> Record:
    """Decide the kind of one record from what it says of itself and what its name tells.

    A register's word stands, refined by the name where it is general ("Klinik" and "Klinik Gigi …"). In OSM the name is
    trusted more than the tag: a mapper copies the name from the sign, and picks the tag from a menu. Where the two exclude
    each other nothing is implied from the kind, and the conflict is visible.
    """
    said = record.said_kind
    if by_name is None:
        basis: KindBasis = "none" if said is None else "register" if record.is_register else "tag"
        return replace(record, kind=said or "unknown", kind_basis=basis)
    if said is None or said == "unknown":
        return replace(record, kind=by_name, kind_basis="name")
    if not contradicts(said, by_name):
        refined = said if by_name in GENERIC or (by_name == "hospital" and said != "clinic") else by_name
        if record.is_register and said not in ("clinic", "hospital", "doctor"):
            refined = said
        return replace(record, kind=refined, kind_basis="register" if record.is_register else "name_and_tag")
    kind = said if record.is_register else by_name
    grave = record.is_register and "hospital" in (vocabulary().group(said), vocabulary().group(by_name))
    conflict = Conflict(
        "kind",
        Severity.GRAVE if grave else Severity.WARNING if "hospital" in (said, by_name) else Severity.NOTE,
        (said, by_name),
        (record.reference, f"{record.reference} (name)"),
        kind,
    )
    return replace(
        record, kind=kind, kind_basis="none" if record.is_register else "name", conflicts=(*record.conflicts, conflict)
    )
