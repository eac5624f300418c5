"""What the console shows is true: what changes is seen at once, what is old is said, a report on roads changes routes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot, Site, Visit

Json = dict[str, Any]

RENDERED = """([layer]) => {
  const map = window.siagaMap;
  return map && map.getLayer(layer) ? map.queryRenderedFeatures({ layers: [layer] }).map((one) => one.properties) : null;
}"""


def rendered(page: Page, layer: str) -> list[Json]:
    """The features that the map draws in a layer."""
    found: list[Json] | None = page.evaluate(RENDERED, [layer])
    return found or []


def drawn(page: Page, layer: str, key: str, value: object) -> None:
    """Waits until the map draws a feature with a property."""
    page.wait_for_function(
        """([layer, key, value]) => {
          const map = window.siagaMap;
          if (!map || !map.getLayer(layer)) return false;
          return map.queryRenderedFeatures({ layers: [layer] }).some((one) => one.properties[key] === value);
        }""",
        arg=[layer, key, value],
    )


def vehicles(page: Page) -> dict[str, Json]:
    """Vehicles as they are drawn on the map, by id."""
    found: list[Json] = page.evaluate("() => window.siagaVehicles?.picture.vehicles ?? []")
    return {one["id"]: one for one in found}


def pictured(page: Page, holds: str, arg: object = None) -> None:
    """Waits until something holds of the `picture` of vehicles and the map's `at` (longitude and latitude to pixels)."""
    page.wait_for_function(
        f"""(arg) => {{
          const picture = window.siagaVehicles?.picture, at = (x, y) => window.siagaMap.project([x, y]);
          return picture !== undefined && ({holds});
        }}""",
        arg=arg,
    )


def colour_of(page: Page, what: str, beside: int = 0) -> str:
    """Of what is drawn of the `picture` of vehicles, so many pixels beside its middle: "rrggbbaa"."""
    page.wait_for_function("() => !window.siagaMap.isMoving()")
    found: str = page.evaluate(
        f"""(beside) => {{
          const picture = window.siagaVehicles.picture, {{ x, y }} = {what};
          const sheet = window.siagaMap.getCanvasContainer().querySelector("canvas[aria-hidden]");
          const scale = sheet.width / sheet.clientWidth;
          const data = sheet.getContext("2d").getImageData(Math.round((x + beside) * scale), Math.round(y * scale), 1, 1).data;
          return [...data].map((one) => one.toString(16).padStart(2, "0")).join("");
        }}""",
        beside,
    )
    return found


def on_map(page: Page, place: tuple[float, float]) -> dict[str, float]:
    """Where a place is on the page, in pixels of the map."""
    project = "([x, y]) => { const at = window.siagaMap.project([x, y]); return {x: at.x, y: at.y}; }"
    found: dict[str, float] = page.evaluate(project, list(place))
    return found


def test_vehicles_and_cases_are_drawn_and_move(site: Site, visit: Visit, shoot: Shoot) -> None:
    site.seen_at_bases()
    case = site.live.call()
    page = visit("/", "dispatcher", width=1440, height=900)
    drawn(page, "cases", "id", case)
    page.evaluate("window.siagaMap.setZoom(15)")
    page.locator("[data-vehicle='A1']").click()
    pictured(page, "picture.vehicles.some((one) => one.id === 'A1')")
    assert vehicles(page)["A1"]["status"] == "standby"
    ready = colour_of(page, "picture.vehicles.find((one) => one.id === 'A1')")
    assert ready == "1d8a43ff", "the green of whoever is ready"
    assert rendered(page, "road-residential"), "the streets of the town are drawn"
    longitude, latitude = site.live.office.spot(101)
    now = site.live.office.now.isoformat()
    moved = {"vehicle": "A1", "longitude": longitude + 0.0005, "latitude": latitude, "fix_time": now}
    assert site.live.client("dispatcher").post(f"{site.live.at}/fixes", json={"fixes": [moved]}).status_code == 200
    there = [longitude + 0.0005, latitude]
    near = "Math.hypot(one.x - at(...arg).x, one.y - at(...arg).y) < 2"
    pictured(page, f"picture.vehicles.some((one) => one.id === 'A1' && {near})", there)
    page.evaluate("window.siagaMap.panBy([120, 40], {animate: false})")
    pictured(page, f"picture.vehicles.some((one) => one.id === 'A1' && {near})", there)
    shoot(page, "console-map")


