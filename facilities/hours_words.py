"""Opening hours as Indonesian registers write them, put into OSM's syntax by a small grammar.

    hours  = part { (";" | "," | ".") part }        "Sen-Kam 07.30-14.30, Jum 07.30-11.30; Minggu & hari libur tutup"
    part   = [days] ("tutup" | "24 jam" | span { ("," | "dan") span })
           | ("tutup" | …) days
    days   = day ["-" day] { ("," | "dan") … } | "setiap hari" | "hari kerja" | "hari libur"
    span   = time "-" time                          "08.00 s/d 14.30 WIB", "jam 8 - 14"

One word that the grammar does not know, and the whole is not understood: better unknown than half read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_DAYS = {
    "Mo": ("senin", "sen", "sn", "monday", "mon"),
    "Tu": ("selasa", "sel", "sls", "tuesday", "tue"),
    "We": ("rabu", "rab", "rb", "wednesday", "wed"),
    "Th": ("kamis", "kam", "kms", "thursday", "thu"),
    "Fr": ("jumat", "jum", "jmt", "friday", "fri"),
    "Sa": ("sabtu", "sab", "sbt", "saturday", "sat"),
    "Su": ("minggu", "min", "mgg", "ahad", "sunday", "sun"),
}
_DAY_OF = {word: day for day, words in _DAYS.items() for word in words}
_PHRASES = (
    (r"\b24\s*(?:/|x)\s*7\b", " ALLDAY "),
    (r"\b(?:buka\s+)?(?:24|dua puluh empat)\s*[- ]?jam\b", " ALLDAY "),
    (r"\b(?:setiap|tiap|tiap-tiap)\s+hari\b|\bevery\s*day\b|\bsehari-hari\b", " DAY:Mo-Su "),
    (r"\b(?:pada\s+)?(?:hari\s+)?(?:libur nasional|hari besar|tanggal merah|public holidays?)\b", " DAY:PH "),
    (r"\bhari\s+libur(?:\s+nasional)?\b", " DAY:PH "),
    (r"\bhari\s+kerja\b|\bweekdays\b", " DAY:Mo-Fr "),
    (r"\b(?:tutup|libur|closed)\b", " CLOSED "),
    (r"\bs\s*/\s*d\b|\bs\.d\.?|\bsd\b|\bsampai(?:\s+dengan)?\b|\bhingga\b|\buntil\b", " - "),
    (r"\b(?:dan|serta|and)\b|&|\+", " , "),
)
_FILLER = {"buka", "jam", "pukul", "pkl", "hari", "wib", "wita", "wit", "open", "pelayanan", "layanan", "operasional", "pada"}
_TOKEN = re.compile(
    r"\s*(?:(?P<day>DAY:\S+)|(?P<allday>ALLDAY)|(?P<closed>CLOSED)"
    r"|(?P<time>\d{1,2}[:.]\d{2}(?!\d)|\d{1,2}(?![\d:.]\d))"
    r"|(?P<mark>[-,;])|(?P<colon>[:()/.])|(?P<word>[a-z]+))"
)


@dataclass(slots=True)
class _Part:
    days: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    whole: str = ""  # "24/7"-like or "off"

    @property
    def complete(self) -> bool:
        return bool(self.spans or self.whole)

    def rule(self) -> str:
        hours = self.whole or ",".join(self.spans)
        return f"{','.join(self.days)} {hours}".strip() if self.days else hours


def translate(written: str) -> str | None:
    """`written` in OSM's syntax, or None where a word or the order of words is not understood."""
    tokens = _tokens(written)
    if tokens is None:
        return None
    parts = _parts(tokens)
    if not parts:
        return None
    if len(parts) == 1 and not parts[0].days and parts[0].whole == "00:00-24:00":
        return "24/7"
    # A closed day is said last, so that it wins over "every day".
    ordered = [p for p in parts if p.whole != "off"] + [p for p in parts if p.whole == "off"]
    if all(part.whole == "off" for part in ordered):
        return None
    return "; ".join(part.rule() for part in ordered)


def _tokens(written: str) -> list[tuple[str, str]] | None:
    text = unicodedata.normalize("NFKC", written).casefold()
    text = re.sub(r"[‐-―−~]", "-", text)
    text = re.sub(r"jum['’`]?\s?at\b", "jumat", text)
    text = re.sub(r"min\.(?=\s)", "min ", text)
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        position = match.end()
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "word":
            if value in _FILLER:
                continue
            if value not in _DAY_OF:
                return None
            kind, value = "day", f"DAY:{_DAY_OF[value]}"
        if kind == "time":
            clock = _clock(value)
            if clock is None:
                return None
            value = clock
        if kind == "colon":
            continue
        tokens.append((kind, value.removeprefix("DAY:")))
    return tokens


def _clock(value: str) -> str | None:
    hour, _, minute = value.replace(".", ":").partition(":")
    if int(hour) > 24 or int(minute or 0) > 59 or (int(hour) == 24 and int(minute or 0)):
        return None
    return f"{int(hour):02d}:{minute or '00'}"


def _parts(tokens: list[tuple[str, str]]) -> list[_Part] | None:
    parts: list[_Part] = []
    part = _Part()
    i = 0
    while i < len(tokens):
        kind, value = tokens[i]
        following = [k for k, _ in tokens[i + 1 : i + 3]]
        marks = [v for _, v in tokens[i + 1 : i + 2]]
        if kind == "day":
            if part.complete and not (part.whole == "off" and not part.days):
                parts.append(part)
                part = _Part()
            if marks == ["-"] and following == ["mark", "day"]:
                if "-" in value or "-" in tokens[i + 2][1] or "PH" in (value, tokens[i + 2][1]):
                    return None
                value = f"{value}-{tokens[i + 2][1]}"
                i += 2
            part.days.append(value)
        elif kind == "time":
            if marks != ["-"] or following != ["mark", "time"] or part.whole:
                return None
            part.spans.append(f"{value}-{tokens[i + 2][1]}")
            i += 2
        elif kind in ("allday", "closed"):
            if part.complete:
                parts.append(part)
                part = _Part()
            part.whole = "00:00-24:00" if kind == "allday" else "off"
        elif value == ";":
            if part.days and not part.complete:
                return None
            if part.complete:
                parts.append(part)
                part = _Part()
        elif value == "-" and (not part.days or part.complete or following[:1] not in (["time"], ["allday"], ["closed"])):
            # "Senin - 08.00-14.00": a dash between days and hours only separates; anywhere else it is not understood.
            return None
        i += 1
    if not part.complete:
        return None if part.days else (parts or None)
    parts.append(part)
    if any(p.whole == "off" and not p.days for p in parts):
        return None
    return parts
