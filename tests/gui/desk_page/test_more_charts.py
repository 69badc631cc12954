"""Certainty, annotators, scans, features and an experiment on the Desk: what they tell, and what a
click or a brush chooses; with real clicks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.answers.effort import Effort
from core.desk.effort import Agreed, Rate, effort_of
from core.desk.features import FREE
from core.prepare.units import CLUSTER
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from gui.charts.chart import Chart, Mark
from gui.charts.taken import csv_bytes, svg_of
from gui.desk.chosen import choice_of
from gui.desk_page.page import DeskPage
from gui.points.legend import Legend
from gui.start.recent import store
from tests.gui.driver import Driver, open_window
from tests.made_experiments import made_experiment, record_all
from tests.rounds_made import measured_project
from tests.streets import copied_project

LEFT = Qt.MouseButton.LeftButton
NEW = ("Certainty", "Annotators", "Scans", "Features", "Experiment")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """Two rounds, answered and measured; the second one's last answers took time."""
    base = tmp_path_factory.mktemp("measured")
    path = measured_project(base / "project", prepared.parent / "scans", made=prepared, rounds=2)
    with Project(path) as project:
        units = project.need_units()
        free = [u for u in range(len(units)) if units.name(u) not in project.answers.effective]
        for number, unit in enumerate(free[:5]):
            scan = units.scans[units.scan[unit]]
            rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
            project.answers.answer(
                project.scan_ref(scan), rows, np.full(len(rows), 8, np.uint8), round="",
                unit=units.name(unit), effort=Effort(active_s=1.0 + number, tool="key"),
            )  # fmt: skip
    return path


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
    return page


def seen(desk: DeskPage, name: str, qtbot) -> Chart:
    """A chart brought to the front."""
    desk.docks[name].raise_()
    QApplication.processEvents()
    qtbot.waitUntil(lambda: desk.rested and desk.charts[name].isVisible(), timeout=30_000)
    QApplication.processEvents()
    return desk.charts[name]


def spot(chart: Chart, mark: Mark) -> QPoint:
    x, y = chart.on_screen([mark])[0]
    return chart.plot.mapFromScene(QPointF(x, y))


def click(chart: Chart, mark: Mark) -> None:
    QTest.mouseMove(chart.plot.viewport(), spot(chart, mark))
    QTest.mouseClick(chart.plot.viewport(), LEFT, pos=spot(chart, mark))


def rows_of(chart: Chart) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_bytes(chart).decode())))


@pytest.mark.slow
def test_a_click_on_a_size_chooses_its_clusters_for_all(desk: DeskPage, qtbot):
    units, state = desk.state.project.need_units(), desk.state
    sizes = seen(desk, "Sizes", qtbot)
    mark = sizes.marks[0]
    click(sizes, mark)
    chosen = choice_of(state).now
    wanted = [
        u for u in range(len(units)) if units.kind[u] == CLUSTER and units.size[u] == mark.key
    ]
    assert chosen.units.tolist() == wanted
    assert f"{len(wanted):,} units" in desk.said.text()
    assert f"chosen: {len(wanted):,} of its clusters" in sizes.marks[0].words
    features = seen(desk, "Features", qtbot)
    assert features.chosen.tolist() == wanted
    scans = seen(desk, "Scans", qtbot)
    assert scans.chosen.tolist() == sorted({int(units.scan[u]) for u in wanted})
    QTest.mouseClick(desk.chosen, LEFT)
    assert choice_of(state).now is None
    assert not len(features.chosen)


@pytest.mark.slow
def test_many_units_are_chosen_a_moment_later_and_the_last_click_counts(
    desk: DeskPage, qtbot, monkeypatch: pytest.MonkeyPatch
):
    """What they come to is counted on another thread."""
    monkeypatch.setattr("gui.desk.chosen._AT_ONCE", 0)
    units, choice = desk.state.project.need_units(), choice_of(desk.state)
    sizes = seen(desk, "Sizes", qtbot)
    first, last = sizes.marks[0], sizes.marks[-1]
    click(sizes, first)
    click(sizes, last)
    assert not desk.rested
    qtbot.waitUntil(lambda: desk.rested)
    wanted = [
        u for u in range(len(units)) if units.kind[u] == CLUSTER and units.size[u] == last.key
    ]
    assert choice.now.units.tolist() == wanted
    assert choice.now.points == sum(int(units.points[u]) for u in wanted)
    assert choice.now.scans.tolist() == sorted({int(units.scan[u]) for u in wanted})
    assert f"chosen: {len(wanted):,} of its clusters" in sizes.marks[-1].words
    click(sizes, first)
    choice.clear()
    qtbot.waitUntil(lambda: desk.rested)
    QApplication.processEvents()
    assert choice.now is None, "what was put away does not come back"


