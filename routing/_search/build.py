"""From a road network and features to the arrays of a place index: what `routing.places` searches.

The arrays, by prefix:

- `entry_*`: what can be found: name, kind (index into `KINDS`), OSM's admin_level of an area (else 0), point (degrees),
  context (index into the contexts);
- `key_*`: the names it goes by, as word numbers; `key_join` is the word made of a word and the next one written together;
- `word_*`: the words, sorted, one a line; which keys and contexts have each (`word_key*`, `word_context*`); how many
  entries do (`word_entries`); `gram_*` finds words by two letters in a row;
- `sample_*`: points along each street, one in some 300 m; `crossing_*`: where each street meets another;
- `house_*`: house numbers by entry, ascending;
- `edge_*`: the pieces of all named streets by grid cell, `spot_*` the house numbers by grid cell: for the way back from a
  point to an address;
- `area_*`: administrative areas, as WKB.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from routing._search.address import house_number
from routing._search.columns import Arrays, cell_of, grams_of, lines, packed
from routing._search.entries import KINDS, Entries, Extra, Kind
from routing._search.streets import Streets, clusters_of_pieces, streets_of
from routing.network import RoadNetwork
from routing.osm import Feature, TagSet

_HOUSE_REACH_DEGREES = 0.02  # a house further than this from the street it names belongs to another one of that name
_SAME_PLACE_DEGREES = 0.0015  # two things of one name and kind within this distance are one
_SAME_SETTLEMENT_DEGREES = 0.03
_NAME_TAGS = ("alt_name", "short_name", "official_name", "loc_name", "old_name", "name:id", "name:en", "int_name", "brand")
_FACILITY_AMENITIES = frozenset({"hospital", "clinic", "doctors", "dentist", "pharmacy", "nursing_home", "social_facility"})
_LANDMARK_TAGS = frozenset({"amenity", "shop", "tourism", "office", "leisure", "building", "landuse", "man_made", "railway"})
_LANDMARK_TAGS |= {"public_transport", "historic", "aeroway", "highway", "emergency", "natural", "craft", "club", "military"}
_LOWEST_AREA_LEVEL, _HIGHEST_AREA_LEVEL = 10, 4


def build_arrays(network: RoadNetwork, features: Iterable[Feature], extra: Iterable[Extra]) -> Arrays:
    """The arrays of a place index.

    Args:
        network: its names and references are the streets.
        features: places, boundaries, facilities, landmarks, house numbers; others are passed over.
        extra: (name, kind, longitude, latitude, other names) of things known from elsewhere; one of them takes the place
            of a feature of the same name and kind close by.
    """
    entries = Entries()
    streets = streets_of(network, entries)
    features = list(features)
    areas = _areas(features)
    _gather(entries, features, areas, extra)
    houses = _houses(entries, streets, features)
    arrays: Arrays = {
        "entry_kind": np.array(entries.kinds, np.uint8),
        "entry_level": np.array(entries.levels, np.uint8),
        "entry_longitude": np.array(entries.longitudes, np.float64),
        "entry_latitude": np.array(entries.latitudes, np.float64),
    }
    arrays |= packed("entry_name", entries.names)
    contexts, arrays["entry_context"] = _contexts(arrays["entry_longitude"], arrays["entry_latitude"], areas)
    arrays |= lines("context", ["\t".join(names) for names in contexts])
    arrays |= _words(entries, contexts)
    arrays |= _by_entry("sample", len(entries.names), streets.sample_entry, streets.samples)
    arrays |= _by_entry("crossing", len(entries.names), streets.crossing_entry, streets.crossings)
    arrays |= {"edge_entry": streets.edge_entry, "edge": streets.edges}
    arrays |= _gridded("edge", (streets.edges[:, :2] + streets.edges[:, 2:]) / 2, ("edge_entry", "edge"), arrays)
    arrays |= houses
    points = np.column_stack((houses["house_longitude"], houses["house_latitude"]))
    arrays |= {"spot_house": np.arange(len(points), dtype=np.int32)}
    arrays |= _gridded("spot", points, ("spot_house",), arrays)
    arrays |= packed("area_name", [area.name for area in areas])
    arrays["area_level"] = np.array([area.level for area in areas], np.uint8)
    arrays |= packed("area_within", [area.within for area in areas])
    arrays |= packed("area_shape", [shapely.to_wkb(area.shape) for area in areas])
    return arrays


def _by_entry(name: str, entries: int, owner: NDArray[np.int64], values: NDArray[Any]) -> Arrays:
    """Rows grouped by the entry they belong to, with `<name>_first`."""
    order = np.argsort(owner, kind="stable")
    first = np.zeros(entries + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=entries), out=first[1:])
    return {name: np.ascontiguousarray(values[order]), f"{name}_first": first}


def _gridded(name: str, points: NDArray[np.float64], columns: Sequence[str], arrays: Arrays) -> Arrays:
    """`columns` of `arrays` in the order of grid cells, with `<name>_cell` (sorted, distinct) and `<name>_cell_first`."""
    cells = cell_of(points[:, 0], points[:, 1])
    order = np.argsort(cells, kind="stable")
    distinct, first = np.unique(cells[order], return_index=True)
    result: Arrays = {column: np.ascontiguousarray(arrays[column][order]) for column in columns}
    result[f"{name}_cell"] = distinct
    result[f"{name}_cell_first"] = np.append(first, len(cells)).astype(np.int64)
    return result


# -- features ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Area:
    """An administrative area; `within` is what it is said to lie in, by its own tags."""

    name: str
    level: int
    within: str
    longitude: float
    latitude: float
    aliases: tuple[str, ...]
    shape: shapely.Geometry


def _other_names(tags: TagSet) -> tuple[str, ...]:
    return tuple(part.strip() for key in _NAME_TAGS if key in tags for part in tags[key].split(";") if part.strip())


def _areas(features: Sequence[Feature]) -> list[_Area]:
    """The administrative areas among the features, the largest first."""
    areas = []
    for feature in features:
        level, tags = feature.tags.get("admin_level", ""), feature.tags
        if tags.get("boundary") != "administrative" or feature.area is None or not level.isdecimal():
            continue
        name = tags.get("name", "").strip()
        if name and _HIGHEST_AREA_LEVEL <= int(level) <= _LOWEST_AREA_LEVEL:
            within = tags.get("is_in:city") or tags.get("is_in:municipality") or ""
            inner = feature.area.representative_point()
            areas.append(_Area(name, int(level), within, inner.x, inner.y, _other_names(tags), feature.area))
    return sorted(areas, key=lambda area: (area.level, area.name, area.longitude))


def _kind_of(tags: TagSet) -> Kind | None:
    if tags.get("boundary") == "administrative":
        return None
    if "place" in tags:
        return "place"
    if "healthcare" in tags or tags.get("amenity") in _FACILITY_AMENITIES:
        return "facility"
    return "landmark" if not _LANDMARK_TAGS.isdisjoint(tags) else None


def _gather(
    entries: Entries,
    features: Sequence[Feature],
    areas: Sequence[_Area],
    extra: Iterable[Extra],
) -> None:
    """Adds areas, what is known from elsewhere, places, facilities and landmarks; of two that are the same, the first."""
    seen: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)

    def add(kind: Kind, name: str, longitude: float, latitude: float, aliases: Sequence[str]) -> None:
        settlement = kind in ("area", "place")
        same = seen["settlement" if settlement else kind, entries.words(name)]
        reach = _SAME_SETTLEMENT_DEGREES if settlement else _SAME_PLACE_DEGREES
        for known in same:
            if max(abs(entries.longitudes[known] - longitude), abs(entries.latitudes[known] - latitude)) < reach:
                if kind == "place" and KINDS[entries.kinds[known]] == "area":
                    # The mapper's point is where people say the place is; an outline's middle may be a rice field.
                    entries.longitudes[known], entries.latitudes[known] = longitude, latitude
                entries.aliases[known] = (*entries.aliases[known], *aliases)
                return
        same.append(entries.add(kind, name, longitude, latitude, aliases))

    for area in reversed(areas):  # the finest first, so that a mapper's point joins the kelurahan, not its kecamatan
        entry = entries.add("area", area.name, area.longitude, area.latitude, area.aliases, area.level)
        seen["settlement", entries.words(area.name)].append(entry)
    for name, kind, longitude, latitude, aliases in extra:
        add(kind, name, longitude, latitude, aliases)
    for feature in features:
        name = feature.tags.get("name", "").strip()
        found = _kind_of(feature.tags) if name else None
        if found is not None:
            add(found, name, feature.longitude, feature.latitude, _other_names(feature.tags))


def _houses(entries: Entries, streets: Streets, features: Sequence[Feature]) -> Arrays:
    """House numbers, hung on the street (or settlement) they name; one that isn't on the map becomes an entry here."""
    by_street: dict[tuple[str, ...], list[tuple[str, str, Feature, bool]]] = defaultdict(list)
    for feature in features:
        street = feature.tags.get("addr:street", "").strip()
        name = street or feature.tags.get("addr:place", "").strip()
        number = feature.tags.get("addr:housenumber", "").strip()
        if name and number:
            by_street[entries.words(name)].append((name, number, feature, bool(street)))
    settlements: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for entry, code in enumerate(entries.kinds):
        if KINDS[code] in ("area", "place"):
            settlements[entries.words(entries.names[entry])].append(entry)
    first_sample = np.searchsorted(np.sort(streets.sample_entry), np.arange(len(entries.names) + 1))
    samples = streets.samples[np.argsort(streets.sample_entry, kind="stable")]
    owners: list[int] = []
    rows: list[tuple[str, Feature]] = []
    for words, addresses in by_street.items():
        known = [*streets.clusters_of.get(words, ()), *settlements.get(words, ())]
        where = np.array([(feature.longitude, feature.latitude) for _, _, feature, _ in addresses])
        nearest, off = _nearest_owner(where, known, samples, first_sample, entries)
        homeless = off > _HOUSE_REACH_DEGREES
        cluster = np.zeros(len(where), np.int64)
        if homeless.any():
            cluster = clusters_of_pieces(cluster, (where[:, 0], where[:, 1]), (where[:, 0], where[:, 1]))
        made: dict[int, int] = {}
        for at, (name, number, feature, is_street) in enumerate(addresses):
            if not homeless[at]:
                owner = int(nearest[at])
            else:
                made_at = int(cluster[at])
                if made_at not in made:
                    kind: Kind = "street" if is_street else "place"
                    made[made_at] = entries.add(kind, name, feature.longitude, feature.latitude)
                owner = made[made_at]
            for part in number.replace(",", ";").split(";"):
                if part.strip():
                    owners.append(owner)
                    rows.append((part.strip(), feature))
    numbers = [house_number(label) for label, _ in rows]
    order = sorted(range(len(rows)), key=lambda at: (owners[at], numbers[at], rows[at][1].osm_id))
    arrays: Arrays = {
        "house_number": np.array([numbers[at][0] for at in order], np.int32),
        "house_longitude": np.array([rows[at][1].longitude for at in order], np.float64),
        "house_latitude": np.array([rows[at][1].latitude for at in order], np.float64),
        "house_entry": np.array([owners[at] for at in order], np.int32),
    }
    arrays["house_first"] = np.searchsorted(arrays["house_entry"], np.arange(len(entries.names) + 1)).astype(np.int64)
    return arrays | packed("house_label", [rows[at][0] for at in order])


