"""Value sets of FHIR R4 (4.0.1) that are required for what Siaga sends, since fhir.resources checks shapes and not codes.

Each is copied from the page that is named beside it; all of them lie under https://hl7.org/fhir/R4/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

REQUEST_STATUS = frozenset(  # valueset-request-status.html
    {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
)
REQUEST_INTENT = frozenset(  # valueset-request-intent.html
    {
        "proposal",
        "plan",
        "directive",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    }
)
REQUEST_PRIORITY = frozenset({"routine", "urgent", "asap", "stat"})  # valueset-request-priority.html
TASK_STATUS = frozenset(  # valueset-task-status.html
    {
        "draft",
        "requested",
        "received",
        "accepted",
        "rejected",
        "ready",
        "cancelled",
        "in-progress",
        "on-hold",
        "failed",
        "completed",
        "entered-in-error",
    }
)
TASK_INTENT = (REQUEST_INTENT - {"directive"}) | {"unknown"}  # valueset-task-intent.html
TASK_CODE = frozenset(  # valueset-task-code.html
    {"approve", "fulfill", "abort", "replace", "change", "suspend", "resume"}
)
GENDER = frozenset({"male", "female", "other", "unknown"})  # valueset-administrative-gender.html
CONTACT_SYSTEM = frozenset(  # valueset-contact-point-system.html
    {"phone", "fax", "email", "pager", "url", "sms", "other"}
)
IDENTIFIER_USE = frozenset({"usual", "official", "temp", "secondary", "old"})  # valueset-identifier-use.html
BUNDLE_TYPE = frozenset(  # valueset-bundle-type.html
    {
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    }
)
SEARCH_MODE = frozenset({"match", "include", "outcome"})  # valueset-search-entry-mode.html
LINK_RELATION = frozenset({"self", "first", "previous", "next", "last"})  # of a search: http.html, "Paging"
ISSUE_SEVERITY = frozenset({"fatal", "error", "warning", "information"})  # valueset-issue-severity.html
ISSUE_TYPE = frozenset(  # valueset-issue-type.html
    {
        *("invalid", "structure", "required", "value", "invariant"),
        *("security", "login", "unknown", "expired", "forbidden", "suppressed"),
        *("processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"),
        *("code-invalid", "extension", "too-costly", "business-rule", "conflict"),
        *("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"),
        "informational",
    }
)
PUBLICATION_STATUS = frozenset({"draft", "active", "retired", "unknown"})  # valueset-publication-status.html
CAPABILITY_KIND = frozenset({"instance", "capability", "requirements"})  # valueset-capability-statement-kind.html
CAPABILITY_MODE = frozenset({"client", "server"})  # valueset-restful-capability-mode.html
INTERACTION = frozenset(  # valueset-type-restful-interaction.html
    {
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    }
)
VERSIONING = frozenset({"no-version", "versioned", "versioned-update"})  # valueset-versioning-policy.html
SEARCH_PARAM_TYPE = frozenset(  # valueset-search-param-type.html
    {"number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"}
)

BOUND: Mapping[str, frozenset[str]] = {
    "ServiceRequest.status": REQUEST_STATUS,
    "ServiceRequest.intent": REQUEST_INTENT,
    "ServiceRequest.priority": REQUEST_PRIORITY,
    "Task.status": TASK_STATUS,
    "Task.intent": TASK_INTENT,
    "Task.priority": REQUEST_PRIORITY,
    "Patient.gender": GENDER,
    "Patient.telecom.system": CONTACT_SYSTEM,
    "Patient.contact.telecom.system": CONTACT_SYSTEM,
    "Patient.identifier.use": IDENTIFIER_USE,
    "Bundle.type": BUNDLE_TYPE,
    "Bundle.link.relation": LINK_RELATION,
    "Bundle.entry.search.mode": SEARCH_MODE,
    "OperationOutcome.issue.severity": ISSUE_SEVERITY,
    "OperationOutcome.issue.code": ISSUE_TYPE,
    "CapabilityStatement.status": PUBLICATION_STATUS,
    "CapabilityStatement.kind": CAPABILITY_KIND,
    "CapabilityStatement.fhirVersion": frozenset({"4.0.1"}),  # valueset-FHIR-version.html
    "CapabilityStatement.rest.mode": CAPABILITY_MODE,
    "CapabilityStatement.rest.resource.interaction.code": INTERACTION,
    "CapabilityStatement.rest.resource.versioning": VERSIONING,
    "CapabilityStatement.rest.resource.searchParam.type": SEARCH_PARAM_TYPE,
}
"""By path the value set that a code has to be from."""


def codes_in(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The codes of a resource at paths that are bound, also of those contained in it or in a bundle."""
    yield from _below(resource["resourceType"], resource)


def _below(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        here = value.get("resourceType", path)
        for name, inner in value.items():
            yield from _below(f"{here}.{name}", inner)
    elif isinstance(value, list):
        for one in value:
            yield from _below(path, one)
    elif path in BOUND:
        yield path, value


def wrong_codes(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The codes of a resource that are not in the value set that their path is bound to."""
    return [(path, code) for path, code in codes_in(resource) if code not in BOUND[path]]
