"""Views of the context column: drawn by arrays, against one point of Qt after another."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from gui.look.theme import THEMES
from gui.panels.side import SCANNER, Sight
from gui.panels.subject import Subject
from tests.benchmarks.measures import ratio
from tests.gui.panels.stage import GROUND_M, content_of

AROUND, OWN = 38_000, 2_000


def test_a_view_of_forty_thousand_points(qapp, report):
    """The reference draws bare points of one colour, without depth, light or outline."""
    rng = np.random.default_rng(0)
    low, high = (8, -2, GROUND_M), (12, 2, GROUND_M + 3)
    unit = rng.uniform((9.5, -0.5, GROUND_M), (10.5, 0.5, GROUND_M + 2), (OWN, 3))
    content = content_of(unit, rng.uniform(low, high, (AROUND, 3)), low=100)
    subject = Subject(content, np.arange(OWN), is_ground=False)
    sight = Sight(SCANNER, (204, 160), 1.0, -2.0, 3.0, 50.0, False, THEMES["dark"])

    def one_by_one() -> None:
        image = QImage(204, 160, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setPen(QPen(QColor("white"), 2))
        places = sight.place(subject.placed).T
        painter.drawPoints([QPointF(x, y) for x, y in places])
        painter.end()

    found = ratio(lambda: sight.draw(subject), one_by_one, runs=9)
    report("a view of 40,000 points, drawn by arrays", found, "0.25 of one point after another")
    assert found <= 0.25
