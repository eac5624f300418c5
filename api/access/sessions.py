"""Sessions of people who signed in. The cookie's secret is kept as its hash; they end when not used, and at last anyway."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from api.access.errors import NotSignedInError
from api.access.people import User
from api.access.records import ACCESS_REGION, Clock, Held, Records, commit, persist
from api.access.rules import SessionRules
from api.access.secret import digest, make_cookie
from dispatch.store import Store, StoreError, Write

_USED_EVERY = timedelta(minutes=5)


class Session(Struct, frozen=True):
    """Somebody who signed in.

    Attributes:
        user: their name.
        epoch: of the account then; if it has another now, the session is over.
        created, used: when it began; when it was used last, to five minutes.
        expires: it is over then, if it isn't used before.
    """

    user: str
    epoch: int
    created: datetime
    used: datetime
    expires: datetime


class Sessions:
    """All sessions.

    Args:
        store, rules: what they rest on.
        clock: the time.
    """

    def __init__(self, store: Store, rules: SessionRules, clock: Clock) -> None:
        self._store = store
        self._records = Records(store, "session", Session)
        self._rules = rules
        self._clock = clock

    def begun(self, user: User) -> tuple[str, Write]:
        """A new session's secret, and what to commit for it."""
        secret, now = make_cookie(), self._clock()
        session = Session(user.name, user.epoch, now, now, self._until(now, now))
        return secret, self._records.write(digest(secret), Held(0, None), session, expires=session.expires)

    async def find(self, secret: str) -> Held[Session]:
        """The session of a secret, if it is not over by time.

        Raises:
            NotSignedInError: there is none, or it is over.
        """
        (held,) = await self._records.get(digest(secret))
        if held.value is None or held.value.expires <= self._clock():
            raise NotSignedInError("session_over")
        return held

    async def touch(self, secret: str, held: Held[Session]) -> None:
        """Writes down that a session is used, every five minutes."""
        session, now = held.value, self._clock()
        if session is None or now - session.used < _USED_EVERY:
            return
        used = msgspec.structs.replace(session, used=now, expires=self._until(session.created, now))
        try:
            await commit(self._store, [self._records.write(digest(secret), held, used, expires=used.expires)])
        except StoreError:
            return  # another request wrote it down, or the store takes no writes: no reason to refuse a reading

    async def end(self, secret: str) -> None:
        """Ends a session, if it is there, and leaves nothing of it."""
        ref = self._records.ref(digest(secret))

        async def once() -> None:
            (held,) = await self._records.get(ref.id)
            if held.value is not None:
                await commit(self._store, [self._records.write(ref.id, held, held.value, is_open=False)])
                await self._store.remove(ACCESS_REGION, ref, held.version + 1)

        await persist(once)

    def _until(self, created: datetime, now: datetime) -> datetime:
        return min(now + self._rules.idle, created + self._rules.longest)
