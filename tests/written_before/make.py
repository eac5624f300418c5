"""Writes what this release leaves behind, for all later ones to be tried on: `python -m tests.written_before.make FOLDER`.

It runs the service on an empty data folder through a few cases that every release must be able to go on with, and keeps the
folder, a backup of it, and what was in it. All people, numbers and places are invented; README.md says when to run it.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import lzma
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2

from api.access.grants import Grant
from api.access.tokens import TokenKind
from dispatch.archive import ArchiveSettings, Places, back_up
from dispatch.service.worker import GROUP, Worker
from dispatch.store import EmbeddedServer
from dispatch.store.opening import link_to
from tests.dispatch.archive.kept import rows
from tests.written_before.releases import EXPECTED, WRITTEN, Json, contents
from tests.written_before.served import JUNCTIONS, REGION, Served, build_town, given, served

BEGIN = datetime(2025, 1, 31, 14, 0, tzinfo=UTC)
"""Nine in the evening where it is: what is told here lies in two months."""

ANSWERS_DAYS = 36_500.0
"""Usually two weeks; but here they are to be found for as long as there is this file."""

HOSPITAL = "reg:RS00001"
PEOPLE = {
    "sari": ("contoh sandi rekaan satu", Grant(("dispatcher",), (REGION,))),
    "budi": ("contoh sandi rekaan dua", Grant(("driver",), (REGION,), vehicle="A1")),
    "igd": ("contoh sandi rekaan tiga", Grant(("facility",), (REGION,), facility=HOSPITAL)),
    "lama": ("contoh sandi rekaan empat", Grant(("dispatcher", "planner"), (REGION,))),
}
DISABLED = "lama"
SETTINGS = """# Aturan rekaan
[life.referral]
desk_phone = "0251-000000"
[life.clocks]
answer = { first = 240, again = 240 }
"""
ELSEWHERE = {"name": "RS Rekaan Jauh", "phone": "021-0000-0000", "longitude": 107.3105, "latitude": -5.0905}
TO_THE_PATIENT = ("acknowledged", "departed", "at_scene", "with_patient")


class Story:
    """People at work; every command that they give is kept, with its answer.

    Attributes:
        commands: in order; without those that were not to be `kept`.
    """

    def __init__(self, here: Served) -> None:
        self.here, self.desk = here, here.desk
        self.commands: list[Json] = []
        self._numbers = itertools.count()
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._worker = Worker(here.desk.service, REGION, "worker-1")

    async def come_in(self, who: str) -> None:
        """Somebody signs in; "admin" has the token in the data folder."""
        here = self.here
        coming = here.with_token(here.token) if who == "admin" else here.signed_in(who, PEOPLE[who][0])
        self._clients[who] = await coming

    async def give(self, who: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, kept: bool = True) -> Json:
        """A command, a few seconds after the one before."""
        self.desk.wait(seconds=7)
        key = f"written-{next(self._numbers):04d}"
        answer = await given(self._clients[who], method, path, body or {}, key)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        told: Json = answer.json()
        if kept:
            said = {"who": who, "method": method, "path": path, "body": dict(body or {})}
            self.commands.append({**said, "key": key, "answer": told})
        return told

    async def get(self, who: str, path: str) -> Any:
        """What is there."""
        answer = await self._clients[who].get(path)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def call(self, number: int, kind: str = "emergency", priority: str = "yellow", **more: Any) -> str:
        """Somebody telephones; the case."""
        longitude, latitude = self.desk.spot(number)
        body = {
            "kind": kind,
            "priority": priority,
            "place": {"longitude": longitude, "latitude": latitude, "address": f"Jl. Rekaan {number}"},
            "caller": {"name": f"Ibu Contoh Rekaan {number}", "phone": f"0812-0000-{number:04d}"},
            "person": {"name": f"Bapak Contoh Rekaan {number}", "nik": f"{number:016d}", "complaint": "keluhan rekaan"},
            **more,
        }
        told = await self.give("sari", "POST", "/cases", body)
        return str(next(name for name in told["versions"] if name.startswith("case/")).removeprefix("case/"))

    async def send(self, case: str, vehicle: str, **more: Any) -> str:
        """A vehicle is sent; its run."""
        body = {"vehicle": vehicle, "recommended": False, "override": "contoh", **more}
        return str((await self.give("sari", "POST", f"/cases/{case}/assignments", body))["made"]["run"][0])

    async def press(self, who: str, run: str, *points: str) -> None:
        """Time points of a run, some minutes apart."""
        for point in points:
            self.desk.wait(minutes=2)
            await self.give(who, "POST", f"/runs/{run}/progress", {"point": point})

    async def answer(self, who: str, case: str, accepted: bool, **more: Any) -> None:
        """The facility that is being asked answers."""
        offers = (await self.get("sari", f"/cases/{case}"))["offers"]
        offer = next(one["id"] for one in offers if one["state"] == "offered")
        self.desk.wait(minutes=1)
        await self.give(who, "POST", f"/cases/{case}/offers/{offer}/answer", {"accepted": accepted, **more})

    async def all_decline(self, case: str) -> str:
        """Whoever is asked declines, until SITEGAR is asked; the request to it."""
        while True:
            found = await self.get("sari", f"/cases/{case}")
            if asked := [one["id"] for one in found["desk"] if one["state"] == "asked"]:
                return str(asked[0])
            await self.answer("sari", case, False, why="room_full", voice={"name": "IGD rekaan", "phone": "0251-000000"})

    async def seen(self, who: str, vehicle: str, *numbers: int) -> None:
        """Where a vehicle is, a minute apart."""
        fixes = []
        for number in numbers:
            self.desk.wait(minutes=1)
            longitude, latitude = self.desk.spot(number)
            fixes.append(
                {"vehicle": vehicle, "longitude": longitude, "latitude": latitude, "fix_time": self.desk.now.isoformat()}
            )
        answer = await self._clients[who].post("/fixes", json={"fixes": fixes})
        assert answer.is_success, answer.text

    async def ring(self) -> None:
        """The clocks whose time has come ring."""
        while await self._worker.fire_due():
            pass

    async def react(self, *, done: bool) -> None:
        """The worker takes the events that it may have to follow up; `done`: and has done so."""
        events = self.here.store.events
        await events.register_group(REGION, GROUP)
        while found := await events.read_group(REGION, GROUP, "worker-1", limit=1_000 if done else 5):
            if not done:
                break
            await events.ack(REGION, GROUP, [one.id for one in found])


async def settle_in(story: Story) -> list[Json]:
    """People, tokens, vehicles, an officer, what is said about roads and facilities; the tokens."""
    here, desk = story.here, story.desk
    for name, (password, grant) in PEOPLE.items():
        await here.access.people.add(name, password, grant, "make")
    await here.access.people.change(DISABLED, "make", disabled=True)
    tokens = [
        await token(here, "perencana", Grant(("planner",), (REGION,))),
        await token(here, "pelacak A2", Grant(("tracker",), (REGION,), vehicle="A2"), kind="device"),
        await token(here, "dicabut", Grant(("metrics",), (REGION,)), counts=False),
    ]
    await here.access.tokens.revoke(tokens[-1]["id"], "make")
    desk.wait(days=-2)
    tokens.append(await token(here, "lewat waktu", Grant(("planner",), (REGION,)), days=1, counts=False))
    desk.wait(days=2)
    for who in ("admin", "sari", "budi", "igd"):
        await story.come_in(who)
    for number in range(1, 9):
        longitude, latitude = desk.spot(100 + number)
        where = {"base": "Ciriung", "base_longitude": longitude, "base_latitude": latitude}
        # Sets of several words come in any order, and the command would not be known again: it is not kept.
        gear = ["stretcher"] if number % 2 else ["siren", "lights", "stretcher"]
        more = {"equipment": gear, "capacity": 2 if number == 6 else 1, **where}
        body = {"name": f"Ambulans Rekaan {number}", "kind": "village_ambulance", **more}
        await story.give("admin", "PUT", f"/vehicles/A{number}", body, kept=len(gear) == 1)
    await story.give("admin", "POST", "/vehicles/A8/retire")
    await story.give("admin", "PUT", "/officers/P1", {"name": "Petugas Rekaan", "skills": ["bls", "plkb"]}, kept=False)
    shift = {"begins": BEGIN.isoformat(), "ends": (BEGIN + timedelta(hours=8)).isoformat()}
    await story.give("admin", "PUT", "/officers/P1/shift", shift)
    flood = {"kind": "flood", "geometry": {"coordinates": desk.spot(50), "type": "Point"}, "reach_m": 60, "reason": "banjir"}
    await story.give("sari", "PUT", "/conditions/banjir-1", flood)
    await story.give("sari", "PUT", "/conditions/banjir-2", {**flood, "effect": "slower", "value": 3})
    await story.give("sari", "POST", "/conditions/banjir-2/withdraw")
    await story.give("igd", "PUT", f"/availability/{HOSPITAL}", {"state": "full", "capability": "icu"})
    return tokens


async def token(
    here: Served, label: str, grant: Grant, *, kind: TokenKind = "token", days: int = 3_650, counts: bool = True
) -> Json:
    """A new token, with its secret; `counts`: still at the end."""
    secret, made = await here.access.tokens.create(label, grant, "make", kind=kind, days=days)
    return {"id": made.id, "label": label, "secret": secret, "kind": kind, "role": grant.roles[0], "counts": counts}


async def first_month(story: Story) -> str:
    """What is over, and archived; and two cases that go on, one with SITEGAR's help, and the other, which it tells."""
    delivered = await story.call(1)
    run = await story.send(delivered, "A1", officers=["P1"])
    await story.get("sari", f"/cases/{delivered}/particulars")
    await story.press("budi", run, "acknowledged", "departed")
    await story.seen("budi", "A1", 11, 12)
    await story.answer("sari", delivered, False, why="room_full", voice={"name": "dr. Rekaan", "phone": "0251-000000"})
    await story.press("budi", run, "at_scene", "with_patient", "left_scene")
    await story.answer("sari", delivered, True)
    await story.press("budi", run, "at_facility")
    await story.give("sari", "POST", f"/cases/{delivered}/patients/1/handover", {"voice": {"name": "perawat rekaan"}})
    story.desk.wait(minutes=9)
    await story.give("sari", "POST", f"/cases/{delivered}/patients/1/treatment")
    await story.press("budi", run, "available")

    cancelled = await story.call(2, priority="green")
    await story.give("sari", "POST", f"/cases/{cancelled}/cancel", {"why": "salah sambung"})

    two = await story.call(3, kind="accident", priority="red", patients=2)
    run = await story.send(two, "A6")
    await story.press("sari", run, *TO_THE_PATIENT)
    await story.give("sari", "POST", f"/cases/{two}/patients/2/end", {"outcome": "refused", "why": "tidak mau dibawa"})
    await story.press("sari", run, "left_scene", "at_facility")
    await story.give("sari", "POST", f"/cases/{two}/patients/1/handover")
    await story.give("sari", "POST", f"/cases/{two}/patients/1/treatment")
    await story.press("sari", run, "available")

    to_sitegar = await story.call(4, priority="red")
    run = await story.send(to_sitegar, "A3")
    await story.press("sari", run, *TO_THE_PATIENT)
    request = await story.all_decline(to_sitegar)
    answer = {"facility": ELSEWHERE, "arranged": True, "voice": {"name": "SITEGAR rekaan", "phone": "119"}}
    await story.give("sari", "POST", f"/cases/{to_sitegar}/desk/{request}/answer", answer)

    escorted = await story.call(5, kind="maternal", priority="red")
    run = await story.send(escorted, "A5", facility={"facility": HOSPITAL})
    await story.press("sari", run, *TO_THE_PATIENT, "left_scene")
    await story.answer("igd", escorted, True)
    return escorted


