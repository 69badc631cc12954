"""Scans by where they were taken and what is known of each: entropy, novelty, errors, answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.data.own_poses import Piece
from core.data.scans import Dataset
from core.desk.explained import NOT_PREPARED
from core.desk.features import numbers_of
from core.desk.measured import measured_scans, some_of
from core.prepare.units import Units
from core.project.project import Project
from core.rounds.round import METRICS
from core.rounds.scores import read_scores


@dataclass(frozen=True)
class Measure:
    """What is known of scans: a short name, words and a unit for an axis, and what is missing
    where no scan has it."""

    name: str
    words: str
    unit: str
    missing: str


MEASURES = {
    "entropy": Measure(
        "entropy", "mean entropy of a scan's units", "nat", "No network is scored yet."
    ),
    "novelty": Measure(
        "novelty",
        "distance of a scan's mean feature to the nearest answered scan",
        "in features",
        "There are neither features of a network nor shapes of units yet.",
    ),
    "errors": Measure(
        "errors",
        "points that the network gets wrong",
        "%",
        "No round is measured on validation scans whose predictions are there.",
    ),
    "answered": Measure(
        "answered", "points of a scan's units that are answered", "%", "Nothing is prepared yet."
    ),
    "asked": Measure("asked", "units asked so far", "units", "Nothing is asked yet."),
    "open": Measure("still open", "units asked and still open", "units", "Nothing is asked yet."),
    "seconds": Measure(
        "seconds", "time at work, measured", "s", "No answer has taken measured time yet."
    ),
}
_CHUNK = 200_000  # units whose features are in memory at a time


@dataclass(frozen=True)
class Scans:
    """Attributes
    ----------
    names : of S scans, those to train on first
    train : how many of them are
    place : (S,) the sequence that each one's coordinates are of, or the piece of it, where its
        poses were computed in several
    xy : (S, 2) float64 metres there, NaN without a pose
    values : by MEASURES, (S,) float64, NaN where it is not known; shares as percent
    why : why a measure is nowhere known, by MEASURES
    """

    names: tuple[str, ...]
    train: int
    place: tuple[str, ...]
    xy: np.ndarray
    values: dict[str, np.ndarray]
    why: dict[str, str]


def scans_of(project: Project, job: Job) -> Scans:
    """Measure every scan. Raises ProjectError where something is damaged."""
    dataset, units = project.dataset, project.units
    names = dataset.scans
    xy, where = _where(dataset, job)
    values = {name: np.full(len(names), np.nan) for name in MEASURES}
    why = {name: measure.missing for name, measure in MEASURES.items()}
    if units is None:
        why = dict.fromkeys(why, NOT_PREPARED)
    else:
        index = (units.scan_index(name) for name in names)
        mine = np.array([-1 if one is None else one for one in index], np.int64)
        known = np.flatnonzero(mine >= 0)
        for name, found in _of_units(project, units, why, job).items():
            values[name][known] = found[mine[known]]
    _errors(project, names, values["errors"], why, job)
    return Scans(names, len(dataset.train), where, xy, values, why)


def _where(dataset: Dataset, job: Job) -> tuple[np.ndarray, tuple[str, ...]]:
    """(S, 2) float64 metres of every scan, NaN without a pose, and what they are coordinates of."""
    names = dataset.scans
    xy = np.full((len(names), 2), np.nan)
    piece: dict[str, Piece] = {}
    pieces: dict[str, list[Piece]] = {}  # of a sequence, in their order
    for place, name in enumerate(names):
        if not place % 100:
            job.progress(place, len(names), "poses")
        placed = dataset.placed(name)
        if placed is not None and np.isfinite(placed[0][:2, 3]).all():
            xy[place] = placed[0][:2, 3]
            piece[name] = placed[1]
            mine = pieces.setdefault(dataset.sequence(name), [])
            mine += [placed[1]] * (placed[1] not in mine)
    where = []
    for name in names:
        sequence = dataset.sequence(name)
        mine = pieces.get(sequence, [])
        several = name in piece and len(mine) > 1
        where.append(f"{sequence}/piece {mine.index(piece[name]) + 1}" if several else sequence)
    return xy, tuple(where)


def _of_units(
    project: Project, units: Units, why: dict[str, str], job: Job
) -> dict[str, np.ndarray]:
    """Of each prepared scan, (S,) float64 by measure."""
    found: dict[str, np.ndarray] = {}
    scans = len(units.scans)
    answered, seconds = np.zeros(len(units), bool), np.zeros(scans)
    heads = list(project.answers.effective.values())
    numbers = units.find_all(head.unit for head in heads)
    for number, head in zip(numbers.tolist(), heads, strict=True):
        if number >= 0:
            answered[number] = head.verb == "answer"
            seconds[units.scan[number]] += head.active_s
    points = np.bincount(units.scan, units.points, scans)
    mine = np.bincount(units.scan[answered], units.points[answered], scans)
    found["answered"] = 100 * _over(mine, points)
    if seconds.any():
        found["seconds"] = seconds
    if project.rounds:
        asked, still = (np.zeros(scans) for _ in range(2))
        tip = project.tip
        for one in project.rounds:
            items = units.find_all(one.query.items)
            asked += np.bincount(units.scan[items[items >= 0]], minlength=scans)
        if tip is not None:
            items = units.find_all(project.open_items(tip))
            still += np.bincount(units.scan[items[items >= 0]], minlength=scans)
        found["asked"], found["open"] = asked, still
    scored = project.last_scored()
    scores = None if scored is None else read_scores(scored.folder, units)
    if scores is not None:
        weighted = units.points * scores["entropy"].astype(np.float64)
        found["entropy"] = _over(np.bincount(units.scan, weighted, scans), points)
    elif scored is not None:
        why["entropy"] = "The scores are of another preparation: score the project again."
    try:
        what, features = numbers_of(project)
    except ProjectError as error:
        why["novelty"] = f"{error.what} {error.do}"
    else:
        with_answer = np.bincount(units.scan[answered], minlength=scans) > 0
        means = scan_means(units, features, job)
        found["novelty"] = novelty(means, with_answer, standard=what == "shapes")
    return found


def scan_means(units: Units, features: np.ndarray, job: Job) -> np.ndarray:
    """(S, F) float64 mean feature over the points of each scan's units; NaN for a scan of none."""
    scans = len(units.scans)
    sums = np.zeros((scans, features.shape[1]))
    for start in range(0, len(units), _CHUNK):
        job.progress(start, len(units), "novelty")
        part = np.asarray(features[start : start + _CHUNK], np.float64)
        scan = units.scan[start : start + _CHUNK]
        part = part * units.points[start : start + _CHUNK, None]
        firsts = np.flatnonzero(np.r_[True, scan[1:] != scan[:-1]])
        sums[scan[firsts]] += np.add.reduceat(part, firsts, axis=0)
    points = np.bincount(units.scan, units.points, scans)
    return _over(sums, points[:, None])


