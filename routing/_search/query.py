"""What somebody typed, taken apart: words, house number, the sign of a crossing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing._search.address import is_house_number, tables, words_of

_SEPARATOR = re.compile(r"\s*(?:[/&×]|\s[x-]\s|\s@\s)\s*")
_DIGIT_SLASH = re.compile(r"(?<=\d)\s*/\s*(?=\d)")


@dataclass(frozen=True, slots=True)
class Query:
    """Words in normal form, and what each is.

    `house`: index of the word that a sign ("No.") calls the house number, or -1. `typing`: the last word may not be
    finished. `areas`: indices of words that only say what kind of area follows ("kelurahan"). `fillers`: indices of words
    that carry nothing ("dekat").
    """

    words: tuple[str, ...]
    house: int
    typing: bool
    areas: frozenset[int]
    fillers: frozenset[int]


def query_of(text: str) -> Query:
    """Takes a text apart."""
    known = tables()
    words = list(words_of(text))
    house = -1
    for at in range(len(words) - 1):
        if words[at] in known.number and is_house_number(words[at + 1]):
            del words[at]
            house = at
            break
    return Query(
        words=tuple(words),
        house=house,
        typing=bool(text) and text[-1].isalnum() and house != len(words) - 1,
        areas=frozenset(at for at, word in enumerate(words) if word in known.area),
        fillers=frozenset(at for at, word in enumerate(words) if word in known.filler),
    )


def crossing_of(text: str) -> tuple[str, str] | None:
    """The two streets of "Jl. A simpang Jl. B", "simpang A - B", "A / B", "A & B"; None if the text names no crossing."""
    signs = tables().crossing
    plain = _DIGIT_SLASH.sub(" ", text.strip())
    words = plain.split()
    at = next((i for i, word in enumerate(words) if word.lower().strip(".,") in signs), -1)
    if at > 0 and at + 1 < len(words):
        return " ".join(words[:at]), " ".join(words[at + 1 :])
    if at == 0:
        plain = " ".join(words[1:])
    parts = [part.strip() for part in _SEPARATOR.split(plain)]
    if at == 0 and len(parts) != 2:
        parts = [part.strip() for part in re.split(r"\s(?:dan|dengan|and|with)\s|,", plain)]
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None
