"""Prepare all training scans: in parallel, resumable, the same bytes for any number of workers."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from core.base.compiling import warm
from core.base.errors import DataError
from core.base.executors import run_all
from core.base.files import hash_json, read_arrays, write_array, write_arrays
from core.base.jobs import Job
from core.base.settings import PrepareSettings
from core.data.classes import ClassList
from core.data.scans import Dataset
from core.prepare.check import Checked, check, save, usable
from core.prepare.partitions import api_by_size, cuts, partition_of
from core.prepare.report import STATES, Report, counts_of, states_of, write_report
from core.prepare.scan import STORED, ScanUnits, prepare_scan
from core.prepare.shape import NAMES
from core.prepare.units import Units, is_cell, new_rows_file, rows_file, shapes_file
from core.prepare.verdict import judge

ALGORITHM = "lidarloop exact HDBSCAN 2, shapes 2"


def prepare(
    dataset: Dataset,
    settings: PrepareSettings,
    folder: Path,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    classes: ClassList | None = None,
    research: bool = False,
    job: Job,
) -> Units:
    """Make the units of all training scans below `folder`/<fingerprint>; return the table.

    Each scan's result is a file of its own, so a run that was stopped goes on where it was. Scans
    that cannot be used are left out and named beside the table (core.prepare.check).
    """
    checked = check(dataset, job, classes=classes, research=research)
    dataset = usable(dataset, checked.left_out)
    fingerprint = _fingerprint(settings, dataset, checked)
    out = folder / fingerprint
    missing = [scan for scan in dataset.train if not rows_file(out, scan, dataset).exists()]
    if missing:
        warm("core.prepare.warm", job)  # here, so that workers find it on disk
        tasks = {scan: (dataset, scan, settings, str(out)) for scan in missing}
        for _ in run_all(
            tasks, prepare_to_file, workers=workers, cluster=cluster, job=job, text="prepare"
        ):
            pass
    units = _table(dataset, settings, out, fingerprint, checked, job)
    save(out, checked)
    return units


def prepare_to_file(dataset: Dataset, scan: str, settings: PrepareSettings, out: str) -> None:
    """Prepare one scan and keep its result; what a worker runs."""
    try:
        found = prepare_scan(dataset.scan(scan).points.copy(), settings, dataset.rig)
    except MemoryError as error:
        raise DataError(
            f"Scan {scan} does not fit into memory.", "Prepare with fewer workers."
        ) from error
    arrays = {field.name: np.asarray(getattr(found, field.name)) for field in fields(found)}
    arrays["states"] = states_of(found.unit)
    write_arrays(new_rows_file(Path(out), scan), arrays)


def _fingerprint(settings: PrepareSettings, dataset: Dataset, checked: Checked) -> str:
    """Of everything the units depend on (docs/method.md, Units)."""
    library = "hdbscan" if settings.clusterer == "hdbscan" else None
    in_order = list(dataset.train) == sorted(dataset.train)
    return hash_json(
        {
            "settings": settings_of_units(settings),
            "algorithm": ALGORITHM,
            "pypatchworkpp": metadata.version("pypatchworkpp"),
            "hdbscan": metadata.version(library) if library else None,
            "scans": {scan: _scan_facts(checked, scan) for scan in sorted(checked.hashes)},
            # Nothing where it is as it was before there was any of it.
            **({"rig": dataset.rig.facts} if dataset.rig.facts else {}),
            **({"reading": dataset.reading.changes()} if dataset.reading.changes() else {}),
            **({} if in_order else {"order": list(dataset.train)}),
        }
    )[:16]


def settings_of_units(settings: PrepareSettings) -> dict[str, Any]:
    """Settings as the fingerprint has them: without what came later and is as it was before."""
    found = asdict(settings)
    for name, before in (("split_points", 0), ("units", "basal")):
        if found[name] == before:
            del found[name]
    return found


def _scan_facts(checked: Checked, scan: str) -> list[Any]:
    rows, returns = checked.rows[scan], checked.returns[scan]
    return [rows, checked.hashes[scan], *([returns] if returns < rows else [])]


def _table(
    dataset: Dataset,
    settings: PrepareSettings,
    out: Path,
    fingerprint: str,
    checked: Checked,
    job: Job,
) -> Units:
    """Put the scans' results together in the order of their names, cut the partitions, save."""
    parts: list[ScanUnits] = []
    told: list[np.ndarray] = []
    # Millions of rows are not needed here.
    columns = {name: column for name, column in STORED.items() if name != "unit"}
    for done, scan in enumerate(dataset.train):
        job.progress(done, len(dataset.train), "partitions")
        file = rows_file(out, scan, dataset)
        stored: dict[str, Any] = read_arrays(file, columns, optional=STATES, F=len(NAMES))
        states = stored.pop("states", None)
        if states is None:  # of a version before 0.2.0
            unit = read_arrays(file, {"unit": STORED["unit"]}, N=checked.rows[scan])["unit"]
            states = states_of(unit)
        told.append(counts_of(stored, checked.rows[scan], states))
        parts.append(ScanUnits(unit=np.zeros(0, np.int32), **stored))

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    counts = np.array([len(part.kind) for part in parts])
    kind, size, points = joined("kind"), joined("size"), joined("points")
    clusters = ~is_cell(kind)
    cut = cuts(*api_by_size(size[clusters], points[clusters]), settings.partitions)
    partition = np.full(len(kind), len(cut), np.int8)
    partition[clusters] = partition_of(size[clusters], cut)
    job.progress(len(parts), len(parts), "partitions")
    write_array(shapes_file(out), joined("shape"))
    units = Units(
        scans=dataset.train,
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        scan=np.repeat(np.arange(len(parts), dtype=np.int32), counts),
        kind=kind,
        key=joined("key"),
        points=points,
        size=size,
        partition=partition,
        box_min=joined("box_min"),
        box_max=joined("box_max"),
        cuts=cut,
        scan_rows=np.array([checked.rows[scan] for scan in dataset.train], np.int64),
        scan_hashes=tuple(checked.hashes[scan] for scan in dataset.train),
        scan_returns=np.array([checked.returns[scan] for scan in dataset.train], np.int64),
        noise_points=int(sum(part.noise_points for part in parts)),
        oversize=int(sum(part.oversize for part in parts)),
        fingerprint=fingerprint,
    )
    units.save(out)
    numbers = np.array(told, np.int64).reshape(len(parts), -1)
    basal = settings.units == "basal"
    report = Report(units.scans, numbers, rig=dataset.rig.facts, basal=basal)
    write_report(out, replace(report, warnings=judge(report, dataset, settings)))
    return units
