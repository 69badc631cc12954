"""Which frames of a round are open, in which order, and why: ranked anew as others are finished."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from core.answers.boxes import BoxAnswers
from core.data.classes import ClassList
from core.query.box_strategies.cal import LEVEL, LIFTED, weights_of, why
from core.query.box_strategies.likeness import Likeness
from core.query.box_strategies.walk import Done, Walk
from core.query.frame_pool import OPENED_AGAIN, STOOD
from core.query.query import Query
from core.rounds.frame_queue import CANDIDATES, FrameQueue, read_queue
from core.rounds.ranked import Ranked, in_order
from core.rounds.round import Round

CLOSES = "closes_at"  # of a query's budget: true boxes at which the round asks no more


class Open(NamedTuple):
    """Frames that are open, the next first, ranked as far as somebody looks; `boxes`: how many
    stand in the round's finished frames, of those that were opened again but what is new in each;
    `closes`: at how many it asks no more, None where every frame is asked."""

    frames: Ranked
    boxes: int
    closes: int | None

    @property
    def closed(self) -> bool:
        """Whether the budget is spent, so that what is left is asked no more."""
        return self.closes is not None and self.boxes >= self.closes


class _Drawn(NamedTuple):
    """What people made of a round when there were so many `changes` and `settlings`: boxes of each
    class by finished frame of its query, in the order in which those were finished."""

    folder: str
    changes: int
    settlings: int
    counts: Mapping[str, Mapping[int, int]]


class FrameOrder:
    """Follows the answers to rounds of frames."""

    def __init__(self, boxes: BoxAnswers, classes: ClassList) -> None:
        self._boxes, self._classes = boxes, classes
        self._known: _Drawn | None = None
        self._last: tuple[_Drawn, Open] | None = None
        self._queues: dict[str, FrameQueue | None] = {}
        self._like: tuple[str, set[str], Likeness] | None = None  # of a round's finished frames

    def of(self, found: Round) -> Open:
        """What is open of a round, as answers are now. Raises ProjectError where what is kept with
        its query is damaged."""
        drawn = self._drawn(found)
        if self._last is None or self._last[0].counts is not drawn.counts:
            self._last = (drawn, self._now(found, drawn.counts))
        return self._last[1]

    def _drawn(self, found: Round) -> _Drawn:
        """What people made of a round so far. Its `counts` stay the same object until a frame is
        settled or put back, or a box of a finished frame of the query has another state: boxes of
        open frames move nothing, and are drawn all the time."""
        folder, boxes, known = str(found.folder), self._boxes, self._known
        changes, settlings = boxes.changes, boxes.settlings
        same = known is not None and (known.folder, known.settlings) == (folder, settlings)
        if known is not None and same and boxes.redrawn(known.changes).isdisjoint(known.counts):
            self._known = known._replace(changes=changes)
            return self._known
        places = found.query.place_of
        finished = [scan for scan in boxes.finished_in_order() if scan in places]
        self._known = _Drawn(folder, changes, settlings, boxes.counts_of(finished))
        return self._known

    def _now(self, found: Round, counts: Mapping[str, Mapping[int, int]]) -> Open:
        query = found.query
        settled = self._boxes.settled
        waiting = [scan for scan in query.items if scan not in settled]
        again = _again(query)
        drawn = ((scan, sum(of.values())) for scan, of in counts.items())
        total = sum(max(0, count - again.get(scan, 0)) for scan, count in drawn)
        closes = query.budget.get(CLOSES)
        closes = closes if isinstance(closes, int) else None
        asked = in_order(waiting, [query.reason[query.place_of[scan]] for scan in waiting])
        made = Open(asked, total, closes)
        if made.closed:
            return made._replace(frames=in_order(()))
        queue = self._queue(found) if waiting else None
        if queue is None or queue.settings.order != "live":
            return made
        if set(queue.frames.names) != set(query.items) - again.keys():
            return made
        anew = Ranked(waiting, self._anew(found, queue, waiting, counts))
        return made._replace(frames=anew)

    def _queue(self, found: Round) -> FrameQueue | None:
        """What CAL weighed; None of a round that was asked otherwise. Read once."""
        key = str(found.folder)
        if key not in self._queues:
            path, classes = found.file(CANDIDATES), self._classes
            self._queues[key] = (
                read_queue(path).merged(classes.now, len(classes)) if path.exists() else None
            )
        return self._queues[key]

    def _anew(
        self,
        found: Round,
        queue: FrameQueue,
        waiting: Sequence[str],
        counts: Mapping[str, Mapping[int, int]],
    ) -> Iterator[tuple[str, str]]:
        """The frames that are open, ranked by what was drawn in the others, each with its reason:
        the next one is found at once, and those behind it when they are asked for."""
        query, frames = found.query, queue.frames
        place = {scan: k for k, scan in enumerate(frames.names)}
        counts = {scan: of for scan, of in counts.items() if scan in place}
        done = []
        for scan, of in counts.items():
            row = np.zeros(len(queue.limits), np.int64)
            row[list(of)] = list(of.values())
            done.append(Done(place[scan], row))
        asked_first = ((scan, OPENED_AGAIN) for scan in waiting if scan not in place)
        weighed = [scan for scan in waiting if scan in place]
        if not weighed:
            return asked_first
        first = query.place_of[weighed[0]]
        level, lifted = (query.columns[name][first] for name in (LEVEL, LIFTED))
        names = self._classes.names
        walk = Walk(
            frames,
            queue.limits,
            queue.settings,
            done=done,
            like=self._likeness(found, queue, place, counts),
            gone=[place[scan] for scan in place.keys() - counts.keys() - set(weighed)],
            level=int(level),
            lifted=bool(lifted),
            weights=weights_of(
                queue.settings,
                names,
                [self._classes.names_before(label) for label in range(len(names))],
            ),
        )
        ranked = ((frames.names[one.place], why(one, frames, names)) for one in walk)
        return chain(asked_first, ranked)

    def _likeness(
        self,
        found: Round,
        queue: FrameQueue,
        place: Mapping[str, int],
        finished: Collection[str],
    ) -> Likeness:
        """What a round's finished frames make of Sim. It grows by each that is finished; only where
        one was put back it is made anew."""
        folder = str(found.folder)
        if self._like is None or self._like[0] != folder or not self._like[1] <= set(finished):
            like = Likeness(queue.frames, by_frame=queue.settings.by_frame)
            self._like = (folder, set(), like)
        _, known, like = self._like
        for scan in finished:
            if scan not in known:
                known.add(scan)
                like.add(place[scan])
        return like

    def shares(self, found: Round) -> Mapping[int, tuple[int, float]]:
        """Class id -> its boxes in a round's finished frames and its share U_c, of the classes that
        have one; none where the round balances no classes. Raises ProjectError."""
        queue = self._queue(found)
        if queue is None:
            return {}
        limits, weighed = queue.limits, set(queue.frames.names)
        counts = [of for scan, of in self._drawn(found).counts.items() if scan in weighed]
        return {
            label: (sum(of.get(label, 0) for of in counts), float(limits[label]))
            for label in np.flatnonzero(~np.isnan(limits)).tolist()
        }


def _again(query: Query) -> dict[str, int]:
    """The frames of a query that had been opened again -> how many boxes stood in each then."""
    stood = query.columns.get(STOOD, np.zeros(0)).tolist()
    return {scan: int(n) for scan, n in zip(query.items, stood, strict=False) if not np.isnan(n)}
