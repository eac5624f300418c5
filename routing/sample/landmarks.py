"""What people name on the phone: districts, kampungs, house numbers, mosques, schools, markets, water."""

from __future__ import annotations

import numpy as np

from routing.sample.dice import Dice, Floats, Ints, below, draw
from routing.sample.districts import District, Districts
from routing.sample.edges import Kind, Span, Streets
from routing.sample.ground import Ground, Quarter
from routing.sample.layout import Layout
from routing.sample.paving import Paved
from routing.sample.spellings import RIVER, TOWN, place_name
from routing.sample.survey import Survey

MAX_ADDRESSES = 100_000
_KECAMATAN_NAMES, _KAMPUNG_NAMES = 3000, 10_000  # where in the row of invented names each kind begins


def kelurahan_name(number: int) -> str:
    """The name of a kelurahan."""
    return place_name(number)


def kecamatan_name(number: int) -> str:
    """The name of a kecamatan; the first bears the town's."""
    return TOWN if number == 0 else place_name(_KECAMATAN_NAMES + number)


def draw_districts(ground: Ground, streets: Streets, districts: Districts, survey: Survey) -> None:
    """Boundaries with population, a place and an office in each kelurahan, the town itself."""
    corners = np.flatnonzero(streets.degree(ground.corners) > 0)
    people = np.bincount(districts.of_block[ground.block[corners]], minlength=len(districts.kelurahan)) * 47
    for level, parts in (("6", districts.kecamatan), ("7", districts.kelurahan)):
        for part in parts:
            name = kecamatan_name(part.number) if level == "6" else kelurahan_name(part.number)
            tags = {"type": "boundary", "boundary": "administrative", "admin_level": level, "name": name}
            if level == "7":
                tags["population"] = str(int(people[part.number]))
                tags["is_in:kecamatan"] = kecamatan_name(part.parent)
            del tags["type"]
            ring = part.ring(ground)
            survey.area(ground.x[ring], ground.y[ring], tags)
    column, row, _ = ground.centres[0]
    kind = "city" if len(corners) > 20_000 else "town" if len(corners) > 600 else "village"
    survey.point(column + 0.4, row + 0.4, {"place": kind, "name": TOWN, "population": str(int(people.sum()))})
    for number, (column, row, _) in enumerate(ground.centres[1:], 1):
        survey.point(column + 0.4, row + 0.4, {"place": "town", "name": place_name(_KECAMATAN_NAMES + 500 + number)})
    _offices(ground, corners, districts, survey)


def _offices(ground: Ground, corners: Ints, districts: Districts, survey: Survey) -> None:
    corners = corners[ground.inner[corners]]
    home = districts.of_block[ground.block[corners]]
    order = corners[np.lexsort((draw(ground.seed, "office", corners), home))]
    blocks, first = np.unique(districts.of_block[ground.block[order]], return_index=True)
    for kelurahan, corner in zip(blocks.tolist(), order[first].tolist(), strict=True):
        name = kelurahan_name(kelurahan)
        j, i = divmod(corner, ground.columns)
        survey.point(i + 0.31, j + 0.27, {"place": "suburb", "name": name})
        hours = {"opening_hours": "Mo-Th 08:00-16:00; Fr 08:00-11:30,13:00-16:00; PH off"}
        office = {"office": "government", "admin_level": "7", "name": f"Kantor Kelurahan {name}", **hours}
        survey.point(i + 0.33, j + 0.24, office)


def name_quarters(ground: Ground, survey: Survey) -> None:
    """A place for each kampung and housing estate."""
    across = ground.blocks_across
    bounds_columns = np.concatenate(([0], ground.line_columns, [ground.columns - 1]))
    bounds_rows = np.concatenate(([0], ground.line_rows, [ground.rows - 1]))
    for block in np.flatnonzero((ground.quarter >= Quarter.DESA) & (ground.quarter <= Quarter.PERUMAHAN)).tolist():
        a, b = block % across, block // across
        name = place_name(_KAMPUNG_NAMES + block)
        if ground.quarter[block] == Quarter.PERUMAHAN:
            tags = {"place": "neighbourhood", "name": f"Perumahan {name} {('Indah', 'Permai', 'Regency', 'Asri')[block % 4]}"}
        else:
            tags = {"place": "hamlet" if ground.quarter[block] == Quarter.DESA else "neighbourhood", "name": f"Kp. {name}"}
        column = float(bounds_columns[a] + bounds_columns[a + 1]) / 2 + 0.2
        survey.point(column, float(bounds_rows[b] + bounds_rows[b + 1]) / 2 + 0.2, tags)


