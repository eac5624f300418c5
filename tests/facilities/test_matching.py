"""Matching: who is a candidate, in which order, and a reason for everyone else."""

from __future__ import annotations

import datetime as dt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facilities import (
    NEVER,
    Availability,
    AvailabilityBoard,
    CapabilityClaim,
    Certainty,
    Conflict,
    Facility,
    FacilityTable,
    Matches,
    Requirement,
    Severity,
    Value,
    match,
)
from facilities.vocabulary import vocabulary
from routing import CLOSED, LANGUAGES, InputError, text

WIB = dt.timezone(dt.timedelta(hours=7))
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=WIB)  # a Wednesday
RED = Requirement((frozenset({"emergency"}),), "red")
YELLOW = Requirement((frozenset({"emergency"}),), "yellow")


def facility(name: str, kind: str = "hospital", hours: str | None = "24 jam", **capabilities: Value) -> Facility:
    claims = tuple(CapabilityClaim(capability, value, "test") for capability, value in capabilities.items())
    return Facility(name, name, kind, 106.9, -6.9, capabilities=claims, opening_hours=hours)


def table(*facilities: Facility) -> FacilityTable:
    return FacilityTable.build(facilities, NOON.date())


def minutes(*values: float) -> NDArray[np.int64]:
    return np.array([value * 60_000 for value in values], dtype=np.int64)


def names(matches: Matches) -> list[str]:
    return [matches.table.facilities[i].id for i in matches.candidates.facility_index]


def codes(matches: Matches, name: str) -> list[str]:
    return [reason.code for reason in matches.reasons(matches.table.index[name])]


WORLD = (
    facility("near_unknown"),
    facility("known", emergency=Value.YES),
    facility("far_known", emergency=Value.YES),
    facility("without", emergency=Value.NO),
)


def test_a_red_case_takes_no_unknown_for_a_yes() -> None:
    matches = match(RED, table(*WORLD), minutes(1, 10, 20, 2), NOON)
    assert names(matches) == ["known", "far_known"]
    assert [WORLD[i].id for i in matches.uncertain.facility_index] == ["near_unknown"]
    assert codes(matches, "near_unknown") == ["capability_unknown"]
    assert [out.facility.id for out in matches.left_out] == ["without"]
    assert "IGD" in matches.left_out[0].reasons[0].text("id")


def test_other_cases_put_the_unknown_behind() -> None:
    matches = match(YELLOW, table(*WORLD), minutes(1, 10, 20, 2), NOON)
    assert names(matches) == ["known", "far_known", "near_unknown"]
    assert list(matches.candidates.certainty) == [Certainty.STATED, Certainty.STATED, Certainty.UNKNOWN]
    assert matches.candidates.decline_probability[2] > matches.candidates.decline_probability[0]


def test_where_nothing_is_known_the_uncertain_are_the_best() -> None:
    matches = match(RED, table(WORLD[0]), minutes(1), NOON)
    assert len(matches.candidates) == 0
    assert list(matches.best.facility_index) == [0]
    assert list(matches.best.certainty) == [Certainty.UNKNOWN]


def test_hours_count_at_arrival() -> None:
    clinic = facility("clinic", "clinic", "08.00-12.30", primary_care=Value.YES)
    need = Requirement((frozenset({"primary_care"}),), "green")
    in_time = match(need, table(clinic), minutes(29), NOON)
    late = match(need, table(clinic), minutes(30), NOON)
    assert names(in_time) == ["clinic"]
    assert [remark.code for remark in in_time.remarks(0)] == ["closes_soon"]
    assert in_time.candidates.open_for_ms[0] == 30 * 60_000
    assert codes(late, "clinic") == ["closed_at_arrival"]
    assert late.reasons(0)[0].text("en") == "closed on arrival at 12:30; opens at 08:00 (2026-07-02)"
    assert late.reasons(0)[0].as_dict("id")["change"] == "2026-07-02T08:00:00+07:00"


