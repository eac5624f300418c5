"""People who sign in: accounts with a name, a password's hash, and what they are given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from api.access.attempts import Attempts
from api.access.errors import GrantError, NameTakenError, UnknownHolderError
from api.access.grants import Grant, checked_grant
from api.access.passwords import Passwords, check_password
from api.access.records import Clock, Held, Records, commit, persist
from api.access.roles import Role
from dispatch.store import ConflictError, EventEntry, Store, Write

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class User(Struct, frozen=True):
    """An account.

    Attributes:
        name: what the person signs in with; also the account's id.
        password: its hash, Argon2id.
        grant: roles, regions, vehicle or facility.
        disabled: nobody can sign in to it.
        created, password_changed: when.
        epoch: counted up when all sessions are to end; a session of another one is over.
    """

    name: str
    password: str
    grant: Grant
    created: datetime
    password_changed: datetime
    disabled: bool = False
    epoch: int = 1

    def __repr__(self) -> str:
        return f"User({self.name!r})"

    __str__ = __repr__


def plain_name(written: str) -> str:
    """A name as it is compared: without the spaces and capitals that a telephone's keyboard puts in."""
    return unicodedata.normalize("NFKC", written).strip().lower()


def can_be_name(name: str) -> bool:
    """Whether an account can be called so."""
    return _NAME.fullmatch(name) is not None


class People:
    """All accounts.

    Args:
        store, roles, passwords, attempts: what they rest on.
        clock: the time.
    """

    def __init__(self, store: Store, roles: Mapping[str, Role], passwords: Passwords, attempts: Attempts, clock: Clock) -> None:
        self._store = store
        self._records = Records(store, "user", User)
        self._roles = roles
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def find(self, name: str) -> Held[User]:
        """An account, if there is one of that name."""
        name = plain_name(name)
        return (await self._records.get(name))[0] if can_be_name(name) else Held(0, None)

    async def get(self, name: str) -> User:
        """An account.

        Raises:
            UnknownHolderError: there is none of that name.
        """
        return (await self._existing(name))[1]

    async def all(self) -> list[User]:
        """Every account, the disabled ones too, by name."""
        found = await self._records.all_open()
        return [held.value for held in found.values() if held.value is not None]

    async def add(self, name: str, password: str, grant: Grant, by: str) -> User:
        """A new account.

        Args:
            name, password, grant: its.
            by: who makes it, for its history.

        Raises:
            GrantError, PasswordError: it can't have that name, grant or password.
            NameTakenError: there is one of that name.
        """
        name = plain_name(name)
        if not can_be_name(name):
            raise GrantError("name_form")
        checked_grant(grant, "person", self._roles)
        check_password(password, name, self._passwords.rules)
        if (await self.find(name)).value is not None:
            raise NameTakenError("name_taken", name=name)
        hashed, now = await self._passwords.hash(password), self._clock()
        user = User(name, hashed, grant, created=now, password_changed=now)
        write = self._records.write(name, Held(0, None), user)
        try:
            await commit(self._store, [write], [self._records.event(write, "added", by, grant=grant)])
        except ConflictError as error:
            raise NameTakenError("name_taken", name=name) from error
        return user

    async def change(self, name: str, by: str, *, grant: Grant | None = None, disabled: bool | None = None) -> User:
        """Gives an account something else, disables or enables it. A disabled one's sessions end for good.

        Raises:
            UnknownHolderError: there is none of that name. GrantError: it can't have that grant.
        """
        if grant is not None:
            checked_grant(grant, "person", self._roles)

        async def once() -> User:
            held, user = await self._existing(name)
            off = user.disabled if disabled is None else disabled
            changed = msgspec.structs.replace(
                user, grant=grant or user.grant, disabled=off, epoch=user.epoch + (off and not user.disabled)
            )
            write = self._records.write(user.name, held, changed)
            await commit(self._store, [write], [self._records.event(write, "changed", by, grant=changed.grant, disabled=off)])
            return changed

        return await persist(once)

    async def set_password(self, name: str, password: str, by: str) -> User:
        """Gives an account another password, ends all its sessions, and forgets the wrong ones that were tried.

        Raises:
            UnknownHolderError: there is none of that name. PasswordError: it won't do.
        """
        _, user = await self._existing(name)
        check_password(password, user.name, self._passwords.rules)
        hashed = await self._passwords.hash(password)

        async def once() -> User:
            held, user = await self._existing(name)
            write, event, changed = self.with_password(held, user, hashed, by)
            await commit(self._store, [write], [event])
            return changed

        changed = await persist(once)
        await self._attempts.forgive(changed.name)
        return changed

    def with_password(self, held: Held[User], user: User, hashed: str, by: str) -> tuple[Write, EventEntry, User]:
        """What to commit for another password, which ends every session, and the account as it is then."""
        changed = msgspec.structs.replace(user, password=hashed, password_changed=self._clock(), epoch=user.epoch + 1)
        write = self._records.write(user.name, held, changed)
        return write, self._records.event(write, "password_set", by), changed

    def rehashed(self, held: Held[User], user: User, hashed: str) -> Write:
        """What to commit for the same password, hashed with other parameters."""
        return self._records.write(user.name, held, msgspec.structs.replace(user, password=hashed))

    async def _existing(self, name: str) -> tuple[Held[User], User]:
        held = await self.find(name)
        if held.value is None:
            raise UnknownHolderError("unknown_person", name=repr(name[:40]))
        return held, held.value
