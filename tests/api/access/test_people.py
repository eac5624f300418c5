"""Accounts and their sessions: begun, used, ended; and nothing of a secret in the store, the log or a message."""

from __future__ import annotations

import asyncio
import logging

import pytest

from api.access import Access
from api.access.errors import (
    ForbiddenError,
    GrantError,
    NameTakenError,
    NotSignedInError,
    PasswordError,
    TooManyAttemptsError,
    UnknownHolderError,
    WrongPasswordError,
)
from api.access.grants import Grant
from api.access.records import ACCESS_REGION, sweep
from api.access.rules import access_rules
from api.access.secret import csrf_of
from api.access.signing_in import SignedIn, change_password, sign_in, sign_out
from dispatch.store import Ref, Store
from tests.api.access.site import PASSWORD, Clock, written
from tests.stores import Run

RULES = access_rules().session
DISPATCHER = Grant(("dispatcher",), ("cibinong",))
HOME = "203.0.113.7"
NEW = "lima ekor bebek"


async def begun(access: Access, name: str = "sari", password: str = PASSWORD, browser: str | None = None) -> SignedIn:
    return await sign_in(access, name, password, HOME, browser=browser)


async def over(access: Access, secret: str) -> str:
    with pytest.raises(NotSignedInError) as error:
        await access.by_session(secret)
    assert secret not in str(error.value)
    return error.value.code


@pytest.fixture
def sari(run: Run, access: Access) -> SignedIn:
    """Somebody who has an account and has signed in."""
    run(access.people.add("sari", PASSWORD, DISPATCHER, "test"))
    return run(begun(access))


