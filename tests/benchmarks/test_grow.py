"""Growing to the whole thing, on real scans whose things are known: by SemanticKITTI's instances,
by the boxes of Argoverse 2 and KITTI.

A unit with 80 % of its points on one thing is grown by one key. It was split where it holds less
than 80 % of the thing's points, else it was whole already.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.assist.grow import STEPS, grown, superpoints
from core.base.settings import load_preset
from core.data.classes import FIRST_CODE, load_classes
from core.data.opening import open_dataset
from core.prepare.scan import prepare_scan
from core.prepare.units import CELL, CLUSTER
from tests.benchmarks.measures import cpu_seconds
from tests.samples import samples

SEQUENCES = ["00", "01", "02", "03", "05", "06", "07", "08", "10"]
GROUND = ("road", "parking", "sidewalk", "other-ground", "terrain")
FEWEST, MOSTLY = 30, 0.8
SETTINGS = load_preset("paper").prepare


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """IoU of two masks (N,) bool."""
    return float((one & other).sum() / (one | other).sum())


class Grown:
    """What one key came to: a row each of IoU before and after, share of the thing, for clusters on
    things; added rows, of them the unit's class, of them ground, for clusters and for ground."""

    def __init__(self) -> None:
        self.things: list[tuple[float, float, float]] = []
        self.added: dict[int, list[tuple[int, int, int]]] = {CLUSTER: [], CELL: []}
        self.seconds: list[float] = []
        self.of_a_key: list[float] = []

    def take(self, points: np.ndarray, thing: np.ndarray, truth: np.ndarray | None) -> None:
        """A scan (N, 4) with each row's thing (N,), 0 for none, and class (N,)."""
        found = prepare_scan(points.copy(), SETTINGS)
        self.seconds.append(cpu_seconds(lambda: superpoints(points, found.unit, found.kind)))
        over = superpoints(points, found.unit, found.kind)
        ground = [load_classes("semantickitti").names.index(name) for name in GROUND]
        for number, kind in enumerate(found.kind.tolist()):
            rows = np.flatnonzero(found.unit == number)
            began = time.process_time()
            now = grown(over, rows, 1)
            for step in range(2, STEPS + 1):  # where nothing is found one key tries every step
                grown(over, rows, step)
            self.of_a_key.append(time.process_time() - began)
            beyond = np.setdiff1d(now, rows)
            if truth is not None:
                votes = np.bincount(truth[rows], minlength=256)
                pure = votes[:FIRST_CODE].max() >= (0.95 if kind == CELL else 0.5) * len(rows)
                if pure:
                    same = int((truth[beyond] == votes.argmax()).sum())
                    leaked = int(np.isin(truth[beyond], ground).sum())
                    self.added[kind].append((len(beyond), same, leaked))
            things, counts = np.unique(thing[rows], return_counts=True)
            best = things[counts.argmax()]
            whole = thing == best
            if best and counts.max() >= MOSTLY * len(rows) and whole.sum() >= FEWEST:
                before, after = np.zeros(len(points), bool), np.zeros(len(points), bool)
                before[rows] = True
                after[now] = True
                share = float(counts.max() / whole.sum())
                self.things.append((overlap(before, whole), overlap(after, whole), share))

    def show(self, name: str, report) -> tuple[float, float, float, float]:
        """Report the mean IoUs, and return those of split ones before and after, of all before and
        after."""
        before, after, share = np.array(self.things).T
        split = share < MOSTLY
        report(
            f"{name}: IoU of {split.sum()} split units with their thing", before[split].mean(), "-"
        )
        report("the same grown by one key", after[split].mean(), "more")
        report(f"IoU of {(~split).sum()} units that were whole", before[~split].mean(), "-")
        report("the same grown by one key", after[~split].mean(), "no less by 0.01")
        return before[split].mean(), after[split].mean(), before.mean(), after.mean()


