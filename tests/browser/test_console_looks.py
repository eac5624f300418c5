"""The console in both themes and languages, on a telephone, for those who can't see or point, with many cases and vehicles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot, Site, Visit

PANELS = re.compile("Laporan baru|New call|Lapor jalan|Road report|Jangkauan|Cover")
LONG = "Ambulans Gawat Darurat Kelurahan Karanganyar Gunung Kecamatan Candisari Nomor Dua Belas"


def serious(page: Page) -> list[Any]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [(node["target"], node.get("failureSummary", "")[:300]) for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def beyond(page: Page) -> list[str]:
    """What reaches over the edge of the page and can't be scrolled to."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((one) => {
          const box = one.getBoundingClientRect();
          const seen = getComputedStyle(one).visibility === "visible" && !one.closest(".middle, .hidden-words");
          return seen && box.width > 1 && box.right > innerWidth + 1;
        }).map((one) => one.outerHTML.slice(0, 100))"""
    )
    return found


def busy(site: Site) -> str:
    """A fleet with a long name, cases of every colour, one with a vehicle and a decline; the id of that one."""
    site.seen_at_bases()
    body = {"name": LONG, "kind": "village_ambulance", "equipment": ["stretcher"], "capacity": 1}
    site.live.done("admin", "vehicles/A4", body, method="PUT")
    for kind, priority in (("maternal", "yellow"), ("outpatient", "green"), ("hearse", "black")):
        site.live.call(kind=kind, priority=priority)
    site.live.done("dispatcher", "cases", {"caller": {"phone": "0811"}})
    case = site.live.call()
    best = site.live.get("dispatcher", f"cases/{case}/recommendation").json()["options"][0]["vehicle"]["id"]
    site.live.send(case, best)
    offer = site.live.offer(case)
    site.live.done("dispatcher", f"cases/{case}/offers/{offer}/answer", {"accepted": False, "why": "room_full"})
    return case


@pytest.mark.parametrize(("theme", "language"), [("light", "id"), pytest.param("dark", "en", marks=pytest.mark.slow)])
def test_nothing_serious_for_axe_in_any_state(site: Site, visit: Visit, shoot: Shoot, theme: str, language: str) -> None:
    case = busy(site)
    page = visit("/", "dispatcher", width=1440, height=900, theme=theme, language=language)
    page.locator(f"[data-case='{case}']").click()
    expect(page.locator("[data-offer][data-state='declined']")).to_be_visible()
    shoot(page, f"looks-case-{theme}")
    assert serious(page) == []
    page.locator("[data-case]", has_text=re.compile("kontrol|out-patient")).click()
    expect(page.locator("[data-option]").first).to_be_visible()
    shoot(page, f"looks-choice-{theme}")
    assert serious(page) == []
    for key, what in (("n", "intake"), ("v", "report"), ("g", "cover")):
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.keyboard.press(key)
        expect(page.locator("aside")).to_contain_text(PANELS)
        shoot(page, f"looks-{what}-{theme}")
        assert serious(page) == [], what
    page.keyboard.press("Escape")
    page.locator("[data-vehicle='A4']").click()
    expect(page.locator("[data-open-vehicle='A4']")).to_contain_text(LONG)
    shoot(page, f"looks-vehicle-{theme}")
    assert serious(page) == []


def test_the_language_is_switched_in_place(site: Site, visit: Visit) -> None:
    case = site.live.call()
    page = visit("/", "dispatcher")
    expect(page.locator(f"[data-case='{case}']")).to_contain_text("merah")
    page.locator("[data-do='language']").click()
    expect(page.locator(f"[data-case='{case}']")).to_contain_text("medical emergency")
    expect(page.get_by_role("heading", name=re.compile("Open cases"))).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("Open cases"))).to_be_visible()


def test_the_theme_is_switched_and_the_map_with_it(visit: Visit) -> None:
    page = visit("/", "dispatcher")
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    land = "window.siagaMap.getPaintProperty('land', 'background-color')"
    day = page.evaluate(land)
    page.locator("[data-do='theme']").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    drawn = f"(day) => window.siagaMap.isStyleLoaded() && window.siagaMap.getLayer('land') && {land} !== day"
    page.wait_for_function(drawn, arg=day)
    assert page.evaluate("window.siagaMap.getLayer('cases') !== undefined")
    assert page.evaluate("window.siagaMap.getCanvasContainer().querySelectorAll('canvas[aria-hidden]').length") == 1


def test_a_telephone_of_360_pixels(site: Site, visit: Visit, shoot: Shoot) -> None:
    case = busy(site)
    page = visit("/", "dispatcher", width=360, height=740, has_touch=True)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Daftar")).click()
    shoot(page, "phone-list")
    assert beyond(page) == []
    page.locator(f"[data-case='{case}']").click()
    expect(page.locator("[data-run]")).to_be_visible()
    shoot(page, "phone-case")
    assert beyond(page) == []
    assert serious(page) == []


def test_focus_is_always_visible(site: Site, visit: Visit) -> None:
    site.live.call()
    page = visit("/", "dispatcher")
    expect(page.locator("[data-case]")).to_be_visible()
    for _ in range(25):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (!one || one === document.body) return "body";
              const style = getComputedStyle(one), box = one.getBoundingClientRect();
              const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
              return outlined && box.width > 0 ? "shown" : one.outerHTML.slice(0, 120);
            }"""
        )
        assert shown in ("shown", "body") or "maplibregl" in shown, shown


def test_the_policy_lets_no_foreign_script_run(visit: Visit) -> None:
    page = visit("/", "dispatcher", expect_errors=True)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    answer = page.request.get("/")
    policy = answer.headers["content-security-policy"]
    (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert scripts == "script-src 'self'"
    ran = page.evaluate(
        """() => new Promise((done) => { const one = document.createElement("script"); one.textContent = "window.taken = 1";
          document.body.append(one); setTimeout(() => done(window.taken === 1), 300); })"""
    )
    assert not ran