def test_what_happens_elsewhere_is_seen_at_once(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher")
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()
    case = site.live.call()
    expect(page.locator(f"[data-case='{case}']")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    run = site.live.send(case, "A1")
    site.live.done("dispatcher", f"runs/{run}/progress", {"point": "acknowledged"})
    expect(page.locator("[data-vehicle='A1']")).to_contain_text("ditugaskan")
    site.live.done("dispatcher", f"cases/{case}/cancel", {"why": "salah sambung"})
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()


def test_a_lost_connection_is_said_and_caught_up(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit("/", "dispatcher", expect_errors=True)
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("[data-banner='lost']")).to_be_visible()
    shoot(page, "console-lost")
    case = site.live.call()
    expect(page.locator(f"[data-case='{case}']")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.locator(f"[data-case='{case}']")).to_be_visible()
    expect(page.locator("[data-banner]")).to_have_count(0)


def test_a_closure_is_drawn_changes_the_route_and_names_the_case(site: Site, visit: Visit, shoot: Shoot) -> None:
    site.seen_at_bases()
    case = site.live.call()
    best = site.live.get("dispatcher", f"cases/{case}/recommendation").json()["options"][0]["vehicle"]["id"]
    run = site.live.send(case, best)
    for point in ("acknowledged", "departed"):
        site.live.done("dispatcher", f"runs/{run}/progress", {"point": point})
    before = site.live.get("dispatcher", f"runs/{run}/route").json()
    way = before["route"]["geometry"]["coordinates"]
    middle = (way[len(way) // 2][0], way[len(way) // 2][1])

    page = visit("/", "dispatcher", width=1440, height=900)
    page.locator(f"[data-case='{case}']").click()
    drawn(page, "legs-reach", "leg", "reach")
    page.get_by_role("button", name="Lapor jalan").click()
    page.evaluate("([x, y]) => window.siagaMap.jumpTo({center: [x, y], zoom: 16})", list(middle))
    at = on_map(page, middle)
    page.locator(".map .maplibregl-canvas").click(position={"x": at["x"], "y": at["y"]})
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text(case)
    shoot(page, "console-report")
    page.get_by_role("button", name="Pasang").click()
    expect(page.locator("[data-said='good']")).to_contain_text(case)
    drawn(page, "report-roads", "effect", "closed")
    after = site.live.get("dispatcher", f"runs/{run}/route").json()
    assert after["route"]["geometry"] != before["route"]["geometry"]
    expect(page.locator("[data-report]")).to_have_count(1)
    page.get_by_role("button", name="Cabut").click()
    expect(page.locator("[data-report]")).to_have_count(0)


def test_a_status_is_changed_by_right_click_and_key(site: Site, visit: Visit) -> None:
    site.seen_at_bases()
    page = visit("/", "dispatcher", width=1440, height=900)
    page.locator("[data-vehicle='A2']").click(button="right")
    expect(page.locator("[data-open-vehicle='A2']")).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator("[data-vehicle='A2']")).to_contain_text("istirahat")
    assert site.live.get("dispatcher", "vehicles/A2").json()["status"] == "on_break"


@pytest.mark.slow
def test_the_command_bar_finds_actions_cases_vehicles_and_facilities(site: Site, visit: Visit) -> None:
    case = site.live.call()
    page = visit("/", "dispatcher")
    expect(page.locator(f"[data-case='{case}']")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("[data-command]")).to_be_focused()
    page.keyboard.type(case[-3:])
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-open-case='{case}']")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("jangkauan")
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel='cover']")).to_be_visible()
    name = site.live.office.live.built.facilities.facilities[0].name
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("[data-open-facility]")).to_contain_text(name)


