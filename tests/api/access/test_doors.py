"""Every endpoint asked in every way of being somebody, or nobody: who gets in, and how the others are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from api.access.gate import CSRF_HEADER
from api.access.grants import Grant
from api.access.rules import access_rules
from tests.api.access.site import PASSWORD, Site

NEW = "lima ekor bebek"
PERSON = {"name": "wati", "password": NEW, "roles": ["planner"], "regions": ["cibinong"]}
TOKEN = {"label": "laporan", "role": "planner", "regions": ["cibinong"]}
GRANT = {"grant": {"roles": ["planner"], "regions": ["cibinong"]}}
OTHER_SITE = "https://evil.example"


@dataclass(frozen=True)
class Door:
    """An endpoint, and who may pass.

    Attributes:
        method, path, body: what is sent.
        admin: only administrators may; else any dispatcher of the region.
        session: only for people who signed in.
    """

    method: str
    path: str
    body: dict[str, Any] | None = None
    admin: bool = False
    session: bool = False

    def ask(self, client: httpx2.Client, target: str) -> httpx2.Response:
        """Sends it; `target` is the id of a token of the region."""
        return client.request(self.method, self.path.format(token=target), json=self.body)

    @property
    def unsafe(self) -> bool:
        return self.method != "GET"


DOORS = [
    Door("GET", "/v1/session"),
    Door("PUT", "/v1/session/password", {"old": PASSWORD, "new": NEW}, session=True),
    Door("DELETE", "/v1/session", session=True),
    Door("GET", "/v1/roles", admin=True),
    Door("GET", "/v1/people", admin=True),
    Door("POST", "/v1/people", PERSON, admin=True),
    Door("PATCH", "/v1/people/target", {"disabled": True}, admin=True),
    Door("PATCH", "/v1/people/target", GRANT, admin=True),
    Door("PUT", "/v1/people/target/password", {"password": NEW}, admin=True),
    Door("GET", "/v1/tokens", admin=True),
    Door("POST", "/v1/tokens", TOKEN, admin=True),
    Door("DELETE", "/v1/tokens/{token}", admin=True),
    Door("GET", "/v1/regions/cibinong/cases"),
    Door("POST", "/v1/regions/cibinong/cases"),
]
TO_REGION = [
    *(door for door in DOORS if "regions" in door.path),
    *(door for door in DOORS if door.admin and door.unsafe),
]


def named(door: Door) -> str:
    return f"{door.method} {door.path}{' grant' if door.body is GRANT else ''}"


every_door = pytest.mark.parametrize("door", DOORS, ids=named)
unsafe_doors = pytest.mark.parametrize("door", [door for door in DOORS if door.unsafe], ids=named)

Way = Callable[[Site], httpx2.Client]


def nobody(site: Site) -> httpx2.Client:
    return site.browser()


def garbage(site: Site) -> httpx2.Client:
    return site.program("siaga_" + "a" * 43)


def basic(site: Site) -> httpx2.Client:
    return site.browser(Authorization="Basic c2FyaTpzYXJp")


def empty_bearer(site: Site) -> httpx2.Client:
    return site.browser(Authorization="Bearer")


def expired_token(site: Site) -> httpx2.Client:
    client = site.program(site.token("admin", None, days=1)[0])
    site.clock.advance(days=1)
    return client


def revoked_token(site: Site) -> httpx2.Client:
    secret, identity = site.token("admin", None)
    site.do(site.access.tokens.revoke(identity, "test"))
    return site.program(secret)


def device(site: Site) -> httpx2.Client:
    grant = Grant(("tracker",), ("cibinong",), vehicle="V01")
    return site.program(site.do(site.access.tokens.create("GPS", grant, "test", kind="device"))[0])


def no_session(site: Site) -> httpx2.Client:
    client = site.browser()
    client.cookies.set("siaga_session", "x" * 43)
    return client


def idle_session(site: Site) -> httpx2.Client:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    site.clock.advance(seconds=access_rules().session.idle_seconds)
    return client


def disabled_person(site: Site) -> httpx2.Client:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    site.do(site.access.people.change("sari", "test", disabled=True))
    return client


def signed_out(site: Site) -> httpx2.Client:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    kept = client.cookies["siaga_session"]
    assert client.delete("/v1/session").status_code == 204
    assert "siaga_session" not in client.cookies
    client.cookies.set("siaga_session", kept)
    return client


def other_password(site: Site) -> httpx2.Client:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    site.do(site.access.people.set_password("sari", NEW, "test"))
    return client


def token_gone_wrong_beside_a_session(site: Site) -> httpx2.Client:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    client.headers["Authorization"] = "Bearer siaga_wrong"
    return client


OUT: list[Way] = [
    nobody, garbage, basic, empty_bearer, expired_token, revoked_token, device, no_session, idle_session, disabled_person,
    signed_out, other_password, token_gone_wrong_beside_a_session,
]  # fmt: skip


@pytest.fixture
def target(site: Site) -> str:
    """Somebody and something to change: an account of the region, and a token, whose id it is."""
    site.person("target", "dispatcher")
    return site.token("planner")[1]


@every_door
@pytest.mark.parametrize("way", OUT, ids=lambda way: way.__name__)
def test_whoever_is_not_known_is_told_to_sign_in(site: Site, target: str, door: Door, way: Way) -> None:
    answer = door.ask(way(site), target)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    untouched(site, target)


def untouched(site: Site, target: str) -> None:
    """Nothing that any door could have done was done."""
    person = site.do(site.access.people.get("target"))
    assert (person.disabled, person.grant.roles, person.epoch) == (False, ("dispatcher",), 1)
    assert site.do(site.access.people.find("wati")).value is None
    assert target in {token.id for token in site.do(site.access.tokens.all())}
    assert not any(token.label == "laporan" for token in site.do(site.access.tokens.all()))


def without_csrf(client: httpx2.Client) -> None:
    del client.headers[CSRF_HEADER]


def wrong_csrf(client: httpx2.Client) -> None:
    client.headers[CSRF_HEADER] = "0" * 64


def other_page(client: httpx2.Client) -> None:
    client.headers["Origin"] = OTHER_SITE


def sandboxed_page(client: httpx2.Client) -> None:
    client.headers["Origin"] = "null"


def other_port(client: httpx2.Client) -> None:
    client.headers["Origin"] = "http://127.0.0.1:1"


def other_page_without_origin(client: httpx2.Client) -> None:
    client.headers["Sec-Fetch-Site"] = "cross-site"


FORGED = [without_csrf, wrong_csrf, other_page, sandboxed_page, other_port, other_page_without_origin]


@unsafe_doors
@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: forged.__name__)
def test_a_forged_request_changes_nothing(site: Site, target: str, door: Door, forged: Callable[[httpx2.Client], None]) -> None:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    forged(client)
    answer = door.ask(client, target)
    assert answer.status_code == 403
    assert answer.json()["code"] == ("csrf" if "csrf" in forged.__name__ else "origin")
    untouched(site, target)
    assert client.get("/v1/session").status_code == 200


@unsafe_doors
def test_another_sessions_csrf_token_is_wrong(site: Site, target: str, door: Door) -> None:
    client = site.signed_in(site.person("sari", "admin", regions=None))
    client.headers[CSRF_HEADER] = site.signed_in("sari").headers[CSRF_HEADER]
    assert door.ask(client, target).json()["code"] == "csrf"
    untouched(site, target)


@every_door
@pytest.mark.parametrize("role", ["dispatcher", "planner", "driver", "facility", "sitegar"])
def test_people_without_the_permission_are_refused(site: Site, target: str, door: Door, role: str) -> None:
    answer = door.ask(site.signed_in(site.person("sari", role)), target)
    if door.admin or ("regions" in door.path and role != "dispatcher"):
        assert (answer.status_code, answer.json()["code"]) == (403, "no_permission")
        untouched(site, target)
    else:
        assert answer.status_code < 300


@every_door
@pytest.mark.parametrize("role", ["planner", "tracker", "metrics"])
def test_tokens_without_the_permission_are_refused(site: Site, target: str, door: Door, role: str) -> None:
    answer = door.ask(site.program(site.token(role)[0]), target)
    if door.path == "/v1/session" and not door.unsafe:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        untouched(site, target)


@pytest.mark.parametrize("door", TO_REGION, ids=named)
@pytest.mark.parametrize("kind", ["person", "token"])
def test_whoever_has_no_business_in_the_region_is_refused(site: Site, target: str, door: Door, kind: str) -> None:
    if kind == "person":
        client = site.signed_in(site.person("sari", "admin", regions=("bojong",)))
    else:
        client = site.program(site.token("admin", ("bojong",))[0])
    answer = door.ask(client, target)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_region")
    untouched(site, target)


@every_door
@pytest.mark.parametrize("regions", [None, ("cibinong",), ("bojong", "cibinong")])
@pytest.mark.parametrize("kind", ["person", "token"])
def test_whoever_may_gets_in(site: Site, target: str, door: Door, kind: str, regions: tuple[str, ...] | None) -> None:
    """A program sends no CSRF token, and from no page; a person's page sends both."""
    if kind == "person":
        client = site.signed_in(site.person("sari", "admin", regions=regions))
        client.headers["Origin"] = site.base
        client.headers["Sec-Fetch-Site"] = "same-origin"
    else:
        client = site.program(site.token("admin", regions)[0])
    answer = door.ask(client, target)
    if door.session and kind == "token":
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_person")
    else:
        assert answer.status_code < 300, answer.text


def test_every_endpoint_is_among_the_doors(site: Site) -> None:
    paths = site.browser().get("/openapi.json").json()["paths"]
    found = {
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/v1/") and "{region}" not in path
    }
    asked = {(door.method, door.path.replace("target", "{name}")) for door in DOORS if "regions" not in door.path}
    assert found == asked | {("POST", "/v1/session")}
