"""Fixes are judged by when they were taken: nothing moves a vehicle backwards, and no false place holds it for ever.

Worlds are lines of text: `seconds:metres` east of the first place, in the order in which they come.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.positions.area import Box
from dispatch.positions.fixes import MARKS, Fix, Judged, Track, judge, judge_all
from dispatch.positions.settings import default_position_settings
from routing import InputError
from routing.earth import METRES_PER_DEGREE

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LONGITUDE, LATITUDE = 106.8, 0.0  # on the equator a degree of longitude is as long as one of latitude
SETTINGS = default_position_settings()
REGION = Box(106.0, -1.0, 108.0, 1.0)


def fix(
    seconds: float,
    metres: float = 0.0,
    *,
    delay: float = 2.0,
    device: str = "phone",
    accuracy_m: float | None = 10.0,
    vehicle: str = "V01",
) -> Fix:
    taken = START + timedelta(seconds=seconds)
    longitude = LONGITUDE + metres / METRES_PER_DEGREE
    return Fix(vehicle, longitude, LATITUDE, taken, taken + timedelta(seconds=delay), "traccar", device, accuracy_m=accuracy_m)


def line(text: str) -> list[Fix]:
    return [fix(float(word.split(":")[0]), float(word.split(":")[1])) for word in text.split()]


def judged(fixes: list[Fix], track: Track | None = None) -> tuple[list[Judged], Track]:
    track = track or Track()
    found = []
    for one in fixes:
        result, track = judge(one, track, REGION, SETTINGS)
        found.append(result)
    return found, track


def verdicts(text: str) -> str:
    return " ".join("+".join(one.marks) or "ok" for one in judged(line(text))[0])


@pytest.mark.parametrize(
    ("drive", "said"),
    [
        ("0:0 10:100 20:200", "ok ok ok"),
        ("0:0 20:200 10:100", "ok ok out_of_order"),
        ("0:0 10:100 10:100", "ok ok duplicate"),
        ("0:0 10:9000 20:100", "ok impossible_jump ok"),
        # A new place that is told three times over 20 s is believed, and then the old one is the impossible one.
        (
            "0:0 10:9000 20:9050 30:9100 40:9150 50:100",
            "ok impossible_jump impossible_jump ok ok impossible_jump",
        ),
        # Three within two seconds are one reflection.
        ("0:0 10:9000 11:9000 12:9000 13:20", "ok impossible_jump impossible_jump impossible_jump ok"),
        # Two telephones of one vehicle at two places: the one that was believed stays so.
        ("0:0 10:9000 15:0 20:9000 25:0 30:9000 35:0 40:9000", " ".join(["ok", "impossible_jump"] * 4)),
        # Three far places that don't agree either.
        ("0:0 10:9000 20:-9000 30:18000 40:-18000 50:10", "ok" + " impossible_jump" * 4 + " ok"),
        # What agrees with the new place but comes late doesn't count; nor does the same one twice.
        ("0:0 20:9000 10:9000 20:9000 45:9000 50:9000", "ok impossible_jump impossible_jump duplicate impossible_jump ok"),
        # After half an hour without a word it may be anywhere.
        ("0:0 1700:95000 1801:95000", "ok impossible_jump ok"),
        ("0:0 30:0 30:9000", "ok ok duplicate"),
    ],
)
def test_a_drive_is_judged(drive: str, said: str) -> None:
    assert verdicts(drive) == said


def test_a_doubtful_start_does_not_stay() -> None:
    """The very first fix is wrong, and nobody knew."""
    _, track = judged(line("0:50000 10:0 20:10 31:20"))
    assert track.last is not None
    assert track.last.fix_time == START + timedelta(seconds=31)
    assert track.doubt is None


@pytest.mark.parametrize(
    ("one", "marks"),
    [
        (fix(0, delay=SETTINGS.late_seconds), ()),
        (fix(0, delay=SETTINGS.late_seconds + 1), ("late",)),
        (fix(0, delay=-SETTINGS.future_seconds), ()),
        (fix(0, delay=-SETTINGS.future_seconds - 1), ("future",)),
        (fix(0, 200_000), ("outside_region",)),
        (fix(0, accuracy_m=SETTINGS.accuracy_limit_m), ()),
        (fix(0, accuracy_m=SETTINGS.accuracy_limit_m + 1), ("inaccurate",)),
        (Fix("V01", 0.0, 0.0, START, START, "api"), ("outside_region", "null_island")),
        (fix(0, 200_000, delay=9999, accuracy_m=2000), ("late", "outside_region", "inaccurate")),
    ],
)
def test_a_fix_is_judged_by_itself(one: Fix, marks: tuple[str, ...]) -> None:
    found, track = judge(one, Track(), REGION, SETTINGS)
    assert found.marks == marks
    assert found.usable is (marks == ())
    assert found.trusted is (marks in {(), ("late",)})
    assert (track.last is one) is found.trusted


def test_pontianak_is_not_null_island() -> None:
    there = Fix("V01", 109.33, 0.0, START, START, "api")
    assert judge(there, Track(), None, SETTINGS)[0].usable


def test_a_late_one_is_the_best_that_is_known_until_a_newer_one_comes() -> None:
    _, track = judge(fix(0), Track(), REGION, SETTINGS)
    late, track = judge(fix(60, 500, delay=900), track, REGION, SETTINGS)
    assert late.trusted
    assert not late.usable
    assert track.last == late.fix
    fresh, track = judge(fix(900, 700), track, REGION, SETTINGS)
    assert fresh.usable
    older, after = judge(fix(300, 600, delay=900), track, REGION, SETTINGS)
    assert older.marks == ("late", "out_of_order")
    assert after == track


def test_two_devices_at_the_same_second_do_not_repeat_each_other() -> None:
    _, track = judge(fix(0, 0, device="phone"), Track(), REGION, SETTINGS)
    assert judge(fix(0, 15, device="tablet"), track, REGION, SETTINGS)[0].marks == ("out_of_order",)
    assert judge(fix(0, 0, device="tablet"), track, REGION, SETTINGS)[0].marks == ("duplicate",)
    assert judge(fix(0, 15, device="phone"), track, REGION, SETTINGS)[0].marks == ("duplicate",)


def test_inaccuracy_is_allowed_for() -> None:
    _, track = judge(fix(0), Track(), REGION, SETTINGS)
    assert judge(fix(1, 800, accuracy_m=10), track, REGION, SETTINGS)[0].marks == ("impossible_jump",)
    assert judge(fix(1, 800, accuracy_m=400), track, REGION, SETTINGS)[0].usable


def test_a_track_is_one_vehicles() -> None:
    _, track = judge(fix(0), Track(), REGION, SETTINGS)
    with pytest.raises(ValueError, match="V02 against the track of V01"):
        judge(fix(10, vehicle="V02"), track, REGION, SETTINGS)


@pytest.mark.parametrize(
    ("longitude", "latitude", "taken", "said"),
    [
        (180.1, 0.0, START, "longitude 180.1"),
        (float("nan"), 0.0, START, "longitude nan"),
        (0.0, -91.0, START, "latitude -91"),
        (0.0, float("inf"), START, "latitude inf"),
        (0.0, 0.0, START.replace(tzinfo=None), "fix_time .* has no zone"),
    ],
)
def test_what_can_not_be_a_fix_is_refused(longitude: float, latitude: float, taken: datetime, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Fix("V01", longitude, latitude, taken, START, "api")


def test_milliseconds_and_json() -> None:
    jakarta = timezone(timedelta(hours=7))
    one = Fix("V01", 106.8, -6.4, datetime(1970, 1, 1, 7, 0, 1, 234_999, jakarta), START, "owntracks", battery=0.5)
    assert one.fix_ms == 1234
    assert msgspec.json.decode(msgspec.json.encode(one), type=Fix) == one
    _, track = judged(line("0:0 10:9000 20:9050"))
    assert track.doubt is not None
    assert msgspec.json.decode(msgspec.json.encode(track), type=Track) == track


def test_a_box_around_a_network() -> None:
    box = Box.around(np.array([106.8, 106.9]), np.array([-6.5, -6.4]), 10_000)
    assert box.contains(106.85, -6.45)
    north, beyond = -6.4 + 9_900 / METRES_PER_DEGREE, -6.4 + 10_100 / METRES_PER_DEGREE
    assert box.contains(106.9, north)
    assert not box.contains(106.9, beyond)
    assert box.contains(106.9 + 9_900 / METRES_PER_DEGREE, -6.4)
    assert not box.contains(106.9 + 10_300 / METRES_PER_DEGREE, -6.4)
    with pytest.raises(ValueError, match="no points"):
        Box.around(np.array([]), np.array([]), 10)


anything = st.lists(
    st.builds(
        fix,
        seconds=st.integers(0, 4000),
        metres=st.sampled_from([0.0, 30.0, 500.0, 9_000.0, 40_000.0, 200_000.0]),
        delay=st.sampled_from([-1000.0, -20.0, 1.0, 400.0, 5000.0]),
        device=st.sampled_from(["phone", "tablet"]),
        accuracy_m=st.sampled_from([None, 5.0, 300.0, 900.0]),
    ),
    max_size=25,
)


@given(anything, st.randoms(use_true_random=False))
def test_a_batch_gives_the_same_whatever_order_it_comes_in(batch: list[Fix], rng: random.Random) -> None:
    shuffled = list(batch)
    rng.shuffle(shuffled)
    first, track = judge_all(batch, Track(), REGION, SETTINGS)
    second, other = judge_all(shuffled, Track(), REGION, SETTINGS)
    assert (first, track) == (second, other)
    assert [one.fix.fix_time for one in first] == sorted(one.fix_time for one in batch)


@given(anything)
def test_time_never_goes_back_and_only_what_is_trusted_moves_a_vehicle(fixes: list[Fix]) -> None:
    track = Track()
    for one in fixes:
        found, after = judge(one, track, REGION, SETTINGS)
        assert found.trusted is (after.last is one)
        assert set(found.marks) <= set(MARKS)
        if found.trusted:
            assert track.last is None or one.fix_time > track.last.fix_time
            assert after.doubt is None
        else:
            assert after.last is track.last
        track = after


@given(
    st.lists(st.tuples(st.integers(1, 600), st.floats(0, 40)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_single_fixes_of_a_possible_drive_may_come_in_any_order(legs: list[tuple[int, float]], rng: random.Random) -> None:
    seconds, metres, drive = 0.0, 0.0, []
    for duration, speed in legs:
        seconds, metres = seconds + duration, metres + duration * speed / 10
        drive.append(fix(seconds, metres, delay=20_000))
    rng.shuffle(drive)
    found, track = judged(drive)
    assert track.last == max(drive, key=lambda one: one.fix_time)
    assert all("impossible_jump" not in one.marks for one in found)


@given(st.floats(1_000, 80_000), st.integers(1, 300), st.integers(2, 40))
def test_no_place_holds_a_vehicle_for_ever(metres: float, every: int, after: int) -> None:
    """It is believed to be where it keeps saying that it is, after the set number and time at the latest."""
    _, track = judged([fix(0)])
    for number in range(after):
        _, track = judge(fix(1 + number * every, metres), track, REGION, SETTINGS)
    enough = after >= SETTINGS.believed_after and (after - 1) * every >= SETTINGS.believed_seconds
    assert track.last is not None
    if enough:
        assert track.last.longitude == pytest.approx(LONGITUDE + metres / METRES_PER_DEGREE)
