"""How an export lies on disk: the dataset's own layout, or one that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.base.errors import SettingsError
from core.data.clouds.las import need_laspy
from core.data.formats.nuscenes_versions import version_folder
from core.data.formats.semantickitti import SemanticKitti
from core.data.label_file import label_file
from core.exchange import clouds_out, nuscenes_out
from core.exchange.nuscenes_out import Files
from core.exchange.raw_labels import packed
from core.project.project import Project

OWN = "own"
LAYOUTS = (OWN, "label", "npy", "ply", "pcd", "las", "nuscenes")


def _nothing(_: Sequence[str]) -> Files:
    return {}


@dataclass(frozen=True)
class Layout:
    """Where each scan's file lies, and what is in it.

    Attributes
    ----------
    files : scan -> name below the folder
    pack : scan, raw labels (N,) uint32 -> content of its file
    instances : whether a label has room for the instance above the class
    beside_names : names of further files that may be written
    beside : scans that were written -> further files
    """

    files: dict[str, str]
    pack: Callable[[str, np.ndarray], bytes]
    instances: bool = True
    beside_names: tuple[str, ...] = ()
    beside: Callable[[Sequence[str]], Files] = field(default=_nothing)


def layout_of(project: Project, name: str, what: str, scans: Sequence[str]) -> Layout:
    """The layout called `name` of the scans' labels or predictions.

    Raises SettingsError for a name that is none, or that does not go with the dataset.
    """
    dataset = project.dataset
    nuscenes = dataset.format.name == "nuscenes"
    if name == "label":
        return Layout(
            {scan: f"{scan}.label" for scan in scans},
            lambda scan, raw: packed(raw, np.dtype("<u4"), scan),
        )
    if name == "npy":
        return Layout({scan: f"{scan}.npy" for scan in scans}, lambda _, raw: clouds_out.npy(raw))
    make = {"ply": clouds_out.ply, "pcd": clouds_out.pcd, "las": clouds_out.las}.get(name)
    if make is not None:
        if name == "las":
            need_laspy()
        return Layout(
            {scan: f"{scan}.{name}" for scan in scans},
            lambda scan, raw: make(dataset, scan, raw, project.classes),
        )
    if name == "nuscenes" and not nuscenes:
        raise SettingsError(
            f"The tables of nuScenes name nuScenes' scans; these are {dataset.format.name}.",
            "Leave out --as, or choose label, npy, ply, pcd or las.",
        )
    if name not in LAYOUTS:
        raise SettingsError(
            f"Nothing can be exported as {name}.", f"Choose one of {', '.join(LAYOUTS)}."
        )
    if nuscenes and what == "predictions":
        return _benchmark(project, scans)
    if nuscenes and (name == "nuscenes" or version_folder(dataset.root) is not None):
        names = nuscenes_out.label_names(dataset)
        return Layout(
            {scan: names[scan] for scan in scans},
            lambda scan, raw: packed(raw, np.dtype("u1"), scan),
            False,
            tuple(nuscenes_out.table_names(dataset.root)),
            lambda written: nuscenes_out.tables(dataset, written),
        )
    places = {scan: label_file(dataset, scan) for scan in scans}
    files = {scan: place[0] for scan, place in places.items()}
    if what == "predictions" and isinstance(dataset.format, SemanticKitti):
        # Where evaluate_semantics.py and validate_submission.py look, and no labels are looked for.
        files = {scan: _beside_labels(name) for scan, name in files.items()}
    wide = all(dtype.itemsize >= 4 for _, dtype in places.values())
    return Layout(files, lambda scan, raw: packed(raw, places[scan][1], scan), wide)


def _beside_labels(name: str) -> str:
    """The name of a file of predictions, of that of labels; the same where it lies in no folder
    called labels, as an installed format may have it."""
    above, folder, below = f"/{name}".rpartition("/labels/")
    return f"{above}/predictions/{below}"[1:] if folder else name


def _benchmark(project: Project, scans: Sequence[str]) -> Layout:
    dataset = project.dataset
    names = nuscenes_out.prediction_names(dataset)
    table = nuscenes_out.benchmark_ids(project.classes)

    def pack(_: str, raw: np.ndarray) -> bytes:
        return nuscenes_out.benchmark_labels(raw, table).tobytes()

    beside = nuscenes_out.submission(dataset)
    return Layout({s: names[s] for s in scans}, pack, False, tuple(beside), lambda _: beside)
