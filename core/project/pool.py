"""What a strategy may see of a project. Never ground truth (docs/architecture.md, decision 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from core.answers.entry import Head
from core.answers.labels import ALIKE
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.own_poses import Piece
from core.prepare.curvature import curvature_file, map_curvature
from core.prepare.units import Units, map_shapes, shapes_file
from core.project.branches import counted
from core.project.doubt import DOUBTS, has_imported
from core.project.project import Project
from core.query.opening import Opening, opening
from core.query.pool import Pool
from core.query.seconds import expected_seconds
from core.rounds.round import GIVE_AGAIN, Round
from core.rounds.scores import read_scores

# Columns that no network gives: what is said where one is missing, and what to do.
ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "shape": (
        "the units' shapes, which this preparation has not",
        "Prepare the project again; no answer is lost.",
    ),
    "curvature": (
        "the units' curvature, which is not measured yet",
        "Run `lidarloop prepare --curvature` on the project.",
    ),
    "doubt": (
        "imported labels that a network and units alike contradict, and labels or network are "
        "missing",
        "Import labels, train a round on them and score it.",
    ),
    "seconds": (
        "seconds, which are estimated for clusters and ground cells alone",
        "Ask by points or units, or prepare with prepare.units = basal.",
    ),
    "centre": (
        "where units are in their sequence, and not every scan has a pose",
        "Bring each sequence's whole poses.txt and its calib.txt, or ask by another strategy.",
    ),
}


class Columns(Mapping[str, np.ndarray]):
    """Columns by name, each read when it is first asked for."""

    def __init__(self, read: Mapping[str, Callable[[], np.ndarray]]) -> None:
        self._read, self._open = dict(read), dict[str, np.ndarray]()

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._open:
            self._open[name] = self._read[name]()
        return self._open[name]

    def __contains__(self, name: object) -> bool:
        return name in self._read

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


def pool_of(
    project: Project,
    scored: Round | None,
    heads: Mapping[str, Head] | None = None,
    job: Job | None = None,
) -> Pool:
    """Units, what was answered, and columns: the scores of round `scored`, shapes and curvature
    where the preparation has them, seconds, and centres where every scan has a pose. Classes that
    were merged since are one in probabilities and predictions; entropies and what else a network
    said of them stay until the round is scored again. `heads`: unit
    -> what counts for it in a branch, by default in that on the table; `job` is told of what takes
    long."""
    job = job or Job()
    table = project.need_units()
    free = np.ones(len(table), bool)
    labelled = np.zeros(len(table), bool)
    effective = counted(project, project.tip).heads if heads is None else heads
    index = table.find_all(effective)
    known = index >= 0  # a new preparation may have dropped units that were answered
    free[index[known]] = False
    answered = np.array([head.verb == "answer" for head in effective.values()], bool)
    labelled[index[known & answered]] = True
    read: dict[str, Callable[[], np.ndarray]] = {}
    if scored is not None:
        scores = read_scores(scored.folder, table)
        if scores is None:
            raise ProjectError(
                f"The scores of {'another network' if scored.given else f'round {scored.id}'} are "
                "of another preparation.",
                GIVE_AGAIN if scored.given else "Run `lidarloop score` on the project.",
            )
        read |= {name: partial(scores.__getitem__, name) for name in scores}
        if "predicted" in scores:  # a class that was merged since is the one it counts as
            read["predicted"] = lambda: project.classes.now[scores["predicted"]]
        if "mean_p" in scores and project.classes.merges:
            read["mean_p"] = lambda: merged_p(scores["mean_p"], project.classes.now)
        if {"mean_p", "feature"} <= read.keys() and has_imported(project):
            read["doubt"] = lambda: DOUBTS.of(project, scored, scores, job)
    folder = project.units_folder / table.fingerprint
    if shapes_file(folder).exists():
        read["shape"] = lambda: map_shapes(folder, table)
    if curvature_file(folder).exists():
        read["curvature"] = lambda: map_curvature(folder, table)
    if table.basal:
        read["seconds"] = lambda: seconds_of(project, table)
    placed, pieces = _placed(project, table), dict[str, Piece]()
    if placed is not None:
        poses, pieces = placed
        read["centre"] = lambda: _centres(table, poses)
    places = project.dataset.places
    return Pool(table, free, labelled, Columns(read), job, places, pieces)


def merged_p(p: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Probabilities (U, C) float16 with those of merged classes added up, `now` (256,) uint8: in
    the column of the class that they count as, or, where the network knew none, of the first of
    them; the other columns are 0."""
    into = now[: p.shape[1]].astype(np.int64)
    _, first, group = np.unique(into, return_index=True, return_inverse=True)
    home = np.where(into < len(into), into, first[group])
    made = np.array(p)
    for label in np.flatnonzero(home != np.arange(len(home))).tolist():
        made[:, home[label]] += p[:, label]
        made[:, label] = 0
    return made


def seconds_of(project: Project, units: Units) -> np.ndarray:
    """(U,) float64 seconds that an answer to each unit is expected to take, by the journal."""
    heads = project.answers.effective.copy()  # answers come in meanwhile
    timed = {
        unit: head.active_s
        for unit, head in zip(units.find_all(heads).tolist(), heads.values(), strict=True)
        if unit >= 0 and head.active_s > 0 and head.tool != ALIKE
    }
    return expected_seconds(units, timed)


def opening_of(project: Project, units: Units) -> Opening | None:
    """What opening a scan costs, by the answers that count; units answered together shared one
    look and are none of them."""
    heads = sorted(
        (head for head in list(project.answers.effective.values()) if head.tool != ALIKE),
        key=lambda head: (head.annotator, head.seq),
    )
    place = units.find_all(head.unit for head in heads)
    heads = [head for head, known in zip(heads, place >= 0, strict=True) if known]
    return opening(
        [head.annotator for head in heads],
        [head.scan for head in heads],
        np.array([head.active_s for head in heads], np.float64),
        units.partition[place[place >= 0]],
    )


def _placed(project: Project, units: Units) -> tuple[list[np.ndarray], dict[str, Piece]] | None:
    """The poses (4, 4) of a table's scans, and the piece of its sequence that each one's is of;
    None where one has no pose, or there are none."""
    poses: list[np.ndarray] = []
    pieces: dict[str, Piece] = {}
    for name in units.scans:
        placed = project.dataset.placed(name)
        if placed is None:
            return None
        poses.append(placed[0])
        pieces[name] = placed[1]
    return (poses, pieces) if poses else None


def _centres(units: Units, poses: Sequence[np.ndarray]) -> np.ndarray:
    """(U, 3) float64 middles of the units' boxes in the coordinates that the scans' poses (4, 4)
    lead to, metres."""
    middle: np.ndarray = (units.box_min.astype(np.float64) + units.box_max) / 2
    for scan, pose in enumerate(poses):
        mine = slice(units.offsets[scan], units.offsets[scan + 1])
        middle[mine] = middle[mine] @ pose[:3, :3].T + pose[:3, 3]
    return middle
