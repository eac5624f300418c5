"""The words of a place index: which of them could be meant by a word that somebody typed."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from routing._search.columns import grams_of, read_lines

_LAST = "\U0010ffff"
_COMPARED = 160
"""How many words are compared letter by letter: those that share most pairs of letters with the one typed."""

LEAST_WEIGHT = 0.12
"""What the most common word ("jalan") counts, as a share of the rarest."""

_BEGUN = 0.65
_COMMON_WEIGHT = 0.35
_INITIAL = 0.6  # "A. Yani" for "Ahmad Yani", either way round
_PREFIX_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a typed word could mean: words with their likeness (0 … 1], and the range of those that it begins.

    `first`, `last` is a half-open range of word numbers; `typing` says that the word may not be finished. `weight` is how
    much it matters that this word is found (0 … 1], rare words most.
    """

    words: Mapping[int, float]
    first: int
    last: int
    length: int
    typing: bool
    weight: float

    @property
    def known(self) -> bool:
        """Whether it could mean any word at all."""
        return bool(self.words) or self.first < self.last

    @property
    def prefix_likeness(self) -> float:
        """How like a word of the range is at least."""
        return 0.75 if self.typing else 0.5

    def likeness(self, word: int, length: int) -> float:
        """How well it fits word number `word`, which has `length` letters: 0 … 1."""
        known = self.words.get(word, 0.0)
        if self.first <= word < self.last:
            least = self.prefix_likeness
            return max(known, least + (0.98 - least) * self.length / length)
        return known

    def begins(self, word: int) -> bool:
        """Whether it is the unfinished beginning of word number `word`, and no likelier anything else."""
        return self.typing and ((self.first <= word < self.last and word not in self.words) or self.words.get(word) == _BEGUN)


class Vocabulary:
    """The words of an index, sorted, and how many entries have each."""

    __slots__ = ("_gram", "_gram_first", "_gram_word", "_lengths", "lengths", "weights", "words")

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.words = read_lines(arrays["word_lines"])
        self.lengths = [len(word) for word in self.words]
        self._lengths = np.array(self.lengths, np.int32)
        self._gram = arrays["gram"]
        self._gram_first = arrays["gram_first"]
        self._gram_word = arrays["gram_word"]
        entries = max(2, len(arrays["entry_kind"]))
        counts = np.maximum(arrays["word_entries"], 1)
        rarity = np.log1p(entries / counts) / math.log1p(entries)
        self.weights: NDArray[np.float32] = np.maximum(rarity, LEAST_WEIGHT).astype(np.float32)

    def number(self, word: str) -> int:
        """The number of a word, or -1."""
        at = bisect_left(self.words, word)
        return at if at < len(self.words) and self.words[at] == word else -1

    def is_common(self, number: int) -> bool:
        """Whether a word is so common ("jalan") that it is what it looks like, and no slip."""
        return number >= 0 and bool(self.weights[number] < _COMMON_WEIGHT)

    def meaning(self, word: str, *, typing: bool = False, whole: bool = False) -> Meaning:
        """What `word` could mean; `typing`: it may be the beginning of one; `whole`: it isn't an abbreviation either.

        Words with digits in them (numbers, RT/RW, blocks) are never taken for other ones: house 18 is not house 13.
        """
        exact = self.number(word)
        code = any(letter.isdecimal() for letter in word)
        found: dict[int, float] = {} if code or self.is_common(exact) else self._alike(word)
        if typing and exact < 0 and not found and not code:
            found = self._begun(word)
        initial = -1 if code or whole or len(word) < 3 else self.number(word[0])
        if initial >= 0:
            found[initial] = _INITIAL
        if exact >= 0:
            found[exact] = 1.0
        first = last = 0
        if typing or not (code or whole):
            first, last = bisect_left(self.words, word), bisect_right(self.words, word + _LAST)
        if exact >= 0:
            weight = float(self.weights[exact])
        elif found:
            weight = float(self.weights[max(found, key=lambda at: (found[at], -at))])
        else:
            weight = _PREFIX_WEIGHT if first < last else 0.5
        if typing and len(word) < 3:
            weight = min(weight, 0.3 * len(word))
        return Meaning(found, first, last, len(word), typing, weight)

    def _alike(self, word: str) -> dict[int, float]:
        """Words a few slips away: one slip up to five letters, two up to eight, three in longer ones."""
        if len(word) < 3:
            return {}
        slips = 1 if len(word) <= 5 else 2 if len(word) <= 8 else 3
        grams = grams_of(word)
        shared, any_shared = self._sharing(grams)
        if not any_shared:
            return {}
        # One slip touches three pairs at most (two letters that change places), and changes the length by one at most.
        enough = np.flatnonzero(shared >= max(1, len(grams) - 3 * slips))
        lengths = self._lengths[enough]
        near = np.abs(lengths - len(word)) <= slips
        enough, lengths = enough[near], lengths[near]
        if len(enough) > _COMPARED:
            unlike = -shared[enough] / (lengths + len(grams))
            enough = enough[np.argpartition(unlike, _COMPARED)[:_COMPARED]]
        found: dict[int, float] = {}
        for candidate in enough.tolist():
            distance = OSA.distance(word, self.words[candidate], score_cutoff=slips)
            if 0 < distance <= slips and self.words[candidate].isalpha():
                found[candidate] = 1.0 - distance / max(len(word), self.lengths[candidate], 4)
        return found

    def _begun(self, word: str) -> dict[int, float]:
        """Longer words whose beginning is one slip away: unfinished and misspelt."""
        if len(word) < 4:
            return {}
        grams = [gram for gram in grams_of(word) if gram & 0x1FFFFF]
        shared, _ = self._sharing(grams)
        enough = np.flatnonzero(shared >= max(1, len(grams) - 3))
        enough = enough[self._lengths[enough] > len(word)]
        if len(enough) > _COMPARED:
            enough = enough[np.argpartition(-shared[enough], _COMPARED)[:_COMPARED]]
        return {
            candidate: _BEGUN
            for candidate in enough.tolist()
            if OSA.distance(word, self.words[candidate][: len(word)], score_cutoff=1) <= 1 and self.words[candidate].isalpha()
        }

    def _sharing(self, grams: list[int]) -> tuple[NDArray[np.int64], bool]:
        """How many of these pairs of letters each word has, and whether any has one."""
        at = np.searchsorted(self._gram, grams)
        parts = [
            self._gram_word[self._gram_first[i] : self._gram_first[i + 1]]
            for i, gram in zip(at.tolist(), grams, strict=True)
            if i < len(self._gram) and self._gram[i] == gram
        ]
        together = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return np.bincount(together, minlength=len(self.words)), bool(parts)
