"""What a unit is, from all sides: three views with a metric grid, and the camera's picture."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.base.errors import ProjectError
from core.data.camera import Camera
from core.project.project import Project
from gui.desk.background import Turn
from gui.desk.state import State
from gui.look.theme import Theme

# The camera of a scan and its picture, or why there is none.
Shown = tuple[Camera | None, QImage | None, str]
PERSON_M = 1.75
_CAPTION_PX = 16
_ROOM = 0.6  # metres around the unit, at least; a quarter of its size else
# Title, axis across, axis upward, direction across: y is to the left of the scanner.
_VIEWS = (("Top", 0, 1, 1), ("Front", 1, 2, -1), ("Side", 0, 2, 1))


class Side(QWidget):
    """Points of a unit and around it along two axes, one metre per so many pixels in both."""

    def __init__(self, title: str, across: int, upward: int, sign: int, theme: Theme) -> None:
        super().__init__()
        self.title, self.axes, self.sign, self.theme = title, (across, upward), sign, theme
        self.unit = self.around = np.zeros((0, 3), np.float32)
        self.setMinimumSize(90, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(150, 130)

    def show_points(self, unit: np.ndarray, around: np.ndarray) -> None:
        """Show the unit's points (n, 3) among those around it (m, 3)."""
        self.unit, self.around = unit, around
        self.update()

    def scale(self) -> tuple[float, np.ndarray]:
        """Pixels per metre, and the middle of what is shown, (2,) metres."""
        part = self.unit[:, self.axes]
        low, high = part.min(axis=0), part.max(axis=0)
        room = np.maximum(_ROOM, (high - low) / 4)
        if self.axes[1] == 2:
            high[1] = max(high[1], low[1] + PERSON_M)
            room[1] = min(room[1], 0.3)
        size = np.maximum(high - low + 2 * room, 1.0)
        pixels = min(self.width() / size[0], (self.height() - 2 * _CAPTION_PX) / size[1])
        return float(pixels), (low + high) / 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if not len(self.unit):
            return
        pixels, middle = self.scale()
        self._grid(painter, pixels, middle)
        self._dots(painter, self.around, QColor(self.theme.quiet), 1.5, pixels, middle)
        self._dots(painter, self.unit, QColor(self.theme.accent), 2.5, pixels, middle)
        painter.setPen(QColor(self.theme.quiet))
        font = painter.font()
        font.setPointSizeF(max(7.5, font.pointSizeF() * 0.8))
        painter.setFont(font)
        step = _step(pixels)
        painter.drawText(5, 13, f"{self.title}, grid {step:g} m")
        if self.axes[1] == 2:
            self._person(painter, pixels, middle)

    def _place(self, points: np.ndarray, pixels: float, middle: np.ndarray) -> np.ndarray:
        away = (points[:, self.axes] - middle) * (pixels * self.sign, pixels)
        return np.column_stack([self.width() / 2 + away[:, 0], self.height() / 2 - away[:, 1]])

    def _grid(self, painter: QPainter, pixels: float, middle: np.ndarray) -> None:
        step = _step(pixels)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        half = np.array([self.width(), self.height()]) / 2 / pixels
        for axis in (0, 1):
            first, last = np.ceil((middle - half) / step)[axis], ((middle + half) / step)[axis]
            for line in np.arange(first, last) * step:
                away = (line - middle[axis]) * pixels
                if axis == 0:
                    x = self.width() / 2 + away * self.sign
                    painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
                else:
                    y = self.height() / 2 - away
                    painter.drawLine(QPointF(0, y), QPointF(self.width(), y))

    def _dots(
        self,
        painter: QPainter,
        points: np.ndarray,
        colour: QColor,
        width: float,
        pixels: float,
        middle: np.ndarray,
    ) -> None:
        painter.setPen(QPen(colour, width))
        painter.drawPoints([QPointF(x, y) for x, y in self._place(points, pixels, middle)])

    def _person(self, painter: QPainter, pixels: float, middle: np.ndarray) -> None:
        """A person standing on the unit's lowest point, to compare sizes with."""
        foot = self.height() / 2 - (float(self.unit[:, 2].min()) - middle[1]) * pixels
        tall, x = PERSON_M * pixels, max(8.0, 0.18 * PERSON_M * pixels)
        painter.setPen(QPen(QColor(self.theme.good), 1.5))
        head = tall * 0.13
        painter.drawEllipse(QPointF(x, foot - tall + head / 2), head / 2, head / 2)
        hip = foot - tall * 0.47
        painter.drawLine(QPointF(x, foot - tall + head), QPointF(x, hip))
        for side in (-1, 1):
            painter.drawLine(QPointF(x, hip), QPointF(x + side * tall * 0.09, foot))
            painter.drawLine(
                QPointF(x, foot - tall * 0.8), QPointF(x + side * tall * 0.13, foot - tall * 0.5)
            )


def _step(pixels: float) -> float:
    """Metres between grid lines: the first of 0.2, 0.5, 1, 2, 5 … with 14 pixels or more."""
    return next((s for s in (0.2, 0.5, 1.0, 2.0, 5.0, 10.0) if s * pixels >= 14), 20.0)


