"""The record of a round: all that tables are made from, and what it was made with.

record.json lies in the round's folder, confusions.npz beside it; the record is written last.
"""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from core.answers.fold import Fold
from core.base.errors import ProjectError
from core.base.files import hash_file, read_arrays, read_json, write_arrays, write_json
from core.base.version import program_version
from core.data.items import scan_of
from core.experiment.costs import OPEN_S, seconds_of_units
from core.experiment.measures import POINTS
from core.experiment.record_checks import check_record
from core.prepare.units import is_cell
from core.project.project import Project
from core.quality.iou import confusion
from core.query.strategies import strategies
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import LOG, QUERY, Round

RECORD, CONFUSIONS = "record.json", "confusions.npz"
_VERSION = 1
AGAIN = "Delete the cell's folder: the experiment makes it again."


def confusions_of(project: Project, found: Round) -> tuple[list[str], np.ndarray]:
    """Names of the labelled validation scans and their confusions (S, C, C) int64, by the
    predictions of a round that was evaluated. Raises ProjectError where these are gone."""
    classes = project.classes
    scans, each = [], []
    for scan in project.dataset.validation:
        truth = project.dataset.ground_truth(scan, classes)
        if truth is None:
            continue
        file = prediction_file(project.predictions(found), scan, project.dataset)
        predicted = read_prediction(file, "classes", N=len(truth))["classes"]
        scans.append(scan)
        each.append(confusion(truth, classes.now[predicted], len(classes)))
    return scans, np.array(each, np.int64).reshape(len(scans), len(classes), len(classes))


def costs_of(project: Project, line: list[Round]) -> dict[str, Any]:
    """What the answers to a branch's queries cost so far: points, units, scans opened (again in
    each round), estimated seconds, and points of each true class."""
    units = project.need_units()
    points = count = opened = 0
    seconds = 0.0
    classes = np.zeros(len(project.classes), np.int64)
    for found in line:
        by_scan: dict[str, list[str]] = {}
        for item in found.query.items:
            by_scan.setdefault(scan_of(item), []).append(item)
        opened += len(by_scan)
        seconds += OPEN_S * len(by_scan)
        for scan in sorted(by_scan):
            truth = project.dataset.ground_truth(scan, project.classes)
            assert truth is not None
            mine = np.sort(units.find_all(by_scan[scan]))
            rows = project.rows(scan)
            counts = unit_classes(rows, truth, len(units.range_of(scan)), len(project.classes))
            inside = mine - units.range_of(scan).start
            if units.basal:
                seconds += float(seconds_of_units(counts[inside], is_cell(units.kind[mine])).sum())
            classes += counts[inside].sum(axis=0)
            points += int(units.points[mine].sum())
            count += len(mine)
    return {
        "points": points,
        "units": count,
        "scans": opened,
        "seconds": round(seconds, 2) if units.basal else None,
        "classes": dict(zip(project.classes.names, classes.tolist(), strict=True)),
    }


def unit_classes(rows: np.ndarray, truth: np.ndarray, units: int, classes: int) -> np.ndarray:
    """(units, classes) int64 points of each true class in each unit; rows, truth (N,)."""
    good = (rows >= 0) & (truth < classes)
    pairs = rows[good].astype(np.int64) * classes + truth[good]
    return np.bincount(pairs, minlength=units * classes).reshape(units, classes)


def full_costs(project: Project, fold: Fold) -> dict[str, Any]:
    """Of full labels: every return's point, and no estimate of seconds."""
    points = int(project.need_units().scan_returns.sum())
    counts = fold.class_counts()
    names = project.classes.names
    return {
        "points": points,
        "units": None,
        "scans": len(project.dataset.train),
        "seconds": None,
        "classes": {name: counts.get(c, 0) for c, name in enumerate(names)},
    }


