"""Which frames are asked, which of them are finished, and which comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from core.base.errors import ProjectError
from core.query.pool import Draw
from core.rounds.frame_order import Open
from core.rounds.ranked import Ranked, in_order
from core.rounds.round import Round
from gui.desk.state import State

SAMPLE = 10  # frames of a blind second opinion
_AHEAD = 40  # open frames that are ranked for a list: of a thousand each takes a while


class FrameQueue:
    """The frames of the open query, of a second opinion, or all, in the order they are asked in.

    Attributes
    ----------
    sample : the frames of a second opinion, () outside one
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.sample: tuple[str, ...] = ()
        self._done: set[str] = set()  # of the sample
        self._told: set[str] = set()  # rounds whose damage was said

    @property
    def asked(self) -> Ranked:
        """The frames that are asked, or all training scans where none is."""
        if self.sample:
            return in_order(self.sample)
        return self.of_round or in_order(self.state.project.dataset.train)

    @property
    def of_round(self) -> Ranked:
        """The frames of the newest query, those that are settled first, then the open ones as they
        are asked; none where there is no query. What its budget has no room for is not among
        them."""
        rounds = self.state.project.frame_rounds
        if not rounds:
            return in_order(())
        now, items = self._now(rounds[-1]), rounds[-1].query.items
        if now is None:
            return in_order(items)
        settled = self.state.project.boxes.settled
        return now.frames.behind([scan for scan in items if scan in settled])

    def near(self) -> tuple[str, ...]:
        """The frames that are asked, as far as a list shows them: where ranking them takes a while,
        those that are settled and the next ones that are open."""
        asked = self.asked
        return tuple(_ahead(asked, self._settled_of(asked)))

    def why(self, scan: str) -> str:
        """Why a frame is asked, in words; "" where it is not."""
        rounds = self.state.project.frame_rounds
        if not rounds or self.sample or scan not in rounds[-1].query.place_of:
            return ""
        now = self._now(rounds[-1])
        asked = rounds[-1].query
        frozen = asked.reason[asked.place_of[scan]]
        if now is None or scan not in _ahead(now.frames, 0):  # settled, or not ranked yet
            return frozen
        return now.frames.reason(scan)

    def shares(self) -> Mapping[int, tuple[int, float]]:
        """Class id -> boxes in the round's finished frames, and how many it is to ask at most; none
        where it balances no classes."""
        rounds = self.state.project.frame_rounds
        if not rounds or self._now(rounds[-1]) is None:
            return {}
        return self.state.project.frame_order.shares(rounds[-1])

    def _now(self, found: Round) -> Open | None:
        """What is open of a round; None where what is kept with its query is damaged, which is said
        once: then frames come in the query's order."""
        try:
            return self.state.project.frame_order.of(found)
        except ProjectError as error:
            if found.id not in self._told:
                self._told.add(found.id)
                self.state.failed.emit(error)
            return None

    def settled(self, scan: str) -> bool:
        """Whether a frame is asked no more."""
        if self.sample:
            return scan in self._done
        return self.state.project.boxes.is_settled(scan)

    def budget(self) -> tuple[int, int] | None:
        """Boxes that the round's finished frames brought, and at how many it asks no more; None
        where it asks frames, or a second opinion is drawn."""
        rounds = self.state.project.frame_rounds
        now = self._now(rounds[-1]) if rounds and not self.sample else None
        return None if now is None or now.closes is None else (now.boxes, now.closes)

    def counts(self) -> tuple[int, int]:
        """How many of the frames that are asked are settled, and how many there are."""
        asked = self.asked
        return self._settled_of(asked), len(asked)

    def _settled_of(self, asked: Ranked) -> int:
        settled = self._done if self.sample else self.state.project.boxes.settled
        return len(settled.intersection(asked.scans))

    def spent(self) -> str:
        """What was drawn in all frames so far, in words."""
        boxes = self.state.project.boxes
        count, frames = sum(boxes.class_counts().values()), len(boxes.finished)
        parts = ["1 box" if count == 1 else f"{count:,} boxes"]
        parts.append("1 frame finished" if frames == 1 else f"{frames:,} frames finished")
        return " · ".join([*parts, f"{boxes.minutes():.1f} min"])

    def after(self, scan: str) -> str | None:
        """The open frame that is asked after a scan, around the end, and after one whose turn is
        far off the first; None where none is open."""
        asked = self.asked
        near = _ahead(asked, self._settled_of(asked))
        here = near.index(scan) if scan in near else -1
        for place in chain(range(here + 1, len(asked)), range(max(here, 0))):
            if not self.settled(asked[place]):
                return asked[place]
        return None

    def beside(self, scan: str, by: int) -> str | None:
        """The scan `by` places later in its sequence, None behind its ends, and beside one whose
        file was gone when the project was opened."""
        frames = self.state.project.dataset.frames(scan)
        if scan not in frames:
            return None
        place = frames.index(scan) + by
        return frames[place] if 0 <= place < len(frames) else None

    # -- a second opinion ---------------------------------------------------------------------

    def begin_sample(self) -> bool:
        """Take frames that others finished; False where there are none."""
        project = self.state.project
        frames = project.boxes.finished_by_others()
        keys = Draw(project.seed, 0).keys(frames)
        ordered = [frames[place] for place in keys.argsort(kind="stable").tolist()]
        self.ask_blind(ordered[:SAMPLE])
        return bool(self.sample)

    def ask_blind(self, frames: Sequence[str]) -> None:
        """Ask these frames, without anybody's boxes."""
        self.sample, self._done = tuple(frames), set()

    def tick(self, scan: str) -> None:
        """A frame of the sample is finished."""
        self._done.add(scan)

    def end_sample(self) -> None:
        self.sample, self._done = (), set()


def _ahead(asked: Ranked, settled: int) -> Sequence[str]:
    """Frames as far as a list shows them: all where their order costs nothing, else those that are
    settled, which come first, and the next ones."""
    return asked if asked.at_once else asked[: settled + _AHEAD]
