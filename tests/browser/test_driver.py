"""The driver's page on a telephone: a whole run by touch, a gap in coverage, what it keeps and what it does not."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot, Site, Visit

Json = dict[str, Any]
PHONE: Json = {"width": 360, "height": 740, "has_touch": True}


def sent(site: Site, **more: Any) -> tuple[str, str]:
    """A case, and the run of the driver's vehicle that fetches it."""
    site.seen_at_bases()
    longitude, latitude = site.live.office.spot(1)
    place = {"longitude": longitude, "latitude": latitude, "address": "Jl. Mawar 7", "landmark": "depan masjid"}
    caller = {"name": "Ibu Rina", "phone": "0812-0000-0001"}
    case = site.live.call(place=place, caller=caller, person={"name": "Pak Budi", "complaint": "sesak napas"}, **more)
    return case, site.live.send(case, "A1")


def run_of(site: Site, run: str) -> Json:
    """The run as the service has it."""
    found: Json = site.live.get("dispatcher", f"runs/{run}").json()
    return found


def case_of(site: Site, case: str) -> Json:
    """The case as the service has it."""
    found: Json = site.live.get("dispatcher", f"cases/{case}").json()
    return found


def press(page: Page, step: str, then: str) -> None:
    """Presses the one big button, which must be for that step."""
    page.locator(f"[data-step='{step}']").click()
    expect(page.locator(f"[data-run-state='{then}']")).to_be_visible()


def serious(page: Page) -> list[Any]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")]


