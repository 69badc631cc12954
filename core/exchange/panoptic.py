"""Export of classes and instances in one label: the class below, the instance in the upper 16 bits.

As semantic-kitti.org has them, of nuScenes as its panoptic labels. An instance keeps its number in
all scans of its sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.answers.brought import Brought
from core.answers.instances import MOST, numbered
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE, UNLABELLED
from core.data.formats.nuscenes_panoptic import MOST_INSTANCE, packed_panoptic, panoptic_name
from core.data.formats.nuscenes_versions import version_folder
from core.data.label_file import label_file
from core.data.scans import Dataset
from core.exchange import nuscenes_out
from core.exchange.nuscenes_out import Files
from core.exchange.outbox import Outbox
from core.exchange.raw_labels import MOST_CLASS, as_raw, packed
from core.project.project import Project

_BITS = 16


@dataclass(frozen=True)
class _Place:
    """Where labels go: scan -> name, scan and labels (N,) uint32 -> content, the highest number of
    an instance, and the tables beside."""

    names: dict[str, str]
    pack: Callable[[str, np.ndarray], bytes]
    most: int = MOST
    beside_names: tuple[str, ...] = ()
    beside: Callable[[Sequence[str]], Files] = lambda _: {}


def export_panoptic(project: Project, box: Outbox, job: Job, *, tables: bool = False) -> int:
    """Write what people answered, a file for each scan with answers; return how many.

    Rows of imported labels that nobody answered otherwise are as they came in. `tables`: with
    nuScenes' tables also where plain folders have none. Raises ProjectError for a format whose
    labels have no room for instances.
    """
    place = _place(project, tables)
    box.check([*place.names.values(), *place.beside_names])
    trial = not project.classes.has_none  # then a scan may be refused
    names = set(box.write_all(lambda: _made(project, place, job), trial=trial))
    if names:
        written = [scan for scan, name in place.names.items() if name in names]
        for name, content in place.beside(written).items():
            box.write(name, content())
    return len(names)


def _place(project: Project, tables: bool) -> _Place:
    dataset = project.dataset
    scans = dataset.train
    if dataset.format.name == "nuscenes":
        return _of_nuscenes(dataset, tables)
    if tables:
        raise SettingsError(
            f"The tables of nuScenes name nuScenes' scans; these are {dataset.format.name}.",
            "Leave out --as.",
        )
    files = {scan: label_file(dataset, scan) for scan in scans}
    if files[scans[0]][1].itemsize < 4:
        raise ProjectError(
            f"The labels of {dataset.format.name} have one byte for each point: instances do not "
            "fit in.",
            "Export labels, which are the classes alone.",
        )
    names = {scan: name for scan, (name, _) in files.items()}
    return _Place(names, lambda scan, raw: packed(raw, files[scan][1], scan))


def _of_nuscenes(dataset: Dataset, tables: bool) -> _Place:
    def pack(scan: str, raw: np.ndarray) -> bytes:
        return packed_panoptic(raw, scan)

    if not tables and version_folder(dataset.root) is None:
        own = {scan: panoptic_name(label_file(dataset, scan)[0]) for scan in dataset.train}
        return _Place(own, pack, MOST_INSTANCE)
    labels = nuscenes_out.label_names(dataset)
    return _Place(
        {scan: panoptic_name(labels[scan]) for scan in dataset.train},
        pack,
        MOST_INSTANCE,
        tuple(nuscenes_out.table_names(dataset.root, "panoptic")),
        lambda written: nuscenes_out.tables(dataset, written, "panoptic"),
    )


def _made(project: Project, place: _Place, job: Job) -> Iterator[tuple[str, bytes | None]]:
    """The files of all training scans, None where nothing is known of one."""
    scans = project.dataset.train
    rounds = {*(one.id for one in project.rounds), ""}
    answered = project.answers.fold.labelled_scans(rounds=rounds)
    done = 0
    for mine in _by_sequence(project.dataset):
        names: dict[str, None] = {}
        taken: set[int] = set()
        for scan in mine:
            if scan in answered:
                names |= dict.fromkeys(project.things(scan).names)
            brought = project.brought(scan)
            if brought is not None:
                taken.update(np.unique(brought.raw >> _BITS).tolist())
        number = numbered(list(names), taken, place.most)
        for scan in mine:
            labels, brought = project.labels(scan), project.brought(scan)
            if brought is None and np.all(labels == UNLABELLED):
                yield place.names[scan], None
            else:
                raw = _numbered(project, scan, labels, brought, number)
                yield place.names[scan], place.pack(scan, raw)
            done += 1
            job.progress(done, len(scans), "export")


def _by_sequence(dataset: Dataset) -> list[list[str]]:
    """The training scans of each sequence, which need not follow each other in their order."""
    found: dict[str, list[str]] = {}
    for scan in dataset.train:
        found.setdefault(dataset.sequence(scan), []).append(scan)
    return list(found.values())


def _numbered(
    project: Project,
    scan: str,
    labels: np.ndarray,
    brought: Brought | None,
    number: dict[str, int],
) -> np.ndarray:
    """(N,) uint32 raw labels with their instances: that of a thing an answer names, else what was
    imported where it still holds."""
    things = project.things(scan)
    # A scan without a class was not looked at for things: what it names has none to number.
    table = np.array([0, *(number.get(name, 0) for name in things.names)], np.uint32)
    instance = np.where(labels < FIRST_CODE, table[things.of_row], 0).astype(np.uint32)
    raw = as_raw(labels, brought, project.classes)
    stays = instance == 0 if brought is None else brought.kept | (instance == 0)
    return np.where(stays, raw, raw & MOST_CLASS | instance << _BITS)
