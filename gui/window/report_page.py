"""The report of a preparation: what became of the points, pictures of typical scans, each scan."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.settings import PrepareSettings
from core.prepare.report import COUNTS, Report, asked_share
from core.prepare.verdict import GOOD, HEADINGS, cells, sentence
from gui.desk.background import Turn, bring
from gui.desk.state import State
from gui.look.flow import Flow
from gui.look.scrolled import Scrolled
from gui.look.tables import Fit
from gui.look.theme import Theme
from gui.look.words import Wrapped, breakable
from gui.panels.above import PARTS, picture, read_parts
from gui.panels.highlight import Highlight

Index = QModelIndex | QPersistentModelIndex
_PICTURE_PX = 260
_WORDS = {"best": "Best", "median": "Typical", "worst": "Worst"}
_COLUMNS = ("Scan", *(name.removesuffix("/scan").capitalize() for name in HEADINGS.values()), "Odd")
_NO_REPORT = (
    "This project was prepared by a version that kept no report: Prepare it again to see one. Its "
    "units and answers stay as they are."
)


class _Rows(QAbstractTableModel):
    """A row per scan, the worst first; a click on a heading sorts by it."""

    def __init__(self, report: Report, settings: PrepareSettings, theme: Theme) -> None:
        super().__init__()
        self.report, self.settings, self.theme = report, settings, theme
        self.places = report.order[::-1].tolist()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.places)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        report = self.report
        if column <= 0:
            self.places = list(range(len(report.scans)))
        elif column == len(_COLUMNS) - 1:
            self.places = sorted(report.order.tolist(), key=lambda at: report.odd[at] == "")
        else:
            values = report.column(list(HEADINGS)[column - 1])
            if 2 <= column <= 6:
                values = values / report.column("points").clip(1)
            self.places = values.argsort(kind="stable").tolist()
        if order == Qt.SortOrder.DescendingOrder:
            self.places.reverse()
        self.layoutChanged.emit()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place = self.places[index.row()]
        counts = self.report.counts[place]
        if role == Qt.ItemDataRole.UserRole:
            return self.report.scans[place]
        if role == Qt.ItemDataRole.ToolTipRole:
            said = sentence(counts, self.settings)
            return f"{self.report.scans[place]}\n{said or 'As a good scan.'}\nClick to show it."
        if role == Qt.ItemDataRole.TextAlignmentRole and 0 < index.column() < len(_COLUMNS) - 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and self.report.odd[place]:
            last = index.column() in (0, len(_COLUMNS) - 1)
            return QColor(self.theme.warning) if last else None
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if index.column() == 0:
            return self.report.scans[place]
        if index.column() == len(_COLUMNS) - 1:
            return sentence(counts, self.settings).partition(":")[0]
        return cells(counts)[list(HEADINGS)[index.column() - 1]]


class ScanPicture(QFrame):
    """A typical scan from above; a click shows it in the window."""

    chosen = Signal(str)

    def __init__(self, title: str, scan: str, share: float) -> None:
        super().__init__()
        self.scan = scan
        self.setObjectName("card")
        self.setProperty("live", True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(f"{scan}\nClick to show it.")
        self.image = QLabel("Reading …")
        self.image.setObjectName("quiet")
        self.image.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.image.setFixedSize(_PICTURE_PX, _PICTURE_PX)
        self.image.setWordWrap(True)
        name = QLabel(f"{title}: {share:.0%} can be asked")
        name.setObjectName("key")
        where = Wrapped(breakable(scan), "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(3)
        layout.addWidget(self.image)
        layout.addWidget(name)
        layout.addWidget(where)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.chosen.emit(self.scan)


class _Square(QWidget):
    """The colour of a part, beside its name."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self.colour = colour
        self.setFixedSize(12, 12)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour))
        painter.drawRoundedRect(self.rect(), 3, 3)


