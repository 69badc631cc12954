"""A window that draws boxes: in a small made street, and on KITTI's drive."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.answers.box import COPY
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.boxes.geometry import points_in_boxes
from core.project.project import Project
from tests.gui.driver import Driver, open_window
from tests.samples import samples
from tests.streets import copied_project

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CAR = np.array([0, 0, 0, 4.2, 1.8, 1.5, 0.0])


class BoxDriver(Driver):
    """A person who draws boxes."""

    @property
    def work(self):
        assert self.session.boxes is not None
        return self.session.boxes

    @property
    def frame(self):
        return self.work.frame

    @property
    def said(self) -> str:
        return self.session.status.said.text()

    def draw_boxes(self) -> None:
        """Change to boxes."""
        self.key(Qt.Key.Key_F4)
        assert self.session.work is self.session.boxes
        self.qtbot.waitUntil(lambda: self.work.making.warm, timeout=60_000)
        self.settle()

    def settle(self) -> None:
        super().settle()
        work = self.session.boxes
        if work is not None:
            self.qtbot.waitUntil(
                lambda: (
                    work.gate.rested
                    and not work.gate.busy()
                    and self.state.settled
                    and self.session.gate.rested
                ),
                timeout=20_000,
            )
            QApplication.processEvents()

    def place_of(self, row: int) -> np.ndarray:
        """(2,) logical pixels of a point of the scan."""
        return self.session.view.picker.screen_xy(self.state.content.points[row : row + 1])[0]

    def seen_row(self, inside: np.ndarray) -> int:
        """A row among rows that a click at its place picks."""
        view = self.session.view
        for row, place in zip(
            inside,
            self.session.view.picker.screen_xy(self.state.content.points[inside]),
            strict=True,
        ):
            if (place >= 0).all() and (place < (view.width(), view.height())).all():
                child = view.window().childAt(view.mapTo(view.window(), QPointF(*place).toPoint()))
                if view.picker.pick(*place) in inside and child is view.canvas.native:
                    return int(row)
        raise AssertionError("none of these points is in sight")

    def click_row(self, row: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Click a point of the scan."""
        x, y = self.place_of(row)
        native = self.session.view.canvas.native
        QTest.mouseClick(native, Qt.MouseButton.LeftButton, modifier, QPointF(x, y).toPoint())
        self.settle()

    def drag_in_view(self, places: Sequence[Sequence[float]], modifier) -> None:
        """Press the left button in the 3D view, move through the places and let go."""
        native = self.session.view.canvas.native
        kinds = [QEvent.Type.MouseButtonPress]
        kinds += [QEvent.Type.MouseMove] * (len(places) - 1) + [QEvent.Type.MouseButtonRelease]
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, place in zip(kinds, (*places, places[-1]), strict=True):
            here = QPointF(*place)
            button = none if kind == QEvent.Type.MouseMove else left
            held = none if kind == QEvent.Type.MouseButtonRelease else left
            event = QMouseEvent(kind, here, native.mapToGlobal(here), button, held, modifier)
            native._last_time = 0.0
            QApplication.sendEvent(native, event)
        self.settle()

    def rows_in(self, box: np.ndarray) -> np.ndarray:
        """Rows of the scan that stand inside a box (7,)."""
        points = self.work.bench.points
        inside = points_in_boxes(points.points, box[None]) == 0
        return np.flatnonzero(inside & points.standing)


def opened(path: Path, qtbot) -> BoxDriver:
    """A window on a project, in which boxes are drawn."""
    driver = BoxDriver(open_window(path, qtbot), qtbot)
    driver.settle()
    if driver.session.work is driver.session.points:
        driver.draw_boxes()
    return driver


