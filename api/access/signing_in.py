"""Signing in, signing out, and changing one's own password."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from api.access.access import Access
from api.access.errors import ForbiddenError, NotSignedInError, WrongPasswordError
from api.access.passwords import check_password
from api.access.people import User, plain_name
from api.access.principal import Principal
from api.access.records import commit, persist, sweep
from api.access.secret import csrf_of
from dispatch.store import StoreError


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """A session that has just begun.

    Attributes:
        who: it is.
        secret: of the session, for its cookie.
        browser: the secret by which the browser is known, for another cookie.
    """

    who: Principal
    secret: str
    browser: str

    @property
    def csrf(self) -> str:
        """What unsafe requests of the session carry."""
        return csrf_of(self.secret)


async def sign_in(
    access: Access, name: str, password: str, address: str, *, browser: str | None = None, replaces: str | None = None
) -> SignedIn:
    """Begins a session. The answer takes as long and says the same whether the name exists or not.

    Args:
        access: who may do what.
        name, password: as they were typed.
        address: of the network, for counting.
        browser: the secret by which the browser says it is known.
        replaces: the secret of a session that the browser still has, which ends.

    Raises:
        TooManyAttemptsError: it comes too early after wrong ones.
        WrongPasswordError: name or password is wrong, or the person disabled.
    """
    plain = plain_name(name)
    known = await access.browsers.find(browser)
    counters = access.attempts.counters(plain, address, known.digest if known and known.used_by(plain) else None)
    await access.attempts.take(counters)
    held = await access.people.find(plain)
    user = held.value
    right = await access.passwords.matches(password, user.password if user else None)
    if user is None or not right or user.disabled:
        raise WrongPasswordError
    await access.attempts.succeeded(counters)
    if access.passwords.outdated(user.password):
        await _hash_anew(access, user, password)
    if replaces:
        await access.sessions.end(replaces)
    begun = await _begin(access, user, browser)
    with suppress(StoreError):  # the next one does it
        await sweep(access.store, access.clock())
    return begun


async def sign_out(access: Access, secret: str) -> None:
    """Ends a session."""
    await access.sessions.end(secret)


async def change_password(
    access: Access, secret: str, old: str, new: str, address: str, *, browser: str | None = None
) -> SignedIn:
    """Gives the person of a session another password; all their sessions end, and a new one begins.

    Wrong old passwords are counted like those of signing in: else whoever finds a screen unlocked could guess on.

    Raises:
        NotSignedInError: the session is over.
        ForbiddenError: the old password is wrong.
        TooManyAttemptsError: wrong ones were tried too often.
        PasswordError: the new one won't do.
    """
    user = await access.user_of(secret)
    check_password(new, user.name, access.passwords.rules)
    known = await access.browsers.find(browser)
    counters = access.attempts.counters(user.name, address, known.digest if known and known.used_by(user.name) else None)
    await access.attempts.take(counters)
    if not await access.passwords.matches(old, user.password):
        raise ForbiddenError("wrong_old_password")
    await access.attempts.succeeded(counters)
    hashed = await access.passwords.hash(new)

    async def once() -> User:
        held = await access.people.find(user.name)
        if held.value is None or held.value.epoch != user.epoch or held.value.disabled:
            raise NotSignedInError("session_over")  # changed, or disabled, by somebody else meanwhile
        write, event, changed = access.people.with_password(held, held.value, hashed, user.name)
        await commit(access.store, [write], [event])
        return changed

    changed = await persist(once)
    await access.sessions.end(secret)
    return await _begin(access, changed, browser)


async def _begin(access: Access, user: User, browser: str | None) -> SignedIn:
    async def once() -> SignedIn:
        known = await access.browsers.find(browser)
        secret, session = access.sessions.begun(user)
        remembered, write = access.browsers.remembered(user.name, known)
        await commit(access.store, [session, write])
        return SignedIn(Principal.of(user.name, "person", user.grant, access.roles), secret, remembered)

    return await persist(once)


async def _hash_anew(access: Access, user: User, password: str) -> None:
    hashed = await access.passwords.hash(password)

    async def once() -> None:
        held = await access.people.find(user.name)
        if held.value is not None and held.value.password == user.password:  # else it was set anew meanwhile
            await commit(access.store, [access.people.rehashed(held, held.value, hashed)])

    await persist(once)
