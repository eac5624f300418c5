"""Preparation: builds a region from an extract, registers and zones. Never imported while serving."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dispatch.regions import FORMAT, fingerprint
from facilities import Problem, time_zone
from facilities.prepare import Overlay, Register, demand_cells, lay_over, parse_register, read_register, read_zones, to_json
from routing import Extract, InputError, RoadNetwork
from routing.bundle import new_version
from routing.network import DrivingSide
from routing.places import PlaceIndex
from routing.prepare import Progress, RoadsReport, build_roads
from routing.road_lines import road_lines
from routing.sample import invented_register
from routing.storage import save_arrays, save_drawing, save_table

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_RESERVED = "siaga-"  # accounts and tokens are kept as a region of such a name
_INVENTED_REGISTER = "register (invented)"
_FACILITY: Literal["facility"] = "facility"
_MARGIN_DEGREES = 1.0
"""Facilities of a register may lie so far beyond the roads before their coordinates are doubted."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a region is built from.

    Attributes:
        extract: roads and features.
        registers: CSV files of facilities, the more trusted first.
        zones: polygons with people, or None: demand is weighed by area.
        people_column: of the zones, or None: the usual names are looked for.
        driving_side: or None: found from the extract.
    """

    extract: Extract
    registers: Sequence[Path] = ()
    zones: Path | None = None
    people_column: str | None = None
    driving_side: DrivingSide | None = None


@dataclass(frozen=True, slots=True)
class RegionReport:
    """What came of a build: the roads, the facilities and what was wrong with their sources."""

    roads: RoadsReport
    overlay: Overlay
    about: dict[str, Any]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the sources of the facilities."""
        return self.overlay.problems


def check_name(name: str) -> str:
    """The name, if a region may have it.

    Raises:
        InputError: it may not.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"region name {name!r}: use small letters, digits and hyphens, as in kota-sukabumi")
    if name.startswith(_RESERVED):
        raise InputError(f"region name {name!r}: names that begin with {_RESERVED} are Siaga's own")
    return name


def build_region(regions: Path, name: str, sources: Sources, *, now: datetime, progress: Progress) -> RegionReport:
    """Builds a region; it appears whole, or not at all.

    Args:
        regions: the folder of all regions.
        name: of the region, see `check_name`.
        sources: what it is built from.
        now: with a time zone; names the version.
        progress: told how far the build is.

    Raises:
        InputError: something given can't be used; nothing is written.
        RegionError: the folder can't be written.
    """
    check_name(name)
    extract = sources.extract
    bounds = _bounds(extract)
    registers = _registers(sources, bounds)
    zones = None if sources.zones is None else read_zones(sources.zones)
    overlay = lay_over(extract.features, registers)
    with new_version(regions / name, now=now, format_number=FORMAT, fingerprint=fingerprint()) as (folder, about):
        network, roads = build_roads(folder / "roads", extract, driving_side=sources.driving_side, progress=progress)
        progress("demand", 0.0)
        cells = demand_cells(network, zones, sources.people_column)
        save_arrays(folder / "demand", {"longitude": cells.longitude, "latitude": cells.latitude, "weight": cells.weight})
        save_table(folder / "demand" / "label.json", {"unit": cells.unit, "label": cells.label, "cell_m": cells.cell_m})
        progress("places", 0.0)
        extra = [(f.name, _FACILITY, f.longitude, f.latitude, f.aliases) for f in overlay.facilities if f.name]
        save_arrays(folder / "places", PlaceIndex.build(network, extract.features, extra).arrays())
        progress("places", 1.0)
        save_drawing(folder / "map" / "roads", road_lines(network, extract.backdrop))
        save_drawing(folder / "map" / "backdrop", extract.backdrop.drawing)
        (folder / "facilities.json").write_bytes(to_json(overlay.facilities, overlay.problems))
        about.update(_about(name, sources, registers, network, roads, overlay, now))
    return RegionReport(roads, overlay, about)


def _registers(sources: Sources, bounds: tuple[float, float, float, float]) -> list[Register]:
    """The registers given; an invented town brings one of its own."""
    registers = [read_register(path, bounds) for path in sources.registers]
    if sources.extract.source.invented:
        registers.append(parse_register(invented_register(sources.extract), _INVENTED_REGISTER, bounds))
    return registers


def _bounds(extract: Extract) -> tuple[float, float, float, float]:
    longitude, latitude = extract.ways.node_longitude, extract.ways.node_latitude
    if not len(longitude):
        raise InputError(f"{extract.source.description}: it has no roads")
    west, east = float(longitude.min()), float(longitude.max())
    south, north = float(latitude.min()), float(latitude.max())
    return west - _MARGIN_DEGREES, south - _MARGIN_DEGREES, east + _MARGIN_DEGREES, north + _MARGIN_DEGREES


def _about(
    name: str,
    sources: Sources,
    registers: Sequence[Register],
    network: RoadNetwork,
    roads: RoadsReport,
    overlay: Overlay,
    now: datetime,
) -> dict[str, Any]:
    source = sources.extract.source
    middle = float(np.median(network.junction_longitude)), float(np.median(network.junction_latitude))
    build = roads.build
    return {
        "name": name,
        "title": source.description,
        "time_zone": time_zone(*middle).key,
        "invented": source.invented,
        "source": {"description": source.description, "sha256": source.sha256, "data_time": source.data_time},
        "registers": [register.name for register in registers],
        "attribution": [source.attribution],
        "built_at": now.isoformat(),
        "middle": middle,
        "bounds": [
            float(network.junction_longitude.min()),
            float(network.junction_latitude.min()),
            float(network.junction_longitude.max()),
            float(network.junction_latitude.max()),
        ],
        "report": {
            "junctions": network.junctions,
            "road_km": float(network.link_length_m.sum()) / 1000,
            "driving_side": build.driving_side,
            "driving_side_from": build.driving_side_from,
            "restrictions_placed": build.restrictions_placed,
            "restrictions_unplaced": [list(map(str, one)) for one in build.unplaced],
            "facilities": len(overlay.facilities),
            "facilities_with_conflicts": sum(bool(facility.conflicts) for facility in overlay.facilities),
            "problems": len(overlay.problems),
        },
    }
