"""What the records say: results.csv, and each arm's curves. A pure function of the records.

No time of a clock is among it: those stay in record.json.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import write_atomic
from core.experiment.cell import recorded
from core.experiment.folder import Experiment
from core.experiment.record import read_record

AXES = ("points", "units", "scans", "seconds")
RESULTS = "results.csv"


@dataclass(frozen=True)
class Curve:
    """An arm's rounds with one seed. `folders` and `records` of the rounds that are recorded."""

    arm: str
    seed: int
    folders: tuple[Path, ...]
    records: tuple[Mapping[str, Any], ...]

    @property
    def miou(self) -> np.ndarray:
        """(r,) float64, NaN where it is not known."""
        values = [record["figures"]["miou"] for record in self.records]
        return np.array([np.nan if value is None else value for value in values], np.float64)

    def cost(self, axis: str) -> np.ndarray:
        """(r,) float64 spent up to each round, NaN where it is not known."""
        values = [record["costs"].get(axis) for record in self.records]
        return np.array([np.nan if value is None else value for value in values], np.float64)


def curves(experiment: Experiment) -> list[Curve]:
    """Of all cells that are shown, in their order, as far as they are recorded."""
    found = []
    for cell in experiment.arms:
        folders = recorded(experiment, cell)
        read = ((folder, read_record(folder)) for folder in folders)
        pairs = [(folder, record) for folder, record in read if record is not None]
        found.append(
            Curve(
                cell.arm.name,
                cell.seed,
                tuple(folder for folder, _ in pairs),
                tuple(record for _, record in pairs),
            )
        )
    return found


def rows_of(curve: Curve) -> Iterable[tuple[str, int, int, str, Any]]:
    """(arm, seed, round, metric, value) of a curve."""
    for number, record in enumerate(curve.records, start=1):
        figures, training = record["figures"], record["training"]
        official = figures["official"]
        values = {
            "miou": figures["miou"],
            "miou_classes": figures["miou_classes"],
            "official_miou": official["miou"] if official else None,
            **{axis: record["costs"][axis] for axis in AXES},
            **{name: training[name] for name in ("steps", "views", "voxels", "loss")},
            **{f"iou {name}": value for name, value in figures["iou"].items()},
            **{f"points of {name}": value for name, value in record["costs"]["classes"].items()},
        }
        for metric, value in values.items():
            yield curve.arm, curve.seed, number, metric, value


def csv_of(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV; numbers as Python writes them, so that they are read back as they were."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return out.getvalue().encode()


def write_results(experiment: Experiment, found: Sequence[Curve]) -> Path:
    """Write results.csv: a row for each cell, round and metric."""
    path = experiment.out / RESULTS
    rows = (row for curve in found for row in rows_of(curve))
    write_atomic(path, csv_of(("arm", "seed", "round", "metric", "value"), rows))
    return path