@pytest.mark.slow
def test_a_click_on_a_class_in_a_partition_chooses_its_units(desk: DeskPage, qtbot):
    project = desk.state.project
    units = project.need_units()
    parts = seen(desk, "Classes", qtbot)
    row = parts.rows.index("car")
    column = int(np.nanargmax(parts.values[row]))
    click(parts, next(mark for mark in parts.marks if mark.key == (row, column)))
    car = project.classes.names.index("car")
    wanted = []
    for scan in units.scans:
        truth, rows = project.dataset.ground_truth(scan, project.classes), project.rows(scan)
        for number, unit in enumerate(units.range_of(scan)):
            if units.partition[unit] == column and (truth[rows == number] == car).any():
                wanted.append(unit)
    assert wanted
    assert choice_of(desk.state).now.units.tolist() == wanted
    assert desk.learning.what.currentText() == "car"


@pytest.mark.slow
def test_certainty_says_what_it_lacks_and_a_click_marks_its_points(desk: DeskPage, qtbot):
    chart, project = seen(desk, "Certainty", qtbot), desk.state.project
    (scan,) = project.dataset.validation
    rows = rows_of(chart)
    matrix = np.asarray(project.tip.metrics()["confusion"])
    assert sum(int(row["right"]) for row in rows) == int(np.trace(matrix))
    assert sum(int(row["wrong"]) for row in rows) == int(matrix.sum() - np.trace(matrix))
    chart.kind.setFocus()
    QTest.keyClick(chart.kind, Qt.Key.Key_Down)
    assert chart.waiting.text().startswith("These predictions were made before confidences")
    assert not chart.shows
    QTest.keyClick(chart.kind, Qt.Key.Key_Down)
    QTest.keyClick(chart.kind, Qt.Key.Key_Down)
    assert chart.shows
    mark = max(chart.marks, key=lambda mark: mark.y)
    click(chart, mark)
    state = desk.state
    qtbot.waitUntil(lambda: desk.rested and state.settled and state.target is not None)
    content = state.content
    assert content.scan == scan
    metres = np.linalg.norm(content.points[:, :3], axis=1)
    band = np.minimum(metres // 5, 16) == mark.key[2]
    wrong = band & (content.truth < 19) & (content.truth != content.prediction)
    assert state.target.rows.tolist() == np.flatnonzero(wrong).tolist()


@pytest.mark.slow
def test_a_row_of_seconds_chooses_its_answers(desk: DeskPage, qtbot):
    chart, project = seen(desk, "Annotators", qtbot), desk.state.project
    found = effort_of(project)
    assert [row["annotator"] for row in rows_of(chart)] == [r.name for r in found.took["annotator"]]
    assert float(rows_of(chart)[0]["median_s"]) == 3.0
    click(chart, chart.marks[0])
    units = project.need_units()
    timed = [u for u, h in project.answers.effective.items() if h.active_s > 0]
    assert choice_of(desk.state).now.units.tolist() == sorted(map(units.find, timed))


@pytest.mark.slow
def test_each_row_of_seconds_agreement_and_hits_chooses_and_is_marked(desk: DeskPage, qtbot):
    """Those of agreement and of suggestions did nothing; none was marked."""
    project = desk.state.project
    again = [0, 3, 7]
    chart = seen(desk, "Annotators", qtbot)
    found = effort_of(project)
    took = replace(
        found,
        agreed=[Agreed("a again", 3, 1.0, 1.0, 1.0, np.array(again))],
        suggestions=[Rate("first, shown", 1, 2, np.array([3, 5]))],
    )
    chart.set_effort(took)
    for kind, wanted in (("agreement", again), ("suggestions", [3, 5])):
        chart.kind.setCurrentIndex(chart.kind.findData(kind))
        QApplication.processEvents()
        click(chart, chart.marks[0])
        assert choice_of(desk.state).now.units.tolist() == wanted
        assert f"chosen: {len(wanted)} of its {len(wanted)} units" in chart.marks[0].words
    choice_of(desk.state).choose("some", np.array(again))
    assert "chosen: 1 of its 2 units" in chart.marks[0].words
    choice_of(desk.state).clear()
    assert "chosen" not in chart.marks[0].words


@pytest.mark.slow
def test_what_is_chosen_is_marked_in_classes_and_in_what_was_asked(desk: DeskPage, qtbot):
    project = desk.state.project
    units = project.need_units()
    items = [item for one in project.rounds for item in one.query.items]
    heads = {item: project.answers.effective[item] for item in items}
    asked = seen(desk, "Asked", qtbot)
    row = next(m for m in asked.marks if m.key == "road")
    road = project.classes.names.index("road")
    wanted = sorted(units.find(item) for item in items if road in heads[item].class_counts())
    click(asked, row)
    assert choice_of(desk.state).now.units.tolist() == wanted
    for mark in asked.marks:
        mine = {
            units.find(item)
            for item in items
            if (mark.key == "ground" and units.kind[units.find(item)] != CLUSTER)
            or (f"size {int(units.partition[units.find(item)]) + 1}" == mark.key
            and units.kind[units.find(item)] == CLUSTER)
            or (mark.key in project.classes.names
            and project.classes.names.index(mark.key) in heads[item].class_counts())
        }  # fmt: skip
        both = len(mine & set(wanted))
        said = f"; chosen: {both:,} of its {len(mine):,} units"
        assert (said in mark.words) == bool(both), mark
    parts = seen(desk, "Classes", qtbot)
    held: dict[tuple[int, int], set[int]] = {}
    for scan in units.scans:
        truth, rows = project.dataset.ground_truth(scan, project.classes), project.rows(scan)
        for number, unit in enumerate(units.range_of(scan)):
            for label in np.unique(truth[rows == number]).tolist():
                held.setdefault((label, int(units.partition[unit])), set()).add(unit)
    for mark in parts.marks:
        name, part = parts.rows[mark.key[0]], mark.key[1]
        mine = held.get((project.classes.names.index(name), part), set())
        both = len(mine & set(wanted))
        assert (f"; chosen: {both:,} of its {len(mine):,} units" in mark.words) == bool(both), mark
        assert parts.chosen[mark.key] == pytest.approx(both / max(len(mine), 1))
    assert parts.chosen.any()
    QTest.mouseClick(desk.chosen, LEFT)
    assert not any("chosen" in mark.words for mark in (*asked.marks, *parts.marks))


@pytest.mark.slow
def test_a_click_on_an_iou_chooses_the_scans_where_the_class_changed_most(desk: DeskPage, qtbot):
    project, state = desk.state.project, desk.state
    iou = seen(desk, "IoU", qtbot)
    wrong = []
    car = project.classes.names.index("car")
    for one in project.rounds:
        count = {}
        for scan in project.dataset.validation:
            truth = project.dataset.ground_truth(scan, project.classes)
            file = prediction_file(project.predictions(one), scan, project.dataset)
            said = read_prediction(file, "classes")["classes"]
            count[scan] = sum(
                (t == car) != (s == car)
                for t, s in zip(truth.tolist(), said.tolist(), strict=True)
                if t < 19
            )
        wrong.append(count)
    change = {scan: wrong[1][scan] - wrong[0][scan] for scan in wrong[0]}
    wanted = sorted((s for s in change if change[s]), key=lambda s: -abs(change[s]))
    assert wanted
    click(iou, next(m for m in iou.marks if m.key == (iou.rows.index("car"), 1)))
    qtbot.waitUntil(lambda: desk.rested and state.settled)
    assert list(choice_of(state).scans) == wanted
    assert state.content.scan == wanted[0]
    assert f"{wanted[0]} {change[wanted[0]]:+,}" in desk.said.text().replace("\u200b", "")
    assert desk.learning.what.currentText() == "car"
    assert desk.round == project.rounds[1].id
    scans = seen(desk, "Scans", qtbot)
    assert [scans.found.names[p] for p in scans.chosen] == wanted
    QTest.mouseClick(desk.chosen, LEFT)
    assert choice_of(state).scans == ()
    assert not len(scans.chosen)
    seen(desk, "IoU", qtbot)
    click(iou, next(m for m in iou.marks if m.key == (iou.rows.index("car"), 0)))
    assert desk.said.text() == "Round 1 has no round before it."


def test_a_click_on_a_scan_opens_it(desk: DeskPage, qtbot):
    chart, state = seen(desk, "Scans", qtbot), desk.state
    mark = chart.marks[1]
    click(chart, mark)
    qtbot.waitUntil(lambda: state.settled and state.content.scan == mark.key)
    entropy = [float(row["entropy"]) for row in rows_of(chart) if row["entropy"]]
    assert entropy == sorted(entropy, reverse=True)
    assert [row["scan"] for row in rows_of(chart)][1] == mark.key


def test_right_and_wrong_are_seen_in_the_view(desk: DeskPage, qtbot):
    """Pixels of the frame: what is wrong in one colour, what is right in the other."""
    state, session = desk.state, desk.parent().session
    (scan,) = state.project.dataset.validation
    state.show_scan(scan)
    qtbot.waitUntil(lambda: state.settled and state.content.scan == scan)
    colours = session.points.in_view.colours
    colours.set_mode("error")
    QApplication.processEvents()
    content, view = state.content, session.view
    ids = view.picker.ids()
    with view._alone():
        image = view.canvas.render()[..., :3].astype(int)
    seen = ids >= 0
    assert seen.sum() > 500
    known = content.truth < 19
    wrong = known & (content.truth != content.prediction)
    red = image[..., 0] > image[..., 1] + 20
    green = image[..., 1] > image[..., 0] + 20
    assert red[seen & wrong[ids]].mean() > 0.99
    assert green[seen & (known & ~wrong)[ids]].mean() > 0.99
    rows = {name for name, _ in desk.parent().findChild(Legend)._rows()}
    assert f"wrong: {wrong.sum():,} points" in rows


@pytest.mark.slow
def test_pictures_of_scans_are_in_their_order_and_open_them(desk: DeskPage, qtbot):
    chart, state = seen(desk, "Scans", qtbot), desk.state
    chart.kind.setCurrentIndex(chart.kind.findData("pictures"))
    QApplication.processEvents()
    qtbot.waitUntil(lambda: desk.rested)
    entropy = [row["scan"] for row in rows_of(chart) if row["entropy"]]
    assert [mark.key for mark in chart.marks] == entropy
    assert [x.y for x in chart.marks] == sorted(x.y for x in chart.marks)
    kept = chart._pictures._kept
    assert [name for _, name in kept] == entropy
    for (measure, name), picture in kept.items():
        assert measure == "entropy"
        points = state.project.dataset.scan(name).points.astype(float)
        pixel = 80 / 128
        slow: dict[tuple[int, int], float] = {}
        for x, y, z, _ in points.tolist():
            place = int((40 - x) // pixel), int((40 - y) // pixel)
            if all(0 <= part < 128 for part in place):
                slow[place] = max(z, slow.get(place, -99))
        found = {
            (int(r), int(c)): float(picture.height[r, c])
            for r, c in zip(*np.nonzero(np.isfinite(picture.height)), strict=True)
        }
        assert found == pytest.approx(slow)
    click(chart, chart.marks[1])
    qtbot.waitUntil(lambda: state.settled and state.content.scan == entropy[1])
    assert [chart.found.names[p] for p in chart.chosen] == [entropy[1]]
    chart.measure.setCurrentIndex(chart.measure.findData("errors"))
    QApplication.processEvents()
    qtbot.waitUntil(lambda: desk.rested)
    (scan,) = state.project.dataset.validation
    assert [mark.key for mark in chart.marks] == [scan]
    assert np.nanmax(kept["errors", scan].value) == 1
    svg = svg_of(chart).decode()
    assert "<image" in svg


@pytest.mark.slow
def test_ask_for_these_queues_exactly_the_brushed_units_that_are_free(
    qtbot, measured: Path, prepared: Path, tmp_path: Path
):
    """By a rectangle that is dragged in the feature space, and the button."""
    path = copied_project(measured, tmp_path / "p", prepared.parent / "scans")
    window = open_window(path, qtbot)
    project = window.session.project
    desk = opened(window, qtbot)
    chart = seen(desk, "Features", qtbot)
    x, y = chart.plane.xy.T
    free = np.flatnonzero(chart.states == FREE)
    spent = project.need_units().points
    at = free[np.argsort(spent[free])[:1]]  # the smallest free unit, with what lies near it
    away = np.sort(np.maximum(abs(x - x[at]), abs(y - y[at])))[8]
    ends = [Mark(float(x[at][0] + sign * away), float(y[at][0] + sign * away), "", 0)
            for sign in (-1, 1)]  # fmt: skip
    first, last = (spot(chart, mark) for mark in ends)
    view = chart.plot.viewport()
    QTest.mousePress(view, LEFT, pos=first)
    QTest.mouseMove(view, last)
    QTest.mouseRelease(view, LEFT, pos=last)
    chosen = choice_of(desk.state).now.units
    wanted = set(project.need_units().names(np.intersect1d(chosen, free)))
    assert 0 < len(wanted) < len(free)
    assert chart.ask.text() == f"Ask for these {len(wanted)}"
    assert len(set(chosen.tolist()) - set(free.tolist())) or len(wanted) == len(chosen)
    rounds = len(project.rounds)
    with qtbot.waitSignal(window.jobs.finished, timeout=30_000):
        QTest.mouseClick(chart.ask, LEFT)
    qtbot.waitUntil(lambda: desk.rested and desk.state.settled)
    assert len(project.rounds) == rounds + 1
    assert set(project.tip.query.items) == wanted
    assert desk.state.round.id == project.tip.id
    items = project.tip.query.items
    assert {items[place] for place in desk.state.order.places} == wanted
    assert desk.state.target.unit in wanted
    window.close()


def test_a_rectangle_chooses_units_and_the_queue_keeps_to_them(driver: Driver, qtbot):
    desk = opened(driver.window, qtbot)
    chart, state = seen(desk, "Features", qtbot), desk.state
    project, session = state.project, driver.session
    units = project.need_units()
    x, y = chart.plane.xy.T
    low, high = np.quantile(x, [0.1, 0.6]), np.quantile(y, [0.1, 0.9])
    corners = [
        Mark(float(low[0]), float(high[0]), "", 0),
        Mark(float(low[1]), float(high[1]), "", 0),
    ]
    first, last = (spot(chart, mark) for mark in corners)
    view = chart.plot.viewport()
    QTest.mousePress(view, LEFT, pos=first)
    QTest.mouseMove(view, (first + last) / 2)
    QTest.mouseMove(view, last)
    QTest.mouseRelease(view, LEFT, pos=last)
    box = chart.plot.getViewBox()
    ends = [box.mapSceneToView(chart.plot.mapToScene(at)) for at in (first, last)]
    (x0, x1), (y0, y1) = sorted(e.x() for e in ends), sorted(e.y() for e in ends)
    wanted = np.flatnonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).tolist()
    assert 0 < len(wanted) < len(units)
    assert choice_of(state).now.units.tolist() == wanted
    names = set(units.names(wanted))
    items = state.round.query.items
    assert {items[place] for place in state.order.places} == names & set(items)
    assert session.queue.only.text().startswith(
        f"Chosen on the Desk: {len(state.order.places):,} of"
    )
    driver.settle()
    content = state.content
    lit = session.points.in_view.colours._chosen(content)
    mine = [u - units.range_of(content.scan).start for u in wanted
            if units.scans[units.scan[u]] == content.scan]  # fmt: skip
    inside = np.isin(content.unit, mine)
    inside[state.target.rows] = False
    assert lit.tolist() == inside.tolist()
    QTest.mouseClick(session.queue.only, LEFT)
    assert len(state.order.places) == len(items)
    assert not session.queue.only.isVisible()
    desk.close()


@pytest.mark.slow
def test_an_experiment_stands_beside_the_project(qtbot, measured: Path, tmp_path: Path):
    record_all(made_experiment(tmp_path / "out"))
    store().setValue("desk experiment", str(tmp_path / "out"))
    window = open_window(measured, qtbot)
    chart = seen(opened(window, qtbot), "Experiment", qtbot)
    assert {row["arm"] for row in rows_of(chart)} >= {"random", "ent", "full"}
    chart.kind.setCurrentIndex(1)
    QApplication.processEvents()
    assert len(chart.marks) == len(rows_of(chart)) > 3
    chart.kind.setCurrentIndex(2)
    assert chart.waiting.text().startswith("No arm's mean curve reaches 95 % of full labels")
    window.close()


def test_new_charts_say_what_they_wait_for(driver: Driver, qtbot):
    """A project that is asked; nothing is answered or trained, no experiment was opened."""
    desk = opened(driver.window, qtbot)
    said = {name: seen(desk, name, qtbot).waiting.text() for name in NEW}
    assert said["Certainty"].startswith("Errors are known once a round is trained")
    assert said["Annotators"] == "Nothing is answered yet."
    assert said["Scans"] == "No network is scored yet."
    assert said["Experiment"].startswith("Open the folder of an experiment")
    assert desk.charts["Features"].shows, "by shapes of the units"
    desk.close()
