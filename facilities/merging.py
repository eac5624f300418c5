"""Records of one facility made into one: which value is taken, what is implied, where sources disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from facilities.hours import read_hours
from facilities.model import CapabilityClaim, Conflict, Facility, KindBasis, Severity, Value
from facilities.names import likeness
from facilities.places import distance_m
from facilities.records import Record
from facilities.vocabulary import figures, plain, vocabulary


@dataclass(frozen=True, slots=True)
class Area:
    """An administrative area with its name: addresses name it."""

    name: str
    outline: BaseGeometry


def merge(records: Sequence[Record], areas: Sequence[Area] = ()) -> Facility:
    """One facility from its records, at least one of which has a place."""
    ranked = sorted(records, key=_rank)
    kind, basis, conflicts = _kind(ranked)
    chosen, place_conflicts = _place(ranked, areas)
    named = next((record for record in ranked if record.name), ranked[0])
    claims, claim_conflicts = _claims(ranked, kind, basis)
    beds = next((record.beds for record in ranked if record.beds is not None), None)
    hours = next((record.opening_hours for record in ranked if record.opening_hours), None)
    others = dict.fromkeys(name for r in ranked for name in (r.name, *r.aliases) if name and name != named.name)
    coded = next((record for record in ranked if record.code), None)
    osm = next((record for record in ranked if not record.is_register), None)
    return Facility(
        id=f"reg:{coded.code}" if coded is not None else (osm or ranked[0]).label,
        name=named.name,
        kind=kind,
        longitude=_known(chosen.source.longitude),
        latitude=_known(chosen.source.latitude),
        kind_basis=basis,
        capabilities=claims,
        opening_hours=hours,
        emergency_hours=_emergency_hours(ranked, kind, basis, claims),
        services=next((record.services for record in ranked if record.services), ()),
        beds=beds,
        hospital_class=next((record.hospital_class for record in ranked if record.hospital_class), None),
        address=next((record.address for record in ranked if record.address), None),
        phone=next((record.phone for record in ranked if record.phone), None),
        aliases=tuple(others),
        sources=tuple(record.source for record in ranked),
        conflicts=(
            *conflicts,
            *place_conflicts,
            *claim_conflicts,
            *_beds(ranked),
            *_differing(ranked, "class", [r.hospital_class for r in ranked], Severity.NOTE),
            *_differing(ranked, "opening_hours", [_read(r.opening_hours) for r in ranked], Severity.WARNING),
            *_names(ranked, named),
            *_unnamed(ranked, named),
        ),
    )


def _rank(record: Record) -> tuple[bool, bool, bool, str]:
    return (not record.is_register, not record.code, not record.name, record.reference)


def _known(degrees: float | None) -> float:
    if degrees is None:
        raise ValueError("a facility without a place")
    return degrees


def _kind(ranked: Sequence[Record]) -> tuple[str, KindBasis, tuple[Conflict, ...]]:
    """The kind, what it rests on, and each voice that says otherwise."""
    words = vocabulary()
    telling = [record for record in ranked if record.kind != "unknown" and (record.name or record.is_register)]
    first = telling[0] if telling else ranked[0]
    conflicts = [conflict for record in ranked for conflict in record.conflicts]
    own = {conflict.sources[0] for conflict in conflicts if conflict.code == "kind"}
    voices = [
        (r.said_kind, r.reference)
        for r in ranked
        if r is not first
        and r.said_kind
        and r.reference not in own
        and words.group(r.said_kind) not in (first.group, "unknown")
    ]
    if voices:
        between_hospitals = "hospital" in (first.group, *(words.group(said) for said, _ in voices))
        conflicts.append(
            Conflict(
                "kind",
                Severity.WARNING if between_hospitals else Severity.NOTE,
                (first.kind, *(said for said, _ in voices)),
                (first.reference, *(reference for _, reference in voices)),
                first.kind,
            )
        )
    basis = first.kind_basis
    if basis in ("tag", "name") and any(
        r is not first and r.group == first.group and r.kind_basis == "register" for r in ranked
    ):
        basis = "register"
    return first.kind, basis, tuple(replace(c, chosen=first.kind) if c.code == "kind" else c for c in conflicts)


def _other_group(said: str, kind: str) -> bool:
    """Whether a kind that a source says excludes the kind taken."""
    words = vocabulary()
    return words.group(said) not in (words.group(kind), "unknown")


def _place(ranked: Sequence[Record], areas: Sequence[Area]) -> tuple[Record, tuple[Conflict, ...]]:
    """The record whose place is taken; see the table in `facilities.overlay`."""
    table = figures("overlay")
    placed = [record for record in ranked if record.source.longitude is not None]
    voting = [record for record in placed if record.name] or placed
    widest = max(distance_m(a.source, b.source) for a in voting for b in voting)
    near = float(table["place_warning_m"])
    drawn = [record for record in voting if not record.is_register]
    if widest <= near:
        return (drawn or voting)[0], ()
    addressed = [record for record in voting if _in_named_area(record, voting, areas)]
    confirmed = [
        r
        for r in voting
        if any(o is not r and o.listing != r.listing and distance_m(o.source, r.source) <= near for o in voting)
    ]
    best = next(group for group in (addressed if len(addressed) < len(voting) else [], confirmed, drawn, voting) if group)[0]
    conflict = Conflict(
        "place",
        Severity.GRAVE if widest > float(table["place_grave_m"]) else Severity.WARNING,
        tuple(_shown(record) for record in voting),
        tuple(record.reference for record in voting),
        _shown(best),
        widest,
    )
    return best, (conflict,)


def _shown(record: Record) -> str:
    return f"{record.source.latitude:.5f},{record.source.longitude:.5f}"


def _in_named_area(record: Record, all_records: Sequence[Record], areas: Sequence[Area]) -> bool:
    """Whether a place lies in an area that an address of the facility names, and not every address's area is unknown."""
    point = Point(_known(record.source.longitude), _known(record.source.latitude))
    said = [f" {plain(r.address)} " for r in all_records if r.address]
    return any(f" {plain(area.name)} " in address and area.outline.covers(point) for area in areas for address in said)


