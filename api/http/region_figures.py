"""A region's settings: every figure as it ships and as the region has it; set as a whole, checked as when the service starts.

Whoever administers the fleet of a region sets them (`fleet.admin`): clocks and weights are how the office works, and give
nobody any right.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import xxhash
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.asking import Asking, IfMatch, asking
from api.http.fields import STRICT
from api.http.language import language_of
from api.http.problems import documented
from api.http.reading import tagged
from dispatch.archive.files import write_whole
from dispatch.service.live_region import LiveRegion
from dispatch.service.region_settings import as_toml, checked, own_settings
from dispatch.service.service import StaleError
from dispatch.service.setting_figures import TABLES, figures
from routing import DataError, InputError, text

log = logging.getLogger(__name__)

router = APIRouter(prefix="/v1/regions/{region}", tags=["region"], responses=documented(401, 403, 404, 422, 503))

Admin = Annotated[Asking, Depends(asking("fleet.admin"))]

BEFORE = ".before"
"""Ends the name of the file with the settings as they were before the last change."""

_LONGEST = 20_000
_VERSIONS = 10**15
"""What If-Match takes has up to 15 digits."""

_locks: WeakKeyDictionary[LiveRegion, asyncio.Lock] = WeakKeyDictionary()


class SettingsBody(BaseModel):
    """What a region sets for itself, as in its file: by section and key, only what differs. What is left out is as it ships."""

    model_config = STRICT
    life: dict[str, Any] = Field(
        default_factory=dict,
        description="Sections of data/life.toml.",
        examples=[{"referral": {"after_decline": "sitegar"}}],
    )
    decision: dict[str, Any] = Field(
        default_factory=dict, description="Sections of data/decision.toml.", examples=[{"offers": {"tries": 2}}]
    )


class FigureView(BaseModel):
    """One figure."""

    table: str = Field(examples=["life"], description="life or decision")
    section: str = Field(examples=["referral"])
    key: str = Field(examples=["desk_rings"], description="Of a clock: answer.first, answer.again.")
    default: float | str | list[str] = Field(description="As it ships.")
    own: float | str | list[str] | None = Field(description="The region's own; null: it sets none.")
    unit: str = Field(examples=["s"], description="s, min, m, km/h, or empty.")
    comment: str = Field(description="What the table says about it, in English.")


class SettingsView(BaseModel):
    """A region's settings."""

    figures: list[FigureView]
    own: dict[str, Any] = Field(description="What the region sets for itself, as `PUT` takes it.")
    writable: bool = Field(description="They can be set here.")
    note: str = Field(description="From when on what is set holds, or why nothing can be set.")


@router.get("/settings")
async def get_settings(asked: Admin) -> SettingsView:
    """Every figure that a region may set: as it ships, and the region's own."""
    path = asked.live.own_settings
    own: Mapping[str, Any] = {} if path is None else await asyncio.to_thread(_read, path)
    tagged(asked.response, _version_of(own))
    return _view(asked, own)


def _version_of(own: Mapping[str, Any]) -> int:
    """Tells what a region sets apart from what it set before or after; the file may be changed by hand, so nobody counts."""
    written = json.dumps({name: own.get(name, {}) for name in TABLES}, sort_keys=True)
    return xxhash.xxh3_64_intdigest(written.encode()) % _VERSIONS


def _read(path: Path) -> Mapping[str, Any]:
    """What the file says.

    Raises:
        InputError: somebody has made it unreadable since the service started.
    """
    try:
        own = own_settings(path)
        checked(own, path.name)
    except DataError as error:
        raise InputError(f"settings/{path.name} was changed by hand and is wrong now: {error}") from error
    return own


def _view(asked: Asking, own: Mapping[str, Any]) -> SettingsView:
    language, writable = language_of(asked.request), asked.live.own_settings is not None
    return SettingsView(
        figures=[
            FigureView(
                table=one.table,
                section=one.section,
                key=one.key,
                default=one.default,
                own=one.in_(own),
                unit=one.unit,
                comment=one.comment,
            )
            for one in figures()
        ],
        own={name: own.get(name, {}) for name in TABLES},
        writable=writable,
        note=text(language, f"dispatch.settings.{'applies' if writable else 'nowhere'}"),
    )


@router.put("/settings", responses=documented(412))
async def put_settings(body: SettingsBody, asked: Admin, _version: IfMatch = None) -> SettingsView:
    """Set what a region sets for itself, all of it: what is left out is as it ships again. Checked as when the service starts,
    and refused whole; written to settings/NAME.toml of the data folder (the file before it stays beside it), and in force in
    this process at once. Clocks that run already ring when they were set to, or later if there is more time now; other
    processes of the service take it when they start next. With `If-Match`, nothing is set if others set something meanwhile."""
    live, seen = asked.live, asked.version()
    if live.own_settings is None:
        raise InputError(text(language_of(asked.request), "dispatch.settings.nowhere"))
    own = {name: sections for name in TABLES if (sections := getattr(body, name))}
    _check_text(own)
    try:
        rules, settings = checked(own, "settings")
    except DataError as error:
        raise InputError(str(error)) from error
    async with _locks.setdefault(live, asyncio.Lock()):
        if seen is not None and seen != (found := _version_of(await asyncio.to_thread(_read, live.own_settings))):
            raise StaleError("version", found=found, expected=seen)
        await asyncio.to_thread(_write, live.own_settings, as_toml(own))
        live.rules, live.settings = rules, settings
    log.info("region %s: settings changed by %s", asked.region, asked.actor.id)
    tagged(asked.response, _version_of(own))
    return _view(asked, own)


def _check_text(own: Mapping[str, Any]) -> None:
    """Raises InputError for what no file can hold."""
    try:
        written = json.dumps(own, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise InputError(f"settings: there is something in them that can't be written: {type(error).__name__}") from error
    if len(written) > _LONGEST:
        raise InputError(f"settings: they are longer than {_LONGEST} letters")


def _write(path: Path, told: str) -> None:
    if path.is_file():
        write_whole(path.with_name(path.name + BEFORE), path.read_bytes(), 0o644)
    write_whole(path, told.encode(), 0o644)
