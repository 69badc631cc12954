"""KITTI's matching of found boxes with labels, compiled; for core.boxes.evaluation.kitti_ap.

All frames lie one after the other: `label_at`, `found_at`, `region_at` (F + 1,) int64 say where a
frame's labels, found boxes and regions begin, `pair_at`, `cover_at` where its overlaps do (a found
box's with all labels of the frame, then the next one's; a region's with all found boxes).
State of a label or found box: 0 counts, 1 is passed over, -1 is not there for this class.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def best_scores(label_at, found_at, pair_at, overlap, label_state, found_state, score, limit):
    """Scores of the true positives where the best score wins: those that make recall levels."""
    made = np.empty(len(label_state))
    count = 0
    taken = np.zeros(len(found_state), np.bool_)
    for frame in range(len(label_at) - 1):
        labels = label_at[frame + 1] - label_at[frame]
        for i in range(labels):
            state = label_state[label_at[frame] + i]
            if state == -1:
                continue
            best = -1
            for j in range(found_at[frame], found_at[frame + 1]):
                if found_state[j] == -1 or taken[j]:
                    continue
                shared = overlap[pair_at[frame] + (j - found_at[frame]) * labels + i]
                if shared > limit and (best < 0 or score[j] > score[best]):
                    best = j
            if best < 0:
                continue
            taken[best] = True
            if state == 0 and found_state[best] == 0:
                made[count] = score[best]
                count += 1
    return made[:count]


@njit(cache=True)
def counts_at(
    label_at,
    found_at,
    region_at,
    pair_at,
    cover_at,
    overlap,
    cover,
    label_state,
    found_state,
    score,
    label_alpha,
    found_alpha,
    limit,
    levels,
):
    """(L, 3) float64 true positives, false positives and similarity of headings at each score of
    levels (L,), where the largest overlap wins."""
    made = np.zeros((len(levels), 3))
    taken = np.empty(len(found_state), np.bool_)
    for level in range(len(levels)):
        taken[:] = False
        for frame in range(len(label_at) - 1):
            first, last = found_at[frame], found_at[frame + 1]
            labels = label_at[frame + 1] - label_at[frame]
            for i in range(labels):
                row = label_at[frame] + i
                if label_state[row] == -1:
                    continue
                best, most = -1, 0.0
                for j in range(first, last):
                    if found_state[j] == -1 or taken[j] or score[j] < levels[level]:
                        continue
                    shared = overlap[pair_at[frame] + (j - first) * labels + i]
                    if not shared > limit:
                        continue
                    if found_state[j] == 0:
                        if shared > most:
                            best, most = j, shared
                    elif best < 0:  # too low to count, taken only where nothing else is
                        best = j
                if best < 0:
                    continue
                taken[best] = True
                if label_state[row] == 0 and found_state[best] == 0:
                    made[level, 0] += 1
                    made[level, 2] += 0.5 * (1 + np.cos(label_alpha[row] - found_alpha[best]))
            for j in range(first, last):
                if found_state[j] != 0 or taken[j] or score[j] < levels[level]:
                    continue
                excused = False
                for r in range(region_at[frame + 1] - region_at[frame]):
                    if cover[cover_at[frame] + r * (last - first) + j - first] > limit:
                        excused = True
                if not excused:
                    made[level, 1] += 1
    return made
