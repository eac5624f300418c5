"""What a match works out for every facility by itself, in machine code: each answer asks for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facilities import flags as bits
from routing import CLOSED
from routing.compiled import kernel

Bools = NDArray[np.bool_]
Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = np.iinfo(np.int64).max
_NO, _UNKNOWN, _YES = -1, 0, 1
"""`facilities.model.Value`, and `facilities.hours.Open` as well: closed, unknown, open."""


@kernel
def met(capability: Int8, implied: Bools, columns: Int64, first: Int64, by_door: Bools) -> tuple[Int8, Bools, Bools]:
    """Whether each facility meets one of some sets of capabilities; set k is `columns[first[k] : first[k + 1]]`.

    Args:
        capability, implied: int8[n, c], bool[n, c], as in `facilities.table.FacilityTable`.
        by_door: bool[k], who needs this set comes in through the emergency department.

    Returns:
        The value of the set that is met best, int8[n]; that it rests on what the kind implies, bool[n], not where an equal one
        does not; that the patient comes in through the emergency department, bool[n], where that is so for one of the equals.
    """
    count = len(capability)
    value = np.full(count, _NO if len(by_door) else _YES, np.int8)
    rests, door = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for i in range(count):
        for k in range(len(by_door)):
            least, some = _YES, False
            for at in range(first[k], first[k + 1]):
                least = min(least, capability[i, columns[at]])
                some |= implied[i, columns[at]]
            if least > value[i]:
                value[i], rests[i], door[i] = least, some, by_door[k]
            elif least == value[i]:
                rests[i] &= some
                door[i] |= by_door[k]
    return value, rests, door


@kernel
def arrive(
    flags: Int32,
    travel: Int64,
    value: Int8,
    rests: Bools,
    door: Bools,
    emergency_row: Int32,
    hours_row: Int32,
    row_first: Int64,
    start: Int64,
    state: Int8,
    covered: tuple[int, int],
    second: int,
    soon: int,
) -> tuple[Int64, Int64, Int64]:
    """What is found at each facility's door; adds to `flags`.

    Args:
        flags: int32[n].
        travel: int64[n], milliseconds, CLOSED where there is no way.
        value, rests, door: from `met`.
        emergency_row, hours_row: int32[n], rows of the timetable: its `row_first`, `start`, `state`; `covered`: its begin, end.
        second: when the vehicle leaves. soon: so many seconds before closing is soon.

    Returns:
        int64[n] each: arrival and next change of opening in seconds since 1970 (NEVER), milliseconds from leaving until then.
    """
    count = len(travel)
    arrival, change, open_for = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    for i in range(count):
        found = flags[i]
        reached = travel[i] < CLOSED
        if not reached:
            found |= bits.UNREACHABLE
        if value[i] == _NO:
            found |= bits.LACKS
        elif value[i] == _UNKNOWN:
            found |= bits.CAPABILITY_UNKNOWN
        elif rests[i]:
            found |= bits.IMPLIED
        then = second - (-travel[i] // 1000)
        held, following = _UNKNOWN, NEVER
        if covered[0] <= then < covered[1]:
            row = emergency_row[i] if door[i] else hours_row[i]
            end = row_first[row + 1]
            at = row_first[row] + np.searchsorted(start[row_first[row] : end], then, side="right") - 1
            held = state[at]
            if at + 1 < end:
                following = start[at + 1]
        if held == _NO and reached:
            found |= bits.CLOSED_THEN
        elif held == _UNKNOWN and reached:
            found |= bits.HOURS_UNKNOWN
        elif held == _YES and following - then < soon:
            found |= bits.SOON
        flags[i] = found
        arrival[i], change[i] = then, following
        open_for[i] = NEVER if following == NEVER else (following - second) * 1000
    return arrival, change, open_for


@kernel
def accepting(flags: Int32, prior: Floats, unknown_capability: float, implied: float, unknown_hours: float) -> Floats:
    """The chance that each facility accepts, by its flags alone: float64[n].

    Args:
        flags: int32[n]. prior: float64[n], the chance that it declines.
        unknown_capability, implied, unknown_hours: the chance that it declines because of that.
    """
    accepts = np.empty(len(flags))
    for i in range(len(flags)):
        chance = 1.0 - prior[i]
        if flags[i] & bits.CAPABILITY_UNKNOWN:
            chance *= 1.0 - unknown_capability
        if flags[i] & bits.IMPLIED:
            chance *= 1.0 - implied
        if flags[i] & bits.HOURS_UNKNOWN:
            chance *= 1.0 - unknown_hours
        accepts[i] = 0.0 if flags[i] & (bits.LACKS | bits.CLOSED_THEN) else chance
    return accepts
