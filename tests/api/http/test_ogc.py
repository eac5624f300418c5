"""OGC API - Features on a real server, asked by owslib and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from owslib.ogcapi import REQUEST_HEADERS
from owslib.ogcapi.features import Features
from shapely.geometry import shape

from dispatch.life import commands as c
from dispatch.life.reports import Condition
from tests.api.http.live import NOBODY, START, Live

GENERAL = ("", "/", "/api", "/conformance", "/collections")
NAMES = ("facilities", "vehicles", "closures")
READABLE = {
    "dispatcher": set(NAMES),
    "admin": set(NAMES),
    "planner": {"facilities", "closures"},
    "driver_a1": {"facilities", "closures"},
    "facility": {"facilities"},
    "sitegar": {"facilities"},
    "tracker": set(),
    "metrics": set(),
}


@pytest.fixture(scope="module")
def region(live: Live) -> Live:
    """A vehicle that was seen, and reports about roads of every shape."""
    live.do(live.office.seen("A1", live.office.spot(7)))
    network = live.office.live.built.roads.network
    way = int(network.link_way[0])
    link = network.segment_shape(0)
    line = {"type": "LineString", "coordinates": link.tolist()}
    (west, south), (east, north) = link.min(axis=0) - 0.001, link.max(axis=0) + 0.001
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in ring]]}
    point = {"type": "Point", "coordinates": list(live.office.spot(3))}
    told = [
        Condition("flood", "flood", "closed", area, reason="banjir", until=START + timedelta(hours=2)),
        Condition("market", "market", "slower", line, value=2.0, from_time=START + timedelta(hours=5)),
        Condition("tree", "closure", "closed", point, reach_m=40.0),
        Condition("works", "roadworks", "top_speed", ways=(way,), value=20.0),
        Condition("over", "closure", "closed", point, reach_m=40.0),
    ]
    for one in told:
        live.do(live.office.give(c.PostCondition(one)))
    live.do(live.office.give(c.WithdrawCondition("over")))
    return live


@pytest.fixture
def client(region: Live) -> Iterator[Features]:
    """owslib as a dispatcher; it keeps headers for the whole process, so they are taken away again."""
    before = dict(REQUEST_HEADERS)
    yield Features(f"{region.base}/ogc/{region.region}", headers={"Authorization": f"Bearer {region.tokens['dispatcher']}"})
    REQUEST_HEADERS.clear()
    REQUEST_HEADERS.update(before)


def get(live: Live, end: str, role: str = "dispatcher", **query: str) -> Any:
    """An answer that has to be good."""
    answer = live.get(role, f"/ogc/{live.region}{end}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(live: Live, collection: str, **query: str) -> list[str]:
    return [one["id"] for one in get(live, f"/collections/{collection}/items", **query)["features"]]


# -- owslib ---------------------------------------------------------------------------------------------------------------


def test_owslib_finds_its_way_from_the_landing_page_to_a_feature(region: Live, client: Features) -> None:
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.feature_collections() == list(NAMES)
    about = client.collection("facilities")
    assert about["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert about["attribution"] == "; ".join(region.office.live.built.about["attribution"])
    page = client.collection_items("facilities", limit=3)
    assert page["numberReturned"] == len(page["features"]) == 3
    assert page["numberMatched"] == len(region.office.live.built.facilities.facilities)
    first = page["features"][0]
    same = client.collection_item("facilities", first["id"])
    assert (same["geometry"], same["properties"]["name"]) == (first["geometry"], first["properties"]["name"])


def test_owslib_finds_the_description_of_the_interface(client: Features) -> None:
    described = client.api()
    assert described["openapi"].startswith("3.0.")
    assert "/collections/vehicles/items" in described["paths"]
    # What QGIS takes the size of its pages from.
    assert described["components"]["parameters"]["limit"]["schema"]["maximum"] == 10_000


def test_owslib_asks_for_a_box_and_a_time(region: Live, client: Features) -> None:
    longitude, latitude = region.office.spot(7)
    box = [longitude - 1e-6, latitude - 1e-6, longitude + 1e-6, latitude + 1e-6]
    assert [one["id"] for one in client.collection_items("vehicles", bbox=box)["features"]] == ["A1"]
    later = f"{(START + timedelta(hours=6)).isoformat()}/.."
    assert [one["id"] for one in client.collection_items("closures", datetime_=later)["features"]] == [
        "market",
        "tree",
        "works",
    ]


def test_owslib_is_told_what_is_wrong(client: Features) -> None:
    with pytest.raises(RuntimeError, match="CRS84"):
        client.collection_items("facilities", **{"bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4326"})


# -- pages and boxes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 7, 1_000])
def test_following_next_shows_everything_once_and_prev_leads_back(region: Live, limit: int) -> None:
    everything = found(region, "facilities")
    assert len(everything) == len(region.office.live.built.facilities.facilities) > 7
    shown: list[str] = []
    addresses = []
    address: str | None = f"{region.base}/ogc/{region.region}/collections/facilities/items?limit={limit}"
    while address is not None:
        addresses.append(address)
        page = region.get("dispatcher", address[len(region.base) :]).json()
        assert page["numberMatched"] == len(everything)
        assert 0 < page["numberReturned"] == len(page["features"]) <= limit
        shown += [one["id"] for one in page["features"]]
        links = {one["rel"]: one["href"] for one in page["links"]}
        assert links["self"] == address
        assert links.get("prev") == (addresses[-2] if len(addresses) > 1 else None)
        address = links.get("next")
    assert shown == everything
    assert shown == sorted(set(shown))


def test_pages_keep_the_box(region: Live) -> None:
    places = {one.id: (one.longitude, one.latitude) for one in region.office.live.built.facilities.facilities}
    west, east = sorted(place[0] for place in places.values())[len(places) // 4 :: len(places) // 2][:2]
    inside = sorted(name for name, place in places.items() if west <= place[0] <= east)
    assert 1 < len(inside) < len(places)
    path = f"/ogc/{region.region}/collections/facilities/items?bbox={west},-90,{east},90&limit=1"
    shown = []
    while path:
        page = region.get("dispatcher", path).json()
        shown += [one["id"] for one in page["features"]]
        path = next((one["href"][len(region.base) :] for one in page["links"] if one["rel"] == "next"), "")
    assert shown == inside


def test_a_page_beyond_the_last_is_empty(region: Live) -> None:
    page = get(region, "/collections/vehicles/items", offset="4")
    assert (page["numberMatched"], page["numberReturned"], page["features"]) == (4, 0, [])
    assert "next" not in {one["rel"] for one in page["links"]}


# -- what is in the features ----------------------------------------------------------------------------------------------


def test_a_vehicle_tells_when_it_was_seen_and_how_long_ago(region: Live) -> None:
    before = region.office.now
    try:
        region.office.now = START + timedelta(minutes=10)
        page = get(region, "/collections/vehicles/items")
        vehicles = {one["id"]: one for one in page["features"]}
        seen = vehicles["A1"]
        assert seen["geometry"] == {"type": "Point", "coordinates": list(region.office.spot(7))}
        assert (seen["properties"]["fix_time"], seen["properties"]["age_seconds"]) == ("2026-03-02T10:00:00+07:00", 600.0)
        assert seen["properties"]["now"] is False
        assert vehicles["A2"]["geometry"] is None
        assert vehicles["A2"]["properties"]["fix_time"] is None
        assert page["timeStamp"] == "2026-03-02T03:10:00Z"
        # Nobody saw A2 at any time, and it is in no box.
        assert found(region, "vehicles", datetime="../..") == ["A1"]
        assert found(region, "vehicles", bbox="-180,-90,180,90") == ["A1"]
        assert found(region, "vehicles", datetime="2026-03-02T03:00:01Z/..") == []
    finally:
        region.office.now = before


def test_road_conditions_are_drawn_as_they_were_reported(region: Live) -> None:
    told = {one["id"]: one for one in get(region, "/collections/closures/items")["features"]}
    assert list(told) == ["flood", "market", "tree", "works"]
    kinds = {name: one["geometry"]["type"] for name, one in told.items()}
    assert kinds == {"flood": "Polygon", "market": "LineString", "tree": "Point", "works": "MultiLineString"}
    network = region.office.live.built.roads.network
    links = int((network.link_way == network.link_way[0]).sum())
    assert len(told["works"]["geometry"]["coordinates"]) == links
    assert told["flood"]["properties"]["reason"] == "banjir"
    # Words that people wrote may name somebody; a planner gets what is drawn and its kind.
    planned = get(region, "/collections/closures/items", role="planner")["features"]
    assert {(one["properties"]["kind"], one["properties"]["reason"]) for one in planned} == {
        (one["properties"]["kind"], "") for one in told.values()
    }
    assert told["flood"]["properties"]["until"] == "2026-03-02T12:00:00+07:00"
    # The area of the flood was drawn around the first link, the way that is being worked on.
    assert shape(told["flood"]["geometry"]).intersects(shape(told["works"]["geometry"]))
    west, south, east, north = shape(told["market"]["geometry"]).bounds
    assert {"flood", "market", "works"} <= set(found(region, "closures", bbox=f"{west},{south},{east},{north}"))
    assert found(region, "closures", datetime="2026-03-02T06:00:00Z") == ["tree", "works"]


def test_a_facility_tells_what_is_claimed_of_it_and_how_old_that_is(region: Live) -> None:
    name = region.facility
    region.done("dispatcher", f"availability/{name}", {"state": "full"}, method="PUT")
    one = get(region, f"/collections/facilities/items/{name}")
    assert one["id"] == name
    (claim,) = one["properties"]["availability"]
    assert (claim["capability"], claim["state"]) == (None, "full")
    assert claim["age_minutes"] >= 0
    links = {link["rel"]: link["href"] for link in one["links"]}
    assert region.get("dispatcher", links["self"][len(region.base) :]).json()["properties"] == one["properties"]


def test_words_are_in_the_callers_language(region: Live) -> None:
    path = f"/ogc/{region.region}/collections/vehicles/items/A1"
    said = {
        language: region.get("dispatcher", path, headers={"Accept-Language": language}).json()["properties"]["status_text"]
        for language in ("id", "en")
    }
    assert said == {"id": "siaga", "en": "standing by"}


def test_nobody_is_named(region: Live) -> None:
    for name in NAMES:
        for one in get(region, f"/collections/{name}/items")["features"]:
            assert not {"author", "run", "case", "by"} & set(one["properties"]), name
            assert all("author" not in claim for claim in one["properties"].get("availability", []))
    assert "phone" not in get(region, "/collections/vehicles/items/A1")["properties"]


def test_every_answer_is_of_the_kind_that_its_link_says(region: Live) -> None:
    todo = [f"/ogc/{region.region}"]
    seen: dict[str, str] = {}
    while todo:
        path = todo.pop()
        answer = region.get("dispatcher", path)
        assert answer.status_code == 200, path
        seen[path] = answer.headers["content-type"]
        body = answer.json()
        links = [*body.get("links", []), *(link for one in body.get("collections", []) for link in one["links"])]
        for link in links:
            if link["href"].startswith(region.base):
                there = link["href"][len(region.base) :]
                if there in seen:
                    assert seen[there] == link["type"], there
                else:
                    todo.append(there)
    assert len(seen) >= 4 + 2 * len(NAMES)


# -- who may, and what is no question -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(READABLE))
def test_a_role_reads_what_it_may_and_is_shown_no_more(region: Live, role: str) -> None:
    readable = READABLE[role]
    for end in GENERAL:
        answer = region.get(role, f"/ogc/{region.region}{end}")
        assert answer.status_code == (200 if readable else 403), end
    if readable:
        assert {one["id"] for one in get(region, "/collections", role)["collections"]} == readable
        described = get(region, "/api", role)["paths"]
        assert {path.split("/")[2] for path in described if path.startswith("/collections/")} == readable
    for name in NAMES:
        ends = (name, f"{name}/items", f"{name}/items/nothing")
        answers = [region.get(role, f"/ogc/{region.region}/collections/{end}").status_code for end in ends]
        assert answers == ([200, 200, 404] if name in readable else [403, 403, 403]), name


@pytest.mark.parametrize("role", [NOBODY, "elsewhere", "expired", "revoked", "unknown"])
def test_nobody_else_gets_in(region: Live, role: str) -> None:
    ends = [*GENERAL, *(f"/collections/{name}{end}" for name in NAMES for end in ("", "/items", "/items/A1"))]
    answers = {region.get(role, f"/ogc/{region.region}{end}").status_code for end in ends}
    assert answers == ({403} if role == "elsewhere" else {401})


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("/collections/facilities/items?bbox=1,2,3", 400),
        ("/collections/facilities/items?limit=0", 400),
        ("/collections/facilities/items?datetime=today", 400),
        ("/collections/facilities/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326&bbox=0,0,1,1", 400),
        ("/collections/facilities/items?colour=red", 400),
        ("/collections/facilities?limit=1", 400),
        ("/collections?colour=red", 400),
        ("?colour=red", 400),
        ("/collections/facilities/items/node/none", 404),
        ("/collections/roads", 404),
        ("/collections/roads/items", 404),
    ],
)
def test_what_is_no_question_is_a_problem_that_says_so(region: Live, end: str, status: int) -> None:
    answer = region.get("dispatcher", f"/ogc/{region.region}{end}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_region_that_is_not_served_is_not_found(live: Live) -> None:
    assert live.get("elsewhere", "/ogc/elsewhere").status_code == 404
