"""`siaga user` and `siaga token`: who may sign in, and which programs and devices may ask. A password is never an argument."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from api.access.access import Access
from api.access.errors import GrantError
from api.access.grants import Grant, checked_grant
from api.access.people import User
from api.access.roles import roles
from api.access.tokens import Token, TokenKind
from api.bootstrap import siaga
from api.cli.options import AsJson, LanguageName, language_of, print_json
from api.cli.tables import console
from dispatch.regions import region_names
from dispatch.store import Store
from routing import Language, text

OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]
"""Gives the store to work on, open as long as the block lasts."""

T = TypeVar("T")

_BY = "command line"
_LONGEST_LINE = 4096

_Name = Annotated[str, typer.Argument(help="Name that the person signs in with: small letters, digits, . _ -")]
_Role = Annotated[str, typer.Option("--role", help="A role of data/roles.toml.")]
_Regions = Annotated[list[str] | None, typer.Option("--region", "-r", help="Where it holds; may be given several times.")]
_Everywhere = Annotated[bool, typer.Option("--all-regions", help="It holds everywhere.")]
_Vehicle = Annotated[str | None, typer.Option("--vehicle", help="Their own vehicle's id, for a driver or tracker.")]
_Facility = Annotated[str | None, typer.Option("--facility", help="Their own facility's id, for a facility's desk.")]
_FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")]


def user_app(open_store: OpenStore) -> typer.Typer:
    """`siaga user`."""
    app = typer.Typer(help="Accounts of people: add, list, change the password, disable, enable.", no_args_is_help=True)

    @app.command("add")
    def add(
        name: _Name,
        role: Annotated[list[str], typer.Option("--role", help="A role of data/roles.toml; may be given several times.")],
        region: _Regions = None,
        all_regions: _Everywhere = False,
        vehicle: _Vehicle = None,
        facility: _Facility = None,
        password_stdin: _FromStdin = False,
        lang: LanguageName = None,
    ) -> None:
        """Add an account. The password is asked for."""
        language = language_of(siaga(), lang)
        grant = Grant(tuple(role), _regions(region, all_regions), vehicle, facility)
        checked_grant(grant, "person", roles())  # before anybody types a password
        password = _password(language, password_stdin)
        user = _with(open_store, lambda access: access.people.add(name, password, grant, _BY))
        labels = ", ".join(text(language, f"access.role.{one}") for one in user.grant.roles)
        typer.echo(_say(language, "user_added", name=user.name, roles=labels))
        _note_unknown(language, grant)

    @app.command("list")
    def list_users(as_json: AsJson = False, lang: LanguageName = None) -> None:
        """List all accounts."""
        language = language_of(siaga(), lang)
        users = _with(open_store, lambda access: access.people.all())
        if as_json:
            print_json([_about_user(user) for user in users])
        else:
            _show_users(users, language)

    @app.command("password")
    def password(name: _Name, password_stdin: _FromStdin = False, lang: LanguageName = None) -> None:
        """Give an account another password. All its sessions end."""
        language = language_of(siaga(), lang)
        new = _password(language, password_stdin)
        user = _with(open_store, lambda access: access.people.set_password(name, new, _BY))
        typer.echo(_say(language, "user_password", name=user.name))

    @app.command("disable")
    def disable(name: _Name, lang: LanguageName = None) -> None:
        """Disable an account. All its sessions end."""
        language = language_of(siaga(), lang)
        user = _with(open_store, lambda access: access.people.change(name, _BY, disabled=True))
        typer.echo(_say(language, "user_disabled", name=user.name))

    @app.command("enable")
    def enable(name: _Name, lang: LanguageName = None) -> None:
        """Enable an account again."""
        language = language_of(siaga(), lang)
        user = _with(open_store, lambda access: access.people.change(name, _BY, disabled=False))
        typer.echo(_say(language, "user_enabled", name=user.name))

    return app


def token_app(open_store: OpenStore) -> typer.Typer:
    """`siaga token`."""
    app = typer.Typer(help="Tokens of programs and devices: add, list, revoke.", no_args_is_help=True)

    @app.command("add")
    def add(
        label: Annotated[str, typer.Argument(help="What people call it, as 'GPS of V03'.")],
        role: _Role,
        region: _Regions = None,
        all_regions: _Everywhere = False,
        vehicle: _Vehicle = None,
        facility: _Facility = None,
        device: Annotated[bool, typer.Option("--device", help="Make a tracker's device id, for its URL.")] = False,
        days: Annotated[int | None, typer.Option("--days", help="How long it counts; a year, or five for a device.")] = None,
        lang: LanguageName = None,
    ) -> None:
        """Add a token. Its secret goes to standard output, once; all else to standard error."""
        language = language_of(siaga(), lang)
        grant = Grant((role,), _regions(region, all_regions), vehicle, facility)
        kind: TokenKind = "device" if device else "token"
        secret, token = _with(open_store, lambda access: access.tokens.create(label, grant, _BY, kind=kind, days=days))
        _note_unknown(language, grant)
        typer.echo(_say(language, "token_added", id=token.id, expires=_day(language, token.expires)), err=True)
        typer.echo(secret)

    @app.command("list")
    def list_tokens(as_json: AsJson = False, lang: LanguageName = None) -> None:
        """List the tokens that are not revoked, without their secrets."""
        language = language_of(siaga(), lang)
        tokens = _with(open_store, lambda access: access.tokens.all())
        if as_json:
            print_json([msgspec.to_builtins(token) for token in tokens])
        else:
            _show_tokens(tokens, language)

    @app.command("revoke")
    def revoke(token: Annotated[str, typer.Argument(help="Its id, from the list.")], lang: LanguageName = None) -> None:
        """Revoke a token: from now on it does not count."""
        language = language_of(siaga(), lang)
        revoked = _with(open_store, lambda access: access.tokens.revoke(token, _BY))
        typer.echo(_say(language, "token_revoked", id=revoked.id))

    return app


def _with(open_store: OpenStore, do: Callable[[Access], Awaitable[T]]) -> T:
    async def work() -> T:
        async with open_store() as store:
            return await do(await Access.of(store))

    return asyncio.run(work())


def _regions(named: Sequence[str] | None, everywhere: bool) -> tuple[str, ...] | None:
    if bool(named) == everywhere:
        raise GrantError("no_region")
    return None if everywhere else tuple(named or ())


def _note_unknown(language: Language, grant: Grant) -> None:
    """Says which regions of a grant are not there: they may come later, or be misspelled."""
    built = region_names(siaga().settings.regions_folder)
    if missing := [name for name in grant.regions or () if name not in built]:
        known = ", ".join(built) or "-"
        typer.echo(_say(language, "unknown_region", regions=", ".join(missing), known=known), err=True)


def _password(language: Language, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
    asked: str = typer.prompt(_say(language, "password"), hide_input=True, err=True)
    while typer.prompt(_say(language, "password_again"), hide_input=True, err=True) != asked:
        typer.echo(_say(language, "passwords_differ"), err=True)
        asked = typer.prompt(_say(language, "password"), hide_input=True, err=True)
    return asked


def _say(language: Language, key: str, **values: object) -> str:
    return text(language, f"access.cli.{key}", **values)


def _day(language: Language, moment: datetime | None) -> str:
    return _say(language, "no_end") if moment is None else moment.date().isoformat()


def _places(language: Language, grant: Grant) -> str:
    return _say(language, "all_regions") if grant.regions is None else ", ".join(grant.regions)


def _about_user(user: User) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(user)
    del told["password"], told["epoch"]
    return told


def _table(language: Language, *columns: str) -> Table:
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 1))
    for column in columns:
        table.add_column(text(language, f"access.column.{column}"), overflow="fold")
    return table


def _show_users(users: Sequence[User], language: Language) -> None:
    if not users:
        typer.echo(_say(language, "nobody"))
        return
    table = _table(language, "name", "roles", "regions", "unit", "disabled", "created")
    for user in users:
        grant = user.grant
        disabled = _say(language, "yes" if user.disabled else "no")
        unit = grant.vehicle or grant.facility or ""
        cells = (user.name, ", ".join(grant.roles), _places(language, grant), unit, disabled, _day(language, user.created))
        table.add_row(*map(escape, cells))
    console().print(table)


def _show_tokens(tokens: Sequence[Token], language: Language) -> None:
    if not tokens:
        typer.echo(_say(language, "no_tokens"))
        return
    table = _table(language, "id", "label", "kind", "roles", "regions", "unit", "expires", "last_used")
    for token in tokens:
        grant = token.grant
        kind = text(language, f"access.kind.{token.kind}")
        used = _day(language, token.last_used) if token.last_used else _say(language, "never")
        unit = grant.vehicle or grant.facility or ""
        cells = (
            token.id,
            token.label,
            kind,
            grant.roles[0],
            _places(language, grant),
            unit,
            _day(language, token.expires),
            used,
        )
        table.add_row(*map(escape, cells))
    console().print(table)