async def second_month(story: Story, escorted: str) -> None:
    """What is open when the service is stopped, at one stage or another."""
    desk = story.desk
    runs = {one["vehicle"]: one["id"] for one in await story.get("sari", "/runs")}
    await story.press("sari", runs["A3"], "left_scene")
    await story.press("sari", runs["A5"], "at_facility")
    await story.give("sari", "POST", f"/cases/{escorted}/patients/1/handover", {"voice": {"name": "bidan rekaan"}})

    at_sitegar = await story.call(6, priority="red")
    run = await story.send(at_sitegar, "A2")
    await story.press("sari", run, *TO_THE_PATIENT)
    await story.all_decline(at_sitegar)

    one, other = await story.call(7), await story.call(8)
    await story.give("sari", "POST", f"/cases/{other}/merge", {"into": one})
    await story.give("sari", "PATCH", f"/cases/{one}", {"priority": "red", "why": "memburuk"})

    helped = await story.call(10)
    await story.give("sari", "POST", f"/cases/{helped}/help")
    voice = {"name": "Pak Rekaan", "phone": "0813-0000-0000"}
    comes = {"accepted": True, "name": "Ambulans Desa Rekaan", "voice": voice, "expected_seconds": 900}
    run = (await story.give("sari", "POST", f"/cases/{helped}/help/answer", comes))["made"]["run"][0]
    await story.press("sari", run, "departed")

    await story.seen("sari", "A3", 13, 14)
    desk.wait(minutes=2)
    await story.ring()

    queued = await story.call(9, kind="accident")
    for _ in range(3):
        await story.give("sari", "POST", f"/cases/{queued}/help")
    await story.call(11, kind="outpatient", priority="green", pickup_at=(desk.now + timedelta(days=1)).isoformat())
    draft = {"caller": {"name": "Ibu Contoh Rekaan 12"}, "note": "telepon terputus"}
    await story.give("sari", "POST", "/cases", draft)
    offered = await story.call(13, priority="red")
    await story.send(offered, "A4")


