"""The tags streets bear, in the spellings that mappers use, and the names that streets and quarters have."""

from __future__ import annotations

from routing.osm import TagSet
from routing.sample.edges import Kind

Variants = tuple[tuple[int, TagSet], ...]
"""Percent and tags; what is missing to 100 has no further tags."""

_TOWN_SURFACES: Variants = (
    (16, {"surface": "asphalt"}),
    (8, {"surface": "concrete"}),
    (7, {"surface": "paving_stones"}),
    (3, {"surface": "unpaved"}),
    (2, {"surface": "asphalt", "smoothness": "bad"}),
    (2, {"maxspeed": "30"}),
    (1, {"maxspeed": "20 km/h"}),
    (3, {"width": "3.5"}),
    (2, {"width": "3 m"}),
    (1, {"width": "2,8"}),
    (1, {"width": "2.0", "surface": "paving_stones"}),
    (1, {"narrow": "yes"}),
    (1, {"access": "destination"}),
    (1, {"motor_vehicle": "private"}),
    (1, {"traffic_calming": "bump"}),
)

STREET_TAGS: dict[Kind, tuple[str, Variants]] = {
    Kind.PRIMARY: (
        "primary",
        (
            (40, {"surface": "asphalt", "maxspeed": "60"}),
            (15, {"surface": "asphalt"}),
            (8, {"maxspeed": "60 km/h"}),
            (5, {"maxspeed": "50;60"}),
            (4, {"maxspeed:forward": "50", "maxspeed:backward": "60"}),
            (3, {"maxspeed": "ID:urban"}),
            (2, {"maxspeed": "35 mph"}),
        ),
    ),
    Kind.SECONDARY: (
        "secondary",
        (
            (40, {"surface": "asphalt"}),
            (15, {"surface": "asphalt", "maxspeed": "50"}),
            (5, {"maxspeed": "40 km/h"}),
            (3, {"maxspeed": "50kmh"}),
            (3, {"maxspeed": "30 mph"}),
        ),
    ),
    Kind.TERTIARY: (
        "tertiary",
        (
            (35, {"surface": "asphalt"}),
            (8, {"surface": "asphalt", "maxspeed": "40"}),
            (4, {"surface": "concrete"}),
            (4, {"width": "5"}),
            (3, {"surface": "asphalt", "smoothness": "very_bad"}),
            (3, {"maxspeed": "40", "maxspeed:conditional": "20 @ (Mo-Fr 06:30-07:30)"}),
        ),
    ),
    Kind.UNCLASSIFIED: ("unclassified", ((25, {"surface": "asphalt"}), (12, {"surface": "gravel"}), (8, {"width": "4"}))),
    Kind.RESIDENTIAL: ("residential", _TOWN_SURFACES),
    Kind.LIVING: (
        "living_street",
        (
            (30, {"surface": "paving_stones"}),
            (10, {"width": "3"}),
            (8, {"width": "2.5"}),
            (5, {"maxspeed": "10"}),
            (5, {"width": "2.2"}),
        ),
    ),
    Kind.SERVICE: ("service", ((40, {"service": "driveway"}), (20, {"access": "private"}), (10, {"access": "customers"}))),
    Kind.ALLEY: (
        "service",
        (
            (28, {"service": "alley", "width": "1.2"}),
            (26, {"service": "alley", "width": "1.5"}),
            (20, {"service": "alley", "width": "1.8"}),
            (8, {"service": "alley", "maxwidth": "1.6"}),
            (8, {"service": "alley", "motorcar": "no"}),
            (10, {"service": "alley"}),
        ),
    ),
    Kind.FOOTWAY: ("footway", ((30, {"surface": "paving_stones"}), (25, {"motorcycle": "yes", "width": "1.5"}))),
    Kind.STEPS: ("steps", ()),
    Kind.PATH: ("path", ((60, {"motorcycle": "yes", "width": "1.4"}), (40, {"width": "1.2"}))),
    Kind.TRACK: (
        "track",
        (
            (40, {"tracktype": "grade3"}),
            (20, {"tracktype": "grade5", "surface": "dirt"}),
            (20, {"access": "agricultural"}),
        ),
    ),
}

