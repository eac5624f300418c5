"""Tokens and tracker's device ids: what they open, until when, and that their secrets are nowhere kept."""

from __future__ import annotations

import re

import pytest

from api.access import Access
from api.access.errors import GrantError, NotSignedInError, UnknownHolderError
from api.access.grants import Grant
from api.access.records import ACCESS_REGION
from api.access.tokens import TokenKind
from dispatch.store import Ref, Store
from tests.api.access.site import START, Clock
from tests.stores import Run

TRACKER = Grant(("tracker",), ("cibinong",), vehicle="V03")
PLANNER = Grant(("planner",), ("cibinong",))


async def refusal(access: Access, secret: str) -> str:
    with pytest.raises(NotSignedInError) as error:
        await access.by_token(secret)
    assert secret not in str(error.value)
    return error.value.code


def test_a_token_opens_what_its_role_opens_where_it_holds(run: Run, access: Access) -> None:
    async def scenario() -> None:
        secret, token = await access.tokens.create("laporan bulanan", PLANNER, "test")
        assert re.fullmatch(r"siaga_[A-Za-z0-9_-]{43}", secret)
        who = await access.by_token(secret)
        assert (who.id, who.kind, who.role) == (token.id, "token", "planner")
        assert who.may("archive.read", "cibinong")
        assert not who.may("archive.read", "bojong")
        assert not who.may("cases.read", "cibinong")

    run(scenario())


def test_a_device_id_opens_the_fixes_of_one_vehicle_and_is_no_token(run: Run, access: Access) -> None:
    async def scenario() -> None:
        device, _ = await access.tokens.create("GPS V03", TRACKER, "test", kind="device")
        assert re.fullmatch(r"[a-z2-7]{16}", device)
        who = await access.by_device(f" {device.upper()} ")
        assert (who.kind, who.vehicle, set(who.permissions)) == ("device", "V03", {"fixes.write"})
        assert await refusal(access, device) == "token_unknown"
        secret, _ = await access.tokens.create("GPS V03", TRACKER, "test")
        with pytest.raises(NotSignedInError):
            await access.by_device(secret)

    run(scenario())


@pytest.mark.parametrize(("kind", "days"), [("token", 365), ("device", 1825)])
def test_how_long_a_token_counts(run: Run, access: Access, clock: Clock, kind: TokenKind, days: int) -> None:
    async def scenario() -> None:
        secret, _ = await access.tokens.create("GPS V03", TRACKER, "test", kind=kind)
        by = access.by_device if kind == "device" else access.by_token
        clock.advance(days=days, seconds=-30)  # so long a tracker is not looked up again
        await by(secret)
        clock.advance(seconds=30)
        with pytest.raises(NotSignedInError) as error:
            await by(secret)
        assert error.value.code == "token_expired"

    run(scenario())


def test_a_tracker_that_was_revoked_goes_on_for_half_a_minute_at_most(run: Run, access: Access, clock: Clock) -> None:
    async def scenario() -> None:
        secret, token = await access.tokens.create("GPS V03", TRACKER, "test", kind="device")
        await access.by_device(secret)
        await access.tokens.revoke(token.id, "person:sari")
        clock.advance(seconds=29)
        assert (await access.by_device(secret)).permissions == {"fixes.write"}
        clock.advance(seconds=1)
        with pytest.raises(NotSignedInError):
            await access.by_device(secret)

    run(scenario())


def test_a_revoked_token_counts_no_more(run: Run, access: Access) -> None:
    async def scenario() -> None:
        secret, token = await access.tokens.create("laporan", PLANNER, "test")
        other, _ = await access.tokens.create("laporan", PLANNER, "test")
        await access.by_token(secret)
        await access.tokens.revoke(token.id, "person:sari")
        assert await refusal(access, secret) == "token_revoked"
        await access.by_token(other)
        assert token.id not in {one.id for one in await access.tokens.all()}
        with pytest.raises(UnknownHolderError):
            await access.tokens.revoke(token.id, "person:sari")

    run(scenario())


@pytest.mark.parametrize("secret", ["", "siaga_", "siaga_" + "a" * 43, "x" * 100_000, "\ud800", "é", "a b\nc"])
def test_what_was_never_given_out_opens_nothing(run: Run, access: Access, secret: str) -> None:
    async def scenario() -> None:
        with pytest.raises(NotSignedInError):
            await access.by_token(secret)
        with pytest.raises(NotSignedInError):
            await access.by_device(secret)
        with pytest.raises(NotSignedInError):
            await access.by_session(secret)

    run(scenario())


def test_its_last_use_is_written_down_to_the_hour_and_no_more_often(
    run: Run, store: Store, access: Access, clock: Clock
) -> None:
    async def scenario() -> None:
        secret, token = await access.tokens.create("laporan", PLANNER, "test")
        (ref,) = await store.open_refs(ACCESS_REGION, "token")
        clock.advance(minutes=40)
        for _ in range(5):
            await access.by_token(secret)
            clock.advance(minutes=1)
        assert (await access.tokens.get(token.id)).last_used == START
        assert (await store.load(ACCESS_REGION, [ref]))[0].version == 2
        clock.advance(hours=1)
        await access.by_token(secret)
        assert (await access.tokens.get(token.id)).last_used == START.replace(hour=4)

    run(scenario())


@pytest.mark.parametrize(
    ("label", "days", "code"),
    [
        ("", 5, "label_form"),
        ("x" * 81, 5, "label_form"),
        ("a\nb", 5, "label_form"),
        ("laporan", 0, "days"),
        ("laporan", 3651, "days"),
    ],
)
def test_tokens_that_are_not_made(run: Run, access: Access, label: str, days: int, code: str) -> None:
    with pytest.raises(GrantError) as error:
        run(access.tokens.create(label, PLANNER, "test", days=days))
    assert error.value.code == code
    assert run(access.tokens.all()) == []


def test_who_made_and_revoked_it_stays_on_record(run: Run, store: Store, access: Access) -> None:
    async def scenario() -> None:
        _, token = await access.tokens.create("laporan", PLANNER, "person:sari")
        (ref,) = await store.open_refs(ACCESS_REGION, "token")
        await access.tokens.revoke(token.id, "person:budi")
        told = [(one.event.type, one.event.body) for one in await store.history(ACCESS_REGION, Ref("token", ref.id))]
        assert [kind for kind, _ in told] == ["created", "revoked"]
        assert b"person:sari" in told[0][1]
        assert b"person:budi" in told[1][1]

    run(scenario())
