"""A busy office: 300 vehicles that report every second, 200 open cases."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import httpx2
import numpy as np

from dispatch.cases import Priority
from dispatch.fleet import VehicleKind
from dispatch.life.commands import OpenCase, RegisterUnit
from dispatch.life.particulars import Note, cell_of
from tests.browser.conftest import Site
from tests.servers import NO_TLS

VEHICLES = 300
CASES = 200


async def _fill(site: Site) -> None:
    office = site.live.office
    for number in range(VEHICLES):
        place = office.spot(1_000 + number)
        kind = VehicleKind.VILLAGE_AMBULANCE
        await office.give(
            RegisterUnit(f"B{number:03}", f"Ambulans {number:03}", kind, frozenset({"stretcher"}), 1, "Ciriung", *place)
        )
    for number in range(CASES):
        place = office.spot(5_000 + number)
        note = Note("place", "", "sri", office.now, None, *place)
        kind, priority = (("emergency", "red"), ("maternal", "yellow"), ("outpatient", "green"))[number % 3]
        command = OpenCase(f"L{number:03}", kind, Priority(priority), cell_of(*place), noted=("place",))
        await office.give(command, notes=[note], case=f"L{number:03}")


def fill(site: Site) -> None:
    """The fleet and the cases."""
    site.live.server.wait_for(_fill(site), 120)


class Driving:
    """Every vehicle's position once a second, as long as the block lasts; and a case's word changes once a second."""

    def __init__(self, site: Site) -> None:
        self._site, self._over = site, threading.Event()
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self.sent = 0

    def __enter__(self) -> Driving:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _drive(self) -> None:
        live, office = self._site.live, self._site.live.office
        places = np.array([office.spot(1_000 + number) for number in range(VEHICLES)])
        rng = np.random.default_rng(1)
        headers = {"Authorization": f"Bearer {live.tokens['dispatcher']}"}
        with httpx2.Client(base_url=live.base, headers=headers, timeout=30, verify=NO_TLS) as client:
            while not self._over.is_set():
                begun = time.monotonic()
                places += rng.normal(0, 5e-5, places.shape)  # some metres
                when = (office.now - timedelta(milliseconds=50)).isoformat()
                fixes = [
                    {"vehicle": f"B{number:03}", "longitude": x, "latitude": y, "fix_time": when}
                    for number, (x, y) in enumerate(places.tolist())
                ]
                assert client.post(f"{live.at}/fixes", json={"fixes": fixes}).status_code == 200
                body = {"note": f"catatan {self.sent}"}
                path = f"{live.at}/cases/L{self.sent % CASES:03}"
                answer = client.patch(path, json=body, headers={"Idempotency-Key": f"load-{self.sent:08}"})
                assert answer.status_code == 200, answer.text
                self.sent += 1
                self._over.wait(max(0.0, 1.0 - (time.monotonic() - begun)))
