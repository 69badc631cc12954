"""What answers cost a person: estimated seconds, from what is really in each unit.

The keystroke-level model (docs/method.md, Budgets), fitted to the scripted annotator on real
units: t = 1.61 + m k s, k further classes of at least 13 points, m = 4.39 for a cluster and 6.15
for a cell; and 4 s, assumed, to open a scan. A box from scratch takes 9.0 s, and to finish its
frame 4.1 s (the same annotator on KITTI's frames, docs/benchmarks.md); what a detector suggests is
left out.
"""

from __future__ import annotations

import numpy as np

FIRST_S, CLUSTER_S, CELL_S, OPEN_S = 1.61, 4.39, 6.15, 4.0
BOX_S, FINISH_S = 9.0, 4.1  # from scratch; a frame
SEEN = 13  # points of a class that a person sees


def seconds_of_units(counts: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """(n,) float64 seconds of answers to n units: counts (n, C) points of each true class, cell
    (n,) bool, whether it is a ground cell."""
    further = np.maximum((counts >= SEEN).sum(axis=1) - 1, 0)
    seconds: np.ndarray = FIRST_S + np.where(cell, CELL_S, CLUSTER_S) * further
    return seconds


def seconds_of_frames(frames: int, boxes: int) -> float:
    """Seconds to draw so many boxes from scratch in frames that are opened and finished."""
    return (OPEN_S + FINISH_S) * frames + BOX_S * boxes


def effective_classes(counts: np.ndarray) -> float:
    """exp of the entropy of class shares, of counts (C,): how many classes it is worth."""
    total = counts.sum()
    if not total:
        return 0.0
    share = counts[counts > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))
