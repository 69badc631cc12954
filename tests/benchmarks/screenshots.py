"""Pictures of every state of the window, in three sizes, both themes and two sizes of text.

    xvfb-run -a -s "-screen 0 2000x1200x24" python -m tests.benchmarks.screenshots project out

works on a copy of a prepared project with an open query, and leaves the project as it is. Beside
the pictures lies one sheet for each size, theme and text, to be looked at first.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from core.project.project_file import read_project_file
from gui.start.recent import store
from gui.window.window import Window
from tests.gui.driver import keep_settings_in
from tests.gui.states import at_rest, page_states, session_states

SIZES = ((1100, 700), (1440, 900), (1920, 1080))
THEMES = ("dark", "light")
TEXTS = (1.0, 1.5)
_PATIENCE_S = 300.0
_TILE_PX = 640  # width of a picture on a sheet


def settle(until: Callable[[], bool]) -> None:
    """Let the window work until a condition holds, then a little more."""
    end = time.monotonic() + _PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to rest")
        QApplication.processEvents()
    for _ in range(8):
        QApplication.processEvents()


def whole(window: Window) -> QPixmap:
    """The window with what lies over it: popups and dialogs are windows of their own."""
    picture = window.grab()
    painter = QPainter(picture)
    for other in QApplication.topLevelWidgets():
        if other is not window and other.isVisible() and not other.isHidden():
            at = other.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0))
            painter.drawPixmap(at, other.grab())
    painter.end()
    return picture


def sheet(pictures: Sequence[Path], out: Path) -> None:
    """Write small copies of pictures of one size on one sheet."""
    images = [
        QImage(str(path)).scaledToWidth(_TILE_PX, Qt.TransformationMode.SmoothTransformation)
        for path in pictures
    ]
    columns = 4
    height = max(image.height() for image in images)
    made = QImage(
        columns * _TILE_PX, -(-len(images) // columns) * height, QImage.Format.Format_RGB32
    )
    made.fill(Qt.GlobalColor.black)
    painter = QPainter(made)
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        painter.drawImage(column * _TILE_PX, row * height, image)
    painter.end()
    made.save(str(out))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", nargs=2, type=int, action="append", help="only this size")
    parser.add_argument("--theme", choices=THEMES, help="only this theme")
    parser.add_argument("--text", type=float, help="only this size of text")
    parser.add_argument("--only", default="", help="only states whose name begins so")
    wanted = parser.parse_args()
    application = QApplication([])
    application.setStyle("Fusion")
    with TemporaryDirectory() as folder:
        keep_settings_in(Path(folder))
        copy = Path(folder) / "street"
        shutil.copytree(wanted.project, copy)
        scans = (wanted.project / read_project_file(copy).root).resolve()
        for size in wanted.size or SIZES:
            for theme in [wanted.theme] if wanted.theme else THEMES:
                for text in [wanted.text] if wanted.text else TEXTS:
                    store().setValue("theme", theme)
                    store().setValue("text", text)
                    store().remove("layout")
                    _all_states(copy, scans, (size[0], size[1]), wanted)


def _all_states(
    project: Path, scans: Path, size: tuple[int, int], wanted: argparse.Namespace
) -> None:
    window = Window()
    name = f"{size[0]}x{size[1]}-{window.theme.name}-{float(str(store().value('text'))):g}"
    folder = wanted.out / name
    folder.mkdir(parents=True, exist_ok=True)
    window.resize(*size)
    window.show()
    made: list[Path] = []

    def picture(state: str) -> None:
        if state.startswith(wanted.only):
            made.append(folder / f"{state}.png")
            whole(window).save(str(made[-1]))

    for state in page_states(window, scans, settle):
        picture(state)
    window.open_project(project)
    window.session.view.instant = True
    settle(lambda: at_rest(window) and window.session.view.drawn)
    for state in session_states(window, settle):
        picture(state)
    if made:
        sheet(made, wanted.out / f"{name}.png")
    print(f"{name}: {len(made)} pictures; the window is {window.width()}x{window.height()}")
    window.close()
    QGuiApplication.processEvents()


if __name__ == "__main__":
    main()
