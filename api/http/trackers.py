"""What trackers on drivers' phones send: their forms read, and the addresses they send to.

    /track/osmand     Traccar Client up to version 8, OsmAnd and hardware trackers: query or form; JSON as below is taken too
    /track/traccar    Traccar Client from version 9 on: JSON; it changed by an update, at the address that was set before
    /track/owntracks  OwnTracks in HTTP mode: JSON, with HTTP Basic

The forms: https://www.traccar.org/osmand/, https://owntracks.org/booklet/tech/json/, https://owntracks.org/booklet/tech/http/.
All three clients keep what isn't answered with 2xx and send it again before anything newer. So only what can't be read at all
is refused. What is beside the point (a battery of -1, a speed in words) is left out, and doubts about the position itself
are for `dispatch.positions`.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from api.http.problems import documented
from dispatch.positions.reports import ReportedFix
from routing import InputError

Json = dict[str, Any]

KNOT_KPH = 1.852
"""A nautical mile an hour, by definition."""

LONGEST_BODY = 64 * 1024
"""Bytes; one position takes less than one kilobyte."""

_METRES_PER_SECOND_KPH = 3.6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_FIRST_MS = 1e11  # as seconds, the year 5138; as milliseconds, 1973
_FASTEST_KPH = 1000.0
_LEAST_HDOP_M = 10.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class MissingTokenError(InputError):
    """A report doesn't say which device it is from: the client is to sign in."""


Accept = Callable[[str, ReportedFix], Awaitable[None]]
"""Takes a device's token and its report; raises what is wrong with the token, or with taking it."""


def parse_osmand(query: Mapping[str, str], zone: tzinfo = UTC) -> ReportedFix | None:
    """A position from the parameters of the OsmAnd form.

    `id` or `deviceid`, `lat` and `lon` (or `location`: both, with a comma between) and `timestamp` (seconds or milliseconds
    since 1970, or ISO 8601) are needed. A report without a time is refused: sent again after an hour, it would pass for new.
    `speed` is in knots, `bearing` or `heading` in degrees, `accuracy` in metres, `batt` in percent. `hdop` counts where there
    is no accuracy: OsmAnd fills it with metres; of others it is a plain number, which is then taken for 10 m at least.

    Args:
        query: the parameters.
        zone: of a time that names none.

    Returns:
        The position; None if the device says that it has none (`valid=false`).

    Raises:
        InputError: a parameter is missing or wrong; it is named.
    """
    token = (query.get("id") or query.get("deviceid") or "").strip()
    if not token:
        raise InputError("id: is missing; it must be the tracker's id as Siaga gave it")
    if query.get("valid", "").strip().lower() in {"false", "0"}:
        return None
    longitude, latitude = query.get("lon"), query.get("lat")
    if longitude is None and latitude is None:
        latitude, comma, longitude = query.get("location", "").partition(",")
        if not comma:
            raise InputError("lat: is missing, and so is lon")
    accuracy, hdop = _some(query.get("accuracy")), _some(query.get("hdop"))
    if not accuracy and hdop:
        accuracy = max(hdop, _LEAST_HDOP_M)
    return ReportedFix(
        token=token,
        longitude=_degrees("lon", longitude, 180),
        latitude=_degrees("lat", latitude, 90),
        fix_time=_time("timestamp", query.get("timestamp"), zone),
        source="osmand",
        speed_kph=_speed(query.get("speed"), KNOT_KPH),
        course_deg=_course(query.get("bearing", query.get("heading"))),
        accuracy_m=accuracy or None,
        battery=_battery(query.get("batt"), 100.0),
    )


def parse_traccar_json(body: bytes) -> ReportedFix:
    """A position from the JSON of Traccar Client 9: metres a second, the battery from 0 to 1, -1 for what is unknown.

    Raises:
        InputError: it isn't JSON, or a field is missing or wrong; it is named.
    """
    told = _object(_read(body), "the body")
    token = told.get("device_id")
    if isinstance(token, int) and not isinstance(token, bool):
        token = str(token)
    if not isinstance(token, str) or not token.strip():
        raise InputError("device_id: is missing; it must be the tracker's id as Siaga gave it")
    location = _object(told.get("location"), "location")
    coords = _object(location.get("coords"), "location.coords")
    battery = location.get("battery")
    return ReportedFix(
        token=token.strip(),
        longitude=_degrees("location.coords.longitude", coords.get("longitude"), 180),
        latitude=_degrees("location.coords.latitude", coords.get("latitude"), 90),
        fix_time=_time("location.timestamp", location.get("timestamp"), None),
        source="traccar",
        speed_kph=_speed(coords.get("speed"), _METRES_PER_SECOND_KPH),
        course_deg=_course(coords.get("heading")),
        accuracy_m=_some(coords.get("accuracy")) or None,
        battery=_battery(battery.get("level") if isinstance(battery, dict) else None, 1.0),
    )


