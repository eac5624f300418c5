"""Nothing personal gets into the archive, whatever anybody wrote wherever they could write."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union

import msgspec
import pytest

from dispatch.archive.event_rows import event_row
from dispatch.archive.pseudonyms import Pseudonyms
from dispatch.life import commands as c
from dispatch.life.case import Outcome
from dispatch.life.events import Event, Recorded, Ref
from dispatch.life.particulars import FIELDS, PLACES, Note
from dispatch.life.people import Actor, Voice
from dispatch.life.referral import Decline, Goal
from dispatch.life.stamps import TimePoint
from dispatch.store import Ref as StoreRef
from dispatch.store import Store
from tests.dispatch.archive.kept import KEY, Teller, archivist, everything_in, parts, rows, soon, store_events
from tests.dispatch.life.stories import TO_THE_DOOR, TO_THE_PATIENT, offer, press, request
from tests.dispatch.life.worlds import Desk
from tests.stores import Run

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
EVENTS = typing.get_args(Event)

HIDDEN = ("case", "run", "attempt", "request", "condition", "into")

TOLD = {
    ("RunStarted", "unit"),
    ("UnitRegistered", "unit"),
    ("UnitMoved", "unit"),
    ("UnitBroke", "unit"),
    ("UnitRetired", "unit"),
    ("VehiclePassedOver", "unit"),
    ("PatientReleased", "stranded_with"),
    ("AvailabilityClaimed", "facility"),
    ("Goal", "id"),
    ("Actor", "role"),
    *((name.__name__, "patient") for name in EVENTS),
    ("Rider", "patient"),
}
"""Text that is archived as it is: ids of vehicles and of facilities in the register, numbers of patients, roles."""

LEFT_OUT = {
    "CaseOpened.needs", "CaseOpened.received_at", "RunStarted.called_at",  # in the row of the case
    "CaseDescribed.needs", "CaseDescribed.why", "SearchMoved.why", "PatientEnded.why", "GoalChanged.why", "RunEnded.why",
    "RunRerouted.why", "StampCorrected.why", "UnitMoved.why", "AttemptMoved.note",  # free text
    "StampCorrected.was",  # which of several: the row of the run has them all as they are now
    "AttemptMoved.voice", "DeskAnswered.voice", "HelpRefused.voice",
    "PatientHandedOver.voice", "RunStarted.voice",  # names and numbers of third persons
    "ParticularsNoted.fields", "ParticularsNoted.place", "ParticularsRead.fields",
    "RunStarted.officers", "RunStarted.reason", "RunProgressed.claimed_at",
    "UnitRegistered.name", "UnitRegistered.phone", "UnitRegistered.base", "UnitRegistered.base_longitude",
    "UnitRegistered.base_latitude", "UnitRegistered.equipment", "UnitRegistered.capacity", "UnitRegistered.invented",
    "UnitMoved.scheduled_run",
    "OfficerRegistered.officer", "OfficerRegistered.name", "OfficerRegistered.skills", "ShiftSet.officer", "ShiftSet.begins",
    "ShiftSet.ends", "OfficerMoved.officer", "OfficerMoved.run", "OfficerRetired.officer",  # nothing about officers
    "AvailabilityClaimed.claims",
}  # fmt: skip
"""Fields of events that no row shows. Whoever adds a field to an event decides here, or in the archive's columns."""


class Maker:
    """Makes events with a word of its own in every place for text that nobody checks."""

    def __init__(self) -> None:
        self.canaries: list[str] = []

    def word(self, owner: str, field: str) -> str:
        if (owner, field) in TOLD:
            return f"told-{owner}-{field}"
        self.canaries.append(f"Kenari{len(self.canaries)}Siti")
        return self.canaries[-1]

    def value(self, kind: Any, owner: str, field: str) -> Any:
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin in (Union, types.UnionType):
            return self.value(next(one for one in args if one is not type(None)), owner, field)
        if origin is Literal:
            return args[0]
        if origin in (tuple, frozenset):
            return origin([self.value(args[0], owner, field)])
        if origin is dict:
            return {self.word(owner, field): self.word(owner, field)}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind)
        made: dict[Any, Any] = {str: "", bool: True, int: 7, float: 106.8543219, datetime: NOW}
        return self.word(owner, field) if kind is str else made[kind]

    def struct(self, kind: type[Any]) -> Any:
        hints = typing.get_type_hints(kind)
        return kind(**{name: self.value(hints[name], kind.__name__, name) for name in kind.__struct_fields__})


def recorded(event: Any, canary: str = "KenariSaya") -> Recorded:
    return Recorded(event, NOW, NOW, Actor(canary, "dispatcher"), f"{canary}-command")


def variants(event: Any) -> Iterator[Any]:
    """The same with every kind of destination."""
    yield event
    if isinstance(getattr(event, "goal", None), Goal):
        for kind in ("outside", "given", "none"):
            goal = msgspec.structs.replace(event.goal, kind=kind, id=f"KenariGoal-{kind}-rumah Siti")
            yield msgspec.structs.replace(event, goal=goal)


