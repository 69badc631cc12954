"""Two rounds side by side: what each asked, what each network says, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import DASH
from core.data.classes import UNLABELLED
from core.project.branches import counted, named
from core.project.caches import again
from core.project.project import Project
from core.project.status import by_name_now
from core.rounds import figures
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import Round

MOST_SCANS = 300  # that are looked through for differences


@dataclass(frozen=True)
class Side:
    """One of the two. `points`: answered in its branch up to it; `miou` in words, `value` as a
    share, None where it is not measured; `iou` by class."""

    id: str
    items: int
    cost: int
    points: int
    value: float | None
    miou: str
    iou: Mapping[str, float | None]


@dataclass(frozen=True)
class Compared:
    """Attributes
    ----------
    a, b : the two
    common : the newest round that both branches have, None for none
    both, both_points : units that both queries ask, and their points
    branches, of : units that both branches asked in all their rounds, and that either did
    """

    a: Side
    b: Side
    common: str | None
    both: int
    both_points: int
    branches: int
    of: int

    @property
    def overlap(self) -> float | None:
        """Units that both queries ask among those that either asks; None where neither asks any."""
        either = self.a.items + self.b.items - self.both
        return self.both / either if either else None


def compare(project: Project, a: Round, b: Round) -> Compared:
    """Put two rounds side by side. Raises ProjectError for a round beside itself, or damaged
    metrics."""
    if a == b:
        raise ProjectError(f"{a.id} beside itself shows nothing.", "Name two rounds.")
    lines = project.branch(a), project.branch(b)
    common = [one.id for one in lines[0] if one in lines[1]]
    asked = [{item for one in line for item in one.query.items} for line in lines]
    shared = a.query.place_of.keys() & b.query.place_of.keys()
    points = sum(int(a.query.cost[a.query.place_of[item]]) for item in shared)
    return Compared(
        _side(project, a),
        _side(project, b),
        common[-1] if common else None,
        len(shared),
        points,
        len(asked[0] & asked[1]),
        len(asked[0] | asked[1]),
    )


def _side(project: Project, found: Round) -> Side:
    metrics = found.metrics(project.classes) or {}
    iou = by_name_now(project, metrics.get("iou") or dict.fromkeys(project.classes.names))
    query = found.query
    return Side(
        found.id,
        len(query.items),
        int(query.cost.sum()),
        counted(project, found).points,
        metrics.get("miou"),
        figures.words(metrics),
        iou,
    )


def told(project: Project, found: Compared) -> str:
    """The same for a terminal."""
    a, b = found.a, found.b
    names = [named(project, side.id) for side in (a, b)]
    after = "they share no round" if found.common is None else f"they part after {found.common}"
    if found.common in (a.id, b.id):
        after = f"{found.common} is one of the rounds before the other"
    overlap = DASH if found.overlap is None else f"{found.overlap:.0%}"
    lines = [
        f"{names[0]} beside {names[1]}: {after}",
        f"queries: {a.items:,} and {b.items:,} units, {found.both:,} of them the same ({overlap}), "
        f"{found.both_points:,} points; in all rounds of the branches {found.branches:,} of "
        f"{found.of:,}",
        f"answered by then: {a.points:,} and {b.points:,} points",
        f"mIoU of {names[0]}: {a.miou}",
        f"mIoU of {names[1]}: {b.miou}{_change(a.value, b.value)}",
    ]
    for name in a.iou:
        one, other = a.iou[name], b.iou.get(name)
        if one is not None or other is not None:
            texts = [DASH if v is None else f"{v:.1%}" for v in (one, other)]
            lines.append(f"  {name:<20} {texts[0]:>7} {texts[1]:>7}{_change(one, other)}")
    return "\n".join(lines)


def _change(one: float | None, other: float | None) -> str:
    return "" if one is None or other is None else f"  {(other - one) * 100:+.1f}"


@dataclass(frozen=True)
class Differing:
    """A scan whose points two rounds see differently: `points` of `of` with a class by both."""

    scan: str
    points: int
    of: int


def said(project: Project, found: Round, scan: str) -> np.ndarray:
    """(N,) uint8 classes that a round's network gives a scan's rows. Raises ProjectError where its
    predictions are not kept."""
    classes = _kept(project, found, scan, "classes")["classes"]
    now: np.ndarray = project.classes.now[classes]
    return now


def said_and_entropy(project: Project, found: Round, scan: str) -> tuple[np.ndarray, np.ndarray]:
    """The same, and the entropy (N,) float32 in nat."""
    kept = _kept(project, found, scan, "classes", "entropy")
    return project.classes.now[kept["classes"]], kept["entropy"].astype(np.float32)


def _kept(project: Project, found: Round, scan: str, *names: str) -> dict[str, np.ndarray]:
    file = prediction_file(project.predictions(found), scan, project.dataset)
    if not file.exists():
        if not found.scored:
            raise ProjectError(
                f"Round {found.id} says nothing of {scan}: it is not trained and scored.",
                "Train it, or choose another round.",
            )
        raise ProjectError(
            f"What {found.id} predicts of {scan} is not kept: later rounds are scored.",
            f"{again(found)} makes it again.",
        )
    return read_prediction(file, *names, N=project.count(scan))


def differing(project: Project, a: Round, b: Round, job: Job) -> list[Differing]:
    """The scans by how many of their points two rounds see differently, most first; of more than
    MOST_SCANS so many with even gaps. Raises ProjectError where predictions are not kept."""
    rows = []
    scans = project.dataset.scans
    if len(scans) > MOST_SCANS:
        scans = tuple(scans[n] for n in np.linspace(0, len(scans) - 1, MOST_SCANS).astype(int))
    for done, scan in enumerate(scans):
        job.progress(done, len(scans), "compare")
        one, other = said(project, a, scan), said(project, b, scan)
        seen = (one != UNLABELLED) & (other != UNLABELLED)  # what is no return has no class
        points = int(np.count_nonzero((one != other) & seen))
        rows.append(Differing(scan, points, int(np.count_nonzero(seen))))
    return sorted(rows, key=lambda row: (-row.points, row.scan))
