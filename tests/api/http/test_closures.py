"""What is reported about roads, as it is drawn: never more than a page can take, and worked out once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from api.http import closures
from api.http.closures import lines_of
from tests.api.http.live import Live

Json = dict[str, Any]
EVERYWHERE = {"kind": "flood", "effect": "slower", "value": 2, "reach_m": 100_000}


def _everywhere(live: Live) -> Json:
    return {**EVERYWHERE, "geometry": {"type": "Point", "coordinates": list(live.office.spot(1))}}


def _streets(live: Live, name: str) -> Json:
    answer = live.get("dispatcher", "conditions.geojson")
    assert answer.status_code == 200, answer.text
    found: Json = next(
        one["geometry"]
        for one in answer.json()["features"]
        if one["properties"]["id"] == name and not one["properties"]["drawn"]
    )
    return found


def _points(geometry: Json) -> int:
    return sum(map(len, geometry["coordinates"]))


@pytest.mark.parametrize("most", [1_000, 100])
def test_a_whole_region_has_no_more_points_than_a_page_can_draw(live: Live, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(closures, "_MOST_POINTS", most)
    name = f"banjir-{most}"
    live.done("dispatcher", f"conditions/{name}", _everywhere(live), method="PUT")
    streets = _streets(live, name)
    assert most / 2 < _points(streets) <= most
    foreseen = live.client("dispatcher").post(f"{live.at}/conditions/preview", json=_everywhere(live)).json()
    assert (foreseen["geometry"], foreseen["simplified"]) == (streets, True)
    live.done("dispatcher", f"conditions/{name}/withdraw")


def test_few_streets_are_drawn_as_they_are_and_none_as_nothing(live: Live) -> None:
    network = live.office.live.built.roads.network
    links = np.arange(20)
    told, coarser = lines_of(network, links)
    true = shapely.union_all([shapely.LineString(network.segment_shape(2 * link)) for link in links.tolist()])
    assert shapely.geometry.shape(told).hausdorff_distance(true) < 2e-6
    assert coarser is False
    assert lines_of(network, np.empty(0, np.int64)) == ({"type": "MultiLineString", "coordinates": []}, False)


def test_a_report_is_drawn_once_for_all_readers_and_anew_when_it_changes(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def counted(network: Any, links: Any) -> Any:
        drawn.append(len(links))
        return lines_of(network, links)

    monkeypatch.setattr(closures, "lines_of", counted)
    body = {**_everywhere(live), "reach_m": 50}
    live.done("dispatcher", "conditions/pasar", body, method="PUT")
    first = _streets(live, "pasar")
    assert _streets(live, "pasar") == first
    assert len(drawn) == 1
    live.done("dispatcher", "conditions/pasar", {**body, "reach_m": 500}, method="PUT")
    assert _points(_streets(live, "pasar")) > _points(first)
    assert len(drawn) == 2
    live.done("dispatcher", "conditions/pasar/withdraw")