def test_the_emergency_department_has_hours_of_its_own() -> None:
    hospital = Facility(
        "h",
        "RS",
        "hospital",
        106.9,
        -6.9,
        capabilities=(CapabilityClaim("emergency", Value.YES, "t"), CapabilityClaim("outpatient", Value.YES, "t")),
        opening_hours="Senin-Jumat 08.00-11.00",
        emergency_hours="24/7",
    )
    assert names(match(RED, table(hospital), minutes(1), NOON)) == ["h"]
    assert match(RED, table(hospital), minutes(1), NOON).candidates.open_for_ms[0] == NEVER
    assert codes(match(Requirement((frozenset({"outpatient"}),)), table(hospital), minutes(1), NOON), "h") == [
        "closed_at_arrival"
    ]


def test_unknown_hours_are_unknown_and_the_written_words_are_shown() -> None:
    said = facility("said", "clinic", "jika ada dokter", emergency=Value.YES)
    held = table(said, facility("none", "clinic", None, emergency=Value.YES))
    matches = match(RED, held, minutes(1, 1), NOON)
    assert codes(matches, "said") == ["hours_unreadable"]
    assert "jika ada dokter" in matches.reasons(0)[0].text("id")
    assert codes(matches, "none") == ["hours_unknown"]
    assert not names(matches)


def test_any_one_of_several_sets_will_do() -> None:
    held = table(
        facility("poned", "puskesmas", poned=Value.YES, icu=Value.NO), facility("ponek", ponek=Value.YES, icu=Value.YES)
    )
    need = Requirement((frozenset({"poned"}), frozenset({"ponek", "icu"})), "red")
    assert names(match(need, held, minutes(5, 1), NOON)) == ["ponek", "poned"]
    both = match(Requirement((frozenset({"ponek", "icu"}),), "red"), held, minutes(5, 1), NOON)
    assert [reason.code for reason in both.left_out[0].reasons] == ["lacks"]
    assert dict(both.left_out[0].reasons[0].params) == {"capabilities": ("icu",)}


def test_kinds_services_and_what_has_been_tried() -> None:
    accepting = Facility("s", "S", "shelter", 106.9, -6.9, opening_hours="24 jam", services=("shelter",))
    held = table(accepting, facility("office", "village_office"), facility("beauty", "beauty_clinic"))
    need = Requirement((), "green", service="hearse")
    matches = match(need, held, minutes(1, 2, 3), NOON, tried={"office", "nobody knows"})
    assert codes(matches, "s") == ["service_not_accepted"]
    assert codes(matches, "office") == ["already_tried"]
    assert codes(matches, "beauty") == ["kind_unsuitable"]
    assert names(match(Requirement((), "green", frozenset({"beauty_clinic"})), held, minutes(1, 2, 3), NOON)) == ["beauty"]


def test_what_cannot_be_reached_is_left_out_and_estimates_are_marked() -> None:
    held = table(facility("a", emergency=Value.YES), facility("b", emergency=Value.YES), facility("c", emergency=Value.YES))
    travel = np.array([CLOSED, 60_000, np.inf])
    matches = match(RED, held, travel, NOON, estimated=np.array([False, True, False]))
    assert names(matches) == ["b"]
    assert codes(matches, "a") == codes(matches, "c") == ["unreachable"]
    assert [remark.code for remark in matches.remarks(1)] == ["travel_estimated"]


def test_a_grave_conflict_is_shown_with_the_answer() -> None:
    conflict = Conflict("place", Severity.GRAVE, ("-6.9,106.9", "-6.95,106.9"), ("a", "b"), "-6.95,106.9", 5566.2)
    disputed = Facility(
        "d", "", "hospital", 106.9, -6.9, capabilities=(CapabilityClaim("emergency", Value.YES, "kind", None, "implied"),),
        opening_hours="24/7", conflicts=(conflict,),
    )  # fmt: skip
    matches = match(RED, table(disputed), minutes(1), NOON)
    assert [remark.code for remark in matches.remarks(0)] == ["capability_implied", "unnamed", "conflict_place"]
    assert "5,6 km" in matches.remarks(0)[2].text("id")
    assert list(matches.candidates.certainty) == [Certainty.IMPLIED]


