"""A real experiment in the window: started, watched, stopped, gone on with, its report drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.experiment.watch import holder_of
from gui.experiments import watching
from gui.experiments.page import Experiments
from tests.experiments import tiny_spec
from tests.gui.driver import open_window

LEFT = Qt.MouseButton.LeftButton
pytestmark = pytest.mark.slow


def test_it_is_started_watched_stopped_and_ends(qtbot, tmp_path: Path, small_street, monkeypatch):
    opened: list[Path] = []
    monkeypatch.setattr(watching, "show_in_browser", opened.append)
    window = open_window(None, qtbot)
    window.open_experiments()
    page = window.findChild(Experiments)
    form = page.new
    form.add_spec(str(tiny_spec(tmp_path)))
    form.root.setText(str(small_street))
    form.out.setText(str(tmp_path / "out"))
    form.seeds.setText("0")
    qtbot.waitUntil(lambda: form.settled and form.button.isEnabled(), timeout=20_000)
    QTest.mouseClick(form.button, LEFT)
    qtbot.waitUntil(lambda: page.watching is not None, timeout=20_000)
    shown = page.watching
    qtbot.waitUntil(lambda: shown.state.text().startswith("Running: "), timeout=300_000)
    qtbot.waitUntil(lambda: shown.chart.shows, timeout=300_000)
    QTest.mouseClick(shown.stop_button, LEFT)
    assert holder_of(tmp_path / "out") is None
    qtbot.waitUntil(shown.go_button.isVisible, timeout=20_000)
    before = sum(len(curve.records) for curve in shown.seen.curves)
    QTest.mouseClick(shown.go_button, LEFT)
    qtbot.waitUntil(lambda: shown.state.text().startswith("All"), timeout=500_000)
    assert before <= sum(len(curve.records) for curve in shown.seen.curves) == 3 * 2
    assert shown.state.text() == "All 3 cells are finished."
    assert not shown.problem.isVisible(), shown.problem.text()
    QTest.mouseClick(shown.report_button, LEFT)
    qtbot.waitUntil(lambda: bool(opened), timeout=120_000)
    assert opened == [tmp_path / "out" / "report.html"]
    assert "3 of 3 cells are finished" in opened[0].read_text()
    window.close()
