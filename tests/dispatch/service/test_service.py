"""Commands through the service: real store, real roads, real recommendation."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dispatch.fleet import VehicleStatus
from dispatch.life.case import Outcome, PatientState
from dispatch.life.clocks import clocks_of
from dispatch.life.commands import (
    AnswerDesk,
    AnswerOffer,
    Assign,
    BeginTreatment,
    DescribeCase,
    HandOver,
    MergeCase,
    OpenCase,
    Progress,
    ReportBreakdown,
    SetUnitStatus,
)
from dispatch.life.events import Ref
from dispatch.life.people import Voice
from dispatch.life.referral import AttemptState, Decline, Goal
from dispatch.life.refusals import ConflictError, InvalidError
from dispatch.life.run import RunState
from dispatch.life.stamps import TimePoint
from dispatch.service.choices import ranked_vehicles, vehicles_of
from dispatch.service.loading import load_particulars, load_units
from dispatch.service.positions import latest_positions
from dispatch.service.service import StaleError
from dispatch.store import Ref as StoreRef
from tests.services import Office
from tests.stores import Run


async def first_choice(desk: Office, case: str = "K1") -> str:
    """The vehicle that a recommendation puts first."""
    fleet = vehicles_of((await load_units(desk.service.store, desk.region)).values(), await latest_positions(
        desk.service.store, desk.region
    ))  # fmt: skip
    notes = await load_particulars(desk.service.store, desk.region, case)
    found = ranked_vehicles(desk.live, desk.live.now, await desk.case(case), notes, fleet, desk.now)
    return found.decision.options[0].vehicle.id


def test_from_the_call_to_the_handover_with_a_decline_and_sitegar(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(3)
        await desk.call()
        best = await first_choice(desk)
        sent = await desk.give(Assign("K1", best))
        assert sent.made["run"]
        assert (await desk.unit(best)).status is VehicleStatus.ASSIGNED
        case = await desk.case()
        asked = case.open_attempt("1")
        assert asked is not None
        assert asked.state is AttemptState.OFFERED
        assert asked.goal.id in desk.live.built.facilities.index
        # All that are suitable decline; each time the next one is asked, and then SITEGAR.
        tried: list[str] = []
        while (asked := (await desk.case()).open_attempt("1")) is not None:
            tried.append(asked.goal.id)
            await desk.give(AnswerOffer("K1", asked.id, False, Decline.ROOM_FULL, "", Voice("IGD", "0251")))
        assert 2 <= len(tried) <= desk.live.rules.tries
        assert len(set(tried)) == len(tried)
        request = (await desk.case()).open_request("1")
        assert request is not None
        assert request.because == ("tries_used" if len(tried) == desk.live.rules.tries else "none_left")
        assert not (await desk.patient()).firm
        elsewhere = Goal("outside", "outside:RS Jauh", "RS Jauh", "021", 106.7, -6.4)
        await desk.give(AnswerDesk("K1", request.id, elsewhere, True, Voice("SITEGAR", "119")))
        who = await desk.patient()
        assert (who.goal, who.firm) == (elsewhere, True)

        name = (await desk.run_of()).id
        for point in ("acknowledged", "departed", "at_scene", "with_patient", "left_scene", "at_facility"):
            desk.wait(minutes=4)
            await desk.give(Progress(name, TimePoint(point)))
        assert (await desk.patient()).state is PatientState.AT_FACILITY
        await desk.give(HandOver("K1", "1"))
        assert (await desk.unit(best)).status is VehicleStatus.ESCORTING
        desk.wait(minutes=10)
        await desk.give(BeginTreatment("K1", "1"))
        case = await desk.case()
        assert not case.open
        assert (await desk.patient()).outcome is Outcome.TREATED
        await desk.give(Progress(name, TimePoint.AVAILABLE))
        unit = await desk.unit(best)
        assert (unit.status, unit.run) == (VehicleStatus.RETURNING, None)
        told = [one.type for one in await desk.service.history(desk.region, "K1")]
        assert told[0] == "case_opened"
        assert told[-1] == "run_ended"
        assert told.count("desk_asked") == 1

    run(story())


def test_a_command_given_again_is_done_once_and_answered_the_same(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call()
        first = await desk.give(Assign("K1", "A1"), command_id="the-same-one")
        desk.wait(seconds=30)
        again = await desk.give(Assign("K1", "A1"), command_id="the-same-one")
        assert again.repeated
        assert (again.versions, again.made, again.recorded_at) == (first.versions, first.made, first.recorded_at)
        with pytest.raises(InvalidError, match="something else"):
            await desk.give(SetUnitStatus("A1", VehicleStatus.ON_BREAK), command_id="the-same-one")
        # The same, twice at once.
        answers = await asyncio.gather(
            *(desk.give(Progress(first.made["run"][0], TimePoint.ACKNOWLEDGED), command_id="at-once-1") for _ in range(5))
        )
        assert len({tuple(one.versions.items()) for one in answers}) == 1
        assert sum(one.repeated for one in answers) == 4

    run(story())


def test_a_command_given_twice_at_once_on_a_version_is_not_stale_the_second_time(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.call()
        for kind in ("maternal", "accident", "maternal", "accident"):
            _, version = (await desk.service.states(desk.region, [Ref("case", "K1")]))[0]
            name, expected = f"twice-{version}", {Ref("case", "K1"): version}
            answers = await asyncio.gather(
                *(desk.give(DescribeCase("K1", kind=kind), command_id=name, expected=expected) for _ in range(3))
            )
            assert sum(one.repeated for one in answers) == 2

    run(story())


def test_a_command_whose_print_was_dropped_still_gets_its_answer(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.call()
        first = await desk.give(DescribeCase("K1", kind="maternal"), command_id="printed-1")
        kept = await desk.service.store.seen(desk.region, "printed-1")
        assert kept is not None
        assert kept.fingerprint
        await desk.service.store.blank_prints(desk.region, ["printed-1", "never-given"])
        assert await desk.service.store.seen(desk.region, "never-given") is None
        again = await desk.give(DescribeCase("K1", kind="maternal"), command_id="printed-1")
        assert again.repeated
        assert again.versions == first.versions

    run(story())


def test_fifty_fight_for_one_vehicle(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        for number in range(50):
            await desk.call(f"K{number}", place=number)

        lost: list[str] = []

        async def fight(number: int) -> bool:
            try:
                await desk.give(Assign(f"K{number}", "A1"))
            except ConflictError as error:
                lost.append(error.code)
                return False
            return True

        won = await asyncio.gather(*(fight(number) for number in range(50)))
        assert sum(won) == 1
        assert lost == ["vehicle_taken"] * 49
        unit = await desk.unit("A1")
        winner = await desk.case(f"K{won.index(True)}")
        assert winner.patients[0].run == unit.run

    run(story())


def test_whoever_has_seen_an_older_version_is_told(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.call()
        version = (await desk.service.states(desk.region, [Ref("case", "K1")]))[0][1]
        await desk.give(DescribeCase("K1", kind="maternal"), expected={Ref("case", "K1"): version})
        with pytest.raises(StaleError):
            await desk.give(DescribeCase("K1", kind="accident"), expected={Ref("case", "K1"): version})
        assert (await desk.case()).kind == "maternal"

    run(story())


def test_nothing_personal_is_in_states_or_events(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(2)
        await desk.call()
        await desk.give(Assign("K1", first=True))
        store, region = desk.service.store, desk.region
        loaded = await store.load(region, [StoreRef("case", "K1")])
        events = await store.events.tail(region, "0-0")
        kept = b"".join([loaded[0].state or b"", *(one.event.body for one in events)])
        assert b"case_opened" in kept
        for personal in (b"Rina", b"sesak", f"{desk.spot(1)[0]:.5f}".encode()):
            assert personal not in kept
        assert b"Rina" in b"".join(await store.private(region, StoreRef("case", "K1")))

    run(story())


def test_clocks_ring_and_each_fires_once_among_several_workers(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(2)
        await desk.call()
        best = await first_choice(desk)
        await desk.give(Assign("K1", best))
        workers = [desk.worker() for _ in range(4)]
        assert sum(await asyncio.gather(*(one.fire_due() for one in workers))) == 0
        desk.wait(seconds=61)  # nobody has acknowledged
        assert sum(await asyncio.gather(*(one.fire_due() for one in workers))) == 1
        other = await desk.run_of()
        assert other.unit not in (best, None)
        assert other.chosen == "automatic"
        assert (await desk.unit(best)).free
        told = [one.type for one in await desk.service.history(desk.region, "K1")]
        assert told.count("vehicle_passed_over") == 1
        # The second one does not answer either: there is no third, so neighbours are asked, PSC 119, and then it waits.
        desk.wait(seconds=61)
        await workers[0].fire_due()
        steps = []
        for _ in range(4):
            search = (await desk.case()).search
            assert search is not None
            steps.append(search.step)
            for name in ("A1", "A2"):
                if (await desk.unit(name)).free:
                    await desk.give(SetUnitStatus(name, VehicleStatus.ON_BREAK))
            desk.wait(seconds=121)
            await workers[0].fire_due()
        assert steps == ["neighbours", "psc119", "queue", "queue"]
        # What the store rings is what the state says.
        due = await desk.service.store.next_due(desk.region)
        rules = desk.live.rules
        assert due == min(int(when.timestamp() * 1000) for when in clocks_of(await desk.case(), rules).values())

    run(story())


def test_a_facility_that_does_not_answer_counts_as_declined(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call()
        await desk.give(Assign("K1", "A1"))
        first = (await desk.case()).open_attempt("1")
        assert first is not None
        name = (await desk.run_of()).id
        await desk.give(Progress(name, TimePoint.DEPARTED))
        desk.wait(seconds=301)
        await desk.worker().fire_due()
        case = await desk.case()
        gone = case.attempt(first.id)
        assert gone is not None
        assert gone.state is AttemptState.UNANSWERED
        second = case.open_attempt("1")
        assert second is not None
        assert second.goal.id != first.goal.id

    run(story())


def test_a_breakdown_with_the_patient_on_board_sends_another_vehicle(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(2)
        await desk.call()
        best = await first_choice(desk)
        await desk.give(Assign("K1", best))
        name = (await desk.run_of()).id
        await desk.give(Progress(name, TimePoint.LEFT_SCENE))
        await desk.seen(best, desk.spot(42))
        await desk.give(ReportBreakdown(best, "mesin"))
        # Whoever comes is told where they are now.
        where = (await load_particulars(desk.service.store, desk.region, "K1")).place("1")
        assert where is not None
        assert (where.longitude, where.latitude) == desk.spot(42)
        who = await desk.patient()
        assert who.stranded_with == best
        other = await desk.run_of()
        assert other.unit not in (best, None)
        assert other.state is RunState.ASSIGNED
        assert (await desk.unit(best)).status is VehicleStatus.BROKEN

    run(story())


def test_a_vehicle_that_becomes_free_goes_to_whoever_waits_longest(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.give(SetUnitStatus("A1", VehicleStatus.ON_BREAK))
        await desk.call("K1", priority="yellow")
        desk.wait(seconds=5)
        await desk.call("K2", priority="red", place=2)
        worker = desk.worker()
        for _ in range(8):  # nobody assigns: by itself, then neighbours, PSC 119, the queue
            desk.wait(seconds=121)
            await worker.fire_due()
        assert [(await desk.case(one)).search.step for one in ("K1", "K2")] == ["queue", "queue"]  # type: ignore[union-attr]
        task = asyncio.create_task(worker.run())
        try:
            await asyncio.sleep(0.2)  # the group begins at the last event there is
            await desk.give(SetUnitStatus("A1", VehicleStatus.STANDBY))
            async with asyncio.timeout(20):
                while (await desk.unit("A1")).run is None:
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
        assert (await desk.patient(case="K2")).run == (await desk.unit("A1")).run
        assert (await desk.patient(case="K1")).run is None

    run(story())


def test_nothing_is_recorded_before_what_led_to_it(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.fleet(1)
        await desk.call()
        case = await desk.case()
        assert case.recorded_at == desk.now
        desk.wait(seconds=-1)
        await desk.give(Assign("K1", "A1"))
        stamp = (await desk.run_of()).stamps[0]
        # Another process's clock is a second ahead: nothing is recorded before what led to it.
        assert stamp.recorded_at == stamp.happened_at == case.recorded_at == desk.now + timedelta(seconds=1)

    run(story())


def test_what_one_of_two_reports_knows_is_known_of_both(run: Run, desk: Office) -> None:
    async def story() -> None:
        await desk.call("K1", place=3, patients=2)
        await desk.give(OpenCase("K2"))
        await desk.give(MergeCase("K1", "K2", ("1",)))
        assert (await desk.case("K2")).complete
        notes = await load_particulars(desk.service.store, desk.region, "K2")
        place = notes.place()
        assert place is not None
        assert (place.longitude, place.latitude) == desk.spot(3)
        told = notes.latest("complaint", "2")
        assert told is not None
        assert told.value == "sesak napas"

    run(story())
