"""Whether the service lives and can work, and its figures for monitors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel

from api.access import Principal, require
from api.http.problems import documented
from api.http.serving import serving_of
from dispatch.store import StoreError, StoreUnreachableError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether it lives."""

    status: str


class Readiness(BaseModel):
    """Whether it can work: each thing that it needs, and what is wrong with it."""

    ready: bool
    checks: dict[str, str]


@router.get("/healthz")
async def healthz() -> Health:
    """The process lives."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Readiness, "description": "It can't work now."}})
async def readyz(request: Request, response: Response) -> Readiness:
    """The store answers and every region is served."""
    serving = serving_of(request)
    checks = {}
    for name, feed in serving.feeds.items():
        try:
            await serving.service.store.ping(name)
            lost = feed.lost_since
            checks[name] = "ok" if lost is None else f"no events since {lost.isoformat()}"
        except StoreUnreachableError:
            checks[name] = "its store does not answer"  # where that is, is told in the log: anybody may ask here
        except StoreError:
            checks[name] = "its store refuses"
    ready = bool(checks) and all(said == "ok" for said in checks.values())
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, checks=checks)


class Figures:
    """What monitors ask for; nothing personal, no ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("siaga_requests_total", "Requests.", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "siaga_request_seconds",
            "Time to answer.",
            ("method", "route"),
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.open = Gauge("siaga_open", "What is open.", ("region", "kind"), registry=self.registry)
        self.store_up = Gauge("siaga_store_up", "1 while the store answers.", ("region",), registry=self.registry)
        self.road_state = Gauge("siaga_road_state", "Number of the state of the roads.", ("region",), registry=self.registry)

    def took(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the pattern, not the path."""
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(method, route).observe(seconds)


@router.get("/metrics", response_class=Response, responses=documented(401, 403))
async def metrics(request: Request, _who: Annotated[Principal, require("metrics.read")]) -> Response:
    """Figures in Prometheus' text format."""
    serving, figures = serving_of(request), request.app.state.figures
    assert isinstance(figures, Figures)
    for name, live in serving.service.regions.items():
        world = serving.board(name).world
        figures.open.labels(name, "case").set(len(world.cases))
        figures.open.labels(name, "run").set(len(world.runs))
        figures.open.labels(name, "vehicle").set(len(world.units))
        figures.store_up.labels(name).set(0 if serving.feeds[name].lost_since is not None else 1)
        figures.road_state.labels(name).set(live.now.state.number)
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)
