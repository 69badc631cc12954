"""The card over the view: the frame, the chosen box, and what to do next, in words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from core.boxes.geometry import points_in_boxes
from gui.boxes.frame import Frame, Kind
from gui.boxes.making import Making
from gui.boxes.scan_points import ScanPoints
from gui.desk.state import State
from gui.look.words import breakable

_ORIGIN = {
    Kind.UNSURE: "copied, not confirmed",
    Kind.FOUND: "found by a detector",
    Kind.REJECTED: "rejected: nothing is there",
    Kind.LABELLED: "by the labels of its points",
    Kind.GHOST: "was this missed?",
}
_MARGIN, _WIDEST = 10, 460


class BoxCard(QFrame):
    """What is shown and chosen; it lies over the view and takes no click."""

    def __init__(
        self,
        state: State,
        frame: Frame,
        making: Making,
        points: Callable[[], ScanPoints | None],
    ) -> None:
        super().__init__()
        self.state, self.frame, self.making, self.points = state, frame, making, points
        self.before: Callable[[], str | None] = lambda: None  # a frame to copy boxes from
        self.key_of: Callable[[str], str] = lambda id: ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("The frame and its chosen box")
        self.title, self.chosen, self.hint = QLabel(), QLabel(), QLabel()
        self.title.setObjectName("heading")
        self.hint.setObjectName("quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        for label in (self.title, self.chosen, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            layout.addWidget(label)

    def refresh(self) -> None:
        """Write anew what is shown."""
        frame, state = self.frame, self.state
        coming = state.coming
        name = (coming or frame.scan).rpartition("/")[2]
        if coming is not None:
            self.title.setText(f"Reading frame {name} …")
            self._set(self.chosen, "")
            self._set(self.hint, "")
            return
        count = sum(not row.box.ignore for row in frame.standing)
        waiting = len(frame.open)
        boxes = "no box yet" if not count else "1 box" if count == 1 else f"{count:,} boxes"
        parts = [f"Frame {name}", boxes]
        if waiting:
            parts.append(f"{waiting:,} open")
        if frame.blind:
            parts.append("blind")
        elif frame.finished:
            parts.append("✓ finished")
        self.title.setText(" · ".join(parts))
        self._set(self.chosen, self._told())
        self._set(self.hint, self._hint())

    @staticmethod
    def _set(label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _told(self) -> str:
        """The chosen box, in words."""
        row, scan = self.frame.row, self.points()
        if row is None or scan is None:
            return ""
        box = self.frame.live or row.box
        length, width, height = box.box[3:6]
        inside = int((points_in_boxes(scan.points, box.box[None]) == 0).sum())
        parts = [
            self.state.class_name(box.label).capitalize(),
            f"{length:.2f} × {width:.2f} × {height:.2f} m",
            "1 point" if inside == 1 else f"{inside:,} points",
        ]
        if box.track:
            parts.append(f"track {breakable(box.track)}")
        if row.score == row.score:
            parts.append(f"score {row.score:.2f}")
        if box.ignore:
            parts.append("ignored region")
        if self.frame.is_interpolated(row):
            parts.append("interpolated, not confirmed")
        elif row.kind in _ORIGIN:
            parts.append(_ORIGIN[row.kind])
        return " · ".join(parts)

    def _hint(self) -> str:
        """What to do next."""
        key, frame, making = self.key_of, self.frame, self.making
        if frame.why is not None:
            return f"{frame.why.what} {frame.why.do}"
        row = frame.row
        if row is not None and row.kind is Kind.GHOST:
            return (
                f"{key('box accept')} makes it a box, {key('box delete')} does not; "
                f"{key('box finish')}: next frame."
            )
        if making.armed:
            what = "" if making.label is None else f" {self.state.class_name(making.label)}"
            missed = f"{making.missed} " if making.missed else ""
            return f"{missed}Click a{what or ' thing'} to box it. Esc ends."
        if row is None:
            if not frame.rows and self.before() is not None:
                return (
                    f"{key('box copy before')} copies the boxes of the frame before; "
                    f"{key('box new')}, then a click on a thing, makes a new one."
                )
            made = f"{key('box new')}, then click a thing, makes its box"
            return f"{made}; {key('box next')} chooses the next one." if frame.rows else f"{made}."
        if row.kind is Kind.REJECTED:
            return f"{key('box accept')} takes it in after all."
        if row.kind.open:
            return f"{key('box accept')} accepts it, {key('box delete')} takes it away."
        if making.guessing:
            return f"{key('box next')}: the next guess. A class key changes its class."
        return f"{key('box flip')} turns its front about. {key('box copy')} copies it on."

    def place(self, width: int) -> None:
        """Stand at the top left of a view of so many pixels."""
        wide = min(_WIDEST, width - 2 * _MARGIN)
        for label in (self.title, self.chosen, self.hint):
            label.setFixedWidth(max(wide - 24, 60))
        self.adjustSize()
        self.move(_MARGIN, _MARGIN)
