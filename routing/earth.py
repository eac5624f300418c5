"""The earth as a sphere: from degrees to metres. Every length in Siaga is measured on it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

RADIUS_M = 6_371_008.8
"""The mean radius R1 of the WGS 84 ellipsoid (Moritz 2000, Geodetic Reference System 1980)."""

METRES_PER_DEGREE = RADIUS_M * math.pi / 180.0
"""Of latitude; of longitude at the equator."""


def great_circle_m(
    longitude_a: float | NDArray[np.float64],
    latitude_a: float | NDArray[np.float64],
    longitude_b: NDArray[np.float64],
    latitude_b: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Great-circle distances in metres between points in degrees, by the haversine formula."""
    phi_a, phi_b = np.radians(latitude_a), np.radians(latitude_b)
    half_lambda = np.radians(longitude_b - longitude_a) / 2
    chord = np.sin((phi_b - phi_a) / 2) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lambda) ** 2
    return np.asarray(2 * RADIUS_M * np.arcsin(np.sqrt(chord)), np.float64)


def distance_m(longitude_a: float, latitude_a: float, longitude_b: float, latitude_b: float) -> float:
    """The great-circle distance in metres between two points in degrees, by the haversine formula."""
    phi_a, phi_b = math.radians(latitude_a), math.radians(latitude_b)
    half_phi, half_lambda = math.sin((phi_b - phi_a) / 2), math.sin(math.radians(longitude_b - longitude_a) / 2)
    chord = half_phi**2 + math.cos(phi_a) * math.cos(phi_b) * half_lambda**2
    return 2 * RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def flat_m(longitude_degrees: float, latitude_degrees: float, at_latitude: float) -> tuple[float, float]:
    """A small difference of degrees in metres east and north."""
    return longitude_degrees * METRES_PER_DEGREE * math.cos(math.radians(at_latitude)), latitude_degrees * METRES_PER_DEGREE
