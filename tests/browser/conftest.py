"""The pages in a real Chromium, through the real service; nothing is mocked.

A test takes `site` (the running service with accounts for every role) and `visit`, which opens a page for a role:

    def test_something(site: Site, visit: Visit) -> None:
        page = visit("/faskes", "facility")
        page.get_by_role("button", name="…").click()

Whatever a page writes to its console as an error, and whatever it asks of another address, fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from api.access.grants import Grant
from dispatch.regions import BuiltRegion
from tests.api.http.live import Live, live_at
from tests.services import START, Office, town
from tests.stores import store_url

__all__ = ["store_url", "town"]

PASSWORD = "kunci rumah sakit 7"
WITHIN_MS = 30_000
SCREENSHOTS = os.environ.get("SIAGA_TEST_SCREENSHOTS", "")
"""A folder in which tests keep pictures for a person to look at; none are kept without it."""

_CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""The same engine; the first has no windows, and with them no half a second of processor for each new context."""
_FLAGS = (
    # WebGL needs a graphics card, or what imitates one; putting pages together without it takes a third of the processor.
    "--disable-gpu-compositing",
    "--disable-gpu-rasterization",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

_CHEAP: dict[str, Any] = {"reduced_motion": "reduce"} | ({} if SCREENSHOTS else {"device_scale_factor": 0.5})
"""Without a graphics card each picture on the way to another one, and each of its points, costs the processor's time. A page's
layout is the same."""


_AHEAD = [timedelta()]
"""How far any office's clock has been moved: no later one is behind it, since they share the tries to sign in, and a try
before the last one is turned away."""


@dataclass
class RunningOffice(Office):
    """An office whose clock goes on by itself; `wait` moves it further."""

    ahead: timedelta = field(default_factory=lambda: _AHEAD[0])

    def __getattribute__(self, name: str) -> Any:
        if name == "now":
            return datetime.now(UTC) + object.__getattribute__(self, "ahead")
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "now":
            if value != START:  # the field's default, as the object is made
                object.__setattr__(self, "ahead", value - datetime.now(UTC))
                _AHEAD[0] = max(_AHEAD[0], object.__getattribute__(self, "ahead"))
            return
        object.__setattr__(self, name, value)


@dataclass
class Site:
    """The running service and who may sign in to it.

    Attributes:
        live: the service, see there: `live.call()`, `live.send(…)`, `live.get(role, …)`, `live.done(role, …)`.
        accounts: names of people by role; all have `PASSWORD`.
    """

    live: Live
    accounts: dict[str, str]

    @property
    def base(self) -> str:
        """Its address."""
        return self.live.base

    def seen_at_bases(self) -> None:
        """Every vehicle of the fleet of four has just been seen where it stands."""
        now = self.live.office.now.isoformat()
        fixes = [
            {"vehicle": f"A{number}", "longitude": place[0], "latitude": place[1], "fix_time": now}
            for number in range(1, 5)
            if (place := self.live.office.spot(100 + number))
        ]
        answer = self.live.client("dispatcher").post(f"{self.live.at}/fixes", json={"fixes": fixes})
        assert answer.status_code == 200, answer.text


class Shoot(Protocol):
    """Keeps a picture of a page under a name, if somebody wants to look at it."""

    def __call__(self, page: Page, name: str) -> None: ...


class Visit(Protocol):
    """Opens a page; `role` signs in first (None: nobody)."""

    def __call__(
        self,
        path: str,
        role: str | None = None,
        *,
        width: int = 1280,
        height: int = 800,
        language: str = "id",
        theme: str = "light",
        expect_errors: bool = False,
        **context: Any,
    ) -> Page: ...


def _chromium() -> str | None:
    return next((found for name in _CHROMIUM if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def playwright(store_url: str) -> Iterator[Playwright]:
    """Playwright, without a browser of its own. Its event loop fills the thread: it ends with the module, and what needs a
    loop in this thread is made before it."""
    assert store_url
    with sync_playwright() as running:
        expect.set_options(timeout=WITHIN_MS)
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's Chromium; the test is skipped where there is none."""
    found = _chromium()
    if found is None:
        if os.environ.get("SIAGA_TEST_NEEDS_BROWSER"):
            pytest.fail("there is no Chromium on this machine, and SIAGA_TEST_NEEDS_BROWSER is set")
        pytest.skip("there is no Chromium on this machine (on Debian: apt install chromium)")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # root can't have one
    opened = playwright.chromium.launch(executable_path=found, args=[*_FLAGS, *sandbox])
    yield opened
    opened.close()


@pytest.fixture
def site(request: pytest.FixtureRequest, store_url: str, town: BuiltRegion) -> Iterator[Site]:
    """The service with its worker, in a region of its own, with a clock that goes on.

    `@pytest.mark.parametrize("site", [False], indirect=True)`: without the worker, so that no clock is fired.
    """
    with live_at(store_url, town, RunningOffice, working=getattr(request, "param", True)) as live:
        grants = {
            "dispatcher": Grant(("dispatcher",), (live.region,)),
            "driver": Grant(("driver",), (live.region,), vehicle="A1"),
            "facility": Grant(("facility",), (live.region,), facility=live.facility),
            "sitegar": Grant(("sitegar",), (live.region,)),
            "admin": Grant(("admin",), (live.region,)),
        }
        accounts = {role: f"{role}.{live.region}" for role in grants}  # tests share a store, and with it the accounts
        for role, grant in grants.items():
            live.do(live.access.people.add(accounts[role], PASSWORD, grant, "test"))
        yield Site(live, accounts)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens pages, each in a browser of its own; at the end none of them may have complained."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def visited(
        path: str,
        role: str | None = None,
        *,
        width: int = 1280,
        height: int = 800,
        language: str = "id",
        theme: str = "light",
        expect_errors: bool = False,
        **context: Any,
    ) -> Page:
        context = {**_CHEAP, **context}
        inside = browser.new_context(base_url=site.base, viewport={"width": width, "height": height}, **context)
        inside.set_default_timeout(WITHIN_MS)
        inside.add_init_script(
            f"if (!localStorage.getItem('siaga.lang')) {{ localStorage.setItem('siaga.lang', '{language}');"
            f" localStorage.setItem('siaga.theme', '{theme}'); }}"
        )
        opened.append(inside)
        page = inside.new_page()
        if not expect_errors:
            page.on("console", lambda said: _complained(path, said, complaints))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("request", lambda asked: _same_site(asked.url, site.base, complaints))
        if role is not None:
            answer = inside.request.post("/v1/session", data={"name": site.accounts[role], "password": PASSWORD})
            assert answer.ok, answer.text()
        page.goto(path)
        return page

    yield visited
    for inside in opened:
        inside.close()
    assert not complaints, complaints


_MEANWHILE = re.compile(
    r"409 .* http\S+/runs/[^/]+/route$|404 .* http\S+/recommendation/[^/]+/legs$|401 .* http\S+/v1/regions/\S+$"
)
"""A run arrives, a vehicle is no choice any more, or somebody signs out, between the reading that said so and the answer to
what was asked then: every browser logs it. Whoever is signed out by mistake is asked to sign in, which no test gets past."""


def _complained(path: str, said: ConsoleMessage, complaints: list[str]) -> None:
    told = f"{said.text} {said.location.get('url', '')}"
    if said.type == "error" and not _MEANWHILE.search(told):
        complaints.append(f"{path}: {told}")


def _same_site(url: str, base: str, complaints: list[str]) -> None:
    if not url.startswith((base, "data:", "blob:")):
        complaints.append(f"asked of another address: {url}")


@pytest.fixture
def shoot() -> Shoot:
    """Keeps a picture of a page, if somebody wants to look at it."""

    def shot(page: Page, name: str) -> None:
        if SCREENSHOTS:
            folder = Path(SCREENSHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png")

    return shot
