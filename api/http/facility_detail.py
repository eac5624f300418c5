"""A facility with all that is known of it: who says what, where its sources disagree, whether it is open now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.asking import Asking, asking
from api.http.destinations import facility_of
from api.http.language import language_of
from api.http.places import FacilityView, facility_view
from api.http.problems import documented
from api.http.reading import one
from dispatch.life.events import Ref
from dispatch.life.reports import Claims
from dispatch.service.conditions import claims_id
from facilities import (
    Calendar,
    Facility,
    Said,
    conflict_reason,
    country_of,
    opening_at,
    read_hours,
    said_of,
    time_zone,
)
from routing import Language, text

router = APIRouter(prefix="/v1/regions/{region}", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Facilities = Annotated[Asking, Depends(asking("facilities.read"))]


class SourceView(BaseModel):
    """One attribute of a facility: the value that Siaga goes by, and who says so."""

    attribute: str = Field(examples=["capability"], description="name, kind, place, beds, phone, …, or capability.")
    attribute_text: str
    capability: str = Field(description="Which one, of a capability; else empty.")
    value: str = Field(examples=["yes"])
    value_text: str
    source: str = Field(
        examples=["faskes.csv:7"],
        description="osm:way/123, or a register's file and line; kind:hospital: the kind implies it; (name): its name says it.",
    )
    date: str | None = Field(description="Of when; null: the source bears no date.")
    implied: bool = Field(description="It follows from the kind or from another capability; nobody says so.")


class ConflictView(BaseModel):
    """Where sources disagree."""

    about: str = Field(examples=["capability"])
    severity: str = Field(description="note, warning or grave")
    values: list[str] = Field(description="What is said, one entry a voice.")
    sources: list[str] = Field(description="Who says it, as many as `values`.")
    chosen: str = Field(description="What Siaga goes by; may be empty.")
    distance_m: float | None = Field(description="Between the places, where it is about places.")
    text: str


class OpenView(BaseModel):
    """Opening hours, and whether it is open now."""

    written: str | None = Field(description="As the source has it; null: nobody says.")
    read_as: str | None = Field(description="In OSM's syntax; null: it can't be read.")
    now: str = Field(examples=["open"], description="open, closed or unknown")
    now_text: str
    changes_at: datetime | None = Field(description="When that changes next, within two weeks.")


class FacilityDetailView(FacilityView):
    """A facility with all that is known of it, and who says so."""

    kind_text: str
    aliases: list[str]
    hours: OpenView
    emergency_hours: OpenView = Field(description="Of the emergency department; those of the facility where nobody says.")
    sources: list[SourceView]
    conflicts_detail: list[ConflictView]


@router.get("/facilities/{facility:path}")
async def get_facility(facility: str, asked: Facilities) -> FacilityDetailView:
    """A facility, with its hours, who says what of it, and where its sources disagree."""
    found = facility_of(asked, facility)
    claims, _, _ = await one(asked, Ref("claims", claims_id(facility)))
    view = facility_view(asked, found, claims if isinstance(claims, Claims) else None)
    language = language_of(asked.request)
    return FacilityDetailView(
        **view.model_dump(),
        kind_text=text(language, f"facilities.kind.{found.kind}"),
        aliases=list(found.aliases),
        hours=_open(asked, found, found.opening_hours),
        emergency_hours=_open(asked, found, found.emergency_hours or found.opening_hours),
        sources=[_source(said, language) for said in said_of(found)],
        conflicts_detail=[
            ConflictView(
                about=each.code,
                severity=each.severity,
                values=list(each.values),
                sources=list(each.sources),
                chosen=each.chosen,
                distance_m=None if each.distance_m is None else round(each.distance_m, 1),
                text=conflict_reason(each).text(language),
            )
            for each in found.conflicts
        ],
    )


def _open(asked: Asking, facility: Facility, written: str | None) -> OpenView:
    hours, zone = None if written is None else read_hours(written), time_zone(facility.longitude, facility.latitude)
    found = opening_at(hours, zone, Calendar.of_office(country_of(zone.key)), asked.now)
    now = found.state.name.lower()
    return OpenView(
        written=written,
        read_as=None if hours is None else hours.expression,
        now=now,
        now_text=text(language_of(asked.request), f"facilities.open.{now}"),
        changes_at=found.until,
    )


def _source(said: Said, language: Language) -> SourceView:
    value, attribute = said.value, f"attribute.{said.attribute}"
    if said.capability:
        value, attribute = text(language, f"facilities.value.{said.value}"), f"capability.{said.capability}"
    elif said.attribute == "kind":
        value = text(language, f"facilities.kind.{said.value}")
    return SourceView(
        attribute=said.attribute,
        attribute_text=text(language, f"facilities.{attribute}"),
        capability=said.capability,
        value=said.value,
        value_text=value,
        source=said.source,
        date=said.date,
        implied=said.basis == "implied",
    )
