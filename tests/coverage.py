"""Simulated projects, and how often the quality interval holds the truth in them.

    python -m tests.coverage [projects]

prints the coverage of accuracy, mIoU and IoU per class in 1,000 simulated projects.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np

from core.quality.estimated import estimated
from core.quality.strata import allocate


@dataclass
class Coverage:
    """How often an interval held the truth: `held` of `told`, by what it is of."""

    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    told: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    width: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))

    def add(self, kind: str, interval, truth: float) -> None:
        self.told[kind] += 1
        self.held[kind] += interval.low <= truth <= interval.high
        self.width[kind] += interval.high - interval.low

    def share(self, kind: str) -> float:
        return self.held[kind] / self.told[kind]


KINDS = ("accuracy", "mIoU", "IoU")


def points_of(rng: np.random.Generator) -> np.ndarray:
    """(C, P, C) points of true class, partition and claimed class in a project: 3 to 19 classes of
    very different size, 2 to 5 partitions, 100,000 to 100 million points, and a network that is
    good at some classes and hardly finds others."""
    classes, parts = int(rng.integers(3, 20)), int(rng.integers(2, 6))
    size = np.maximum(rng.dirichlet(np.full(classes, 0.5)), 1e-5)
    size /= size.sum()
    part = rng.dirichlet(np.full(parts, 0.7), classes)
    right = rng.beta(4, 1.2, classes)[:, None] + rng.normal(0, 0.1, (classes, parts))
    right = np.clip(right, 0.02, 0.995)
    said = np.zeros((classes, parts, classes))
    for truth in range(classes):
        for place in range(parts):
            weight = rng.dirichlet(np.full(classes, 0.3)) * np.sqrt(size)
            weight[truth] = 0
            said[truth, place] = weight / weight.sum() * (1 - right[truth, place])
            said[truth, place, truth] = right[truth, place]
    joint = size[:, None, None] * part[:, :, None] * said
    return np.floor(joint * 10 ** rng.uniform(5, 8)).astype(np.int64)


def simulate(projects: int, seed: int = 1) -> Coverage:
    """Draw a sample of 200 to 1,000 points in each project, answer it, and look whether the
    intervals hold what is true of all points."""
    found = Coverage()
    for number in range(projects):
        rng = np.random.default_rng([seed, number])
        points = points_of(rng)
        classes, parts, _ = points.shape
        strata = [(p, c) for p in range(parts) for c in range(classes) if points[:, p, c].sum()]
        sizes = np.array([points[:, p, c].sum() for p, c in strata])
        claimed = np.array([c for _, c in strata])
        take = allocate(sizes, int(rng.integers(200, 1001)))
        answers = [
            rng.multivariate_hypergeometric(points[:, p, c], n)
            for (p, c), n in zip(strata, take, strict=True)
        ]
        stratum = np.concatenate([np.repeat(h, a.sum()) for h, a in enumerate(answers)])
        truth = np.concatenate([np.repeat(np.arange(classes), a) for a in answers])
        told = estimated(sizes, claimed, stratum, truth, classes)
        matrix = points.sum(axis=1)
        hits = np.diag(matrix)
        iou = hits / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1) - hits, 1)
        found.add("accuracy", told.accuracy, hits.sum() / matrix.sum())
        there = [c for c in range(classes) if told.iou[c] is not None]
        for one in there:
            found.add("IoU", told.iou[one], iou[one])
        if told.miou is not None:
            seen = [c for c in there if (truth == c).any()]
            found.add("mIoU", told.miou, float(np.mean(iou[seen])))
    return found


def main() -> None:
    projects = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    found = simulate(projects)
    print(f"95 % intervals in {projects:,} simulated projects, 200 to 1,000 answers each:")
    for kind in KINDS:
        print(
            f"{kind:<9} held {found.share(kind):.1%} of {found.told[kind]:,}, mean width "
            f"{found.width[kind] / found.told[kind]:.3f}"
        )


if __name__ == "__main__":
    main()
