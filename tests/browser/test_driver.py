"""The driver's page on a telephone: a whole run by touch, answers by telephone, several people, breaks and breakdowns."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Shoot, Site, Visit
from tests.browser.driving import (
    PHONE,
    TO_THE_DOOR,
    all_sent,
    case_of,
    driven,
    press,
    run_of,
    sent,
    step,
    twice,
    until,
    vehicle_of,
)

STATES = {"departed": "en_route", "left_scene": "carrying", "left_facility": "carrying"}


def test_a_whole_run_with_a_refusal_at_the_door_and_sitegars_answer(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit("/driver", "driver", **PHONE)
    expect(page.locator("[data-status='standby']")).to_be_visible()
    shoot(page, "driver-idle")
    began = site.live.office.now
    case, run = sent(site)
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    expect(page.get_by_text("sesak napas")).to_be_visible()
    assert page.title() == "TUGAS BARU"
    assert page.evaluate("document.documentElement.dataset.sounded") == "1 0", "it sounds once"
    shoot(page, "driver-new")
    links = [one.get_attribute("href") or "" for one in page.locator("main a").all()]
    assert [one for one in links if one.startswith("geo:")]
    assert "tel:081200000001" in links
    assert all(one.startswith(("geo:", "tel:")) for one in links)
    for name in TO_THE_DOOR[:2]:
        press(page, name, STATES.get(name, name))
    page.get_by_role("button", name=re.compile("Semua belokan")).tap()
    assert page.locator("ol.steps li").count() > 2
    shoot(page, "driver-way")
    for name in TO_THE_DOOR[2:]:
        press(page, name, STATES.get(name, name))
    all_sent(page)
    first = case_of(site, case)["patients"][0]["goal"]["id"]

    page.get_by_role("button", name="Ditolak di pintu").tap()
    page.get_by_label("Siapa yang mengatakan").fill("dr. Tono, IGD")
    shoot(page, "driver-refusal")
    twice(page, page.locator("[data-twice='icu_full']"))
    expect(step(page, "left_facility")).to_be_visible()
    refused = next(one for one in case_of(site, case)["offers"] if one["facility"]["id"] == first)
    assert (refused["state"], refused["why"], refused["voice"]["name"]) == ("refused_at_door", "icu_full", "dr. Tono, IGD")
    assert case_of(site, case)["patients"][0]["goal"]["id"] != first
    shoot(page, "driver-refused")
    page.get_by_role("button", name="Tanya SITEGAR").tap()
    page.get_by_label("Faskes yang ditunjuk").fill("RS Contoh Jauh")
    page.get_by_label("Telepon faskes").fill("021-555")
    page.get_by_label("Faskes itu sudah bersedia").check()
    shoot(page, "driver-sitegar")
    page.locator("[data-outside]").tap()
    expect(page.locator(".to")).to_have_text("RS Contoh Jauh")
    all_sent(page)
    (request,) = case_of(site, case)["desk"]
    assert (request["state"], request["because"]) == ("answered", "crew")
    goal = case_of(site, case)["patients"][0]
    assert (goal["goal"]["name"], goal["goal"]["phone"], goal["firm"]) == ("RS Contoh Jauh", "021-555", True)
    press(page, "left_facility", "carrying")
    press(page, "at_facility", "at_facility")
    press(page, "handover", "escorting")
    press(page, "treatment", "clearing")
    step(page, "available").tap()
    expect(page.locator("[data-status='returning']")).to_be_visible()
    done = case_of(site, case)
    assert (done["open"], done["patients"][0]["outcome"]) == (False, "treated")
    stamps = run_of(site, run)["stamps"]
    points = [one["point"] for one in stamps]
    assert points == [
        "assigned", *TO_THE_DOOR, "left_facility", "at_facility", "handed_over", "escort_ended", "available",
    ]  # fmt: skip
    times = [datetime.fromisoformat(one["happened_at"]) for one in stamps]
    assert times == sorted(times)
    assert began <= times[0]
    assert times[-1] <= site.live.office.now
    assert not any(one["corrected"] or one["claimed_at"] for one in stamps), "the page's clock is the service's"


def test_a_facility_that_declines_while_driving_changes_where_to(site: Site, visit: Visit, shoot: Shoot) -> None:
    case, run = sent(site)
    driven(site, run)
    page = visit("/driver", "driver", **PHONE)
    expect(page.locator("[data-run-state='carrying']")).to_be_visible()
    goal = page.locator("[data-goal]")
    expect(goal).to_have_attribute("data-goal", site.live.facility)
    site.live.done("dispatcher", f"cases/{case}/offers/{site.live.offer(case)}/answer", {"accepted": False, "why": "room_full"})
    there = case_of(site, case)["patients"][0]["goal"]
    assert there["id"] != site.live.facility
    expect(goal).to_have_attribute("data-goal", there["id"])
    expect(page.locator("[data-notice='goal']")).to_contain_text(there["name"])
    assert page.evaluate("document.documentElement.dataset.sounded") == "2 0", "the job, and that it changed"
    shoot(page, "driver-turned")
    page.get_by_role("button", name="Mengerti").tap()
    expect(page.locator("[data-notice]")).to_have_count(0)


def test_a_job_that_is_called_off_is_said(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", **PHONE)
    press(page, "acknowledged", "acknowledged")
    all_sent(page)
    page.wait_for_timeout(9_000)  # what the crew has just pressed itself is no news
    site.live.done("dispatcher", f"runs/{run}/stand-down", {"why": "salah alamat"})
    expect(page.locator("[data-notice='over']")).to_be_visible()
    expect(page.locator("[data-status='standby']")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.sounded") == "2 0"


def test_an_answer_by_telephone_and_a_job_declined(site: Site, visit: Visit) -> None:
    case, run = sent(site)
    page = visit("/driver", "driver", **PHONE)
    press(page, "acknowledged", "acknowledged")
    page.get_by_role("button", name=re.compile("^Jawaban ")).tap()
    page.get_by_label("Siapa yang mengatakan").fill("bidan Ani")
    twice(page, page.locator("[data-twice='room_full']"))
    until(page, lambda: len(case_of(site, case)["offers"]) == 2)
    declined, offered = case_of(site, case)["offers"]
    assert (declined["state"], declined["voice"]["name"], offered["state"]) == ("declined", "bidan Ani", "offered")
    page.get_by_role("button", name=f"Jawaban {offered['facility']['name']}").tap()
    page.get_by_role("button", name="Bersedia menerima").tap()
    until(page, lambda: case_of(site, case)["patients"][0]["firm"])
    page.get_by_role("button", name="Tolak tugas").tap()
    twice(page, page.locator("[data-twice='tyre']"))
    expect(page.locator("[data-status='standby']")).to_be_visible()
    assert "A1" in case_of(site, case)["passed_over"]
    assert run_of(site, run)["how"] == "declined"


@pytest.mark.slow
def test_several_people_are_told_apart(site: Site, visit: Visit, shoot: Shoot) -> None:
    known = vehicle_of(site)
    same = {name: known[name] for name in ("name", "kind", "equipment", "base", "base_longitude", "base_latitude")}
    site.live.done("admin", "vehicles/A1", {**same, "capacity": 2}, method="PUT")
    case, run = sent(site, patients=2)
    page = visit("/driver", "driver", **PHONE)
    expect(page.locator("[data-patient]")).to_have_count(2)
    expect(page.get_by_text("2 orang dalam tugas ini")).to_be_visible()
    for name in TO_THE_DOOR:
        press(page, name, STATES.get(name, name))
    expect(step(page, "handover")).to_contain_text("Pak Budi")
    shoot(page, "driver-several")
    page.locator(".others [data-step='handover']").tap()
    expect(page.locator(f"[data-patient='{case}/2'][data-state='handed_over']")).to_be_visible()
    press(page, "handover", "escorting")
    all_sent(page)
    assert [one["state"] for one in case_of(site, case)["patients"]] == ["handed_over", "handed_over"]
    step(page, "treatment").tap()
    expect(page.locator("[data-patient]")).to_have_count(1)
    page.get_by_text("Lainnya").tap()
    page.get_by_role("button", name="Akhiri pendampingan").tap()
    twice(page, page.locator("[data-twice='facility_agrees']"))
    step(page, "available").tap()
    expect(page.locator("[data-status='returning']")).to_be_visible()
    assert [one["outcome"] for one in case_of(site, case)["patients"]] == ["treated", "handed_over"]
    assert run_of(site, run)["how"] == "completed"


@pytest.mark.slow
def test_somebody_dies_and_a_vehicle_breaks_down(site: Site, visit: Visit) -> None:
    case, run = sent(site)
    driven(site, run)
    page = visit("/driver", "driver", **PHONE)
    page.get_by_text("Lainnya").tap()
    page.get_by_role("button", name="Selesai untuk pasien").tap()
    died = page.locator("[data-twice='died']")
    died.tap()
    page.wait_for_timeout(100)
    died.tap()
    assert case_of(site, case)["patients"][0]["died_at"] is None, "a finger that slips presses twice"
    page.wait_for_timeout(600)
    died.tap()
    expect(page.get_by_text("meninggal", exact=True)).to_be_visible()
    assert case_of(site, case)["patients"][0]["died_at"] is not None
    page.get_by_role("button", name="Kendaraan mogok").tap()
    twice(page, page.locator("[data-twice='engine']"))
    expect(page.locator("[data-run]")).to_have_count(0)
    expect(page.locator("[data-status='broken']")).to_be_visible()
    until(page, lambda: vehicle_of(site)["status"] == "broken")
    assert run_of(site, run)["state"] == "ended"


def test_who_is_served_at_home_is_not_taken_anywhere(site: Site, visit: Visit) -> None:
    site.seen_at_bases()
    case = site.live.call(kind="home_care", priority="green", person={"name": "Nenek Siti"})
    told = site.live.done("dispatcher", f"cases/{case}/assignments", {"vehicle": "A1", "recommended": False, "override": "uji"})
    (run,) = told["made"]["run"]
    page = visit("/driver", "driver", **PHONE)
    for name in TO_THE_DOOR[:4]:
        press(page, name, STATES.get(name, name))
    expect(page.get_by_role("button", name="Tanya SITEGAR")).to_have_count(0)
    press(page, "served", "clearing")
    all_sent(page)
    assert case_of(site, case)["patients"][0]["outcome"] == "served"
    assert run_of(site, run)["state"] == "clearing"


def test_positions_are_sent_with_consent_only(site: Site, visit: Visit, shoot: Shoot) -> None:
    longitude, latitude = site.live.office.spot(5)
    here = {"longitude": longitude, "latitude": latitude, "accuracy": 8}
    page = visit("/driver", "driver", geolocation=here, permissions=["geolocation"], **PHONE)
    expect(page.locator("[data-positions='unasked']")).to_be_visible()
    assert vehicle_of(site)["position"] is None
    page.get_by_role("button", name="Ya, kirim").tap()
    expect(page.locator("[data-positions='on']")).to_be_visible()
    page.wait_for_timeout(6_500)
    seen = vehicle_of(site)["position"]
    assert seen is not None
    assert abs(seen["longitude"] - longitude) < 1e-6
    sent(site)
    page.get_by_text("Lainnya").tap()
    page.get_by_role("button", name="Jalan di sini tertutup").tap()
    page.get_by_label("Keterangan").fill("banjir satu meter")
    page.get_by_role("button", name="1 jam").tap()
    shoot(page, "driver-road")
    before = site.live.office.now
    page.get_by_role("button", name="Laporkan jalan tertutup").tap()
    expect(page.get_by_role("button", name="Laporkan jalan tertutup")).to_have_count(0)
    until(page, lambda: site.live.get("dispatcher", "conditions").json())
    (report,) = site.live.get("dispatcher", "conditions").json()
    told = report["condition"]
    assert (told["kind"], told["effect"], told["reason"]) == ("flood", "closed", "banjir satu meter")
    assert 3_595 < (datetime.fromisoformat(told["until"]) - before).total_seconds() < 3_620


def test_status_breaks_and_the_pairing(site: Site, visit: Visit, shoot: Shoot) -> None:
    page = visit("/driver", "driver", **PHONE)
    for name, status in (("Istirahat", "on_break"), ("Rusak", "broken"), ("Siap lagi", "standby")):
        page.get_by_role("button", name=name).tap()
        expect(page.locator(f"[data-status='{status}']")).to_be_visible()
        until(page, lambda status=status: vehicle_of(site)["status"] == status)
    page.get_by_role("button", name="Kirim posisi dengan Traccar Client").tap()
    page.get_by_label("Pengenal perangkat").fill("siaga_abc")
    expect(page.get_by_role("img", name="Kode QR untuk Traccar Client")).to_be_visible()
    expect(page.get_by_text(f"{site.base}/track/osmand")).to_be_visible()
    shoot(page, "driver-pairing")


def test_the_map_comes_when_it_is_asked_for(site: Site, visit: Visit, shoot: Shoot) -> None:
    sent(site)
    page = visit("/driver", "driver", **PHONE)
    expect(page.locator("[data-run-state='assigned']")).to_be_visible()
    fetched = "performance.getEntriesByType('resource').some((one) => one.name.includes('maplibre'))"
    assert not page.evaluate(fetched)
    page.get_by_role("button", name="Peta", exact=True).tap()
    page.wait_for_function(
        "() => window.siagaMap?.getLayer('legs-reach')"
        " && window.siagaMap.queryRenderedFeatures({ layers: ['legs-reach'] }).length"
    )
    expect(page.locator(".maplibregl-marker")).to_have_count(1)
    page.wait_for_timeout(800)
    shoot(page, "driver-map")


@pytest.mark.parametrize("site", [False], indirect=True)
@pytest.mark.slow
def test_a_job_sounds_again_before_its_clock_rings_but_not_when_it_is_known(site: Site, visit: Visit) -> None:
    sent(site)
    page = visit("/driver", "driver", **PHONE)
    sounded = "document.documentElement.dataset.sounded"
    expect(page.locator("[data-run-state='assigned']")).to_be_visible()
    assert page.evaluate(sounded) == "1 0"
    page.reload()
    expect(page.locator("[data-run-state='assigned']")).to_be_visible()
    page.wait_for_timeout(1_500)
    assert page.evaluate(sounded) is None, "what the telephone has kept is known"
    site.live.office.wait(seconds=27)
    page.reload()
    page.wait_for_function(f"() => {sounded} === '0 1'")
    step(page, "acknowledged").tap()
    page.wait_for_timeout(1_500)
    assert page.evaluate(sounded) == "0 1"
