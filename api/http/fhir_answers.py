"""What a FHIR server says of itself and around its resources: CapabilityStatement, Bundle, OperationOutcome. Pure.

The specification: https://hl7.org/fhir/R4/capabilitystatement.html, …/bundle.html, …/operationoutcome.html, …/http.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.http.fhir_codes import FHIR_VERSION, ISSUE_CODE, code_system

Json = dict[str, Any]

MEDIA_TYPE = "application/fhir+json"
_PUBLISHED = "2026-11-22"
"""When what is said here was last changed."""

SEARCHES = ("based-on", "focus")
"""Parameters of a search for Tasks; both name a ServiceRequest, and in Siaga they are the same."""


def capability_statement(base: str, title: str, version: str) -> Json:
    """What the server of a region can do.

    Args:
        base: its address.
        title: of the region.
        version: of Siaga.
    """
    definition = "http://hl7.org/fhir/SearchParameter/Task-"
    search = [{"name": name, "definition": definition + name, "type": "reference"} for name in SEARCHES]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "software": {"name": "Siaga", "version": version},
        "implementation": {"description": f"Siaga: {title}", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Patients on their way to a facility: read only.",
                "security": {"description": "A token of the region: Authorization: Bearer siaga_…"},
                "resource": [
                    {"type": "ServiceRequest", "interaction": [{"code": "read"}], "versioning": "versioned"},
                    {
                        "type": "Task",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "versioned",
                        "searchParam": search,
                    },
                ],
            }
        ],
    }


def searchset(base: str, address: str, found: Sequence[Json]) -> Json:
    """What a search has found; `address`: the search as it was understood."""
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": address}],
    }
    entries = [
        {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found
    ]
    # An empty list is no FHIR.
    return {**bundle, "entry": entries} if entries else bundle


def operation_outcome(status: int, code: str, detail: str) -> Json:
    """What went wrong.

    Args:
        status: of HTTP.
        code: for programs, of our own.
        detail: for people.
    """
    details = {"coding": [{"system": code_system("problem"), "code": code}], "text": detail}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": ISSUE_CODE.get(status, "processing"), "details": details}],
    }
