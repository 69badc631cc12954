"""Keyframes as nuScenes has them: names that end in microseconds, two scenes in one folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.opening import open_dataset
from core.data.scans import Dataset
from tests.exchanged import write_keyframes

SCENES = ("scene-0061", "scene-0103")
# Half a second apart, or nearly, as they are; by another car in another city.
_STAMPS = [1532402927647951 + 499_896 * n for n in range(12)]
_ONE, _OTHER = "n015-2018-07-24-11-22-45+0800__LIDAR_TOP__", "n033-2019-01-01__LIDAR_TOP__"
FIRST = tuple(f"samples/LIDAR_TOP/{_ONE}{stamp}" for stamp in _STAMPS)
SECOND = tuple(f"samples/LIDAR_TOP/{_OTHER}{stamp}" for stamp in _STAMPS[:3])


def two_scenes(root: Path) -> Dataset:
    """Write the scans FIRST and SECOND of SCENES below `root`, and open them for training."""
    stems = {SCENES[0]: FIRST, SCENES[1]: SECOND}
    labels = np.full(20, 17, np.uint8)
    write_keyframes(
        root, {f"{scene}/{s.rpartition('/')[2]}": labels for scene in SCENES for s in stems[scene]}
    )
    return open_dataset("nuscenes", root, SCENES, ())
