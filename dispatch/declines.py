"""What it costs that a facility may decline: the expected time from leaving the scene to definitive care.

A patient is offered to one facility after another, never twice to the same, at most `tries` of them; whenever it is quicker,
and when the tries are used up, SITEGAR (the health office's desk) names one. A facility f declines by telephone with chance
p(f); having accepted, it refuses at the door with chance r(f). All times are milliseconds. Written out for three tries, with
d = transport, o = onward, w = lost at a door, S = until care when SITEGAR names the facility (see `sitegar_cost`):

*At the door.* Nobody is asked by telephone, so f does not take the patient with chance q(f) = 1 - (1 - p(f)) (1 - r(f)):

    C0(f)    = S(f)
    C1(f; X) = min(S(f), min over h not in {f} ∪ X of  o(f,h) + q(h) (w + C0(h)))
    C2(f)    = min(S(f), min over g not in {f}     of  o(f,g) + q(g) (w + C1(g; {f})))
    T(f)     = d(f) + q(f) (w + C2(f))

*By telephone.* Answers take `answer` each and overlap with whatever the vehicle does meanwhile, until its `slack` (the time
until it leaves the scene; 0 if facilities are asked when the patient is on board) is used up. After the j-th decline the
patient has lost L(j) = max(0, j · answer - slack): what was driven meanwhile towards the one that declined counts as lost,
but not worse than lost, since the vehicle could have waited. With e(f) = d(f) + r(f) (w + C2(f)):

    E3(h) = (1 - p(h)) e(h) + p(h) (L(3) - L(2) + S)
    E2(g) = (1 - p(g)) e(g) + p(g) (L(2) - L(1) + min(S, min over h not in {f, g} of E3(h)))
    E1(f) = (1 - p(f)) e(f) + p(f) (L(1)        + min(S, min over g not in {f}    of E2(g)))

Exact in that model: no facility is offered the patient twice, and every continuation is the best one. Two simplifications
are in the model itself: answers take their mean time, and after a refusal at a door the further ones are asked at their
doors, among them perhaps one that has declined by telephone before (both are second-order: a chance times a chance).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.compiled import kernel

Floats = NDArray[np.float64]


def not_taken(declined: Floats, refused: Floats) -> Floats:
    """The chance q that a facility does not take the patient, for one reason or the other: float64[f]."""
    return 1.0 - (1.0 - declined) * (1.0 - refused)


def sitegar_cost(drive_ms: Floats, desk_ms: float, usual_ms: float, tried: int) -> float:
    """S: until care when SITEGAR names the facility, after `tried` ones have declined.

    The desk's own time, and then the usual drive, or that to the nearest facility that can be left by then (the farthest
    one if there are not so many): the desk can hardly find one that is nearer. Otherwise a region of long ways would have
    declines look like a gain.

    Args:
        drive_ms: float64[f], to each suitable facility, inf where there is no way.
        desk_ms, usual_ms: the desk's time and the usual drive to what it names.
        tried: how many have declined, at least 0.
    """
    reached = drive_ms[np.isfinite(drive_ms)]
    if len(reached) == 0:
        return desk_ms + usual_ms
    place = min(tried, len(reached) - 1)
    return desk_ms + max(usual_ms, float(np.partition(reached, place)[place]))


def refused_cost(onward_ms: Floats, not_taken: Floats, door_ms: float, desk_ms: float, usual_ms: float, further: int) -> Floats:
    """What a refusal at the door of each facility costs from there: w + C(f) of the module's formula.

    It depends on the facilities and the roads between them only, so that one result serves every vehicle and, while neither
    changes, every call.

    Args:
        onward_ms: float64[f, f], from one facility to another, inf where there is no way; the diagonal is not read.
        not_taken: float64[f], the chance q.
        door_ms: lost at a door that refuses.
        desk_ms, usual_ms: as for `sitegar_cost`; S(f) counts the way to the nearest other facility.
        further: facilities that may still be tried, 0, 1 or 2.

    Returns:
        float64[f].
    """
    if not 0 <= further <= 2:
        raise ValueError(f"the formula is written out for up to 2 further tries, not {further}")
    return _refused_cost(onward_ms, not_taken, float(door_ms), float(desk_ms), float(usual_ms), further)


@kernel
def _refused_cost(onward: Floats, never: Floats, door: float, desk: float, usual: float, further: int) -> Floats:
    count = len(never)
    sitegar = np.empty(count)
    for f in range(count):
        nearest = np.inf
        for h in range(count):
            if h != f:
                nearest = min(nearest, onward[f, h])
        sitegar[f] = desk + max(usual, nearest if nearest < np.inf else 0.0)
    cost = door + sitegar
    if further == 0:
        return cost
    # Of the last tries from each facility the best one, and the best one without that.
    best, first, second = np.full(count, -1), np.full(count, np.inf), np.full(count, np.inf)
    for f in range(count):
        for h in range(count):
            last = onward[f, h] + never[h] * (door + sitegar[h])
            if h != f and last < first[f]:
                best[f], first[f], second[f] = h, last, first[f]
            elif h != f and last < second[f]:
                second[f] = last
    for f in range(count):
        least = first[f]
        if further == 2:
            least = np.inf
            for g in range(count):
                if g != f:
                    after = min(sitegar[g], second[g] if best[g] == f else first[g])
                    least = min(least, onward[f, g] + never[g] * (door + after))
        cost[f] = door + min(sitegar[f], least)
    return cost


def asked_cost(accepted_ms: Floats, declined: Floats, lost_ms: tuple[float, ...], sitegar_ms: float) -> Floats:
    """The expected time to care when facilities are asked by telephone: E1(f) of the module's formula.

    Args:
        accepted_ms: float64[f], e(f): until care once f has accepted, inf if f can't be reached.
        declined: float64[f], the chance p(f).
        lost_ms: L(1), L(2), … one for each try, 1 to 3 of them, not decreasing.
        sitegar_ms: until care when SITEGAR names the facility.

    Returns:
        float64[f], inf where f can't be reached.
    """
    return _asked_cost(accepted_ms, declined, np.array(lost_ms, np.float64), float(sitegar_ms))


@kernel
def _asked_cost(accepted: Floats, declined: Floats, lost: Floats, sitegar: float) -> Floats:
    count, tries = len(accepted), len(lost)
    # What f costs as the last one asked, and as the last but one.
    last, cost = np.empty(count), np.empty(count)
    for f in range(count):
        last[f] = _offered(accepted[f], declined[f], lost[tries - 1] - (lost[tries - 2] if tries > 1 else 0.0), sitegar)
    if tries == 1:
        return last
    three = _three_least(last)
    for f in range(count):
        if tries == 2:
            cost[f] = _offered(accepted[f], declined[f], lost[0], min(sitegar, _least_without(last, three, f, -1)))
            continue
        least = np.inf
        for g in range(count):
            if g != f:
                then = min(sitegar, _least_without(last, three, f, g))
                least = min(least, _offered(accepted[g], declined[g], lost[1] - lost[0], then))
        cost[f] = _offered(accepted[f], declined[f], lost[0], min(sitegar, least))
    return cost


@kernel
def _offered(accepted: float, declined: float, lost: float, then: float) -> float:
    """The cost of asking one that accepts or else has cost `lost` and is followed by `then`; inf if it can't be reached."""
    return (1.0 - declined) * accepted + declined * (lost + then) if accepted < np.inf else np.inf


