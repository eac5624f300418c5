"""The driver's page through gaps in coverage: nothing is lost, nothing is done twice, nothing personal stays behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import PASSWORD, Shoot, Site, Visit
from tests.browser.driving import (
    PHONE,
    all_sent,
    case_of,
    driven,
    kept_page,
    press,
    run_of,
    sent,
    step,
    stored,
    twice,
    until,
    vehicle_of,
)

SECRETS = ("Budi", "Mawar", "0812", "Rina", "sesak")


def points(site: Site, run: str) -> list[str]:
    """The time points of a run, in order."""
    return [one["point"] for one in run_of(site, run)["stamps"]]


def without_coverage(site: Site, visit: Visit) -> tuple[Page, str]:
    """The page of a crew that has acknowledged its run and then lost the network; and the run."""
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    press(page, "acknowledged", "acknowledged")
    all_sent(page)
    kept_page(page)
    page.context.set_offline(True)
    return page, run


def test_a_gap_in_coverage_loses_nothing_and_does_nothing_twice(site: Site, visit: Visit, shoot: Shoot) -> None:
    page, run = without_coverage(site, visit)
    expect(page.locator("[data-banner='lost']")).to_be_visible()
    before = site.live.office.now
    press(page, "departed", "en_route")
    press(page, "at_scene", "at_scene")
    between = site.live.office.now
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    shoot(page, "driver-gap")
    page.reload()
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    expect(page.locator("[data-run-state='at_scene']")).to_be_visible()
    expect(page.get_by_text("Pak Budi")).to_be_visible()
    expect(page.locator("[data-kept]")).to_be_visible()
    press(page, "with_patient", "with_patient")
    page.get_by_role("button", name="Switch to English").tap()
    expect(page.get_by_text("Not sent yet (3)")).to_be_visible()
    shoot(page, "driver-gap-reloaded")
    assert run_of(site, run)["state"] == "acknowledged"
    page.context.set_offline(False)
    all_sent(page)
    expect(page.locator("[data-kept]")).to_have_count(0)
    expect(page.locator("[data-run-state='with_patient']")).to_be_visible()
    assert points(site, run) == ["assigned", "acknowledged", "departed", "at_scene", "with_patient"]
    for stamp in run_of(site, run)["stamps"][2:4]:
        happened = datetime.fromisoformat(stamp["happened_at"])
        assert before.timestamp() - 2 <= happened.timestamp() <= between.timestamp() + 2, "the time of the press counts"
        assert datetime.fromisoformat(stamp["recorded_at"]) > happened


def test_an_answer_that_is_lost_on_the_way_back_is_not_done_twice(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    expect(step(page, "acknowledged")).to_be_visible()
    asked: list[str | None] = []

    def cut(route: Any) -> None:
        """The service gets it; its first answer never arrives."""
        asked.append(route.request.headers.get("idempotency-key"))
        answer = route.fetch()
        if len(asked) == 1:
            route.abort()
        else:
            assert answer.json()["repeated"]
            route.fulfill(response=answer)

    page.route("**/progress", cut)
    press(page, "acknowledged", "acknowledged")
    all_sent(page)
    assert len(asked) == 2
    assert asked[0] == asked[1] is not None
    assert points(site, run) == ["assigned", "acknowledged"]


def test_two_tabs_send_what_was_pressed_once(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    other = page.context.new_page()
    other.goto("/driver")
    expect(step(other, "acknowledged")).to_be_visible()
    page.bring_to_front()
    given: list[str | None] = []
    for tab in (page, other):
        tab.on(
            "response", lambda one: given.append(one.request.headers.get("idempotency-key")) if "/progress" in one.url else None
        )
    press(page, "acknowledged", "acknowledged")
    expect(other.locator("[data-run-state='acknowledged']")).to_be_visible()
    all_sent(page)
    page.context.set_offline(True)
    press(page, "departed", "en_route")
    press(page, "at_scene", "at_scene")
    given.clear()
    page.context.set_offline(False)
    all_sent(page)
    all_sent(other)
    expect(other.locator("[data-run-state='at_scene']")).to_be_visible()
    assert points(site, run) == ["assigned", "acknowledged", "departed", "at_scene"]
    assert len(given) == len(set(given)) == 2


def test_sitegar_is_asked_and_answers_in_a_gap(site: Site, visit: Visit) -> None:
    case, run = sent(site)
    driven(site, run)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    expect(page.locator("[data-run-state='carrying']")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Tanya SITEGAR").tap()
    page.get_by_label("Faskes yang ditunjuk").fill("Klinik Seberang")
    page.locator("[data-outside]").tap()
    expect(page.locator(".to")).to_have_text("Klinik Seberang")
    expect(page.locator("[data-waiting='2']")).to_be_visible()
    page.context.set_offline(False)
    all_sent(page)
    (request,) = case_of(site, case)["desk"]
    assert request["state"] == "answered"
    assert case_of(site, case)["patients"][0]["goal"]["name"] == "Klinik Seberang"
    expect(page.locator(".to")).to_have_text("Klinik Seberang")


def test_what_the_service_refuses_is_said_until_somebody_has_seen_it(site: Site, visit: Visit, shoot: Shoot) -> None:
    page, run = without_coverage(site, visit)
    press(page, "departed", "en_route")
    site.live.done("dispatcher", f"runs/{run}/stand-down", {"why": "salah alamat"})
    page.context.set_offline(False)
    refused = page.locator("[data-refused='departed']")
    expect(refused).to_contain_text("Berangkat tidak diterima")
    shoot(page, "driver-not-taken")
    page.reload()
    expect(refused).to_be_visible()
    refused.get_by_role("button", name="Mengerti").tap()
    expect(refused).to_have_count(0)
    expect(page.locator("[data-status='standby']")).to_be_visible()
    page.reload()
    expect(page.locator("[data-status='standby']")).to_be_visible()
    expect(refused).to_have_count(0)


def test_what_the_service_fails_at_holds_up_nothing_else_and_can_be_sent_again(site: Site, visit: Visit) -> None:
    page, run = without_coverage(site, visit)
    press(page, "departed", "en_route")
    press(page, "at_scene", "at_scene")

    def failing(route: Route) -> None:
        """Something between the telephone and the service that answers for it, as proxies do."""
        route.fulfill(status=500, body="Internal Server Error")

    page.route("**/progress", failing)
    page.context.set_offline(False)
    failed = [page.locator(f"[data-refused='{name}']") for name in ("departed", "at_scene")]
    for _ in range(120):  # its pauses grow: each sign of a network tries at once
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(250)
        if failed[1].count():
            break
    for one in failed:
        expect(one).to_be_visible()
    all_sent(page)
    page.unroute("**/progress")
    for one in failed:
        one.get_by_role("button", name="Kirim lagi").tap()
        expect(one).to_have_count(0)
        all_sent(page)
    until(page, lambda: points(site, run) == ["assigned", "acknowledged", "departed", "at_scene"])


@pytest.mark.slow
def test_a_status_pressed_in_a_gap_is_shown_as_not_sent(site: Site, visit: Visit) -> None:
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    expect(page.locator("[data-status='standby']")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Istirahat").tap()
    expect(page.locator("[data-status='on_break']")).to_be_visible()
    expect(page.locator("[data-waiting='1']")).to_contain_text("Istirahat")
    assert vehicle_of(site)["status"] == "standby"
    page.get_by_role("button", name="Keluar").tap()
    expect(page.get_by_role("alert")).to_contain_text("Bila keluar sekarang")
    page.get_by_role("button", name="Tetap di sini").tap()
    page.context.set_offline(False)
    all_sent(page)
    assert vehicle_of(site)["status"] == "on_break"


def test_a_session_that_ends_keeps_what_was_pressed_and_forgets_the_patient(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    press(page, "acknowledged", "acknowledged")
    all_sent(page)
    assert "Budi" in str(stored(page)["job"])
    page.context.set_offline(True)
    press(page, "departed", "en_route")
    guard = page.context.request.get("/v1/session").json()["csrf"]
    assert page.context.request.delete("/v1/session", headers={"X-CSRF-Token": guard}).ok
    page.context.set_offline(False)
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    kept = stored(page)
    assert kept["job"] == kept["before"] == []
    assert [one["label"] for one in kept["queue"]] == ["departed"]
    assert points(site, run) == ["assigned", "acknowledged"]
    page.get_by_label("Nama pengguna").fill(site.accounts["driver"])
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).tap()
    expect(page.locator("[data-run-state='en_route']")).to_be_visible()
    all_sent(page)
    assert points(site, run) == ["assigned", "acknowledged", "departed"]


def test_positions_of_a_gap_are_sent_when_it_is_over(site: Site, visit: Visit) -> None:
    longitude, latitude = site.live.office.spot(5)
    here = {"longitude": longitude, "latitude": latitude, "accuracy": 8}
    page = visit("/driver", "driver", expect_errors=True, geolocation=here, permissions=["geolocation"], **PHONE)
    page.get_by_role("button", name="Ya, kirim").tap()
    expect(page.locator("[data-positions='on']")).to_be_visible()
    page.context.set_offline(True)
    for number in range(1, 4):
        page.context.set_geolocation({**here, "longitude": longitude + number * 1e-4})
        page.wait_for_timeout(1_200)
    trail = "vehicles/A1/trail"
    assert len(site.live.get("dispatcher", trail).json()) <= 1
    page.context.set_offline(False)
    until(page, lambda: len(site.live.get("dispatcher", trail).json()) >= 3)
    found = site.live.get("dispatcher", trail).json()
    times = [datetime.fromisoformat(one["fix_time"]) for one in found]
    assert times == sorted(times)
    assert (times[-1] - times[0]).total_seconds() > 2, "each has the time at which it was taken"
    until(page, lambda: stored(page)["fixes"] == [])


_LOOK = """async () => {
  const found = [JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}), document.cookie, location.href];
  for (const name of await caches.keys()) {
    const kept = await caches.open(name);
    for (const one of await kept.keys()) found.push(one.url + ' ' + await (await kept.match(one)).text());
  }
  return found.join('\\n');
}"""


def _kept(page: Page) -> str:
    """Whatever a script could read of what the browser keeps, but the database."""
    kept: str = page.evaluate(_LOOK)
    return kept


def test_nothing_personal_stays_where_it_should_not(site: Site, visit: Visit) -> None:
    evil = "<script>alert(1)</script>"
    asked: list[str] = []
    case, _ = sent(site)
    page = visit("/driver", "driver", **PHONE)
    page.on("request", lambda one: asked.append(one.url))
    page.on("dialog", lambda _: pytest.fail("a name was run as a script"))
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    site.live.done("dispatcher", f"cases/{case}", {"person": {"name": evil}}, method="PATCH")
    expect(page.get_by_text(evil)).to_be_visible()
    press(page, "acknowledged", "acknowledged")
    all_sent(page)
    kept_page(page)
    kept = _kept(page)
    assert "/assets/driver-" in kept
    addresses = [line.split(" ")[0] for line in kept.splitlines() if line.startswith(site.base)]
    assert len(addresses) > 3
    assert not [one for one in addresses if "/v1/" in one]
    for secret in (*SECRETS, "alert(1)", PASSWORD, page.context.cookies()[0]["value"]):
        assert secret not in kept, secret
        assert not [one for one in asked if secret in one], secret
    assert evil in str(stored(page)["job"]), "the present job is kept in the database while the run lasts"
    page.get_by_role("button", name="Keluar").tap()
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    page.wait_for_function("async () => (await indexedDB.databases()).length === 0")
    page.wait_for_timeout(500)
    assert stored(page) == {}


def test_who_signs_out_takes_everything_along_whoever_says_so_first(site: Site, visit: Visit) -> None:
    sent(site)
    page = visit("/driver", "driver", expect_errors=True, **PHONE)
    page.route("**/progress", lambda route: route.abort())
    press(page, "acknowledged", "acknowledged")
    expect(page.locator("[data-waiting='1']")).to_be_visible()
    held: list[tuple[Route, APIResponse]] = []

    def late(route: Route) -> None:
        """The session is over; the answer that says so is still on its way."""
        if route.request.method == "DELETE":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/v1/session", late)
    page.get_by_role("button", name="Keluar", exact=True).tap()
    twice(page, page.get_by_role("alert").get_by_role("button", name="Keluar"))
    until(page, lambda: held)
    page.get_by_role("button", name="Switch to English").tap()  # reads everything anew
    expect(page.get_by_label("Password")).to_be_visible()
    page.wait_for_function("async () => (await indexedDB.databases()).length === 0")
    ((route, answer),) = held
    route.fulfill(response=answer)
    page.wait_for_timeout(500)
    assert stored(page) == {}


@pytest.mark.slow
def test_the_job_is_forgotten_when_its_run_ends(site: Site, visit: Visit) -> None:
    _, run = sent(site)
    page = visit("/driver", "driver", **PHONE)
    expect(page.get_by_text("Jl. Mawar 7")).to_be_visible()
    until(page, lambda: len(stored(page)["job"]) == 1)
    site.live.done("dispatcher", f"runs/{run}/stand-down", {"why": "batal"})
    expect(page.locator("[data-status='standby']")).to_be_visible()
    until(page, lambda: stored(page)["job"] == [])
    kept = stored(page)
    assert not [secret for secret in SECRETS if secret in str(kept)]
