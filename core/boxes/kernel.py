"""Rotated boxes, compiled: areas two of them share, suppression, points inside.

A box is a row x, y, z, l, w, h, yaw (core.boxes.table). What a row holds that is no number, or a
size that is not positive, shares nothing with anything. Areas are exact but for rounding: the
corners of one box, seen from the other, are clipped by its four sides (Sutherland and Hodgman,
1974), and what is left is measured by the shoelace formula.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_VERTICES = 16  # a rectangle clipped by four lines has 8 at most


@njit(cache=True)
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


@njit(cache=True)
def shared_area(a, b, scratch):
    """The area that boxes a and b (7,) share as seen from above; scratch is (4, 16) float64."""
    dx, dy = a[0] - b[0], a[1] - b[1]
    reach = 0.5 * (np.hypot(a[3], a[4]) + np.hypot(b[3], b[4]))
    near = dx * dx + dy * dy <= reach * reach < np.inf  # of no number: not near
    if not (near and a[3] > 0 and a[4] > 0 and b[3] > 0 and b[4] > 0):
        return 0.0
    cos_b, sin_b = np.cos(b[6]), np.sin(b[6])
    turn = a[6] - b[6]
    cos, sin = np.cos(turn), np.sin(turn)
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


@njit(cache=True)
def shared_areas(a, b):
    """(n, m) float64 areas that boxes (n, 7) and (m, 7) share as seen from above."""
    scratch = np.empty((4, _VERTICES))
    found = np.zeros((len(a), len(b)))
    for i in range(len(a)):
        for j in range(len(b)):
            found[i, j] = shared_area(a[i], b[j], scratch)
    return found


@njit(cache=True)
def shared_area_of_pairs(a, b):
    """(n,) float64 areas that the i-th of boxes a and b (n, 7) share as seen from above."""
    scratch = np.empty((4, _VERTICES))
    found = np.zeros(len(a))
    for i in range(len(a)):
        found[i] = shared_area(a[i], b[i], scratch)
    return found


@njit(cache=True)
def suppress(boxes, labels, order, most):
    """(n,) bool: which boxes (n, 7) stay, walked in `order`; each that stays removes those later in
    the order, of its label, with which it has an IoU above `most` as seen from above."""
    scratch = np.empty((4, _VERTICES))
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
            area = shared_area(boxes[i], boxes[j], scratch)
            if area > 0:
                both = boxes[i, 3] * boxes[i, 4] + boxes[j, 3] * boxes[j, 4] - area
                gone[j] = area / both > most
    return kept


@njit(cache=True)
def _is_inside(x, y, z, box, cos, sin):
    dx, dy = x - box[0], y - box[1]
    return (
        abs(cos * dx + sin * dy) <= 0.5 * box[3]
        and abs(cos * dy - sin * dx) <= 0.5 * box[4]
        and abs(z - box[2]) <= 0.5 * box[5]
    )


@njit(cache=True)
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


@njit(cache=True)
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
