"""At a door that does not open: the patient is refused, and perhaps the vehicle that brought them goes no further."""

from __future__ import annotations

from dispatch.life import referring
from dispatch.life.commands import RefuseAtDoor
from dispatch.life.deciding import Deciding
from dispatch.life.releasing import strand
from dispatch.life.searching import next_choice


def refuse_at_door(d: Deciding, command: RefuseAtDoor) -> None:
    """The facility does not take the patient who stands at its door: somebody else is asked, and where the vehicle broke
    down at the door, another one is looked for as well."""
    referring.refuse_at_door(d, command)
    run = d.world.runs.get(d.patient(command.case, command.patient).run or "")
    if run is not None and run.live:
        for case in strand(d, run):
            next_choice(d, case)
