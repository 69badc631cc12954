"""A probability sample of points, asked blind: which points, in which order, what was answered.

quality/<name>.json is written when it is drawn; a larger sample of the same seed holds it. Items
are "<scan>#p<row>". Answers are blind entries of the journal: they change no label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.answers.effort import Effort
from core.answers.entry import Head, ScanRef
from core.base.errors import DataError, ProjectError, SettingsError
from core.base.files import read_json, write_json
from core.base.jobs import Job
from core.base.typed import listed, mapped, whole, words
from core.data.classes import FIRST_CODE, IGNORED
from core.data.items import point_of, scan_of
from core.project.project import Project
from core.quality.estimated import Estimated, estimated, more_answers
from core.quality.frame import Frame, frame_of
from core.quality.strata import LEAST, allocate, draws, order

FOLDER = "quality"
POINTS, BATCH = 300, 50
MOST = 100_000
_VERSION = 1
_SMALL = 500  # a stratum of less than this part of all points joins with others of its class
_REST = "rest"
_DO = "Restore it from a copy, or delete it and draw the sample anew; no answer is lost."


@dataclass(frozen=True)
class Stratum:
    """Points that are claimed to be of one class (`claimed`, its number), in one part."""

    part: str
    claimed: int
    points: int


@dataclass(frozen=True)
class Sample:
    """Attributes
    ----------
    of, source : what is judged, as a Frame has it
    seed : of chance
    classes : names at the time
    strata : all of them
    items : in the order of asking; stratum (n,) of each; batch (n,) which it belongs to
    """

    of: str
    source: str
    seed: int
    classes: tuple[str, ...]
    strata: tuple[Stratum, ...]
    items: tuple[str, ...]
    stratum: np.ndarray
    batch: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """(H,) int64 points of each stratum."""
        return np.array([one.points for one in self.strata], np.int64)

    @cached_property
    def claimed(self) -> np.ndarray:
        """(H,) int64 class of each stratum."""
        return np.array([one.claimed for one in self.strata], np.int64)


@dataclass(frozen=True)
class Quality:
    """Attributes
    ----------
    sample : that was drawn
    waiting : items without an answer, in the order of asking
    counted : answers of whole batches, from which the figures are; unsure : of them cannot tell
    figures : what they come to
    more : answers that would halve the interval of the accuracy, None where nothing is known
    """

    sample: Sample
    waiting: tuple[str, ...]
    counted: int
    unsure: int
    figures: Estimated
    more: int | None


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
    _writable(project)
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
    _write(path, sample)
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


# -- what was answered --------------------------------------------------------------------------


def quality(project: Project, sample: Sample) -> Quality:
    """What the answers to a sample come to, of whole batches: within one, answers come scan by scan
    and are no chance sample yet."""
    heads = answers_to(project, sample)
    open_ = [item for item in sample.items if item not in heads]
    first_open = min((int(sample.batch[p]) for p, i in enumerate(sample.items) if i not in heads),
                     default=int(sample.batch.max(initial=0)) + 1)  # fmt: skip
    places = np.flatnonzero(sample.batch < first_open)
    said = np.array([_said(heads[sample.items[place]]) for place in places], np.int64)
    classes = len(sample.classes)
    told = (said < classes) | (said == IGNORED)
    truth = np.minimum(said, classes)[told]
    args = (sample.sizes, sample.claimed, sample.stratum[places][told], truth, classes)
    return Quality(
        sample,
        tuple(open_),
        len(places),
        int(np.count_nonzero(~told)),
        estimated(*args),
        more_answers(*args),
    )


def answers_to(project: Project, sample: Sample) -> Mapping[str, Head]:
    """Item -> its newest blind answer that was not taken back."""
    wanted = set(sample.items)
    return {h.unit: h for h in project.answers.fold.compared() if h.unit in wanted}


def _said(head: Head) -> int:
    """The class or code of a point's answer."""
    return head.main_class()


