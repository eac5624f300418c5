"""How alike two names of facilities are, leaving out what says only what kind of facility it is."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz import fuzz

from facilities.vocabulary import figures, plain

_ROMAN = re.compile(r"^(?=.)(x{0,3})(ix|iv|v?i{0,3})$")


@cache
def _class_words() -> frozenset[str]:
    return frozenset(figures("names")["class_words"])


@lru_cache(maxsize=65_536)
def core(name: str) -> str:
    """The part of a name that tells one from another: without class words, titles and initials.

    "RSUD R. Syamsudin, S.H." and "Rumah Sakit Umum Daerah Syamsudin" both give "syamsudin". A single letter at the end
    stays ("Pegangsaan Dua A"). A name that consists of such words only is returned whole.
    """
    words = plain(name).split()
    last = len(words) - 1
    kept = [w for i, w in enumerate(words) if w not in _class_words() and (len(w) > 1 or w.isdigit() or i == last)]
    return " ".join(kept or words)


@lru_cache(maxsize=65_536)
def _numbers(name: str) -> frozenset[str]:
    return frozenset(w for w in core(name).split() if w.isdigit() or _ROMAN.match(w))


@lru_cache(maxsize=65_536)
def is_regional(name: str) -> bool:
    """Whether a name says that the hospital is the regency's or city's own: RSUD Tebet and RS Tebet are two."""
    said = plain(name).split()
    return "rsud" in said or "daerah" in said


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 … 100.

    Places stand in most names ("Klinik Sehat Dania Rorotan Cilincing"), so likeness as a whole proves little: every word of
    the name with fewer words must be found in the other, spelling aside, else they are two. So are names with different
    numbers ("Slipi I", "Slipi II").
    """
    if not one or not other or _numbers(one) != _numbers(other):
        return 0.0
    a, b = core(one), core(other)
    if a.replace(" ", "") == b.replace(" ", ""):
        return 100.0
    few, many = sorted((a.split(), b.split()), key=len)
    if not all(any(_same_word(word, against) for against in many) for word in few):
        return 0.0
    return float(fuzz.token_sort_ratio(a, b))


def _same_word(one: str, other: str) -> bool:
    """Whether two words differ at most in spelling; short ones must be equal ("AU", "AL")."""
    return one == other if min(len(one), len(other)) <= 3 else fuzz.ratio(one, other) >= 80
