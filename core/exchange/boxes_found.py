"""What a detector found, any detector: boxes with scores, shown to be accepted or rejected.

They are no answers: they lie beside the journal, in one file, until others take their place. Each
has a name of its own, "<scan>@found-<file>-<number>", and what the journal says of a box of that
name is what a person said of it: nothing while it is open, no box where it was rejected.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.answers.box import Box, boxes_in
from core.base.errors import DataError
from core.base.files import hash_bytes, read_arrays, write_arrays
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.formats.source import Found
from core.boxes.geometry import is_way
from core.boxes.names import names_of
from core.boxes.predictions import wrong_boxes
from core.boxes.table import Boxes
from core.exchange.box_files import read_boxes
from core.project.project import Project

FOLDER, FILE = "found", "boxes.npz"
_AGAIN = "Import the detector's files again."
_COLUMNS = {
    "scans": (np.str_, "F"),
    "count": (np.int64, "F"),
    "box": (np.float64, "N7"),
    "label": (np.uint8, "N"),
    "score": (np.float64, "N"),
}
# To the boxes' axes, the files' own where it lacks; and what FoundBoxes has of that name.
_MORE = {"from_files": (np.float64, "44"), "half_right_from": (np.float64, "1")}


class FoundBox(NamedTuple):
    """One box that a detector found: `name` as the journal knows it."""

    name: str
    box: Box
    score: float


class FoundBoxes:
    """What was found in each scan; nothing before anything was imported. `key` tells one import
    from another; `half_right_from` is the score from which on half of such boxes were right where
    it was measured, else None."""

    def __init__(self, project: Project) -> None:
        """Raises ProjectError where the file is damaged."""
        self._project = project
        self._frames: dict[str, Boxes] = {}
        self.key, self._from_files = "", np.eye(4)
        self.half_right_from: float | None = None
        path = project.path / FOLDER / FILE
        if not path.exists():
            return
        read = read_arrays(path, _COLUMNS, optional=_MORE, do=_AGAIN)
        self.key = hash_bytes(path.read_bytes())[:8]
        self._from_files = read.get("from_files", self._from_files)
        if "half_right_from" in read and 0 <= read["half_right_from"][0] <= 1:
            self.half_right_from = float(read["half_right_from"][0])
        if not is_way(self._from_files):
            raise DataError(f"{path} is damaged: its boxes lie in no coordinates.", _AGAIN)
        if said := wrong_boxes(read, len(project.classes)):
            raise DataError(f"{path} is damaged: {said}.", _AGAIN)
        counts = read["count"]
        for scan, end, count in zip(
            read["scans"], np.cumsum(counts).tolist(), counts.tolist(), strict=True
        ):
            rows = slice(end - count, end)
            self._frames[str(scan)] = Boxes.of(
                read["box"][rows], read["label"][rows], score=read["score"][rows]
            )

    def __len__(self) -> int:
        return sum(map(len, self._frames.values()))

    def of(self, scan: str) -> list[FoundBox]:
        """What was found in a scan, in the coordinates that its points have now. Raises DataError
        where those lean against the ones in which they were found."""
        table = self._frames.get(scan)
        if table is None:
            return []
        now, classes = self._project.dataset.from_files, self._project.classes.now
        table = replace(table, label=classes[table.label])
        found = [replace(box, from_files=self._from_files, sure=False) for box in boxes_in(table)]
        try:
            placed = [box.now(now) for box in found]
        except ValueError as error:
            raise DataError(
                f"The boxes found in {scan} cannot be placed: {error}.",
                "Bring boxes that stand upright in the axes that [rig] makes of the scans.",
            ) from error
        return [
            FoundBox(f"{scan}@found-{self.key}-{number}", box, float(score))
            for number, (box, score) in enumerate(zip(placed, table.score, strict=True), 1)
        ]


def holds_scores(project: Project, path: Path) -> bool:
    """Whether some box of the files at `path` has a score. Raises as read_found does."""
    found = read_boxes(project.dataset, path, names_of(project.classes))
    return any(not np.isnan(boxes.score).all() for boxes in found.frames.values() if len(boxes))


def read_found(project: Project, path: Path, *, kind: str = "") -> Found:
    """The boxes with scores in the files at `path`. Raises DataError where one has no score, or a
    score outside of 0..1, and as core.exchange.box_files.read_boxes does."""
    found = read_boxes(project.dataset, path, names_of(project.classes), kind=kind)
    scores = np.concatenate([boxes.score for boxes in found.frames.values()])
    without = int(np.isnan(scores).sum())
    if without:
        raise DataError(
            f"{path} holds {counted(without, 'box')} without a score, which no detector found.",
            "Import what people drew as boxes, without --found; give the others their scores.",
        )
    if ((scores < 0) | (scores > 1)).any():
        raise DataError(
            f"{path} has scores from {scores.min():g} to {scores.max():g}.",
            "A score is a share of 1: divide them, or take the detector's probabilities.",
        )
    return found


def take_found(
    project: Project,
    found: Found,
    job: Job,
    *,
    from_files: np.ndarray | None = None,
    half_right_from: float | None = None,
) -> str:
    """Show these boxes from now on, in place of what was found before; how many, in words.
    `from_files`: (4, 4) from the scans' files' coordinates to theirs, None where they are those;
    `half_right_from` as of FoundBoxes."""
    known = {} if half_right_from is None else {"half_right_from": np.array([half_right_from])}
    frames = {scan: boxes for scan, boxes in found.frames.items() if len(boxes)}
    write_arrays(
        project.path / FOLDER / FILE,
        {
            "scans": np.array(list(frames), np.str_),
            "count": np.array([len(boxes) for boxes in frames.values()], np.int64),
            "box": np.concatenate([np.zeros((0, 7)), *(boxes.box for boxes in frames.values())]),
            "label": np.concatenate(
                [np.zeros(0, np.uint8), *(boxes.label for boxes in frames.values())]
            ),
            "score": np.concatenate([np.zeros(0), *(boxes.score for boxes in frames.values())]),
            "from_files": np.eye(4) if from_files is None else from_files,
            **known,
        },
    )
    job.progress(len(frames), len(frames), "import")
    count = sum(map(len, frames.values()))
    return f"{counted(count, 'box')} of {len(frames):,} frames, found by a detector"