def keys(format: str, root: Path) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    dataset, classes = open_dataset(format, root, SEQUENCES, []), load_classes(format)
    for scan in dataset.train:
        truth, instance = dataset.ground_truth(scan, classes), dataset.format.instances(root, scan)
        assert truth is not None
        assert instance is not None
        thing = np.where(instance > 0, instance.astype(np.int64) << 8 | truth, 0)
        yield dataset.scan(scan).points, thing, truth


def test_things_of_semantickitti(semantickitti: Path, report):
    all_of = Grown()
    for points, thing, truth in keys("semantickitti", semantickitti):
        all_of.take(points, thing, truth)
    split, split_grown, every, every_grown = all_of.show("SemanticKITTI", report)
    shares = {}
    for kind, name in ((CLUSTER, "clusters"), (CELL, "ground cells of one class")):
        added, same, leaked = np.array(all_of.added[kind]).sum(axis=0)
        shares[kind] = same / added, leaked / added
        report(f"points that {name} grew by, of their own class", same / added, "-")
        if kind == CLUSTER:
            report("of them ground", leaked / added, "≤ 0.1")
    report("CPU seconds of a scan's superpoints, worst", max(all_of.seconds), "≤ 0.3")
    report("CPU milliseconds of a key, 99 of 100", np.quantile(all_of.of_a_key, 0.99) * 1e3, "≤ 16")
    assert split_grown > split + 0.2
    assert every_grown > every
    assert shares[CLUSTER][1] <= 0.1
    assert shares[CELL][0] >= 0.9
    assert max(all_of.seconds) <= 0.3


def boxes_of_kitti(root: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Points in the camera's view, since only things there have a box, and the box of each."""
    for file in sorted((root / "velodyne").glob("*.bin")):
        points = np.fromfile(file, "<f4").reshape(-1, 4)
        lines = (root / "calib" / f"{file.stem}.txt").read_text().splitlines()
        named = {a: np.array(b.split(), float) for a, b in (x.split(":") for x in lines if x)}
        turn = named["R0_rect"].reshape(3, 3) @ named["Tr_velo_to_cam"].reshape(3, 4)
        seen = points[:, :3] @ turn[:, :3].T + turn[:, 3]
        ahead = seen[:, 2] > np.abs(seen[:, 0]) * 1.1
        points, seen = points[ahead], seen[ahead]
        thing = np.zeros(len(points), np.int64)
        for number, line in enumerate(
            (root / "label_2" / f"{file.stem}.txt").read_text().splitlines()
        ):
            name, *rest = line.split()
            if name == "DontCare":
                continue
            height, width, length, x, y, z, yaw = map(float, rest[7:14])
            away = seen - (x, y, z)
            along = away[:, 0] * np.cos(yaw) - away[:, 2] * np.sin(yaw)
            across = away[:, 0] * np.sin(yaw) + away[:, 2] * np.cos(yaw)
            inside = (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)
            thing[inside & (away[:, 1] <= -0.15) & (away[:, 1] >= -height)] = number + 1
        yield points, thing


def boxes_of_argoverse(root: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for file in sorted(root.glob("*.json")):
        points = np.fromfile(file.with_suffix(".bin"), "<f4").reshape(-1, 4)
        thing = np.zeros(len(points), np.int64)
        for number, one in enumerate(json.loads(file.read_text())):
            x, y, z, length, width, height, yaw = one["box"]
            away = points[:, :3] - (x, y, z)
            along = away[:, 0] * np.cos(yaw) + away[:, 1] * np.sin(yaw)
            across = away[:, 1] * np.cos(yaw) - away[:, 0] * np.sin(yaw)
            inside = (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)
            thing[inside & (np.abs(away[:, 2]) <= height / 2)] = number + 1
        yield points, thing


@pytest.mark.parametrize("name", ["KITTI", "Argoverse 2"])
def test_things_in_boxes(name: str, report):
    all_of = Grown()
    scans = (
        boxes_of_kitti(samples("kitti_object") / "training")
        if name == "KITTI"
        else boxes_of_argoverse(samples("argoverse2"))
    )
    for points, thing in scans:
        all_of.take(points, thing, None)
    split, split_grown, every, every_grown = all_of.show(name, report)
    assert split_grown > split
    assert every_grown > every - 0.01
