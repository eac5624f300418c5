"""The way to a store on a Redis or Valkey cluster: each region's commands go to the node that has its slot, and only there.

redis-py's own cluster client asks one fixed node where the keys of an FCALL are, and that node's loss stops every region;
its retries send a write again. So this module keeps the table of slots, and a plain client for each node. An answer MOVED
means that nothing was done: the command is sent again, to the node named.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.exceptions import AskError, MovedError, TryAgainError

from dispatch.store.connect import Client, Node
from dispatch.store.errors import StoreError, StoreRefusedError, StoreUnreachableError

_MOST_MOVES = 5

T = TypeVar("T")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class ClusterLink:
    """A cluster's nodes and which slots each has.

    Args:
        scheme: redis or rediss.
        credentials: `user:password`, or empty.
        seeds: addresses (`host:port`) of some of its nodes.
        query: further settings, as in a URL.
    """

    def __init__(self, scheme: str, credentials: str, seeds: list[str], query: str) -> None:
        self._template = f"{scheme}://{credentials + '@' if credentials else ''}%s{'?' + query if query else ''}"
        self._seeds = seeds
        self._nodes: dict[str, Node] = {}
        self._starts: list[int] = []
        self._ranges: list[tuple[int, str]] = []
        self._doubted: set[str] = set()
        self._asking = asyncio.Lock()

    def _node(self, address: str) -> Node:
        if address not in self._nodes:
            # One percent sign is ours; credentials may hold more, quoted.
            before, _, after = self._template.partition("%s")
            self._nodes[address] = Node(before + address + after)
        return self._nodes[address]

    async def _learn(self) -> None:
        """Ask a node that answers for the table of slots; those in doubt come last."""
        known = dict.fromkeys([*(address for _, address in self._ranges), *self._seeds])
        problem: StoreError = StoreUnreachableError("the store's cluster has no nodes in its URL")
        for address in sorted(known, key=lambda address: address in self._doubted):
            try:
                rows = await self._node(address).use(lambda client: client.execute_command("CLUSTER", "SLOTS"))
            except StoreError as error:
                problem = error
                self._doubted.add(address)
                continue
            self._take(rows, self._node(address).host)
            self._doubted.clear()
            return
        raise problem

    def _take(self, rows: list[list[Any]], asked: str) -> None:
        ranges = []
        for first, last, primary, *_ in rows:
            host = (primary[0] or b"").decode()
            ranges.append((int(first), int(last), _address(host if host not in {"", "?"} else asked, int(primary[1]))))
        ranges.sort()
        self._starts = [first for first, _, _ in ranges]
        self._ranges = [(last, address) for _, last, address in ranges]

    def _holder(self, slot: int) -> str | None:
        at = bisect_right(self._starts, slot) - 1
        if at < 0 or self._ranges[at][0] < slot:
            return None
        return self._ranges[at][1]

    async def _find(self, slot: int) -> Node:
        """The node that has a slot. Only a region whose own node is unknown or in doubt asks for the table again."""
        holder = self._holder(slot)
        if holder is None or holder in self._doubted:
            async with self._asking:
                if self._holder(slot) is None or self._holder(slot) in self._doubted:
                    await self._learn()
            holder = self._holder(slot)
        if holder is None:
            raise StoreRefusedError(f"no node of the store's cluster has slot {slot}; assign it (CLUSTER ADDSLOTSRANGE)")
        return self._node(holder)

    async def run(self, slot: int, do: Callable[[Client], Awaitable[T]], *, waits: bool = False) -> T:
        node = await self._find(slot)
        for _ in range(_MOST_MOVES):
            try:
                return await node.use(do, waits=waits)
            except MovedError as moved:
                self._doubted.add(node.address)
                node = self._node(_address(moved.host or node.host, moved.port))
            except (AskError, TryAgainError) as error:
                raise StoreRefusedError(f"slot {slot} is moving away from {node.address}; wait until it has moved") from error
            except StoreUnreachableError:
                self._doubted.add(node.address)
                raise
        raise StoreRefusedError(f"slot {slot} was sent from node to node {_MOST_MOVES} times; look at CLUSTER NODES")

    async def primaries(self) -> list[Node]:
        async with self._asking:
            if not self._ranges or self._doubted:
                await self._learn()
        return [self._node(address) for address in dict.fromkeys(address for _, address in self._ranges)]

    async def aclose(self) -> None:
        for node in self._nodes.values():
            await node.aclose()