def test_no_word_that_somebody_wrote_is_archived(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    maker = Maker()
    events = [recorded(one) for kind in EVENTS for one in variants(maker.struct(kind))]
    assert len(maker.canaries) > 60

    async def scenario() -> None:
        await store_events(store, region, events)
        await archivist(store, region, tmp_path).archive(soon())

    run(scenario())
    said = everything_in(tmp_path)
    assert [one for one in [*maker.canaries, "Kenari", "106.8543"] if one.encode() in said] == []
    # The search would have found them: what is told is there.
    assert b"told-RunStarted-unit" in said
    assert b"told-Goal-id" in said


def test_no_word_of_a_whole_story_is_archived(run: Run, store: Store, region: str, tmp_path: Path) -> None:
    """The rows of cases: whatever can be said in a case was said, and every particular noted."""
    desk = Desk()
    desk.fleet("a1", "a2")
    desk.facilities = ("f1", "f2")
    siti = Actor("Kenari-id", "dispatcher")
    voice = Voice("Kenari dr. Ani", "Kenari-0812")
    desk.opened()
    desk.give(c.DescribeCase("K1", noted=FIELDS, why="Kenari why"), actor=siti)
    desk.give(c.SeekHelp("K1", "Kenari minta"), actor=siti)
    desk.give(c.AnswerHelp("K1", True, "other", "Kenari Yayasan", voice), actor=siti)
    desk.give(c.StandDown(desk.run().id, "Kenari batal"), actor=siti, command_id="Kenari-hp-budi")
    desk.give(c.Assign("K1", "a2", recommended=False, override="Kenari lebih dekat"), actor=siti, command_id="Kenari-hp-siti")
    press(desk, *TO_THE_PATIENT)
    press(desk, TimePoint.LEFT_SCENE)
    desk.give(c.AnswerOffer("K1", offer(desk).id, False, Decline.OTHER, "Kenari penuh", voice), actor=siti)
    desk.give(c.AskDesk("K1", "1"))
    desk.give(c.AnswerDesk("K1", request(desk).id, Goal("outside", "Kenari-rs", "Kenari RS", "Kenari-021"), False, voice))
    press(desk, TO_THE_DOOR[-1])
    desk.give(c.RefuseAtDoor("K1", "1", Decline.ROOM_FULL, "Kenari tutup", voice))
    desk.give(c.SetGoal("K1", "1", Goal("given", "Kenari-rumah", "Kenari rumah", "", 106.81, -6.41), "Kenari pulang"))
    (name,) = [one.id for one in desk.world.runs.values() if one.live]
    desk.give(c.CorrectTime(name, TimePoint.AT_FACILITY, desk.now, "Kenari salah"))
    desk.give(c.EndPatient("K1", "1", Outcome.RECOVERED, "Kenari sembuh"))
    desk.give(c.Progress(name, TimePoint.AVAILABLE))
    notes = [
        Note(field, "Kenari", "Kenari-by", NOW, "1", *((106.8123, -6.4123) if field in PLACES else ())) for field in FIELDS
    ]

    async def scenario() -> None:
        await Teller(store, region).tell(desk, {Ref("case", "K1"): notes})
        assert len(await store.private(region, StoreRef("case", "K1"))) == len(FIELDS)
        done = await archivist(store, region, tmp_path).archive(soon())
        assert done.case_rows == 2

    run(scenario())
    said = everything_in(tmp_path)
    assert b"Kenari" not in said
    assert b"106.81" not in said
    for row in (*rows(tmp_path, "cases"), *rows(tmp_path, "events")):
        assert all(re.fullmatch("[0-9a-f]{32}", row[name]) for name in HIDDEN if row.get(name) is not None)
    assert b"recovered" in said
    assert parts(tmp_path)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_field_is_archived_or_left_out_on_purpose(kind: type[Any]) -> None:
    event = Maker().struct(kind)
    hidden = Pseudonyms(KEY, "r")
    row = event_row("r", "1-0", "t", recorded(event), hidden)
    for name in kind.__struct_fields__:
        shown = any(event_row("r", "1-0", "t", recorded(other), hidden) != row for other in changed(event, name))
        assert shown == (f"{kind.__name__}.{name}" not in LEFT_OUT), name


def changed(event: Any, name: str) -> Iterator[Any]:
    """The event with one field otherwise, in some ways."""
    value = getattr(event, name)
    hint = typing.get_type_hints(type(event))[name]
    others: list[Any] = [None] if type(None) in typing.get_args(hint) else []
    match value:
        case bool():
            others.append(not value)
        case int() | float():
            others.append(value + 1)
        case datetime():
            others.append(value.replace(hour=7))
        case Enum():
            others.append(list(type(value))[-1])
        case str():
            others += ["home_care", "search", "acknowledge", "other-id", *typing.get_args(hint)[1:]]
        case tuple():
            others.append((*value, *value))
        case frozenset():
            others.append(frozenset())
        case msgspec.Struct():
            for field in type(value).__struct_fields__:
                others += list(changed(value, field))
    for other in others:
        yield msgspec.structs.replace(event, **{name: other})
