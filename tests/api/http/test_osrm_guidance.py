"""Banners and spoken words: what is shown and said when, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.api.http.osrm_service import Town, town_served
from tests.api.http.test_osrm_places import World
from tests.world import draw

SEEDS = range(6)


@pytest.fixture(scope="module")
def town(data_folder: Path) -> Iterator[Town]:
    with town_served(data_folder) as ready:
        yield ready


def legs(town: Town, seed: int, **options: object) -> Any:
    wanted = {"steps": True, "banner_instructions": True, "voice_instructions": True} | options
    return town.get("route", "driving", town.places(3, seed=seed), **wanted)["routes"][0]["legs"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_banner_shows_the_next_manoeuvre_from_the_step_s_beginning(town: Town, seed: int) -> None:
    for leg in legs(town, seed):
        for step, following in pairwise(leg["steps"]):
            (banner,) = step["bannerInstructions"]
            assert banner["distanceAlongGeometry"] == step["distance"]
            primary, manoeuvre = banner["primary"], following["maneuver"]
            assert (primary["type"], primary.get("modifier")) == (manoeuvre["type"], manoeuvre.get("modifier"))
            assert primary["text"] in (following["name"], following.get("ref"), manoeuvre["instruction"])
            assert "".join(component["text"] for component in primary["components"]) == primary["text"]
            assert primary["driving_side"] == "left"
        assert leg["steps"][-1]["bannerInstructions"] == leg["steps"][-1]["voiceInstructions"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_words_are_spoken_in_time_and_not_at_once(town: Town, seed: int) -> None:
    for leg in legs(town, seed):
        for number, (step, following) in enumerate(pairwise(leg["steps"])):
            spoken = step["voiceInstructions"]
            due = [one["distanceAlongGeometry"] for one in spoken]
            assert due == sorted(due, reverse=True)
            assert all(0 <= metres <= step["distance"] for metres in due)
            assert spoken[-1]["announcement"] == following["maneuver"]["instruction"]
            if number == 0:
                assert due[0] == step["distance"]
                assert spoken[0]["announcement"] == step["maneuver"]["instruction"]
            if step["distance"] > 100:
                assert all(here - there >= 50 for here, there in pairwise(due[number == 0 :]))
            for one in spoken[number == 0 : -1]:
                metres = one["distanceAlongGeometry"]
                said = f"{metres:.0f} meter" if metres < 1_000 else f"{metres / 1_000:.0f} km"
                assert one["announcement"].startswith(f"{said} lagi, ")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_marked_up_for_speech_is_the_same_text(town: Town, seed: int) -> None:
    for leg in legs(town, seed):
        for one in (one for step in leg["steps"] for one in step["voiceInstructions"]):
            marked = Xml.fromstring(one["ssmlAnnouncement"])
            assert (marked.tag, marked.text) == ("speak", one["announcement"])


def test_names_are_escaped_for_speech() -> None:
    world = World(draw("A---B\n    |\n    C", streets={"A B": "name=Satu", "B C": "name='Toko & <Anak>'"}).build())
    (route,) = world.route(world.near("A", "B"), world.near("B", "C"), steps="true", voice_instructions="true")["routes"]
    marked = route["legs"][0]["steps"][0]["voiceInstructions"][-1]["ssmlAnnouncement"]
    assert "Toko &amp; &lt;Anak&gt;" in marked


@pytest.mark.parametrize(("language", "locale", "depart"), [("id", "id-ID", "Berangkat"), ("en", "en-GB", "Head")])
def test_the_language_is_the_one_asked_for(town: Town, language: str, locale: str, depart: str) -> None:
    places = town.places(2, seed=2)
    answer = town.get("route", "car", places, steps=True, voice_instructions=True, language=language)["routes"][0]
    assert answer["voiceLocale"] == locale
    first = answer["legs"][0]["steps"][0]
    assert first["maneuver"]["instruction"].startswith(depart)
    assert first["voiceInstructions"][0]["announcement"].startswith(depart)


def test_nothing_is_shown_or_said_unasked(town: Town) -> None:
    for leg in legs(town, 1, banner_instructions=False, voice_instructions=False):
        for step in leg["steps"]:
            assert {"bannerInstructions", "voiceInstructions"}.isdisjoint(step)


RING = """
        N
        |
        A
       / \\
    W-B   D-E
       \\ /
        C
        |
        S
"""


@pytest.mark.parametrize(("end", "degrees"), [("W", 90), ("N", 180), ("E", 270)])
def test_a_banner_tells_how_far_one_goes_round(end: str, degrees: int) -> None:
    streets = {"C B A D C": "junction=roundabout oneway=yes"}
    world = World(draw(RING, streets=streets, metres=20).build())
    inner = {"W": "B", "N": "A", "E": "D"}[end]
    points = world.near("S", "C", 0.2), world.near(end, inner, 0.2)
    (route,) = world.route(*points, steps="true", banner_instructions="true")["routes"]
    steps = route["legs"][0]["steps"]
    assert [step["maneuver"]["type"] for step in steps] == ["depart", "roundabout", "exit roundabout", "arrive"]
    assert steps[0]["bannerInstructions"][0]["primary"]["degrees"] == pytest.approx(degrees, abs=3)
    assert "degrees" not in steps[1]["bannerInstructions"][0]["primary"]


def test_a_restricted_road_is_warned_of_on_the_banner() -> None:
    world = World(draw("A---B\n    |\n    C", streets={"A B": "name=Satu", "B C": "name=Dua access=private"}).build())
    (route,) = world.route(world.near("A", "B"), world.near("B", "C"), steps="true", banner_instructions="true")["routes"]
    first, second, _ = route["legs"][0]["steps"]
    assert first["bannerInstructions"][0]["primary"]["text"] == second["maneuver"]["instruction"]
    assert "terbatas" in second["maneuver"]["instruction"]
