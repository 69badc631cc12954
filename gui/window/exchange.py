"""What comes in and goes out of an open project: said before it is done, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.base.jobs import Job
from core.project.project import Project
from gui.window.banner import Choice

if TYPE_CHECKING:  # files of all kinds are known when one is asked for
    from core.exchange.import_labels import Plan

_EXPORTED = {
    "labels": "labels",
    "predictions": "predictions",
    "merged": "labels, and predictions where there is no label,",
    "journal": "the journal",
}


class Told(NamedTuple):
    """How a step ended: a sentence, what to do, and ways to go on."""

    what: str
    do: str = ""
    choices: Sequence[Choice] = ()


Run = Callable[[str, Callable[[Job], Told]], None]


class Exchange:
    """Steps of a project in the background; `run` starts one by its name and tells its outcome."""

    def __init__(self, project: Project, run: Run) -> None:
        self._project, self._run = project, run

    def export(self, out: Path, what: str, layout: str = "", *, force: bool = False) -> None:
        """Write labels, predictions, both merged, or the journal below `out`, as `layout`, by
        default the dataset's own; where an earlier export lies there, ask whether to replace it."""

        def work(job: Job) -> Told:
            from core.exchange.export import export
            from core.exchange.layouts import OWN
            from core.exchange.outbox import ExistsError

            kind = layout or OWN
            try:
                count = export(self._project, out, job, what=what, layout=kind, force=force)
            except ExistsError as error:
                again: Choice = (
                    "Replace it",
                    lambda: self.export(out, what, layout, force=True),
                )
                return Told(error.what, "Nothing is written yet.", [again, _nothing("Keep it")])
            if not count:
                return Told("Nothing was written: no point has a class yet.")
            files = "1 file" if count == 1 else f"{count:,} files"
            return Told(f"{files} of {_EXPORTED[what]} written to {out.resolve()}.")

        self._run("Export", work)

    def look_at_labels(self, root: Path, ids: str = "raw") -> None:
        """Say what of the label files below `root` would be imported, and offer to do it."""

        def work(job: Job) -> Told:
            from core.exchange.import_labels import plan_import

            plan = plan_import(self._project, root, job, ids=ids)
            scans = "1 scan" if len(plan.scans) == 1 else f"{len(plan.scans):,} scans"
            choices: list[Choice] = [(f"Import {scans}", lambda: self._take_over(plan))]
            if ids == "raw":
                other: Choice = (
                    "Read as places in the list",
                    lambda: self.look_at_labels(root, "classes"),
                )
                choices.append(other)
            choices.append(_nothing("Do not import"))
            return Told(
                " ".join(plan.sentences),
                "Nothing is taken over yet. What you answered stays as it is.",
                choices,
            )

        self._run("Look at labels", work)

    def _take_over(self, plan: Plan) -> None:
        def work(job: Job) -> Told:
            from core.exchange.import_labels import take_over

            return Told(f"Labels of {take_over(self._project, plan, job):,} scans taken over.")

        self._run("Import", work)

    def rank_by(self, folder: Path) -> None:
        """Rank units by the probabilities of another network from now on."""

        def work(job: Job) -> Told:
            from core.exchange.given import score_from

            told = score_from(self._project, folder, job).told("probabilities", "scans")
            return Told(
                " ".join(told),
                "The next query ranks by them, until a network of this project is scored.",
            )

        self._run("Rank", work)


def _nothing(text: str) -> Choice:
    return text, lambda: None
