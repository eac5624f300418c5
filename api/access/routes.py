"""The endpoints for signing in and for managing accounts and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Path, Request, Response

from api.access.cookies import BROWSER_COOKIE, SESSION_COOKIE, clear_session, set_cookies
from api.access.errors import ForbiddenError
from api.access.grants import Grant
from api.access.guard import access_of, address_of, check_origin, principal, require, session_secret
from api.access.principal import Principal
from api.access.secret import csrf_of
from api.access.signing_in import SignedIn, change_password, sign_in, sign_out
from api.access.views import (
    GrantBody,
    NewTokenView,
    OwnPasswordBody,
    PasswordBody,
    PersonBody,
    PersonChangeBody,
    PersonView,
    RoleView,
    SessionView,
    SignInBody,
    TokenBody,
    TokenView,
)

Documented: TypeAlias = Callable[..., dict[int | str, dict[str, Any]]]
"""Takes statuses, gives what an endpoint's `responses` say about them."""

_Who: TypeAlias = Annotated[Principal, Depends(principal)]
_Admin: TypeAlias = Annotated[Principal, require("people.admin")]
_NamePath: TypeAlias = Annotated[str, Path(max_length=80, examples=["sari"])]
_IdPath: TypeAlias = Annotated[str, Path(max_length=80, examples=["3f9a0c11d2b4"])]


def access_router(documented: Documented) -> APIRouter:
    """All of them; the app's `state.access` holds who may do what."""
    router = APIRouter(prefix="/v1")
    router.include_router(_session_router(documented))
    router.include_router(_people_router(documented))
    router.include_router(_token_router(documented))
    return router


def _session_router(documented: Documented) -> APIRouter:
    router = APIRouter(prefix="/session", tags=["session"], responses=documented(401, 403, 503))

    @router.post("", responses=documented(422, 429))
    async def begin_session(request: Request, response: Response, body: SignInBody) -> SessionView:
        """Sign in with name and password. The session's cookie comes with the answer."""
        check_origin(request)
        begun = await sign_in(
            access_of(request),
            body.name,
            body.password.get_secret_value(),
            address_of(request),
            browser=request.cookies.get(BROWSER_COOKIE),
            replaces=request.cookies.get(SESSION_COOKIE),
        )
        return _begun(request, response, begun)

    @router.get("")
    async def get_session(request: Request, response: Response, who: _Who) -> SessionView:
        """Who I am and what I may do; for a person, with the token that guards against forged requests."""
        response.headers["Cache-Control"] = "no-store"
        csrf = csrf_of(request.cookies[SESSION_COOKIE]) if who.kind == "person" else None
        return SessionView.of(who, csrf, frozenset(access_of(request).roles))

    @router.delete("", status_code=204)
    async def end_session(request: Request, response: Response, who: _Who) -> None:
        """Sign out."""
        await sign_out(access_of(request), session_secret(request, who))
        clear_session(request, response)

    @router.put("/password", responses=documented(422, 429))
    async def change_own_password(request: Request, response: Response, body: OwnPasswordBody, who: _Who) -> SessionView:
        """Change one's own password. All sessions end; this one gets another cookie and CSRF token."""
        begun = await change_password(
            access_of(request),
            session_secret(request, who),
            body.old.get_secret_value(),
            body.new.get_secret_value(),
            address_of(request),
            browser=request.cookies.get(BROWSER_COOKIE),
        )
        return _begun(request, response, begun)

    return router


def _begun(request: Request, response: Response, begun: SignedIn) -> SessionView:
    access = access_of(request)
    set_cookies(request, response, access.rules.session, begun.secret, begun.browser)
    response.headers["Cache-Control"] = "no-store"
    return SessionView.of(begun.who, begun.csrf, frozenset(access.roles))


def _people_router(documented: Documented) -> APIRouter:
    router = APIRouter(tags=["people"], responses=documented(401, 403, 503))

    @router.get("/roles")
    async def list_roles(request: Request, _who: _Admin) -> list[RoleView]:
        """The roles there are."""
        return [RoleView.of(name) for name in access_of(request).roles]

    @router.get("/people")
    async def list_people(request: Request, who: _Admin) -> list[PersonView]:
        """The accounts within my regions."""
        return [PersonView.of(user) for user in await access_of(request).people.all() if who.covers(user.grant)]

    @router.post("/people", status_code=201, responses=documented(409, 422, 429))
    async def add_person(request: Request, body: PersonBody, who: _Admin) -> PersonView:
        """A new account."""
        grant = _within(who, body)
        password = body.password.get_secret_value()
        return PersonView.of(await access_of(request).people.add(body.name, password, grant, _by(who)))

    @router.patch("/people/{name}", responses=documented(404, 422))
    async def change_person(request: Request, name: _NamePath, body: PersonChangeBody, who: _Admin) -> PersonView:
        """Give an account other roles or regions, disable or enable it."""
        people = access_of(request).people
        _may_manage(who, (await people.get(name)).grant)
        grant = None if body.grant is None else _within(who, body.grant)
        return PersonView.of(await people.change(name, _by(who), grant=grant, disabled=body.disabled))

    @router.put("/people/{name}/password", status_code=204, responses=documented(404, 422, 429))
    async def set_password(request: Request, name: _NamePath, body: PasswordBody, who: _Admin) -> None:
        """Give an account another password; all its sessions end."""
        people = access_of(request).people
        _may_manage(who, (await people.get(name)).grant)
        await people.set_password(name, body.password.get_secret_value(), _by(who))

    return router


def _token_router(documented: Documented) -> APIRouter:
    router = APIRouter(prefix="/tokens", tags=["tokens"], responses=documented(401, 403, 503))

    @router.get("")
    async def list_tokens(request: Request, who: _Admin) -> list[TokenView]:
        """The tokens within my regions that are not revoked, the newest first."""
        return [TokenView.of(token) for token in await access_of(request).tokens.all() if who.covers(token.grant)]

    @router.post("", status_code=201, responses=documented(422))
    async def create_token(request: Request, response: Response, body: TokenBody, who: _Admin) -> NewTokenView:
        """A new token. Its secret is in this answer and never again in any."""
        grant = _within(who, body)
        secret, token = await access_of(request).tokens.create(body.label, grant, _by(who), kind=body.kind, days=body.days)
        response.headers["Cache-Control"] = "no-store"
        return NewTokenView(token=TokenView.of(token), secret=secret)

    @router.delete("/{token}", status_code=204, responses=documented(404, 422))
    async def revoke_token(request: Request, token: _IdPath, who: _Admin) -> None:
        """Revoke a token: from now on it does not count."""
        tokens = access_of(request).tokens
        _may_manage(who, (await tokens.get(token)).grant)
        await tokens.revoke(token, _by(who))

    return router


def _by(who: Principal) -> str:
    return f"{who.kind}:{who.id}"


def _within(who: Principal, body: GrantBody | TokenBody) -> Grant:
    """The grant that is asked for, if whoever asks has business everywhere that it reaches."""
    grant = body.grant()
    _may_manage(who, grant)
    return grant


def _may_manage(who: Principal, grant: Grant) -> None:
    if not who.covers(grant):
        mine = who.regions or frozenset()
        beyond = sorted(set(grant.regions or ()) - mine)
        raise ForbiddenError("other_region", region=repr(beyond[0]) if beyond else "*")
