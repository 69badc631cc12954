"""Draws a probability sample of points, or enlarges it: no part is seen before it is asked."""

from __future__ import annotations

import numpy as np

from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.data.items import point_of, scan_of
from core.project.project import Project
from core.quality.frame import Frame, frame_of
from core.quality.sample import Sample, Stratum, file_for, read_sample, write_sample
from core.quality.strata import LEAST, allocate, draws, order
from core.query.pool import MOST_SEED

POINTS, BATCH = 300, 50
MOST = 100_000
_SMALL = 500  # a stratum of less than this part of all points joins with others of its class
_REST = "rest"


def draw(
    project: Project,
    of: str,
    job: Job,
    *,
    count: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
) -> Sample:
    """Draw a sample of so many points, POINTS by default, or enlarge the one that was drawn of the
    same to so many; write it. Raises ProjectError."""
    if count is not None and not 1 <= count <= MOST:
        raise SettingsError(f"--points is {count:,}.", f"Draw 1 to {MOST:,} points.")
    if seed is not None and abs(seed) >= MOST_SEED:
        raise SettingsError(f"--seed is {seed}.", "Give a whole number of up to 18 digits.")
    project.need_writable()
    frame = frame_of(project, of, job, workers=workers)
    path = file_for(project, of, frame.source)
    before = read_sample(path, project) if path.exists() else None
    if before is not None and seed is not None and seed != before.seed:
        raise ProjectError(
            f"A sample of {frame.source} was drawn by seed {before.seed} already.",
            "Leave out --seed to enlarge it: of two samples one would choose the nicer figures.",
        )
    if before is not None and (count is None or count <= len(before.items)):
        return before
    chosen = before.seed if before is not None else project.seed if seed is None else seed
    sample = _drawn(frame, chosen, POINTS if count is None else count, job)
    if before is not None:
        sample = _enlarged(before, sample)
    write_sample(path, sample)
    return sample


def _drawn(frame: Frame, seed: int, count: int, job: Job) -> Sample:
    """Count the strata, then find the points that chance chose."""
    classes, parts = len(frame.project.classes), len(frame.parts)
    counts = np.zeros((len(frame.scans), parts, classes), np.int64)
    for done, scan in enumerate(frame.scans):
        job.progress(done, len(frame.scans), "strata")
        claimed, part = frame.rows(scan)
        good = claimed < min(classes, FIRST_CODE)
        counts[done] = np.bincount(
            part[good].astype(np.int64) * classes + claimed[good], minlength=parts * classes
        ).reshape(parts, classes)
    total = counts.sum(axis=0)
    if not total.sum():
        raise ProjectError(
            f"{frame.source.capitalize()} says nothing of any point here.",
            "Score the network, or import labels with classes of the list.",
        )
    number, strata = _strata(total, frame.parts)
    sizes = np.array([one.points for one in strata], np.int64)
    per_scan = np.zeros((len(frame.scans), len(strata)), np.int64)
    for stratum in range(len(strata)):
        per_scan[:, stratum] = counts[:, number == stratum].sum(axis=1)
    take = allocate(sizes, count)
    wanted: dict[int, list[tuple[int, int, int]]] = {}  # of a scan: place, stratum, which of it
    for stratum, one in enumerate(strata):
        name = f"{frame.of}|{frame.source}|{one.part}|{one.claimed}"
        ends = np.cumsum(per_scan[:, stratum])
        for nth, place in enumerate(draws(seed, name, one.points, int(take[stratum])).tolist()):
            index = int(np.searchsorted(ends, place, side="right"))
            inside = place - int(ends[index] - per_scan[index, stratum])
            wanted.setdefault(index, []).append((inside, stratum, nth))
    items, of_stratum, nths = [], [], []
    for done, index in enumerate(sorted(wanted)):
        job.progress(done, len(wanted), "draw")
        claimed, part = frame.rows(frame.scans[index])
        good = claimed < min(classes, FIRST_CODE)
        mine = np.full(len(claimed), -1, np.int64)
        mine[good] = number[part[good], claimed[good]]
        rows = {s: np.flatnonzero(mine == s) for s in {s for _, s, _ in wanted[index]}}
        for inside, stratum, nth in wanted[index]:
            items.append(f"{frame.scans[index]}#p{int(rows[stratum][inside])}")
            of_stratum.append(stratum)
            nths.append(nth)
    batches = order(seed, items, np.array(nths) < LEAST, BATCH)
    job.progress(len(wanted), len(wanted), "draw")
    return _ordered(
        Sample(
            frame.of,
            frame.source,
            seed,
            tuple(frame.project.classes.names),
            tuple(strata),
            tuple(items),
            np.array(of_stratum, np.int64),
            np.zeros(len(items), np.int64),
        ),
        batches,
    )


def _strata(total: np.ndarray, parts: tuple[str, ...]) -> tuple[np.ndarray, list[Stratum]]:
    """(P, C) int64 number of the stratum of each part and class, and the strata; small ones of a
    class are one."""
    number = np.full(total.shape, -1, np.int64)
    strata: list[Stratum] = []
    for one in range(total.shape[1]):
        small = [p for p in range(len(parts)) if 0 < total[p, one] * _SMALL < total.sum()]
        for part, name in enumerate(parts):
            if total[part, one] and part not in small:
                number[part, one] = len(strata)
                strata.append(Stratum(name, one, int(total[part, one])))
        if small:
            number[small, one] = len(strata)
            strata.append(Stratum(_REST, one, int(total[small, one].sum())))
    return number, strata


def _ordered(sample: Sample, batches: list[np.ndarray]) -> Sample:
    """In batches; within one scan by scan, so that few are opened."""
    places: list[int] = []
    batch: list[int] = []
    for nth, mine in enumerate(batches):
        places += sorted(mine.tolist(), key=lambda p: _by_scan(sample.items[p]))
        batch += [nth] * len(mine)
    return Sample(
        sample.of,
        sample.source,
        sample.seed,
        sample.classes,
        sample.strata,
        tuple(sample.items[place] for place in places),
        sample.stratum[places],
        np.array(batch, np.int64),
    )


def _by_scan(item: str) -> tuple[str, int]:
    return scan_of(item), point_of(item) or 0


def _enlarged(before: Sample, sample: Sample) -> Sample:
    """What is new behind what was drawn already, in batches of its own."""
    if before.strata != sample.strata or not set(before.items) <= set(sample.items):
        raise ProjectError(
            f"What {sample.source} says of the points has changed since its sample was drawn.",
            "Answer that sample, or delete its file below quality/ and draw another.",
        )
    there = set(before.items)
    new = np.array([p for p, item in enumerate(sample.items) if item not in there], np.int64)
    batches = order(sample.seed, [sample.items[p] for p in new], np.zeros(len(new), bool), BATCH)
    more = _ordered(sample, [new[batch] for batch in batches])
    return Sample(
        before.of,
        before.source,
        before.seed,
        before.classes,
        before.strata,
        before.items + more.items,
        np.concatenate([before.stratum, more.stratum]),
        np.concatenate([before.batch, more.batch + int(before.batch.max()) + 1]),
    )
