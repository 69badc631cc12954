"""Frames looked at by a detector, one after the other, and what was found kept in a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import Cancelled, DataError, ProjectError
from core.base.jobs import Job
from core.base.words import counted
from core.boxes.predictions import (
    FramePrediction,
    Predictions,
    read_predictions,
    write_predictions,
)
from models.boxes.detector import Detector

_SAVE_EVERY_S = 120.0


@dataclass(frozen=True)
class Frames:
    """Where frames come from: `read`: scan -> points (n, 4); `digest`: scan -> hash of all that
    these are made of; `from_files` (4, 4) to their coordinates; `classes`: how many there are."""

    read: Callable[[str], np.ndarray]
    digest: Callable[[str], str]
    from_files: np.ndarray
    classes: int

    def look(self, detector: Detector, scan: str) -> FramePrediction:
        """What a detector finds in a frame, of the classes that it learnt: whoever reads it lets
        those that are merged count as others."""
        (found,) = detector.predict([self.read(scan)])
        return found


def source_of(detector: Detector) -> str:
    """Of which checkpoint, and by which scores, a detector's predictions are."""
    return f"{detector.source} {'heat_iou' if detector.fit else 'heat'}"


def predict_to_file(
    detector: Detector, frames: Frames, scans: Sequence[str], path: Path, job: Job
) -> Predictions:
    """Predictions of scans, written to `path`, merged classes as themselves. What lies there of the
    same checkpoint and scans stays, and so does what a call that was stopped had found. Of a scan
    that cannot be read it stays too, or else that scan is left out: both are said. Raises DataError
    where none can be read."""
    source = source_of(detector)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    kept: dict[str, FramePrediction] = {}
    digests: dict[str, str] = {}
    for file in (path, part):
        if not file.exists():
            continue
        try:
            found = read_predictions(file, classes=frames.classes)
        except ProjectError as error:  # this call makes it again
            job.say(f"{error.what} Its frames are looked at again.")
            continue
        if found.source == source and np.array_equal(found.from_files, frames.from_files):
            kept |= found.frames
            digests |= found.digests

    def made(names: Sequence[str]) -> Predictions:
        some = {scan: now[scan] for scan in names}
        return Predictions(some, source, frames.from_files, {scan: of[scan] for scan in names})

    now: dict[str, FramePrediction] = {}
    of: dict[str, str] = {}
    unread: dict[str, DataError] = {}
    saved = time.monotonic()
    try:
        for done, scan in enumerate(scans):
            job.progress(done, len(scans), "score")
            try:
                digest = frames.digest(scan)
                known = scan in kept and digests.get(scan) == digest
                now[scan] = kept[scan] if known else frames.look(detector, scan)
            except DataError as error:
                unread[scan] = error
                if scan not in kept:
                    continue
                now[scan], digest = kept[scan], digests.get(scan, "")
            of[scan] = digest
            if time.monotonic() - saved > _SAVE_EVERY_S:
                write_predictions(part, made(list(now)))
                saved = time.monotonic()
    except Cancelled:
        write_predictions(part, made(list(now)))
        raise
    if unread and len(unread) == len(set(scans)):
        raise next(iter(unread.values()))
    whole = made(list(now))
    write_predictions(path, whole)
    part.unlink(missing_ok=True)
    for stays, words in (
        (False, "left out that cannot be read"),
        (True, "cannot be read, and what was found there before stays"),
    ):
        told = [error for scan, error in unread.items() if (scan in kept) is stays]
        if told:
            job.say(f"{counted(len(told), 'frame')} {words}: {told[0].what}")
    job.progress(len(scans), len(scans), "score", always=True)
    return whole
