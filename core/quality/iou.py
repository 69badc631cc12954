"""Confusion, IoU and mIoU."""

from __future__ import annotations

import numpy as np

from core.data.classes import FIRST_CODE


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(C, C) int64: points of true class i predicted as j.

    truth, predicted (N,) uint8; points whose truth is no class do not count, nor do points
    without a prediction, which have no coordinates.
    """
    counted = (truth < FIRST_CODE) & (predicted < FIRST_CODE)
    pairs = truth[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def iou(matrix: np.ndarray) -> np.ndarray:
    """(C,) float64 intersection over union per class, NaN where a class is in neither part."""
    true_positive = np.diag(matrix).astype(float)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - true_positive
    nothing = np.full(len(matrix), np.nan)
    found: np.ndarray = np.divide(true_positive, union, out=nothing, where=union > 0)
    return found


def mean_iou(values: np.ndarray, among: np.ndarray | None = None) -> float | None:
    """Mean of the IoUs that are numbers, of the classes `among` (C,) bool; None if there is none.

    The benchmarks average over all their classes; on few scans the absent ones have no IoU.
    """
    chosen = values if among is None else values[among]
    known = chosen[~np.isnan(chosen)]
    return float(known.mean()) if len(known) else None
