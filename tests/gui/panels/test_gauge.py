"""The gauge of roughness: its words by hand-made things, its mark where the value is."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from gui.look.theme import THEMES
from gui.panels.gauge import END, USUAL, Gauge
from gui.panels.subject import Subject
from tests.gui.panels.stage import GROUND_M, content_of, ground


def board() -> np.ndarray:
    """An upright board, 3 m wide, that faces the scanner."""
    y, z = (side.ravel() for side in np.meshgrid(np.arange(-1.5, 1.5, 0.1), np.arange(0, 2, 0.1)))
    return np.column_stack([np.full(y.size, 9.0), y, GROUND_M + z])


def pillar() -> np.ndarray:
    """A round pillar, as thick as a tower."""
    turn, z = (side.ravel() for side in np.meshgrid(np.arange(0, 6.28, 0.06), np.arange(0, 2, 0.1)))
    return np.column_stack([9 + 2 * np.cos(turn), 2 * np.sin(turn), GROUND_M + z])


def bush() -> np.ndarray:
    """Leaves in a box, its top and bottom less than its sides apart."""
    return np.random.default_rng(2).uniform((8, -1, GROUND_M), (10, 1, GROUND_M + 0.3), (900, 3))


def subject(unit: np.ndarray) -> Subject:
    return Subject(content_of(unit), np.arange(len(unit)), is_ground=False)


@pytest.mark.parametrize(
    ("made", "facing", "least", "most"),
    [
        (board, "upright", 0, 0.05),
        (pillar, "upright all round", 0, 0.18),
        (bush, "facing all ways", 0.27, 0.5),
        (lambda: ground(5, 0.1), "level", 0, 0.03),
    ],
)
def test_things_are_as_rough_as_they_are_usually(qtbot, made, facing, least, most):
    unit = subject(made())
    assert least <= unit.rough <= most
    assert unit.facing == facing
    gauge = Gauge(THEMES["dark"])
    qtbot.addWidget(gauge)
    gauge.show_unit(unit)
    assert gauge.text() == f"Surface {unit.rough:.2f}, {facing}"
    gauge.show_unit(None)
    assert gauge.text() == ""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_mark_stands_where_the_value_is(qtbot, theme):
    gauge = Gauge(THEMES[theme])
    qtbot.addWidget(gauge)
    gauge.resize(420, 22)
    gauge.show_unit(subject(bush()))
    image = gauge.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    outline, zone = (QColor(getattr(THEMES[theme], name)).rgb() for name in ("outline", "line"))
    line = [image.pixel(x, 17) for x in range(image.width())]
    marked = [x for x, pixel in enumerate(line) if pixel == outline]
    zones = [x for x, pixel in enumerate(line) if pixel in (zone, outline)]
    begun = [x for x in zones if x - 1 not in zones]  # the first zones' left ends, and the mark's
    scale = (begun[1] - begun[0]) / (USUAL[1][0] - USUAL[0][0])
    at = begun[0] + gauge.rough * scale
    assert USUAL[1][0] < gauge.rough < END
    assert abs(np.mean(marked) - at) < 7
