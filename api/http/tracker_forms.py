"""What trackers on drivers' phones send, read: the forms of OsmAnd, Traccar Client and OwnTracks.

The forms: https://www.traccar.org/osmand/, https://owntracks.org/booklet/tech/json/, https://owntracks.org/booklet/tech/http/.
All three clients keep what isn't answered with 2xx and send it again before anything newer. So only what can't be read at all
is refused. What is beside the point (a battery of -1, a speed in words) is left out, and doubts about the position itself
are for `dispatch.positions`.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from dispatch.positions.reports import ReportedFix
from routing import InputError

Json = dict[str, Any]

KNOT_KPH = 1.852
"""A nautical mile an hour, by definition."""

_MOST_FIELDS = 100
_METRES_PER_SECOND_KPH = 3.6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_FIRST_MS = 1e11  # as seconds, the year 5138; as milliseconds, 1973
_FASTEST_KPH = 1000.0
_LEAST_HDOP_M = 10.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class MissingTokenError(InputError):
    """A report doesn't say which device it is from: the client is to sign in."""


def parse_form(encoded: bytes) -> dict[str, str]:
    """The fields of a query or form; of one that is there twice the last, and none that is empty.

    Raises:
        InputError: there are more than the form of one position has.
    """
    try:
        return dict(parse_qsl(encoded.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise InputError(f"more than {_MOST_FIELDS} fields were sent; it must be the form of one position") from error


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
