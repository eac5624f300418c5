"""FHIR R4 on a real server: a referral with a decline, SITEGAR's answer and a handover, and who may see what of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task

from dispatch.life.events import Ref
from dispatch.life.reports import Readings
from tests.api.http.fhir_values import wrong_codes
from tests.api.http.live import NOBODY, Live

CLASSES: dict[str, Any] = {
    "ServiceRequest": ServiceRequest,
    "Task": Task,
    "Bundle": Bundle,
    "OperationOutcome": OperationOutcome,
    "CapabilityStatement": CapabilityStatement,
}
PERSON = {"name": "Siti Aminah", "nik": "3201010101800001", "sex": "P", "complaint": "sesak napas"}
CALLER = {"name": "Rina", "phone": "0812-0000-0002"}


@dataclass(frozen=True)
class Story:
    """A case whose facility was asked, and the case of another one."""

    case: str
    run: str


def ask(live: Live, role: str, path: str, status: int = 200, **more: Any) -> Any:
    """An answer of a FHIR server, valid whatever it is."""
    answer = live.get(role, f"/fhir/{live.region}/{path}", **more)
    assert answer.status_code == status, answer.text
    return read(answer)


def read(answer: httpx2.Response) -> Any:
    assert answer.headers["content-type"] == "application/fhir+json"
    body = answer.json()
    CLASSES[body["resourceType"]].model_validate(body)
    assert wrong_codes(body) == []
    return body


def statuses(live: Live, case: str, role: str = "dispatcher") -> dict[str, str]:
    found = ask(live, role, "Task", params={"focus": f"ServiceRequest/{case}.1"})
    return {one["resource"]["id"].removeprefix(f"{case}."): one["resource"]["status"] for one in found.get("entry", [])}


def readings(live: Live, case: str) -> int:
    state = live.do(live.office.service.states(live.region, [Ref("readings", case)]))[0][0]
    return state.count if isinstance(state, Readings) else 0


@pytest.fixture
def story(live: Live) -> Story:
    """A call, a vehicle on its way, and a facility that is being asked. Whatever was open before has ended."""
    for one in live.get("dispatcher", "cases").json()["cases"]:
        live.done("dispatcher", f"cases/{one['id']}/patients/1/end", {"outcome": "recovered", "why": "test"})
    for one in live.get("dispatcher", "vehicles").json():
        if one["run"] is not None:
            live.press("dispatcher", one["run"], "available")
        if one["status"] != "standby":
            live.done("dispatcher", f"vehicles/{one['id']}/status", {"status": "standby"})
    longitude, latitude = live.office.spot(1)
    place = {"longitude": longitude, "latitude": latitude, "address": "Jl. Mayor Oking 12"}
    case = live.call(place=place, person=PERSON, caller=CALLER)
    return Story(case, live.send(case, "A1"))


# -- the walk -------------------------------------------------------------------------------------------------------------


def test_from_the_first_offer_to_the_handover(live: Live, story: Story) -> None:
    case = story.case
    assert ask(live, "dispatcher", f"ServiceRequest/{case}.1")["status"] == "active"
    assert statuses(live, case) == {"a1": "requested"}

    live.press("driver_a1", story.run, "acknowledged", "departed", "at_scene", "with_patient")
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": False, "why": "icu_full"})
    declined = ask(live, "dispatcher", f"Task/{case}.a1")
    assert (declined["status"], declined["statusReason"]["coding"][0]["code"]) == ("rejected", "icu_full")
    assert declined["owner"]["identifier"]["value"] == live.facility
    assert statuses(live, case)["a2"] == "requested"

    (request,) = live.done("dispatcher", f"cases/{case}/patients/1/desk")["made"]["request"]
    assert statuses(live, case) == {"a1": "rejected", "a2": "cancelled", "d1": "requested"}
    answer = {"facility": {"name": "RS Jauh", "phone": "0251-1"}, "arranged": True, "voice": {"name": "Ibu Dewi"}}
    live.done("sitegar", f"cases/{case}/desk/{request}/answer", answer)
    desk = ask(live, "sitegar", f"Task/{case}.d1")
    assert (desk["status"], desk["output"][0]["valueReference"]["reference"]) == ("completed", f"Task/{case}.a3")
    assert ask(live, "dispatcher", f"Task/{case}.a3")["owner"] == {"type": "Organization", "display": "RS Jauh"}
    assert statuses(live, case)["a3"] == "accepted"
    assert ask(live, "dispatcher", f"ServiceRequest/{case}.1")["performer"] == [{"type": "Organization", "display": "RS Jauh"}]

    live.press("driver_a1", story.run, "left_scene", "at_facility")
    live.done("driver_a1", f"cases/{case}/patients/1/handover")
    live.done("driver_a1", f"cases/{case}/patients/1/treatment")
    assert statuses(live, case) == {"a1": "rejected", "a2": "cancelled", "a3": "completed", "d1": "completed"}
    done = live.get("dispatcher", f"/fhir/{live.region}/ServiceRequest/{case}.1")
    assert read(done)["status"] == "completed"
    version = live.get("dispatcher", f"cases/{case}").json()["version"]
    assert done.headers["etag"] == f'W/"{version}"'
    assert done.json()["meta"]["versionId"] == str(version)


def test_a_refusal_at_the_door_is_a_failure_with_its_reason(live: Live, story: Story) -> None:
    case = story.case
    live.done("facility", f"cases/{case}/offers/{live.offer(case)}/answer", {"accepted": True})
    assert statuses(live, case) == {"a1": "accepted"}
    live.press("driver_a1", story.run, "acknowledged", "departed", "at_scene", "with_patient", "left_scene", "at_facility")
    live.done("driver_a1", f"cases/{case}/patients/1/refusal", {"why": "no_doctor"})
    task = ask(live, "dispatcher", f"Task/{case}.a1")
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("failed", "refused_at_door")
    assert task["statusReason"]["coding"][0]["code"] == "no_doctor"


def test_a_search_by_either_name_finds_the_same(live: Live, story: Story) -> None:
    name = f"{story.case}.1"
    base = f"{live.base}/fhir/{live.region}"
    found = [
        ask(live, "dispatcher", "Task", params=params)
        for params in (
            {"focus": f"ServiceRequest/{name}"},
            {"based-on": f"ServiceRequest/{name}"},
            {"based-on": name},
            {"focus": f"{base}/ServiceRequest/{name}"},
            {"focus": name, "based-on": name, "_format": "json"},
        )
    ]
    assert {tuple(one["fullUrl"] for one in bundle["entry"]) for bundle in found} == {(f"{base}/Task/{story.case}.a1",)}
    # What was not understood is not in the link.
    assert found[-1]["link"][0]["url"] == f"{base}/Task?based-on={name}&focus={name}"
    again = live.get("dispatcher", found[0]["entry"][0]["fullUrl"][len(live.base) :])
    assert read(again) == found[0]["entry"][0]["resource"]


def test_a_search_finds_nothing_where_there_is_nothing(live: Live, story: Story) -> None:
    other = live.call()
    live.send(other, "A2")
    assert statuses(live, other) == {"a1": "requested"}
    for params in (
        {"focus": "ServiceRequest/K000-000-000.1"},
        {"focus": f"ServiceRequest/{story.case}.2"},
        {"focus": f"{story.case}.1", "based-on": f"{other}.1"},
    ):
        found = ask(live, "dispatcher", "Task", params=params)
        assert (found["total"], "entry" in found) == (0, False)


# -- what is personal -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["dispatcher", "admin"])
def test_who_may_read_persons_is_shown_the_patient_and_it_is_recorded(live: Live, story: Story, role: str) -> None:
    before = readings(live, story.case)
    sent = ask(live, role, f"ServiceRequest/{story.case}.1")
    (patient,) = sent["contained"]
    assert patient["name"] == [{"text": "Siti Aminah"}]
    assert patient["gender"] == "female"
    assert patient["address"] == [{"text": "Jl. Mayor Oking 12"}]
    assert sent["reasonCode"] == [{"text": "sesak napas"}]
    assert readings(live, story.case) == before + 1


@pytest.mark.parametrize("role", ["driver_a1", "facility", "sitegar"])
def test_nobody_else_is_and_nothing_is_recorded(live: Live, story: Story, role: str) -> None:
    if role == "sitegar":
        live.done("dispatcher", f"cases/{story.case}/patients/1/desk")
    sent = ask(live, role, f"ServiceRequest/{story.case}.1")
    assert sent["subject"] == {
        "type": "Patient",
        "identifier": {"system": f"urn:siaga:region:{live.region}:patient", "value": f"{story.case}.1"},
    }
    told = [str(sent), str(ask(live, role, "Task", params={"focus": f"{story.case}.1"}))]
    personal = [*PERSON.values(), *CALLER.values(), "Mayor Oking"]
    assert [one for one in personal if len(one) > 1 and any(one in said for said in told)] == []
    assert readings(live, story.case) == 0


def test_tasks_hold_nothing_personal_for_anybody(live: Live, story: Story) -> None:
    told = str(ask(live, "dispatcher", "Task", params={"focus": f"{story.case}.1"}))
    assert [one for one in (*PERSON.values(), *CALLER.values(), "Mayor Oking") if len(one) > 1 and one in told] == []
    assert readings(live, story.case) == 0


# -- who may see what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "metadata", "request_status", "task_status", "tasks"),
    [
        ("dispatcher", 200, 200, 200, 1),
        ("admin", 200, 200, 200, 1),
        ("driver_a1", 200, 200, 200, 1),
        ("facility", 200, 200, 200, 1),
        ("driver_a2", 200, 403, 403, 0),
        ("other_facility", 200, 403, 403, 0),
        ("sitegar", 200, 403, 403, 0),
        ("planner", 403, 403, 403, None),
        ("tracker", 403, 403, 403, None),
        ("metrics", 403, 403, 403, None),
        ("elsewhere", 403, 403, 403, None),
        ("expired", 401, 401, 401, None),
        ("revoked", 401, 401, 401, None),
        ("unknown", 401, 401, 401, None),
        (NOBODY, 401, 401, 401, None),
    ],
)
def test_a_role_sees_what_it_has_to_do_with(
    live: Live, story: Story, role: str, metadata: int, request_status: int, task_status: int, tasks: int | None
) -> None:
    ask(live, role, "metadata", metadata)
    ask(live, role, f"ServiceRequest/{story.case}.1", request_status)
    ask(live, role, f"Task/{story.case}.a1", task_status)
    found = ask(live, role, "Task", 200 if tasks is not None else metadata, params={"focus": f"{story.case}.1"})
    assert found.get("total") == tasks
    ask(live, role, "Patient/1", 404 if metadata == 200 else metadata)


def test_a_facility_keeps_its_task_but_not_the_patient_once_it_has_declined(live: Live, story: Story) -> None:
    live.done("facility", f"cases/{story.case}/offers/{live.offer(story.case)}/answer", {"accepted": False, "why": "room_full"})
    assert statuses(live, story.case, "facility") == {"a1": "rejected"}
    ask(live, "facility", f"ServiceRequest/{story.case}.1", 403)
    ask(live, "facility", f"Task/{story.case}.a2", 403)
    # How many others were asked is none of its business either.
    ask(live, "facility", f"Task/{story.case}.a9", 403)
    ask(live, "dispatcher", f"Task/{story.case}.a9", 404)


def test_the_desk_sees_a_case_while_it_waits_for_its_answer(live: Live, story: Story) -> None:
    live.done("dispatcher", f"cases/{story.case}/patients/1/desk")
    assert statuses(live, story.case, "sitegar") == {"a1": "cancelled", "d1": "requested"}
    (row,) = live.get("sitegar", "desk").json()
    live.done("sitegar", f"cases/{story.case}/desk/{row['request']['id']}/answer", {"facility": {"name": "RS Jauh"}})
    assert statuses(live, story.case, "sitegar") == {"d1": "completed"}
    ask(live, "sitegar", f"ServiceRequest/{story.case}.1", 403)


# -- what goes wrong ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Task", 400, "invalid"),
        ("Task?focus=Patient/1", 400, "invalid"),
        ("Task?based-on=", 400, "invalid"),
        ("Task?focus=https://example.org/ServiceRequest/K1.1", 400, "invalid"),
        ("Task/nothing", 404, "not-found"),
        ("Task/K000-000-000.a1", 404, "not-found"),
        ("Task/K%20.a1", 404, "not-found"),
        ("ServiceRequest/nothing", 404, "not-found"),
        ("ServiceRequest/K000-000-000.1", 404, "not-found"),
        ("ServiceRequest/..%2F.1", 404, "not-found"),
        ("Patient/1", 404, "not-found"),
        ("Observation?code=1", 404, "not-found"),
    ],
)
def test_what_goes_wrong_is_an_operation_outcome(live: Live, path: str, status: int, code: str) -> None:
    outcome = ask(live, "dispatcher", path, status)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] == code
    assert outcome["issue"][0]["details"]["text"]


def test_a_patient_that_the_case_does_not_have_is_not_found(live: Live, story: Story) -> None:
    assert ask(live, "dispatcher", f"ServiceRequest/{story.case}.9", 404)["issue"][0]["code"] == "not-found"


def test_a_region_that_is_not_served_and_a_stranger_are_told_so_in_fhirs_words(live: Live) -> None:
    away = live.get("elsewhere", "/fhir/elsewhere/metadata")
    assert (away.status_code, read(away)["issue"][0]["code"]) == (404, "not-found")
    stranger = live.get(NOBODY, f"/fhir/{live.region}/metadata")
    assert (stranger.status_code, read(stranger)["issue"][0]["code"]) == (401, "login")
    assert stranger.headers["www-authenticate"].startswith("Bearer")


def test_the_server_says_what_it_can_do(live: Live) -> None:
    told = ask(live, "facility", "metadata")
    assert told["fhirVersion"] == "4.0.1"
    assert told["implementation"]["url"] == f"{live.base}/fhir/{live.region}"
    can = {one["type"]: {each["code"] for each in one["interaction"]} for one in told["rest"][0]["resource"]}
    assert can == {"ServiceRequest": {"read"}, "Task": {"read", "search-type"}}


def test_words_are_in_the_callers_language(live: Live, story: Story) -> None:
    said = {
        language: ask(live, "dispatcher", f"Task/{story.case}.a1", headers={"Accept-Language": language})["businessStatus"][
            "text"
        ]
        for language in ("id", "en")
    }
    assert said == {"id": "ditawarkan", "en": "asked"}
