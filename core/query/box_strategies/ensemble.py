"""What CAL weighs of each frame: the boxes of two detectors as one list, and which are reliable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.ssal_settings import SsalSettings
from core.boxes.geometry import covered, rotated_iou
from core.boxes.predictions import FramePrediction
from core.boxes.ssal.confident import FLOOR

_IN_REGION = 0.5  # share of a box's area: then it lies in a region in which nothing counts


@dataclass(frozen=True, eq=False)
class Candidates:
    """F frames as CAL sees them.

    Attributes
    ----------
    names : their scans
    first : (F + 1,) int64, where in the K boxes of the ensemble those of each frame begin
    score, label, reliable : (K,) float64, int64, bool of each box
    first_feature : (F + 1,) int64; feature : (M, d) float64 of length 1 or 0
    barred : (F,) bool: too much of what is found lies in regions in which nothing counts
    """

    names: tuple[str, ...]
    first: np.ndarray
    score: np.ndarray
    label: np.ndarray
    reliable: np.ndarray
    first_feature: np.ndarray
    feature: np.ndarray
    barred: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def take(self, places: Sequence[int]) -> Candidates:
        """Some of the frames."""
        boxes, first = _rows(self.first, places)
        features, first_feature = _rows(self.first_feature, places)
        return Candidates(
            tuple(self.names[place] for place in places),
            first,
            self.score[boxes],
            self.label[boxes],
            self.reliable[boxes],
            first_feature,
            self.feature[features],
            self.barred[np.array(places, np.int64)],
        )


def _rows(first: np.ndarray, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    parts = [np.arange(first[place], first[place + 1]) for place in places]
    ends = np.cumsum([0, *map(len, parts)])
    return np.concatenate([np.zeros(0, np.int64), *parts]), ends


def ensemble(
    normal: FramePrediction, cpsp: FramePrediction, how: SsalSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One list of two models' boxes of a frame, all of score >= .1: `score` (n,) float64, `label`
    (n,) int64, and `reliable` (n,) bool, those the normal model knows of too.

    Of a box of the normal model from .5 on and the box of the other that overlaps it most, by more
    than half as seen from above, the surer one stays; a box that overlaps none so comes along from
    .8 on.
    """
    box, score = cpsp.box.copy(), cpsp.score.astype(np.float64)
    label = cpsp.label.astype(np.int64)
    overlap = rotated_iou(normal.box, cpsp.box)[0]
    more: list[int] = []
    for row in np.flatnonzero(normal.score > how.ensemble_from).tolist():
        best = int(overlap[row].argmax()) if len(box) else -1
        if best >= 0 and overlap[row, best] > how.overlap:
            if normal.score[row] > score[best]:
                box[best], score[best] = normal.box[row], normal.score[row]
                label[best] = normal.label[row]
        elif normal.score[row] > how.append_from:
            more.append(row)
    box = np.concatenate([box, normal.box[more]])
    score = np.concatenate([score, normal.score[more]])
    label = np.concatenate([label, normal.label[more].astype(np.int64)])
    near = rotated_iou(box, normal.box)[0] > how.reliable_overlap
    return score, label, np.any(near, axis=1).reshape(len(box))


def candidates(
    names: Sequence[str],
    normal: Mapping[str, FramePrediction],
    cpsp: Mapping[str, FramePrediction] | None,
    regions: Mapping[str, np.ndarray],
    how: SsalSettings,
) -> Candidates:
    """Frames as CAL sees them; with the normal model alone its boxes are the list, all reliable. A
    frame that a model has not looked at has no boxes of it."""
    width = max((seen.feature.shape[1] for seen in (cpsp or normal).values()), default=0)
    none = FramePrediction(
        np.zeros((0, 7)), np.zeros(0), np.zeros(0, np.uint8), np.zeros((0, width), np.float32)
    )
    parts, features, barred = [], [], np.zeros(len(names), bool)
    for place, scan in enumerate(names):
        mine = _from(normal.get(scan, none), FLOOR)
        if cpsp is None:
            shown, found = (
                mine,
                (
                    mine.score.astype(np.float64),
                    mine.label.astype(np.int64),
                    np.ones(len(mine), bool),
                ),
            )
        else:
            shown = _from(cpsp.get(scan, none), FLOOR)
            found = ensemble(mine, shown, how)
        parts.append(found)
        features.append(shown.feature.astype(np.float64))
        if scan in regions and len(regions[scan]):
            inside = (covered(shown.box, regions[scan]) > _IN_REGION).any(axis=1)
            barred[place] = inside.sum() > how.most_ignored
    feature = np.concatenate([np.zeros((0, width)), *features])
    norm = np.linalg.norm(feature, axis=1, keepdims=True)
    return Candidates(
        tuple(names),
        np.cumsum([0, *(len(part[0]) for part in parts)]),
        np.concatenate([np.zeros(0), *(part[0] for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)]),
        np.concatenate([np.zeros(0, bool), *(part[2] for part in parts)]),
        np.cumsum([0, *map(len, features)]),
        np.divide(feature, norm, out=np.zeros_like(feature), where=norm > 0),
        barred,
    )


def _from(seen: FramePrediction, floor: float) -> FramePrediction:
    rows = seen.score >= floor
    if rows.all():
        return seen
    return FramePrediction(seen.box[rows], seen.score[rows], seen.label[rows], seen.feature[rows])
