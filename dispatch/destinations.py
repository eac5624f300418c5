"""Where a patient may be taken: suitable facilities, weighed or left out, or the place that the caller named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

import numpy as np
from msgspec.structs import replace as with_fields
from numpy.typing import NDArray

from dispatch.cases import Requirement
from dispatch.decision import told_minutes
from dispatch.facts import Call, Region
from dispatch.options import Describe, Destination, no_remarks, referral_desk
from dispatch.reasons import AnyReason, Reason, reason
from dispatch.screening import LeftOut
from dispatch.settings import DecisionSettings, learned
from dispatch.times import Floats, milliseconds
from facilities import NEVER, Matches, match
from facilities import Requirement as FacilityRequirement
from facilities.flags import HOURS_UNKNOWN
from routing import InputError
from routing.snapping import Snap

Pair = tuple[str, str]
"""The profiles of both legs."""

_SAME_DEGREES = 1e-6
"""A facility at a named place has its very coordinates, give or take how they were written."""


def given_place(call: Call) -> Destination | None:
    """The place that the caller named, or nowhere for a case that takes nobody anywhere."""
    if call.destination is not None:
        name, longitude, latitude = call.destination
        return Destination("given", name, "given", longitude, latitude)
    kind = call.requirement.kind
    if kind.destination == "given":
        raise InputError(f"a case of kind {kind.name!r} needs a destination: say where the person is to be taken")
    return Destination("none", "", "none") if kind.destination == "none" else None


def to_given(region: Region, place: Destination, stop: Snap, profile: str) -> Floats:
    """Milliseconds to the place that the caller named: float64[1]."""
    if place.longitude is None or place.latitude is None:
        return np.zeros(1)
    router = region.times.router
    there = router.snap(place.longitude, place.latitude, profile)
    found = router.eta_table([stop], [there], profile)
    if found.instead[0, 0] and there.instead is not None:
        there = there.instead
    return np.asarray(milliseconds(found.ms)[0] + there.carry.seconds * 1000, np.float64)


def _prior(region: Region, asked: FacilityRequirement, settings: DecisionSettings) -> Floats:
    """The chance that each facility declines before anything is known of this case: float64[n]."""
    base = settings.declined if asked.needs_room else settings.declined_without_room
    prior = np.full(len(region.facilities), base)
    for name, (declined, offered) in region.record.items():
        if (at := region.facilities.index.get(name)) is not None:
            prior[at] = learned(base, settings.prior_strength, declined, offered)
    return prior


def match_facilities(
    region: Region,
    requirement: Requirement,
    travel_ms: Floats,
    estimated: NDArray[np.bool_],
    leaving: datetime,
    tried: frozenset[str],
    settings: DecisionSettings,
) -> Matches:
    """Which facilities can take the patient; their chance of a decline from the region's own record where there is one."""
    asked = FacilityRequirement(requirement.needed_capabilities, requirement.priority)
    prior = _prior(region, asked, settings)
    return match(asked, region.facilities, travel_ms, leaving, region.availability, tried, prior, estimated)


_OFF_ROAD_M = 150.0
"""A facility farther than this from every street stands in a large compound, or in the wrong place."""


def _off_road(region: Region, facility: int) -> tuple[AnyReason, ...]:
    gap = region.times.gap_m[facility]
    return (reason("facility.off_road", metres=int(round(gap, -1))),) if _OFF_ROAD_M < gap < np.inf else ()


def weighed(
    region: Region, matches: Matches, settings: DecisionSettings
) -> tuple[NDArray[np.intp], tuple[Destination, ...], tuple[LeftOut, ...], Describe]:
    """The facilities to be weighed (index and destination), those that are not, with reasons, and how to describe one."""
    facilities, best, explainer = region.facilities.facilities, matches.best, matches.explainer()
    weigh = settings.considered
    which = best.facility_index[:weigh].astype(np.intp)
    grave = {f: explainer.grave(f) for f in which[region.facilities.grave[which]].tolist()}
    refused = settings.refused_at_door
    destinations = []
    for f, chance in zip(which.tolist(), best.decline_probability[:weigh].tolist(), strict=True):
        one = facilities[f]
        said = grave.get(f, ())
        destinations.append(
            Destination(one.id, one.name, one.kind, one.longitude, one.latitude, chance, refused, said, one.phone or "")
        )

    # Those that might help come first.
    out = []
    farther_ms = best.travel_ms[weigh:] - best.travel_ms[:1]
    for f, more_ms in zip(best.facility_index[weigh:].tolist(), farther_ms.tolist(), strict=True):
        farther = told_minutes(more_ms)
        out.append(LeftOut(facilities[f].id, facilities[f].name, (Reason("facility.farther", (("minutes", farther),)),)))
    if len(matches.candidates):
        passed_over = (reason("facility.passed_over_uncertain"),)
        unsure_of = matches.uncertain.facility_index.tolist()
        out += [LeftOut(facilities[f].id, facilities[f].name, passed_over + explainer.reasons(f)) for f in unsure_of]
    out += [LeftOut(facilities[f].id, facilities[f].name, explainer.reasons(f)) for f in matches.left_out_index.tolist()]

    unsure: tuple[AnyReason, ...] = () if len(matches.candidates) else (reason("facility.uncertain"),)

    def describe(place: Destination) -> tuple[AnyReason, ...]:
        at = region.facilities.index.get(place.id)
        return () if at is None else (*unsure, *explainer.reasons(at), *explainer.remarks(at), *_off_road(region, at))

    return which, tuple(destinations), tuple(out), describe


