"""What the endpoints of accounts, tokens and sessions take and give. A password never stands in a representation of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.access.grants import Grant
from api.access.people import User
from api.access.principal import Principal
from api.access.tokens import Token
from routing import text


def _writable(secret: SecretStr) -> SecretStr:
    if any("\ud800" <= letter <= "\udfff" for letter in secret.get_secret_value()):
        raise ValueError("holds half of a surrogate pair, which is no letter")
    return secret


Password = Annotated[SecretStr, Field(max_length=1024), AfterValidator(_writable)]
Name = Annotated[str, Field(max_length=200, examples=["sari"])]
Word = Annotated[str, Field(max_length=100)]


class Body(BaseModel):
    """What is sent; a field that nobody knows is refused, since it may have been meant to narrow something."""

    model_config = ConfigDict(extra="forbid")


class SignInBody(Body):
    """Name and password."""

    name: Name
    password: Password


class OwnPasswordBody(Body):
    """The password as it was, and as it is to be."""

    old: Password
    new: Password


class PasswordBody(Body):
    """A password."""

    password: Password


class GrantBody(Body):
    """What somebody is given."""

    roles: list[Word] = Field(min_length=1, max_length=20, examples=[["dispatcher"]])
    regions: list[Word] | None = Field(max_length=1000, description="Where; null: everywhere.", examples=[["cibinong"]])
    vehicle: Word | None = Field(default=None, description="Their own, for roles that are tied to one.")
    facility: Word | None = Field(default=None, description="Their own, for roles that are tied to one.")

    def grant(self) -> Grant:
        """As it is kept."""
        return Grant(tuple(self.roles), None if self.regions is None else tuple(self.regions), self.vehicle, self.facility)


class PersonBody(GrantBody):
    """A new account."""

    name: Name
    password: Password


class PersonChangeBody(Body):
    """What is to change of an account."""

    grant: GrantBody | None = Field(default=None, description="All that they are to have from now on.")
    disabled: bool | None = Field(default=None, description="Whether they can't sign in any more.")


class TokenBody(Body):
    """A new token."""

    label: Word = Field(min_length=1, examples=["GPS of V03"])
    role: Word = Field(examples=["tracker"])
    regions: list[Word] | None = Field(max_length=1000, description="Where; null: everywhere.", examples=[["cibinong"]])
    vehicle: Word | None = None
    facility: Word | None = None
    kind: Literal["token", "device"] = Field(
        default="token", description="A program's token, or a tracker's device id, which can post fixes and nothing else."
    )
    days: int | None = Field(
        default=None, ge=1, le=36_500, description="How long it counts; a year if left out, a device's five."
    )

    def grant(self) -> Grant:
        """As it is kept."""
        return Grant((self.role,), None if self.regions is None else tuple(self.regions), self.vehicle, self.facility)


class RoleView(BaseModel):
    """A role."""

    name: str = Field(examples=["dispatcher"])
    label: dict[str, str] = Field(examples=[{"id": "Operator panggilan", "en": "Dispatcher"}])

    @classmethod
    def of(cls, name: str) -> RoleView:
        """The role of that name, with its labels."""
        return cls(name=name, label={"id": text("id", f"access.role.{name}"), "en": text("en", f"access.role.{name}")})


class SessionView(BaseModel):
    """Who asks, and what they may do."""

    id: str = Field(description="A person's name, or a token's id.")
    kind: Literal["person", "token", "device"]
    roles: list[RoleView]
    permissions: list[str]
    regions: list[str] | None = Field(description="Where; null: everywhere.")
    vehicle: str | None
    facility: str | None
    csrf: str | None = Field(
        description="What requests by cookie carry in X-CSRF-Token, unless they only read; null for tokens."
    )

    @classmethod
    def of(cls, who: Principal, csrf: str | None, known: frozenset[str]) -> SessionView:
        """The view of somebody; `known`: the names of the roles there are."""
        return cls(
            id=who.id,
            kind=who.kind,
            roles=[RoleView.of(name) for name in who.roles if name in known],
            permissions=sorted(who.permissions),
            regions=None if who.regions is None else sorted(who.regions),
            vehicle=who.vehicle,
            facility=who.facility,
            csrf=csrf,
        )


class PersonView(BaseModel):
    """An account."""

    name: str
    roles: list[str]
    regions: list[str] | None
    vehicle: str | None
    facility: str | None
    disabled: bool
    created: datetime
    password_changed: datetime

    @classmethod
    def of(cls, user: User) -> PersonView:
        """The view of an account: all but the hash."""
        return cls(
            name=user.name,
            roles=list(user.grant.roles),
            regions=None if user.grant.regions is None else list(user.grant.regions),
            vehicle=user.grant.vehicle,
            facility=user.grant.facility,
            disabled=user.disabled,
            created=user.created,
            password_changed=user.password_changed,
        )


class TokenView(BaseModel):
    """A token, without its secret."""

    id: str
    label: str
    kind: Literal["token", "device"]
    role: str
    regions: list[str] | None
    vehicle: str | None
    facility: str | None
    created: datetime
    created_by: str
    expires: datetime | None
    last_used: datetime | None = Field(description="To the hour.")

    @classmethod
    def of(cls, token: Token) -> TokenView:
        """The view of a token."""
        return cls(
            id=token.id,
            label=token.label,
            kind=token.kind,
            role=token.grant.roles[0],
            regions=None if token.grant.regions is None else list(token.grant.regions),
            vehicle=token.grant.vehicle,
            facility=token.grant.facility,
            created=token.created,
            created_by=token.created_by,
            expires=token.expires,
            last_used=token.last_used,
        )


class NewTokenView(BaseModel):
    """A token with its secret, the only time that it is shown."""

    token: TokenView
    secret: str
