"""A scan as two networks see it, side by side: what the colours of both sides show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.data.classes import FIRST_CODE, UNLABELLED
from gui.look.colours import RIGHT_RGB, WRONG_RGB, measure_table
from gui.look.theme import Theme
from gui.view.cloud import By
from gui.view.form import Form

SAID, DIFFERENT, RIGHT = "What each says", "Only where they differ", "Right and wrong"
ONLY, ENTROPY, SURER = "What only one has right", "Entropy of each", "Where each is surer"
WITH_TRUTH = (RIGHT, ONLY)
_RIGHT, _WRONG = 0, 1  # places in a table of errors
_LEAST = 0.05  # nat, that one is surer
_FAINT = 0.75  # of what is alike, towards the canvas


class Read(NamedTuple):
    """A scan: its points and form, what each says of its rows (N,), each one's entropy (N,) float32
    in nat, and the truth or None."""

    scan: str
    points: np.ndarray
    form: Form
    said: tuple[np.ndarray, np.ndarray]
    entropy: tuple[np.ndarray, np.ndarray]
    truth: np.ndarray | None

    @property
    def seen(self) -> np.ndarray:
        """(N,) bool: points of which both say something; rows that are no returns are none."""
        there: np.ndarray = np.isfinite(self.points).all(axis=1)
        for one in self.said:
            there &= one != UNLABELLED
        return there


class Painted(NamedTuple):
    """Both sides' values (N,) and what they mean: places in a table (256, 3) uint8; in words."""

    values: tuple[np.ndarray, ...]
    table: np.ndarray
    by: By
    words: str


def faint(theme: Theme) -> np.ndarray:
    """(3,) uint8 of what is not looked at."""
    canvas, grey = np.array(theme.rgb("canvas"), float), np.array(theme.rgb("quiet"), float)
    return (grey + (canvas - grey) * _FAINT).astype(np.uint8)


def paint(how: str, found: Read, classes: np.ndarray, theme: Theme) -> Painted:
    """Colour a scan by one of the names above; `classes` (256, 3) uint8 is the table of classes."""
    a, b = found.said
    seen = found.seen
    differ = (a != b) & seen
    count = int(np.count_nonzero(differ))
    words = f"{count:,} of {np.count_nonzero(seen):,} points of {found.scan} are seen differently"
    table = classes.copy()
    table[UNLABELLED] = faint(theme)
    if how in (ENTROPY, SURER):
        return _entropies(how, found, theme)
    if how in WITH_TRUTH and found.truth is None:
        return Painted((a, b), table, By.CLASS, f"{words}; this scan has no ground truth")
    if how in WITH_TRUTH:
        assert found.truth is not None
        known = seen & (found.truth < FIRST_CODE)
        good = [known & (one == found.truth) for one in found.said]
        only = good[0] & ~good[1], good[1] & ~good[0]
        better = [int(np.count_nonzero(one)) for one in only]
        words += f"; {better[0]:,} only the left one has right, {better[1]:,} only the right one"
        table = np.tile(faint(theme), (256, 1))
        table[_RIGHT], table[_WRONG] = RIGHT_RGB, WRONG_RGB
        values = [np.where(known, np.where(g, _RIGHT, _WRONG), UNLABELLED) for g in good]
        if how == ONLY:
            values = [np.where(one, _RIGHT, UNLABELLED) for one in only]
        return Painted(tuple(values), table, By.CLASS, words)
    if how == DIFFERENT:
        a, b = (np.where(differ, one, UNLABELLED) for one in found.said)
    return Painted((a, b), table, By.CLASS, words)


def _entropies(how: str, found: Read, theme: Theme) -> Painted:
    """Of both on one scale, in steps from 1: place 0 is faint."""
    one, other = (np.where(found.seen, each, 0) for each in found.entropy)
    count = max(int(np.count_nonzero(found.seen)), 1)
    means = [float(each.sum()) / count for each in (one, other)]
    words = f"Mean entropy of {found.scan}: {means[0]:.2f} and {means[1]:.2f} nat"
    table = measure_table().copy()
    table[0] = faint(theme)
    values = [one, other]
    if how == SURER:
        less = [other - one, one - other]
        values = [np.where(each >= _LEAST, each, 0) for each in less]
        counts = [int(np.count_nonzero(each)) for each in values]
        words += (
            f"; of {counts[0]:,} points the left one is surer by {_LEAST} nat or more, of "
            f"{counts[1]:,} the right one"
        )
    top = max(*(float(each.max(initial=0)) for each in values), 1e-6)
    places = [np.where(each > 0, 1 + each / top * 254, how == ENTROPY) for each in values]
    return Painted(tuple(places), table, By.MEASURE, f"{words}; yellow is {top:.2f} nat")
