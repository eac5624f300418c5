"""Passwords: which will do, how they are kept, and that a wrong name takes as long as a wrong password."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest
from argon2 import PasswordHasher

from api.access import Access
from api.access.errors import PasswordError, TooManyAttemptsError, WrongPasswordError
from api.access.grants import Grant
from api.access.passwords import Passwords, check_password
from api.access.rules import access_rules
from api.access.signing_in import sign_in
from dispatch.store import Store
from tests.api.access.site import PASSWORD, Clock, fast_passwords
from tests.stores import Run

RULES = access_rules().password
DISPATCHER = Grant(("dispatcher",), ("cibinong",))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("kucing ku", "password_short"),
        ("x" * 257, "password_long"),
        ("sari.dewi.1", None),
        ("sari.dewi-a", "password_name"),
        ("Sari.Dewi-A", "password_name"),
        ("sari.dewi-a sari.dewi-a", "password_name"),
        ("aaaaaaaaaa", "password_common"),
        ("abababababab", "password_common"),
        ("1234567890", "password_common"),
        ("0987654321", "password_common"),
        ("abcdefghijkl", "password_common"),
        ("          ", "password_common"),
        ("Password-123", "password_common"),
        ("BISMILLAH 123", "password_common"),
        ("qwertyuiop", "password_common"),
        ("ambulans118", "password_common"),
        ("kucing saya tiga", None),
        ("9517538520", None),
        ("κωδικός μου", None),
        ("密码密碼暗号暗証番号", None),
    ],
)
def test_which_passwords_will_do(password: str, code: str | None) -> None:
    if code is None:
        check_password(password, "sari.dewi-a", RULES)
        return
    with pytest.raises(PasswordError) as error:
        check_password(password, "sari.dewi-a", RULES)
    assert error.value.code == code
    assert not password.strip() or password not in str(error.value)


def test_the_parameters_are_those_of_the_library() -> None:
    ours, theirs = Passwords(RULES)._hasher, PasswordHasher()
    for name in ("time_cost", "memory_cost", "parallelism", "hash_len", "salt_len", "type"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_password_matches_its_own_hash_only(run: Run) -> None:
    async def scenario() -> None:
        passwords = fast_passwords()
        hashed, again = await passwords.hash("Kafé ﬁlm malam"), await passwords.hash("Kafé ﬁlm malam")
        assert hashed.startswith("$argon2id$")
        assert hashed != again
        assert await passwords.matches("Kafé film malam", hashed)  # as another keyboard writes it
        assert not await passwords.matches("kafé film malam", hashed)
        assert not await passwords.matches("nobody's password", None)
        assert not await passwords.matches("Kafé film malam", "not a hash")
        assert not await passwords.matches("x" * 100_000, hashed)

    run(scenario())


def test_a_crowd_is_turned_away_rather_than_hashed_at_once(run: Run) -> None:
    async def scenario() -> None:
        passwords = fast_passwords()
        hashed = await passwords.hash(PASSWORD)
        answers = await asyncio.gather(*(passwords.matches(PASSWORD, hashed) for _ in range(200)), return_exceptions=True)
        refused = [one for one in answers if isinstance(one, TooManyAttemptsError)]
        assert answers.count(True) == 64
        assert len(refused) == 136
        assert await passwords.matches(PASSWORD, hashed)

    run(scenario())


def test_a_wrong_name_takes_as_long_as_a_wrong_password(run: Run, store: Store, clock: Clock) -> None:
    """With the real parameters; without hashing for nobody it would be a hundredth."""

    async def scenario() -> None:
        access = await Access.of(store, clock)
        await access.people.add("sari", PASSWORD, DISPATCHER, "test")

        async def seconds(name: str) -> float:
            clock.advance(days=2)
            start = time.perf_counter()
            with pytest.raises(WrongPasswordError) as error:
                await sign_in(access, name, "bukan kata sandinya", "203.0.113.7")
            assert "sari" not in str(error.value)
            return time.perf_counter() - start

        taken = {name: [await seconds(name) for _ in range(5)] for name in ("sari", "nobody")}
        ratio = statistics.median(taken["nobody"]) / statistics.median(taken["sari"])
        assert 0.4 < ratio < 2.5, taken

    run(scenario())


def test_parameters_that_changed_are_taken_over_at_the_next_sign_in(
    run: Run, store: Store, access: Access, clock: Clock
) -> None:
    async def scenario() -> None:
        await access.people.add("sari", PASSWORD, DISPATCHER, "test")
        before = await access.people.get("sari")
        stronger = Passwords(RULES, PasswordHasher(time_cost=2, memory_cost=2048, parallelism=1))
        later = await Access.of(store, clock, passwords=stronger)
        begun = await sign_in(later, "sari", PASSWORD, "203.0.113.7")
        after = await later.people.get("sari")
        assert "m=1024,t=1" in before.password
        assert "m=2048,t=2" in after.password
        assert (after.epoch, after.password_changed) == (before.epoch, before.password_changed)
        assert (await later.by_session(begun.secret)).id == "sari"
        assert (await sign_in(later, "sari", PASSWORD, "203.0.113.7")).who.id == "sari"

    run(scenario())
