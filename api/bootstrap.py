"""Wires things together: which region, from which folder, at which time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from api.settings import Settings, read_settings
from dispatch.regions import BuiltRegion, open_region, region_names
from routing import InputError


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


def siaga() -> Siaga:
    """Siaga as the environment says.

    Raises:
        InputError: a setting can't be used.
    """
    return Siaga(read_settings())


def now() -> datetime:
    """The time, with a zone."""
    return datetime.now(UTC)
