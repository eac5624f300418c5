"""What the service is measured on: DKI Jakarta, where it is at hand; calls and vehicles at random places of it."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.environment import ROOT
from dispatch.fleet import invented_fleet, write_fleet
from dispatch.prepare import Sources, build_region
from dispatch.regions import open_region
from routing.read_extract import read_extract
from routing.sample import invented_town

NAME = "bench"
EXTRACT = ROOT.parent / "shared" / "osm" / "dki-jakarta-roads-2012.osm.pbf"
REGISTER = ROOT.parent / "shared" / "registers" / "dki-jakarta.csv"
VEHICLES, FACILITIES = 50, 200
INVENTED_JUNCTIONS = 20_000
KINDS = (("emergency", "red"), ("emergency", "yellow"), ("maternal", "red"), ("maternal", "yellow"), ("accident", "red"))
NEEDS = ("emergency", "inpatient", "primary_care", "outpatient", "poned", "ponek")
OWN_NEEDS = 0.25
"""Of the calls, so many name the capabilities that are needed themselves."""

Place = tuple[float, float]
"""Longitude and latitude, degrees."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A region that was built.

    Attributes:
        title: in words. jakarta: it is DKI Jakarta, for which the goals are set.
        junctions: places at which somebody can be.
    """

    title: str
    jakarta: bool
    junctions: Sequence[Place]

    def spot(self, rng: random.Random) -> Place:
        """Somewhere near a road."""
        longitude, latitude = rng.choice(self.junctions)
        return longitude + rng.gauss(0.0, 2e-4), latitude + rng.gauss(0.0, 2e-4)

    def call(self, rng: random.Random) -> dict[str, Any]:
        """The body of a call: somebody somewhere needs something."""
        kind, priority = rng.choice(KINDS)
        longitude, latitude = self.spot(rng)
        body: dict[str, Any] = {
            "kind": kind,
            "priority": priority,
            "place": {"longitude": longitude, "latitude": latitude},
            "caller": {"name": "Ibu Rina", "phone": "0812-0000-0001"},
        }
        return body | ({"needs": [rng.sample(NEEDS, rng.choice((1, 1, 2)))]} if rng.random() < OWN_NEEDS else {})


SETTINGS = """\
[life.clocks]
assign = { first = 86_400, again = 86_400 }
"""
"""As usual cases that nobody assigns would ring after a minute, and after three get a vehicle by themselves: hundreds of them
would be worked on while something else is measured, and the fleet would be another one at the end."""


def build(data: Path, seed: int, vehicles: int = VEHICLES) -> Ground:
    """Builds the region into a data folder, with its settings, and with a fleet beside it (`fleet.csv`)."""
    now, rng = datetime.now(UTC), random.Random(seed)
    jakarta = EXTRACT.is_file() and REGISTER.is_file()
    if jakarta:
        register = data / "register.csv"
        with REGISTER.open(encoding="utf-8", newline="") as source:
            head, *rows = csv.reader(source)
        rng.shuffle(rows)
        of_code = {row[head.index("kode")]: row for row in rows}  # the register gives a few codes twice
        with register.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([head, *itertools.islice(of_code.values(), FACILITIES)])
        sources, where = Sources(read_extract(EXTRACT), (register,)), "DKI Jakarta 2012"
    else:
        sources, where = Sources(invented_town(INVENTED_JUNCTIONS)), "an invented town, as DKI Jakarta is not at hand"
    build_region(data / "regions", NAME, sources, now=now, progress=lambda _what, _share: None)
    built = open_region(data / "regions", NAME, now)
    network = built.roads.network
    places = list(zip(network.junction_longitude.tolist(), network.junction_latitude.tolist(), strict=True))
    title = f"{where}: {network.junctions:,} junctions, {len(built.facilities)} facilities, {vehicles} vehicles"
    ground = Ground(title, jakarta, places)
    (data / "settings").mkdir()
    (data / "settings" / f"{NAME}.toml").write_text(SETTINGS, encoding="utf-8")
    bases = [(f"base {number}", *ground.spot(rng)) for number in range(vehicles)]
    write_fleet(data / "fleet.csv", invented_fleet(bases, vehicles, seed, now))
    return ground
