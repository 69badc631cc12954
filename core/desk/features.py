"""Units in two dimensions: a projection of their features, by the newest network, or of their
shapes before there is one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import round_name
from core.prepare.units import map_shapes, shapes_file
from core.project.project import Project
from core.rounds.scores import read_scores

PCA, UMAP = "PCA", "UMAP"
FREE, OPEN, ANSWERED, DECLINED = range(4)
STATES = ("free", "asked, still open", "answered", "declined")
_SAMPLE = 100_000  # units that principal axes are found by
_MOST_UMAP = 20_000  # units that a neighbour graph is made of
_CHUNK = 200_000


@dataclass(frozen=True)
class Plane:
    """Attributes
    ----------
    what : whose numbers they are, in words
    method : PCA or UMAP
    units : (n,) int64 numbers of the units, ascending
    xy : (n, 2) float32
    shares : of the variance along both axes, of PCA; (0, 0) of UMAP
    """

    what: str
    method: str
    units: np.ndarray
    xy: np.ndarray
    shares: tuple[float, float]


def umap_installed() -> bool:
    return find_spec("umap") is not None


def plane_of(project: Project, job: Job, method: str = PCA) -> Plane:
    """Project all units, by UMAP 20,000 of them with even gaps. Raises ProjectError where there is
    nothing to project."""
    what, values = numbers_of(project)
    if method == UMAP:
        return _by_umap(project, what, values, job)
    count, size = values.shape
    some = np.asarray(values[_even(count, _SAMPLE)], np.float64)
    middle = some.mean(axis=0)
    scale = _scale(some) if what == "shapes" else np.ones(size)
    job.check()
    centred = (some - middle) / scale
    spread, axes = np.linalg.eigh(centred.T @ centred / max(len(some) - 1, 1))
    two = axes[:, ::-1][:, :2]
    two = two * np.sign(two[np.abs(two).argmax(axis=0), np.arange(two.shape[1])])
    total = float(spread.sum()) or 1.0
    shares = (*(float(v) / total for v in spread[::-1][:2]), 0.0)[:2]
    xy = np.zeros((count, 2), np.float32)
    turn = (two / scale[:, None]).astype(np.float32)
    for start in range(0, count, _CHUNK):
        job.progress(start, count, "features")
        part = np.asarray(values[start : start + _CHUNK], np.float32)
        xy[start : start + _CHUNK, : two.shape[1]] = (part - middle.astype(np.float32)) @ turn
    return Plane(_words(project, what), PCA, np.arange(count), xy, (shares[0], shares[1]))


def _by_umap(project: Project, what: str, values: np.ndarray, job: Job) -> Plane:
    if not umap_installed():
        raise ProjectError("UMAP is not installed.", "pip install umap-learn, or choose PCA.")
    from umap import UMAP as Umap

    units = _even(len(values), _MOST_UMAP)
    some = np.asarray(values[units], np.float64)
    if what == "shapes":
        some = (some - some.mean(axis=0)) / _scale(some)
    if len(some) < 5:
        raise ProjectError("UMAP needs five units or more.", "Choose PCA.")
    job.check()
    fitted = Umap(n_neighbors=min(15, len(some) - 1), random_state=project.seed, n_jobs=1)
    xy = np.asarray(fitted.fit_transform(some), np.float32)
    return Plane(_words(project, what), UMAP, units, xy, (0.0, 0.0))


def numbers_of(project: Project) -> tuple[str, np.ndarray]:
    """What units are told apart by, (U, F) float32 mapped from the disk: "features" of the newest
    scored round, else "shapes". Raises ProjectError where there is neither."""
    units, scored = project.need_units(), project.last_scored()
    if scored is not None:
        scores = read_scores(scored.folder, units)
        if scores is not None and scores["feature"].shape[1]:
            return "features", scores["feature"]
    folder = project.units_folder / units.fingerprint
    if not shapes_file(folder).exists() or not len(units):
        raise ProjectError(
            "There are neither features of a network nor shapes of units yet.",
            "Train and score a round, or prepare the project again.",
        )
    return "shapes", map_shapes(folder, units)


def states_of(project: Project) -> np.ndarray:
    """(U,) uint8: FREE, OPEN (in the newest query), ANSWERED or DECLINED."""
    units = project.need_units()
    found = np.full(len(units), FREE, np.uint8)
    current = project.open_round
    if current is not None:
        asked = units.find_all(current.query.items)
        found[asked[asked >= 0]] = OPEN
    effective = project.answers.effective.copy()
    numbers = units.find_all(effective)
    answered = np.array([head.verb == "answer" for head in effective.values()], bool)
    known = numbers >= 0
    found[numbers[known & answered]] = ANSWERED
    found[numbers[known & ~answered]] = DECLINED
    return found


def _words(project: Project, what: str) -> str:
    scored = project.last_scored()
    if what == "shapes" or scored is None:
        return "shapes of the units (no network is scored yet)"
    whose = "another network" if scored.given else f"the network of {round_name(scored.id)}"
    return f"features by {whose}"


def _even(count: int, most: int) -> np.ndarray:
    """(n,) int64 up to `most` places of so many, with even gaps."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).astype(np.int64)


def _scale(values: np.ndarray) -> np.ndarray:
    """(F,) standard deviations, 1 where all are alike."""
    found: np.ndarray = values.std(axis=0)
    found[found == 0] = 1.0
    return found
