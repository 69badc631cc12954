"""What arms are compared by, and over which costs: mIoU of points, AP of boxes.

Everything is read from a round's record, so other words for the same cells need no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.rounds.box_models import CPSP, FINAL, NORMAL

POINTS, BOXES = "points", "boxes"
TASKS = (POINTS, BOXES)
AXES: Mapping[str, tuple[str, ...]] = {
    POINTS: ("points", "units", "scans", "seconds"),
    BOXES: ("boxes", "frames", "seconds"),
}
OVERLAPS = ("loose", "strict")
DETECTORS = (NORMAL, CPSP)
WORDS = {NORMAL: "normal", CPSP: "CPSP", FINAL: "final"}  # of a detector, in tables


@dataclass(frozen=True)
class Measure:
    """How good a network is after a round, as a share.

    Attributes
    ----------
    task : POINTS or BOXES
    overlap : of boxes, one of OVERLAPS
    detector : of boxes, one of DETECTORS; an arm without CPSP has its normal one
    classes : of boxes, those whose mean it is; () for all that have objects
    """

    task: str = POINTS
    overlap: str = "loose"
    detector: str = NORMAL
    classes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """In words, before "after round 3"."""
        return "mIoU" if self.task == POINTS else f"{self.overlap} AP"

    @property
    def of_class(self) -> str:
        """In words, before "of car"."""
        return "IoU" if self.task == POINTS else self.name

    @property
    def axes(self) -> tuple[str, ...]:
        return AXES[self.task]

    @property
    def first_axis(self) -> str:
        return self.axes[0]

    def of(self, record: Mapping[str, Any], name: str = "") -> float:
        """The figure of a record, or that of the class `name`; NaN where it is not known."""
        figures = record["figures"]
        if self.task == POINTS:
            value = figures["iou"].get(name) if name else figures["miou"]
            return np.nan if value is None else float(value)
        models = figures["models"]
        return self.of_model(models.get(self.detector, models[NORMAL]), name)

    def of_model(self, model: Mapping[str, Any], name: str = "", key: str = "") -> float:
        """The AP of a detector's figures (core.quality.box_metrics), mean over the classes or that
        of one; `key`: another of its numbers. NaN where it is not known."""
        key, classes = key or self.overlap, model["classes"]
        if name:
            value = classes.get(name, {}).get(key)
            return np.nan if value is None else float(value)
        values = [classes[one].get(key) for one in self.counted(model)]
        known = [float(value) for value in values if value is not None]
        return float(np.mean(known)) if known else np.nan

    def counted(self, model: Mapping[str, Any]) -> list[str]:
        """The classes whose mean a detector's figure is: those named that have objects."""
        some = [name for name, one in model["classes"].items() if one["objects"]]
        return [name for name in self.classes if name in some] if self.classes else some

    def class_names(self, record: Mapping[str, Any]) -> list[str]:
        """Classes that a record has a figure of."""
        figures = record["figures"]
        if self.task == POINTS:
            return [name for name, value in figures["iou"].items() if value is not None]
        model = figures["models"][NORMAL]["classes"]
        return [name for name, one in model.items() if one["objects"]]


MIOU = Measure()


def models_of(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The detectors of which records have figures, in their order."""
    there = {name for record in records for name in record["figures"]["models"]}
    return [name for name in WORDS if name in there]