@kernel
def _three_least(values: Floats) -> tuple[int, int, int]:
    """Where the three least values are, -1 where there are not so many."""
    a, b, c = -1, -1, -1
    for i in range(len(values)):
        if a < 0 or values[i] < values[a]:
            a, b, c = i, a, b
        elif b < 0 or values[i] < values[b]:
            b, c = i, b
        elif c < 0 or values[i] < values[c]:
            c = i
    return a, b, c


@kernel
def _least_without(values: Floats, three: tuple[int, int, int], f: int, g: int) -> float:
    """The least value that is neither that of f nor that of g, from where the three least are; inf if there is none."""
    for i in three:
        if i >= 0 and i != f and i != g:
            return float(values[i])
    return np.inf


def expected_care(
    transport_ms: Floats,
    refused_ms: Floats,
    declined: Floats,
    refused: Floats,
    slack_ms: float | None,
    answer_ms: float,
    sitegar_ms: float,
    tries: int,
) -> Floats:
    """Expected milliseconds from leaving the scene to definitive care, for each facility as the first one tried: float64[f].

    Args:
        transport_ms: float64[f], from the patient to each, inf if it can't be reached.
        refused_ms: float64[f], from `refused_cost` with `tries - 1` further ones.
        declined, refused: float64[f], chances of a decline by telephone and of a refusal at the door.
        slack_ms: how long until the vehicle leaves the scene; None if nobody is asked by telephone.
        answer_ms: the time until an answer.
        sitegar_ms: until care when SITEGAR names the facility.
        tries: facilities tried before SITEGAR names one, 1 to 3.
    """
    if slack_ms is None:
        return transport_ms + not_taken(declined, refused) * refused_ms
    lost = tuple(max(0.0, j * answer_ms - slack_ms) for j in range(1, tries + 1))
    return asked_cost(transport_ms + refused * refused_ms, declined, lost, sitegar_ms)
