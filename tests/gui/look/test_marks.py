"""What marks points has a colour of its own: no class and no colouring comes near it."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.classes import BUILT_IN, load_classes
from gui.look.colours import class_table, measure_table, partition_colours
from gui.look.relief import relief, relief_table
from gui.look.theme import THEMES, contrast
from gui.start.class_table import swatch
from gui.view.contrast import told_apart

FAR = 20.0  # of CIE76, where 2.3 is just seen


def lab(rgb: np.ndarray) -> np.ndarray:
    """(n, 3) CIELAB (D65) of sRGB (n, 3) 0..255."""
    part = np.asarray(rgb, float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(to_xyz).T / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def colours_of_points(name: str) -> np.ndarray:
    """(n, 3) every colour that points have in a theme: classes, codes, ramps, height in its light,
    as they are and as the view brings them to its contrast."""
    theme, table = THEMES[name], relief_table(dark=name == "dark")
    lists = [class_table(load_classes(one)) for one in BUILT_IN]
    found = [one[:200] for one in lists] + [lists[0][252:]]
    found += [measure_table(), partition_colours(5)]
    level = np.linspace(0, 1, 64)
    found += [
        relief(table, level, np.full(64, tone), np.full(64, leafy))
        for tone in np.linspace(0, 1, 9)
        for leafy in (0, 0.5, 1)
    ]
    every = np.concatenate(found)
    return np.concatenate([every, told_apart(every, theme.rgb("canvas"))])


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("mark", ["outline", "picked"])
def test_no_class_and_no_colouring_comes_near_a_mark(name: str, mark: str):
    theme = THEMES[name]
    away = np.linalg.norm(lab(colours_of_points(name)) - lab(np.array([theme.rgb(mark)])), axis=1)
    nearest = colours_of_points(name)[away.argmin()]
    assert away.min() > FAR, f"{mark} is {away.min():.0f} from {nearest.tolist()}"
    assert contrast(getattr(theme, mark), theme.canvas) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_what_is_asked_and_what_is_selected_are_told_apart(name: str):
    one, other = (np.array([THEMES[name].rgb(mark)]) for mark in ("outline", "picked"))
    assert np.linalg.norm(lab(one) - lab(other)) > FAR


@pytest.mark.parametrize("name", THEMES)
def test_a_class_swatch_shows_what_the_view_shows(qapp, name: str):
    """Dark colours are lifted before they meet the canvas; the swatch left that out."""
    theme, classes = THEMES[name], load_classes("semantickitti")
    dark = np.flatnonzero(classes.colours.max(axis=1) < 90)
    assert len(dark)
    shown = told_apart(class_table(classes)[dark], theme.rgb("canvas"))
    for c, rgb in zip(dark.tolist(), shown.tolist(), strict=True):
        image = swatch("#" + bytes(classes.colours[c].tolist()).hex(), theme).toImage()
        at = image.pixelColor(image.width() * 3 // 4, image.height() // 2)
        assert at.getRgb()[:3] == tuple(rgb)
