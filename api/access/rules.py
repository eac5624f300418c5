"""For how long sessions and tokens hold, how often a password may be tried, what a password must be: from `data/roles.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from routing import DataError, read_table

_FILE = "roles.toml"

Positive = Annotated[int, Meta(ge=1)]


class SessionRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How long people stay signed in."""

    idle_seconds: Positive
    longest_seconds: Positive
    known_browser_days: Positive

    @property
    def idle(self) -> timedelta:
        """Not used for so long, a session is over."""
        return timedelta(seconds=self.idle_seconds)

    @property
    def longest(self) -> timedelta:
        """A session never holds longer."""
        return timedelta(seconds=self.longest_seconds)

    @property
    def known_browser(self) -> timedelta:
        """A browser is remembered so long after the last time that somebody signed in from it."""
        return timedelta(days=self.known_browser_days)


class TokenRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How long tokens hold, days: a program's and a device's unless told otherwise, and at most."""

    days: Positive
    device_days: Positive
    longest_days: Positive


class LinkRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a family's link to a case counts, hours: unless told otherwise, and at most."""

    hours: Positive
    longest_hours: Positive


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """How often a wrong password may be tried.

    Attributes:
        free: so often without a wait.
        first_wait_seconds, longest_wait_seconds: then so long, twice as long each time, up to that.
    """

    free: Positive
    first_wait_seconds: Positive
    longest_wait_seconds: Positive

    def wait(self, failures: int) -> timedelta:
        """How long to wait after so many wrong ones."""
        if failures < self.free:
            return timedelta()
        doublings = min(failures - self.free, 30)
        return timedelta(seconds=min(self.first_wait_seconds << doublings, self.longest_wait_seconds))


class AttemptRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How often passwords may be tried: for a name, from a browser that is known, from an address."""

    forget_seconds: Positive
    name: Limit
    known_browser: Limit
    address: Limit

    @property
    def forget(self) -> timedelta:
        """After so long without a wrong one, counting begins anew."""
        return timedelta(seconds=self.forget_seconds)


class PasswordRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What a new password must be: its length in characters, and those that are refused."""

    shortest: Annotated[int, Meta(ge=8)]
    longest: Annotated[int, Meta(ge=64)]
    refused: frozenset[str]


class AccessRules(Struct, frozen=True):
    """All of them."""

    session: SessionRules
    token: TokenRules
    link: LinkRules
    attempts: AttemptRules
    password: PasswordRules


def read_access_rules(table: Mapping[str, Any]) -> AccessRules:
    """The rules of a table such as `data/roles.toml`.

    Raises:
        DataError: it is wrong; the message names file and key.
    """
    if unknown := sorted(set(table) - {"role", *AccessRules.__struct_fields__}):
        raise DataError(f"{_FILE}: [{unknown[0]}] is not known; there are role, {', '.join(AccessRules.__struct_fields__)}")
    try:
        return msgspec.convert(dict(table), AccessRules)
    except msgspec.ValidationError as error:
        raise DataError(f"{_FILE}: {error}") from error


@cache
def access_rules() -> AccessRules:
    """The rules that ship with Siaga.

    Raises:
        DataError: `data/roles.toml` is wrong.
    """
    return read_access_rules(read_table(_FILE))
