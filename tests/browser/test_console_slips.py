"""The console when hands are quick and the world changes meanwhile: nobody is sent by mistake, nothing typed is lost."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Shoot, Site, Visit
from tests.browser.driving import until


def opened(site: Site, visit: Visit, *, expect_errors: bool = False) -> tuple[Page, str]:
    """A case for which a vehicle is to be chosen, on the console."""
    site.seen_at_bases()
    case = site.live.call()
    page = visit("/", "dispatcher", width=1440, height=900, expect_errors=expect_errors)
    page.locator(f"[data-case='{case}']").click()
    expect(page.locator("[data-option]").nth(1)).to_be_visible()
    return page, case


def test_a_reason_keeps_its_vehicle_when_the_order_changes(site: Site, visit: Visit) -> None:
    page, case = opened(site, visit)
    first, second = [page.locator("[data-option]").nth(at).get_attribute("data-option") for at in (0, 1)]
    page.keyboard.press("2")
    expect(page.locator(f"[data-option='{second}'] [role=group]")).to_be_visible()
    site.live.done("dispatcher", f"vehicles/{first}/status", {"status": "broken"})
    expect(page.locator("[data-option]").first).to_have_attribute("data-option", second or "")
    expect(page.locator(f"[data-option='{second}'] [role=group]")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("[data-run]")).to_be_visible()
    (run,) = site.live.get("dispatcher", "runs").json()
    assert run["vehicle"] == second
    assert [one["case"] for one in run["riders"]] == [case]


def test_a_vehicle_that_is_gone_is_not_replaced_by_another(site: Site, visit: Visit) -> None:
    page, _ = opened(site, visit)
    second = page.locator("[data-option]").nth(1).get_attribute("data-option")
    page.keyboard.press("2")
    expect(page.locator(f"[data-option='{second}'] [role=group]")).to_be_visible()
    site.live.done("dispatcher", f"vehicles/{second}/status", {"status": "broken"})
    expect(page.locator(f"[data-option='{second}']")).to_have_count(0)
    page.keyboard.press("a")
    page.wait_for_timeout(1_000)
    assert site.live.get("dispatcher", "runs").json() == []


def test_a_key_that_is_held_presses_once_and_capitals_are_letters(site: Site, visit: Visit) -> None:
    page, _ = opened(site, visit)
    page.keyboard.press("1")
    run = page.locator("[data-run]")
    expect(run).to_have_attribute("data-state", "assigned")
    for _ in range(4):
        page.keyboard.down("p")
    page.keyboard.up("p")
    expect(run).to_have_attribute("data-state", "acknowledged")
    page.wait_for_timeout(1_500)
    expect(run).to_have_attribute("data-state", "acknowledged")
    page.keyboard.press("P")
    expect(run).to_have_attribute("data-state", "en_route")


def test_an_address_that_is_typed_is_recorded_though_no_search_finds_it(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.keyboard.press("n")
    page.locator("#intake-place").fill("gang buntu di belakang pasar nomor 5")
    page.locator(".map .maplibregl-canvas").click(position={"x": 300, "y": 300})
    expect(page.locator("[data-saved^='K']")).to_be_visible()
    case = page.locator("[data-saved]").get_attribute("data-saved")
    page.wait_for_timeout(2_500)  # what the map calls the place comes after
    expect(page.locator("#intake-place")).to_have_value("gang buntu di belakang pasar nomor 5")
    told = site.live.get("dispatcher", f"cases/{case}/particulars").json()["case"]
    assert told["address"]["value"] == "gang buntu di belakang pasar nomor 5"
    assert told["place"]["longitude"] is not None


def said(site: Site, case: str) -> dict[str, str]:
    """What is recorded of a case in words."""
    told = site.live.get("dispatcher", f"cases/{case}/particulars").json()["case"]
    return {field: one["value"] for field, one in told.items()}


def test_a_form_is_left_in_the_middle_of_a_word_and_nothing_is_lost(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.keyboard.press("n")
    page.get_by_label("Telepon").fill("0812-0000-0007")
    page.get_by_label("Patokan").fill("dekat masjid")
    page.keyboard.press("Escape")
    row = page.locator("[data-case]")
    expect(row).to_have_count(1)
    case = row.get_attribute("data-case") or ""
    until(page, lambda: said(site, case) == {"caller_phone": "0812-0000-0007", "landmark": "dekat masjid"})
    row.click()
    expect(page.locator("[data-open-case]")).to_be_visible()
    page.keyboard.press("e")
    page.get_by_label("Jumlah pasien").fill("3")
    page.get_by_label("Patokan").fill("")
    page.locator("[data-do='edit']").click()
    expect(page.get_by_label("Patokan")).to_have_count(0)
    until(page, lambda: len(site.live.get("dispatcher", f"cases/{case}").json()["patients"]) == 3)
    until(page, lambda: said(site, case)["landmark"] == "")


def test_two_who_fill_in_the_same_case_overwrite_nothing(site: Site, visit: Visit) -> None:
    page, case = opened(site, visit)
    page.keyboard.press("e")
    page.get_by_label("Catatan").fill("anjing galak")
    elsewhere = {"place": {"address": "Jl. Baru 9"}, "caller": {"name": "Ibu Rina"}}
    site.live.done("dispatcher", f"cases/{case}", elsewhere, method="PATCH")
    expect(page.locator("#intake-place")).to_have_value("Jl. Baru 9")
    expect(page.get_by_label("Catatan")).to_have_value("anjing galak")
    page.get_by_label("Patokan").fill("pagar hijau")
    until(page, lambda: said(site, case).get("landmark") == "pagar hijau")
    known = said(site, case)
    assert (known["address"], known["caller_name"], known["note"]) == ("Jl. Baru 9", "Ibu Rina", "anjing galak")


def test_a_form_outlives_the_session_for_whoever_filled_it_in(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher", width=1440, height=900, expect_errors=True)
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    page.keyboard.press("n")
    page.context.set_offline(True)
    page.get_by_label("Telepon").fill("0812-0000-0007")
    page.keyboard.press("Escape")
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.locator("input[name=name]").fill(site.accounts["dispatcher"])
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    row = page.locator("[data-case]")
    expect(row).to_have_count(1)
    assert said(site, row.get_attribute("data-case") or "") == {"caller_phone": "0812-0000-0007"}
    expect(page.locator("[data-left-form]")).to_have_count(0)


def test_a_form_that_can_not_be_recorded_waits_and_says_why(site: Site, visit: Visit, shoot: Shoot) -> None:
    page, case = opened(site, visit, expect_errors=True)
    # Before anything is typed: a form records itself soon after.
    page.route(f"**/cases/{case}", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    page.keyboard.press("e")
    page.get_by_label("Catatan").fill("anjing galak")
    page.locator("[data-do='new-case']").click()
    left = page.locator("[data-left-form]")
    expect(left).to_contain_text(f"Perubahan pada {case} belum tercatat")
    shoot(page, "console-left-form")
    page.unroute(f"**/cases/{case}")
    left.get_by_role("button", name="Lanjutkan").click()
    expect(page.get_by_label("Catatan")).to_have_value("anjing galak")
    page.get_by_label("Patokan").fill("pagar hijau")
    until(page, lambda: (known := said(site, case)).get("note") == "anjing galak" and known.get("landmark") == "pagar hijau")
    expect(left).to_have_count(0)


def test_signing_in_anew_in_another_tab_stops_nobody_here(site: Site, visit: Visit) -> None:
    page, case = opened(site, visit, expect_errors=True)
    answer = page.context.request.post("/v1/session", data={"name": site.accounts["dispatcher"], "password": PASSWORD})
    assert answer.ok, answer.text()
    page.keyboard.press("1")
    expect(page.locator("[data-run]")).to_be_visible()
    (run,) = site.live.get("dispatcher", "runs").json()
    assert [one["case"] for one in run["riders"]] == [case]


def test_a_case_that_is_closed_elsewhere_is_no_longer_open_here(site: Site, visit: Visit) -> None:
    page, case = opened(site, visit)
    site.live.done("dispatcher", f"cases/{case}/cancel", {"why": "salah sambung"})
    expect(page.locator("[data-option]")).to_have_count(0)
    expect(page.locator(f"[data-open-case='{case}']")).to_contain_text("ditutup")


def test_outside_help_is_asked_and_its_answer_recorded(site: Site, visit: Visit) -> None:
    page, case = opened(site, visit)
    page.keyboard.press("h")
    comes = page.get_by_role("button", name="Bantuan luar datang")
    expect(comes).to_be_visible()
    page.keyboard.press("u")
    page.get_by_label("Siapa yang menjawab?").last.fill("Ambulans Desa Nanggewer")
    page.keyboard.press("Enter")
    expect(page.locator("[data-run]")).to_contain_text("Ambulans Desa Nanggewer")
    (run,) = site.live.get("dispatcher", "runs").json()
    assert run["helper"]["name"] == "Ambulans Desa Nanggewer"
    assert [one["case"] for one in run["riders"]] == [case]
