"""The area of a relation, from the rings that its ways close to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def between(outer: Sequence[BaseGeometry], inner: Sequence[BaseGeometry]) -> BaseGeometry:
    """The area inside outer rings and outside inner ones. An outer ring inside an inner one is an island: it is part of the
    area, as far as no inner ring lies in it in turn (OSM wiki, Relation:multipolygon, "Island within a hole").

    Args:
        outer, inner: polygons; their own holes don't count, rings that lie in another are polygons of their own.
    """
    filled, holes = _filled(outer), _filled(inner)
    if not len(filled) or not len(holes):
        return shapely.union_all(filled)
    island, around = shapely.STRtree(holes).query(filled, predicate="covered_by")
    mainland = np.setdiff1d(np.arange(len(filled)), island)
    parts = [shapely.difference(shapely.union_all(filled[mainland]), shapely.union_all(holes))]
    for one in np.unique(island).tolist():
        within = np.setdiff1d(np.arange(len(holes)), around[island == one])
        parts.append(shapely.difference(filled[one], shapely.union_all(holes[within])))
    return shapely.union_all(parts)


def _filled(rings: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    polygons = np.array(rings, np.object_)
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(polygons)) if len(rings) else polygons, np.object_)
