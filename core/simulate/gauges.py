"""How alike two sets of scans are, in what an experiment's outcome depends on.

Each gauge is a pure function of two tallies: histograms and sums over the scans of a sequence
(core/simulate/tally.py), so a set of sequences is the sum of its parts. What is small is small
beside what real sequences differ by: `table` measures a town against real scans, and these against
each other, half of the sequences against the other half in every way there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import combinations, pairwise

import numpy as np

RANGES_M = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 80.0)  # the last bin holds all beyond 50 m
ELEVATIONS = np.arange(-30, 11)  # degrees
LARGEST_M = 25  # of a cluster that is a unit
LEVELS = 100  # steps of intensity, 0 to 1
FEW = 500  # points of a class, below which what is measured of it is chance
YIELD = (2.2, 3.5)  # rare points a minute, size classes over chance: about 2.8 on real scans


@dataclass(frozen=True)
class Tally:
    """Sums over scans, C classes; arrays of int64.

    Attributes
    ----------
    scans, units, points, oversize : counts; `oversize` of points in clusters too large to ask
    ranges : (8,) points by range; elevations : (40,) by degree of elevation
    sizes : (25,) clusters of 1 to 25 m; cluster_points : (20,) clusters by powers of 2
    classes : (C,) points of each class
    placed : (C, 26) points of each class in ground cells, then in clusters of 1 to 25 m
    majority : (2,) points of their unit's most frequent class, in clusters and in cells
    united : (2,) points with a class, in clusters and in cells
    intensity : (C, 100) points of each class by intensity
    """

    scans: np.ndarray
    units: np.ndarray
    points: np.ndarray
    oversize: np.ndarray
    ranges: np.ndarray
    elevations: np.ndarray
    sizes: np.ndarray
    cluster_points: np.ndarray
    classes: np.ndarray
    placed: np.ndarray
    majority: np.ndarray
    united: np.ndarray
    intensity: np.ndarray

    def __add__(self, other: Tally) -> Tally:
        names = (each.name for each in fields(self))
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in names})


def total(tallies: Sequence[Tally]) -> Tally:
    """The sum of one tally or more."""
    found = tallies[0]
    for tally in tallies[1:]:
        found = found + tally
    return found


def variation(a: np.ndarray, b: np.ndarray) -> float:
    """Total variation of two histograms (n,): half the sum of differences of their shares, 0..1;
    1 where only one of them holds anything."""
    if not a.sum() or not b.sum():
        return float(bool(a.sum()) != bool(b.sum()))
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def by_partition(tally: Tally, cuts: Sequence[int]) -> np.ndarray:
    """(C, B + 1) points of each class by size class and, last, on the ground."""
    edges = [1, *(cut + 1 for cut in cuts[:-1]), LARGEST_M + 1]
    parts = [tally.placed[:, low:high].sum(1) for low, high in pairwise(edges)]
    return np.stack([*parts, tally.placed[:, 0]], axis=1)


def class_partition(a: Tally, b: Tally, cuts: Sequence[int]) -> float:
    """Mean over the classes with points in both of the variation of where these lie."""
    one, two = by_partition(a, cuts), by_partition(b, cuts)
    both = np.flatnonzero((one.sum(1) >= FEW) & (two.sum(1) >= FEW))
    return float(np.mean([variation(one[k], two[k]) for k in both])) if len(both) else 1.0


def quantiles(histogram: np.ndarray) -> np.ndarray:
    """(3,) the 10th, 50th and 90th percentile of values counted in equal steps of 0..1."""
    reached = np.cumsum(histogram) / histogram.sum()
    place = np.searchsorted(reached, (0.1, 0.5, 0.9))
    return (place + 0.5) / len(histogram)


def intensities(a: Tally, b: Tally) -> float:
    """Mean difference of three quantiles of intensity, over the classes with points in both."""
    both = np.flatnonzero((a.classes >= FEW) & (b.classes >= FEW))
    apart = [np.abs(quantiles(a.intensity[k]) - quantiles(b.intensity[k])).mean() for k in both]
    return float(np.mean(apart)) if apart else 1.0


def purity(tally: Tally) -> np.ndarray:
    """(2,) share of points that are of their unit's most frequent class, in clusters and cells."""
    found: np.ndarray = tally.majority / np.maximum(tally.united, 1)
    return found


def _oversize(tally: Tally) -> float:
    return float(tally.oversize / max(tally.points, 1))


def _units_a_scan(tally: Tally) -> float:
    return float(tally.units / max(tally.scans, 1))


def gauges(cuts: Sequence[int]) -> dict[str, Callable[[Tally, Tally], float]]:
    """Name -> distance of two tallies, 0 for alike; `cuts` are the size classes' (Units.cuts)."""
    return {
        "range": lambda a, b: variation(a.ranges, b.ranges),
        "elevation": lambda a, b: variation(a.elevations, b.elevations),
        "cluster sizes": lambda a, b: variation(a.sizes, b.sizes),
        "cluster points": lambda a, b: variation(a.cluster_points, b.cluster_points),
        "class shares": lambda a, b: variation(a.classes, b.classes),
        "class x partition": lambda a, b: class_partition(a, b, cuts),
        "purity of clusters": lambda a, b: float(abs(purity(a) - purity(b))[0]),
        "purity of cells": lambda a, b: float(abs(purity(a) - purity(b))[1]),
        "intensity by class": intensities,
        "oversize share": lambda a, b: abs(_oversize(a) - _oversize(b)),
        "units a scan": lambda a, b: abs(_units_a_scan(a) - _units_a_scan(b)),
    }


@dataclass(frozen=True)
class Row:
    """One gauge: what real halves differ by, and what the town differs from all real scans by."""

    name: str
    median: float
    most: float
    town: float

    @property
    def within(self) -> bool:
        """Whether the town is as near to the real scans as these are to each other."""
        return self.town <= self.most


def halves(count: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every way to part `count` sequences in two halves, the first half the larger by one where
    the number is odd; each way once."""
    everyone = range(count)
    found = []
    for one in combinations(everyone, (count + 1) // 2):
        if count % 2 or 0 in one:
            found.append((one, tuple(k for k in everyone if k not in one)))
    return found


def table(town: Sequence[Tally], real: Sequence[Tally], cuts: Sequence[int]) -> list[Row]:
    """A row for each gauge; two real sequences or more are needed."""
    parts = halves(len(real))
    pairs = [(total([real[k] for k in a]), total([real[k] for k in b])) for a, b in parts]
    made, everything = total(town), total(real)
    rows = []
    for name, apart in gauges(cuts).items():
        between = [apart(a, b) for a, b in pairs]
        rows.append(Row(name, float(np.median(between)), max(between), apart(made, everything)))
    return rows
