"""SITEGAR's desk: the queue, what is suggested, and every way to answer a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.api.http.live import Live
from tests.browser.conftest import Site, Visit
from tests.browser.reading import assert_fits, assert_readable

Shoot = Callable[[Page, str], None]
Json = dict[str, Any]

SCRIPT = "<script>document.title='bocor'</script> RS Umum Daerah yang panjang sekali namanya dan tidak ada dalam daftar"


def ask(live: Live, case: str) -> str:
    """SITEGAR is asked; the request."""
    (request,) = live.done("dispatcher", f"cases/{case}/patients/1/desk")["made"]["request"]
    return str(request)


def case_of(live: Live, case: str) -> Json:
    """As the dispatcher sees it."""
    found: Json = live.get("dispatcher", f"cases/{case}").json()
    return found


def queued(page: Page, case: str) -> Locator:
    """A case in the queue."""
    return page.locator(f"[data-list=queue] [data-case='{case}']")


def declined(live: Live, vehicle: str = "A1") -> str:
    """A case whose first facility has declined, and for which SITEGAR is asked."""
    case = live.call()
    live.send(case, vehicle)
    body = {"accepted": False, "why": "icu_full", "voice": {"name": "dr. Sari, IGD", "phone": "0251-831"}}
    live.done("dispatcher", f"cases/{case}/offers/{live.offer(case)}/answer", body)
    ask(live, case)
    return case


def test_a_listed_facility_is_named_with_one_press(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/sitegar", "sitegar")
    expect(page.get_by_text("Tidak ada permintaan.")).to_be_visible()
    assert_readable(page)
    shoot(page, "sitegar-empty")
    case = declined(live)
    expect(queued(page, case)).to_be_visible()
    expect(page).to_have_title("(1) SITEGAR · Siaga")
    assert page.evaluate("() => document.documentElement.dataset.sounded") == "1 0", "one sound for what is new"
    asked = page.locator("[data-list=asked]")
    expect(asked).to_contain_text("alasan: ICU penuh")
    expect(asked).to_contain_text("kata dr. Sari, IGD")
    first = page.locator("[data-list=suggestions] > li").first
    expect(first).to_contain_text("perjalanan")
    named = first.get_attribute("data-facility")
    assert named != live.facility
    assert_readable(page)
    shoot(page, "sitegar-request")
    first.locator("[data-do=name]").click()
    expect(page.locator("[data-word=done_named]")).to_contain_text(case)
    expect(queued(page, case)).to_have_count(0)
    told = case_of(live, case)
    (request,) = told["desk"]
    (offer,) = [one for one in told["offers"] if one["id"] == request["offer"]]
    assert (request["state"], offer["facility"]["id"], offer["state"], offer["via"]) == (
        "answered",
        named,
        "offered",
        "sitegar",
    )


@pytest.mark.slow
def test_one_that_has_said_yes_by_telephone_is_not_asked_again(site: Site, visit: Visit) -> None:
    live = site.live
    case = declined(live)
    page = visit("/sitegar", "sitegar")
    first = page.locator("[data-list=suggestions] > li").first
    named = first.get_attribute("data-facility")
    first.locator("[data-do=arranged]").click()
    expect(page.locator("[data-word=done_arranged]")).to_contain_text("sudah setuju")
    (patient,) = case_of(live, case)["patients"]
    assert (patient["goal"]["id"], patient["firm"]) == (named, True)


def test_a_facility_in_no_list_is_named_by_hand(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = declined(live)
    page = visit("/sitegar", "sitegar", width=360, height=740)
    queued(page, case).click()
    form = page.locator("[data-form=outside]")
    form.get_by_label("Nama faskes").fill(SCRIPT)
    form.get_by_label("Nomor telepon").fill("021-555 0000")
    assert_fits(page)
    assert_readable(page)
    shoot(page, "sitegar-outside-360")
    form.get_by_role("button", name="Sudah setuju").click()
    expect(page.locator("[data-word=done_arranged]")).to_contain_text(SCRIPT)
    assert_fits(page)
    (patient,) = case_of(live, case)["patients"]
    goal = patient["goal"]
    assert (goal["kind"], goal["name"], goal["phone"], patient["firm"]) == ("outside", SCRIPT, "021-555 0000", True)
    # Asked again, whoever has been asked is shown: a name is text, and the number can be pressed.
    body = {"accepted": False, "why": "room_full"}
    ticket = next(one["id"] for one in case_of(live, case)["offers"] if one["state"] == "accepted")
    live.done("dispatcher", f"cases/{case}/offers/{ticket}/answer", body)
    if not any(one["state"] == "asked" for one in case_of(live, case)["desk"]):
        ask(live, case)
    queued(page, case).click()
    expect(page.locator("[data-list=asked]")).to_contain_text(SCRIPT)
    expect(page.locator("[data-list=asked] a[href='tel:0215550000']")).to_be_visible()
    assert_fits(page)
    assert page.title().endswith("SITEGAR · Siaga")


def test_nothing_found_is_asked_once_more_and_said(site: Site, visit: Visit) -> None:
    live = site.live
    case = declined(live)
    page = visit("/sitegar", "sitegar")
    page.get_by_role("button", name="Tidak menemukan faskes").click()
    assert case_of(live, case)["desk"][0]["state"] == "asked"
    assert_readable(page)
    page.get_by_role("button", name="Ya, tidak ada faskes").click()
    expect(page.locator("[data-word=done_nothing]")).to_contain_text(case)
    assert case_of(live, case)["desk"][0]["state"] == "nothing_found"


def test_any_facility_is_found_by_typing_and_its_state_recorded(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = declined(live)
    rows = live.get("sitegar", "facilities?limit=1000").json()["facilities"]
    wanted = next(one for one in rows if one["kind"] == "hospital" and one["id"] != live.facility)
    page = visit("/sitegar", "sitegar")
    page.get_by_role("searchbox", name="Nama faskes").fill(wanted["name"].upper())
    row = page.locator(f"[data-list=found] [data-facility='{wanted['id']}']")
    expect(row).to_be_visible()
    row.get_by_text("Catat keadaan").click()
    row.locator("[data-capability=whole] [data-state=diverting]").click()
    expect(row.locator("[data-claim=diverting]")).to_contain_text("mengalihkan pasien")
    assert_readable(page)
    shoot(page, "sitegar-search")
    (claim,) = live.get("dispatcher", f"facilities/{wanted['id']}").json()["claims"]
    assert (claim["state"], claim["author"]) == ("diverting", site.accounts["sitegar"])
    page.locator("[data-do=newer]").click()
    expect(page.locator("[data-do=newer]")).to_have_count(0)
    row.locator("[data-do=name]").click()
    expect(page.locator("[data-word=done_named]")).to_contain_text(wanted["name"])
    told = case_of(live, case)
    assert next(one for one in told["offers"] if one["id"] == told["desk"][0]["offer"])["facility"]["id"] == wanted["id"]


def test_the_longest_waiting_comes_first_and_one_that_goes_leaves_a_word(site: Site, visit: Visit) -> None:
    live = site.live
    older = declined(live)
    live.office.wait(minutes=2)
    newer = declined(live, "A2")
    page = visit("/sitegar", "sitegar")
    expect(page.locator("[data-list=queue] [data-case]")).to_have_count(2)
    assert page.locator("[data-list=queue] [data-case]").nth(0).get_attribute("data-case") == older
    expect(queued(page, older)).to_have_attribute("aria-pressed", "true")
    body = {"facility": {"name": "RS Contoh"}, "arranged": True, "voice": {"name": "SITEGAR"}}
    request = case_of(live, older)["desk"][0]["id"]
    live.done("dispatcher", f"cases/{older}/desk/{request}/answer", body)
    expect(page.locator("[data-word=gone]")).to_contain_text(older)
    expect(queued(page, older)).to_have_count(0)
    expect(queued(page, newer)).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("site", [False], indirect=True)
@pytest.mark.slow
def test_a_clock_that_has_run_over_is_shown_so(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = declined(live)
    live.office.wait(minutes=6)
    page = visit("/sitegar", "sitegar", language="en", theme="dark")
    expect(queued(page, case)).to_contain_text("time is over")
    expect(page.locator("[data-open]")).to_contain_text("The time to answer is over.")
    assert_readable(page)
    shoot(page, "sitegar-over-en-dark")


def test_a_whole_answer_by_keyboard_on_a_phone(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = declined(live)
    page = visit("/sitegar", "sitegar", width=360, height=740)
    expect(queued(page, case)).to_be_visible()
    assert_fits(page)
    shoot(page, "sitegar-queue-360")
    queued(page, case).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-list=suggestions] > li").first).to_be_visible()
    assert_fits(page)
    shoot(page, "sitegar-request-360")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement?.dataset.do") == "name":
            break
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator("[data-word=done_named]")).to_contain_text(case)
    assert case_of(live, case)["desk"][0]["state"] == "answered"


def test_no_name_of_a_patient_reaches_this_page(site: Site, visit: Visit) -> None:
    live = site.live
    seen: list[Response] = []
    page = visit("/sitegar", "sitegar")
    expect(page.get_by_text("Tidak ada permintaan.")).to_be_visible()
    page.on("response", lambda answer: seen.append(answer) if "/desk" in answer.url else None)
    case = live.call(person={"name": "KANARI-NAMA", "complaint": "KANARI-KELUHAN"}, note="KANARI-CATATAN")
    ask(live, case)
    expect(page.locator("[data-list=suggestions] > li").first).to_be_visible()
    assert len(seen) >= 2
    assert "KANARI" not in "".join(one.text() for one in seen) + page.content()
