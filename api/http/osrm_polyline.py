"""Lines as text, in Google's encoded polyline format: latitude before longitude, 5 or 6 decimals.

The format: https://developers.google.com/maps/documentation/utilities/polylinealgorithm
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CHUNK_BITS = 5
_CHUNKS = 7  # 35 bits, more than the 30 of a difference of 360 degrees with 6 decimals and its sign
_MORE = 0x20
_FIRST_CHARACTER = 63
_LOW, _HIGH = _FIRST_CHARACTER, _FIRST_CHARACTER + 2 * _MORE - 1


def encode_polyline(line: NDArray[np.float64], precision: int) -> str:
    """A line as text.

    Args:
        line: float64[n, 2], longitude and latitude in degrees.
        precision: decimals kept, 5 or 6.
    """
    if not len(line):
        return ""
    whole = np.rint(line[:, ::-1] * 10**precision).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel()
    numbers = (steps << 1) ^ (steps >> 63)  # the sign goes last, so that small steps stay short
    shifts = _CHUNK_BITS * np.arange(_CHUNKS)
    left = numbers[:, None] >> shifts
    chunks = (left & (_MORE - 1)) | np.where(left >> _CHUNK_BITS > 0, _MORE, 0)
    used = (left > 0) | (shifts == 0)
    characters = (chunks[used] + _FIRST_CHARACTER).astype(np.uint8)
    return str(characters.tobytes(), "ascii")


def decode_polyline(text: str, precision: int) -> list[tuple[float, float]]:
    """The points of a line, (longitude, latitude) in degrees.

    Raises:
        ValueError: the text is not a polyline.
    """
    numbers, value, shift = [], 0, 0
    for place, character in enumerate(text):
        code = ord(character)
        if not _LOW <= code <= _HIGH or shift >= _CHUNK_BITS * _CHUNKS:
            raise ValueError(f"polyline: {character!r} at {place} doesn't belong there")
        code -= _FIRST_CHARACTER
        value |= (code & (_MORE - 1)) << shift
        shift += _CHUNK_BITS
        if code < _MORE:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift or len(numbers) % 2:
        raise ValueError("polyline: it ends in the middle of a point")
    points, latitude, longitude = [], 0, 0
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        latitude, longitude = latitude + north, longitude + east
        points.append((longitude / 10**precision, latitude / 10**precision))
    return points
