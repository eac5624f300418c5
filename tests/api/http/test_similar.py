"""A call that may be about an event that is known: which open cases are shown, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import acos, cos, radians, sin
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.life.case import Case, Patient
from dispatch.life.particulars import cell_of, middle_of
from dispatch.life.rules import default_rules
from dispatch.life.similar import similar_cases
from dispatch.regions import BuiltRegion
from tests.api.http.live import Live, live_at

Json = dict[str, Any]

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
HERE = (106.85, -6.48)


@pytest.fixture
def alone(store_url: str, town: BuiltRegion) -> Iterator[Live]:
    """A region without any case."""
    with live_at(store_url, town) as running:
        yield running


def _asked(live: Live, **more: Any) -> list[Json]:
    longitude, latitude = live.office.spot(1)
    body = {"longitude": longitude, "latitude": latitude, **more}
    answer = live.client("dispatcher").post(f"{live.at}/cases/similar", json=body, headers={"Accept-Language": "id"})
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def test_a_second_caller_is_shown_the_first_ones_case(alone: Live) -> None:
    longitude, latitude = alone.office.spot(1)
    first = alone.call(kind="accident", patients=2)
    far = alone.call(kind="accident", place={"longitude": longitude, "latitude": latitude + 0.02})  # 2.2 km
    alone.office.wait(minutes=4)
    (found,) = _asked(alone, kind="accident")
    assert (found["case"], found["same_kind"], found["patients"], found["age_minutes"]) == (first, True, 2, 4.0)
    assert (found["kind_text"], found["priority"]) == ("kecelakaan lalu lintas", "red")
    assert 0 <= found["distance_m"] <= 180
    assert found["state_text"] == "kendaraan perlu dipilih"
    assert _asked(alone, kind="accident", **{"except": first}) == []
    assert [one["same_kind"] for one in _asked(alone)] == [False]
    assert [one["case"] for one in _asked(alone, latitude=latitude + 0.02)] == [far]


def test_what_is_done_is_told_and_what_is_over_or_long_ago_is_not_shown(alone: Live) -> None:
    case = alone.call()
    run = alone.send(case, "A1")
    alone.press("driver_a1", run, "acknowledged")
    assert [one["state_text"] for one in _asked(alone)] == ["kendaraan ditugaskan"]
    later = (alone.office.now + timedelta(hours=3)).isoformat()
    assert _asked(alone, received_at=later) == []
    alone.done("dispatcher", f"cases/{case}/cancel", {"why": "batal"})
    assert _asked(alone) == []


def test_a_draft_without_a_place_is_near_nothing(alone: Live) -> None:
    alone.done("dispatcher", "cases", {"kind": "emergency"})
    assert _asked(alone) == []


def _away_m(case: Case) -> float:
    """By the spherical law of cosines, where the service uses the haversine."""
    assert case.cell is not None
    middle = middle_of(case.cell)
    a, b = radians(HERE[1]), radians(middle.latitude)
    return 6_371_008.8 * acos(min(1.0, sin(a) * sin(b) + cos(a) * cos(b) * cos(radians(middle.longitude - HERE[0]))))


_CASES = st.lists(
    st.tuples(
        st.floats(-0.015, 0.015),
        st.floats(-0.015, 0.015),
        st.integers(-180, 180),
        st.sampled_from(["accident", "emergency", None]),
        st.booleans(),
    ),
    max_size=12,
)


@given(_CASES, st.sampled_from(["accident", None]))
def test_all_that_are_near_in_place_and_time_and_no_others(
    told: list[tuple[float, float, int, str | None, bool]], kind: str | None
) -> None:
    rules = default_rules()
    cases = []
    for number, (east, north, minutes, its_kind, over) in enumerate(told):
        received = NOW + timedelta(minutes=minutes)
        cell = cell_of(HERE[0] + east, HERE[1] + north)
        closed = NOW if over else None
        cases.append(Case(f"K{number}", its_kind, None, cell, received, received, patients=(Patient("1"),), closed_at=closed))
    found = similar_cases(cases, *HERE, NOW, kind, rules)
    edge = {one.id for one in cases if abs(_away_m(one) - rules.similar_m) < 0.5}
    wanted = {
        one.id
        for one in cases
        if one.open and _away_m(one) <= rules.similar_m and abs(one.received_at - NOW) <= rules.similar_for
    }
    assert {one.case.id for one in found} - edge == wanted - edge
    for one in found:
        assert one.distance_m == pytest.approx(_away_m(one.case), abs=0.5)
        assert one.same_kind == (kind is not None and one.case.kind == kind)
    for first, second in pairwise(found):
        # Nobody comes before who is farther, longer apart and of a kind that fits no better.
        worse = first.distance_m > second.distance_m and abs(first.case.received_at - NOW) > abs(second.case.received_at - NOW)
        no_better = (
            kind is not None and first.case.kind is not None and not first.same_kind
        ) or first.case.kind == second.case.kind
        assert not (worse and no_better)


def test_how_near_a_case_must_be_the_region_sets(alone: Live) -> None:
    longitude, latitude = alone.office.spot(1)
    alone.call(place={"longitude": longitude, "latitude": latitude + 0.02})
    assert _asked(alone) == []
    live = alone.office.live
    live.rules = replace(live.rules, similar_m=3_000.0)
    assert len(_asked(alone)) == 1
