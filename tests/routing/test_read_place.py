"""Fetching a place: Overpass' JSON, and osmnx against a real server on this machine that speaks Nominatim and Overpass."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from routing.assembly import assemble
from routing.errors import ExtractError, FetchError, PlaceError
from routing.osm import ODBL_ATTRIBUTION, Extract, Source
from routing.read_extract import read_extract
from routing.read_place import elements_of_answer, read_place

BOX = (106.80, -6.51, 106.85, -6.39)

ANSWER: dict[str, Any] = {
    "version": 0.6,
    "osm3s": {"timestamp_osm_base": "2024-05-06T07:08:09Z", "copyright": "OpenStreetMap contributors, ODbL"},
    "elements": [
        {"type": "node", "id": 1, "lat": -6.5, "lon": 106.80},
        {"type": "node", "id": 3, "lat": -6.5, "lon": 106.82, "tags": {"barrier": "gate"}},
        {"type": "node", "id": 5, "lat": -6.5, "lon": 106.84},
        {"type": "node", "id": 6, "lat": -6.4, "lon": 106.82},
        {"type": "node", "id": 7, "lat": -6.45, "lon": 106.825, "tags": {"amenity": "clinic", "name": "Klinik Melati"}},
        {"type": "way", "id": 10, "nodes": [1, 3, 5], "tags": {"highway": "residential", "name": "Jalan Mawar"}},
        {"type": "way", "id": 11, "nodes": [3, 6, 99], "tags": {"highway": "residential", "name": "Gang Melati"}},
        {
            "type": "relation",
            "id": 1,
            "members": [
                {"type": "way", "ref": 10, "role": "from"},
                {"type": "node", "ref": 3, "role": "via"},
                {"type": "way", "ref": 11, "role": "to"},
            ],
            "tags": {"type": "restriction", "restriction": "no_left_turn"},
        },
        # The same element twice, as overlapping parts of a query give it.
        {"type": "node", "id": 5, "lat": -6.5, "lon": 106.84},
        {"type": "way", "id": 10, "nodes": [1, 3, 5], "tags": {"highway": "residential", "name": "Jalan Mawar"}},
    ],
}

# The same in a file.
FILE = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="-6.5" lon="106.80"/><node id="3" lat="-6.5" lon="106.82"><tag k="barrier" v="gate"/></node>
<node id="5" lat="-6.5" lon="106.84"/><node id="6" lat="-6.4" lon="106.82"/>
<node id="7" lat="-6.45" lon="106.825"><tag k="amenity" v="clinic"/><tag k="name" v="Klinik Melati"/></node>
<way id="10"><nd ref="1"/><nd ref="3"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="name" v="Jalan Mawar"/></way>
<way id="11"><nd ref="3"/><nd ref="6"/><nd ref="99"/><tag k="highway" v="residential"/><tag k="name" v="Gang Melati"/></way>
<relation id="1"><member type="way" ref="10" role="from"/><member type="node" ref="3" role="via"/>
<member type="way" ref="11" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
</osm>"""

OUTLINE: dict[str, Any] = {
    "importance": 0.5,
    "lat": "-6.48",
    "lon": "106.83",
    "display_name": "Ciriung",
    "boundingbox": ["-6.51", "-6.39", "106.80", "106.85"],
    "geojson": {
        "type": "Polygon",
        "coordinates": [[[106.80, -6.51], [106.85, -6.51], [106.85, -6.39], [106.80, -6.39], [106.80, -6.51]]],
    },
}


def check_town(extract: Extract) -> None:
    ways = extract.ways
    assert ways.way_id.tolist() == [10, 11]
    assert ways.node_id.tolist() == [1, 3, 5, 6]
    assert [ways.names[name] for name in ways.way_name] == ["Jalan Mawar", "Gang Melati"]
    assert [ways.tagsets[code] for code in ways.point_tagset] == [{"barrier": "gate"}]
    assert [(ban.from_way, ban.via, ban.to_way) for ban in ways.restrictions] == [(10, (3,), 11)]
    assert [feature.tags["name"] for feature in extract.features] == ["Klinik Melati"]
    assert extract.dropped["ways_cut"] == 1


def test_both_readers_end_in_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text(FILE, encoding="utf-8")
    from_file = read_extract(path)
    source = Source("town", None, None, invented=False, attribution=ODBL_ATTRIBUTION)
    from_answer = assemble(elements_of_answer(ANSWER, "town"), source)
    for extract in (from_file, from_answer):
        check_town(extract)
    for name in ("node_id", "node_longitude", "node_latitude", "way_first", "way_node", "way_tagset", "point_node"):
        assert getattr(from_file.ways, name).tolist() == getattr(from_answer.ways, name).tolist(), name
    assert from_file.ways.restrictions == from_answer.ways.restrictions
    assert from_file.features == from_answer.features


@pytest.mark.parametrize(
    "elements",
    [
        None,
        "rate limited",
        [{"type": "node", "id": 1}],
        [{"type": "node", "id": 1, "lat": "north", "lon": 2}],
        [{"type": "way", "nodes": [1, 2]}],
        [{"type": "way", "id": 1, "nodes": ["one"]}],
        [{"type": "relation", "id": 1, "members": [{"ref": 1}]}],
        ["node"],
    ],
)
def test_an_answer_of_another_form(elements: object) -> None:
    with pytest.raises(FetchError, match="not of the known form"):
        elements_of_answer({"elements": elements}, "Ciriung")


