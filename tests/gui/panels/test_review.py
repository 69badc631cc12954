"""Review, hidden repeats, a blind second annotator, and the history of a point."""

from __future__ import annotations

import shutil
from concurrent.futures import Future

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import steps
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.data.items import scan_of
from core.project.project import Project
from tests.gui.driver import Driver, open_window
from tests.gui.panels.lists import refilled
from tests.streets import give

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_every_answer_is_listed_and_relabelled_in_place(driver):
    first = driver.state.target
    driver.key("1")
    driver.key("2")
    refilled(driver)
    model = driver.session.review.model
    assert [row.found for row in model.rows] == [1, 0]  # the newest first
    assert model.rows[1].unit == first.unit
    assert model.rows[0].tool == "key"
    table = driver.session.review.table
    box = table.visualRect(model.index(1, 0))
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    driver.settle()
    assert driver.state.target.unit == first.unit
    driver.key("5")
    refilled(driver)
    assert {row.unit: row.found for row in model.rows}[first.unit] == 4


@pytest.mark.slow
def test_what_the_network_sees_differently_comes_first(driver):
    wrong = driver.state.target.unit
    truth = driver.state.content.truth[driver.state.target.rows]
    other = (int(np.bincount(truth).argmax()) + 1) % 19
    driver.key(driver.session.project.classes.keys[other])
    steps.annotate(driver.session.project, Job(), oracle="per-point")
    driver.step("train")
    refilled(driver)
    rows = driver.session.review.model.rows
    disputed = [row.disputed for row in rows]
    assert disputed == sorted(disputed, reverse=True)
    row = next(row for row in rows if row.unit == wrong)
    assert row.disputed == (row.model != other)
    assert all(row.model is not None for row in rows)
    assert "Suggest" in driver.session.review.summary.text()


def test_a_repeat_comes_unmarked_and_leaves_the_label(driver, monkeypatch):
    monkeypatch.setattr("core.quality.agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.agreement.LATER", 3)
    state = driver.state
    first = state.target.unit
    for _ in range(4):
        driver.key("1")
    target = state.target
    assert target.unit == first
    assert target.blind
    assert state.suggestion is None
    text = driver.session.work.in_view.overlays.card.title.text()
    assert "✓" not in text
    assert "again" not in text.lower()
    waiting = state.cursor
    driver.key("2")
    entry = driver.entries()[-1]
    assert (entry.unit, entry.blind) == (first, True)
    assert set(entry.classes.tolist()) == {1}
    assert set(state.project.labels(entry.scan)[entry.rows].tolist()) == {0}
    assert state.target.unit == state.round.query.items[waiting]
    driver.key("Z", CONTROL)
    assert state.target.unit == first
    assert state.target.blind
    driver.key("1")
    refilled(driver)
    assert "with themselves: 100% of points" in driver.session.review.summary.text()


@pytest.mark.slow
def test_what_was_said_of_a_repeat_is_not_listed_while_it_is_asked(driver, monkeypatch):
    monkeypatch.setattr("core.quality.agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.agreement.LATER", 3)
    state, review = driver.state, driver.session.review
    repeat = state.target.unit
    for _ in range(3):
        driver.key("1")
    refilled(driver)
    driver.key("1")
    assert (state.target.unit, state.target.blind) == (repeat, True)
    driver.rest()
    row = review.model.index_of(repeat).row()
    for _ in range(2):
        assert row >= 0
        assert review.table.isRowHidden(row)
        assert not review.table.selectedIndexes()
        refilled(driver)
        row = review.model.index_of(repeat).row()
    driver.key("2")
    driver.rest()
    refilled(driver)
    assert not any(map(review.table.isRowHidden, range(review.model.rowCount())))
    review.chosen.emit(repeat)
    driver.settle()
    driver.rest()
    row = review.model.index_of(repeat).row()
    assert {index.row() for index in review.table.selectedIndexes()} == {row}


