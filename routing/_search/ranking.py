"""How well names fit what was typed.

Every word of a query is explained by a word of the name (as well as the two are alike), by the areas the thing lies in
(nine tenths as good), by its house number, or not at all. With each word weighed by its rarity,

    explained = Σ weight · likeness / Σ weight           over the words typed
    complete  = Σ weight of the name's words explained / Σ weight of the name's words
    score     = explained · (0.75 + 0.25 · complete) − 0.02 if the words come in another order − 0.01 for another name

so a typing error in a rare word costs most, a missing "Jalan" little, and of two names that explain all that was typed
the one with nothing left over comes first. All names are first scored roughly at once, by arrays; the best of them are
then aligned with the query word by word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing._search.query import Query
from routing._search.vocabulary import LEAST_WEIGHT, Meaning, Vocabulary

CONTEXT_LIKENESS = 0.9
_INCOMPLETE = 0.75
_OTHER_ORDER = 0.02
_ALIAS = 0.01  # another name, a number of the road
_TOGETHER = 0.96  # two words written as one, or one as two
_FILLER_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Understood:
    """A query with what its words could mean; `pairs[i]` is what words i and i + 1 written together could."""

    query: Query
    meanings: tuple[Meaning, ...]
    pairs: tuple[Meaning | None, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a name fits a query.

    `likeness[i]` of each word typed (0: not explained by the name); `complete`: what share of the name is explained;
    `whole`: every word of it is; `in_order`: in the order typed; `begun`: the last word typed is the beginning of one;
    `alias`: it isn't the name that is shown.
    """

    likeness: tuple[float, ...]
    complete: float
    whole: bool
    in_order: bool
    begun: bool
    alias: bool

    def score(self, likeness: Sequence[float], weights: Sequence[float]) -> float:
        """The score, with `likeness` perhaps raised by context and house number."""
        total = sum(weights)
        explained = sum(weight * like for weight, like in zip(weights, likeness, strict=True)) / total if total else 0.0
        score = explained * (_INCOMPLETE + (1 - _INCOMPLETE) * self.complete)
        return score - (0.0 if self.in_order else _OTHER_ORDER) - (_ALIAS if self.alias else 0.0)


def understand(query: Query, vocabulary: Vocabulary) -> Understood:
    """Looks up every word of a query, and every two neighbours written together ("Limus Nunggal", "Limusnunggal")."""
    last = len(query.words) - 1
    meanings = tuple(
        vocabulary.meaning(word, typing=query.typing and at == last, whole=at == query.house)
        for at, word in enumerate(query.words)
    )
    pairs: list[Meaning | None] = []
    for at in range(last):
        together = query.words[at] + query.words[at + 1]
        common = any(vocabulary.is_common(vocabulary.number(word)) for word in query.words[at : at + 2])
        if len(together) < 5 or not together.isalpha() or common or at in query.areas or at in query.fillers:
            pairs.append(None)
            continue
        meaning = vocabulary.meaning(together, typing=query.typing and at + 1 == last, whole=True)
        pairs.append(meaning if meaning.known else None)
    weights = tuple(
        _FILLER_WEIGHT if at in query.fillers else LEAST_WEIGHT if at in query.areas else _weight(word, meaning)
        for at, (word, meaning) in enumerate(zip(query.words, meanings, strict=True))
    )
    return Understood(query, meanings, tuple(pairs), weights)


def _weight(word: str, meaning: Meaning) -> float:
    # RT and RW are on few maps: good if found, no loss if not.
    return 0.2 if not meaning.known and word[:2] in ("rt", "rw") else meaning.weight


