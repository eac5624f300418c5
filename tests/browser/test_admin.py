"""Administering a region: its fleet, its people, their devices, its officers, its figures, its facilities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.http.live import Live
from tests.browser.conftest import Site, Visit
from tests.browser.reading import assert_fits, assert_readable

Shoot = Callable[[Page, str], None]
Json = dict[str, Any]

SCRIPT = "<script>document.title='bocor'</script> <b>Ambulans Desa Nanggewer Mekar yang panjang sekali namanya</b>"
LINK = "https://www.google.com/maps?q={latitude:.6f},{longitude:.6f}"


def vehicles_of(live: Live) -> dict[str, Json]:
    """The fleet as the service has it."""
    return {one["id"]: one for one in live.get("admin", "vehicles").json()}


def row(page: Page, kind: str, name: str) -> Locator:
    """What a list shows of one thing."""
    return page.locator(f"[data-{kind}='{name}']")


def twice(place: Locator, what: str) -> None:
    """Presses what asks once more."""
    place.locator(f"[data-do={what}]").click()
    place.locator(f"[data-do={what}-sure]").click()


def test_a_vehicle_is_added_with_a_pasted_link_as_its_base_changed_and_retired(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    longitude, latitude = live.office.spot(7)
    page = visit("/admin", "admin")
    expect(row(page, "vehicle", "A1")).to_be_visible()
    shoot(page, "admin-fleet")
    page.locator("[data-do=add-vehicle]").click()
    form = page.locator("[data-form=vehicle]")
    form.get_by_label("Nama").fill(SCRIPT)
    form.get_by_label("Kode").fill("A1")
    base = form.get_by_label("Pangkalan")
    base.fill(LINK.format(longitude=longitude, latitude=latitude))
    form.locator("[role=listbox] button").first.click()
    expect(form.locator("[data-place]")).to_contain_text("Titik pangkalan")
    shoot(page, "admin-vehicle")
    form.locator("[data-do=save]").click()
    expect(form.get_by_role("alert")).to_contain_text("Kode A1 sudah dipakai")
    assert form.get_by_label("Nama").input_value() == SCRIPT, "what was typed is kept"
    form.get_by_label("Kode").fill("V09")
    form.locator("[data-do=save]").click()
    expect(row(page, "vehicle", "V09")).to_contain_text(SCRIPT)
    expect(page).to_have_title("Administrasi · Siaga")
    made = vehicles_of(live)["V09"]
    assert (made["name"], made["kind"]) == (SCRIPT, "village_ambulance")
    assert abs(made["base_longitude"] - longitude) < 1e-5
    assert abs(made["base_latitude"] - latitude) < 1e-5

    row(page, "vehicle", "V09").locator("[data-do=edit]").click()
    form.get_by_label("Telepon awak").fill("0812-000-333")
    form.get_by_label("oksigen").check()
    form.locator("[data-do=save]").click()
    expect(form).to_have_count(0)
    changed = vehicles_of(live)["V09"]
    assert (changed["phone"], changed["base_longitude"]) == ("0812-000-333", made["base_longitude"])
    assert "oxygen" in changed["equipment"]

    row(page, "vehicle", "V09").locator("[data-do=retire]").click()
    assert "V09" in vehicles_of(live), "one press does nothing"
    row(page, "vehicle", "V09").locator("[data-do=retire-sure]").click()
    expect(row(page, "vehicle", "V09")).to_have_count(0)
    assert "V09" not in vehicles_of(live)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(site: Site, visit: Visit) -> None:
    live = site.live
    page = visit("/admin", "admin")
    row(page, "vehicle", "A2").locator("[data-do=edit]").click()
    form = page.locator("[data-form=vehicle]")
    form.get_by_label("Nama").fill("Ambulans Dua")
    was = vehicles_of(live)["A2"]
    live.done("admin", "vehicles/A2", {"name": was["name"], "kind": was["kind"], "phone": "0812-000-444"}, method="PUT")
    form.locator("[data-do=save]").click()
    expect(form.get_by_role("alert")).to_contain_text("Orang lain baru saja mengubah")
    assert vehicles_of(live)["A2"]["phone"] == "0812-000-444"
    form.locator("[data-do=save]").click()
    expect(form).to_have_count(0)
    assert vehicles_of(live)["A2"]["name"] == "Ambulans Dua"


@pytest.mark.slow
def test_it_fits_a_telephone(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    live.done("admin", "officers/P01", {"name": SCRIPT, "skills": ["crew"]}, method="PUT")
    live.done(
        "admin", "vehicles/A4", {"name": SCRIPT, "kind": "hearse", "base": "x" * 200, "phone": "0812-000-555"}, method="PUT"
    )
    page = visit("/admin", "admin", width=360, height=740, theme="dark")
    expect(page.locator("[data-tab]")).to_have_count(6)
    opens = {"fleet": "edit", "people": "add-person", "devices": "add-token", "officers": "shift", "facilities": "detail"}
    for tab in ("fleet", "people", "devices", "officers", "region", "facilities"):
        page.locator(f"[data-tab={tab}]").press("Enter")
        expect(page.locator(f"[data-tab={tab}]")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text("Memuat…")).to_have_count(0)
        if tab in opens:
            page.locator(f"[data-do={opens[tab]}]").last.click()
        else:
            for summary in page.locator("[data-figures] > summary").all():
                summary.click()
        expect(page.get_by_text("Memuat…")).to_have_count(0)
        assert_fits(page)
        assert_readable(page)
        shoot(page, f"admin-{tab}-360")
    assert page.evaluate("() => location.hash") == "#facilities"


def test_a_driver_gets_an_account_and_signs_in(site: Site, visit: Visit, shoot: Shoot) -> None:
    live, name = site.live, f"budi.{site.live.region}"
    page = visit("/admin#people", "admin")
    page.locator("[data-do=add-person]").click()
    form = page.locator("[data-form=person]")
    form.get_by_label("Nama pengguna").fill(name)
    form.get_by_label("Awak kendaraan").check()
    form.get_by_label("Kendaraannya").select_option("A3")
    shoot(page, "admin-person")
    form.locator("[data-do=save]").click()
    secret = page.locator("[data-secret]")
    password = secret.locator("[data-value]").inner_text()
    assert len(password) >= 20
    expect(row(page, "person", name)).to_contain_text("Awak kendaraan · A3")
    shoot(page, "admin-person-made")
    secret.locator("[data-do=noted]").click()
    assert password not in page.content(), "shown once"
    entered = live.client("nobody").post("/v1/session", json={"name": name, "password": password})
    assert entered.status_code == 200, entered.text
    assert (entered.json()["vehicle"], entered.json()["regions"]) == ("A3", [live.region])

    row(page, "person", name).locator("[data-do=password]").click()
    page.locator("[data-form=password] [data-do=save]").click()
    other = page.locator("[data-secret] [data-value]").inner_text()
    assert other != password
    twice(row(page, "person", name), "disable")
    expect(row(page, "person", name).locator("[data-do=enable]")).to_be_visible()
    expect(row(page, "person", name)).to_contain_text("nonaktif")
    assert {one["name"]: one["disabled"] for one in live.get("admin", "/v1/people").json()}[name]
    row(page, "person", name).locator("[data-do=enable]").click()
    expect(row(page, "person", name).locator("[data-do=disable]")).to_be_visible()

    row(page, "person", name).locator("[data-do=grant]").click()
    form.get_by_label("Operator panggilan").check()
    form.get_by_label("Awak kendaraan").uncheck()
    form.locator("[data-do=save]").click()
    expect(form).to_have_count(0)
    expect(row(page, "person", name)).to_contain_text("Operator panggilan")
    held = {one["name"]: one for one in live.get("admin", "/v1/people").json()}[name]
    assert (held["roles"], held["vehicle"]) == (["dispatcher"], None)


def test_a_password_that_is_refused_stays_in_the_form_with_the_reason(site: Site, visit: Visit) -> None:
    page = visit("/admin#people", "admin", expect_errors=True)
    page.locator("[data-do=add-person]").click()
    form = page.locator("[data-form=person]")
    form.get_by_label("Nama pengguna").fill(f"sari.{site.live.region}")
    form.get_by_label("Kata sandi").fill("pendek")
    form.locator("[data-do=save]").click()
    expect(form.get_by_role("alert")).to_contain_text("Pilih sekurangnya satu peran")
    form.get_by_label("Perencana").check()
    form.locator("[data-do=save]").click()
    expect(form.get_by_role("alert")).to_contain_text("sekurangnya 10 huruf")
    assert form.get_by_label("Kata sandi").input_value() == "pendek"
    assert form.get_by_label("Nama pengguna").input_value() == f"sari.{site.live.region}"


def test_a_tracker_is_made_with_its_code_shown_once_and_revoked(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/admin#devices", "admin")
    page.locator("[data-do=add-token]").click()
    form = page.locator("[data-form=token]")
    form.get_by_label("Kendaraannya").select_option("A2")
    form.locator("[data-do=save]").click()
    secret = page.locator("[data-secret]")
    expect(secret.get_by_role("img", name="Kode QR untuk Traccar Client")).to_be_visible()
    expect(secret.locator("[data-url]")).to_have_text(f"{site.base}/track/osmand")
    device = secret.locator("[data-value]").inner_text()
    assert_readable(page)
    shoot(page, "admin-device")
    (token,) = [one for one in live.get("admin", "/v1/tokens").json() if one["label"] == "GPS A2"]
    assert (token["kind"], token["role"], token["vehicle"], token["regions"]) == ("device", "tracker", "A2", [live.region])
    longitude, latitude = live.office.spot(3)
    fix: Json = {"id": device, "lat": latitude, "lon": longitude, "timestamp": int(live.office.now.timestamp())}
    posted = live.client("nobody").post("/track/osmand", params=fix)
    assert posted.status_code == 200, posted.text
    assert vehicles_of(live)["A2"]["position"] is not None, "what the telephone sends with it counts"
    page.reload()
    entry = row(page, "token", token["id"])
    expect(entry).to_contain_text("Terakhir dipakai kurang dari sejam yang lalu")
    assert device not in page.content(), "shown once"
    twice(entry, "revoke")
    expect(entry).to_have_count(0)
    assert token["id"] not in {one["id"] for one in live.get("admin", "/v1/tokens").json()}
    live.office.wait(minutes=2)  # a device that has just been let in is not looked up again at once
    again = live.client("nobody").post("/track/osmand", params=fix)
    assert again.status_code in (401, 403), again.text


def test_an_officer_gets_a_shift_in_the_regions_time_and_is_retired(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/admin#officers", "admin", timezone_id="America/New_York")
    expect(page.get_by_text("Belum ada petugas.")).to_be_visible()
    page.locator("[data-do=add-officer]").click()
    form = page.locator("[data-form=officer]")
    form.get_by_label("Nama panggilan").fill("Budi Santoso")
    form.get_by_label("Kode").fill("P01")
    form.get_by_label("pendamping pasien").check()
    form.locator("[data-do=save]").click()
    entry = row(page, "officer", "P01")
    expect(entry).to_contain_text("Tidak ada giliran")
    entry.locator("[data-do=shift]").click()
    shift = page.locator("[data-form=shift]")
    shift.get_by_label("Mulai").fill("2030-03-02T19:00")
    shift.get_by_label("Selesai").fill("2030-03-02T07:00")
    shift.locator("[data-do=save]").click()
    expect(shift.get_by_role("alert")).to_contain_text("harus selesai sesudah mulai")
    shift.get_by_label("Selesai").fill("2030-03-03T07:00")
    shoot(page, "admin-officers")
    shift.locator("[data-do=save]").click()
    expect(shift).to_have_count(0)
    (one,) = live.get("admin", "officers").json()
    assert sorted(one["skills"]) == ["companion", "crew"]
    began, ended = (datetime.fromisoformat(one[key]) for key in ("shift_from", "shift_until"))
    zone = ZoneInfo(live.get("admin", live.at).json()["time_zone"])
    assert (began, ended) == (datetime(2030, 3, 2, 19, tzinfo=zone), datetime(2030, 3, 3, 7, tzinfo=zone))
    twice(entry, "retire")
    expect(entry).to_have_count(0)
    assert live.get("admin", "officers").json() == []


def test_a_figure_is_set_and_a_wrong_one_refused_with_what_was_typed_kept(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    page = visit("/admin#region", "admin", expect_errors=True)
    offers = page.locator("[data-figures='decision.offers']")
    offers.locator("summary").click()
    tries = page.locator("[data-figure='decision.offers.tries']")
    tries.get_by_role("textbox").fill("2")
    expect(tries).to_contain_text("● Bawaan: 3")
    expect(offers.locator("summary")).to_contain_text("1 berbeda")
    page.locator("[data-figures='life.clocks'] summary").click()
    clock = page.locator("[data-figure='life.clocks.answer.first']")
    clock.get_by_role("textbox").fill("240")
    save = page.locator("[data-form=settings] [data-do=save]")
    save.click()
    expect(page.get_by_text("Tersimpan dan langsung berlaku.")).to_be_visible()
    shoot(page, "admin-settings")
    own = live.get("admin", "settings").json()["own"]
    assert own == {"life": {"clocks": {"answer": {"first": 240}}}, "decision": {"offers": {"tries": 2}}}

    tries.get_by_role("textbox").fill("tiga")
    save.click()
    expect(page.locator("[data-form=settings]").get_by_role("alert")).to_contain_text("bukan angka")
    expect(tries).to_contain_text("Ini bukan angka.")
    tries.get_by_role("textbox").fill("-4")
    save.click()
    expect(page.locator("[data-form=settings]").get_by_role("alert")).to_contain_text("tries")
    assert tries.get_by_role("textbox").input_value() == "-4"
    assert live.get("admin", "settings").json()["own"] == own

    theirs = {"decision": {"offers": {"tries": 1}}, "life": {"late": {"factor": 2.0}}}
    assert live.client("admin").put(f"{live.at}/settings", json=theirs).status_code == 200
    tries.get_by_role("button", name="Bawaan").click()
    save.click()
    expect(page.locator("[data-form=settings]").get_by_role("alert")).to_contain_text("Orang lain baru saja mengubah juga")
    assert live.get("admin", "settings").json()["own"]["decision"] == theirs["decision"]
    save.click()
    expect(page.get_by_text("Tersimpan dan langsung berlaku.")).to_be_visible()
    held = live.get("admin", "settings").json()["own"]
    assert held == {"life": theirs["life"], "decision": {}}, "what was typed here, and what others set elsewhere"


def test_every_figure_has_a_name(site: Site, visit: Visit) -> None:
    page = visit("/admin#region", "admin")
    expect(page.locator("[data-figure]").first).to_be_attached()
    figures = site.live.get("admin", "settings").json()["figures"]
    for one in figures:
        place = f"{one['table']}.{one['section']}.{one['key']}"
        label = page.locator(f"[data-figure='{place}'] label").text_content() or ""
        assert label.strip() not in ("", one["key"]), place
        assert not label.startswith(one["key"].partition(".")[0] + ":"), place


def test_a_facility_is_found_with_who_says_what_and_its_state_recorded(site: Site, visit: Visit, shoot: Shoot) -> None:
    live = site.live
    told = live.get("admin", f"facilities/{live.facility}").json()
    page = visit("/admin#facilities", "admin")
    page.locator("[data-do=search]").fill(live.facility)
    entry = row(page, "facility", live.facility)
    entry.locator("[data-do=detail]").click()
    detail = row(page, "detail", live.facility)
    detail.locator("summary").last.click()
    expect(detail).to_contain_text(told["sources"][0]["source"])
    detail.locator("[data-capability=whole] [data-state=full]").click()
    expect(detail.locator("[data-capability=whole]")).to_contain_text("Tersimpan")
    shoot(page, "admin-facility")
    (claim,) = live.get("admin", f"facilities/{live.facility}").json()["claims"]
    assert (claim["state"], claim["author"]) == ("full", site.accounts["admin"])
    page.locator("[data-do=search]").fill("")
    page.locator("[data-do=conflicting]").check()
    everything = live.get("admin", "facilities", params={"limit": 1000}).json()["facilities"]
    count = sum(one["conflicts"] > 0 for one in everything)
    if count:
        expect(page.locator("[data-list=facilities] .mark")).to_have_count(min(count, 30))
    else:
        expect(page.get_by_text("Tidak ada yang cocok.")).to_be_visible()
