"""Passwords: what a new one must be (NIST SP 800-63B-4, 3.1.1.2), and hashing them with Argon2id (RFC 9106)."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.access.errors import PasswordError, TooManyAttemptsError
from api.access.rules import PasswordRules

T = TypeVar("T")

_AT_ONCE = 2
"""Each takes 64 MiB and a core or more for a tenth of a second."""

_WAITING = 64
"""More are turned away: they would wait longer than anybody does, and hold a request each."""

_SEPARATORS = re.compile(r"[\s_-]+")


def _plain(password: str) -> str:
    """One spelling of what looks the same on different keyboards."""
    return unicodedata.normalize("NFKC", password)


def _bare(password: str) -> str:
    return _SEPARATORS.sub("", password.casefold())


def _monotonous(bare: str) -> bool:
    """Whether it is a short piece over and over, or counts up or down."""
    if re.fullmatch(r"(.{1,3}?)\1+.{0,2}", bare):
        return True
    steps = {
        (ord(after) - ord(before)) % 10 if before.isdigit() and after.isdigit() else ord(after) - ord(before)
        for before, after in pairwise(bare)
    }
    return steps in ({1}, {9}, {-1})


def check_password(password: str, name: str, rules: PasswordRules) -> None:
    """Makes sure that a new password will do.

    Raises:
        PasswordError: it won't; the message says why, without it.
    """
    plain = _plain(password)
    if len(plain) < rules.shortest:
        raise PasswordError("password_short", shortest=rules.shortest)
    if len(plain) > rules.longest:
        raise PasswordError("password_long", longest=rules.longest)
    bare = _bare(plain)
    if re.fullmatch(f"(?:{re.escape(_bare(name))})+", bare):
        raise PasswordError("password_name")
    if bare in rules.refused or not bare or _monotonous(bare):
        raise PasswordError("password_common")


class Passwords:
    """Hashes passwords and compares them, a few at a time and beside the event loop."""

    def __init__(self, rules: PasswordRules, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: None for argon2-cffi's own parameters."""
        self.rules = rules
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("nobody's password")
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The hash of a new password; check it first.

        Raises:
            TooManyAttemptsError: too many wait already.
        """
        return await self._beside(lambda: self._hasher.hash(_plain(password)))

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether it is the password of that hash; with None, for somebody who doesn't exist, no, after as long a time.

        Raises:
            TooManyAttemptsError: too many wait already.
        """
        if len(password) > self.rules.longest:
            password, hashed = "", None

        def verify() -> bool:
            try:
                return self._hasher.verify(hashed or self._nobodys, _plain(password)) and hashed is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._beside(verify)

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(hashed)

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise TooManyAttemptsError(1)
        self._waiting += 1
        try:
            async with self._gate:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
