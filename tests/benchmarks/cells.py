"""What cutting ground cells in four is worth on a small project, beside saving shares up.

python -m tests.benchmarks.cells DATA [POINTS,…]      training scans of DATA in SemanticKITTI layout
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import steps
from core.base.jobs import Job
from core.experiment.costs import OPEN_S, effective_classes
from core.experiment.unscored import Truth, truth_of
from core.prepare.units import CLUSTER, Units
from core.project.project import Project
from core.query.budget import points_budget
from core.query.pool import Draw
from core.query.strategies import strategy_named

NEAR_M, ROUNDS, SEEDS = 10.0, 4, 10
SIZE = strategy_named("size")


def asked(found: Truth, seed: int, rounds: int, percent: int) -> np.ndarray:
    """Units that size-balanced chance asks in so many rounds of `percent` each."""
    pool, units = found.pool, found.units
    free, taken = pool.free.copy(), []
    for number in range(1, rounds + 1):
        budget = points_budget(units, percent=f"{percent}%", fraction="", round=number, spent=0)
        chosen = SIZE(replace(pool, free=free), budget, Draw(seed, number)).units
        free[chosen] = False
        taken.append(chosen)
    return np.concatenate(taken)


def near_ground(units: Units) -> np.ndarray:
    """(U,) bool: ground cells the middle of whose box is within 10 m."""
    middle = (units.box_min[:, :2] + units.box_max[:, :2]) / 2
    return (units.kind != CLUSTER) & (np.hypot(*middle.T) < NEAR_M)


def line(found: Truth, words: str, rounds: int, percent: int) -> str:
    units, near = found.units, near_ground(found.units)
    rows = []
    for seed in range(SEEDS):
        mine = asked(found, seed, rounds, percent)
        counts = found.counts[mine].sum(axis=0)
        seconds = found.seconds[mine].sum() + OPEN_S * rounds * len(np.unique(units.scan[mine]))
        rows.append(
            [
                len(mine),
                100 * units.points[mine][near[mine]].sum() / units.points[near].sum(),
                100 * (counts > 0).sum() / (found.whole > 0).sum(),
                effective_classes(counts),
                seconds / 60,
                counts[found.rare].sum() / seconds * 60,
            ]
        )
    means = np.mean(rows, axis=0)
    return f"| {words} | " + " | ".join(f"{value:.1f}" for value in means) + " |"


def main(data: Path, limits: list[int]) -> None:
    print("| cells | near ground that fits a share of 1 %, % | cells a scan | classes a cell |")
    print("|---|---|---|---|")
    told = []
    for most in limits:
        with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
            project = Project.create(
                Path(folder) / "p", format="semantickitti", root=data, train=["train"],
                validation=[], preset="laptop", research=True,
                overrides={"prepare.split_points": str(most)},
            )  # fmt: skip
            with project:
                steps.prepare(project, Job(), workers=1)
                found = truth_of(project, Job())
            units, near = found.units, near_ground(found.units)
            cells = units.kind != CLUSTER
            share = int(units.scan_returns.sum()) // 100 // len(units.partition_names)
            fits = near & (units.points <= share)
            kinds = found.counts >= np.maximum(1, found.counts.sum(axis=1, keepdims=True) // 100)
            words = f"cut above {most:,} points" if most else "as published"
            print(
                f"| {words} | {100 * units.points[fits].sum() / units.points[near].sum():.0f} | "
                f"{cells.sum() / len(units.scans):.0f} | {kinds[cells].sum(axis=1).mean():.2f} |"
            )
            told.append(line(found, f"{words}, 4 rounds of 1 %", ROUNDS, 1))
            if not most:
                told.append(line(found, "as published, shares saved up: 1 round of 4 %", 1, 4))
    print(
        "\n| 4 % of the points | units | of the near ground, % | classes, % | effective classes | "
        "minutes | rare points a minute |"
    )
    print("|---|---|---|---|---|---|---|")
    print("\n".join(told))


if __name__ == "__main__":
    many = [int(word) for word in sys.argv[2].split(",")] if len(sys.argv) > 2 else [0, 1000, 2000]
    main(Path(sys.argv[1]).resolve(), many)
