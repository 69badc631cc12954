"""What a detector says of frames: one file for a model, read and written here alone.

Columns of the .npz: `scans`, `count` and `digest` per frame, then a row a box: `box`, `score`,
`label`, `feature`; of the whole file `source`, the hash of the checkpoint, and `from_files`, from
the coordinates of the scans' files to those of the boxes. A file has each class by itself: what is
merged is merged where it is read (`Predictions.merged`), since a merge may be undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.files import Column, read_arrays, write_arrays
from core.base.paths import check_name
from core.boxes.geometry import is_way
from core.boxes.table import Boxes, problem

_AGAIN = "Run `lidarloop score --task boxes` on the project again."
_COLUMNS: dict[str, Column] = {
    "scans": (np.str_, "F"),
    "count": (np.int64, "F"),
    "digest": (np.str_, "F"),
    "box": (np.float64, "N7"),
    "score": (np.float64, "N"),
    "label": (np.uint8, "N"),
    "feature": (np.float32, "ND"),
    "source": (np.str_, "1"),
    "from_files": (np.float64, "44"),
}


@dataclass(frozen=True, eq=False)
class FramePrediction:
    """The boxes that a detector found in one frame, the best score first.

    box : (n, 7) float64 (core.boxes.table), in the coordinates of `Dataset.scan`
    score : (n,) float64 0..1
    label : (n,) uint8 class ids
    feature : (n, d) float32, of the shared map
    """

    box: np.ndarray
    score: np.ndarray
    label: np.ndarray
    feature: np.ndarray

    def __len__(self) -> int:
        return len(self.box)

    def table(self) -> Boxes:
        """The boxes with their scores as a table."""
        return Boxes.of(self.box, self.label, score=self.score)

    def merged(self, now: np.ndarray) -> FramePrediction:
        """The same, a merged class as the one that it counts as: `now` (256,) uint8."""
        return replace(self, label=now[self.label])


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one checkpoint says of frames. A frame with no box was looked at; one that is not among
    `frames` was not.

    source : hash of the checkpoint's file, and how its boxes were scored
    from_files : (4, 4) float64 from the scans' files' coordinates to those of the boxes
    digests : hash of all that each scene was made of when it was looked at, where that was kept
    """

    frames: Mapping[str, FramePrediction]
    source: str
    from_files: np.ndarray
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def feature_size(self) -> int:
        """Numbers of a feature; 0 where no frame was predicted."""
        return max((found.feature.shape[1] for found in self.frames.values()), default=0)

    def merged(self, now: np.ndarray) -> Predictions:
        """The same, merged classes as those that they count as: `now` (256,) uint8."""
        return replace(self, frames={s: found.merged(now) for s, found in self.frames.items()})


def write_predictions(path: Path, found: Predictions) -> None:
    """Write predictions atomically; equal ones give equal bytes. Raises StorageError."""
    frames = list(found.frames.values())
    width = found.feature_size
    write_arrays(
        path,
        {
            "scans": np.array(list(found.frames), np.str_),
            "count": np.array([len(frame) for frame in frames], np.int64),
            "box": np.concatenate([np.zeros((0, 7)), *(frame.box for frame in frames)]),
            "score": np.concatenate([np.zeros(0), *(frame.score for frame in frames)]),
            "label": np.concatenate([np.zeros(0, np.uint8), *(frame.label for frame in frames)]),
            "feature": np.concatenate(
                [np.zeros((0, width), np.float32), *(frame.feature for frame in frames)]
            ),
            "digest": np.array([found.digests.get(scan, "") for scan in found.frames], np.str_),
            "source": np.array([found.source], np.str_),
            "from_files": np.asarray(found.from_files, np.float64),
        },
    )


def read_predictions(path: Path, *, classes: int) -> Predictions:
    """Read what `write_predictions` wrote of a list of so many classes.

    Raises ProjectError where the file is missing or damaged, DataError where what it says is none:
    a box without a size, a score outside of 0..1, a class the list does not have.
    """
    if not path.exists():
        raise DataError(f"No predictions of boxes are in {path}.", _AGAIN)
    read = read_arrays(path, _COLUMNS, do=_AGAIN)
    count, scans = read["count"], [str(scan) for scan in read["scans"]]
    for scan in scans:  # of scans that may be none of the project's any more
        check_name(scan)
    if said := _wrong(read, classes):
        raise DataError(f"{path} is damaged: {said}.", _AGAIN)
    ends = np.cumsum(count)
    frames = {
        scan: FramePrediction(
            *(read[name][end - size : end] for name in ("box", "score", "label", "feature"))
        )
        for scan, end, size in zip(scans, ends.tolist(), count.tolist(), strict=True)
    }
    digests = dict(zip(scans, map(str, read["digest"]), strict=True))
    return Predictions(frames, str(read["source"][0]), read["from_files"], digests)


def _wrong(read: Mapping[str, np.ndarray], classes: int) -> str | None:
    """What no detector of `classes` classes says; None if nothing."""
    said = wrong_boxes(read, classes)
    if said is None and not np.isfinite(read["feature"]).all():
        return "a feature is no finite number"
    if said is None and not is_way(read["from_files"]):
        return "its boxes lie in no coordinates"
    return said


def wrong_boxes(read: Mapping[str, np.ndarray], classes: int) -> str | None:
    """What columns `scans`, `count`, `box`, `score` and `label` say that no detector of `classes`
    classes says; None if nothing."""
    count, box, score = read["count"], read["box"], read["score"]
    if ((count < 0) | (count > len(box))).any() or int(count.sum()) != len(box):
        return "its boxes are not as many as it says"
    if len(set(read["scans"].tolist())) != len(count):
        return "it names a scan twice"
    good = np.isfinite(box).all(axis=1) & (box[:, 3:6] > 0).all(axis=1)
    if not good.all():
        return f"of a box {problem(box[int(np.argmin(good))])}"
    if not ((score >= 0) & (score <= 1)).all():
        return "it has a score outside of 0..1"
    if (read["label"] >= classes).any():
        return f"it has class {int(read['label'].max()) + 1} of {classes}"
    return None
