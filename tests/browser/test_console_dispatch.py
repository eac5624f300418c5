"""A whole dispatch on the console, from the call to the free vehicle: by keyboard alone, and by mouse."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot, Site, Visit

Json = dict[str, Any]


def street(site: Site) -> str:
    """A street of the town that can be searched for."""
    found = site.live.office.live.built.places.search("jalan", limit=1)
    assert found, "the invented town has no street"
    return found[0].name


def the_case(site: Site) -> Json:
    """The only open case, as the service has it."""
    (one,) = site.live.get("dispatcher", "cases").json()["cases"]
    found: Json = one
    return found


def opened(page: Page) -> str:
    """The id of the case that is open on the page."""
    name = page.locator("[data-open-case]").get_attribute("data-open-case")
    assert name is not None
    return name


def test_a_whole_dispatch_by_keyboard_with_a_decline_and_sitegars_answer(site: Site, visit: Visit, shoot: Shoot) -> None:
    site.seen_at_bases()
    page = visit("/", "dispatcher", width=1440, height=900)
    expect(page.get_by_role("heading", name=re.compile("Kasus terbuka"))).to_be_visible()
    keys = page.keyboard

    # The call: where, what, how urgent; recorded as it is typed.
    keys.press("n")
    expect(page.get_by_label("Di mana")).to_be_focused()
    keys.type(street(site))
    expect(page.get_by_role("option").first).to_be_visible()
    keys.press("Enter")
    expect(page.locator("[data-saved]:not([data-saved=''])")).to_be_visible()
    assert the_case(site)["draft"], "what is known so far is recorded at once"
    page.get_by_role("radio", name="gawat darurat medis").focus()
    keys.press("Space")
    page.get_by_role("radio", name="merah").focus()
    keys.press("Space")
    page.get_by_label("Telepon").focus()
    keys.type("0812-0000-0001")
    shoot(page, "console-intake")
    keys.press("Control+Enter")

    # The first choice is sent.
    expect(page.locator("[data-option]").first).to_be_visible()
    shoot(page, "console-recommendation")
    case = opened(page)
    best = site.live.get("dispatcher", f"cases/{case}/recommendation").json()["options"][0]
    keys.press("1")
    run = page.locator("[data-run]")
    expect(run).to_have_attribute("data-state", "assigned")
    assert the_case(site)["offers"][0]["facility"]["id"] == best["facility"]["id"]
    for state in ("acknowledged", "en_route", "at_scene", "with_patient"):
        keys.press("p")
        expect(run).to_have_attribute("data-state", state)

    # Its facility declines by telephone: the next one is asked by itself.
    keys.press("t")
    expect(page.get_by_role("button", name="kamar penuh")).to_be_visible()
    keys.press("1")
    expect(page.locator("[data-offer][data-state='declined']")).to_have_count(1)
    expect(page.locator("[data-offer][data-state='offered']")).to_have_count(1)
    first, second = the_case(site)["offers"]
    assert (first["state"], first["why"]) == ("declined", "room_full")
    assert second["facility"]["id"] != first["facility"]["id"]

    # SITEGAR is asked, and names a facility that is in no list.
    keys.press("s")
    expect(page.locator("[data-request][data-state='asked']")).to_have_count(1)
    keys.press("z")
    expect(page.locator("[data-pick]")).to_be_focused()
    keys.type("RS Contoh Jauh")
    page.get_by_role("button", name="Pakai “RS Contoh Jauh”").focus()
    shoot(page, "console-referral")
    keys.press("Enter")
    expect(page.locator("[data-offer]", has_text="RS Contoh Jauh")).to_be_visible()
    assert the_case(site)["desk"][0]["state"] == "answered"
    keys.press("y")
    expect(page.locator("[data-offer][data-state='accepted']")).to_have_count(1)

    # To the door, in, treated, free again.
    keys.press("p")
    expect(run).to_have_attribute("data-state", "carrying")
    keys.press("p")
    expect(run).to_have_attribute("data-state", "at_facility")
    keys.press("o")
    expect(page.locator("[data-patient][data-state='handed_over']")).to_be_visible()
    keys.press("b")
    expect(run).to_have_attribute("data-state", "clearing")
    keys.press("p")
    expect(page.get_by_text("Tidak ada kasus terbuka")).to_be_visible()
    done = site.live.get("dispatcher", f"cases/{case}").json()
    assert (done["open"], done["patients"][0]["outcome"]) == (False, "treated")
    shoot(page, "console-closed")


def test_the_same_by_mouse(site: Site, visit: Visit) -> None:
    site.seen_at_bases()
    page = visit("/", "dispatcher", width=1440, height=900, language="en")
    page.get_by_role("button", name="New call").click()
    canvas = page.locator(".map .maplibregl-canvas")
    expect(page.locator(".map[data-ready='true']")).to_be_visible()
    canvas.click(position={"x": 300, "y": 350})
    expect(page.locator("[data-saved]:not([data-saved=''])")).to_be_visible()
    expect(page.get_by_label("Where")).not_to_have_value("")
    page.locator("label.choice", has_text="road accident").click()
    page.locator("label.choice", has_text="yellow").click()
    page.get_by_role("button", name="Done, choose a vehicle").click()
    page.locator("[data-option] button", has_text="Send").nth(1).click()
    page.get_by_role("button", name="Its crew knows the patient or place").click()
    run = page.locator("[data-run]")
    expect(run).to_have_attribute("data-state", "assigned")
    assert site.live.get("dispatcher", f"runs/{run.get_attribute('data-run')}").json()["chosen"] == "override"
    for state in ("acknowledged", "en_route", "at_scene", "with_patient"):
        page.get_by_role("button", name=re.compile("^Record: ")).click()
        expect(run).to_have_attribute("data-state", state)
    page.get_by_role("button", name="Declines").click()
    page.get_by_role("button", name="no doctor").click()
    expect(page.locator("[data-offer][data-state='declined']")).to_have_count(1)
    expect(page.locator("[data-offer][data-state='offered']")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Accepts")).click()
    expect(page.locator("[data-offer][data-state='accepted']")).to_have_count(1)
    for state in ("carrying", "at_facility"):
        page.get_by_role("button", name=re.compile("^Record: ")).click()
        expect(run).to_have_attribute("data-state", state)
    page.get_by_role("button", name="Refused at the door").click()
    page.get_by_role("button", name="ICU full").click()
    expect(page.locator("[data-offer][data-state='refused_at_door']")).to_have_count(1)


def test_a_draft_outlives_the_page(site: Site, visit: Visit) -> None:
    page = visit("/", "dispatcher")
    page.get_by_role("button", name="Laporan baru").click()
    page.get_by_label("Telepon").fill("0811-2222-333")
    expect(page.locator("[data-saved]:not([data-saved=''])")).to_be_visible()
    page.reload()
    page.locator("[data-case]").click()
    expect(page.get_by_text("0811-2222-333")).to_be_visible()
    assert the_case(site)["draft"]


def test_a_second_report_of_the_same_event_is_shown_and_merged(site: Site, visit: Visit) -> None:
    longitude, latitude = site.live.office.spot(1)
    first = site.live.call(kind="accident", priority="yellow")
    page = visit("/", "dispatcher")
    page.get_by_role("button", name="Laporan baru").click()
    page.get_by_label("Di mana").fill(f"{latitude:.6f}, {longitude:.6f}")
    page.get_by_role("option").first.click()
    page.locator(f"[data-same='{first}']").click()
    expect(page.locator(f"[data-open-case='{first}']")).to_be_visible()
    assert [one["id"] for one in site.live.get("dispatcher", "cases").json()["cases"]] == [first]


def test_what_people_type_is_text(site: Site, visit: Visit) -> None:
    evil = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    longitude, latitude = site.live.office.spot(1)
    place = {"longitude": longitude, "latitude": latitude, "address": evil}
    site.live.call(caller={"name": evil}, place=place, person={"complaint": evil})
    page = visit("/", "dispatcher")
    page.locator("[data-case]").click()
    expect(page.get_by_text(evil).first).to_be_visible()
    assert "taken" not in page.title()
