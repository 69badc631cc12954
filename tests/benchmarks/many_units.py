"""A pool of as many units as a whole dataset has, in memory."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from core.prepare.units import CELL, CLUSTER, Units
from core.query.pool import Pool

PER_SCAN, FEATURES, CLASSES, SHAPES, MIDDLES = 168, 24, 19, 34, 400


def many_units(count: int, answered: int, *, needs: Set[str]) -> Pool:
    """`count` units, 168 a scan, of which `answered` are; the columns that are needed. Numbers lie
    around 400 middles, as those of networks do around their classes."""
    rng = np.random.default_rng(0)
    scans = -(-count // PER_SCAN)
    scan = (np.arange(count) // PER_SCAN).astype(np.int32)
    place = np.arange(count) % PER_SCAN
    partition = np.digitize(place, (36, 80, 112)).astype(np.int8)
    boxes = np.zeros((count, 3), np.float32)
    points = np.maximum(20, rng.lognormal(4.4 + 0.6 * partition, 1)).astype(np.int32)
    units = Units(
        scans=tuple(f"sequences/{n // 2000:02d}/velodyne/{n % 2000:06d}" for n in range(scans)),
        offsets=np.searchsorted(scan, np.arange(scans + 1)).astype(np.int64),
        scan=scan,
        kind=np.where(partition == 3, CELL, CLUSTER).astype(np.uint8),
        key=place.astype(np.int32),
        points=points,
        size=np.ones(count, np.int16),
        partition=partition,
        box_min=boxes,
        box_max=boxes,
        cuts=(4, 8, 25),
        scan_rows=np.full(scans, 120_000, np.int64),
        scan_hashes=("x",) * scans,
        noise_points=0,
        oversize=0,
        fingerprint="f",
    )
    labelled = np.zeros(count, bool)
    labelled[rng.choice(count, answered, replace=False)] = True
    middle = rng.integers(0, MIDDLES, count)

    def around(size: int) -> np.ndarray:
        found = rng.standard_normal((count, size), np.float32)
        found *= np.float32(0.5)
        found += rng.normal(0, 2, (MIDDLES, size)).astype(np.float32)[middle]
        return found

    columns = {}
    for name in sorted(needs):
        if name in ("feature", "shape"):
            columns[name] = around(FEATURES if name == "feature" else SHAPES)
        elif name == "mean_p":
            p = around(CLASSES)
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True)
            columns[name] = p.astype(np.float16)
        elif name == "seconds":
            columns[name] = np.array([1.83, 2.25, 2.84, 8.46])[partition]
        elif name == "centre":  # around a car that drives a metre a scan
            columns[name] = rng.normal(0, (25, 25, 1), (count, 3))
            columns[name][:, 0] += scan % 2000
        else:
            columns[name] = rng.random(count, np.float32)
    return Pool(units, ~labelled, labelled, columns)