def test_somebody_signs_in_and_out(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        who = await access.by_session(sari.secret)
        assert (who.id, who.kind, who.roles) == ("sari", "person", ("dispatcher",))
        assert who.may("cases.write", "cibinong")
        assert not who.may("cases.write", "bojong")
        assert not who.may("people.admin")
        again = await begun(access, " Sari ")
        assert again.secret != sari.secret
        await sign_out(access, sari.secret)
        assert await over(access, sari.secret) == "session_over"
        await access.by_session(again.secret)
        await sign_out(access, sari.secret)  # twice is no error

    run(scenario())


def test_a_session_ends_when_it_is_not_used(run: Run, access: Access, clock: Clock, sari: SignedIn) -> None:
    async def scenario() -> None:
        for _ in range(4):
            clock.advance(seconds=RULES.idle_seconds - 1)
            await access.by_session(sari.secret)
        clock.advance(seconds=RULES.idle_seconds)
        assert await over(access, sari.secret) == "session_over"

    run(scenario())


def test_a_session_ends_at_last_however_much_it_is_used(run: Run, access: Access, clock: Clock, sari: SignedIn) -> None:
    async def scenario() -> None:
        hours = RULES.longest_seconds // 3600
        for _ in range(hours - 1):
            clock.advance(hours=1)
            await access.by_session(sari.secret)
        clock.advance(hours=1)
        assert await over(access, sari.secret) == "session_over"

    run(scenario())


def test_using_a_session_writes_every_five_minutes_only(run: Run, store: Store, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        await access.people.add("sari", PASSWORD, DISPATCHER, "test")
        secret = (await begun(access)).secret
        (ref,) = await store.open_refs(ACCESS_REGION, "session")
        for _ in range(100):
            clock.advance(seconds=3)
            await access.by_session(secret)
        assert (await store.load(ACCESS_REGION, [ref]))[0].version == 2

    run(scenario())


def test_what_has_ended_is_cleared_away_and_what_is_used_is_not(run: Run, store: Store, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        await access.people.add("sari", PASSWORD, DISPATCHER, "test")
        idle = (await begun(access)).secret
        used = (await begun(access)).secret
        clock.advance(seconds=RULES.idle_seconds - 10)
        await access.by_session(used)
        clock.advance(seconds=20)
        await sweep(store, clock())
        assert len(await store.open_refs(ACCESS_REGION, "session")) == 1
        await access.by_session(used)
        assert await over(access, idle) == "session_over"
        clock.advance(days=8)
        await begun(access)  # signing in does it
        assert len(await store.open_refs(ACCESS_REGION, "session")) == 1

    run(scenario())


def test_whoever_is_disabled_is_out_at_once_and_old_sessions_stay_over(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        await access.people.change("sari", "test", disabled=True)
        assert await over(access, sari.secret) == "session_over"
        with pytest.raises(WrongPasswordError):
            await begun(access)
        await access.people.change("sari", "test", disabled=False)
        assert await over(access, sari.secret) == "session_over"
        await access.by_session((await begun(access)).secret)

    run(scenario())


def test_another_grant_counts_at_once_and_ends_nothing(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        await access.people.change("sari", "test", grant=Grant(("planner",), ("bojong",)))
        who = await access.by_session(sari.secret)
        assert who.may("archive.read", "bojong")
        assert not who.may("cases.read")
        assert not who.in_region("cibinong")

    run(scenario())


def test_changing_ones_password_ends_all_sessions_and_begins_one(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        other = await begun(access)
        changed = await change_password(access, sari.secret, PASSWORD, NEW, HOME)
        assert await over(access, sari.secret) == "session_over"
        assert await over(access, other.secret) == "session_over"
        assert (await access.by_session(changed.secret)).id == "sari"
        with pytest.raises(WrongPasswordError):
            await begun(access)
        await begun(access, password=NEW)

    run(scenario())


def test_a_password_is_not_changed_by_whoever_only_has_the_screen(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        for _ in range(access_rules().attempts.name.free - 1):
            with pytest.raises(ForbiddenError) as error:
                await change_password(access, sari.secret, "bukan ini", NEW, HOME)
            assert error.value.code == "wrong_old_password"
        with pytest.raises(PasswordError):
            await change_password(access, sari.secret, PASSWORD, "sari", HOME)
        with pytest.raises(ForbiddenError):
            await change_password(access, sari.secret, "bukan ini", NEW, HOME)
        with pytest.raises(TooManyAttemptsError):
            await change_password(access, sari.secret, PASSWORD, NEW, HOME)
        assert (await access.by_session(sari.secret)).id == "sari"

    run(scenario())


def test_an_administrators_new_password_ends_all_sessions(run: Run, access: Access, sari: SignedIn) -> None:
    async def scenario() -> None:
        await access.people.set_password("sari", NEW, "test")
        assert await over(access, sari.secret) == "session_over"
        await begun(access, password=NEW)

    run(scenario())


def test_two_who_make_the_same_account_at_once(run: Run, access: Access) -> None:
    async def scenario() -> None:
        adding = (access.people.add("sari", password, DISPATCHER, "test") for password in (PASSWORD, NEW))
        answers = await asyncio.gather(*adding, return_exceptions=True)
        assert sorted(type(one).__name__ for one in answers) == ["NameTakenError", "User"]
        with pytest.raises(NameTakenError):
            await access.people.add("Sari", PASSWORD, DISPATCHER, "test")

    run(scenario())


@pytest.mark.parametrize("name", ["", "s", "sari dewi", "sari/dewi", "-sari", "s" * 41, "sarí", "sari\n!"])
def test_names_that_can_not_be(run: Run, access: Access, name: str) -> None:
    with pytest.raises(GrantError) as error:
        run(access.people.add(name, PASSWORD, DISPATCHER, "test"))
    assert error.value.code == "name_form"


def test_nobody_of_that_name(run: Run, access: Access) -> None:
    for work in (access.people.get("budi"), access.people.change("budi", "t"), access.people.set_password("budi", NEW, "t")):
        with pytest.raises(UnknownHolderError):
            run(work)


def test_what_was_done_to_an_account_stays_on_record(run: Run, store: Store, access: Access) -> None:
    async def scenario() -> None:
        await access.people.add("sari", PASSWORD, DISPATCHER, "token:abc")
        await access.people.change("sari", "person:budi", disabled=True)
        await access.people.set_password("sari", NEW, "person:budi")
        told = [(one.event.type, one.event.body) for one in await store.history(ACCESS_REGION, Ref("user", "sari"))]
        assert [kind for kind, _ in told] == ["added", "changed", "password_set"]
        assert b"token:abc" in told[0][1]
        assert all(b"person:budi" in body for _, body in told[1:])
        assert not any(b"argon2" in body for _, body in told)

    run(scenario())


def test_no_secret_is_in_the_store_the_log_or_a_representation(
    run: Run, store_url: str, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        user = await access.people.add("sari", PASSWORD, DISPATCHER, "test")
        first = await begun(access)
        changed = await change_password(access, first.secret, PASSWORD, NEW, HOME, browser=first.browser)
        with pytest.raises(WrongPasswordError):
            await begun(access, password="salah lagi ini")
        token, about = await access.tokens.create("laporan", Grant(("planner",), None), "test")
        device, gps = await access.tokens.create("GPS", Grant(("tracker",), ("a",), vehicle="V1"), "test", kind="device")
        await access.by_token(token)
        await access.by_device(device)
        secrets = {PASSWORD, NEW, "salah lagi ini", first.secret, first.browser, changed.secret, token, device}
        secrets |= {csrf_of(first.secret), csrf_of(changed.secret)}
        on_disk = await written(store_url)
        assert b"user/sari" in on_disk
        shown = " ".join(map(repr, (user, first, changed, about, gps, access, await access.by_session(changed.secret))))
        for secret in secrets:
            assert secret.encode() not in on_disk
            assert secret not in caplog.text
            assert secret not in shown
        assert user.password not in shown

    run(scenario())
