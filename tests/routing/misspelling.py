"""Names as people type them: seeded slips and short forms, for measuring how much address search forgives."""

from __future__ import annotations

import random

ABBREVIATIONS = {
    "Jalan": ("Jl.", "Jl", "Jln", "jalan", ""),
    "Gang": ("Gg.", "Gg", "gang"),
    "Jenderal": ("Jend.", "Jendral"),
    "Kampung": ("Kp.", "Kp"),
    "Perumahan": ("Perum", "Komplek"),
    "Haji": ("H.",),
    "Rumah": ("Rumah",),
    "Doktor": ("Dr.",),
    "Doutor": ("Dr.",),
    "Avenida": ("Av.", "Av"),
    "Avenue": ("Av.", "Ave"),
    "Boulevard": ("Bd", "Blvd"),
    "Rua": ("R.", "Rua"),
    "Travessa": ("Tv.", "Travessa"),
    "Puskesmas": ("Pkm", "PKM"),
}
ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "X": "10"}
OLD_SPELLING = (("u", "oe"), ("j", "dj"), ("c", "tj"))
KEYS = "abcdefghijklmnopqrstuvwxyz"


def slip(word: str, dice: random.Random) -> str:
    """A word with one letter dropped, doubled, changed, added, or two exchanged; words with digits stay."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = dice.randrange(1, len(word) - 1)
    kind = dice.randrange(5)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    if kind == 2:
        return word[:at] + dice.choice(KEYS) + word[at + 1 :]
    if kind == 3:
        return word[:at] + dice.choice(KEYS) + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def abbreviated(name: str, dice: random.Random) -> str:
    """Short forms for the words that have one, numbers for Roman numerals, perhaps all small letters."""
    words = [dice.choice(ABBREVIATIONS[word]) if word in ABBREVIATIONS else ROMAN.get(word, word) for word in name.split()]
    text = " ".join(word for word in words if word)
    return text.lower() if dice.random() < 0.5 else text


def misspelt(name: str, dice: random.Random) -> str:
    """Short forms, and a slip in the longest word."""
    words = abbreviated(name, dice).split()
    longest = max(range(len(words)), key=lambda at: len(words[at]), default=0)
    return " ".join(slip(word, dice) if at == longest else word for at, word in enumerate(words))


def shortened(name: str, dice: random.Random) -> str:
    """One word left out, if there are three or more."""
    words = name.split()
    if len(words) > 2:
        del words[dice.randrange(1, len(words))]
    return " ".join(words)


def old_fashioned(name: str, dice: random.Random) -> str:
    """The spelling before 1972, with short forms."""
    text = abbreviated(name, dice)
    new, old = dice.choice(OLD_SPELLING)
    return text.replace(new, old)


def glued(name: str, dice: random.Random) -> str:
    """The last two words written together."""
    words = abbreviated(name, dice).split()
    if len(words) > 2 and words[-1].isalpha() and words[-2].isalpha():
        words[-2:] = [words[-2] + words[-1].lower()]
    return " ".join(words)


WAYS = {
    "as mapped": lambda name, _: name,
    "abbreviated": abbreviated,
    "misspelt": misspelt,
    "word missing": shortened,
    "old spelling": old_fashioned,
    "glued": glued,
}
