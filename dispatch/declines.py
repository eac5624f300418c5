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
    count = len(not_taken)
    if count == 0:
        return np.empty(0)
    everyone = np.arange(count)
    roads = onward_ms.copy()
    roads[everyone, everyone] = np.inf
    nearest = roads.min(axis=1)
    sitegar = desk_ms + np.maximum(usual_ms, np.where(np.isfinite(nearest), nearest, 0.0))
    if further == 0 or count < 2:
        return np.asarray(door_ms + sitegar, np.float64)
    last = roads + not_taken * (door_ms + sitegar)
    if further == 1:
        return np.asarray(door_ms + np.minimum(last.min(axis=1), sitegar), np.float64)
    best = last.argmin(axis=1)
    first = last[everyone, best]
    last[everyone, best] = np.inf
    second = last.min(axis=1)
    # after[f, g]: from g, with f and g behind one: the best third, or the second best where the best would be f again.
    after = np.empty((count, count))
    after[:] = np.minimum(first, sitegar)
    after[best, everyone] = np.minimum(second, sitegar)
    after += door_ms
    after *= not_taken
    after += roads
    return np.asarray(door_ms + np.minimum(after.min(axis=1), sitegar), np.float64)


def _two_least(values: Floats) -> tuple[int, float, float]:
    """Where the least of at least one value is, it, and the next (inf if there is none)."""
    least = int(values.argmin())
    rest = np.inf
    if least:
        rest = float(values[:least].min())
    if least + 1 < len(values):
        rest = min(rest, float(values[least + 1 :].min()))
    return least, float(values[least]), rest


def _least_without_each(values: Floats) -> Floats:
    """For each position the least of the other values, inf if there is none."""
    least, first, second = _two_least(values)
    others = np.full(len(values), first)
    others[least] = second
    return others


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
    count = len(accepted_ms)
    if count == 0:
        return np.empty(0)
    reached = np.isfinite(accepted_ms)
    taken = np.where(reached, (1.0 - declined) * np.where(reached, accepted_ms, 0.0), np.inf)

    def offer(step: int, then: Floats | float) -> Floats:
        lost = lost_ms[step] - (lost_ms[step - 1] if step else 0.0)
        return taken + declined * (lost + np.minimum(then, sitegar_ms))

    tries = len(lost_ms)
    last = offer(tries - 1, sitegar_ms)
    if tries == 1:
        return last
    if tries == 2:
        return offer(0, _least_without_each(last))
    # Three tries. The best third choice without {f, g} is one of the three best; which one differs only for f among the
    # first two of them, so three passes over g do for all f.
    order = np.argsort(last, kind="stable")[:3]
    best, second, rest = [float(last[i]) for i in order] + [np.inf] * (3 - len(order))
    without_g = np.full(count, best)
    without_g[order[0]] = second
    choices = offer(1, without_g)
    following = _least_without_each(choices)
    if count > 1:
        for f, other, left in ((order[0], order[1], second), (order[1], order[0], best)):
            without_f_and_g = np.full(count, left)
            without_f_and_g[other] = rest
            choices = offer(1, without_f_and_g)
            choices[f] = np.inf
            following[f] = choices.min()
    return offer(0, following)


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
