"""`siaga demo`: a region with simulated people in it, to see what Siaga does."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from api import serve as service
from api.bootstrap import now, siaga
from api.cli.ask import places_of
from api.cli.first_region import compiled, first_region
from api.cli.options import LanguageName, language_of
from api.cli.serve import event_loop, show_exports
from api.demo.folder import emptied
from api.demo.settings import DemoSettings, demo_settings
from api.demo.stage import LOOPBACK, Wanted, stage
from dispatch.fleet import invented_fleet
from routing import DataError, InputError, read_table, text

FOLDER = "demo"
"""In the data folder; emptied at each start."""


def _settings() -> DemoSettings:
    try:
        return demo_settings(read_table("demo.toml"))
    except ValueError as error:
        raise DataError(str(error)) from error


def demo(
    speed: Annotated[float | None, typer.Option(help="How many times as fast as the wall's its clock runs, 1 to 600.")] = None,
    calls_per_hour: Annotated[
        float | None, typer.Option(help="How many calls come in an hour of its clock; fewer where the fleet can't bear them.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where to listen.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="On which address; 127.0.0.1 is this machine only.")] = "127.0.0.1",
    region: Annotated[str | None, typer.Option("--region", "-r", help="A built region.")] = None,
    osm: Annotated[Path | None, typer.Option(help="An OSM extract to build the region from.")] = None,
    seed: Annotated[int, typer.Option(help="Another number, other calls and answers.")] = 1,
    lang: LanguageName = None,
) -> None:
    """Show a region with simulated callers, drivers, facilities and SITEGAR, until it is stopped (Ctrl-C).

    Nothing in it is real, and it has a store of its own, which is emptied at each start.
    """
    here = siaga()
    language = language_of(here, lang)
    settings = _settings()
    pace = settings.speed if speed is None else speed
    calls = settings.calls_per_hour if calls_per_hour is None else calls_per_hour
    wanted = Wanted(pace, calls, seed, host, language)
    if not 0 < wanted.calls_per_hour <= 1_000:
        raise InputError(f"--calls-per-hour {wanted.calls_per_hour:g}: must be more than 0, and at most 1000")
    if not compiled():
        typer.echo(text(language, "cli.run.compiling"), err=True)
    folder = here.settings.data_folder / FOLDER
    with emptied(folder):
        if here.settings.store_url:
            typer.echo(text(language, "demo.outside_ignored"), err=True)
        built = first_region(here, osm, region, language)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        fleet = invented_fleet(places_of(built), settings.vehicles(wanted.calls_per_hour), wanted.seed, now())
        staged, accounts = stage(wanted, settings, built, fleet)
        typer.echo(text(language, "demo.starting"), err=True)

        def ready(begun: service.Begun) -> None:
            if built.invented:
                typer.echo(text(language, "dispatch.label.invented_region"))
            typer.echo(text(language, "demo.ready", address=begun.address, regions=built.name))
            typer.echo(text(language, "demo.pace", speed=f"{wanted.speed:g}", calls=f"{wanted.calls_per_hour:g}"))
            typer.echo(text(language, "demo.own_store", folder=folder))
            typer.echo(text(language, "demo.accounts"))
            for one in accounts:
                label = text(language, f"demo.account.{one.role}")
                page = f"{begun.address}{one.page}"
                typer.echo(text(language, "demo.account_line", label=label, name=one.name, password=one.password, page=page))
            typer.echo(begun.token.text(language))
            show_exports(begun, built, language)
            if host not in LOOPBACK:
                typer.echo(text(language, "cli.serve.plain"), err=True)

        listening = service.Listening(host, port)
        own = replace(here.settings, data_folder=folder, store_url="")
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(service.serve(own, [built], fleet, listening, ready, staged))
    typer.echo(text(language, "demo.stopped"))
