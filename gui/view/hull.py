"""The convex hull of points in a plane: loading scipy for it takes longer than a first frame."""

from __future__ import annotations

import numpy as np


def convex(places: np.ndarray) -> np.ndarray:
    """(k,) rows of places (n, 2), finite, that are the corners of their convex hull, turning left;
    one or two where they are all at one place or on one line.

    QuickHull (Barber, Dobkin, Huhdanpaa 1996): beyond each side the farthest point is a corner.
    """
    at = np.asarray(places, np.float64)
    order = np.lexsort((at[:, 1], at[:, 0]))
    left, right = int(order[0]), int(order[-1])
    everyone = np.arange(len(at))
    corners: list[int] = []
    waiting = [(right, left, everyone), (left, right, everyone)]  # sides, the last one first
    while waiting:
        start, end, rows = waiting.pop()
        (x, y), off = at[end] - at[start], at[rows] - at[start]
        outside = off[:, 0] * y - off[:, 1] * x
        beyond = outside > 0
        if beyond.any():
            farthest = int(rows[outside.argmax()])
            waiting += [(farthest, end, rows[beyond]), (start, farthest, rows[beyond])]
        elif start != end or not corners:
            corners.append(start)
    return np.array(corners, np.intp)