async def write(data: Path, regions: Path) -> Json:
    """Fills a data folder; what is in it then, as plain values."""
    (data / "settings").mkdir(parents=True)
    (data / "settings" / f"{REGION}.toml").write_text(SETTINGS, encoding="utf-8")
    town = build_town(regions, BEGIN)
    async with served(data, town, BEGIN, keep_answers_days=ANSWERS_DAYS) as here:
        story, archivist = Story(here), here.archivist(ArchiveSettings(keep_stream=timedelta(0)))
        tokens = await settle_in(story)
        escorted = await first_month(story)
        await story.react(done=True)
        # The stream's ids are by the store's own clock, which is the computer's.
        await archivist.archive(datetime.now(UTC) + timedelta(seconds=5))
        here.desk.now = BEGIN + timedelta(hours=4)
        await second_month(story, escorted)
        await story.react(done=False)
        found = await contents(here.store_url, here.store, REGION)
        return {
            "release": version("siaga"),
            "region": REGION,
            "junctions": JUNCTIONS,
            "moment": here.desk.now.isoformat(),
            "people": [{"name": name, "password": word, "disabled": name == DISABLED} for name, (word, _) in PEOPLE.items()],
            "tokens": tokens,
            "admin_token": here.token,
            "commands": story.commands,
            **found,
            "archive": archived(here.places.archive),
        }


