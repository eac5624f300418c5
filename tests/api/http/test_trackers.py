"""What trackers send is read in their own units, refused by the field that is wrong, and answered as each client expects."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from api.http import problems
from api.http.redacted import redacted
from api.http.tracker_forms import MissingTokenError, parse_osmand, parse_owntracks, parse_traccar_json
from api.http.trackers import LONGEST_BODY, trackers_router
from dispatch.positions.fixes import Fix
from dispatch.positions.reports import ReportedFix
from routing import InputError

TAKEN = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECOND = int(TAKEN.timestamp())
TOKEN = "k3Jd92-a-secret-tracker-id"
OSMAND = {"id": TOKEN, "lat": "-6.4712", "lon": "106.8581", "timestamp": str(SECOND)}


def traccar(**changes: Any) -> dict[str, Any]:
    location: dict[str, Any] = {
        "timestamp": "2026-11-23T03:00:00.000Z",
        "coords": {"latitude": -6.4712, "longitude": 106.8581, "accuracy": 8.5, "speed": 10, "heading": 270.5, "altitude": 13},
        "is_moving": True,
        "odometer": 1523.7,
        "event": "motionchange",
        "battery": {"level": 0.8, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {},
        "_": "&id=x&lat=1&lon=2&",
    }
    location["coords"] |= {name: value for name, value in changes.items() if name in location["coords"]}
    location |= {name: value for name, value in changes.items() if name in location}
    return {"location": location, "device_id": changes.get("device_id", TOKEN)}


OWNTRACKS: dict[str, Any] = {
    "_type": "location",
    "acc": 9,
    "alt": 120,
    "batt": 64,
    "bs": 1,
    "cog": 271,
    "conn": "m",
    "created_at": SECOND + 3,
    "lat": -6.4712,
    "lon": 106.8581,
    "tid": "A1",
    "topic": "owntracks/ambulans/a1",
    "tst": SECOND,
    "vac": 4,
    "vel": 43,
}


def basic(password: str = TOKEN, user: str = "ambulans") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def raw(told: object) -> bytes:
    return json.dumps(told).encode()


def test_the_osmand_form_in_full() -> None:
    more = {"speed": "10", "bearing": "270.5", "altitude": "35", "accuracy": "12", "hdop": "0.8", "batt": "75", "colour": "red"}
    assert parse_osmand(OSMAND | more) == ReportedFix(
        TOKEN, 106.8581, -6.4712, TAKEN, "osmand", pytest.approx(18.52), 270.5, 12.0, 0.75
    )


def test_the_osmand_form_at_its_shortest() -> None:
    assert parse_osmand(OSMAND) == ReportedFix(TOKEN, 106.8581, -6.4712, TAKEN, "osmand")
    other = {"deviceid": TOKEN, "location": "-6.4712,106.8581", "timestamp": "2026-11-23T10:00:00+07:00"}
    assert parse_osmand(other) == parse_osmand(OSMAND)


@pytest.mark.parametrize(
    "word",
    [
        str(SECOND),
        f"{SECOND}000",
        f"{SECOND}.0",
        "2026-11-23T03:00:00Z",
        "2026-11-23T03:00:00.000Z",
        "2026-11-23T10:00:00+07:00",
        "2026-11-23T10:00:00 07:00",  # a plus sign that nobody escaped
        "2026-11-23T10:00:00+0700",
        "2026-11-23 03:00:00",
        "2026-11-23T03:00:00",
    ],
)
def test_times_are_seconds_milliseconds_or_iso(word: str) -> None:
    found = parse_osmand(OSMAND | {"timestamp": word})
    assert found is not None
    assert found.fix_time == TAKEN
    assert found.fix_time.tzinfo is not None


def test_a_time_without_a_zone_is_in_the_zone_that_is_set() -> None:
    jakarta = timezone(timedelta(hours=7))
    found = parse_osmand(OSMAND | {"timestamp": "2026-11-23 10:00:00"}, jakarta)
    assert found is not None
    assert found.fix_time == TAKEN


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"accuracy": "0.0", "hdop": "25"}, "accuracy_m", 25.0),  # OsmAnd: metres
        ({"hdop": "0.9"}, "accuracy_m", 10.0),
        ({"accuracy": "0"}, "accuracy_m", None),
        ({"accuracy": "-1"}, "accuracy_m", None),
        ({"speed": "-1"}, "speed_kph", None),
        ({"speed": "fast"}, "speed_kph", None),
        ({"speed": "nan"}, "speed_kph", None),
        ({"speed": "1e9"}, "speed_kph", None),
        ({"bearing": "360"}, "course_deg", 0.0),
        ({"heading": "90"}, "course_deg", 90.0),
        ({"bearing": "-1"}, "course_deg", None),
        ({"bearing": "400"}, "course_deg", None),
        ({"batt": "-1"}, "battery", None),
        ({"batt": "100"}, "battery", 1.0),
        ({"batt": "4.1e3"}, "battery", None),
    ],
)
def test_what_is_beside_the_point_never_costs_a_position(changes: dict[str, str], field: str, value: float | None) -> None:
    assert getattr(parse_osmand(OSMAND | changes), field) == value


def test_a_device_that_has_no_position_says_so() -> None:
    assert parse_osmand(OSMAND | {"valid": "false"}) is None
    assert parse_osmand(OSMAND | {"valid": "0"}) is None
    assert parse_osmand(OSMAND | {"valid": "true"}) is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": None}, "id: is missing"),
        ({"id": "  "}, "id: is missing"),
        ({"lat": None}, "lat: is missing"),
        ({"lat": None, "lon": None}, "lat: is missing, and so is lon"),
        ({"lon": ""}, "lon: is missing"),
        ({"lat": "-6,47"}, "lat: '-6,47' is not a number of degrees"),
        ({"lat": "nan"}, "lat: 'nan' is not a number"),
        ({"lat": "1_0"}, "lat: '1_0' is not a number"),
        ({"lat": "{0}"}, "lat: '{0}' is not a number"),
        ({"lat": "106.8581"}, "lat: 106.858 is not between -90 and 90"),
        ({"lon": "180.5"}, "lon: 180.5 is not between -180 and 180"),
        ({"timestamp": None}, "timestamp: is missing"),
        ({"timestamp": "yesterday"}, "timestamp: 'yesterday' is not a time"),
        ({"timestamp": "-5"}, "timestamp: '-5' is not a time between"),
        ({"timestamp": "5000000000000"}, "timestamp: '5000000000000' is not a time between"),
        ({"timestamp": "9999999999999999"}, "timestamp: '9999999999999999' is not a time such"),
        ({"timestamp": "1e99"}, "timestamp: '1e99' is not a time"),
        ({"timestamp": "2101-01-01T00:00:00Z"}, "is not a time between 1970 and 2100"),
    ],
)
def test_wrong_parameters_are_named(changes: dict[str, str | None], said: str) -> None:
    query = {name: value for name, value in (OSMAND | changes).items() if value is not None}
    with pytest.raises(InputError) as error:
        parse_osmand(query)
    assert said in str(error.value)
    assert TOKEN not in str(error.value)


def test_traccar_client_s_json_in_full() -> None:
    assert parse_traccar_json(raw(traccar())) == ReportedFix(TOKEN, 106.8581, -6.4712, TAKEN, "traccar", 36.0, 270.5, 8.5, 0.8)


def test_traccar_client_s_unknowns_and_a_device_id_that_is_a_number() -> None:
    told = traccar(speed=-1, heading=-1, accuracy=-1, battery={"level": -1, "is_charging": False}, device_id=48241179)
    assert parse_traccar_json(raw(told)) == ReportedFix("48241179", 106.8581, -6.4712, TAKEN, "traccar")
    assert parse_traccar_json(raw(traccar(battery=None, speed=None))).battery is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 60_000, "the body is not JSON"),
        (b"[]", "the body: is missing or not a JSON object"),
        (raw(traccar(device_id="")), "device_id: is missing"),
        (raw(traccar(device_id=True)), "device_id: is missing"),
        (raw({"device_id": TOKEN}), "location: is missing"),
        (raw({"device_id": TOKEN, "location": [traccar()["location"]]}), "location: is missing or not a JSON object"),
        (raw(traccar(coords=None)), "location.coords: is missing"),
        (raw(traccar(latitude=None)), "location.coords.latitude: is missing"),
        (raw(traccar(latitude=True)), "location.coords.latitude: True is not a number"),
        (raw(traccar(longitude=1e400)), "the body is not JSON"),
        (raw(traccar(longitude=200)), "location.coords.longitude: 200 is not between"),
        (raw(traccar(timestamp="2026-11-23T03:00:00")), "names no time zone"),
        (raw(traccar(timestamp={})), "location.timestamp: {} is not a time"),
    ],
)
def test_wrong_json_is_named(body: bytes, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_traccar_json(body)
    assert said in str(error.value)


def test_owntracks_in_full() -> None:
    assert parse_owntracks(raw(OWNTRACKS), basic()) == ReportedFix(
        TOKEN, 106.8581, -6.4712, TAKEN, "owntracks", 43.0, 271.0, 9.0, 0.64
    )


def test_a_password_may_hold_colons_and_its_header_be_in_small_letters() -> None:
    headers = {"authorization": basic("a:b:c")["Authorization"].replace("Basic", "basic")}
    found = parse_owntracks(raw(OWNTRACKS), headers)
    assert found is not None
    assert found.token == "a:b:c"


@pytest.mark.parametrize(
    "told",
    [{"_type": name} for name in ("lwt", "waypoint", "transition", "status", "card", "cmd")] + [OWNTRACKS | {"t": "p"}],
)
def test_what_tells_no_position_is_passed_over(told: dict[str, Any]) -> None:
    """A ping repeats the last known place; on iPhones at the present time, which would make an old place new."""
    assert parse_owntracks(raw(told), basic()) is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"_type": "encrypted", "data": "abc"}, "_type: is encrypted"),
        ({"lat": 1}, "_type: is missing"),
        (OWNTRACKS | {"tst": None}, "tst: is missing"),
        (OWNTRACKS | {"lat": "north"}, "lat: 'north' is not a number"),
    ],
)
def test_wrong_owntracks_is_named(told: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_owntracks(raw(told), basic())
    assert said in str(error.value)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer abc"}, {"Authorization": "Basic ???"}, {"Authorization": "Basic"}, basic(""), basic(" ")],
)
def test_owntracks_without_a_password_is_to_sign_in(headers: dict[str, str]) -> None:
    with pytest.raises(MissingTokenError):
        parse_owntracks(raw(OWNTRACKS), headers)


def test_a_report_becomes_the_fix_of_a_vehicle_without_its_secret() -> None:
    report = parse_traccar_json(raw(traccar()))
    assert TOKEN not in repr(report)
    fix = report.of("V01", "T7", TAKEN + timedelta(seconds=4))
    assert fix == Fix("V01", 106.8581, -6.4712, TAKEN, TAKEN + timedelta(seconds=4), "traccar", "T7", 36.0, 270.5, 8.5, 0.8)
    assert TOKEN not in repr(fix)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(["location", "encrypted", "p", "2026-11-23T03:00:00Z", "0001-01-01T00:00:00+07:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "location",
                    "coords",
                    "latitude",
                    "longitude",
                    "lat",
                    "lon",
                    "tst",
                    "timestamp",
                    "device_id",
                    "_type",
                    "battery",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=15,
)


@given(st.binary(max_size=200) | anything.map(raw))
@example(raw(traccar(timestamp="0001-01-01T00:00:00+14:00")))
@example(raw(traccar(timestamp="9999-12-31T23:59:59-14:00")))
@example(raw(traccar(latitude=10**400)))
@example(raw(OWNTRACKS | {"tst": 10**30}))
def test_any_bytes_are_a_fix_or_an_input_error(body: bytes) -> None:
    with suppress(InputError):
        assert parse_traccar_json(body).fix_time.tzinfo is not None
    with suppress(InputError):
        found = parse_owntracks(body, basic())
        assert found is None or found.token == TOKEN


@given(
    st.dictionaries(
        st.sampled_from([*OSMAND, "deviceid", "location", "speed", "bearing", "hdop", "accuracy", "batt", "valid"]),
        st.text(max_size=30) | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(str),
    ),
    st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]),
)
@example(OSMAND | {"timestamp": "0001-01-01 00:00:00"}, timezone(timedelta(hours=14)))
@example(OSMAND | {"timestamp": "9999-12-31 23:59:59"}, timezone(timedelta(hours=-12)))
def test_any_parameters_are_a_fix_or_an_input_error(query: Mapping[str, str], zone: timezone) -> None:
    with suppress(InputError):
        found = parse_osmand(query, zone)
        if found is not None:
            found.of("V01", "T1", TAKEN)  # which refuses what can't be a fix


@given(st.text(max_size=60))
def test_any_header_signs_in_or_not(header: str) -> None:
    with suppress(MissingTokenError):
        assert parse_owntracks(raw({"_type": "lwt"}), {"Authorization": header}) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/track/osmand?id=abc&lat=1&lon=2", "/track/osmand?id=***&lat=1&lon=2"),
        ("/track/osmand?lat=1&DeviceId=abc", "/track/osmand?lat=1&DeviceId=***"),
        ("/track/osmand?lat=1&%69d=abc", "/track/osmand?lat=1&%69d=***"),
        ("https://ambulans:abc@siaga.example/track/owntracks", "https://***@siaga.example/track/owntracks"),
        ("/v1/regions?video=1&idle=2", "/v1/regions?video=1&idle=2"),
        ("/v1/regions", "/v1/regions"),
        ("/v1/family/0cV3-x_y", "/v1/family/***"),
        ("", ""),
    ],
)
def test_addresses_are_redacted(url: str, shown: str) -> None:
    assert redacted(url) == shown


@given(st.text(min_size=1, max_size=20), st.sampled_from(["id", "deviceid"]), st.booleans())
def test_no_token_outlives_redaction(text: str, name: str, first: bool) -> None:
    token = f"secret-{text}-secret"
    query = urlencode({name: token, "lat": "1"} if first else {"lat": "1", name: token})
    assert "secret" not in redacted(f"/track/osmand?{query}")


@pytest.fixture
def taken() -> list[tuple[str, ReportedFix]]:
    return []


@pytest.fixture
def client(taken: list[tuple[str, ReportedFix]]) -> Iterator[TestClient]:
    async def accept(token: str, fix: ReportedFix) -> None:
        if token != TOKEN:
            raise PermissionInputError("no tracker has this id; ask for a new one")
        taken.append((token, fix))

    app = FastAPI()
    problems.install(app)
    app.include_router(trackers_router(accept))
    with TestClient(app) as found:
        yield found


class PermissionInputError(InputError, PermissionError):
    """As whoever looks tokens up refuses one."""


Taken = list[tuple[str, ReportedFix]]


def test_every_client_gets_the_answer_that_it_expects(client: TestClient, taken: Taken) -> None:
    answers = [
        client.get("/track/osmand", params=OSMAND),
        client.post("/track/osmand", params=OSMAND),
        client.post("/track/osmand", data=OSMAND),
        client.post("/track/osmand", json=traccar()),  # Traccar Client after its update, at its old address
        client.post("/track/traccar", json=traccar()),
        client.post("/track/owntracks", json=OWNTRACKS, headers=basic()),
    ]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert [answer.content for answer in answers] == [b""] * 5 + [b"[]"]
    assert answers[-1].headers["content-type"] == "application/json"
    assert [fix.source for _, fix in taken] == ["osmand"] * 3 + ["traccar"] * 2 + ["owntracks"]
    assert {token for token, _ in taken} == {TOKEN}
    assert {(fix.longitude, fix.latitude, fix.fix_time) for _, fix in taken} == {(106.8581, -6.4712, TAKEN)}


def test_what_tells_no_position_is_acknowledged_and_not_taken(client: TestClient, taken: Taken) -> None:
    assert client.post("/track/owntracks", json={"_type": "lwt", "tst": SECOND}, headers=basic()).json() == []
    assert client.get("/track/osmand", params=OSMAND | {"valid": "0"}).status_code == 200
    assert taken == []


def test_what_is_wrong_is_a_problem_that_keeps_the_secret(client: TestClient, taken: Taken) -> None:
    for answer, status, said in (
        (client.get("/track/osmand", params=OSMAND | {"lat": "x"}), 422, "lat: 'x'"),
        (client.get("/track/osmand"), 422, "id: is missing"),
        (client.post("/track/osmand", content="&".join(f"a{n}=1" for n in range(200))), 422, "more than 100 fields"),
        (client.post("/track/traccar", content=b"{"), 422, "not JSON"),
        (client.post("/track/traccar", json=traccar(device_id="stranger")), 403, "no tracker has this id"),
        (client.post("/track/owntracks", json=OWNTRACKS), 401, "the password is missing"),
        (client.post("/track/traccar", content=b" " * (LONGEST_BODY + 1)), 413, "shorter than"),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == problems.MEDIA_TYPE
        assert said in answer.json()["detail"]
        assert TOKEN not in answer.text
        assert (answer.headers.get("www-authenticate") == 'Basic realm="Siaga"') is (status == 401)
    assert taken == []


def test_the_interface_is_described_without_doubling(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]
    assert {(path, method) for path, methods in described.items() for method in methods} == {
        ("/track/osmand", "get"),
        ("/track/osmand", "post"),
        ("/track/traccar", "post"),
        ("/track/owntracks", "post"),
    }
    names = [one["operationId"] for methods in described.values() for one in methods.values()]
    assert len(set(names)) == len(names)
    for methods in described.values():
        for one in methods.values():
            assert {"200", "401", "403", "413", "422", "503"} <= set(one["responses"])


def test_the_examples_that_are_shown_are_right(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]

    def shown(path: str) -> bytes:
        return raw(described[path]["post"]["requestBody"]["content"]["application/json"]["example"])

    assert parse_traccar_json(shown("/track/traccar")).fix_time == TAKEN
    owntracks = parse_owntracks(shown("/track/owntracks"), basic())
    assert owntracks is not None
    assert owntracks.fix_time == TAKEN