def parse_owntracks(body: bytes, headers: Mapping[str, str]) -> ReportedFix | None:
    """A position from OwnTracks' JSON; the token is the password of HTTP Basic, whatever the user's name.

    Returns:
        The position; None for what tells none: other types, and pings (`t` is `p`), which repeat the last known place and
        on iPhones put the present time to it (https://github.com/owntracks/ios/issues/197).

    Raises:
        MissingTokenError: there is no password.
        InputError: it isn't JSON, is encrypted, or a field is missing or wrong; it is named.
    """
    token = _password(headers)
    told = _object(_read(body), "the body")
    match told.get("_type"):
        case "location":
            pass
        case "encrypted":
            raise InputError(
                "_type: is encrypted, which Siaga can't read; "
                "leave OwnTracks' encryption key empty and send by HTTPS, which keeps it secret on the way"
            )
        case str():
            return None
        case _:
            raise InputError("_type: is missing; is this from OwnTracks in HTTP mode?")
    if told.get("t") == "p":
        return None
    return ReportedFix(
        token=token,
        longitude=_degrees("lon", told.get("lon"), 180),
        latitude=_degrees("lat", told.get("lat"), 90),
        fix_time=_time("tst", told.get("tst"), None),
        source="owntracks",
        speed_kph=_speed(told.get("vel"), 1.0),
        course_deg=_course(told.get("cog")),
        accuracy_m=_some(told.get("acc")) or None,
        battery=_battery(told.get("batt"), 100.0),
    )


def trackers_router(accept: Accept, zone: tzinfo = UTC) -> APIRouter:
    """The addresses that trackers send to. A body that is longer than `LONGEST_BODY` is refused.

    Args:
        accept: takes what was read; its errors are answered as everywhere.
        zone: of times that name none, in the OsmAnd form.
    """
    router = APIRouter(prefix="/track", tags=["trackers"])

    async def take(fix: ReportedFix | None) -> None:
        if fix is not None:
            await accept(fix.token, fix)

    async def osmand(request: Request) -> Response:
        body = await _body(request)
        if body.lstrip()[:1] == b"{":
            await take(parse_traccar_json(body))
        else:
            await take(parse_osmand({**request.query_params, **_form(body)}, zone))
        return Response(status_code=200)

    # What FastAPI does around a request takes longer than the position in it; the two below it only describe this one.
    router.add_route("/track/osmand", osmand, methods=["GET", "POST"], include_in_schema=False)
    answers: dict[int | str, Json] = {200: {"description": "Taken."}, **documented(401, 403, 413, 422, 503)}
    for method, name in (("GET", "track_osmand"), ("POST", "track_osmand_form")):
        router.add_api_route(
            "/osmand",
            osmand,
            methods=[method],
            operation_id=name,
            summary="OsmAnd form",
            description=_ABOUT_OSMAND,
            response_class=Response,
            responses=answers,
            openapi_extra={"parameters": _PARAMETERS},
        )

    @router.post(
        "/traccar",
        operation_id="track_traccar",
        summary="Traccar Client 9",
        response_class=Response,
        responses=answers,
        openapi_extra=_body_of(_TRACCAR_EXAMPLE),
    )
    async def traccar(request: Request) -> Response:
        await take(parse_traccar_json(await _body(request)))
        return Response(status_code=200)

    @router.post(
        "/owntracks",
        operation_id="track_owntracks",
        summary="OwnTracks in HTTP mode",
        description="The password of HTTP Basic is the tracker's id; the user's name doesn't matter.",
        responses=answers,
        openapi_extra=_body_of(_OWNTRACKS_EXAMPLE),
    )
    async def owntracks(request: Request) -> JSONResponse:
        try:
            fix = parse_owntracks(await _body(request), request.headers)
        except MissingTokenError as error:
            raise HTTPException(401, str(error), {"WWW-Authenticate": 'Basic realm="Siaga"'}) from error
        await take(fix)
        return JSONResponse([])

    return router


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LONGEST_BODY:
            raise HTTPException(413, f"a report of one position is shorter than {LONGEST_BODY} bytes")
    return bytes(found)


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=100))
    except ValueError as error:
        raise InputError("the body has more than 100 fields; it must be the form of one position") from error