def write_record(
    project: Project,
    found: Round,
    about: Mapping[str, Any],
    *,
    costs: Mapping[str, Any],
    confusions: tuple[list[str], np.ndarray],
    wall_s: float,
    backend: str,
) -> None:
    """Write what a finished round came to. Raises StorageError; ProjectError where the confusions
    are not those of its metrics, or a file of its training is damaged."""
    metrics = found.metrics(project.classes)
    assert metrics is not None
    scans, matrices = confusions
    if metrics.get("confusion") != matrices.sum(axis=0).tolist():
        raise ProjectError(f"The predictions of {found.folder} are not those it was measured by.",
                           AGAIN)  # fmt: skip
    log = read_json(found.file(LOG), epochs=list[dict[str, Any]])
    last = log["epochs"][-1] if log["epochs"] else {}
    write_arrays(found.file(CONFUSIONS), {"scans": np.array(scans, np.str_), "confusion": matrices})
    keep_record(
        found,
        {
            **about,
            "round": found.number,
            "strategy": found.query.strategy,
            "strategy_file": _file_of(found.query.strategy),
            "query": hash_file(found.file(QUERY)),
            "units": project.need_units().fingerprint,
            "settings": project.settings.to_toml(),
            "costs": dict(costs),
            "training": {
                **{name: last.get(name) for name in ("steps", "views", "voxels", "loss")},
                "looks": log.get("looks", []),
            },
            "figures": {
                name: metrics.get(name)
                for name in ("miou", "miou_classes", "all_classes", "official", "iou")
            },
            "truth": dict(zip(metrics["iou"], matrices.sum(axis=(0, 2)).tolist(), strict=True)),
        },
        wall_s=wall_s,
        backend=backend,
    )


def keep_record(found: Round, about: Mapping[str, Any], *, wall_s: float, backend: str) -> None:
    """Write a round's record: `about` it, and what it was made with. Raises StorageError;
    ProjectError where a file that it is made of is damaged."""
    made_with = {**_program(), "backend": backend, "python": platform.python_version(),
                 "machine": platform.machine(), **_versions()}  # fmt: skip
    record = {
        "version": _VERSION,
        **about,
        "made_with": made_with,
        "wall_s": round(wall_s, 3),
        "memory_mb": _memory_mb(),
    }
    try:
        check_record(record, record.get("task", POINTS))
    except ValueError as error:
        what = f"The log or the metrics of {found.folder} are damaged: {error}."
        raise ProjectError(what, AGAIN) from error
    write_json(found.file(RECORD), record)


def read_record(folder: Path, task: str) -> dict[str, Any] | None:
    """A round's record, of points or boxes as `task` says; None before there is one. Raises
    ProjectError for a damaged one."""
    path = folder / RECORD
    if not path.exists():
        return None
    found: dict[str, Any] = read_json(path, do=AGAIN, version=int)
    if found["version"] > _VERSION:
        raise ProjectError(f"{path} was written by a newer LidarLoop.", "Update LidarLoop.")
    try:
        check_record(found, task)
    except ValueError as error:
        raise ProjectError(f"{path} is damaged: {error}.", AGAIN) from error
    return found


def read_confusions(folder: Path, **lengths: Any) -> np.ndarray:
    """(S, C, C) int64 of a recorded round; S and C may be given. Raises ProjectError."""
    columns: dict[str, Any] = {"confusion": (np.int64, "SCC")}
    return read_arrays(folder / CONFUSIONS, columns, do=AGAIN, **lengths)["confusion"]


def _file_of(name: str) -> str | None:
    """Hash of the file that holds a strategy, of a combined one its last; None for none."""
    select = strategies().get(name.split(" x ")[-1])
    function = getattr(select, "spread", select)
    module = getattr(function, "__module__", "")
    with suppress(ImportError, OSError, ValueError, TypeError):
        from importlib.util import find_spec

        found = find_spec(module)
        if found is not None and found.origin:
            return hash_file(Path(found.origin))
    return None


@cache
def _program() -> dict[str, Any]:
    """Version, and in a checkout its commit and whether files were changed since."""
    here = Path(__file__).resolve().parents[2]
    said: dict[str, Any] = {"version": program_version(), "commit": None, "changed": None}
    with suppress(OSError, subprocess.SubprocessError):
        git = ["git", "-C", str(here)]
        options: dict[str, Any] = {
            "capture_output": True,
            "text": True,
            "check": True,
            "timeout": 10,
        }
        said["commit"] = subprocess.run([*git, "rev-parse", "HEAD"], **options).stdout.strip()
        state = [*git, "status", "--porcelain", "--untracked-files=no"]
        said["changed"] = bool(subprocess.run(state, **options).stdout.strip())
    return said


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in ("numpy", "scipy", "numba", "torch"):
        found[name] = None
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _memory_mb() -> int | None:
    """The most memory that this process had, where the system counts it."""
    try:
        import resource
    except ImportError:
        return None
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
