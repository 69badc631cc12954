"""The palette of a file's colours."""

from __future__ import annotations

import numpy as np

from gui.look.colours import palette_of


def test_few_colours_are_kept_and_many_go_to_the_nearest():
    few = np.array([[200, 10, 10], [0, 255, 90], [200, 10, 10]], np.uint8)
    places, table = palette_of(few)
    assert np.abs(table[places].astype(int) - few).max() <= 7
    many = np.random.default_rng(1).integers(0, 256, (20000, 3)).astype(np.uint8)
    many[:9000] = (40, 44, 47)
    places, table = palette_of(many)
    off = np.linalg.norm(table[places].astype(float) - many, axis=1)
    assert off[:9000].max() < 8
    best = np.linalg.norm(table[None].astype(float) - many[9000:9200, None], axis=2).min(axis=1)
    assert (off[9000:9200] <= best + 14).all()
