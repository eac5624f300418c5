"""Mapbox Vector Tiles, written: https://github.com/mapbox/vector-tile-spec/tree/master/2.1

A whole layer's geometry is turned into commands and bytes at once; what is left for each feature is to copy its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from api.tiles.grid import EXTENT

Value = str | int | float | bool

_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 15  # the last one with its count of 1
_LONGEST = 10  # bytes of a varint of 64 bits


class Kind(IntEnum):
    """Types of geometry (section 4.3.4)."""

    POINT = 1
    LINE = 2
    POLYGON = 3


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Geometry of features in a tile's units.

    Attributes:
        kind: of all of them.
        part_first: int64[features + 1]; the parts of feature `i` are `part_first[i] .. part_first[i + 1] - 1`.
        point_first: int64[parts + 1], likewise the points of a part: two at least for a line, three for a ring, which is not
            closed by repeating its first point, one for a point.
        points: int64[points, 2].
    """

    kind: Kind
    part_first: NDArray[np.int64]
    point_first: NDArray[np.int64]
    points: NDArray[np.int64]

    def __len__(self) -> int:
        """How many features there are."""
        return len(self.part_first) - 1


def encode_layer(
    name: str,
    shapes: Shapes,
    properties: Sequence[Mapping[str, Value]],
    properties_of: Sequence[int],
    ids: Sequence[int] | None = None,
) -> bytes:
    """A layer as part of a tile (a tile is its layers, one after the other); nothing if it has no features.

    Args:
        name: of the layer.
        shapes: of the features.
        properties: sets of properties.
        properties_of: for each feature, which set it has.
        ids: for each feature its id, 0 for none; None: none has one.
    """
    if not len(shapes):
        return b""
    geometry, ends = _geometry(shapes)
    tags = _Tags(properties)
    layer = bytearray()
    _field(layer, 1, name.encode())
    begin = 0
    for number, end in enumerate(ends):
        feature = bytearray()
        if ids is not None and ids[number] > 0:
            feature.append(1 << 3)
            feature += varint(ids[number])
        _field(feature, 2, tags.of(properties_of[number]))
        feature += bytes((3 << 3, shapes.kind))
        _field(feature, 4, geometry[begin:end])
        _field(layer, 2, feature)
        begin = end
    for key in tags.keys:
        _field(layer, 3, key.encode())
    for value in tags.values:
        _field(layer, 4, value)
    layer.append(5 << 3)
    layer += varint(EXTENT)
    layer += bytes((15 << 3, 2))  # the version
    tile = bytearray()
    _field(tile, 3, layer)
    return bytes(tile)


def varint(number: int) -> bytes:
    """A whole number from 0 on as protobuf writes it."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def varints(numbers: NDArray[np.uint64]) -> tuple[bytes, NDArray[np.int64]]:
    """Whole numbers as protobuf writes them, one after the other, and where each ends: int64[n]."""
    length = np.ones(len(numbers), np.int64)
    for size in range(1, _LONGEST):
        length += numbers >= np.uint64(1) << np.uint64(7 * size)
    ends = np.cumsum(length)
    found = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    begin = ends - length
    for place in range(int(length.max(initial=0))):
        there = length > place
        more = np.where(length[there] > place + 1, np.uint64(128), np.uint64(0))
        found[begin[there] + place] = (numbers[there] >> np.uint64(7 * place)) & np.uint64(127) | more
    return found.tobytes(), ends


def _field(message: bytearray, number: int, content: bytes | bytearray) -> None:
    message.append(number << 3 | 2)
    message += varint(len(content))
    message += content


def _geometry(shapes: Shapes) -> tuple[bytes, list[int]]:
    """The commands of all features as bytes (section 4.3), and where each feature's end."""
    counts = np.diff(shapes.point_first)
    more = {Kind.POINT: 1, Kind.LINE: 2, Kind.POLYGON: 3}[shapes.kind]  # commands beside the points of a part
    first = np.concatenate((np.zeros(1, np.int64), np.cumsum(2 * counts + more)))
    numbers = np.empty(int(first[-1]), np.uint64)
    steps = np.diff(shapes.points, axis=0, prepend=np.zeros((1, 2), np.int64))
    begins = shapes.point_first[shapes.part_first[:-1]]  # each feature begins at the tile's corner again
    steps[begins] = shapes.points[begins]
    rank = np.arange(len(shapes.points)) - np.repeat(shapes.point_first[:-1], counts)
    place = np.repeat(first[:-1], counts) + 1 + 2 * rank + ((rank > 0) if shapes.kind != Kind.POINT else 0)
    folded = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    numbers[place], numbers[place + 1] = folded[:, 0], folded[:, 1]
    if shapes.kind == Kind.POINT:
        numbers[first[:-1]] = (counts << 3 | _MOVE_TO).astype(np.uint64)
    else:
        numbers[first[:-1]] = 1 << 3 | _MOVE_TO
        numbers[first[:-1] + 3] = (counts - 1 << 3 | _LINE_TO).astype(np.uint64)
    if shapes.kind == Kind.POLYGON:
        numbers[first[1:] - 1] = _CLOSE
    content, ends = varints(numbers)
    return content, ends[first[shapes.part_first[1:]] - 1].tolist()


class _Tags:
    """Keys and values of a layer, each once, numbered as they appear."""

    def __init__(self, properties: Sequence[Mapping[str, Value]]) -> None:
        self._properties = properties
        self._known: dict[int, bytes] = {}
        self.keys: dict[str, int] = {}
        self.values: dict[bytes, int] = {}

    def of(self, number: int) -> bytes:
        """The tags of a feature with that set of properties."""
        known = self._known.get(number)
        if known is None:
            pairs = (
                varint(self.keys.setdefault(key, len(self.keys))) + varint(self.values.setdefault(encoded, len(self.values)))
                for key, value in self._properties[number].items()
                for encoded in (_value(value),)
            )
            known = self._known[number] = b"".join(pairs)
        return known


def _value(value: Value) -> bytes:
    """A value (section 4.1): the type decides which field it is."""
    found = bytearray()
    match value:
        case bool():
            found += bytes((7 << 3, value))
        case int() if value >= 0:
            found.append(5 << 3)
            found += varint(value)
        case int():
            found.append(6 << 3)
            found += varint((value << 1) ^ (value >> 63))
        case float():
            found.append(3 << 3 | 1)
            found += struct.pack("<d", value)
        case str():
            _field(found, 1, value.encode())
    return bytes(found)
