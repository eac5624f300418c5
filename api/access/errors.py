"""What goes wrong between a caller and what it asks for, as one tree; the texts are in data/locales/<language>/access.toml.

    SiagaError
    └── AccessError                                    a code with its figures, in words of either language
        ├── NotSignedInError (PermissionError)         nobody knows who this is: nothing given, or what was given counts no more
        │   └── WrongPasswordError                     name or password is wrong; it is not said which
        ├── ForbiddenError (PermissionError)           known who this is, and it may not
        │   ├── NotATrackerError                       what was shown opens something else, or more
        │   └── ForgeryError                           it may be another site's page that asks, not the person
        ├── TooManyAttemptsError (BlockingIOError)     passwords were tried too often; wait
        ├── UnknownHolderError (LookupError)           there is no such person or token
        ├── LinkOverError (LookupError)                a link to a case that counts no more, or never did
        ├── NameTakenError (ValueError)                there is such a person already
        ├── GrantError (ValueError)                    roles, regions and unit that don't go together
        ├── PasswordError (ValueError)                 a new password that is too easy
        ├── AdminFileError (OSError)                   the file of the admin token can't be used
        └── AccessDataError (RuntimeError)             an entry in the store that this release can't read

No message ever holds a password, a token or a cookie.
"""

from __future__ import annotations

from typing import ClassVar

from routing import Language, SiagaError, text


class AccessError(SiagaError):
    """Base of what keeps a caller out.

    Attributes:
        code: key of the text, `access.problem.<code>`.
        params: what the text needs.
    """

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """The reason in words."""
        return text(language, f"access.problem.{self.code}", **self.params)


class NotSignedInError(AccessError, PermissionError):
    """The caller is nobody that is known.

    Attributes:
        challenge: for the header WWW-Authenticate (RFC 6750, section 3).
    """

    challenge: ClassVar[str] = 'Bearer realm="siaga"'


class WrongPasswordError(NotSignedInError):
    """Name or password is wrong, or the person is disabled: the same words for all three, after the same time."""

    def __init__(self) -> None:
        super().__init__("wrong_password")


class ForbiddenError(AccessError, PermissionError):
    """The caller is known, and may not."""


class NotATrackerError(ForbiddenError):
    """A secret that is not a tracker's: one that opens more does not belong into an address."""

    def __init__(self) -> None:
        super().__init__("not_a_tracker")


class ForgeryError(ForbiddenError):
    """A request with a cookie that the person may not have meant: wrong or missing CSRF token, or another site's page."""


class TooManyAttemptsError(AccessError, BlockingIOError):
    """Passwords were tried too often.

    Attributes:
        wait_seconds: until another try is taken, for the header Retry-After.
    """

    def __init__(self, wait_seconds: int) -> None:
        super().__init__("too_many_attempts", seconds=wait_seconds)
        self.wait_seconds = wait_seconds


class UnknownHolderError(AccessError, LookupError):
    """There is no such person or token."""


class LinkOverError(AccessError, LookupError):
    """A link to a case is unknown, has expired or was revoked: the same words for all three."""

    def __init__(self) -> None:
        super().__init__("link_over")


class NameTakenError(AccessError, ValueError):
    """A person of that name is there already."""


class GrantError(AccessError, ValueError):
    """Roles, regions and unit don't go together."""


class PasswordError(AccessError, ValueError):
    """A new password is too easy to guess, or too long."""


class AdminFileError(AccessError, OSError):
    """The file of the admin token is not ours to use."""


class AccessDataError(AccessError, RuntimeError):
    """An entry in the store can't be read by this release."""
