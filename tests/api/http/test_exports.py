"""Routes as GPX and GeoJSON: read back by GDAL, in the order that GPX's schema wants, whatever streets are called."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.answers import Leg, steps_of
from api.http.exports import ToldLeg, as_geojson, as_gpx
from dispatch.regions import BuiltRegion, open_region
from routing.snapping import Carry

GPX = "{http://www.topografix.com/GPX/1/1}"
ATTRIBUTION = ["© OpenStreetMap contributors, ODbL 1.0"]
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

# What may stand in an element, in this order (the schema's sequences; only what is used here).
CHILDREN = {
    "gpx": ["metadata", "wpt", "rte", "trk"],
    "metadata": ["name", "desc"],
    "wpt": ["name", "desc", "type"],
    "rte": ["name", "rtept"],
    "rtept": ["name", "desc", "type"],
    "trk": ["name", "trkseg"],
    "trkseg": ["trkpt"],
}


@pytest.fixture(scope="module")
def region(data_folder: Path) -> BuiltRegion:
    return open_region(data_folder / "regions", "kota", NOW)


@pytest.fixture(scope="module")
def legs(region: BuiltRegion) -> list[ToldLeg]:
    """Two legs, to the patient and on to care, with their manoeuvres."""
    router, facilities = region.roads.router, region.facilities
    x, y = region.demand.longitude, region.demand.latitude
    start, patient = (router.snap(float(x[i]), float(y[i]), "ambulance", on_foot=i > 0) for i in (0, len(x) // 2))
    care = router.snap(float(facilities.longitude[0]), float(facilities.latitude[0]), "ambulance")
    told = []
    for origin, end, names in ((start, patient, ("Ambulans Ciriung", "Pasien")), (patient, care, ("Pasien", "Puskesmas"))):
        leg = Leg(router.route(origin, end, "ambulance"), (end.longitude, end.latitude), *names)
        told.append(ToldLeg(leg, steps_of(region, leg)))
    return told


def with_names(told: ToldLeg, origin: str, destination: str) -> ToldLeg:
    return ToldLeg(Leg(told.leg.route, told.leg.destination, origin, destination), told.steps)


def is_in_order(element: Xml.Element) -> None:
    tags = [child.tag.removeprefix(GPX) for child in element]
    allowed = CHILDREN.get(element.tag.removeprefix(GPX), [])
    assert set(tags) <= set(allowed), element.tag
    assert tags == sorted(tags, key=allowed.index)
    for child in element:
        assert child.tag.startswith(GPX)
        is_in_order(child)


# -- GPX ------------------------------------------------------------------------------------------------------------------


def test_gpx_is_as_its_schema_wants_it(legs: list[ToldLeg]) -> None:
    root = Xml.fromstring(as_gpx(legs, "Kasus 7", ATTRIBUTION, "id"))
    assert (root.tag, root.get("version"), root.get("creator")) == (f"{GPX}gpx", "1.1", "Siaga")
    is_in_order(root)
    points = [element for element in root.iter() if element.tag.removeprefix(GPX) in ("wpt", "rtept", "trkpt")]
    assert len(points) > 10
    for point in points:
        assert set(point.keys()) == {"lat", "lon"}
        assert abs(float(point.get("lat", "nan"))) <= 90
        assert -180 <= float(point.get("lon", "nan")) < 180


def test_gdal_reads_the_gpx(legs: list[ToldLeg], tmp_path: Path) -> None:
    path = tmp_path / "rute.gpx"
    path.write_text(as_gpx(legs, "Kasus 7", ATTRIBUTION, "id"), encoding="utf-8")
    tracks = gpd.read_file(path, layer="tracks")
    assert tracks["name"].tolist() == ["Ambulans Ciriung → Pasien", "Pasien → Puskesmas"]
    for line, told in zip(tracks.geometry, legs, strict=True):
        np.testing.assert_allclose(shapely.get_coordinates(line), told.leg.route.geometry, rtol=0, atol=6e-7)
    turns = gpd.read_file(path, layer="route_points")
    assert len(turns) == sum(len(told.steps) for told in legs)
    assert turns["desc"].iloc[0].startswith("Berangkat")
    ends = gpd.read_file(path, layer="waypoints")
    assert ends["name"].tolist() == ["Ambulans Ciriung", "Pasien", "Pasien", "Puskesmas"]


def test_a_leg_without_manoeuvres_is_a_track_alone(legs: list[ToldLeg]) -> None:
    root = Xml.fromstring(as_gpx([ToldLeg(legs[0].leg)], "", [], "id"))
    assert [child.tag.removeprefix(GPX) for child in root] == ["metadata", "wpt", "wpt", "trk"]


@given(name=st.text(max_size=30))
def test_gpx_stays_xml_whatever_places_are_called(legs: list[ToldLeg], name: str) -> None:
    root = Xml.fromstring(as_gpx([with_names(legs[0], name, '<Toko> & "Anak" ]]>')], name, [name], "id").encode())
    is_in_order(root)
    waypoints = root.findall(f"{GPX}wpt")
    assert waypoints[1].findtext(f"{GPX}name") == '<Toko> & "Anak" ]]>'
    if name and name.isprintable():
        assert waypoints[0].findtext(f"{GPX}name") == name


@pytest.mark.parametrize("wrong", ["\x00", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_what_xml_can_t_hold_is_left_out(legs: list[ToldLeg], wrong: str) -> None:
    root = Xml.fromstring(as_gpx([with_names(legs[0], f"RS{wrong} Bunda", "B")], "", [], "id").encode("utf-8"))
    assert root.findtext(f"{GPX}wpt/{GPX}name") == "RS Bunda"


def test_gpx_speaks_the_language_asked_for(legs: list[ToldLeg]) -> None:
    assert "Head " in as_gpx(legs, "", [], "en")
    assert "Head " not in as_gpx(legs, "", [], "id")


# -- GeoJSON --------------------------------------------------------------------------------------------------------------


def roles(collection: Any, role: str) -> list[Any]:
    return [feature for feature in collection["features"] if feature["properties"]["role"] == role]


def test_geojson_has_lines_manoeuvres_and_what_is_walked(legs: list[ToldLeg]) -> None:
    collection = json.loads(json.dumps(as_geojson(legs, ATTRIBUTION, "id"), allow_nan=False))
    assert collection["type"] == "FeatureCollection"
    assert collection["attribution"] == ATTRIBUTION
    for feature in collection["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shape.is_valid
        assert not shape.is_empty
    for told, feature in zip(legs, roles(collection, "leg"), strict=True):
        np.testing.assert_allclose(feature["geometry"]["coordinates"], told.leg.route.geometry, rtol=0, atol=6e-7)
        assert feature["properties"]["duration_seconds"] == round(told.leg.route.duration_ms / 1_000, 1)
    assert len(roles(collection, "manoeuvre")) == sum(len(told.steps) for told in legs)
    assert {feature["properties"]["leg"] for feature in roles(collection, "on_foot")} <= {0, 1}


def test_a_way_on_foot_is_told_if_it_leads_anywhere(legs: list[ToldLeg]) -> None:
    route, point = legs[1].leg.route, legs[1].leg.route.geometry[0]
    for path, told in ((np.array([point, point + 1e-4]), 1), (np.array([point, point]), 0)):
        other = replace(route, origin_carry=Carry("street", 15.0, 12.0, path), destination_carry=None)
        leg = Leg(other, legs[1].leg.destination, "a", "b")
        found = roles(as_geojson([ToldLeg(leg)], [], "id"), "on_foot")
        assert len(found) == told
        assert all(here != there for one in found for here, there in pairwise(one["geometry"]["coordinates"]))


def test_gdal_reads_the_geojson(legs: list[ToldLeg], tmp_path: Path) -> None:
    path = tmp_path / "rute.geojson"
    path.write_text(json.dumps(as_geojson(legs, ATTRIBUTION, "en")), encoding="utf-8")
    found = gpd.read_file(path)
    assert found.crs == "OGC:CRS84" or found.crs.to_epsg() == 4326
    assert set(found["role"]) <= {"leg", "on_foot", "manoeuvre"}
    assert (found["role"] == "leg").sum() == 2
