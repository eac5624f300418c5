"""The family's page: from the link that the dispatcher makes to the end of the journey; nobody signs in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.http.live import Live
from tests.browser.conftest import Site, Visit
from tests.browser.reading import assert_fits, assert_readable

Shoot = Callable[[Page, str], None]

SCRIPT = "<script>document.title='bocor'</script><b>Ambulans Desa Siaga Nanggewer Mekar yang panjang sekali namanya</b>"


def secret_of(live: Live, case: str) -> str:
    """A new link's secret."""
    answer = live.give("dispatcher", f"cases/{case}/links")
    assert answer.status_code == 201, answer.text
    page, _, secret = str(answer.json()["page"]).partition("#")
    assert page == "/keluarga"
    return secret


def stands(live: Live, vehicle: str, spot: int) -> None:
    """The vehicle is there now."""
    live.do(live.office.seen(vehicle, live.office.spot(spot)))


def state(page: Page, name: str) -> None:
    """Waits until the page says so; whoever comes back to a page has it asked at once."""
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(f"[data-state={name}]")).to_be_visible()


def test_from_the_link_to_the_end_of_the_journey(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    live.done("admin", "vehicles/X1", {"name": SCRIPT, "kind": "village_ambulance"}, method="PUT")
    person = {"name": "KANARI-NAMA", "phone": "0899-7777-001", "complaint": "KANARI-KELUHAN"}
    case = live.call(person=person, note="KANARI-CATATAN")
    secret = secret_of(live, case)
    page = visit(f"/keluarga#{secret}", width=360, height=740)
    state(page, "searching")
    expect(page.get_by_role("heading", name="Kami sedang mencari kendaraan.")).to_be_visible()
    assert_readable(page)
    shoot(page, "keluarga-searching")

    run = live.send(case, "X1")
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": True})
    stands(live, "X1", 7)
    live.done("dispatcher", f"runs/{run}/progress", {"point": "acknowledged"})
    live.done("dispatcher", f"runs/{run}/progress", {"point": "departed"})
    state(page, "coming")
    vehicle = page.locator("[data-vehicle]")
    expect(vehicle).to_contain_text(SCRIPT)
    expect(vehicle.locator("[data-arrival]")).to_contain_text("Tiba di tempat Anda")
    expect(vehicle.locator("[data-arrival]")).to_contain_text("lagi")
    expect(vehicle.locator("[data-where]")).to_contain_text("Posisi kendaraan terlihat")
    expect(vehicle.locator("[data-map=shown]")).to_be_visible()
    expect(vehicle.locator(".follow-sign.vehicle")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Menuju tempat Anda")).to_have_attribute("aria-current", "step")
    assert_fits(page)
    assert_readable(page)
    shoot(page, "keluarga-coming-360")

    for point, name in (("at_scene", "there"), ("left_scene", "on_the_way"), ("at_facility", "arrived")):
        live.done("dispatcher", f"runs/{run}/progress", {"point": point})
        state(page, name)
    assert page.title() == "Sudah di tempat perawatan. · Siaga", "a name is text"
    shown = page.content()
    facility = live.get("dispatcher", f"facilities/{live.facility}").json()["name"]
    for word in ("KANARI", "0899", live.facility, facility, case):
        assert word not in shown, word
    live.done("dispatcher", f"cases/{case}/patients/1/handover")
    live.done("dispatcher", f"cases/{case}/patients/1/treatment")
    state(page, "ended")
    expect(page.locator("[data-vehicle]")).to_have_count(0)
    assert_readable(page)
    shoot(page, "keluarga-ended")

    assert live.client("dispatcher").delete(f"{live.at}/cases/{case}/links").status_code == 204
    kept = page.evaluate("() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + document.cookie")
    assert secret not in kept


def test_a_link_that_is_over_says_so_and_stops_asking(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = live.call()
    page = visit(f"/keluarga#{secret_of(live, case)}", expect_errors=True)  # a 404 is what is looked for
    state(page, "searching")
    assert live.client("dispatcher").delete(f"{live.at}/cases/{case}/links").status_code == 204
    state(page, "over")
    expect(page.get_by_role("heading", name="Tautan ini sudah berakhir")).to_be_visible()
    assert_readable(page)
    shoot(page, "keluarga-over")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert not [url for url in asked if "/family/" in url]
    page.evaluate("secret => { location.hash = secret }", secret_of(live, case))
    state(page, "searching")


def test_without_a_secret_it_says_what_to_do(visit: Visit) -> None:
    page = visit("/keluarga")
    state(page, "none")
    assert_readable(page)


def test_the_secret_goes_to_the_service_only_and_outlives_a_reload(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    secret = secret_of(live, case)
    page = visit("/keluarga")
    state(page, "none")
    told: list[tuple[str, str]] = []
    page.on("request", lambda request: told.append((request.url, request.headers.get("referer", ""))))
    page.goto(f"/keluarga#{secret}")
    state(page, "searching")
    page.reload()
    state(page, "searching")
    assert page.url.endswith(f"#{secret}")
    with_it = [url for url, _ in told if secret in url]
    assert with_it
    assert all(url == f"{site.base}/v1/family/{secret}" for url in with_it if "#" not in url)
    assert not [referer for _, referer in told if secret in referer]


def test_the_language_is_the_browsers_and_can_be_switched(site: Site, browser: Browser, shoot: Shoot) -> None:
    live = site.live
    secret = secret_of(live, live.call())
    english, indonesian = "We are looking for a vehicle.", "Kami sedang mencari kendaraan."
    for locale, words in (("en-GB", english), ("id-ID", indonesian), ("vi-VN", indonesian)):
        inside = browser.new_context(base_url=site.base, locale=locale, color_scheme="dark")
        try:
            page = inside.new_page()
            page.goto(f"/keluarga#{secret}")
            expect(page.locator("[data-state=searching]")).to_contain_text(words)
            if locale == "id-ID":
                page.get_by_role("button", name="Switch to English").click()
                expect(page.locator("[data-state=searching]")).to_contain_text("We are looking for a vehicle.")
                page.reload()
                expect(page.locator("[data-state=searching]")).to_contain_text("We are looking for a vehicle.")
                assert_readable(page)
                shoot(page, "keluarga-en-dark")
        finally:
            inside.close()


@pytest.mark.slow
def test_a_service_out_of_reach_is_said_and_what_was_known_stays(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    run = live.send(case, "A1")
    live.done("driver_a1", f"runs/{run}/progress", {"point": "acknowledged"})
    page = visit(f"/keluarga#{secret_of(live, case)}", expect_errors=True)
    state(page, "coming")
    page.context.set_offline(True)
    expect(page.locator("[data-note=lost]")).to_contain_text("Layanan tidak dapat dihubungi.")
    state(page, "coming")
    assert_readable(page)
    live.done("driver_a1", f"runs/{run}/progress", {"point": "departed"})
    live.done("driver_a1", f"runs/{run}/progress", {"point": "at_scene"})
    page.context.set_offline(False)
    state(page, "there")
    expect(page.locator("[data-note=lost]")).to_have_count(0)


@pytest.mark.slow
def test_a_position_that_is_old_is_said_to_be_so(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    run = live.send(case, "A1")
    stands(live, "A1", 7)
    live.done("driver_a1", f"runs/{run}/progress", {"point": "acknowledged"})
    live.office.wait(minutes=10)
    page = visit(f"/keluarga#{secret_of(live, case)}")
    expect(page.locator("[data-where]")).to_contain_text("10 mnt yang lalu")
    expect(page.locator("[data-where]")).to_contain_text("Ini bukan posisi sekarang")
    assert_readable(page)
