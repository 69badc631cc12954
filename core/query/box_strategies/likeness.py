"""Sim: how like a frame is to those that are chosen (Wang et al., Eq. 5)."""

from __future__ import annotations

import threading

import numpy as np

from core.query.box_strategies.ensemble import Candidates


class Likeness:
    """Sim of each frame to those that were added: the mean over its boxes of the largest cosine to
    a feature of one of them. Kept by a running maximum for each box, brought up to date when a
    frame is looked at: each pair of frames is compared once, so that what comes out does not depend
    on when that was, and threads that look at once do no harm."""

    def __init__(
        self, frames: Candidates, *, by_frame: bool, before: Likeness | None = None
    ) -> None:
        """`by_frame`: the largest of the means over one frame, in place of the mean of the largest;
        `before`: frames that were added elsewhere until now count too."""
        self._frames, self._by_frame, self._before = frames, by_frame, before
        self._until = 0 if before is None else len(before._added)  # it may grow for others
        self._turn = threading.Lock()
        self._best = np.full(len(frames.feature), -np.inf)
        self._most = np.full(len(frames), -np.inf)  # by_frame: over the added frames
        self._seen = np.zeros(len(frames), np.int64)
        self._added: list[np.ndarray] = []  # the features of each, (d, n)

    def add(self, place: int) -> None:
        """A frame is chosen."""
        mine = self._of(place)
        if len(mine):
            self._added.append(np.ascontiguousarray(mine.T))

    def of(self, place: int) -> float:
        """Sim of a frame, 0 without features, its own or others'."""
        if not len(self._of(place)) or not (self._added or self._until):
            return 0.0
        best, most = self._now(place, len(self._added))
        if self._before is not None:
            its, largest = self._before._now(place, self._until)
            best, most = np.maximum(best, its), max(most, largest)
        return most if self._by_frame else float(best.mean())

    def _of(self, place: int) -> np.ndarray:
        first = self._frames.first_feature
        return self._frames.feature[first[place] : first[place + 1]]

    def _now(self, place: int, until: int) -> tuple[np.ndarray, float]:
        """The maxima of a frame's boxes, and the largest mean, over so many that were added."""
        first, last = self._frames.first_feature[place : place + 2].tolist()
        with self._turn:
            if self._seen[place] > until:  # who looked last knows of more
                self._best[first:last], self._most[place], self._seen[place] = -np.inf, -np.inf, 0
            best = self._best[first:last]
            for its in self._added[int(self._seen[place]) : until]:
                cosine = (self._frames.feature[first:last] @ its).max(axis=1)
                np.maximum(best, cosine, out=best)
                if self._by_frame:
                    self._most[place] = max(self._most[place], cosine.mean())
            self._seen[place] = until
            return best.copy(), float(self._most[place])
