"""A drag in the three views of a box against a frame of the bare 3D view of the same scan."""

from __future__ import annotations

import statistics
import time

import numpy as np
from PySide6.QtWidgets import QApplication
from vispy import scene

from core.answers.box import boxes_in
from core.boxes.formats import kitti_object
from core.prepare.ground import ground_mask
from gui.boxes.side_views import SideViews
from gui.look.theme import THEMES
from tests.benchmarks.plain_cloud import PlainCloud
from tests.core.boxes.frames import NAMES, object_frames
from tests.gui.boxes.hand import move, press

SIZE, SIDES = (1200, 800), (1200, 320)


def bare_view(points: np.ndarray) -> scene.SceneCanvas:
    """Nothing but the scan's points, each in a colour of its own."""
    canvas = scene.SceneCanvas(keys=None, show=True, size=SIZE)
    view = canvas.central_widget.add_view()
    view.camera = scene.TurntableCamera(fov=45, distance=40, elevation=30)
    PlainCloud(points, np.arange(len(points)) % 1024, parent=view.scene)
    return canvas


def frame_of(canvas: scene.SceneCanvas) -> float:
    """Seconds until a redraw is on the screen."""
    ends: list[float] = []
    swapped = canvas.native.frameSwapped.connect(lambda: ends.append(time.perf_counter()))
    began = time.perf_counter()
    canvas.update()
    while not ends:
        QApplication.processEvents()
    canvas.native.frameSwapped.disconnect(swapped)
    return ends[0] - began


def test_a_drag_redraws_the_three_views(qapp, qtbot, report):
    """Of the frame's box with the most points about it; whoever follows `edited` is not counted."""
    file, calibration = object_frames()[0]
    scan = file.parents[1] / f"velodyne/{file.stem}.bin"
    points = np.fromfile(scan, "<f4").reshape(-1, 4)
    found = [box for box in boxes_in(kitti_object.read(file, calibration, NAMES)) if not box.ignore]
    views = SideViews(THEMES["dark"])
    qtbot.addWidget(views)
    views.resize(*SIDES)
    views.show()
    views.set_points(points, ground_mask(points, sensor_height_m=1.73))
    views.set_box(min(found, key=lambda box: float(np.hypot(*box.box[:2]))))
    canvas = bare_view(points)
    sheet = views.sheets[0]
    start = sheet.places(views.box.box[None, :3])[0] + (5, 5)
    press(views, start)
    drags, frames = [], []
    for step in range(40):
        frames.append(frame_of(canvas))
        began = time.perf_counter()
        move(views, np.add(start, (3 + step, step % 7)))
        views.repaint()
        drags.append(time.perf_counter() - began)
    canvas.close()
    found = statistics.median(drags[5:]) / statistics.median(frames[5:])
    report("a drag in the three views of a box", found, "1.5 x a frame of the bare view")
    with_ms = 1000 * statistics.median(drags[5:]), 1000 * statistics.median(frames[5:])
    print(f"{with_ms[0]:.1f} and {with_ms[1]:.1f} ms")
    assert found <= 1.5
