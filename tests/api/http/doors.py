"""Every endpoint, and who may pass its door: the table that `test_no_way_in` holds the service to."""

from __future__ import annotations

from tests.api.http.live import NOBODY, ROLES

# Who may pass the door. What lies behind it may still be missing or somebody else's (404, 409, 403 with another code).
STAFF = ("dispatcher", "admin")
CREW = (*STAFF, "driver_a1", "driver_a2")
DESKS = ("facility", "other_facility")
ADMIN = ("admin", "elsewhere")
SIGNED_IN = tuple(role for role in ROLES if role not in ("expired", "revoked", "unknown", NOBODY))
LOOKING = (*CREW, "sitegar", "planner")
ANYBODY = ROLES
STRANGERS = ("expired", "revoked", "unknown", NOBODY)

R = "/v1/regions/{region}"
C = R + "/cases/{case}"
P = C + "/patients/{patient}"
U = R + "/runs/{run}"
V = R + "/vehicles/{vehicle}"

DOORS: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    # A page asks it before anybody has signed in.
    ("GET", "/v1/service"): ANYBODY,
    ("GET", "/metrics"): (*ADMIN, "metrics"),
    ("POST", R + "/cases"): STAFF,
    ("GET", R + "/cases"): STAFF,
    ("POST", R + "/cases/similar"): STAFF,
    ("GET", C): CREW,
    ("PATCH", C): STAFF,
    ("GET", C + "/particulars"): (*CREW, *DESKS),
    ("GET", C + "/timeline"): CREW,
    ("GET", C + "/recommendation"): STAFF,
    ("GET", C + "/recommendation/{vehicle}/legs"): STAFF,
    ("POST", C + "/assignments"): STAFF,
    ("POST", C + "/patients"): STAFF,
    ("PUT", P + "/particulars"): STAFF,
    ("POST", C + "/merge"): STAFF,
    ("POST", C + "/cancel"): STAFF,
    ("POST", C + "/help"): STAFF,
    ("POST", C + "/help/answer"): STAFF,
    ("POST", C + "/links"): STAFF,
    ("GET", C + "/links"): STAFF,
    ("DELETE", C + "/links"): STAFF,
    # The link itself says who may look; nobody signs in.
    ("GET", "/v1/family/{secret}"): ANYBODY,
    ("GET", R + "/offers"): (*CREW, *DESKS),
    ("GET", R + "/desk"): (*STAFF, "sitegar"),
    ("GET", R + "/desk/{case}/{request}/suggestions"): (*STAFF, "sitegar"),
    ("POST", P + "/offers"): (*CREW, *DESKS),
    ("POST", C + "/offers/{offer}/answer"): (*CREW, *DESKS),
    ("POST", P + "/refusal"): CREW,
    ("POST", P + "/desk"): (*CREW, "sitegar"),
    ("POST", C + "/desk/{request}/answer"): (*CREW, "sitegar"),
    ("POST", P + "/goal"): CREW,
    ("POST", P + "/handover"): CREW,
    ("POST", P + "/treatment"): CREW,
    ("POST", P + "/death"): CREW,
    ("POST", P + "/end"): CREW,
    ("GET", R + "/runs"): STAFF,
    ("GET", U): CREW,
    ("GET", U + "/route"): CREW,
    ("GET", U + "/route.gpx"): CREW,
    ("GET", U + "/route.geojson"): CREW,
    ("POST", U + "/progress"): CREW,
    ("POST", U + "/decline"): CREW,
    ("POST", U + "/escort-end"): CREW,
    ("POST", U + "/stand-down"): STAFF,
    ("POST", U + "/join"): STAFF,
    ("POST", U + "/times"): CREW,
    ("GET", R + "/vehicles"): STAFF,
    ("GET", R + "/cover"): STAFF,
    ("GET", V): CREW,
    ("GET", V + "/job"): CREW,
    ("GET", V + "/trail"): CREW,
    ("PUT", V): ("admin",),
    ("POST", V + "/retire"): ("admin",),
    ("POST", V + "/status"): CREW,
    ("POST", V + "/breakdown"): CREW,
    ("GET", R + "/officers"): STAFF,
    ("GET", R + "/officers/{officer}"): STAFF,
    ("PUT", R + "/officers/{officer}"): ("admin",),
    ("PUT", R + "/officers/{officer}/shift"): ("admin",),
    ("POST", R + "/officers/{officer}/retire"): ("admin",),
    ("POST", R + "/fixes"): (*CREW, "tracker"),
    ("GET", "/v1/regions"): (*LOOKING, *DESKS, "elsewhere"),
    ("GET", R): (*LOOKING, *DESKS),
    ("GET", R + "/settings"): ("admin",),
    ("PUT", R + "/settings"): ("admin",),
    ("GET", R + "/services"): (*LOOKING, *DESKS),
    ("POST", R + "/places/search"): (*LOOKING, *DESKS),
    ("POST", R + "/places/address"): (*LOOKING, *DESKS),
    ("GET", R + "/facilities"): (*LOOKING, *DESKS),
    ("GET", R + "/facilities/{facility}"): (*LOOKING, *DESKS),
    ("PUT", R + "/availability/{facility}"): (*STAFF, *DESKS, "sitegar"),
    ("GET", R + "/conditions"): (*CREW, "planner"),
    ("GET", R + "/conditions.geojson"): (*CREW, "planner"),
    # The map is public data, and the page of a family's link draws it too.
    ("GET", R + "/tiles.json"): ANYBODY,
    ("GET", R + "/tiles/{z}/{x}/{y}.mvt"): ANYBODY,
    ("GET", R + "/conditions/{condition}/touched"): (*CREW, "planner"),
    ("POST", R + "/conditions/preview"): CREW,
    ("PUT", R + "/conditions/{condition}"): CREW,
    ("POST", R + "/conditions/{condition}/withdraw"): CREW,
    ("GET", "/v1/events"): (*CREW, *DESKS, "sitegar"),
    ("POST", "/v1/session"): ANYBODY,
    ("GET", "/v1/session"): SIGNED_IN,
    ("DELETE", "/v1/session"): (),
    ("PUT", "/v1/session/password"): (),
    ("GET", "/v1/roles"): ADMIN,
    ("GET", "/v1/people"): ADMIN,
    ("POST", "/v1/people"): ADMIN,
    ("PATCH", "/v1/people/{name}"): ADMIN,
    ("PUT", "/v1/people/{name}/password"): ADMIN,
    ("GET", "/v1/tokens"): ADMIN,
    ("POST", "/v1/tokens"): ADMIN,
    ("DELETE", "/v1/tokens/{token}"): ADMIN,
    ("GET", "/osrm/{region}/route/v1/{profile}/{coordinates}"): LOOKING,
    ("GET", "/osrm/{region}/table/v1/{profile}/{coordinates}"): LOOKING,
    ("GET", "/osrm/{region}/nearest/v1/{profile}/{coordinates}"): LOOKING,
    ("GET", "/ogc/{region}"): (*LOOKING, *DESKS),
    ("GET", "/ogc/{region}/api"): (*LOOKING, *DESKS),
    ("GET", "/ogc/{region}/conformance"): (*LOOKING, *DESKS),
    ("GET", "/ogc/{region}/collections"): (*LOOKING, *DESKS),
    **{
        ("GET", f"/ogc/{{region}}/collections/{name}{rest}"): who
        for name, who in (
            ("facilities", (*LOOKING, *DESKS)),
            ("vehicles", STAFF),
            ("closures", (*CREW, "planner")),
        )
        for rest in ("", "/items", "/items/{feature}")
    },
    ("GET", "/fhir/{region}/metadata"): (*CREW, *DESKS, "sitegar"),
    ("GET", "/fhir/{region}/ServiceRequest/{name}"): (*CREW, *DESKS, "sitegar"),
    ("GET", "/fhir/{region}/Task/{name}"): (*CREW, *DESKS, "sitegar"),
    ("GET", "/fhir/{region}/Task"): (*CREW, *DESKS, "sitegar"),
    # Trackers say who they are by an id of their own in the report; a bearer token is not looked at.
    ("GET", "/track/osmand"): (),
    ("POST", "/track/osmand"): (),
    ("POST", "/track/traccar"): (),
    ("POST", "/track/owntracks"): (),
}
"""Every endpoint, and who gets past its door. A new endpoint has to be entered here."""
