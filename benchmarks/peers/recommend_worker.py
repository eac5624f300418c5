"""Whole recommendations behind `serve`: random fleets, facilities, patients on a region that `siaga_worker` built.

Nothing is asked twice: each time every vehicle stands elsewhere, and so does the patient.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from serve import serve

from benchmarks.pace import pace
from dispatch.cases import requirement
from dispatch.facts import Call, Region
from dispatch.fleet import Vehicle, VehicleKind, VehicleStatus
from dispatch.recommend import recommend
from dispatch.regions import open_region
from dispatch.report import recommendation_as_dict
from facilities import Availability, AvailabilityBoard, CapabilityClaim, Facility, FacilityTable, Value
from routing import PlaceError

NAME = "bench"
CASES = [("emergency", "red"), ("emergency", "yellow"), ("accident", "red"), ("accident", "yellow"), ("maternal", "red")]
CAPABILITIES = ("emergency", "inpatient", "icu", "surgery", "ponek", "poned", "primary_care")
HOURS = ("24/7", "Mo-Fr 08:00-16:00", "Mo-Sa 07:30-21:00; PH off", None)
EQUIPMENT = ("siren", "lights", "stretcher", "oxygen", "defibrillator", "delivery_kit")
GPS_DEGREES = 2e-4


class Worker:
    """One region with its facilities replaced by invented ones."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng()
        self.region: Region
        self.now = datetime.now(UTC)

    def open(self, folder: str, facilities: int, seed: int) -> dict[str, float]:
        """Opens the region and prepares what does not depend on a call: seconds of the latter."""
        self.rng = np.random.default_rng(seed)
        built = open_region(Path(folder) / "regions", NAME, self.now)
        self.longitude = np.asarray(built.roads.network.junction_longitude)
        self.latitude = np.asarray(built.roads.network.junction_latitude)
        table = FacilityTable.build([self._facility(number) for number in range(facilities)], self.now.date())
        claims = [self._claim(f"f{number}") for number in self.rng.choice(facilities, facilities // 3, replace=False).tolist()]
        start = time.perf_counter()
        self.region = replace(built, facilities=table).facts(
            availability=AvailabilityBoard.build(claims, table.index, table.column)
        )
        seconds = time.perf_counter() - start
        built.settle()  # as a service does
        return {"seconds": seconds, "cells": len(built.demand.weight)}

    def recommend(self, vehicles: int, count: int) -> dict[str, list[float]]:
        """So many recommendations: seconds of each; `told`: with everything put into words and JSON as well."""
        seconds, told, options, left_out = [], [], [], []
        while len(seconds) < count:
            fleet = [self._vehicle(number) for number in range(vehicles)]
            (x, y), (case, priority) = self._place(), CASES[self.rng.integers(len(CASES))]
            call = Call(requirement(case, priority), x, y, self.now)
            start = time.perf_counter()
            try:
                found = recommend(self.region, fleet, call)
            except PlaceError:
                continue
            decided = time.perf_counter()
            words = recommendation_as_dict(found, "id")
            json.dumps(words, ensure_ascii=False)
            told.append(time.perf_counter() - start)
            seconds.append(decided - start)
            options.append(len(words["options"]))
            left_out.append(len(words["facilities_left_out"]))
        return {"seconds": seconds, "told": told, "options": options, "left_out": left_out}

    def _place(self) -> tuple[float, float]:
        junction = int(self.rng.integers(len(self.longitude)))
        x, y = self.rng.normal(0.0, GPS_DEGREES, 2).tolist()
        return float(self.longitude[junction]) + x, float(self.latitude[junction]) + y

    def _facility(self, number: int) -> Facility:
        (x, y), rng = self._place(), self.rng
        values = (Value.YES, Value.YES, Value.NO, Value.UNKNOWN)
        claims = tuple(
            CapabilityClaim(name, values[rng.integers(4)], f"register:{number}") for name in CAPABILITIES if rng.random() < 0.8
        )
        return Facility(
            id=f"f{number}",
            name=f"RS {number}",
            kind=("hospital", "puskesmas", "clinic")[rng.integers(3)],
            longitude=x,
            latitude=y,
            opening_hours=HOURS[rng.integers(len(HOURS))],
            capabilities=claims,
        )

    def _claim(self, facility: str) -> Availability:
        state = ("open", "full", "diverting", "closed")[self.rng.integers(4)]
        return Availability(facility, None, state, "benchmark", self.now - timedelta(minutes=int(self.rng.integers(600))))

    def _vehicle(self, number: int) -> Vehicle:
        (x, y), rng = self._place(), self.rng
        kinds = (VehicleKind.EMERGENCY_AMBULANCE, VehicleKind.TRANSPORT_AMBULANCE, VehicleKind.VILLAGE_AMBULANCE)
        return Vehicle(
            id=f"v{number}",
            name=f"Ambulans {number}",
            kind=kinds[rng.integers(3)],
            equipment=frozenset(name for name in EQUIPMENT if rng.random() < 0.85),
            status=VehicleStatus.STANDBY if rng.random() < 0.9 else VehicleStatus.CARRYING,
            longitude=x,
            latitude=y,
            fix_time=self.now - timedelta(seconds=int(rng.exponential(120))),
        )


if __name__ == "__main__":
    worker = Worker()
    serve({"open": worker.open, "recommend": worker.recommend, "pace": pace})