def _claims(ranked: Sequence[Record], kind: str, basis: KindBasis) -> tuple[tuple[CapabilityClaim, ...], tuple[Conflict, ...]]:
    """Every claim, the more trusted first: stated ones with what they entail, then what the kind implies."""
    words = vocabulary()
    stated: list[CapabilityClaim] = []
    for record in ranked:
        # A source that takes a puskesmas for a hospital is not believed when it says that the "hospital" has an IGD.
        wrong = not record.is_register and record.said_kind is not None and _other_group(record.said_kind, kind)
        for claim in record.claims:
            disputed = wrong and claim.value is Value.YES and not _named_in(claim, record)
            stated.append(replace(claim, disputed=disputed))
            if claim.value is Value.YES:
                entailed = words.entails[claim.capability]
                stated.extend(replace(claim, capability=name, basis="implied", disputed=disputed) for name in entailed)
            else:
                lost = [name for name, entails in words.entails.items() if claim.capability in entails]
                stated.extend(replace(claim, capability=name, basis="implied") for name in lost if claim.value is Value.NO)
    direct = [claim for claim in stated if claim.basis == "stated"]
    derived = [claim for claim in stated if claim.basis == "implied"]
    entry = words.kinds[kind]
    said = f"kind:{kind}"
    implied = [CapabilityClaim(name, Value.NO, said, None, "implied") for name in entry.no] if basis != "none" else []
    if basis in words.yes_needs:
        implied += [CapabilityClaim(name, Value.YES, said, None, "implied") for name in entry.yes]
    claims = (*direct, *derived, *implied)
    return claims, _claim_conflicts(direct, claims)


def _named_in(claim: CapabilityClaim, record: Record) -> bool:
    """Whether the facility's own name states the capability, whatever the tags say."""
    said = plain(record.name)
    return any(
        capability == claim.capability and pattern.search(said) for pattern, capability in vocabulary().name_capabilities
    )


def _claim_conflicts(direct: Sequence[CapabilityClaim], claims: Sequence[CapabilityClaim]) -> tuple[Conflict, ...]:
    found: list[Conflict] = []
    for name in dict.fromkeys(claim.capability for claim in direct):
        voices = [claim for claim in claims if claim.capability == name and claim.value is not Value.UNKNOWN]
        if len({claim.value for claim in voices}) > 1 or (voices and all(claim.disputed for claim in voices)):
            taken = next((claim for claim in voices if not claim.disputed), None)
            found.append(
                Conflict(
                    "capability",
                    Severity.WARNING,
                    tuple(f"{name}: {claim.value.name.lower()}" for claim in voices),
                    tuple(claim.source for claim in voices),
                    f"{name}: {(taken.value if taken else Value.UNKNOWN).name.lower()}",
                )
            )
    return tuple(found)


def _emergency_hours(ranked: Sequence[Record], kind: str, basis: KindBasis, claims: Sequence[CapabilityClaim]) -> str | None:
    """When the emergency department receives: as a source says, else as the kind implies where it has one."""
    said = next((record.emergency_hours for record in ranked if record.emergency_hours), None)
    implied = vocabulary().kinds[kind].emergency_hours
    if said is not None or implied is None or basis not in vocabulary().yes_needs:
        return said
    has = next((c for c in claims if c.capability == "emergency" and not c.disputed and c.value is not Value.UNKNOWN), None)
    return implied if has is not None and has.value is Value.YES else None


def _beds(ranked: Sequence[Record]) -> tuple[Conflict, ...]:
    told = [(record.beds, record.reference) for record in ranked if record.beds is not None]
    if len({beds for beds, _ in told}) < 2:
        return ()
    most, least = max(beds for beds, _ in told), min(beds for beds, _ in told)
    wide = most - least > float(figures("overlay")["beds_warning_share"]) * most
    return (
        Conflict(
            "beds",
            Severity.WARNING if wide else Severity.NOTE,
            tuple(str(beds) for beds, _ in told),
            tuple(reference for _, reference in told),
            str(told[0][0]),
        ),
    )


def _read(written: str | None) -> str | None:
    return None if written is None else (read_hours(written).expression or written)


def _differing(ranked: Sequence[Record], code: str, values: Sequence[str | None], severity: Severity) -> tuple[Conflict, ...]:
    told = [(value, record.reference) for value, record in zip(values, ranked, strict=True) if value]
    if len({value for value, _ in told}) < 2:
        return ()
    return (Conflict(code, severity, tuple(v for v, _ in told), tuple(r for _, r in told), told[0][0]),)


def _names(ranked: Sequence[Record], named: Record) -> tuple[Conflict, ...]:
    """Names that differ in more than spelling are worth a note; a spelling is an alias."""
    other = [r for r in ranked if r.name and r.name != named.name and likeness(r.name, named.name) < 100]
    if not other:
        return ()
    voices = [named, *other]
    return (Conflict("name", Severity.NOTE, tuple(r.name for r in voices), tuple(r.reference for r in voices), named.name),)


def _unnamed(ranked: Sequence[Record], named: Record) -> tuple[Conflict, ...]:
    joined = [record for record in ranked if not record.name and record is not named]
    if not joined or not named.name:
        return ()
    return (
        Conflict(
            "place_alone", Severity.NOTE, tuple(r.reference for r in joined), tuple(r.reference for r in joined), named.name
        ),
    )
