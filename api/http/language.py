"""In which language a caller reads."""

from __future__ import annotations

from fastapi import Request

from routing import LANGUAGES, Language

DEFAULT: Language = "id"


def language_of(request: Request) -> Language:
    """The first language of Accept-Language that there is; Indonesian otherwise."""
    for part in request.headers.get("accept-language", "").split(","):
        word = part.split(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if word == language:
                return language
    return DEFAULT