# What stands in the way on a loop (first table) or on a street that is the only way in (second): per mille, tags.
LOOP_BARRIERS: tuple[tuple[int, TagSet], ...] = (
    (16, {"barrier": "bollard"}),
    (10, {"barrier": "gate"}),
    (9, {"barrier": "gate", "access": "no"}),
    (10, {"barrier": "gate", "access:conditional": "no @ (22:00-05:00)"}),
    (8, {"barrier": "lift_gate", "access:conditional": "no @ (23:00-04:30)"}),
    (5, {"barrier": "gate", "access": "no", "emergency": "yes"}),
    (4, {"barrier": "gate", "motor_vehicle": "no", "motorcycle": "yes"}),
    (4, {"barrier": "swing_gate", "access": "private"}),
    (4, {"barrier": "height_restrictor", "maxheight": "2.1"}),
    (4, {"barrier": "block"}),
    (3, {"barrier": "cycle_barrier"}),
    (3, {"barrier": "portal"}),
    (2, {"barrier": "gate", "locked": "yes"}),
    (30, {"traffic_calming": "bump"}),
)
TREE_BARRIERS: tuple[tuple[int, TagSet], ...] = (
    (4, {"barrier": "gate"}),
    (2, {"barrier": "portal"}),
    (3, {"barrier": "lift_gate", "access": "yes"}),
    (2, {"barrier": "lift_gate", "access:conditional": "no @ (22:00-05:00)"}),
    (25, {"traffic_calming": "bump"}),
    (6, {"traffic_calming": "hump"}),
)
ESTATE_GATES: tuple[TagSet, ...] = (
    {"barrier": "gate"},
    {"barrier": "lift_gate"},
    {"barrier": "lift_gate", "access": "permissive"},
    {"barrier": "gate", "access": "private"},
    {"barrier": "lift_gate", "access": "private", "emergency": "yes"},
    {"barrier": "gate", "access": "yes"},
)
SECOND_GATES: tuple[TagSet, ...] = (
    {"barrier": "gate", "access": "no"},
    {"barrier": "gate", "access:conditional": "no @ (22:00-05:00)"},
    {"barrier": "gate", "access": "no", "emergency": "yes"},
    {"barrier": "bollard"},
    {"barrier": "gate", "access": "no", "foot": "yes", "motorcycle": "yes"},
)

FLOWERS = (
    "Melati", "Mawar", "Anggrek", "Cempaka", "Kenanga", "Dahlia", "Teratai", "Flamboyan", "Bougenville", "Seruni", "Kamboja",
    "Tanjung", "Alamanda", "Sedap Malam", "Wijaya Kusuma", "Kemuning", "Soka", "Asoka", "Nusa Indah", "Aster",
)  # fmt: skip
TREES = (
    "Mangga", "Rambutan", "Durian", "Manggis", "Jambu", "Belimbing", "Salak", "Nangka", "Sawo", "Duku", "Beringin", "Mahoni",
    "Jati", "Meranti", "Cemara", "Pinus", "Kelapa", "Bambu", "Akasia", "Trembesi",
)  # fmt: skip
BIRDS = (
    "Merpati", "Kutilang", "Cendrawasih", "Kasuari", "Elang", "Rajawali", "Garuda", "Perkutut", "Murai", "Camar", "Kepodang",
    "Jalak", "Nuri", "Walet", "Pipit", "Bangau",
)  # fmt: skip
ELDERS = (
    "Haji Somad", "Haji Ridwan", "Haji Mursid", "Mak Icih", "Bapak Oyong", "Kyai Mukmin", "Haji Saleh", "Uwak Dirja",
    "Haji Nawawi", "Aki Sarta", "Bang Kosim", "Ustaz Fadil", "Haji Tohir", "Nyai Rampi", "Pak Lurah Toha", "Haji Enjam",
)  # fmt: skip
HALVES = (
    ("Banyu", "Tirta", "Karang", "Suka", "Sumber", "Rawa", "Wana", "Giri", "Mekar", "Cipta", "Muara", "Panca", "Sari", "Jati",
     "Bojong", "Pasir", "Kebon", "Leuwi", "Parung", "Tegal", "Ciawi", "Lembah", "Padang", "Tanjung", "Sinar", "Ranca"),
    ("asri", "jaya", "mulya", "sari", "rahayu", "mukti", "wangi", "indah", "makmur", "sejati", "laksana", "luhur", "baru",
     "tengah", "raharja", "kencana", "permai", "tani", "gede", "lega", "herang", "panjang", "waluya", "bakti", "sakti"),
)  # fmt: skip
GREAT_STREETS = (
    "Jalan Raya Banyu Sari", "Jalan Pahlawan Tani", "Jalan Lingkar Tirta", "Jalan Gotong Royong", "Jalan Bahari",
    "Jalan Kereta Lama", "Jalan Pelita Bangsa", "Jalan Sawah Besar", "Jalan Pemuda Karya", "Jalan Dermaga",
    "Jalan Raya Muara Sakti", "Jalan Balai Desa", "Jalan Bukit Waru", "Jalan Air Jernih", "Jalan Simpang Lima",
    "Jalan Pasar Legi", "Jalan Kebun Raya Lama", "Jalan Ampera Raya", "Jalan Tunas Harapan", "Jalan Bina Marga",
)  # fmt: skip
RIVER, TOLL_ROAD, TOWN = "Ci Banyu", "Jalan Tol Banyu Sari", "Banyu Sari"


def place_name(number: int) -> str:
    """An invented place name; 650 different ones, then with a compass word and at last a number."""
    first, second = HALVES
    pick = number * 131 % (len(first) * len(second))
    again = number // (len(first) * len(second))
    name = first[pick % len(first)] + second[pick // len(first)]
    compass = ("", " Kulon", " Wetan", " Kaler", " Kidul")
    return name + compass[again % 5] + (f" {again // 5 + 1}" if again >= 5 else "")
