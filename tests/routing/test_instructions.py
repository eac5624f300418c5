"""What a driver hears."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pytest

from routing.catalogue import LANGUAGES, Language
from routing.guidance import Modifier, Step, StepType
from routing.instructions import announcement, distance, instruction, on_foot

PLAIN = Step(
    type="turn",
    modifier="left",
    name="Jalan Siliwangi",
    ref="",
    exit=None,
    rotary_name="",
    bearing_before=0,
    bearing_after=270,
    longitude=106.93,
    latitude=-6.92,
    distance_m=120.0,
    duration_ms=12_000,
    driving_side="left",
    mode="driving",
    restricted=False,
    toll=False,
    intersections=(),
    geometry=np.zeros((2, 2)),
)
ROUNDABOUT = replace(PLAIN, type="roundabout", exit=2)


@pytest.mark.parametrize(
    ("step", "indonesian", "english"),
    [
        (PLAIN, "Belok kiri ke Jalan Siliwangi", "Turn left onto Jalan Siliwangi"),
        (replace(PLAIN, name=""), "Belok kiri", "Turn left"),
        (replace(PLAIN, name="", ref="N2"), "Belok kiri ke N2", "Turn left onto N2"),
        (
            replace(PLAIN, type="depart", modifier=None),
            "Berangkat ke arah barat di Jalan Siliwangi",
            "Head west on Jalan Siliwangi",
        ),
        (
            replace(PLAIN, type="continue", modifier="uturn"),
            "Putar balik di Jalan Siliwangi",
            "Make a U-turn on Jalan Siliwangi",
        ),
        (
            replace(PLAIN, type="continue", modifier="slight right"),
            "Serong kanan, tetap di Jalan Siliwangi",
            "Bear right to stay on Jalan Siliwangi",
        ),
        (
            replace(PLAIN, type="new name", modifier="straight"),
            "Lurus terus ke Jalan Siliwangi",
            "Go straight onto Jalan Siliwangi",
        ),
        (
            ROUNDABOUT,
            "Di bundaran, ambil jalan keluar ke-2 menuju Jalan Siliwangi",
            "At the roundabout, take the 2nd exit towards Jalan Siliwangi",
        ),
        (replace(ROUNDABOUT, exit=None), "Masuk ke bundaran", "Enter the roundabout"),
        (
            replace(ROUNDABOUT, type="rotary", rotary_name="Bundaran HI", exit=4, name=""),
            "Di Bundaran HI, ambil jalan keluar ke-4",
            "At Bundaran HI, take the 4th exit",
        ),
        (
            replace(PLAIN, type="fork", modifier="slight left"),
            "Di percabangan, ambil jalan sebelah kiri menuju Jalan Siliwangi",
            "At the fork, take the road on the left towards Jalan Siliwangi",
        ),
        (
            replace(PLAIN, type="end of road", modifier="right"),
            "Di ujung jalan, belok kanan ke Jalan Siliwangi",
            "At the end of the road, turn right onto Jalan Siliwangi",
        ),
        (
            replace(PLAIN, type="notification", mode="ferry", name="Merak – Bakauheni"),
            "Naik feri (Merak – Bakauheni)",
            "Take the ferry (Merak – Bakauheni)",
        ),
        (replace(PLAIN, type="arrive"), "Sampai di tujuan, di sebelah kiri", "You have arrived, on the left"),
        (replace(PLAIN, type="arrive", modifier=None), "Sampai di tujuan", "You have arrived"),
        (
            replace(PLAIN, restricted=True),
            "Belok kiri ke Jalan Siliwangi. Awas: melewati jalan terbatas",
            "Turn left onto Jalan Siliwangi. Caution: this is a restricted road",
        ),
    ],
)
def test_steps_in_words(step: Step, indonesian: str, english: str) -> None:
    assert instruction(step, "id") == indonesian
    assert instruction(step, "en") == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_there_can_be_has_words(language: Language) -> None:
    kinds: tuple[StepType, ...] = get_args(StepType)
    modifiers: tuple[Modifier | None, ...] = (None, *get_args(Modifier))
    for kind, modifier, name, number in product(kinds, modifiers, ("", "Jalan {Aneh}"), (None, 1, 3, 11)):
        for mode in ("driving", "ferry"):
            step = replace(PLAIN, type=kind, modifier=modifier, name=name, exit=number, rotary_name="Tugu", mode=mode)
            said = instruction(step, language)
            assert said
            assert said[0].isupper()
            assert "{" not in said.replace("{Aneh}", "")


def test_announcements_give_the_distance_first() -> None:
    assert announcement(PLAIN, 204, "id") == "200 meter lagi, belok kiri ke Jalan Siliwangi"
    assert announcement(PLAIN, 1500, "en") == "In 1.5 km, turn left onto Jalan Siliwangi"


def test_the_part_on_foot() -> None:
    assert on_foot(123, "id", stretcher=True) == "Lanjutkan dengan tandu 120 meter"
    assert on_foot(40, "id", stretcher=False) == "Lanjutkan berjalan kaki 40 meter"


@pytest.mark.parametrize(
    ("metres", "indonesian", "english"),
    [
        (0, "10 meter", "10 metres"),
        (44, "40 meter", "40 metres"),
        (99, "100 meter", "100 metres"),
        (340, "350 meter", "350 metres"),
        (990, "1 km", "1 km"),
        (1_460, "1,5 km", "1.5 km"),
        (9_960, "10 km", "10 km"),
        (23_400, "23 km", "23 km"),
    ],
)
def test_distances_are_rounded_as_people_say_them(metres: float, indonesian: str, english: str) -> None:
    assert distance(metres, "id") == indonesian
    assert distance(metres, "en") == english
