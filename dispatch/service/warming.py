"""Readying a process for its first call: what is compiled or read on first use is used once, before anybody waits for it."""

from __future__ import annotations

import logging
from datetime import datetime

from msgspec.structs import replace

from dispatch.cases import Priority, case_kinds
from dispatch.fleet import invented_fleet
from dispatch.life.case import Case, Patient, PatientState
from dispatch.life.particulars import Note, Particulars, cell_of
from dispatch.life.run import Rider, Run, RunState
from dispatch.life.stamps import Watch
from dispatch.service.choices import ranked_facilities, ranked_vehicles
from dispatch.service.live_region import LiveRegion
from dispatch.service.run_legs import leg_of
from routing import InputError, PlaceError

log = logging.getLogger(__name__)

_VEHICLES = 3


def warm_up(live: LiveRegion, moment: datetime) -> None:
    """Works a call out that nobody has made, and throws it away: vehicles, facilities and a route, for each priority.

    Takes half a minute on a machine where the kernels were never compiled, else a moment.
    """
    demand = live.built.demand
    busiest = int(demand.weight.argmax())
    longitude, latitude = float(demand.longitude[busiest]), float(demand.latitude[busiest])
    fleet = invented_fleet([("", longitude, latitude)], _VEHICLES, 1, moment)
    notes = Particulars((Note("place", "", "siaga", moment, None, longitude, latitude),))
    for kind in ("emergency", "accident", "outpatient"):
        priority = Priority.GREEN if case_kinds()[kind].scheduled else Priority.RED
        patients = (Patient("1"),)
        case = Case("warm-up", kind, priority, cell_of(longitude, latitude), moment, moment, patients=patients)
        try:
            ranked_vehicles(live, live.now, case, notes, fleet, moment)
            ranked_facilities(live, live.now, case, patients[0], None, fleet[0], notes, moment)
            run = Run(
                "warm-up",
                fleet[0].id,
                (),
                None,
                (Rider(case.id, "1"),),
                kind,
                priority,
                RunState.EN_ROUTE,
                Watch(moment),
                (),
            )
            leg_of(live.now, run, {case.id: _sent(case)}, {case.id: notes}, fleet[0])
        except (InputError, PlaceError) as error:
            log.info("region %s: warming up: %s", live.name, error)


def _sent(case: Case) -> Case:
    return replace(case, patients=(Patient("1", PatientState.ASSIGNED, "warm-up"),))
