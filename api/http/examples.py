"""One example of every request for the OpenAPI document: whole bodies, and a value for every parameter that has to be given.

They belong together: the case that is opened in one is the one that others name, and who is entered signs in. No body says when
it happened, where that can be left out: a time that was copied from here would lie in the future, or before the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]

_R = "/v1/regions/{region}"
_C = _R + "/cases/{case}"
_P = _C + "/patients/{patient}"
_U = _R + "/runs/{run}"
_V = _R + "/vehicles/{vehicle}"
_O = _R + "/officers/{officer}"

_CASE, _OTHER_CASE = "K3F-9QX-7TT", "K8M-2WD-4HC"
_FACILITY = "osm:way/123456789"
_MADE = "5e1c2a9077d14f0d"  # what a command makes is called after it
_LONGITUDE, _LATITUDE = 106.8527, -6.4817
_PASSWORD = "kopi pahit di teras"  # nobody's: whoever copies it has read it here

_PLACE: Json = {
    "longitude": _LONGITUDE,
    "latitude": _LATITUDE,
    "address": "Jl. Mayor Oking 12, RT 03/RW 05",
    "landmark": "depan masjid",
}
_PERSON: Json = {"name": "Bapak Asep", "birth_date": "1961-04-17", "sex": "male", "complaint": "sesak napas, keringat dingin"}
_VOICE: Json = {"name": "dr. Sari, IGD", "phone": "0251-8312292"}
_CHOSEN: Json = {"recommended": False, "override": "kru sudah di dekat lokasi"}  # taken whichever vehicle ranks first
_NOTHING: Json = {}  # the path says it all

BODIES: Mapping[str, Json] = MappingProxyType(
    {
        f"POST {_R}/cases": {
            "kind": "emergency",
            "priority": "red",
            "place": _PLACE,
            "caller": {"name": "Ibu Rina", "phone": "0812-0000-0001"},
            "person": _PERSON,
            "patients": 2,
            "note": "pagar hijau, gang masuk motor saja",
        },
        f"PATCH {_C}": {"priority": "yellow", "place": _PLACE, "why": "penelepon memperbaiki alamat"},
        f"POST {_R}/cases/similar": {
            "longitude": _LONGITUDE,
            "latitude": _LATITUDE,
            "kind": "accident",
            "except": _OTHER_CASE,
        },
        f"POST {_C}/assignments": {"vehicle": "V01", "facility": {"facility": _FACILITY}, **_CHOSEN},
        f"POST {_C}/patients": _NOTHING,
        f"PUT {_P}/particulars": {"person": _PERSON, "place": _PLACE},
        f"POST {_C}/merge": {"into": _OTHER_CASE, "adds": ["2"]},
        f"POST {_C}/cancel": {"why": "pasien sudah diantar keluarga"},
        f"POST {_C}/help": _NOTHING,
        f"POST {_C}/help/answer": {
            "accepted": True,
            "helper": "neighbour",
            "name": "Ambulans Desa Nanggewer",
            "voice": {"name": "Pak Dedi", "phone": "0812-0000-0007"},
            "expected_seconds": 900,
        },
        f"POST {_C}/links": {"hours": 6},
        f"POST {_P}/offers": {"facility": {"facility": _FACILITY}},
        f"POST {_C}/offers/{{offer}}/answer": {
            "accepted": False,
            "why": "icu_full",
            "note": "ICU penuh sampai sore",
            "voice": _VOICE,
        },
        f"POST {_P}/refusal": {"why": "room_full", "note": "IGD penuh, pasien di brankar", "voice": _VOICE},
        f"POST {_P}/desk": _NOTHING,
        f"POST {_C}/desk/{{request}}/answer": {
            "facility": {"name": "RSUD Ciawi", "phone": "0251-8240797", "longitude": 106.8487, "latitude": -6.6586},
            "arranged": True,
            "voice": {"name": "Petugas SITEGAR", "phone": "0812-0000-0009"},
        },
        f"POST {_P}/goal": {"place": _PLACE, "why": "pulang ke rumah, diminta keluarga"},
        f"POST {_P}/handover": {"voice": _VOICE},
        f"POST {_P}/treatment": _NOTHING,
        f"POST {_P}/death": _NOTHING,
        f"POST {_P}/end": {"outcome": "refused", "why": "pasien tidak mau dibawa"},
        f"POST {_U}/progress": {"point": "departed", "riders": [{"case": _CASE, "patient": "1"}]},
        f"POST {_U}/decline": {"why": "ban bocor"},
        f"POST {_U}/escort-end": {"why": "dipanggil ke kasus merah"},
        f"POST {_U}/stand-down": {"why": "pasien sudah diantar keluarga"},
        f"POST {_U}/join": {"case": _CASE, "patients": ["2"]},
        f"POST {_U}/times": {"point": "departed", "at": "2026-11-22T10:02:00+07:00", "why": "tombol terlambat ditekan"},
        f"PUT {_V}": {
            "name": "Ambulans Ciriung 1",
            "kind": "village_ambulance",
            "equipment": ["siren", "lights", "stretcher"],
            "capacity": 1,
            "base": "Kantor Kelurahan Ciriung",
            "base_longitude": _LONGITUDE,
            "base_latitude": _LATITUDE,
            "phone": "0812-0000-0003",
        },
        f"POST {_V}/retire": _NOTHING,
        f"POST {_V}/status": {"status": "on_break", "why": "makan siang"},
        f"POST {_V}/breakdown": {"why": "mesin mati di Jl. Raya Bogor"},
        f"PUT {_O}": {"name": "Budi Santoso", "skills": ["crew", "companion"]},
        f"PUT {_O}/shift": {"begins": "2026-11-22T07:00:00+07:00", "ends": "2026-11-22T19:00:00+07:00"},
        f"POST {_O}/retire": _NOTHING,
        f"POST {_R}/fixes": {
            "fixes": [
                {
                    "vehicle": "V01",
                    "longitude": _LONGITUDE,
                    "latitude": _LATITUDE,
                    "fix_time": "2026-11-22T10:02:00+07:00",
                    "speed_kph": 34,
                    "course_deg": 270,
                    "accuracy_m": 8,
                    "battery": 0.8,
                }
            ]
        },
        f"PUT {_R}/settings": {
            "life": {"referral": {"desk_phone": "0251-8312292"}, "clocks": {"answer": {"first": 240}}},
            "decision": {"offers": {"tries": 2}},
        },
        f"PUT {_R}/availability/{{facility}}": {"state": "full", "capability": "emergency"},
        f"PUT {_R}/conditions/{{condition}}": {
            "kind": "flood",
            "effect": "closed",
            "geometry": {"type": "Point", "coordinates": [_LONGITUDE, _LATITUDE]},
            "reach_m": 50,
            "reason": "setinggi lutut, motor pun tidak lewat",
            "until": "2026-11-22T18:00:00+07:00",
        },
        f"POST {_R}/conditions/preview": {
            "kind": "procession",
            "effect": "closed",
            "geometry": {"type": "Point", "coordinates": [_LONGITUDE, _LATITUDE]},
            "reach_m": 80,
        },
        f"POST {_R}/conditions/{{condition}}/withdraw": _NOTHING,
        f"POST {_R}/places/search": {"q": "Jl. Mayor Oking 12", "near": {"longitude": _LONGITUDE, "latitude": _LATITUDE}},
        f"POST {_R}/places/address": {"longitude": _LONGITUDE, "latitude": _LATITUDE},
        "POST /v1/session": {"name": "sari", "password": _PASSWORD},
        "PUT /v1/session/password": {"old": _PASSWORD, "new": "hujan sore di kebun raya"},
        "POST /v1/people": {"name": "sari", "password": _PASSWORD, "roles": ["dispatcher"], "regions": ["cibinong"]},
        "PATCH /v1/people/{name}": {"grant": {"roles": ["dispatcher", "planner"], "regions": ["cibinong"]}, "disabled": False},
        "PUT /v1/people/{name}/password": {"password": "lima perahu di situ"},
        "POST /v1/tokens": {
            "label": "GPS V01",
            "role": "tracker",
            "regions": ["cibinong"],
            "vehicle": "V01",
            "kind": "device",
            "days": 365,
        },
    }
)
"""By method and path."""

_NAMED: Mapping[str, Any] = MappingProxyType(
    {
        "region": "cibinong",
        "vehicle": "V01",
        "run": f"{_MADE}.1",
        "offer": f"{_MADE}.2",
        "request": f"{_MADE}.3",
        "facility": _FACILITY,
        "secret": "0cV3kQ7mXw2bN8tR5yL1pAhE9sJ4uD6f",
    }
)
_PLACED: Mapping[str, str] = MappingProxyType(
    {
        "/ogc/{region}/collections/facilities/items/{feature}": _FACILITY,
        "/ogc/{region}/collections/vehicles/items/{feature}": "V01",
        "/ogc/{region}/collections/closures/items/{feature}": "banjir-1",
        "/fhir/{region}/ServiceRequest/{name}": f"{_CASE}.1",
        "/fhir/{region}/Task/{name}": f"{_CASE}.a1",
    }
)
"""Where one name means several things."""


def exemplify(method: str, path: str, operation: Json) -> None:
    """Gives an operation of the document its examples; those that stand with a parameter or an endpoint are left."""
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        placed = _PLACED.get(path) if name in ("feature", "name") else None
        value = _NAMED.get(name) if placed is None else placed
        told = {"example", "examples"} & (parameter.keys() | parameter["schema"].keys())
        if parameter.get("required") and value is not None and not told:
            parameter["example"] = value
    body = BODIES.get(f"{method.upper()} {path}")
    if body is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = body
