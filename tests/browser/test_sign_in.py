"""Signing in, and who may see which page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Site, Visit


def test_wrong_and_right_password(site: Site, visit: Visit) -> None:
    page = visit("/", expect_errors=True)
    page.get_by_label("Nama pengguna").fill(site.accounts["dispatcher"])
    page.get_by_label("Kata sandi").fill("bukan ini")
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("button", name="Keluar")).to_be_visible()
    kept = page.evaluate("() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    assert PASSWORD not in kept
    assert "csrf" not in kept.lower()
