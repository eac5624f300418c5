"""What a choice weighs, from `data/decision.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from dispatch.cases import Priority
from routing import DataError, read_table

Asking = Literal["ahead", "on_board", "at_door"]
"""When facilities are asked: from the assignment on, when the patient is on board, or nobody asks."""


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """Weights, priors and limits; times in milliseconds or seconds as named, chances in 0 … 1.

    `data/decision.toml` says what each means and where its figure comes from.
    """

    asking: Asking
    tries: int
    considered: int
    answer_ms: float
    unanswered_ms: float
    door_ms: float
    desk_ms: float
    usual_ms: float
    prior_strength: float
    declined: float
    declined_without_room: float
    refused_at_door: float
    red_tolerance_ms: float
    turnout_ms: float
    turnout_moving_ms: float
    fix_now_seconds: float
    fix_ahead_seconds: float
    fix_lost_seconds: float
    fix_penalty_share: float
    fix_penalty_limit_ms: float
    off_road_m: float
    off_road_ms_per_m: float
    divert_priorities: frozenset[Priority]
    divert_penalty_ms: float
    standard_ms: float
    busy_share: float
    advise_below: float
    advise_gain: float
    advise_as_good: float
    advise_drive_ms: float


def learned(prior: float, strength: float, declined: int, offered: int) -> float:
    """The chance of a decline after `declined` of `offered` offers: the mean of a Beta posterior.

    Args:
        prior: the chance before any offer, 0 … 1.
        strength: how many offers' worth of evidence the prior is.
        declined, offered: counts, 0 ≤ declined ≤ offered.
    """
    if not 0 <= declined <= offered:
        raise ValueError(f"{declined} declined of {offered} offered")
    return (prior * strength + declined) / (strength + offered)


def read_settings(table: Mapping[str, Any], where: str = "decision.toml") -> DecisionSettings:
    """Settings from a table as in `data/decision.toml`.

    Raises:
        DataError: a key is missing or its value is out of range; the message names it.
    """

    def value(section: str, key: str, low: float, high: float) -> float:
        found = table.get(section, {}).get(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            raise DataError(f"{where}: [{section}] {key} must be a number from {low:g} to {high:g}, not {found!r}")
        return float(found)

    def ms(section: str, key: str) -> float:
        return value(section, key, 0, 86_400) * 1000

    asking = table.get("offers", {}).get("asking")
    if asking not in get_args(Asking):
        raise DataError(f"{where}: [offers] asking must be one of {', '.join(get_args(Asking))}, not {asking!r}")
    listed = table.get("divert", {}).get("priorities")
    try:
        if not isinstance(listed, list):
            raise DataError(f"{where}: [divert] priorities must be a list, not {listed!r}")
        divert = frozenset(Priority(name) for name in listed)
    except ValueError as error:
        raise DataError(f"{where}: [divert] priorities: {error}") from error
    return DecisionSettings(
        asking=asking,
        tries=int(value("offers", "tries", 1, 3)),
        considered=int(value("offers", "considered", 3, 1000)),
        answer_ms=ms("offers", "answer_seconds"),
        unanswered_ms=ms("offers", "unanswered_seconds"),
        door_ms=ms("offers", "door_seconds"),
        desk_ms=ms("offers", "sitegar_desk_seconds"),
        usual_ms=ms("offers", "sitegar_drive_seconds"),
        prior_strength=value("prior", "strength", 0, 1e6),
        declined=value("prior", "declined", 0, 1),
        declined_without_room=value("prior", "declined_without_room", 0, 1),
        refused_at_door=value("prior", "refused_at_door", 0, 1),
        red_tolerance_ms=max(1.0, ms("first_leg", "red_tolerance_seconds")),
        turnout_ms=ms("first_leg", "turnout_seconds"),
        turnout_moving_ms=ms("first_leg", "turnout_moving_seconds"),
        fix_now_seconds=value("fix", "now_seconds", 0, 86_400),
        fix_ahead_seconds=value("fix", "ahead_seconds", 0, 86_400),
        fix_lost_seconds=value("fix", "lost_seconds", 0, 30 * 86_400),
        fix_penalty_share=value("fix", "penalty_share", 0, 1),
        fix_penalty_limit_ms=ms("fix", "penalty_limit_seconds"),
        off_road_m=value("fix", "off_road_m", 1, 10_000),
        off_road_ms_per_m=3_600 / value("fix", "off_road_kph", 1, 100),
        divert_priorities=divert,
        divert_penalty_ms=ms("divert", "penalty_seconds"),
        standard_ms=ms("cover", "standard_seconds"),
        busy_share=value("cover", "busy_share", 0, 0.99),
        advise_below=value("cover", "advise_below", 0, 1),
        advise_gain=value("cover", "advise_gain", 0, 1),
        advise_as_good=value("cover", "advise_as_good", 0, 1),
        advise_drive_ms=ms("cover", "advise_drive_seconds"),
    )


@cache
def default_settings() -> DecisionSettings:
    """The settings that ship with Siaga.

    Raises:
        DataError: the table is wrong.
    """
    return read_settings(read_table("decision.toml"))
