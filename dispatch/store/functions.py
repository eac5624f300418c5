"""The function library on the servers: its name is made from its text, so two releases at work don't replace each other's."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from redis.exceptions import ResponseError

from dispatch.store.connect import Client


@cache
def _library() -> tuple[str, str]:
    """Its name and its text."""
    text = (files("dispatch.store") / "library.lua").read_text(encoding="utf-8")
    name = f"siaga_{sha256(text.encode()).hexdigest()[:12]}"
    return name, text.replace("@LIBRARY@", name)


async def load_functions(client: Client) -> None:
    """Load the library on one server; it keeps it on disk."""
    await client.execute_command("FUNCTION", "LOAD", "REPLACE", _library()[1])


async def call_function(client: Client, name: str, keys: list[str], args: list[bytes | str | int]) -> Any:
    """Call one of the library's functions; a server that doesn't have it (new in the cluster, or emptied) gets it first."""
    command = ("FCALL", f"{_library()[0]}_{name}", len(keys), *keys, *args)
    try:
        return await client.execute_command(*command)
    except ResponseError as error:
        if "function not found" not in str(error).lower():
            raise
    # Nothing ran: asking once more repeats nothing.
    await load_functions(client)
    return await client.execute_command(*command)
