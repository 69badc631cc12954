"""The camera's pictures, read on a thread of their own, and which of them shows a unit.

No learning, no scan and no other job may stand between a unit and its picture, so nothing else is
done on that thread.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from core.base.errors import ProjectError
from core.base.loading import loading
from core.data.camera import Camera
from core.data.scans import Dataset
from gui.desk.background import Background, Turn

REACH = 5  # scans before and behind whose pictures are looked at
ENOUGH = 0.5  # share of a unit's points that this scan's own picture must hold
_ALL = 0.95  # no further scan is looked at
_LEAST = 0.3
_SAMPLE = 200
_SAME_M, _SAME_OF_RANGE = 0.2, 0.01  # how near another scan's point is to be the same thing
_KEPT = 12


@dataclass(frozen=True)
class Picture:
    """A scan's picture and its camera; or why there is none, in words."""

    image: QImage | None
    camera: Camera | None
    text: str = ""


@dataclass(frozen=True)
class Elsewhere:
    """The picture of another scan, `steps` later (negative: earlier), that shows a unit, and the
    places (n, 2) of the unit's points in its pixels."""

    image: QImage
    places: np.ndarray
    steps: int


def read_picture(dataset: Dataset, scan: str) -> Picture:
    """The picture of a scan, or why there is none."""
    try:
        camera = dataset.camera(scan)
        if camera is None:
            return Picture(None, None, "This scan has no camera picture.")
        image = QImage(str(camera.image))
        if image.isNull():
            return Picture(
                None, None, f"{camera.image.name} cannot be read: bring the picture anew."
            )
        camera.check_size(image.width(), image.height())
    except ProjectError as error:
        return Picture(None, None, f"{error.what} {error.do}")
    return Picture(image.convertToFormat(QImage.Format.Format_RGB32), camera)


def inside(camera: Camera, points: np.ndarray, size: QSize) -> tuple[np.ndarray, float]:
    """The places (n, 2) of those points (m, >= 3) that a picture of a size holds, and their share
    of all."""
    places, ahead = camera.pixels(points)
    held = ahead & ((places >= 0) & (places < (size.width(), size.height()))).all(axis=1)
    return places[held], float(held.mean()) if len(held) else 0.0


def elsewhere(
    dataset: Dataset, scan: str, points: np.ndarray, more_than: float
) -> Elsewhere | None:
    """The picture of a neighbouring scan that shows points (n, 3) of `scan`, the nearest in time
    that holds nearly all, else the one that holds most and more than a share; None without one.

    A picture counts where the other scan has points at the same place: then the thing stood
    still, and nothing hid it. Raises DataError where poses or calibration cannot be read.
    """
    if dataset.pose(scan) is None or not len(points):
        return None
    best: tuple[str, int] | None = None
    share = max(more_than, _LEAST)
    for name, steps in _neighbours(dataset, scan):
        held = _held(dataset, scan, name, points)
        if held > share and _stands_still(dataset, scan, name, points):
            best, share = (name, steps), held
        if share >= _ALL:
            break
    if best is None:
        return None
    picture = read_picture(dataset, best[0])
    if picture.image is None or picture.camera is None:
        return None
    move = dataset.move(scan, best[0])
    assert move is not None
    places, _ = inside(picture.camera, _moved(points, move), picture.image.size())
    return Elsewhere(picture.image, places, best[1])


def _neighbours(dataset: Dataset, scan: str) -> list[tuple[str, int]]:
    """Names and steps of the scans around one of its sequence, the nearest first."""
    mine = dataset.beside(scan)
    at = mine.index(scan)
    steps = [by * sign for by in range(1, REACH + 1) for sign in (-1, 1)]
    return [(mine[at + by], by) for by in steps if 0 <= at + by < len(mine)]


def _moved(points: np.ndarray, move: np.ndarray) -> np.ndarray:
    moved: np.ndarray = points[:, :3].astype(np.float64) @ move[:3, :3].T + move[:3, 3]
    return moved


