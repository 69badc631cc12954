"""CAL read aloud from its rules, a box at a time: slow, of code of its own."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Frame(NamedTuple):
    """Boxes as (score, class); the reliable ones among them; features; whether it is barred."""

    name: str
    boxes: list[tuple[float, int]]
    reliable: list[tuple[float, int]]
    features: np.ndarray
    barred: bool


def bits(score: float) -> float:
    return -sum(p * math.log2(p) for p in (score, 1 - score) if p > 0)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    size = math.sqrt(float(a @ a)) * math.sqrt(float(b @ b))
    return float(a @ b) / size if size else 0.0


def slow_cal(frames, labelled, boxes, how, stop=None) -> list[tuple[str, float, float]]:
    """(name, H, Sim) of each frame in the order they are taken."""
    classes = len(labelled)
    known = [
        labelled[c] > 0 or any(k == c for frame in frames for _, k in frame.boxes)
        for c in range(classes)
    ]
    total = sum(1 / max(1, labelled[c]) for c in range(classes) if known[c])
    limit = [
        max(how.least_share * boxes, boxes / max(1, labelled[c]) / total) if known[c] else None
        for c in range(classes)
    ]
    weight, open_ = [1.0] * classes, list(known)
    counts = [0] * classes
    left, chosen, taken = list(frames), [], []
    level, lifted = 0, not how.balance

    def entropy(frame):
        values = [weight[c] * bits(s) for s, c in frame.boxes]
        return sum(values) / len(values) if values else 0.0

    def likeness(frame):
        others = [row for other in chosen for row in other.features]
        if not others or not len(frame.features):
            return 0.0
        return float(np.mean([max(cosine(a, b) for b in others) for a in frame.features]))

    def brings(frame):
        floor = how.count_from / (1 + 0.1 * level)
        return [sum(1 for s, c in frame.reliable if c == k and s > floor) for k in range(classes)]

    while left:
        took = False
        ranked = sorted(left, key=lambda f: (-entropy(f), f.name))
        while ranked:
            frame = ranked.pop(0)
            bound = how.similarity * (1 + 0.1 * level)
            if how.diversity and bound <= 1 and likeness(frame) >= bound:
                continue
            if frame.barred:
                continue
            n = brings(frame)
            if not lifted and not any(n[c] and open_[c] for c in range(classes)):
                continue
            took = True
            taken.append((frame.name, entropy(frame), likeness(frame)))
            left.remove(frame)
            chosen.append(frame)
            if stop is not None and len(taken) == stop:
                return taken
            closed = False
            for c in range(classes):
                counts[c] += n[c]
                if how.balance and open_[c] and counts[c] >= limit[c]:
                    open_[c], weight[c], closed = False, weight[c] * how.closed_weight, True
            if closed and not any(open_):
                lifted = True
            if closed:
                ranked = sorted(left, key=lambda f: (-entropy(f), f.name))
        if not took and how.similarity * (1 + 0.1 * level) > 1 and not lifted:
            lifted = True
        else:
            if not took and how.similarity * (1 + 0.1 * level) > 1:
                left = [frame._replace(barred=False) for frame in left]
            level += 1
    return taken
