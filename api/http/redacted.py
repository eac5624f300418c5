"""Addresses as they may be shown and kept: without what is secret in them."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_SECRETS = frozenset({"id", "deviceid"})
_FAMILY = re.compile(r"(/v1/family/)[^/]+")
_HIDDEN = "***"


def redacted(url: str) -> str:
    """An address or path without a tracker's id, a family's link and a password."""
    head, mark, query = url.partition("?")
    head = re.sub(r"//[^/]*@", f"//{_HIDDEN}@", head)
    head = _FAMILY.sub(rf"\1{_HIDDEN}", head)
    if not mark:
        return head
    shown = []
    for part in query.split("&"):
        name, equals, _ = part.partition("=")
        secret = equals and unquote_plus(name).strip().casefold() in _SECRETS
        shown.append(f"{name}={_HIDDEN}" if secret else part)
    return f"{head}?{'&'.join(shown)}"
