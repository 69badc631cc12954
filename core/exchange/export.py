"""Export: labels, predictions, both merged, or the journal, in the layout of the dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.answers.entry import POINTS, Entry
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.exchange.layouts import OWN, layout_of
from core.exchange.outbox import Outbox
from core.exchange.panoptic import export_panoptic
from core.exchange.raw_labels import MOST_CLASS, as_raw, check_ids, told
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction

WHAT = ("labels", "predictions", "merged", "panoptic", "journal")
_WITH_TABLES = ("panoptic", "nuscenes")


def export(
    project: Project,
    out: Path,
    job: Job,
    *,
    what: str = "labels",
    layout: str = OWN,
    force: bool = False,
) -> int:
    """Write `what` below `out`; return the number of files, tables beside them not counted.

    labels       what people answered; the list's `none` (0 in most) where nobody did, and for
                 *ignored*
    predictions  what the newest scored round predicts, train and validation scans, where and as
                 the dataset's evaluator looks for them
    merged       answers where there are some, predictions elsewhere
    panoptic     what people answered, in the upper 16 bits which thing of its sequence it is
    journal      every entry of every annotator, one JSON object a line

    In labels, merged and panoptic, rows of imported labels that nobody answered otherwise are as
    they came in. `layout`: the dataset's own, or one of LAYOUTS. Nothing that another program
    wrote is overwritten, and with `force` what an earlier export wrote. Raises ProjectError, and
    ExistsError where `force` would help; then nothing is written, but where a scan among others
    is refused: what was written before it is named in the manifest, and the next export goes on.
    """
    if what not in WHAT:
        raise SettingsError(f"Nothing is called {what}.", f"Choose one of {', '.join(WHAT)}.")
    if layout != OWN and what in ("panoptic", "journal") and (what, layout) != _WITH_TABLES:
        raise SettingsError(f"The {what} goes out in one layout only.", "Leave out --as.")
    with Outbox(out, project, force=force) as box:
        if what == "journal":
            return _export_journal(project, box, job)
        check_ids(project.classes)
        if what == "panoptic":
            return export_panoptic(project, box, job, tables=layout != OWN)
        return _export_scans(project, box, job, what, layout)


def _export_scans(project: Project, box: Outbox, job: Job, what: str, layout: str) -> int:
    raw_of, scans = _source(project, what)
    plan = layout_of(project, layout, what, scans)
    box.check([*plan.files.values(), *plan.beside_names])

    lost: list[str] = []
    classed = total = 0
    classes = project.classes
    none = classes.none if classes.has_none else None

    def made() -> Iterator[tuple[str, bytes | None]]:
        nonlocal classed, total
        classed = total = 0  # it may all be made twice
        for done, scan in enumerate(scans, start=1):
            raw = raw_of(scan)
            total += project.count(scan)
            classed += 0 if raw is None else int(np.count_nonzero(raw & MOST_CLASS != none))
            if raw is not None and not plan.instances and raw.max(initial=0) > MOST_CLASS:
                raw = raw & MOST_CLASS
                if not lost:
                    job.say("These labels have no room for instances: the classes alone go out.")
                lost.append(scan)
            yield plan.files[scan], None if raw is None else plan.pack(scan, raw)
            job.progress(done, len(scans), "export")

    # Where nothing may be without a class, a scan may be refused.
    names = set(box.write_all(made, trial=not classes.has_none))
    if names:
        for name, content in plan.beside([s for s in scans if plan.files[s] in names]).items():
            box.write(name, content())
        if what == "labels":
            rest = "" if none is None else f"; the rest is {none}"
            job.say(f"{classed:,} of {total:,} points have a class{rest}.")
    return len(names)


def _source(
    project: Project, what: str
) -> tuple[Callable[[str], np.ndarray | None], tuple[str, ...]]:
    """The function scan -> (N,) uint32 raw labels to export, None for no file, and the scans."""
    train = project.dataset.train
    if what == "labels":
        return lambda scan: told(project, scan), train
    scored = project.last_scored()
    if scored is None:
        if what == "merged" and all(project.brought(scan) is not None for scan in train):
            return lambda scan: told(project, scan), train
        raise ProjectError(
            "There are no predictions: no round is trained and scored yet.",
            "Run `lidarloop train` first, or export labels.",
        )
    folder = project.predictions(scored)

    def predicted(scan: str) -> np.ndarray:
        file = prediction_file(folder, scan, project.dataset)
        return read_prediction(file, "classes", N=project.dataset.count(scan))["classes"]

    def merged(scan: str) -> np.ndarray:
        labels, brought = project.labels(scan), project.brought(scan)
        if brought is None:
            labels = np.where(labels == UNLABELLED, predicted(scan), labels)
        return as_raw(labels, brought, project.classes)

    if what == "merged":
        return merged, train
    # Of another network's predictions only those of the training scans are sure to be there.
    seen = [
        scan
        for scan in project.dataset.validation
        if not scored.given or prediction_file(folder, scan, project.dataset).exists()
    ]
    return lambda scan: project.classes.decode(predicted(scan)), (*train, *seen)


def _export_journal(project: Project, box: Outbox, job: Job) -> int:
    answers, total = project.answers, project.answers.count

    def lines() -> Iterator[bytes]:
        for done, entry in enumerate(answers.entries(), start=1):
            yield f"{json.dumps(_line(entry))}\n".encode()
            job.progress(min(done, total), total, "export")

    box.check(["journal.jsonl"])
    box.write_all(lambda: [("journal.jsonl", lines())])
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
