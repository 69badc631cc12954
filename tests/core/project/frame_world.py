"""A small project in KITTI tracking's layout whose frames have boxes, and what detectors say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.answers.box import Box
from core.answers.boxes import Drawn
from core.base.jobs import Job
from core.boxes.formats import kitti_tracking
from core.boxes.predictions import FramePrediction, Predictions, write_predictions
from core.boxes.table import Boxes
from core.data.calibration import Calibration
from core.frame_steps import ask_frames
from core.project.project import Project
from core.simulate.semantickitti import TR
from tests.core.boxes.ssal.made import boxes_by_chance, frame
from tests.core.query.frame_pools import made, near

_CAMERA = "700 0 600 0 0 700 180 0 0 0 1 0"
_P2 = np.array([float(word) for word in _CAMERA.split()]).reshape(3, 4)
_TYPES = ("Car", "Pedestrian", "Cyclist")
FRAMES = 26


def write_world(root: Path, *, labels: int = 0) -> None:
    """Frames of points, and boxes for them that depend on `labels` alone, as do their classes."""
    place = root / "training"
    for part in ("velodyne/0000", "label_02", "calib"):
        (place / part).mkdir(parents=True)
    rng, other = np.random.default_rng(5), np.random.default_rng(labels)
    tables = {}
    for number in range(FRAMES):
        points = frame(rng, boxes_by_chance(rng, 4, 15.0), ground=400)
        points.tofile(place / f"velodyne/0000/{number:06d}.bin")
        boxes = boxes_by_chance(other, int(other.integers(1, 9)), 15.0)
        boxes[:, 0] = np.abs(boxes[:, 0]) + 5
        tables[number] = Boxes.of(
            boxes, other.integers(0, 3, len(boxes)), track=[str(k) for k in range(len(boxes))]
        )
    calibration = Calibration(_P2, TR)
    text = kitti_tracking.written(tables, calibration, _TYPES, (1242, 375)).text
    (place / "label_02/0000.txt").write_text(text)
    lines = [f"P{k}: {_CAMERA}" for k in range(4)]
    turn = " ".join(f"{value:.9g}" for value in TR.reshape(-1)[:12])
    lines += ["R_rect 1 0 0 0 1 0 0 0 1", f"Tr_velo_cam {turn}"]
    (place / "calib/0000.txt").write_text("\n".join(lines) + "\n")


def opened(folder: Path, *, labels: int = 0, **settings: str) -> Project:
    """A new research project on such frames."""
    write_world(folder / "root", labels=labels)
    return Project.create(
        folder / "project",
        format="kitti-tracking",
        root=folder / "root",
        train=["training/0000"],
        preset="laptop",
        research=True,
        overrides={f"ssal.{name}": value for name, value in settings.items()},
    )


def say(folder: Path, project: Project, *, cpsp: bool = True, most: int = 8) -> None:
    """Predictions of two detectors in a round's folder: of nobody's labels."""
    rng = np.random.default_rng(9)
    car, pedestrian, cyclist = (
        project.classes.names.index(name) for name in ("car", "pedestrian", "cyclist")
    )
    normal, other = {}, {}
    for scan in project.dataset.train:
        n = int(rng.integers(0, most + 1))
        label = rng.choice([car, pedestrian, cyclist], n, p=(0.7, 0.2, 0.1)).astype(np.uint8)
        normal[scan] = made(rng, boxes_by_chance(rng, n), label, 4, n)
        seen = near(rng, normal[scan], 4)
        label = np.where(seen.label < 3, [car, pedestrian, cyclist][0], seen.label)
        other[scan] = FramePrediction(seen.box, seen.score, label.astype(np.uint8), seen.feature)
    now = project.dataset.from_files
    write_predictions(folder / "normal-boxes.npz", Predictions(normal, "ab heat_iou", now))
    if cpsp:
        write_predictions(folder / "cpsp-boxes.npz", Predictions(other, "cd heat_iou", now))


def draw(project: Project, scan: str, labels: list[int], round: str, *, finish: bool = True):
    """Boxes of these classes, drawn as a person does, and the frame finished."""
    ref, boxes = project.scan_ref(scan), project.boxes
    names = boxes.new_names(scan, len(labels))
    shape = np.eye(4)
    drawn = [
        Drawn(ref, name, Box(np.array([8 + 5 * k, 0, 0, 4, 2, 1.5, 0.0]), label, from_files=shape))
        for k, (name, label) in enumerate(zip(names, labels, strict=True))
    ]
    boxes.draw(drawn, round=round)
    if finish:
        boxes.finish(ref, round=round)


def begun(
    project: Project, classes: tuple[int, int, int], *, cpsp: bool = True, most: int = 8
) -> None:
    """A first round: eight frames that a person finished, and two detectors that looked at all."""
    first = ask_frames(project, Job(), frames=8)
    for place, scan in enumerate(first.query.items):
        draw(project, scan, [classes[0]] * 2 + [classes[place % 3]], first.id)
    say(first.folder, project, cpsp=cpsp, most=most)
