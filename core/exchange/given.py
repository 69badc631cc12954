"""Probabilities of any network, scored as our own are: so a model that is there already ranks.

One file for each scan, matched by name: .npy (N, C), or .npz with "probabilities" (N, C) and, where
the network has them, "features" (N, F). C are the classes of the list, in its order.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.base.bounded import map_npy, open_file, read_archive
from core.base.errors import DataError
from core.base.files import hash_input, write_arrays, write_json
from core.base.jobs import Job
from core.exchange.match import Matched, match, some
from core.project.project import Project
from core.rounds.predictions import new_prediction_file, prediction_file, read_prediction
from core.rounds.scores import forget_scores, write_scores
from core.rounds.unit_means import UNIT_ARRAYS, Seen, unit_scores

SUFFIXES = (".npz", ".npy")
_SUM_MAY_MISS = 0.02  # of half precision and many classes
_NAMES = ("probabilities", "probs")
_FEATURES = ("features", "feature")
_WHAT = "Save probabilities (N, C), a row for each point of the scan and a column for each class."


def score_from(project: Project, folder: Path, job: Job) -> Matched:
    """Rank by the probabilities in `folder` from now on: predictions, entropies and features as
    scoring with our own network gives them (docs/method.md, Scores).

    A unit's feature is the mean of its rows' "features" or, where there are none, of their
    probabilities. Scoring with our own network later counts instead. Every prepared scan needs its
    file; those of validation scans are taken where they are. Raises DataError with the scan's name
    where a file does not fit, and then nothing is changed.
    """
    units, dataset = project.need_units(), project.dataset
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.", "Name the folder with the probabilities.")
    matched = match(folder, dataset.scans, SUFFIXES)
    needed = [scan for scan in units.scans if scan not in matched.files]
    if needed:
        raise DataError(
            f"{len(needed):,} of {len(units.scans):,} prepared scans have no probabilities in "
            f"{folder}: {some(needed)}.",
            "Save a .npy or .npz file of each scan's name.",
        )
    found = project.given
    place = project.predictions(found)
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    hashes, size, classes = {}, 0, len(project.classes)
    try:
        for done, (scan, path) in enumerate(matched.files.items()):
            job.progress(done, len(matched.files), "score")
            size = _score_one(project, scan, path, new_prediction_file(fresh, scan), size)
            hashes[scan] = hash_input(path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    forget_scores(found.folder)
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
    digest = hashlib.blake2b(repr(sorted(hashes.items())).encode("utf-8", "surrogateescape"))
    about = {"from": ascii(str(folder.resolve()))[1:-1], "scans": len(hashes)}
    write_json(found.checkpoint, {**about, "hash": digest.hexdigest()[:32]})

    def parts() -> Iterator[Mapping[str, np.ndarray]]:
        for scan in units.scans:
            count = len(units.range_of(scan))
            if count:
                file = prediction_file(place, scan, dataset)
                names = UNIT_ARRAYS.values()
                stored = read_prediction(file, *names, U=count, F=size, C=classes)
                yield {column: stored[name] for column, name in UNIT_ARRAYS.items()}

    write_scores(found.folder, units, parts(), features=size, classes=classes)
    job.progress(len(hashes), len(hashes), "score")
    return matched


def _score_one(project: Project, scan: str, path: Path, out: Path, size: int) -> int:
    """Keep what a file says of a scan; return how many numbers a feature has, `size` so far."""
    units = project.need_units()
    probabilities, features = read_probabilities(path, project.count(scan))
    _check(probabilities, project.count(scan), len(project.classes), scan, path)
    total = probabilities.sum(axis=1, keepdims=True)
    p = np.maximum(probabilities, 0) / total
    entropy = -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=1)
    classes = p.argmax(axis=1).astype(np.uint8)
    arrays = {"classes": classes, "entropy": entropy.astype(np.float16)}
    arrays["confidence"] = p.max(axis=1).astype(np.float16)
    arrays["source"] = np.array([hash_input(path), units.fingerprint])
    if units.scan_index(scan) is not None:
        feature = p if features is None else features
        if len(feature) != len(p) or feature.ndim != 2 or not np.isfinite(feature).all():
            raise DataError(
                f"The features of {scan} in {path} are {feature.shape}, or not all finite.",
                f"Save finite numbers ({len(p):,}, F), or leave them out.",
            )
        if size and feature.shape[1] != size:
            raise DataError(
                f"The features of {scan} in {path} have {feature.shape[1]} numbers for each point, "
                f"those of other scans {size}.",
                "Save features of one network for all scans, or for none.",
            )
        size = feature.shape[1]
        rows, count = project.rows(scan), len(units.range_of(scan))
        two = np.partition(np.column_stack([p, np.zeros(len(p))]), (-2, -1), axis=1)[:, -2:]
        each = np.arange(len(p))
        seen = Seen(each, classes, entropy, two[:, 1], two[:, 1] - two[:, 0], p, feature)
        arrays |= unit_scores(seen, rows, count)
    write_arrays(out, arrays)
    return size


def read_probabilities(path: Path, rows: int) -> tuple[np.ndarray, np.ndarray | None]:
    """(N, C) float64 probabilities of a file for a scan of `rows` rows, and its features (N, F) or
    None. Raises DataError; of an array of other rows nothing is unpacked."""
    features = None
    try:
        if _is_archive(path):
            picked: list[str] = []

            def wanted(there: list[str]) -> list[str]:
                picked.extend(_picked(path, there))
                return picked

            def check(name: str, shape: tuple[int, ...], _: np.dtype[Any]) -> None:
                if len(shape) != 2 or shape[0] != rows:
                    raise DataError(
                        f"{path} has {name} {shape}; the scan has {rows:,} points.", _WHAT
                    )

            arrays = read_archive(path, wanted, check)
            found = arrays[picked[0]]
            features = arrays[picked[1]] if len(picked) > 1 else None
        else:
            found = map_npy(path)
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and numpy each raise their own kinds
        raise DataError(f"{path} cannot be read: {error}.", "Bring the whole file.") from error
    for what, values in (("probabilities", found), ("features", features)):
        if values is not None and values.dtype.kind != "f":
            raise DataError(
                f"{path} has {what} of the kind {values.dtype}.", "Save them as floats."
            )
    return found.astype(np.float64), None if features is None else features.astype(np.float32)


def _is_archive(path: Path) -> bool:
    with open_file(path) as file:
        return file.read(2) == b"PK"


def _picked(path: Path, there: list[str]) -> list[str]:
    """Of the names in an archive that of the probabilities, then that of the features if it is
    there. Raises DataError."""
    names = [name for name in there if name not in _FEATURES]
    named = [name for name in _NAMES if name in names] or names
    if len(named) != 1:
        raise DataError(
            f"{path} holds {', '.join(there) or 'nothing'}.",
            f'Save the probabilities as "{_NAMES[0]}".',
        )
    given = next((name for name in _FEATURES if name in there), None)
    return named if given is None else [*named, given]


def _check(values: np.ndarray, rows: int, classes: int, scan: str, path: Path) -> None:
    """Raise DataError where values are no probabilities of the scan's points."""
    if values.ndim != 2 or values.shape[1] != classes:
        raise DataError(
            f"{path} holds {values.shape} for {scan}; the class list has {classes} classes.", _WHAT
        )
    if len(values) != rows:
        raise DataError(
            f"{path} has {len(values):,} rows; the scan {scan} has {rows:,} points.", _WHAT
        )
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise DataError(
            f"{path} has {int((~finite).sum()):,} rows for {scan} that are not finite, row "
            f"{int(finite.argmin())} for one.",
            "Give each point probabilities; where the network knows nothing, equal ones.",
        )
    total = values.sum(axis=1)
    wrong = (np.abs(total - 1) > _SUM_MAY_MISS) | (values < -1e-6).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{int(wrong.sum()):,} rows of {path} for {scan} are no probabilities: row {row} sums "
            f"to {total[row]:.4g}, its least value is {values[row].min():.4g}.",
            "Save the softmax of the network's scores.",
        )
