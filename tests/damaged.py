"""Projects with every kind of file, to be damaged; what looks at one; mutations."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core import steps
from core.base.errors import ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.cli import doctor
from core.exchange.export import export
from core.project.project import Project
from core.project.status import status, table
from core.quality.agreement import agreements
from core.rounds.predictions import new_prediction_file
from core.rounds.scores import write_scores
from tests.streets import made_scores, small_project, small_scan, write_scan

VALUES: tuple[Any, ...] = (
    None, True, -1, 2, 10**30, 1e308, float("nan"), float("inf"), "", "x", "../../x", "\0",
    "\ud800", [], [[]], {}, ["x"], {"x": 1}, "x" * 10_000,
)  # fmt: skip


def whole_project(place: Path) -> Path:
    """A project at place/p with a scored round, whose network is made up, and one that is asked."""
    for number, name in enumerate(("00/velodyne/000000", "00/velodyne/000001", "08/velodyne/0")):
        write_scan(place / "scans", f"sequences/{name}", *small_scan(number))
    with small_project(place / "p", place / "scans", **{"query.fraction": "0.05"}) as project:
        steps.prepare(project, Job(), workers=1)
        found = steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        project.training_set(found)
        found.checkpoint.write_bytes(b"weights")
        units, dataset = project.need_units(), project.dataset
        write_scores(found.folder, units, [made_scores(len(units))], features=6, classes=4)
        for scan in (*dataset.train, *dataset.validation):
            arrays = {"classes": np.zeros(dataset.count(scan), np.uint8)}
            write_arrays(new_prediction_file(project.predictions(found), scan), arrays)
        iou = {name: 0.5 for name in project.classes.names}
        found.file("metrics.json").write_text(json.dumps({"miou": 0.5, "iou": iou}))
        steps.ask(project, Job())
    return place / "p"


def look(path: Path, out: Path) -> None:
    """Do what only reads: status, doctor, agreement, exports. Raises ProjectError at the first
    thing that is wrong."""
    for finding in doctor.integrity(path, Job()):
        if finding.good is False:
            raise ProjectError(str(finding), "")
    with Project(path, read_only=True) as project:
        table(status(project, backend=""))
        agreements(project)
        for found in project.rounds:
            project.stage(found)
            if found.frozen:
                training = project.training_set(found)
                for scan in training.scans:
                    training.labels(scan)
        for what in ("labels", "predictions", "merged", "panoptic", "journal"):
            shutil.rmtree(out, ignore_errors=True)
            export(project, out, Job(), what=what)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to each value within a JSON value, itself first."""
    yield path
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in inside:
            yield from leaves(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return by
    made = copy.deepcopy(value)
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = by
    return made


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed at random: cut, flipped, doubled, filled, digits made many, brackets deep."""
    kind = rng.randrange(8)
    at = rng.randrange(len(data) + 1)
    to = min(len(data), at + rng.choice((1, 2, 4, 8, 64, 1024)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + rng.randbytes(to - at) + data[to:]
    if kind == 2:
        return data[:to] + data[at:]
    if kind == 3:
        return (
            data[:at] + rng.choice((b"\0", b"\xff", b"9", b"[", b"{", b" ")) * (to - at) + data[to:]
        )
    if kind == 4:
        return data[:at] + data[to:]
    if kind == 5:
        return data[:at] + rng.choice((b"-1", b"1e999", b"9" * 30, b"nan", b'"', b"\n")) + data[at:]
    if kind == 6:
        return data[:at] + b"[" * 100_000 + data[at:]
    flipped = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        if flipped:
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)
