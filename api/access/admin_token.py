"""The first way in: a token for everything, made when nobody could get in otherwise, in a file that only its owner can read.

The file is there before the store knows the token, and whoever finds one that the store doesn't know takes it over. So a
crash in between leaves nothing that doesn't work, and two workers that start at once end up with the same token.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from api.access.errors import AdminFileError
from api.access.grants import Grant, permissions_of
from api.access.people import User
from api.access.records import Clock, Records, commit
from api.access.roles import Permission, roles
from api.access.rules import access_rules
from api.access.secret import TOKEN_PREFIX, make_token
from api.access.tokens import Token, Tokens
from dispatch.store import ConflictError, Store
from routing import Language, text

ADMIN_TOKEN_FILE = "admin-token"

_ADMIN = Grant(("admin",), None)
_OWNER_ONLY = 0o600
_LONGEST = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdminToken:
    """What became of the admin token; never the secret itself.

    Attributes:
        path: where it lies.
        state: made: just now; there: it works; elsewhere: there is no file, but an administrator; stale: the file's token
            does not count any more, but there is another administrator.
        narrowed: others could read the file until now.
    """

    path: Path
    state: Literal["made", "there", "elsewhere", "stale"]
    narrowed: bool = False

    @property
    def works(self) -> bool:
        """Whether the file's token opens something."""
        return self.state in ("made", "there")

    def text(self, language: Language) -> str:
        """In words, with where it lies."""
        said = [text(language, f"access.admin_token.{self.state}", path=self.path)]
        if self.narrowed:
            said.append(text(language, "access.admin_token.narrowed", path=self.path))
        return " ".join(said)


async def ensure_admin_token(store: Store, folder: Path, clock: Clock | None = None) -> AdminToken:
    """Makes an admin token if nobody could administer otherwise, and sees that only its owner can read the file.

    Args:
        store: open.
        folder: the data directory; made if it isn't there.
        clock: None for the computer's.

    Raises:
        AdminFileError: there is something of that name that is not a file of ours.
        OSError: the file can't be written.
    """
    clock = clock or (lambda: datetime.now(UTC))
    tokens = Tokens(store, roles(), access_rules().token, clock)
    path = folder / ADMIN_TOKEN_FILE
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret, narrowed = _read(path)
    if narrowed:
        _log.warning("%s", text("en", "access.admin_token.narrowed", path=path))
    held = None if secret is None else await tokens.find(secret)
    now = clock()
    if held is not None and held.value is not None and _administers_token(held.value, now):
        return AdminToken(path, "there", narrowed)
    if await _anybody(store, tokens, now):
        return AdminToken(path, "elsewhere" if secret is None else "stale", narrowed)
    if secret is None or (held is not None and held.value is not None):
        secret = _place(path, replaces=secret)
    write, token = tokens.adopted(secret, ADMIN_TOKEN_FILE, _ADMIN, "first start", kind="token", lasting=None)
    # Another worker that has just taken the same one over is as good.
    with suppress(ConflictError):
        await commit(store, [write], [Records(store, "token", Token).event(write, "created", "first start", grant=token.grant)])
    return AdminToken(path, "made", narrowed)


def _administers(grant: Grant) -> bool:
    return grant.regions is None and Permission.PEOPLE_ADMIN in permissions_of(grant.roles, roles())


def _administers_token(token: Token, now: datetime) -> bool:
    counts = token.kind == "token" and token.revoked is None and (token.expires is None or token.expires > now)
    return counts and _administers(token.grant)


async def _anybody(store: Store, tokens: Tokens, now: datetime) -> bool:
    if any(_administers_token(token, now) for token in await tokens.all()):
        return True
    people = await Records(store, "user", User).all_open()
    return any(held.value and not held.value.disabled and _administers(held.value.grant) for held in people.values())


def _read(path: Path) -> tuple[str | None, bool]:
    """The token in the file, if there is one, and whether the file had to be closed to others."""
    try:
        # Not through a link, and without waiting should it be a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None, False
    except OSError as error:
        raise AdminFileError("admin_file", path=str(path)) from error
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or (about.st_uid != os.geteuid() and os.geteuid() != 0):
            raise AdminFileError("admin_file", path=str(path))
        narrowed = bool(stat.S_IMODE(about.st_mode) & ~_OWNER_ONLY)
        if narrowed:
            os.fchmod(descriptor, _OWNER_ONLY)
        secret = os.read(descriptor, _LONGEST).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    return (secret if secret.startswith(TOKEN_PREFIX) else None), narrowed


def _place(path: Path, replaces: str | None) -> str:
    """A new token in the file, which appears whole and closed to others; or the one that another worker was faster with."""
    secret = make_token()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
    try:
        try:
            os.write(descriptor, f"{secret}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replaces is None and not _garbage(path):
            try:
                os.link(temporary, path)
            except FileExistsError:
                return _read(path)[0] or secret
            except OSError:  # a file system without links
                temporary.replace(path)
        else:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)
    return secret


def _garbage(path: Path) -> bool:
    return path.exists() and _read(path)[0] is None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
