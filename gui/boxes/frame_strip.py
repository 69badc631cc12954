"""The strip of frames: which are finished, open or queued, how many boxes each has, where one is.

Ten thousand frames are shown as they are: a column of pixels stands for all frames it covers, with
the state that most needs a person, and a click goes to the first of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.look.theme import Theme

# What a frame is: not asked, finished, queued in the open query, begun (open, with boxes), or
# declined. Of the frames in a column the one that most needs a person is shown.
REST, DECLINED, FINISHED, QUEUED, OPEN = range(5)
STATES = ("not asked", "cannot be labelled", "finished", "queued", "open")
_COLOURS = ("line", "error", "good", "quiet", "warning")
_HEIGHT, _BAND_PX, _MARK_PX = 46, 6, 3
_ZOOM, _WIDEST_PX = 1.5, 24.0
Range = tuple[int, int]


class FrameStrip(QWidget):
    """The strip. The wheel comes closer to the frame under the mouse; with Shift, or sideways, it
    moves along.

    Signals
    -------
    frame_chosen(str) : the person went to a frame
    """

    frame_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.names: Sequence[str] = ()
        self.states = np.zeros(0, np.uint8)
        self.boxes = np.zeros(0, np.int64)
        self.current = -1
        self._places: dict[str, int] = {}
        self._keys: tuple[np.ndarray, np.ndarray] = (np.zeros(0, int), np.zeros(0, int))
        self._first, self._shown = 0.0, 0.0  # of the frames: what is in sight
        self._picture: QImage | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Frames")

    def sizeHint(self) -> QSize:
        return QSize(400, _HEIGHT)

    # -- what is shown ------------------------------------------------------------------------

    def set_frames(self, names: Sequence[str], states: np.ndarray, boxes: np.ndarray) -> None:
        """The frames in their order, (F,) uint8 what each is, and (F,) int its boxes."""
        if len(names) != len(self.names):
            self._first, self._shown = 0.0, float(len(names))
            self._keys = (np.zeros(0, int), np.zeros(0, int))
        if names is not self.names:
            self._places = {name: place for place, name in enumerate(names)}
            self.names = names
        self.states, self.boxes = np.asarray(states, np.uint8), np.asarray(boxes, np.int64)
        self.setAccessibleDescription(self.words())
        self._renew()

    def set_current(self, name: str) -> None:
        """The frame that is shown."""
        self.current = self._places.get(name, -1)
        if self.current >= 0 and self._shown < len(self.names):
            last = self._first + self._shown - 1
            if not self._first <= self.current <= last:
                self._move(self.current - self._shown / 2)
        self._renew()

    def set_keyframes(self, set_by_hand: Iterable[str], between: Iterable[str]) -> None:
        """The frames in which the selected track has a box that was set by hand, and those in which
        its box was interpolated."""
        self._keys = self._known(set_by_hand), self._known(between)
        self._renew()

    def _known(self, names: Iterable[str]) -> np.ndarray:
        return np.array([self._places[name] for name in names if name in self._places], int)

    def words(self) -> str:
        """How many frames there are of each state."""
        counts = np.bincount(self.states, minlength=len(STATES))
        told = [f"{n:,} {STATES[k]}" for k, n in enumerate(counts.tolist()) if n]
        return f"{len(self.names):,} frames: {', '.join(told)}"

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._renew()

    # -- places -------------------------------------------------------------------------------

    def frames_at(self, x: float) -> range:
        """The frames that the column of pixels at x shows; empty beside them."""
        if not len(self.names) or not 0 <= x < self._wide():
            return range(0)
        each = self._shown / self._wide()
        first = int(self._first + int(x) * each)
        last = max(int(np.ceil(self._first + (int(x) + 1) * each)), first + 1)
        if each < 1:  # several pixels to a frame
            first = int(self._first + x * each)
            last = first + 1
        return range(first, min(last, len(self.names)))

    def x_of(self, frame: float) -> float:
        """Pixels of where a frame begins."""
        return (frame - self._first) * self._wide() / max(self._shown, 1e-9)

    def frame_at(self, x: float) -> int | None:
        """The frame that a click at x goes to: of a column's the one that most needs a person."""
        frames = self.frames_at(x)
        if not len(frames):
            return None
        if self.current in frames and len(frames) > 1:  # a click again goes on within the column
            rest = range(self.current + 1, frames.stop)
            frames = rest if len(rest) else frames
        return frames.start + int(self.states[frames.start : frames.stop].argmax())

    def _wide(self) -> float:
        """Pixels that the frames take: no frame is wider than it need be."""
        return min(float(self.width()), self._shown * _WIDEST_PX)

    # -- the mouse ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            frame = self.frame_at(event.position().x())
            if frame is not None:
                self.frame_chosen.emit(self.names[frame])

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        along = turn.x() or (
            turn.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        )
        if along:
            self._move(self._first - along / 120 * self._shown / 10)
        elif turn.y():
            x = event.position().x()
            under = self._first + x / max(self._wide(), 1) * self._shown
            least = min(float(len(self.names)), max(self.width() / _WIDEST_PX, 1))
            shown = self._shown / _ZOOM ** (turn.y() / 120)
            self._shown = min(max(shown, least), float(len(self.names)))
            self._move(under - x / max(self._wide(), 1) * self._shown)
        event.accept()

    def _move(self, first: float) -> None:
        self._first = min(max(first, 0.0), max(len(self.names) - self._shown, 0.0))
        self._renew()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            frame = self.frame_at(event.pos().x())
            text = self.words() if frame is None else self.told_of(frame)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def told_of(self, frame: int) -> str:
        """A frame in words."""
        boxes = int(self.boxes[frame])
        count = f"{boxes:,} box{'' if boxes == 1 else 'es'}"
        return f"{self.names[frame]}, {frame + 1:,} of {len(self.names):,}\n" + (
            f"{STATES[self.states[frame]]}, {count}"
        )

    # -- drawing ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._renew()

    def _renew(self) -> None:
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.panel))
        if not len(self.names):
            painter.setPen(QColor(self.theme.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No frames")
            return
        if self._picture is None:
            self._picture = self._drawn()
        painter.drawImage(0, 0, self._picture)
        for places, colour in zip(self._keys, ("accent", "quiet"), strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(self.theme, colour)))
            each = max(self.x_of(1) - self.x_of(0), 1.0)
            size = _MARK_PX if colour == "accent" else 1
            for place in places.tolist():
                middle = self.x_of(place) + each / 2
                painter.drawEllipse(QRectF(middle - size, 4 - size, 2 * size, 2 * size))
        if self.current >= 0:
            each = max(self.x_of(1) - self.x_of(0), 2.0)
            left = self.x_of(self.current)
            painter.setPen(QColor(self.theme.text))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(left, 0.5, each, _HEIGHT - 1.5))

    def _drawn(self) -> QImage:
        """The frames, a column of pixels each or several to a column: bars of boxes over a band of
        states."""
        wide = max(round(self._wide()), 1)
        ends = self._first + np.arange(wide + 1) * self._shown / wide
        first = np.minimum(ends[:-1].astype(int), len(self.names) - 1)
        last = np.minimum(np.maximum(np.ceil(ends[1:]).astype(int), first + 1), len(self.names))
        state = _most(self.states, first, last)
        boxes = _most(self.boxes, first, last)
        colours = np.array([self.theme.rgb(name) for name in _COLOURS], np.uint8)
        high = _HEIGHT - _BAND_PX - 12
        most = max(int(self.boxes.max(initial=0)), 1)
        tall = np.ceil(boxes / most * high).astype(int)
        data = np.empty((_HEIGHT, wide, 4), np.uint8)
        data[:] = (*self.theme.rgb("panel")[::-1], 255)
        band = slice(_HEIGHT - _BAND_PX - 2, _HEIGHT - 2)
        data[band, :, :3] = colours[state][:, ::-1]
        line = np.arange(_HEIGHT)[:, None]
        bars = (line >= band.start - 1 - tall) & (line < band.start - 1)
        faint = (colours[state].astype(int) + np.array(self.theme.rgb("panel"))) // 2
        data[..., :3] = np.where(bars[..., None], faint[None, :, ::-1], data[..., :3])
        if self.x_of(1) - self.x_of(0) >= 4:  # a line between frames
            data[:, np.flatnonzero(np.diff(first)) + 1, :3] = self.theme.rgb("panel")[::-1]
        kind = QImage.Format.Format_RGB32
        return QImage(data.data, wide, _HEIGHT, 4 * wide, kind).copy(QRect(0, 0, wide, _HEIGHT))


def _most(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The largest value in each of the stretches first..last, which may overlap."""
    bounds = np.stack([first, last], axis=1).ravel()
    found: np.ndarray = np.maximum.reduceat(np.append(values, 0), bounds)[::2]
    return found
