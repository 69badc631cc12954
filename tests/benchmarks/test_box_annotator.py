"""Seconds a box and IoU by class: from scratch, from made-up predictions, with keyframes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core import steps
from core.answers.box import Box
from core.base.jobs import Job
from core.boxes.formats.source import Found
from core.boxes.geometry import rotated_iou
from core.boxes.kinds import kinds
from core.boxes.table import Boxes
from core.exchange.box_files import Truth
from core.exchange.boxes_found import take_found
from core.project.project import Project
from gui.window.window import Window
from tests.benchmarks.box_annotator import BoxAnnotator, Effort
from tests.gui.driver import keep_settings_in, open_window
from tests.samples import samples

GROUPS = {"car": "Car", "van": "Van", "pedestrian": "Pedestrian", "cyclist": "Cyclist"}


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    keep_settings_in(tmp_path)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """KITTI's 20 object frames, prepared."""
    path = tmp_path_factory.mktemp("objects") / "p"
    with Project.create(
        path, format="kitti", root=samples("kitti_object"), train=["training"], preset="laptop",
    ) as project:  # fmt: skip
        steps.prepare(project, Job(), workers=1)
    return path


def copied(frames: Path, to: Path) -> Path:
    shutil.copytree(frames, to)
    return to


def annotator_of(path: Path, qtbot) -> BoxAnnotator:
    window: Window = open_window(path, qtbot)
    window.resize(1600, 950)
    QTest.keyClick(window.session.view.canvas.native, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: window.session.boxes is not None and window.session.boxes.bench.on)
    classes = window.session.project.classes
    about = kinds(classes.names, classes.name)
    made = BoxAnnotator(window, lambda label: about[label].strict)
    made.settle()
    return made


def labels_of(project: Project, scan: str) -> Boxes:
    found = Truth(project.dataset, project.classes.names).of(scan)
    assert found is not None
    return found.take(~found.ignore)


