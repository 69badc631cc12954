"""In which frames the chosen box's thing was set by a person, and in which only interpolated."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from core.base.errors import ProjectError
from core.project.project import Project
from gui.boxes.bench import Bench
from gui.boxes.frame_strip import FrameStrip
from gui.desk.background import Turn

_AROUND = 200  # frames before and behind that are looked at


class Keyframes(NamedTuple):
    """Frames with a box that a person set, and those with one that nobody confirmed yet."""

    set_by_hand: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


class Following(QObject):
    """Shows in the strip where the chosen thing has boxes; read on another thread."""

    _read = Signal(object, object)

    def __init__(self, bench: Bench, strip: FrameStrip) -> None:
        super().__init__(bench)
        self.bench, self.strip = bench, strip
        self._wanted: tuple[str, str, int] = ("", "", 0)
        self._read.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def follow(self) -> None:
        """Look for the frames of the chosen box's track, unless they are known."""
        frame, project = self.bench.frame, self.bench.state.project
        row = frame.row
        track = row.box.track if row is not None and not frame.blind else ""
        wanted = (frame.scan, track, project.boxes.changes if track else 0)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if not track:
            self.strip.set_keyframes((), ())
            return
        frames = project.dataset.frames(frame.scan)
        here = frames.index(frame.scan)
        near = frames[max(here - _AROUND, 0) : here + _AROUND + 1]
        work = partial(keyframes, project, near, track)
        future = self.bench.state.background.submit(work, Turn.LATER)
        future.add_done_callback(lambda done: self._read.emit(wanted, done))

    def _take(self, wanted: tuple[str, str, int], done: Future[Keyframes]) -> None:
        if wanted != self._wanted or done.cancelled():
            return
        try:
            found = done.result()
        except ProjectError:  # told where that frame is shown
            found = Keyframes()
        self.strip.set_keyframes(*found)

    def shut(self) -> None:
        """Take nothing more."""
        self._read.disconnect()


def keyframes(project: Project, frames: Sequence[str], track: str) -> Keyframes:
    """Those of some frames in which a track has a box. Raises ProjectError as boxes_of does."""
    have = project.boxes.counts_by_scan()
    sure: dict[bool, list[str]] = {True: [], False: []}
    for scan in frames:
        if scan in have:
            for box in project.boxes_of(scan).values():
                if box.track == track:
                    sure[box.sure].append(scan)
    return Keyframes(tuple(sure[True]), tuple(sure[False]))
