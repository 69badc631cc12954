"""Colours by height and light against known values."""

from __future__ import annotations

import numpy as np
import pytest

from gui.look.relief import CLUSTER, levels, light_on, oklch, relief, relief_table
from gui.look.theme import luminance


def test_oklch_gives_known_colours():
    """White, black, and sRGB red, whose place is L 0.62796, C 0.25768, h 29.234 degrees."""
    light, chroma = np.array([1.0, 0.0, 0.62796]), np.array([0, 0, 0.25768])
    found = oklch(light, chroma, np.radians([0, 0, 29.234]))
    np.testing.assert_allclose(found, [[255] * 3, [0] * 3, [255, 0, 0]], atol=1)


@pytest.mark.parametrize("leafy", [0.0, 0.5, 1.0])
def test_brighter_tones_are_brighter_on_a_dark_canvas_and_darker_on_a_light_one(leafy: float):
    level = levels(np.array([-0.2, 0.0, 0.5, 1.5, 3.0, 8.0]))
    for dark in (True, False):
        table = relief_table(dark=dark)
        seen = np.array([
            [luminance(c / 255) for c in relief(table, level, np.full(6, tone), np.full(6, leafy))]
            for tone in (0.1, 0.3, 0.5, 0.7, 0.9)
        ])  # fmt: skip
        steps = np.diff(seen, axis=0)
        assert (steps > 0).all() if dark else (steps < 0).all()


def test_what_faces_the_scanner_is_lit_and_its_sides_differ():
    light = light_on(np.array([10.0, 0.0]))
    assert abs(np.linalg.norm(light) - 1) < 1e-9
    front, left, right, up = np.array([[-1.0, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1]])
    assert front @ light > 0.3
    assert left @ light - right @ light > 0.5
    assert up @ light > 0.5
    half, nothing = np.full(1, 0.5), np.zeros((1, 3))
    assert CLUSTER.of(half, nothing, np.zeros(1, bool), light)[0] == CLUSTER.base
    assert CLUSTER.of(half, up[None], np.ones(1, bool), light)[0] < 1


def test_leaves_are_green_and_what_has_a_surface_never_is():
    """A wall that is as green as a hedge was taken for one."""
    level, tone = levels(np.linspace(0.3, 8, 40)), np.full(40, 0.6)
    for dark in (True, False):
        table = relief_table(dark=dark)
        red, green, blue = relief(table, level, tone, np.ones(40)).T.astype(int)
        assert (green > np.maximum(red, blue)).all()
        red, green, blue = relief(table, level, tone, np.zeros(40)).T.astype(int)
        assert (green <= np.maximum(red, blue)).all()
