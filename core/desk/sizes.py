"""Sizes of clusters and the cuts between them: BaSAL's Fig. 2 and Eq. 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.prepare.partitions import api_by_size, cuts, partition_of
from core.prepare.units import CLUSTER, Units


@dataclass(frozen=True)
class Sizes:
    """Attributes
    ----------
    sizes : (m,) int64 sizes that occur, ascending, metres
    units, points : (m,) int64 clusters of each, and their points
    api : (m,) float64 C / ln P (Eq. 1)
    """

    sizes: np.ndarray
    units: np.ndarray
    points: np.ndarray
    api: np.ndarray

    def cuts(self, partitions: int) -> tuple[int, ...]:
        """The largest size of each class, as a preparation cuts them."""
        return cuts(self.sizes, self.api, partitions)

    def shares(self, cut: Sequence[int]) -> list[dict[str, float]]:
        """Of each size class: its share of the API, of the clusters and of their points."""
        part = partition_of(self.sizes, cut)
        found = []
        for place in range(len(cut)):
            mine = part == place
            found.append(
                {
                    name: float(values[mine].sum() / values.sum()) if values.sum() else 0.0
                    for name, values in (
                        ("api", self.api),
                        ("units", self.units),
                        ("points", self.points),
                    )
                }
            )
        return found


def sizes_of(units: Units) -> Sizes:
    """Of a preparation's clusters; ground cells have no size class."""
    clusters = units.kind == CLUSTER
    size, points = units.size[clusters], units.points[clusters]
    sizes, api = api_by_size(size, points)
    places = np.searchsorted(sizes, size)
    return Sizes(
        sizes,
        np.bincount(places, minlength=len(sizes)),
        np.bincount(places, weights=points, minlength=len(sizes)).astype(np.int64),
        api,
    )
