"""Signing in over HTTP as a browser does it: cookies, CSRF tokens, waits, and what the answers give away."""

from __future__ import annotations

import logging
from http.cookies import Morsel, SimpleCookie

import httpx2
import pytest

from api.access.gate import CSRF_HEADER
from api.access.rules import access_rules
from tests.api.access.site import PASSWORD, Site, written

NEW = "lima ekor bebek"
RIGHT = {"name": "sari", "password": PASSWORD}
WRONG = {"name": "sari", "password": "bukan ini kata sandi"}


def cookies_of(answer: httpx2.Response) -> dict[str, Morsel[str]]:
    found: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        found.load(header)
    return dict(found)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_scripts_and_other_sites_do_not_get_the_cookies(site: Site, scheme: str) -> None:
    site.person("sari")
    answer = site.browser(**{"X-Forwarded-Proto": scheme}).post("/v1/session", json=RIGHT)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    cookies = cookies_of(answer)
    assert set(cookies) == {"siaga_session", "siaga_browser"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert bool(cookie["secure"]) is (scheme == "https")
        assert not cookie["domain"]
        assert len(cookie.value) == 43
        assert cookie.value not in answer.text
    assert cookies["siaga_session"]["samesite"] == "lax"
    assert cookies["siaga_session"]["path"] == "/"
    assert cookies["siaga_session"]["max-age"] == str(access_rules().session.longest_seconds)
    assert cookies["siaga_browser"]["samesite"] == "strict"
    assert cookies["siaga_browser"]["path"] == "/v1/session"


def test_who_i_am_and_what_i_may(site: Site) -> None:
    client = site.signed_in(site.person("sari", "dispatcher", "sitegar"))
    told = client.get("/v1/session")
    assert told.headers["Cache-Control"] == "no-store"
    body = told.json()
    assert (body["id"], body["kind"], body["regions"]) == ("sari", "person", ["cibinong"])
    assert body["roles"][0] == {"name": "dispatcher", "label": {"id": "Operator panggilan", "en": "Dispatcher"}}
    assert "cases.write" in body["permissions"]
    assert "people.admin" not in body["permissions"]
    assert body["csrf"] == client.headers[CSRF_HEADER]
    assert client.cookies["siaga_session"] not in told.text
    secret, identity = site.token("tracker")
    body = site.program(secret).get("/v1/session").json()
    assert (body["id"], body["kind"], body["vehicle"], body["permissions"]) == (identity, "token", "V01", ["fixes.write"])
    assert body["csrf"] is None


def test_signing_out_takes_the_session_but_not_the_browser(site: Site) -> None:
    client = site.signed_in(site.person("sari"))
    browser = client.cookies["siaga_browser"]
    assert client.delete("/v1/session").status_code == 204
    assert "siaga_session" not in client.cookies
    assert client.cookies["siaga_browser"] == browser
    assert client.get("/v1/session").json()["code"] == "nobody"


def test_signing_in_again_ends_the_session_that_the_browser_had(site: Site) -> None:
    client = site.signed_in(site.person("sari"))
    first = client.cookies["siaga_session"]
    assert client.post("/v1/session", json=RIGHT).status_code == 200
    assert client.cookies["siaga_session"] != first
    other = site.browser()
    other.cookies.set("siaga_session", first)
    assert other.get("/v1/session").status_code == 401


def test_a_changed_password_gives_this_browser_another_session_and_ends_the_others(site: Site) -> None:
    here, there = site.signed_in(site.person("sari")), site.signed_in("sari")
    stolen = site.browser()
    stolen.cookies.set("siaga_session", here.cookies["siaga_session"])
    wrong = here.put("/v1/session/password", json={"old": "bukan ini ya", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_old_password")
    answer = here.put("/v1/session/password", json={"old": PASSWORD, "new": NEW})
    assert answer.status_code == 200
    assert answer.json()["csrf"] != here.headers[CSRF_HEADER]
    assert here.get("/v1/session").json()["csrf"] == answer.json()["csrf"]
    assert here.delete("/v1/session").json()["code"] == "csrf"
    for other in (there, stolen):
        assert other.get("/v1/session").json()["code"] == "session_over"
    assert site.browser().post("/v1/session", json=RIGHT).status_code == 401
    site.signed_in("sari", NEW)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_another_site_can_not_sign_somebody_in(site: Site, headers: dict[str, str]) -> None:
    site.person("sari")
    answer = site.browser(**headers).post("/v1/session", json=RIGHT)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_form_can_not_sign_somebody_in(site: Site, kind: str | None) -> None:
    site.person("sari")
    body = f'{{"name": "sari", "password": "{PASSWORD}"}}'
    headers = {} if kind is None else {"Content-Type": kind}
    answer = site.browser().post("/v1/session", content=body, headers=headers)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_pages_may_come_from_an_address_that_is_allowed(site: Site) -> None:
    client = site.signed_in(site.person("sari"))
    client.headers["Origin"] = "https://siaga.example"
    assert client.post("/v1/regions/cibinong/cases").json()["code"] == "origin"
    site.access.origins = frozenset({"https://siaga.example"})
    try:
        assert client.post("/v1/regions/cibinong/cases").status_code == 200
    finally:
        site.access.origins = frozenset()


def test_the_wrong_password_the_wrong_name_and_the_disabled_are_told_the_same(site: Site) -> None:
    site.person("sari")
    site.person("budi")
    site.do(site.access.people.change("budi", "test", disabled=True))
    client = site.browser()
    answers = [
        client.post("/v1/session", json=body)
        for body in (WRONG, {**RIGHT, "name": "nobody"}, {**RIGHT, "name": "budi"}, {**RIGHT, "name": "x" * 200})
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert {tuple(sorted(set(answer.headers) - {"date"})) for answer in answers} == {
        tuple(sorted(set(answers[0].headers) - {"date"}))
    }


def test_whoever_tries_too_often_is_told_how_long_to_wait(site: Site) -> None:
    site.person("sari")
    client = site.browser(**{"X-Forwarded-For": "198.51.100.9"})
    for _ in range(access_rules().attempts.name.free):
        assert client.post("/v1/session", json=WRONG).status_code == 401
    for body in (WRONG, RIGHT):
        answer = client.post("/v1/session", json=body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    secret, _ = site.token("admin", None)
    admin = site.program(secret)
    assert admin.get("/v1/people").status_code == 200
    assert admin.put("/v1/people/sari/password", json={"password": NEW}).status_code == 204
    assert client.post("/v1/session", json={"name": "sari", "password": NEW}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "sari"},
        {**RIGHT, "remember": True},
        {"name": "sari", "password": ["x"]},
        {"name": "sari", "password": "x" * 1025},
        [],
        "sari",
    ],
    ids=repr,
)
def test_what_is_not_a_sign_in_is_refused(site: Site, body: object) -> None:
    assert site.browser().post("/v1/session", json=body).status_code == 422


def test_an_administrator_manages_people_and_tokens(site: Site) -> None:
    admin = site.program(site.token("admin", None)[0])
    driver = {"name": "Andi", "password": PASSWORD, "roles": ["driver"], "regions": ["cibinong"], "vehicle": "V01"}
    made = admin.post("/v1/people", json=driver)
    assert made.status_code == 201
    assert made.json()["name"] == "andi"
    assert admin.post("/v1/people", json=driver).status_code == 409
    assert admin.post("/v1/people", json={**driver, "name": "tono", "password": "tono"}).status_code == 422
    assert admin.post("/v1/people", json={**driver, "name": "tono", "vehicle": None}).status_code == 422
    assert admin.post("/v1/people", json={**driver, "name": "tono", "admin": True}).status_code == 422
    without = {key: value for key, value in driver.items() if key != "regions"}
    assert admin.post("/v1/people", json={**without, "name": "tono"}).status_code == 422
    assert [one["name"] for one in admin.get("/v1/people").json()] == ["andi"]
    assert "argon2" not in admin.get("/v1/people").text
    grant = {"roles": ["dispatcher"], "regions": ["cibinong"]}
    assert admin.patch("/v1/people/andi", json={"grant": grant}).json()["roles"] == ["dispatcher"]
    assert admin.patch("/v1/people/nobody", json={"disabled": True}).status_code == 404
    tracker = {"label": "GPS V01", "role": "tracker", "regions": ["cibinong"], "vehicle": "V01", "kind": "device"}
    told = admin.post("/v1/tokens", json=tracker)
    assert told.status_code == 201
    assert told.headers["Cache-Control"] == "no-store"
    identity, secret = told.json()["token"]["id"], told.json()["secret"]
    listed = admin.get("/v1/tokens")
    assert identity in {one["id"] for one in listed.json()}
    assert secret not in listed.text
    assert site.do(site.access.by_device(secret)).vehicle == "V01"
    assert admin.delete(f"/v1/tokens/{identity}").status_code == 204
    assert admin.delete(f"/v1/tokens/{identity}").status_code == 404


def test_an_administrator_of_one_region_sees_and_gives_nothing_beyond_it(site: Site) -> None:
    site.person("sari", regions=("bojong",))
    site.person("wati", regions=("bojong", "cibinong"))
    site.person("budi")
    site.person("tuti", "admin", regions=None)
    everywhere = site.token("admin", None)[1]
    admin = site.signed_in(site.person("andi", "admin"))
    assert [one["name"] for one in admin.get("/v1/people").json()] == ["andi", "budi"]
    assert everywhere not in {one["id"] for one in admin.get("/v1/tokens").json()}
    assert admin.delete(f"/v1/tokens/{everywhere}").status_code == 403
    for name in ("sari", "wati", "tuti"):
        assert admin.patch(f"/v1/people/{name}", json={"disabled": True}).status_code == 403
        assert admin.put(f"/v1/people/{name}/password", json={"password": NEW}).status_code == 403
    for regions in (None, ["bojong"], ["bojong", "cibinong"]):
        grant = {"roles": ["admin"], "regions": regions}
        assert admin.patch("/v1/people/andi", json={"grant": grant}).status_code == 403
        assert admin.post("/v1/tokens", json={"label": "x", "role": "admin", "regions": regions}).status_code == 403
        assert admin.post("/v1/people", json={"name": "eko", "password": PASSWORD, **grant}).status_code == 403
    assert site.do(site.access.people.get("andi")).grant.regions == ("cibinong",)


def test_a_tracker_posts_the_fixes_of_its_vehicle(site: Site) -> None:
    client = site.program(site.token("tracker")[0])
    assert client.post("/v1/regions/cibinong/fixes").json() == {"region": "cibinong", "vehicle": "V01"}
    assert client.post("/v1/regions/bojong/fixes").status_code == 403
    assert client.get("/v1/regions/cibinong/cases").status_code == 403


def test_nothing_secret_is_logged_or_stored(site: Site, store_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = site.signed_in(site.person("sari", "admin"))
    first = client.cookies["siaga_session"]
    answers = [
        site.browser().post("/v1/session", json=WRONG),
        site.browser().post("/v1/session", json={**WRONG, "surplus": 1}),
        client.put("/v1/session/password", json={"old": WRONG["password"], "new": NEW}),
        client.post(
            "/v1/people", json={"name": "sari", "password": WRONG["password"], "roles": ["admin"], "regions": ["cibinong"]}
        ),
        site.program("siaga_" + WRONG["password"].replace(" ", "-")).get("/v1/session"),
    ]
    assert [answer.status_code for answer in answers] == [401, 422, 403, 409, 401]
    made = client.post("/v1/tokens", json={"label": "x", "role": "planner", "regions": ["cibinong"]}).json()["secret"]
    assert site.program(made).get("/v1/session").status_code == 200
    on_disk = site.do(written(store_url))
    logged = [
        one.getMessage() for one in caplog.records if not one.name.startswith(("httpx2", "httpcore2"))
    ]  # the client's own
    assert logged
    for secret in (PASSWORD, NEW, WRONG["password"], first, client.cookies["siaga_browser"], made, client.headers[CSRF_HEADER]):
        assert not any(secret in line for line in logged)
        assert secret.encode() not in on_disk
        assert not any(secret in answer.text for answer in answers if answer.status_code != 422)
