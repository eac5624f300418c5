"""Places by words, and words for places: address search without any outside service.

What is searched are the network's street names, the features of the extract (settlements, administrative areas, house
numbers, facilities, landmarks) and what the caller adds. Spelling is forgiven: abbreviations, old spelling, Roman numerals,
typing errors, words missing, out of order, written together or apart, and words not finished yet. How finds are ranked
stands in `routing._search.ranking`; among equally good ones the nearest comes first, or, where no position is given,
settlements before facilities, streets and landmarks, and long streets before short ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from routing._search.address import fold, house_number, is_house_number
from routing._search.build import build_arrays, context_names
from routing._search.columns import CELL_DEGREES, Arrays, cell_of, read_lines, unpacked
from routing._search.coordinates import coordinates_of, without_links
from routing._search.entries import KINDS, Extra, Kind
from routing._search.query import Query, crossing_of, query_of
from routing._search.ranking import CONTEXT_LIKENESS, Fit, Ranker, Understood, understand
from routing._search.vocabulary import Vocabulary
from routing.earth import METRES_PER_DEGREE
from routing.network import RoadNetwork
from routing.osm import Feature

__all__ = ["Address", "Extra", "Kind", "Match", "Place", "PlaceIndex"]

Match = Literal["exact", "spelling", "partial", "near"]

_ALIGNED = 48  # names that are aligned word by word, at least
_ROUGH_SHARE_OF_BEST = 0.45
_LEAST_SCORE = 0.3
_LEAST_SHARE_OF_BEST = 0.6
_LEAST_BESIDE_CROSSING = 0.8
_CROSSING_DEGREES = 0.0008  # the junctions of a dual carriageway, a roundabout, a staggered crossing
_UNKNOWN_HOUSE = 0.55  # how well a street explains the number of a house that it isn't known to have
_HOUSE_STEP = 20  # a house number says where another one is if they differ by no more than this
_HOUSES_APART_DEGREES = 0.005
_REVERSE_REACH_CELLS = 12
_HOUSE_REACH_M = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Something found.

    Attributes:
        name: as mapped; with the house number for an address, both streets for an intersection.
        kind: what it is; `position` for coordinates that were typed.
        longitude, latitude: degrees.
        context: the administrative areas it lies in, smallest first (kelurahan, kecamatan, kota).
        level: OSM's admin_level of an area (in Indonesia 5 kabupaten or kota, 6 kecamatan, 7 kelurahan or desa), else 0.
        match: `exact`: all that was typed is explained, and by nothing but another way of writing it; `spelling`: up to
            typing errors; `near`: the house number isn't known, its neighbours are; `partial`: something is missing.
        score: 0 … 1, see `routing._search.ranking`.
        distance_m: from the position that was asked for, as the crow flies; None without one.
    """

    name: str
    kind: Kind
    longitude: float
    latitude: float
    context: tuple[str, ...]
    level: int
    match: Match
    score: float
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class Address:
    """What a point is called: the nearest named street and how far it is, the house number of the nearest house within
    60 m (with its own street), and the administrative areas around, smallest first. Empty where unknown."""

    street: str
    street_distance_m: float | None
    house_number: str
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _House:
    """Where a house number is: known, or between its neighbours."""

    label: str
    longitude: float
    latitude: float
    known: bool


