"""Fetch a place or a bounding box from OpenStreetMap with osmnx (Nominatim for its outline, Overpass for what lies in it).

osmnx keeps its settings in a module, waits nearly a minute where a server is busy, and replaces `socket.getaddrinfo`. So it
runs in a process of its own, which is ended when the time is up: the limit holds in total, whatever hangs, and nothing of it
is left behind. osmnx' cache-only mode (public) hands over the raw answers, relations included, which its graphs lack.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from routing.assembly import assemble
from routing.elements import NODE_SCALE, Elements, Member, Relation
from routing.errors import ExtractError, FetchError, PlaceError
from routing.map_tags import GROUND, RAILWAYS, WATER, WATERWAYS
from routing.osm import ODBL_ATTRIBUTION, ElementKind, Extract, Source

BoundingBox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

WANTED_TAGS: Mapping[str, bool | list[str]] = {
    "highway": True,
    "route": ["ferry"],
    "barrier": True,
    "railway": ["level_crossing", "station", "halt", *sorted(RAILWAYS)],
    "traffic_calming": True,
    "type": ["restriction"],
    # Kabupaten to RT; provinces and the country would bring their whole coastlines.
    "admin_level": ["5", "6", "7", "8", "9", "10"],
    "place": True,
    "addr:housenumber": True,
    "addr:full": True,
    "amenity": True,
    "healthcare": True,
    "social_facility": True,
    "emergency": ["ambulance_station", "emergency_ward_entrance", "landing_site", "disaster_response"],
    "office": True,
    "shop": True,
    "tourism": True,
    "leisure": True,
    "historic": True,
    # For the map behind the roads.
    "landuse": sorted({value for key, value in (*WATER, *GROUND) if key == "landuse"}),
    "natural": sorted({"coastline", *(value for key, value in (*WATER, *GROUND) if key == "natural")}),
    "waterway": sorted({*WATERWAYS, *(value for key, value in WATER if key == "waterway")}),
    "aeroway": ["aerodrome"],
}
"""What is asked for, in osmnx' form; every way and relation comes with its members."""

_ONE_REQUEST_M2 = 1e13  # larger than any place: one request, so that no part can be missing unnoticed
_UNKNOWN_PLACE = 4
_NO_ANSWER = 5


def read_place(
    query: str | BoundingBox,
    *,
    margin_m: float,
    timeout_seconds: float = 30.0,
    cache_folder: Path | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
) -> Extract:
    """The extract of a named place ("Cibinong, Kabupaten Bogor") or a box, with a margin around it.

    Args:
        query: a name that Nominatim knows with an outline, or west, south, east, north in degrees.
        margin_m: how far beyond the outline, in metres.
        timeout_seconds: given up after that, everything included.
        cache_folder: where raw answers are kept; the same request is then answered from there, for good: delete them to fetch
            anew. None keeps nothing.
        overpass_url, nominatim_url: other servers than osmnx' own choice.

    Raises:
        PlaceError: no such place, a place without an outline, or not a box.
        FetchError: no answer, not in time, or one that can't be used.
        ExtractError: there are no roads in the place.
    """
    name = query if isinstance(query, str) else _box_name(query)
    request = {
        "query": query,
        "margin_m": margin_m,
        "timeout_seconds": timeout_seconds,
        "overpass_url": overpass_url,
        "nominatim_url": nominatim_url,
    }
    answer = _kept_answer(name, request, cache_folder) if cache_folder is not None else _fetch(name, request)
    elements = elements_of_answer(answer, name)
    source = Source(
        description=name,
        sha256=None,
        data_time=elements.newest or None,
        invented=False,
        attribution=ODBL_ATTRIBUTION,
    )
    return assemble(elements, source)


def _box_name(box: BoundingBox) -> str:
    west, south, east, north = box
    ordered = -180 <= west < east <= 180 and -90 <= south < north <= 90
    if not all(math.isfinite(value) for value in box) or not ordered:
        raise PlaceError(f"{box}: not a bounding box; give west, south, east, north in degrees")
    return f"{west:.4f},{south:.4f},{east:.4f},{north:.4f}"


def _kept_answer(name: str, request: Mapping[str, object], cache_folder: Path) -> Mapping[str, Any]:
    """The answer to this request from the cache, else fetched and kept."""
    identity = {key: value for key, value in request.items() if key != "timeout_seconds"} | {"tags": WANTED_TAGS}
    kept = cache_folder / f"{hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]}.json"
    if (answer := _answer(kept)) is None:
        answer = _fetch(name, request)
        cache_folder.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{os.getpid()}.part")
        half.write_text(json.dumps(answer), encoding="utf-8")
        half.replace(kept)
    return answer


