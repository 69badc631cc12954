"""Which frames of a round are open, in which order, and why: ranked anew as others are finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.answers.boxes import BoxAnswers
from core.data.classes import ClassList
from core.query.box_strategies.cal import LEVEL, LIFTED, weights_of, why
from core.query.box_strategies.walk import Done, Walk
from core.rounds.frame_queue import CANDIDATES, FrameQueue, read_queue
from core.rounds.round import Round

CLOSES = "closes_at"  # of a query's budget: true boxes at which the round asks no more


class Open(NamedTuple):
    """Frames that are open, the next first; `reasons`: why each is asked, in words; `boxes`: how
    many stand in the round's finished frames; `closes`: at how many it asks no more, None where
    every frame is asked."""

    frames: tuple[str, ...]
    reasons: Mapping[str, str]
    boxes: int
    closes: int | None

    @property
    def closed(self) -> bool:
        """Whether the budget is spent, so that what is left is asked no more."""
        return self.closes is not None and self.boxes >= self.closes


class FrameOrder:
    """Follows the answers to rounds of frames."""

    def __init__(self, boxes: BoxAnswers, classes: ClassList) -> None:
        self._boxes, self._classes = boxes, tuple(classes.names)
        self._last: tuple[tuple[str, int, int], Open] | None = None
        self._queues: dict[str, FrameQueue | None] = {}

    def of(self, found: Round) -> Open:
        """What is open of a round, as answers are now. Raises ProjectError where what is kept with
        its query is damaged."""
        key = (str(found.folder), self._boxes.changes, self._boxes.settlings)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._now(found))
        return self._last[1]

    def _now(self, found: Round) -> Open:
        query = found.query
        settled = self._boxes.settled
        waiting = [scan for scan in query.items if scan not in settled]
        finished = [scan for scan in self._boxes.finished_in_order() if scan in query.place_of]
        counts = self._boxes.counts_of(finished)
        total = sum(sum(of.values()) for of in counts.values())
        closes = query.budget.get(CLOSES)
        closes = closes if isinstance(closes, int) else None
        made = Open(
            tuple(waiting),
            {scan: query.reason[query.place_of[scan]] for scan in waiting},
            total,
            closes,
        )
        if made.closed:
            return made._replace(frames=())
        queue = self._queue(found) if waiting else None
        if queue is None or queue.settings.order != "live":
            return made
        return self._anew(found, queue, made, finished, counts)

    def _queue(self, found: Round) -> FrameQueue | None:
        """What CAL weighed; None of a round that was asked otherwise. Read once."""
        key = str(found.folder)
        if key not in self._queues:
            path = found.file(CANDIDATES)
            self._queues[key] = read_queue(path) if path.exists() else None
        return self._queues[key]

    def _anew(
        self,
        found: Round,
        queue: FrameQueue,
        now: Open,
        finished: Sequence[str],
        counts: Mapping[str, Mapping[int, int]],
    ) -> Open:
        query, place = found.query, {scan: k for k, scan in enumerate(queue.frames.names)}
        if set(place) != set(query.items):
            return now
        chosen = [*finished, *now.frames]
        frames = queue.frames.take([place[scan] for scan in chosen])
        classes = len(queue.limits)
        done = []
        for k, scan in enumerate(finished):
            row = np.zeros(classes, np.int64)
            for label, count in counts.get(scan, {}).items():
                if label < classes:
                    row[label] = count
            done.append(Done(k, row))
        first = query.place_of[now.frames[0]]
        level, lifted = (query.columns[name][first] for name in (LEVEL, LIFTED))
        walk = Walk(
            frames,
            queue.limits,
            queue.settings,
            done=done,
            level=int(level),
            lifted=bool(lifted),
            weights=weights_of(queue.settings, self._classes),
        )
        taken = list(walk)
        return now._replace(
            frames=tuple(frames.names[one.place] for one in taken),
            reasons={frames.names[one.place]: why(one, frames, self._classes) for one in taken},
        )

    def shares(self, found: Round) -> Mapping[int, tuple[int, float]]:
        """Class id -> its boxes in a round's finished frames and its share U_c, of the classes that
        have one; none where the round balances no classes. Raises ProjectError."""
        queue = self._queue(found)
        if queue is None:
            return {}
        limits = queue.limits
        finished = [scan for scan in found.query.items if self._boxes.is_finished(scan)]
        counts = self._boxes.counts_of(finished)
        return {
            label: (sum(of.get(label, 0) for of in counts.values()), float(limits[label]))
            for label in np.flatnonzero(~np.isnan(limits)).tolist()
        }
