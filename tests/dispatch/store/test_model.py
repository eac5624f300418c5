"""Random sequences of commits do what a simple model in memory does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.store import (
    START,
    Check,
    Commit,
    Committed,
    ConflictError,
    DueClock,
    EventEntry,
    Loaded,
    PrivateEntry,
    Ref,
    Seen,
    Store,
    Write,
)
from tests.stores import Run, fresh_region

REFS = [Ref("case", "1"), Ref("case", "2"), Ref("run", "1")]
FAR = 10**13


@dataclass
class Model:
    """What a store does, in the plainest way."""

    states: dict[Ref, tuple[int, bytes]] = field(default_factory=dict)
    clocks: dict[tuple[Ref, str], int] = field(default_factory=dict)
    open: set[Ref] = field(default_factory=set)
    events: list[EventEntry] = field(default_factory=list)
    private: list[PrivateEntry] = field(default_factory=list)
    seen: dict[str, Seen] = field(default_factory=dict)

    def commit(self, commit: Commit) -> Seen | ConflictError | None:
        if commit.command in self.seen:
            return self.seen[commit.command]
        expected = [(write.ref, write.expected) for write in commit.writes]
        for ref, version in expected + [(check.ref, check.version) for check in commit.checks]:
            found = self.states.get(ref, (0, b""))[0]
            if found != version:
                return ConflictError(ref, version, found)
        for write in commit.writes:
            self.states[write.ref] = (write.expected + 1, write.state)
            self.clocks = {key: due for key, due in self.clocks.items() if key[0] != write.ref}
            self.clocks.update({(write.ref, name): due for name, due in write.clocks.items()})
            (self.open.add if write.open else self.open.discard)(write.ref)
        self.events += commit.events
        self.private += commit.private
        self.seen[commit.command] = Seen(answer=commit.answer, fingerprint=commit.fingerprint)
        return None


@st.composite
def commits(draw: st.DrawFn) -> Callable[[Model], Commit]:
    """A commit, once it is known how things stand: most expect the right versions."""
    refs = draw(st.lists(st.sampled_from(REFS), unique=True))
    written = draw(st.integers(0, len(refs)))
    off = [draw(st.sampled_from([0, 0, 0, 0, 1])) for _ in refs]
    states = [draw(st.binary(max_size=6)) for _ in refs]
    clocks = [draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 50), max_size=3)) for _ in refs]
    opens = [draw(st.booleans()) for _ in refs]
    command = f"c{draw(st.integers(0, 30))}"
    body = draw(st.binary(max_size=5))
    events = draw(st.lists(st.sampled_from(REFS), max_size=3))
    private = draw(st.lists(st.sampled_from(REFS), max_size=2))

    def made(model: Model) -> Commit:
        versions = [model.states.get(ref, (0, b""))[0] + wrong for ref, wrong in zip(refs, off, strict=True)]
        return Commit(
            command,
            answer=body,
            fingerprint=body[:2],
            writes=[Write(refs[at], versions[at], states[at], clocks[at], opens[at]) for at in range(written)],
            checks=[Check(refs[at], versions[at]) for at in range(written, len(refs))],
            events=[EventEntry(ref, number, f"e{number}", body) for number, ref in enumerate(events)],
            private=[PrivateEntry(ref, body) for ref in private],
        )

    return made


async def do_the_same(store: Store, region: str, model: Model, commit: Commit) -> None:
    """Commit to both, and compare the answers."""
    expected = model.commit(commit)
    answer: Committed | Seen | ConflictError
    try:
        answer = await store.commit(region, commit)
    except ConflictError as error:
        answer = error
    if isinstance(answer, Committed):
        assert expected is None
        assert len(answer.event_ids) == len(commit.events)
    else:
        assert repr(answer) == repr(expected)


async def hold_the_same(store: Store, region: str, model: Model) -> None:
    """Compare all there is to see."""
    loaded = await store.load(region, REFS)
    assert list(loaded) == [Loaded(*model.states.get(ref, (0, None))) for ref in REFS]
    for kind in ("case", "run"):
        assert set(await store.open_refs(region, kind)) == {ref for ref in model.open if ref.kind == kind}
    stream = await store.events.tail(region, START)
    assert [entry.event for entry in stream] == model.events
    for ref in REFS:
        assert await store.history(region, ref) == [entry for entry in stream if entry.event.ref == ref]
        assert await store.private(region, ref) == [entry.body for entry in model.private if entry.ref == ref]
    assert await store.next_due(region) == min(model.clocks.values(), default=None)
    due = await store.claim_due(region, now_ms=FAR, lease_ms=1)
    assert sorted(due, key=repr) == sorted((DueClock(*key, ms) for key, ms in model.clocks.items()), key=repr)
    assert [clock.deadline_ms for clock in due] == sorted(model.clocks.values())


@settings(max_examples=150)
@given(st.lists(commits(), max_size=15))
def _compare(run: Run, store: Store, sequence: list[Callable[[Model], Commit]]) -> None:
    region, model = fresh_region(), Model()

    async def scenario() -> None:
        for made in sequence:
            await do_the_same(store, region, model, made(model))
        await hold_the_same(store, region, model)

    run(scenario())


def test_commits_do_what_the_model_does(run: Run, store: Store) -> None:
    _compare(run, store)