def _held(dataset: Dataset, scan: str, name: str, points: np.ndarray) -> float:
    """The share of the points that another scan's picture holds; nothing but its size is read."""
    camera = dataset.camera(name)
    move = dataset.move(scan, name)
    if camera is None or move is None:
        return 0.0
    return inside(camera, _moved(points, move), QImageReader(str(camera.image)).size())[1]


def _stands_still(dataset: Dataset, scan: str, name: str, points: np.ndarray) -> bool:
    """Whether another scan has points where most of these are."""
    with loading:
        from scipy.spatial import cKDTree

    move = dataset.move(scan, name)
    if move is None:
        return False
    some = _moved(points[:: max(1, len(points) // _SAMPLE)], move)
    other = dataset.scan(name).points[:, :3]
    near = np.maximum(_SAME_M, _SAME_OF_RANGE * np.linalg.norm(some, axis=1))
    room = float(near.max())
    close = ((other > some.min(axis=0) - room) & (other < some.max(axis=0) + room)).all(axis=1)
    if not close.any():
        return False
    away, _ = cKDTree(other[close]).query(some)
    return float((away < near).mean()) >= ENOUGH


class Pictures(QObject):
    """Keeps the last pictures and reads further ones.

    Signals
    -------
    read(scan) : `get` has it now
    found(key, Elsewhere or None, text) : what `seek` found, or why it could not look
    """

    read = Signal(str)
    found = Signal(object, object, str)
    _arrived = Signal(str, object)
    _sought = Signal(object, object)

    def __init__(self, dataset: Dataset, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._wanted: dict[str, tuple[Future[Picture], Turn]] = {}
        self._seeking: Future[Elsewhere | None] | None = None
        self._background = Background(1, "pictures")
        # Queued: what is read at once must not arrive inside the call that asked for it.
        self._arrived.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        self._sought.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def get(self, scan: str) -> Picture | None:
        """A scan's picture that is there; else None, and it is read next."""
        picture = self._kept.get(scan)
        if picture is None:
            self._want(scan, Turn.NOW)
        else:
            self._kept.move_to_end(scan)
        return picture

    def ask(self, scan: str) -> None:
        """Have a picture read ahead."""
        if scan not in self._kept:
            self._want(scan, Turn.SOON)

    def again(self, scan: str) -> None:
        """Look anew for a picture that was missing or could not be read."""
        picture = self._kept.get(scan)
        if picture is not None and picture.image is None:
            del self._kept[scan]

    def seek(self, key: object, scan: str, points: np.ndarray, more_than: float) -> None:
        """Look for points (n, 3) of a scan in its neighbours' pictures, instead of what was sought
        before; `found` tells with the key."""
        if self._seeking is not None:
            self._seeking.cancel()
        work = partial(elsewhere, self._dataset, scan, points, more_than)
        self._seeking = self._background.submit(work, Turn.NOW)
        self._seeking.add_done_callback(lambda done: self._sought.emit(key, done))

    def _want(self, scan: str, turn: Turn) -> None:
        if scan in self._wanted:
            before, its_turn = self._wanted[scan]
            if its_turn <= turn or not before.cancel():
                return
        future = self._background.submit(partial(read_picture, self._dataset, scan), turn)
        self._wanted[scan] = (future, turn)
        future.add_done_callback(lambda done: self._arrived.emit(scan, done))

    def _keep(self, scan: str, done: Future[Picture]) -> None:
        wanted = self._wanted.get(scan)
        if wanted is None or wanted[0] is not done or done.cancelled():
            return
        del self._wanted[scan]
        self._kept[scan] = done.result()
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.read.emit(scan)

    def _tell(self, key: object, done: Future[Elsewhere | None]) -> None:
        if done.cancelled() or done is not self._seeking:
            return
        try:
            self.found.emit(key, done.result(), "")
        except ProjectError as error:
            self.found.emit(key, None, f"{error.what} {error.do}")

    def shut(self) -> None:
        """Stop the thread."""
        self._arrived.disconnect()
        self._sought.disconnect()
        self._background.shut()
