"""Rotated boxes, compiled: areas two of them share, suppression, points inside.

A box is a row x, y, z, l, w, h, yaw (core.boxes.table). What a row holds that is no number, or a
size that is not positive, shares nothing with anything. Areas are exact but for rounding: the
corners of one box, seen from the other, are clipped by its four sides (Sutherland and Hodgman,
1974), and what is left is measured by the shoelace formula.
The interpreter's lock is given back meanwhile, so that readers and the window go on.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_VERTICES = 16  # a rectangle clipped by four lines has 8 at most


@njit(cache=True, nogil=True)
def _clip(x, y, count, axis, side, limit, new_x, new_y):
    """Keep the part of a polygon where side * (x or y) <= limit; the number of its vertices."""
    kept = 0
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        here = side * (x[i] if axis == 0 else y[i]) - limit
        there = side * (x[j] if axis == 0 else y[j]) - limit
        if here <= 0:
            new_x[kept], new_y[kept] = x[i], y[i]
            kept += 1
        if (here < 0 and there > 0) or (here > 0 and there < 0):
            part = here / (here - there)
            new_x[kept] = x[i] + part * (x[j] - x[i])
            new_y[kept] = y[i] + part * (y[j] - y[i])
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _facts(boxes):
    """(n, 3) float64 of boxes (n, 7): half the diagonal, NaN of no area, and cosine and sine."""
    made = np.empty((len(boxes), 3))
    for i in range(len(boxes)):
        length, width = boxes[i, 3], boxes[i, 4]
        good = 0 < length < np.inf and 0 < width < np.inf
        made[i, 0] = 0.5 * np.sqrt(length * length + width * width) if good else np.nan
        made[i, 1], made[i, 2] = np.cos(boxes[i, 6]), np.sin(boxes[i, 6])
    return made


@njit(cache=True, nogil=True)
def _shared_area(a, facts_a, b, facts_b, scratch):
    """The area that boxes a and b (7,) share as seen from above; scratch is (4, 16) float64."""
    dx, dy = a[0] - b[0], a[1] - b[1]
    reach = facts_a[0] + facts_b[0]
    if not dx * dx + dy * dy <= reach * reach:  # nor where one is no number
        return 0.0
    cos_b, sin_b = facts_b[1], facts_b[2]
    cos = facts_a[1] * cos_b + facts_a[2] * sin_b
    sin = facts_a[2] * cos_b - facts_a[1] * sin_b
    middle_x, middle_y = cos_b * dx + sin_b * dy, cos_b * dy - sin_b * dx
    x, y, new_x, new_y = scratch[0], scratch[1], scratch[2], scratch[3]
    for i in range(4):
        along = 0.5 * a[3] if i == 0 or i == 3 else -0.5 * a[3]
        across = 0.5 * a[4] if i < 2 else -0.5 * a[4]
        x[i] = middle_x + cos * along - sin * across
        y[i] = middle_y + sin * along + cos * across
    count = _clip(x, y, 4, 0, 1.0, 0.5 * b[3], new_x, new_y)
    count = _clip(new_x, new_y, count, 0, -1.0, 0.5 * b[3], x, y)
    count = _clip(x, y, count, 1, 1.0, 0.5 * b[4], new_x, new_y)
    count = _clip(new_x, new_y, count, 1, -1.0, 0.5 * b[4], x, y)
    twice = 0.0
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        twice += x[i] * y[j] - x[j] * y[i]
    area = 0.5 * abs(twice)
    return area if area == area else 0.0  # of a yaw that is no number


@njit(cache=True, nogil=True)
def shared_areas(a, b):
    """(n, m) float64 areas that boxes (n, 7) and (m, 7) share as seen from above."""
    scratch = np.empty((4, _VERTICES))
    found = np.zeros((len(a), len(b)))
    facts_a, facts_b = _facts(a), _facts(b)
    for i in range(len(a)):
        for j in range(len(b)):
            found[i, j] = _shared_area(a[i], facts_a[i], b[j], facts_b[j], scratch)
    return found


@njit(cache=True, nogil=True)
def _both(a, b, area):
    """Intersection over union as seen from above and in space of boxes that share an area."""
    above = area / (a[3] * a[4] + b[3] * b[4] - area)
    top = min(a[2] + 0.5 * a[5], b[2] + 0.5 * b[5])
    bottom = max(a[2] - 0.5 * a[5], b[2] - 0.5 * b[5])
    known = abs(a[2]) < np.inf and abs(b[2]) < np.inf  # min and max may pass over no number
    if not (known and 0 < a[5] < np.inf and 0 < b[5] < np.inf and top > bottom):
        return above, 0.0
    volume = area * (top - bottom)
    return above, volume / (a[3] * a[4] * a[5] + b[3] * b[4] * b[5] - volume)


@njit(cache=True, nogil=True)
def overlaps(a, b):
    """(2, n, m) float64 intersection over union of boxes (n, 7) and (m, 7), as seen from above and
    in space."""
    scratch = np.empty((4, _VERTICES))
    found = np.zeros((2, len(a), len(b)))
    facts_a, facts_b = _facts(a), _facts(b)
    for i in range(len(a)):
        for j in range(len(b)):
            area = _shared_area(a[i], facts_a[i], b[j], facts_b[j], scratch)
            if area > 0:
                found[0, i, j], found[1, i, j] = _both(a[i], b[j], area)
    return found


@njit(cache=True, nogil=True)
def overlaps_of_pairs(a, b):
    """(2, n) float64 as `overlaps` of the i-th of boxes a and b (n, 7)."""
    scratch = np.empty((4, _VERTICES))
    found = np.zeros((2, len(a)))
    facts_a, facts_b = _facts(a), _facts(b)
    for i in range(len(a)):
        area = _shared_area(a[i], facts_a[i], b[i], facts_b[i], scratch)
        if area > 0:
            found[0, i], found[1, i] = _both(a[i], b[i], area)
    return found


@njit(cache=True, nogil=True)
def suppress(boxes, labels, order, most):
    """(n,) bool: which boxes (n, 7) stay, walked in `order`; each that stays removes those later in
    the order, of its label, with which it has an IoU above `most` as seen from above."""
    scratch = np.empty((4, _VERTICES))
    facts = _facts(boxes)
    kept = np.zeros(len(boxes), np.bool_)
    gone = np.zeros(len(boxes), np.bool_)
    for place in range(len(order)):
        i = order[place]
        if gone[i]:
            continue
        kept[i] = True
        for later in range(place + 1, len(order)):
            j = order[later]
            if gone[j] or labels[i] != labels[j]:
                continue
            area = _shared_area(boxes[i], facts[i], boxes[j], facts[j], scratch)
            if area > 0:
                both = boxes[i, 3] * boxes[i, 4] + boxes[j, 3] * boxes[j, 4] - area
                gone[j] = area / both > most
    return kept


@njit(cache=True, nogil=True)
def _is_inside(x, y, z, box, cos, sin):
    dx, dy = x - box[0], y - box[1]
    return (
        abs(cos * dx + sin * dy) <= 0.5 * box[3]
        and abs(cos * dy - sin * dx) <= 0.5 * box[4]
        and abs(z - box[2]) <= 0.5 * box[5]
    )


@njit(cache=True, nogil=True)
def first_box(points, boxes):
    """(N,) int32: the first of boxes (n, 7) that each of points (N, 3) lies in, -1 in none."""
    found = np.full(len(points), -1, np.int32)
    for j in range(len(boxes)):
        box = boxes[j]
        cos, sin = np.cos(box[6]), np.sin(box[6])
        reach = 0.5 * np.hypot(box[3], box[4]) * (1 + 1e-9)
        for i in range(len(points)):
            if found[i] < 0 and abs(points[i, 0] - box[0]) <= reach:
                if _is_inside(points[i, 0], points[i, 1], points[i, 2], box, cos, sin):
                    found[i] = j
    return found


@njit(cache=True, nogil=True)
def count_inside(points, boxes):
    """(n,) int64: how many of points (N, 3) lie in each of boxes (n, 7)."""
    found = np.zeros(len(boxes), np.int64)
    for j in range(len(boxes)):
        box = boxes[j]
        cos, sin = np.cos(box[6]), np.sin(box[6])
        reach = 0.5 * np.hypot(box[3], box[4]) * (1 + 1e-9)
        for i in range(len(points)):
            if abs(points[i, 0] - box[0]) <= reach:
                if _is_inside(points[i, 0], points[i, 1], points[i, 2], box, cos, sin):
                    found[j] += 1
    return found
