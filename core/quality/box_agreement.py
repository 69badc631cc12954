"""Agreement of boxes: frames that were drawn twice, the second time without seeing the first.

Boxes of the two are paired whatever their class, the largest overlap in space first, above the
loose limit of the first one's class (core.boxes.kinds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.answers.blind_frames import blind_frames, finished_by, finished_by_me, seen_again
from core.answers.box import table_of
from core.base.words import DASH
from core.boxes.geometry import covered, rotated_iou, wrapped
from core.boxes.kinds import Kind, kinds_of
from core.boxes.table import Boxes
from core.project.box_training import frame_of
from core.project.project import Project
from core.quality.agreement import REPEATS
from core.query.pool import Draw

LATER = 10  # frames between one and its repeat
_IN_REGION = 0.5  # of a box's area: then it lies in a region that the other ignores


class Pairs(NamedTuple):
    """Two tables of a frame: the rows `first` and `second` (m,) of boxes of one thing, their IoU in
    space `overlap` (m,) and `turn` (m,), by how much the headings differ, 0..pi; and the rows that
    only one of them has, `only_first` and `only_second`."""

    first: np.ndarray
    second: np.ndarray
    overlap: np.ndarray
    turn: np.ndarray
    only_first: np.ndarray
    only_second: np.ndarray


def paired(first: Boxes, second: Boxes, about: Sequence[Kind]) -> Pairs:
    """Which boxes of two tables are of one thing. Regions to ignore are no things, and a box that
    lies in one of the other table's is not counted as missing there."""
    overlap = rotated_iou(first.box, second.box)[1]
    least = np.array([about[label].loose for label in first.label.tolist()])
    fits = overlap > least[:, None]
    fits &= ~first.ignore[:, None] & ~second.ignore[None]
    rows, columns = np.nonzero(fits)
    order = np.argsort(-overlap[rows, columns], kind="stable")
    one, other = [], []
    free = [np.ones(len(first), bool), np.ones(len(second), bool)]
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if free[0][row] and free[1][column]:
            free[0][row] = free[1][column] = False
            one.append(row)
            other.append(column)
    a, b = np.array(one, np.int64), np.array(other, np.int64)
    turn = np.abs(wrapped(first.box[a, 6] - second.box[b, 6]))
    left = (_counted(first, second) & free[0], _counted(second, first) & free[1])
    return Pairs(a, b, overlap[a, b], turn, *(np.flatnonzero(rest) for rest in left))


def _counted(mine: Boxes, its: Boxes) -> np.ndarray:
    """(n,) bool: boxes that are things, and in no region that the other ignores."""
    regions = its.box[its.ignore]
    inside = (covered(mine.box, regions) > _IN_REGION).any(axis=1)
    counted: np.ndarray = ~mine.ignore & ~inside
    return counted


@dataclass(frozen=True)
class BoxAgreement:
    """Of one annotator's blind frames with what counts.

    Attributes
    ----------
    frames : compared
    matrix : (C, C) pairs of boxes, by the class that counts and the blind one's
    only_counted, only_blind : (C,) boxes that have no other
    label, overlap, turn : (m,) of each pair the class that counts, its IoU, and the headings'
        difference in radians
    strict : (C,) IoU from which a box of a class is right
    """

    frames: int
    matrix: np.ndarray
    only_counted: np.ndarray
    only_blind: np.ndarray
    label: np.ndarray
    overlap: np.ndarray
    turn: np.ndarray
    strict: np.ndarray

    @property
    def boxes(self) -> int:
        """The boxes that count in the frames."""
        return int(self.matrix.sum() + self.only_counted.sum())

    @property
    def found(self) -> float | None:
        """F1 of finding things, whatever their class: 2 pairs / (boxes of both)."""
        pairs = int(self.matrix.sum())
        both = 2 * pairs + int(self.only_counted.sum() + self.only_blind.sum())
        return 2 * pairs / both if both else None

    @property
    def same_class(self) -> float | None:
        """The share of pairs of one class."""
        pairs = int(self.matrix.sum())
        return float(np.trace(self.matrix)) / pairs if pairs else None

    def of_class(self, label: int) -> OfClass:
        """The numbers of a class: a pair of two classes is found for neither."""
        both = int(self.matrix[label, label])
        counted = int(self.matrix[label].sum() + self.only_counted[label])
        blind = int(self.matrix[:, label].sum() + self.only_blind[label])
        own = self.label == label
        overlap, turn = self.overlap[own], self.turn[own]
        return OfClass(
            counted,
            blind,
            2 * both / (counted + blind) if counted + blind else None,
            float(overlap.mean()) if len(overlap) else None,
            float((overlap > self.strict[label]).mean()) if len(overlap) else None,
            float(np.degrees(np.median(turn))) if len(turn) else None,
        )


