"""How names and addresses are compared: words in one normal form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from routing.datafiles import read_table
from routing.errors import DataError

_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_ELISION = re.compile(r"\b([^\W\d_])['’]")  # l'Hermitage, d'Azur: two words; Jum'at, Ma'ruf: one
_RT_RW = re.compile(r"\brt\W*(\d{1,3})\W*(?:/|rw|dan|\s)\W*(?:rw\W*)?(\d{1,3})\b", re.IGNORECASE)
_RT_OR_RW = re.compile(r"\b(rt|rw)\W*0*(\d{1,3})\b", re.IGNORECASE)
_DIGITS = re.compile(r"^0*(\d+)([a-z]?)$")
_HOUSE = re.compile(r"^\d{1,5}[a-z]{0,3}$")
_ROMAN = re.compile(r"^(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})$")
_ROMAN_UNITS = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}


@dataclass(frozen=True, slots=True)
class _Tables:
    words: dict[str, str]
    phrases: dict[tuple[str, ...], str]
    longest_phrase: int
    spelling: tuple[tuple[str, str], ...]
    number: frozenset[str]
    crossing: frozenset[str]
    area: frozenset[str]
    filler: frozenset[str]


@cache
def tables() -> _Tables:
    """The table `data/address.toml`.

    Raises:
        DataError: a part of it is missing.
    """
    table = read_table("address.toml")
    try:
        phrases = {tuple(key.split()): value for key, value in table["phrases"].items()}
        return _Tables(
            words=table["words"],
            phrases=phrases,
            longest_phrase=max(map(len, phrases), default=1),
            spelling=tuple(table["spelling"].items()),
            **{key: frozenset(table["signs"][key]) for key in ("number", "crossing", "area", "filler")},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"data/address.toml: a part is missing or wrong: {error}") from error


def fold(text: str) -> str:
    """Lower case without accents; ß is ss."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or an address in the form that is compared.

    Abbreviations are written out (`Jl.` is `jalan`), the spelling of before 1972 is the present one (`Soekarno` is
    `sukarno`), Roman numerals are numbers, `RT 03/17` is `rt3 rw17`, `R.E.` is `re`, `4 B` is `4b`. `data/address.toml`
    says what is the same.
    """
    known = tables()
    folded = _ELISION.sub(r"\1 ", fold(text)).replace("'", "").replace("’", "")
    folded = _INITIALS.sub(lambda found: found.group().replace(".", "") + " ", folded)
    folded = _RT_RW.sub(r" rt\1 rw\2 ", folded)
    folded = _RT_OR_RW.sub(r" \1\2 ", folded)
    words = [known.words.get(word, word) for word in _WORD.findall(folded)]
    words = _join_phrases(words, known)
    return tuple(_normal(word, at, known) for at, word in enumerate(_join_codes(words)))


def _join_phrases(words: list[str], known: _Tables) -> list[str]:
    joined: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(known.longest_phrase, len(words) - at), 1, -1):
            phrase = known.phrases.get(tuple(words[at : at + length]))
            if phrase is not None:
                joined.append(phrase)
                at += length
                break
        else:
            joined.append(words[at])
            at += 1
    return joined


def _join_codes(words: list[str]) -> list[str]:
    """`4 b` is `4b`, `a 3` is `a3`: a letter and a number side by side are one sign."""
    joined: list[str] = []
    for word in words:
        last = joined[-1] if joined else ""
        letter_after_number = last.isdecimal() and len(word) == 1 and word.isalpha()
        # not at the very beginning: "R. 17" is Rua 17
        number_after_letter = len(joined) > 1 and len(last) == 1 and last.isalpha() and word.isdecimal()
        if letter_after_number or number_after_letter:
            joined[-1] = last + word
        else:
            joined.append(word)
    return joined


def _normal(word: str, at: int, known: _Tables) -> str:
    digits = _DIGITS.match(word)
    if digits:
        return digits.group(1) + digits.group(2)
    if word[:2] in ("rt", "rw") and word[2:].isdecimal():
        return f"{word[:2]}{int(word[2:])}"
    if at and _ROMAN.match(word):
        tens = len(word) - len(word.lstrip("x"))
        return str(10 * tens + _ROMAN_UNITS[word[tens:]])
    if len(word) > 4 and word.endswith("str"):
        word += "asse"  # "Bahnhofstr."
    for old, new in known.spelling:
        if old in word:
            word = word.replace(old, new)
    return word


def is_number(word: str) -> bool:
    """Whether a word is a number, as house numbers and numbered streets bear: `12`, `4b`."""
    return _DIGITS.match(word) is not None


def is_house_number(word: str) -> bool:
    """Whether a word can be a house number: `12`, `4b`, `4bis`."""
    return _HOUSE.match(word) is not None


def house_number(text: str) -> tuple[int, str]:
    """A house number as (number, letter) for comparison: `12`, `12A`, `12 bis`, `7-9` (its first). (-1, …) if none."""
    found = re.match(r"\D*(\d{1,9})\s*(.*)", fold(text))
    if not found:
        return -1, fold(text).strip()
    rest = re.match(r"[a-z]+", found.group(2))
    return int(found.group(1)), rest.group() if rest else ""
