"""Calls about one event: open cases that may be the one that somebody is just telling of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.life.case import Case
from dispatch.life.particulars import middle_of
from dispatch.life.rules import Rules
from routing.earth import distance_m

_OTHER_KIND = 0.5
"""A case of another kind counts as half a reach farther: two callers seldom name one event differently. Assumption."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An open case near a call.

    Attributes:
        case: it.
        distance_m: from the place of the call to the middle of the case's 250 m cell; the true distance is up to 180 m less
            or more.
        same_kind: it is of the kind that is asked about; where either is not known, not.
    """

    case: Case
    distance_m: float
    same_kind: bool


def similar_cases(
    cases: Iterable[Case], longitude: float, latitude: float, received_at: datetime, kind: str | None, rules: Rules
) -> list[Similar]:
    """The open cases that may be the same event, the likeliest first.

    A case counts if it is no farther than `rules.similar_m` and was received no more than `rules.similar_for` before or after.
    The order is by the sum of both shares of their limits; whoever told of something else counts as farther.

    Args:
        cases: open ones; what is closed or has no place is passed over.
        longitude, latitude: of the call, degrees.
        received_at: when the call came, with a time zone.
        kind: as in `data/cases.toml`; None: not known yet.
        rules: the region's.
    """
    found: list[tuple[float, str, Similar]] = []
    for case in cases:
        if not case.open or case.cell is None:
            continue
        middle = middle_of(case.cell)
        away_m = distance_m(longitude, latitude, middle.longitude, middle.latitude)
        apart = abs(received_at - case.received_at)
        if away_m > rules.similar_m or apart > rules.similar_for:
            continue
        unlike = _OTHER_KIND if None not in (kind, case.kind) and kind != case.kind else 0.0
        score = away_m / rules.similar_m + apart / rules.similar_for + unlike
        found.append((score, case.id, Similar(case, away_m, kind is not None and kind == case.kind)))
    return [one for _, _, one in sorted(found, key=lambda item: item[:2])]
