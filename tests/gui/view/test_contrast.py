"""What is seen stands out from the canvas: pixels of real frames, in both themes."""

from __future__ import annotations

import numpy as np
import pytest

from gui.look.theme import THEMES, contrast
from gui.points import paint

MODES = [mode for mode in paint.MODES if mode not in ("prediction", "entropy", "error")]


def ratios(image: np.ndarray, canvas: str) -> np.ndarray:
    """(n,) contrast of each pixel (n, 3) with the canvas, looked up colour by colour."""
    colours, place = np.unique(image.reshape(-1, 3), axis=0, return_inverse=True)
    each = [contrast("#" + bytes(colour.tolist()).hex(), canvas) for colour in colours]
    return np.array(each)[place.ravel()]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("mode", MODES)
def test_surroundings_and_the_asked_unit_stand_out(driver, theme: str, mode: str):
    """3 : 1 for every point around, 4.5 : 1 for every point that is asked, whatever its colour."""
    if driver.window.theme.name != theme:
        driver.window.change_theme()
    inside = driver.session.work.in_view
    inside.colours.set_mode(mode)
    driver.settle()
    view, target = driver.session.view, driver.state.target
    canvas = THEMES[theme].canvas
    ids = view.picker.ids()
    with view._alone():
        image = view.canvas.render()[..., :3]
    assert image.shape[:2] == ids.shape
    asked = np.isin(ids, target.rows)
    around = (ids >= 0) & ~asked
    assert asked.sum() > 100
    assert around.sum() > 1000
    assert ratios(image[around], canvas).min() >= 3
    assert ratios(image[asked], canvas).min() >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_outline_stands_out(driver, theme: str):
    assert contrast(THEMES[theme].outline, THEMES[theme].canvas) >= 4.5
    if driver.window.theme.name != theme:
        driver.window.change_theme()
    driver.settle()
    view, target = driver.session.view, driver.state.target
    image = view.canvas.render()[..., :3]
    outline = (image == THEMES[theme].rgb("outline")).all(axis=2)
    lines, columns = np.nonzero(outline)
    assert len(lines) > 50
    # It lies around the unit, not on it.
    mine = np.isin(view.picker.ids(), target.rows)
    assert not (outline & mine).any()
    near = view.picker.screen_xy(driver.state.content.points[target.rows])
    low, high = near.min(axis=0) - 50, near.max(axis=0) + 50
    assert ((columns >= low[0]) & (columns <= high[0])).all()
    assert ((lines >= low[1]) & (lines <= high[1])).all()


@pytest.mark.parametrize(
    "mode",
    ["scene", "height"]
    + [pytest.param(mode, marks=pytest.mark.slow) for mode in ("unit", "intensity", "truth")],
)
def test_what_is_selected_is_seen_in_every_colouring(driver, mode: str):
    """Over a colouring by value it was not."""
    inside = driver.session.work.in_view
    inside.colours.set_mode(mode)
    target = driver.state.target
    rows = np.arange(len(target.rows)) % 2 == 0
    driver.session.work.labelling.select(rows, "lasso")
    driver.settle()
    view = driver.session.view
    ids = view.picker.ids()
    with view._alone():
        image = view.canvas.render()[..., :3].astype(float)
    chosen, rest = (np.isin(ids, target.rows[part]) for part in (rows, ~rows))
    hue = np.array(driver.window.theme.rgb("picked"), float)
    off = [
        np.abs(part / part.max(axis=1, keepdims=True) - hue / hue.max()).sum(axis=1)
        for part in (image[chosen], image[rest])
    ]
    assert np.median(off[0]) < 0.1
    assert np.median(off[1]) > 0.2