class PlaceIndex:
    """What a region's places are called. Immutable; safe from many threads at once."""

    __slots__ = ("_areas", "_arrays", "_contexts", "_ranker", "_vocabulary")

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """From what `arrays` gave, perhaps by way of files."""
        # A mapped file is an array of a slower kind; what is under it is a plain one.
        arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self._arrays: Arrays = arrays
        self._vocabulary = Vocabulary(arrays)
        self._contexts = [tuple(name for name in line.split("\t") if name) for line in read_lines(arrays["context_lines"])]
        self._ranker = Ranker(arrays, self._vocabulary)
        self._areas: tuple[NDArray[Any], shapely.STRtree] | None = None

    @classmethod
    def build(cls, network: RoadNetwork, features: Iterable[Feature], extra: Iterable[Extra] = ()) -> PlaceIndex:
        """Indexes a region.

        Args:
            network: its names and references are the streets.
            features: settlements, boundaries, facilities, landmarks, house numbers; others are passed over.
            extra: (name, kind, longitude, latitude, other names) of things known from elsewhere, such as the facilities of
                a register; each takes the place of a feature of the same name and kind within some 150 m.
        """
        return cls(build_arrays(network, features, extra))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PlaceIndex:
        """The index that `arrays` was called on; mapped files will do."""
        return cls(arrays)

    def arrays(self) -> Arrays:
        """All of the index, as arrays to be saved."""
        return dict(self._arrays)

    def __len__(self) -> int:
        """How many things can be found, house numbers apart."""
        return len(self._arrays["entry_kind"])

    # -- by words ------------------------------------------------------------------------------------------------------

    def search(self, text: str, *, near: tuple[float, float] | None = None, limit: int = 10) -> list[Place]:
        """What `text` could mean, best first; nothing if nothing fits.

        Args:
            text: an address, a name, two streets that cross, or a position (see `routing._search.coordinates`), finished
                or not.
            near: (longitude, latitude) in degrees; of equally good finds the nearest to it comes first.
            limit: how many at most.
        """
        position = coordinates_of(text)
        if position is not None:
            longitude, latitude = position
            name = f"{latitude:.6f}, {longitude:.6f}"
            away = None if near is None else _metres(near, longitude, latitude)
            context = self._context_at(longitude, latitude)
            return [Place(name, "position", longitude, latitude, context, 0, "exact", 1.0, away)]
        text = without_links(text)
        found = self._by_name(query_of(text), near, limit)
        streets = crossing_of(text)
        if streets is not None and not (found and found[0].match == "exact"):  # some names have a "/" or "-" of their own
            crossings = self._crossings(*streets, near)
            found = crossings + [place for place in found if not crossings or place.score >= _LEAST_BESIDE_CROSSING]
        return found[:limit]

    def _by_name(self, query: Query, near: tuple[float, float] | None, limit: int) -> list[Place]:
        understood = understand(query, self._vocabulary)
        places = [self._place(understood, entry, fit, near) for entry, fit in self._fits(understood, near, limit)]
        if not places:
            return []
        least = max(_LEAST_SCORE, _LEAST_SHARE_OF_BEST * max(place.score for place, _ in places))
        kept = [(place, size) for place, size in places if place.score >= least]
        kept.sort(key=lambda item: _order(*item))
        return [place for place, _ in kept[:limit]]

    def _fits(self, understood: Understood, near: tuple[float, float] | None, limit: int) -> list[tuple[int, Fit]]:
        """The entries worth showing, each with its best name's fit."""
        rough = self._ranker.rough(understood)
        keys = np.flatnonzero(rough > _ROUGH_SHARE_OF_BEST * rough.max(initial=0.0))
        wanted = max(_ALIGNED, 4 * limit)
        if len(keys) > wanted:
            value = rough[keys].astype(np.float64)
            entry = self._arrays["key_entry"][keys]
            if near is not None:  # of the many of one name, the near ones
                away = np.hypot(
                    self._arrays["entry_longitude"][entry] - near[0], self._arrays["entry_latitude"][entry] - near[1]
                )
                value = value - 0.01 * np.minimum(away, 1.0)
            else:
                value = value + 1e-4 * np.minimum(np.diff(self._arrays["sample_first"])[entry], 50)
            keys = keys[np.argpartition(-value, wanted)[:wanted]]
        best: dict[int, Fit] = {}
        scores: dict[int, float] = {}
        for key in sorted(keys.tolist()):
            fit = self._ranker.fit(understood, key)
            entry_number = int(self._arrays["key_entry"][key])
            score = fit.score(fit.likeness, understood.weights)  # the entry's own name comes first, and wins a draw
            if score > scores.get(entry_number, 0.0):
                best[entry_number], scores[entry_number] = fit, score
        return list(best.items())

    def _place(self, understood: Understood, entry: int, fit: Fit, near: tuple[float, float] | None) -> tuple[Place, int]:
        """The find for an entry, and how large it is."""
        query, arrays = understood.query, self._arrays
        kind = KINDS[int(arrays["entry_kind"][entry])]
        context = self._contexts[int(arrays["entry_context"][entry])]
        likeness = list(fit.likeness)
        self._explain_by_context(understood, entry, likeness)
        name, longitude, latitude = self._name(entry), *self._point(entry)
        house = self._explain_by_house(query, entry, fit, likeness)
        if house is not None:
            name, kind, longitude, latitude = f"{name} {house.label}", "address", house.longitude, house.latitude
        if house is None and near is not None:
            away: float | None = self._distance(entry, near)
        else:
            away = None if near is None else _metres(near, longitude, latitude)
        counted = [like for at, like in enumerate(likeness) if at not in query.fillers]
        if house is not None and not house.known:
            match: Match = "near"
        elif not fit.whole or not all(counted) or fit.begun or _UNKNOWN_HOUSE in likeness:
            match = "partial"
        else:
            match = "exact" if fit.in_order and all(like in (1.0, CONTEXT_LIKENESS) for like in counted) else "spelling"
        score = max(0.0, fit.score(likeness, understood.weights))
        level = int(arrays["entry_level"][entry])
        size = int(arrays["sample_first"][entry + 1] - arrays["sample_first"][entry])
        return Place(name, kind, longitude, latitude, context, level, match, round(score, 4), away), size

    def _explain_by_context(self, understood: Understood, entry: int, likeness: list[float]) -> None:
        """Words that name the areas around, or say that an area is meant, are explained."""
        if all(likeness):
            return
        context, first = int(self._arrays["entry_context"][entry]), self._arrays["context_first"]
        words: list[int] = self._arrays["context_word"][first[context] : first[context + 1]].tolist()
        settlement = KINDS[int(self._arrays["entry_kind"][entry])] in ("area", "place")
        for at in range(len(likeness) - 1, -1, -1):  # backwards: "kecamatan" is explained if the word after it is
            if likeness[at] == 0.0:
                meaning = understood.meanings[at]
                there = max((meaning.likeness(word, self._vocabulary.lengths[word]) for word in words), default=0.0)
                likeness[at] = CONTEXT_LIKENESS * there
                if at in understood.query.areas and (settlement or any(likeness[at + 1 :])):
                    likeness[at] = CONTEXT_LIKENESS

    def _explain_by_house(self, query: Query, entry: int, fit: Fit, likeness: list[float]) -> _House | None:
        """The house that the query means in this street, if it means one; its words are then explained."""
        at = query.house
        if at < 0:
            at = next((i for i, word in enumerate(query.words) if likeness[i] == 0.0 and is_house_number(word)), -1)
        settled = KINDS[int(self._arrays["entry_kind"][entry])] in ("street", "place", "area")
        if at < 0 or not settled or fit.likeness[at] == 1.0 or fit.complete < 0.5:
            return None
        house = self._house(entry, query.words[at])
        if house is None:
            # The right street without the house is worth more than the number in another street.
            likeness[at] = _UNKNOWN_HOUSE if fit.whole else 0.0
            return None
        likeness[at] = 1.0 if house.known else 0.8
        for i in range(at + 1, len(likeness)):  # "7-9": the second number belongs to it too
            if likeness[i] == 0.0 and (is_house_number(query.words[i]) or query.words[i] in ("bis", "ter")):
                likeness[i] = likeness[at]
        return house

    def _house(self, entry: int, wanted: str) -> _House | None:
        """A house of a street by number; else where it must be, by its neighbours on the same side (odd or even)."""
        arrays = self._arrays
        first, last = int(arrays["house_first"][entry]), int(arrays["house_first"][entry + 1])
        numbers = arrays["house_number"][first:last]
        number, letter = house_number(wanted)
        low, high = (first + int(at) for at in np.searchsorted(numbers, [number, number + 1]))
        labels = [unpacked(arrays, "house_label", at).decode() for at in range(low, high)]
        for at, label in enumerate(labels, low):
            if house_number(label)[1] == letter:
                return self._house_at(at, label, known=True)
        if labels:
            return self._house_at(low, labels[0], known=False)
        same_side = np.flatnonzero(numbers % 2 == number % 2) + first
        before, after = same_side[same_side < low], same_side[same_side >= low]
        neighbours = [int(part) for part in (*before[-1:], *after[:1])]
        neighbours = [at for at in neighbours if abs(int(arrays["house_number"][at]) - number) <= _HOUSE_STEP]
        if not neighbours:
            return None
        if len(neighbours) == 2:
            one, two = neighbours
            ends = [(float(arrays["house_longitude"][at]), float(arrays["house_latitude"][at])) for at in neighbours]
            if max(abs(ends[0][0] - ends[1][0]), abs(ends[0][1] - ends[1][1])) < _HOUSES_APART_DEGREES:
                share = (number - int(arrays["house_number"][one])) / int(
                    arrays["house_number"][two] - arrays["house_number"][one]
                )
                longitude, latitude = (a + share * (b - a) for a, b in zip(*ends, strict=True))
                return _House(wanted, longitude, latitude, known=False)
            neighbours.sort(key=lambda at: abs(int(arrays["house_number"][at]) - number))
        return self._house_at(neighbours[0], wanted, known=False)

    def _house_at(self, row: int, label: str, *, known: bool) -> _House:
        arrays = self._arrays
        return _House(label, float(arrays["house_longitude"][row]), float(arrays["house_latitude"][row]), known)

    def _crossings(self, one: str, two: str, near: tuple[float, float] | None) -> list[Place]:
        """Where two streets meet, best first."""
        first, second = (self._streets(text, near) for text in (one, two))
        points_a, owner_a = self._crossing_points(first)
        points_b, owner_b = self._crossing_points(second)
        found: dict[tuple[int, int], tuple[float, float, float]] = {}
        off = np.abs(points_a[:, None] - points_b[None]).max(axis=2, initial=0.0)
        rows, columns = np.nonzero(off <= _CROSSING_DEGREES)
        order = np.argsort(off[rows, columns], kind="stable")
        for a, b in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
            longitude, latitude = ((points_a[a] + points_b[b]) / 2).tolist()
            score = min(first[owner_a[a]], second[owner_b[b]])
            if owner_a[a] != owner_b[b]:
                found.setdefault((owner_a[a], owner_b[b]), (longitude, latitude, score))
        places = [self._crossing(pair, *where, near) for pair, where in found.items()]
        least = max(0.5, _LEAST_SHARE_OF_BEST * max((place.score for place in places), default=0.0))
        return sorted((place for place in places if place.score >= least), key=lambda place: _order(place, 0))

    def _crossing(
        self, streets: tuple[int, int], longitude: float, latitude: float, score: float, near: tuple[float, float] | None
    ) -> Place:
        context = self._contexts[int(self._arrays["entry_context"][streets[0]])]
        match: Match = "exact" if score >= 0.999 else "spelling" if score > 0.8 else "partial"
        away = None if near is None else _metres(near, longitude, latitude)
        name = " / ".join(map(self._name, streets))
        return Place(name, "intersection", longitude, latitude, context, 0, match, round(score, 4), away)

    def _streets(self, text: str, near: tuple[float, float] | None) -> dict[int, float]:
        """The streets that a text could mean, with their scores."""
        understood = understand(query_of(text), self._vocabulary)
        street = KINDS.index("street")
        scores = {
            entry: fit.score(fit.likeness, understood.weights)
            for entry, fit in self._fits(understood, near, 15)
            if int(self._arrays["entry_kind"][entry]) == street
        }
        least = 0.7 * max(scores.values(), default=0.0)
        return {entry: score for entry, score in scores.items() if score >= least}

    def _crossing_points(self, streets: Iterable[int]) -> tuple[NDArray[np.float64], list[int]]:
        """Where these streets meet others, float64[n, 2], and whose each point is."""
        first = self._arrays["crossing_first"]
        parts = [self._arrays["crossing"][first[entry] : first[entry + 1]] for entry in streets]
        owners = [entry for entry, part in zip(streets, parts, strict=True) for _ in range(len(part))]
        return np.concatenate([np.empty((0, 2)), *parts]), owners

    # -- by position ---------------------------------------------------------------------------------------------------

    def reverse(self, longitude: float, latitude: float) -> Address:
        """What a point (degrees) is called."""
        found = self._nearest_edge(longitude, latitude)
        street, away = ("", None) if found is None else (self._name(found[0]), found[1])
        number = ""
        house = self._nearest_house(longitude, latitude)
        if house is not None:
            owner = int(self._arrays["house_entry"][house])
            number = unpacked(self._arrays, "house_label", house).decode()
            if found is None or owner != found[0]:
                street = self._name(owner)
        return Address(street, away, number, self._context_at(longitude, latitude))

    def _rows_in_cells(self, name: str, longitude: float, latitude: float, ring: int) -> NDArray[np.int64]:
        """Rows in the square ring of cells that is `ring` cells away."""
        cells, first = self._arrays[f"{name}_cell"], self._arrays[f"{name}_cell_first"]
        centre = int(cell_of(np.array([longitude]), np.array([latitude]))[0])
        offsets = range(-ring, ring + 1)
        wanted = np.array(
            [centre + (row << 20) + column for row in offsets for column in offsets if max(abs(row), abs(column)) == ring]
        )
        at = np.searchsorted(cells, wanted)
        hits = [i for i, cell in zip(at.tolist(), wanted.tolist(), strict=True) if i < len(cells) and cells[i] == cell]
        parts = [np.arange(first[i], first[i + 1]) for i in hits]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def _nearest_edge(self, longitude: float, latitude: float) -> tuple[int, float] | None:
        """The nearest named street and its distance in metres."""
        scale = np.array([math.cos(math.radians(latitude)), 1.0]) * METRES_PER_DEGREE
        cell_m = CELL_DEGREES * float(scale.min())
        best: tuple[float, int] | None = None
        for ring in range(_REVERSE_REACH_CELLS):
            # A piece lies in the cell of its middle, and reaches half a cell beyond at most.
            if best is not None and best[0] < (ring - 1.5) * cell_m:
                break
            rows = self._rows_in_cells("edge", longitude, latitude, ring)
            if not len(rows):
                continue
            edges = (self._arrays["edge"][rows].reshape(-1, 2, 2) - (longitude, latitude)) * scale
            tail, along = edges[:, 0], edges[:, 1] - edges[:, 0]
            length = (along**2).sum(axis=1)
            share = np.clip(-(tail * along).sum(axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
            away = np.hypot(*(tail + along * share[:, None]).T)
            at = int(away.argmin())
            if best is None or away[at] < best[0]:
                best = float(away[at]), int(self._arrays["edge_entry"][rows[at]])
        return None if best is None else (best[1], best[0])

    def _nearest_house(self, longitude: float, latitude: float) -> int | None:
        rows = np.concatenate([self._rows_in_cells("spot", longitude, latitude, ring) for ring in (0, 1)])
        if not len(rows):
            return None
        houses = self._arrays["spot_house"][rows]
        east = (self._arrays["house_longitude"][houses] - longitude) * math.cos(math.radians(latitude))
        away = np.hypot(east, self._arrays["house_latitude"][houses] - latitude) * METRES_PER_DEGREE
        at = int(away.argmin())
        return int(houses[at]) if away[at] <= _HOUSE_REACH_M else None

    def _context_at(self, longitude: float, latitude: float) -> tuple[str, ...]:
        arrays = self._arrays
        if not len(arrays["area_level"]):
            return ()
        if self._areas is None:  # read when first asked for: two threads would only do it twice
            shapes = shapely.from_wkb([unpacked(arrays, "area_shape", at) for at in range(len(arrays["area_level"]))])
            self._areas = shapes, shapely.STRtree(shapes)
        inside = self._areas[1].query(shapely.Point(longitude, latitude), predicate="intersects").tolist()
        names = [
            (unpacked(arrays, "area_name", at).decode(), unpacked(arrays, "area_within", at).decode())
            for at in sorted(inside, reverse=True)  # areas are kept coarsest first
        ]
        return context_names(names)

    def _name(self, entry: int) -> str:
        return unpacked(self._arrays, "entry_name", entry).decode()

    def _point(self, entry: int) -> tuple[float, float]:
        return float(self._arrays["entry_longitude"][entry]), float(self._arrays["entry_latitude"][entry])

    def _distance(self, entry: int, near: tuple[float, float]) -> float:
        """How far an entry is; a street is as near as its nearest part."""
        first = self._arrays["sample_first"]
        points = self._arrays["sample"][first[entry] : first[entry + 1]]
        if not len(points):
            return _metres(near, *self._point(entry))
        east = (points[:, 0] - near[0]) * math.cos(math.radians(near[1]))
        return float(np.hypot(east, points[:, 1] - near[1]).min()) * METRES_PER_DEGREE


def _metres(near: tuple[float, float], longitude: float, latitude: float) -> float:
    east = (longitude - near[0]) * math.cos(math.radians((latitude + near[1]) / 2))
    return math.hypot(east, latitude - near[1]) * METRES_PER_DEGREE


def _order(place: Place, size: int) -> tuple[float, float, int, int, str, float, float]:
    """Best first; of equally good ones the nearest; then by kind, size and name, so that the order is always the same."""
    kind = KINDS.index(place.kind)
    return (-round(place.score, 2), place.distance_m or 0.0, kind, -size, fold(place.name), place.longitude, place.latitude)
