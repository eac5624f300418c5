"""The pages: the dispatcher's console, the driver's page, the desks, the admin's page and the family's.

They are built beforehand (`api/console`) and lie in `api/static`; nothing of them is fetched from elsewhere. Each file is read
and compressed once, and answered with a policy that lets no script run that is not a file of ours.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xxhash
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from api.http.etags import has_already

STATIC = Path(__file__).resolve().parent.parent / "static"

PAGES: Mapping[str, str] = {
    "/": "index.html",
    "/driver": "driver.html",
    "/faskes": "faskes.html",
    "/sitegar": "sitegar.html",
    "/admin": "admin.html",
    "/keluarga": "keluarga.html",
}
"""Where each page is."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the map library and Svelte set styles of elements
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "media-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content Security Policy, Level 3."""

_FOR_EVER = "public, max-age=31536000, immutable"
_COMPRESSED = frozenset({".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt"})
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is answered; `zipped`: the same compressed, or None where that gains nothing; `tag`: its ETag, weak, since
    both bear it (RFC 9110, section 8.8.3)."""

    body: bytes
    zipped: bytes | None
    kind: str
    tag: str


@cache
def _there() -> frozenset[str]:
    """What lies in the folder; a name from outside is looked up here and never made into a path by itself."""
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


_FILES: dict[str, _File] = {}
"""Those that were asked for."""


async def _file(name: str) -> _File:
    """A file of the folder. Compressing the largest takes some 60 ms: not while others wait for an answer."""
    if name not in _FILES:
        _FILES[name] = await asyncio.to_thread(_read, STATIC / name)
    return _FILES[name]


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    zipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else None
    return _File(body, zipped, kind, f'W/"{xxhash.xxh3_64_hexdigest(body)}"')


async def _answer(request: Request, name: str, keep: str) -> Response:
    if name not in _there():
        raise HTTPException(404, "there is no such page or file")
    found = await _file(name)
    headers = {
        "Cache-Control": keep,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        "ETag": found.tag,
        "Vary": "Accept-Encoding",
    }
    if has_already(request.headers, found.tag):
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = found.zipped, "gzip"
    return Response(body, media_type=found.kind, headers=headers)


def pages_router() -> APIRouter:
    """The pages, what they are made of, and the files beside them: the icon, the driver's page's manifest and worker."""
    router = APIRouter(include_in_schema=False)
    files = {f"/{path.name}": path.name for path in sorted(STATIC.glob("*")) if path.is_file() and path.suffix != ".html"}
    for path, file in {**PAGES, **files}.items():
        router.add_api_route(path, _endpoint(file), methods=["GET", "HEAD"], name=file)

    @router.api_route("/assets/{name}", methods=["GET", "HEAD"])
    async def asset(request: Request, name: str) -> Response:
        return await _answer(request, f"assets/{name}", _FOR_EVER)

    return router


def _endpoint(file: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await _answer(request, file, "no-cache")

    return answer
