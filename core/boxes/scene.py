"""The scene of a scan as detectors see it: what returned, and where labels tell of nothing else,
only what the picture shows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.base.errors import DataError
from core.base.files import hash_json
from core.boxes.camera import KITTI_SIZE
from core.data.scans import Dataset

CAMERA, RING = "camera", "ring"
VIEWS = (CAMERA, RING)
_NEAREST_M = 0.1  # before the camera
_KEPT = 64  # scenes in memory, 2 MB each


def view_of(dataset: Dataset, wanted: str) -> str:
    """One of VIEWS: as is `wanted`, or for "auto" CAMERA where the dataset's own boxes are those of
    KITTI's benchmarks, which end at the picture's edges."""
    if wanted in VIEWS:
        return wanted
    scans = dataset.scans
    return CAMERA if scans and dataset.format.box_file(scans[0]) else RING


class Scenes:
    """The scenes of a dataset by name. The last ones read are kept; from several threads too."""

    def __init__(self, dataset: Dataset, view: str) -> None:
        self._dataset, self._view = dataset, view
        self.read = lru_cache(_KEPT)(self._read)

    def _read(self, scan: str) -> np.ndarray:
        """(n, 4) float32 x, y, z, intensity 0..1 (0 where it is no number), read only. Raises
        DataError where the scan is damaged, or has no calibration and only what the picture shows
        is wanted."""
        points = self._dataset.normalised(self._dataset.scan(scan).points)
        points = points[np.isfinite(points[:, :3]).all(axis=1)]
        points[:, 3] = np.nan_to_num(points[:, 3], posinf=0.0, neginf=0.0)
        if self._view == CAMERA:
            points = points[self._shown(points, scan)]
        points = np.ascontiguousarray(points, np.float32)
        points.setflags(write=False)
        return points

    def digest(self, scan: str, content: str) -> str:
        """A hash of all that a scene is made of: `content`, that of the scan's file, how the file
        is read and turned, and where only what the picture shows counts, the camera. Raises
        DataError where that has no calibration."""
        dataset, rig = self._dataset, self._dataset.rig
        camera = None
        if self._view == CAMERA:
            # What is written, not their product, whose last bits are another machine's own.
            p2, tr, size = self._camera(scan)
            camera = [p2.tolist(), tr.tolist(), *size]
        turned = [rig.axes, rig.z_offset_m]
        how = [self._view, dataset.intensity_scale, turned, dataset.reading.changes()]
        return hash_json([content, how, camera])

    def _shown(self, points: np.ndarray, scan: str) -> np.ndarray:
        """(n,) bool: which points the picture shows."""
        p2, tr, (width, height) = self._camera(scan)
        projection = p2 @ tr @ np.linalg.inv(self._dataset.from_files)
        at = points[:, :3].astype(np.float64) @ projection[:, :3].T + projection[:, 3]
        ahead = at[:, 2] > _NEAREST_M
        depth = np.where(ahead, at[:, 2], 1.0)
        column, line = at[:, 0] / depth, at[:, 1] / depth
        inside: np.ndarray = (
            (column >= 0) & (column < width) & (line >= 0) & (line < height) & ahead
        )
        return inside

    def _camera(self, scan: str) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        """(3, 4) from the camera to pixels, (4, 4) from the scan's file to the camera, and the
        picture's size."""
        dataset = self._dataset
        found = dataset.format.calibration(dataset.root, scan)
        if found.p2 is None or found.tr is None:
            raise DataError(
                f"Frame {scan} has no calibration: which of its points the picture shows is not "
                "known.",
                "Bring its file of calib; or set detect.range to ring, where boxes were drawn all "
                "around.",
            )
        return found.p2, found.tr, picture_size(dataset, scan) or KITTI_SIZE


def picture_size(dataset: Dataset, scan: str) -> tuple[int, int] | None:
    """Width and height of a scan's picture, None without one."""
    import imagesize

    camera = dataset.format.camera(dataset.root, scan)
    width, height = imagesize.get(camera.image) if camera is not None else (-1, -1)
    return (int(width), int(height)) if width > 0 < height else None
