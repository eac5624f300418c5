"""What single tags say, over spellings that stand in real data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import tags as osm_tags
from routing.tags import (
    COST_KEYS,
    Clause,
    duration_seconds,
    is_way,
    length_m,
    one_way,
    point_tags,
    road_class,
    speed_kph,
    timed_clauses,
    values,
    way_tags,
    weight_t,
    with_conditions,
)

ZONES = {"urban": 50.0, "rural": 80.0, "walk": 7.0, "de:rural": 100.0, "living_street": 20.0}


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("50", 50),
        ("50 km/h", 50),
        ("50km/h", 50),
        ("50 kmh", 50),
        ("50 kph", 50),
        (" 50 ", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("5 knots", 9.26),
        ("40;50", 40),
        ("50; 40", 40),
        ("120|120|80", 80),
        ("none", math.inf),
        ("80;none", 80),
        ("walk", 7),
        ("ID:urban", 50),
        ("id:rural", 80),
        ("DE:rural", 100),
        ("FR:rural", 80),
        ("DE:zone:30", 30),
        ("DE:zone30", 30),
        ("FR:30", 30),
        ("urban", 50),
        ("signals", None),
        ("variable", None),
        ("ID:moon", None),
        ("0", None),
        ("-1", None),
        ("fast", None),
        ("", None),
        ("50 parsecs", None),
    ],
)
def test_speed(text: str, kph: float | None) -> None:
    assert speed_kph(text, ZONES) == (pytest.approx(kph) if kph is not None else None)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("2.5", 2.5),
        ("2,5 m", 2.5),
        ("2.5m", 2.5),
        ("3 m", 3.0),
        ("2 meter", 2.0),
        ("2.20", 2.2),
        ("250 cm", 2.5),
        ("6'6\"", 1.9812),
        ("6' 6\"", 1.9812),
        ("7'", 2.1336),
        ("7 ft", 2.1336),
        ('80"', 2.032),
        ("6'6''", 1.9812),
        ("3-4", 3.0),
        ("~3", 3.0),
        (">2.5", 2.5),
        ("3;2.5", 2.5),
        ("default", None),
        ("below_default", None),
        ("none", None),
        ("-1", None),
        ("0", None),
        ("'", None),
        ("", None),
        ("wide", None),
    ],
)
def test_length(text: str, metres: float | None) -> None:
    assert length_m(text) == (pytest.approx(metres) if metres is not None else None)


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("3.5", 3.5),
        ("3.5 t", 3.5),
        ("3,5t", 3.5),
        ("7500 kg", 7.5),
        ("10 st", 9.0718474),
        ("6600 lbs", 2.99370964),
        ("20;10", 10.0),
        ("default", None),
        ("none", None),
        ("0", None),
    ],
)
def test_weight(text: str, tonnes: float | None) -> None:
    assert weight_t(text) == (pytest.approx(tonnes, rel=1e-6) if tonnes is not None else None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:20", 1200),
        ("1:30", 5400),
        ("01:05:30", 3930),
        ("PT20M", 1200),
        ("PT1H30M", 5400),
        ("P1DT2H", 93600),
        ("PT90S", 90),
        ("20", 1200),
        ("20 min", 1200),
        ("20 minutes", 1200),
        ("1 h 30 min", 5400),
        ("2h", 7200),
        ("00:00", None),
        ("0", None),
        ("PT", None),
        ("", None),
        ("soon", None),
    ],
)
def test_duration(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == seconds


@given(st.text())
def test_parsers_never_raise_and_never_give_nonsense(text: str) -> None:
    for found in (speed_kph(text, ZONES), length_m(text), weight_t(text), duration_seconds(text)):
        assert found is None or found > 0


def test_list_values() -> None:
    assert values("Asphalt; gravel |") == ["asphalt", "gravel"]


CAR = ("vehicle", "motor_vehicle", "motorcar")


@pytest.mark.parametrize(
    ("tags", "modes", "meaning"),
    [
        ({}, CAR, "no"),
        ({"oneway": "yes"}, CAR, "forward"),
        ({"oneway": "true"}, CAR, "forward"),
        ({"oneway": "1"}, CAR, "forward"),
        ({"oneway": "-1"}, CAR, "backward"),
        ({"oneway": "reverse"}, CAR, "backward"),
        ({"oneway": "no"}, CAR, "no"),
        ({"oneway": "alternating"}, CAR, "no"),
        ({"oneway": "reversible"}, CAR, "closed"),
        ({"oneway": "cheese"}, CAR, "no"),
        ({"junction": "roundabout"}, CAR, "forward"),
        ({"junction": "circular"}, CAR, "forward"),
        ({"junction": "roundabout", "oneway": "no"}, CAR, "no"),
        ({"junction": "roundabout", "oneway": "cheese"}, CAR, "forward"),
        ({"highway": "motorway"}, CAR, "forward"),
        ({"highway": "motorway", "oneway": "no"}, CAR, "no"),
        ({"highway": "motorway_link"}, CAR, "no"),
        ({"oneway": "yes", "oneway:motorcycle": "no"}, CAR, "forward"),
        ({"oneway": "yes", "oneway:motorcycle": "no"}, ("vehicle", "motor_vehicle", "motorcycle"), "no"),
        ({"oneway": "yes", "oneway:emergency": "no"}, (*CAR, "emergency"), "no"),
        ({"oneway": "no", "oneway:motor_vehicle": "yes"}, CAR, "forward"),
        ({"oneway": "no", "oneway:vehicle": "-1", "oneway:motorcar": "yes"}, CAR, "forward"),
    ],
)
def test_one_way(tags: dict[str, str], modes: tuple[str, ...], meaning: str) -> None:
    assert one_way(tags, modes) == meaning


@pytest.mark.parametrize(
    ("tags", "clauses"),
    [
        ({"access:conditional": "no @ (22:00-05:00)"}, [("access", "no", "22:00-05:00")]),
        ({"access:conditional": "no @ 22:00-05:00"}, [("access", "no", "22:00-05:00")]),
        ({"access:conditional": "No@(22:00-05:00)"}, [("access", "no", "22:00-05:00")]),
        (
            {"motor_vehicle:conditional": "no @ (Mo-Fr 06:00-09:00,16:00-19:00); destination @ (Sa,Su)"},
            [("motor_vehicle", "no", "Mo-Fr 06:00-09:00,16:00-19:00"), ("motor_vehicle", "destination", "Sa,Su")],
        ),
        # Parentheses may hold semicolons.
        (
            {"access:conditional": "no @ (Mo-Fr 06:00-09:00; PH off)"},
            [("access", "no", "Mo-Fr 06:00-09:00; PH off")],
        ),
        ({"maxspeed:forward:conditional": "30 @ (07:00-15:00)"}, [("maxspeed:forward", "30", "07:00-15:00")]),
        ({"restriction:conditional": "no_left_turn @ (06:30-08:30)"}, [("restriction", "no_left_turn", "06:30-08:30")]),
        ({"oneway:conditional": "-1 @ (16:00-19:00)"}, [("oneway", "-1", "16:00-19:00")]),
        ({"access:conditional": "no @ (Dec 1-Mar 31)"}, [("access", "no", "Dec 1-Mar 31")]),
        ({"access:conditional": "no @ (sunset-sunrise);"}, [("access", "no", "sunset-sunrise")]),
        # A gate's opening hours: shut at all other times.
        ({"barrier": "gate", "opening_hours": "05:00-22:00"}, [("locked", "yes", "05:00-22:00", True)]),
        (
            {"barrier": "gate", "opening_hours": "Mo-Fr 05:00-22:00; PH off"},
            [("locked", "yes", "Mo-Fr 05:00-22:00; PH off", True)],
        ),
        (
            {"barrier": "gate", "opening_hours": 'Mo-Su 06:00-22:00 "tamu"'},
            [("locked", "yes", 'Mo-Su 06:00-22:00 "tamu"', True)],
        ),
        ({"barrier": "gate", "opening_hours": "closed"}, [("locked", "yes", "closed", True)]),
        ({"barrier": "gate", "opening_hours": "24/7"}, []),
        ({"amenity": "clinic", "opening_hours": "05:00-22:00"}, []),
        ({"highway": "residential"}, []),
    ],
)
def test_clauses_of_time(tags: dict[str, str], clauses: list[tuple[str, str, str]]) -> None:
    conditions = timed_clauses(tags)
    assert conditions.timed == tuple(Clause(*clause) for clause in clauses)
    assert conditions.not_understood == ()


@pytest.mark.parametrize(
    ("tags", "timed", "rest"),
    [
        ({"access:conditional": "no @ (weight>3.5)"}, 0, ["access:conditional=no @ (weight>3.5)"]),
        (
            {"access:conditional": "no @ (22:00-05:00 AND weight>3.5)"},
            0,
            ["access:conditional=no @ (22:00-05:00 AND weight>3.5)"],
        ),
        ({"maxspeed:conditional": "80 @ wet; 60 @ (22:00-06:00)"}, 1, ["maxspeed:conditional=80 @ (wet)"]),
        ({"access:conditional": "no"}, 0, ["access:conditional=no"]),
        ({"access:conditional": "no @ (22:00-05:00"}, 0, ["access:conditional=no @ (22:00-05:00"]),
        ({"access:conditional": "yes @ (05:00-22:00); rubbish"}, 1, ["access:conditional=rubbish"]),
        ({"access:conditional": "no @ ()"}, 0, ["access:conditional=no @ ()"]),
        ({"barrier": "gate", "opening_hours": "22:00-05:00 closed"}, 0, ["opening_hours=22:00-05:00 closed"]),
        ({"barrier": "gate", "opening_hours": "05.00 - 22.00 WIB"}, 0, ["opening_hours=05.00 - 22.00 WIB"]),
        ({"access:conditional": ""}, 0, []),
    ],
)
def test_what_is_no_matter_of_time_is_kept_apart(tags: dict[str, str], timed: int, rest: list[str]) -> None:
    conditions = timed_clauses(tags)
    assert len(conditions.timed) == timed
    assert list(conditions.not_understood) == rest


@given(st.text(alphabet="no yes@();:-0123456789MoFr>", max_size=40))
def test_conditional_values_of_any_kind_are_read_without_an_error(text: str) -> None:
    timed_clauses({"access:conditional": text})


def test_active_clauses_override_and_the_later_one_wins() -> None:
    tags = {"highway": "residential", "access": "yes"}
    first, second = Clause("access", "no", "24/7"), Clause("access", "destination", "24/7")
    assert with_conditions(tags, [first])["access"] == "no"
    assert with_conditions(tags, [first, second])["access"] == "destination"
    assert with_conditions(tags, []) == tags
    assert tags == {"highway": "residential", "access": "yes"}


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "residential"}, "residential"),
        ({"highway": "unclassified;tertiary"}, "unclassified"),
        ({"highway": "bus_stop;service"}, "service"),
        ({"route": "ferry"}, "ferry"),
        ({"route": "bus"}, None),
        ({"highway": "proposed"}, None),
        ({"highway": "construction"}, None),
        ({"highway": "bus_guideway"}, None),
        ({"highway": "raceway"}, None),
        ({"highway": "rest_area"}, None),
        ({}, None),
    ],
)
def test_road_class(tags: dict[str, str], kind: str | None) -> None:
    assert road_class(tags) == kind


def test_areas_are_ways_for_people_on_foot_only() -> None:
    assert is_way({"highway": "pedestrian", "area": "yes"})
    assert not is_way({"highway": "service", "area": "yes"})
    assert is_way({"highway": "service", "area": "no"})


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"highway": "residential", "name": "Jalan Mawar", "lit": "yes", "source": "Bing"}, {"highway": "residential"}),
        ({"highway": "residential", "oneway": "no"}, {"highway": "residential"}),
        (
            {"highway": "primary", "oneway": "no", "junction": "roundabout"},
            {"highway": "primary", "oneway": "no", "junction": "roundabout"},
        ),
        ({"highway": "motorway", "oneway": "no"}, {"highway": "motorway", "oneway": "no"}),
        ({"highway": "residential", "service": "alley", "area": "no", "toll": "no"}, {"highway": "residential"}),
        ({"highway": "service", "service": "alley"}, {"highway": "service", "service": "alley"}),
        ({"highway": "residential", "name": "Gang Melati"}, {"highway": "residential", "gang": "yes"}),
        ({"highway": "living_street", "name": "Gg. Melati II"}, {"highway": "living_street", "gang": "yes"}),
        ({"highway": "path", "name": "gg melati"}, {"highway": "path", "gang": "yes"}),
        ({"highway": "residential", "name": "Jalan Ganggang"}, {"highway": "residential"}),
        ({"highway": "residential", "name": "Gangga Raya"}, {"highway": "residential"}),
        ({"highway": "tertiary", "name": "Gang Besar"}, {"highway": "tertiary"}),
        ({"highway": "residential", "gang": "yes"}, {"highway": "residential"}),
        ({"highway": "unclassified;tertiary"}, {"highway": "unclassified"}),
        ({"highway": "primary", "route": "bus"}, {"highway": "primary"}),
        ({"route": "ferry", "motor_vehicle": "yes", "ferry:kph": "9"}, {"route": "ferry", "motor_vehicle": "yes"}),
        ({"highway": "trunk", "source:maxspeed": "survey"}, {"highway": "trunk"}),
        (
            {"highway": "trunk", "source:maxspeed": "ID:urban"},
            {"highway": "trunk", "source:maxspeed": "ID:urban"},
        ),
        ({"highway": "trunk", "source:maxspeed": "ID:urban", "maxspeed": "40"}, {"highway": "trunk", "maxspeed": "40"}),
        (
            {"highway": "service", "motor_vehicle:backward:conditional": "no @ (06:00-09:00)"},
            {"highway": "service", "motor_vehicle:backward:conditional": "no @ (06:00-09:00)"},
        ),
    ],
)
def test_way_tags_that_matter(tags: dict[str, str], kept: dict[str, str]) -> None:
    assert way_tags(tags) == kept
    assert set(kept) <= COST_KEYS


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"highway": "crossing"}, {}),
        ({"highway": "bus_stop", "name": "Halte"}, {}),
        ({"highway": "crossing", "crossing": "traffic_signals"}, {"crossing": "traffic_signals"}),
        ({"highway": "crossing", "crossing:signals": "yes"}, {"crossing": "traffic_signals"}),
        ({"highway": "traffic_signals", "created_by": "JOSM"}, {"highway": "traffic_signals"}),
        (
            {"highway": "traffic_signals", "traffic_signals:direction": "backward"},
            {"highway": "traffic_signals", "direction": "backward"},
        ),
        ({"highway": "traffic_signals", "traffic_signals:direction": "both"}, {"highway": "traffic_signals"}),
        ({"highway": "stop", "direction": "forward"}, {"highway": "stop", "direction": "forward"}),
        ({"highway": "give_way", "direction": "120"}, {"highway": "give_way"}),
        ({"highway": "bus_stop", "direction": "forward"}, {}),
        ({"barrier": "gate", "direction": "forward"}, {"barrier": "gate"}),
        ({"barrier": "gate", "access": "private", "name": "Portal"}, {"barrier": "gate", "access": "private"}),
        ({"barrier": "gate", "highway": "bus_stop"}, {"barrier": "gate"}),
        ({"barrier": "kerb", "highway": "crossing"}, {"barrier": "kerb", "highway": "crossing"}),
        ({"railway": "level_crossing", "barrier": "lift_gate"}, {"railway": "level_crossing", "barrier": "lift_gate"}),
        ({"railway": "crossing"}, {}),
        ({"traffic_calming": "bump"}, {"traffic_calming": "bump"}),
        ({"traffic_calming": "choker", "maxwidth": "2"}, {"traffic_calming": "choker", "maxwidth": "2"}),
        ({"traffic_calming": "island"}, {}),
        ({"amenity": "clinic", "opening_hours": "24/7", "access": "yes"}, {}),
    ],
)
def test_point_tags_that_matter(tags: dict[str, str], kept: dict[str, str]) -> None:
    assert point_tags(tags) == kept
    assert set(kept) <= COST_KEYS


@given(st.dictionaries(st.sampled_from(sorted(COST_KEYS)), st.sampled_from(["yes", "no", "residential", "gate", "-1", "3"])))
def test_reducing_twice_changes_nothing_more(tags: dict[str, str]) -> None:
    assert way_tags(way_tags(tags)) == way_tags(tags)
    assert point_tags(point_tags(tags)) == point_tags(tags)


def test_every_road_class_is_a_way() -> None:
    assert all(is_way({"highway": kind}) for kind in osm_tags.ROAD_CLASSES)
