"""What is archived: every column of both tables. Whatever is not named here never leaves the store.

There is no name, telephone number, NIK, address, free text, officer, exact place or id that somebody could choose. Ids of
cases, runs, offers, requests and reports are pseudonyms (`dispatch.archive.pseudonyms`); places are 250 m cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCHEMA = 1
"""Of both tables. A release that changes a column counts on, and goes on reading the ones before."""

Table = Literal["events", "cases"]
TABLES: tuple[Table, ...] = ("events", "cases")

Type = Literal["text", "time", "whole", "number", "flag", "cell", "attempts"]
"""Text is one of a few words or an id; time is UTC to the millisecond; a cell is a polygon (WKB) in EPSG:4326."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; a value that nobody knows is null, never 0 and never empty."""

    name: str
    type: Type
    meaning: str


EVENTS: tuple[Column, ...] = (
    Column("region", "text", "name of the region"),
    Column("event", "text", "id in the region's stream; ids grow: milliseconds since 1970, a number"),
    Column("type", "text", "what happened: case_opened, run_started, …"),
    Column("happened_at", "time", "when it was so"),
    Column("recorded_at", "time", "when the service knew"),
    Column("role", "text", "as what somebody acted: dispatcher, driver, … system for a clock; never who"),
    Column("case", "text", "pseudonym of the case"),
    Column("patient", "text", "number of the patient in the case"),
    Column("run", "text", "pseudonym of the run"),
    Column("vehicle", "text", "id of the vehicle"),
    Column("vehicle_kind", "text", "as in dispatch.fleet"),
    Column("kind", "text", "of the case, as in data/cases.toml"),
    Column("priority", "text", "red, yellow, green, black"),
    Column("cell_row", "whole", "of the 250 m cell"),
    Column("cell_column", "whole", "of the 250 m cell"),
    Column("geometry", "cell", "the 250 m cell in which the patient was"),
    Column("attempt", "text", "pseudonym of the offer to a facility"),
    Column("request", "text", "pseudonym of the request to the referral desk"),
    Column("destination", "text", "facility, outside (in no register), given (a place the caller named), none"),
    Column("facility", "text", "id in the region's register; null for any other destination"),
    Column("via", "text", "who named the facility: ranking, dispatcher, crew, sitegar"),
    Column("state", "text", "that came of it: of an offer, run, vehicle, search, claim, report; or what fixes suggest"),
    Column("reason", "text", "as a code: of a decline, of asking the desk, of the end of a run"),
    Column("outcome", "text", "how it ended for the patient"),
    Column("point", "text", "the time point that was stamped or corrected"),
    Column("point_at", "time", "what a time point was corrected to; or since when fixes suggest something"),
    Column("chosen", "text", "who chose the vehicle: recommended, override, automatic, help"),
    Column("helper", "text", "help from outside: neighbour, psc119, other"),
    Column("clock", "text", "the clock that rang"),
    Column("count", "whole", "how often it has rung; or how many patients, riders or officers"),
    Column("expected_s", "number", "seconds that the leg was reckoned to take"),
    Column("pickup_at", "time", "for what time it was booked"),
    Column("firm", "flag", "the destination has said yes"),
    Column("into", "text", "pseudonym of the case that goes on for this one"),
    Column("report", "text", "kind of a report about roads"),
    Column("condition", "text", "pseudonym of that report"),
    Column("capability", "text", "what a claim about a facility is about; null: the facility as a whole"),
)

CASES: tuple[Column, ...] = (
    Column("region", "text", "name of the region"),
    Column("case", "text", "pseudonym of the case"),
    Column("patient", "text", "number of the patient in the case"),
    Column("run", "text", "pseudonym of the run; null: nobody was ever sent"),
    Column("final", "flag", "the patient's last row: count patients by these"),
    Column("kind", "text", "of the case, as in data/cases.toml"),
    Column("priority", "text", "red, yellow, green, black"),
    Column("cell_row", "whole", "of the 250 m cell"),
    Column("cell_column", "whole", "of the 250 m cell"),
    Column("geometry", "cell", "the 250 m cell in which the patient was"),
    Column("patients", "whole", "how many the case has"),
    Column("received_at", "time", "the call came"),
    Column("recorded_at", "time", "the service knew of it"),
    Column("pickup_at", "time", "for what time it was booked; null: at once"),
    Column("vehicle", "text", "id of the vehicle; null: officers without one, or help from outside"),
    Column("helper", "text", "help from outside: neighbour, psc119, other"),
    Column("officers", "whole", "how many were on the run"),
    Column("chosen", "text", "who chose the vehicle: recommended, override, automatic, help"),
    Column("passed_over", "whole", "vehicles that declined or did not answer, of the whole case"),
    Column("expected_s", "number", "seconds to the patient as they were reckoned when the run began"),
    Column("assigned_at", "time", ""),
    Column("acknowledged_at", "time", ""),
    Column("departed_at", "time", ""),
    Column("at_scene_at", "time", ""),
    Column("with_patient_at", "time", ""),
    Column("left_scene_at", "time", ""),
    Column("at_facility_at", "time", "at the last door"),
    Column("left_facility_at", "time", "after a refusal at the door, or with others on board"),
    Column("handed_over_at", "time", ""),
    Column("escort_ended_at", "time", ""),
    Column("available_at", "time", ""),
    Column("run_ended", "text", "how the run ended: completed, declined, broken_down, …"),
    Column("corrected", "whole", "how many of these time points were put right afterwards"),
    Column("attempts", "attempts", "facilities that were asked for the patient, in order, with what came of it"),
    Column("desk_requests", "whole", "how often the referral desk was asked for the patient"),
    Column("destination", "text", "facility, outside, given, none: where they were taken in the end"),
    Column("facility", "text", "id in the region's register"),
    Column("outcome", "text", "how it ended for the patient"),
    Column("died_at", "time", ""),
    Column("closed_at", "time", "the case was closed"),
    Column("into", "text", "pseudonym of the case that goes on for this one"),
)

ATTEMPT: tuple[Column, ...] = (
    Column("destination", "text", "facility or outside"),
    Column("facility", "text", "id in the region's register"),
    Column("via", "text", "who named it"),
    Column("state", "text", "unasked, offered, accepted, declined, unanswered, withdrawn, refused_at_door"),
    Column("reason", "text", "of a decline, as a code"),
    Column("asked_at", "time", ""),
    Column("moved_at", "time", "of the last answer, or of the clock that rang; null: none came"),
)
"""The fields of one entry of `attempts`."""


def columns_of(table: Table) -> tuple[Column, ...]:
    """The columns of a table, in order."""
    return EVENTS if table == "events" else CASES
