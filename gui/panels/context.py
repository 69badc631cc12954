"""What a unit is, in one column: the camera's picture, three views to scale, a map, its sizes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QRect, QSize, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from gui.desk.background import Background
from gui.desk.pictures import ENOUGH, Elsewhere, Pictures, inside
from gui.desk.state import State
from gui.look.theme import Theme
from gui.panels.drawn import Drawn
from gui.panels.gauge import Gauge
from gui.panels.panorama import Panorama
from gui.panels.picture import PicturePart
from gui.panels.place import Place
from gui.panels.side import ABOVE, RIGHT, SCANNER, Side
from gui.panels.subject import Subject

# Which points are shown: scan, unit, the first row and how many.
_Key = tuple[str, str, int, int]
_GAP = 3
BARE = " · where its points are in it, calib.txt does not say"
_CLUSTER = (1.5, 1.1, 0.9)  # shares of the height, from above down
_GROUND = (1.25, 1.3, 1.05)


def arrangement(box: QRect, *, is_ground: bool) -> dict[str, QRect]:
    """Where each part lies in a box; the reflection of a cluster has no place."""
    picture, upper, lower = _split(box, _GROUND if is_ground else _CLUSTER, down=True)
    left, right = _split(upper, (1, 1), down=False)
    if is_ground:
        views, ground_map = _split(lower, (1.6, 1), down=False)
        scanner, side = _split(views, (1, 1), down=True)
        return {
            "picture": picture, "above": left, "reflection": right,
            "scanner": scanner, "right": side, "map": ground_map,
        }  # fmt: skip
    above, around = _split(lower, (1, 1), down=False)
    return {"picture": picture, "scanner": left, "right": right, "above": above, "map": around}


def _split(box: QRect, shares: tuple[float, ...], *, down: bool) -> list[QRect]:
    """Parts of a box below one another or side by side, with gaps, by their shares."""
    whole = (box.height() if down else box.width()) - _GAP * (len(shares) - 1)
    ends = [round(whole * sum(shares[:n]) / sum(shares)) for n in range(len(shares) + 1)]
    parts = []
    for n in range(len(shares)):
        start, size = ends[n] + n * _GAP, ends[n + 1] - ends[n]
        if down:
            parts.append(QRect(box.left(), box.top() + start, box.width(), size))
        else:
            parts.append(QRect(box.left() + start, box.top(), size, box.height()))
    return parts


def whose(steps: int) -> str:
    """Whose picture it is, by how many scans later than the shown one."""
    if not steps:
        return "Camera"
    side = "before" if steps < 0 else "after"
    return f"Camera · from the scan {f'{abs(steps)} ' if abs(steps) > 1 else ''}{side}"


class Context(QWidget):
    """The panel; it follows the target while it is seen. Large, the picture lies over `host`.

    Signals
    -------
    turned() : the picture is large now, or no longer
    """

    turned = Signal()

    def __init__(self, state: State, theme: Theme, host: QWidget) -> None:
        super().__init__()
        self.state, self.host = state, host
        self.subject: Subject | None = None
        self.pictures = Pictures(state.project.dataset, self)
        self.picture, self.large = PicturePart(theme), PicturePart(theme)
        self.background = Background(1, "column")  # draws points
        aspects = (SCANNER, RIGHT, ABOVE)
        self.scanner, self.right, self.above = (Side(a, theme, self.background) for a in aspects)
        self.reflection = Side(ABOVE, theme, self.background, plain=True)
        self.panorama = Panorama(theme, self.background)
        self.map = Place(state.project.dataset.ahead, theme, self.background)
        self.sides = (self.scanner, self.right, self.above, self.reflection)
        self.drawn: tuple[Drawn, ...] = (*self.sides, self.map, self.panorama)
        self.measures = QLabel(self)
        self.measures.setWordWrap(True)
        self.gauge = Gauge(theme)
        for part in (self.picture, self.gauge, *self.drawn):
            part.setParent(self)
        self.large.setParent(host)
        self.large.setToolTip("Esc or a double click: the view again.")
        self.large.hide()
        self.picture.hide()
        host.installEventFilter(self)
        self._key: _Key | None = None
        self._looks = False  # whether a picture may still come
        self._enlarges = False  # whether it is to be large then
        self._late = False  # whether nothing is shown since the form is on its way
        self.picture.large.connect(self.toggle_large)
        self.large.large.connect(self.toggle_large)
        self.pictures.read.connect(self._read)
        self.pictures.found.connect(self._found)
        state.loader.loaded.connect(self._prefetch)
        state.scan_shown.connect(self._prefetch_shown)
        state.target_changed.connect(self._put_away_another)
        state.target_told.connect(self.refresh)
        state.form_shown.connect(self.refresh)

    def sizeHint(self) -> QSize:
        return QSize(420, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 240)

    def showEvent(self, event: object) -> None:
        self._prefetch_shown()
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    # -- what is shown ------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the target anew."""
        if self.isVisible() or self._late:
            self._follow()

    def _follow(self) -> None:
        subject, key = self._target()
        same = (
            subject is not None
            and self.subject is not None
            and key == self._key
            and subject.content is self.subject.content
        )
        if same:
            return
        self._enlarges = self._enlarges and self._late
        self.subject, self._key, self._late = subject, key, self._is_late()
        self.gauge.show_unit(subject)
        for part in self.drawn:
            part.show_unit(subject)
        self.measures.setText(subject.words() if subject is not None else "")
        self._arrange()
        self._show_picture()

    def _target(self) -> tuple[Subject | None, _Key | None]:
        content, target = self.state.content, self.state.target
        if content is None or target is None or self._is_late():
            return None, None
        rows = target.rows[np.isfinite(content.points[target.rows, :3]).all(axis=1)]
        if not len(rows):
            return None, None
        key = (content.scan, target.unit, int(rows[0]), len(rows))
        return Subject(content, rows, target.flat), key

    def _is_late(self) -> bool:
        """Whether the shown scan's form, which the column is drawn by, is still on its way."""
        return self.state.content is not None and not self.state.content.form.whole

    def _arrange(self) -> None:
        margin = 5
        box = self.rect().adjusted(margin, 2, -margin, -margin)
        tall = self.measures.heightForWidth(box.width())
        self.measures.setGeometry(box.left(), box.top(), box.width(), tall)
        line = self.gauge.sizeHint().height()
        self.gauge.setGeometry(box.left(), box.top() + tall, box.width(), line)
        box.setTop(box.top() + tall + line + _GAP)
        is_ground = self.subject is not None and self.subject.is_ground
        placed = arrangement(box, is_ground=is_ground)
        parts: dict[str, QWidget] = {
            "scanner": self.scanner,
            "right": self.right,
            "above": self.above,
            "reflection": self.reflection,
            "map": self.map,
        }
        self.picture.setGeometry(placed["picture"])
        self.panorama.setGeometry(placed["picture"])
        for name, part in parts.items():
            part.setVisible(name in placed)
            if name in placed:
                part.setGeometry(placed[name])
        if self.subject is not None:
            both = min(self.scanner.fits(), self.right.fits())
            self.scanner.pixels = self.right.pixels = both
            self.above.pixels = self.reflection.pixels = self.above.fits()

    def set_theme(self, theme: Theme) -> None:
        self.gauge.set_theme(theme)
        for part in self.drawn:
            part.set_theme(theme)
        for picture in (self.picture, self.large):
            picture.set_theme(theme)

    @property
    def finished(self) -> bool:
        """Whether all that is seen is drawn."""
        return all(part.finished for part in self.drawn if part.isVisible())

    # -- the picture --------------------------------------------------------------------------

    def _prefetch(self, scan: str) -> None:
        if self.isVisible():
            self.pictures.ask(scan)

    def _prefetch_shown(self) -> None:
        content = self.state.content
        if content is not None:
            self.pictures.again(content.scan)
            self._prefetch(content.scan)

    def _show_picture(self) -> None:
        """Show the unit in its scan's picture, else seek it in the neighbours'."""
        subject = self.subject
        if subject is None:
            self._without("")
            return
        scan = subject.content.scan
        picture = self.pictures.get(scan)
        self._looks = picture is None
        if picture is None:
            self._without("reading the picture …")
            return
        if picture.image is not None and picture.camera is not None:
            if picture.camera.projection is None:
                self._looks = False
                self._with(picture.image, np.zeros((0, 2)), 0, BARE)
                return
        unit = subject.content.points[subject.rows]
        share, places = 0.0, np.zeros((0, 2))
        if picture.image is not None and picture.camera is not None:
            places, share = inside(picture.camera, unit, picture.image.size())
        self._looks = share < ENOUGH and not picture.text
        if self._looks:
            self.pictures.seek(self._key, scan, unit, share)
        if share and picture.image is not None:
            self._with(picture.image, places, 0)
        else:
            self._without(picture.text or "the unit is in no picture")

    def _read(self, scan: str) -> None:
        if self.subject is not None and self.subject.content.scan == scan:
            self._show_picture()

    def _found(self, key: object, found: Elsewhere | None, text: str) -> None:
        if key != self._key:
            return
        self._looks = False
        if found is not None:
            self._with(found.image, found.places, found.steps)
        elif self.picture.image is None:
            self._without(text or self.panorama.why)

    def _with(self, image: QImage, places: np.ndarray, steps: int, more: str = "") -> None:
        for part in (self.picture, self.large):
            part.show_part(image, places, whose(steps) + more)
        self.panorama.hide()
        self.picture.show()
        if self._enlarges:
            self._enlarge()

    def _without(self, why: str) -> None:
        self.picture.show_part(None, np.zeros((0, 2)), "")
        self.picture.hide()
        self.put_away()
        self.panorama.set_why(why)
        self.panorama.show()
        if self._enlarges and not self._looks and not self._late:
            self._enlarges = False
            self.state.told.emit("There is no picture of this: no camera saw it.")

    # -- large --------------------------------------------------------------------------------

    def toggle_large(self) -> None:
        """Show the picture large over the view, or the view again."""
        if self.put_away():
            return
        self._follow()  # the panel may be hidden, and show what was asked before
        self._enlarges = True
        if self.picture.image is not None:
            self._enlarge()
        elif not self._looks and not self._late:
            self._without(self.panorama.why)

    def _enlarge(self) -> None:
        self._enlarges = False
        self.large.setGeometry(self.host.rect())
        self.large.whole = 0.0
        self.large.show()
        self.large.raise_()
        self.turned.emit()

    def put_away(self) -> bool:
        """Show the view again; whether the picture lay over it."""
        was = not self.large.isHidden()
        self.large.hide()
        if was:
            self.turned.emit()
        return was

    def yield_to(self, sheet: QWidget) -> None:
        """Put the picture away when a sheet beside it is raised: nobody draws on what lies below a
        picture."""
        sheet.installEventFilter(self)

    def _put_away_another(self) -> None:
        if self._target()[1] != self._key:
            self.put_away()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.host and event.type() == QEvent.Type.Resize:
            self.large.setGeometry(self.host.rect())
        elif watched is not self.host and event.type() == QEvent.Type.ZOrderChange:
            self.put_away()
        return False

    def shut(self) -> None:
        """Read nothing more."""
        self.host.removeEventFilter(self)
        self.pictures.shut()
        self.background.shut()
        for part in self.drawn:
            part.shut()
