"""What the gauges count, of prepared and labelled scans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.jobs import Job
from core.base.settings import load_preset
from core.data.classes import load_classes
from core.data.formats import format_named
from core.data.listing import sequences_of
from core.data.opening import open_dataset
from core.data.scans import Dataset
from core.prepare.run import prepare
from core.prepare.units import CLUSTER, OVERSIZE, Units, read_rows, rows_file
from core.query.budget import points_budget
from core.query.pool import Draw, Pool
from core.query.strategies.random import RANDOM
from core.query.strategies.size import SIZE
from core.simulate.gauges import ELEVATIONS, LARGEST_M, LEVELS, RANGES_M, Tally

FORMAT = "semantickitti"
# Things that are rare in every street and that all simulated places have.
RARE = ("bicycle", "person", "pole", "traffic-sign")
BUDGET, DRAWS = "0.05", 10
# Seconds of an answer: so many and, for each further class of 13 points or more, so many more in a
# cluster and in a cell (keystroke-level model, fitted to the scripted annotator).
BASE_S, MORE_S, SEEN = 1.61, (4.39, 6.15), 13


@dataclass(frozen=True)
class Measured:
    """A data set's tallies, one for each sequence; the cuts of its size classes; and how many
    more points of rare classes a minute of answers holds by size classes than by chance."""

    tallies: tuple[Tally, ...]
    cuts: tuple[int, ...]
    gain: float


def labelled(root: Path, *, least: int = 1) -> Dataset:
    """The scans below `root`, in SemanticKITTI's layout.

    Raises DataError where there are none, one has no labels, or there are fewer than `least`
    sequences.
    """
    sequences = sequences_of(format_named(FORMAT), root)
    dataset = open_dataset(FORMAT, root, sequences, ())
    for scan in dataset.train:
        if not dataset.has_labels(scan):
            raise DataError(f"Scan {scan} has no labels.", "Gauges compare labelled scans only.")
    if len(sequences) < least:
        raise DataError(
            f"{root} holds one sequence only.",
            "Real scans are compared with each other too: bring two sequences or more.",
        )
    return dataset


def measure(dataset: Dataset, folder: Path, job: Job) -> Measured:
    """Prepare labelled scans as the paper does, in `folder`, and count. Raises DataError where
    labels do not fit their scan."""
    settings = load_preset("paper").prepare
    units = prepare(dataset, settings, folder, job=job)
    out = folder / units.fingerprint
    tallies: dict[str, Tally] = {}
    truths = []
    for done, scan in enumerate(units.scans):
        found, truth = _count(dataset, scan, units, out)
        name = scan.split("/")[1]
        tallies[name] = tallies[name] + found if name in tallies else found
        truths.append(truth)
        job.progress(done + 1, len(units.scans), "count")
    return Measured(tuple(tallies.values()), units.cuts, _gain(units, np.concatenate(truths)))


def _count(dataset: Dataset, scan: str, units: Units, folder: Path) -> tuple[Tally, np.ndarray]:
    """The tally of one scan, and the (u, C) points of each class in its units."""
    classes = load_classes(FORMAT)
    count = len(classes)
    mine = units.range_of(scan)
    points = dataset.scan(scan).points
    truth = dataset.ground_truth(scan, classes)
    assert truth is not None
    unit = read_rows(rows_file(folder, scan, dataset), rows=len(points), units=len(mine))
    known = truth < count
    inside = known & (unit >= 0)
    by_unit = np.zeros((len(mine), count), np.int64)
    np.add.at(by_unit, (unit[inside], truth[inside]), 1)
    cells = units.kind[mine.start : mine.stop] != CLUSTER
    size = np.where(cells, 0, units.size[mine.start : mine.stop])
    placed = np.zeros((count, LARGEST_M + 1), np.int64)
    np.add.at(placed.T, size, by_unit)
    clusters = ~cells
    level = np.clip(points[:, 3] * LEVELS, 0, LEVELS - 1).astype(np.int64)
    intensity = np.zeros((count, LEVELS), np.int64)
    np.add.at(intensity, (truth[known], level[known]), 1)
    flat = np.hypot(points[:, 0], points[:, 1])
    elevation = np.degrees(np.arctan2(points[:, 2], flat))
    away = np.hypot(flat, points[:, 2])
    powers = np.log2(np.maximum(units.points[mine.start : mine.stop][clusters], 1)).astype(np.int64)
    tally = Tally(
        scans=np.array(1),
        units=np.array(len(mine)),
        points=np.array(len(points)),
        oversize=np.array(np.count_nonzero(unit <= OVERSIZE)),
        ranges=np.histogram(away, [0, *RANGES_M[:-1], np.inf])[0],
        elevations=np.histogram(elevation, ELEVATIONS)[0],
        sizes=np.bincount(size[clusters], minlength=LARGEST_M + 1)[1:],
        cluster_points=np.bincount(powers, minlength=20),
        classes=np.bincount(truth[known], minlength=count),
        placed=placed,
        majority=np.array([by_unit[kind].max(1).sum() for kind in (clusters, cells)]),
        united=np.array([by_unit[kind].sum() for kind in (clusters, cells)]),
        intensity=intensity,
    )
    return tally, by_unit


def _gain(units: Units, truth: np.ndarray) -> float:
    """Points of rare classes a minute, 5 % of the points asked by size classes over by chance.

    truth (U, C) are the points of each class in each unit.
    """
    names = load_classes(FORMAT).names
    rare = truth[:, [names.index(name) for name in RARE]].sum(1)
    further = np.maximum((truth >= SEEN).sum(1) - 1, 0)
    seconds = BASE_S + np.where(units.kind == CLUSTER, *MORE_S) * further
    free = np.ones(len(units), bool)
    pool = Pool(units, free, ~free)
    budget = points_budget(units, percent=None, fraction=BUDGET, round=1, spent=0)
    rates = []
    for strategy in (SIZE, RANDOM):
        asked = [strategy(pool, budget, Draw(seed, 0)).units for seed in range(DRAWS)]
        every = np.concatenate(asked)
        rates.append(rare[every].sum() / seconds[every].sum())
    return float(rates[0] / rates[1]) if rates[1] else float("inf")
