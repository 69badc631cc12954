"""The 3D view of a scan as a Qt widget: show, colour, fly."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QTimer, QVariantAnimation, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from vispy import app as vispy_app
from vispy import scene

from core.data.classes import UNLABELLED
from gui.view.camera import Camera
from gui.view.cloud import Cloud
from gui.view.picking import Picker

FLIGHT_MS = 220
ROOM, CLOSE = 2.2, 1.2  # what is in view, in diagonals of what is framed
SMALLEST_VIEW_M = 8.0
_CLICK_S = 0.5
_REST_MS = 150
AROUND, AROUND_UNLABELLED = 120, 60  # brightness of neighbouring scans


class CloudView(QWidget):
    """Points of one scan, coloured by unit or by value.

    Signals
    -------
    clicked(row, x, y) : a click without a drag; row -1 where nothing is within 6 pixels
    moved() : the camera or the size changed
    """

    clicked = Signal(int, float, float)
    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        vispy_app.use_app("pyside6")
        self.canvas = scene.SceneCanvas(keys=None, show=False, create_native=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas.native)
        self.box = self.canvas.central_widget.add_view()
        self.camera = Camera(float(QApplication.startDragDistance()))
        self.box.camera = self.camera
        self.cloud = Cloud(parent=self.box.scene)
        self.around: list[Any] = []  # neighbouring scans, the finest level first
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_REST_MS)
        self._settling.timeout.connect(lambda: self._show_level(0))
        self.halo = scene.visuals.Line(
            pos=np.zeros((2, 3), np.float32),
            connect="segments",
            method="gl",
            width=1.5,
            parent=self.box.scene,
        )
        self.halo.visible = False
        self.picker = Picker(self.canvas, self.cloud, self.camera, self._alone)
        self._pressed = (0.0, 0.0, 0.0)
        self._flight: QVariantAnimation | None = None
        self.drawn = False
        self.instant = False
        self._point_px = 3.0
        self.canvas.events.draw.connect(self._on_draw, position="last")
        self.canvas.events.mouse_press.connect(self._on_press)
        self.canvas.events.mouse_release.connect(self._on_release)
        self.canvas.events.mouse_wheel.connect(self._stop_flight)
        self.canvas.events.resize.connect(self._on_moved)
        self.box.scene.transform.changed.connect(self._on_moved)

    # -- what is shown ------------------------------------------------------------------------

    def show_scan(self, points: np.ndarray, slots: np.ndarray) -> None:
        """Show points (N, 4) float32; slots (N,) are places in the unit table."""
        self.picker.forget()
        self.cloud.set_points(points, slots)

    def set_slots(self, slots: np.ndarray) -> None:
        """Move the rows to slots (N,) of the unit table; the points stay."""
        self.cloud.set_slots(slots)

    def set_units(self, rgb: np.ndarray, brightness: np.ndarray, *, front: int = 256) -> None:
        """Colour the units: rgb (M, 3) uint8, brightness (M,) uint8 (0 hides, 255 is full). Those
        of brightness `front` and more are drawn before all others, so that nothing hides them."""
        self.picker.forget()
        self.cloud.set_units(rgb, brightness)
        self.cloud.set_uniform("u_front", (front - 0.5) / 255)

    def set_values(self, values: np.ndarray | None, table: np.ndarray | None = None) -> None:
        """Colour points by values (N,) 0..255 through table (256, 3); None: by unit again."""
        if values is not None and table is not None:
            self.cloud.set_values(values, table)
        self.cloud.set_uniform("u_values", float(values is not None))

    def set_background(self, rgb: tuple[int, int, int]) -> None:
        """Colour of the canvas, and what dim points fade into."""
        parts = tuple(value / 255 for value in rgb)
        self.canvas.bgcolor = (*parts, 1.0)
        for cloud in (self.cloud, *self.around):
            cloud.set_uniform("u_background", parts)

    def set_point_size(self, pixels: float) -> None:
        """Size of a point at the centre of the view, in logical pixels."""
        self._point_px = pixels
        self._on_moved()

    def set_round(self, on: bool) -> None:
        """Round points, or squares, which software draws faster."""
        self.cloud.set_uniform("u_round", float(on))

    def set_spot(self, factor: float) -> None:
        """Draw units of full brightness larger by a factor."""
        self.picker.forget()
        self.cloud.set_uniform("u_spot", factor)

    def show_around(
        self, levels: Sequence[tuple[np.ndarray, np.ndarray]], table: np.ndarray
    ) -> None:
        """Show neighbouring scans: per level, the finest first, points (n, 3) and classes (n,) with
        colours table (256, 3). The coarsest is drawn while the camera moves. [] shows none."""
        for cloud in self.around:
            cloud.parent = None
        self.around = []
        self.picker.forget()
        for points, classes in levels:
            cloud = Cloud(parent=self.box.scene)
            cloud.set_points(points, classes.astype(np.int64))
            bright = np.full(256, AROUND, np.uint8)
            bright[UNLABELLED] = AROUND_UNLABELLED
            cloud.set_units(table, bright)
            for name in ("u_round", "u_background", "u_size", "u_reference"):
                cloud.set_uniform(name, self.cloud.shared_program[name])
            self.around.append(cloud)
        self._show_level(0)

    def _show_level(self, wanted: int) -> None:
        for level, cloud in enumerate(self.around):
            cloud.visible = level == wanted
        self.canvas.update()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hide everything but the scan's own points."""
        others = [self.halo, *self.around]
        shown = [visual.visible for visual in others]
        for visual in others:
            visual.visible = False
        try:
            yield
        finally:
            for visual, visible in zip(others, shown, strict=True):
                visual.visible = visible

    def set_halo(
        self, low: np.ndarray | None, high: np.ndarray | None, colour: tuple[int, int, int]
    ) -> None:
        """Draw the edges of a box around the asked unit; None hides it."""
        self.halo.visible = low is not None
        if low is not None and high is not None:
            edges = box_edges(low - 0.1, high + 0.1)
            self.halo.set_data(pos=edges, color=(*(c / 255 for c in colour), 0.85))

    # -- the camera ---------------------------------------------------------------------------

    def fly_to(self, low: np.ndarray, high: np.ndarray, *, closer: bool = False) -> None:
        """Frame a box (3,), (3,) with room around it; azimuth and elevation stay. `closer`: with
        less room, where it is framed already."""
        centre = (np.asarray(low, float) + high) / 2
        diagonal = float(np.linalg.norm(np.subtract(high, low)))
        size = max(SMALLEST_VIEW_M, ROOM * diagonal)
        if closer and np.allclose([*self.camera.center, self.camera.scale_factor], [*centre, size]):
            size = max(SMALLEST_VIEW_M / 4, CLOSE * diagonal)
        self._stop_flight()
        start, start_size = np.array(self.camera.center, float), float(self.camera.scale_factor)
        if self.instant or not self.isVisible():
            self._place(centre, size)
            return
        flight = QVariantAnimation(self)
        flight.setDuration(FLIGHT_MS)
        flight.setStartValue(0.0)
        flight.setEndValue(1.0)
        flight.setEasingCurve(QEasingCurve.Type.InOutCubic)

        def step(part: float) -> None:
            log_size = np.log(start_size) * (1 - part) + np.log(size) * part
            self._place(start * (1 - part) + centre * part, float(np.exp(log_size)))

        flight.valueChanged.connect(step)
        self._flight = flight
        flight.start(QAbstractAnimation.DeletionPolicy.KeepWhenStopped)

    def overview(self) -> None:
        """See the middle of the scan from above at a slant."""
        self._stop_flight()
        self._place(np.zeros(3), 60.0)

    def set_top_down(self, on: bool) -> None:
        """Look straight down without perspective, or turn freely."""
        self._stop_flight()
        self.camera.top_down = on
        self._on_moved()

    @property
    def top_down(self) -> bool:
        return self.camera.top_down

    @property
    def flying(self) -> bool:
        running = QAbstractAnimation.State.Running
        return self._flight is not None and self._flight.state() == running

    def _place(self, centre: np.ndarray, size: float) -> None:
        self.camera.place(centre, size)

    def _stop_flight(self, *_: object) -> None:
        if self._flight is not None:
            self._flight.stop()
            self._flight.deleteLater()
            self._flight = None

    # -- events -------------------------------------------------------------------------------

    def _on_draw(self, _: object) -> None:
        self.drawn = True

    def _on_moved(self, *_: object) -> None:
        self.picker.forget()
        # Points grow as one comes closer, but less than the distances between them.
        zoom = min(2.0, max(0.7, (60.0 / float(self.camera.scale_factor)) ** 0.3))
        pixels = self._point_px * zoom * float(self.canvas.pixel_scale)
        for cloud in (self.cloud, *self.around):
            cloud.set_uniform("u_size", pixels)
            cloud.set_uniform("u_reference", self.camera.reference)
        if self.around:
            self._show_level(len(self.around) - 1)
            self._settling.start()
        self.moved.emit()

    def _on_press(self, event: Any) -> None:
        self._stop_flight()
        x, y = event.pos[:2]
        self._pressed = (float(x), float(y), time.monotonic())

    def _on_release(self, event: Any) -> None:
        x, y = (float(value) for value in event.pos[:2])
        px, py, when = self._pressed
        still = max(abs(x - px), abs(y - py)) < self.camera.threshold_px
        if event.button == 1 and still and time.monotonic() - when < _CLICK_S:
            self.clicked.emit(self.picker.pick(x, y), x, y)

    def shut(self) -> None:
        """Stop flights and free OpenGL; call before the window closes."""
        self._stop_flight()
        self._settling.stop()
        self.canvas.close()


def box_edges(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(24, 3) float32: the twelve edges of a box as pairs of ends."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    pairs = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
    places = np.asarray(low, float) + corners * (np.asarray(high, float) - np.asarray(low, float))
    return places[np.array(pairs).ravel()].astype(np.float32)
