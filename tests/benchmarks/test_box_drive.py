"""Drive 0005 by keyframes, by the edits that the window makes but without it: boxes set by hand.

The window itself takes a quarter of an hour for it (test_box_annotator.py); what a hand does, and
what that takes, is counted alike. The camera is left out: looking for things costs nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np

from core.boxes.click import candidates
from core.boxes.edit import flipped, quarter
from core.boxes.fit import ground_height
from core.boxes.geometry import points_in_boxes, rotated_iou_of_pairs, wrapped
from core.boxes.kinds import kinds
from core.boxes.tracks import copied, heading, interpolated, settled
from core.prepare.ground import ground_mask
from gui.boxes.grips import pulled
from gui.boxes.sheets import ASPECTS, Sheet
from tests.benchmarks.annotator import DECIDE_S, KEY_S, POINT_S
from tests.benchmarks.box_annotator import DRAGS, GAIN, GOOD, pulls
from tests.core.boxes.frames import KITTI, drive_poses, drive_tracks
from tests.samples import samples

EVERY = 10
KINDS = kinds(KITTI, "kitti")
SIZES = [kind.size for kind in KINDS]
NONE = np.zeros((0, 3))


class Frames:
    """The drive's points by frame, and which are ground."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __getitem__(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        if frame not in self._kept:
            folder = samples("kitti_tracking/training") / "velodyne_reduced/0000"
            points = np.fromfile(folder / f"{frame:06d}.bin", "<f4").reshape(-1, 4)
            self._kept[frame] = points, ground_mask(points, sensor_height_m=1.73)
        return self._kept[frame]


class Hand:
    """Sees to boxes, and counts what that takes: `seconds`, `drags`."""

    def __init__(self) -> None:
        self.seconds, self.drags = 0.0, 0

    def tend(self, box: np.ndarray, true: np.ndarray, label: int) -> np.ndarray:
        """A box that is about right."""
        self.seconds += DECIDE_S
        box = self._headed(box, true)
        for _ in range(DRAGS):
            now = overlap(box, true)
            if now >= KINDS[label].strict + GOOD:
                break
            sheets = tuple(Sheet(a, 0, 0, 300, 300, box[:3], box[6], 50) for a in ASPECTS)
            made = [pulled(box, sheet.aspect, grip, pull, NONE, None)
                    for sheet, grip, pull in pulls(sheets, box, true)]  # fmt: skip
            best = max(made, key=lambda one: overlap(one, true))
            if overlap(best, true) - now < GAIN:
                break
            box = best
            self.drags += 1
            self.seconds += DECIDE_S + 2 * POINT_S
        return box

    def _headed(self, box: np.ndarray, true: np.ndarray) -> np.ndarray:
        if off(box, true) > np.radians(135):
            self.seconds += KEY_S
            return flipped(box)
        if off(box, true) > np.radians(55):
            self.seconds += KEY_S
            box = quarter(box)
            if off(box, true) > np.pi / 2:
                self.seconds += KEY_S
                box = flipped(box)
        return box


def overlap(box: np.ndarray, true: np.ndarray) -> float:
    return float(rotated_iou_of_pairs(box[None], true[None])[1][0])


def off(box: np.ndarray, true: np.ndarray) -> float:
    return abs(float(wrapped(np.array([true[6] - box[6]]))[0]))


def keyframes(frames: Sequence[int]) -> list[int]:
    """Each tenth, and the last."""
    return [*frames[::EVERY], *([frames[-1]] if (len(frames) - 1) % EVERY else [])]


def own_rows(scan: tuple[np.ndarray, np.ndarray], box: np.ndarray) -> np.ndarray:
    points, ground = scan
    return np.flatnonzero((points_in_boxes(points, box[None]) == 0) & ~ground)


def drawn(
    hand: Hand, boxes: dict[int, np.ndarray], label: int, scans: Frames, way: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """The boxes of a thing that are set by hand, by frame."""
    frames = sorted(boxes)
    first = next(f for f in frames if len(own_rows(scans[f], boxes[f])) >= 3)
    keys = keyframes(frames[frames.index(first) :])
    points, ground = scans[first]
    own = own_rows(scans[first], boxes[first])
    middle = points[own, :3].mean(axis=0)
    row = own[np.linalg.norm(points[own, :3] - middle, axis=1).argmin()]
    found = candidates(points, ground, np.full(len(points), -1), row, SIZES)
    hand.seconds += POINT_S + DECIDE_S + POINT_S  # to the frame, what to box, the click
    hand.seconds += KEY_S * (found[0].label != label)
    guess = next((one for one in found if one.label == label), found[0])
    made = {first: hand.tend(guess.box, boxes[first], label)}
    for here, there in pairwise(keys):
        moving = heading(made, here, way) is not None
        steps = [there] if there - here == EVERY else range(here + 1, there + 1)
        known = dict(made)
        for frame in steps:
            points, ground = scans[frame]
            box = copied(known, frame, way, moving=moving)
            known[frame] = settled(box, points[~ground], ground_height(points, ground, box[:2]))
            hand.seconds += KEY_S * (2 if there - here == EVERY else 1)
        made[there] = hand.tend(known[there], boxes[there], label)
        hand.seconds += KEY_S + POINT_S  # it is right; and chosen again, to be copied on
    hand.seconds += KEY_S  # all between
    return made


def test_a_drive_by_keyframes(capsys):
    scans, way, hand = Frames(), drive_poses(), Hand()
    right: dict[str, list[tuple[float, bool]]] = {}
    by_hand = total = 0
    for name, boxes in drive_tracks().items():
        label = KITTI.index(name.rpartition(" ")[0])
        made = drawn(hand, boxes, label, scans, way)
        by_hand, total = by_hand + len(made), total + len(boxes)
        for frame, true in boxes.items():
            found = overlap(interpolated(made, frame, way), true) if frame >= min(made) else 0.0
            fits = found > KINDS[label].strict
            right.setdefault(KITTI[label], []).append((found, fits))
    with capsys.disabled():
        print("\n| class | boxes | mean IoU | right |\n|---|---|---|---|")
        for name, found in {**right, "all": [*chain(*right.values())]}.items():
            iou, share = np.mean(np.array(found, float), axis=0)
            print(f"| {name} | {len(found)} | {iou:.2f} | {share:.0%} |")
        print(
            f"{by_hand} of {total} by hand: {by_hand / total:.3f} a box, {hand.drags} drags, "
            f"{hand.seconds / by_hand:.1f} s each, {hand.seconds / total:.2f} s a box"
        )
    assert total == 711
    assert by_hand / total <= 0.16
    assert np.mean([fits for found in right.values() for _, fits in found]) > 0.97
