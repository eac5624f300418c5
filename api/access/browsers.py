"""Browsers from which a person has signed in before: wrong passwords from there are counted apart from strangers' tries.

A browser keeps a secret of its own (a "device cookie"), which lets nobody in: it only says whose tries are whose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from api.access.records import Clock, Held, Records
from api.access.rules import SessionRules
from api.access.secret import digest, make_cookie
from dispatch.store import Store, Write

_MOST_USERS = 20
"""A desk's computer is shared; beyond that, whoever signed in first is forgotten."""


class Browser(Struct, frozen=True):
    """A browser that people signed in from.

    Attributes:
        users: who, the latest last.
        expires: it is forgotten then.
    """

    users: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A browser that has been seen: its secret, the hash of that, its entry."""

    secret: str
    digest: str
    held: Held[Browser]

    def used_by(self, name: str) -> bool:
        """Whether that person has signed in from it."""
        return self.held.value is not None and name in self.held.value.users


class Browsers:
    """All known browsers.

    Args:
        store, rules: what they rest on.
        clock: the time.
    """

    def __init__(self, store: Store, rules: SessionRules, clock: Clock) -> None:
        self._records = Records(store, "browser", Browser)
        self._rules = rules
        self._clock = clock

    async def find(self, secret: str | None) -> Known | None:
        """The browser of a secret, if there is one."""
        if not secret:
            return None
        (held,) = await self._records.get(hashed := digest(secret))
        if held.value is None or held.value.expires <= self._clock():
            return None
        return Known(secret, hashed, held)

    def remembered(self, user: str, known: Known | None) -> tuple[str, Write]:
        """The browser's secret, a new one if it has none, and what to commit so that it is known for that person."""
        expires = self._clock() + self._rules.known_browser
        if known is None:
            secret = make_cookie()
            known = Known(secret, digest(secret), Held(0, None))
        others = known.held.value.users if known.held.value is not None else ()
        users = (*(name for name in others if name != user), user)[-_MOST_USERS:]
        return known.secret, self._records.write(known.digest, known.held, Browser(users, expires), expires=expires)