def number_houses(
    ground: Ground, streets: Streets, districts: Districts, layout: Layout, paved: Paved, junctions: int, survey: Survey
) -> None:
    """House numbers along named streets: some one for each junction, 100,000 at most."""
    name = np.concatenate(layout.name)[paved.way]
    fit = (name > 0) & (streets.span == Span.NONE) & (streets.kind != Kind.FOOTWAY) & (streets.kind <= Kind.PATH)
    edges = np.flatnonzero(fit)
    wanted = min(MAX_ADDRESSES, junctions)
    edges = edges[np.argsort(draw(ground.seed, "houses", streets.number[edges]), kind="stable")][: wanted // 2]
    edges = np.sort(edges)
    names = list(layout.names)
    tail, head = streets.tail[edges], streets.head[edges]
    row, column = np.divmod(tail, ground.columns)
    step = (column + row) % 40
    rukun = below(ground.seed, "rt rw", ground.block[tail], 9) + 1
    from_x, from_y = ground.x[tail], ground.y[tail]
    along_x, along_y = ground.x[head] - from_x, ground.y[head] - from_y
    kelurahan = districts.of_block[ground.block[tail]]
    estate = (ground.quarter[ground.block[tail]] == Quarter.PERUMAHAN) & ~streets.line[edges]
    for turn, (share, aside) in enumerate(((0.35, 0.14), (0.68, -0.14))):
        x = (from_x + share * along_x - aside * along_y).tolist()
        y = (from_y + share * along_y + aside * along_x).tolist()
        for k in range(len(edges)):
            number = int(step[k]) * 4 + 2 * turn + 1 + turn
            tags = {
                "addr:housenumber": f"{chr(65 + number % 8)}{number // 8 + 1}" if estate[k] else str(number),
                "addr:street": names[name[edges[k]]],
                "addr:neighbourhood": f"RT {int(step[k]) % 7 + 1:02d}/RW {int(rukun[k]):02d}",
                "addr:subdistrict": kelurahan_name(int(kelurahan[k])),
            }
            survey.spot(x[k], y[k], tags)


def build_landmarks(ground: Ground, streets: Streets, districts: Districts, junctions: int, survey: Survey) -> None:
    """Mosques, schools, markets, terminals: one for so many junctions each, and so many at most."""
    degree = streets.degree(ground.corners)
    corners = np.flatnonzero((degree > 0) & (ground.quarter[ground.block] >= Quarter.DESA) & ~ground.island & ground.inner)
    order = corners[np.argsort(draw(ground.seed, "landmarks", corners), kind="stable")]
    dice = Dice(ground.seed, "landmark names")
    mosques = ("Al-Ikhlas", "Nurul Huda", "At-Taqwa", "Al-Hidayah", "Baiturrahman", "Al-Muhajirin", "Nurul Iman", "Al-Falah")
    begin = 0
    kinds: tuple[tuple[int, int, str], ...] = ((60, 5000, "mosque"), (120, 2500, "school"), (800, 400, "market"),
                                               (9000, 60, "terminal"), (400, 1200, "posyandu"))  # fmt: skip
    for every, most, kind in kinds:
        count = min(most, 1 + junctions // every)
        for number, corner in enumerate(order[begin : begin + count].tolist()):
            j, i = divmod(corner, ground.columns)
            home = kelurahan_name(int(districts.of_block[ground.block[corner]]))
            tags: dict[str, dict[str, str]] = {
                "mosque": {"amenity": "place_of_worship", "religion": "muslim", "name": f"Masjid {dice.one_of(mosques)}"},
                "school": {"amenity": "school", "name": f"SDN {home} {number % 4 + 1:02d}"},
                "market": {"amenity": "marketplace", "name": f"Pasar {home}"},
                "terminal": {"amenity": "bus_station", "name": f"Terminal {home}"},
                "posyandu": {"amenity": "community_centre", "name": f"Posyandu {home} {number % 6 + 1}"},
            }
            survey.point(i + 0.2 + dice.throw(20) / 100, j + 0.22 + dice.throw(20) / 100, tags[kind])
        begin += count


def fill_water(ground: Ground, survey: Survey) -> None:
    """Rivers and lakes as areas."""
    columns = np.arange(ground.columns, dtype=np.float64)
    for number, cut in enumerate(ground.rivers):
        banks = [ground.place(columns, cut.at.astype(np.float64) + (0.5 + side)) for side in (-0.22, 0.22)]
        x = np.concatenate((banks[0][0], banks[1][0][::-1], banks[0][0][:1]))
        y = np.concatenate((banks[0][1], banks[1][1][::-1], banks[0][1][:1]))
        name = RIVER if number == 0 else f"Ci {place_name(7000 + number)}"
        survey.area(x, y, {"natural": "water", "water": "river", "name": name})
    for number, block in enumerate(np.flatnonzero(ground.quarter == Quarter.LAKE).tolist()):
        mine = np.flatnonzero((ground.water | ground.island) & (ground.block == block))
        island = np.flatnonzero(ground.island & (ground.block == block))
        x, y = _around(ground, mine, -0.35)
        survey.area(
            x,
            y,
            {"natural": "water", "water": "lake", "name": f"Situ {place_name(8000 + number)}"},
            _around(ground, island, 0.4),
        )


def _around(ground: Ground, corners: Ints, margin: float) -> tuple[Floats, Floats]:
    """The outline of a rectangle of corners, `margin` cells outside it."""
    j, i = np.divmod(corners, ground.columns)
    part = District(int(i.min()), int(i.max()), int(j.min()), int(j.max()), 0, 0)
    rows, columns = np.divmod(part.ring(ground), ground.columns)
    across = np.where(columns == part.left, -margin, np.where(columns == part.right, margin, 0.0))
    up = np.where(rows == part.low, -margin, np.where(rows == part.high, margin, 0.0))
    return ground.place(columns + across, rows + up)
