"""What endpoints depend on to know who asks and whether they may.

A request says who it is by a bearer token, or else by the session's cookie. With the cookie, methods that change something
must carry the session's CSRF token and must not come from another site's page.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from api.access.access import Access
from api.access.cookies import SESSION_COOKIE
from api.access.errors import ForbiddenError, ForgeryError, NotSignedInError
from api.access.principal import Principal
from api.access.roles import Permission
from api.access.secret import csrf_of, same

CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_PAGES = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site: our own page, or the person typed the address."""

# They only describe the two ways in the OpenAPI document; `authenticate` reads the request itself.
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A token: `siaga_…`.")
_COOKIE = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description=f"From `POST /v1/session`. Methods other than GET also need its token in `{CSRF_HEADER}`.",
)


def access_of(request: Request) -> Access:
    """The access of a request's app."""
    found = request.app.state.access
    assert isinstance(found, Access)
    return found


def address_of(request: Request) -> str:
    """The address that a request comes from, for counting attempts; behind a proxy that is trusted, as that one says."""
    return request.client.host if request.client else ""


async def authenticate(request: Request) -> Principal:
    """Who asks. A stream that stays open asks again from time to time, so that it ends when they may not any more.

    Raises:
        NotSignedInError: nobody that is known.
        ForgeryError: by cookie, and it may be another site's page that asks.
    """
    access = access_of(request)
    if (header := request.headers.get("authorization")) is not None:
        scheme, _, secret = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotSignedInError("authorization_unreadable")
        return await access.by_token(secret.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise NotSignedInError("nobody")
    who = await access.by_session(cookie)
    if request.method not in _SAFE:
        check_origin(request)
        if not same(request.headers.get(CSRF_HEADER, ""), csrf_of(cookie)):
            raise ForgeryError("csrf")
    return who


def check_origin(request: Request) -> None:
    """Makes sure that no other site's page asks. Programs that aren't browsers name no page.

    Raises:
        ForgeryError: one does, as far as the browser tells.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site", "none") not in _OWN_PAGES:
            raise ForgeryError("origin")
        return
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if origin.lower() != own.lower() and origin not in access_of(request).origins:
        raise ForgeryError("origin")


async def principal(
    request: Request, _bearer: Annotated[Any, Security(_BEARER)] = None, _cookie: Annotated[Any, Security(_COOKIE)] = None
) -> Principal:
    """A dependency: who asks, whoever it is.

    Raises:
        NotSignedInError, ForgeryError: see `authenticate`.
    """
    return await authenticate(request)


def require(*permissions: str) -> Any:
    """A dependency: who asks, if they may; what goes behind `who: Principal =`, or into `dependencies=[…]`.

    Where the path names a `{region}`, they must have business there.

    Args:
        permissions: any one of them is enough.

    Raises:
        ValueError: there is no such permission (now, not when somebody asks).
        NotSignedInError, ForgeryError: when somebody asks, see `authenticate`.
        ForbiddenError: then, they may not.
    """
    needed = [Permission(permission) for permission in permissions]
    if not needed:
        raise ValueError("name the permissions of which one is enough")

    async def allowed(request: Request, who: Annotated[Principal, Depends(principal)]) -> Principal:
        if not any(who.may(permission) for permission in needed):
            raise ForbiddenError("no_permission", permission=" / ".join(needed))
        region = request.path_params.get("region")
        if region is not None and not who.in_region(region):
            raise ForbiddenError("other_region", region=repr(region[:80]))
        return who

    return Depends(allowed)


def session_secret(request: Request, who: Principal) -> str:
    """The secret of the caller's session.

    Raises:
        ForbiddenError: they came by a token.
    """
    if who.kind != "person":
        raise ForbiddenError("not_a_person")
    return request.cookies[SESSION_COOKIE]
