"""Wires things together: which region, from which folder, at which time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from api.settings import Settings, read_settings
from dispatch.regions import BuiltRegion, open_region, region_names
from dispatch.store import EmbeddedServer, Store, open_store, running_at
from routing import InputError

STORE_FOLDER = "store"
"""In the data folder, where the embedded store keeps its files."""


@dataclass(frozen=True, slots=True)
class Siaga:
    """What every way in to Siaga starts from."""

    settings: Settings

    def open(self, name: str | None, now: datetime, *, thorough: bool = False) -> BuiltRegion:
        """The region of that name, or the only one there is; `thorough`: see `dispatch.regions.open_region`.

        Raises:
            RegionError: it can't be opened.
            InputError: no name was given and there is not exactly one region.
        """
        if name is None:
            names = region_names(self.settings.regions_folder)
            if not names:
                raise InputError("no region has been built yet; `siaga region build NAME …` builds one")
            if len(names) > 1:
                raise InputError(f"there are several regions ({', '.join(names)}); name one with --region")
            name = names[0]
        return open_region(self.settings.regions_folder, name, now, thorough=thorough)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """The store, for a command that needs it for a moment: the outside one, that of a service which runs on this machine,
        or else one of its own.

        Raises:
            StoreError: it can't be opened.
        """
        folder = self.settings.data_folder / STORE_FOLDER
        url = self.settings.store_url or running_at(folder)
        if url:
            async with await open_store(url) as store:
                yield store
            return
        async with await EmbeddedServer.start(folder) as server, await open_store(server.url) as store:
            yield store


def siaga() -> Siaga:
    """Siaga as the environment says.

    Raises:
        InputError: a setting can't be used.
    """
    return Siaga(read_settings())


def now() -> datetime:
    """The time, with a zone."""
    return datetime.now(UTC)