class Picture(QWidget):
    """The part of the camera's picture where the unit is, with its points drawn in."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.image: QImage | None = None
        self.places = np.zeros((0, 2))
        self.text = ""
        self.setMinimumHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(300, 150)

    def show_part(self, image: QImage | None, places: np.ndarray, text: str) -> None:
        """Show the picture around places (n, 2) in its pixels; a text where there is nothing."""
        self.image, self.places, self.text = image, places, text
        self.update()

    def part(self) -> QRectF:
        """The part of the picture that is shown, in its pixels."""
        assert self.image is not None
        low, high = self.places.min(axis=0), self.places.max(axis=0)
        wide = self.width() / max(self.height(), 1)
        height = max(float((high - low)[1]) * 1.8, float((high - low)[0]) * 1.8 / wide, 90.0)
        middle = (low + high) / 2
        return QRectF(middle[0] - height * wide / 2, middle[1] - height / 2, height * wide, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self.image is None or not len(self.places):
            painter.setPen(QColor(self.theme.quiet))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(10, 4, -10, -4), flags, self.text)
            return
        part = self.part()
        painter.drawImage(QRectF(self.rect()), self.image, part)
        painter.setPen(QPen(QColor(self.theme.accent), 2))
        scale = self.width() / part.width()
        painter.drawPoints(
            [QPointF((x - part.x()) * scale, (y - part.y()) * scale) for x, y in self.places]
        )


class Context(QWidget):
    """The panel; it follows the target while it is seen."""

    _read = Signal(str, object)

    def __init__(self, state: State, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self.sides = tuple(Side(*view, theme) for view in _VIEWS)
        self.picture = Picture(theme)
        self.measures = QLabel()
        self.measures.setObjectName("quiet")
        self.measures.setContentsMargins(8, 0, 8, 2)
        grid = QGridLayout()
        grid.setSpacing(2)
        top, front, side = self.sides
        grid.addWidget(top, 0, 0)
        grid.addWidget(front, 0, 1)
        grid.addWidget(side, 1, 0)
        grid.addWidget(self.picture, 1, 1)
        for place in (0, 1):
            grid.setColumnStretch(place, 1)
            grid.setRowStretch(place, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 4)
        layout.addWidget(self.measures)
        layout.addLayout(grid, 1)
        self._scan = ""
        self._asked: Future[Shown] | None = None
        self._camera: Shown = (None, None, "")
        self._read.connect(self._arrived)
        state.target_told.connect(self.refresh)

    def showEvent(self, event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the target anew."""
        content, target = self.state.content, self.state.target
        if not self.isVisible():
            return
        nothing = np.zeros((0, 3), np.float32)
        if content is None or target is None:
            for side in self.sides:
                side.show_points(nothing, nothing)
            self.measures.setText("")
            self.picture.show_part(None, np.zeros((0, 2)), "")
            return
        unit = content.points[target.rows, :3]
        low, high = unit.min(axis=0), unit.max(axis=0)
        room = np.maximum(_ROOM, (high - low) / 4)
        near = ((content.points[:, :3] >= low - room) & (content.points[:, :3] <= high + room)).all(
            axis=1
        )
        near[target.rows] = False
        around = content.points[near, :3]
        for side in self.sides:
            side.show_points(unit, around)
        size = high - low
        away = float(np.hypot(*unit[:, :2].mean(axis=0)))
        self.measures.setText(f"{size[0]:.1f} x {size[1]:.1f} x {size[2]:.1f} m, {away:.0f} m away")
        if content.scan != self._scan:
            self._scan = content.scan
            self._camera = (None, None, "Reading the picture …")
            project, scan = self.state.project, content.scan
            if self._asked is not None:
                self._asked.cancel()
            done = self.state.background.submit(lambda: read_picture(project, scan), Turn.SOON)
            self._asked = done
            done.add_done_callback(lambda future: self._read.emit(scan, future))
        self._show_picture(unit)

    def _arrived(self, scan: str, done: Future[Shown]) -> None:
        if scan == self._scan and not done.cancelled():
            self._camera = done.result()
            content, target = self.state.content, self.state.target
            if content is not None and target is not None and content.scan == scan:
                self._show_picture(content.points[target.rows, :3])

    def _show_picture(self, unit: np.ndarray) -> None:
        camera, image, text = self._camera
        if camera is None or image is None:
            self.picture.show_part(None, np.zeros((0, 2)), text)
            return
        places, ahead = camera.pixels(unit)
        inside = ahead & ((places >= 0) & (places < (image.width(), image.height()))).all(axis=1)
        self.picture.show_part(image, places[inside], "The unit is not in the picture.")

    def set_theme(self, theme: Theme) -> None:
        self.picture.theme = theme
        for side in self.sides:
            side.theme = theme
        self.update()

    def shut(self) -> None:
        """Read nothing more."""
        self._read.disconnect()


def read_picture(project: Project, scan: str) -> Shown:
    """The camera of a scan and its picture, or why there is none."""
    dataset = project.dataset
    try:
        camera = dataset.format.camera(dataset.root, scan)
        if camera is None:
            return None, None, "This scan has no camera picture."
        image = QImage(str(camera.image))
        if image.isNull():
            return None, None, f"{camera.image.name} cannot be read: bring the picture anew."
        camera.check_size(image.width(), image.height())
    except ProjectError as error:
        return None, None, f"{error.what} {error.do}"
    return camera, image, ""
