"""The nouns: a facility, what is claimed of it and by whom, and where its sources disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal

SourceKind = Literal["register", "osm"]
Basis = Literal["stated", "implied"]
KindBasis = Literal["register", "name_and_tag", "name", "tag", "none"]


class Value(IntEnum):
    """What is known of a capability. An unknown is neither a yes nor a no."""

    NO = -1
    UNKNOWN = 0
    YES = 1


class Severity(StrEnum):
    """How much a disagreement between sources matters: `grave` ones are shown with every answer about the facility."""

    NOTE = "note"
    WARNING = "warning"
    GRAVE = "grave"


@dataclass(frozen=True, slots=True)
class CapabilityClaim:
    """Somebody says that a facility has, or lacks, a capability.

    Attributes:
        capability: a key of `[capabilities]` in data/facilities.toml.
        value: yes or no (unknown: the source names it and leaves it open).
        source: where it stands, e.g. "osm:node/1", "kota.csv:6"; for what follows from the kind "kind:hospital".
        date: ISO date of the statement, or None where the source bears none.
        basis: "stated" in so many words, or "implied" by the kind or by another capability.
        disputed: the source is wrong about what the facility is, so its yes counts as unknown.
    """

    capability: str
    value: Value
    source: str
    date: str | None = None
    basis: Basis = "stated"
    disputed: bool = False

    @property
    def counts(self) -> bool:
        """Whether anything can be gone by it."""
        return self.value is not Value.UNKNOWN and not self.disputed


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What one source says of a facility, as it says it.

    `reference` is "osm:way/123" or "file.csv:7" (the line); `fields` are its tags or columns, unchanged.
    """

    kind: SourceKind
    reference: str
    date: str | None
    longitude: float | None
    latitude: float | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources disagree, or one of them contradicts itself.

    Attributes:
        code: what about, a key of `facilities.conflict` in the catalogue.
        severity: see `Severity`.
        values: what is said, one entry a voice: a kind, "lat,lon", a number, "icu: yes", for `implausible` "beds=164";
            `facilities.reasons.conflict_reason` puts them into words.
        sources: who says it, as many as `values`.
        chosen: the value that Siaga goes by, or "" where none is.
        distance_m: between the places, where the conflict is about places, else None.
    """

    code: str
    severity: Severity
    values: tuple[str, ...]
    sources: tuple[str, ...]
    chosen: str = ""
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Facility:
    """A place where a person can be taken.

    Attributes:
        id: stable name: "reg:3272014" (register code), else "osm:way/123", else "reg:" and the name in lower case.
        name: as people call it; "" where no source names it.
        kind: a key of `[kinds]` in data/facilities.toml ("hospital", "puskesmas", …).
        kind_basis: what the kind rests on.
        longitude, latitude: degrees (WGS 84).
        capabilities: every claim, the more trusted source first.
        opening_hours: as written by the source that was chosen, or None.
        emergency_hours: of the emergency department, or None.
        services: services accepted; empty where no source says (then all may be asked).
        beds: or None.
        hospital_class: "A" … "D" or None; for information only, since referral goes by competence (Permenkes 16/2024).
        address, phone: or None.
        aliases: other names that sources give it.
        sources: each record as it was.
        conflicts: every disagreement.
    """

    id: str
    name: str
    kind: str
    longitude: float
    latitude: float
    kind_basis: KindBasis = "register"
    capabilities: tuple[CapabilityClaim, ...] = ()
    opening_hours: str | None = None
    emergency_hours: str | None = None
    services: tuple[str, ...] = ()
    beds: int | None = None
    hospital_class: str | None = None
    address: str | None = None
    phone: str | None = None
    aliases: tuple[str, ...] = ()
    sources: tuple[SourceRecord, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def claim(self, capability: str) -> CapabilityClaim | None:
        """The claim of `settled` for a capability, or None."""
        return self.settled.get(capability)

    @property
    def settled(self) -> dict[str, CapabilityClaim]:
        """By capability the claim that Siaga goes by: the most trusted one that is not disputed; what is missing is unknown."""
        return {claim.capability: claim for claim in reversed(self.capabilities) if claim.counts}

    def value(self, capability: str) -> Value:
        """Yes, no or unknown."""
        claim = self.claim(capability)
        return Value.UNKNOWN if claim is None else claim.value

    @property
    def grave(self) -> bool:
        """Whether sources disagree on something that every answer must show."""
        return any(conflict.severity is Severity.GRAVE for conflict in self.conflicts)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row or an element that could not be used, and why: `code` is a key of `facilities.problem` in the catalogue."""

    reference: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