class Ranker:
    """Scores the names of an index."""

    __slots__ = ("_arrays", "_key_context", "_key_weight", "vocabulary")

    def __init__(self, arrays: Mapping[str, NDArray[Any]], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._arrays = arrays
        weights = vocabulary.weights[arrays["key_word"]]
        first = arrays["key_first"]
        sums = np.concatenate(([0.0], np.cumsum(weights, dtype=np.float64)))
        self._key_weight = (sums[first[1:]] - sums[first[:-1]]).astype(np.float32)
        self._key_context = arrays["entry_context"][arrays["key_entry"]]

    def rough(self, understood: Understood) -> NDArray[np.float32]:
        """A score for every key, 0 for those that share no word with the query: float32[keys]."""
        keys = len(self._key_weight)
        by_name = np.zeros(keys, np.float32)
        by_any = np.zeros(keys, np.float32)
        scores = [self._of_word(meaning, keys) for meaning in understood.meanings]
        for at, pair in enumerate(understood.pairs):
            if pair is not None:
                both = self._of_word(pair, keys)
                if both is not None:
                    for i in (at, at + 1):
                        known = scores[i]
                        scores[i] = both if known is None else np.maximum(known, both)
        for score, meaning, weight in zip(scores, understood.meanings, understood.weights, strict=True):
            if score is not None:
                by_name += weight * score
            context = self._of_context(meaning)
            if context is not None:
                there = (CONTEXT_LIKENESS * context)[self._key_context]
                score = there if score is None else np.maximum(score, there)
            if score is not None:
                by_any += weight * score
        total = sum(understood.weights) or 1.0
        complete = np.minimum(1.0, by_name / self._key_weight)
        rough: NDArray[np.float32] = (by_any / total * (_INCOMPLETE + (1 - _INCOMPLETE) * complete)).astype(np.float32)
        rough[by_name == 0] = 0.0
        return rough

    def _of_word(self, meaning: Meaning, keys: int) -> NDArray[np.float32] | None:
        if not meaning.known:
            return None
        first, key = self._arrays["word_key_first"], self._arrays["word_key"]
        score = np.zeros(keys, np.float32)
        if meaning.first < meaning.last:
            score[key[first[meaning.first] : first[meaning.last]]] = meaning.prefix_likeness
        for word, likeness in sorted(meaning.words.items(), key=lambda item: item[1]):
            score[key[first[word] : first[word + 1]]] = likeness
        return score

    def _of_context(self, meaning: Meaning) -> NDArray[np.float32] | None:
        first, context = self._arrays["word_context_first"], self._arrays["word_context"]
        score: NDArray[np.float32] | None = None
        ranges = [(meaning.first, meaning.last, meaning.prefix_likeness)] if meaning.first < meaning.last else []
        ranges += [(word, word + 1, like) for word, like in sorted(meaning.words.items(), key=lambda item: item[1])]
        for low, high, likeness in ranges:
            found = context[first[low] : first[high]]
            if len(found):
                if score is None:
                    score = np.zeros(int(self._arrays["entry_context"].max()) + 1, np.float32)
                score[found] = likeness
        return score

    def fit(self, understood: Understood, key: int) -> Fit:
        """Aligns a query with one name, word by word: the likest words first, each used once."""
        arrays, lengths = self._arrays, self.vocabulary.lengths
        first, last = int(arrays["key_first"][key]), int(arrays["key_first"][key + 1])
        words: list[int] = arrays["key_word"][first:last].tolist()
        joins: list[int] = arrays["key_join"][first : last - 1].tolist()
        found: list[tuple[float, int, int, int, int]] = []  # -likeness, typed first, typed count, named first, named count
        for at, meaning in enumerate(understood.meanings):
            for i, word in enumerate(words):
                likeness = meaning.likeness(word, lengths[word])
                if likeness:
                    found.append((-likeness, at, 1, i, 1))
            for i, word in enumerate(joins):
                likeness = meaning.likeness(word, lengths[word])
                if likeness > 0.7:
                    found.append((-_TOGETHER * likeness, at, 1, i, 2))
        for at, pair in enumerate(understood.pairs):
            if pair is not None:
                for i, word in enumerate(words):
                    likeness = pair.likeness(word, lengths[word])
                    if likeness > 0.7:
                        found.append((-_TOGETHER * likeness, at, 2, i, 1))
        found.sort()
        typed = [0.0] * len(understood.meanings)
        place = [-1] * len(typed)
        named = [0.0] * len(words)
        for negative, at, typed_count, i, named_count in found:
            if any(typed[at : at + typed_count]) or any(named[i : i + named_count]):
                continue
            for j in range(at, at + typed_count):
                typed[j], place[j] = -negative, i
            for j in range(i, i + named_count):
                named[j] = -negative
        weights: list[float] = self.vocabulary.weights[words].tolist()
        matched = sum(weight * like for weight, like in zip(weights, named, strict=True))
        order = [i for i in place if i >= 0]
        begun = bool(place) and place[-1] >= 0 and understood.meanings[-1].begins(words[place[-1]])
        return Fit(tuple(typed), matched / sum(weights), all(named), order == sorted(order), begun, self._alias(key))

    def _alias(self, key: int) -> bool:
        """Whether a key isn't its entry's first one: keys stand in the order of entries, each one's own name first."""
        owner = self._arrays["key_entry"]
        return key > 0 and bool(owner[key - 1] == owner[key])