def _read(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is not JSON; is the tracker set to the address of its own kind?") from error


def _object(value: object, name: str) -> Json:
    if not isinstance(value, dict):
        raise InputError(f"{name}: is missing or not a JSON object")
    return value


def _number(value: object) -> float | None:
    """A finite number, also written as text; None for anything else."""
    if isinstance(value, str):
        word = value.strip()
        found = float(word) if _NUMBER.fullmatch(word) else math.nan
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value) if abs(value) < 1e300 else math.nan
    else:
        return None
    return found if math.isfinite(found) else None


def _some(value: object) -> float | None:
    """A number that is not below 0, which means that it isn't known."""
    found = _number(value)
    return found if found is not None and found >= 0 else None


def _degrees(name: str, value: object, limit: int) -> float:
    if value is None or value == "":
        raise InputError(f"{name}: is missing")
    found = _number(value)
    if found is None:
        raise InputError(f"{name}: {_shown(value)} is not a number of degrees, such as -6.4712")
    if not -limit <= found <= limit:
        raise InputError(f"{name}: {found:g} is not between -{limit} and {limit}")
    return found


def _time(name: str, value: object, zone: tzinfo | None) -> datetime:
    """A time in seconds or milliseconds since 1970, or in ISO 8601; one without a zone is in `zone`, or wrong."""
    if value is None or value == "":
        raise InputError(f"{name}: is missing; a position without a time can't be told from an old one")
    seconds = _number(value)
    try:
        if seconds is not None:
            found = _EPOCH + timedelta(seconds=seconds / 1000 if seconds >= _FIRST_MS else seconds)
        else:
            # A plus sign that was not escaped arrives as a space.
            word = re.sub(r"(?<=T)(.*) (?=\d\d:?\d\d$)", r"\1+", value.strip() if isinstance(value, str) else "")
            found = datetime.fromisoformat(word)
            found = found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{name}: {_shown(value)} is not a time such as 2026-11-23T03:00:00Z") from None
    if found.tzinfo is None:
        raise InputError(f"{name}: {_shown(value)} names no time zone; end it with Z or +07:00")
    if not _EPOCH <= found < _LATEST:
        raise InputError(f"{name}: {_shown(value)} is not a time between 1970 and 2100")
    return found


def _shown(value: object) -> str:
    """A value as a message may repeat it."""
    return repr(value)[:40]


def _speed(value: object, kph: float) -> float | None:
    found = _some(value)
    return None if found is None or found * kph > _FASTEST_KPH else found * kph


def _course(value: object) -> float | None:
    found = _some(value)
    return None if found is None or found > 360 else found % 360


def _battery(value: object, full: float) -> float | None:
    found = _some(value)
    return None if found is None or found > full else found / full


def _password(headers: Mapping[str, str]) -> str:
    said = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    kind, _, coded = said.strip().partition(" ")
    try:
        named = base64.b64decode(coded.strip(), validate=True).decode() if kind.lower() == "basic" else ""
    except ValueError:
        named = ""
    password = named.partition(":")[2].strip()
    if not password:
        raise MissingTokenError("Authorization: the password is missing; in OwnTracks it must be the tracker's id")
    return password


_ABOUT_OSMAND = (
    "What Traccar Client up to version 8, OsmAnd and hardware trackers send, as a query or a form. The id is a secret. "
    "Traccar Client 9 sends JSON, which is taken here too."
)


_PARAMETERS = [
    {"name": name, "in": "query", "description": about, "schema": schema}
    for name, about, schema in (
        ("id", "The tracker's id; a secret.", {"type": "string"}),
        ("lat", "Degrees.", {"type": "number", "minimum": -90, "maximum": 90}),
        ("lon", "Degrees.", {"type": "number", "minimum": -180, "maximum": 180}),
        ("timestamp", "Seconds or milliseconds since 1970, or ISO 8601.", {"type": "string"}),
        ("speed", "Knots.", {"type": "number"}),
        ("bearing", "Degrees, clockwise from north.", {"type": "number"}),
        ("accuracy", "Metres.", {"type": "number"}),
        ("hdop", "Metres, as OsmAnd fills it.", {"type": "number"}),
        ("batt", "Percent.", {"type": "number"}),
    )
]

_TRACCAR_EXAMPLE: Json = {
    "location": {
        "timestamp": "2026-11-23T03:00:00.000Z",
        "coords": {"latitude": -6.4712, "longitude": 106.8581, "accuracy": 8, "speed": 11.5, "heading": 270, "altitude": 130},
        "is_moving": True,
        "battery": {"level": 0.8, "is_charging": False},
    },
    "device_id": "tracker-id",
}
_OWNTRACKS_EXAMPLE: Json = {"_type": "location", "lat": -6.4712, "lon": 106.8581, "tst": 1795402800, "acc": 8, "vel": 41}


def _body_of(example: Json) -> Json:
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}, "example": example}}}
    }
