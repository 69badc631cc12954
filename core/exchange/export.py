"""Export: labels, predictions, both merged, or the journal, in the layout of the dataset."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.answers.entry import POINTS, Entry
from core.base.errors import ProjectError, SettingsError
from core.base.files import write_atomic
from core.base.jobs import Job
from core.data.classes import UNLABELLED, ClassList
from core.exchange.panoptic import export_panoptic
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction

WHAT = ("labels", "predictions", "merged", "panoptic", "journal")


def export(project: Project, out: Path, job: Job, *, what: str = "labels") -> int:
    """Write `what` below `out`; return the number of files.

    labels       what people answered; 0 where nobody did, and for *ignored*
    predictions  what the newest scored round predicts, train and validation scans
    merged       answers where there are some, predictions elsewhere
    panoptic     what people answered, in the upper 16 bits which thing of its sequence it is
    journal      every entry of every annotator, one JSON object a line
    """
    if what not in WHAT:
        raise SettingsError(f"Nothing is called {what}.", f"Choose one of {', '.join(WHAT)}.")
    if out.resolve() == project.root:
        raise ProjectError(
            "The output folder is the data root; source scans are read only.",
            "Name another folder.",
        )
    if what == "journal":
        return _export_journal(project, out, job)
    if what == "panoptic":
        return export_panoptic(project, out, job)
    classes_of = _source(project, what)
    scans = project.dataset.train
    if what == "predictions":
        scans = (*scans, *project.dataset.validation)
    written = 0
    for done, scan in enumerate(scans, start=1):
        classes = classes_of(scan)
        if what != "labels" or np.any(classes != UNLABELLED):
            _write_scan(project, out, scan, classes, project.classes)
            written += 1
        job.progress(done, len(scans), "export")
    return written


def _source(project: Project, what: str) -> Callable[[str], np.ndarray]:
    """Return the function scan -> (N,) uint8 classes to export."""
    if what == "labels":
        return project.labels
    scored = project.last_scored()
    if scored is None:
        raise ProjectError(
            "There are no predictions: no round is trained and scored yet.",
            "Run `lidarloop train` first, or export labels.",
        )
    folder = project.predictions(scored)

    def predicted(scan: str) -> np.ndarray:
        file = prediction_file(folder, scan, project.dataset)
        return read_prediction(file, "classes", N=project.dataset.count(scan))["classes"]

    def merged(scan: str) -> np.ndarray:
        labels = project.labels(scan)
        return np.where(labels == UNLABELLED, predicted(scan), labels)

    return predicted if what == "predictions" else merged


def _write_scan(
    project: Project, out: Path, scan: str, classes: np.ndarray, class_list: ClassList
) -> None:
    dataset = project.dataset
    file, dtype = dataset.format.label_file(dataset.root, scan)
    write_atomic(out / file, class_list.decode(classes).astype(dtype).tobytes())


def _export_journal(project: Project, out: Path, job: Job) -> int:
    lines = [json.dumps(_line(entry)) for entry in project.answers.entries()]
    write_atomic(out / "journal.jsonl", "".join(f"{line}\n" for line in lines).encode())
    job.progress(1, 1, "export")
    return 1


def _line(entry: Entry) -> dict[str, Any]:
    """An entry as it is exported; `kind` and `body` only where it is not about points."""
    line = {
        "annotator": entry.annotator,
        "seq": entry.seq,
        "time": entry.time,
        "verb": entry.verb,
        "round": entry.round,
        "scan": entry.scan,
        "unit": entry.unit,
        "rows": entry.rows.tolist(),
        "classes": entry.classes.tolist(),
        "tool": entry.tool,
        "active_s": entry.active_s,
        "clicks": entry.clicks,
        "keys": entry.keys,
        "suggested": entry.suggested,
        "version": entry.version,
        "scan_rows": entry.scan_rows,
        "scan_hash": entry.scan_hash,
        "cancels": entry.cancels,
        "blind": entry.blind,
    }
    return line if entry.kind == POINTS else {**line, "kind": entry.kind, "body": entry.body}
