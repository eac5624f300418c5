"""The console in a busy office: everything is shown, its first view is small, and it holds on to nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Site, Visit
from tests.browser.load import CASES, VEHICLES, Driving, fill

MINUTE_MS = 60_000
GROWTH = 1.15
"""Of the heap after a full collection, between the second minute and the fifth: what the engine itself moves by."""


_WATCHED = """() => {
  window.siagaDrawn = performance.now();
  window.siagaMap.on("render", () => {
    window.siagaPictures++;
    window.siagaDrawn = performance.now();
  });
  return window.siagaVehicles.picture.vehicles;
}"""


@pytest.mark.slow
@pytest.mark.parametrize("site", [False], indirect=True)
def test_three_hundred_vehicles_and_two_hundred_cases_are_shown(site: Site, visit: Visit) -> None:
    fill(site)
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.get_by_role("heading", name=re.compile(rf"\({CASES}\)"))).to_be_visible()
    expect(page.locator("[data-case]")).to_have_count(CASES)
    expect(page.locator("[data-vehicle]")).to_have_count(VEHICLES + 4)
    with Driving(site) as driving:
        page.wait_for_function(f"() => window.siagaVehicles?.picture.vehicles.length === {VEHICLES + 4}")
        before = page.evaluate(_WATCHED)
        # First it draws what it has read; then it has no reason to.
        page.wait_for_function("() => performance.now() - window.siagaDrawn > 3_000", timeout=60_000)
        page.evaluate("() => { window.siagaPictures = 0; }")
        page.wait_for_timeout(4_000)
        places, pictures = page.evaluate("() => [window.siagaVehicles.picture.vehicles, window.siagaPictures]")
        # From one thing to the next: what is taken off the screen and what comes meanwhile may both offer the same keys.
        for what in ("[data-vehicle='B001']", "[data-case='L000']", "[data-case='L003']", "[data-vehicle='B002']"):
            page.locator(what).click()
        expect(page.locator("[data-open-vehicle='B002']")).to_be_visible()
    assert driving.sent >= 2
    assert sum(one != then for one, then in zip(before, places, strict=True)) > VEHICLES / 2, "they move"
    assert pictures == 0, "the map below them is not drawn anew"
    expect(page.locator("[data-vehicle='B000']")).not_to_contain_text("tidak diketahui")
    expect(page.locator("[data-vehicle='A1']")).to_contain_text("tidak diketahui")


def test_the_first_view_is_small(site: Site, visit: Visit) -> None:
    site.seen_at_bases()
    page = visit("/", None, expect_errors=True, width=1440, height=900)
    page.context.request.post("/v1/session", data={"name": site.accounts["dispatcher"], "password": "kunci rumah sakit 7"})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto("/")
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.wait_for_function("() => window.siagaMap.areTilesLoaded()")
    assert sum(sizes) < 1_200_000, f"{sum(sizes):.0f} bytes"


def _held(page: Page, session: CDPSession) -> tuple[float, int, int]:
    """After a full collection: the heap in bytes, nodes of the document, listeners."""
    session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    nodes = page.evaluate("document.querySelectorAll('*').length")
    return float(found["JSHeapUsedSize"]), int(nodes), int(found["JSEventListeners"])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("site", [False], indirect=True)
def test_memory_is_flat_over_five_minutes(site: Site, visit: Visit) -> None:
    fill(site)
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.locator("[data-case]")).to_have_count(CASES)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    with Driving(site) as driving:
        page.wait_for_timeout(2 * MINUTE_MS)
        heap, nodes, listeners = _held(page, session)
        page.wait_for_timeout(3 * MINUTE_MS)
        heap_then, nodes_then, listeners_then = _held(page, session)
    assert driving.sent > 100
    assert heap_then < heap * GROWTH, f"{heap / 1e6:.1f} MB, then {heap_then / 1e6:.1f} MB"
    assert nodes_then < nodes * 1.1
    assert listeners_then < listeners * 1.1
