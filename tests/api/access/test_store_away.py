"""While the store is away, whoever was known shortly before still is, for a shift; nobody new gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.access import Access
from api.access.errors import NotSignedInError
from api.access.grants import Grant
from api.access.signing_in import sign_in
from dispatch.store import StoreRefusedError, StoreUnreachableError, open_store
from tests.api.access.site import PASSWORD, Clock, fast_passwords
from tests.stores import SAFE, Run, outside_server, persistently

PLANNER = Grant(("planner",), ("cibinong",))
AWAY = (StoreUnreachableError, StoreRefusedError)


def test_those_who_are_known_stay_known_for_a_shift(run: Run, tmp_path: Path, clock: Clock) -> None:
    async def scenario() -> None:
        with outside_server(tmp_path, *SAFE) as server:
            await server.tell("PING")
            async with await open_store(server.url) as store:
                access = await Access.of(store, clock, passwords=fast_passwords())
                await access.people.add("sari", PASSWORD, PLANNER, "test")
                session = (await sign_in(access, "sari", PASSWORD, "203.0.113.7")).secret
                seen, _ = await access.tokens.create("laporan", PLANNER, "test")
                unseen, _ = await access.tokens.create("laporan", PLANNER, "test")
                revoked, token = await access.tokens.create("laporan", PLANNER, "test")
                early, _ = await access.tokens.create("laporan", PLANNER, "test")
                await access.by_token(early)
                clock.advance(minutes=5, seconds=1)
                await access.by_session(session)
                await access.by_token(seen)
                await access.by_token(revoked)
                await access.tokens.revoke(token.id, "test")
                with pytest.raises(NotSignedInError):
                    await access.by_token(revoked)
                server.kill()
                clock.advance(hours=12)
                assert (await access.by_session(session)).id == "sari"
                assert (await access.by_token(seen)).may("archive.read", "cibinong")
                for secret in (unseen, revoked, early):
                    with pytest.raises(AWAY):
                        await access.by_token(secret)
                with pytest.raises(AWAY):
                    await sign_in(access, "sari", PASSWORD, "203.0.113.7")
                clock.advance(seconds=1)
                with pytest.raises(AWAY):
                    await access.by_session(session)
                server.start()
                assert (await persistently(lambda: access.by_token(seen))).may("archive.read", "cibinong")

    run(scenario())