def show(what: str, efforts: Sequence[Effort], names: Sequence[str], wanted) -> None:
    print(
        f"\n| {what} | boxes | seconds a box | keys | clicks | drags | mean IoU | right | of that |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in (*GROUPS, "all"):
        some = [e for e in efforts if e.label >= 0 and name in (names[e.label], "all")]
        if some:
            n = len(some)
            seconds, keys, clicks, drags, iou = (
                sum(getattr(e, column) for e in some) / n
                for column in ("seconds", "keys", "clicks", "drags", "overlap")
            )
            parts = sum((e.spent for e in some), Counter())
            right = sum(e.overlap > wanted(e.label) for e in some) / n
            print(
                f"| {GROUPS.get(name, name)} | {n} | {seconds:.1f} | {keys:.1f} | {clicks:.1f} "
                f"| {drags:.1f} | {iou:.2f} | {right:.0%} "
                f"| {', '.join(f'{part} {took / n:.1f}' for part, took in parts.items())} |"
            )


def test_boxes_from_scratch(frames: Path, tmp_path: Path, qapp, qtbot, capsys):
    hand = annotator_of(copied(frames, tmp_path / "p"), qtbot)
    project = hand.session.project
    efforts: list[Effort] = []
    for scan in project.dataset.train:
        hand.work.bench.show_frame(scan)
        hand.settle()
        efforts += hand.from_scratch(labels_of(project, scan))
    names = project.classes.names
    with capsys.disabled():
        show("from scratch", efforts, names, hand.wanted)
    hand.window.close()
    made = [e for e in efforts if e.overlap > 0]
    assert len(made) / len(efforts) > 0.95
    assert sum(e.seconds for e in efforts) / len(efforts) <= 10


def predicted(labels: Boxes, rng: np.random.Generator, quality: float) -> Boxes:
    """Boxes as a detector of a quality would find them: off by so many metres, 0.4 times as many in
    height, a quarter of that in the logarithms of sizes, 20 degrees a metre; a third of that share
    is missed, and as much made up."""
    n = len(labels)
    box = labels.box.copy()
    box[:, :3] += rng.normal(0, quality, (n, 3)) * (1, 1, 0.4)
    box[:, 3:6] *= np.exp(rng.normal(0, quality / 4, (n, 3)))
    box[:, 6] += rng.normal(0, np.radians(20 * quality), n)
    kept, made_up = (rng.random(n) >= quality / 3), (rng.random(n) < quality / 3)
    false = box[made_up] + (6.0, 4.0, 0, 0, 0, 0, 0)
    box = np.concatenate([box[kept], false])
    label = np.concatenate([labels.label[kept], labels.label[made_up]])
    return Boxes.of(box, label, score=rng.uniform(0.5, 1, len(box)))


@pytest.mark.parametrize(("name", "quality", "most"), [("good", 0.07, 2.0), ("fair", 0.3, 10.0)])
def test_boxes_from_predictions(
    frames: Path, tmp_path: Path, qapp, qtbot, capsys, name: str, quality: float, most: float
):
    path = copied(frames, tmp_path / "p")
    rng = np.random.default_rng(0)
    with Project(path) as project:
        scans = project.dataset.train
        frames_found = {s: predicted(labels_of(project, s), rng, quality) for s in scans}
        take_found(project, Found(frames_found, ()), Job())
    hand = annotator_of(path, qtbot)
    efforts: list[Effort] = []
    for scan in hand.session.project.dataset.train:
        hand.work.bench.show_frame(scan)
        hand.settle()
        efforts += hand.from_predictions(labels_of(hand.session.project, scan))
    names = hand.session.project.classes.names
    given = [e for e in efforts if e.way == "prediction"]
    with capsys.disabled():
        show(f"{name} predictions", given, names, hand.wanted)
        print(f"{sum(e.label < 0 for e in given)} rejected")
        show("and without", [e for e in efforts if e.way == "click"], names, hand.wanted)
    hand.window.close()
    judged = sum(e.seconds - e.spent["finishing"] for e in given) / len(given)
    with capsys.disabled():
        print(f"{judged:.2f} s a prediction, before the frame is finished")
    assert judged <= most


EVERY = 10  # frames from a keyframe to the next


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """KITTI's drive 2011_09_26_0005, its points in the picture."""
    source, root = samples("kitti_tracking/training"), tmp_path / "drive/training"
    root.mkdir(parents=True)
    for name in ("label_02", "calib", "oxts"):
        (root / name).symlink_to(source / name)
    (root / "velodyne").symlink_to(source / "velodyne_reduced")
    Project.create(
        tmp_path / "p", format="kitti-tracking", root=root.parent, train=["training/0000"],
        preset="laptop",
    ).close()  # fmt: skip
    return tmp_path / "p"


def tracks_of(project: Project) -> dict[str, tuple[int, dict[str, np.ndarray]]]:
    """By track its class, and its boxes by frame."""
    found: dict[str, tuple[int, dict[str, np.ndarray]]] = {}
    for scan in project.dataset.train:
        labels = labels_of(project, scan)
        for track, label, box in zip(labels.track, labels.label, labels.box, strict=True):
            found.setdefault(str(track), (int(label), {}))[1][scan] = box
    return found


def test_a_drive_by_keyframes(drive: Path, qapp, qtbot, capsys):
    hand = annotator_of(drive, qtbot)
    project = hand.session.project
    names, tracks = project.classes.names, tracks_of(project)
    efforts = [e for label, boxes in tracks.values() for e in hand.along(boxes, label, EVERY)]
    drawn = {scan: list(project.boxes_of(scan).values()) for scan in project.dataset.train}
    total = sum(len(boxes) for _, boxes in tracks.values())
    by_hand = sum(box.sure for boxes in drawn.values() for box in boxes)
    fits = [Effort(label, "all", best(drawn[scan], box))
            for label, boxes in tracks.values() for scan, box in boxes.items()]  # fmt: skip
    seconds = sum(e.seconds for e in efforts)
    with capsys.disabled():
        show("set by hand in keyframes", efforts, names, hand.wanted)
        show("all boxes of the drive", fits, names, hand.wanted)
        print(
            f"{by_hand} of {total} boxes by hand: {by_hand / total:.3f} a box, "
            f"{seconds / total:.2f} s a box"
        )
    assert total == 711
    assert by_hand / total <= 0.16
    hand.window.close()


def best(drawn: Sequence[Box], label: np.ndarray) -> float:
    """The largest IoU of a label with a drawn box."""
    boxes = np.array([box.box for box in drawn]).reshape(-1, 7)
    return float(rotated_iou(label[None], boxes)[1].max(initial=0.0))
