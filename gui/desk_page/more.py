"""The desk's charts of certainty, effort, scans, features and an experiment: each is read when it
is first in sight, since some read the whole project."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDockWidget, QFileDialog, QWidget

from core.base.errors import ProjectError
from core.base.paths import home
from core.desk.above import Above, from_above
from core.desk.behind import of_scan
from core.desk.certainty import (
    certainty_of,
    find_confidence,
    find_distance,
    find_entropy,
)
from core.desk.effort import effort_of
from core.desk.explained import CERTAINTY, NOT_PREPARED
from core.desk.features import PCA, plane_of, states_of, umap_installed
from core.desk.measured import Place
from core.desk.scans import scans_of
from core.experiment.folder import experiment_above, read_experiment
from core.experiment.lines import lines_of
from core.experiment.names import ABOUT
from core.experiment.results import curves
from core.experiment.summary import summarise
from gui.charts.certainty import ECE, ENTROPY, RELIABLE, CertaintyChart
from gui.charts.chart import Chart
from gui.charts.effort import EffortChart
from gui.charts.experiment import ExperimentChart, Shown
from gui.charts.features import FeaturesChart, Laid, lay
from gui.charts.scans import ScansChart
from gui.desk.background import Turn
from gui.desk.chosen import choice_of
from gui.desk.later import Later
from gui.desk.state import State
from gui.desk_page.reader import Reader
from gui.look.theme import Theme
from gui.start.recent import store

_EXPERIMENT = "desk experiment"


class More(QObject):
    """Signals
    -------
    find(words, work) : look for validation points, `work` gives their Place or None
    ask(units) : a query of these is wanted
    """

    find = Signal(str, object)
    ask = Signal(object)

    def __init__(self, over: QWidget, state: State, reader: Reader, theme: Theme) -> None:
        super().__init__(over)
        self._over, self._state, self._reader = over, state, reader
        self._round = ""
        self._fresh: set[str] = set()
        self.certainty, self.effort = CertaintyChart(theme), EffortChart(theme)
        self.scans, self.experiment = ScansChart(theme), ExperimentChart(theme)
        self.features = FeaturesChart(theme, umap=umap_installed())
        self.charts: dict[str, Chart] = {
            "Certainty": self.certainty,
            "Annotators": self.effort,
            "Scans": self.scans,
            "Features": self.features,
            "Experiment": self.experiment,
        }
        self._readers: dict[str, Callable[[], None]] = {
            "Certainty": self._read_certainty,
            "Annotators": self._read_effort,
            "Scans": self._read_scans,
            "Features": self._read_features,
            "Experiment": self._read_experiment,
        }
        self._docks: dict[str, QDockWidget] = {}
        self._came: list[str] = []  # charts that came in sight just now
        self._soon = Later(self, 0, self._read_seen)
        self.certainty.picked.connect(self._find)
        self.effort.picked.connect(self._choose_answers)
        self.scans.picked.connect(self._choose_scan)
        self.scans.wanted.connect(self._read_pictures)
        self.features.brushed.connect(self._brushed)
        self.features.wanted.connect(self.ask)
        self.features.method_changed.connect(lambda _: self._again("Features"))
        self.experiment.wanted.connect(self._open_experiment)
        choice_of(state).changed.connect(self.follow)

    def watch(self, docks: dict[str, QDockWidget]) -> None:
        """Read a chart when its dock comes in sight."""
        self._docks = {name: docks[name] for name in self.charts}
        for name, dock in self._docks.items():
            dock.visibilityChanged.connect(partial(self._seen, name))

    # -- reading ------------------------------------------------------------------------------

    def _seen(self, name: str, seen: bool) -> None:
        if seen:  # a dock behind another one is shown for a moment while the page is laid out
            self._came.append(name)
            self._soon.start()

    def _read_seen(self) -> None:
        came, self._came = self._came, []
        for name in came:
            if name not in self._fresh and not self.charts[name].visibleRegion().isEmpty():
                self._fresh.add(name)
                self._readers[name]()

    def _again(self, *names: str) -> None:
        """These have changed: read those in sight anew, the others when they come."""
        self._fresh.difference_update(names)
        for name in names:
            self._seen(name, name in self._docks)

    def renew(self) -> None:
        """Units, rounds or predictions have changed."""
        self.scans.forget_pictures()
        self._again(*(name for name in self.charts if name != "Experiment"))

    def renew_answers(self) -> None:
        """Answers have come in."""
        self._again("Annotators", "Scans", "Features")

    def set_round(self, id: str) -> None:
        """The round that is chosen; "" for none."""
        if id != self._round:
            self._round = id
            self._again("Certainty")

    def _read_certainty(self) -> None:
        project = self._state.project
        if not self._round:
            self.certainty.wait(CERTAINTY.waits)
            return
        self._wait(self.certainty, "Reading what the validation scans are taken for …")
        work = partial(certainty_of, project, project.round(self._round), self._reader.job)
        self._reader.read(work, self.certainty.set_certainty, self.certainty)

    def _read_effort(self) -> None:
        self._reader.read(partial(effort_of, self._state.project), self.effort.set_effort,
                          self.effort)  # fmt: skip

    def _read_scans(self) -> None:
        self._wait(self.scans, "Reading poses, scores and predictions …")

        def then(found) -> None:
            self.scans.set_scans(found)
            self._follow_scans()

        self._reader.read(partial(scans_of, self._state.project, self._reader.job), then,
                          self.scans)  # fmt: skip

    def _read_pictures(self, measure: str, names: list[str]) -> None:
        """Each by itself, so that it is shown as soon as it is read, and behind all else."""
        project = self._state.project

        def arrived(done: Future[Above]) -> None:
            try:
                self.scans.set_picture(measure, done.result())
            except ProjectError as error:
                self.scans.tell(f"{error.what} {error.do}", problem=True)

        for name in names:
            self._reader.submit(partial(from_above, project, name, measure), arrived, Turn.LATER)

    def _read_features(self) -> None:
        project = self._state.project
        if project.units is None:
            self.features.wait(NOT_PREPARED)
            return
        self._wait(self.features, "Laying out the units …")
        method, units = str(self.features.method.currentData() or PCA), project.units

        def work() -> Laid:
            return lay(plane_of(project, self._reader.job, method), states_of(project))

        def then(found: Laid) -> None:
            if project.units is units:
                self.features.set_laid(found, units.names)
                self._follow_features()

        self._reader.read(work, then, self.features)

    @staticmethod
    def _wait(chart: Chart, words: str) -> None:
        if not chart.shows:
            chart.wait(words)

    # -- an experiment ------------------------------------------------------------------------

    def _open_experiment(self) -> None:
        kept = str(store().value(_EXPERIMENT) or home())
        chosen = QFileDialog.getExistingDirectory(self._over, "Folder of an experiment", kept)
        if chosen:
            store().setValue(_EXPERIMENT, chosen)
            self._again("Experiment")

    def _read_experiment(self) -> None:
        out = experiment_above(self._state.project.path)
        if out is None:
            kept = str(store().value(_EXPERIMENT) or "")
            if not kept or not (Path(kept) / ABOUT).exists():
                if kept:
                    self.experiment.wait(f"{kept} holds no experiment: open another folder.")
                return
            out = Path(kept)
        self._wait(self.experiment, "Reading the experiment …")
        self._reader.read(partial(_shown, out), self.experiment.set_experiment, self.experiment)

    # -- choosing -----------------------------------------------------------------------------

    def _find(self, key: tuple[str, int | None, int, bool]) -> None:
        """The points behind a mark of entropy and error."""
        kind, label, place, right = key
        project, job = self._state.project, self._reader.job
        if kind == ECE:
            of = self.certainty.of
            of.setCurrentIndex(of.findData(label))
            self.certainty.kind.setCurrentIndex(self.certainty.kind.findData(RELIABLE))
            return
        assert self.certainty.found is not None
        found = project.round(self.certainty.found.round)
        work: Callable[[], Place | None]
        if kind == ENTROPY:
            work = partial(find_entropy, project, found, label, place, right, job)
            words = f"{'right' if right else 'wrong'} points of that entropy"
        elif kind == RELIABLE:
            work = partial(find_confidence, project, found, label, place, job)
            words = "wrong points of that confidence"
        else:
            work = partial(find_distance, project, found, label, place, job)
            words = "wrong points at that distance"
        self.find.emit(words, work)

    def _choose_answers(self, key: tuple[str, str]) -> None:
        """The units behind a row of what answers took."""
        group, name = key
        words = f"units answered: {group}, {name}"
        choice_of(self._state).choose(words, self.effort.units_of(group, name))

    def _choose_scan(self, name: str) -> None:
        """Open a scan; its units are chosen, where it has any."""
        state = self._state
        state.show_scan(name)
        if state.project.units is not None:
            choice_of(state).choose(f"units of {name}", of_scan(state.project, name))

    def _brushed(self, units) -> None:
        choice_of(self._state).choose("units brushed in the feature space", units)

    # -- following ----------------------------------------------------------------------------

    def follow(self) -> None:
        """Mark what is chosen."""
        self._follow_features()
        self._follow_scans()
        chosen = choice_of(self._state).now
        self.effort.choose(None if chosen is None else chosen.mask)

    def _follow_features(self) -> None:
        chosen = choice_of(self._state).now
        self.features.choose(None if chosen is None else chosen.mask)

    def _follow_scans(self) -> None:
        found, units = self.scans.found, self._state.project.units
        if found is None:
            return
        choice = choice_of(self._state)
        place = {name: number for number, name in enumerate(found.names)}
        names = list(choice.scans)
        if choice.now is not None and units is not None:
            names = [units.scans[scan] for scan in choice.now.scans.tolist()]
        self.scans.choose(np.array([place[n] for n in names if n in place], np.int64))


def _shown(out: Path) -> Shown:
    """What an experiment's records come to. Raises ProjectError."""
    experiment = read_experiment(out)
    if experiment.spec.table:
        raise ProjectError(
            f"{experiment.spec.title} is a table without curves.",
            f"Its report is {out / 'report.html'}.",
        )
    found = summarise(experiment, curves(experiment))
    return Shown(
        experiment.spec.title,
        {axis: lines_of(found.by_arm, axis) for axis in experiment.spec.measure.axes},
        found.comparisons,
        found.reached,
        found.goal,
        experiment.spec.measure,
    )
