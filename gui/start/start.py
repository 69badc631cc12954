"""The start page: try the demo, label one's own scans, go on with a recent project."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.desk.later import Later
from gui.look.scrolled import Scrolled
from gui.look.words import breakable, tip
from gui.start.folders import choose_folder
from gui.start.recent import Recent, recent

_PICTURE = QSize(72, 44)  # of a recent project


class Start(QWidget):
    """Three cards; a folder may be dropped anywhere.

    Signals
    -------
    demo() : make and open the demo
    folder_chosen(path) : scans or a project, to be looked at
    project_chosen(path) : a recent project
    experiments() : show the window of experiments
    """

    demo = Signal()
    folder_chosen = Signal(Path)
    project_chosen = Signal(Path)
    experiments = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._cards: list[QFrame] = []
        self._styled = Later(self, 0, self._lay)
        self.setAcceptDrops(True)
        title = QLabel("LidarLoop")
        title.setObjectName("title")
        words = QLabel("Label LiDAR scans by answering only about the few percent that matter.")
        words.setObjectName("quiet")
        words.setWordWrap(True)
        self.demo_button = QPushButton("Open the demo")
        self.demo_button.setProperty("primary", True)
        self.demo_button.clicked.connect(self.demo)
        self.scans_button = QPushButton("Choose a folder of scans …")
        self.scans_button.clicked.connect(self._choose_scans)
        self.open_button = QPushButton("Open a project …")
        self.open_button.clicked.connect(self._choose_project)
        self._cards = [
            _card(
                "Try the demo town",
                "Eight simulated scans with cars, people, poles and trees, ready to be labelled. "
                "Made on this machine in under a minute.",
                self.demo_button,
                _picture(),
            ),
            _card(
                "Label my scans",
                "SemanticKITTI, nuScenes, ROS bags, or a folder of .bin, .pcd, .ply or .npy files. "
                "Choose the folder, or drop it anywhere here: its layout is recognised.",
                self.scans_button,
            ),
            self._continue_card(),
        ]
        self.experiments_button = QPushButton("Experiments …")
        self.experiments_button.clicked.connect(self.experiments)
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(48, 32, 48, 32)
        layout.addStretch(2)
        layout.addWidget(title, alignment=Qt.AlignmentFlag.AlignHCenter)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(words)
        layout.addSpacing(26)
        stacked = QVBoxLayout()
        stacked.setSpacing(16)
        stacked.addLayout(self._grid)
        stacked.addWidget(_strip("Compare strategies", "Which questions are worth a person's time? "
                                 "Experiments with equal training, side by side.",
                                 self.experiments_button))  # fmt: skip
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addLayout(stacked, 1000)
        middle.addStretch(1)
        layout.addLayout(middle)
        layout.addSpacing(14)
        layout.addWidget(self.message)
        layout.addStretch(3)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(inside))
        self._columns = 0
        self._lay()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._styled.start()

    def _lay(self) -> None:
        """The cards side by side, as many as have room, the others below."""
        if not self._cards:
            return
        widest = max(card.minimumSizeHint().width() for card in self._cards)
        room = self.width() - 2 * 48 - 16
        columns = min(max((room + 16) // (widest + 16), 1), len(self._cards))
        if columns == self._columns:
            return
        self._columns = columns
        for column in range(len(self._cards)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, *divmod(place, columns))

    def _continue_card(self) -> QFrame:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        known = recent()
        for entry in known[:6]:
            row = RecentRow(entry)
            row.clicked.connect(self.project_chosen)
            rows.addWidget(row)
        if not known:
            empty = QLabel("Projects you opened appear here.")
            empty.setObjectName("quiet")
            empty.setWordWrap(True)
            rows.addWidget(empty)
        rows.addStretch()
        return _card("Continue", Scrolled(inside), self.open_button)

    def _choose_scans(self) -> None:
        chosen = choose_folder(self, "Choose a folder of scans")
        if chosen is not None:
            self.folder_chosen.emit(chosen)

    def _choose_project(self) -> None:
        chosen = choose_folder(self, "Open a project")
        if chosen is not None:
            self.folder_chosen.emit(chosen)

    def say(self, text: str) -> None:
        """Say what is going on, or what was wrong."""
        self.message.setText(breakable(text))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.folder_chosen.emit(Path(url.toLocalFile()))
                return


class RecentRow(QFrame):
    """A recent project: its picture, name, what was spent, when it was used."""

    clicked = Signal(Path)

    def __init__(self, entry: Recent) -> None:
        super().__init__()
        self.entry = entry
        self.setObjectName("card")
        self.setProperty("live", True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(tip(entry.path))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        picture = QPixmap(entry.picture) if entry.picture else QPixmap()
        if not picture.isNull():
            image = QLabel()
            ratio = self.devicePixelRatio()
            scaled = picture.scaled(
                _PICTURE * ratio,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
            scaled.setDevicePixelRatio(ratio)
            image.setPixmap(scaled)
            image.setFixedSize(_PICTURE)
            layout.addWidget(image)
        words = QVBoxLayout()
        words.setSpacing(0)
        path = Path(entry.path)
        called = path.name if path.name != "project" else f"{path.parent.name}/{path.name}"
        name = QLabel(breakable(called))
        name.setObjectName("heading")
        name.setTextFormat(Qt.TextFormat.PlainText)  # people name folders
        name.setWordWrap(True)
        when = time.strftime("%d %b %Y", time.localtime(entry.opened))
        spent = f"{entry.spent}{' · ' if entry.spent else ''}{when}"
        about = QLabel(spent)
        about.setObjectName("quiet")
        about.setWordWrap(True)
        words.addWidget(name)
        words.addWidget(about)
        layout.addLayout(words, 1)
        self.setAccessibleName(f"Open {called}")
        self.setAccessibleDescription(spent)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self.clicked.emit(Path(self.entry.path))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit(Path(self.entry.path))
        else:
            super().keyPressEvent(event)


def _picture() -> QLabel:
    """What the demo looks like."""
    label = QLabel()
    label.setPixmap(QPixmap(str(resources.files("resources") / "pictures" / "demo.jpg")))
    label.setScaledContents(True)
    label.setFixedHeight(110)
    label.setMinimumWidth(1)
    return label


def _strip(title: str, content: str, button: QPushButton) -> QFrame:
    """A card of one line, below the others."""
    strip = QFrame()
    strip.setObjectName("card")
    layout = QHBoxLayout(strip)
    layout.setContentsMargins(18, 10, 18, 10)
    layout.setSpacing(14)
    heading = QLabel(title)
    heading.setObjectName("heading")
    words = QLabel(content)
    words.setObjectName("quiet")
    words.setWordWrap(True)
    layout.addWidget(heading)
    layout.addWidget(words, 1)
    layout.addWidget(button)
    return strip


def _card(
    title: str, content: str | QWidget, button: QPushButton, picture: QLabel | None = None
) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    card.setMinimumWidth(250)
    card.setMaximumWidth(560)
    card.setMinimumHeight(300)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(18, 16, 18, 16)
    heading = QLabel(title)
    heading.setObjectName("heading")
    heading.setWordWrap(True)
    layout.addWidget(heading)
    if isinstance(content, str):
        label = QLabel(content)
        label.setWordWrap(True)
        label.setObjectName("quiet")
        layout.addWidget(label)
        layout.addStretch()
        if picture is not None:
            layout.addWidget(picture)
            layout.addStretch()
    else:
        layout.addWidget(content, 1)
    layout.addWidget(button)
    return card
