"""Stopping the service, by Ctrl-C, by SIGTERM and by SIGKILL: it ends soon, and leaves no process behind. Starting where
something else is already: one clear line."""

from __future__ import annotations

import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.crash.processes import Siaga, alive, children_of, gone
from tests.stores import free_ports

STOP_SECONDS = 10.0
MakeSiaga = Callable[..., Siaga]


def listening(siaga: Siaga) -> socket.socket:
    """A connection on which events come, as a console holds one open."""
    listener = socket.create_connection(("127.0.0.1", siaga.port), timeout=20)
    asked = f"GET /v1/events?region=kota HTTP/1.1\r\nHost: kota\r\nAuthorization: Bearer {siaga.token}\r\n\r\n"
    listener.sendall(asked.encode())
    assert listener.recv(4096).startswith(b"HTTP/1.1 200")
    return listener


@pytest.mark.parametrize(
    ("number", "group"),
    [
        pytest.param(signal.SIGINT, True, id="ctrl-c"),
        pytest.param(signal.SIGTERM, False, id="sigterm", marks=pytest.mark.slow),
    ],
)
def test_it_stops_with_a_listener_connected(siaga: MakeSiaga, number: signal.Signals, group: bool) -> None:
    service = siaga().start()
    store = service.store_pid
    assert store is not None
    with listening(service):
        begun = time.monotonic()
        service.signal(number, group=group)
        code = service.ended(STOP_SECONDS)
    assert code in (0, 130)
    assert time.monotonic() - begun < STOP_SECONDS
    assert not alive(store)
    assert "Traceback" not in service.earlier
    # And what it left is whole: it starts again.
    assert service.start().stop() == 0
    assert "cut off" not in service.earlier


@pytest.mark.slow
def test_a_fleet_that_comes_too_late_is_not_taken_and_that_is_said(siaga: MakeSiaga, tmp_path: Path) -> None:
    fleet = tmp_path / "armada.csv"
    fleet.write_text("id,name,kind,longitude,latitude\nB1,Ambulans Pabuaran,ambulans desa,106.9,-6.5\n")
    assert siaga("--fleet", str(fleet)).start().stop() == 0
    again = siaga("--fleet", str(fleet)).start()
    assert again.stop() == 0
    assert f"{fleet} IS NOT USED: kota has 1 vehicles already" in again.earlier
    assert "Everything is kept." in again.out.text


@pytest.mark.slow
def test_ctrl_c_pressed_again_and_again_leaves_nothing_behind(siaga: MakeSiaga) -> None:
    service = siaga().start()
    store = service.store_pid
    assert store is not None
    with listening(service):
        for _ in range(3):
            service.signal(signal.SIGINT, group=True)
            time.sleep(0.1)
        assert service.ended(STOP_SECONDS) in (0, 130)
    assert gone(store)
    assert "Traceback" not in service.earlier


def test_sigkill_leaves_no_store_behind(siaga: MakeSiaga) -> None:
    service = siaga().start()
    store = service.store_pid
    assert store is not None
    service.kill()
    assert gone(store)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_can_be_stopped_while_it_starts(siaga: MakeSiaga, number: signal.Signals) -> None:
    service = siaga()
    rng = random.Random(3)
    for _ in range(4):
        service.begin()
        time.sleep(rng.uniform(0.3, 3.0))  # the moment is the test's random input, not a wait for something
        children = children_of(service.process.pid)
        service.signal(number, group=number is signal.SIGINT)
        code = service.ended(STOP_SECONDS)
        assert code in (0, 130, -number)
        assert all(gone(child) for child in children)
    assert service.start().stop() == 0


def one_line(service: Siaga, *words: str) -> None:
    """It ends with code 2 and says why in one line."""
    service.begin()
    assert service.ended(60) == 2
    said = [line for line in service.earlier.splitlines() if line and not line.startswith("Region kota")]
    assert len(said) == 1, said
    assert said[0].startswith("siaga: ")
    for word in words:
        assert word in said[0]


def test_a_taken_port_is_said_in_one_line(siaga: MakeSiaga) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one_line(siaga(port=port), f"127.0.0.1:{port}", "--port")


def test_an_address_of_another_machine_is_said_in_one_line(siaga: MakeSiaga) -> None:
    one_line(siaga("--host", "192.0.2.1"), "192.0.2.1", "--host")


@pytest.mark.slow
def test_a_second_service_in_one_data_folder_is_refused_in_one_line(siaga: MakeSiaga, data: Path) -> None:
    first = siaga().start()
    one_line(siaga(port=free_ports(1)[0]), f"process {first.process.pid}", str(data / "store"))
    # The first one has taken no notice.
    assert httpx2.get(f"{first.url}/readyz", trust_env=False).status_code == 200
    assert first.stop() == 0
