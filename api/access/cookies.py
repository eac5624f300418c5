"""The two cookies: of the session, and of the browser that is known. Scripts can read neither."""

from __future__ import annotations

from fastapi import Request, Response

from api.access.rules import SessionRules

SESSION_COOKIE = "siaga_session"
BROWSER_COOKIE = "siaga_browser"


def _https(request: Request) -> bool:
    return request.url.scheme == "https"


def _session_path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/v1/session"


def set_cookies(request: Request, response: Response, rules: SessionRules, session: str, browser: str) -> None:
    """Gives a browser its cookies: for HTTPS only, if it came that way; not sent along by other sites' forms."""
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=rules.longest_seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_https(request),
    )
    response.set_cookie(
        BROWSER_COOKIE,
        browser,
        max_age=int(rules.known_browser.total_seconds()),
        path=_session_path(request),
        httponly=True,
        samesite="strict",
        secure=_https(request),
    )


def clear_session(request: Request, response: Response) -> None:
    """Takes the session's cookie away; the browser stays known."""
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=_https(request))
