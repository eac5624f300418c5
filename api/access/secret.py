"""Secrets: made here, given away once, kept only as their SHA-256.

They are random, 256 bits (a tracker's device id 80, since it is typed on telephones and goes over the air in URLs), so a
plain hash can't be turned round by guessing; a slow one is for passwords.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

TOKEN_PREFIX = "siaga_"
"""What a program's token begins with: tools that look for secrets in files find it by that."""

_LONGEST = 200
_BYTES = 32
_DEVICE_BYTES = 10


def make_token() -> str:
    """A program's token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)


def make_device_id() -> str:
    """A tracker's device id: sixteen small letters and digits, none of them 0, 1, 8 or 9."""
    return base64.b32encode(secrets.token_bytes(_DEVICE_BYTES)).decode().lower()


def make_cookie() -> str:
    """What a session's cookie holds."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """What is kept of a secret. Anything may be asked; what is too long to be one is cut, and so is none that is kept."""
    return hashlib.sha256(secret[:_LONGEST].encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(cookie: str) -> str:
    """The CSRF token of a session: made from its cookie, which the page can't read; nobody gets from it to the cookie."""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"siaga csrf", hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether they are the same, in a time that doesn't tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
