"""Steps that end, fail or are stopped take nothing from the person who draws meanwhile."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from core import steps
from core.answers.effort import NO_EFFORT
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.exchange.import_labels import plan_import
from core.project.frozen import training_set
from core.project.project import Project
from core.project.status import status
from gui.panels.ask_options import AskOptions
from gui.window.stepper import steps as shown_steps
from tests.gui.strokes import cut, largest_cell, places, press_and_move, release, thirds
from tests.streets import give

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

ROAD, PARKING = 8, 9


class Desk:
    """What a person who draws has before them."""

    def __init__(self, driver) -> None:
        state, drawing = driver.state, driver.session.work.in_view.drawing
        draft, seen = driver.session.work.labelling.draft, driver.session.view.camera
        self.unit, self.item = state.target.unit, state.target.item
        self.rows = state.target.rows.tolist()
        self.draft = None if draft is None else (draft.classes.tolist(), draft.selected.tolist())
        self.tool = drawing.draw_tool.tool if drawing.draw_tool.isVisible() else ""
        self.stroke = list(drawing.draw_tool._places)
        self.camera = (*seen.center, seen.scale_factor, seen.azimuth, seen.elevation)
        self.view = driver.session.view.size()
        self.order = (list(state.order.places), state.cursor)


def same(driver, before: Desk) -> None:
    assert vars(Desk(driver)) == vars(before)


def in_mid_stroke(driver) -> np.ndarray:
    """One part of the largest cell has its class; a box is half drawn over the rest. The ends of
    the box."""
    largest_cell(driver)
    _, second = thirds(driver)
    cut(driver, second)
    driver.key("R")
    driver.key("O")
    xy = places(driver)
    ends = np.array([xy.min(axis=0) - 6, np.median(xy, axis=0)])
    press_and_move(driver, [ends[0], ends.mean(axis=0), ends[1]])
    return ends


def train(driver, qtbot) -> None:
    """Train by a click, and draw until it has ended."""
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        driver.click(driver.window.stepper.buttons["train"])
    driver.settle()


@pytest.mark.slow
def test_training_that_ends_in_mid_stroke_takes_nothing_away(driver, qtbot):
    project, first = driver.session.project, driver.state.round
    for key in "R15":
        driver.key(key)
    jobs, banner = driver.window.jobs, driver.session.banner
    with qtbot.waitSignal(jobs.finished, timeout=120_000):
        driver.click(driver.window.stepper.buttons["train"])
        ends = in_mid_stroke(driver)
        before = Desk(driver)
        assert before.stroke
        assert before.draft is not None
    driver.settle()
    assert project.stage(first) == "scored"
    same(driver, before)
    assert not banner.isVisible()  # it would move the points under the hand
    assert driver.state.round is first
    assert project.open_round is first
    waiting = project.open_items(first)
    assert len(waiting) == len(first.query.items) - 3
    assert driver.session.queue.model.rowCount() == len(first.query.items)
    release(driver, ends[1])
    draft = driver.session.work.labelling.draft
    assert draft.selected.any()
    qtbot.waitUntil(banner.isVisible)
    miou = first.metrics()["miou"]
    assert f"Training ended: mIoU {miou:.1%}, loss " in banner.what.text()
    assert f"{len(waiting):,} items are still open" in banner.do.text()
    assert [b.text() for b in banner.choices] == ["Ask the next query now", "Finish these first"]
    driver.click(banner.choices[1])
    assert not banner.isVisible()
    assert np.array_equal(driver.session.work.labelling.draft.selected, draft.selected)
    driver.key("T")
    driver.key("A")
    answer = driver.entries()[-1]
    assert (answer.unit, answer.round) == (before.unit, first.id)
    assert {ROAD, PARKING} < set(answer.classes.tolist())
    positions = training_set(project, first).positions[driver.answers.annotator]
    assert answer.seq > positions  # it counts from the next round on
    assert "prediction" in driver.session.work.in_view.colours.modes()


@pytest.mark.slow
def test_every_item_is_answered_after_the_training_and_counts_in_the_next_round(driver, qtbot):
    project, first = driver.session.project, driver.state.round
    for key in "R15":
        driver.key(key)
    train(driver, qtbot)
    driver.click(driver.session.banner.choices[1])
    now = {one.action: (one.text, one.state) for one in shown_steps(driver.state, None)}
    asked = len(first.query.items)
    assert now["label"] == (f"Label 3/{asked}", "now")
    assert now["ask"][0] == "Ask round 2"
    assert now["train"][1] == now["evaluate"][1] == "done"
    while driver.state.target is not None:
        driver.key("R")
    assert project.open_items(first) == []
    assert "ask the next query" in driver.session.status.said.text()
    driver.key("Z", CONTROL)  # the last one is there again, in the queue too
    assert driver.state.target.item is not None
    assert driver.session.queue.highlight.index.isValid()
    driver.key("R")
    row = status(project, backend="")["rounds"][0]
    assert (row["stage"], row["answered"]["items"]) == ("scored", asked)
    driver.step("ask")
    second = driver.state.round
    assert second.parent == first.id
    driver.step("oracle")
    training = training_set(project, second)
    rows = {e.unit: e for e in driver.entries()}[first.query.items[-1]]
    assert (training.labels(rows.scan)[rows.rows] == ROAD).all()


@pytest.mark.slow
def test_the_next_query_is_asked_by_a_click_and_a_drawing_stays(driver, qtbot):
    for key in "R15":
        driver.key(key)
    train(driver, qtbot)
    largest_cell(driver)
    _, second = thirds(driver)
    cut(driver, second)
    driver.key("R")
    before = Desk(driver)
    first = driver.state.round
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        driver.click(driver.session.banner.choices[0])
    driver.settle()
    asked = driver.state.round
    assert asked.parent == first.id
    after = Desk(driver)
    assert (after.unit, after.rows, after.draft) == (before.unit, before.rows, before.draft)
    assert (after.tool, after.camera) == (before.tool, before.camera)
    assert after.item == asked.query.place_of.get(before.unit)
    assert f"{len(asked.query.items):,} units are asked" in driver.session.banner.what.text()
    driver.key("A")
    answer = driver.entries()[-1]
    assert (answer.unit, answer.round) == (before.unit, "" if after.item is None else asked.id)
    driver.key(Qt.Key.Key_Tab)
    assert driver.state.target.item is not None


@pytest.mark.parametrize("way", ["key", "button", "options"])
def test_a_next_query_never_takes_open_items_unasked(driver, qtbot, way: str):
    """F6 put 39 of them back in the pool without a word."""
    for key in "R15":
        driver.key(key)
    train(driver, qtbot)
    driver.click(driver.session.banner.choices[1])
    project, first, banner = driver.session.project, driver.state.round, driver.session.banner

    def ask() -> None:
        if way == "key":
            driver.key(Qt.Key.Key_F6)
        elif way == "button":
            driver.click(driver.window.stepper.buttons["ask"])
        else:
            driver.window.open_ask()
            options = driver.window.findChildren(AskOptions)[-1]
            options.kind.setCurrentIndex(1)
            options.amount.setValue(7)
            driver.click(options.findChild(QPushButton))

    banner.show_note("Something was said before.", "")
    ask()
    waiting = len(project.open_items(first))
    assert all(choice.isVisible() for choice in banner.choices)
    assert banner.what.width() > 30 * banner.fontMetrics().averageCharWidth()  # not a word a line
    assert f"{waiting} items are still open" in banner.what.text()
    assert driver.window.jobs.running is None
    driver.click(banner.choices[1])
    assert not banner.isVisible()
    assert driver.state.round is first
    ask()
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        driver.click(banner.choices[0])
    driver.settle()
    assert driver.state.round.parent == first.id
    assert len(driver.state.round.query.items) == 7 or way != "options"


@pytest.mark.slow
def test_the_round_before_is_told_beside(driver, qtbot):
    project = driver.session.project
    driver.step("oracle")
    driver.step("train")
    assert [b.text() for b in driver.session.banner.choices] == ["Ask the next query now"]
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        driver.click(driver.session.banner.choices[0])
    driver.settle()
    driver.step("oracle")
    driver.step("train")
    first, second = (one.metrics()["miou"] for one in project.rounds)
    told = driver.session.banner.what.text()
    assert f"mIoU {second:.1%} ({first:.1%} the round before), loss " in told


def fails(*_: object, **__: object) -> None:
    raise ProjectError("It cannot be done.", "Do something else.")


def other_settings(project: Project) -> None:
    """Let Prepare cut the ground in other cells."""
    settings = project.settings.override("prepare.cell_m", "7", source="test")
    project.file = replace(project.file, settings=settings)


@pytest.mark.parametrize(
    "job", ["import", "merge", "oracle", "prepare", "export", "ask fails", "train fails", "cancel"]
)
def test_no_step_that_ends_takes_a_drawing_away(
    driver, qtbot, monkeypatch, tmp_path, project_path, small_street, job: str
):
    session, jobs = driver.session, driver.window.jobs
    driver.key("R")
    if job == "merge":
        shutil.copytree(project_path, tmp_path / "other")
        monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
        with Project(tmp_path / "other") as other:
            give(other, 5, 3)
    monkeypatch.setattr("core.steps.ask", fails)
    if job == "train fails":
        monkeypatch.setattr("models.steps.train", fails)
    ends = in_mid_stroke(driver)
    before = Desk(driver)
    started = {
        "import": lambda: session.exchange._take_over(
            plan_import(session.project, small_street, Job())
        ),
        "merge": lambda: session.steps.merge(tmp_path / "other"),
        "oracle": session.steps.oracle,
        "prepare": session.steps.prepare,
        "export": lambda: session.exchange.export(tmp_path / "out", "labels"),
        "ask fails": session.steps.ask,
        "train fails": session.steps.train,
        "cancel": session.steps.train,
    }[job]
    with qtbot.waitSignal(jobs.finished, timeout=60_000):
        started()
        if job == "cancel":
            session.steps.cancel()
    driver.settle()
    same(driver, before)
    release(driver, ends[1])
    assert session.work.labelling.draft.selected.any()
    driver.key("T")
    driver.key("A")
    me = driver.answers.annotator
    answer = next(e for e in driver.entries()[::-1] if e.annotator == me)
    assert answer.rows.tolist() == before.rows
    assert {ROAD, PARKING} < set(answer.classes.tolist())
    labels = driver.state.project.labels(answer.scan)
    assert np.array_equal(labels[answer.rows], answer.classes)


def test_a_drawing_stays_with_its_points_where_other_units_are_prepared(driver, qtbot):
    ends = in_mid_stroke(driver)
    before = Desk(driver)
    project, old = driver.session.project, driver.session.project.units
    other_settings(project)
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        driver.session.steps.prepare()
    driver.settle()
    assert project.units is not old
    after = Desk(driver)
    assert (after.rows, after.draft) == (before.rows, before.draft)
    assert (after.stroke, after.tool, after.camera) == (before.stroke, before.tool, before.camera)
    release(driver, ends[1])
    driver.key("T")
    driver.key("A")
    answer = driver.entries()[-1]
    assert (answer.unit, answer.round) == ("", "")  # it is no unit's any more
    assert answer.rows.tolist() == before.rows


def test_an_answer_given_while_a_scan_is_read_anew_stays_on_screen(driver, monkeypatch):
    """Labels are read on another thread; what is answered meanwhile must not be missing in them."""
    state, answers = driver.state, driver.answers
    target, content = state.target, state.content
    asked: list = []
    future: Future = Future()
    monkeypatch.setattr(
        state.loader._background, "submit", lambda work, turn: asked.append(work) or future
    )
    state.reload()
    read = asked[0]()
    ref = driver.session.project.scan_ref(content.scan)
    classes = np.full(len(target.rows), 3, np.uint8)
    answers.answer(ref, target.rows, classes, round="", unit=target.unit, effort=NO_EFFORT)
    assert (read.labels[target.rows] == UNLABELLED).all()
    future.set_result(read)
    driver.settle()
    assert state.content is read
    assert (state.content.labels[target.rows] == 3).all()


@pytest.mark.slow
def test_the_command_line_goes_on_with_what_is_open(driver, qtbot):
    """After training, the oracle answers what is still on the table, as a person would."""
    project, first = driver.session.project, driver.state.round
    driver.key("R")
    train(driver, qtbot)
    assert steps.annotate(project, Job(), oracle="per-point") == len(first.query.items) - 1
    assert project.open_round is None
    with pytest.raises(ProjectError, match="No query is open"):
        steps.annotate(project, Job(), oracle="per-point")


def test_a_stray_click_loses_no_drawing(driver):
    largest_cell(driver)
    _, second = thirds(driver)
    cut(driver, second)
    driver.key("R")
    before = Desk(driver)
    driver.key(Qt.Key.Key_Escape)  # the tool is put away: now a click picks
    rows = driver.state.content.unit
    other = int(np.flatnonzero((rows >= 0) & (rows != rows[before.rows[0]]))[0])
    driver.session.view.clicked.emit(other, 0.0, 0.0)
    driver.settle()
    assert driver.state.target.unit != before.unit
    driver.state.go(before.item)
    driver.settle()
    assert Desk(driver).draft == before.draft
