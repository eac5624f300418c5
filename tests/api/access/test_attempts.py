"""Tries of passwords are limited, in the store, for names, addresses and browsers; nothing keeps an admin's token out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from api.access import Access
from api.access.attempts import Counter, name_id
from api.access.errors import TooManyAttemptsError, WrongPasswordError
from api.access.grants import Grant
from api.access.records import ACCESS_REGION, sweep
from api.access.rules import access_rules
from api.access.signing_in import SignedIn, sign_in
from dispatch.store import Store, open_store
from tests.api.access.site import PASSWORD, Clock, fast_passwords
from tests.stores import Run

RULES = access_rules().attempts
HOME, AWAY = "203.0.113.7", "198.51.100.9"


async def add(access: Access, *names: str) -> None:
    for name in names:
        await access.people.add(name, PASSWORD, Grant(("dispatcher",), ("cibinong",)), "test")


async def wait_of(work: Awaitable[object]) -> int:
    """How long somebody is told to wait; 0: the password was looked at."""
    try:
        await work
    except TooManyAttemptsError as error:
        return error.wait_seconds
    except WrongPasswordError:
        return 0
    return 0


async def wrong(access: Access, name: str, address: str = AWAY, browser: str | None = None) -> int:
    return await wait_of(sign_in(access, name, "bukan ini kata sandinya", address, browser=browser))


async def right(access: Access, name: str, address: str = AWAY, browser: str | None = None) -> SignedIn:
    return await sign_in(access, name, PASSWORD, address, browser=browser)


@pytest.mark.parametrize("name", ["sari", "nobody", "Not A Name!"])
def test_waits_grow_alike_whether_the_name_exists_or_not(run: Run, access: Access, clock: Clock, name: str) -> None:
    async def scenario() -> None:
        await add(access, "sari")
        assert [await wrong(access, name) for _ in range(RULES.name.free)] == [0] * RULES.name.free
        for expected in (2, 4, 8, 16, 32):
            assert await wrong(access, name) == expected
            clock.advance(seconds=expected - 1)
            assert await wrong(access, name) == 1  # one that comes too early costs nothing
            clock.advance(seconds=1)
            assert await wrong(access, name) == 0
        for _ in range(20):
            clock.advance(seconds=RULES.name.longest_wait_seconds)
            assert await wrong(access, name) == 0
        assert await wrong(access, name) == RULES.name.longest_wait_seconds

    run(scenario())


def test_the_right_password_waits_as_well_and_then_counting_begins_anew(run: Run, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        await add(access, "sari")
        for _ in range(RULES.name.free):
            await wrong(access, "sari")
        with pytest.raises(TooManyAttemptsError):
            await right(access, "sari")
        clock.advance(seconds=2)
        await right(access, "sari")
        assert [await wrong(access, "sari") for _ in range(RULES.name.free)] == [0] * RULES.name.free

    run(scenario())


def test_names_are_counted_each_and_in_one_spelling(run: Run, access: Access) -> None:
    async def scenario() -> None:
        for _ in range(RULES.name.free):
            await wrong(access, "sari")
        assert await wrong(access, " SARI ") > 0
        assert await wrong(access, "budi") == 0

    run(scenario())


@pytest.mark.parametrize(
    ("addresses", "shared"),
    [
        ((AWAY,), True),
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), True),
        (("::ffff:198.51.100.9", AWAY), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("", "testclient"), True),
    ],
)
def test_an_address_is_counted_over_all_names(run: Run, access: Access, addresses: Sequence[str], shared: bool) -> None:
    async def scenario() -> None:
        for number in range(RULES.address.free):
            assert await wrong(access, f"name-{number}", addresses[0]) == 0
        assert (await wrong(access, "name-x", addresses[-1]) > 0) is shared
        assert await wrong(access, "name-y", HOME) == 0

    run(scenario())


def test_a_right_password_does_not_clear_a_shared_address(run: Run, access: Access) -> None:
    """Else somebody with an account could try others' names without end, signing in himself in between."""

    async def scenario() -> None:
        await add(access, "sari")
        for number in range(RULES.address.free - 1):
            await wrong(access, f"name-{number}")
        await right(access, "sari")
        assert await wrong(access, "name-x") == 0
        assert await wrong(access, "name-y") > 0

    run(scenario())


