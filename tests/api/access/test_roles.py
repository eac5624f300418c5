"""Roles: what each may, and that a table with a mistake is refused by file and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from api.access.errors import GrantError
from api.access.grants import Grant, Holder, checked_grant
from api.access.principal import Principal
from api.access.roles import Permission, read_roles, roles
from api.access.rules import access_rules, read_access_rules
from routing import DataError, read_table

PERSONAL = {"personal.read", "personal.own"}
CASES = {"cases.read", "cases.own", "cases.write"}


def table() -> dict[str, Any]:
    return deepcopy(read_table("roles.toml"))


def test_the_roles_of_the_issue_are_there() -> None:
    assert set(roles()) == {"dispatcher", "driver", "facility", "sitegar", "planner", "admin", "tracker", "metrics"}


def test_an_admin_may_everything_and_a_tracker_one_thing() -> None:
    assert roles()["admin"].permissions == set(Permission)
    assert roles()["tracker"].permissions == {"fixes.write"}
    assert roles()["metrics"].permissions == {"metrics.read"}


@pytest.mark.parametrize("name", ["planner", "sitegar", "tracker", "metrics"])
def test_who_needs_no_personal_data_gets_none(name: str) -> None:
    assert not roles()[name].permissions & (PERSONAL | {"cases.read", "vehicles.read", "events.read"})


@pytest.mark.parametrize("name", ["driver", "facility"])
def test_whoever_has_a_unit_may_what_is_their_own_only(name: str) -> None:
    assert roles()[name].unit is not None
    everybodys = {one for one in Permission if one.endswith(".any")} | {
        "cases.read",
        "personal.read",
        "events.read",
        "desk.answer",
    }
    assert not roles()[name].permissions & everybodys


def test_only_admins_manage_people() -> None:
    assert [name for name, role in roles().items() if "people.admin" in role.permissions] == ["admin"]


def test_everybodys_includes_ones_own() -> None:
    for role in roles().values():
        for permission in role.permissions:
            start, _, end = permission.rpartition(".")
            if end == "any":
                assert f"{start}.own" in role.permissions


def test_a_role_that_is_gone_opens_nothing() -> None:
    who = Principal.of("sari", "person", Grant(("night-shift", "metrics"), None), roles())
    assert who.permissions == {"metrics.read"}
    assert who.role == "night-shift"


def change(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def done(found: dict[str, Any]) -> None:
        *folders, last = path.split(".")
        for folder in folders:
            found = found[folder]
        if value is None:
            del found[last]
        else:
            found[last] = value

    return done


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("role", None, "roles.toml: [role.NAME]"),
        ("role.admin", None, "[role.admin] is missing"),
        ("role.tracker", None, "[role.tracker] is missing"),
        ("role.driver", "all", "role.driver: must be a table"),
        ("role.driver.permissions", None, "role.driver.permissions: must be a list"),
        ("role.driver.permissions", ["cases.raed"], "role.driver.permissions: 'cases.raed' is no permission"),
        ("role.driver.permissions", ["assign", "assign"], "'assign' stands there twice"),
        ("role.driver.unit", "car", "role.driver.unit: 'car'"),
        ("role.driver.colour", "red", "role.driver.colour: no such key"),
        ("role.metrics.programs_only", "yes", "role.metrics.programs_only: must be true or false"),
        ("role.admin.permissions", ["assign"], "role.admin.permissions: without people.admin"),
        ("role.tracker.permissions", ["fixes.write", "cases.read"], "role.tracker: its id stands in URLs"),
        ("role.tracker.unit", None, "role.tracker: its id stands in URLs"),
    ],
)
def test_a_wrong_role_is_named(path: str, value: object, said: str) -> None:
    wrong = table()
    change(path, value)(wrong)
    with pytest.raises(DataError, match=re.escape(said)):
        read_roles(wrong)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("session.idle_seconds", "long", "session.idle_seconds"),
        ("session.idle_seconds", 0, "session.idle_seconds"),
        ("attempts.name.free", None, "free"),
        ("attempts.name.often", 3, "often"),
        ("password.shortest", 4, "password.shortest"),
        ("token", None, "token"),
        ("cookies", {}, "[cookies] is not known"),
    ],
)
def test_a_wrong_rule_is_named(path: str, value: object, said: str) -> None:
    wrong = table()
    change(path, value)(wrong)
    with pytest.raises(DataError, match=f"roles.toml.*{re.escape(said)}"):
        read_access_rules(wrong)


def test_waits_double_up_to_the_longest() -> None:
    limit = access_rules().attempts.name
    waits = [int(limit.wait(failures).total_seconds()) for failures in range(20)]
    assert waits[: limit.free] == [0] * limit.free
    assert waits[limit.free : limit.free + 4] == [2, 4, 8, 16]
    assert waits[-1] == limit.longest_wait_seconds == limit.wait(10**9).total_seconds()


GRANTS: Mapping[str, tuple[Grant, Holder, str | None]] = {
    "a dispatcher": (Grant(("dispatcher",), ("cibinong",)), "person", None),
    "everywhere": (Grant(("admin",), None), "person", None),
    "two roles": (Grant(("dispatcher", "sitegar"), ("cibinong", "bojong-gede")), "person", None),
    "a driver": (Grant(("driver",), ("cibinong",), vehicle="V01"), "person", None),
    "a facility": (Grant(("facility",), ("cibinong", "bojong-gede"), facility="node/123"), "person", None),
    "a tracker": (Grant(("tracker",), ("cibinong",), vehicle="V01"), "device", None),
    "a tracker's token": (Grant(("tracker",), ("cibinong",), vehicle="V01"), "token", None),
    "monitoring": (Grant(("metrics",), None), "token", None),
    "nothing": (Grant((), None), "person", "no_role"),
    "no such role": (Grant(("boss",), None), "person", "unknown_role"),
    "two roles of a token": (Grant(("planner", "metrics"), None), "token", "one_role"),
    "a person as a program": (Grant(("metrics",), None), "person", "programs_only"),
    "a device as an admin": (Grant(("admin",), None), "device", "tracker_only"),
    "a device as a driver": (Grant(("driver",), ("cibinong",), vehicle="V01"), "device", "tracker_only"),
    "nowhere": (Grant(("dispatcher",), ()), "person", "no_region"),
    "no region's name": (Grant(("dispatcher",), ("../etc",)), "person", "region_name"),
    "the region of accounts": (Grant(("dispatcher",), ("siaga-access",)), "person", "region_name"),
    "a driver without a vehicle": (Grant(("driver",), ("cibinong",)), "person", "vehicle_needed"),
    "a driver everywhere": (Grant(("driver",), None, vehicle="V01"), "person", "vehicle_needed"),
    "a driver in two regions": (Grant(("driver",), ("a", "b"), vehicle="V01"), "person", "vehicle_needed"),
    "a tracker without a vehicle": (Grant(("tracker",), ("cibinong",)), "device", "vehicle_needed"),
    "a dispatcher's vehicle": (Grant(("dispatcher",), ("cibinong",), vehicle="V01"), "person", "vehicle_unused"),
    "a facility without one": (Grant(("facility",), ("cibinong",)), "person", "facility_needed"),
    "a facility everywhere": (Grant(("facility",), None, facility="F1"), "person", "facility_needed"),
    "a driver's facility": (Grant(("driver",), ("cibinong",), "V01", "F1"), "person", "facility_unused"),
    "a vehicle in words": (Grant(("driver",), ("cibinong",), vehicle="the red one"), "person", "unit_name"),
}


@pytest.mark.parametrize("case", GRANTS)
def test_grants(case: str) -> None:
    grant, holder, code = GRANTS[case]
    if code is None:
        assert checked_grant(grant, holder, roles()) is grant
        return
    with pytest.raises(GrantError) as error:
        checked_grant(grant, holder, roles())
    assert error.value.code == code
