"""What this service is: for pages, before anybody has signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.http.language import language_of
from api.http.serving import serving_of
from routing import LANGUAGES, Language, text

router = APIRouter(prefix="/v1", tags=["service"])


class AccountView(BaseModel):
    """An account that anybody may sign in with: of a demo, and of nothing else."""

    name: str
    password: str
    role: str = Field(examples=["dispatcher"])
    label: str = Field(description="The role in words.")
    page: str = Field(description="Where its page is.", examples=["/driver"])


class DemoView(BaseModel):
    """A demo: nothing in it is real, and its time goes faster."""

    accounts: list[AccountView] = Field(description="Empty where others on the network can reach the demo.")
    calls_per_hour: float = Field(description="By the service's clock.")
    speed: float


class ServiceView(BaseModel):
    """What this service is."""

    version: str
    now: datetime = Field(description="The service's time, UTC.")
    speed: float = Field(description="How many of its seconds there are in a second: 1, except in a demo.")
    demo: DemoView | None
    languages: list[Language]


@router.get("/service")
async def get_service(request: Request, response: Response) -> ServiceView:
    """What this service is, what its clock says, and, in a demo, with which accounts anybody may sign in."""
    serving, language = serving_of(request), language_of(request)
    response.headers["Cache-Control"] = "no-store"
    demo = serving.demo
    return ServiceView(
        version=version("siaga"),
        now=serving.service.clock().astimezone(UTC),
        speed=1.0 if demo is None else demo.speed,
        demo=None
        if demo is None
        else DemoView(
            accounts=[
                AccountView(
                    name=one.name,
                    password=one.password,
                    role=one.role,
                    label=text(language, f"demo.account.{one.role}"),
                    page=one.page,
                )
                for one in demo.accounts
            ],
            calls_per_hour=demo.calls_per_hour,
            speed=demo.speed,
        ),
        languages=list(LANGUAGES),
    )
