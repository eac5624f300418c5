"""Who does something, and whose word it rests on."""

from __future__ import annotations

from msgspec import Struct


class Actor(Struct, frozen=True):
    """Who gives a command.

    Attributes:
        id: of the person, the device or the program, as it signed in; "clock" where a timer rang.
        role: as which it acts: "dispatcher", "driver", "facility", "sitegar", "admin", "system".
    """

    id: str
    role: str


CLOCK = Actor("clock", "system")
"""Whoever rings: nobody pressed anything."""


class Voice(Struct, frozen=True):
    """Whose word an answer is that somebody else recorded, as it came by telephone.

    Attributes:
        name: who said it.
        phone: the number, as it was given; may be empty.
    """

    name: str
    phone: str = ""
