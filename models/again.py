"""A second look, for strategies that rank by it: at neighbouring scans, or from eight sides.

Its numbers are of a scan's units, one file a scan beside its predictions, so that a run that was
stopped goes on; `join_scores` takes them into the round's scores (core.rounds.many_views).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.base.executors import run_all
from core.base.files import read_arrays, write_arrays
from core.base.jobs import Job
from core.base.settings import TrainSettings
from core.data.made import file_of, kept_file
from core.data.places import frames
from core.data.scans import Dataset
from core.prepare.units import Units, read_rows, rows_file
from core.rounds.many_views import Look, divergence, mutual, neighbours, of_units
from core.rounds.scores import MORE
from core.rounds.unit_means import Seen
from models.score import Trained, scorer
from models.training.batches import augment

VIEWS = 8
_ALONG, _AROUND = ("divergence", "joint"), ("mutual",)
_AGAIN = "Delete it if it is there and run `lidarloop score` on the project."


def look_again(
    trained: Trained,
    wanted: Sequence[str],
    settings: TrainSettings,
    dataset: Dataset,
    units: Units,
    units_folder: Path,
    folder: Path,
    job: Job,
    *,
    workers: int = 1,
    cluster: str | None = None,
) -> None:
    """Write for each prepared scan the columns `wanted` of its units, some of MORE, below
    `folder`; skip those done. In this process, in workers, or on a dask cluster."""
    source = (trained.source, units.fingerprint)
    sequence, frame = frames(units.scans, dataset.places)
    along: dict[int, list[tuple[int, str]]] = {}
    for number, scan in enumerate(units.scans):
        along.setdefault(sequence[number], []).append((frame[number], scan))
    prepared = {
        scan: (str(rows_file(units_folder / units.fingerprint, scan, dataset)),
               len(units.range_of(scan)))
        for scan in units.scans
    }  # fmt: skip
    tasks: dict[str, tuple[object, ...]] = {}
    for pairs in along.values():
        scans = tuple(scan for _, scan in sorted(pairs))
        if set(_ALONG) & set(wanted) and not all(
            _done(folder, _ALONG, scan, dataset, source) for scan in scans
        ):
            mine = {scan: prepared[scan] for scan in scans}
            tasks[scans[0]] = (trained, dataset, scans, mine, source, str(folder))
    for _ in run_all(
        tasks, look_along, workers=workers, cluster=cluster, job=job, text="neighbouring scans"
    ):
        pass
    tasks = {
        scan: (trained, dataset, scan, prepared[scan], settings, source, str(folder))
        for scan in units.scans
        if set(_AROUND) & set(wanted) and not _done(folder, _AROUND, scan, dataset, source)
    }
    for _ in run_all(
        tasks, look_around, workers=workers, cluster=cluster, job=job, text="eight views"
    ):
        pass
    scorer.cache_clear()


def look_along(
    trained: Trained,
    dataset: Dataset,
    scans: tuple[str, ...],
    prepared: dict[str, tuple[str, int]],
    source: tuple[str, str],
    folder: str,
) -> None:
    """Compare what is said of each scan of a sequence with what is said of its neighbours; what a
    worker runs. As many looks are in memory as are compared."""
    there: OrderedDict[int, Look] = OrderedDict()

    def look(place: int) -> Look:
        if place not in there:
            points = dataset.normalised(dataset.scan(scans[place]).points)
            seen = scorer(trained).look(points)
            seen = replace(seen, feature=seen.feature[:, :0].copy())  # most of it, for nothing
            there[place] = Look(points[:, :3].astype(np.float64), seen)
        return there[place]

    for place, scan in enumerate(scans):
        if _done(Path(folder), _ALONG, scan, dataset, source):
            continue
        beside = neighbours(place, len(scans))
        for other in [other for other in there if other < min(beside, default=0)]:
            del there[other]
        others = [(look(other), dataset.move(scan, scans[other])) for other in beside]
        found = divergence(look(place), others)
        _keep(Path(folder), _ALONG, scan, found, look(place).seen, prepared[scan], source)


def look_around(
    trained: Trained,
    dataset: Dataset,
    scan: str,
    prepared: tuple[str, int],
    settings: TrainSettings,
    source: tuple[str, str],
    folder: str,
) -> None:
    """Look at a scan from eight sides, turned and scaled as in training; what a worker runs."""
    points = dataset.normalised(dataset.scan(scan).points)

    def looks() -> Iterator[Seen]:
        for view in range(VIEWS):
            digest = hashlib.blake2b(f"{scan}|{view}".encode(), digest_size=8).digest()
            rng = np.random.default_rng(int.from_bytes(digest, "big"))
            yield scorer(trained).look(augment(points, settings, rng))

    found = mutual(looks(), len(points))
    first = scorer(trained).look(points)
    _keep(Path(folder), _AROUND, scan, (found,), first, prepared, source)


def _file(folder: Path, columns: Sequence[str]) -> Path:
    return folder / "again" / columns[0]


def _done(
    folder: Path, columns: Sequence[str], scan: str, dataset: Dataset, source: tuple[str, str]
) -> bool:
    path = kept_file(_file(folder, columns), scan, dataset)
    if not path.exists():
        return False
    found = read_arrays(path, {"source": (str, "2")}, do=_AGAIN)["source"].tolist()
    return bool(found == list(source))


def _keep(
    folder: Path,
    columns: Sequence[str],
    scan: str,
    values: Sequence[np.ndarray],
    seen: Seen,
    prepared: tuple[str, int],
    source: tuple[str, str],
) -> None:
    path, count = prepared
    rows = read_rows(Path(path), rows=len(seen.voxel), units=count)
    arrays = {
        name: of_units(each, rows, seen.voxel, count)
        for name, each in zip(columns, values, strict=True)
    }
    write_arrays(file_of(_file(folder, columns), scan), {**arrays, "source": np.array(source)})


def seen_again(
    folder: Path, scan: str, dataset: Dataset, wanted: Sequence[str], count: int
) -> dict[str, np.ndarray]:
    """The columns `wanted` of a scan's `count` units. Raises ProjectError where they are gone."""
    found: dict[str, np.ndarray] = {}
    for columns in (_ALONG, _AROUND):
        mine = {name: MORE[name] for name in columns if name in wanted}
        if mine:
            path = kept_file(_file(folder, columns), scan, dataset)
            found |= read_arrays(path, mine, do=_AGAIN, U=count)
    return found
