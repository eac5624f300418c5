"""The pages as they are served: what a browser may keep, what it may run, and nothing beside them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from api.http import pages
from api.http.pages import PAGES, STATIC
from tests.api.http.live import NOBODY, Live


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_asked_for_anew_and_runs_only_our_scripts(live: Live, path: str) -> None:
    answer = live.client(NOBODY).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_is_made_of_is_there_and_kept_for_ever(live: Live, path: str) -> None:
    names = re.findall(r'(?:src|href)="(/[^"]+)"', live.client(NOBODY).get(path).text)
    assert any(name.startswith("/assets/") for name in names)
    for name in names:
        answer = live.client(NOBODY).get(name)
        assert answer.status_code == 200, name
        if name.startswith("/assets/"):
            assert "immutable" in answer.headers["cache-control"], name


def test_nothing_of_a_page_comes_from_elsewhere() -> None:
    for file in STATIC.rglob("*.html"):
        assert re.findall(r'(?:src|href)="(?!/)[^"]*"', file.read_text(encoding="utf-8")) == [], file
    for file in (*STATIC.rglob("*.css"),):
        assert re.findall(r"url\(\s*['\"]?https?:", file.read_text(encoding="utf-8")) == [], file


def test_it_is_compressed_for_who_understands_that_and_not_sent_twice(live: Live) -> None:
    plain = live.client(NOBODY).get("/", headers={"Accept-Encoding": "identity"})
    packed = live.client(NOBODY).get("/", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    tag = plain.headers["etag"]
    assert tag.startswith('W/"')  # the same compressed and plain
    for said in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = live.client(NOBODY).get("/", headers={"If-None-Match": said})
        assert (again.status_code, again.content) == (304, b"")
    assert live.client(NOBODY).get("/", headers={"If-None-Match": '"other", ""'}).status_code == 200
    assert live.client(NOBODY).head("/").status_code == 200


def test_files_are_read_and_compressed_beside_the_event_loop(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def beside(path: Path, read_it: Callable[[Path], object] = pages._read) -> object:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        read.append(path.name)
        return read_it(path)

    monkeypatch.setattr(pages, "_FILES", {})
    monkeypatch.setattr(pages, "_read", beside)
    for _ in range(2):
        assert live.client(NOBODY).get("/driver").status_code == 200
    assert read == ["driver.html"]


@pytest.mark.parametrize("name", ["../pages.py", "..%2fpages.py", "%2e%2e/pages.py", "none.js", ".", "%00"])
def test_nothing_beside_them_is_served(live: Live, name: str) -> None:
    answer = httpx2.get(f"{live.base}/assets/{name}", timeout=10)
    assert answer.status_code == 404


def test_the_built_pages_are_small() -> None:
    total = sum(file.stat().st_size for file in STATIC.rglob("*") if isinstance(file, Path) and file.is_file())
    assert total < 5_000_000
