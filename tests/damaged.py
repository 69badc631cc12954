"""Projects with every kind of file, to be damaged; what looks at one; mutations."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import steps
from core.answers.drawings import Drawing, write_drawing
from core.base.errors import ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.cli import doctor
from core.data.own_poses import OwnPoses, write_own
from core.exchange.export import WHAT, export
from core.exchange.given import score_from
from core.project.frozen import training_set
from core.project.project import Project
from core.project.status import status, table
from core.quality.agreement import agreements
from core.rounds.predictions import new_prediction_file
from core.rounds.scores import write_scores
from core.rounds.wrong import write_wrong
from tests.exchanged import contents
from tests.streets import give, made_scores, small_project, small_scan, write_scan

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
        training_set(project, found)
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


def with_all_files(place: Path, *, given: bool = False) -> Path:
    """`whole_project` with all that a project may hold besides: an undo, a unit that was declined,
    one that was reopened, blind answers, poses, a drawing, a log; `given`: the probabilities of
    another network, which then rank."""
    path = whole_project(place)
    with Project(path) as project:
        units, scan = project.need_units(), project.dataset.train[0]
        asked = units.find_all(project.rounds[0].query.items)
        for unit, number in zip(asked[:3].tolist(), (1, 2, 1), strict=False):
            give(project, unit, number)
            give(project, unit, 1, blind=True)
        project.answers.undo()
        name = units.name(int(asked[-1]))
        project.answers.reopen(scan, name)
        project.answers.decline(project.scan_ref(scan), round="", unit=name)
        write_drawing(path / "drawings" / "a.npz", _drawing(scan))
        if given:
            for one in project.dataset.scans:
                p = np.full((project.dataset.count(one), len(project.classes)), 1, np.float32)
                write_arrays(place / "given" / f"{one}.npz", {"probabilities": p / p.shape[1]})
            score_from(project, place / "given", Job())
            shutil.rmtree(place / "given")
    poses = np.broadcast_to(np.eye(4), (2, 4, 4))
    sequence = scan.rpartition("/")[0]
    write_own(
        path / "poses", sequence, OwnPoses("x", project.dataset.train, poses, np.zeros(2, int))
    )
    epochs = [{"epoch": 1, "loss": 0.5, "miou": None}]
    (path / "rounds/001-size/log.json").write_text(json.dumps({"epochs": epochs}))
    with Project(path) as project:
        wrong = {one: np.arange(len(project.classes)) for one in project.dataset.validation}
        write_wrong(project.rounds[0], wrong, np.arange(len(project.classes), dtype=np.uint8))
    return path


def _drawing(scan: str) -> Drawing:
    rows = np.arange(50)
    off = np.zeros(50, bool)
    classes = np.zeros(50, np.uint8)
    return Drawing(scan, "", rows, classes, off, off, None, None, False, "x", ("brush",), 1.0)


def look(
    path: Path,
    out: Path,
    whats: Sequence[str] = WHAT,
    *,
    with_doctor: bool = True,
    more: Callable[[Project], object] | None = None,
) -> str:
    """Do what only reads: status, doctor, agreement, exports of `whats`, and `more`. Returns a
    hash of all that came of it. Raises ProjectError at the first thing that is wrong."""
    seen = hashlib.blake2b(digest_size=16)
    for finding in doctor.integrity(path, Job()) if with_doctor else ():
        if finding.good is False:
            raise ProjectError(str(finding), "")
    with Project(path, read_only=True) as project:
        if project.answers.damage is not None:
            raise ProjectError(project.answers.damage, "")
        value = status(project, backend="")
        seen.update(json.dumps(value).encode() + table(value).encode())
        for pair, found in agreements(project).items():
            seen.update(f"{pair} {found.units} {found.matrix}".encode())
        for one in project.rounds:
            project.stage(one)
            if one.frozen:
                training = training_set(project, one)
                for scan in training.scans:
                    seen.update(training.labels(scan).tobytes())
        if more is not None:
            seen.update(repr(more(project)).encode())
        for what in whats:
            shutil.rmtree(out, ignore_errors=True)
            export(project, out, Job(), what=what)
            for name, content in contents(out).items():
                seen.update(name.encode() + content)
    return seen.hexdigest()


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