def answer_by_truth(project: Project, sample: Sample, job: Job) -> int:
    """Answer what waits from ground truth, blind as a person would; return how many. Raises
    ProjectError outside research projects."""
    _writable(project)
    if not project.research:
        raise ProjectError(
            "This project is for people: only research projects answer from ground truth.",
            "Answer the sample in the window.",
        )
    waiting = quality(project, sample).waiting
    effort = Effort(tool="oracle per-point")
    by_scan: dict[str, list[str]] = {}
    for item in waiting:
        by_scan.setdefault(scan_of(item), []).append(item)
    for done, (scan, items) in enumerate(by_scan.items()):
        job.progress(done, len(by_scan), "answer")
        truth = project.dataset.ground_truth(scan, project.classes)
        if truth is None:
            raise DataError(
                f"Scan {scan} has no labels to answer from.",
                "Bring its label file, or answer these points by hand.",
            )
        ref = ScanRef(scan, len(truth), project.scan_hash(scan))
        for item in items:
            row = np.array([point_of(item)], np.int64)
            project.answers.answer(
                ref, row, truth[row], round="", unit=item, effort=effort, blind=True
            )
    return len(waiting)


# -- the file -----------------------------------------------------------------------------------


def file_for(project: Project, of: str, source: str) -> Path:
    """Where a sample is kept."""
    name = f"{of}-{source}".replace(" ", "-")
    return project.path / FOLDER / f"{name}.json"


def samples(project: Project) -> list[Sample]:
    """Every sample that was drawn, by the names of their files. Raises ProjectError."""
    folder = project.path / FOLDER
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [read_sample(path, project) for path in files]


def _write(path: Path, sample: Sample) -> None:
    write_json(
        path,
        {
            "version": _VERSION,
            "of": sample.of,
            "source": sample.source,
            "seed": sample.seed,
            "classes": list(sample.classes),
            "strata": [[one.part, one.claimed, one.points] for one in sample.strata],
            "items": [
                [item, stratum, batch]
                for item, stratum, batch in zip(
                    sample.items, sample.stratum.tolist(), sample.batch.tolist(), strict=True
                )
            ],
        },
    )


def read_sample(path: Path, project: Project) -> Sample:
    """Raises ProjectError where it is damaged, newer, or of another class list."""
    stored = read_json(path, do=_DO, version=int)
    if stored["version"] > _VERSION:
        raise ProjectError(
            f"{path} was written by a newer LidarLoop.", "Update LidarLoop to read it."
        )
    try:
        about = mapped(stored, "a sample")
        strata = []
        for one in listed(about["strata"], "strata"):
            part, claimed, points = listed(one, "a stratum")
            strata.append(
                Stratum(words(part, "a part"), whole(claimed, "a class"), whole(points, "points"))
            )
        items, of_stratum, batch = [], [], []
        for one in listed(about["items"], "items"):
            item, stratum, nth = listed(one, "an item")
            if point_of(words(item, "an item")) is None:
                raise ValueError(f"{item} is no point")
            items.append(item)
            of_stratum.append(whole(stratum, "a stratum", 0, len(strata) - 1))
            batch.append(whole(nth, "a batch"))
        if len(set(items)) != len(items):
            raise ValueError("an item is asked twice")
        sample = Sample(
            words(about["of"], "of"),
            words(about["source"], "source"),
            whole(about["seed"], "seed", -(1 << 63), 1 << 63),
            tuple(words(name, "a class") for name in listed(about["classes"], "classes")),
            tuple(strata),
            tuple(items),
            np.array(of_stratum, np.int64),
            np.array(batch, np.int64),
        )
        if any(one.claimed >= len(sample.classes) for one in strata):
            raise ValueError("a stratum is of no class")
    except (KeyError, TypeError, ValueError) as error:
        raise ProjectError(f"{path} is damaged: {error}.", _DO) from error
    if sample.classes != tuple(project.classes.names):
        raise ProjectError(
            f"{path.name} was drawn with another class list.",
            "Delete it and draw the sample anew; no answer is lost.",
        )
    return sample


def _writable(project: Project) -> None:
    if not project.writable:
        raise ProjectError(
            "The project is open for reading only.", "Close it where it is open, then try again."
        )
