"""Whether a server keeps what it acknowledges. Asked at start of every server, and by `siaga doctor`."""

from __future__ import annotations

import re
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from dispatch.store.connect import Client, Node

_NEEDED = {
    "appendonly": ("yes", "else everything is lost when it stops"),
    "appendfsync": ("always", "else the last second or more is lost when its machine fails"),
    "no-appendfsync-on-rewrite": ("no", "else nothing is synced to disk while the file is rewritten"),
    "maxmemory-policy": ("noeviction", "else open cases are thrown out when memory is short"),
}
_NEEDED_IN_A_CLUSTER = {
    "cluster-require-full-coverage": ("no", "else one lost node stops every region"),
}
OLDEST_VERSION = (7, 0)
"""Function libraries came with it."""


async def safety_problems(node: Node) -> list[str]:
    """What would make a server lose acknowledged commits, one line each, beginning with its address; empty: it is safe.

    Raises:
        StoreUnreachableError, StoreRefusedError: it can't be asked.
    """
    return [f"{node.address}: {problem}" for problem in await node.use(_problems)]


async def _problems(client: Client) -> list[str]:
    server = await client.info("server")
    version = str(server.get("valkey_version", server["redis_version"]))
    if _version(version) < OLDEST_VERSION:
        return [f"its version is {version}; 7.0 or later is needed"]
    problems = []
    in_cluster = server.get("redis_mode", server.get("server_mode")) == "cluster"
    replication = await client.info("replication")
    if replication["role"] != "master":
        problems.append(
            f"it is a replica of {replication.get('master_host')}:{replication.get('master_port')}; give the primary's address"
        )
    needed = _NEEDED | (_NEEDED_IN_A_CLUSTER if in_cluster else {})
    try:
        settings: dict[str, Any] = await client.config_get(*needed)
    except (NoPermissionError, ResponseError) as error:
        problems.append(f"it forbids CONFIG GET ({error}), so that its settings can't be checked; allow the user +config|get")
        return problems
    for name, (value, otherwise) in needed.items():
        found = settings.get(name)
        if found is None:
            problems.append(f"it doesn't tell its setting {name}, which must be {value}")
        elif found != value:
            problems.append(f"{name} is {found or 'empty'}; set it to {value}, {otherwise}")
    return problems


def _version(word: str) -> tuple[int, int]:
    numbers = re.findall(r"\d+", word)
    return (int(numbers[0]), int(numbers[1])) if len(numbers) > 1 else (0, 0)