@dataclass(frozen=True, slots=True)
class Places:
    """Where the patient may be taken.

    `which`: intp[f], index of each destination among the facilities, None for a given place. `drives`: by pair of profiles,
    milliseconds from where the vehicle stops to every facility (or to the given place). `closes_ms`: see `Tables`.
    """

    which: NDArray[np.intp] | None
    destinations: tuple[Destination, ...]
    out: tuple[LeftOut, ...]
    drives: Mapping[Pair, Floats]
    describe: Describe = no_remarks
    closes_ms: Floats | None = None

    @property
    def nowhere(self) -> bool:
        """Whether nobody is taken anywhere."""
        return any(place.kind == "none" for place in self.destinations)


def matched_places(
    region: Region, call: Call, pairs: Sequence[Pair], stops: Mapping[str, Snap], reach_ms: float, settings: DecisionSettings
) -> Places:
    """The suitable facilities; hours are judged at the arrival of the vehicle that can be there first."""
    asked = {(reach, carry): region.times.to_facilities(stops[reach], carry) for reach, carry in pairs}
    drives = {pair: drive for pair, (drive, _) in asked.items()}
    soonest = reduce(np.minimum, [drives[pair] + stops[pair[0]].carry.seconds * 1000 for pair in pairs])
    estimated = reduce(np.logical_and, [guessed for _, guessed in asked.values()])
    leaving = call.now + timedelta(milliseconds=reach_ms, seconds=call.requirement.seconds_on_scene)
    matches = match_facilities(region, call.requirement, soonest, estimated, leaving, call.tried, settings)
    which, destinations, out, describe = weighed(region, matches, settings)
    if destinations and len(call.tried) >= settings.tries:
        desk = referral_desk(reason("facility.tries_used", count=len(call.tried)))
        not_asked = tuple(LeftOut(one.id, one.name, (reason("facility.after_tries"),)) for one in destinations)
        named = dict.fromkeys(pairs, np.array([settings.desk_ms + settings.usual_ms]))
        return Places(None, (desk,), (*not_asked, *out), named)
    closes = _closes(matches, which, reach_ms + call.requirement.seconds_on_scene * 1000)
    return Places(which, destinations, out, drives, describe, closes)


def _closes(matches: Matches, which: NDArray[np.intp], leaving_ms: float) -> Floats | None:
    """From the assignment until each of some facilities closes; None if none of them does."""
    change = matches.open_for_ms[which]
    matters = (change != NEVER) & ((matches.flags[which] & HOURS_UNKNOWN) == 0)
    return np.where(matters, change + leaving_ms, np.inf) if matters.any() else None


def named_place(
    region: Region, call: Call, place: Destination, rides: Mapping[Pair, Floats], reach_ms: float, settings: DecisionSettings
) -> Places:
    """The place that the caller named; if it is a facility, with whatever speaks against taking this patient there."""
    table = region.facilities
    if place.longitude is None or place.latitude is None:
        return Places(None, (place,), (), rides)
    near = np.maximum(np.abs(table.longitude - place.longitude), np.abs(table.latitude - place.latitude)) < _SAME_DEGREES
    at = next((f for f in np.flatnonzero(near).tolist() if table.facilities[f].name == place.name), None)
    if at is None:
        return Places(None, (place,), (), rides)
    travel = np.full(len(table), np.inf)
    travel[at] = min(float(ride[0]) for ride in rides.values())
    leaving = call.now + timedelta(milliseconds=reach_ms, seconds=call.requirement.seconds_on_scene)
    nowhere = np.zeros(len(table), np.bool_)
    matches = match_facilities(region, call.requirement, travel, nowhere, leaving, call.tried, settings)
    explainer = matches.explainer()
    # A case that asks for no capability may go to any kind of place.
    against = tuple(
        why for why in explainer.reasons(at) if call.requirement.needed_capabilities or why.code != "kind_unsuitable"
    )
    remarks = (*against, *explainer.remarks(at), *_off_road(region, at))
    return Places(None, (with_fields(place, phone=table.facilities[at].phone or ""),), (), rides, lambda _: remarks)
