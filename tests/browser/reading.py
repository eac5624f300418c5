"""What holds on every page: nothing that keeps somebody from reading or using it, in both themes, and nothing wider than the
screen."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_BAD = frozenset({"serious", "critical"})


def assert_readable(page: Page) -> None:
    """axe finds no serious or critical problem by day and by night; the page is left as it was."""
    was = page.evaluate("() => document.documentElement.dataset.theme")
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found = Axe().run(page).response["violations"]
        bad = [
            f"{theme}: {one['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
            for one in found
            if one["impact"] in _BAD
            for node in one["nodes"]
        ]
        assert not bad, "\n".join(bad)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", was)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px too wide"
