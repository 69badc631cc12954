"""A sample drawn and answered blind in the window, with real keys: what it hides and tells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.base.jobs import Job
from core.data.items import point_of, scan_of
from core.project.project import Project
from core.quality.answered import answer_by_truth, quality
from core.quality.draw import draw
from gui.charts.taken import csv_bytes
from gui.desk_page.quality import QualityPage
from tests.gui.driver import Driver, open_window
from tests.rounds_made import measured_project


@pytest.fixture
def driver(qtbot, prepared: Path, small_street: Path, tmp_path: Path) -> Iterator[Driver]:
    path = measured_project(tmp_path / "p", small_street, rounds=1, made=prepared)
    with Project(path) as project:
        draw(project, "network", Job(), count=60, workers=1)
    made = Driver(open_window(path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


def page_of(driver: Driver, qtbot) -> QualityPage:
    driver.key("Q", Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    page = driver.window.findChild(QualityPage)
    qtbot.waitUntil(lambda: page.rested, timeout=10_000)
    return page


def test_a_sample_is_answered_blind_and_told(driver, qtbot):
    page = page_of(driver, qtbot)
    sample = page.found["network"].sample
    assert page.answer.text() == f"Answer {len(sample.items):,}, blind"
    assert not page.chart.shows
    assert f"{len(sample.items):,} more answers" in page.chart.waiting.text()
    colours = driver.session.points.in_view.colours
    driver.state.show_scan(driver.session.project.dataset.validation[0])
    driver.settle()
    colours.set_mode("truth")
    labels = driver.session.project.labels(scan_of(sample.items[0]))
    driver.click(page.answer)
    qtbot.waitUntil(driver.window.isActiveWindow)
    driver.settle()
    assert driver.state.target.blind
    assert driver.state.target.rows.tolist() == [point_of(sample.items[0])]
    assert colours.mode == "scene"  # neither truth nor predictions are to be seen
    assert not {"truth", "prediction", "entropy"} & set(colours.modes())
    driver.key("2")
    assert driver.state.target.unit == sample.items[1]
    driver.key(Qt.Key.Key_Delete)  # it cannot be told
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    assert driver.state.target.unit == sample.items[1]
    driver.key("1")
    driver.key(Qt.Key.Key_Escape)
    assert driver.state.second is None
    project = driver.session.project
    assert quality(project, sample).waiting == sample.items[2:]
    answer_by_truth(project, sample, Job())
    found = quality(project, sample)
    assert (found.waiting, found.counted) == ((), len(sample.items))
    assert (project.labels(scan_of(sample.items[0])) == labels).all()
    page = page_of(driver, qtbot)
    assert page.chart.shows
    rows = list(csv.DictReader(io.StringIO(csv_bytes(page.chart).decode())))
    assert rows[0]["what"] == "accuracy"
    assert float(rows[0]["estimate"]) == pytest.approx(found.figures.accuracy.value)
    assert float(rows[0]["low"]) == pytest.approx(found.figures.accuracy.low)
    assert not page.answer.isEnabled()
    page.close()


@pytest.mark.slow
def test_a_sample_is_drawn_and_enlarged_by_its_buttons(driver, qtbot):
    page = page_of(driver, qtbot)
    before = len(page.found["network"].sample.items)
    page.points.setValue(before + 40)
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        QTest.mouseClick(page.draw, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.rested and len(page.found["network"].sample.items) > before)
    assert len(page.found["network"].sample.items) == before + 40
    page.of.setCurrentIndex(1)
    assert "imported labels" in page.chart.waiting.text()
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        QTest.mouseClick(page.draw, Qt.MouseButton.LeftButton)
    driver.settle()
    assert "No labels were imported here" in driver.session.banner.what.text()
    page.close()


@pytest.mark.slow
def test_it_is_said_that_no_sample_is_drawn_while_a_step_runs(driver, qtbot):
    page, jobs, go_on = page_of(driver, qtbot), driver.window.jobs, Event()
    assert jobs.run("Evaluate", lambda _: go_on.wait(60))
    QTest.mouseClick(page.draw, Qt.MouseButton.LeftButton)
    said = driver.session.banner.what.text()
    with qtbot.waitSignal(jobs.finished, timeout=60_000):
        go_on.set()
    assert said == "Evaluate is running: Draw a sample was not started."
    page.close()
