"""`siaga serve`: the live service on one port."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import shlex
import ssl
import sys
from pathlib import Path
from typing import Annotated

import typer

from api import serve as service
from api.bootstrap import now, siaga
from api.cli.ask import fleet_of
from api.cli.first_region import compiled, first_region
from api.cli.options import LanguageName, language_of
from dispatch.regions import BuiltRegion
from routing import InputError, Language, text


def place_in(region: BuiltRegion) -> tuple[float, float]:
    """Somewhere in a region where people live, the same at every start; longitude, latitude in degrees."""
    busiest = int(region.demand.weight.argmax())
    return float(region.demand.longitude[busiest]), float(region.demand.latitude[busiest])


def show_exports(begun: service.Begun, built: BuiltRegion, language: Language) -> None:
    """Prints the lines with which README goes on in another terminal."""
    longitude, latitude = place_in(built)
    typer.echo(text(language, "cli.serve.try"))
    typer.echo(f"  export SIAGA={begun.address}/v1/regions/{built.name}")
    if begun.token.works:
        typer.echo(f'  export TOKEN="Authorization: Bearer $(cat {shlex.quote(str(begun.token.path))})"')
    typer.echo(f"""  export PLACE='{{"longitude": {longitude:.6f}, "latitude": {latitude:.6f}}}'""")


def serve(
    port: Annotated[int, typer.Option(help="Where to listen.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="On which address; 127.0.0.1 is this machine only.")] = "127.0.0.1",
    region: Annotated[
        list[str] | None, typer.Option("--region", "-r", help="A built region; may be given several times.")
    ] = None,
    osm: Annotated[Path | None, typer.Option(help="An OSM extract to build the region from.")] = None,
    fleet: Annotated[Path | None, typer.Option(help="The vehicles to begin with, CSV; invented if left out.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate for HTTPS (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    proxy: Annotated[str, typer.Option(help="Address of a proxy whose X-Forwarded-… is believed.")] = "",
    public: Annotated[str, typer.Option(help="The address that people use, if a proxy has another one: https://…")] = "",
    worker: Annotated[bool, typer.Option(help="Fire clocks in this process as well.")] = True,
    lang: LanguageName = None,
) -> None:
    """Serve dispatchers, drivers, facilities and SITEGAR, until it is stopped (Ctrl-C)."""
    here = siaga()
    language = language_of(here, lang)
    _check_certificate(certificate, key)
    _check_addresses(proxy, public)
    if not compiled():
        typer.echo(text(language, "cli.run.compiling"), err=True)
    moment = now()
    names = region or []
    built = [here.open(name, moment) for name in names] if len(names) > 1 else []
    built = built or [first_region(here, osm, names[0] if names else None, language)]
    vehicles = fleet_of(built[0], fleet, moment)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    def ready(begun: service.Begun) -> None:
        for one in built:
            if one.invented:
                typer.echo(text(language, "dispatch.label.invented_region"))
        regions = ", ".join(one.name for one in built)
        typer.echo(text(language, "cli.serve.ready", address=begun.address, regions=regions))
        if fleet is not None and begun.vehicles:
            values = {"file": fleet, "region": built[0].name, "count": begun.vehicles}
            typer.echo(text(language, "cli.serve.fleet_not_taken", **values), err=True)
        typer.echo(begun.token.text(language))
        show_exports(begun, built[0], language)
        if host not in ("127.0.0.1", "localhost", "::1") and certificate is None and not proxy:
            typer.echo(text(language, "cli.serve.plain"), err=True)

    listening = service.Listening(host, port, certificate, key, proxy, public.rstrip("/"), worker)
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(service.serve(here.settings, built, vehicles, listening, ready))
    typer.echo(text(language, "cli.serve.stopped"))


def _check_certificate(certificate: Path | None, key: Path | None) -> None:
    if (certificate is None) != (key is None):
        raise InputError("--certificate and --key go together")
    if certificate is None or key is None:
        return
    for file in (certificate, key):
        if not file.is_file():
            raise InputError(f"{file}: no such file")
    try:
        # An empty password: a key that needs one would have it asked for on the terminal, at every start.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:  # SSLError is one
        why = getattr(error, "reason", None) or error.strerror or error
        raise InputError(
            f"--certificate {certificate} and --key {key} can't be used ({why}): they must be PEM files that belong together, "
            "and the key must have no password"
        ) from None


def _check_addresses(proxy: str, public: str) -> None:
    for one in filter(None, (part.strip() for part in proxy.split(","))):
        try:
            _ = one == "*" or ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise InputError(f"--proxy {one}: is not an address such as 127.0.0.1 or 10.0.0.0/8") from None
    if public and not re.fullmatch(r"https?://[^/\s]+/?", public):
        raise InputError(f"--public {public}: is not an address such as https://siaga.example, without a path")


def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where there is one: half the processor time for each request."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
