"""What the colours of two rounds side by side say of a scan."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.class_colours import alike
from core.data.classes import UNLABELLED
from gui.desk_page.painted import DIFFERENT, ENTROPY, RIGHT, Read, paint
from gui.look.theme import THEMES
from gui.view.form import sketch_of


@pytest.fixture
def read() -> Read:
    """Of 100 rows the last half are no returns; where there are any, the two always differ."""
    points = np.random.default_rng(0).random((100, 4)).astype(np.float32)
    points[50:] = np.nan
    said = np.zeros(100, np.uint8), np.ones(100, np.uint8)
    entropy = np.ones(100, np.float32), np.full(100, 0.5, np.float32)
    for one in said:
        one[50:] = UNLABELLED
    for one in entropy:
        one[50:] = 0
    truth = np.zeros(100, np.uint8)
    return Read("00/1", points, sketch_of(points, None), said, entropy, truth)


def test_figures_are_of_the_points_that_both_say_something_of(read: Read):
    """Rows that are no returns halved the mean entropy, and the share that differs."""
    classes = np.zeros((256, 3), np.uint8)
    words = {how: paint(how, read, classes, THEMES["dark"]).words for how in (ENTROPY, DIFFERENT)}
    assert words[DIFFERENT].startswith("50 of 50 points")
    assert words[ENTROPY].startswith("Mean entropy of 00/1: 1.00 and 0.50 nat")


@pytest.mark.parametrize("name", THEMES)
def test_everybody_tells_right_from_wrong(read: Read, name: str):
    painted = paint(RIGHT, read, np.zeros((256, 3), np.uint8), THEMES[name])
    right, wrong = (int(values[0]) for values in painted.values)
    colours = ["#" + bytes(painted.table[place].tolist()).hex() for place in (right, wrong)]
    assert colours[0] != colours[1]
    assert not alike(colours)
    assert (painted.values[1][50:] == UNLABELLED).all()
