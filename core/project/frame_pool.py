"""A project's pool of frames, as strategies see it: without a label of a frame that is not done."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.base.errors import DataError, SettingsError
from core.base.ssal_settings import SsalSettings
from core.boxes.predictions import Predictions, read_predictions
from core.project.box_training import models_folder
from core.project.project import Project
from core.query.box_strategies.cal import weights_of
from core.query.frame_pool import FramePool
from core.query.frames import frames_of
from core.rounds.box_models import CPSP, FIRST, NORMAL, predictions_file, weights_file


def predicted(project: Project) -> tuple[Predictions | None, Predictions | None]:
    """What the normal model and that of CPSP say of frames, by the newest round that has scores,
    merged classes as those that they count as now; None where there are none. Raises ProjectError
    where a file is damaged, or of other axes."""
    folders = [found.folder for found in reversed(project.frame_rounds)]
    for folder in [*folders, models_folder(project).with_name(FIRST)]:
        if predictions_file(folder, NORMAL).exists():
            normal, other = (_read(project, folder, model) for model in (NORMAL, CPSP))
            return normal, other
    return None, None


def _unscored(project: Project) -> str:
    """The newest folder with a detector, where one of it has not looked at the frames: older ones,
    or one of two, would choose in its place. "" where all have."""
    folders = [found.folder for found in reversed(project.frame_rounds)]
    models = (NORMAL, CPSP) if project.settings.ssal.cpsp else (NORMAL,)
    for folder in [*folders, models_folder(project).with_name(FIRST)]:
        trained = [model for model in models if weights_file(folder, model).exists()]
        if trained:
            looked = all(predictions_file(folder, model).exists() for model in trained)
            return "" if looked else folder.name
    return ""


def _read(project: Project, folder: Path, model: str) -> Predictions | None:
    path = predictions_file(folder, model)
    if not path.exists():
        return None
    found = read_predictions(path, classes=len(project.classes))
    if not np.array_equal(found.from_files, project.dataset.from_files):
        raise DataError(
            f"What {model} found in {path.parent.name} lies in other axes than [rig] says now.",
            "Run `lidarloop score --task boxes` on the project again.",
        )
    return found.merged(project.classes.now)


def _by_names_of_now(project: Project) -> SsalSettings:
    """The settings of S-SSAL; classes that were renamed since are called as they are now. As they
    are where they name what there is not: a strategy that weighs classes says so."""
    how, classes = project.settings.ssal, project.classes
    had = Counter(name for label in range(len(classes)) for name in classes.names_before(label))
    before = [
        [name for name in classes.names_before(label) if had[name] == 1]
        for label in range(len(classes))
    ]
    try:
        weights = weights_of(how, classes.names, before)
    except SettingsError:
        return how
    named = {classes.names[label]: weight for label, weight in weights.items()}
    if any("," in name for name in named):  # which parts them
        return how
    return replace(how, class_weights=", ".join(f"{n} {weight!r}" for n, weight in named.items()))


def frame_pool(project: Project) -> FramePool:
    """The frames that may be asked: the training scans; and what is known of them. Labels of
    validation scans only measure, and move nothing here."""
    boxes, how, train = project.boxes, _by_names_of_now(project), frozenset(project.dataset.train)
    normal, cpsp = predicted(project)
    drawn, finished = boxes.counts_by_scan(), boxes.counts_of(boxes.finished & train)
    regions = {}
    for scan in {*drawn} & train - boxes.settled:
        table = project.box_table(scan)
        if table.ignore.any():
            regions[scan] = table.box[table.ignore]
            drawn[scan] -= len(regions[scan])
    sure = None
    if normal is not None:
        # Of all boxes from a score of .1 on most are none: those that count are expected.
        sure = {s: int((seen.score > how.count_from).sum()) for s, seen in normal.frames.items()}
    frames = frames_of(
        project.dataset.train,
        settled=frozenset(boxes.settled),
        finished=[sum(of.values()) for of in finished.values()],
        drawn=drawn,
        minutes=boxes.minutes_in(train),
        predicted=sure,
    )
    labelled = np.zeros(len(project.classes), np.int64)
    for of in finished.values():
        for label, count in of.items():
            labelled[label] += count
    names = tuple(project.classes.names)
    return FramePool(
        frames,
        names,
        labelled,
        normal.frames if normal is not None else None,
        cpsp.frames if cpsp is not None else None,
        how,
        regions,
        normal.source if normal is not None else None,
        _unscored(project),
    )
