"""Tokens of programs and of devices: shown once, kept as hashes, held to a role, regions and a unit, ending and revocable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from api.access.errors import GrantError, NotSignedInError, UnknownHolderError
from api.access.grants import Grant, checked_grant
from api.access.records import Clock, Held, Records, commit, persist
from api.access.roles import Role
from api.access.rules import TokenRules
from api.access.secret import digest, make_device_id, make_token
from dispatch.store import Store, StoreError, Write

TokenKind = Literal["token", "device"]

_USED_EVERY = timedelta(hours=1)
_ID_LETTERS = 12
_LONGEST_LABEL = 80


class Token(Struct, frozen=True):
    """A token, without its secret.

    Attributes:
        id: to name it by; the beginning of the secret's hash.
        label: what people call it.
        kind: of a program (sent in the header Authorization), or a tracker's device id.
        grant: a role, regions, vehicle or facility.
        created, created_by: when and by whom.
        expires: it counts until then; None: without end.
        revoked: since then it does not count.
        last_used: to the hour.
    """

    id: str
    label: str
    kind: TokenKind
    grant: Grant
    created: datetime
    created_by: str
    expires: datetime | None
    revoked: datetime | None = None
    last_used: datetime | None = None


class Tokens:
    """All tokens.

    Args:
        store, roles, rules: what they rest on.
        clock: the time.
    """

    def __init__(self, store: Store, roles: Mapping[str, Role], rules: TokenRules, clock: Clock) -> None:
        self._store = store
        self._records = Records(store, "token", Token)
        self._roles = roles
        self._rules = rules
        self._clock = clock

    async def create(
        self, label: str, grant: Grant, by: str, *, kind: TokenKind = "token", days: int | None = None
    ) -> tuple[str, Token]:
        """A new token, and its secret, which nobody can get at any more afterwards.

        Args:
            label, grant, kind: its.
            by: who makes it, for its history.
            days: how long it counts; None: as `data/roles.toml` says.

        Raises:
            GrantError: it can't have that label, grant or time.
        """
        usual = self._rules.device_days if kind == "device" else self._rules.days
        lasting = usual if days is None else days
        if not 1 <= lasting <= self._rules.longest_days:
            raise GrantError("days", most=self._rules.longest_days)
        secret = make_device_id() if kind == "device" else make_token()
        write, token = self.adopted(secret, label, grant, by, kind=kind, lasting=timedelta(days=lasting))
        await commit(self._store, [write], [self._records.event(write, "created", by, label=token.label, grant=grant)])
        return secret, token

    def adopted(
        self, secret: str, label: str, grant: Grant, by: str, *, kind: TokenKind, lasting: timedelta | None
    ) -> tuple[Write, Token]:
        """What to commit for a token of a given secret.

        Raises:
            GrantError: it can't have that label or grant.
        """
        if not 1 <= len(label := label.strip()) <= _LONGEST_LABEL or not label.isprintable():
            raise GrantError("label_form")
        checked_grant(grant, kind, self._roles)
        now = self._clock()
        hashed = digest(secret)
        ends = None if lasting is None else now + lasting
        token = Token(hashed[:_ID_LETTERS], label, kind, grant, now, by, ends)
        return self._records.write(hashed, Held(0, None), token), token

    async def all(self) -> list[Token]:
        """Every token that is not revoked, those that have expired too, the newest first."""
        found = [held.value for held in (await self._records.all_open()).values() if held.value is not None]
        return sorted(found, key=lambda token: token.created, reverse=True)

    async def get(self, identity: str) -> Token:
        """A token that is not revoked.

        Raises:
            UnknownHolderError: there is none of that id.
        """
        return (await self._named(identity))[1]

    async def find(self, secret: str) -> Held[Token]:
        """The token of a secret, whatever its state."""
        return (await self._records.get(digest(secret)))[0]

    async def check(self, secret: str, kind: TokenKind) -> Token:
        """The token of a secret, if it counts now. That it was used is written down, once an hour.

        Raises:
            NotSignedInError: it is unknown, of the other kind, expired or revoked.
        """
        held = await self.find(secret)
        token, now = held.value, self._clock()
        if token is None or token.kind != kind:
            raise NotSignedInError("token_unknown")
        if token.revoked is not None:
            raise NotSignedInError("token_revoked", id=token.id)
        if token.expires is not None and token.expires <= now:
            raise NotSignedInError("token_expired", id=token.id)
        if token.last_used is None or now - token.last_used >= _USED_EVERY:
            await self._touch(digest(secret), held, token, now)
        return token

    async def revoke(self, identity: str, by: str) -> Token:
        """Makes a token count no more, from now on.

        Raises:
            UnknownHolderError: there is none of that id.
        """

        async def once() -> Token:
            hashed, token, held = await self._named(identity)
            revoked = msgspec.structs.replace(token, revoked=self._clock())
            write = self._records.write(hashed, held, revoked, is_open=False)
            await commit(self._store, [write], [self._records.event(write, "revoked", by)])
            return revoked

        return await persist(once)

    async def _named(self, identity: str) -> tuple[str, Token, Held[Token]]:
        for hashed, held in (await self._records.all_open()).items():
            if held.value is not None and held.value.id == identity:
                return hashed, held.value, held
        raise UnknownHolderError("unknown_token", id=repr(identity[:40]))

    async def _touch(self, hashed: str, held: Held[Token], token: Token, now: datetime) -> None:
        used = msgspec.structs.replace(token, last_used=now.replace(minute=0, second=0, microsecond=0))
        try:
            await commit(self._store, [self._records.write(hashed, held, used)])
        except StoreError:
            return  # another request wrote it down, or the store takes no writes: no reason to refuse a reading
