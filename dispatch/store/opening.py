"""Opening a store by its URL: find its servers, refuse unsafe ones, give them the function library."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from dispatch.store.cluster import ClusterLink
from dispatch.store.connect import Link, Node, OneServer
from dispatch.store.errors import StoreAddressError, StoreRefusedError, StoreUnreachableError, UnsafeStoreError
from dispatch.store.functions import load_functions
from dispatch.store.safety import safety_problems
from dispatch.store.store import KEEP_ANSWERS_DAYS, Store

_ONE_SERVER = ("unix", "redis", "rediss")
_CLUSTER = ("redis+cluster", "rediss+cluster")


def link_to(url: str) -> Link:
    """The way to a store; nothing is connected yet.

    Raises:
        StoreAddressError: the URL is not one of a store. (The message leaves out user and password.)
    """
    try:
        return _link_to(url)
    except StoreAddressError:
        raise
    except ValueError:  # its words would tell a part of the password
        raise StoreAddressError(
            "the store's URL can't be read; it is like redis://user:password@host:6379/0, and in user and password every "
            "character other than letters and digits is written as % and two digits (/ is %2F, @ is %40)"
        ) from None


def _link_to(url: str) -> Link:
    parts = urlsplit(url)
    if parts.scheme in _ONE_SERVER:
        if not (parts.path if parts.scheme == "unix" else parts.netloc):
            what = "socket" if parts.scheme == "unix" else "host"
            raise StoreAddressError(f"the store's URL ({parts.scheme}://…) names no {what}")
        return OneServer(url)
    if parts.scheme in _CLUSTER:
        credentials, _, hosts = parts.netloc.rpartition("@")
        seeds = [host if ":" in host else f"{host}:6379" for host in hosts.split(",") if host]
        if not seeds:
            raise StoreAddressError(f"the store's URL ({parts.scheme}://…) names no host")
        return ClusterLink(parts.scheme.partition("+")[0], credentials, seeds, parts.query)
    known = ", ".join(f"{scheme}://" for scheme in (*_ONE_SERVER, *_CLUSTER))
    raise StoreAddressError(f"the store's URL begins with {parts.scheme or 'nothing'!r}; it must begin with one of {known}")


async def store_problems(url: str) -> list[str]:
    """Everything that keeps a store from being safe to use, one line each; empty: nothing does. For `siaga doctor`."""
    link = link_to(url)
    try:
        return await _problems(await link.primaries())
    except (StoreUnreachableError, StoreRefusedError) as error:
        return [str(error)]
    finally:
        await link.aclose()


async def _problems(nodes: list[Node]) -> list[str]:
    async def of(node: Node) -> list[str]:
        try:
            return await safety_problems(node)
        except (StoreUnreachableError, StoreRefusedError) as error:
            return [str(error)]

    return [problem for problems in await asyncio.gather(*map(of, nodes)) for problem in problems]


async def open_store(url: str, *, keep_answers_days: float = KEEP_ANSWERS_DAYS) -> Store:
    """Open a store (see `dispatch.store.connect` for its URLs).

    Of a cluster, nodes that don't answer now are passed over: their regions wait for them, the others don't.

    Raises:
        UnsafeStoreError: a server could lose what it acknowledged; the settings are named.
        StoreUnreachableError, StoreRefusedError: no server can be asked.
        StoreAddressError: the URL is wrong.
    """
    link = link_to(url)
    try:
        nodes = await link.primaries()
        problems: list[str] = []
        missing: list[StoreUnreachableError | StoreRefusedError] = []
        for node in nodes:
            try:
                found = await safety_problems(node)
                if not found:
                    await node.use(load_functions)
                problems += found
            except (StoreUnreachableError, StoreRefusedError) as error:
                missing.append(error)
        if problems:
            raise UnsafeStoreError(problems)
        if len(missing) == len(nodes):
            raise missing[0]
    except BaseException:
        await link.aclose()
        raise
    return Store(link, keep_answers_days=keep_answers_days)
