"""What OSRM's HTTP interface answers when it can't: a code, a message, status 400."""

from __future__ import annotations

from typing import Literal

from routing import InputError

OsrmCode = Literal[
    "InvalidUrl",
    "InvalidService",
    "InvalidVersion",
    "InvalidOptions",
    "InvalidQuery",
    "InvalidValue",
    "NoSegment",
    "TooBig",
    "NoRoute",
]
"""OSRM's codes. Its NoTable is never given: where no way leads, a table has null."""

STATUS = 400
"""Of every error, as OSRM has it."""


class OsrmError(InputError):
    """A question that OSRM's interface can't answer; `code` says why to programs, the message to people."""

    def __init__(self, code: OsrmCode, message: str) -> None:
        super().__init__(message)
        self.code: OsrmCode = code

    def as_dict(self) -> dict[str, str]:
        """The body of the answer."""
        return {"code": self.code, "message": str(self)}
