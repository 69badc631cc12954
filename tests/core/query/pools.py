"""Made tables of units and pools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.prepare.units import CELL, CLUSTER, Units
from core.query.pool import Pool
from core.query.strategies import strategy_named


def make_units(points: np.ndarray, partition: np.ndarray, scans: int = 3) -> Units:
    """A table of units with these points and partitions, cells last, spread over scans."""
    count = len(points)
    groups = int(partition.max(initial=0))
    scan = np.sort(np.arange(count) % scans).astype(np.int32)
    kind = np.where(partition == groups, CELL, CLUSTER).astype(np.uint8)
    order = np.lexsort((np.arange(count), kind, scan))
    boxes = np.zeros((count, 3), np.float32)
    return Units(
        scans=tuple(f"sequences/00/velodyne/{n:06d}" for n in range(scans)),
        offsets=np.searchsorted(scan, np.arange(scans + 1)).astype(np.int64),
        scan=scan,
        kind=kind[order],
        key=np.arange(count, dtype=np.int32),
        points=points[order].astype(np.int32),
        size=np.ones(count, np.int16),
        partition=partition[order].astype(np.int8),
        box_min=boxes,
        box_max=boxes + 1,
        cuts=tuple(range(1, groups + 1)),
        scan_rows=np.full(scans, int(points.sum()), np.int64),
        scan_hashes=("x",) * scans,
        noise_points=0,
        oversize=0,
        fingerprint="f",
    )


def pool_for(name: str, seed: int) -> tuple[Pool, np.random.Generator]:
    """A random pool, with the units' places where the strategy of that name asks for them."""
    pool, rng = random_pool(seed)
    if "centre" in getattr(strategy_named(name), "needs", ()):
        places = np.random.default_rng(seed).uniform(0, 40, (len(pool.units), 3)) * (1, 1, 0.1)
        pool = replace(pool, columns={**pool.columns, "centre": places})
    return pool, rng


def random_pool(seed: int) -> tuple[Pool, np.random.Generator]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 120))
    points = rng.integers(20, 4000, count)
    units = make_units(points, rng.integers(0, 4, count))
    free = rng.random(count) < 0.8
    labelled = ~free & (rng.random(count) < 0.7)
    entropy = rng.integers(0, 6, count).astype(np.float32) / 3
    feature = rng.integers(0, 3, (count, 4)).astype(np.float32)
    columns = {"entropy": entropy, "feature": feature, **more_columns(rng, units)}
    return Pool(units, free, labelled, columns), rng


def more_columns(rng: np.random.Generator, units: Units, classes: int = 5) -> dict[str, np.ndarray]:
    """Columns beside entropy and feature, coarse enough that many values are alike."""
    count = len(units)
    p = rng.integers(1, 4, (count, classes)).astype(float)
    p /= p.sum(axis=1, keepdims=True)
    two = np.sort(p, axis=1)[:, -2:].round(1)
    return {
        "predicted": p.argmax(axis=1).astype(np.uint8),
        "share": rng.random(count).astype(np.float32),
        "confidence": two[:, 1].astype(np.float32),
        "margin": (two[:, 1] - two[:, 0]).astype(np.float32),
        "votes": (rng.integers(0, 4, count) / 4).astype(np.float32),
        "mean_p": p.astype(np.float16),
        "doubt": (rng.integers(0, 5, count) / 5).astype(np.float32),
        "curvature": (rng.integers(0, 4, count) / 40).astype(np.float32),
        "shape": rng.integers(0, 3, (count, 3)).astype(np.float32),
        "divergence": (rng.integers(0, 5, count) / 5).astype(np.float32),
        "joint": (rng.integers(0, 5, count) / 5).astype(np.float32),
        "mutual": (rng.integers(0, 5, count) / 5).astype(np.float32),
        "seconds": np.array([2.0, 2.0, 3.0, 8.0])[np.minimum(units.partition, 3)],
    }