def car_points(x: float, y: float, yaw: float = 0.0, seed: int = 0) -> np.ndarray:
    """(n, 3) points on the two sides of a car of CAR's size that face a scanner at 0, 0, 1.73 m
    over the ground, and on its roof."""
    rng = np.random.default_rng(seed)
    half_l, half_w, half_h = CAR[3:6] / 2
    u, v = rng.uniform(-1, 1, (2, 500))
    nearest = np.array([x, y]) @ [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    sides = [
        np.column_stack(
            [-np.sign(nearest[0]) * half_l * np.ones(200), half_w * u[:200], half_h * v[:200]]
        ),
        np.column_stack(
            [half_l * u[200:], -np.sign(nearest[1]) * half_w * np.ones(300), half_h * v[200:]]
        ),
    ]
    local = np.vstack(sides)
    cos, sin = np.cos(yaw), np.sin(yaw)
    xy = local[:, :2] @ [[cos, sin], [-sin, cos]] + (x, y)
    return np.column_stack([xy, local[:, 2] - 1.73 + half_h + 0.02])


def street_scan(cars: Sequence[tuple[float, float, float]], seed: int = 0) -> np.ndarray:
    """(N, 4) float32: a flat road and cars at places and headings on it."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform(-25, 25, (9000, 3))
    ground[:, 2] = -1.73 + rng.normal(0, 0.01, len(ground))
    parts = [ground] + [car_points(*car, seed=seed + k) for k, car in enumerate(cars)]
    xyz = np.vstack(parts)
    return np.hstack([xyz, rng.uniform(0.3, 0.9, (len(xyz), 1))]).astype(np.float32)


PLACES = ((9.0, 4.0, 0.0), (12.0, -5.0, 0.3), (6.0, -9.0, -0.2))


def true_box(number: int) -> np.ndarray:
    """The car of the street, in its first frame."""
    x, y, yaw = PLACES[number]
    return np.array([x, y, -1.73 + CAR[5] / 2, *CAR[3:6], yaw])


def box_car(driver: BoxDriver, number: int) -> str:
    """Press B where no click makes boxes yet, and click a car; return its box's name."""
    if not driver.work.making.armed:
        driver.key("B")
    driver.click_row(driver.seen_row(driver.rows_in(true_box(number))))
    assert driver.frame.row is not None, driver.said
    return driver.frame.chosen


def front(driver: BoxDriver) -> tuple[np.ndarray, np.ndarray]:
    """Where the front of the box in the side views is, from above, and half a metre before it."""
    sides = driver.work.panels.sides
    box = sides.box.box
    ahead = np.array([np.cos(box[6]), np.sin(box[6]), 0.0])
    start, end = sides.sheets[0].places(
        np.array([box[:3] + ahead * box[3] / 2, box[:3] + ahead * (box[3] / 2 + 0.5)])
    )
    return start, end


class HeldUp:
    """A module's function that gives back what it made only once `go` is set; `made`: it is."""

    def __init__(self, monkeypatch, module, name: str) -> None:
        self.made, self.go = Event(), Event()
        self._function = getattr(module, name)
        monkeypatch.setattr(module, name, self._late)

    def _late(self, *given, **named):
        found = self._function(*given, **named)
        self.made.set()
        assert self.go.wait(20)
        return found


def unconfirmed(driver: BoxDriver, *names: str) -> None:
    """Make boxes of the frame such as copies are, which nobody vouched for."""
    project, scan = driver.session.project, driver.frame.scan
    boxes = project.boxes_of(scan)
    ref = project.scan_ref(scan)
    copied = Effort(tool=COPY)
    drawn = [Drawn(ref, name, replace(boxes[name], sure=False), copied) for name in names]
    project.boxes.draw(drawn, round="")
    driver.frame.follow()
    driver.settle()


def made_street(folder: Path, frames: int = 4) -> Path:
    """A project of a few scans in KITTI tracking's layout, not prepared: the car drives a metre a
    frame, what stands on the road is parked."""
    kept = Path(_kept_street(frames).name)
    shutil.copytree(kept / "root", folder / "root")
    return copied_project(kept / "project", folder / "project", folder / "root")


@functools.cache
def _kept_street(frames: int) -> TemporaryDirectory[str]:
    """A street of so many frames to copy: to make one takes longer than many tests of it."""
    kept = TemporaryDirectory()
    _make_street(Path(kept.name), frames)
    return kept


def _make_street(folder: Path, frames: int) -> None:
    place = folder / "root/training"
    (place / "velodyne/0000").mkdir(parents=True)
    (place / "calib").mkdir()
    (place / "oxts").mkdir()
    identity = "0 -1 0 0 0 0 -1 0 1 0 0 0"
    camera = "700 0 600 0 0 700 180 0 0 0 1 0"
    lines = [f"P{k}: {camera}" for k in range(4)]
    lines += ["R_rect 1 0 0 0 1 0 0 0 1", f"Tr_velo_cam {identity}", f"Tr_imu_velo {_EYE}"]
    (place / "calib/0000.txt").write_text("\n".join(lines) + "\n")
    metre = 1 / 111_319.49  # degrees of latitude of one metre at the equator, as KITTI has them
    rows = []
    for number in range(frames):
        cars = [(x - number, y, yaw) for x, y, yaw in PLACES]
        street_scan(cars, seed=7).tofile(place / f"velodyne/0000/{number:06d}.bin")
        # At the equator, heading east: yaw 0.
        rows.append(" ".join(["0", f"{metre * number:.12f}", "0", "0", "0", "0", *["0"] * 24]))
    (place / "oxts/0000.txt").write_text("\n".join(rows) + "\n")
    with Project.create(
        folder / "project",
        format="kitti-tracking",
        root=folder / "root",
        train=["training/0000"],
    ):
        pass


_EYE = "1 0 0 0 0 1 0 0 0 0 1 0"


def drive_project(folder: Path) -> Path:
    """A project on KITTI's drive 0005, not prepared."""
    source, place = samples("kitti_tracking/training"), folder / "root/training"
    place.mkdir(parents=True)
    for part in source.iterdir():
        name = "velodyne" if part.name == "velodyne_reduced" else part.name
        (place / name).symlink_to(part)
    with Project.create(
        folder / "project",
        format="kitti-tracking",
        root=folder / "root",
        train=["training/0000"],
    ):
        pass
    return folder / "project"