def claim(name: str, state: str, ago_minutes: float, capability: str | None = None, author: str = "IGD") -> Availability:
    return Availability(name, capability, state, author, NOON - dt.timedelta(minutes=ago_minutes))  # type: ignore[arg-type]


def board(held: FacilityTable, *claims: Availability) -> AvailabilityBoard:
    return AvailabilityBoard.build(claims, held.index, held.column)


def test_a_fresh_claim_decides_and_an_old_one_warns() -> None:
    held = table(facility("h", emergency=Value.YES))
    fresh = match(RED, held, minutes(1), NOON, board(held, claim("h", "full", 30)))
    old = match(RED, held, minutes(1), NOON, board(held, claim("h", "full", 300)))
    forgotten = match(RED, held, minutes(1), NOON, board(held, claim("h", "full", 3000)))
    plain = match(RED, held, minutes(1), NOON)
    assert [reason.code for reason in fresh.left_out[0].reasons] == ["declared_facility"]
    assert fresh.left_out[0].reasons[0].text("id") == "penuh, menurut IGD (30 menit lalu)"
    assert [remark.code for remark in old.remarks(0)] == ["old_claim_facility"]
    assert old.candidates.decline_probability[0] > plain.candidates.decline_probability[0]
    assert forgotten.remarks(0) == ()
    assert forgotten.candidates.decline_probability[0] == plain.candidates.decline_probability[0]


def test_the_newest_claim_counts_whoever_came_first() -> None:
    held = table(facility("h", emergency=Value.YES))
    claims = [claim("h", "full", 60), claim("h", "open", 10), claim("h", "closed", -600)]
    matches = match(RED, held, minutes(1), NOON, board(held, *claims))
    assert names(matches) == ["h"]
    assert matches.candidates.decline_probability[0] < match(RED, held, minutes(1), NOON).candidates.decline_probability[0]
    assert names(match(RED, held, minutes(1), NOON, board(held, *claims[:1]))) == []


def test_claims_about_a_capability_count_where_it_is_needed() -> None:
    held = table(facility("h", emergency=Value.YES, icu=Value.UNKNOWN))
    said = board(held, claim("h", "full", 5, "nicu"), claim("h", "open", 5, "icu"))
    assert names(match(RED, held, minutes(1), NOON, said)) == ["h"]
    with_icu = Requirement((frozenset({"emergency", "icu"}),), "red")
    assert names(match(with_icu, held, minutes(1), NOON)) == []
    assert names(match(with_icu, held, minutes(1), NOON, said)) == ["h"]
    full = match(with_icu, held, minutes(1), NOON, board(held, claim("h", "full", 5, "icu")))
    assert [reason.code for reason in full.left_out[0].reasons] == ["declared_capability", "capability_unknown"]


