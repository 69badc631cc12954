"""The Desk with real keys and clicks: what charts tell, what a click selects, what is saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar

from core.desk.steps import steps_of
from gui.charts.chart import Chart, Mark
from gui.charts.taken import Enlarged, csv_bytes
from gui.desk_page.page import DeskPage
from tests.gui.driver import Driver, open_window
from tests.rounds_made import measured_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """Three rounds, answered and measured; nothing is changed by these tests."""
    base = tmp_path_factory.mktemp("measured")
    return measured_project(base / "project", prepared.parent / "scans", made=prepared)


@pytest.fixture
def desk(qtbot, measured: Path) -> Iterator[DeskPage]:
    window = open_window(measured, qtbot)
    yield opened(window, qtbot)
    window.close()


def opened(window, qtbot) -> DeskPage:
    both = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(window.session.view.canvas.native, Qt.Key.Key_D, both)
    page = window.findChild(DeskPage)
    page.resize(1100, 700)
    qtbot.waitUntil(lambda: page.rested, timeout=30_000)
    QApplication.processEvents()
    return page


def click(chart: Chart, mark: Mark) -> None:
    x, y = chart.on_screen([mark])[0]
    at = chart.plot.mapFromScene(QPointF(x, y))
    QTest.mouseMove(chart.plot.viewport(), at)
    QTest.mouseClick(chart.plot.viewport(), LEFT, pos=at)


def rows_of(chart: Chart) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_bytes(chart).decode())))


@pytest.mark.slow
def test_a_large_chart_goes_with_its_desk(desk: DeskPage):
    """What is inside of it was deleted apart from the chart."""
    desk.learning.enlarge()
    large = desk.findChild(Enlarged)
    assert large.isVisible()
    assert not desk.learning.isAncestorOf(desk.learning.inside)
    desk.close()
    assert not large.isVisible()
    assert desk.learning.isAncestorOf(desk.learning.inside)


def test_every_chart_shows_the_numbers_of_the_project(desk: DeskPage):
    project = desk.state.project
    assert [chart.shows for chart in desk.charts.values()] == [True] * 6 + [False] * 5, (
        "what reads the whole project waits until it is in sight"
    )
    learning = rows_of(desk.learning)
    assert [row["round"] for row in learning] == [found.id for found in project.rounds]
    assert [float(row["mIoU"]) for row in learning] == [r.metrics()["miou"] for r in project.rounds]
    assert [100 * float(row["mIoU"]) for row in learning] == pytest.approx(
        [mark.y for mark in desk.learning.marks]
    )
    assert [float(row["points"]) for row in learning] == [mark.x for mark in desk.learning.marks]
    for row in rows_of(desk.parts):
        values = [float(value) for name, value in row.items() if name != "row"]
        assert sum(values) == pytest.approx(1)
    units = project.need_units()
    sizes = rows_of(desk.sizes)
    assert sum(int(row["clusters"]) for row in sizes) == int((units.kind == 0).sum())
    assert desk.sizes.cuts == units.cuts
    matrix = np.asarray(project.tip.metrics()["confusion"])
    road = next(m for m in desk.confusion.marks if m.words.startswith("3") or "road are" in m.words)
    truth, said = desk.confusion.of(road.key)
    assert f"{matrix[truth, said]:,} points" in road.words
    iou = rows_of(desk.iou)
    assert {row["row"]: float(row["round 3"]) for row in iou}["road"] == (
        project.tip.metrics()["iou"]["road"]
    )


@pytest.mark.slow
def test_no_tabs_of_an_earlier_arrangement_are_in_sight(desk: DeskPage, qtbot):
    """They stood in the middle of another chart."""

    def left_over() -> list[set[str]]:
        groups = [
            {dock.windowTitle(), *(o.windowTitle() for o in desk.body.tabifiedDockWidgets(dock))}
            for dock in desk.docks.values()
        ]
        bars = [bar for bar in desk.body.findChildren(QTabBar) if bar.isVisible()]
        titles = [{bar.tabText(place) for place in range(bar.count())} for bar in bars]
        assert sum(one in groups for one in titles) == 2
        return [one for one in titles if one not in groups]

    qtbot.waitUntil(lambda: not left_over())


@pytest.mark.slow
def test_a_click_on_a_round_is_followed_by_confusion_and_panel(desk: DeskPage, qtbot):
    first = desk.learning.marks[0]
    click(desk.learning, first)
    qtbot.waitUntil(lambda: desk.rested)
    assert desk.confusion.round == first.key == "001-size"
    assert desk.docks["Confusion"].windowTitle() == "Confusion, round 1"
    rounds = desk.parent().session.rounds
    assert not rounds.rows  # it is behind another tab
    next(dock for dock in desk.parent().docks if dock.objectName() == "Rounds").raise_()
    qtbot.waitUntil(lambda: bool(rounds.rows))
    assert rounds.rows[rounds.table.currentRow()]["id"] == "001-size"
    desk.learning.setFocus()
    for _ in range(2):
        QTest.keyClick(desk.learning, Qt.Key.Key_Right)
    QTest.keyClick(desk.learning, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.rested)
    assert desk.confusion.round == desk.state.project.rounds[1].id


@pytest.mark.slow
def test_the_rounds_to_choose_from_are_those_there_are(desk: DeskPage):
    """As many of another kind were taken for the same."""
    which, steps = desk.asked.which, steps_of(desk.state.project)
    which.setCurrentIndex(1)
    desk._set_steps([replace(step, strategy="entropy") for step in steps])
    assert [which.itemText(n).split(", ")[-1] for n in range(1, which.count())] == [
        "entropy" for _ in steps
    ]
    assert which.currentData() == steps[0].id


@pytest.mark.slow
def test_what_was_asked_follows_the_round_and_a_click_the_class(desk: DeskPage, qtbot):
    project = desk.state.project
    rows = {row["row"]: row for row in rows_of(desk.asked)}
    assert sum(float(rows[f"size {n}"]["asked"]) for n in (1, 2, 3)) == pytest.approx(
        1 - float(rows["ground"]["asked"])
    )
    desk.docks["Asked"].raise_()
    qtbot.waitUntil(lambda: desk.asked.isVisible() and bool(desk.asked.marks))
    desk.asked.which.setFocus()
    QTest.keyClick(desk.asked.which, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: desk.rested)
    first = project.rounds[0]
    assert desk.asked.said.text().startswith(f"{len(first.query.items):,} units of 3 scans asked")
    QApplication.processEvents()
    click(desk.asked, next(mark for mark in desk.asked.marks if mark.key == "car"))
    assert desk.learning.what.currentText() == "car"
    assert [mark.y for mark in desk.learning.marks] == pytest.approx(
        [100 * found.metrics()["iou"]["car"] for found in project.rounds]
    )


def test_a_click_on_a_confusion_marks_exactly_its_points(desk: DeskPage, qtbot):
    state, project = desk.state, desk.state.project
    car, road = (project.classes.names.index(name) for name in ("car", "road"))
    mark = next(m for m in desk.confusion.marks if desk.confusion.of(m.key) == (road, car))
    click(desk.confusion, mark)
    qtbot.waitUntil(lambda: desk.rested and state.settled and state.target is not None)
    (scan,) = project.dataset.validation
    assert state.content.scan == scan
    truth, said = state.content.truth, state.content.prediction
    assert state.target.rows.tolist() == np.flatnonzero((truth == road) & (said == car)).tolist()
    assert f"{len(state.target.rows):,} of" in desk.said.text()


@pytest.mark.slow
def test_the_layout_is_kept(desk: DeskPage, qtbot):
    window = desk.parent()
    QTest.mouseClick(desk.shows["Sizes"], LEFT)
    assert desk.docks["Sizes"].isHidden()
    desk.close()
    window.activateWindow()  # no window manager does it here
    qtbot.waitUntil(window.isActiveWindow)
    again = opened(window, qtbot)
    assert again is not desk
    assert again.docks["Sizes"].isHidden()
    QTest.mouseClick(again.shows["Sizes"], LEFT)
    assert not again.docks["Sizes"].isHidden()


@pytest.mark.slow
def test_each_chart_says_what_it_waits_for(driver: Driver, qtbot):
    """A project that is asked, and nothing is answered or trained."""
    desk = opened(driver.window, qtbot)
    assert desk.learning.waiting.text().startswith("A curve begins when a round is trained")
    assert desk.iou.waiting.text().startswith("IoUs are there once")
    assert desk.confusion.waiting.text().startswith("A confusion is there once")
    assert not any(c.shows for c in (desk.learning, desk.iou, desk.confusion))
    assert desk.parts.shows, "a research project has ground truth"
    desk.close()
