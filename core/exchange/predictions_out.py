"""What a detector finds in all frames, as files of other programs: with its scores, as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.answers.box import boxes_in, table_of
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.predictions import Predictions, read_predictions
from core.boxes.table import Boxes
from core.exchange.boxes_out import boxes_in_files, files_of, kind_of_export, notes_of
from core.exchange.outbox import Outbox
from core.project.box_training import models_folder
from core.project.project import Project
from core.rounds.box_models import CPSP, FINAL, FIRST, NORMAL, best_of, predictions_file

_ACCEPT = "Accept them in the window; points can then get the class of their box."
_DELIVER = "Make it: `lidarloop deliver`; or `lidarloop score --task boxes`."


def newest(project: Project) -> tuple[str, Predictions]:
    """The best model of the newest round that predicted anything, as `best_of` has it, in words,
    and what it found. Raises ProjectError where none did."""
    folders = [found.folder for found in reversed(project.frame_rounds)]
    for folder in [*folders, models_folder(project).with_name(FIRST)]:
        models = [m for m in (NORMAL, CPSP, FINAL) if predictions_file(folder, m).exists()]
        if models:
            best = best_of(folder, models)
            path = predictions_file(folder, best)
            found = read_predictions(path, classes=len(project.classes))
            return f"{best} of {folder.name}", found.merged(project.classes.now)
    raise ProjectError("No detector has looked at the frames yet.", _DELIVER)


def export_predictions(
    project: Project, out: Path, job: Job, *, kind: str = "", force: bool = False, least: float = 0
) -> int:
    """Write the boxes that the newest detector found, from a score of `least` on, below `out`;
    return the number of files. Frames in which nothing was found have empty files.

    `kind`: as of `export_boxes`. Raises ProjectError, and ExistsError where `force` would help.
    """
    kind = kind_of_export(project, kind)
    name, found = newest(project)
    frames: dict[str, Boxes] = {}
    for done, scan in enumerate(project.dataset.scans):
        job.progress(done, len(project.dataset.scans), "export")
        if scan in found.frames:
            table = found.frames[scan].table()
            table = table.take(table.score >= least)
            boxes = [replace(box, from_files=found.from_files) for box in boxes_in(table)]
            home = boxes_in_files(scan, boxes, _ACCEPT)
            frames[scan] = Boxes.of(table_of(home).box, table.label, score=table.score)
    if not frames:
        raise ProjectError("The frames that were looked at are none of the project's.", _DELIVER)
    files = files_of(project, frames, kind)
    with Outbox(out, project, force=force, boxes="a detector found", kind=kind) as box:
        box.check([file.name for file in files])
        box.write_all(lambda: ((f.name, f.written.text.encode()) for f in files))
    job.progress(len(frames), len(frames), "export", always=True)
    for note in notes_of(files):
        job.say(note)
    many = counted(sum(map(len, frames.values())), "box")
    job.say(f"{many} in {len(frames):,} frames, found by {name}; nobody confirmed them.")
    missing = len(project.dataset.scans) - len(frames)
    if missing:
        job.say(
            f"{counted(missing, 'frame')} it has not looked at, or could not read: "
            "`lidarloop deliver` looks at all."
        )
    return len(files)
