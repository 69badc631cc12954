"""What is taken along from a chart: its picture, as on a page of paper, and its numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyqtgraph as pg
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QEvent,
    QIODevice,
    QObject,
    QPointF,
    QRectF,
    Qt,
)
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QImage,
    QImageWriter,
    QKeyEvent,
    QPainter,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QToolButton, QVBoxLayout, QWidget

from core.base.errors import ProjectError
from core.base.files import write_atomic
from core.base.paths import home
from core.experiment.results import csv_of
from gui.look.theme import LIGHT, Theme

_SHARP = 3  # pixels of a saved picture for one on the screen
_FAMILY = re.compile(rb'font-family="([^"]*)"')  # for where that font is not
_FOLDER = "folder of charts"  # where the last one was saved
KINDS = {"PNG": "png", "SVG": "svg", "CSV": "csv"}


class Chart(Protocol):
    """A chart, as far as it is taken along."""

    title: str
    theme: Theme
    sharp: float
    inside: QWidget
    large: QToolButton

    @property
    def plot(self) -> Any: ...
    @property
    def file_name(self) -> str: ...
    def table(self) -> tuple[Sequence[str], list[Sequence[object]]]: ...
    def redraw(self) -> None: ...
    def keyPressEvent(self, event: QKeyEvent) -> None: ...
    def tell(self, words: str, *, problem: bool = False) -> None: ...
    def accessibleDescription(self) -> str: ...
    def window(self) -> QWidget: ...
    def layout(self) -> Any: ...


def menu_of(chart: Chart, over: QWidget) -> QMenu:
    """The acts that every chart has."""
    menu = QMenu(over)
    menu.addAction("Copy the picture", lambda: copy_picture(chart))
    menu.addAction("Copy the numbers", lambda: copy_numbers(chart))
    menu.addSeparator()
    for name, ending in KINDS.items():
        menu.addAction(f"Save as {name} …", partial(ask_and_save, chart, ending))
    return menu


def image_of(chart: Chart, sharp: int = _SHARP) -> QImage:
    """Its picture on white, in so many pixels for each on the screen."""
    size = chart.plot.viewport().size()
    made = QImage(size * sharp, QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(sharp)
    made.fill(QColor("white"))
    painter = QPainter(made)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    _paint(chart, painter, QRectF(QPointF(0, 0), size.toSizeF()), sharp)
    painter.end()
    return made


def svg_of(chart: Chart) -> bytes:
    """Its picture as SVG; letters stay letters."""
    view = chart.plot.viewport().rect()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    # Else axes, which are kept as pictures of the screen, are drawn in another scale than lines.
    generator.setResolution(chart.plot.viewport().logicalDpiX())
    generator.setSize(view.size())
    generator.setViewBox(view)
    generator.setTitle(chart.title)
    generator.setDescription(chart.accessibleDescription())
    painter = QPainter(generator)
    _paint(chart, painter, QRectF(view))
    painter.end()
    return _FAMILY.sub(rb'font-family="\1, sans-serif"', bytes(data.data()))


def _paint(chart: Chart, painter: QPainter, target: QRectF, sharp: float = 1.0) -> None:
    """Render the plot as on a page of paper, whatever the window's colours are; lines of it are
    as wide as on the screen, of which a pixel is drawn as `sharp`."""
    before = chart.theme
    chart.theme, chart.sharp = LIGHT, sharp
    chart.redraw()
    chart.plot.getPlotItem().layout.activate()  # names as wide as they are now have their room
    for item in chart.plot.scene().items():
        if isinstance(item, pg.ScatterPlotItem):  # shapes, not cut out of a picture of the screen
            item.setExportMode(True, {"antialias": True, "resolutionScale": 1.0})
    try:
        chart.plot.render(painter, target, chart.plot.viewport().rect(),
                          Qt.AspectRatioMode.IgnoreAspectRatio)  # fmt: skip
    finally:
        chart.theme, chart.sharp = before, 1.0
        chart.redraw()


def csv_bytes(chart: Chart) -> bytes:
    heading, rows = chart.table()
    return csv_of(heading, rows)


def copy_picture(chart: Chart) -> None:
    QGuiApplication.clipboard().setImage(image_of(chart))


def copy_numbers(chart: Chart) -> None:
    """As a spreadsheet takes them: columns by tabs."""
    heading, rows = chart.table()
    lines = [heading, *(["" if cell is None else cell for cell in row] for row in rows)]
    text = "\n".join("\t".join(str(cell) for cell in line) for line in lines)
    QGuiApplication.clipboard().setText(text)


def save(chart: Chart, path: Path) -> None:
    """Write what the ending of the name says. Raises ProjectError."""
    ending = path.suffix.lower()
    if ending == ".svg":
        data = svg_of(chart)
    elif ending == ".csv":
        data = csv_bytes(chart)
    elif ending == ".png":
        raw = QByteArray()
        buffer = QBuffer(raw)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image_of(chart))
        data = bytes(raw.data())
    else:
        raise ProjectError(f"{path.name} ends in no kind of file that a chart has.",
                           "Let its name end in .png, .svg or .csv.")  # fmt: skip
    write_atomic(path, data)


def ask_and_save(chart: Chart, ending: str) -> None:
    """Ask for a name, and write the file; where it cannot be written, the chart says why."""
    application = QCoreApplication.instance()
    folder = (application.property(_FOLDER) if application is not None else "") or home()
    name = f"{chart.file_name}.{ending}"
    chosen, _ = QFileDialog.getSaveFileName(
        chart.window(),
        f"Save: {chart.title}",
        str(Path(folder) / name),
        f"{ending.upper()} (*.{ending})",
    )
    if not chosen:
        return
    path = Path(chosen)
    if path.suffix.lower() != f".{ending}":
        path = path.with_name(f"{path.name}.{ending}")
    try:
        save(chart, path)
    except ProjectError as error:
        chart.tell(f"{error.what} {error.do}", problem=True)
        return
    if application is not None:
        application.setProperty(_FOLDER, str(path.parent))
    chart.tell(f"Saved {path}.")


class Enlarged(QDialog):
    """A chart in a window of its own; closed, as its window is, the chart is in its place again."""

    def __init__(self, chart: Chart) -> None:
        super().__init__(chart.window())
        self.setWindowTitle(chart.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._chart = chart
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 12, 12)
        layout.addWidget(chart.inside)
        chart.large.hide()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()  # the keys are the chart's, though it is elsewhere
        over = chart.window().size()
        self.resize(max(over.width() - 80, 600), max(over.height() - 80, 400))
        chart.window().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            self.close()  # the chart may be deleted next, without what is inside of it
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        else:
            self._chart.keyPressEvent(event)

    def done(self, code: int) -> None:
        self._put_back()
        super().done(code)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._put_back()
        super().closeEvent(event)

    def _put_back(self) -> None:
        layout = self._chart.layout()
        if layout is not None:
            layout.addWidget(self._chart.inside)
        self._chart.large.show()
