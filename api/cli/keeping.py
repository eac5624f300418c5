"""`siaga backup`, `siaga restore`, `siaga case forget`, `siaga doctor`: keeping what is kept, and letting go of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.access.records import ACCESS_REGION
from api.bootstrap import Siaga, now, siaga
from api.cli.options import AsJson, LanguageName, RegionName, language_of, print_json
from api.cli.tables import console, number
from dispatch.archive import (
    Archivist,
    Forgotten,
    Places,
    archive_key,
    back_up,
    forget_case,
    listed_backups,
    read_backup,
)
from dispatch.archive import restore as restore_backup
from dispatch.archive.appendonly import log_files
from dispatch.archive.checkup import Finding, check_up
from dispatch.archive.errors import ArchiveInUseError, BackupError
from dispatch.archive.inventory import Held
from dispatch.life.rules import Rules, default_rules
from dispatch.regions import about_regions, region_names
from dispatch.service.region_settings import region_settings
from dispatch.settings import default_settings
from dispatch.store import EmbeddedServer, Ref, Store, StoreError, open_store, running_at
from routing import DataError, InputError, Language, RegionError, text

_WIDEST = 32
"""Columns for the name of a region or file, which is broken where it is longer."""
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


def places_of(here: Siaga) -> Places:
    """Where things lie in the data folder of the settings."""
    return Places(here.settings.data_folder)


@asynccontextmanager
async def joined(here: Siaga) -> AsyncIterator[tuple[str, Store]]:
    """The store for a moment, with its URL: an outside one, the running service's, or, if none runs, our own meanwhile.

    Raises:
        StoreError: it can't be opened.
    """
    places = places_of(here)
    url = here.settings.store_url or running_at(places.store)
    if url:
        async with await open_store(url) as store:
            yield url, store
        return
    async with await EmbeddedServer.start(places.store) as server, await open_store(server.url) as store:
        yield server.url, store


def say(language: Language, key: str, **values: object) -> str:
    """A text of this module's catalogue."""
    return text(language, f"keeping.{key}", **values)


def _cases(holds: dict[str, Held]) -> int:
    return sum(held.kinds["case"].count for held in holds.values() if "case" in held.kinds)


def _regions(holds: dict[str, Held]) -> int:
    return sum(1 for name in holds if name != ACCESS_REGION)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also the key of the archive's pseudonyms and the admin's token.")
    ] = False,
    lang: LanguageName = None,
) -> None:
    """Back up the store, the archive and the settings into one file, also while the service runs."""
    here = siaga()
    language = language_of(here, lang)
    if here.settings.store_url:
        raise InputError("SIAGA_REDIS_URL is set: an outside server is backed up by its own means (a replica, RDB files)")
    done = asyncio.run(back_up(places_of(here), file, now(), secrets=with_secrets))
    holds = done.manifest.holds
    archived = sum(1 for one in done.manifest.files if one.name.startswith("archive/"))
    figures = {"cases": _cases(holds), "regions": _regions(holds), "archived": archived}
    typer.echo(say(language, "backed_up", file=file, megabytes=number(done.bytes / 1e6, language), **figures))
    typer.echo(say(language, "backed_up_with" if with_secrets else "backed_up_without"))
    typer.echo(say(language, "backed_up_keep"))


def restore(
    file: Annotated[Path, typer.Argument(help="A file that siaga backup wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop the store and the archive that are there.")] = False,
    lang: LanguageName = None,
) -> None:
    """Restore a backup into an empty data folder; the service must not run. A damaged file changes nothing."""
    here = siaga()
    language = language_of(here, lang)
    places = places_of(here)
    if here.settings.store_url:
        raise InputError("SIAGA_REDIS_URL is set: an outside server is restored by its own means; unset it to restore here")
    done = asyncio.run(restore_backup(places, file, now(), replace=replace))
    holds = done.manifest.holds
    made_at = f"{done.manifest.made_at.astimezone():%Y-%m-%d %H:%M %Z}"
    typer.echo(say(language, "restored", made_at=made_at, cases=_cases(holds), regions=_regions(holds)))
    typer.echo(say(language, "restored_archive" if done.archive else "restored_no_archive"))
    if done.settings:
        typer.echo(say(language, "restored_left", files=", ".join(done.settings)))
    if done.archive and not places.key.exists():
        typer.echo(say(language, "restored_secrets", file=places.key), err=True)
    for one in done.forgotten:
        told = "restored_again" if one in done.forgotten_left else "restored_forgotten"
        typer.echo(say(language, told, case=one.case, region=one.region), err=True)


def forget(
    case: Annotated[str, typer.Argument(help="Id of a closed case.")],
    region: RegionName = None,
    backups: Annotated[Path | None, typer.Option(help="A folder with further backups to look into.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask first. Programs are never asked.")] = False,
    lang: LanguageName = None,
) -> None:
    """Remove everything personal about a case, on disk as well; tells which backups still hold it. The numbers stay."""
    here = siaga()
    language = language_of(here, lang)
    places = places_of(here)
    name = region or _only_region(here)
    try:
        Ref("case", case)
    except ValueError:
        raise InputError(f"{case!r} is not the id of a case, which is like K65J-EBZ-JHA") from None
    if sys.stdin.isatty() and not yes:
        typer.confirm(say(language, "forget_sure", case=case, region=name), abort=True, err=True)
    known = [Path(one.path) for one in listed_backups(places.backups)]
    known += [path for path in _found_in(backups) if path not in known]
    done = asyncio.run(_forget(here, name, case, known))
    _tell_forgotten(done, case, len(known), language)


def _only_region(here: Siaga) -> str:
    names = region_names(here.settings.regions_folder)
    if len(names) != 1:
        raise InputError(f"name the region with --region; there are {', '.join(names) or 'none'}")
    return names[0]