class ReportPage(QDialog):
    """A window of its own, so that the view stays in sight while scans are gone through.

    Signals
    -------
    chosen(scan) : the person went to a scan
    """

    chosen = Signal(str)

    def __init__(self, over: QWidget, state: State, theme: Theme) -> None:
        super().__init__(over)
        self.setWindowTitle(f"How the scans of {state.project.path.name} were prepared")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state, self.theme = state, theme
        self.pictures: dict[str, ScanPicture] = {}
        self._squares: list[tuple[_Square, str]] = []
        self._asked: list[Future[QImage | str]] = []
        self._layout = QVBoxLayout(self)
        try:
            report = state.project.report()
            problem = "" if report is not None else _NO_REPORT
        except ProjectError as error:
            report, problem = None, f"{error.what} {error.do}"
        self.report = report
        if report is None:
            self._layout.addWidget(Wrapped(problem))
            self._layout.addStretch()
        else:
            self._fill(report)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(160 * letter, over.width() - 40), min(130 * letter, over.height() - 40))

    def _fill(self, report: Report) -> None:
        settings = self.state.project.settings.prepare
        top = QWidget()
        inside = QVBoxLayout(top)
        inside.setContentsMargins(10, 8, 10, 4)
        inside.addWidget(Wrapped(_of_all(report), "heading"))
        self.warnings = [Wrapped(f"⚠  {breakable(text)}", "warning") for text in report.warnings]
        for warning in self.warnings:
            inside.addWidget(warning)
        if not report.warnings:
            inside.addWidget(Wrapped("✓  Nothing odd was found.", "quiet"))
        legend = Flow()
        for name, colour in PARTS.items():
            square = _Square(getattr(self.theme, colour))
            self._squares.append((square, colour))
            one = QWidget()
            beside = QHBoxLayout(one)
            beside.setContentsMargins(0, 0, 12, 0)
            beside.addWidget(square)
            beside.addWidget(QLabel(name.capitalize()))
            legend.add(one)
        inside.addWidget(legend)
        cards = Flow()
        for name, place in report.typical.items():
            share = float(asked_share(report.counts[place]))
            card = ScanPicture(_WORDS[name], report.scans[place], share)
            card.chosen.connect(self.chosen)
            self.pictures[name] = card
            cards.add(card)
        inside.addWidget(cards)
        good = ", ".join(f"{HEADINGS[key]} {text}" for key, text in GOOD.items())
        inside.addWidget(Wrapped(f"Good scans have: {good}.", "quiet"))
        inside.addStretch()
        self.table = QTableView()
        self.rows = _Rows(report, settings, self.theme)
        self.table.setModel(self.rows)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setStretchLastSection(True)
        header.sectionClicked.connect(
            lambda section: self.rows.sort(section, header.sortIndicatorOrder())
        )
        header.setSectionsClickable(True)
        self.fit = Fit(self.table, (0, 2, 3, 4, 5, 9, 6, 7, 8, 1))
        self.highlight = Highlight(self.table)
        self.highlight.chosen.connect(
            lambda index: self.chosen.emit(index.data(Qt.ItemDataRole.UserRole))
        )
        self._layout.addWidget(Scrolled(top), 3)
        self._layout.addWidget(self.table, 2)
        self._draw()

    # -- pictures ------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Have the pictures drawn anew, on another thread."""
        for future in self._asked:
            future.cancel()
        self._asked = []
        for name, card in self.pictures.items():
            work = partial(self._picture, card.scan, self.devicePixelRatioF(), self.theme)
            future = self.state.background.submit(work, Turn.SOON)
            self._asked.append(future)
            bring(future, self, partial(self._show, name))

    def _picture(self, scan: str, ratio: float, theme: Theme) -> QImage | str:
        project = self.state.project
        try:
            points, part = read_parts(project, scan)
        except ProjectError as error:
            return f"{error.what} {error.do}"
        size = (_PICTURE_PX, _PICTURE_PX)
        return picture(points, part, size, ratio, theme, project.dataset.ahead)

    def _show(self, name: str, done: Future[QImage | str]) -> None:
        if done not in self._asked or done.cancelled():
            return  # in the colours of before, or the page closes
        found = done.result()
        image = self.pictures[name].image
        if isinstance(found, str):
            image.setText(breakable(found))
        else:
            image.setPixmap(QPixmap.fromImage(found))

    @property
    def drawn(self) -> bool:
        """Whether every picture is there."""
        return all(not card.image.pixmap().isNull() for card in self.pictures.values())

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        if self.report is not None:
            self.rows.theme = theme
            for square, name in self._squares:
                square.colour = getattr(theme, name)
                square.update()
            self._draw()

    def closeEvent(self, event: QCloseEvent) -> None:
        for future in self._asked:
            future.cancel()
        super().closeEvent(event)


def show_report(over: QWidget, state: State, theme: Theme, *, anew: bool = False) -> ReportPage:
    """Show the page beside a window; `anew`: of a new preparation, and the keys stay where they
    are."""
    shown = over.findChild(ReportPage)
    if shown is not None and anew:
        shown.setParent(None)
        shown.close()
        shown = None
    if shown is None:
        shown = ReportPage(over, state, theme)
        shown.chosen.connect(state.show_scan)
    shown.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, anew)
    shown.show()
    if not anew:
        shown.raise_()
        shown.activateWindow()
    return shown


def _of_all(report: Report) -> str:
    """All scans in a sentence."""
    shares = cells(report.total)
    parts = ", ".join(
        f"{shares[key]} {word}"
        for key, word in (
            ("ground", "ground"),
            ("clusters", "in clusters"),
            ("too_large", "too large"),
            ("noise", "noise"),
            ("left_out", "left out"),
        )
    )
    count = int(report.total[COUNTS.index("points")])
    return (
        f"{len(report.scans):,} scans, {count:,} points: {parts}. "
        f"{float(asked_share(report.total)):.0%} can be asked about."
    )
