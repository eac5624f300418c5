"""Positions in the spellings that people type and paste."""

from __future__ import annotations

import re

_NUMBER = r"[-+−]?\d{1,3}(?:\.\d+)?"
_BETWEEN = r"(?:\s|,|;|/|%2C|%20|\+)+"
_LETTER = "LS|LU|BT|BB|[NSEWUTB]"
_PAIR = re.compile(
    rf"^\W*?(?P<before1>[NSEW]?)\s*(?P<first>{_NUMBER})\s*°?\s*(?P<after1>(?:{_LETTER})?)\s*[,;/\s]\s*"
    rf"(?P<before2>[NSEW]?)\s*(?P<second>{_NUMBER})\s*°?\s*(?P<after2>(?:{_LETTER})?)\W*$",
    re.IGNORECASE,
)
_COMMA_PAIR = re.compile(r"^\s*([-+−]?\d{1,3},\d{3,})\s*[;\s]\s*([-+−]?\d{1,3},\d{3,})\s*$")
_DEGREES = re.compile(
    r"(\d{1,3})\s*°\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*[′'’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:[″\"”]|'')\s*)?"
    rf"({_LETTER})\b",
    re.IGNORECASE,
)
_GEO = re.compile(rf"\bgeo:({_NUMBER}),({_NUMBER})(?:\S*?[?&]q=({_NUMBER}),({_NUMBER}))?", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_IN_LINKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (  # what says most first: a pin, what was asked for, the middle of the map
        rf"!3d({_NUMBER})!4d({_NUMBER})",
        rf"mlat=({_NUMBER})&mlon=({_NUMBER})",
        rf"[?&#/](?:destination|daddr|query|q|ll|sll|center)=(?:loc:)?({_NUMBER}){_BETWEEN}({_NUMBER})",
        rf"/(?:place|search)/({_NUMBER}){_BETWEEN}({_NUMBER})",
        rf"/dir/[^/]*/({_NUMBER}){_BETWEEN}({_NUMBER})",
        rf"@({_NUMBER}),({_NUMBER})",
        rf"#map=[\d.]+/({_NUMBER})/({_NUMBER})",
    )
)
_NEGATIVE = frozenset({"S", "LS", "W", "BB", "B"})
_OF_LATITUDE = frozenset({"N", "S", "U", "LS", "LU"})


def coordinates_of(text: str) -> tuple[float, float] | None:
    """(longitude, latitude) in degrees if a text is a position, else None.

    Understood: `-6.91, 106.93` (latitude first, as map services write it), `6.91S 106.93E`, `6°55'12"S 106°56'E`,
    `6°55' LS 106°56' BT`, `-6,9123 106,9345`, `geo:` URIs, and links of map services that bear coordinates, with other
    words around them as a chat pastes them. A pair that can only be longitude first (106.93, -6.91) is turned. Two whole
    numbers are no position.
    """
    text = text.strip()
    geo = _GEO.search(text)
    if geo:
        latitude, longitude = (geo.group(3), geo.group(4)) if geo.group(3) else (geo.group(1), geo.group(2))
        return _checked(_degrees(latitude), _degrees(longitude))
    link = _LINK.search(text)
    if link:
        for pattern in _IN_LINKS:
            found = pattern.findall(link.group())
            if found:
                return _checked(_degrees(found[-1][0]), _degrees(found[-1][1]))
        return None
    sexagesimal = _DEGREES.findall(text)
    if len(sexagesimal) == 2:
        return _signed(*((_sexagesimal(*part[:3]), part[3]) for part in sexagesimal))
    comma = _COMMA_PAIR.match(text)
    if comma:
        return _checked(_degrees(comma.group(1)), _degrees(comma.group(2)))
    pair = _PAIR.match(text)
    if pair is None:
        return None
    letters = pair["before1"] or pair["after1"], pair["before2"] or pair["after2"]
    if all(letters):
        return _signed((_degrees(pair["first"]), letters[0]), (_degrees(pair["second"]), letters[1]))
    if any(letters) or "." not in pair["first"] or "." not in pair["second"]:
        return None
    return _checked(_degrees(pair["first"]), _degrees(pair["second"]))


def _degrees(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "").replace(",", "."))


def _sexagesimal(degrees: str, minutes: str, seconds: str) -> float:
    return _degrees(degrees) + _degrees(minutes or "0") / 60 + _degrees(seconds or "0") / 3600


def _signed(first: tuple[float, str], second: tuple[float, str]) -> tuple[float, float] | None:
    """Two values with the letters of their hemispheres; None if both say latitude, or both longitude."""
    values = [-value if letter.upper() in _NEGATIVE else value for value, letter in (first, second)]
    of_latitude = [letter.upper() in _OF_LATITUDE for _, letter in (first, second)]
    if of_latitude[0] == of_latitude[1]:
        return None
    return _checked(*values) if of_latitude[0] else _checked(values[1], values[0])


def _checked(latitude: float, longitude: float) -> tuple[float, float] | None:
    if abs(latitude) > 90 >= abs(longitude):
        latitude, longitude = longitude, latitude
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return longitude, latitude


def without_links(text: str) -> str:
    """A text without the links in it: their letters are no names."""
    return _LINK.sub(" ", text)
