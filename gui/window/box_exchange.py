"""Box files that come in and go out of an open project: said before it is done, and what came of
it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.project import Project
from gui.desk.background import Background, Turn
from gui.window.banner import Choice
from gui.window.exchange import Run, Told

if TYPE_CHECKING:  # files of all kinds are known when one is asked for
    from core.exchange.boxes_in import BoxPlan


class BoxExchange:
    """Steps of a project in the background; `run` starts one by its name and tells its outcome."""

    def __init__(self, project: Project, run: Run, background: Background) -> None:
        self._project, self._run, self._background = project, run, background

    def open_export(self, over: QWidget) -> None:
        """Ask as which files the boxes go out, and where to."""
        from core.exchange.boxes_out import unconfirmed_boxes
        from gui.window.box_export_page import BoxExportPage

        path = self._project.path
        open_boxes = self._background.submit(partial(unconfirmed_boxes, self._project), Turn.NOW)
        out = path.parent / f"{path.name}-boxes"
        page = BoxExportPage(over, out, self.export, self.export_found, open_boxes)
        page.show()
        page.activateWindow()

    def export(
        self, out: Path, kind: str, *, unconfirmed: bool = False, force: bool = False
    ) -> None:
        """Write the boxes below `out` as files of a kind, "" for the dataset's own, those that
        nobody confirmed too or not; where an earlier export lies there, ask whether to replace it.
        """
        again_with = partial(self.export, out, kind, unconfirmed=unconfirmed, force=True)

        def work(job: Job) -> Told:
            from core.exchange.boxes_out import export_boxes, unconfirmed_boxes
            from core.exchange.outbox import ExistsError

            try:
                count = export_boxes(
                    self._project, out, job, kind=kind, force=force, unconfirmed=unconfirmed
                )
            except ExistsError as error:
                return _exists(error, again_with)
            waiting = unconfirmed_boxes(self._project)
            boxes = "1 box" if waiting == 1 else f"{waiting:,} boxes"
            done = "are in them like all others" if unconfirmed else "are left out"
            if waiting == 1:
                done = done.replace("are", "is", 1)
            more = f"{boxes} that nobody confirmed {done}." if waiting else ""
            return Told(_written(count, out), more)

        self._run("Export", work)

    def export_found(self, out: Path, kind: str, *, force: bool = False) -> None:
        """The same of what the newest detector found in all frames, with its scores."""

        def work(job: Job) -> Told:
            from core.exchange.outbox import ExistsError
            from core.exchange.predictions_out import export_predictions

            try:
                count = export_predictions(self._project, out, job, kind=kind, force=force)
            except ExistsError as error:
                return _exists(error, partial(self.export_found, out, kind, force=True))
            return Told(_written(count, out), "A detector found them; nobody confirmed them.")

        self._run("Export", work)

    def label_points(self) -> None:
        """Give the points in the boxes of finished frames their class."""

        def work(job: Job) -> Told:
            from core.project.one_answer import give_labels

            scans, points = give_labels(self._project, self._project.boxes.finished_in_order(), job)
            if not scans:
                return Told("Every point in a box of a finished frame has a class already.")
            frames = "1 frame" if scans == 1 else f"{scans:,} frames"
            return Told(
                f"{points:,} points in the boxes of {frames} have the class of their box.",
                "Their units are asked no more. Undo among the points takes back a frame.",
            )

        self._run("Label points", work)

    def look_at(self, path: Path) -> None:
        """Say what of the box files at `path` would be imported, and offer to do it."""

        def work(job: Job) -> Told:
            from core.exchange.boxes_found import holds_scores
            from core.exchange.boxes_in import plan_boxes

            if holds_scores(self._project, path):
                return self._offer_found(path)
            plan = plan_boxes(self._project, path, job)
            if not plan.frames:
                return Told(" ".join(plan.sentences))
            boxes = sum(map(len, plan.frames.values()))
            take: Choice = (
                "Import 1 box" if boxes == 1 else f"Import {boxes:,} boxes",
                lambda: self._take_over(plan),
            )
            leave: Choice = ("Do not import", lambda: None)
            return Told(
                " ".join(plan.sentences),
                "Nothing is taken over yet. What you drew stays as it is.",
                [take, leave],
            )

        self._run("Look at boxes", work)

    def _offer_found(self, path: Path) -> Told:
        """What a detector found is no answer: say what it would be."""
        from core.exchange.boxes_found import read_found

        found = read_found(self._project, path)
        boxes = sum(map(len, found.frames.values()))
        take: Choice = ("Show them", lambda: self._take_found(path))
        leave: Choice = ("Do not import", lambda: None)
        return Told(
            f"{boxes:,} boxes with scores of {len(found.frames):,} frames: what a detector found. "
            + " ".join(found.notes),
            "They are shown dashed, to be accepted or rejected, in place of any found before.",
            [take, leave],
        )

    def _take_found(self, path: Path) -> None:
        def work(job: Job) -> Told:
            from core.exchange.boxes_found import read_found, take_found

            said = take_found(self._project, read_found(self._project, path), job)
            return Told(f"{said}: Space accepts one, Delete rejects it.")

        self._run("Import", work)

    def _take_over(self, plan: BoxPlan) -> None:
        def work(job: Job) -> Told:
            from core.exchange.boxes_in import take_over_boxes

            count = take_over_boxes(self._project, plan, job)
            return Told("1 box taken over." if count == 1 else f"{count:,} boxes taken over.")

        self._run("Import", work)


def _written(count: int, out: Path) -> str:
    files = "1 file" if count == 1 else f"{count:,} files"
    return f"{files} of boxes written to {out.resolve()}."


def _exists(error: ProjectError, again_with: Callable[[], object]) -> Told:
    """An earlier export lies there: what to do with it."""
    again: Choice = ("Replace it", again_with)
    keep: Choice = ("Keep it", lambda: None)
    return Told(error.what, "Nothing is written yet.", [again, keep])
