"""A crew and its job, for tests of the driver's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import WITHIN_MS, Site

Json = dict[str, Any]
PHONE: Json = {"width": 360, "height": 740, "has_touch": True}
TO_THE_DOOR = ("acknowledged", "departed", "at_scene", "with_patient", "left_scene", "at_facility")
_AGAIN_MS = 100
_READ_MS = 600  # a button that asks first takes no second press before


def sent(site: Site, **more: Any) -> tuple[str, str]:
    """A case, and the run of the driver's vehicle that fetches it."""
    site.seen_at_bases()
    longitude, latitude = site.live.office.spot(1)
    place = {"longitude": longitude, "latitude": latitude, "address": "Jl. Mawar 7", "landmark": "depan masjid"}
    caller = {"name": "Ibu Rina", "phone": "0812-0000-0001"}
    case = site.live.call(place=place, caller=caller, person={"name": "Pak Budi", "complaint": "sesak napas"}, **more)
    return case, site.live.send(case, "A1")


def run_of(site: Site, run: str) -> Json:
    """The run as the service has it."""
    found: Json = site.live.get("dispatcher", f"runs/{run}").json()
    return found


def case_of(site: Site, case: str) -> Json:
    """The case as the service has it."""
    found: Json = site.live.get("dispatcher", f"cases/{case}").json()
    return found


def driven(site: Site, run: str) -> None:
    """A run with its patient on board, without any time going by."""
    for point in TO_THE_DOOR[:-1]:
        site.live.done("dispatcher", f"runs/{run}/progress", {"point": point})


def vehicle_of(site: Site) -> Json:
    """The driver's vehicle as the service has it."""
    found: Json = site.live.get("dispatcher", "vehicles/A1").json()
    return found


def step(page: Page, name: str) -> Locator:
    """The one big button, if it is for that step."""
    return page.locator(f".next[data-step='{name}']")


def press(page: Page, name: str, then: str) -> None:
    """Presses the one big button, which must be for that step, with a finger."""
    step(page, name).tap()
    expect(page.locator(f"[data-run-state='{then}']")).to_be_visible()


def twice(page: Page, button: Locator) -> None:
    """Presses what asks before it is done."""
    button.tap()
    expect(button).to_contain_text("sekali lagi")
    page.wait_for_timeout(_READ_MS)
    button.tap()


def all_sent(page: Page) -> None:
    """Waits until nothing waits to go through."""
    expect(page.locator("[data-waiting]")).to_have_count(0)


def until(page: Page, holds: Callable[[], object]) -> None:
    """Waits until something holds of what the service has."""
    for _ in range(WITHIN_MS // _AGAIN_MS):
        if holds():
            return
        page.wait_for_timeout(_AGAIN_MS)
    assert holds()


def kept_page(page: Page) -> None:
    """Waits until the browser has kept what the page is made of."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_function(_KEPT)


_KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) for (const one of await (await caches.open(name)).keys()) found.push(one.url);
  const used = performance.getEntriesByType('resource').map((one) => one.name).filter((one) => one.includes('/assets/'));
  const words = used.filter((one) => /assets.(id|en)-/.test(one));
  return words.length === 2 && used.every((one) => found.includes(one));
}"""

_STORED = """async () => {
  if (!(await indexedDB.databases()).some((one) => one.name === 'siaga-driver')) return {};
  const done = (asked) => new Promise((give, no) => { asked.onsuccess = () => give(asked.result); asked.onerror = no; });
  const tables = await done(indexedDB.open('siaga-driver'));
  const found = {};
  for (const name of tables.objectStoreNames) found[name] = await done(tables.transaction(name).objectStore(name).getAll());
  tables.close();
  return found;
}"""


def stored(page: Page) -> Json:
    """What the page keeps in its database, by table; nothing where there is none."""
    found: Json = page.evaluate(_STORED)
    return found


def serious(page: Page) -> list[Any]:
    """What axe finds that is serious or worse."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")]
