"""What `decide` is told beside the command: the time, the rules, and the choices that were worked out for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.life.referral import Goal
from dispatch.life.rules import Rules
from dispatch.life.run import Rider


@dataclass(frozen=True, slots=True)
class VehicleChoice:
    """A vehicle that may be sent to a case, with the facility that goes with it.

    Attributes:
        unit: its id.
        reach_ms: from now to arrival at the patient.
        goal: the facility, or None: the case has none, or the desk names one.
    """

    unit: str
    reach_ms: float
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class FacilityChoice:
    """A facility that may be asked for a patient; `transport_ms` from where the patient is."""

    goal: Goal
    transport_ms: float


@dataclass(frozen=True, slots=True)
class Facilities:
    """Whom to ask next for one patient, best first.

    `desk`: the referral desk is quicker than any of them, or their turn is up. `unfit`: whoever is being asked, or has said
    yes, is known to lack what the patient needs.
    """

    choices: tuple[FacilityChoice, ...] = ()
    desk: bool = False
    unfit: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at the moment of a command.

    Attributes:
        now: the service's time, with its zone; it becomes `recorded_at`.
        rules: the region's.
        vehicles_for: for which case the vehicles are.
        vehicles: choices for that case, best first.
        facilities: by patient.
        leg_ms: how long the next leg of the run takes that the command is about: to the patient, or to where they are taken;
            None where nobody knows.
    """

    now: datetime
    rules: Rules
    vehicles_for: str | None = None
    vehicles: tuple[VehicleChoice, ...] = ()
    facilities: Mapping[Rider, Facilities] = field(default_factory=dict)
    leg_ms: float | None = None

    def ranked(self, case: str) -> tuple[VehicleChoice, ...]:
        """The vehicles that may be sent to a case, best first; none, where that was not worked out."""
        return self.vehicles if self.vehicles_for == case else ()

    def places(self, case: str, patient: str) -> Facilities:
        """Whom to ask next for a patient; nobody, where that was not worked out."""
        return self.facilities.get(Rider(case, patient), Facilities())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command needs to be worked out before it can be decided.

    Attributes:
        vehicles_for: the case for which vehicles are to be ranked, or None.
        without: not these vehicles.
        facilities_for: the patients for whom facilities are to be ranked.
        leg_of: the run whose next leg is to be timed, or None.
    """

    vehicles_for: str | None = None
    without: frozenset[str] = frozenset()
    facilities_for: tuple[Rider, ...] = ()
    leg_of: str | None = None


NOTHING = Wanted()