@pytest.mark.slow
def test_a_second_annotator_sees_neither_labels_nor_suggestions(
    qapp, qtbot, project_path, monkeypatch
):
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with Project(project_path) as project:
        steps.annotate(project, Job(), oracle="per-point")
        answered = len(project.answers.effective)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    driver = Driver(open_window(project_path, qtbot), qtbot)
    driver.settle()
    state, table = driver.state, driver.session.work.in_view.colours.classes
    driver.window.actions_table.run("second")
    driver.settle()
    assert len(state.second) == min(50, answered)
    assert state.target.blind
    colours = driver.session.view.cloud._table.reshape(-1, 4)
    slots = driver.session.work.in_view.colours.placed
    shown = {tuple(c) for c in colours[np.unique(slots), :3].tolist()}
    assert (state.content.labels != UNLABELLED).any()
    assert tuple(table[8].tolist()) not in shown  # the road has its class colour nowhere
    assert driver.session.work.in_view.history.ask(int(state.target.rows[0])).result() == ""
    before = [project_labels(driver, scan) for scan in state.project.dataset.train]
    sample = list(state.second.units)
    for _ in sample:
        driver.key("R")
    assert state.second is None
    entries = [e for e in driver.entries() if e.annotator == "bob"]
    assert [e.unit for e in entries] == sample
    assert all(e.blind and not e.suggested for e in entries)
    for scan, labels in zip(state.project.dataset.train, before, strict=True):
        np.testing.assert_array_equal(project_labels(driver, scan), labels)
    refilled(driver)
    assert "bob with ann:" in driver.session.review.summary.text()
    # What they see differently is listed, votes side by side, and goes back in the queue.
    review, effective = driver.session.review, driver.answers.effective
    differ = [unit for unit in sample if effective[unit].main_class() != 8]
    assert differ
    assert review.kind.itemText(1) == f"Annotators differ ({len(differ)})"
    review.kind.setCurrentIndex(1)
    assert {row.unit for row in review.model.rows} == set(differ)
    votes = [review.model.data(review.model.index(line, 1)) for line in range(len(differ))]
    assert set(votes) == {"bob, blind: road"}
    run(driver, "reopen")
    assert f"{len(differ):,} units wait again" in driver.session.banner.what.text()
    assert set(differ) == set(driver.session.project.open_items(state.round))
    driver.window.close()


def project_labels(driver, scan: str) -> np.ndarray:
    return driver.session.project.labels(scan)


def test_the_history_of_a_point_names_who_when_and_how(driver):
    target = driver.state.target
    row = int(target.rows[0])
    history = driver.session.work.in_view.history
    assert history.ask(row).result() == ""
    driver.key("1")
    driver.session.state.show_unit(target.unit)
    driver.settle()
    driver.key("2")
    driver.session.state.show_unit(target.unit)
    driver.settle()
    newest, oldest = history.ask(row).result().splitlines()
    me = driver.answers.annotator
    assert newest.startswith(f"bicycle: {me}, ")
    assert oldest.startswith(f"car: {me}, ")
    assert oldest.endswith("round 1, key")
    driver.key("Z", CONTROL)
    assert len(history.ask(row).result().splitlines()) == 1


def test_a_scan_that_cannot_be_read_is_told_and_the_answers_are_listed(driver, small_street):
    project = driver.session.project
    scan = project.dataset.train[-1]
    unit = project.need_units().range_of(scan).start
    give(project, unit, 1)
    give(project, unit, 2, blind=True)
    with (small_street / f"{scan}.bin").open("ab") as file:
        file.write(bytes(16))
    refilled(driver)
    review = driver.session.review
    assert [row.found for row in review.model.rows] == [1]
    assert scan in review.summary.text().splitlines()[-1]
    assert not driver.session.banner.isVisible()


