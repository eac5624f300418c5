"""A built region, opened: its roads, places, facilities and demand, and what a recommendation knows of them.

<regions>/<name>/<version>/roads/        `routing.prepare.build_roads`
                           places/       the place index's arrays
                           facilities.json
                           demand/       cells
                           map/          what a map draws: `roads` and `backdrop`
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.legs import default_rules
from dispatch.recommend import COVER_PROFILE
from dispatch.recommend import Region as RegionFacts
from dispatch.times import Demand, RegionTimes
from facilities import AvailabilityBoard, FacilityTable, Problem, from_json
from routing import RegionError
from routing.bundle import Bundle, has_version, open_version, read_about
from routing.datafiles import data_folder
from routing.places import PlaceIndex
from routing.road_state import RoadState
from routing.roads import Roads, open_roads
from routing.storage import load_arrays, load_table

FORMAT = 6
"""Of the files of a region; another one is stale."""

_NEW_OBJECTS = 20_000
"""A decision makes some 2,000 objects that the collector counts; 20,000 are a few megabytes."""

_TABLES = ("profiles.toml", "facilities.toml", "address.toml")


def fingerprint() -> str:
    """Of the tables that go into a region's files; a region built with others is stale."""
    digest = hashlib.sha256()
    for name in _TABLES:
        digest.update((data_folder() / name).read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class BuiltRegion:
    """A region that was opened.

    Attributes:
        name: of its folder.
        about: what its manifest says: title, time_zone, invented, source, attribution, built_at, bounds, middle, report.
        roads, places: of the region.
        facilities: as arrays; opening hours from a month before the day of opening to 13 months after.
        problems: what was wrong with the sources of the facilities.
        demand: cells of demand.
        demand_label: where their weights come from, for the record.
        folder: of its version, named after it; what maps draw lies there and is read when one is drawn.
    """

    name: str
    about: Mapping[str, Any]
    roads: Roads
    places: PlaceIndex
    facilities: FacilityTable
    problems: tuple[Problem, ...]
    demand: Demand
    demand_label: str
    folder: Path

    @property
    def zone(self) -> ZoneInfo:
        """The region's time zone."""
        return ZoneInfo(self.about["time_zone"])

    @property
    def invented(self) -> bool:
        """None of it exists."""
        return bool(self.about["invented"])

    def settle(self) -> None:
        """Readies the process for answering many questions about this region; to be called once, by a service.

        Reads ahead what questions touch. Takes what exists by now out of the garbage collector's sight, and has it run after
        more new objects than by default: it would otherwise look through all facilities in the middle of a decision.
        """
        self.roads.read_ahead()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])

    def facts(self, state: RoadState | None = None, availability: AvailabilityBoard | None = None) -> RegionFacts:
        """What a recommendation knows of the region, on a state of the roads (None: without conditions)."""
        router = self.roads.router if state is None else self.roads.router.at(state)
        profiles = {rule.profile for rule in default_rules() if rule.leg in (None, "carry")}
        times = RegionTimes.prepare(
            router, self.facilities.longitude, self.facilities.latitude, self.demand, profiles, COVER_PROFILE
        )
        return RegionFacts(
            name=self.name,
            times=times,
            facilities=self.facilities,
            availability=availability,
            invented=self.invented,
            attribution=tuple(self.about["attribution"]),
        )


def region_names(regions: Path) -> list[str]:
    """The regions that have been built, by name."""
    return sorted(home.name for home in regions.glob("*") if has_version(home)) if regions.is_dir() else []


def about_regions(regions: Path) -> tuple[dict[str, Mapping[str, Any]], list[RegionError]]:
    """What every region's manifest says of it, by name; and, of those whose manifest can't be read, what is wrong."""
    found: dict[str, Mapping[str, Any]] = {}
    damaged = []
    for name in region_names(regions):
        try:
            found[name] = read_about(regions / name)
        except RegionError as error:
            damaged.append(error)
    return found, damaged


def open_region(regions: Path, name: str, now: datetime, *, thorough: bool = False) -> BuiltRegion:
    """Opens a region that was built.

    Args:
        regions: the folder of all regions.
        name: of the region.
        now: with a time zone; opening hours are worked out around this day.
        thorough: read every file whole, to find what a failing disk has done to it.

    Raises:
        RegionError: there is none of that name, or it is stale or damaged.
    """
    _known(regions, name)
    bundle = open_version(regions / name, format_number=FORMAT, fingerprint=fingerprint(), thorough=thorough)
    with _nothing_collected():
        return _opened(name, bundle, now)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Opening makes many objects, all of which stay: the collector would look through them again and again for nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _opened(name: str, bundle: Bundle, now: datetime) -> BuiltRegion:
    zone = bundle.about["time_zone"]
    facilities, problems = from_json((bundle.path / "facilities.json").read_bytes())
    cells, label = load_arrays(bundle.path / "demand"), load_table(bundle.path / "demand" / "label.json")
    return BuiltRegion(
        name=name,
        about=bundle.about,
        roads=open_roads(bundle.path / "roads", zone),
        places=PlaceIndex.from_arrays(load_arrays(bundle.path / "places")),
        facilities=FacilityTable.build(facilities, now.astimezone(ZoneInfo(zone)).date()),
        problems=problems,
        demand=Demand(cells["longitude"], cells["latitude"], cells["weight"], label["unit"]),
        demand_label=label["label"],
        folder=bundle.path,
    )


def _known(regions: Path, name: str) -> None:
    names: Iterable[str] = region_names(regions)
    if name not in names:
        there = ", ".join(names) or "none yet"
        raise RegionError(f"no region {name!r} has been built (there are: {there}); `siaga region build {name} …` builds it")
