"""A region to begin with, wherever it can be had from: an extract, one built before, a download, or an invented town."""

from __future__ import annotations

from pathlib import Path

import typer

import routing
from api.bootstrap import Siaga, now
from api.cli.regions import progress_shown
from dispatch.regions import BuiltRegion, about_regions
from routing import Extract, FetchError, Language, PlaceError, RegionError, text
from routing.datafiles import read_table

INVENTED_NAME = "kota-rekaan"
INVENTED_JUNCTIONS = 3_000


def _t(language: Language, key: str, **values: object) -> str:
    return text(language, f"cli.run.{key}", **values)


def compiled() -> bool:
    """Whether the routing kernels lie compiled beside their sources."""
    return any((Path(routing.__file__).parent / "_kernels" / "__pycache__").glob("*.nbi"))


def first_region(here: Siaga, osm: Path | None, name: str | None, language: Language) -> BuiltRegion:
    """The region named; else one built before, never an invented one; else downloaded; else invented, and said so."""
    from routing.read_extract import read_extract
    from routing.read_place import read_place
    from routing.sample import invented_town

    if osm is not None:
        typer.echo(_t(language, "region_given", path=osm), err=True)
        return _built(here, _name_of(osm), read_extract(osm), language)
    known = name or kept(here)
    if known is not None:
        try:
            opened = here.open(known, now())
        except RegionError as error:
            if name is not None:
                raise
            typer.echo(str(error), err=True)
        else:
            typer.echo(_t(language, "region_kept", name=known, built_at=opened.about["built_at"][:16]), err=True)
            return opened
    default = read_table("regions", "cibinong.toml")
    seconds = float(default["download_seconds"])
    typer.echo(_t(language, "downloading", place=default["place"], seconds=round(seconds)), err=True)
    try:
        cache = here.settings.data_folder / "overpass"
        extract = read_place(
            default["place"], margin_m=default["margin_km"] * 1000, timeout_seconds=seconds, cache_folder=cache
        )
    except (FetchError, PlaceError) as error:
        typer.echo(_t(language, "download_failed", reason=error), err=True)
    else:
        return _built(here, default["name"], extract, language)
    try:
        opened = here.open(INVENTED_NAME, now())
    except RegionError:
        typer.echo(_t(language, "inventing"), err=True)
        return _built(here, INVENTED_NAME, invented_town(INVENTED_JUNCTIONS), language)
    typer.echo(_t(language, "inventing_kept", name=INVENTED_NAME, built_at=opened.about["built_at"][:16]), err=True)
    return opened


def kept(here: Siaga) -> str | None:
    """The newest region that was built before and is not invented."""
    found, damaged = about_regions(here.settings.regions_folder)
    for error in damaged:
        typer.echo(str(error), err=True)
    built = [(about["built_at"], name) for name, about in found.items() if not about["invented"]]
    return max(built)[1] if built else None


def _name_of(osm: Path) -> str:
    """A region name from a file name: kota-sukabumi.osm.pbf is kota-sukabumi."""
    stem = osm.name.split(".")[0].lower()
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem).strip("-") or "region"


def _built(here: Siaga, name: str, extract: Extract, language: Language) -> BuiltRegion:
    from dispatch.prepare import Sources, build_region

    with progress_shown(language) as tell:
        build_region(here.settings.regions_folder, name, Sources(extract), now=now(), progress=tell)
    return here.open(name, now())
