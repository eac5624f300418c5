"""Opening hours: spellings, holidays, local time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from facilities import Calendar, Open, country_of, opening_at, read_hours, time_zone
from facilities.hours import changes, with_dates
from facilities.hours_words import translate

JAKARTA = ZoneInfo("Asia/Jakarta")
CALENDAR = Calendar("ID")

REGISTER_SPELLINGS = {
    "24 jam": "24/7",
    "Buka 24 Jam": "24/7",
    "24JAM": "24/7",
    "08.00-14.00": "08:00-14:00",
    "08.00 – 14.00 WIB": "08:00-14:00",
    "pukul 8 sampai 14": "08:00-14:00",
    "Senin-Jumat 07.30 s/d 14.30": "Mo-Fr 07:30-14:30",
    "Sen - Kam 08.00-14.00, Jum 08.00-11.00": "Mo-Th 08:00-14:00; Fr 08:00-11:00",
    "Setiap hari 08.00-20.00": "Mo-Su 08:00-20:00",
    "Senin s.d. Sabtu: 08.00–14.00; Minggu tutup": "Mo-Sa 08:00-14:00; Su off",
    "Setiap hari 08.00-20.00, tutup hari libur": "Mo-Su 08:00-20:00; PH off",
    "Senin, Rabu dan Jum'at 08.00-12.00 dan 13.00-15.00": "Mo,We,Fr 08:00-12:00,13:00-15:00",
    "Hari kerja 07.30-16.00": "Mo-Fr 07:30-16:00",
    "Senin - Sabtu 08.00-14.00, Minggu & hari libur tutup": "Mo-Sa 08:00-14:00; Su,PH off",
    "22.00-06.00": "22:00-06:00",
}


@pytest.mark.parametrize(("written", "expression"), REGISTER_SPELLINGS.items())
def test_a_register_spelling_is_put_into_osm_syntax(written: str, expression: str) -> None:
    assert read_hours(written).expression == expression


@pytest.mark.parametrize(
    "written",
    [
        "",
        "sesuai perjanjian",
        "tutup",
        "Senin-Jumat",
        "08.00",
        "25.00-26.00",
        "24 Jam (IGD)",
        "buka jika ada dokter",
        "7",
        "SH off",
    ],
)
def test_what_is_not_understood_is_unknown_and_kept_as_written(written: str) -> None:
    hours = read_hours(written)
    assert hours.expression is None
    assert hours.written == written
    assert opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 3, 2, 10, tzinfo=JAKARTA)).state is Open.UNKNOWN


@given(st.text(alphabet="senijumat kh0123456789.:-/,;&dltup", max_size=40))
def test_no_text_breaks_the_reader(written: str) -> None:
    hours = read_hours(written)
    assert hours.expression is None or opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 3, 2, tzinfo=JAKARTA)) is not None


@given(st.integers(0, 22), st.integers(0, 59), st.sampled_from(["senin", "sel", "Rabu", "KAMIS", "jmt", "sabtu", "ahad"]))
def test_a_day_and_a_span_are_read_as_said(hour: int, minute: int, day: str) -> None:
    osm = {"senin": "Mo", "sel": "Tu", "Rabu": "We", "KAMIS": "Th", "jmt": "Fr", "sabtu": "Sa", "ahad": "Su"}[day]
    assert translate(f"{day} {hour:02d}.{minute:02d} s/d 23.00") == f"{osm} {hour:02d}:{minute:02d}-23:00"


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (dt.date(2026, 3, 19), "Nyepi"),
        (dt.date(2026, 3, 20), "cuti bersama Idul Fitri"),
        (dt.date(2026, 3, 23), "cuti bersama Idul Fitri"),
        (dt.date(2026, 5, 27), "Idul Adha"),
        (dt.date(2026, 8, 17), "Proklamasi"),
    ],
)
def test_moving_holidays_and_joint_leave_close_what_closes_on_holidays(day: dt.date, name: str) -> None:
    hours = read_hours("Mo-Su 08:00-14:00; PH off")
    noon = dt.datetime.combine(day, dt.time(12), JAKARTA)
    assert opening_at(hours, JAKARTA, CALENDAR, noon).state is Open.CLOSED, name
    assert opening_at(hours, JAKARTA, CALENDAR, noon - dt.timedelta(days=20)).state is Open.OPEN


def test_the_office_adds_and_removes_holidays() -> None:
    day = dt.date(2026, 7, 4)
    noon = dt.datetime.combine(day, dt.time(12), JAKARTA)
    hours = read_hours("Setiap hari 08.00-14.00, hari libur tutup")
    assert opening_at(hours, JAKARTA, CALENDAR, noon).state is Open.OPEN
    assert opening_at(hours, JAKARTA, Calendar("ID", added=frozenset({day})), noon).state is Open.CLOSED
    merdeka = dt.datetime(2026, 8, 17, 12, tzinfo=JAKARTA)
    assert opening_at(hours, JAKARTA, Calendar("ID", removed=frozenset({merdeka.date()})), merdeka).state is Open.OPEN


def test_hours_on_holidays_in_a_country_without_a_calendar_are_unknown() -> None:
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=JAKARTA)
    assert opening_at(read_hours("Mo-Fr 08:00-14:00; PH off"), JAKARTA, Calendar(None), noon).state is Open.UNKNOWN
    assert opening_at(read_hours("Mo-Fr 08:00-14:00"), JAKARTA, Calendar(None), noon).state is Open.OPEN


def test_holiday_selectors_keep_the_other_days() -> None:
    dates = (dt.date(2026, 1, 1), dt.date(2026, 3, 19))
    assert with_dates("Mo-Fr 08:00-14:00; PH,Su off", dates) == "Mo-Fr 08:00-14:00; Su off; 2026 Jan 1,2026 Mar 19 off"
    assert with_dates("PH off", ()) == ""
    with pytest.raises(ValueError, match="can't be replaced"):
        with_dates("PH +1 day off", dates)


def test_a_comment_only_is_unknown() -> None:
    hours = read_hours('Mo-Fr 08:00-14:00 || "by appointment"')
    assert opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 7, 4, 12, tzinfo=JAKARTA)).state is Open.UNKNOWN
    assert opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 7, 3, 12, tzinfo=JAKARTA)).state is Open.OPEN


@given(
    st.sampled_from(["24/7", "Mo-Fr 08:00-14:00", "22:00-06:00", "Sa 09:00-10:00 unknown", "Mo-We 08:00-09:00; Tu off"]),
    st.integers(0, 60 * 24 * 60),
)
def test_stretches_agree_with_the_librarys_own_answer_at_a_moment(expression: str, minutes: int) -> None:
    when = dt.datetime(2026, 6, 1, tzinfo=JAKARTA) + dt.timedelta(minutes=minutes)
    state = OpeningHours(expression, timezone=JAKARTA).state(when)[0]
    wanted = {State.OPEN: Open.OPEN, State.CLOSED: Open.CLOSED, State.UNKNOWN: Open.UNKNOWN}[state]
    assert opening_at(read_hours(expression), JAKARTA, CALENDAR, when).state is wanted


def test_hours_are_local_and_the_next_change_is_told() -> None:
    jayapura, hours = ZoneInfo("Asia/Jayapura"), read_hours("08.00-14.00")
    when = dt.datetime(2026, 7, 1, 6, 30, tzinfo=dt.UTC)  # 13.30 WIB, 15.30 WIT
    here, there = opening_at(hours, JAKARTA, CALENDAR, when), opening_at(hours, jayapura, CALENDAR, when)
    assert (here.state, here.until) == (Open.OPEN, dt.datetime(2026, 7, 1, 14, tzinfo=JAKARTA))
    assert (there.state, there.until) == (Open.CLOSED, dt.datetime(2026, 7, 2, 8, tzinfo=jayapura))
    with pytest.raises(ValueError, match="without a zone"):
        opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 7, 1))  # noqa: DTZ001


def test_past_midnight_belongs_to_the_day_before() -> None:
    hours = read_hours("Fr 20:00-02:00")
    assert opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 7, 4, 1, tzinfo=JAKARTA)).state is Open.OPEN
    assert opening_at(hours, JAKARTA, CALENDAR, dt.datetime(2026, 7, 4, 3, tzinfo=JAKARTA)).state is Open.CLOSED


def test_changes_alternate_and_ascend() -> None:
    cut = changes(
        read_hours("Mo-Fr 08:00-12:00,13:00-15:00; PH off"), JAKARTA, CALENDAR, dt.date(2026, 1, 1), dt.date(2027, 1, 1)
    )
    assert list(cut.start) == sorted(set(cut.start))
    assert all(a is not b for a, b in zip(cut.state, cut.state[1:], strict=False))


def test_zones_and_countries_come_from_places() -> None:
    assert time_zone(106.93, -6.92).key == "Asia/Jakarta"
    assert time_zone(140.7, -2.5).key == "Asia/Jayapura"
    assert country_of("Asia/Makassar") == "ID"
    assert country_of("Europe/Lisbon") == "PT"
    assert country_of("UTC") is None