def novelty(means: np.ndarray, answered: np.ndarray, *, standard: bool = False) -> np.ndarray:
    """(S,) float64 distance of each scan's mean (S, F) to the nearest one of those that have an
    answer, (S,) bool; to the mean of all where none has. `standard`: each number by its standard
    deviation."""
    known = np.isfinite(means).all(axis=1)
    if standard and known.any():
        scale = means[known].std(axis=0)
        means = means / np.where(scale > 0, scale, 1)
    found = np.full(len(means), np.nan)
    to = means[known & answered]
    if not known.any():
        return found
    if not len(to):
        to = means[known].mean(axis=0, keepdims=True)
    to_squares = (to**2).sum(axis=1)
    for some in np.array_split(np.flatnonzero(known), max(int(known.sum()) // 500, 1)):
        one = means[some]
        squares = (one**2).sum(axis=1)[:, None] + to_squares - 2 * one @ to.T
        found[some] = np.sqrt(np.maximum(squares.min(axis=1), 0))
    found[known & answered] = 0.0
    return found


def _errors(
    project: Project, names: tuple[str, ...], into: np.ndarray, why: dict[str, str], job: Job
) -> None:
    """Fill in the percent of wrong points of validation scans with truth, by the newest measured
    round whose predictions are there; of many scans, some."""
    place = {name: number for number, name in enumerate(names)}
    some = some_of([s for s in project.dataset.validation if project.dataset.has_labels(s)])
    for one in reversed(project.branch(project.tip)):
        if not one.file(METRICS).exists():
            continue
        try:
            for scan in measured_scans(project, one, job, scans=some):
                good = (scan.truth < len(project.classes)) & (scan.said < FIRST_CODE)
                if good.any():
                    wrong = float((scan.truth[good] != scan.said[good]).mean())
                    into[place[scan.scan]] = 100 * wrong
        except ProjectError as error:
            why["errors"] = f"{error.what} {error.do}"
        return


def _over(sums: np.ndarray, points: np.ndarray) -> np.ndarray:
    """sums / points, NaN where there are no points."""
    nothing = np.full(np.broadcast_shapes(sums.shape, points.shape), np.nan)
    found: np.ndarray = np.divide(sums, points, out=nothing, where=points > 0)
    return found