def test_what_was_read_before_takes_no_place_of_what_was_read_later(driver, monkeypatch):
    review, reads = driver.session.review, [Future(), Future()]
    begun = iter(reads)

    def begin(*_: object) -> Future:
        future = next(begun)
        future.set_running_or_notify_cancel()
        return future

    monkeypatch.setattr(driver.state.background, "submit", begin)
    review.refill()
    review.refill()
    for read, words in zip(reversed(reads), ("later", "before"), strict=True):
        read.set_result(([], words))
    QApplication.processEvents()
    assert review.summary.text() == "later"


def folder_chosen(monkeypatch, path) -> None:
    monkeypatch.setattr("gui.start.folders.QFileDialog.getExistingDirectory", lambda *_: str(path))


def run(driver, id: str) -> None:
    """Choose an action that starts a job from its menu, and wait until it has ended."""
    with driver.qtbot.waitSignal(driver.window.jobs.finished):
        driver.window.actions_table.made[id].trigger()
    driver.settle()


def test_merged_disagreements_are_listed_and_asked_again(
    qapp, qtbot, project_path, tmp_path, monkeypatch
):
    other = tmp_path / "of-ann"
    shutil.copytree(project_path, other)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with Project(other) as project:
        items = project.open_round.query.items
        for item, found in zip(items[:3], (0, 1, 1), strict=True):
            give(project, project.need_units().find(item), found)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    driver = Driver(open_window(project_path, qtbot), qtbot)
    driver.settle()
    for _ in range(3):
        driver.key("1")
    folder_chosen(monkeypatch, other)
    run(driver, "merge")
    assert "differ on 2 units" in driver.session.banner.what.text()
    refilled(driver)
    review = driver.session.review
    assert review.kind.itemText(1) == "Annotators differ (2)"
    review.kind.setCurrentIndex(1)
    assert {row.unit for row in review.model.rows} == set(items[1:3])
    assert all(row.others == {"ann": 1} for row in review.model.rows)
    run(driver, "reopen")
    assert "2 units wait again" in driver.session.banner.what.text()
    assert driver.session.project.open_items(driver.state.round)[:2] == list(items[1:3])
    driver.window.actions_table.run("label")
    driver.settle()
    assert driver.state.target.unit == items[1]
    assert (driver.state.content.labels[driver.state.target.rows] == UNLABELLED).all()
    driver.key("4")
    assert driver.state.target.unit == items[2]
    driver.key("Z", CONTROL)
    assert driver.state.target.unit == items[1]
    driver.key("Z", CONTROL)
    assert driver.session.status.said.text() == "Undone: 1 unit asked again"
    assert driver.answers.effective[items[2]].annotator == "bob"
    driver.window.close()


def test_imported_labels_are_shown_and_repaired(driver, monkeypatch, small_street):
    truth = driver.state.content.truth
    folder_chosen(monkeypatch, small_street)
    run(driver, "import")
    with driver.qtbot.waitSignal(driver.window.jobs.finished):
        driver.click(driver.session.banner.choices[0])  # what would be imported is said first
    driver.settle()
    labels = driver.state.content.labels
    np.testing.assert_array_equal(labels[truth < 200], truth[truth < 200])
    target = driver.state.target
    driver.key("5")
    scan = scan_of(target.unit)
    assert (driver.session.project.labels(scan)[target.rows] == 4).all()


def test_a_merge_that_cannot_be_is_told_in_a_sentence(driver, monkeypatch, tmp_path):
    folder_chosen(monkeypatch, tmp_path)
    run(driver, "merge")
    assert "holds no journals" in driver.session.banner.what.text()


def test_a_closed_project_is_read_no_more(driver):
    """Qt shows the docks of a project once more while it takes them away."""
    review, context = driver.session.review, driver.session.context
    driver.key("1")
    driver.window.show_start()
    before = list(review.model.rows)
    review.refill()
    context.show()
    context._scan = ""
    context.refresh()
    driver.qtbot.waitUntil(review._asked.done)
    QApplication.processEvents()
    assert review.model.rows == before
