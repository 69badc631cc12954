"""CAL's walk through the frames (Wang et al., Alg. 1): the unsurest first, unlike those that are
chosen, and of classes that are short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.base.ssal_settings import SsalSettings
from core.boxes.ssal.confident import uncertainty
from core.query.box_strategies.ensemble import Candidates
from core.query.box_strategies.likeness import Likeness

_LOOSER = 0.1  # each pass widens the limits by so much


class Taken(NamedTuple):
    """A frame that the walk takes.

    Attributes
    ----------
    place : among the candidates; entropy, similarity : H in bits and Sim, 0..1
    brings : (C,) int64 reliable boxes of each class
    counts : (C,) int64 of each class before it; limits : (C,) float64 U_c, NaN of no class
    level : pass it was taken in; lifted : whether no class was limited any more
    """

    place: int
    entropy: float
    similarity: float
    brings: np.ndarray
    counts: np.ndarray
    limits: np.ndarray
    level: int
    lifted: bool


class Done(NamedTuple):
    """A frame that is chosen already: its place, and the (C,) boxes of each class that count."""

    place: int
    counts: np.ndarray


def limits(labelled: np.ndarray, boxes: float, least_share: float) -> np.ndarray:
    """(C,) float64 U_c: how many of so many boxes each class may have, the more the fewer it has
    so far (Eq. 6): B (1/N_c) / sum(1/N_i), at least a share of B; N_c at least 1."""
    inverse = 1 / np.maximum(1, np.asarray(labelled, np.float64))
    found: np.ndarray = np.maximum(least_share * boxes, boxes * inverse / inverse.sum())
    return found


def limits_of(
    frames: Candidates, labelled: np.ndarray, boxes: float, how: SsalSettings
) -> np.ndarray:
    """(C,) float64 U_c of each class, NaN of one that has no share: where classes are not balanced,
    and of one that nobody drew and no detector finds. `labelled` (C,): boxes so far; `boxes`: B,
    how many are to come."""
    found = np.full(len(labelled), np.nan)
    if how.balance:
        known = np.asarray(labelled) > 0
        known |= np.bincount(frames.label, minlength=len(labelled))[: len(labelled)] > 0
        found[known] = limits(np.asarray(labelled)[known], boxes, how.least_share)
    return found


class Walk:
    """One selection. `counts` (C,) of what is chosen grows as it goes on."""

    def __init__(
        self,
        frames: Candidates,
        limits: np.ndarray,
        how: SsalSettings,
        *,
        done: Sequence[Done] = (),
        like: Likeness | None = None,
        gone: Sequence[int] = (),
        level: int = 0,
        lifted: bool = False,
        weights: Mapping[int, float] | None = None,
        trace: list[str] | None = None,
    ) -> None:
        """`limits` (C,): as `limits_of` has them; `done`: frames that are chosen already, and
        `like`: their Likeness where it is kept; `gone`: places that are not to be taken; `level`,
        `lifted`: where to go on; `weights`: of classes in H; `trace`: is told each step."""
        self._frames, self._how, self._trace = frames, how, trace
        classes = len(limits)
        self.limits = limits
        self.counts = np.zeros(classes, np.int64)
        self._open = ~np.isnan(limits)
        self._weight = np.ones(classes)
        for label, weight in (weights or {}).items():
            self._weight[label] = weight
        self._level, self._lifted = level, lifted or not how.balance
        self._left = np.ones(len(frames), bool)
        self._barred = frames.barred
        self._u = uncertainty(frames.score)
        self._of = np.repeat(np.arange(len(frames)), np.diff(frames.first))
        self._size = np.diff(frames.first)
        self._by_name = np.argsort(np.array(frames.names, np.str_), kind="stable")
        if like is None:
            like = Likeness(frames, by_frame=how.by_frame)
            for one in done:
                like.add(one.place)
        self._like = Likeness(frames, by_frame=how.by_frame, before=like)
        self._brings: dict[int, np.ndarray] = {}  # level -> (F, C)
        for one in done:
            self._count(one.place, one.counts)
        self._left[list(gone)] = False

    def __iter__(self) -> Iterator[Taken]:
        """The frames in the order in which they are taken, until all are."""
        while self._left.any():
            took = False
            order = self._ranked()
            at = 0
            while at < len(order):
                place = int(order[at])
                at += 1
                if not self._left[place] or self._refused(place):
                    continue
                took = True
                brings = self._of_level()[place].copy()
                taken = Taken(
                    place,
                    float(self._entropy[place]),
                    self._similarity(place),
                    brings,
                    self.counts.copy(),
                    self.limits,
                    self._level,
                    self._lifted,
                )
                self._like.add(place)
                closed = self._count(place, brings)
                self._tell(
                    f"{self._frames.names[place]}: taken, H {taken.entropy:.4f}, Sim "
                    f"{taken.similarity:.3f}, counts {self.counts.tolist()}"
                )
                yield taken
                if closed:
                    self._tell(
                        f"class {closed} is full: weight {self._how.closed_weight}, ranked anew"
                    )
                    order, at = self._ranked(), 0
            self._next_level(took)

    def _ranked(self) -> np.ndarray:
        """Places of the frames by H, the largest first, ties by name."""
        weighed = np.bincount(
            self._of, self._weight[self._frames.label] * self._u, len(self._frames)
        )
        self._entropy = weighed / np.maximum(1, self._size)
        order = self._by_name[np.argsort(-self._entropy[self._by_name], kind="stable")]
        left: np.ndarray = order[self._left[order]]
        return left

    def _refused(self, place: int) -> bool:
        """Whether a frame is passed over at this level. What costs least is looked at first, unless
        it is told why."""
        short = not self._lifted and not (self._of_level()[place] > 0)[self._open].any()
        if self._trace is None:
            return short or bool(self._barred[place]) or self._too_like(place)
        if self._too_like(place):
            said = f"too similar ({self._similarity(place):.3f})"
        elif self._barred[place]:
            said = "its boxes lie in regions in which nothing counts"
        elif short:
            said = "brings no reliable box of an open class"
        else:
            return False
        self._tell(f"{self._frames.names[place]}: {said}")
        return True

    def _too_like(self, place: int) -> bool:
        limit = self._how.similarity * (1 + _LOOSER * self._level)
        # No cosine is larger than 1, but for rounding.
        return self._how.diversity and limit <= 1 and self._similarity(place) >= limit

    def _similarity(self, place: int) -> float:
        return self._like.of(place)

    def _of_level(self) -> np.ndarray:
        """(F, C) int64: reliable boxes of each class above the score that this level asks for."""
        if self._level not in self._brings:
            classes = len(self.counts)
            floor = self._how.count_from / (1 + _LOOSER * self._level)
            rows = self._frames.reliable & (self._frames.score > floor)
            cell = self._of[rows] * classes + self._frames.label[rows]
            found = np.bincount(cell, minlength=len(self._frames) * classes)
            self._brings = {self._level: found.reshape(len(self._frames), classes)}
        return self._brings[self._level]

    def _count(self, place: int, counts: np.ndarray) -> list[int]:
        """Count a frame as chosen; the classes that are full by it."""
        self._left[place] = False
        self.counts += np.asarray(counts, np.int64)
        if not self._how.balance:
            return []
        full = self._open & (self.counts >= self.limits)
        self._open = self._open & ~full
        self._weight[full] *= self._how.closed_weight
        if not self._open.any():
            self._lifted = True
        return np.flatnonzero(full).tolist()

    def _next_level(self, took: bool) -> None:
        binds = self._how.similarity * (1 + _LOOSER * self._level) <= 1
        if not took and not binds and not self._lifted:
            self._lifted = True
            self._tell(
                "nothing to take although similarity no longer binds: class limits are lifted"
            )
            return
        if not took and not binds:
            # Only regions in which nothing counts hold back what is left.
            self._barred = np.zeros(len(self._frames), bool)
        self._level += 1
        self._tell(
            f"end of pass {self._level}: similarity limit x {1 + _LOOSER * self._level:.1f}, score "
            f"floor / {1 + _LOOSER * self._level:.1f}"
        )

    def _tell(self, sentence: str) -> None:
        if self._trace is not None:
            self._trace.append(sentence)
