"""The stream of events: nothing missed and nothing twice however often one comes back, gaps told, few writes, and an end."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from api.access.grants import Grant
from api.http import events as stream
from dispatch.store import START
from tests.api.http.live import Live

_WITHIN_S = 30.0


@dataclass
class Heard:
    """One message: its id, its type and what it says."""

    id: str = ""
    type: str = ""
    data: Any = None


@dataclass
class Listener:
    """One connection, read message by message; `pieces`: when something came."""

    answer: httpx2.Response
    pieces: list[float] = field(default_factory=list)

    def messages(self) -> Iterator[Heard]:
        """As they come, until the service ends the stream."""
        rest = b""
        for piece in self.answer.iter_raw():
            self.pieces.append(time.monotonic())
            *whole, rest = (rest + piece).split(b"\n\n")
            for block in whole:
                fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if line and line[0] != ":")
                if "event" in fields:
                    yield Heard(fields.get("id", ""), fields["event"], json.loads(fields["data"]))


@contextmanager
def listening(live: Live, role: str, after: str | None) -> Iterator[Listener]:
    """A connection that begins after an event."""
    headers = {} if after is None else {"Last-Event-ID": after}
    with live.client(role).stream("GET", "/v1/events", params={"region": live.region}, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Listener(answer)


def _last(live: Live) -> str:
    return live.do(live.store.events.last_id(live.region))


def _stored(live: Live, after: str) -> list[str]:
    return [one.id for one in live.do(live.store.events.tail(live.region, after, limit=100_000))]


def _until(live: Live, role: str, after: str, wanted: str) -> list[Heard]:
    """All messages from an event on, up to the first of a type."""
    found: list[Heard] = []
    with listening(live, role, after) as listener:
        for heard in listener.messages():
            if heard.type != "store":  # a busy machine: the store was slow for a moment
                found.append(heard)
            if heard.type == wanted:
                return found
    raise AssertionError(f"the stream ended before {wanted}")


def test_nothing_is_missed_or_doubled_while_one_comes_and_goes(live: Live) -> None:
    begin, dice = _last(live), random.Random(5)
    done = threading.Event()

    def work() -> None:
        for number in range(200):
            live.done("dispatcher", "cases", {"kind": "emergency"} if number % 2 else {})
        done.set()

    working = threading.Thread(target=work)
    working.start()
    heard: list[str] = []
    connections, deadline = 0, time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        connections += 1
        leave_after = dice.randint(1, 40)
        with listening(live, "admin", heard[-1] if heard else begin) as listener:
            for count, one in enumerate((one for one in listener.messages() if one.id), 1):
                heard.append(one.id)
                if count >= leave_after or (done.is_set() and one.id == _last(live)):
                    break
        if done.is_set() and heard[-1] == _last(live):
            break
    working.join(_WITHIN_S)
    assert connections > 5
    assert heard == _stored(live, begin)
    assert len(heard) >= 200


def test_a_burst_comes_in_a_few_writes(live: Live) -> None:
    begin = _last(live)
    told: list[Heard] = []
    with listening(live, "admin", begin) as listener:
        messages = listener.messages()

        def work() -> None:
            for _ in range(150):
                live.done("dispatcher", "cases", {})
            live.done("admin", "officers/P9", {"name": "Akhir"}, method="PUT")

        working = threading.Thread(target=work)
        working.start()
        for heard in messages:
            told.append(heard)
            if heard.type == "officer_registered":
                break
        working.join(_WITHIN_S)
    seconds = listener.pieces[-1] - listener.pieces[0]
    writes = {round(at, 2) for at in listener.pieces}  # one write may arrive in several pieces at once
    assert len(told) > 150
    assert len(writes) <= 5 * seconds + 3, f"{len(writes)} writes in {seconds:.1f} s"


def test_what_is_gone_is_told(live: Live) -> None:
    live.done("dispatcher", "cases", {})
    oldest = live.do(live.store.events.oldest_id(live.region))
    assert oldest is not None
    assert live.do(live.store.events.trim(live.region, oldest)) == 1
    live.done("admin", "officers/P2", {"name": "Budi"}, method="PUT")
    with listening(live, "admin", START.replace("0-0", "0-1")) as listener:
        first = next(listener.messages())
    assert first.type == "gap"
    assert first.id == _last(live)


def test_an_id_of_another_store_is_a_gap_and_not_silence(live: Live) -> None:
    milliseconds = int(_last(live).partition("-")[0])
    with listening(live, "admin", f"{milliseconds + 10**9}-0") as listener:
        messages = listener.messages()
        first = next(messages)
        live.done("admin", "officers/P3", {"name": "Cici"}, method="PUT")
        assert first.type == "gap"
        assert next(one.type for one in messages if one.id) == "officer_registered"


def test_who_begins_anew_hears_only_what_is_new(live: Live) -> None:
    with listening(live, "admin", None) as listener:
        messages = listener.messages()
        live.done("admin", "officers/P4", {"name": "Dedi"}, method="PUT")
        first = next(one for one in messages if one.id)
    assert (first.type, first.data["event"]["name"]) == ("officer_registered", "Dedi")


def test_a_driver_hears_of_their_own_job_and_of_no_other(live: Live) -> None:
    begin = _last(live)
    other, mine = live.call(), live.call()
    live.send(other, "A3")
    run = live.send(mine, "A1")
    live.press("driver_a1", run, "acknowledged")
    live.done("dispatcher", f"cases/{mine}/cancel", {"why": "tidak jadi"})
    for role in ("driver_a1", "driver_a2"):
        live.done("dispatcher", f"conditions/end-{role}", _flood(live), method="PUT")
    heard = [_until(live, "driver_a1", begin, "condition_posted") for _ in range(2)]
    assert [one.id for one in heard[0]] == [one.id for one in heard[1]], "coming back later tells the same"
    about = {one.data["about"] for one in heard[0]}
    assert {f"run/{run}", f"case/{mine}", "unit/A1"} <= about
    assert not about & {f"case/{other}", "unit/A3"}
    types = [one.type for one in heard[0]]
    assert {"run_started", "patient_assigned", "facility_asked", "run_progressed", "run_ended"} <= set(types)
    assert {one.data["about"] for one in _until(live, "driver_a2", begin, "condition_posted")} == {"condition/end-driver_a1"}


def _flood(live: Live) -> dict[str, Any]:
    return {"kind": "flood", "geometry": {"type": "Point", "coordinates": list(live.office.spot(3))}}


def test_a_facility_and_the_desk_hear_what_they_are_asked(live: Live) -> None:
    begin = _last(live)
    case = live.call()
    live.send(case, "A2")
    offer = live.offer(case)
    live.done("dispatcher", f"cases/{case}/offers/{offer}/answer", {"accepted": False, "why": "room_full"})
    live.done("dispatcher", f"cases/{case}/patients/1/desk", {})
    live.done("dispatcher", f"availability/{live.facility}", {"state": "full"}, method="PUT")
    facility = _until(live, "facility", begin, "availability_claimed")
    mine = [one.data["event"]["attempt"] for one in facility if one.type in ("facility_asked", "attempt_moved")]
    assert set(mine) == {offer}
    assert {one.type for one in facility} == {"facility_asked", "attempt_moved", "availability_claimed"}
    desk = _until(live, "sitegar", begin, "availability_claimed")
    assert {one.type for one in desk} == {"desk_asked", "availability_claimed"}


def test_a_revoked_token_ends_the_stream_although_much_happens(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WELCOME_SECONDS", 0.5)
    secret, token = live.do(live.access.tokens.create("a listener", Grant(("dispatcher",), (live.region,)), "test"))
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            live.done("dispatcher", "cases", {})

    working = threading.Thread(target=work)
    working.start()
    try:
        client = httpx2.Client(base_url=live.base, headers={"Authorization": f"Bearer {secret}"}, timeout=10, verify=False)
        with client, client.stream("GET", "/v1/events", params={"region": live.region}) as answer:
            messages = Listener(answer).messages()
            next(messages)
            live.do(live.access.tokens.revoke(token.id, "test"))
            begun = time.monotonic()
            for _ in messages:
                assert time.monotonic() - begun < 10, "it goes on"
    finally:
        stopping.set()
        working.join(_WITHIN_S)
