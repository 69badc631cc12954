"""What the records say: results.csv, and each arm's curves. A pure function of the records.

No time of a clock is among it: those stay in record.json.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import write_atomic
from core.experiment.cell import recorded
from core.experiment.folder import Experiment
from core.experiment.measures import BOXES, MIOU, Measure, models_of
from core.experiment.record import AGAIN, RECORD, read_record
from core.experiment.record_checks import KEYS

RESULTS = "results.csv"
Read = Callable[[Path], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Curve:
    """An arm's rounds with one seed. `folders` and `records` of the rounds that are recorded;
    `measure`: what arms are compared by; `kind` of the arm (core.experiment.spec.Arm)."""

    arm: str
    seed: int
    folders: tuple[Path, ...]
    records: tuple[Mapping[str, Any], ...]
    measure: Measure = MIOU
    kind: str = "strategy"

    @property
    def figure(self) -> np.ndarray:
        """(r,) float64 what it is measured by, NaN where it is not known."""
        return self.of_class("")

    def of_class(self, name: str) -> np.ndarray:
        """(r,) float64 the same of a class."""
        return np.array([self.measure.of(record, name) for record in self.records], np.float64)

    def cost(self, axis: str) -> np.ndarray:
        """(r,) float64 spent up to each round, NaN where it is not known."""
        values = [record["costs"].get(axis) for record in self.records]
        return np.array([np.nan if value is None else value for value in values], np.float64)


def curves(experiment: Experiment, read: Read | None = None) -> list[Curve]:
    """Of all cells that are shown, in their order, as far as they are recorded; `read` gives the
    record of a folder. Raises ProjectError where one is damaged, or they do not belong together."""
    found, measure = [], experiment.spec.measure
    read = read or partial(read_record, task=measure.task)
    for cell in experiment.cells:  # what is damaged in a first round is so in its copies too
        each = ((folder, read(folder)) for folder in recorded(experiment, cell))
        pairs = [(folder, record) for folder, record in each if record is not None]
        found.append(
            Curve(
                cell.arm.name,
                cell.seed,
                tuple(folder for folder, _ in pairs),
                tuple(record for _, record in pairs),
                measure,
                cell.arm.kind,
            )
        )
    _check_together(found)
    return [curve for curve in found if curve.kind != "first"]


def _check_together(found: Sequence[Curve]) -> None:
    """Raise ProjectError where a record is not of the next round, or costs less than the one before
    it; or where two were measured on other classes, or another truth."""
    known: Any = None
    for curve in found:
        costs = np.array([curve.cost(axis) for axis in curve.measure.axes])
        for place, (folder, record) in enumerate(zip(curve.folders, curve.records, strict=True)):
            wrong = ""
            if record["round"] != place + 1:
                wrong = f"it is of round {record['round']}, not {place + 1}"
            elif place and (costs[:, place] < costs[:, place - 1]).any():
                wrong = "it cost less than the round before it"
            if wrong:
                raise ProjectError(f"{folder / RECORD} is damaged: {wrong}.", AGAIN)
            truth = {name: count for name, count in record["truth"].items() if count}
            mine = (record["costs"]["classes"].keys(), truth)
            known = known or (folder, mine)
            if mine != known[1]:
                raise ProjectError(
                    f"{known[0] / RECORD} and {folder / RECORD} differ in classes or truth.",
                    "Delete the cell's folder of the wrong one: the experiment makes it again.",
                )


def rows_of(curve: Curve) -> Iterable[tuple[str, int, int, str, Any]]:
    """(arm, seed, round, metric, value) of a curve."""
    of = _of_boxes if curve.measure.task == BOXES else _of_points
    for number, record in enumerate(curve.records, start=1):
        costs = record["costs"]
        values = {
            **of(curve.measure, record),
            **{axis: costs[axis] for axis in curve.measure.axes},
            **{f"{curve.measure.task} of {name}": n for name, n in costs["classes"].items()},
        }
        for metric, value in values.items():
            yield curve.arm, curve.seed, number, metric, value


def _of_points(measure: Measure, record: Mapping[str, Any]) -> dict[str, Any]:
    figures, training = record["figures"], record["training"]
    official = figures["official"]
    return {
        "miou": figures["miou"],
        "miou_classes": figures["miou_classes"],
        "official_miou": official["miou"] if official else None,
        **{name: training[name] for name in ("steps", "views", "voxels", "loss")},
        **{f"iou {name}": value for name, value in figures["iou"].items()},
    }


def _of_boxes(measure: Measure, record: Mapping[str, Any]) -> dict[str, Any]:
    """Of each detector: means over the classes that are compared, then each class."""
    values: dict[str, Any] = {"frames learnt": record["training"]["frames"]}
    for model in models_of([record]):
        figures = record["figures"]["models"][model]
        for key in KEYS:
            values[f"{model} {key}"] = _known(measure.of_model(figures, key=key))
        values |= {f"{model} {name}": record["training"][model][name] for name in ("steps", "loss")}
        for name, one in figures["classes"].items():
            values |= {f"{model} {key} {name}": one[key] for key in KEYS}
    return values


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


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