class OfClass(NamedTuple):
    """Agreement on a class.

    Attributes
    ----------
    counted, blind : boxes that count, and that were drawn blind
    found : F1 of finding them as this class
    overlap : mean IoU in space of the pairs; strict : the share of those above the class's limit
    turn : the median difference of their headings, degrees
    """

    counted: int
    blind: int
    found: float | None
    overlap: float | None
    strict: float | None
    turn: float | None


def agreement(frames: Sequence[tuple[Boxes, Boxes]], about: Sequence[Kind]) -> BoxAgreement:
    """Of frames' boxes (those that count, those drawn blind), of classes of these kinds."""
    count = len(about)
    matrix = np.zeros((count, count), np.int64)
    only = np.zeros((2, count), np.int64)
    label, overlap, turn = [np.zeros(0, np.int64)], [np.zeros(0)], [np.zeros(0)]
    for counted, blind in frames:
        pairs = paired(counted, blind, about)
        np.add.at(matrix, (counted.label[pairs.first], blind.label[pairs.second]), 1)
        np.add.at(only[0], counted.label[pairs.only_first], 1)
        np.add.at(only[1], blind.label[pairs.only_second], 1)
        label.append(counted.label[pairs.first].astype(np.int64))
        overlap.append(pairs.overlap)
        turn.append(pairs.turn)
    return BoxAgreement(
        len(frames),
        matrix,
        only[0],
        only[1],
        np.concatenate(label),
        np.concatenate(overlap),
        np.concatenate(turn),
        np.array([kind.strict for kind in about]),
    )


def box_agreements(project: Project) -> dict[tuple[str, str], BoxAgreement]:
    """(blind annotator, who finished the frames as they count) -> agreement; twice the same name is
    a person's agreement with themselves. Frames that nobody finished otherwise are left out."""
    boxes, from_files = project.boxes, project.dataset.from_files
    owner = finished_by(project.answers)
    frames: dict[tuple[str, str], list[tuple[Boxes, Boxes]]] = {}
    for head in blind_frames(project.answers):
        if head.scan not in owner:
            continue
        scan = project.scan_ref(head.scan)
        drawn = table_of(list(boxes.blind_of(scan, from_files, head.annotator).values()))
        pair = (head.annotator, owner[head.scan])
        frames.setdefault(pair, []).append((frame_of(project, head.scan).boxes, drawn))
    about = kinds_of(project.classes)
    return {pair: agreement(found, about) for pair, found in frames.items()}


def in_words(pair: tuple[str, str], found: BoxAgreement) -> str:
    """An agreement as one line."""
    second, first = pair
    who = f"{second} again" if first == second else f"{second} on {first}"
    words = [f"{found.frames:,} frames, {found.boxes:,} boxes"]
    words.append(f"found by both {_part(found.found)}")
    mean = float(found.overlap.mean()) if len(found.overlap) else None
    words.append(f"IoU {DASH if mean is None else f'{mean:.2f}'}")
    words.append(f"same class {_part(found.same_class)}")
    return f"{who}: {', '.join(words)}"


def by_class(found: BoxAgreement, names: Sequence[str]) -> list[str]:
    """A line for each class that occurs."""
    lines = []
    for label, name in enumerate(names):
        one = found.of_class(label)
        if not one.counted + one.blind:
            continue
        overlap = DASH if one.overlap is None else f"{one.overlap:.2f}"
        turn = DASH if one.turn is None else f"{one.turn:.1f}°"
        lines.append(
            f"{name:<20} {one.counted:,} and {one.blind:,} boxes, found by both "
            f"{_part(one.found)}, IoU {overlap}, above {found.strict[label]:g} "
            f"{_part(one.strict)}, heading {turn}"
        )
    return lines


def _part(share: float | None) -> str:
    return DASH if share is None else f"{share:.0%}"


class FrameRepeats:
    """Frames that their annotator sees again later, without boxes: 2 % by seed of those that are
    finished, each once, and never before 10 later frames. As core.quality.agreement.Repeats is for
    units."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._finished = 0
        self._chosen: dict[str, int] = {}  # frame -> how many were finished then
        for frame in finished_by_me(project.answers):
            self.note(frame)

    def note(self, frame: str) -> None:
        """A frame was finished, seeing what there was."""
        self._finished += 1
        key = Draw(self._project.seed, 0).keys([f"repeat|{frame}"])[0]
        if key < np.uint64(REPEATS * 2**64):
            self.postpone(frame)

    def postpone(self, frame: str) -> None:
        """A repeat was skipped: it comes again as late as if it were finished now."""
        self._chosen.pop(frame, None)  # behind those that were chosen before
        self._chosen[frame] = self._finished

    def due(self) -> str | None:
        """The frame to be drawn again now, or None."""
        seen, done = seen_again(self._project.answers), finished_by(self._project.answers)
        for frame, finished in self._chosen.items():
            if self._finished - finished >= LATER and frame not in seen and frame in done:
                return frame
        return None
