"""One sheet of pictures of units or whole scans, each by its labels and by its reflections.

    xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.benchmarks.sheet PROJECT OUT NAME…

A NAME is that of a unit as in query.json, or of a scan. The labels are the dataset's own, of a
research project.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from gui.window.window import Window
from tests.benchmarks.screenshots import settle
from tests.gui.driver import keep_settings_in

_SIZE, _CAPTION_PX, _ACROSS = (330, 210), 24, 2  # of one picture; of those beside each other
_SHOWN = ("truth", "intensity")
_SCAN_M = 40.0  # of a scan that are in view


def pictures(window: Window, name: str) -> list[QImage]:
    """The middle of the view with a unit as its target, or over a scan, in each of the
    colourings."""
    session = window.session
    state, view = session.state, session.view
    if "#" in name:
        state.show_unit(name)
        settle(lambda: state.settled and state.target is not None and state.target.unit == name)
    else:
        state.show_scan(name)
        settle(lambda: state.settled and state.content.scan == name)
        view.overview(_SCAN_M)
    made = []
    for mode in _SHOWN:
        session.points.in_view.colours.set_mode(mode)
        settle(lambda: state.settled)
        picture = view.canvas.native.grabFramebuffer()
        most = min(picture.width() / _SIZE[0], picture.height() / _SIZE[1])
        wide, high = (int(side * (min(1.5, most) if "#" in name else most)) for side in _SIZE)
        middle = picture.rect().center()
        part = QRect(0, 0, wide, high)
        part.moveCenter(middle)
        made.append(
            picture.copy(part).scaled(
                *_SIZE,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return made


def sheet(window: Window, names: list[str], out: Path) -> None:
    """Draw all units and scans on one sheet, in the order they were given."""
    width, height = _SIZE[0] * len(_SHOWN) + 8, _SIZE[1] + _CAPTION_PX
    rows = -(-len(names) // _ACROSS)
    made = QImage(width * _ACROSS, height * rows, QImage.Format.Format_RGB32)
    made.fill(QColor("white"))
    painter = QPainter(made)
    for place, name in enumerate(names):
        x, y = place % _ACROSS * width, place // _ACROSS * height
        painter.drawText(x + 4, y + _CAPTION_PX - 7, name)
        for number, picture in enumerate(pictures(window, name)):
            painter.drawImage(x + number * _SIZE[0], y + _CAPTION_PX, picture)
    painter.end()
    made.save(str(out), quality=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="+", metavar="NAME")
    arguments = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    with TemporaryDirectory() as settings:
        keep_settings_in(Path(settings))
        window = Window()
        window.resize(1440, 900)
        window.show()
        window.open_project(arguments.project)
        window.session.view.instant = True
        settle(lambda: window.session.state.settled and window.session.view.drawn)
        sheet(window, arguments.names, arguments.out)
        window.close()
    application.processEvents()


if __name__ == "__main__":
    main()
