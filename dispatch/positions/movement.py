"""What a vehicle's movement suggests: it has arrived, left, strayed from its route, or stands still. Pure.

Everything here is a suggestion that people confirm; nothing is acted upon by itself. `follow` takes usable fixes
(`Judged.usable`) one by one and keeps a small `Movement` per vehicle, which a store can hold. Each change has two limits
and a time between them, so that noise around one limit changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dispatch.positions.fixes import Fix
from dispatch.positions.line import Line
from dispatch.positions.settings import PlaceKind, PositionSettings, Ring
from routing.earth import distance_m


class Place(Struct, frozen=True, gc=False):
    """Where a vehicle arrives or leaves.

    Attributes:
        kind, id: which: a patient's pickup by the run's id, a facility by its own, a base by the vehicle's or its unit's.
        longitude, latitude: degrees.
        inside_m: so near and it may have been reached, where this is more than usual (a hospital's grounds); else None.
    """

    kind: PlaceKind
    id: str
    longitude: float
    latitude: float
    inside_m: float | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a vehicle is known to do.

    Attributes:
        at: where people say that it is (it stands by at its base, is with the patient); only leaving it is suggested.
        target: where it is on its way to; with none, nobody expects it to move.
        line: of its route there; with none, it can't be off it.
        under_way: whether people say that it drives there; else it may stand, and the way it is to take comes later.
    """

    at: Place | None = None
    target: Place | None = None
    line: Line | None = None
    under_way: bool = True


class ArrivalSuggested(Struct, frozen=True, tag=True):
    """It seems to have reached a place, at that time."""

    place: Place
    since: datetime


class DepartureSuggested(Struct, frozen=True, tag=True):
    """It seems to have left a place, at that time."""

    place: Place
    since: datetime


class OffRoute(Struct, frozen=True, tag=True):
    """It has been off its route since then, and is so far from it now."""

    since: datetime
    distance_m: float


class BackOnRoute(Struct, frozen=True, tag=True):
    """It follows its route again, since then. Also after a new route that begins where it is."""

    since: datetime


class StandingStill(Struct, frozen=True, tag=True):
    """It is on its way but has not moved since then."""

    since: datetime


class MovingAgain(Struct, frozen=True, tag=True):
    """It moves on, after `StandingStill`."""

    since: datetime


Signal = ArrivalSuggested | DepartureSuggested | OffRoute | BackOnRoute | StandingStill | MovingAgain


class Switch(Struct, frozen=True, gc=False):
    """Something that is so or not, and since when (if so) the contrary has been seen."""

    on: bool = False
    contrary_since: datetime | None = None


class Presence(Struct, frozen=True, gc=False):
    """Whether a vehicle is at a place, as far as its fixes tell; `confirmed`: people said that it was."""

    kind: PlaceKind
    id: str
    inside: Switch = Switch()
    confirmed: bool = False


class Sight(Struct, frozen=True, gc=False):
    """Where a vehicle was seen, degrees, and when."""

    longitude: float
    latitude: float
    time: datetime

    def metres_to(self, longitude: float, latitude: float) -> float:
        """How far a position in degrees is from there."""
        return distance_m(self.longitude, self.latitude, longitude, latitude)


class Movement(Struct, frozen=True, gc=False):
    """What is remembered of a vehicle's movement between two fixes.

    Attributes:
        seen: at the last fix.
        standing: whether its device told a speed near 0 then; None if it told none.
        places: presences at the places expected then.
        off_route: whether it is off its route.
        anchor: where it was when it last moved on, while it is on its way.
        still: whether it has been standing still since.
    """

    seen: Sight | None = None
    standing: bool | None = None
    places: tuple[Presence, ...] = ()
    off_route: Switch = Switch()
    anchor: Sight | None = None
    still: bool = False


def follow(state: Movement, fix: Fix, expected: Expected, settings: PositionSettings) -> tuple[Movement, tuple[Signal, ...]]:
    """What a usable fix changes, and what it suggests.

    A fix that isn't newer than the last one followed, or too vague (`follow_accuracy_m`), changes nothing. What ends with the
    leg (off the route, standing still) ends without a signal.
    """
    unsure_m = settings.usual_accuracy_m if fix.accuracy_m is None else fix.accuracy_m
    if (state.seen is not None and fix.fix_time <= state.seen.time) or unsure_m > settings.follow_accuracy_m:
        return state, ()
    now = Sight(fix.longitude, fix.latitude, fix.fix_time)
    silent = state.seen is not None and now.time - state.seen.time > timedelta(seconds=settings.gap_seconds)
    signals: list[Signal] = []
    places = tuple(
        _at_place(_known(state, place, confirmed, silent), place, now, settings, signals)
        for place, confirmed in _watched(expected)
    )
    target = expected.target
    near = target is not None and now.metres_to(target.longitude, target.latitude) <= ring_of(target, settings).outside_m
    off_route = Switch()
    driven = target is not None and expected.under_way
    if expected.line is not None and driven:
        before = _forget(state.off_route) if silent else state.off_route
        off_route = _on_line(before, expected.line, near, unsure_m, now, settings, signals)
    anchor, still = _moving(state, near, unsure_m, now, settings, signals) if driven else (None, False)
    standing = None if fix.speed_kph is None else fix.speed_kph < settings.standing_kph
    return Movement(now, standing, places, off_route, anchor, still), tuple(signals)


def settle(
    state: Movement, now: datetime, expected: Expected, settings: PositionSettings
) -> tuple[Movement, tuple[ArrivalSuggested, ...]]:
    """The arrival that a device no longer tells of: many fall silent as soon as they stand (Traccar Client's stop detection).

    To be asked now and then between fixes. Suggests an arrival once the dwell time is over, if the last fix was inside and
    told a speed near 0, no longer than `gap_seconds` ago.

    Args:
        now: the service's time, with its zone.
    """
    seen = state.seen
    if seen is None or not state.standing or now - seen.time > timedelta(seconds=settings.gap_seconds):
        return state, ()
    watched = {(place.kind, place.id): place for place, _ in _watched(expected)}
    signals, places = [], []
    for presence in state.places:
        place, since = watched.get((presence.kind, presence.id)), presence.inside.contrary_since
        if place is not None and since is not None and not presence.inside.on:
            inside = seen.metres_to(place.longitude, place.latitude) <= ring_of(place, settings).inside_m
            if inside and (now - since).total_seconds() >= settings.arrival_seconds:
                signals.append(ArrivalSuggested(place, since))
                places.append(replace(presence, inside=Switch(on=True)))
                continue
        places.append(presence)
    return (replace(state, places=tuple(places)), tuple(signals)) if signals else (state, ())


def eta_due(basis: Sight | None, fix: Fix, settings: PositionSettings) -> bool:
    """Whether a new ETA is worth working out at a fix.

    Args:
        basis: where the vehicle was when the present ETA was worked out; None: there is none, or it was for another target.
        fix: a usable one.
        settings: limits.
    """
    if basis is None:
        return True
    seconds = (fix.fix_time - basis.time).total_seconds()
    moved = basis.metres_to(fix.longitude, fix.latitude) > settings.eta_moved_m
    return seconds >= settings.eta_least_seconds and (moved or seconds >= settings.eta_seconds)


def ring_of(place: Place, settings: PositionSettings) -> Ring:
    """A place's radii."""
    usual = settings.rings[place.kind]
    return usual if place.inside_m is None else usual.widened(place.inside_m)


def _watched(expected: Expected) -> list[tuple[Place, bool]]:
    """The places that matter, each with whether people say that the vehicle is there."""
    at, target = expected.at, expected.target
    found = [] if at is None else [(at, True)]
    if target is not None and (at is None or (at.kind, at.id) != (target.kind, target.id)):
        found.append((target, False))
    return found


def _known(state: Movement, place: Place, confirmed: bool, silent: bool) -> Presence:
    """What is remembered of a place. Once people say that the vehicle is there, so it is, until it leaves."""
    found = next((one for one in state.places if (one.kind, one.id) == (place.kind, place.id)), None)
    if found is None or (confirmed and not found.confirmed):
        return Presence(place.kind, place.id, Switch(on=confirmed), confirmed)
    return replace(found, inside=_forget(found.inside) if silent else found.inside, confirmed=confirmed)


def _at_place(presence: Presence, place: Place, now: Sight, settings: PositionSettings, signals: list[Signal]) -> Presence:
    ring, metres = ring_of(place, settings), now.metres_to(place.longitude, place.latitude)
    seen = True if metres <= ring.inside_m else False if metres > ring.outside_m else None
    inside, since = _turn(presence.inside, seen, now.time, settings.arrival_seconds, settings.departure_seconds)
    if since is not None:
        signals.append(ArrivalSuggested(place, since) if inside.on else DepartureSuggested(place, since))
    return replace(presence, inside=inside)


def _on_line(
    switch: Switch,
    line: Line,
    near: bool,
    unsure_m: float,
    now: Sight,
    settings: PositionSettings,
    signals: list[Signal],
) -> Switch:
    metres = line.distance_m(now.longitude, now.latitude)
    # Near the target the route has ended, and the way goes on over yards and car parks.
    on_it = near or metres <= settings.back_on_route_m + unsure_m
    seen = False if on_it else True if metres > settings.off_route_m + unsure_m else None
    off, since = _turn(switch, seen, now.time, settings.off_route_seconds, settings.back_on_route_seconds)
    if since is not None:
        signals.append(OffRoute(since, metres) if off.on else BackOnRoute(since))
    return off


def _moving(
    state: Movement, near: bool, unsure_m: float, now: Sight, settings: PositionSettings, signals: list[Signal]
) -> tuple[Sight, bool]:
    """Where it last moved on, and whether it has stood still since."""
    anchor = state.anchor
    if anchor is None:
        return now, False
    if near or anchor.metres_to(now.longitude, now.latitude) > settings.still_m + unsure_m:
        if state.still:
            signals.append(MovingAgain(now.time))
        return now, False
    if not state.still and (now.time - anchor.time).total_seconds() >= settings.still_seconds:
        signals.append(StandingStill(anchor.time))
        return anchor, True
    return anchor, state.still


def _turn(
    switch: Switch, seen: bool | None, time: datetime, on_seconds: float, off_seconds: float
) -> tuple[Switch, datetime | None]:
    """A switch after what a fix shows (None: neither), and, if it turned, since when the new state has been seen.

    What shows neither leaves a switch that is off waiting, and brings one that is on back to rest: to begin is easier than
    to end.
    """
    if seen is None and not switch.on:
        return switch, None
    if seen is not (not switch.on):
        return Switch(switch.on), None
    since = switch.contrary_since or time
    if (time - since).total_seconds() >= (off_seconds if switch.on else on_seconds):
        return Switch(not switch.on), since
    return Switch(switch.on, since), None


def _forget(switch: Switch) -> Switch:
    return Switch(switch.on)
