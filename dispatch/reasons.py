"""Why: a code and its figures, put into words only when somebody reads them."""

from __future__ import annotations

from dataclasses import dataclass

from routing.catalogue import Language, text

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was chosen, left out or is uncertain.

    Attributes:
        code: key of the text, `dispatch.reason.<code>`.
        params: the figures that the text needs, by name.
    """

    code: str
    params: tuple[tuple[str, Value], ...] = ()

    def text(self, language: Language) -> str:
        """The reason in words.

        Raises:
            DataError: the code has no text.
        """
        return text(language, f"dispatch.reason.{self.code}", **dict(self.params))

    def as_dict(self, language: Language) -> dict[str, object]:
        """For programs: code, figures and words."""
        return {"code": self.code, **dict(self.params), "text": self.text(language)}


def reason(code: str, **params: Value) -> Reason:
    """A reason, its figures named."""
    return Reason(code, tuple(params.items()))