def _nearest_owner(
    where: NDArray[np.float64],
    known: Sequence[int],
    samples: NDArray[np.float64],
    first_sample: NDArray[np.int64],
    entries: Entries,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which of the known entries each house is nearest to, and how far in degrees; infinitely where none is known.

    A street is where its samples are, a settlement at its point.
    """
    if not known:
        return np.full(len(where), -1, np.int64), np.full(len(where), np.inf)
    counts = [max(1, int(first_sample[entry + 1] - first_sample[entry])) for entry in known]
    points = [
        samples[first_sample[entry] : first_sample[entry + 1]]
        if first_sample[entry] < first_sample[entry + 1]
        else np.array([[entries.longitudes[entry], entries.latitudes[entry]]])
        for entry in known
    ]
    there = np.concatenate(points)
    at = shapely.STRtree(np.asarray(shapely.points(there))).nearest(np.asarray(shapely.points(where)))
    return np.repeat(np.asarray(known, np.int64), counts)[at], np.hypot(*(there[at] - where).T)


def _contexts(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], areas: Sequence[_Area]
) -> tuple[list[tuple[str, ...]], NDArray[np.int32]]:
    """The areas that each point lies in, the smallest first: the distinct lists of names, and which one each point has."""
    inside: list[list[int]] = [[] for _ in range(len(longitude))]
    tree = shapely.STRtree([shapely.Point(point) for point in np.column_stack((longitude, latitude))])
    for at in range(len(areas) - 1, -1, -1):  # the finest level comes last in the list
        for point in tree.query(areas[at].shape, predicate="intersects").tolist():
            inside[point].append(at)
    known: dict[tuple[str, ...], int] = {(): 0}
    context_of = np.zeros(len(longitude), np.int32)
    for point, found in enumerate(inside):
        names = context_names([(areas[at].name, areas[at].within) for at in found])
        context_of[point] = known.setdefault(names, len(known))
    return list(known), context_of


def context_names(found: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The names of areas, the smallest first, each once, and last what the smallest says it lies in."""
    names = [name for name, _ in found] + [within for _, within in found[:1] if within]
    return tuple(dict.fromkeys(name.replace("\t", " ").replace("\n", " ") for name in names))


# -- words -------------------------------------------------------------------------------------------------------------


def _words(entries: Entries, contexts: Sequence[tuple[str, ...]]) -> Arrays:
    keys: list[tuple[str, ...]] = []
    key_entry: list[int] = []
    for entry, name in enumerate(entries.names):
        forms = dict.fromkeys(entries.words(text) for text in (name, *entries.aliases[entry]))
        forms.pop((), None)
        keys += forms
        key_entry += [entry] * len(forms)
    context_words = [tuple(dict.fromkeys(word for name in names for word in entries.words(name))) for names in contexts]
    joins = [tuple(map("".join, pairwise(key))) for key in keys]
    vocabulary = sorted({word for part in (keys, joins, context_words) for words in part for word in words})
    number = {word: at for at, word in enumerate(vocabulary)}

    first = np.zeros(len(keys) + 1, np.int64)
    np.cumsum([len(key) for key in keys], out=first[1:])
    token = np.array([number[word] for key in keys for word in key], np.int32)
    join = np.array([number[word] for part in joins for word in part], np.int32)
    of_key = np.repeat(np.arange(len(keys), dtype=np.int32), np.diff(first))
    last = np.zeros(len(token), np.bool_)
    last[first[1:] - 1] = True
    key_join = np.full(len(token), -1, np.int32)
    key_join[~last] = join
    owner_of_key = np.array(key_entry, np.int32)
    word_entry = np.unique(np.column_stack((token, owner_of_key[of_key])).reshape(-1, 2), axis=0)[:, 0]

    def postings(name: str, word: NDArray[np.int32], owner: NDArray[np.int32]) -> Arrays:
        pairs = np.unique(np.column_stack((word, owner)).reshape(-1, 2), axis=0)
        begins = np.zeros(len(vocabulary) + 1, np.int64)
        np.cumsum(np.bincount(pairs[:, 0], minlength=len(vocabulary)), out=begins[1:])
        return {f"word_{name}": pairs[:, 1].astype(np.int32), f"word_{name}_first": begins}

    context_owner = np.repeat(np.arange(len(contexts), dtype=np.int32), [len(words) for words in context_words])
    context_word = np.array([number[word] for words in context_words for word in words], np.int32)
    arrays: Arrays = {
        "key_entry": owner_of_key,
        "key_first": first,
        "key_word": token,
        "key_join": key_join,
        "context_word": context_word,
        "context_first": np.cumsum([0, *(len(words) for words in context_words)], dtype=np.int64),
        "word_entries": np.bincount(word_entry, minlength=len(vocabulary)).astype(np.int32),
    }
    return (
        arrays
        | lines("word", vocabulary)
        | postings("key", np.concatenate((token, join)), np.concatenate((of_key, of_key[~last])))
        | postings("context", context_word, context_owner)
        | _grams(vocabulary)
    )


def _grams(vocabulary: Sequence[str]) -> Arrays:
    grams = [grams_of(word) for word in vocabulary]
    code = np.array([gram for part in grams for gram in part], np.int64)
    word = np.repeat(np.arange(len(vocabulary), dtype=np.int32), [len(part) for part in grams])
    order = np.argsort(code, kind="stable")
    distinct, first = np.unique(code[order], return_index=True)
    return {"gram": distinct, "gram_first": np.append(first, len(code)).astype(np.int64), "gram_word": word[order]}
