"""Real KITTI frames with boxes, as a detector learns them, and how good what it finds is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.jobs import Job
from core.boxes.camera import completed
from core.boxes.evaluation.kitti_ap import Frame as Picture
from core.boxes.geometry import points_per_box
from core.boxes.kinds import kinds
from core.boxes.labelled import Frame, LabelledFrames, most_objects
from core.boxes.samples import Sample
from core.boxes.scene import CAMERA, Scenes
from core.data.opening import open_dataset
from core.data.scans import Dataset
from core.exchange.box_files import Truth
from core.quality.box_metrics import Judged, box_metrics
from models.boxes.detector import Detector
from models.boxes.pillar_center import SIZES, Size
from models.boxes.pillars import Grid
from tests.models.boxes.made import KITTI, NONE
from tests.samples import samples

KINDS = kinds(KITTI.names, KITTI.name)
NEAR = Grid((0.0, -23.04, -3.0), (46.08, 23.04, 1.0), 0.32)  # 144 x 144 cells
HALF = Size(0.3125, 16, (16, 32, 64), 16, 32, (20.0, 10.0), 10.0)
CORNER = Grid((2.0, -10.0, -3.0), (22.0, 10.0, 1.0), 0.3125)  # 64 x 64
SMALL = SIZES["pillar-s"]


def object_frames() -> Dataset:
    return open_dataset("kitti", samples("kitti_object"), ["training"], [])


def drive() -> Dataset:
    return open_dataset("kitti-tracking", samples("kitti_tracking"), ["training_reduced/0000"], [])


def frames_of(dataset: Dataset, scans: Sequence[str], grid: Grid | None) -> list[Frame]:
    """Frames with their boxes, those only whose middles lie in a grid."""
    made = []
    for scan in scans:
        boxes = Truth(dataset, KITTI.names).of(scan)
        assert boxes is not None
        if grid is not None:
            boxes = boxes.take(grid.holds(boxes.box[:, :3]))
        made.append(Frame(scan, boxes, scan))
    return made


class TwoFrames:
    """Samples: 000134 and 000142 in turns, just as they are."""

    key = "two frames"

    def __init__(self, grid: Grid) -> None:
        dataset = object_frames()
        read = Scenes(dataset, CAMERA).read
        scans = [scan for scan in dataset.train if scan.endswith(("000134", "000142"))]
        self.frames = [(frame, read(frame.scan)) for frame in frames_of(dataset, scans, grid)]
        self.scenes = []
        for frame, points in self.frames:
            seen = points_per_box(points, frame.boxes.box) > 0
            table = frame.boxes.take(seen & ~frame.boxes.ignore)
            box, label = table.box.astype(np.float32), table.label.astype(np.int64)
            self.scenes.append(Sample(points, box, label, NONE))

    def sample(self, number: int) -> Sample:
        return self.scenes[number % 2]

    def ready(self, step: int) -> bool:
        return True

    def due(self, step: int) -> bool:
        return False

    def refresh(self, step, predict, job) -> None:
        raise AssertionError


def labelled(dataset: Dataset, seed: int) -> LabelledFrames:
    # All boxes: scenes are turned, so that what lies beside the grid comes into it.
    frames = frames_of(dataset, dataset.train, None)
    most = most_objects(KINDS)
    return LabelledFrames(frames, Scenes(dataset, CAMERA).read, most, seed, Job())


def judge(detector: Detector, frames: Sequence[tuple[Frame, np.ndarray]], dataset=None):
    """The metrics of what a detector finds; with `dataset` KITTI's own too."""
    judged = []
    for frame, points in frames:
        found = detector.predict([points])[0].table()
        picture = None
        if dataset is not None:
            calibration = dataset.format.calibration(dataset.root, frame.scan)
            size = (1242, 375)
            picture = Picture(*(completed(b, calibration, size) for b in (frame.boxes, found)))
        judged.append(Judged(frame.boxes, found, points, picture))
    return box_metrics(judged, KITTI.names, KINDS)
