"""What a caller has already isn't sent again."""

from __future__ import annotations

from collections.abc import Mapping


def has_already(headers: Mapping[str, str], tag: str) -> bool:
    """Whether a caller says that it has what bears the tag (If-None-Match; RFC 9110, section 13.1.2).

    Tags are compared weakly, as they have to be where the same is answered compressed and plain; ours have no commas in them.
    """
    said = [one.strip() for one in headers.get("if-none-match", "").split(",")]
    return said == ["*"] or tag.removeprefix("W/") in (one.removeprefix("W/") for one in said)
