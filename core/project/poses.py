"""Poses computed from a project's scans, for the sequences whose data have none.

What the data say always counts before what was computed; the dataset's folder is never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.names import in_order
from core.data.odometry import Odometry, need_kiss_icp
from core.data.own_poses import OwnPoses, read_own, sequence_of, write_own
from core.data.scans import Dataset
from core.project.project import Project

_SHOWN = 5
_FIRST = 3  # scans that are looked at before, for their reach


@dataclass(frozen=True)
class Source:
    """Where the poses of a sequence come from: in words, "" where there are none; `scans` of it,
    those of them that are `placed`, None where that was not counted; in how many `pieces`."""

    sequence: str
    words: str
    scans: int
    placed: int | None
    pieces: int


def compute(project: Project, job: Job) -> list[str]:
    """Compute the poses of each sequence that has none, and keep them in the project.

    A sequence whose poses were computed before, of the same scans, stays as it is; one that is
    stopped half way is not kept. Returns a sentence or several for each sequence. Raises
    ProjectError where KISS-ICP is not installed.
    """
    dataset, told = project.dataset, []
    folder = dataset.own_poses
    assert folder is not None
    sequences = _sequences(dataset)
    left = {}
    for sequence, scans in sequences.items():
        words = _of_the_data(dataset, scans)
        if words:
            told.append(f"{sequence}: its poses are those of {words}.")
        elif len(scans) < 2:
            told.append(f"{sequence}: one scan alone needs no pose.")
        elif _is_done(project, sequence, scans):
            told.append(f"{sequence}: computed before.")
        else:
            left[sequence] = scans
    if left:
        need_kiss_icp()
    done, total = 0, sum(map(len, left.values()))
    for sequence, scans in left.items():
        found, sentences = _of_sequence(project, scans, job, done, total)
        write_own(folder, sequence, found)
        told += [f"{sequence}: {sentence}" for sentence in sentences]
        done += len(scans)
    if left:
        job.progress(total, total, "poses")
    return told


def sources(project: Project) -> list[Source]:
    """Where the poses of each sequence come from."""
    dataset, found = project.dataset, []
    for sequence, scans in _sequences(dataset).items():
        words = _of_the_data(dataset, [scans[0], scans[len(scans) // 2], scans[-1]])
        if words:
            found.append(Source(sequence, words, len(scans), None, 1))
            continue
        try:
            own = _own(project, sequence)
        except ProjectError as error:
            found.append(Source(sequence, f"nowhere: {error.what}", len(scans), 0, 0))
            continue
        places = {} if own is None else own.places
        there = (
            [] if own is None else own.pieces[[places[s] for s in scans if s in places]].tolist()
        )
        mine = [piece for piece in there if piece >= 0]
        found.append(
            Source(
                sequence,
                "" if own is None else f"{own.by}, computed",
                len(scans),
                len(mine),
                len(set(mine)),
            )
        )
    return found


def _sequences(dataset: Dataset) -> dict[str, list[str]]:
    """The scans of each sequence, in order."""
    found: dict[str, list[str]] = {}
    for scan in sorted(dataset.scans, key=in_order):
        found.setdefault(sequence_of(scan), []).append(scan)
    return found


def _of_the_data(dataset: Dataset, scans: list[str]) -> str:
    """Where the data have the poses of these scans, "" where they have none of them."""
    for scan in scans:
        try:
            words = dataset.format.poses_from(dataset.root, scan)
        except ProjectError:  # told where the scan is read
            continue
        if words:
            return words
    return ""


def _own(project: Project, sequence: str) -> OwnPoses | None:
    folder = project.dataset.own_poses
    return None if folder is None else read_own(folder, sequence)


def _is_done(project: Project, sequence: str, scans: list[str]) -> bool:
    try:
        own = _own(project, sequence)
    except ProjectError:  # computed again
        return False
    return own is not None and own.scans == tuple(scans)


def _of_sequence(
    project: Project, scans: list[str], job: Job, done: int, total: int
) -> tuple[OwnPoses, list[str]]:
    """The poses of a sequence, and what is to be said of them."""
    odometry = Odometry([xyz for _, xyz in _read(project, scans[:_FIRST]) if xyz is not None])
    poses = np.tile(np.eye(4), (len(scans), 1, 1))
    pieces = np.full(len(scans), -1, np.int64)
    unread: list[str] = []
    for at, (scan, xyz) in enumerate(_read(project, scans)):
        job.progress(done + at, total, "poses")
        pose = None if xyz is None else odometry.add(xyz)
        if pose is None:
            unread.append(scan)
            continue
        poses[at], pieces[at] = project.dataset.in_the_files(pose), odometry.piece
    starts = [at for at in range(1, len(scans)) if pieces[at] > pieces[:at].max(initial=0)]
    # What fits neither the scan before nor the one behind says nothing of any other.
    alone = [at for at in range(len(scans)) if (pieces == pieces[at]).sum() == 1]
    pieces[alone] = -1
    numbers = {old: new for new, old in enumerate(sorted(set(pieces.tolist()) - {-1}))}
    pieces = np.array([numbers.get(old, -1) for old in pieces.tolist()], np.int64)
    said = [f"{np.count_nonzero(pieces >= 0):,} of {len(scans):,} scans have a pose now."]
    if starts:
        said.append(
            f"{_some([scans[at] for at in starts])} could not be fitted to the scan before: what "
            f"lies behind is a piece of its own, {len(numbers):,} in all, and not shown with what "
            "lies before."
        )
    if unread:
        said.append(f"{_some(unread)} cannot be read or has too few points: no pose.")
    return OwnPoses(f"kiss-icp {version('kiss-icp')}", tuple(scans), poses, pieces), said


def _read(project: Project, scans: list[str]) -> Iterator[tuple[str, np.ndarray | None]]:
    """Points (n, 3) float64 of scans without the own car; None for one that cannot be read."""
    dataset, settings = project.dataset, project.settings.prepare
    for scan in scans:
        try:
            points = dataset.scan(scan).points
        except ProjectError:
            yield scan, None
            continue
        far = np.hypot(points[:, 0], points[:, 1]) >= settings.ego_radius_m
        if dataset.rig.box is not None:
            far &= ~dataset.rig.inside(points)
        yield scan, points[np.isfinite(points[:, :3]).all(axis=1) & far, :3].astype(np.float64)


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