def archived(archive: Path) -> Json:
    """The rows of all files, by table, as any reader finds them; what is null is left out."""
    return {
        table: [
            {name: value for name, value in row.items() if value is not None and name != "geometry"}
            for row in rows(archive, table)
        ]
        for table in ("events", "cases")
    }


def packed(data: Path, backup: Path) -> bytes:
    """A data folder and a backup of it. Of the folder, what counts: no lock, log or list with paths of this computer."""
    members = {"backup.tar": backup}
    for name in ("store/appendonlydir", "archive", "settings", "archive.key", "admin-token"):
        found = [path for path in (data / name, *(data / name).rglob("*")) if path.is_file() and path.name != ".lock"]
        members.update({f"data/{path.relative_to(data).as_posix()}": path for path in found})
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, path in sorted(members.items(), reverse=True):
            about = tarfile.TarInfo(name)
            about.size, about.mode, about.mtime = path.stat().st_size, path.stat().st_mode & 0o777, int(BEGIN.timestamp())
            with path.open("rb") as file:
                tar.addfile(about, file)
    return compressed(whole.getvalue())


def compressed(plain: bytes) -> bytes:
    """As small as can be."""
    return lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME)


async def uncompressed(url: str) -> None:
    """Has a server write strings as they are: packed together with the same ones of the other form they take no room."""
    link = link_to(url)
    try:
        await link.run(0, lambda client: client.config_set("rdbcompression", "no"))
    finally:
        await link.aclose()


async def make(target: Path) -> None:
    """All files of a release."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        data, served_on, backup = (Path(scratch) / name for name in ("data", "served-on", "backup.tar"))
        expected = await write(data, Path(scratch) / "regions")
        # Backed up while it is served, the append-only file is written anew: the same in the server's other form.
        shutil.copytree(data, served_on)
        async with await EmbeddedServer.start(Places(served_on).store) as server:
            await uncompressed(server.url)
            await back_up(Places(served_on), backup, BEGIN, secrets=True)
        (target / WRITTEN).write_bytes(packed(data, backup))
    told = json.dumps(expected, ensure_ascii=False, separators=(",", ":"), default=str)
    (target / EXPECTED).write_bytes(compressed(told.encode()))


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1])))
