"""Steps in words, Indonesian and English, from `data/locales/<language>/guidance.toml`."""

from __future__ import annotations

from typing import assert_never

from routing.catalogue import Language, text
from routing.guidance import Modifier, Step

_DIRECTIONS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
_ORDINALS = {1: "first", 2: "second", 3: "third"}
_STEPS_OF_METRES = ((200, 10), (1_000, 50))  # up to so many metres, distances are told in steps of so many


def instruction(step: Step, language: Language) -> str:
    """What to do at a step: "Belok kiri ke Jalan Siliwangi". A restricted road on the way is warned of.

    Raises:
        DataError: a text is missing in the language's table.
    """
    words = _sentence(step, language)
    if step.restricted and step.type != "arrive":
        words = text(language, "guidance.notice.restricted", instruction=words)
    return _capital(words)


def announcement(step: Step, ahead_m: float, language: Language) -> str:
    """A step told before it comes: "200 meter lagi, belok kiri ke Jalan Siliwangi"."""
    return _capital(
        text(
            language,
            "guidance.distance.ahead",
            distance=distance(ahead_m, language),
            instruction=_sentence(step, language),
        )
    )


def on_foot(distance_m: float, language: Language, *, stretcher: bool) -> str:
    """The part that no vehicle can do: "Lanjutkan dengan tandu 120 meter", or walking."""
    key = "guidance.foot.carry" if stretcher else "guidance.foot.walk"
    return _capital(text(language, key, distance=distance(distance_m, language)))


def distance(distance_m: float, language: Language) -> str:
    """A distance rounded as people say it: 10 m up to 200 m, 50 m up to 1 km, then tenths, from 10 km whole kilometres."""
    for up_to, step in _STEPS_OF_METRES:
        metres = max(step, round(distance_m / step) * step)
        if distance_m < up_to and metres < 1_000:
            return text(language, "guidance.distance.metres", number=metres)
    kilometres = distance_m / 1_000
    number = f"{kilometres:.0f}" if kilometres >= 9.95 else f"{kilometres:.1f}".removesuffix(".0")
    number = number.replace(".", text(language, "guidance.distance.decimal_sign"))
    return text(language, "guidance.distance.kilometres", number=number)


def _sentence(step: Step, language: Language) -> str:
    road = step.name or step.ref
    values = {"road": road}
    suffix = "road" if road else "plain"
    on = "_road" if road else ""
    verb = text(language, f"guidance.verb.{(step.modifier or 'straight').replace(' ', '_')}")
    match step.type:
        case "depart":
            if step.mode == "ferry":
                return text(language, f"guidance.depart.ferry{on}", **values)
            heading = _DIRECTIONS[round(step.bearing_after / 45) % 8]
            direction = text(language, f"guidance.direction.{heading}")
            return text(language, f"guidance.depart.{suffix}", direction=direction, **values)
        case "turn" | "new name" | "end of road" | "roundabout turn":
            return text(language, f"guidance.{step.type.replace(' ', '_')}.{suffix}", verb=verb, **values)
        case "continue":
            if step.modifier in ("straight", "uturn"):
                return text(language, f"guidance.continue.{step.modifier}{on}", **values)
            return text(language, f"guidance.continue.{suffix}", verb=verb, **values)
        case "fork":
            return text(language, f"guidance.fork.{suffix}", side=_side(step.modifier, language), **values)
        case "on ramp" | "off ramp":
            key = f"guidance.{step.type.replace(' ', '_')}"
            if step.modifier in (None, "straight", "uturn"):
                return text(language, f"{key}.ahead{on}", **values)
            return text(language, f"{key}.{suffix}", side=_side(step.modifier, language), **values)
        case "merge":
            return text(language, f"guidance.merge.{suffix}", **values)
        case "roundabout" | "rotary":
            if step.exit is None:
                return text(language, f"guidance.{step.type}.enter", rotary=step.rotary_name)
            exit_number = _ordinal(step.exit, language)
            return text(language, f"guidance.{step.type}.{suffix}", exit=exit_number, rotary=step.rotary_name, **values)
        case "exit roundabout" | "exit rotary":
            key = f"guidance.{step.type.replace(' ', '_')}.{suffix}"
            return text(language, key, rotary=step.rotary_name, **values)
        case "notification":
            return text(language, f"guidance.notification.{step.mode}{on}", **values)
        case "arrive":
            if step.modifier in ("left", "right"):
                return text(language, "guidance.arrive.side", side=_side(step.modifier, language))
            return text(language, "guidance.arrive.plain")
        case _:
            assert_never(step.type)


def _side(modifier: Modifier | None, language: Language) -> str:
    side = next((side for side in ("left", "right") if modifier and side in modifier), "straight")
    return text(language, f"guidance.side.{side}")


def _ordinal(number: int, language: Language) -> str:
    return text(language, f"guidance.ordinal.{_ORDINALS.get(number, 'other')}", number=number)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
