"""Labels that exist already, as first entries of a journal of their own, to be repaired here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.answers.brought import with_raw
from core.answers.effort import Effort
from core.answers.entry import Entry, new_entry
from core.answers.instances import Things, from_file, with_things
from core.answers.journal import Journal, built_aside
from core.base.errors import DataError, SettingsError
from core.base.jobs import Job
from core.base.paths import inside
from core.data.classes import FIRST_CODE, IGNORED, UNLABELLED
from core.data.formats.nuscenes_panoptic import panoptic_name
from core.data.label_file import label_file
from core.data.scans import Dataset
from core.exchange.label_files import SUFFIXES, as_labels, is_label_file, read_labels
from core.exchange.match import Matched, match, some
from core.exchange.raw_labels import MOST_CLASS, known_as
from core.project.project import Project

IMPORTED = "imported"  # annotator and tool of these entries
IDS = ("raw", "classes")


@dataclass(frozen=True)
class _Found:
    """Of one scan: its raw labels (N,), and rows, classes and things that are new here."""

    raw: np.ndarray
    rows: np.ndarray
    classes: np.ndarray
    things: Things | None


@dataclass(frozen=True)
class Plan:
    """What an import would take over, nothing written yet.

    `root` and `ids` as they were named, `matched` files, `points` that get a class, `by_class`
    points of each class, `scans` that bring something, `known` scans whose labels are here already.
    """

    root: Path
    ids: str
    matched: Matched
    points: int
    by_class: dict[str, int]
    scans: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What would be imported, in words."""
        said = self.matched.told("labels there", "training scans")
        meant = "ids of the class list" if self.ids == "raw" else "places in the class list"
        most = sorted(self.by_class.items(), key=lambda pair: -pair[1])
        classes = some([f"{name} {count:,}" for name, count in most], 6)
        said.append(
            f"{self.points:,} points of {len(self.scans):,} scans get a class, the numbers taken "
            f"as {meant}: {classes or 'none'}."
        )
        if self.known:
            said.append(f"Labelled already, and left as they are: {some(self.known)}.")
        return said


def plan_import(project: Project, root: Path, job: Job, *, ids: str = "raw") -> Plan:
    """Read the label files below `root` and say what of them would be taken over.

    They are looked for where the project's format has them, and else by the scans' names: .label,
    lidarseg .bin, panoptic .npz, .npy, .las and .laz. `ids`: "raw" for ids of the class list,
    "classes" for places in it from 0 on (255 for none). Raises DataError for a label file of
    another point count or with ids that the class list does not know, and where nothing is found.
    """
    if ids not in IDS:
        raise SettingsError(f"Nothing is called {ids}.", f"Choose one of {', '.join(IDS)}.")
    if (root / "lidarseg").is_dir() and list(root.glob("*/submission.json")):
        raise DataError(
            f"{root} holds predictions in the ids of nuScenes' benchmark, which are no labels.",
            "Import labels that were exported as labels or merged.",
        )
    matched = _matched(project, root)
    scans, known = [], []
    counts = np.zeros(len(project.classes), np.int64)
    for done, scan in enumerate(matched.files):
        job.progress(done, len(matched.files), "read labels")
        one = _of_scan(project, root, scan, matched.files[scan], ids)
        if one is None:
            known.append(scan)
        else:
            scans.append(scan)
            counts += np.bincount(one.classes, minlength=len(counts))
    if not scans:
        raise DataError(
            f"{root} holds no labels for the project's training scans, or all are labelled "
            "already.",
            "Name the folder that a SemanticKITTI or nuScenes dataset has as its root, or one with "
            "a label file of each scan's name.",
        )
    by_class = {
        name: int(count) for name, count in zip(project.classes.names, counts, strict=True) if count
    }
    job.progress(len(matched.files), len(matched.files), "read labels")
    points = int(counts.sum())
    return Plan(root, ids, matched, points, by_class, tuple(scans), tuple(known))


def import_labels(project: Project, root: Path, job: Job, *, ids: str = "raw") -> int:
    """Take over the label files below `root`, as `plan_import` says; return the number of scans."""
    return take_over(project, plan_import(project, root, job, ids=ids), job)


def take_over(project: Project, plan: Plan, job: Job) -> int:
    """Write what was planned as one entry for each training scan; return their number.

    Rows that a person labelled already, or that have no class in the file, get none; what the file
    says of them is kept with the entry, for exports to give back.
    """
    path = project.path / "journals" / f"{IMPORTED}.sqlite"
    # A new journal is built beside its place: half of one would stand in the way of all that opens
    # the project.
    opened = closing(Journal(path, IMPORTED)) if path.exists() else built_aside(path, IMPORTED)
    with opened as journal:
        taken = journal.append_each(_entries(project, plan, job), after=project.answers.latest)
    project.answers.take_in(path)
    job.progress(len(plan.scans), len(plan.scans), "import")
    return taken


