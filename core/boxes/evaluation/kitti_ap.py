"""KITTI's average precision (Geiger et al., CVPR 2012; R40 after Simonelli et al., ICCV 2019).

It follows the benchmark's own evaluator to the number. Rules that are easily missed:

- Recall levels are scores of true positives of a first pass, in which the best score wins; in the
  counting pass at each level the largest overlap wins, and boxes tall enough before smaller ones.
- A found box lower than the least height is passed over before its class is looked at.
- Of n objects that count there are at most n levels: with n below 40 even a perfect detector has
  R40 = (n - 1) / 40, so `Result.counted` belongs beside every figure.
- DontCare takes false positives away in the picture's metric alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.boxes.geometry import rotated_iou
from core.boxes.table import Boxes

DIFFICULTIES = ("easy", "moderate", "hard")
METRICS = ("image", "bev", "3d", "aos")
ENOUGH = 40  # objects that count: below, R40 is capped
_LEAST_HEIGHT = (40.0, 25.0, 25.0)
_MOST_OCCLUDED = (0, 1, 2)
_MOST_TRUNCATED = (0.15, 0.30, 0.50)
_LEVELS = 41


class Frame(NamedTuple):
    """What a frame's labels are and what was found in it. Both are completed for the camera
    (core.boxes.camera.completed), for a box that has no rectangle is passed over; what was found
    has a `score`."""

    labels: Boxes
    found: Boxes


class Result(NamedTuple):
    """AP by difficulty, (3,) float64 percent each; `counted` (3,) int64 objects that count."""

    r40: np.ndarray
    r11: np.ndarray
    counted: np.ndarray


class _All(NamedTuple):
    """All frames one after the other, as core.boxes.evaluation.kitti_counts wants them."""

    label_at: np.ndarray
    found_at: np.ndarray
    region_at: np.ndarray
    pair_at: np.ndarray
    cover_at: np.ndarray
    overlap: dict[str, np.ndarray]
    cover: np.ndarray
    labels: dict[str, np.ndarray]
    found: dict[str, np.ndarray]


def kitti_ap(
    frames: Sequence[Frame],
    label: int,
    limits: tuple[float, float, float],
    neighbours: Sequence[int] = (),
) -> dict[str, Result]:
    """AP of a class by metric: image, bev, 3d, and aos (orientation, on the picture's overlap).

    `limits` are the IoU above which a box is right in the picture, from above and in space (KITTI:
    .7 for cars, .5 else); what is found on the classes `neighbours` (Van for Car) is neither right
    nor wrong. Labels to ignore are DontCare in the picture, as in the files. Raises ValueError
    where a found box has no score, or a box no alpha.
    """
    if any(np.isnan(frame.found.score).any() for frame in frames):
        raise ValueError("a found box has no score")
    if any(np.isnan(boxes.alpha).any() for frame in frames for boxes in frame):
        raise ValueError("boxes lack alpha and rectangles: complete them (core.boxes.camera)")
    all_ = _put_together(frames)
    made: dict[str, list[tuple[float, float, int]]] = {metric: [] for metric in METRICS}
    for place in range(len(DIFFICULTIES)):
        states = _states(all_, label, neighbours, place)
        counted = int((states[0] == 0).sum())
        for metric, limit in zip(("image", "bev", "3d"), limits, strict=True):
            precision, similarity = _curves(all_, metric, states, counted, limit)
            made[metric].append((*_averages(precision), counted))
            if metric == "image":
                made["aos"].append((*_averages(similarity), counted))
    return {metric: _result(rows) for metric, rows in made.items()}


def _result(rows: Sequence[tuple[float, float, int]]) -> Result:
    r40, r11, counted = (np.array(column) for column in zip(*rows, strict=True))
    return Result(r40, r11, counted)


def _curves(
    all_: _All, metric: str, states: tuple[np.ndarray, np.ndarray], counted: int, limit: float
) -> tuple[np.ndarray, np.ndarray]:
    """(41,) precision and similarity of headings by recall level, made monotone."""
    from core.boxes.evaluation.kitti_counts import best_scores, counts_at

    overlap, score = all_.overlap[metric], all_.found["score"]
    places = (all_.label_at, all_.found_at)
    scores = best_scores(*places, all_.pair_at, overlap, *states, score, limit)
    levels = _levels(scores, counted)
    # Only in the picture are there regions.
    regions = all_.region_at if metric == "image" else np.zeros_like(all_.region_at)
    counts = counts_at(
        *(*places, regions, all_.pair_at, all_.cover_at, overlap, all_.cover, *states, score),
        *(all_.labels["alpha"], all_.found["alpha"], limit, levels),
    )
    right, wrong, similar = counts.T
    curves = np.zeros((2, _LEVELS))
    for curve, values in zip(curves, (right, similar), strict=True):
        curve[: len(levels)] = values / (right + wrong)
        curve[:] = np.maximum.accumulate(curve[::-1])[::-1]
    return curves[0], curves[1]


def _levels(scores: np.ndarray, counted: int) -> np.ndarray:
    """The scores at which recall comes nearest to 0, 1/40, 2/40, ..."""
    made, recall = [], 0.0
    ordered = np.sort(scores)[::-1]
    for place, score in enumerate(ordered):
        here = (place + 1) / counted
        last = place == len(ordered) - 1
        after = here if last else (place + 2) / counted
        if after - recall < recall - here and not last:
            continue
        made.append(score)
        recall += 1 / (_LEVELS - 1)
    return np.array(made)


def _averages(curve: np.ndarray) -> tuple[float, float]:
    """R40 and R11 in percent."""
    return float(curve[1:].mean() * 100), float(curve[::4].mean() * 100)


def _states(
    all_: _All, label: int, neighbours: Sequence[int], place: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which labels and found boxes count at a difficulty: 0 does, 1 is passed over, -1 is none."""
    mine = all_.labels["label"] == label
    hard = all_.labels["occluded"] > _MOST_OCCLUDED[place]
    hard |= all_.labels["truncated"] > _MOST_TRUNCATED[place]
    hard |= all_.labels["height"] <= _LEAST_HEIGHT[place]
    near = np.isin(all_.labels["label"], neighbours)
    labels = np.where(mine & ~hard, 0, np.where(mine | near, 1, -1))
    low = all_.found["height"] < _LEAST_HEIGHT[place]
    found = np.where(low, 1, np.where(all_.found["label"] == label, 0, -1))
    return labels.astype(np.int8), found.astype(np.int8)


def _put_together(frames: Sequence[Frame]) -> _All:
    labels = [frame.labels.take(~frame.labels.ignore) for frame in frames]
    found = [frame.found for frame in frames]
    regions = [_regions(frame.labels) for frame in frames]
    overlap: dict[str, list[np.ndarray]] = {"image": [], "bev": [], "3d": []}
    cover = []
    for mine, its, excused in zip(labels, found, regions, strict=True):
        shared = _shared(its.picture, mine.picture)
        union = _areas(its.picture)[:, None] + _areas(mine.picture)[None] - shared
        overlap["image"].append(_over(shared, union).ravel())
        seen, space = rotated_iou(its.box, mine.box)
        overlap["bev"].append(seen.ravel())
        overlap["3d"].append(space.ravel())
        part = _shared(excused, its.picture)
        cover.append(_over(part, np.broadcast_to(_areas(its.picture), part.shape)).ravel())
    return _All(
        _begins([len(table) for table in labels]),
        _begins([len(table) for table in found]),
        _begins([len(table) for table in regions]),
        _begins([len(values) for values in overlap["bev"]]),
        _begins([len(values) for values in cover]),
        {name: _one(values) for name, values in overlap.items()},
        _one(cover),
        _columns(labels),
        _columns(found),
    )


def _regions(labels: Boxes) -> np.ndarray:
    """(m, 4) rectangles in which nothing found is wrong."""
    return np.concatenate([labels.regions, labels.picture[labels.ignore]])


def _columns(tables: Sequence[Boxes]) -> dict[str, np.ndarray]:
    names = ("label", "score", "alpha", "occluded", "truncated")
    made = {name: _one([getattr(table, name) for table in tables]) for name in names}
    picture = np.concatenate([np.zeros((0, 4)), *(table.picture for table in tables)])
    # What is not in the picture has no height, and is passed over.
    made["height"] = np.nan_to_num(np.abs(picture[:, 3] - picture[:, 1]))
    return made


def _one(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *arrays])


def _begins(counts: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _areas(rectangles: np.ndarray) -> np.ndarray:
    area: np.ndarray = np.nan_to_num(
        (rectangles[:, 2] - rectangles[:, 0]) * (rectangles[:, 3] - rectangles[:, 1])
    )
    return area


def _shared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) areas that rectangles (n, 4) and (m, 4) share; 0 where one is not known."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    area: np.ndarray = np.nan_to_num(np.clip(high - low, 0, None)).prod(axis=2)
    return area


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.divide(part, whole, out=np.zeros(part.shape), where=part > 0)
    return made
