"""Commands that can't be carried out, and why: a code with its figures, put into words of either language.

RefusedError                 (SiagaError, ValueError)
├── UnknownError             what it names does not exist            (LookupError)
├── ConflictError            the state does not allow it (any more)
└── InvalidError             the command itself is wrong
"""

from __future__ import annotations

from dispatch.reasons import Value, said
from routing import Language, SiagaError, text


class RefusedError(SiagaError, ValueError):
    """A command that is not carried out; nothing has changed.

    Attributes:
        code: key of the text, `dispatch.refusal.<code>`.
        params: what the text needs.
    """

    def __init__(self, code: str, **params: Value) -> None:
        self.code = code
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """The reason in words."""
        return text(
            language, f"dispatch.refusal.{self.code}", **{name: said(value, language) for name, value in self.params.items()}
        )


class UnknownError(RefusedError, LookupError):
    """It names something that does not exist."""


class ConflictError(RefusedError):
    """What it asks for was possible at another time, or is somebody else's by now."""


class InvalidError(RefusedError):
    """It could never be carried out as it is."""
