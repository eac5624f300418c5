"""Open cases that may be the event that somebody is just calling about. Asked in a body: no place stands in an address."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.fields import STRICT, Id, Moment
from api.http.problems import documented
from api.http.reading import everything
from api.http.views import Viewer
from dispatch.life.case import Case, PatientState
from dispatch.life.similar import similar_cases

router = APIRouter(prefix="/v1/regions/{region}/cases", tags=["cases"], responses=documented(401, 403, 404, 422, 503))

Writing = Annotated[Asking, Depends(asking("cases.write"))]


class SimilarBody(BaseModel):
    """A call, as far as it is known."""

    model_config = STRICT
    longitude: float = Field(ge=-180, le=180, description="Of the place that the caller names, degrees.")
    latitude: float = Field(ge=-90, le=90)
    received_at: Moment | None = Field(default=None, description="When the call came; now if left out.")
    kind: str | None = Field(default=None, max_length=80, description="As in data/cases.toml, if it is known.")
    but: Id | None = Field(default=None, alias="except", description="A case that is not looked at: the call's own draft.")


class SimilarView(BaseModel):
    """An open case that may be the same event."""

    case: str
    kind: str | None
    kind_text: str
    priority: str | None
    priority_text: str
    received_at: datetime
    age_minutes: float = Field(description="Since the call for it came.")
    distance_m: int = Field(description="To the middle of the 250 m cell in which it lies, not to its door: up to 180 m off.")
    same_kind: bool = Field(description="Both are known to be of this kind.")
    patients: int
    state_text: str = Field(description="What is being done: for whom least has happened yet.")


@router.post("/similar")
async def list_similar(asked: Writing, body: SimilarBody) -> list[SimilarView]:
    """Open cases near a place and a time that may be the same event, the likeliest first: near, soon after each other, of one
    kind. How near and how soon, the region sets (`similar` in data/life.toml). Nothing is recorded."""
    found, as_of = await everything(asked, "case")
    cases = [one for one, _ in found if isinstance(one, Case) and one.id != body.but]
    viewer, now = asked.viewer(as_of), asked.now
    likely = similar_cases(cases, body.longitude, body.latitude, body.received_at or now, body.kind, asked.live.rules)
    return [
        SimilarView(
            case=one.case.id,
            kind=one.case.kind,
            kind_text=viewer.word("case", one.case.kind),
            priority=one.case.priority,
            priority_text=viewer.word("priority", one.case.priority),
            received_at=viewer.local(one.case.received_at),
            age_minutes=round(max(0.0, (now - one.case.received_at).total_seconds()) / 60, 1),
            distance_m=round(one.distance_m),
            same_kind=one.same_kind,
            patients=len(one.case.patients),
            state_text=_state(one.case, viewer),
        )
        for one in likely
    ]


def _state(case: Case, viewer: Viewer) -> str:
    if case.search is not None:
        return viewer.word("search", case.search.step)
    least = min((one.state for one in case.patients if not one.ended), key=lambda one: one.rank, default=PatientState.ENDED)
    return viewer.word("patient_state", least)
