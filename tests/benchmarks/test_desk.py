"""The Desk at the size of a whole dataset: ratios within one run."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from core.desk.features import Plane
from gui.charts.features import FeaturesChart
from gui.look.theme import DARK
from tests.benchmarks.measures import ratio

COUNT = 1_000_000


@pytest.mark.benchmark
def test_dragging_over_a_million_units_costs_less_than_looking_at_each(qtbot):
    """Measured: 3 ms a move with its frame; one look at a million places takes 10 ms and more."""
    chart = FeaturesChart(DARK)
    qtbot.addWidget(chart)
    chart.resize(640, 620)
    chart.show()
    qtbot.waitExposed(chart)
    xy = np.random.default_rng(0).normal(size=(COUNT, 2)).astype(np.float32)
    plane = Plane("features", "PCA", np.arange(COUNT), xy, (0.5, 0.2))
    chart.set_plane(plane, np.zeros(COUNT, np.uint8), lambda units: [])
    QApplication.processEvents()

    def move() -> None:
        chart.drag(QPointF(-1, -1), QPointF(0.5, 1))
        chart.plot.viewport().repaint()

    def look() -> None:
        ((xy >= (-1, -1)) & (xy <= (0.5, 1))).all(axis=1)

    assert ratio(move, look) < 1
