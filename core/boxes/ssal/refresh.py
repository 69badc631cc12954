"""One refresh of the bank: the network's predictions of all frames, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.base.jobs import Job
from core.boxes.evaluation.outcomes import RIGHT, WRONG, Rules, outcomes
from core.boxes.geometry import rotated_iou
from core.boxes.kinds import Kind
from core.boxes.predictions import FramePrediction
from core.boxes.ssal.bank import (
    FALSE,
    GT,
    PSEUDO,
    Changes,
    Item,
    Seen,
    points_of,
    refresh_frame,
)
from core.boxes.ssal.bank_file import Bank
from core.boxes.ssal.confident import FLOOR, Rule, confident
from core.boxes.table import Boxes

LEAST_JUDGED = 4  # held-out boxes, below which nothing is said of a class's precision
FALSE_POINTS = 5  # that a false positive holds, at least
_MOST_FALSE = 2000  # of a class that are kept


class How(NamedTuple):
    """What decides in a refresh (core.base.settings.SsalSettings).

    `low`: boxes of at most this score are false positives, those above it leave the backgrounds;
    `false`: whether false positives are kept at all.
    """

    rule: Rule
    del_after: int
    low: float
    min_precision: float
    false: bool


class Labelled(NamedTuple):
    """A frame that people finished: its boxes in the coordinates of `points` (N, >= 3), of which
    those in its boxes are enough."""

    boxes: Boxes
    points: np.ndarray


class Judged(NamedTuple):
    """Per class id: held-out boxes from its threshold on that are `right`, of so many `judged`."""

    right: Mapping[int, int]
    judged: Mapping[int, int]

    def bars(self, label: int, least: float) -> bool:
        """Whether a class is known to be right too seldom to give pseudo objects."""
        of = self.judged.get(label, 0)
        return of >= LEAST_JUDGED and self.right.get(label, 0) < least * of


def judged(
    held_out: Mapping[str, Labelled],
    found: Mapping[str, FramePrediction],
    threshold: Mapping[int, float],
    kinds: Sequence[Kind],
) -> Judged:
    """How many of the boxes that would be confident are right in frames whose boxes are known, by
    the loose IoU in space."""
    right, of = dict[int, int](), dict[int, int]()
    for label, limit in threshold.items():
        kind = kinds[label]
        near = () if kind.neighbour is None else (kind.neighbour,)
        frames = []
        for scan, known in held_out.items():
            mine = found[scan].table()
            frames.append((known.boxes, mine.take(mine.score >= limit), known.points))
        seen = outcomes(frames, Rules(label, kind.loose, points=1, neighbours=near)).outcome
        right[label] = int((seen == RIGHT).sum())
        of[label] = right[label] + int((seen == WRONG).sum())
    return Judged(right, of)


def refreshed(
    before: Bank | None,
    *,
    people: Sequence[Item],
    boxes: Mapping[str, np.ndarray],
    found: Mapping[str, FramePrediction],
    read: Callable[[str], np.ndarray],
    judge: Callable[[Mapping[int, float]], Judged],
    how: How,
    step: int,
    key: str,
    classes: int,
    job: Job,
) -> Bank:
    """The bank after a refresh at a step of the training.

    `before`: that of the refresh before, None at the first; `people`: objects of people's boxes;
    `boxes`: scan -> (k, 7) all that are in a frame, finished or not, confirmed or not; `found`:
    predictions of the frames that people have not finished; `read`: scan -> its points (N, 4)
    float32; `judge`: thresholds -> `Judged`.
    """
    frames = {scan: _kept(seen) for scan, seen in found.items()}
    none = [np.zeros(0)]
    sure = confident(
        np.concatenate([*none, *(seen.score for seen in frames.values())]),
        np.concatenate([*none, *(seen.label for seen in frames.values())]).astype(int),
        how.rule,
    )
    known = judge(sure.threshold)
    barred = {label for label in range(classes) if known.bars(label, how.min_precision)}
    ends = np.cumsum([0, *(len(seen) for seen in frames.values())])
    of_frame: dict[str, list[Item]] = {}
    earlier = [] if before is None else [i for i in before.items if i.origin == PSEUDO]
    for item in [*people, *earlier]:
        of_frame.setdefault(item.frame, []).append(item)
    born = 0 if before is None else len(before.history)
    changes, items, false = Changes(), list[Item](), list[Item]()
    cleared = {scan: there for scan, there in boxes.items() if scan not in found}
    withheld = dict[int, int]()
    for place, (scan, seen) in enumerate(frames.items()):
        job.progress(place, len(frames), "bank")
        mine = of_frame.pop(scan, [])
        points = points_of(read(scan), seen.box)
        chosen = sure.chosen[ends[place] : ends[place + 1]]
        chosen = chosen & ~np.isin(seen.label, list(barred))
        after = refresh_frame(
            mine,
            Seen(seen.box, seen.score, seen.label, chosen, points),
            scan,
            born=born,
            del_after=how.del_after,
            changes=changes,
        )
        for item in after:
            if item.origin == PSEUDO and item.label in barred:
                withheld[item.label] = withheld.get(item.label, 0) + 1
            else:
                items.append(item)
        there = boxes.get(scan, np.zeros((0, 7)))
        if how.false:
            false += _false(seen, points, scan, there, how.low)
        cleared[scan] = np.concatenate([seen.box[seen.score > how.low], there])
    # What people drew in frames of which there are no predictions: the finished ones.
    items = [item for left in of_frame.values() for item in left if item.origin == GT] + items
    job.progress(len(frames), len(frames), "bank")
    false = _thinned(false)
    counts = _counts(items, false)
    record = {
        "step": step,
        "classes": {
            str(label): {
                **counts[label],
                "new": changes.new.get(label, 0),
                "replaced": changes.replaced.get(label, 0),
                "removed": changes.removed.get(label, 0) + withheld.get(label, 0),
                "threshold": sure.threshold.get(label),
                "right": known.right.get(label, 0),
                "judged": known.judged.get(label, 0),
                "barred": label in barred,
            }
            for label in range(classes)
        },
    }
    history = [*(before.history if before is not None else ()), record]
    return Bank(items, false, cleared, step, key, history)


def _kept(seen: FramePrediction) -> FramePrediction:
    rows = seen.score >= FLOOR
    return FramePrediction(seen.box[rows], seen.score[rows], seen.label[rows], seen.feature[rows])


def _false(
    seen: FramePrediction,
    points: Sequence[np.ndarray],
    scan: str,
    there: np.ndarray,
    low: float,
) -> list[Item]:
    """The boxes of a frame that the network hardly believes in and that touch none of those that
    are `there`, whether or not a person vouches for them."""
    mine = seen.score <= low
    mine &= np.array([len(part) >= FALSE_POINTS for part in points], bool)
    mine &= ~(rotated_iou(seen.box, there)[0] > 0).any(axis=1)
    return [
        Item(seen.box[k], int(seen.label[k]), float(seen.score[k]), scan, points[k], FALSE)
        for k in np.flatnonzero(mine).tolist()
    ]


def _thinned(false: Sequence[Item]) -> list[Item]:
    """At most so many of a class, evenly through the frames."""
    by_class: dict[int, list[Item]] = {}
    for item in false:
        by_class.setdefault(item.label, []).append(item)
    made = []
    for label in sorted(by_class):
        mine = by_class[label]
        count = min(len(mine), _MOST_FALSE)
        made += [mine[(k * len(mine)) // count] for k in range(count)]
    return made


def _counts(items: Sequence[Item], false: Sequence[Item]) -> Mapping[int, dict[str, int]]:
    names = {GT: "people", PSEUDO: "pseudo", FALSE: "false"}
    made: dict[int, dict[str, int]] = {k: dict.fromkeys(names.values(), 0) for k in range(256)}
    for item in (*items, *false):
        made[item.label][names[item.origin]] += 1
    return made


def told(record: Mapping[str, Any]) -> list[str]:
    """A record of a refresh whose classes are named, a line for each that has anything."""
    lines = []
    for name, one in record["classes"].items():
        if not any(one[part] for part in ("people", "pseudo", "new", "removed", "judged")):
            continue
        right = (
            f"{one['right']} of {one['judged']} held-out right" if one["judged"] else "not judged"
        )
        parts = [
            f"{one['people']} by people",
            f"{one['pseudo']} pseudo ({one['new']} new, {one['replaced']} better, "
            f"{one['removed']} gone)",
            right + (": none taken" if one["barred"] else ""),
        ]
        lines.append(f"{name}: {', '.join(parts)}")
    return lines
