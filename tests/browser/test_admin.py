"""Administering a region: its fleet, its people, their devices, its officers, its figures, its facilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    assert_readable(page)
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


def test_it_fits_a_telephone(visit: Visit, shoot: Shoot) -> None:
    page = visit("/admin", "admin", width=360, height=740, theme="dark")
    for tab in page.locator("[data-tab]").all():
        tab.click()
        page.wait_for_timeout(300)
        assert_fits(page)
        assert_readable(page)
        shoot(page, f"admin-{tab.get_attribute('data-tab')}-360")
