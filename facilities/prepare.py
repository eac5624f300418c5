"""The public face of preparing a region's facilities; serving imports `facilities` itself."""

from __future__ import annotations

from facilities.demand import DemandCells, demand_cells, read_zones
from facilities.overlay import Overlay, lay_over
from facilities.register import Register, parse_register, read_register
from facilities.store import from_json, to_json

__all__ = [
    "DemandCells",
    "Overlay",
    "Register",
    "demand_cells",
    "from_json",
    "lay_over",
    "parse_register",
    "read_register",
    "read_zones",
    "to_json",
]