def _fetch(name: str, request: Mapping[str, object]) -> Mapping[str, Any]:
    """Run osmnx in a process of its own, and give back Overpass' answer."""
    limit = cast("float", request["timeout_seconds"])
    with tempfile.TemporaryDirectory(prefix="siaga-overpass-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "routing.read_place", folder],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
                cwd=Path(__file__).resolve().parent.parent,  # where `routing` is found
            )
        except subprocess.TimeoutExpired as error:
            late = f"{name}: OpenStreetMap's servers did not answer within {limit:g} s; try later or use --osm FILE"
            raise FetchError(late) from error
        reason = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if done.returncode == _UNKNOWN_PLACE:
            raise PlaceError(f"{name}: {reason}; name it otherwise or give a bounding box")
        if done.returncode != 0:
            raise FetchError(f"{name}: could not be fetched from OpenStreetMap ({reason}); try later or use --osm FILE")
        # osmnx keeps no answer that Overpass broke off ("remark") or marked as an error.
        answers = (answer for path in sorted(Path(folder).glob("*.json")) if (answer := _answer(path)) is not None)
        if (answer := next(answers, None)) is None:
            raise FetchError(f"{name}: Overpass gave up on it or answered in part; try a smaller place or use --osm FILE")
    return answer


def _answer(path: Path) -> Mapping[str, Any] | None:
    """Overpass' answer in a raw file; None if it is another's (Nominatim's are lists), damaged or not there."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "elements" in content else None


# -- Overpass' JSON -----------------------------------------------------------------------------------------------------


def elements_of_answer(answer: Mapping[str, Any], name: str) -> Elements:
    """The elements in Overpass' JSON (`{"osm3s": …, "elements": [{"type": "node", "id": …, "lat": …}, …]}`).

    Raises:
        FetchError: it is not of that form.
        ExtractError: it holds nothing.
    """
    elements = Elements()
    try:
        for element in answer["elements"]:
            _add(elements, element)
        elements.newest = str(answer.get("osm3s", {}).get("timestamp_osm_base", ""))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        wrong = f"{name}: Overpass' answer is not of the known form ({error!r}); try later or use --osm FILE"
        raise FetchError(wrong) from error
    if not elements.way_id:
        raise ExtractError(f"{name}: OpenStreetMap has no roads there; name another place")
    return elements


def _add(elements: Elements, element: Mapping[str, Any]) -> None:
    osm_id, tags = int(element["id"]), dict(element.get("tags", {}))
    match element["type"]:
        case "node":
            elements.add_node(osm_id, round(element["lon"] * NODE_SCALE), round(element["lat"] * NODE_SCALE))
            if tags:
                elements.node_tags[osm_id] = tags
        case "way":
            elements.add_way(osm_id, element.get("nodes", ()), tags)
        case "relation":
            members = tuple(_members(element.get("members", ())))
            elements.add_relation(Relation(osm_id, tags, members))


def _members(members: Iterable[Mapping[str, Any]]) -> Iterable[Member]:
    for member in members:
        yield Member(cast("ElementKind", member["type"]), int(member["ref"]), str(member["role"]))


# -- the process that osmnx runs in -------------------------------------------------------------------------------------


def _run_osmnx(request: Mapping[str, Any], folder: Path) -> int:
    """Have osmnx put its raw answers into `folder`; the exit code, after a line with the reason if it is not 0."""
    import osmnx
    import shapely
    from osmnx import settings

    settings.cache_folder = folder
    settings.use_cache = True
    settings.cache_only_mode = True
    settings.doh_url_template = None  # a name that can't be resolved fails at once, without asking yet another server
    settings.requests_timeout = max(1, math.ceil(request["timeout_seconds"]))
    settings.max_query_area_size = _ONE_REQUEST_M2
    for key in ("overpass_url", "nominatim_url"):
        if request[key] is not None:
            setattr(settings, key, request[key])
    query = request["query"]
    area: Any
    try:
        for url in (settings.overpass_url, *([settings.nominatim_url] if isinstance(query, str) else [])):
            _connect(url, request["timeout_seconds"])
        area = osmnx.geocode_to_gdf(query).geometry.iloc[0] if isinstance(query, str) else shapely.box(*query)
        area = osmnx.utils_geo.buffer_geometry(area, request["margin_m"]) if request["margin_m"] > 0 else area
        # A few corners: the outline is repeated for each kind of thing that is asked for.
        area = area.convex_hull.simplify(0.001).buffer(0.001, join_style="mitre")
        osmnx.features_from_polygon(area, dict(WANTED_TAGS))
    except InterruptedError:  # cache-only mode: downloaded, as asked for
        return 0
    except TypeError as error:
        return _say("OpenStreetMap has no outline of it" if "geocode" in str(error) else repr(error), _UNKNOWN_PLACE)
    except ValueError as error:
        empty = "0 results" in str(error)
        return _say("OpenStreetMap knows no such place" if empty else str(error), _UNKNOWN_PLACE if empty else _NO_ANSWER)
    except OSError as error:  # requests' errors, all of them
        return _say(_short(error), _NO_ANSWER)
    return 0


def _connect(url: str, timeout_seconds: float) -> None:
    """Raise OSError at once where a server can't be reached: osmnx would wait a minute before it tries."""
    if urllib.request.getproxies():
        return  # then only the proxy resolves names
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    socket.create_connection((parts.hostname or "", port), timeout=timeout_seconds).close()


def _say(reason: str, code: int) -> int:
    sys.stdout.write(" ".join(reason.split())[:300] + "\n")
    return code


def _short(error: BaseException) -> str:
    """The innermost cause, in a few words: requests wraps urllib3 wraps the socket's error."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(_run_osmnx(json.loads(sys.stdin.read()), Path(sys.argv[1])))
