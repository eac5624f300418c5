"""Links to one case for the family: whoever has one sees where the vehicle is and when it comes, for some hours, and no more.

Their secret is the only one that goes into addresses besides a tracker's id: it is 256 bits, kept as its hash, and made from
the id of the command that asked for it, so that the same command gives the same link.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from api.access.errors import GrantError, LinkOverError
from api.access.records import Clock, Held, Records, commit, persist
from api.access.rules import LinkRules
from api.access.secret import digest, make_cookie
from dispatch.store import Store

_ID_LETTERS = 12
_SALT = "links"


class Link(Struct, frozen=True):
    """A link, without its secret.

    Attributes:
        id: to name it by; the beginning of the secret's hash.
        region, case: what it leads to.
        created, created_by: when and by whom.
        expires: it counts until then, and not after the case has ended.
        revoked: since then it does not count.
    """

    id: str
    region: str
    case: str
    created: datetime
    created_by: str
    expires: datetime
    revoked: datetime | None = None


class _Salt(Struct, frozen=True):
    value: str


class Links:
    """All links.

    Args:
        store, rules: what they rest on.
        clock: the time.
    """

    def __init__(self, store: Store, rules: LinkRules, clock: Clock) -> None:
        self._store = store
        self._records = Records(store, "link", Link)
        self._salts = Records(store, "link_salt", _Salt)
        self._rules = rules
        self._clock = clock

    def lasting(self, hours: int | None) -> timedelta:
        """How long a link counts; None: as `data/roles.toml` says.

        Raises:
            GrantError: it can't count so long.
        """
        lasting = self._rules.hours if hours is None else hours
        if not 1 <= lasting <= self._rules.longest_hours:
            raise GrantError("hours", most=self._rules.longest_hours)
        return timedelta(hours=lasting)

    async def made_by(self, region: str, command: str) -> tuple[str, Link] | None:
        """The link that a command made, with its secret; None: it has made none."""
        secret = await self._secret(f"{region}/{command}")
        (held,) = await self._records.get(digest(secret))
        return None if held.value is None else (secret, held.value)

    async def create(self, region: str, case: str, by: str, command: str, lasting: timedelta) -> tuple[str, Link, bool]:
        """A link to a case.

        Args:
            region, case: which.
            by: who makes it.
            command: id of the command. The same one gives the link that it made, whatever is asked of it now: compare.
            lasting: how long it counts.

        Returns:
            Its secret, the link, and whether it was there.
        """
        secret = await self._secret(f"{region}/{command}")

        async def once() -> tuple[str, Link, bool]:
            (held,) = await self._records.get(digest(secret))
            if held.value is not None:
                return secret, held.value, True
            now = self._clock()
            link = Link(digest(secret)[:_ID_LETTERS], region, case, now, by, now + lasting)
            write = self._records.write(digest(secret), Held(0, None), link, expires=link.expires)
            await commit(self._store, [write], [self._records.event(write, "created", by, case=case)])
            return secret, link, False

        return await persist(once)

    async def find(self, secret: str) -> Link:
        """The link of a secret, if it counts now.

        Raises:
            LinkOverError: it is unknown, has expired or was revoked; which, is nobody's business.
        """
        link = (await self._records.get(digest(secret)))[0].value
        if link is None or link.revoked is not None or link.expires <= self._clock():
            raise LinkOverError
        return link

    async def of_case(self, region: str, case: str) -> list[Link]:
        """The links to a case that count, the oldest first."""
        now = self._clock()
        held = [one.value for one in (await self._records.all_open()).values() if one.value is not None]
        mine = [one for one in held if (one.region, one.case) == (region, case) and one.revoked is None and one.expires > now]
        return sorted(mine, key=lambda link: (link.created, link.id))

    async def revoke(self, region: str, case: str, by: str) -> int:
        """Makes all links to a case count no more; how many did."""

        async def once() -> int:
            now, gone = self._clock(), 0
            for hashed, held in (await self._records.all_open()).items():
                link = held.value
                if link is None or (link.region, link.case) != (region, case) or link.revoked is not None:
                    continue
                revoked = msgspec.structs.replace(link, revoked=now)
                write = self._records.write(hashed, held, revoked, expires=link.expires)
                await commit(self._store, [write], [self._records.event(write, "revoked", by, case=case)])
                gone += 1
            return gone

        return await persist(once)

    async def _secret(self, what: str) -> str:
        """Nobody gets from a command's id to its link without the store's salt, which never leaves it."""

        async def once() -> str:
            (held,) = await self._salts.get(_SALT)
            if held.value is not None:
                return held.value.value
            salt = make_cookie()
            await commit(self._store, [self._salts.write(_SALT, held, _Salt(salt))])
            return salt

        salt = await persist(once)
        return base64.urlsafe_b64encode(hmac.digest(salt.encode(), what.encode(), "sha256")).decode().rstrip("=")
