"""A real demo of an invented town, as `siaga demo` starts it, fast enough to see a case from the call to the handover."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.demo.folder import MARK
from tests.api.commands import Run
from tests.servers import NO_TLS

SPEED = 60
SEES_WITHIN_S = 90.0
REGION = "/v1/regions/kota"
Json = Any


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")}
    return {**kept, "SIAGA_DATA_DIR": str(folder)}


def children_of(process: int) -> dict[int, str]:
    """What a process has started, and what has come of that: names by process."""
    found: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().rsplit(")", 1)
        except OSError:
            continue
        found[int(stat.parent.name)] = (int(rest.split()[1]), name)
    mine = {process}
    for _ in range(3):
        mine |= {one for one, (parent, _) in found.items() if parent in mine}
    return {one: found[one][1] for one in mine - {process} if one in found}


@dataclass
class Shown:
    """A running demo: its process, what it has said, and the folder of its data."""

    process: subprocess.Popen[str]
    said: str
    folder: Path

    @property
    def address(self) -> str:
        return self.said.split("export SIAGA=")[1].split("/v1/")[0]

    def client(self, token: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return httpx2.Client(base_url=self.address, headers=headers if token else {}, timeout=30, verify=NO_TLS)

    @property
    def admin(self) -> str:
        return (self.folder / "demo" / "admin-token").read_text().strip()


@pytest.fixture(scope="module")
def shown(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "regions").symlink_to(data_folder / "regions")
    command = [Path(sys.executable).parent / "siaga", "demo", "--region", "kota", "--port", "0", "--lang", "en"]
    with subprocess.Popen(
        [*command, "--speed", str(SPEED), "--calls-per-hour", "20", "--seed", "3"],
        env={**environment(folder), "SIAGA_REDIS_URL": "redis://127.0.0.1:1/0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "export PLACE=" not in said:
                line = process.stdout.readline()
                assert line, process.communicate()
                said += line
            yield Shown(process, said, folder)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def admin(shown: Shown) -> Iterator[httpx2.Client]:
    with shown.client(shown.admin) as client:
        yield client


def until(found: Callable[[], Json]) -> Json:
    """What is found at last."""
    deadline = time.monotonic() + SEES_WITHIN_S
    while not (there := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return there


def test_it_says_that_it_is_a_demo_and_who_may_sign_in(shown: Shown) -> None:
    assert "DEMO: Siaga serves kota" in shown.said
    assert "INVENTED REGION" in shown.said
    with shown.client("") as nobody:
        told = nobody.get("/v1/service").json()
        assert told["speed"] == told["demo"]["speed"] == SPEED
        accounts = told["demo"]["accounts"]
        assert [one["role"] for one in accounts] == ["dispatcher", "driver", "facility", "sitegar", "admin"]
        for one in accounts:
            assert f"{one['name']} / {one['password']}" in shown.said
            entered = nobody.post(
                "/v1/session", json={"name": one["name"], "password": one["password"]}, headers={"Origin": shown.address}
            )
            assert entered.status_code in (200, 201), entered.text
            nobody.cookies.clear()


def test_its_clock_runs_as_fast_as_it_says(shown: Shown) -> None:
    with shown.client("") as nobody:

        def now() -> tuple[float, datetime]:
            before = time.monotonic()
            told = datetime.fromisoformat(nobody.get("/v1/service").json()["now"])
            return (before + time.monotonic()) / 2, told

        (began, first), _, (ended, last) = now(), time.sleep(4.0), now()
    assert (last - first).total_seconds() / (ended - began) == pytest.approx(SPEED, rel=0.1)


def test_a_newcomer_sees_a_vehicle_move_and_a_case_re_routed_soon(admin: httpx2.Client) -> None:
    moved: dict[str, set[tuple[float, float]]] = {}

    def somebody_moved() -> bool:
        for one in admin.get(f"{REGION}/vehicles").json():
            assert one["invented"]
            if one["position"] is not None:
                moved.setdefault(one["id"], set()).add((one["position"]["longitude"], one["position"]["latitude"]))
        return any(len(places) > 2 for places in moved.values())

    until(somebody_moved)

    def re_routed() -> Json:
        cases = admin.get(f"{REGION}/cases?limit=200").json()["cases"]
        return next((one for one in cases if len(one["offers"]) > 1 and one["offers"][0]["state"] == "declined"), None)

    case = until(re_routed)
    first, second = case["offers"][:2]
    assert first["why"] is not None
    assert first["facility"]["id"] != second["facility"]["id"]


def test_the_administrators_cases_are_left_alone_and_others_come_alive(shown: Shown, admin: httpx2.Client) -> None:
    place = json.loads(shown.said.split("export PLACE='")[1].split("'")[0])
    call = {"kind": "emergency", "priority": "red", "place": place}
    key = {"Idempotency-Key": "walk-0001"}
    opened = admin.post(f"{REGION}/cases", json=call, headers=key).json()
    mine = next(one.removeprefix("case/") for one in opened["versions"] if one.startswith("case/"))
    key = {"Idempotency-Key": "walk-0002"}
    sent = admin.post(f"{REGION}/cases/{mine}/assignments", json={"first_choice": True}, headers=key).json()
    assert sent["made"]["run"]

    with shown.client("") as person:
        person.headers["Origin"] = shown.address
        entered = person.post("/v1/session", json={"name": "operator", "password": "peragaan-siaga"})
        assert entered.status_code in (200, 201)
        key = {"Idempotency-Key": "person-0001", "X-CSRF-Token": entered.json()["csrf"]}
        opened = person.post(f"{REGION}/cases", json=call, headers=key).json()
    theirs = next(one.removeprefix("case/") for one in opened["versions"] if one.startswith("case/"))

    def pressed(case: str) -> Counter[str]:
        entries = admin.get(f"{REGION}/cases/{case}/timeline").json()["entries"]
        return Counter(one["role"] for one in entries)

    def answered(case: str) -> bool:  # at its desk, or by telephone, which the dispatcher records
        return any(one["state"] != "offered" for one in admin.get(f"{REGION}/cases/{case}").json()["offers"])

    until(lambda: pressed(theirs)["driver"] and answered(theirs))
    assert pressed(mine)["driver"] == pressed(mine)["facility"] == pressed(mine)["sitegar"] == 0
    for number in range(50):
        key = {"Idempotency-Key": f"walk-end-{number}"}
        if admin.post(f"{REGION}/cases/{mine}/cancel", json={"why": "selesai"}, headers=key).status_code == 200:
            break


@pytest.mark.slow
def test_somebody_is_handed_over_and_treated_and_the_crew_drives_home(admin: httpx2.Client) -> None:
    seen: set[str] = set()

    def treated() -> bool:
        seen.update(one["id"] for one in admin.get(f"{REGION}/cases?limit=200").json()["cases"])
        patients = (one for name in seen for one in admin.get(f"{REGION}/cases/{name}").json()["patients"])
        return any(one["outcome"] == "treated" for one in patients)

    until(treated)
    homewards: dict[str, set[float]] = {}

    def drives_home() -> bool:
        for one in admin.get(f"{REGION}/vehicles").json():
            if one["status"] == "returning":
                homewards.setdefault(one["id"], set()).add(one["position"]["longitude"])
        return any(len(places) > 2 for places in homewards.values())

    until(drives_home)


def test_nobody_who_is_simulated_may_do_more_than_their_role(admin: httpx2.Client) -> None:
    tokens = [one for one in admin.get("/v1/tokens").json() if one["label"].startswith("demo")]
    roles = Counter(one["role"] for one in tokens)
    assert set(roles) == {"driver", "facility", "dispatcher", "sitegar"}
    assert roles["dispatcher"] == roles["sitegar"] == 1
    vehicles = {one["id"] for one in admin.get(f"{REGION}/vehicles").json()}
    drivers = [one for one in tokens if one["role"] == "driver"]
    assert sorted(one["vehicle"] for one in drivers) == sorted(vehicles)
    assert all(one["facility"] for one in tokens if one["role"] == "facility")
    assert all(one["regions"] == ["kota"] for one in tokens)


def test_it_ends_with_nothing_left_behind_and_a_sound_store(shown: Shown, siaga: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    process = shown.process
    mine = children_of(process.pid)
    assert len(mine) >= 2, mine
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) in (0, 130)
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{one}").exists() for one in mine):
        assert time.monotonic() < deadline, mine
        time.sleep(0.05)
    assert process.stderr is not None
    errors = process.stderr.read()
    assert "SIAGA_REDIS_URL IS NOT USED" in errors
    assert "Traceback" not in errors
    assert "siaga demo:" not in errors  # what the company says of itself that went wrong
    assert not (shown.folder / "store").exists()  # an office's
    assert (shown.folder / "demo" / MARK).is_file()
    monkeypatch.setenv("SIAGA_DATA_DIR", str(shown.folder / "demo"))
    checked = siaga("doctor")
    assert checked.code == 0, checked


@pytest.mark.parametrize("option", ["--speed", "--calls-per-hour"])
def test_none_is_not_as_many_as_usual(siaga: Run, option: str) -> None:
    refused = siaga("demo", "--region", "kota", option, "0", "--lang", "en")
    assert refused.code == 2, refused
    assert "not 0 times" in refused.err or "must be more than 0" in refused.err


@pytest.mark.slow
def test_killed_it_leaves_nobody_behind_and_begins_anew(data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "regions").symlink_to(data_folder / "regions")
    command = [Path(sys.executable).parent / "siaga", "demo", "--region", "kota", "--port", "0", "--lang", "en"]
    for _ in range(2):
        with subprocess.Popen(
            command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                while "export PLACE=" not in (line := process.stdout.readline()):
                    assert line, process.communicate()
                mine = children_of(process.pid)
                assert len(mine) >= 2
            finally:
                process.kill()
        deadline = time.monotonic() + 15
        while any(Path(f"/proc/{one}").exists() for one in mine):
            assert time.monotonic() < deadline, mine
            time.sleep(0.05)
