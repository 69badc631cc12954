"""Doctor: is this machine fit for LidarLoop, and is a project whole?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from core.answers.entry import POINTS, ScanRef
from core.answers.same_scan import check_same
from core.base.errors import DataError, ProjectError
from core.base.jobs import Job
from core.boxes.predictions import read_predictions
from core.cli.finding import Finding
from core.cli.mend import derived, journals
from core.data.formats import broken_formats
from core.project.box_status import models_told
from core.project.box_training import read_training
from core.project.frozen import training_set
from core.project.project import FRAME_ROUNDS, Project
from core.query.strategies import broken_strategies
from core.rounds.box_models import CPSP, FINAL, FIRST, NORMAL, predictions_file
from core.rounds.round import TRAINING
from core.rounds.scores import check_stored

PACKAGES = (
    "PySide6_Essentials",
    "vispy",
    "numpy",
    "scipy",
    "numba",
    "pypatchworkpp",
    "hdbscan",
    "open3d",
    "torch",
    "safetensors",
)
SAME = {"open3d": "open3d-cpu"}  # the same without CUDA
OWN = ("core", "models", "gui", "resources", "main")
OPTIONAL = ("torchsparse", "spconv-triton", "distributed")


def own_packages() -> Finding:
    """Check that each package that was installed with this file lies beside it, as none of their
    names is ours alone."""
    home = Path(__file__).resolve().parents[2]
    for name in OWN:
        found = find_spec(name)
        origin = None if found is None else found.origin
        if origin is None or home not in Path(origin).resolve().parents[:2]:
            return Finding(
                "own packages",
                False,
                f"{name} is another program's ({origin or 'nowhere'}): install LidarLoop in an "
                "environment of its own, by pipx install or uv tool install",
            )
    return Finding("own packages", True, str(home))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def machine() -> Iterator[Finding]:
    """Check the packages, what others installed beside them, and the GPU driver."""
    yield own_packages()
    for name in PACKAGES:
        found = _version(name) or _version(SAME.get(name, name))
        yield Finding(name, found is not None, found or "not installed; run `make setup`")
    for name in OPTIONAL:
        yield Finding(name, None, _version(name) or "not installed (optional)")
    for kind, broken in (("format", broken_formats()), ("strategy", broken_strategies())):
        for name, why in broken.items():
            yield Finding(f"{kind} {name}", False, why)
    driver = shutil.which("nvidia-smi")
    yield Finding("GPU driver", None, driver or "no NVIDIA driver: networks run on the CPU")


def integrity(path: Path, job: Job) -> Iterator[Finding]:
    """Check a project: it opens, journals are whole, scans and units are what they were."""
    yield from journals(path)
    yield from derived(path)
    try:
        project = Project(path, read_only=True)
    except ProjectError as error:
        yield Finding("project", False, f"{error.what} {error.do}")
        return
    with project:
        frames = len(project.frame_rounds)
        text = f"{path.name}, {len(project.rounds)} rounds of points, {frames} of frames"
        yield Finding("project", True, text)
        for note in project.notes:
            yield Finding("noted", None, note)
        yield _entries(project)
        if project.units is None:
            yield Finding("units", None, "not prepared yet")
        else:
            yield _scans(project, job)
        for found in project.rounds:
            yield _round(project, found.id)
        first = project.path / FRAME_ROUNDS / FIRST
        for folder in [first] * first.is_dir() + [found.folder for found in project.frame_rounds]:
            yield _detectors(project, folder)


def _entries(project: Project) -> Finding:
    """Whether the entries can be read, and those that count are of the scans as they are: where a
    round froze its training set, what counts there too."""
    entries, scans, fold = 0, set(project.source.scans), project.answers.fold
    frozen = any(found.frozen for found in project.rounds)
    refs: dict[str, ScanRef] = {}
    try:
        for entry in project.answers.entries():
            entries += 1
            if entry.verb != "answer" or entry.kind != POINTS or entry.scan not in scans:
                continue
            if fold.now.holds(entry) or (frozen and not fold.is_undone(entry)):
                if entry.scan not in refs:
                    refs[entry.scan] = project.scan_ref(entry.scan)
                check_same(entry, refs[entry.scan])
        for scan in sorted(scans.intersection(project.boxes.counts_by_scan())):
            project.boxes_of(scan)
    except ProjectError as error:
        return Finding("journals", False, f"{error.what} {error.do}")
    return Finding("journals", True, f"{entries:,} entries, all readable")


def _scans(project: Project, job: Job) -> Finding:
    changed = []
    units, scans = project.need_units(), project.dataset.train
    for done, scan in enumerate(scans, start=1):
        try:
            if units.scan_index(scan) is not None:
                project.rows(scan)
        except DataError:
            changed.append(scan)
        except ProjectError as error:
            return Finding("units", False, f"{error.what} {error.do}")
        job.progress(done, len(scans), "check scans")
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return Finding("source scans", False, f"{changed[0]}{more} changed since preparation")
    return Finding("source scans", True, f"{len(scans):,} as they were prepared")


def _round(project: Project, id: str) -> Finding:
    try:
        found = project.round(id)
        query = found.query
        table = project.units
        learnt = training_set(project, found).scans if found.frozen else ()
        found.metrics(project.classes)
        if found.scored and table is not None:
            check_stored(found.folder, table)
        gone = [scan for scan in learnt if scan not in project.source.scans]
        if gone:
            return Finding(id, False, f"it learnt from {gone[0]!a}, which is not in the dataset")
        if table is not None and query.fingerprint != table.fingerprint:
            return Finding(id, None, "asked about another preparation; its answers still count")
        return Finding(id, True, f"{project.stage(found)}, {len(query.items):,} items")
    except ProjectError as error:
        return Finding(id, False, f"{error.what} {error.do}")


def _detectors(project: Project, folder: Path) -> Finding:
    """Whether what a folder keeps of detectors can be read: all but their weights."""
    found = []
    try:
        if (folder / TRAINING).exists():
            found.append(f"{len(read_training(folder / TRAINING).frames):,} frames learnt")
        models_told(project, folder)
        for model in (NORMAL, CPSP, FINAL):
            file = predictions_file(folder, model)
            if file.exists():
                looked = read_predictions(file, classes=len(project.classes)).frames
                found.append(f"{len(looked):,} looked at by {model}")
    except ProjectError as error:
        return Finding(folder.name, False, f"{error.what} {error.do}")
    return Finding(folder.name, True, ", ".join(found) or "no detector yet")
