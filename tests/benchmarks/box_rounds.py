"""Two rounds of boxes in a town, in the window: a scripted annotator draws what is asked, detectors
learn it, the next frames are asked by CAL, and the final detector is delivered.

    xvfb-run -a -s "-screen 0 2000x1200x24" python -m tests.benchmarks.box_rounds OUT

writes a picture of each stage to OUT, and prints what the boxes took and what the detectors are
worth. Town, project and pictures stay there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import steps
from core.base.jobs import Job
from core.boxes.kinds import kinds
from core.boxes.table import Boxes
from core.exchange.box_files import Truth
from core.project.project import Project
from core.simulate.town import write_town
from gui.boxes.bank_page import BankPage
from gui.window.window import Window
from tests.benchmarks.box_annotator import BoxAnnotator, Effort
from tests.benchmarks.screenshots import settle, whole
from tests.gui.driver import keep_settings_in

CLASSES = ("car", "pedestrian", "cyclist")
ROUNDS = (("random", "frames"), ("cal", "boxes"))


def made_project(folder: Path, train: int, validation: int, steps_: int) -> Path:
    """A prepared project of a town whose detectors take so many steps."""
    path = folder / "project"
    written = write_town(
        folder / "town", scans=train, validation=validation, seed=1, tail=5, step_m=8,
        layout="kitti-tracking", job=Job(),
    )  # fmt: skip
    with Project.create(
        path, format="kitti-tracking", root=folder / "town", train=written.train,
        validation=written.validation, preset="laptop",
        overrides={"detect.steps": str(steps_), "train.mixed": "true"},
    ) as project:  # fmt: skip
        steps.prepare(project, Job(), workers=1)
    return path


class Person:
    """The annotator at the window, and a camera beside it."""

    def __init__(self, window: Window, out: Path) -> None:
        self.window, self.out = window, out
        QTest.keyClick(window.session.view.canvas.native, Qt.Key.Key_F4)
        settle(lambda: window.session.boxes is not None and window.session.boxes.bench.on)
        classes = window.session.project.classes
        about = kinds(classes.names, classes.name)
        self.hand = BoxAnnotator(window, lambda label: about[label].strict)
        self.panel = window.session.boxes.panels.frames
        self.pictures = 0
        self.settle()

    @property
    def project(self) -> Project:
        return self.window.session.project

    def settle(self) -> None:
        settle(lambda: self.hand.work.making.warm and self.hand.work.gate.rested)
        self.hand.settle()

    def picture(self, name: str) -> None:
        self.settle()
        self.pictures += 1
        whole(self.window).save(str(self.out / f"{self.pictures:02d}-{name}.png"))

    def job(self, begin: Callable[[], None]) -> None:
        """Begin a step and wait until it has ended; what it says is printed."""
        loop, ended = QEventLoop(), []
        self.window.jobs.finished.connect(loop.quit)
        self.window.jobs.finished.connect(lambda *_: ended.append(True))
        begin()
        if not ended:
            loop.exec()
        self.window.jobs.finished.disconnect(loop.quit)
        self.settle()
        print(self.window.session.banner.what.text(), flush=True)

    def ask(self, strategy: str, unit: str, amount: int) -> None:
        self.panel.strategy.setCurrentIndex(self.panel.strategy.findData(strategy))
        self.panel.unit.setCurrentIndex(self.panel.unit.findText(unit))
        self.panel.amount.setValue(amount)
        self.job(lambda: QTest.mouseClick(self.panel.ask, Qt.MouseButton.LeftButton))

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.hand.view.canvas.native, key)

    def draw_all(self) -> list[Effort]:
        """Draw, or correct, all that is still asked."""
        efforts: list[Effort] = []
        found = self.project.frame_rounds[-1]
        while self.project.open_frames(found) and self.hand.work.queue.asked:
            scan = self.hand.frame.scan
            labels = Truth(self.project.dataset, self.project.classes.names).of(scan)
            wanted = self._of_classes(labels)
            made = self.hand.from_predictions(wanted)
            efforts += made
            if self.hand.frame.scan == scan:
                self.hand.settle()
            assert self.project.boxes.is_finished(scan), scan
            print(f"{scan}: {len(wanted)} things, {len(made)} looked at", flush=True)
        return efforts

    def _of_classes(self, labels: Boxes) -> Boxes:
        names = self.project.classes.names
        wanted = [names.index(name) for name in CLASSES]
        return labels.take(np.isin(labels.label, wanted) & ~labels.ignore)


def told(efforts: list[Effort]) -> None:
    """Print what boxes took, by how they were made."""
    for way in ("click", "prediction"):
        some = [e for e in efforts if e.way == way and e.label >= 0]
        if some:
            seconds = np.mean([e.seconds for e in some])
            overlap = np.mean([e.overlap for e in some])
            print(f"{way}: {len(some)} boxes, {seconds:.1f} s each, IoU {overlap:.2f}")
    rejected = sum(e.label < 0 for e in efforts)
    print(f"{rejected} predictions rejected", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=int, default=60, help="training scans")
    parser.add_argument("--validation", type=int, default=20)
    parser.add_argument("--steps", type=int, default=500, help="of a detector's training")
    parser.add_argument("--frames", type=int, default=8, help="asked in the first round")
    parser.add_argument("--boxes", type=int, default=40, help="asked in the second one")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    path = made_project(given.out, given.train, given.validation, given.steps)
    application = QApplication([])
    application.setStyle("Fusion")
    keep_settings_in(given.out)
    window = Window()
    window.resize(1600, 1000)
    window.show()
    window.open_project(path)
    window.session.view.instant = True
    settle(lambda: window.session.state.content is not None and window.session.view.drawn)
    person = Person(window, given.out)
    for (strategy, unit), amount in zip(ROUNDS, (given.frames, given.boxes), strict=True):
        person.ask(strategy, unit, amount)
        person.picture(f"asked-{strategy}")
        told(person.draw_all())
        person.picture(f"drawn-{strategy}")
        person.job(lambda: person.key(Qt.Key.Key_F8))
        person.picture(f"trained-{strategy}")
        _bank(person, strategy)
        for model in ("normal", "cpsp"):
            file = person.project.frame_rounds[-1].folder / f"{model}-metrics.json"
            metrics = json.loads(file.read_text(encoding="utf-8"))
            known = {n: one for n, one in metrics["classes"].items() if one["objects"]}
            ap = (f"{n} {one['loose']:.1%} / {one['strict']:.1%}" for n, one in known.items())
            print(f"{model}, loose / strict AP: {', '.join(ap)}", flush=True)
    person.job(lambda: person.key(Qt.Key.Key_F9))
    person.picture("delivered")
    window.close()
    QApplication.processEvents()


def _bank(person: Person, strategy: str) -> None:
    """A picture of the bank of objects."""
    person.key(Qt.Key.Key_F10)
    (page,) = person.window.findChildren(BankPage)
    settle(lambda: page.scene.pixmap().width() > 0)
    person.pictures += 1
    page.grab().save(str(person.out / f"{person.pictures:02d}-bank-{strategy}.png"))
    page.close()
    settle(lambda: not person.window.findChildren(BankPage))
    person.window.activateWindow()  # no window manager does it here
    settle(person.window.isActiveWindow)


if __name__ == "__main__":
    main()
