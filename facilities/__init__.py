"""Where a person can be taken: who offers what, who is open, who is near.

This is the package's public face for serving. Reading registers and OSM, laying one over the other and cutting cells of
demand is preparation: `facilities.prepare`.
"""

from __future__ import annotations

from facilities.availability import Availability, AvailabilityBoard, AvailabilityState
from facilities.demand import DemandCells
from facilities.hours import Calendar, Hours, Open, Opening, country_of, opening_at, read_hours, time_zone
from facilities.matching import Certainty, LeftOut, Matches, Ranked, match
from facilities.model import CapabilityClaim, Conflict, Facility, Problem, Severity, SourceRecord, Value
from facilities.provenance import Said, mapped, said_of
from facilities.reasons import Reason, conflict_reason, problem_text
from facilities.requirement import Requirement
from facilities.store import from_json
from facilities.table import NEVER, FacilityTable

__all__ = [
    "NEVER",
    "Availability",
    "AvailabilityBoard",
    "AvailabilityState",
    "Calendar",
    "CapabilityClaim",
    "Certainty",
    "Conflict",
    "DemandCells",
    "Facility",
    "FacilityTable",
    "Hours",
    "LeftOut",
    "Matches",
    "Open",
    "Opening",
    "Problem",
    "Ranked",
    "Reason",
    "Requirement",
    "Said",
    "Severity",
    "SourceRecord",
    "Value",
    "conflict_reason",
    "country_of",
    "from_json",
    "mapped",
    "match",
    "opening_at",
    "problem_text",
    "read_hours",
    "said_of",
    "time_zone",
]
