"""Asking for a place: attempts at facilities, and requests to the referral desk (SITEGAR)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from dispatch.life.people import Voice
from dispatch.life.stamps import Watch

DestinationKind = Literal["facility", "outside", "given", "none"]
"""A facility of the region's list; one outside the region or in no register; a place the caller names; nowhere."""


class Goal(Struct, frozen=True):
    """Where a patient is to be taken.

    Attributes:
        kind: see `DestinationKind`.
        id: of the facility; of the others a name that is unique in the case.
        name, phone: as people call it, and how it is reached; both empty for a place that the caller names: that is in the
            particulars of the case.
        longitude, latitude: degrees, or None where nobody knows or where it is in the particulars.
    """

    kind: DestinationKind
    id: str
    name: str = ""
    phone: str = ""
    longitude: float | None = None
    latitude: float | None = None


class Decline(StrEnum):
    """Why a facility does not take a patient."""

    ROOM_FULL = "room_full"
    ICU_FULL = "icu_full"
    NO_EQUIPMENT = "no_equipment"
    NO_DOCTOR = "no_doctor"
    NOT_COVERED = "not_covered"
    OTHER = "other"


class AttemptState(StrEnum):
    """What became of asking one facility."""

    UNASKED = "unasked"  # nobody telephones: it is asked at its door
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"
    REFUSED_AT_DOOR = "refused_at_door"


OPEN_ATTEMPT = frozenset({AttemptState.UNASKED, AttemptState.OFFERED, AttemptState.ACCEPTED})
"""A patient has at most one attempt in one of these."""

FAILED_ATTEMPT = frozenset({AttemptState.DECLINED, AttemptState.UNANSWERED, AttemptState.REFUSED_AT_DOOR})

Via = Literal["ranking", "dispatcher", "crew", "sitegar"]
"""Who named the facility."""


class Attempt(Struct, frozen=True):
    """One facility that is asked to take one patient.

    Attributes:
        id, patient: of the case.
        goal: the facility.
        via: who named it.
        state: see `AttemptState`.
        watch: since when it is asked.
        why: of a decline or a refusal.
        voice: whose word the last answer was, where somebody else recorded it.
    """

    id: str
    patient: str
    goal: Goal
    via: Via
    state: AttemptState
    watch: Watch
    why: Decline | None = None
    voice: Voice | None = None

    @property
    def open(self) -> bool:
        """Whether the patient may still end up there by it."""
        return self.state in OPEN_ATTEMPT


DeskState = Literal["asked", "answered", "nothing_found", "withdrawn"]

Because = Literal["tries_used", "none_left", "region_asks_desk", "quicker", "dispatcher", "crew", "refused_at_door"]
"""Why the desk is asked."""


class DeskRequest(Struct, frozen=True):
    """The referral desk is asked to name a facility for one patient.

    Attributes:
        id, patient: of the case.
        because: why it is asked.
        state: "asked" until there is an answer.
        watch: since when it is asked.
        attempt: what its answer led to.
        voice: who answered.
    """

    id: str
    patient: str
    because: Because
    state: DeskState
    watch: Watch
    attempt: str | None = None
    voice: Voice | None = None
