"""What movement suggests: worlds are lines of metres east of a place, one fix every ten seconds (`·`: none)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.positions.fixes import Fix
from dispatch.positions.line import Line
from dispatch.positions.movement import (
    ArrivalSuggested,
    DepartureSuggested,
    Expected,
    Movement,
    Place,
    Sight,
    Signal,
    eta_due,
    follow,
    settle,
)
from dispatch.positions.settings import default_position_settings
from routing.earth import METRES_PER_DEGREE, distance_m

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SETTINGS = default_position_settings()
EVERY = 10


def degrees(metres: float) -> float:
    """On the equator."""
    return metres / METRES_PER_DEGREE


PICKUP = Place("pickup", "R1", 106.8, 0.0)
HOSPITAL = Place("facility", "F1", 106.8 + degrees(5000), 0.0)
BASE = Place("base", "V01", 106.8, 0.0)
TO_PICKUP = Expected(target=PICKUP)
AT_PICKUP = Expected(at=PICKUP)


def fix(
    seconds: float, metres: float, north_m: float = 0.0, accuracy_m: float | None = 10.0, speed_kph: float | None = None
) -> Fix:
    taken = START + timedelta(seconds=seconds)
    return Fix(
        "V01",
        106.8 + degrees(metres),
        degrees(north_m),
        taken,
        taken + timedelta(seconds=2),
        "traccar",
        accuracy_m=accuracy_m,
        speed_kph=speed_kph,
    )


def told(signals: Iterable[Signal], begin: datetime = START) -> list[str]:
    return [f"{type(one).__name__} {(one.since - begin).total_seconds():.0f}" for one in signals]


def drive(text: str, expected: Expected, state: Movement | None = None, accuracy_m: float = 10.0) -> list[str]:
    """Each signal with the second of the fix it came with, and since when it says so."""
    state, found = state or Movement(), []
    for number, word in enumerate(text.split()):
        if word != "·":
            state, signals = follow(state, fix(number * EVERY, float(word), accuracy_m=accuracy_m), expected, SETTINGS)
            found += [f"{number * EVERY}: {line}" for line in told(signals)]
    return found


@pytest.mark.parametrize(
    ("metres", "expected", "said"),
    [
        ("400 300 200 100 40 20 10 10 10 10", TO_PICKUP, ["90: ArrivalSuggested 40"]),
        # Straight past the gate.
        ("300 200 100 0 -100 -200 -300 -400 -500 -600", TO_PICKUP, []),
        # Slowly past it.
        ("200 100 55 30 0 -30 -55 -100 -160 -250 -350", TO_PICKUP, []),
        # Between the two radii nothing changes.
        ("400 100 100 100 100 100 100 100 100", TO_PICKUP, []),
        ("0 100 120 140 100 120 140 100", AT_PICKUP, []),
        # Around the inner radius: once.
        ("50 70 50 70 50 70 50 70 50 70 50 70 50", TO_PICKUP, ["60: ArrivalSuggested 0"]),
        ("0 10 100 200 400 600 800", AT_PICKUP, ["60: DepartureSuggested 30"]),
        # One wild fix is no departure.
        ("0 10 900 10 0 800 0 0 0", AT_PICKUP, []),
        # Away and back.
        (
            "0 200 300 400 500 400 200 50 20 20 20 20 20",
            AT_PICKUP,
            ["40: DepartureSuggested 10", "120: ArrivalSuggested 70"],
        ),
        # Five minutes between fixes, as Traccar Client sends them by default.
        ("400" + " ·" * 29 + " 20" + " ·" * 29 + " 20", TO_PICKUP, ["600: ArrivalSuggested 300"]),
        # After a long silence a beginning begins anew.
        ("20" + " ·" * 100 + " 20 20 20 20 20 20", TO_PICKUP, ["1060: ArrivalSuggested 1010"]),
        ("500 500", Expected(), []),
    ],
)
def test_coming_and_going(metres: str, expected: Expected, said: list[str]) -> None:
    assert drive(metres, expected) == said


def test_a_large_place_is_reached_at_its_gate() -> None:
    wide = replace(TO_PICKUP, target=msgspec.structs.replace(PICKUP, inside_m=250.0))
    metres = "600 400 240 240 240 240 240 240"
    assert drive(metres, wide) == ["70: ArrivalSuggested 20"]
    assert drive(metres, TO_PICKUP) == []


def test_a_confirmed_arrival_is_not_suggested_again_and_an_early_one_is_believed() -> None:
    state, signals = follow(Movement(), fix(0, 100), TO_PICKUP, SETTINGS)
    state, signals = follow(state, fix(10, 50), TO_PICKUP, SETTINGS)
    assert signals == ()
    for second in range(20, 200, 10):  # the crew said so before the dwell time was over
        state, signals = follow(state, fix(second, 20), AT_PICKUP, SETTINGS)
        assert signals == ()
    leaving = Expected(at=PICKUP, target=HOSPITAL)
    found: list[str] = []
    for second in range(200, 400, 10):
        state, signals = follow(state, fix(second, (second - 190) * 15), leaving, SETTINGS)
        found += told(signals)
    assert found == ["DepartureSuggested 210"]
    for second in range(400, 600, 10):
        state, signals = follow(state, fix(second, min(5000, 3000 + (second - 390) * 15)), leaving, SETTINGS)
        found += told(signals)
    assert found == ["DepartureSuggested 210", "ArrivalSuggested 520"]


def test_a_phone_that_falls_silent_when_it_stands_has_still_arrived() -> None:
    state, _ = follow(Movement(), fix(0, 400, speed_kph=30), TO_PICKUP, SETTINGS)
    state, _ = follow(state, fix(20, 20, speed_kph=0.5), TO_PICKUP, SETTINGS)
    early = settle(state, START + timedelta(seconds=60), TO_PICKUP, SETTINGS)
    assert early == (state, ())
    after, signals = settle(state, START + timedelta(seconds=65), TO_PICKUP, SETTINGS)
    assert signals == (ArrivalSuggested(PICKUP, START + timedelta(seconds=20)),)
    assert settle(after, START + timedelta(seconds=70), TO_PICKUP, SETTINGS) == (after, ())
    assert follow(after, fix(80, 20), TO_PICKUP, SETTINGS)[1] == ()


@pytest.mark.parametrize("speed", [None, 30.0])
def test_a_phone_that_falls_silent_while_it_moves_has_not(speed: float | None) -> None:
    state, _ = follow(Movement(), fix(20, 20, speed_kph=speed), TO_PICKUP, SETTINGS)
    assert settle(state, START + timedelta(seconds=300), TO_PICKUP, SETTINGS) == (state, ())


def test_what_was_seen_too_long_ago_settles_nothing() -> None:
    state, _ = follow(Movement(), fix(0, 20, speed_kph=0), TO_PICKUP, SETTINGS)
    assert settle(state, START + timedelta(seconds=SETTINGS.gap_seconds + 1), TO_PICKUP, SETTINGS)[1] == ()
    assert settle(state, START + timedelta(seconds=SETTINGS.gap_seconds), TO_PICKUP, SETTINGS)[1] != ()
    assert settle(Movement(), START, TO_PICKUP, SETTINGS) == (Movement(), ())
    assert settle(state, START + timedelta(seconds=100), Expected(), SETTINGS)[1] == ()


def test_an_old_or_a_vague_fix_changes_nothing() -> None:
    state, _ = follow(Movement(), fix(100, 0), TO_PICKUP, SETTINGS)
    for other in (fix(90, 900), fix(100, 900), fix(110, 900, accuracy_m=SETTINGS.follow_accuracy_m + 1)):
        assert follow(state, other, TO_PICKUP, SETTINGS) == (state, ())


ROUTE = Line([(106.8 + degrees(-1000), 0.0), (106.8 + degrees(1000), 0.0), (106.8 + degrees(5000), 0.0)])
ON_ROUTE = Expected(target=HOSPITAL, line=ROUTE)
NOT_LEFT = Expected(target=HOSPITAL, line=ROUTE, under_way=False)


def stray(norths: str, expected: Expected = ON_ROUTE, accuracy_m: float = 10.0) -> list[str]:
    """Metres north of a route that leads east, at 10 m/s."""
    state, found = Movement(), []
    for number, north in enumerate(norths.split()):
        one = fix(number * EVERY, number * 100.0, float(north), accuracy_m)
        state, signals = follow(state, one, expected, SETTINGS)
        found += [f"{number * EVERY}: {line}" for line in told(signals)]
    return found


@pytest.mark.parametrize(
    ("norths", "said"),
    [
        ("0 10 -20 30 0", []),
        ("0 0 150 200 300 400 400", ["50: OffRoute 20"]),
        ("0 150 0 150 0 150 0", []),
        ("0 150 90 150 90 150 90", ["50: OffRoute 10"]),  # along a parallel street
        ("0 150 200 300 400 300 150 0 0 0", ["40: OffRoute 10", "80: BackOnRoute 70"]),
        ("0 150 200 300 400 0 -300 -300 -300 -300", ["40: OffRoute 10"]),  # crosses the route
    ],
)
def test_off_the_route(norths: str, said: list[str]) -> None:
    assert stray(norths) == said


def test_an_inaccurate_fix_is_off_only_beyond_its_doubt() -> None:
    assert stray("0 150 150 150 150 150", accuracy_m=10) != []
    assert stray("0 150 150 150 150 150", accuracy_m=60) == []
    back = "0 200 200 200 200 90 90 90"
    assert stray(back, accuracy_m=10) == ["40: OffRoute 10"]
    assert stray(back, accuracy_m=50) == ["40: OffRoute 10", "60: BackOnRoute 50"]


def test_near_the_target_the_route_has_ended() -> None:
    end = Expected(target=msgspec.structs.replace(HOSPITAL, longitude=106.8 + degrees(400)), line=ROUTE)
    assert [line for line in stray("0 0 150 150 150 150 150", end) if "Route" in line] == []


def test_a_new_route_from_where_it_is_ends_the_alert() -> None:
    state = Movement()
    for second in range(0, 60, 10):
        state, _ = follow(state, fix(second, second * 10, 400), ON_ROUTE, SETTINGS)
    assert state.off_route.on
    new = Expected(target=HOSPITAL, line=Line([(106.8, degrees(400)), (HOSPITAL.longitude, degrees(400))]))
    found: list[str] = []
    for second in range(60, 100, 10):
        state, signals = follow(state, fix(second, second * 10, 400), new, SETTINGS)
        found += told(signals)
    assert found == ["BackOnRoute 60"]


def test_a_line_measures_like_the_earth_and_needs_a_point() -> None:
    line = Line([(106.8, -6.5), (106.8, -6.4)])
    assert line.distance_m(106.81, -6.45) == pytest.approx(distance_m(106.81, -6.45, 106.8, -6.45), rel=1e-3)
    far = Line([(106.8, -6.5), (107.6, -6.9)])
    assert far.distance_m(107.6, -6.91) < distance_m(107.6, -6.91, 107.6, -6.9)
    assert Line([(106.8, -6.5)]).distance_m(106.8, -6.49) == pytest.approx(distance_m(106.8, -6.49, 106.8, -6.5), rel=1e-3)
    with pytest.raises(ValueError, match="without points"):
        Line([])


def test_standing_still_on_the_way() -> None:
    state, found = Movement(), []
    for second in range(0, 900, 10):
        metres = min(second, 100) * 10 + max(0, second - 600) * 10
        state, signals = follow(state, fix(second, metres + 8000), Expected(target=HOSPITAL), SETTINGS)
        found += [f"{second}: {line}" for line in told(signals)]
    assert found == ["400: StandingStill 100", "620: MovingAgain 620"]


def test_who_is_not_expected_to_move_or_is_there_does_not_stand_still() -> None:
    for expected in (Expected(), AT_PICKUP, TO_PICKUP, NOT_LEFT):
        assert [line for line in drive("30 " * 120, expected) if "Still" in line] == []


def test_standing_still_ends_without_a_word_when_the_leg_ends() -> None:
    state = Movement()
    for second in range(0, 400, 10):
        state, _ = follow(state, fix(second, 2000), TO_PICKUP, SETTINGS)
    assert state.still
    state, signals = follow(state, fix(400, 2000), Expected(), SETTINGS)
    assert (state.still, state.anchor, signals) == (False, None, ())


def test_when_an_eta_is_worth_working_out() -> None:
    basis = Sight(106.8, 0.0, START)
    assert eta_due(None, fix(0, 0), SETTINGS)
    assert not eta_due(basis, fix(4, 1000), SETTINGS)
    assert eta_due(basis, fix(5, 201), SETTINGS)
    assert not eta_due(basis, fix(59, 199), SETTINGS)
    assert eta_due(basis, fix(60, 0), SETTINGS)


def noisy(seed: int, count: int, metres: float, noise_m: float) -> list[Fix]:
    rng = random.Random(seed)
    return [fix(n * EVERY, metres + rng.gauss(0, noise_m), rng.gauss(0, noise_m), noise_m) for n in range(count)]


@given(st.integers(0, 10_000), st.sampled_from([PICKUP, BASE, HOSPITAL]))
def test_a_parked_vehicle_with_20_m_of_noise_never_departs(seed: int, place: Place) -> None:
    """For an hour, parked up to 50 m from the point, one fix every ten seconds."""
    state, here = Movement(), msgspec.structs.replace(place, longitude=PICKUP.longitude)
    for one in noisy(seed, 360, seed % 50, 20.0):
        state, signals = follow(state, one, Expected(at=here), SETTINGS)
        assert signals == ()


@given(st.integers(0, 10_000), st.floats(20, 200))
def test_noise_around_a_radius_does_not_flap(seed: int, metres: float) -> None:
    """Wherever it stands, near or between the radii: at most it arrives, and leaves once, in an hour."""
    state, found = Movement(), []
    for one in noisy(seed, 360, metres, 15.0):
        state, signals = follow(state, one, TO_PICKUP, SETTINGS)
        found += [type(one) for one in signals if isinstance(one, ArrivalSuggested | DepartureSuggested)]
    assert len(found) <= 2
    assert found[:1] in ([], [ArrivalSuggested])


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(-3000, 3000), st.sampled_from([None, 0.0, 40.0])), min_size=1, max_size=60
    ),
    st.sampled_from([TO_PICKUP, AT_PICKUP, ON_ROUTE, NOT_LEFT, Expected(at=PICKUP, target=HOSPITAL), Expected()]),
)
def test_signals_alternate_and_a_state_survives_the_store(
    walk: list[tuple[int, float, float | None]], expected: Expected
) -> None:
    state, second, said = Movement(), 0, []
    for seconds, metres, speed in walk:
        second += seconds
        state, signals = follow(state, fix(second, metres, speed_kph=speed), expected, SETTINGS)
        state, more = settle(state, START + timedelta(seconds=second + 30), expected, SETTINGS)
        state = msgspec.json.decode(msgspec.json.encode(state), type=Movement)
        said += [*signals, *more]
        assert all(one.since <= START + timedelta(seconds=second) for one in signals)
    for first, second_ in (
        ("ArrivalSuggested", "DepartureSuggested"),
        ("OffRoute", "BackOnRoute"),
        ("StandingStill", "MovingAgain"),
    ):
        series: dict[str, list[str]] = {}
        for one in said:
            if (name := type(one).__name__) in (first, second_):
                place = one.place.id if isinstance(one, ArrivalSuggested | DepartureSuggested) else ""
                series.setdefault(place, []).append(name)
        for names in series.values():
            assert all(name != other for name, other in pairwise(names))
            assert first in ("ArrivalSuggested", names[0])
