"""One sheet of pictures of units, each by its labels and by its reflections.

    xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.benchmarks.unit_sheet PROJECT OUT UNIT…

A unit is named as in query.json. The labels are the dataset's own, of a research project.
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

_SIZE, _CAPTION_PX, _ACROSS = (330, 210), 24, 2  # of one picture; units beside each other
_SHOWN = ("truth", "intensity")


def pictures(window: Window, unit: str) -> list[QImage]:
    """The middle of the view with a unit as its target, in each of the colourings."""
    session = window.session
    state, view = session.state, session.view
    state.show_unit(unit)
    settle(lambda: state.settled and state.target is not None and state.target.unit == unit)
    made = []
    for mode in _SHOWN:
        session.points.in_view.colours.set_mode(mode)
        settle(lambda: state.settled)
        picture = view.canvas.native.grabFramebuffer()
        wide, high = (side * 1.5 for side in _SIZE)
        middle = picture.rect().center()
        part = QRect(0, 0, min(int(wide), picture.width()), min(int(high), picture.height()))
        part.moveCenter(middle)
        made.append(
            picture.copy(part).scaled(
                *_SIZE,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return made


def sheet(window: Window, units: list[str], out: Path) -> None:
    """Draw all units on one sheet, each with its number in the order they were given."""
    width, height = _SIZE[0] * len(_SHOWN) + 8, _SIZE[1] + _CAPTION_PX
    rows = -(-len(units) // _ACROSS)
    made = QImage(width * _ACROSS, height * rows, QImage.Format.Format_RGB32)
    made.fill(QColor("white"))
    painter = QPainter(made)
    for place, unit in enumerate(units):
        x, y = place % _ACROSS * width, place // _ACROSS * height
        painter.drawText(x + 4, y + _CAPTION_PX - 7, unit)
        for number, picture in enumerate(pictures(window, unit)):
            painter.drawImage(x + number * _SIZE[0], y + _CAPTION_PX, picture)
    painter.end()
    made.save(str(out), quality=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("units", nargs="+", metavar="UNIT")
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
        sheet(window, arguments.units, arguments.out)
        window.close()
    application.processEvents()


if __name__ == "__main__":
    main()
