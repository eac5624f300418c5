"""A telephone line to the service: one kept-alive HTTP/1.1 connection over plain sockets.

The company speaks to its own service on this machine only, which says of each answer how long it is; a general client would be
one more package in every office for that.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

_ANSWER_SECONDS = 30.0
_PAUSES_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)


class RefusedError(Exception):
    """The service says no.

    Attributes:
        status: of HTTP.
        code: of its problem details, "" where it has none.
    """

    def __init__(self, status: int, code: str, what: str) -> None:
        super().__init__(f"{what}: {status} {code}")
        self.status, self.code = status, code


class AwayError(Exception):
    """The service does not answer."""


class Line:
    """Asks one thing after the other, as whoever the token is."""

    def __init__(self, address: str, token: str, name: str) -> None:
        """`name`: begins the ids of its commands."""
        where = urlsplit(address)
        self._host, self._port = where.hostname or "", where.port or 80
        self._head = f"host: {where.netloc}\r\naccept-language: id\r\n"
        if token:
            self._head += f"authorization: Bearer {token}\r\n"
        self._name, self._number = name, 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._lock = asyncio.Lock()

    async def get(self, path: str) -> Any:
        """Reads something.

        Raises:
            RefusedError: the service says no. AwayError: it does not answer.
        """
        return await self._asked("GET", path, None, "")

    async def give(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """Gives a command, once, however often it has to be sent; raises as `get`."""
        self._number += 1
        return await self._asked(method, path, body or {}, f"{self._name}-{self._number:07d}")

    async def _asked(self, method: str, path: str, body: dict[str, Any] | None, key: str) -> Any:
        written = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}"
        if key:
            head += f"idempotency-key: {key}\r\n"
        if body is not None:
            head += f"content-type: application/json\r\ncontent-length: {len(written)}\r\n"
        asked = f"{head}\r\n".encode() + written
        for pause in (*_PAUSES_SECONDS, None):
            try:
                async with self._lock, asyncio.timeout(_ANSWER_SECONDS):
                    status, found = await self._sent(asked)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self._hang_up()
                if pause is None:
                    raise AwayError(f"{method} {path}: {error!r}") from error
            else:
                told = json.loads(found) if found else None
                if status < 400:
                    return told
                if status < 500 or pause is None:
                    raise RefusedError(status, told.get("code", "") if isinstance(told, dict) else "", f"{method} {path}")
            await asyncio.sleep(pause)
        raise AssertionError

    async def _sent(self, asked: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        reader, writer = self._streams
        try:
            writer.write(asked)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(fields.get("content-length", "0")))
        except BaseException:
            self._hang_up()  # also when it is cancelled: what comes would be taken for the next answer
            raise
        if fields.get("connection") == "close":
            self._hang_up()
        return int(head[9:12]), body

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