def test_what_is_asked_must_exist() -> None:
    for wrong in ({"priority": "pink"}, {"capabilities": (frozenset({"magic"}),)}, {"kinds": frozenset({"castle"})}):
        with pytest.raises(InputError, match="no "):
            Requirement(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no zone"):
        Availability("h", None, "full", "a", dt.datetime(2026, 7, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="travel times"):
        match(RED, table(*WORLD), minutes(1), NOON)
    with pytest.raises(ValueError, match="without a zone"):
        match(RED, table(*WORLD), minutes(1, 2, 3, 4), dt.datetime(2026, 7, 1))  # noqa: DTZ001


def test_every_word_has_its_text_in_both_languages() -> None:
    for language in LANGUAGES:
        for kind in vocabulary().kinds:
            assert text(language, f"facilities.kind.{kind}")
        for capability in vocabulary().capabilities:
            assert text(language, f"facilities.capability.{capability}")


# --------------------------------------------------------------------------------------------------------- properties

VALUES = st.sampled_from(list(Value))
FACILITIES = st.lists(
    st.builds(
        lambda kind, hours, emergency, poned, implied: (kind, hours, emergency, poned, implied),
        st.sampled_from(["hospital", "puskesmas", "clinic", "beauty_clinic", "shelter"]),
        st.sampled_from([None, "24 jam", "08.00-12.15", "Sabtu 08.00-10.00", "entah"]),
        VALUES,
        VALUES,
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
CLAIMS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(["open", "full", "diverting", "closed"]),
        st.integers(-20, 2000),
        st.sampled_from([None, "emergency", "poned", "icu"]),
    ),
    max_size=6,
)
NEEDS = st.sampled_from(
    [
        (),
        (frozenset({"emergency"}),),
        (frozenset({"emergency"}), frozenset({"poned"})),
        (frozenset({"emergency", "poned"}),),
    ]
)
PRIORITIES = st.sampled_from(["red", "yellow", "green", "black"])


def drawn_world(described: list[tuple[str, str | None, Value, Value, bool]]) -> list[Facility]:
    return [
        Facility(
            f"f{i}",
            f"F{i}",
            kind,
            106.9,
            -6.9,
            capabilities=(
                CapabilityClaim("emergency", emergency, "t", None, "implied" if implied else "stated"),
                CapabilityClaim("poned", poned, "t"),
            ),
            opening_hours=hours,
        )
        for i, (kind, hours, emergency, poned, implied) in enumerate(described)
    ]


@given(FACILITIES, CLAIMS, NEEDS, PRIORITIES, st.lists(st.integers(0, 60), min_size=8, max_size=8), st.randoms())
def test_properties(
    described: list[tuple[str, str | None, Value, Value, bool]],
    said: list[tuple[int, str, int, str | None]],
    needs: tuple[frozenset[str], ...],
    priority: str,
    travel: list[int],
    random: Random,
) -> None:
    world = drawn_world(described)
    need = Requirement(needs, priority)
    claims = [claim(f"f{i}", state, ago, capability) for i, state, ago, capability in said]
    held = table(*world)
    times = minutes(*travel[: len(world)])
    matches = match(need, held, times, NOON, board(held, *claims))

    # Everybody is in exactly one place, and nobody is left out or uncertain without a reason in words.
    placed = [*matches.candidates.facility_index, *matches.uncertain.facility_index, *matches.left_out_index]
    assert sorted(placed) == list(range(len(world)))
    for i in [*matches.uncertain.facility_index, *matches.left_out_index]:
        assert matches.reasons(int(i))
    for i in range(len(world)):
        for language in LANGUAGES:
            for reason in (*matches.reasons(i), *matches.remarks(i)):
                assert reason.text(language)
                assert reason.as_dict(language)["code"] == reason.code

    # Red takes no unknown; others put it behind; within the same certainty the nearer comes first.
    ranked = matches.candidates
    unknown = ranked.certainty == Certainty.UNKNOWN
    assert not (priority == "red" and unknown.any())
    assert list(unknown) == sorted(unknown)
    for group in (ranked.travel_ms[unknown], ranked.travel_ms[~unknown], matches.uncertain.travel_ms):
        assert list(group) == sorted(group)
    assert ((ranked.decline_probability >= 0) & (ranked.decline_probability <= 1)).all()

    # The order of input changes nothing.
    order = list(range(len(world)))
    random.shuffle(order)
    random.shuffle(claims)
    shuffled = table(*(world[i] for i in order))
    again = match(need, shuffled, times[order], NOON, board(shuffled, *claims))
    assert names(again) == names(matches)
    assert [out.facility.id for out in again.left_out] == [out.facility.id for out in matches.left_out]
    assert [out.reasons for out in again.left_out] == [out.reasons for out in matches.left_out]

    # Having tried the best one takes it away, and only it.
    best = names(matches)[:1]
    without = match(need, held, times, NOON, board(held, *claims), tried=best)
    assert names(without) == names(matches)[1:]
