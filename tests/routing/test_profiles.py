"""Each rule of the profiles, one row a case. `open` and `only to reach` leave speeds to their own tables below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import datafiles
from routing.errors import DataError
from routing.profile_tables import read_sections, read_tables
from routing.profiles import MOTOR_PROFILES, PROFILES, Profile, WayUse, load_profiles
from routing.tags import COST_KEYS, ROAD_CLASSES, timed_clauses, with_conditions

NAMES = {"c": "car", "a": "ambulance", "p": "ambulance_priority", "m": "motorcycle", "f": "foot"}


def profile(name: str) -> Profile:
    return load_profiles()[NAMES.get(name, name)]


def tagged(text: str) -> dict[str, str]:
    """ "highway=service service=alley" as tags; `_` stands for a blank in a value."""
    return {key: value.replace("_ ", " ") for key, value in (pair.split("=", 1) for pair in text.split())}


def letter(use: WayUse) -> str:
    return "." if use.speed_kph == 0 else "r" if use.restricted else "o"


def way(name: str, text: str) -> str:
    """Forward and backward as "oo", "o." …: o open, r only to reach what lies there, . closed."""
    return "".join(letter(use) for use in profile(name).way(tagged(text)))


# -- access -------------------------------------------------------------------------------------------------------------

# Tags, then the use by car, ambulance, ambulance with right of way, motorcycle, foot.
ACCESS = [
    # Classes.
    ("highway=residential", "oo oo oo oo oo"),
    ("highway=trunk", "oo oo oo oo oo"),
    ("highway=motorway", "o. o. o. .. .."),
    ("highway=motorway_link oneway=yes", "o. o. o. .. .."),
    ("highway=motorway motorcycle=yes", "o. o. o. o. .."),
    ("highway=motorway motor_vehicle=yes", "o. o. o. .. .."),
    ("highway=motorway_link oneway=yes vehicle=yes", "o. o. o. .. .."),
    ("highway=trunk motorroad=yes", "oo oo oo oo .."),
    ("highway=living_street", "oo oo oo oo oo"),
    ("highway=road", "oo oo oo oo oo"),
    ("highway=track", "oo oo oo oo oo"),
    ("highway=footway", ".. .. .. .. oo"),
    ("highway=path", ".. .. .. .. oo"),
    ("highway=steps", ".. .. .. .. oo"),
    ("highway=cycleway", ".. .. .. .. oo"),
    ("highway=corridor", ".. .. .. .. oo"),
    ("highway=elevator", ".. .. .. .. oo"),
    ("highway=construction", ".. .. .. .. .."),
    ("highway=proposed", ".. .. .. .. .."),
    ("highway=bus_guideway", ".. .. .. .. .."),
    ("highway=nonsense", ".. .. .. .. .."),
    ("building=yes", ".. .. .. .. .."),
    ("highway=unclassified;tertiary", "oo oo oo oo oo"),
    ("highway=pedestrian area=yes", ".. .. .. .. oo"),
    ("highway=service area=yes", ".. .. .. .. oo"),
    # The hierarchy: the most specific key that says something.
    ("highway=residential access=no", ".. .. .. .. .."),
    ("highway=residential vehicle=no", ".. .. .. .. oo"),
    ("highway=residential motor_vehicle=no", ".. .. .. .. oo"),
    ("highway=residential motorcar=no", ".. .. .. oo oo"),
    ("highway=residential motorcycle=no", "oo oo oo .. oo"),
    ("highway=residential access=no motor_vehicle=yes", "oo oo oo oo .."),
    ("highway=residential access=no vehicle=yes motor_vehicle=no motorcar=yes", "oo oo oo .. .."),
    ("highway=residential foot=no", "oo oo oo oo .."),
    ("highway=residential access=no foot=yes", ".. .. .. .. oo"),
    ("highway=residential bicycle=no hgv=no", "oo oo oo oo oo"),
    # Values.
    ("highway=residential access=permissive", "oo oo oo oo oo"),
    ("highway=residential motor_vehicle=designated", "oo oo oo oo oo"),
    ("highway=residential access=official", "oo oo oo oo oo"),
    ("highway=residential access=destination", "rr rr oo rr rr"),
    ("highway=residential motor_vehicle=delivery", "rr rr oo rr oo"),
    ("highway=residential access=private", "rr rr rr rr rr"),
    ("highway=residential access=customers", "rr rr rr rr rr"),
    ("highway=residential access=permit", "rr rr rr rr rr"),
    ("highway=residential motor_vehicle=destination;delivery", "rr rr oo rr oo"),
    ("highway=residential motor_vehicle=agricultural", ".. .. .. .. oo"),
    ("highway=residential motor_vehicle=forestry", ".. .. .. .. oo"),
    ("highway=residential motor_vehicle=agricultural;forestry", ".. .. .. .. oo"),
    ("highway=residential access=military", ".. .. .. .. .."),
    # A value that says nothing leaves the matter to the next key.
    ("highway=residential motor_vehicle=unbekannt", "oo oo oo oo oo"),
    ("highway=residential access=no motor_vehicle=unknown", ".. .. .. .. .."),
    # Directions.
    ("highway=residential motor_vehicle:forward=no", ".o .o .o .o oo"),
    ("highway=residential access:backward=private", "or or or or or"),
    ("highway=residential motor_vehicle=no motor_vehicle:backward=yes", ".o .o .o .o oo"),
    # A specific key without a direction goes before a general one with it.
    ("highway=residential vehicle:forward=no motorcar=yes", "oo oo oo .o oo"),
    # Right of way.
    ("highway=residential access=no emergency=yes", ".. .. oo .. .."),
    ("highway=residential motor_vehicle=emergency", ".. .. oo .. oo"),
    ("highway=residential emergency=no", "oo oo .. oo oo"),
    ("highway=residential emergency=private access=no", ".. .. rr .. .."),
    ("highway=service access=no psv=yes", ".. .. oo .. .."),
    ("highway=service access=no bus=designated", ".. .. oo .. .."),
    ("highway=service access=no bus=yes emergency=no", ".. .. .. .. .."),
    ("highway=service motor_vehicle=psv", ".. .. oo .. oo"),
    ("highway=residential bus=no psv=no", "oo oo oo oo oo"),
    ("highway=busway", ".. .. oo .. .."),
    ("highway=busway access=no bus=yes", ".. .. oo .. .."),
    ("highway=busway oneway=yes", ".. .. o. .. .."),
    ("highway=busway emergency=no", ".. .. .. .. .."),
    ("highway=busway motorcar=yes", "oo oo oo .. .."),
    # Service roads.
    ("highway=service", "oo oo oo oo oo"),
    ("highway=service service=driveway", "oo oo oo oo oo"),
    ("highway=service service=parking_aisle", "oo oo oo oo oo"),
    ("highway=service service=drive-through", "oo oo oo oo oo"),
    ("highway=service service=driveway access=private", "rr rr rr rr rr"),
    ("highway=service service=driveway access=customers", "rr rr rr rr rr"),
    ("highway=service service=parking_aisle access=destination", "rr rr oo rr rr"),
    ("highway=service service=emergency_access", ".. rr oo .. oo"),
    ("highway=service service=emergency_access access=no", ".. .. .. .. .."),
    ("highway=service service=emergency_access access=no emergency=designated", ".. .. oo .. .."),
    # Pedestrian streets: to reach only, with right of way, and only where something shows that a vehicle gets in.
    ("highway=pedestrian", ".. .. .. .. oo"),
    ("highway=pedestrian width=4", ".. .. rr .. oo"),
    ("highway=pedestrian width=2", ".. .. .. .. oo"),
    ("highway=pedestrian motor_vehicle=delivery", "rr rr oo rr oo"),
    ("highway=pedestrian bus=yes", ".. .. oo .. oo"),
    ("highway=pedestrian motor_vehicle=no psv=yes", ".. .. oo .. oo"),
    ("highway=pedestrian bus=yes emergency=no", ".. .. .. .. oo"),
    ("highway=footway bus=yes", ".. .. .. .. oo"),
    ("highway=pedestrian motor_vehicle:conditional=yes@(06:00-10:00)", ".. .. rr .. oo"),
    ("highway=pedestrian width=4 emergency=no", ".. .. .. .. oo"),
    ("highway=pedestrian width=4 access=private", ".. .. .. .. rr"),
    ("highway=pedestrian emergency=yes", ".. .. oo .. oo"),
    ("highway=pedestrian access=yes", ".. .. .. .. oo"),
    ("highway=pedestrian motorcar=destination", "rr rr oo .. oo"),
    # Footways and paths open by tags of vehicles only.
    ("highway=path motorcycle=yes", ".. .. .. oo oo"),
    ("highway=footway motorcycle=designated", ".. .. .. oo oo"),
    ("highway=path access=yes", ".. .. .. .. oo"),
    ("highway=path motorcar=yes", "oo oo oo .. oo"),
    ("highway=path motor_vehicle=destination", ".. .. .. rr oo"),  # open in law, but a path is narrow unless said otherwise
    ("highway=footway emergency=yes", ".. .. oo .. oo"),
    ("highway=cycleway motor_vehicle=destination", "rr rr oo rr oo"),
    ("highway=steps motorcycle=yes", ".. .. .. .. oo"),
    # Ferries take people; that one takes vehicles must be said.
    ("route=ferry", ".. .. .. .. oo"),
    ("route=ferry motor_vehicle=yes", "oo oo oo oo oo"),
    ("route=ferry motorcar=yes motorcycle=no", "oo oo oo .. oo"),
    ("route=ferry ferry=secondary", "oo oo oo oo oo"),
    ("route=ferry foot=no motor_vehicle=yes", "oo oo oo oo .."),
]


@pytest.mark.parametrize(("text", "expected"), ACCESS)
def test_access(text: str, expected: str) -> None:
    assert " ".join(way(name, text) for name in "capmf") == expected


# -- one-ways -----------------------------------------------------------------------------------------------------------

ONE_WAYS = [
    ("highway=primary oneway=yes", "o. o. o. o. oo"),
    ("highway=primary oneway=-1", ".o .o .o .o oo"),
    ("highway=primary oneway=reversible", ".. .. .. .. oo"),
    ("highway=primary oneway=alternating", "oo oo oo oo oo"),
    ("highway=primary junction=roundabout", "o. o. o. o. oo"),
    ("highway=primary junction=roundabout oneway=-1", ".o .o .o .o oo"),
    ("highway=residential oneway=yes oneway:motorcycle=no", "o. o. o. oo oo"),
    ("highway=residential oneway=yes oneway:emergency=no", "o. o. oo o. oo"),
    ("highway=residential oneway=yes oneway:bus=no", "o. o. oo o. oo"),
    ("highway=residential oneway=yes oneway:psv=no", "o. o. oo o. oo"),
    ("highway=residential oneway=yes busway=opposite_lane", "o. o. oo o. oo"),
    ("highway=residential oneway=yes busway:left=opposite_lane", "o. o. oo o. oo"),
    ("highway=residential oneway=yes busway=lane", "o. o. o. o. oo"),
    ("highway=footway oneway=yes", ".. .. .. .. oo"),
    ("highway=footway oneway:foot=yes", ".. .. .. .. o."),
    ("highway=residential oneway:vehicle=yes", "o. o. o. o. oo"),
]


@pytest.mark.parametrize(("text", "expected"), ONE_WAYS)
def test_one_ways(text: str, expected: str) -> None:
    assert " ".join(way(name, text) for name in "capmf") == expected


def test_right_of_way_never_opens_a_one_way_by_itself() -> None:
    for kind in sorted(ROAD_CLASSES):
        assert profile("p").way({"highway": kind, "oneway": "yes"})[1].speed_kph == 0


# -- room ---------------------------------------------------------------------------------------------------------------

# The car needs 2.0 m of road, the ambulance 2.3 m, the motorcycle 1.0 m.
ROOM = [
    ("highway=residential width=2", "oo .. .. oo oo"),
    ("highway=residential width=1.9", ".. .. .. oo oo"),
    ("highway=residential width=2.3", "oo oo oo oo oo"),
    ("highway=residential width=0.9", ".. .. .. .. oo"),
    ("highway=residential est_width=2", "oo .. .. oo oo"),
    ("highway=residential est_width=2 width=3", "oo oo oo oo oo"),
    ("highway=residential width=4 width:carriageway=2", "oo .. .. oo oo"),
    ("highway=residential width=narrow", "oo oo oo oo oo"),
    ("highway=residential maxwidth=1.8", "oo .. .. oo oo"),
    ("highway=residential maxwidth=1.9", "oo oo oo oo oo"),
    ("highway=residential maxwidth=6'6\"", "oo oo oo oo oo"),
    ("highway=residential maxwidth:physical=1.6", ".. .. .. oo oo"),
    ("highway=residential maxheight=2.2", "oo .. .. oo oo"),
    ("highway=residential maxheight=default", "oo oo oo oo oo"),
    ("highway=residential maxheight=below_default", "oo oo oo oo oo"),
    ("highway=residential maxheight:physical=1.5", ".. .. .. .. oo"),
    ("highway=residential maxweight=3.5", "oo oo oo oo oo"),
    ("highway=residential maxweight=3", "oo .. .. oo oo"),
    ("highway=residential maxweight=1", ".. .. .. oo oo"),
    # Alleys: what nobody has measured is taken as narrow.
    ("highway=service service=alley", "oo .. .. oo oo"),
    ("highway=service service=alley width=3", "oo oo oo oo oo"),
    ("highway=service service=alley width=1.5", ".. .. .. oo oo"),
    ("highway=service service=alley motorcar=yes", "oo oo oo oo oo"),
    ("highway=service service=alley emergency=yes", "oo .. oo oo oo"),
    ("highway=service service=alley access=yes", "oo .. .. oo oo"),
    ("highway=residential gang=yes", "oo .. .. oo oo"),
    ("highway=living_street gang=yes", "oo .. .. oo oo"),
    ("highway=living_street gang=yes width=2.5", "oo oo oo oo oo"),
    ("highway=living_street gang=yes width=1.2", ".. .. .. oo oo"),
    ("highway=residential narrow=yes", "oo .. .. oo oo"),
    ("highway=tertiary narrow=yes", "oo oo oo oo oo"),
    ("highway=residential narrow=yes width=4", "oo oo oo oo oo"),
    # A width that no major road has is a slip; a sign is a sign.
    ("highway=primary width=2", "oo oo oo oo oo"),
    ("highway=secondary_link est_width=1", "oo oo oo oo oo"),
    ("highway=trunk width:carriageway=1 width=7", "oo oo oo oo oo"),
    ("highway=primary maxwidth=1.8", "oo .. .. oo oo"),
    ("highway=primary width=2 maxwidth=1.8", "oo .. .. oo oo"),
    ("highway=tertiary width=2", "oo .. .. oo oo"),
    # No right of way makes a road wider.
    ("highway=residential width=2 emergency=yes", "oo .. .. oo oo"),
    ("highway=residential maxheight=2 emergency=designated", "oo .. .. oo oo"),
]


@pytest.mark.parametrize(("text", "expected"), ROOM)
def test_room(text: str, expected: str) -> None:
    assert " ".join(way(name, text) for name in "capmf") == expected


# -- speeds -------------------------------------------------------------------------------------------------------------

SPEEDS = [
    ("c", "highway=primary", 42, 42),
    ("a", "highway=primary", 42 * 0.95, 42 * 0.95),
    ("p", "highway=primary", 42 * 1.15, 42 * 1.15),
    ("m", "highway=primary", 40, 40),
    ("f", "highway=primary", 4, 4),
    ("f", "highway=steps", 1.5, 1.5),
    # Limits: ordinary traffic stays a tenth below, right of way goes a fifth beyond.
    ("c", "highway=primary maxspeed=30", 27, 27),
    ("c", "highway=primary maxspeed=80", 42, 42),
    ("c", "highway=primary maxspeed=none", 42, 42),
    ("c", "highway=primary maxspeed=20_mph", 42, 42),  # unreadable: no limit known
    ("c", "highway=primary maxspeed=20mph", 0.9 * 32.18688, 0.9 * 32.18688),
    ("p", "highway=primary maxspeed=30", 36, 36),
    ("p", "highway=primary maxspeed=50", 48.3, 48.3),
    ("p", "highway=motorway maxspeed=100", 92, 0),
    ("f", "highway=primary maxspeed=3", 4, 4),
    ("c", "highway=primary maxspeed:forward=20 maxspeed:backward=30", 18, 27),
    ("c", "highway=primary maxspeed=40 maxspeed:forward=20", 18, 36),
    ("m", "highway=primary maxspeed=40 maxspeed:motorcycle=20", 18, 18),
    ("c", "highway=primary maxspeed=40 maxspeed:motorcycle=20", 36, 36),
    ("c", "highway=primary maxspeed=40 maxspeed:motorcar:forward=10", 9, 36),
    ("p", "highway=primary maxspeed=20 maxspeed:emergency=none", 48.3, 48.3),
    ("c", "highway=motorway maxspeed=ID:urban", 45, 0),
    ("c", "highway=motorway source:maxspeed=ID:urban", 45, 0),
    ("c", "highway=motorway maxspeed:type=ID:urban maxspeed=100", 80, 0),
    ("c", "highway=tertiary maxspeed:advisory=20", 18, 18),
    ("p", "highway=tertiary maxspeed:advisory=20", 34.5, 34.5),
    # Surfaces, smoothness, tracks: the least counts, and for right of way as well.
    ("c", "highway=primary surface=asphalt", 42, 42),
    ("c", "highway=primary surface=gravel", 25, 25),
    ("p", "highway=primary surface=gravel", 25, 25),
    ("c", "highway=primary surface=asphalt;mud", 6, 6),
    ("c", "highway=primary surface=unheard_of", 42, 42),
    ("c", "highway=primary smoothness=very_bad", 12, 12),
    ("c", "highway=primary smoothness=very_horrible", 0, 0),
    ("m", "highway=primary smoothness=very_horrible", 4, 4),
    ("m", "highway=primary smoothness=impassable", 0, 0),
    ("f", "highway=primary smoothness=impassable", 4, 4),
    ("c", "highway=track tracktype=grade1", 15, 15),
    ("c", "highway=track tracktype=grade5", 6, 6),
    ("c", "highway=service service=alley", 10, 10),
    ("m", "highway=residential gang=yes", 12, 12),
    *((name, "highway=service service=driveway", 8, 8) for name in "capm"),
    *((name, "highway=service service=parking_aisle", 6, 6) for name in "capm"),
    *((name, "highway=service service=drive-through", 6, 6) for name in "capm"),
    ("f", "highway=service service=driveway", 4, 4),
    ("c", "highway=primary traffic_calming=bump", 25, 25),
    ("c", "highway=tertiary ford=yes", 8, 8),
    ("c", "highway=tertiary ford=stepping_stones", 0, 0),
    ("f", "highway=footway ford=stepping_stones", 4, 4),
    ("c", "highway=tertiary narrow=yes", 21, 21),
    # Where only right of way gets in.
    ("p", "highway=busway", 40, 40),
    ("p", "highway=pedestrian width=5", 8, 8),
    # Ferries: as fast as they go, whoever is on board.
    ("c", "route=ferry motor_vehicle=yes", 12, 12),
    ("p", "route=ferry motor_vehicle=yes ferry:kph=21.5", 21.5, 21.5),
    ("f", "route=ferry ferry:kph=21.5", 21.5, 21.5),
]


@pytest.mark.parametrize(("name", "text", "forward", "backward"), SPEEDS)
def test_speed(name: str, text: str, forward: float, backward: float) -> None:
    uses = profile(name).way(tagged(text))
    assert [use.speed_kph for use in uses] == pytest.approx([forward, backward])


def test_ferries_are_marked() -> None:
    assert profile("f").way({"route": "ferry"})[0].ferry
    assert not profile("f").way({"highway": "path"})[0].ferry


def test_bigger_roads_are_not_slower() -> None:
    ranks = ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street"]
    for name in "cap":
        speeds = [profile(name).way({"highway": kind})[0].speed_kph for kind in ranks]
        assert speeds == sorted(speeds, reverse=True)


@given(st.dictionaries(st.sampled_from(sorted(COST_KEYS)), st.sampled_from(
    ["yes", "no", "private", "destination", "residential", "pedestrian", "gate", "bollard", "2", "-1", "alley", "ferry", "mud"]
), max_size=8))  # fmt: skip
def test_any_tags_give_a_use(tags: dict[str, str]) -> None:
    for name in PROFILES:
        one = profile(name)
        for use in one.way({"highway": "residential"} | tags):
            assert 0 <= use.speed_kph <= 100
        point = one.point(tags)
        assert all(0 <= signals <= whole for signals, whole in zip(point.signal_seconds, point.seconds, strict=True))
        assert point.open or not point.restricted


@given(st.dictionaries(st.sampled_from(sorted(COST_KEYS - {"emergency", "maxspeed:emergency"})), st.sampled_from(
    ["yes", "no", "private", "destination", "pedestrian", "service", "bollard", "gate", "2", "20", "alley", "psv"]
), max_size=8))  # fmt: skip
def test_right_of_way_opens_and_never_closes(tags: dict[str, str]) -> None:
    tags = {
        key: value for key, value in tags.items() if not key.startswith(("emergency", "maxspeed:emergency", "oneway:emergency"))
    }
    plain, priority = profile("a"), profile("p")
    for ordinary, siren in zip(plain.way(tags), priority.way(tags), strict=True):
        assert siren.speed_kph >= ordinary.speed_kph * 0.999
        assert ordinary.speed_kph == 0 or ordinary.restricted or not siren.restricted
    assert priority.point(tags).open >= plain.point(tags).open


# -- points -------------------------------------------------------------------------------------------------------------

BARRIERS = [
    # Gates open after a while, unless tags say otherwise.
    ("barrier=gate", "o o o o o"),
    ("barrier=lift_gate", "o o o o o"),
    ("barrier=swing_gate", "o o o o o"),
    ("barrier=portal", "o o o o o"),
    ("barrier=gate access=private", "r r r r r"),
    ("barrier=gate access=no", ". . . . ."),
    ("barrier=gate access=no foot=yes", ". . . . o"),
    ("barrier=gate access=no emergency=yes", ". . o . ."),
    ("barrier=gate motor_vehicle=no", ". . . . o"),
    ("barrier=gate motorcar=no motorcycle=yes", ". . . o o"),
    ("barrier=gate motor_vehicle=destination", "r r o r o"),
    ("barrier=gate access=no psv=yes", ". . o . ."),
    ("barrier=gate motor_vehicle=unbekannt", "o o o o o"),
    ("barrier=gate;lift_gate", "o o o o o"),
    # A lock yields to nobody without the key.
    ("barrier=gate locked=yes", ". . . . ."),
    ("barrier=gate locked=yes emergency=yes", ". . . . ."),
    ("barrier=gate locked=yes motor_vehicle=private foot=yes", ". . . . o"),
    ("barrier=gate locked=no", "o o o o o"),
    # Roads go on.
    ("barrier=toll_booth", "o o o o o"),
    ("barrier=entrance", "o o o o o"),
    ("barrier=border_control", "o o o o o"),
    ("barrier=cattle_grid", "o o o o o"),
    ("barrier=no", "o o o o o"),
    ("barrier=entrance motorcar=no motorcycle=no", ". . . . o"),
    # Posts and blocks: gaps for motorcycles, never wider for a siren.
    ("barrier=bollard", ". . . o o"),
    ("barrier=bollard emergency=yes", ". . . o o"),
    ("barrier=bollard bus=yes", ". . . o o"),
    ("barrier=bollard access=yes", ". . . o o"),
    ("barrier=bollard access=no", ". . . . ."),
    ("barrier=bollard motor_vehicle=yes", "o o o o o"),
    ("barrier=bollard motor_vehicle=no", ". . . . o"),
    ("barrier=bollard bollard=rising", ". . . o o"),
    ("barrier=bollard bollard=rising emergency=yes", ". . o o o"),
    ("barrier=bollard bollard=removable emergency=yes access=no", ". . o . ."),
    ("barrier=bollard bollard=rising bus=yes motor_vehicle=no", ". . o . o"),
    ("barrier=bollard maxwidth=0.7", ". . . . o"),
    ("barrier=block", ". . . o o"),
    ("barrier=planter", ". . . o o"),
    ("barrier=bus_trap", ". . . o o"),
    ("barrier=sump_buster", ". . . o o"),
    ("barrier=jersey_barrier", ". . . . o"),
    ("barrier=cycle_barrier", ". . . . o"),
    ("barrier=motorcycle_barrier", ". . . . o"),
    ("barrier=kissing_gate", ". . . . o"),
    ("barrier=turnstile", ". . . . o"),
    ("barrier=stile", ". . . . o"),
    ("barrier=debris", ". . . . o"),
    ("barrier=chain", ". . . . o"),
    ("barrier=chain emergency=yes", ". . o . o"),
    ("barrier=chain access=private", "r r r r r"),
    ("barrier=chain bus=yes", ". . o . o"),
    ("barrier=rope", ". . . . o"),
    ("barrier=wall", ". . . . ."),
    ("barrier=fence", ". . . . ."),
    ("barrier=ditch", ". . . . ."),
    # What nobody knows is taken for a barrier to vehicles.
    ("barrier=yes", ". . . . o"),
    ("barrier=spikes_of_doom", ". . . . o"),
    ("barrier=yes motor_vehicle=yes", "o o o o o"),
    # Kerbs, bars.
    ("barrier=kerb", ". . . . o"),
    ("barrier=kerb kerb=raised", ". . . . o"),
    ("barrier=kerb kerb=lowered", "o o o o o"),
    ("barrier=kerb kerb=flush", "o o o o o"),
    ("barrier=kerb highway=crossing", "o o o o o"),
    ("barrier=height_restrictor", "o . . o o"),
    ("barrier=height_restrictor maxheight=3", "o o o o o"),
    ("barrier=height_restrictor maxheight=2", "o . . o o"),
    ("barrier=height_restrictor maxheight=1.8", ". . . . o"),
    ("barrier=gate maxwidth=1.8", "o . . o o"),
    ("traffic_calming=choker maxwidth=1.8", "o . . o o"),
    ("highway=traffic_signals", "o o o o o"),
    ("", "o o o o o"),
]


@pytest.mark.parametrize(("text", "expected"), BARRIERS)
def test_barriers(text: str, expected: str) -> None:
    uses = [profile(name).point(tagged(text)) for name in "capmf"]
    assert " ".join("." if not use.open else "r" if use.restricted else "o" for use in uses) == expected


DELAYS = [
    ("c", "", 0),
    ("c", "barrier=gate", 20),
    ("c", "barrier=entrance", 0),
    ("c", "barrier=bollard bollard=rising motor_vehicle=yes", 20),
    ("m", "barrier=bollard", 2),
    ("c", "highway=traffic_signals", 18),
    ("p", "highway=traffic_signals", 18 * 0.35),
    ("m", "highway=traffic_signals", 18 * 0.8),
    ("c", "crossing=traffic_signals", 6),
    ("c", "highway=stop", 4),
    ("c", "highway=give_way", 2),
    ("c", "highway=mini_roundabout", 3),
    ("c", "railway=level_crossing", 15),
    ("p", "railway=level_crossing", 15),
    ("c", "traffic_calming=bump", 4),
    ("p", "traffic_calming=bump", 4),
    ("f", "traffic_calming=bump", 0),
    ("c", "railway=level_crossing barrier=lift_gate", 25),
    ("c", "barrier=wall", 0),
]


@pytest.mark.parametrize(("name", "text", "seconds"), DELAYS)
def test_delays(name: str, text: str, seconds: float) -> None:
    assert profile(name).point(tagged(text)).seconds == pytest.approx((seconds, seconds))


FACING = [
    ("highway=traffic_signals direction=forward", (18, 0), (18, 0)),
    ("highway=traffic_signals direction=backward", (0, 18), (0, 18)),
    ("highway=traffic_signals", (18, 18), (18, 18)),
    ("highway=stop direction=backward", (0, 4), (0, 0)),
    ("highway=give_way direction=forward", (2, 0), (0, 0)),
    ("crossing=traffic_signals direction=forward traffic_calming=table", (10, 4), (6, 0)),
    ("railway=level_crossing highway=stop direction=forward", (19, 15), (0, 0)),
    ("barrier=gate", (20, 20), (0, 0)),
]


@pytest.mark.parametrize(("text", "seconds", "at_signals"), FACING)
def test_signals_and_signs_may_face_one_direction(
    text: str, seconds: tuple[float, float], at_signals: tuple[float, float]
) -> None:
    use = profile("c").point(tagged(text))
    assert use.seconds == pytest.approx(seconds)
    assert use.signal_seconds == pytest.approx(at_signals)


def test_a_gate_that_closes_at_night() -> None:
    tags = {"barrier": "gate", "opening_hours": "05:00-22:00"}
    (clause,) = timed_clauses(tags).timed
    for name in PROFILES:
        assert profile(name).point(tags).open
        assert not profile(name).point(with_conditions(tags, [clause])).open


# -- turn restrictions --------------------------------------------------------------------------------------------------

TURNS = [
    ("restriction=no_left_turn", "yes yes no yes no"),
    ("restriction=no_right_turn", "yes yes no yes no"),
    ("restriction=no_straight_on", "yes yes no yes no"),
    ("restriction=no_u_turn", "yes yes no yes no"),
    ("restriction=no_entry", "yes yes yes yes no"),
    ("restriction=no_exit", "yes yes yes yes no"),
    ("restriction=only_straight_on", "yes yes yes yes no"),
    ("restriction=only_left_turn", "yes yes yes yes no"),
    ("restriction=no_left_turn;no_u_turn", "yes yes no yes no"),
    ("restriction=no_left_turn;no_entry", "yes yes yes yes no"),
    ("restriction=no_left_turn except=motorcar", "no no no yes no"),
    ("restriction=no_left_turn except=motorcycle", "yes yes no no no"),
    ("restriction=only_straight_on except=psv;bicycle", "yes yes no yes no"),
    ("restriction=only_straight_on except=emergency", "yes yes no yes no"),
    ("restriction=only_straight_on except=bus", "yes yes no yes no"),
    ("restriction=no_left_turn except=bicycle", "yes yes no yes no"),
    ("restriction:motorcycle=no_right_turn", "no no no yes no"),
    ("restriction:motorcar=only_left_turn", "yes yes yes no no"),
    ("restriction:motor_vehicle=only_left_turn", "yes yes yes yes no"),
    ("restriction:hgv=no_left_turn", "no no no no no"),
    ("restriction:foot=no_left_turn", "no no no no yes"),
    ("restriction:emergency=no_entry", "no no yes no no"),
    ("restriction:conditional=no_left_turn@(06:00-09:00)", "no no no no no"),
    ("restriction=give_way", "no no no no no"),
    ("type=restriction", "no no no no no"),
]


@pytest.mark.parametrize(("text", "expected"), TURNS)
def test_restrictions(text: str, expected: str) -> None:
    assert " ".join("yes" if profile(name).obeys(tagged(text)) else "no" for name in "capmf") == expected


def test_a_timed_restriction_binds_while_it_holds() -> None:
    tags = {"type": "restriction", "restriction:conditional": "no_left_turn @ (06:00-09:00)"}
    assert profile("c").obeys(with_conditions(tags, timed_clauses(tags).timed))


# -- turns --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MOTOR_PROFILES)
def test_turn_delays(name: str) -> None:
    one = load_profiles()[name]
    angles = np.arange(-180, 181, dtype=np.int16)
    for side, oncoming in (("left", 90), ("right", -90)):
        seconds = one.turn_seconds(angles, "left" if side == "left" else "right")
        assert seconds.dtype == np.float64
        assert seconds.shape == angles.shape
        at = dict(zip(angles.tolist(), seconds.tolist(), strict=True))
        assert at[0] == 0
        assert at[oncoming] > at[-oncoming] > 0
        assert at[90] + at[-90] == pytest.approx((one.near_turn_seconds + one.far_turn_seconds) / 2)
        assert np.abs(np.diff(seconds)).max() < 0.1  # no jump from one degree to the next
        assert (np.diff(seconds[180:]) >= 0).all()


def test_people_on_foot_turn_for_nothing() -> None:
    assert (profile("f").turn_seconds(np.array([-90, 0, 90, 180], dtype=np.int16), "left") == 0).all()


# -- the table ----------------------------------------------------------------------------------------------------------


def test_the_profiles_of_the_table() -> None:
    profiles = load_profiles()
    assert tuple(profiles) == PROFILES == (*MOTOR_PROFILES, "foot")
    assert [one.name for one in profiles.values() if one.right_of_way] == ["ambulance_priority"]
    assert [one.name for one in profiles.values() if not one.motor] == ["foot"]
    assert profiles["ambulance"].width_m == profiles["ambulance_priority"].width_m > profiles["car"].width_m


def test_every_value_in_the_table_is_used() -> None:
    tables = read_tables(read_sections())
    assert set(tables.speeds["car"]) <= ROAD_CLASSES | {"ferry"}
    for speeds in (*tables.speeds.values(), *tables.speeds_where_allowed.values()):
        assert set(speeds) <= ROAD_CLASSES | {"ferry"}
    assert not any(set(tables.speeds[name]) & set(tables.speeds_where_allowed.get(name, {})) for name in tables.speeds)


BROKEN = [
    ("motor = true", 'motor = "yes"', "profiles.car.motor must be true or false"),
    ("width_m = 1.7", "width_m = -1.7", "profiles.car.width_m must be a number"),
    ("width_m = 1.7", "", "profiles.car.width_m must be a number, 0 or more, and is missing"),
    ("width_m = 1.7", "width_m = 1.7\nwitdh = 2", "profiles.car.witdh is not a known key"),
    ("[profiles.car]", "[profiles.bus]", "profiles.bus is not a known profile"),
    ('speeds = "car"', 'speeds = "boat"', "profiles.car.speeds must be one of"),
    ("urban = 50", 'urban = "fast"', "zone_limits.urban must be a number"),
    ('gate = { motor = "open"', 'gate = { motor = "ajar"', "barriers.gate.motor must be one of open, restricted, closed"),
    ('open = ["yes"', 'open = ["yes", "no"', "access.closed holds 'no', which access.open holds already"),
    ("[point_seconds]\ntraffic_signals = 18", "[point_seconds]", "point_seconds.traffic_signals must be a number"),
    ('narrow_classes = ["unclassified"', 'narrow_classes = [1, "unclassified"', "narrow_classes must be a list of words"),
    ("[factors]\nnarrow = 0.7", "factors = 0.7", "factors must be a table"),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN)
def test_a_wrong_table_is_refused_by_file_and_key(
    old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (datafiles.data_folder() / "profiles.toml").read_text(encoding="utf-8")
    assert old in content
    (tmp_path / "profiles.toml").write_text(content.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(datafiles, "data_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"profiles\.toml") as caught:
        load_profiles.__wrapped__()
    assert message in str(caught.value)
