"""The map over HTTP: for anybody, kept for ever where the version is named; reports about roads as streets."""

from __future__ import annotations

import gzip
import pathlib
from dataclasses import replace
from typing import Any

import httpx2
import mapbox_vector_tile
import pytest
import shapely
from shapely.geometry import Point, shape

from api.tiles import MAX_ZOOM, MIN_ZOOM, Tiles, keeping
from dispatch.regions import BuiltRegion
from facilities import mapped
from tests.api.http.live import NOBODY, Live, live_at
from tests.api.tiles.places import tile_at

Json = dict[str, Any]


@pytest.fixture(scope="module")
def told(live: Live) -> Json:
    """The region's TileJSON."""
    answer = live.get(NOBODY, "tiles.json")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _tile(live: Live, told: Json, zoom: int, longitude: float, latitude: float, **more: Any) -> httpx2.Response:
    x, y = tile_at(zoom, longitude, latitude)
    (url,) = told["tiles"]
    return live.client(NOBODY).get(url.replace("{z}", str(zoom)).replace("{x}", str(x)).replace("{y}", str(y)), **more)


def test_what_the_tiles_are(live: Live, told: Json) -> None:
    about = live.office.live.built.about
    assert told["tilejson"] == "3.0.0"
    assert told["tiles"][0].startswith(f"{live.base}/v1/regions/{live.region}/tiles/")
    assert (told["minzoom"], told["maxzoom"]) == (MIN_ZOOM, MAX_ZOOM)
    assert told["attribution"] == "; ".join(about["attribution"])
    west, south, east, north = told["bounds"]
    longitude, latitude, _ = told["center"]
    assert west < longitude < east
    assert south < latitude < north
    assert told["bounds"] == pytest.approx(about["bounds"], abs=0.01)
    assert {"roads", "water", "landuse", "places", "facilities"} <= {one["id"] for one in told["vector_layers"]}


def test_a_tile_holds_what_tilejson_promises(live: Live, told: Json) -> None:
    fields = {one["id"]: one["fields"] for one in told["vector_layers"]}
    seen: set[str] = set()
    for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
        for spot in (1, 5, 9):
            answer = _tile(live, told, zoom, *live.office.spot(spot))
            assert answer.status_code in (200, 204)
            for name, layer in mapbox_vector_tile.decode(answer.content).items() if answer.content else ():
                seen.add(name)
                for feature in layer["features"]:
                    assert feature["properties"].keys() <= fields[name].keys()
    assert {"roads", "landuse", "places", "facilities", "housenumbers"} <= seen


def test_a_facility_is_on_the_map_where_it_is(live: Live, told: Json) -> None:
    care = next(one for one in live.office.live.built.facilities.facilities if one.id == live.facility)
    known = mapped(care)
    assert known is not None
    assert care.sources[0].kind == "register"  # which says more than anybody may see
    answer = _tile(live, told, 15, known.source.longitude or 0, known.source.latitude or 0)
    pins = mapbox_vector_tile.decode(answer.content)["facilities"]["features"]
    (pin,) = (one["properties"] for one in pins if one["properties"]["id"] == known.reference)
    assert pin == {"id": known.reference, "name": known.name, "kind": known.kind}


def test_a_tile_is_kept_for_ever_where_the_version_is_named(live: Live, told: Json) -> None:
    spot = live.office.spot(1)
    named = _tile(live, told, 13, *spot)
    assert named.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert named.headers["content-encoding"] == "gzip"
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = {**told, "tiles": [told["tiles"][0].split("?")[0]]}
    assert _tile(live, plain, 13, *spot).headers["cache-control"] == "no-cache"
    older = {**told, "tiles": [told["tiles"][0] + "x"]}
    assert _tile(live, older, 13, *spot).headers["cache-control"] == "no-cache"
    tag = named.headers["etag"]
    assert tag.startswith('W/"')  # the same compressed and plain
    for said in (tag, f'"other", {tag}', tag.removeprefix("W/")):
        same = _tile(live, told, 13, *spot, headers={"If-None-Match": said})
        assert (same.status_code, same.content) == (304, b"")
    assert _tile(live, told, 13, *spot, headers={"If-None-Match": '"other"'}).status_code == 200


