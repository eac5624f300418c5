"""Why: a code and its figures, put into words only when somebody reads them."""

from __future__ import annotations

from msgspec import Struct

from facilities import Reason as FacilityReason
from routing import Language, text


class Terms(Struct, frozen=True, gc=False):
    """Identifiers that have a name in each language: texts `dispatch.<section>.<code>`."""

    section: str
    codes: tuple[str, ...]

    def text(self, language: Language) -> str:
        """The names, with commas between."""
        return ", ".join(text(language, f"dispatch.{self.section}.{code}") for code in self.codes)


Value = str | int | float | Terms


class Reason(Struct, frozen=True, gc=False):
    """Why something was chosen, left out or is uncertain.

    Attributes:
        code: key of the text, `dispatch.reason.<code>`.
        params: what the text needs, by name.
    """

    code: str
    params: tuple[tuple[str, Value], ...] = ()

    def text(self, language: Language) -> str:
        """The reason in words.

        Raises:
            DataError: the code has no text.
        """
        return text(language, f"dispatch.reason.{self.code}", **{name: said(value, language) for name, value in self.params})

    def as_dict(self, language: Language) -> dict[str, object]:
        """For programs: code, figures and words."""
        figures: dict[str, object] = dict(self.params)
        for name, value in self.params:
            if isinstance(value, Terms):
                figures[name] = list(value.codes)
        return {"code": self.code, "params": figures, "text": self.text(language)}


def said(value: Value, language: Language) -> str:
    """A figure or a name as people of a language write it."""
    if isinstance(value, Terms):
        return value.text(language)
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",") if language == "id" else f"{value:g}"
    return str(value)


def reason(code: str, **params: Value) -> Reason:
    """A reason, its figures named."""
    return Reason(code, tuple(params.items()))


AnyReason = Reason | FacilityReason
"""A reason of ours or one that facilities/ gives; both have `text(language)` and `as_dict(language)`."""