def test_strangers_do_not_keep_a_person_out_of_a_browser_that_is_known(run: Run, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        await add(access, "sari", "budi")
        own = (await right(access, "sari", HOME)).browser
        for _ in range(RULES.name.free):
            await wrong(access, "sari", AWAY)
        assert await wrong(access, "sari", AWAY) > 0
        assert (await right(access, "sari", AWAY, own)).browser == own
        # It is known for those who signed in from it, and for them alone; each is counted by themselves.
        for _ in range(RULES.name.free):
            await wrong(access, "budi", AWAY)
        assert await wrong(access, "budi", HOME, own) > 0
        clock.advance(seconds=900)
        assert (await right(access, "budi", HOME, own)).browser == own
        for _ in range(RULES.known_browser.free):
            assert await wrong(access, "sari", HOME, own) == 0
            await right(access, "budi", HOME, own)
        assert await wrong(access, "sari", HOME, own) > 0
        clock.advance(days=366)
        assert (await right(access, "sari", HOME, own)).browser != own

    run(scenario())


def test_a_restart_and_a_second_worker_forget_nothing(run: Run, store_url: str, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        for _ in range(RULES.name.free):
            await wrong(access, "sari")
        async with await open_store(store_url) as store:
            other = await Access.of(store, clock, passwords=fast_passwords())
            assert await wrong(other, "sari") > 0

    run(scenario())


def test_a_hundred_at_once_get_no_more_tries_than_one_after_the_other(run: Run, access: Access) -> None:
    async def scenario() -> None:
        await add(access, "sari")
        waits = await asyncio.gather(*(wrong(access, "sari") for _ in range(50)))
        assert waits.count(0) == RULES.name.free

    run(scenario())


def test_many_who_sign_in_at_once_from_one_office_all_get_in(run: Run, access: Access) -> None:
    async def scenario() -> None:
        names = [f"petugas{number}" for number in range(RULES.address.free)]
        await add(access, *names)
        begun = await asyncio.gather(*(right(access, name, HOME) for name in names))
        assert [one.who.id for one in begun] == names

    run(scenario())


def test_tries_are_forgotten_and_nothing_of_them_stays(run: Run, store: Store, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        for _ in range(RULES.name.free):
            await wrong(access, "sari")
        assert len(await store.open_refs(ACCESS_REGION, "attempt")) == 2
        assert await sweep(store, clock()) == 0
        clock.advance(seconds=RULES.forget_seconds)
        assert await wrong(access, "sari") == 0
        clock.advance(seconds=RULES.forget_seconds)
        assert await sweep(store, clock()) == 2
        assert await store.open_refs(ACCESS_REGION, "attempt") == []
        assert await store.closed_before(ACCESS_REGION, 2**40) == []

    run(scenario())


def test_another_password_from_an_administrator_lets_the_person_in_at_once(run: Run, access: Access) -> None:
    async def scenario() -> None:
        await add(access, "sari")
        for _ in range(RULES.name.free):
            await wrong(access, "sari")
        await access.people.set_password("sari", "lima ekor bebek", "test")
        assert (await sign_in(access, "sari", "lima ekor bebek", AWAY)).who.id == "sari"

    run(scenario())


def test_tokens_are_never_counted(run: Run, access: Access) -> None:
    async def scenario() -> None:
        secret, token = await access.tokens.create("admin", Grant(("admin",), None), "test")
        for number in range(RULES.address.free):
            await wrong(access, f"name-{number}")
            await wrong(access, "admin")
        assert await wrong(access, "admin") > 0
        assert (await access.by_token(secret)).id == token.id

    run(scenario())


def test_invented_names_share_a_bounded_number_of_entries() -> None:
    assert len({name_id(f"name-{number}") for number in range(300_000)}) <= 65_536


def test_a_counter_of_nobody_needs_no_clearing(run: Run, store: Store, access: Access) -> None:
    async def scenario() -> None:
        await access.attempts.succeeded([Counter("name-0000", RULES.name, owned=True)])
        assert await store.open_refs(ACCESS_REGION, "attempt") == []

    run(scenario())
