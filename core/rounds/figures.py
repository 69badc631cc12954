"""What a confusion comes to: IoU of each class, their mean, and the benchmark's own figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from core.base.words import DASH
from core.data.classes import load_classes

# Class lists of benchmarks -> the name, and whether it counts a class that is nowhere as 0.
_BENCHMARKS = {"semantickitti": ("SemanticKITTI", True), "nuscenes": ("nuScenes", False)}


def iou(matrix: np.ndarray) -> np.ndarray:
    """(C,) float64 intersection over union per class, NaN where a class is in neither part.

    matrix (C, C): points of true class i predicted as j."""
    true_positive = np.diag(matrix).astype(float)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - true_positive
    nothing = np.full(len(matrix), np.nan)
    found: np.ndarray = np.divide(true_positive, union, out=nothing, where=union > 0)
    return found


def mean_iou(values: np.ndarray, among: np.ndarray | None = None) -> float | None:
    """Mean of the IoUs that are numbers, of the classes `among` (C,) bool, None for none."""
    chosen = values if among is None else values[among]
    known = chosen[~np.isnan(chosen)]
    return float(known.mean()) if len(known) else None


def folded(matrix: np.ndarray, now: np.ndarray) -> np.ndarray:
    """(C, C) int64 of a confusion (n, n) int64, n <= C, by the classes that its classes count as,
    `now` (C,) uint8 (ClassList.now)."""
    found = np.zeros((len(now), len(now)), np.int64)
    mine = now[: len(matrix)]
    np.add.at(found, (mine[:, None], mine[None, :]), matrix)
    return found


def by_class(matrix: np.ndarray, names: Sequence[str]) -> dict[str, float | None]:
    """IoU of each class of a confusion (C, C), None where it is in neither part."""
    values = zip(names, iou(matrix).tolist(), strict=True)
    return {name: None if np.isnan(value) else value for name, value in values}


def figures(matrix: np.ndarray, names: Sequence[str], *, merged: bool = False) -> dict[str, Any]:
    """The figures of a confusion (C, C) of the classes `names`.

    "miou": mean over the classes in the truth, so that it is over the same ones for any network;
    "miou_classes": their number, of "all_classes"; "official": {"benchmark", "miou"} as the
    benchmark of that class list counts, None where there is none, or where classes are `merged`.
    SemanticKITTI divides by its 19 classes, whichever occur; nuScenes averages over those in truth
    or prediction.
    """
    values = iou(matrix)
    there = matrix.sum(axis=1) > 0
    official = None
    benchmark = None if merged else _benchmark(tuple(names))
    if benchmark is not None and there.any():
        name, absent_are_nothing = benchmark
        counted = np.nan_to_num(values) if absent_are_nothing else values
        official = {"benchmark": name, "miou": mean_iou(counted)}
    return {
        "miou": mean_iou(values, there),
        "miou_classes": int(there.sum()),
        "all_classes": len(names),
        "official": official,
    }


@cache
def _benchmark(names: tuple[str, ...]) -> tuple[str, bool] | None:
    for list_, benchmark in _BENCHMARKS.items():
        if load_classes(list_).names == names:
            return benchmark
    return None


def words(metrics: Mapping[str, Any] | None) -> str:
    """The mIoU of a round's metrics, or of its status: "16.5% over 15 of 19 classes;
    SemanticKITTI's own figure 13.0%"; a dash where it is not known."""
    miou = metrics.get("miou") if metrics else None
    if metrics is None or miou is None:
        return DASH
    return " ".join(filter(None, (f"{miou:.1%}", aside(metrics))))


def aside(metrics: Mapping[str, Any]) -> str:
    """Over how many classes an mIoU is, and the benchmark's own figure; "" where nobody knows."""
    if metrics.get("miou") is None or metrics.get("miou_classes") is None:
        return ""
    text = f"over {metrics['miou_classes']} of {metrics['all_classes']} classes"
    official = metrics.get("official")
    if official:
        text += f"; {official['benchmark']}'s own figure {official['miou']:.1%}"
    return text