def test_who_takes_no_gzip_gets_it_plain(live: Live, told: Json) -> None:
    spot = live.office.spot(1)
    plain = _tile(live, told, 13, *spot, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == _tile(live, told, 13, *spot).content
    assert plain.content[:2] != gzip.compress(b"")[:2]


@pytest.mark.parametrize(("place", "status"), [("12/0/0", 204), ("4/0/15", 204), ("3/1/1", 404), ("16/9/9", 404)])
def test_where_there_is_no_tile(live: Live, place: str, status: int) -> None:
    answer = live.get(NOBODY, f"tiles/{place}.mvt")
    assert answer.status_code == status
    assert (answer.content == b"") == (status == 204)


@pytest.mark.parametrize("place", ["13/8192/0", "13/0/8192", "13/-1/0", "13/0/-1", "-1/0/0", "99999999999999999999/0/0"])
def test_impossible_tiles_are_not_found(live: Live, place: str) -> None:
    assert live.get(NOBODY, f"tiles/{place}.mvt").status_code == 404


def test_of_a_region_that_is_not_served_there_is_no_map(live: Live) -> None:
    for path in ("tiles.json", "tiles/13/1/1.mvt"):
        answer = live.client(NOBODY).get(f"/v1/regions/nowhere/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_region")


def test_the_map_is_opened_as_the_service_starts(store_url: str, town: BuiltRegion) -> None:
    with live_at(store_url, town) as fresh:  # afterwards its version may be removed: the region may be built anew
        assert town.folder in fresh.app.state.tiles._sheets


def test_without_its_map_a_region_is_served_and_said_to_have_none(
    store_url: str, town: BuiltRegion, tmp_path: pathlib.Path
) -> None:
    with live_at(store_url, replace(town, folder=tmp_path / "gone")) as bare:
        assert bare.client(NOBODY).get("/readyz").status_code == 200
        for path in ("tiles.json", "tiles/13/1/1.mvt"):
            answer = bare.get(NOBODY, path)
            told = answer.json()
            assert (answer.status_code, told["code"], told["title"]) == (503, "no_map", "Map not available")
            assert str(tmp_path) not in answer.text
        assert not (tmp_path / "gone").exists()


def test_too_many_are_told_that_it_is_busy(live: Live, told: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 0)
    monkeypatch.setattr(live.app.state, "tiles", Tiles())  # nothing is cut yet
    answer = _tile(live, told, 14, *live.office.spot(2))
    assert (answer.status_code, answer.json()["code"], answer.json()["title"]) == (503, "busy", "Busy")
    assert answer.headers["retry-after"] == "1"


# -- reports about roads ----------------------------------------------------------------------------------------------------


def _features(live: Live, role: str, name: str) -> list[Json]:
    answer = live.get(role, "conditions.geojson")
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["features"] if one["properties"]["id"] == name]


def test_a_report_by_ways_is_drawn_as_its_streets(live: Live) -> None:
    network = live.office.live.built.roads.network
    car = live.office.live.built.roads.router.state.roads["car"].segment_ms
    way = int(network.link_way[next(link for link in range(network.links) if car.one(2 * link) < 1e6)])
    body = {"kind": "closure", "effect": "closed", "ways": [way], "reason": "hajatan"}
    live.done("dispatcher", "conditions/jalan-1", body, method="PUT")
    (street,) = _features(live, "dispatcher", "jalan-1")
    links = [link for link in range(network.links) if network.link_way[link] == way]
    true = shapely.union_all([shapely.LineString(network.segment_shape(2 * link)) for link in links])
    assert shape(street["geometry"]).hausdorff_distance(true) < 2e-6
    told = street["properties"]
    assert (told["drawn"], told["kind"], told["effect"], told["reason"]) == (False, "closure", "closed", "hajatan")
    assert told["author"]
    outside = _features(live, "planner", "jalan-1")[0]["properties"]
    assert (outside["author"], outside["reason"]) == ("", "")
    live.done("dispatcher", "conditions/jalan-1/withdraw")
    assert _features(live, "dispatcher", "jalan-1") == []


def test_a_circle_is_drawn_with_the_streets_that_it_touches(live: Live) -> None:
    spot = live.office.spot(3)
    body = {
        "kind": "flood",
        "effect": "slower",
        "value": 3,
        "reach_m": 120,
        "geometry": {"type": "Point", "coordinates": list(spot)},
        "until": "2026-03-09T10:00:00+07:00",
        "hours": "Mo-Su 18:00-24:00",
    }
    live.done("dispatcher", "conditions/banjir-9", body, method="PUT")
    streets, drawn = _features(live, "dispatcher", "banjir-9")
    assert drawn["geometry"] == body["geometry"]
    assert (streets["properties"]["drawn"], drawn["properties"]["drawn"]) == (False, True)
    # No link of a street reaches further than it is long; all of these touch the circle.
    metres = 111_195
    lines = [shapely.LineString(part) for part in streets["geometry"]["coordinates"]]
    assert lines
    assert min(line.distance(Point(spot)) for line in lines) * metres < 120
    told = streets["properties"]
    assert (told["value"], told["hours"], told["holds"]) == (3, "Mo-Su 18:00-24:00", False)
    assert told["until"].startswith("2026-03-09T10:00:00")
    live.done("dispatcher", "conditions/banjir-9/withdraw")
