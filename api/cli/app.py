"""The commands put together, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from api.bootstrap import siaga
from api.cli import ask, demo, keeping, people, regions, serve
from routing import SiagaError

app = typer.Typer(
    name="siaga",
    help="Siaga dispatches village ambulances and social-service escort cars. "
    "Roads and facilities © OpenStreetMap contributors (ODbL).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(regions.app, name="region")
app.command("recommend")(ask.recommend)
app.command("route")(ask.route)
app.command("nearest")(ask.nearest)
app.command("search")(ask.search)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("doctor")(keeping.doctor)
_case = typer.Typer(no_args_is_help=True, help="Cases: what an office has to be able to do to them.")
_case.command("forget")(keeping.forget)
_case.callback()(lambda: None)
app.add_typer(_case, name="case")
app.add_typer(people.user_app(lambda: siaga().store()), name="user")
app.add_typer(people.token_app(lambda: siaga().store()), name="token")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and leaves with its exit code: 0, or 2 with one line on what was wrong."""
    sys.exit(_code(arguments))


def _code(arguments: Sequence[str] | None) -> int:
    try:
        answer = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except SiagaError as error:
        return _fail(str(error))
    except typer.TyperException as error:
        message = error.format_message()
        return _fail(message) if message else 2  # without a command the help has been printed
    except (typer.Abort, KeyboardInterrupt):
        return _fail("stopped", 130)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more may be written, not even on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return answer if isinstance(answer, int) else 0


def _fail(message: str, code: int = 2) -> int:
    line = " ".join(message.split())
    print(f"siaga: {line}", file=sys.stderr)  # noqa: T201
    return code
