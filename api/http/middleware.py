"""Around every request: it is counted, kept small, and its answer says that nobody is to keep it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.health import Figures
from api.http.problems import pattern_of

LARGEST_BODY = 1 << 20
"""Bytes of a request's body; nothing that is sent here is larger."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Anybody may make up others, and each would be counted for ever."""

_DIRECT = frozenset({"GET", "POST"})

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Around:
    """Counts requests by the pattern of their route, never by their path, which may hold ids; refuses large bodies.

    Args:
        app: what answers. figures: where requests are counted.
        direct: what answers GET and POST at some paths instead, without the layers of `app`; see `directly`.
    """

    def __init__(self, app: ASGIApp, figures: Figures, direct: Mapping[str, ASGIApp]) -> None:
        self._app, self._figures, self._direct = app, figures, direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, taken = time.perf_counter(), 500, 0

        async def receiving() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                raise BodyTooLargeError
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _HEADERS if one[0] not in names)]
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        direct = self._direct.get(scope["path"]) if method in _DIRECT else None
        try:
            await (direct or self._app)(scope, receiving, sending)
        finally:
            pattern = scope["path"] if direct else pattern_of(scope)
            self._figures.took(method, pattern, status, time.perf_counter() - start)


def directly(app: FastAPI, answer: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """What answers without `app`'s search for a route and what it prepares for one, with the same problem details.

    Only for what every vehicle asks every few seconds: those layers take longer than the position in the request.
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    expected = {of: handler for of, handler in app.exception_handlers.items() if of not in (500, Exception)}
    return ExceptionMiddleware(answering, expected)


class BodyTooLargeError(HTTPException):
    """More was sent than is ever needed."""

    def __init__(self) -> None:
        super().__init__(413, f"the body is longer than {LARGEST_BODY} bytes; nothing that is sent here is")
