"""A vehicle's position as reported, and whether it is believed.

The time that counts is when a fix was taken, never when it came: a batch that a telephone kept while it had no network may
come late and in any order, and moves no vehicle backwards. `judge` says what is wrong with a fix, against the vehicle's
`Track`; both are values, so a track can be kept in a store.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from dispatch.positions.area import Area
from dispatch.positions.settings import PositionSettings
from routing import InputError
from routing.earth import distance_m

Source = Literal["osmand", "traccar", "owntracks", "driver_page", "api"]
"""By which interface a fix came."""

Mark = Literal["late", "duplicate", "out_of_order", "impossible_jump", "future", "outside_region", "inaccurate", "null_island"]
"""What is wrong with a fix. `late`: it was old when it came. `duplicate`: it came before. `out_of_order`: a newer one is known
already. `impossible_jump`: no vehicle gets there so fast. `future`: the device's clock is wrong. `null_island`: 0, 0, which
receivers report while they have no position."""

MARKS: tuple[Mark, ...] = get_args(Mark)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SURE = 2.0  # devices tell the radius that holds two thirds of the truth; twice that holds nearly all of it


class Fix(Struct, frozen=True, gc=False):
    """A vehicle's position as reported.

    Attributes:
        vehicle: whose.
        longitude, latitude: degrees.
        fix_time: when it was taken, by the device's clock. received_at: when it came, by the service's. Both with a zone.
        source: by which interface.
        device: which device, by the id that people may see; never the secret that it signs in with.
        speed_kph: or None where unknown, as all that follows.
        course_deg: clockwise from north, from 0 to below 360.
        accuracy_m: the radius that holds the true position with two thirds chance.
        battery: of the device, from 0 (empty) to 1.

    Raises:
        InputError: a coordinate is out of range, or a time has no zone.
    """

    vehicle: str
    longitude: float
    latitude: float
    fix_time: datetime
    received_at: datetime
    source: Source
    device: str = ""
    speed_kph: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None
    battery: float | None = None

    def __post_init__(self) -> None:
        for name, degrees, limit in (("longitude", self.longitude, 180), ("latitude", self.latitude, 90)):
            if not -limit <= degrees <= limit:  # also what is no number
                raise InputError(f"fix of {self.vehicle}: {name} {degrees} is not between -{limit} and {limit}")
        for name, time in (("fix_time", self.fix_time), ("received_at", self.received_at)):
            if time.tzinfo is None:
                raise InputError(f"fix of {self.vehicle}: {name} {time} has no zone")

    @property
    def fix_ms(self) -> int:
        """When it was taken, milliseconds since 1970."""
        return (self.fix_time - _EPOCH) // _MILLISECOND


class Doubt(Struct, frozen=True, gc=False):
    """Where a vehicle may be instead: fixes that agree with each other, but not with the last one believed.

    Attributes:
        newest: the last of them. since: when the first was taken. count: how many.
    """

    newest: Fix
    since: datetime
    count: int = 1


class Track(Struct, frozen=True, gc=False):
    """What is known of where a vehicle is.

    Attributes:
        last: the newest fix that is believed.
        doubt: where it may be instead.
    """

    last: Fix | None = None
    doubt: Doubt | None = None


class Judged(Struct, frozen=True, gc=False):
    """A fix and what is wrong with it, in the order of `MARKS`."""

    fix: Fix
    marks: tuple[Mark, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether it is the vehicle's latest position now. A late one may be: nothing newer is known, and its age is shown."""
        return not self.marks or self.marks == ("late",)

    @property
    def usable(self) -> bool:
        """Whether it may be acted upon (arrivals, alerts, ETAs): it is trusted and of now."""
        return not self.marks


