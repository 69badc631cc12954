"""Confusion, IoU and mIoU."""

from __future__ import annotations

import numpy as np

from core.data.classes import FIRST_CODE
from core.rounds.figures import iou, mean_iou

__all__ = ["confusion", "iou", "mean_iou"]


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(C, C) int64: points of true class i predicted as j.

    truth, predicted (N,) uint8; points whose truth is no class do not count, nor do points
    without a prediction, which have no coordinates.
    """
    counted = (truth < FIRST_CODE) & (predicted < FIRST_CODE)
    pairs = truth[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
