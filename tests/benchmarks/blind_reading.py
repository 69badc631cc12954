"""Pictures of asked units as a person has them on screen, for a reader who knows nothing else.

    xvfb-run -a -s "-screen 0 1600x1000x24" \
        python -m tests.benchmarks.blind_reading OUT --seed 1 [--theme light] [--data DIR]
    python -m tests.benchmarks.blind_reading --score ANSWERS.csv TRUTH.json

OUT gets 60 numbered pictures, 15 a partition, and classes.txt; the truth goes beside OUT. It uses
only what the window shows to everybody, so the code of another commit can be read in the same way.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QRect, QSettings, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from core.base.errors import ProjectError
from core.data.items import scan_of
from core.project.project import Project
from gui.app import open_window
from gui.desk.background import Background
from gui.start.recent import store
from gui.view.opengl import display_problem
from tests.benchmarks.blind_sample import Asked, ask, sample
from tests.benchmarks.blind_score import read, report
from tests.benchmarks.blind_sheet import sheet
from tests.places import SAMPLES

_SIZE = (1440, 900)
_PATIENCE_S = 60.0
_PAUSE_MS = 60
_STILL = 3  # equal pictures in a row, after nothing works any more


@dataclass(frozen=True)
class Source:
    """A folder of labelled scans; `each`: units of it a partition."""

    format: str
    folder: str
    scans: tuple[str, ...]
    preset: str
    each: int


SOURCES = (
    Source(
        "semantickitti",
        "semantickitti",
        ("00", "01", "02", "03", "05", "06", "07", "08", "10"),
        "paper",
        12,
    ),
    Source("nuscenes", "nuscenes_samples", ("scene_keyframes:000-011",), "nuscenes", 3),
)


class Worker:
    """All that was given to a background thread of the window."""

    def __init__(self) -> None:
        self.given: list[Future] = []
        submit = Background.submit

        def noted(pool: Background, *work, **more) -> Future:
            future = submit(pool, *work, **more)
            self.given.append(future)
            return future

        Background.submit = noted

    @property
    def rests(self) -> bool:
        self.given = [future for future in self.given if not future.done()]
        return not self.given


class Photographer:
    """The window at its size, without suggestions, and pictures of what it asks."""

    def __init__(self, theme: str) -> None:
        problem = display_problem()
        if problem is not None:
            raise ProjectError(problem, "Run it under xvfb-run.")
        self.worker = Worker()
        store().setValue("theme", theme)
        _, self.window = open_window(None)
        self.faults: list[BaseException] = []
        sys.excepthook = self._fault

    def open(self, path: Path) -> None:
        """Open a project with its context panel in sight and suggestions off."""
        window = self.window
        window.open_project(path)
        window.resize(*_SIZE)
        session = window.session
        if session is None or session.view is None:
            raise ProjectError(f"{path} cannot be shown.", "See what the window says of it.")
        session.view.instant = True
        if session.state.guesses.shown:
            window.actions_table.run("suggestions")
        for dock in window.docks:
            if dock.isAncestorOf(session.context):
                dock.raise_()
        QApplication.processEvents()
        if (window.width(), window.height()) != _SIZE:
            raise ProjectError(
                f"The window is {window.width()} x {window.height()}.", "Take a larger screen."
            )

    def picture(self, unit: str) -> QImage:
        """Ask an item of the open query; the view and the right column, once all is there."""
        session = self.window.session
        state = session.state
        state.go(state.round.query.place_of[unit])
        self._until(lambda: state.content is not None and state.content.scan == scan_of(unit))
        before, same = None, 0
        end = time.monotonic() + _PATIENCE_S
        while same < _STILL:
            self._until(self._rests)
            taken = self._grab()
            same = same + 1 if before is not None and taken == before else 0
            before = taken
            if time.monotonic() > end:
                raise ProjectError(f"The picture of {unit} never stands still.", "Look why.")
        assert state.target is not None
        assert state.target.unit == unit
        assert not state.guesses.shown
        return taken

    def _fault(self, kind: type, fault: BaseException, trace: TracebackType | None) -> None:
        """Keep what was raised in a slot: Qt would go on, with a picture that is not whole."""
        self.faults.append(fault)
        sys.__excepthook__(kind, fault, trace)

    def _rests(self) -> bool:
        session = self.window.session
        roots = (self.window, session.state)
        following = any(
            timer.isActive() and timer.isSingleShot()
            for root in roots
            for timer in root.findChildren(QTimer)
        )
        settled = session.state.settled and session.view.drawn and not session.view.flying
        return settled and not following and self.worker.rests

    def _grab(self) -> QImage:
        """The middle and the right column: no queue, no bars, no names of files."""
        session = self.window.session
        area = QRect()
        for part in (session.page, session.context):
            area |= QRect(part.mapTo(self.window, QPoint(0, 0)), part.size())
        return self.window.grab(area).toImage()

    def _until(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while True:
            turn = QEventLoop()
            QTimer.singleShot(_PAUSE_MS, turn.quit)
            turn.exec()
            QApplication.processEvents()
            if self.faults:
                raise self.faults[0]
            if ready():
                return
            if time.monotonic() > end:
                raise ProjectError("The window never comes to rest.", "Look what it waits for.")

    def close(self) -> None:
        self.window.close()


def project_of(path: Path, source: Source, data: Path, seed: int) -> Project:
    """A new project of people on the labelled scans; the window never sees their labels."""
    root = data / source.folder
    if not root.is_dir():
        raise ProjectError(f"There are no scans at {root}.", "Name their folder with --data.")
    return Project.create(
        path,
        format=source.format,
        root=root,
        train=source.scans,
        preset=source.preset,
        seed=seed,
    )


def write(out: Path, truth: Path, *, seed: int, theme: str, data: Path) -> None:
    """Write pictures and classes.txt to the new folder `out`, the truth to a file elsewhere."""
    if out.exists() and any(out.iterdir()):
        raise ProjectError(f"{out} is not empty.", "Name a folder that does not exist yet.")
    if truth.resolve().is_relative_to(out.resolve()):
        raise ProjectError(f"{truth} lies among the pictures.", "Write the truth elsewhere.")
    out.mkdir(parents=True, exist_ok=True)
    truth.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as work:
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, f"{work}/settings")
        shown: list[tuple[Path, list[Asked]]] = []
        classes = {}
        for source in SOURCES:
            path = Path(work) / source.format
            with project_of(path, source, data, seed) as project:
                ask(project)
                found = sample(project, source.each)
                classes[source.format] = project.classes.names
            order = np.random.default_rng(seed).permutation(len(found))
            shown.append((path, [found[place] for place in order]))
        numbered = _show(out, shown, theme)
    ranges, first = {}, 0
    for path, found in shown:
        ranges[path.name] = range(first, first + len(found))
        first += len(found)
    (out / "classes.txt").write_text(sheet(ranges), encoding="utf-8")
    stored = {"seed": seed, "theme": theme, "classes": classes, "pictures": numbered}
    truth.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _show(out: Path, shown: list[tuple[Path, list[Asked]]], theme: str) -> list[dict]:
    """Take all pictures, scan by scan; return what is true of each, by number."""
    photographer = Photographer(theme)
    rows, first = [], 0
    try:
        for path, found in shown:
            photographer.open(path)
            numbered = enumerate(found, first)
            for number, asked in sorted(numbered, key=lambda pair: scan_of(pair[1].unit)):
                photographer.picture(asked.unit).save(str(out / f"{number:03d}.png"))
                rows.append(
                    {
                        "number": number,
                        "dataset": path.name,
                        "partition": asked.partition,
                        "class": asked.found,
                        "share": round(asked.share, 3),
                        "unit": asked.unit,
                    }
                )
            first += len(found)
    finally:
        photographer.close()
    return sorted(rows, key=lambda row: row["number"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="blind_reading", description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, help="a new folder for the pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--data", type=Path, default=SAMPLES, help="where the real scans lie")
    parser.add_argument("--truth", type=Path, help="file for the truth (OUT-truth.json)")
    parser.add_argument("--score", nargs=2, type=Path, metavar=("ANSWERS.csv", "TRUTH.json"))
    given = parser.parse_args()
    if (given.out is None) == (given.score is None):
        parser.error("give either OUT or --score")
    try:
        if given.score is not None:
            print(report(read(*given.score)))
        else:
            out = given.out
            truth = given.truth or out.with_name(f"{out.name}-truth.json")
            write(out, truth, seed=given.seed, theme=given.theme, data=given.data)
            print(f"Pictures in {out}, truth in {truth}.")
    except ProjectError as error:
        print(f"{error.what} {error.do}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
