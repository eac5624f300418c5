"""Everything about who may do what, put together, and finding out who somebody is by the secret they show."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.access.admin_token import AdminToken, ensure_admin_token
from api.access.attempts import Attempts
from api.access.browsers import Browsers
from api.access.errors import NotSignedInError
from api.access.links import Links
from api.access.passwords import Passwords
from api.access.people import People, User
from api.access.principal import Principal
from api.access.records import ACCESS_REGION, Clock
from api.access.roles import Role, roles
from api.access.rules import AccessRules, access_rules
from api.access.secret import digest
from api.access.sessions import Sessions
from api.access.tokens import TokenKind, Tokens
from dispatch.store import Store, StoreRefusedError, StoreUnreachableError

_LATELY = timedelta(minutes=5)
_DEVICE_LASTS = timedelta(seconds=30)
_LONGEST_AWAY = timedelta(hours=12)
_REMEMBERED = 4096


@dataclass(slots=True)
class Access:
    """Who may do what; made by `of`, one for a process.

    Attributes:
        store, roles, rules, clock: what it rests on.
        people, tokens, links, sessions, browsers, attempts, passwords: its parts.
        origins: where pages may come from besides the service's own address, as "https://siaga.example".
    """

    store: Store
    roles: Mapping[str, Role]
    rules: AccessRules
    clock: Clock
    people: People
    tokens: Tokens
    links: Links
    sessions: Sessions
    browsers: Browsers
    attempts: Attempts
    passwords: Passwords
    origins: frozenset[str] = frozenset()
    _answered: datetime | None = field(default=None, repr=False)
    _seen: OrderedDict[str, tuple[Principal, datetime]] = field(default_factory=OrderedDict, repr=False)

    @staticmethod
    async def of(
        store: Store,
        clock: Clock | None = None,
        *,
        origins: frozenset[str] = frozenset(),
        rules: AccessRules | None = None,
        passwords: Passwords | None = None,
    ) -> Access:
        """Access as the store and `data/roles.toml` say.

        Args:
            store: open.
            clock: None for the computer's.
            origins: see the attributes.
            rules, passwords: None for those of `data/roles.toml`.

        Raises:
            DataError: `data/roles.toml` is wrong.
            SchemaError: another release wrote the store.
        """
        clock = clock or (lambda: datetime.now(UTC))
        rules = rules or access_rules()
        if passwords is None:
            passwords = await asyncio.to_thread(Passwords, rules.password)  # it hashes once, which takes a tenth of a second
        await store.open_region(ACCESS_REGION)
        attempts = Attempts(store, rules.attempts, clock)
        return Access(
            store,
            roles(),
            rules,
            clock,
            People(store, roles(), passwords, attempts, clock),
            Tokens(store, roles(), rules.token, clock),
            Links(store, rules.link, clock),
            Sessions(store, rules.session, clock),
            Browsers(store, rules.session, clock),
            attempts,
            passwords,
            origins,
        )

    async def ensure_admin_token(self, folder: Path) -> AdminToken:
        """See `api.access.admin_token`."""
        return await ensure_admin_token(self.store, folder, self.clock)

    async def by_token(self, secret: str) -> Principal:
        """Whose bearer token it is.

        Raises:
            NotSignedInError: it does not count.
        """
        return await self._lasting(secret, lambda: self._token(secret, "token"))

    async def by_device(self, device_id: str) -> Principal:
        """Which tracker has that device id; it may post the fixes of its vehicle.

        It is looked up once in `_DEVICE_LASTS`: a tracker tells every second where it is, and can do nothing else, so it
        matters little that one goes on for as long after it was revoked.

        Raises:
            NotSignedInError: none has.
        """
        plain = device_id.strip().lower()
        who, since = self._seen.get(digest(plain), (None, None))
        if who is not None and who.kind == "device" and since is not None and self.clock() - since < _DEVICE_LASTS:
            return who
        return await self._lasting(plain, lambda: self._token(plain, "device"))

    async def by_session(self, secret: str) -> Principal:
        """Whose session it is. Its use is written down.

        Raises:
            NotSignedInError: it is over, or the person was disabled.
        """
        return await self._lasting(secret, lambda: self._session(secret))

    async def user_of(self, secret: str) -> User:
        """The account of a session.

        Raises:
            NotSignedInError: it is over, or the person was disabled.
        """
        held = await self.sessions.find(secret)
        session = held.value
        if session is None or (user := (await self.people.find(session.user)).value) is None or user.epoch != session.epoch:
            raise NotSignedInError("session_over")
        if user.disabled:
            raise NotSignedInError("disabled")
        await self.sessions.touch(secret, held)
        return user

    async def _token(self, secret: str, kind: TokenKind) -> Principal:
        token = await self.tokens.check(secret, kind)
        return Principal.of(token.id, kind, token.grant, self.roles)

    async def _session(self, secret: str) -> Principal:
        user = await self.user_of(secret)
        return Principal.of(user.name, "person", user.grant, self.roles)

    async def _lasting(self, secret: str, find: Callable[[], Awaitable[Principal]]) -> Principal:
        """While the store is away, whoever was known shortly before still is, for a shift: they are to see how old their screen
        is, not that they are strangers, and on a cluster a region whose own node is there goes on. Nobody can be disabled
        meanwhile, since that could not be stored either."""
        key = digest(secret)
        try:
            found = await find()
        except (StoreUnreachableError, StoreRefusedError):
            who, since = self._seen.get(key, (None, None))
            if who is None or since is None or self._answered is None:
                raise
            if since < self._answered - _LATELY or self.clock() - since > _LONGEST_AWAY:
                raise
            return who
        except NotSignedInError:
            self._seen.pop(key, None)
            self._answered = self.clock()
            raise
        self._answered = self.clock()
        self._seen[key] = (found, self._answered)
        self._seen.move_to_end(key)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return found
