"""The driver's page's looks and weight: both themes, both languages, a narrow telephone, what it costs to load."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Shoot, Site, Visit
from tests.browser.driving import PHONE, driven, kept_page, sent, serious, step

LIGHTEST = 200_000
"""Bytes over the wire before the map: what the owner asked for."""
LONG = "Ambulans Kelurahan Ciriung Nomor Satu Bantuan Warga Perumahan Griya Asri"


def fits(page: Page) -> None:
    """Nothing reaches over the edge, and nothing is seriously wrong for whoever can't see or press well."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious(page) == []


@pytest.mark.parametrize(("theme", "language"), [("light", "id"), pytest.param("dark", "en", marks=pytest.mark.slow)])
def test_every_state_looks_right(site: Site, visit: Visit, shoot: Shoot, theme: str, language: str) -> None:
    known = site.live.get("admin", "vehicles/A1").json()
    same = {name: known[name] for name in ("kind", "equipment", "base", "base_longitude", "base_latitude")}
    site.live.done("admin", "vehicles/A1", {**same, "name": LONG, "capacity": 2}, method="PUT")
    page = visit("/driver", "driver", theme=theme, language=language, **PHONE)
    shot = f"driver-{theme}"
    expect(page.locator("[data-status='standby']")).to_be_visible()
    fits(page)
    shoot(page, f"{shot}-idle")
    case, run = sent(site, patients=2, note="pagar hijau, anjing galak")
    long = {"name": "Raden Mas Panji Kusumowardhani Adiningrat bin Suryodiningrat", "complaint": "sesak " * 30}
    site.live.done("dispatcher", f"cases/{case}/patients/2/particulars", {"person": long}, method="PUT")
    expect(page.get_by_text(long["name"])).to_be_visible()
    expect(step(page, "acknowledged")).to_be_visible()
    fits(page)
    shoot(page, f"{shot}-job")
    page.get_by_role("button", name=re.compile("^(Tolak tugas|Decline the job)$")).tap()
    fits(page)
    driven(site, run)
    site.live.done("dispatcher", f"runs/{run}/progress", {"point": "at_facility"})
    expect(page.locator("[data-run-state='at_facility']")).to_be_visible()
    page.get_by_role("button", name=re.compile("^(Ditolak di pintu|Refused at the door)$")).first.tap()
    page.get_by_text(re.compile("^(Lainnya|More)$")).tap()
    page.get_by_role("button", name=re.compile("^(Selesai untuk pasien|Ended for a patient)")).tap()
    page.locator("[data-twice='room_full']").tap()
    fits(page)
    shoot(page, f"{shot}-door")
    page.get_by_role("button", name=re.compile("(Tanya|Ask) SITEGAR")).first.tap()
    expect(page.get_by_role("group", name=re.compile("SITEGAR"))).to_be_visible()
    fits(page)
    shoot(page, f"{shot}-desk")
    page.get_by_role("button", name=re.compile("Traccar Client")).tap()
    page.get_by_label(re.compile("Pengenal perangkat|Device identifier")).fill("siaga_abc")
    fits(page)
    shoot(page, f"{shot}-pairing")


def test_keyboards_see_where_they_are(site: Site, visit: Visit) -> None:
    sent(site)
    page = visit("/driver", "driver", **PHONE)
    expect(step(page, "acknowledged")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_it_is_small_before_its_map(site: Site, visit: Visit) -> None:
    page = visit("/driver", None, expect_errors=True, **PHONE)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    slow = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}  # 1.6 Mbit/s down
    session.send("Network.emulateNetworkConditions", slow)
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    sent(site)
    answer = page.context.request.post("/v1/session", data={"name": site.accounts["driver"], "password": PASSWORD})
    assert answer.ok
    page.goto("/driver")
    expect(step(page, "acknowledged")).to_be_visible()
    kept_page(page)
    assert sum(sizes) < LIGHTEST, f"{sum(sizes):.0f} bytes"
    assert len(sizes) > 5, "something was measured"


def test_it_can_be_installed(site: Site, visit: Visit) -> None:
    page = visit("/driver", "driver", **PHONE)
    kept_page(page)
    session = page.context.new_cdp_session(page)
    told: Any = session.send("Page.getAppManifest")
    assert told["errors"] == []
    assert told["url"] == f"{site.base}/driver.webmanifest"
    assert '"lang": "id"' in told["data"]
    problems: Any = session.send("Page.getInstallabilityErrors")
    wrong = [one["errorId"] for one in problems["installabilityErrors"] if one["errorId"] != "in-incognito"]
    assert wrong == [], "tests run in a private window, which installs nothing"
