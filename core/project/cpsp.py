"""What a project's CPSP training is made of: people's boxes, other frames, those held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError, ProjectError
from core.base.files import read_json
from core.base.jobs import Job
from core.boxes.evaluation.outcomes import counted_points
from core.boxes.kinds import kinds_of
from core.boxes.labelled import LEAST_POINTS, LabelledFrames, most_objects
from core.boxes.scene import Scenes
from core.boxes.ssal.bank import GT, Item, points_of
from core.boxes.ssal.confident import Rule
from core.boxes.ssal.cpsp import TOLD, Cpsp, Parts
from core.boxes.ssal.refresh import How, Labelled, told
from core.boxes.table import Boxes
from core.project.box_training import BoxTraining, frame_of
from core.project.project import Project

_DELETE = "Delete it: it only tells what became of the bank, which is in bank.npz."
Read = Callable[[str], np.ndarray]


def cpsp_of(
    project: Project,
    folder: Path,
    training: BoxTraining,
    labelled: LabelledFrames,
    scenes: Scenes,
    job: Job,
    *,
    steps: int,
    seed: int,
    network: str,
    final: bool = False,
) -> Cpsp:
    """The scenes of a CPSP training, all as the journals stood when `training` was frozen.

    `labelled`: its frames as they are learnt; `scenes`: all frames as they are looked at;
    `network`: a hash of what looks at them, and how it learns and scores. Raises ProjectError where
    the bank in `folder` is damaged, DataError for a frame of `training` that cannot be read;
    others are left out, and told.
    """
    about = kinds_of(project.classes)
    how, parts = rules_of(project, final=final)
    settled = project.boxes.settled_at(training.positions)
    pool = [scan for scan in project.dataset.train if scan not in settled]
    read, held_out = scenes.read, {}
    for scan in training.held_out:
        boxes = frame_of(project, scan, training).boxes
        held_out[scan] = Labelled(boxes, counted_points(boxes, read(scan)))
    # The key of what is learnt is of their hashes, which are kept from here on.
    looked_at = [*pool, *training.held_out]
    for done, scan in enumerate(looked_at):
        job.progress(done, len(looked_at), "look at files")
        try:
            scenes.digest(scan, project.scan_hash(scan))
            read(scan)
        except DataError as error:
            if scan not in pool:
                raise
            pool.remove(scan)
            job.say(f"No pseudo scene is made of {scan}: {error.what}")
    drawn = project.boxes.drawn_at(training.positions)
    begun = [scan for scan in pool if scan in drawn]
    there = {scan: frame_of(project, scan, training).boxes for scan in (*training.frames, *begun)}
    return Cpsp(
        folder,
        labelled,
        people=[*labelled.items, *_accepted({scan: there[scan] for scan in begun}, read)],
        boxes={scan: boxes.box for scan, boxes in there.items()},
        pool=pool,
        held_out=held_out,
        read=read,
        digest=lambda scan: scenes.digest(scan, project.scan_hash(scan)),
        kinds=about,
        how=how,
        parts=parts,
        steps=steps,
        seed=seed,
        network=network,
    )


def rules_of(project: Project, *, final: bool) -> tuple[How, Parts]:
    """By which rules a project's banks are made, and of what its pseudo scenes are; `final`: as the
    final detector is trained."""
    how = project.settings.ssal
    return How(
        Rule(how.clusters, how.cluster, how.keep),
        how.del_after,
        how.low_final if final else how.low,
        how.bank_min_precision,
        false=not final,
    ), Parts(
        most_objects(kinds_of(project.classes)),
        how.false_positives,
        how.labelled_share,
        how.refreshes,
    )


def _accepted(begun: Mapping[str, Boxes], read: Read) -> list[Item]:
    """Objects that people vouched for in frames that they have not finished."""
    found = []
    for scan, there in begun.items():
        boxes = there.take(~there.ignore)
        parts = points_of(read(scan), boxes.box)
        found += [
            Item(box, int(label), 1.0, scan, part, GT)
            for box, label, part in zip(boxes.box, boxes.label, parts, strict=True)
            if len(part) >= LEAST_POINTS
        ]
    return found


def bank_records(project: Project, folder: Path) -> list[dict[str, Any]]:
    """What became of a bank, a record for each refresh: its "step" and, by class name, "classes"
    with counts of objects by "people", "pseudo" and "false" ones, those "new", "replaced" and
    "removed" by it, the score "threshold", how many of the held-out boxes "judged" were "right",
    and whether the class was "barred". None where there is no bank. Raises ProjectError where its
    file is damaged."""
    if not (folder / TOLD).exists():
        return []
    names = project.classes.names
    stored = read_json(folder / TOLD, do=_DELETE, refreshes=list[dict[str, Any]])["refreshes"]
    try:
        return [
            {
                "step": int(record["step"]),
                "classes": {
                    names[int(label)]: _recorded(one) for label, one in record["classes"].items()
                },
            }
            for record in stored
        ]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ProjectError(f"{folder / TOLD} is damaged: {error!r}.", _DELETE) from error


def _recorded(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a record holds of a class, each as it is to be. Raises as `bank_records` catches."""
    counts = ("people", "pseudo", "false", "new", "replaced", "removed", "right", "judged")
    limit = one["threshold"]
    return {
        **{name: int(one[name]) for name in counts},
        "threshold": None if limit is None else float(limit),
        "barred": bool(one["barred"]),
    }


def bank_told(project: Project, folder: Path, *, last: bool = False) -> list[str]:
    """What became of a bank, in lines: of each refresh, or of the `last`. Raises as
    `bank_records`."""
    lines = []
    for record in bank_records(project, folder)[-1 if last else 0 :]:
        lines.append(f"bank at step {record['step']:,}:")
        lines += [f"  {line}" for line in told(record)]
        if not any(one["people"] + one["pseudo"] for one in record["classes"].values()):
            lines.append("  no object is in it: the detector learns labelled frames alone")
    return lines
