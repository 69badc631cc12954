"""Scans read in the background, the next ones ahead of time, so that the window never waits."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.base.errors import DataError, ProjectError
from core.prepare.units import NOISE, Units, ground_rows
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from gui.desk.background import Background, Turn
from gui.look.colours import palette_of
from gui.view.form import Form, sketch_of

_KEPT = 4


@dataclass
class Content:
    """One scan with all that the window shows of it.

    Attributes
    ----------
    points : (N, 4) float32; unit : (N,) int32 number within the scan, negative without a unit
    form : what the eye needs of the points; a sketch of it at first
    table : the units that `unit` is of, None before Prepare; a later preparation has others
    labels : (N,) uint8 classes and codes so far; another array after each answer
    prediction, entropy, truth : (N,) each, or None where there is none
    colours : places (N,) uint8 in a palette (256, 3) uint8 of the file's own colours, or None
    """

    scan: str
    points: np.ndarray
    form: Form
    unit: np.ndarray
    units: int
    table: Units | None
    labels: np.ndarray
    prediction: np.ndarray | None
    entropy: np.ndarray | None
    truth: np.ndarray | None
    colours: tuple[np.ndarray, np.ndarray] | None = None
    unpredicted: str = ""  # a sentence where a round is scored and its predictions are not kept

    def tells_flat(self, unit: str) -> bool:
        """Whether the form is enough to say how a unit is to be seen, if the scan has it: even
        ground is seen from above, and a sketch does not tell of that."""
        index = self.table.find(unit) if self.table is not None and unit else None
        if index is None or self.table is None or self.form.whole:
            return True
        number = index - self.table.range_of(self.scan).start
        return self.form.tells_flat(np.flatnonzero(self.unit == number))

    def may_replace(self, shown: Content | None) -> bool:
        """Whether it can be shown where `shown` is: no sketch takes the place of a form."""
        another = shown is None or shown.scan != self.scan
        return another or shown is self or self.form.whole

    def set_labels(self, rows: np.ndarray, classes: np.ndarray) -> None:
        """Give rows (R,) the classes (R,) uint8; `labels` is another array then."""
        labels = self.labels.copy()
        labels[rows] = classes
        self.labels = labels


def load(project: Project, scan: str, before: Content | None = None) -> Content:
    """Read a scan; its form is a sketch, or that of `before` where nothing changed that it is of.
    Raises ProjectError where a file is missing or has changed, or was not there before."""
    if scan in project.left_out:
        raise DataError(
            f"Scan {scan} was left out when the project was prepared: {project.left_out[scan]}",
            "Mend its file, then prepare again.",
        )
    if scan not in project.dataset.scans:  # a query asks it: all else is of those that are listed
        raise DataError(
            f"Scan {scan} is not among the scans that could be used when the project was opened.",
            "Bring its file back, then open the project again.",
        )
    read = project.dataset.scan(scan)
    units = project.units
    prepared = units is not None and units.scan_index(scan) is not None
    unit = project.rows(scan) if prepared else np.full(len(read.points), NOISE, np.int32)
    if len(unit) != len(read.points):
        raise DataError(
            f"Scan {scan} has {len(read.points):,} points; {len(unit):,} were prepared.",
            "Bring the original file back, or make a new project for the new scans.",
        )
    count = len(units.range_of(scan)) if units is not None else 0
    labels = project.labels(scan)
    truth = project.dataset.ground_truth(scan, project.classes) if project.research else None
    prediction = entropy = None
    rgb = project.dataset.colours(scan)
    scored, unpredicted = project.last_scored(), ""
    if scored is not None:
        file = prediction_file(project.predictions(scored), scan, project.dataset)
        if file.exists():
            try:
                stored = read_prediction(file, "classes", "entropy", N=len(read.points))
            except ProjectError:
                if file.exists():
                    raise
                return load(project, scan)  # deleted meanwhile: another round is scored
            prediction = project.classes.now[stored["classes"]]
            entropy = stored["entropy"].astype(np.float32)
        else:
            unpredicted = (
                f"What {scored.id} predicts of this scan is not kept: `lidarloop score` on the "
                "project makes it again."
            )
    if project.units is not units:  # prepared anew meanwhile
        return load(project, scan, before)
    same = before is not None and before.table is units
    if before is not None and same and np.array_equal(before.points, read.points, equal_nan=True):
        form = before.form
    else:
        low = ground_rows(units, scan, unit) if units is not None and prepared else None
        form = sketch_of(read.points, low)
    return Content(
        scan=scan,
        points=read.points,
        form=form,
        unit=unit,
        units=count,
        table=units,
        labels=labels,
        prediction=prediction,
        entropy=entropy,
        truth=truth,
        colours=palette_of(rgb) if rgb is not None else None,
        unpredicted=unpredicted,
    )


class Loader(QObject):
    """Keeps the last few scans and reads further ones on a thread of its own.

    Signals
    -------
    loaded(scan) : `get` has it now
    failed(scan, error) : it cannot be read, and why
    """

    loaded = Signal(str)
    failed = Signal(str, object)
    _arrived = Signal(str, object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._kept: OrderedDict[str, Content] = OrderedDict()
        # What is read, in which turn, and how many entries there were when it was asked for.
        self._wanted: dict[str, tuple[Future[Content], Turn, int]] = {}
        # A thread of its own: no learning and no picture may stand between a key and its scan.
        self._background = Background(1, "loader")
        # Queued: a scan read before `ask` returns must not arrive inside it.
        self._arrived.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def get(self, scan: str) -> Content | None:
        """Return a scan that is there, or None and ask for it."""
        content = self._kept.get(scan)
        if content is None:
            self._want(scan, Turn.NOW)
        else:
            self._kept.move_to_end(scan)
        return content

    def kept(self, scan: str) -> Content | None:
        """Return a scan only if it is there."""
        return self._kept.get(scan)

    def ask(self, scan: str) -> None:
        """Have a scan read ahead, if it is neither there nor on its way."""
        if scan not in self._kept:
            self._want(scan, Turn.SOON)

    def _want(self, scan: str, turn: Turn, before: Content | None = None) -> None:
        if scan in self._wanted:
            waiting, its_turn, _ = self._wanted[scan]
            if its_turn <= turn or not waiting.cancel():
                return
        written = self._project.answers.history.written
        read = partial(load, self._project, scan)
        future = self._background.submit(partial(read, before) if before else read, turn)
        self._wanted[scan] = (future, turn, written)
        future.add_done_callback(lambda done: self._arrived.emit(scan, done))

    def forget(self) -> None:
        """Drop everything: units or predictions have changed."""
        for future, *_ in self._wanted.values():
            future.cancel()
        self._kept.clear()
        self._wanted.clear()

    def renew(self, scan: str) -> None:
        """Read one scan anew and drop all others: predictions have changed. Until it has arrived
        `get` has the scan as it was."""
        before = self._kept.get(scan)
        self.forget()
        if before is not None:
            self._kept[scan] = before
        self._want(scan, Turn.NOW, before)

    def shut(self) -> None:
        """Stop the thread."""
        self._arrived.disconnect()
        self._background.shut()

    def _keep(self, scan: str, done: Future[Content]) -> None:
        wanted = self._wanted.get(scan)
        if wanted is None or wanted[0] is not done:  # forgotten or asked anew meanwhile
            return
        del self._wanted[scan]
        answers = self._project.answers
        try:
            content = self._kept[scan] = done.result()
            if any(
                head.scan == scan for head in answers.history.since(wanted[2])
            ):  # given meanwhile
                content.labels = self._project.labels(scan)
        except ProjectError as error:
            self.failed.emit(scan, error)
            return
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.loaded.emit(scan)