@pytest.mark.slow
def test_the_map_stops_following_when_it_is_moved(site: Site, visit: Visit) -> None:
    site.seen_at_bases()
    case = site.live.call()
    page = visit("/", "dispatcher", width=1440, height=900)
    page.locator(f"[data-case='{case}']").click()
    drawn(page, "legs-reach", "leg", "reach")
    page.mouse.move(600, 400)
    page.mouse.down()
    page.mouse.move(700, 450, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name=re.compile("^Ikuti"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Ikuti")).click()
    expect(page.get_by_role("button", name=re.compile("^Ikuti"))).to_have_count(0)


def test_a_family_link_is_made_and_shown(site: Site, visit: Visit) -> None:
    case = site.live.call()
    page = visit("/", "dispatcher", permissions=["clipboard-read", "clipboard-write"])
    page.locator(f"[data-case='{case}']").click()
    page.get_by_role("button", name="Tautan keluarga").click()
    link = page.locator("p.link a")
    expect(link).to_have_attribute(
        "href", re.compile(rf"^{re.escape(site.base)}/keluarga#[\w-]{{20,}}$|^/keluarga#[\w-]{{20,}}$")
    )


@pytest.mark.slow
def test_what_has_just_happened_is_told_and_leads_to_its_case(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher")
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()
    case = site.live.call()
    site.live.send(case, "A1")
    offer = site.live.offer(case)
    site.live.done("dispatcher", f"cases/{case}/offers/{offer}/answer", {"accepted": False, "why": "room_full"})
    told = page.locator("[data-happening='attempt_moved']").first
    expect(told).to_contain_text("kamar penuh")
    told.get_by_role("button").click()
    expect(page.locator(f"[data-open-case='{case}']")).to_be_visible()


@pytest.mark.slow
def test_an_old_position_fades_and_a_cluster_shows_its_worst_member(site: Site, visit: Visit) -> None:
    longitude, latitude = site.live.office.spot(101)
    old = (site.live.office.now - timedelta(minutes=12)).isoformat()
    fixes = [
        {"vehicle": vehicle, "longitude": longitude, "latitude": latitude, "fix_time": when}
        for vehicle, when in (("A1", old), ("A2", site.live.office.now.isoformat()))
    ]
    assert site.live.client("dispatcher").post(f"{site.live.at}/fixes", json={"fixes": fixes}).status_code == 200
    site.live.done("dispatcher", "vehicles/A2/status", {"status": "broken"})
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.evaluate("([x, y]) => window.siagaMap.jumpTo({center: [x, y], zoom: 15})", [longitude, latitude])
    pictured(page, "picture.vehicles.some((one) => one.id === 'A1')")
    assert vehicles(page)["A2"]["fade"] == 1
    assert vehicles(page)["A1"]["fade"] < 1
    expect(page.locator("[data-vehicle='A1']")).to_contain_text("12 mnt yang lalu")
    page.evaluate("window.siagaMap.setZoom(11)")
    pictured(page, "picture.clusters.some((one) => one.worst === 'broken' && one.count > 1)")
    worst = colour_of(page, "picture.clusters.find((one) => one.worst === 'broken')", beside=-11)
    assert worst == "23282dff", "as dark as whoever is broken down"


def test_what_needs_somebody_sounds_once(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher")
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()
    page.wait_for_timeout(1_500)
    site.live.call(kind="maternal", priority="yellow")
    expect(page.locator("html")).to_have_attribute("data-sounded", "1 0")
    page.wait_for_timeout(3_000)
    expect(page.locator("html")).to_have_attribute("data-sounded", "1 0")
