"""Small made streets, projects on them, and answers to their units."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np

from core import steps
from core.answers.effort import Effort
from core.base.jobs import Job
from core.project.frozen import training_set
from core.project.project import Project
from core.rounds.scores import write_scores

ROAD, CAR, POLE = 40, 10, 80  # raw ids of SemanticKITTI


def write_scan(root: Path, name: str, points: np.ndarray, raw: np.ndarray | None) -> None:
    """Write one scan below `root` in SemanticKITTI layout; `raw` (N,) ids or None."""
    file = (root / name).with_suffix(".bin")
    file.parent.mkdir(parents=True, exist_ok=True)
    points.astype("<f4").tofile(file)
    if raw is not None:
        label = root / name.replace("velodyne", "labels")
        label.parent.mkdir(parents=True, exist_ok=True)
        raw.astype("<u4").tofile(label.with_suffix(".label"))


def small_scan(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat road with cars and poles on it: (N, 4) float32 points and (N,) raw ids."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform(-25, 25, (4000, 3))
    ground[:, 2] = -1.73 + rng.normal(0, 0.01, len(ground))
    parts, raw = [ground], [np.full(len(ground), ROAD)]
    for number in range(8):
        angle = number * np.pi / 4 + rng.uniform(0, 0.2)
        at = np.array([np.cos(angle), np.sin(angle), 0]) * rng.uniform(8, 20)
        size = (4.0, 1.8, 1.5) if number % 2 else (0.2, 0.2, 2.5)
        low = at - [size[0] / 2, size[1] / 2, 1.5]
        parts.append(rng.uniform(low, low + size, (120, 3)))
        raw.append(np.full(120, CAR if number % 2 else POLE))
    xyz = np.concatenate(parts)
    intensity = rng.uniform(0.3, 0.9, (len(xyz), 1))
    return np.hstack([xyz, intensity]).astype(np.float32), np.concatenate(raw)


QUICK = {
    "query.fraction": "0.3",
    "train.first_epochs": "2",
    "train.epochs": "1",
    "train.voxel_m": "0.5",
    "train.width": "0.125",
    "train.threads": "1",
}


def small_street_at(root: Path) -> None:
    """Write three training scans (sequence 00) and one validation scan (08), labelled."""
    for seed, name in enumerate(("00/velodyne/000000", "00/velodyne/000001", "00/velodyne/000002")):
        write_scan(root, f"sequences/{name}", *small_scan(seed))
    write_scan(root, "sequences/08/velodyne/000000", *small_scan(3))


def small_project(path: Path, root: Path, **overrides: str) -> Project:
    """A new research project on the small street, its training a matter of seconds."""
    return Project.create(
        path,
        format="semantickitti",
        root=root,
        train=["00"],
        validation=["08"],
        preset="laptop",
        research=True,
        overrides={**QUICK, **overrides},
    )


def asked_project(path: Path, root: Path) -> Path:
    """A small project, prepared, with an open warm-start query."""
    with small_project(path, root) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


def copied_project(source: Path, path: Path, root: Path) -> Path:
    """A copy of a project at `path`, on scans of its own at `root` that are the same."""
    shutil.copytree(source, path)
    file = path / "project.toml"
    text, count = re.subn(
        r"^root = .*$", f"root = {json.dumps(str(root))}", file.read_text(), flags=re.MULTILINE
    )
    assert count == 1
    file.write_text(text)
    return path


def give(
    project: Project,
    unit: int,
    classes: int | np.ndarray,
    *,
    suggested: str = "",
    blind: bool = False,
    round: str = "",
) -> None:
    """Answer a unit by its number with a class, or one per row."""
    units = project.need_units()
    scan = units.scans[units.scan[unit]]
    rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
    project.answers.answer(
        project.scan_ref(scan),
        rows,
        np.broadcast_to(np.asarray(classes, np.uint8), len(rows)),
        round=round,
        unit=units.name(unit),
        effort=Effort(suggested=suggested, tool="key"),
        blind=blind,
    )


def scored(project: Project) -> None:
    """Put a checkpoint and scores into the newest round, as training would."""
    tip, units = project.tip, project.need_units()
    assert tip is not None
    training_set(project, tip)
    tip.checkpoint.write_bytes(b"weights")
    write_scores(tip.folder, units, [made_scores(len(units))], features=6, classes=4)


def made_scores(count: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Every column of the scores of `count` units: 6 numbers a feature, 4 classes."""
    rng = np.random.default_rng(seed)
    made = {
        "entropy": rng.random(count).astype(np.float32),
        "feature": rng.random((count, 6)).astype(np.float32),
        "predicted": np.zeros(count, np.uint8),
        "share": np.ones(count, np.float32),
    }
    p = rng.dirichlet(np.ones(4), count)
    two = np.sort(p, axis=1)[:, -2:]
    made["confidence"] = two[:, 1].astype(np.float32)
    made["margin"] = (two[:, 1] - two[:, 0]).astype(np.float32)
    made["votes"] = rng.random(count).astype(np.float32)
    made["mean_p"] = p.astype(np.float16)
    return made
