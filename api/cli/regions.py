"""`siaga region`: build, list and show regions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.bootstrap import now, siaga
from api.cli import show_region
from api.cli.options import AsJson, LanguageName, language_of, print_json
from dispatch.regions import about_regions
from routing import Extract, InputError, Language, text

app = typer.Typer(help="Build, list and show regions.", no_args_is_help=True)

_STAGES = ("read", "network", "order", "hierarchy", "profiles", "demand", "places")


@contextmanager
def progress_shown(language: Language) -> Iterator[Any]:
    """A progress bar on standard error; gives the function to tell it (stage, 0 … 1)."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=len(_STAGES))

        def tell(stage: str, done: float) -> None:
            at = _STAGES.index(stage) + done if stage in _STAGES else 0.0
            bar.update(task, completed=at, description=text(language, f"cli.stage.{stage}"))

        yield tell


def extract_of(
    osm: Path | None, place: str | None, bbox: str | None, invented: int | None, margin_m: float, cache: Path
) -> Extract:
    """The extract that is meant by exactly one of the four ways to name one.

    Raises:
        InputError: none or several were given, or what was given can't be used.
    """
    if sum(given is not None for given in (osm, place, bbox, invented)) != 1:
        raise InputError("say where the roads come from: one of --osm FILE, --place NAME, --bbox W,S,E,N, --invented JUNCTIONS")
    if osm is not None:
        from routing.read_extract import read_extract

        return read_extract(osm)
    if invented is not None:
        from routing.sample import invented_town

        return invented_town(invented)
    from routing.read_place import read_place

    return read_place(place if place is not None else _box(bbox or ""), margin_m=margin_m, cache_folder=cache)


def _box(written: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError as error:
        raise InputError(f"--bbox {written}: four numbers are needed, WEST,SOUTH,EAST,NORTH in degrees") from error
    return west, south, east, north


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(help="Name of the region: small letters, digits, hyphens.")],
    osm: Annotated[Path | None, typer.Option(help="An OSM extract: .osm.pbf, .osm, .osm.gz, .osm.bz2.")] = None,
    place: Annotated[str | None, typer.Option(help="A place to download from OpenStreetMap, as 'Cibinong, Bogor'.")] = None,
    bbox: Annotated[str | None, typer.Option(help="A box to download: WEST,SOUTH,EAST,NORTH in degrees.")] = None,
    invented: Annotated[int | None, typer.Option(help="Invent a town with about so many junctions.", min=100)] = None,
    register: Annotated[list[Path] | None, typer.Option(help="A facility register, CSV; may be given several times.")] = None,
    zones: Annotated[Path | None, typer.Option(help="Zones with population, GeoJSON or GeoPackage.")] = None,
    people: Annotated[str | None, typer.Option(help="The zones' column of people; the usual names are looked for.")] = None,
    margin_km: Annotated[float, typer.Option(help="How far beyond a downloaded place the roads reach.", min=0)] = 10.0,
    driving_side: Annotated[str | None, typer.Option(help="left or right; found from the data if left out.")] = None,
    as_json: AsJson = False,
    lang: LanguageName = None,
) -> None:
    """Build a region from OSM data, registers and zones. Nothing is written unless all of it can be."""
    from dispatch.prepare import Sources, build_region, check_name

    here = siaga()
    language = language_of(here, lang)
    check_name(name)
    side = _side(driving_side)
    for file in (*(register or ()), *([zones] if zones else ())):
        if not file.is_file():
            raise InputError(f"{file}: no such file")
    with progress_shown(language) as tell:
        tell("read", 0.0)
        extract = extract_of(osm, place, bbox, invented, margin_km * 1000, here.settings.data_folder / "overpass")
        sources = Sources(extract, tuple(register or ()), zones, people, side)
        report = build_region(here.settings.regions_folder, name, sources, now=now(), progress=tell)
    if as_json:
        print_json(report.about)
    else:
        show_region.region(report.about, language, report.roads.parts)
        show_region.problems(report.problems, language)


def _side(written: str | None) -> Literal["left", "right"] | None:
    match written:
        case None | "left" | "right":
            return written
    raise InputError(f"--driving-side {written}: left or right")


@app.command("list")
def list_regions(as_json: AsJson = False, lang: LanguageName = None) -> None:
    """List the regions that have been built."""
    here = siaga()
    language = language_of(here, lang)
    folder = here.settings.regions_folder
    found, damaged = about_regions(folder)
    for error in damaged:
        typer.echo(str(error), err=True)
    abouts = list(found.values())
    if as_json:
        print_json([dict(about) for about in abouts])
    else:
        show_region.regions(abouts, folder, language)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the region.")], as_json: AsJson = False, lang: LanguageName = None
) -> None:
    """Show a region: where it comes from, what it holds, what is doubtful about its facilities. Checks every file of it."""
    here = siaga()
    language = language_of(here, lang)
    region = here.open(name, now(), thorough=True)
    if as_json:
        facilities = [
            {
                "id": facility.id,
                "name": facility.name,
                "kind": facility.kind,
                "longitude": facility.longitude,
                "latitude": facility.latitude,
                "conflicts": len(facility.conflicts),
            }
            for facility in region.facilities.facilities
        ]
        print_json({**region.about, "facilities": facilities})
        return
    show_region.region(region.about, language)
    show_region.facilities(region.facilities.facilities, language)
    show_region.problems(region.problems, language)
