"""What the service is, for pages before anybody has signed in: its release, its time, whether it is a demo."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.http.serving import serving_of
from routing.catalogue import LANGUAGES

router = APIRouter(prefix="/v1", tags=["service"])


class DemoAccount(BaseModel):
    """An account that anybody may try."""

    name: str
    password: str
    role: str
    label: str
    page: str = Field(examples=["/driver"])


class DemoView(BaseModel):
    """A demo: everything is invented."""

    accounts: list[DemoAccount]
    calls_per_hour: float
    speed: float


class ServiceView(BaseModel):
    """The service."""

    version: str
    now: datetime = Field(description="Its time. Ages are reckoned by it; in a demo it runs faster than the wall's.")
    speed: float = Field(description="How many seconds pass in one; 1 but in a demo.")
    demo: DemoView | None
    languages: list[str]


@router.get("/service")
async def get_service(request: Request) -> ServiceView:
    """What this service is; no sign-in."""
    now = serving_of(request).service.clock()
    return ServiceView(version=version("siaga"), now=now, speed=1.0, demo=None, languages=list(LANGUAGES))
