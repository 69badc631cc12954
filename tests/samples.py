"""Scans that tests ask for: simulated ones, and real ones where they lie beside the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from tests.places import SAMPLES

_MISSING = "the sample scans are not at"


@dataclass(frozen=True)
class Scans:
    """A labelled dataset, and whether a sensor recorded it."""

    format: str
    root: Path
    train: tuple[str, ...]
    validation: tuple[str, ...]
    real: bool


def samples(folder: str) -> Path:
    """A folder of the real scans; skips the test where they are not to be had."""
    path = SAMPLES / folder
    if not path.is_dir():
        pytest.skip(f"{_MISSING} {SAMPLES}")
    return path


def skipped_in_words(reasons: Sequence[str]) -> str | None:
    """One line on the tests that were skipped for want of real scans, None where there are none."""
    count = sum(_MISSING in reason for reason in reasons)
    if not count:
        return None
    tests = "1 test on real scans was" if count == 1 else f"{count} tests on real scans were"
    return f"{tests} skipped: {_MISSING} {SAMPLES}"


def real_street(root: Path) -> Scans:
    train = ("00", "01", "02", "03", "05", "06", "07", "10")
    return Scans("semantickitti", root, train, ("08",), real=True)


def simulated_street(root: Path) -> Scans:
    """Four training scans and two of validation, made below `root`."""
    from tests.simulated_street import simulate  # loads open3d

    simulate(root, 4, 0, Job())
    return Scans("semantickitti", root, ("00",), ("08",), real=False)


def real_keyframes(root: Path) -> Scans:
    train, validation = ("scene_keyframes:000-008",), ("scene_keyframes:009-011",)
    return Scans("nuscenes", root, train, validation, real=True)


# Raw ids of SemanticKITTI -> of nuScenes, the nearest class, for what stands in the street.
_KEYFRAME_ID = {
    10: 17,  # car
    11: 14,  # bicycle
    18: 23,  # truck
    30: 2,  # person
    40: 24,  # road
    48: 26,  # pavement
    50: 28,  # building
    51: 28,  # fence
    70: 30,  # vegetation
    71: 30,  # trunk
    72: 27,  # terrain
    80: 28,  # pole
    81: 28,  # sign
}
_OWN_CAR, _HIGHER_M = 31, 0.11  # the nuScenes sensor stands 1.84 m above the road, ours 1.73 m


def simulated_keyframes(scans: Scans, root: Path) -> Scans:
    """A simulated street as nuScenes has its keyframes: y ahead, half the beams, intensity 0..255,
    a quarter of the points on the own car."""
    rng = np.random.default_rng(0)
    folder = root / "scene_keyframes"
    (folder / "LIDAR_TOP").mkdir(parents=True)
    (folder / "lidarseg").mkdir()
    table = np.zeros(256, "u1")
    table[list(_KEYFRAME_ID)] = list(_KEYFRAME_ID.values())
    for number, file in enumerate(sorted(scans.root.glob("sequences/*/velodyne/*.bin"))):
        x, y, z, intensity = np.fromfile(file, "<f4").reshape(-1, 4).T
        label = file.parents[1] / "labels" / f"{file.stem}.label"
        beam = np.rint(np.degrees(np.arctan2(z, np.hypot(x, y))) / 26.8 * 63)
        kept = beam % 2 == 0
        columns = [-y, x, z - _HIGHER_M, intensity * 255, beam % 32]
        around = np.column_stack(columns)[kept]
        own = rng.uniform((-0.6, -1.0, -0.9, 0, 0), (0.6, 2.0, 0, 255, 31), (len(around) // 3, 5))
        np.vstack([around, own]).astype("<f4").tofile(folder / f"LIDAR_TOP/{number:03d}.pcd.bin")
        raw = table[np.fromfile(label, "<u4")[kept]]
        ids = np.concatenate([raw, np.full(len(own), _OWN_CAR, "u1")])
        ids.tofile(folder / f"lidarseg/{number:03d}_lidarseg.bin")
    train, validation = ("scene_keyframes:000-003",), ("scene_keyframes:004-005",)
    return Scans("nuscenes", root, train, validation, real=False)
