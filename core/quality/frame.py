"""What a sample is drawn from: points of scans, what is claimed of each, and in which part it is.

Of a network: validation points that it gives a class, parted by the partition of their unit. Of
imported labels: training points that have one, parted by whether the network sees the same class.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.executors import run_all
from core.base.files import read_arrays, write_arrays
from core.base.jobs import Job
from core.base.settings import PrepareSettings
from core.data.classes import FIRST_CODE, UNLABELLED
from core.data.made import file_of, kept_file
from core.data.scans import Dataset
from core.prepare.partitions import partition_of
from core.prepare.scan import prepare_scan
from core.prepare.units import is_cell
from core.project.caches import again
from core.project.doubt import IMPORTED, known_labels
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import Round

NETWORK, LABELS = "network", "labels"
ALIKE, OTHERWISE, UNSEEN = "seen alike", "seen otherwise", "not seen"
_NO_UNIT = 255
_REST = "no unit"


@dataclass(frozen=True)
class Frame:
    """Attributes
    ----------
    of : NETWORK or LABELS
    source : what is judged: id of a round, or "imported labels"
    scans : names
    parts : names of the parts
    """

    project: Project
    of: str
    source: str
    round: Round | None
    scans: tuple[str, ...]
    parts: tuple[str, ...]

    def rows(self, scan: str) -> tuple[np.ndarray, np.ndarray]:
        """(N,) uint8 class that is claimed of each row, codes where none is, and (N,) uint8 part.
        Raises ProjectError."""
        if self.of == LABELS:
            return _of_labels(self.project, self.round, scan)
        assert self.round is not None
        claimed = _predicted(self.project, self.round, scan)
        if claimed is None:
            raise ProjectError(
                f"What {self.round.id} predicts of {scan} is not kept.",
                f"{again(self.round)} makes it again.",
            )
        if len(self.parts) == 1:
            return claimed, np.zeros(len(claimed), np.uint8)
        part = read_arrays(
            kept_file(_folder(self.project), scan, self.project.dataset),
            {"part": (np.uint8, "N")},
            N=len(claimed),
        )["part"]
        return claimed, np.minimum(part, len(self.parts) - 1).astype(np.uint8)


def frame_of(project: Project, of: str, job: Job, *, workers: int | None = None) -> Frame:
    """What there is to draw from. Raises ProjectError where there is no network, no validation
    scan, no imported label."""
    scored = project.last_scored()
    if of == LABELS:
        scans = tuple(s for s in project.dataset.train if s in _imported(project))
        if not scans:
            raise ProjectError(
                "No labels were imported here, so none can be judged.",
                "Take some over with `lidarloop import`, or judge the network.",
            )
        seen = (ALIKE, OTHERWISE, UNSEEN)
        return Frame(project, of, "imported labels", scored, scans, seen)
    if scored is None:
        raise ProjectError(
            "There is no network to judge: no round is scored.",
            "Train a round first, or bring another network's probabilities with `lidarloop score "
            "--from`.",
        )
    if not project.dataset.validation:
        raise ProjectError(
            "The project has no validation scans to judge the network on.",
            "Make one with --val: scans that were trained on flatter it.",
        )
    source = "another network" if scored.given else scored.id
    parts: tuple[str, ...] = ("all",)
    units = project.units
    if units is not None and units.basal:
        parts = (*units.partition_names, _REST)
        _part_validation(project, job, workers)
    return Frame(project, of, source, scored, project.dataset.validation, parts)


def _imported(project: Project) -> set[str]:
    """Scans with labels that were taken over."""
    return {head.scan for head in project.answers.fold.all() if head.tool == IMPORTED}


def _of_labels(project: Project, scored: Round | None, scan: str) -> tuple[np.ndarray, np.ndarray]:
    brought = project.brought(scan)
    if brought is None:
        rows = project.count(scan)
        return np.full(rows, UNLABELLED, np.uint8), np.zeros(rows, np.uint8)
    claimed = known_labels(project, scan)
    said = _predicted(project, scored, scan) if scored is not None else None
    if said is None:
        return claimed, np.full(len(claimed), 2, np.uint8)
    part = np.where(said >= FIRST_CODE, 2, np.where(said == claimed, 0, 1)).astype(np.uint8)
    return claimed, part


def _predicted(project: Project, found: Round, scan: str) -> np.ndarray | None:
    """(N,) uint8 classes by a round's network, None where they are not kept."""
    file = prediction_file(project.predictions(found), scan, project.dataset)
    if not file.exists():
        return None
    classes = read_prediction(file, "classes", N=project.count(scan))["classes"]
    now: np.ndarray = project.classes.now[classes]
    return now


def _folder(project: Project) -> Path:
    return project.path / "cache" / "partitions" / project.need_units().fingerprint


def _part_validation(project: Project, job: Job, workers: int | None) -> None:
    """Find the partition of each validation point, once for a preparation."""
    dataset, folder, units = project.dataset, _folder(project), project.need_units()
    missing = [s for s in dataset.validation if not kept_file(folder, s, dataset).exists()]
    tasks = {
        scan: (dataset, scan, project.settings.prepare, units.cuts, str(folder)) for scan in missing
    }
    for _ in run_all(
        tasks, part_to_file, workers=workers, cluster=None, job=job, text="partitions"
    ):
        pass


def part_to_file(
    dataset: Dataset, scan: str, settings: PrepareSettings, cuts: tuple[int, ...], folder: str
) -> None:
    """Prepare a scan and keep each row's partition, (N,) uint8, 255 without a unit; what a worker
    runs."""
    units = prepare_scan(dataset.scan(scan).points.copy(), settings, dataset.rig)
    of_unit = np.where(is_cell(units.kind), len(cuts), partition_of(units.size, cuts))
    part = np.full(len(units.unit), _NO_UNIT, np.uint8)
    inside = units.unit >= 0
    part[inside] = of_unit[units.unit[inside]]
    write_arrays(file_of(Path(folder), scan), {"part": part})
