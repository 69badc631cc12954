"""How likely the imported labels of units are wrong: the network and units alike see another class.

Confident learning (Northcutt et al. 2021): a class's probability is compared with what the network
gives it where it is the label, so that a class it hardly knows is no error wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.base.jobs import Job
from core.data.classes import FIRST_CODE, UNLABELLED
from core.project.project import Project
from core.query.pool import Draw
from core.rounds.round import Round
from core.rounds.scores import Scores

IMPORTED = "imported"  # tool of what was taken over (core.exchange.import_labels)
ALIKE = 10  # units of other scans, the nearest in feature space, that have a say
PRIOR = 0.05  # of a label to be wrong, before anything is seen of it
_MOST = 50_000  # units that are looked among
_CHUNK = 2048
_LEAST_P = 0.02  # what is expected of a class at least: less is noise
_BY_CHANCE = "alike|"


def has_imported(project: Project) -> bool:
    """Whether labels were taken over for any scan."""
    return any(head.tool == IMPORTED for head in project.answers.fold.all())


def known_labels(project: Project, scan: str) -> np.ndarray:
    """(N,) uint8 classes that the imported file gives a scan's rows, answered since or not;
    UNLABELLED where it gives none, or no file was imported."""
    found = np.full(project.count(scan), UNLABELLED, np.uint8)
    for entry in project.answers.of_scan(scan):
        if entry.tool == IMPORTED:
            found[entry.rows] = entry.classes
    return found


def labels_of_units(project: Project, job: Job) -> tuple[np.ndarray, np.ndarray]:
    """(U,) int64 class that most imported labels of each unit have, -1 without one, and (U,)
    float64 the share of its points that have it."""
    units, classes = project.need_units(), len(project.classes)
    main, share = np.full(len(units), -1, np.int64), np.zeros(len(units))
    for done, scan in enumerate(units.scans):
        job.progress(done, len(units.scans), "labels")
        mine = units.range_of(scan)
        if not len(mine):
            continue
        labels, rows = known_labels(project, scan), project.rows(scan)
        good = (rows >= 0) & (labels < min(classes, FIRST_CODE))
        pairs = rows[good].astype(np.int64) * classes + labels[good]
        counts = np.bincount(pairs, minlength=len(mine) * classes).reshape(len(mine), classes)
        place = slice(mine.start, mine.stop)
        main[place] = np.where(counts.any(axis=1), counts.argmax(axis=1), -1)
        share[place] = counts.max(axis=1) / np.maximum(units.points[place], 1)
    return main, share


class Doubts:
    """Finds doubts once for the same labels and scores: a slider asks for them at each step."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._found = np.zeros(0, np.float32)

    def of(self, project: Project, scored: Round, scores: Scores, job: Job) -> np.ndarray:
        """As `doubt`."""
        heads = [head for head in project.answers.fold.all() if head.tool == IMPORTED]
        stamp = max((head.time for head in heads), default=0.0), len(heads)
        about = scored.folder / "scores" / "scores.json"
        made = about.stat().st_mtime_ns if about.exists() else 0
        units = project.need_units().fingerprint
        key = (str(project.path.resolve()), units, scored.id, made, stamp, project.classes.merges)
        if key != self._of:
            self._found = doubt(project, scores, job)
            self._of = key
        return self._found


DOUBTS = Doubts()


def doubt(project: Project, columns: Mapping[str, np.ndarray], job: Job) -> np.ndarray:
    """(U,) float32 share of each unit's points that are likely labelled wrong, 0 for a unit without
    a label. `columns`: scores, of which "mean_p" and "feature" are read."""
    units, classes = project.need_units(), len(project.classes)
    main, share = labels_of_units(project, job)
    known = np.flatnonzero(main >= 0)
    found = np.zeros(len(units), np.float32)
    if not len(known):
        return found
    p = np.zeros((len(known), classes))
    into = project.classes.now[: columns["mean_p"].shape[1]]
    np.add.at(p.T, into[into < classes], columns["mean_p"][known].T[into < classes])
    by_network = p / np.maximum(_expected(p, main[known]), _LEAST_P)
    # Only where the network says another class, by its own measure and beside what is expected.
    odd = (by_network.argmax(axis=1) != main[known]) & (p.argmax(axis=1) != main[known])
    some = known[odd]
    votes, expected = _votes(project, columns["feature"], known, main, some, classes, job)
    differ = votes.max(axis=1, initial=0) > votes[np.arange(len(some)), main[some]]
    votes[np.arange(len(some)), main[some]] += 0.5 / ALIKE  # none among ten is no proof
    by_others = votes / np.maximum(expected, _LEAST_P)
    both = np.sqrt(by_network[odd] * by_others)
    own = both[np.arange(len(some)), main[some]]
    both[np.arange(len(some)), main[some]] = 0
    other = PRIOR * both.max(axis=1, initial=0)
    total = other + (1 - PRIOR) * own
    likely = np.divide(other, total, out=np.zeros(len(some)), where=total > 0)
    found[some] = np.where(differ, likely * share[some], 0)
    return found


def _expected(p: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(C,) mean of p (n, C) of a class over what has it as label (n,); 1 for a class that nothing
    has, so that nobody is called it lightly."""
    count = np.bincount(label, minlength=p.shape[1])
    total = np.bincount(label, p[np.arange(len(p)), label], p.shape[1])
    found: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    return found


def _votes(
    project: Project,
    feature: np.ndarray,
    known: np.ndarray,
    main: np.ndarray,
    some: np.ndarray,
    classes: int,
    job: Job,
) -> tuple[np.ndarray, np.ndarray]:
    """(n, C) share of each class among the labels of the ALIKE nearest units of other scans, of
    units `some` (n,); and (C,) what is expected of each, by some of the units among which is
    looked: `known` (m,), or so many by chance."""
    units = project.need_units()
    among = known
    if len(known) > _MOST:
        keys = Draw(project.seed, 0).keys([f"{_BY_CHANCE}{name}" for name in units.names(known)])
        among = np.sort(known[np.argsort(keys, kind="stable")[:_MOST]])
    values = feature[among].astype(np.float32)
    scale = values.std(axis=0) + np.float32(1e-6)
    values = values / scale
    square = (values**2).sum(axis=1)

    def vote(asked: np.ndarray) -> np.ndarray:
        found = np.zeros((len(asked), classes))
        for start in range(0, len(asked), _CHUNK):
            job.progress(start, len(asked), "units alike")
            part = asked[start : start + _CHUNK]
            mine = feature[part].astype(np.float32) / scale
            away = square[None] - 2 * (mine @ values.T)
            away[units.scan[among][None] == units.scan[part][:, None]] = np.inf
            most = min(ALIKE, len(among))
            near = np.argpartition(away, most - 1, axis=1)[:, :most]
            there = np.isfinite(np.take_along_axis(away, near, axis=1))
            row = np.repeat(np.arange(len(part)), most).reshape(len(part), most)
            np.add.at(found, (start + row[there], main[among[near[there]]]), 1.0)
        shares: np.ndarray = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
        return shares

    step = max(1, len(among) // _CHUNK)
    sample = among[::step]
    return vote(some), _expected(vote(sample), main[sample])
