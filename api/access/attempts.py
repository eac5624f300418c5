"""Tries of passwords, counted in the store: a restart, or a second worker, forgets none.

A try is counted before the password is looked at, so that a hundred at once are not all free. It is counted for the name
and for the address; from a browser that the person is known to use, for that browser instead. Names that exist and names
that don't are counted alike. Tokens are never counted: nobody guesses 256 bits, and an administrator always gets in by one.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from api.access.errors import TooManyAttemptsError
from api.access.records import Clock, Held, Records, commit, persist
from api.access.rules import AttemptRules, Limit
from dispatch.store import Store, Write

_NAME_LETTERS = 4
_ADDRESS_LETTERS = 10
_BROWSER_LETTERS = 24


class Tries(Struct, frozen=True):
    """Wrong passwords so far.

    Attributes:
        failures: how many.
        last: when the last one was.
        expires: when they are forgotten.
    """

    failures: int
    last: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Counter:
    """What tries are counted for.

    Attributes:
        id: of its entry.
        limit: what holds for it.
        owned: whoever gets in through it is the one it is counted for, so that it begins anew; an address is shared.
    """

    id: str
    limit: Limit
    owned: bool


class Attempts:
    """The tries of everybody.

    Args:
        store, rules: where they are, what holds for them.
        clock: the time.
    """

    def __init__(self, store: Store, rules: AttemptRules, clock: Clock) -> None:
        self._store = store
        self._records = Records(store, "attempt", Tries)
        self._rules = rules
        self._clock = clock

    def counters(self, name: str, address: str, browser: str | None = None) -> list[Counter]:
        """What a try is counted for.

        Args:
            name: as it was typed, in small letters.
            address: of the network; in IPv6 the first 64 bits count, which one customer has to himself.
            browser: the digest of its secret, if that person is known to use it.
        """
        if browser is not None:
            # By name as well: whoever shares a computer can't begin a colleague's count anew by signing in themselves.
            identity = f"browser-{browser[:_BROWSER_LETTERS]}-{_short(name, _BROWSER_LETTERS)}"
            return [Counter(identity, self._rules.known_browser, owned=True)]
        return [
            Counter(name_id(name), self._rules.name, owned=True),
            Counter(f"address-{_short(_network(address), _ADDRESS_LETTERS)}", self._rules.address, owned=False),
        ]

    async def take(self, counters: Sequence[Counter]) -> None:
        """Counts a try as a failure, before anybody knows.

        Raises:
            TooManyAttemptsError: it comes too early; it is not counted then.
        """

        async def once() -> None:
            now = self._clock()
            found = await self._found(counters)
            waits = [_left(one, held, now) for one, held in zip(counters, found, strict=True)]
            if (wait := max(waits)) > timedelta():
                raise TooManyAttemptsError(max(1, math.ceil(wait.total_seconds())))
            writes = [self._write(one, held, _failures(held, now) + 1, now) for one, held in zip(counters, found, strict=True)]
            await commit(self._store, writes)

        await persist(once)

    async def succeeded(self, counters: Sequence[Counter]) -> None:
        """The password was right: that try was no failure, and of one's own, those before don't count any more."""

        async def once() -> None:
            now = self._clock()
            writes = []
            for one, held in zip(counters, await self._found(counters), strict=True):
                if held.value is not None:
                    left = 0 if one.owned else max(0, _failures(held, now) - 1)
                    writes.append(self._write(one, held, left, held.value.last))
            if writes:
                await commit(self._store, writes)

        await persist(once)

    async def forgive(self, name: str) -> None:
        """Begins anew for a name; for an administrator who set its password."""
        await self.succeeded([Counter(name_id(name), self._rules.name, owned=True)])

    async def _found(self, counters: Sequence[Counter]) -> list[Held[Tries]]:
        return await self._records.get(*(one.id for one in counters))

    def _write(self, one: Counter, held: Held[Tries], failures: int, last: datetime) -> Write:
        tries = Tries(failures, last, last + self._rules.forget)
        return self._records.write(one.id, held, tries, expires=tries.expires)


def name_id(name: str) -> str:
    """The entry for a name. There are 65,536, not one for each: tries with invented names can't fill the store."""
    return f"name-{_short(name, _NAME_LETTERS)}"


def _short(word: str, letters: int) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()[:letters]


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "local"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def _failures(held: Held[Tries], now: datetime) -> int:
    return 0 if held.value is None or held.value.expires <= now else held.value.failures


def _left(one: Counter, held: Held[Tries], now: datetime) -> timedelta:
    if held.value is None:
        return timedelta()
    return held.value.last + one.limit.wait(_failures(held, now)) - now
