"""The desk of a facility: what it is asked, what it answers, when patients come, and how it says it is."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dispatch.life.particulars import cell_of
from tests.api.http.live import Live
from tests.browser.conftest import Site, Visit
from tests.browser.reading import assert_fits, assert_readable

Shoot = Callable[[Page, str], None]
Json = dict[str, Any]

SCRIPT = "<script>document.title='bocor'</script> & <b>Ambulans Desa Nanggewer Mekar yang panjang sekali namanya</b>"


def offers_of(live: Live, case: str) -> list[Json]:
    """All offers of a case, as the dispatcher sees them."""
    found: list[Json] = live.get("dispatcher", f"cases/{case}").json()["offers"]
    return found


def card(page: Page, where: str, case: str) -> Locator:
    """The card of a case in the list `where`."""
    return page.locator(f"[data-list={where}] article").filter(has_text=case)


def readings_of(live: Live) -> list[Json]:
    """Who was shown what is personal, as it is recorded."""
    told = live.do(live.store.events.tail(live.region, "0-0"))
    return [json.loads(one.event.body) for one in told if one.event.type == "particulars_read"]


def elsewhere(live: Live) -> str:
    """A facility that is not the one whose desk is looked at."""
    return live.other_facility


def test_accepting_is_one_press_and_the_patient_is_awaited(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/faskes", "facility")
    expect(page.get_by_text("Tidak ada permintaan yang menunggu.")).to_be_visible()
    assert_readable(page)
    shoot(page, "faskes-empty")
    case = live.call(needs=[["emergency", "icu"], ["ponek"]])
    live.send(case, "A1")
    offer = card(page, "waiting", case)
    expect(offer).to_be_visible()
    expect(offer).to_contain_text("IGD + ICU atau PONEK")
    expect(offer).to_contain_text("merah")
    expect(offer).to_contain_text("A1")
    expect(page).to_have_title("(1) Faskes · Siaga")
    assert page.evaluate("() => document.documentElement.dataset.sounded") == "1 0", "one sound for what is new"
    assert_readable(page)
    shoot(page, "faskes-offer")
    page.get_by_role("button", name=f"Terima {case}, gawat darurat medis").click()
    expect(card(page, "coming", case)).to_contain_text("lagi")
    expect(page.locator("[data-list=waiting] article")).to_have_count(0)
    expect(page).to_have_title("Faskes · Siaga")
    (one,) = offers_of(live, case)
    assert (one["state"], one["facility"]["id"]) == ("accepted", live.facility)
    assert_readable(page)
    shoot(page, "faskes-accepted")


def test_declining_is_one_press_on_a_reason_and_the_next_is_asked(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "facility")
    offer = card(page, "waiting", case)
    offer.get_by_label("Catatan").fill("penuh sampai besok")
    offer.get_by_role("button", name=f"Tolak {case}: kamar penuh").click()
    expect(page.locator("[data-gone=declined]")).to_contain_text("Ditolak: kamar penuh.")
    expect(card(page, "waiting", case)).to_have_count(0)
    told = {one["facility"]["id"]: one for one in offers_of(live, case)}
    assert (told[live.facility]["state"], told[live.facility]["why"]) == ("declined", "room_full")
    open_now = [one for one in told.values() if one["state"] == "offered"]
    desk = live.get("dispatcher", f"cases/{case}").json()["desk"]
    assert open_now or desk, "another facility or SITEGAR is asked"
    assert all(one["facility"]["id"] != live.facility for one in open_now)


def test_a_yes_can_be_taken_back(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": True})
    page = visit("/faskes", "facility")
    coming = card(page, "coming", case)
    coming.get_by_text("Batal menerima").click()
    coming.get_by_role("button", name=f"Tolak {case}: tidak ada dokter").click()
    expect(page.locator("[data-gone=declined]")).to_contain_text("tidak ada dokter")
    assert {one["why"] for one in offers_of(live, case) if one["facility"]["id"] == live.facility} == {"no_doctor"}


def test_an_offer_withdrawn_while_looking_goes_with_a_word(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "facility")
    expect(card(page, "waiting", case)).to_be_visible()
    live.done("dispatcher", f"cases/{case}/patients/1/offers", {"facility": {"facility": elsewhere(live)}})
    expect(page.locator("[data-gone=withdrawn]")).to_contain_text("Ditarik")
    expect(page.locator("[data-gone=withdrawn]")).to_contain_text(case)
    expect(card(page, "waiting", case)).to_have_count(0)
    assert_readable(page)


@pytest.mark.parametrize("site", [False], indirect=True)
@pytest.mark.slow
def test_a_clock_that_has_run_over_is_shown_so_and_the_answer_still_counts(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "facility")
    expect(card(page, "waiting", case)).to_contain_text("4:5")
    live.office.wait(minutes=6)
    page.reload()
    expect(card(page, "waiting", case)).to_contain_text("waktu habis")
    expect(card(page, "waiting", case)).to_contain_text("Waktu jawab sudah habis:")
    assert_readable(page)
    shoot(page, "faskes-over")
    card(page, "waiting", case).locator("[data-do=accept]").click()
    expect(card(page, "coming", case)).to_be_visible()
    assert [one["state"] for one in offers_of(live, case)] == ["accepted"]


@pytest.mark.slow
def test_what_was_not_answered_in_time_goes_with_a_word_and_a_late_yes_still_counts(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    ticket = live.offer(case)
    page = visit("/faskes", "facility")
    expect(card(page, "waiting", case)).to_be_visible()
    live.office.wait(minutes=6)
    gone = page.locator("[data-gone=unanswered]")
    expect(gone).to_contain_text(case)
    assert_readable(page)
    gone.get_by_role("button", name=f"Masih bisa menerima {case}").click()
    expect(card(page, "coming", case)).to_be_visible()
    expect(gone).to_have_count(0)
    assert next(one for one in offers_of(live, case) if one["id"] == ticket)["state"] == "accepted"


def test_a_facility_never_sees_what_another_is_asked(site: Site, visit: Visit) -> None:
    live = site.live
    theirs, mine = live.call(), live.call()
    live.send(theirs, "A1", facility={"facility": elsewhere(live)})
    live.send(mine, "A2")
    page = visit("/faskes", "facility")
    expect(card(page, "waiting", mine)).to_be_visible()
    seen: list[str] = []
    page.on("response", lambda answer: seen.append(answer.url) if "offers" in answer.url else None)
    live.done("other_facility", f"cases/{theirs}/offers/{live.offer(theirs)}/answer", {"accepted": True})
    live.done("facility", f"cases/{mine}/offers/{live.offer(mine)}/answer", {"accepted": True})
    expect(card(page, "coming", mine)).to_be_visible()
    assert theirs not in page.content()
    for query in ("", f"?facility={elsewhere(live)}"):
        assert theirs not in page.evaluate("async path => await (await fetch(path)).text()", f"{live.at}/offers{query}")


def test_who_the_patient_is_is_shown_only_when_asked_for_and_that_is_recorded(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call(person={"name": SCRIPT, "complaint": "sesak napas", "phone": "0812-000-111"})
    live.send(case, "A1")
    page = visit("/faskes", "facility")
    offer = card(page, "waiting", case)
    expect(offer).to_be_visible()
    assert "0812-000-111" not in page.content()
    offer.get_by_role("button", name="Tampilkan identitas pasien").click()
    expect(offer).to_contain_text("0812-000-111")
    expect(offer).to_contain_text(SCRIPT)
    expect(page).to_have_title("(1) Faskes · Siaga")
    assert_readable(page)
    offer.get_by_role("button", name="Sembunyikan identitas").click()
    expect(offer).not_to_contain_text("0812-000-111")
    assert [one["actor"]["id"] for one in readings_of(live)] == [site.accounts["facility"]]


def test_availability_is_said_with_one_press_and_seen_in_the_list(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/faskes", "facility")
    whole = page.locator("[data-capability=whole]")
    expect(whole).to_contain_text("Belum pernah dikabarkan")
    expect(page.locator("[data-nudge]")).to_contain_text("belum pernah dikabarkan")
    whole.get_by_role("button", name="Seluruh faskes: penuh").click()
    expect(whole.get_by_role("button", name="Seluruh faskes: penuh")).to_have_attribute("aria-pressed", "true")
    expect(whole).to_contain_text(f"penuh, kata {site.accounts['facility']}, baru saja")
    (claim,) = claims_of(live)
    assert (claim["capability"], claim["state"]) == (None, "full")
    expect(page.locator("[data-nudge]")).to_have_count(0)
    page.get_by_text("Per layanan").click()
    one = page.locator("[data-capability]:not([data-capability=whole])").first
    name = one.get_attribute("data-capability")
    one.locator("[data-state=diverting]").click()
    expect(one.locator("[data-state=diverting]")).to_have_attribute("aria-pressed", "true")
    assert (name, "diverting") in {(claim["capability"], claim["state"]) for claim in claims_of(live)}
    assert_readable(page)
    shoot(page, "faskes-availability")


def claims_of(live: Live) -> list[Json]:
    """What is said of the facility, in the list of all."""
    rows = live.get("dispatcher", "facilities?limit=1000").json()["facilities"]
    found: list[Json] = next(one for one in rows if one["id"] == live.facility)["claims"]
    return found


@pytest.mark.slow
def test_an_old_word_is_asked_for_again_after_its_half_life(site: Site, visit: Visit) -> None:
    live = site.live
    half_life = tomllib.loads(Path("data/facilities.toml").read_text())["availability"]["half_life_minutes"]
    fresh = dict(zip(half_life, ("emergency", "icu", "surgery", "ct"), strict=True))
    old = dict(zip(half_life, ("birth", "nicu", "blood_bank", "radiology"), strict=True))
    for names, over in ((fresh, -2), (old, 2)):
        for state, name in names.items():
            said = live.office.now - timedelta(minutes=half_life[state] + over)
            body = {"state": state, "capability": name, "happened_at": said.isoformat()}
            live.done("facility", f"availability/{live.facility}", body, method="PUT")
    page = visit("/faskes", "facility")
    page.get_by_text("Per layanan").click()
    for name in old.values():
        expect(page.locator(f"[data-capability={name}] [data-old]")).to_contain_text("Kabar lama")
    for state, name in fresh.items():
        expect(page.locator(f"[data-capability={name}] [data-state={state}]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(f"[data-capability={name}] [data-old]")).to_have_count(0)
    assert_readable(page)


def test_where_the_vehicle_is_stands_in_words_and_on_a_map_once_the_patient_is_on_board(
    site: Site, visit: Visit, shoot: Shoot
) -> None:
    live = site.live
    long = live.done("admin", "vehicles/X1", {"name": SCRIPT, "kind": "village_ambulance"}, method="PUT")
    assert long
    case = live.call()
    run = live.send(case, "X1")
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": True})
    page = visit("/faskes", "facility", width=360, height=740)
    coming = card(page, "coming", case)
    expect(coming).to_contain_text("setelah pasien di dalam kendaraan")
    expect(coming.locator("[data-map]")).to_have_count(0)
    expect(coming).to_contain_text(SCRIPT)
    for point in ("acknowledged", "departed", "at_scene", "left_scene"):
        live.done("dispatcher", f"runs/{run}/progress", {"point": point})
    door = cell_of(*live.office.spot(1))
    away = next(spot for number in range(7, 60) if cell_of(*(spot := live.office.spot(number))) != door)
    live.office.wait(seconds=90)
    live.do(live.office.seen("X1", away))
    expect(coming.locator("[data-where]")).to_contain_text("dari sini (garis lurus)")
    expect(coming.locator("[data-map=shown]")).to_be_visible()
    expect(coming.locator(".follow-sign.vehicle")).to_be_visible()
    assert_fits(page)
    assert_readable(page)
    shoot(page, "faskes-map-360")
    coming.get_by_role("button", name="Tutup peta").click()
    expect(coming.locator("[data-map]")).to_have_count(0)


@pytest.mark.parametrize("site", [False], indirect=True)
@pytest.mark.slow
def test_what_waits_too_long_sounds_once_more(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "facility")
    page.clock.install()
    page.reload()
    expect(card(page, "waiting", case)).to_be_visible()
    root = page.locator("html")
    expect(root).to_have_attribute("data-sounded", "1 0")
    live.office.wait(minutes=4)
    page.clock.fast_forward(61_000)  # by then the page has asked the service for its time
    expect(root).to_have_attribute("data-sounded", "1 1")
    page.clock.fast_forward(61_000)
    expect(card(page, "waiting", case)).to_contain_text("Ditanya")
    expect(root).to_have_attribute("data-sounded", "1 1")


@pytest.mark.slow
def test_many_offers_at_once_each_have_their_buttons(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    cases = [live.call(kind=kind) for kind in ("emergency", "maternal", "accident")]
    shared = live.call(patients=2)
    for case, patient in [*((case, "1") for case in cases), (shared, "1"), (shared, "2")]:
        live.done("dispatcher", f"cases/{case}/patients/{patient}/offers", {"facility": {"facility": live.facility}})
    page = visit("/faskes", "facility", theme="dark")
    expect(page.locator("[data-list=waiting] article")).to_have_count(5)
    names = page.locator("[data-do=accept]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(set(names)) == 5, "each button says for whom it is"
    shoot(page, "faskes-many-dark")
    page.get_by_role("button", name=f"Tolak {shared}, pasien 2: ICU penuh").click()
    expect(page.locator("[data-list=waiting] article")).to_have_count(4)
    told = [one for one in offers_of(live, shared) if one["facility"]["id"] == live.facility]
    assert {one["patient"]: one["state"] for one in told} == {"1": "offered", "2": "declined"}


@pytest.mark.slow
def test_an_offer_is_seen_soon_while_much_else_happens(site: Site, visit: Visit) -> None:
    live = site.live
    page = visit("/faskes", "facility")
    expect(page.get_by_text("Tidak ada permintaan yang menunggu.")).to_be_visible()
    case = live.call()
    for number in range(30):
        if number == 15:
            live.done("dispatcher", f"cases/{case}/patients/1/offers", {"facility": {"facility": live.facility}})
        live.done("sitegar", f"availability/{elsewhere(live)}", {"state": ("open", "full")[number % 2]}, method="PUT")
    expect(card(page, "waiting", case)).to_be_visible(timeout=8_000)  # without an event it is read every 30 s
    live.done("dispatcher", f"cases/{case}/patients/1/offers", {"facility": {"facility": elsewhere(live)}})
    expect(page.locator("[data-gone=withdrawn]")).to_be_visible(timeout=8_000)


def test_an_account_of_no_facility_is_told_so_and_sees_no_offers(site: Site, visit: Visit) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "dispatcher")
    expect(page.get_by_text("Akun ini tidak terikat pada satu faskes.")).to_be_visible()
    expect(page.get_by_text("Tidak ada permintaan yang menunggu.")).to_be_visible()
    assert case not in page.content()
    assert_readable(page)


def test_by_keyboard_alone_in_english_at_night_on_a_phone(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    case = live.call()
    live.send(case, "A1")
    page = visit("/faskes", "facility", width=360, height=740, language="en", theme="dark")
    expect(card(page, "waiting", case)).to_contain_text("emergency department")
    assert_fits(page)
    shoot(page, "faskes-en-dark-360")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement?.dataset.do") == "accept":
            break
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(card(page, "coming", case)).to_be_visible()
    page.get_by_role("button", name="Ganti ke bahasa Indonesia").click()
    expect(page.get_by_role("heading", name="Diterima, menuju ke sini")).to_be_visible()


def test_a_lost_service_is_said_and_caught_up_with(site: Site, visit: Visit) -> None:
    live = site.live
    case, awaited = live.call(), live.call()
    live.send(awaited, "A2")
    live.done("facility", f"cases/{awaited}/offers/{live.offer(awaited)}/answer", {"accepted": True})
    live.send(case, "A1")
    page = visit("/faskes", "facility", expect_errors=True)
    expect(card(page, "waiting", case)).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("[data-banner]")).to_be_visible(timeout=60_000)
    expect(card(page, "waiting", case)).to_be_visible()
    live.done("dispatcher", f"cases/{case}/patients/1/offers", {"facility": {"facility": elsewhere(live)}})
    page.context.set_offline(False)
    expect(page.locator("[data-gone]")).to_contain_text(case, timeout=60_000)
    expect(page.locator("[data-banner]")).to_have_count(0)
