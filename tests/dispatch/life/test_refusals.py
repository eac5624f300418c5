"""Every refusal and every name that the life of a case can say exists in both languages, with the figures that it needs."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import api
import dispatch
from dispatch.life import refusals
from dispatch.life.case import Outcome, PatientState, SearchStep
from dispatch.life.referral import AttemptState, Because, Decline, DeskState
from dispatch.life.refusals import ConflictError, InvalidError, RefusedError, UnknownError
from dispatch.life.run import How, RunState
from dispatch.life.stamps import TimePoint
from dispatch.reasons import Terms
from routing import LANGUAGES, DataError, SiagaError
from routing.catalogue import texts

FOLDER = Path(dispatch.__file__).parent
FOLDERS = (FOLDER, Path(api.__file__).parent)  # the service refuses as well
BASES = {"RefusedError", "UnknownError", "ConflictError", "InvalidError"}
SPELT_OUT = {
    # An f-string in the source, with the states for which it is reached.
    "attempt_": ("withdrawn", "refused_at_door"),
    "desk_": tuple(state for state in get_args(DeskState) if state != "asked"),
}


def refusing(tree: ast.Module) -> set[str]:
    """The names under which a module knows refusals, its own kinds of them as well."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="dispatch.life.refusals"):
                names |= {one.asname or one.name for one in node.names} & BASES
            case ast.ClassDef(bases=[ast.Name(id=base)]) if base in names:
                names.add(node.name)
    return names


def raised() -> Iterator[tuple[str, frozenset[str], str]]:
    """Each refusal in the source: its code, its figures, and where it stands."""
    for path in sorted(path for folder in FOLDERS for path in folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = refusing(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known and node.args):
                continue
            names = frozenset(one.arg for one in node.keywords if one.arg is not None)
            where = f"{path.name}:{node.lineno}"
            match node.args[0]:
                case ast.Constant(value=str(code)):
                    yield code, names, where
                case ast.JoinedStr(values=[ast.Constant(value=str(begin)), ast.FormattedValue()]):
                    for state in SPELT_OUT[begin]:
                        yield f"{begin}{state}", names, where
                case other:
                    raise AssertionError(f"{where}: what code is {ast.unparse(other)}?")


def section(language: str, name: str) -> dict[str, str]:
    """The texts of a section, by code."""
    prefix = f"dispatch.{name}."
    return {key.removeprefix(prefix): text for key, text in texts(language).items() if key.startswith(prefix)}


def placeholders(text: str) -> set[str]:
    """What a text needs."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_text_and_every_text_a_refusal(language: str) -> None:
    assert set(section(language, "refusal")) == {code for code, _, _ in raised()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_gives_what_its_text_needs(language: str) -> None:
    known = section(language, "refusal")
    wrong = [(where, code) for code, names, where in raised() if code in known and not placeholders(known[code]) <= names]
    assert not wrong


def test_both_languages_say_the_same_things() -> None:
    one, other = (section(language, "refusal") for language in LANGUAGES)
    assert {code: placeholders(text) for code, text in one.items()} == {
        code: placeholders(text) for code, text in other.items()
    }


def why_of_goals() -> set[str]:
    """Why a destination changes or a run goes another way, as it stands in the source; `closure` comes from the service."""
    source = (FOLDER / "life" / "referring.py").read_text(encoding="utf-8")
    said = set(re.findall(r'head_for\([^\n]*"([a-z_]+)"\)', source))
    source = (FOLDER / "life" / "assigning.py").read_text(encoding="utf-8")
    return said | set(re.findall(r'GoalChanged\([^\n]*"([a-z_]+)"\)\)', source)) | {"closure"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("point", set(TimePoint)),
        ("run_state", set(RunState)),
        ("patient_state", set(PatientState)),
        ("outcome", set(Outcome)),
        ("attempt_state", set(AttemptState)),
        ("decline", set(Decline)),
        ("search", set(get_args(SearchStep))),
        ("because", set(get_args(Because))),
        ("how", set(get_args(How))),
        ("goal_why", why_of_goals()),
    ],
)
def test_every_name_has_a_text_and_every_text_a_name(language: str, name: str, codes: set[str]) -> None:
    known = section(language, name)
    assert set(known) == codes
    assert all(known.values())
    assert len(set(known.values())) == len(known), "two of them can't be told apart"


def test_there_are_reasons_for_changing_a_destination_in_the_source() -> None:
    assert {"asked", "accepted", "desk_asked", "asked_for", "chosen"} <= why_of_goals()


def test_a_refusal_is_said_in_either_language_with_its_figures() -> None:
    refused = ConflictError("vehicle_taken", vehicle="A1", status=Terms("status", ("carrying",)))
    assert str(refused) == refused.text("en") == "A1 can't be sent: carrying a patient"
    assert refused.text("id") == "A1 tidak dapat dikirim: membawa pasien"
    assert refused.code == "vehicle_taken"
    assert refused.params["vehicle"] == "A1"


def test_refusals_are_of_the_projects_family_and_of_the_fitting_builtin() -> None:
    for kind in (RefusedError, UnknownError, ConflictError, InvalidError):
        assert issubclass(kind, SiagaError)
        assert issubclass(kind, ValueError)
    assert issubclass(UnknownError, LookupError)
    for kind in (UnknownError, ConflictError, InvalidError):
        assert kind.__name__ in (refusals.__doc__ or "")


def test_a_code_without_a_text_is_our_error_and_is_found_at_once() -> None:
    with pytest.raises(DataError):
        RefusedError("no_such_code")