def test_a_whole_run_with_a_refusal_at_the_door_and_sitegars_answer(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit("/driver", "driver", **PHONE)
    expect(page.locator("[data-status='standby']")).to_be_visible()
    shoot(page, "driver-idle")
    case, run = sent(site)
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    expect(page.get_by_text("sesak napas")).to_be_visible()
    shoot(page, "driver-new")
    link = page.get_by_role("link", name="Buka navigasi").get_attribute("href")
    assert link is not None
    assert link.startswith("geo:")
    for step, then in (("acknowledged", "acknowledged"), ("departed", "en_route")):
        press(page, step, then)
    page.get_by_role("button", name=re.compile("Semua belokan")).click()
    expect(page.locator("ol.steps li").first).to_be_visible()
    shoot(page, "driver-way")
    for step, then in (
        ("at_scene", "at_scene"),
        ("with_patient", "with_patient"),
        ("left_scene", "carrying"),
        ("at_facility", "at_facility"),
    ):
        press(page, step, then)
    first = case_of(site, case)["patients"][0]["goal"]["id"]

    page.get_by_role("button", name="Ditolak di pintu").click()
    page.get_by_role("button", name="ICU penuh").click()
    expect(page.locator("[data-step='left_facility']")).to_be_visible()
    assert case_of(site, case)["patients"][0]["goal"]["id"] != first
    shoot(page, "driver-refused")
    page.get_by_role("button", name="Tanya SITEGAR").click()
    page.get_by_role("button", name="Jawaban SITEGAR").click()
    page.get_by_label("Faskes yang ditunjuk").fill("RS Contoh Jauh")
    page.get_by_label("Faskes itu sudah bersedia").check()
    page.locator("[data-outside]").click()
    expect(page.get_by_text("RS Contoh Jauh").first).to_be_visible()
    press(page, "left_facility", "carrying")
    press(page, "at_facility", "at_facility")
    press(page, "handover", "escorting")
    press(page, "treatment", "clearing")
    page.locator("[data-step='available']").click()
    expect(page.locator("[data-status]")).to_be_visible()
    done = case_of(site, case)
    assert (done["open"], done["patients"][0]["outcome"]) == (False, "treated")
    points = [one["point"] for one in run_of(site, run)["stamps"]]
    assert points.count("at_facility") == 2
    assert points[-1] == "available"


def test_a_gap_in_coverage_loses_nothing_and_does_nothing_twice(site: Site, visit: Visit, shoot: Shoot) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    press(page, "acknowledged", "acknowledged")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_timeout(1_000)  # the worker keeps what the page is made of
    page.context.set_offline(True)
    expect(page.locator("[data-banner='lost']")).to_be_visible()
    before = site.live.office.now
    press(page, "departed", "en_route")
    press(page, "at_scene", "at_scene")
    between = site.live.office.now
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    shoot(page, "driver-gap")
    page.reload()
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    assert run_of(site, run)["state"] == "acknowledged"
    page.wait_for_timeout(1_500)
    page.context.set_offline(False)
    expect(page.locator("[data-waiting]")).to_have_count(0)
    expect(page.locator("[data-run-state='at_scene']")).to_be_visible()
    stamps = {one["point"]: one for one in run_of(site, run)["stamps"]}
    assert [one["point"] for one in run_of(site, run)["stamps"]].count("departed") == 1
    for point in ("departed", "at_scene"):
        happened = datetime.fromisoformat(stamps[point]["happened_at"])
        assert before.timestamp() - 2 <= happened.timestamp() <= between.timestamp() + 2, "the time of the press counts"
        assert datetime.fromisoformat(stamps[point]["recorded_at"]) > happened


def test_what_the_service_refuses_is_said_and_can_be_put_away(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    press(page, "acknowledged", "acknowledged")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    press(page, "departed", "en_route")
    site.live.done("dispatcher", f"runs/{run}/stand-down", {"why": "salah alamat"})
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_contain_text("Berangkat")
    page.get_by_role("button", name="Mengerti").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("[data-status='standby']")).to_be_visible()


def test_a_decline_by_telephone_and_a_job_declined(site: Site, visit: Visit) -> None:
    case, _ = sent(site)
    page = visit("/driver", "driver", **PHONE)
    press(page, "acknowledged", "acknowledged")
    page.get_by_role("button", name=re.compile("^Jawaban ")).click()
    page.get_by_role("button", name="Menolak: kamar penuh").click()
    expect(page.locator("[data-waiting]")).to_have_count(0)
    states = [one["state"] for one in case_of(site, case)["offers"]]
    assert states == ["declined", "offered"]
    page.get_by_role("button", name="Tolak tugas").click()
    page.get_by_role("button", name="Ban atau mesin bermasalah").click()
    expect(page.locator("[data-status]")).to_be_visible()
    assert "A1" in case_of(site, case)["passed_over"]


def test_positions_are_sent_with_consent_only(site: Site, visit: Visit) -> None:
    longitude, latitude = site.live.office.spot(5)
    here = {"longitude": longitude, "latitude": latitude, "accuracy": 8}
    page = visit("/driver", "driver", geolocation=here, permissions=["geolocation"], **PHONE)
    expect(page.locator("[data-positions='unasked']")).to_be_visible()
    assert site.live.get("dispatcher", "vehicles/A1").json()["position"] is None
    page.get_by_role("button", name="Ya, kirim").click()
    expect(page.locator("[data-positions='on']")).to_be_visible()
    page.wait_for_timeout(6_500)
    seen = site.live.get("dispatcher", "vehicles/A1").json()["position"]
    assert seen is not None
    assert abs(seen["longitude"] - longitude) < 1e-6
    sent(site)
    page.get_by_text("Lainnya").click()
    page.get_by_role("button", name="Jalan di sini tertutup").click()
    page.get_by_label("Keterangan").fill("banjir satu meter")
    page.get_by_role("button", name="Laporkan, berlaku 3 jam").click()
    expect(page.locator("[data-waiting]")).to_have_count(0)
    expect(page.get_by_role("button", name="Laporkan, berlaku 3 jam")).to_have_count(0)
    page.wait_for_timeout(1_000)
    (report,) = site.live.get("dispatcher", "conditions").json()
    assert report["condition"]["reason"] == "banjir satu meter"


def test_status_breaks_and_the_pairing(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit("/driver", "driver", **PHONE)
    page.get_by_role("button", name="Istirahat").click()
    expect(page.locator("[data-status='on_break']")).to_be_visible()
    assert site.live.get("dispatcher", "vehicles/A1").json()["status"] == "on_break"
    page.get_by_role("button", name="Siap lagi").click()
    expect(page.locator("[data-status='standby']")).to_be_visible()
    page.get_by_role("button", name="Kirim posisi dengan Traccar Client").click()
    page.get_by_label("Pengenal perangkat").fill("siaga_abc")
    expect(page.get_by_role("img", name="Kode QR untuk Traccar Client")).to_be_visible()
    expect(page.get_by_text("/track/osmand")).to_be_visible()
    shoot(page, "driver-pairing")


def test_nothing_personal_stays_where_it_should_not(site: Site, visit: Visit) -> None:
    evil = "<script>alert(1)</script>"
    asked: list[str] = []
    _, run = sent(site)
    page = visit("/driver", "driver", **PHONE)
    page.on("request", lambda one: asked.append(one.url))
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    site.live.done("dispatcher", f"cases/{run_of(site, run)['riders'][0]['case']}", {"person": {"name": evil}}, method="PATCH")
    expect(page.get_by_text(evil)).to_be_visible()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_timeout(1_000)
    kept = page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    cached = page.evaluate(
        """async () => { const found = []; for (const name of await caches.keys()) {
            for (const one of await (await caches.open(name)).keys()) found.push(one.url); }
          return found; }"""
    )
    assert not [one for one in cached if "/v1/" in one]
    assert any("/assets/" in one for one in cached)
    for secret in ("Budi", "Mawar", "0812"):
        assert secret not in kept
        assert not [one for one in asked if secret in one]
    page.get_by_role("button", name="Keluar").click()
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    page.wait_for_function("async () => (await indexedDB.databases()).length === 0")


@pytest.mark.parametrize(("theme", "language"), [("light", "id"), ("dark", "en")])
def test_axe_finds_nothing_serious(site: Site, visit: Visit, shoot: Shoot, theme: str, language: str) -> None:
    sent(site)
    page = visit("/driver", "driver", theme=theme, language=language, **PHONE)
    expect(page.locator("[data-run-state='assigned']")).to_be_visible()
    page.get_by_text(re.compile("^(Lainnya|More)$")).click()
    shoot(page, f"driver-{theme}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_is_small_before_its_map(site: Site, visit: Visit) -> None:
    page = visit("/driver", None, expect_errors=True, **PHONE)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.context.request.post("/v1/session", data={"name": site.accounts["driver"], "password": "kunci rumah sakit 7"})
    page.goto("/driver")
    expect(page.locator("[data-status]")).to_be_visible()
    assert sum(sizes) < 200_000, f"{sum(sizes):.0f} bytes"