@pytest.mark.parametrize(
    "box", [(1.0, 2.0, 1.0, 3.0), (1.0, 3.0, 2.0, 2.0), (-200.0, 0.0, 1.0, 1.0), (float("nan"), 0.0, 1.0, 1.0)]
)
def test_what_is_no_box(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(PlaceError, match="not a bounding box"):
        read_place(box, margin_m=0)


# -- against a server ---------------------------------------------------------------------------------------------------


@dataclass
class Servers:
    """What the server answers, and what it was asked."""

    url: str = ""
    outline: object = field(default_factory=lambda: [OUTLINE])
    answer: object = field(default_factory=lambda: ANSWER)
    status: int = 200
    hang: bool = False
    asked: list[str] = field(default_factory=list)

    def read(self, query: str | tuple[float, float, float, float], timeout_seconds: float = 60, **more: Any) -> Extract:
        return read_place(
            query,
            margin_m=500,
            timeout_seconds=timeout_seconds,
            overpass_url=f"{self.url}/api",
            nominatim_url=f"{self.url}/nominatim/",
            **more,
        )


@pytest.fixture
def servers() -> Iterator[Servers]:
    state = Servers()
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            pass

        def reply(self, content: object, status: int = 200) -> None:
            body = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = urlsplit(self.path)
            state.asked.append(path.path)
            if path.path == "/api/status":
                self.reply("Connected as: 1\nCurrent time: 2024-05-06T07:08:09Z\nRate limit: 2\n\n2 slots available now.\n")
            else:
                self.reply(state.outline)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.asked.append(parse_qs(body)["data"][0])
            if state.hang:
                closing.wait()
            else:
                self.reply(state.answer, state.status)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        closing.set()
        server.shutdown()


def test_a_named_place(servers: Servers, tmp_path: Path) -> None:
    extract = servers.read("Ciriung, Cibinong", cache_folder=tmp_path / "cache")
    check_town(extract)
    assert extract.source == Source(
        "Ciriung, Cibinong", None, "2024-05-06T07:08:09Z", invented=False, attribution=ODBL_ATTRIBUTION
    )
    assert [asked for asked in servers.asked if asked.startswith("/")] == ["/nominatim/search", "/api/status"]
    (query,) = [asked for asked in servers.asked if not asked.startswith("/")]
    for wanted in (
        "way['highway']",
        "relation['type'='restriction']",
        "node['barrier']",
        "node['amenity']",
        "way['route'='ferry']",
    ):
        assert wanted in query
    # The second time nobody is asked.
    servers.asked.clear()
    servers.hang = True
    check_town(servers.read("Ciriung, Cibinong", cache_folder=tmp_path / "cache"))
    assert servers.asked == []
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_box(servers: Servers) -> None:
    extract = servers.read(BOX)
    check_town(extract)
    assert extract.source.description == "106.8000,-6.5100,106.8500,-6.3900"
    assert "/nominatim/search" not in servers.asked


@pytest.mark.parametrize(
    ("outline", "message"),
    [
        ([], "knows no such place"),
        ([OUTLINE | {"geojson": {"type": "Point", "coordinates": [106.83, -6.48]}}], "has no outline of it"),
    ],
)
def test_a_place_that_is_not_there_or_has_no_outline(servers: Servers, outline: object, message: str) -> None:
    servers.outline = outline
    with pytest.raises(PlaceError, match=message) as caught:
        servers.read("Atlantis")
    assert str(caught.value).startswith("Atlantis: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        # Overpass ran out of time or memory and says so beside what it has.
        (ANSWER | {"remark": 'runtime error: Query timed out in "query" at line 1 after 25 seconds.'}, 200, "in part"),
        ("<html>Bad Gateway</html>", 502, "could not be fetched"),
        ("<html>welcome to the hotel</html>", 200, "could not be fetched"),
    ],
)
def test_an_answer_that_is_none(servers: Servers, answer: object, status: int, message: str, tmp_path: Path) -> None:
    servers.answer, servers.status = answer, status
    with pytest.raises(FetchError, match=message) as caught:
        servers.read(BOX, cache_folder=tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_a_place_without_roads(servers: Servers) -> None:
    servers.answer = {"elements": []}
    with pytest.raises(ExtractError, match="no roads there"):
        servers.read(BOX)


@pytest.mark.parametrize("busy", [False, True])
def test_a_server_that_never_answers_is_given_up(servers: Servers, busy: bool) -> None:
    """Whether it is silent, or says that it is busy, whereupon osmnx would wait for a minute and ask again."""
    servers.hang, servers.status = not busy, 429
    begun = time.monotonic()
    with pytest.raises(FetchError, match="did not answer within 4 s"):
        servers.read(BOX, timeout_seconds=4)
    assert time.monotonic() - begun < 30  # generous: it must only not be the minute


def test_nobody_there_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(FetchError, match="could not be fetched from OpenStreetMap") as caught:
            read_place(BOX, margin_m=0, timeout_seconds=60, overpass_url=url)
    assert "refused" in str(caught.value)
    with pytest.raises(FetchError, match="could not be fetched from OpenStreetMap"):
        read_place("Ciriung", margin_m=0, timeout_seconds=60, overpass_url="http://no-such-host.invalid/api")
