"""The 3D view of a scan as a Qt widget: show, colour, light, fly."""

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

from gui.look.relief import CLUSTER, Tone
from gui.view.camera import Camera
from gui.view.cloud import By, Cloud, Layer
from gui.view.contrast import least
from gui.view.opengl import free
from gui.view.picking import Picker
from gui.view.pose import Pose, turned

FLIGHT_MS = 220
CLOSER = 0.55  # of what a pose shows
NORMAL_PX = 2.5
OUTLINE_PX, THIN_PX = 4.0, 2.0  # that a line makes a point larger
_CLICK_S = 0.5
_REST_MS = 150
FAR_M = 1e9

_SHARED = ("u_light", "u_tone", "u_focal", "u_perspective", "u_near", "u_fog")

# Pairs of ends (n, 3), and red, green, blue, alpha 0..1 of their line.
Lines = tuple[np.ndarray, tuple[float, float, float, float]]


class CloudView(QWidget):
    """Points of one scan, coloured by unit or by value.

    Signals
    -------
    clicked(row, x, y) : a click without a drag; row -1 where nothing is within 6 pixels
    held(row, x, y) : the same, but the button was down for long
    moved() : the camera or the size changed
    """

    clicked = Signal(int, float, float)
    held = Signal(int, float, float)
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
        self.outline = Cloud(parent=self.box.scene)  # the asked points again, a little larger
        self.outline.set_uniform("u_front", 0.5)
        self.outline.set_uniform("u_shift", 0.45)
        self.outline.set_uniform("u_values", float(By.MEASURE))
        self.outline.visible = False
        self.around: list[Any] = []  # neighbouring scans, the finest level first
        # Those of before are filled anew: OpenGL's memory of a node goes only with the garbage.
        self._levels: list[Any] = []
        self.over: list[Any] = []  # what others draw over the points
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_REST_MS)
        self._settling.timeout.connect(lambda: self._show_level(0))
        # On the ground among the points, and over all of them.
        self.grid, self.marks = (self._lines(over=over) for over in (False, True))
        self.picker = Picker(self.canvas, self.cloud, self.camera, self._alone)
        self._pressed = (0.0, 0.0, 0.0)
        self._travelled = 0.0  # pixels from there at most, while the button is down
        self._flight: QVariantAnimation | None = None
        self.drawn = False
        self.instant = False
        self._point_px = NORMAL_PX
        self._asked_m: float | None = None  # across what is asked
        self._clip: dict[str, tuple[float, ...]] = {}
        self.canvas.events.draw.connect(self._on_draw, position="last")
        self.canvas.events.mouse_press.connect(self._on_press)
        self.canvas.events.mouse_double_click.connect(self._on_press)  # comes in its place
        self.canvas.events.mouse_move.connect(self._on_move)
        self.canvas.events.mouse_release.connect(self._on_release)
        self.canvas.events.mouse_wheel.connect(self._stop_flight)
        self.canvas.events.resize.connect(self._on_moved)
        self.box.scene.transform.changed.connect(self._on_moved)

    def _lines(self, *, over: bool) -> Any:
        made = scene.visuals.Line(
            pos=np.zeros((2, 3), np.float32),
            connect="segments",
            method="gl",
            width=1.5,
            parent=self.box.scene,
        )
        made.set_gl_state("translucent", depth_test=not over)
        made.order = 2 if over else 1
        made.visible = False
        return made

    @property
    def _clouds(self) -> tuple[Any, ...]:
        return (self.cloud, self.outline, *self.around)

    # -- what is shown ------------------------------------------------------------------------

    def show_scan(self, layer: Layer) -> None:
        """Show a scan's points."""
        self.picker.forget()
        self.outline.visible = False
        self.cloud.set_points(layer)

    def set_slots(self, slots: np.ndarray) -> None:
        """Move the rows to slots (N,) of the unit table; the points stay."""
        self.picker.forget()
        self.cloud.set_slots(slots)

    def set_form(self, look: np.ndarray, normal: np.ndarray) -> None:
        """Light the rows by other directions (N, 3) and look (N, 3) (gui.view.cloud.Layer)."""
        self.picker.forget()
        self.cloud.set_form(look, normal)

    def set_levels(self, level: np.ndarray) -> None:
        """Give the rows other places (N,) along the table of heights."""
        self.cloud.set_levels(level)

    def set_units(self, rgb: np.ndarray, brightness: np.ndarray, *, front: int = 256) -> None:
        """Colour the units: rgb (M, 3) uint8, black for height and light; brightness (M,) uint8 (0
        hides, 255 is full). Those of brightness `front` and more are asked: drawn before all
        others, so that nothing hides them."""
        self.picker.forget()
        self.cloud.set_units(rgb, brightness)
        self.cloud.set_uniform("u_front", (front - 0.5) / 255)

    def set_values(
        self, values: np.ndarray | None, table: np.ndarray | None = None, by: By = By.MEASURE
    ) -> None:
        """Colour points by values (N,) 0..255 through table (256, 3); None: by unit again."""
        if values is not None and table is not None:
            self.cloud.set_values(values, table)
        self.cloud.set_uniform("u_values", float(By.SLOT if values is None else by))

    def set_look(self, background: tuple[int, int, int], relief: np.ndarray) -> None:
        """Colour of the canvas, and the table of colours by tone and height (gui.look.relief)."""
        red, green, blue = (value / 255 for value in background)
        self.canvas.bgcolor = (red, green, blue, 1.0)
        around, asked, dark = least((red, green, blue))
        self._canvas_look = {
            "u_background": (red, green, blue),
            "u_least": (around, asked),
            "u_dark": float(dark),
        }
        self._relief = relief
        for cloud in self._clouds:
            self._dress(cloud)

    def _dress(self, cloud: Any) -> None:
        cloud.set_relief(self._relief)
        for name, value in self._canvas_look.items():
            cloud.set_uniform(name, value)

    def set_light(self, direction: np.ndarray, tone: Tone = CLUSTER) -> None:
        """Light the points from a direction (3,); how much of their lightness it is."""
        parts = (tone.base, tone.reflection, tone.light, tone.ground)
        for cloud in self._clouds:
            cloud.set_uniform("u_light", tuple(float(part) for part in direction))
            cloud.set_uniform("u_tone", parts)

    def set_clip(
        self, near: float, far: float, box: tuple[np.ndarray, np.ndarray] | None = None
    ) -> None:
        """Show only what is so many metres from the scanner, and in a box (3,), (3,); what is asked
        is always shown."""
        self.picker.forget()
        low, high = ((-FAR_M,) * 3, (FAR_M,) * 3) if box is None else (map(float, b) for b in box)
        self._clip = {"u_range": (near, far), "u_low": tuple(low), "u_high": tuple(high)}
        for cloud in (self.cloud, *self.around):
            for name, value in self._clip.items():
                cloud.set_uniform(name, value)

    def set_point_size(self, pixels: float) -> None:
        """Size of points: at NORMAL_PX they close the gaps between them."""
        self._point_px = pixels
        self._on_moved()

    def show_outline(
        self,
        points: np.ndarray | None,
        across: np.ndarray,
        colour: tuple[int, int, int],
        pixels: float = OUTLINE_PX,
    ) -> None:
        """Draw a line around points (n, 3) that are `across` (n,) metres large; None: no line."""
        self.outline.visible = points is not None
        if points is None:
            return
        count = len(points)
        nothing = np.zeros(count, np.float32)
        look = np.column_stack([nothing, nothing, across])
        self.outline.set_uniform("u_grow", pixels)
        self.outline.set_points(Layer(points, nothing, look, nothing))
        self.outline.set_units(np.zeros((1, 3), np.uint8), np.array([255], np.uint8))
        self.outline.set_values(nothing, np.tile(np.array(colour, np.uint8), (256, 1)))

    def show_marks(self, grid: Lines | None, *marks: Lines) -> None:
        """Draw lines on the ground, and others over all that is shown."""
        self.grid.visible = grid is not None
        if grid is not None:
            self.grid.set_data(pos=grid[0], color=grid[1])
        self.marks.visible = bool(marks)
        if marks:
            colours = [np.tile(np.array(colour, np.float32), (len(p), 1)) for p, colour in marks]
            self.marks.set_data(pos=np.vstack([p for p, _ in marks]), color=np.vstack(colours))

    def show_around(
        self, levels: Sequence[Layer], table: np.ndarray, brightness: np.ndarray
    ) -> None:
        """Show neighbouring scans, the finest level first, the coarsest while the camera moves;
        their slots are classes with colours table (256, 3) and brightness (256,). [] shows none."""
        self.picker.forget()
        for cloud in self.around:
            cloud.visible = False
        while len(self._levels) < len(levels):
            self._levels.append(Cloud(parent=self.box.scene))
        self.around = self._levels[: len(levels)]
        for cloud, layer in zip(self.around, levels, strict=True):
            cloud.set_points(layer)
            cloud.set_units(table, brightness)
            self._dress(cloud)
            for name in _SHARED:
                cloud.set_uniform(name, self.cloud.shared_program[name])
            for name, value in self._clip.items():
                cloud.set_uniform(name, value)
        self._show_level(0)

    def _show_level(self, wanted: int) -> None:
        for level, cloud in enumerate(self.around):
            cloud.visible = level == wanted
        self.canvas.update()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hide everything but the scan's own points."""
        others = [self.grid, self.marks, self.outline, *self.around, *self.over]
        shown = [visual.visible for visual in others]
        for visual in others:
            visual.visible = False
        try:
            yield
        finally:
            for visual, visible in zip(others, shown, strict=True):
                visual.visible = visible

    # -- the camera ---------------------------------------------------------------------------

    def set_asked(self, metres: float | None) -> None:
        """What is asked is so many metres across, at the camera's centre: what stands farther
        fades, what stands right before the eye is left out. None: nothing is asked."""
        self._asked_m = metres
        self._on_moved()

    def fly_to(self, pose: Pose, *, closer: bool = False) -> None:
        """Take a pose; seen from above the camera keeps looking down. `closer`: with less around
        it, where it has the pose already."""
        centre, size, camera = pose.centre, pose.metres, self.camera
        there = np.allclose([*camera.center, camera.scale_factor], [*centre, size])
        if closer and there and self._faces(pose):
            size *= CLOSER
        up = camera.elevation if self.top_down else pose.elevation
        self._stop_flight()
        if self.instant or not self.isVisible():
            camera.place(centre, size, pose.azimuth, up)
            return
        start, start_size = np.array(camera.center, float), float(camera.scale_factor)
        azimuth, elevation = float(camera.azimuth), float(camera.elevation)
        flight = QVariantAnimation(self)
        flight.setDuration(FLIGHT_MS)
        flight.setStartValue(0.0)
        flight.setEndValue(1.0)
        flight.setEasingCurve(QEasingCurve.Type.InOutCubic)

        def step(part: float) -> None:
            log_size = np.log(start_size) * (1 - part) + np.log(size) * part
            camera.place(
                start * (1 - part) + centre * part,
                float(np.exp(log_size)),
                turned(azimuth, pose.azimuth, part),
                elevation * (1 - part) + up * part,
            )

        flight.valueChanged.connect(step)
        self._flight = flight
        flight.start(QAbstractAnimation.DeletionPolicy.KeepWhenStopped)

    def _faces(self, pose: Pose) -> bool:
        """Whether the camera has the directions of a pose."""
        up = self.top_down or np.isclose(self.camera.elevation, pose.elevation)
        return bool(
            up and abs(turned(self.camera.azimuth, pose.azimuth, 1) - self.camera.azimuth) < 1
        )

    def overview(self, size: float = 60.0) -> None:
        """See the middle of the scan, `size` metres of it, from above at a slant."""
        self._stop_flight()
        self.camera.place(np.zeros(3), size, -35.0, 90.0 if self.top_down else 35.0)

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
        camera = self.camera
        scale = float(self.canvas.pixel_scale) * self._point_px / NORMAL_PX
        eye, asked = camera.reference, self._asked_m
        fog, near = (FAR_M, FAR_M), 0.0
        if asked is not None and eye:
            fog = (eye + asked / 2, max(12.0, 1.5 * float(camera.scale_factor)))
            near = 0.35 * eye
        for cloud in self._clouds:
            cloud.set_uniform("u_focal", camera.focal * scale)
            cloud.set_uniform("u_perspective", float(eye > 0))
            cloud.set_uniform("u_fog", fog)
            cloud.set_uniform("u_near", near)
        if self.around:
            self._show_level(len(self.around) - 1)
            self._settling.start()
        self.moved.emit()

    def _on_press(self, event: Any) -> None:
        self._stop_flight()
        x, y = event.pos[:2]
        self._pressed = (float(x), float(y), time.monotonic())
        self._travelled = 0.0

    def _on_move(self, event: Any) -> None:
        px, py, _ = self._pressed
        x, y = event.pos[:2]
        self._travelled = max(self._travelled, abs(x - px), abs(y - py))

    def _on_release(self, event: Any) -> None:
        self._on_move(event)
        x, y = (float(value) for value in event.pos[:2])
        when = self._pressed[2]
        if event.button == 1 and self._travelled < self.camera.threshold_px:
            told = self.clicked if time.monotonic() - when < _CLICK_S else self.held
            told.emit(self.picker.pick(x, y), x, y)

    def shut(self) -> None:
        """Stop flights and free OpenGL; call before the window closes."""
        self._stop_flight()
        self._settling.stop()
        if self.drawn:  # before, nothing is there
            free(self.canvas)
        self.canvas.close()