def judge(fix: Fix, track: Track, area: Area | None, settings: PositionSettings) -> tuple[Judged, Track]:
    """What is wrong with a fix, and the vehicle's track after it.

    Only a fix newer than the last one believed can change the track, so its time never goes back. One that lies impossibly
    far from the last is not believed, until so many in a row agree with each other that the last one must have been wrong
    (`believed_after`, `believed_seconds`), or the last one is older than `believed_gap_seconds`.

    Args:
        fix: of the track's vehicle.
        track: what is known so far; `Track()` of a vehicle that was never seen.
        area: where a vehicle of the region can be, or None: anywhere.
        settings: limits.

    Raises:
        ValueError: the track is another vehicle's.
    """
    last = track.last
    if last is not None and last.vehicle != fix.vehicle:
        raise ValueError(f"a fix of {fix.vehicle} against the track of {last.vehicle}")
    marks = _marks_by_itself(fix, area, settings)
    if (order := _order(fix, track)) is not None:
        marks.add(order)
    if marks <= {"late"}:
        track, believed = _placed(fix, track, settings)
        if not believed:
            marks.add("impossible_jump")
    return Judged(fix, tuple(mark for mark in MARKS if mark in marks)), track


def judge_all(fixes: Sequence[Fix], track: Track, area: Area | None, settings: PositionSettings) -> tuple[list[Judged], Track]:
    """A batch of one vehicle's fixes, judged in the order in which they were taken, whatever order they come in.

    Returns:
        What is wrong with each, oldest first, and the track after them.
    """
    judged = []
    for fix in sorted(fixes, key=_when) if len(fixes) > 1 else fixes:
        one, track = judge(fix, track, area, settings)
        judged.append(one)
    return judged, track


def _when(fix: Fix) -> tuple[datetime, float, str]:
    """Orders fixes; of one moment the most accurate comes first, and no two that differ at all tie."""
    return fix.fix_time, math.inf if fix.accuracy_m is None else fix.accuracy_m, repr(fix)


def _marks_by_itself(fix: Fix, area: Area | None, settings: PositionSettings) -> set[Mark]:
    marks: set[Mark] = set()
    age = (fix.received_at - fix.fix_time).total_seconds()
    if age > settings.late_seconds:
        marks.add("late")
    if -age > settings.future_seconds:
        marks.add("future")
    if max(abs(fix.longitude), abs(fix.latitude)) <= settings.null_island_degrees:
        marks.add("null_island")
    if area is not None and not area.contains(fix.longitude, fix.latitude):
        marks.add("outside_region")
    if fix.accuracy_m is not None and fix.accuracy_m > settings.accuracy_limit_m:
        marks.add("inaccurate")
    return marks


def _order(fix: Fix, track: Track) -> Mark | None:
    """Whether it came before, or is too old to change anything."""
    for known in (track.last, None if track.doubt is None else track.doubt.newest):
        if known is None or fix.fix_time > known.fix_time:
            continue
        # Of an older one nobody remembers the place: a repeat of it is out of order, which comes to the same.
        same_time = fix.fix_time == known.fix_time
        same_place = (fix.longitude, fix.latitude) == (known.longitude, known.latitude)
        if same_time and (same_place or fix.device == known.device):
            return "duplicate"
        if known is track.last:
            return "out_of_order"
    return None


def _placed(fix: Fix, track: Track, settings: PositionSettings) -> tuple[Track, bool]:
    """The track with a fix that is newer than its last one, and whether that is believed."""
    last, doubt = track.last, track.doubt
    if last is None or _possible(last, fix, settings):
        return Track(fix), True
    if (fix.fix_time - last.fix_time).total_seconds() > settings.believed_gap_seconds:
        return Track(fix), True
    if doubt is None or not _possible(doubt.newest, fix, settings):
        return Track(last, Doubt(fix, fix.fix_time)), False
    if fix.fix_time <= doubt.newest.fix_time:
        return track, False  # it agrees, but comes out of order: counting it could have the new place believed at an old time
    doubt = replace(doubt, newest=fix, count=doubt.count + 1)
    spanned = (fix.fix_time - doubt.since).total_seconds()
    if doubt.count >= settings.believed_after and spanned >= settings.believed_seconds:
        return Track(fix), True
    return Track(last, doubt), False


def _possible(one: Fix, other: Fix, settings: PositionSettings) -> bool:
    """Whether a vehicle can have got from one to the other, allowing for how inaccurate both are."""
    seconds = abs((other.fix_time - one.fix_time).total_seconds())
    apart_m = distance_m(one.longitude, one.latitude, other.longitude, other.latitude)
    unsure_m = math.fsum(settings.usual_accuracy_m if f.accuracy_m is None else f.accuracy_m for f in (one, other))
    return apart_m <= seconds * settings.top_kph / 3.6 + _SURE * unsure_m
