"""Whatever is sent, to any endpoint: no server error, and no answer that the OpenAPI document does not tell of.

Half of what is sent is as the document says, half is not. Names of real things are mixed in, so that it gets past the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.http.live import Live

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS = frozenset({"/v1/events"})
"""Never ends; `test_events` is about it."""


@dataclass(frozen=True)
class Real:
    """Things that are there, by the name of the parameter."""

    live: Live
    names: dict[str, list[str]]

    def put_in(self, case: schemathesis.Case, choose: Callable[[list[str]], str]) -> None:
        """Puts names of real things, as a rule, where made-up ones are; the region nearly always."""
        for parameter in case.path_parameters:
            if parameter in self.names:
                case.path_parameters[parameter] = choose([*self.names[parameter], str(case.path_parameters[parameter])])


@pytest.fixture(scope="module")
def real(live: Live) -> Real:
    """A case under way, an offer, a closed road."""
    case = live.call(person={"name": "Ibu Sari", "complaint": "sesak"}, patients=2)
    run = live.send(case, "A1", patients=["1"])
    live.press("driver_a1", run, "acknowledged", "departed")
    point = {"type": "Point", "coordinates": list(live.office.spot(3))}
    live.done("dispatcher", "conditions/banjir-1", {"kind": "flood", "geometry": point}, method="PUT")
    live.done("admin", "officers/P1", {"name": "Budi"}, method="PUT")
    draft = live.done("dispatcher", "cases", {})
    other = next(name.removeprefix("case/") for name in draft["versions"])
    names = {
        "region": [live.region] * 9,
        "case": [case, case, other],
        "patient": ["1", "1", "2"],
        "run": [run] * 3,
        "vehicle": ["A1", "A2", "A3", "A4"],
        "officer": ["P1"],
        "offer": [live.offer(case)],
        "facility": [live.facility, live.other_facility],
        "condition": ["banjir-1"],
    }
    return Real(live, names)


def _operations(live: Live) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(live.client("admin").get("/v1/openapi.json").json())
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in ENDLESS:
            yield operation


def _tried(real: Real, operation: Any, mode: GenerationMode, examples: int) -> str | None:
    """What is wrong with an endpoint, or None."""
    live, session = real.live, requests.Session()

    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case, data: st.DataObject) -> None:
        real.put_in(case, lambda names: data.draw(st.sampled_from(names)))
        headers = {"Authorization": f"Bearer {live.tokens['admin']}"}
        answer = case.call(base_url=live.base, headers=headers, session=session, timeout=20)
        case.validate_response(answer, checks=CHECKS)

    try:
        with session:
            check()
    except Unsatisfiable:
        return None  # it takes nothing, so nothing wrong can be sent
    except (Exception, BaseExceptionGroup) as error:
        return f"{operation.label} ({mode.value}): {error}\n"
    return None


def _all(real: Real, examples: int) -> list[str]:
    tried = [
        _tried(real, operation, mode, examples)
        for operation in _operations(real.live)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    assert len(tried) > 100, "the document has lost endpoints"
    return [one for one in tried if one is not None]


def test_no_server_error_and_no_undocumented_answer(real: Real) -> None:
    wrong = _all(real, 1)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_no_server_error_and_no_undocumented_answer_at_length(real: Real) -> None:
    wrong = _all(real, 40)
    assert not wrong, "\n".join(wrong)