def _entries(project: Project, plan: Plan, job: Job) -> Iterator[Entry]:
    """An entry for each scan of a plan."""
    for done, scan in enumerate(plan.scans):
        job.progress(done, len(plan.scans), "import")
        # Read again: the labels of all scans would not fit in memory.
        one = _of_scan(project, plan.root, scan, plan.matched.files[scan], plan.ids)
        if one is None:
            continue  # answered meanwhile
        blank = new_entry(IMPORTED, "answer", project.scan_ref(scan), effort=Effort(tool=IMPORTED))
        body = with_things("", one.things) if one.things is not None else ""
        yield replace(blank, rows=one.rows, classes=one.classes, body=with_raw(body, one.raw))


def _of_scan(project: Project, root: Path, scan: str, path: Path, ids: str) -> _Found | None:
    """What a scan's label file brings that is not here yet, None for nothing."""
    raw = _read(project, root, scan, path)
    count = project.count(scan)
    if len(raw) != count:
        raise DataError(
            f"The labels of {scan} below {root} are {len(raw):,}; the scan has {count:,} points.",
            "Bring the label file that belongs to this scan.",
        )
    return _new_of(project, scan, _of_places(project, raw, scan) if ids == "classes" else raw)


def _matched(project: Project, root: Path) -> Matched:
    """A label file for each training scan: where the format has it, else by name."""
    dataset = project.dataset
    if not root.is_dir():
        return Matched({}, dataset.train, ())
    own = {scan: inside(root, label_file(dataset, scan)[0]) for scan in dataset.train}
    there = {scan: path for scan, path in own.items() if path.is_file()}
    if dataset.format.name == "nuscenes":
        for scan in (scan for scan in own if scan not in there):
            panoptic = inside(root, panoptic_name(label_file(dataset, scan)[0]))
            if panoptic.is_file():
                there[scan] = panoptic
    if not there:  # an installed format may have labels elsewhere than it writes them
        there = {scan: own[scan] for scan in dataset.train if _by_format(dataset, root, scan)}
    if there:
        return Matched(there, tuple(scan for scan in own if scan not in there), ())
    points = {dataset.path(scan).resolve() for scan in dataset.scans}
    bare = {path for path in points if path.suffix.lower() not in (".las", ".laz")}
    return match(
        root,
        dataset.train,
        SUFFIXES,
        lambda path: is_label_file(path) and path.resolve() not in bare,
    )


def _by_format(dataset: Dataset, root: Path, scan: str) -> bool:
    if dataset.format.name == "nuscenes":  # its tables may be of other scans
        return False
    return dataset.format.labels(root, scan) is not None


def _read(project: Project, root: Path, scan: str, path: Path) -> np.ndarray:
    """(N,) uint32 labels of a scan."""
    dataset = project.dataset
    own = inside(root, label_file(dataset, scan)[0])
    if path != own or (path.suffix == ".label" and path.is_file()):
        return read_labels(path)
    raw = dataset.format.labels(root, scan)
    if raw is None:
        return read_labels(path)
    labels = as_labels(raw, f"The label file of {scan}")
    instances = dataset.format.instances(root, scan)
    if instances is None:
        return labels
    instances = as_labels(instances, f"The label file of {scan}")
    if len(instances) != len(labels):
        raise DataError(
            f"The labels of {scan} are {len(labels):,}, their instances {len(instances):,}.",
            "Bring the label file that belongs to this scan.",
        )
    return labels & MOST_CLASS | instances << np.uint32(16)


def _of_places(project: Project, places: np.ndarray, scan: str) -> np.ndarray:
    """(N,) uint32 raw labels of places in the class list, 255 for none."""
    table = np.zeros(256, np.uint32)
    table[: len(project.classes)] = project.classes.class_to_raw
    strange = (places >= len(project.classes)) & (places != IGNORED)
    if strange.any():
        raise DataError(
            f"The labels of {scan} name the place {int(places[strange][0])}; the class list has "
            f"{len(project.classes)} classes, 0 to {len(project.classes) - 1}.",
            "Take the numbers as ids of the class list (--ids raw), or bring other labels.",
        )
    if (places == IGNORED).any():
        table[IGNORED] = project.classes.none
    raw: np.ndarray = table[places]
    return raw


def _new_of(project: Project, scan: str, raw: np.ndarray) -> _Found | None:
    """What a scan's labels (N,) uint32 bring that is not here yet, None for nothing."""
    classes = known_as(raw, project.classes, scan)
    new = (classes < FIRST_CODE) & (project.labels(scan) == UNLABELLED)
    earlier = project.brought(scan)
    if not new.any() and earlier is not None:
        return None
    if earlier is not None:
        raw = np.where(new, raw, earlier.raw)
    instances = raw[new] >> np.uint32(16)
    things = from_file(instances) if instances.any() else None
    return _Found(raw, np.flatnonzero(new), classes[new], things)
