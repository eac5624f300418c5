"""How the simulated people behave, from `data/demo.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

Range = tuple[float, float]
"""Minutes of the service's clock, unless said otherwise; drawn evenly."""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class FleetTable(_Table, frozen=True):
    """How many vehicles there are, and how many are left to whoever tries the demo."""

    least: int
    per_call: float
    most: int
    spare: int
    booked: int


class AccountTable(_Table, frozen=True):
    """Names and pages by role, and the password that is published."""

    password: str
    names: dict[str, str]
    pages: dict[str, str]


class OpeningTable(_Table, frozen=True):
    """The first call: seconds of the wall."""

    hurry: float
    decline: float
    others: int


class CallTable(_Table, frozen=True):
    """What callers want, and what the call-taker does about it."""

    assign: Range
    ahead: Range
    hours: tuple[int, int]
    two_patients: float
    kinds: dict[str, float]
    priorities: dict[str, float]


class DriverTable(_Table, frozen=True):
    """What a crew does, and how long each step takes."""

    acknowledge: Range
    turn_out: Range
    meet: Range
    at_scene: Range
    visit: Range
    hand_over: Range
    escort: Range
    clear: Range
    decline: float
    refused_at_door: float
    break_every: float
    break_for: Range
    pace: Range
    patience: Range
    yields: float
    decline_reasons: list[str]


class AnswerTime(_Table, frozen=True):
    """A share of the answers, and how long they take."""

    minutes: Range
    share: float


class FacilityTable(_Table, frozen=True):
    """How facilities answer."""

    decline: float
    claims_full: float
    full_for: Range
    by_telephone: float
    patience: Range
    answers: list[AnswerTime]
    voices: list[str]
    reasons: dict[str, float]


class SitegarTable(_Table, frozen=True):
    """How the referral desk answers."""

    answer: Range
    outside: float
    arranged: float
    outside_name: str
    outside_phone: str


class RoadTable(_Table, frozen=True):
    """Closures."""

    every: Range
    lasts: Range
    reach_m: float
    kinds: list[str]
    reasons: list[str]


class WordsTable(_Table, frozen=True):
    """What people are called and say."""

    note: str
    callers: list[str]
    names: list[str]
    landmarks: list[str]
    streets: list[str]


class DemoSettings(_Table, frozen=True):
    """All of `data/demo.toml`, where each figure is explained."""

    speed: float
    calls_per_hour: float
    fleet: FleetTable
    account: AccountTable
    opening: OpeningTable
    call: CallTable
    driver: DriverTable
    facility: FacilityTable
    sitegar: SitegarTable
    road: RoadTable
    words: WordsTable
    complaints: dict[str, list[str]]

    def vehicles(self, calls_per_hour: float) -> int:
        """How many vehicles so many calls in an hour need."""
        return max(self.fleet.least, min(self.fleet.most, round(self.fleet.per_call * calls_per_hour) + self.fleet.spare))


def demo_settings(table: Mapping[str, Any], where: str = "demo.toml") -> DemoSettings:
    """Settings from a table as in `data/demo.toml`.

    Raises:
        ValueError: a key is missing or unknown, or its value can't be used; the message names it.
    """
    try:
        found = msgspec.convert(table, DemoSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from error
    if strange := sorted(set(found.call.kinds) - set(found.complaints)):
        raise ValueError(f"{where}: [complaints] has none for {strange[0]}")
    if set(found.account.names) != set(found.account.pages):
        raise ValueError(f"{where}: [account] names and pages must have the same roles")
    return found
