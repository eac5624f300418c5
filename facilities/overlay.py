"""Registers laid over OSM: records of the same facility become one, both sources and every conflict kept.

Which value wins:

| field | goes by |
|---|---|
| kind, name, beds, class, services | a register's coded row, then its other rows, then OSM |
| capabilities | the same order, then what the kind implies; OSM's yes is disputed where OSM has the kind wrong |
| opening hours | the first source that gives any, in the same order |
| place, all within 150 m | OSM where it has a name: drawn on imagery; else the register's first row |
| place, further apart | the place inside the area that the address names; else one that another source confirms; else OSM's;
  else the register's first row; always a visible conflict |
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from facilities.merging import Area, merge
from facilities.model import Conflict, Facility, Problem, Severity
from facilities.names import core, is_regional, likeness
from facilities.osm import read_features
from facilities.places import distance_m
from facilities.records import Record
from facilities.register import Register
from facilities.vocabulary import figures, plain, vocabulary
from routing import Feature
from routing.earth import RADIUS_M


@dataclass(frozen=True, slots=True)
class Overlay:
    """The facilities of a region, and what could not be used or should be known about the sources."""

    facilities: tuple[Facility, ...]
    problems: tuple[Problem, ...]


def lay_over(features: Iterable[Feature], registers: Sequence[Register] = ()) -> Overlay:
    """Facilities from OSM features and any number of registers.

    Args:
        features: of an extract; its administrative boundaries help to judge places by addresses.
        registers: from `facilities.register.read_register`.
    """
    features = tuple(features)
    areas = tuple(
        Area(feature.tags["name"], feature.area)
        for feature in features
        if feature.area is not None and feature.tags.get("boundary") == "administrative" and feature.tags.get("name")
    )
    records = [*(record for register in registers for record in register.records), *read_features(features)]
    clusters = cluster(sorted(records, key=lambda record: record.reference))
    facilities: list[Facility] = []
    problems = [problem for register in registers for problem in register.problems]
    for members in clusters:
        if all(record.source.longitude is None for record in members):
            problems.extend(Problem(record.reference, "no_place", {"name": record.name}) for record in members)
        else:
            facilities.append(merge(members, areas))
    named = _mark_same_place(_unique_ids(facilities))
    return Overlay(tuple(sorted(named, key=lambda facility: facility.id)), tuple(problems))


def cluster(records: Sequence[Record]) -> list[list[Record]]:
    """Which records are the same facility: lists of records, each in exactly one; the more alike are joined first."""
    parent = list(range(len(records)))
    members: dict[int, list[int]] = {i: [i] for i in parent}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for _score, one, other in sorted(_edges(records), key=lambda edge: (-edge[0], edge[1], edge[2])):
        a, b = root(one), root(other)
        if a != b and _may_join([records[i] for i in members[a]], [records[i] for i in members[b]]):
            parent[b] = a
            members[a].extend(members.pop(b))
    _attach_unnamed(records, members)
    return [[records[i] for i in sorted(group)] for _, group in sorted(members.items())]


def _edges(records: Sequence[Record]) -> list[tuple[float, int, int]]:
    """Pairs that may be the same: (score, one, other). Named pairs within the bands, and rows under one code."""
    table = figures("overlay")
    found: list[tuple[float, int, int]] = []
    by_code: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, record in enumerate(records):
        if record.code:
            by_code[record.listing, record.code].append(i)
    for rows in by_code.values():
        found.extend((1000.0, rows[0], other) for other in rows[1:])
    for one, other in _near_pairs(records, float(table["far_m"])):
        score = _score(records[one], records[other], table)
        if score is not None:
            found.append((score, one, other))
    found.extend(_far_edges(records, table))
    return found


def _score(one: Record, other: Record, table: Mapping[str, Any]) -> float | None:
    """How sure it is that two named records are the same facility; None if they are not taken for one."""
    if not one.name or not other.name or not _kinds_agree(one, other):
        return None
    apart = distance_m(one.source, other.source)
    near = float(table["bands"][0]["within_m"])
    if one.listing == other.listing and one.numbered and other.numbered and (one.code != other.code or not one.code):
        # One list, two numbers: its office holds them for two, unless the very same row was entered twice.
        return 100.0 if apart <= near and plain(one.name) == plain(other.name) else None
    if apart > near and is_regional(one.name) != is_regional(other.name):
        return None
    alike = max(likeness(a, b) for a in (one.name, *one.aliases) for b in (other.name, *other.aliases))
    for band in table["bands"]:
        if apart <= band["within_m"]:
            return alike - apart / 1000 if alike >= band["likeness"] else None
    return None


def _kinds_agree(one: Record, other: Record) -> bool:
    """Whether two kinds may be one facility: the same group; of two special kinds of hospital only the same."""
    if one.group != other.group:
        return "unknown" in (one.group, other.group)
    return one.group != "hospital" or one.kind == other.kind or "hospital" in (one.kind, other.kind)


def _near_pairs(records: Sequence[Record], within_m: float) -> list[tuple[int, int]]:
    """Pairs of placed records within a distance, by a grid of cells of that width."""
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    step = math.degrees(within_m / RADIUS_M)
    placed = [(i, r.source.longitude, r.source.latitude) for i, r in enumerate(records)]
    here = [(i, lon, lat) for i, lon, lat in placed if lon is not None and lat is not None]
    if not here:
        return []
    squeeze = max(0.01, math.cos(math.radians(max(abs(lat) for _, _, lat in here))))
    for i, lon, lat in here:
        cells[math.floor(lon * squeeze / step), math.floor(lat / step)].append(i)
    pairs: list[tuple[int, int]] = []
    for (x, y), inside in cells.items():
        around = [j for dx in (-1, 0, 1) for dy in (-1, 0, 1) for j in cells.get((x + dx, y + dy), ())]
        pairs.extend((i, j) for i in inside for j in around if i < j)
    return [(i, j) for i, j in pairs if distance_m(records[i].source, records[j].source) <= within_m]


def _far_edges(records: Sequence[Record], table: Mapping[str, Any]) -> list[tuple[float, int, int]]:
    """Pairs far apart or without a place, of kinds whose names are unique in a town and only if this name is.

    "Unique" means that the name stands for at most one place in each list: a chain has many.
    """
    kinds = set(table["far_kinds"])
    chosen = [i for i, record in enumerate(records) if record.name and record.kind in kinds]
    found: list[tuple[float, int, int]] = []
    by_core: dict[str, list[int]] = defaultdict(list)
    for i in chosen:
        by_core[core(records[i].name)].append(i)
    limit = float(table["bands"][-1]["within_m"])
    by_letter: dict[str, list[int]] = defaultdict(list)
    for i in chosen:
        by_letter[core(records[i].name)[:1]].append(i)
    for same_letter in by_letter.values():
        for one, other in combinations(same_letter, 2):
            a, b = records[one], records[other]
            if not _kinds_agree(a, b):
                continue
            apart = distance_m(a.source, b.source)
            if math.isinf(apart):
                alike = likeness(a.name, b.name) >= float(table["bands"][-1]["likeness"])
                if alike and is_regional(a.name) == is_regional(b.name) and a.listing != b.listing:
                    found.append((90.0, one, other))
                continue
            if apart <= float(table["far_m"]) or apart > limit or _is_chain(records, by_core[core(a.name)], limit):
                continue
            score = _score(a, b, table)
            if score is not None:
                found.append((score, one, other))
    return found


def _is_chain(records: Sequence[Record], same: Sequence[int], limit_m: float) -> bool:
    """Whether a name stands for several coded rows of one list, or for places too far apart to be one in error."""
    codes: dict[str, set[str]] = defaultdict(set)
    for i in same:
        if records[i].code:
            codes[records[i].listing].add(records[i].code)
    places = [records[i].source for i in same if records[i].source.longitude is not None]
    return any(len(found) > 1 for found in codes.values()) or any(
        distance_m(places[0], place) > limit_m for place in places[1:]
    )


def _may_join(one: Sequence[Record], other: Sequence[Record]) -> bool:
    """Whether two groups of records may become one: kinds agree throughout, and no two numbers of one list are mixed."""
    table = figures("overlay")
    for a in one:
        for b in other:
            if not _kinds_agree(a, b):
                return False
            same_list = a.listing == b.listing and a.numbered and b.numbered and (a.code != b.code or not a.code)
            if same_list and _score(a, b, table) is None:
                return False
    return True


def _attach_unnamed(records: Sequence[Record], members: dict[int, list[int]]) -> None:
    """Join an unnamed OSM record with the nearest named facility of its group: the same compound drawn again.

    It says nothing of which facility it is, so it confirms no place: a facility whose places are in dispute takes none, and
    one that stands alone stays, visibly unnamed.
    """
    table = figures("overlay")
    limit = float(table["unnamed_within_m"])
    alone = [i for i, group in members.items() if len(group) == 1 and not records[i].name]
    groups = [(i, [records[k] for k in group]) for i, group in members.items() if i not in alone]
    hosts = [(i, held) for i, held in groups if not _disputed(held, float(table["place_warning_m"]))]
    for i in alone:
        reach = [
            (min(distance_m(records[i].source, record.source) for record in held), host)
            for host, held in hosts
            if any(_kinds_agree(records[i], record) or record.said_kind == records[i].said_kind for record in held)
        ]
        near = min((entry for entry in reach if entry[0] <= limit), default=None)
        if near is not None:
            members[near[1]].extend(members.pop(i))


def _disputed(held: Sequence[Record], limit_m: float) -> bool:
    places = [record.source for record in held if record.source.longitude is not None]
    return any(distance_m(one, other) > limit_m for one in places for other in places)


def _unique_ids(facilities: Sequence[Facility]) -> list[Facility]:
    """Ids made of names get their place appended where two facilities share one."""
    count: dict[str, int] = defaultdict(int)
    for facility in facilities:
        count[facility.id] += 1
    seen: dict[str, int] = defaultdict(int)
    named: list[Facility] = []
    for facility in facilities:
        name = facility.id
        if count[name] > 1:
            name = f"{name}@{facility.latitude:.4f},{facility.longitude:.4f}"
            seen[name] += 1
            if seen[name] > 1:
                name = f"{name}#{seen[name]}"
        named.append(replace(facility, id=name))
    return named


def _mark_same_place(facilities: Sequence[Facility]) -> list[Facility]:
    """Facilities of different names at the very same place: one of the places is probably wrong."""
    limit = float(figures("overlay")["same_place_m"])
    by_place: dict[tuple[int, int], list[int]] = defaultdict(list)
    scale = 1e5
    for i, facility in enumerate(facilities):
        by_place[round(facility.longitude * scale), round(facility.latitude * scale)].append(i)
    marked = list(facilities)
    for same in by_place.values():
        for i in same if len(same) > 1 else ():
            others = [facilities[k] for k in same if k != i and distance_m(facilities[i], facilities[k]) <= limit]
            if others:
                conflict = Conflict(
                    "same_place",
                    Severity.GRAVE if vocabulary().group(facilities[i].kind) == "hospital" else Severity.WARNING,
                    tuple(other.name or other.id for other in others),
                    tuple(other.id for other in others),
                )
                marked[i] = replace(marked[i], conflicts=(*marked[i].conflicts, conflict))
    return marked