def _found_in(folder: Path | None) -> list[Path]:
    """The files in a folder that are backups."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise InputError(f"--backups {folder}: no such folder")
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            read_backup(path)
        except BackupError:
            continue
        found.append(path.absolute())
    return found


async def _forget(here: Siaga, region: str, case: str, backups: list[Path]) -> Forgotten:
    places = places_of(here)
    abouts, _ = about_regions(here.settings.regions_folder)
    async with joined(here) as (_, store):
        if region in abouts:
            zone = ZoneInfo(abouts[region]["time_zone"])
            archivist = Archivist(store, region, zone, places.archive, archive_key(places))
            for _ in range(50):
                try:
                    await archivist.archive(now())
                    break
                except ArchiveInUseError:  # the service's is at it
                    await asyncio.sleep(0.1)
        lists = {"archive": places.archive, "forgotten": places.forgotten}
        return await forget_case(store, region, case, backups=backups, now=now(), **lists)


def _tell_forgotten(done: Forgotten, case: str, count: int, language: Language) -> None:
    if done.there:
        typer.echo(say(language, "forgot" if done.particulars else "forgot_nothing", case=case))
        typer.echo(say(language, "forgot_cleared" if done.cleared else "forgot_not_cleared"))
    else:
        typer.echo(say(language, "forgot_away", case=case))
    if done.cleared and done.runs_left:
        typer.echo(say(language, "forgot_runs", runs=", ".join(done.runs_left)))
    if done.stream_left:
        typer.echo(say(language, "forgot_stream"))
    if done.trails:
        typer.echo(say(language, "forgot_trails", vehicles=", ".join(done.trails)))
    typer.echo(say(language, "forgot_readings"))
    if done.goes_on is not None:
        typer.echo(say(language, "forgot_goes_on", case=done.goes_on))
    for title, paths in (("forgot_backups", done.in_backups), ("forgot_unread", done.unread_backups)):
        if paths:
            typer.echo(say(language, title))
            for path in paths:
                typer.echo(f"  {path}")
    if not done.in_backups and not done.unread_backups:
        typer.echo(say(language, "forgot_no_backup", count=count))


def doctor(as_json: AsJson = False, lang: LanguageName = None) -> None:
    """Check the store, archive, regions, disk and secrets, and say what to do. Leaves with 1 if something is wrong."""
    here = siaga()
    language = language_of(here, lang)
    found = [*asyncio.run(_check_up(here)), *_check_regions(here)]
    if as_json:
        print_json([_as_json(one, language) for one in found])
    else:
        _print(console(), found, language)
    if any(one.grade == "error" for one in found):
        raise typer.Exit(1)


async def _check_up(here: Siaga) -> list[Finding]:
    places = places_of(here)
    running = here.settings.store_url or running_at(places.store)
    lost = timedelta(seconds=default_settings().fix_lost_seconds)
    known = region_names(here.settings.regions_folder)
    if not running and not log_files(places.store):
        rest = await check_up("", None, places, {}, now(), lost)
        return [Finding("service", "warning"), Finding("store", "warning", str(places.store)), *rest]
    try:
        async with joined(here) as (url, store):
            here_too = [name for name in await store.regions() if name != ACCESS_REGION]
            rules = {name: _rules_of(here, name)[0] for name in sorted({*known, *here_too})}
            found = await check_up(url, store, places, rules, now(), lost)
    except StoreError as error:
        rest = await check_up("", None, places, {}, now(), lost)
        return [Finding("service", "error", details=(str(error),)), *rest]
    strange = [Finding("region", "warning", name) for name in here_too if name not in known]
    return [Finding("service", "ok" if running else "warning"), *found, *strange]


def _rules_of(here: Siaga, region: str) -> tuple[Rules, str | None]:
    """A region's rules; if its settings are wrong, those that ship with Siaga, and what is wrong."""
    try:
        return region_settings(here.settings.region_settings_folder, region)[0], None
    except DataError as error:
        return default_rules(), str(error)


def _check_regions(here: Siaga) -> list[Finding]:
    found = []
    for name in region_names(here.settings.regions_folder):
        wrong = _rules_of(here, name)[1]
        found.append(Finding("settings", "ok", name) if wrong is None else Finding("settings", "error", name, details=(wrong,)))
        try:
            here.open(name, now())
            found.append(Finding("region", "ok", name))
        except RegionError as error:
            found.append(Finding("region", "error", name, details=(str(error),)))
    return found


def _told(one: Finding, language: Language) -> str:
    return say(language, f"doctor.{one.check}.{one.grade}", **one.facts)


def _as_json(one: Finding, language: Language) -> dict[str, object]:
    return {
        "check": one.check,
        "about": one.about,
        "grade": one.grade,
        "text": _told(one, language),
        "facts": dict(one.facts),
        "details": list(one.details),
    }


def _print(screen: Console, found: list[Finding], language: Language) -> None:
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 1))
    for column in ("check", "about", "state", "told"):
        width = _WIDEST if column == "about" else None
        whole = column in ("check", "state")
        table.add_column(say(language, f"column.{column}"), overflow="fold", no_wrap=whole, max_width=width)
    for one in found:
        told = Text(_told(one, language))
        for detail in one.details:
            told.append(f"\n{detail}", style="dim")
        state = Text(say(language, f"grade.{one.grade}"), style=_STYLES[one.grade])
        table.add_row(say(language, f"doctor.{one.check}.name"), one.about, state, told)
    screen.print(table)
    errors, warnings = (sum(1 for one in found if one.grade == grade) for grade in ("error", "warning"))
    grade = "error" if errors else "warning" if warnings else "ok"
    screen.print(Text(say(language, f"summary.{grade}", errors=errors, warnings=warnings), style=_STYLES[grade]))
