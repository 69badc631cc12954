"""Drafts with real keys and mouse: a class once given stays, and what is drawn is never lost."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.data.classes import UNLABELLED
from core.prepare.units import NOISE
from tests.gui.driver import open_window
from tests.gui.strokes import cut, drag, largest_cell, places, press_and_move, thirds

CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
SHIFT, LEFT = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
ROAD, PARKING, TRUNK = 8, 9, 10  # keys R, T and A


@pytest.fixture
def cell(driver):
    """The largest ground cell that is asked, seen from straight above."""
    largest_cell(driver)
    return driver


def drawn(driver):
    return driver.session.work.labelling.draft


def as_left(driver):
    draft = drawn(driver)
    return draft.classes.tolist(), draft.selected.tolist(), draft.title


# -- a class that was given stays ------------------------------------------------------------------


def test_a_second_cut_leaves_the_classes_that_were_given(cell):
    """Both cuts have the same third on their side; it got its class with the first."""
    first, second = thirds(cell)
    cut(cell, second)
    sides = drawn(cell).selected
    cell.key("R")
    road = drawn(cell).classes == ROAD
    assert np.array_equal(road, sides)
    cut(cell, first)
    assert not (drawn(cell).selected & road).any()
    cell.key("T")
    assert cell.entries() == [] or len(set(cell.entries()[0].classes.tolist())) == 2
    if not cell.entries():
        cell.key("A")
    (entry,) = cell.entries()
    assert (entry.classes[road] == ROAD).all()
    assert not (entry.classes[~road] == ROAD).any()
    assert 20 < road.sum() < len(road) - 20


@pytest.mark.parametrize(
    "tool", ["L", "O", *(pytest.param(tool, marks=pytest.mark.slow) for tool in "PU")]
)
@pytest.mark.parametrize("held", [NONE, SHIFT])
def test_a_tool_takes_points_with_a_class_only_with_shift(cell, tool: str, held):
    """The shape lies over the whole unit, a part of which has a class."""
    first, _ = thirds(cell)
    cut(cell, first)
    cell.key("R")
    road = drawn(cell).classes == ROAD
    xy = places(cell)
    low, high = xy.min(axis=0) - 6, xy.max(axis=0) + 6
    cell.key(tool)
    sheet = cell.session.work.in_view.drawing.draw_tool
    ring = [low, (high[0], low[1]), high, (low[0], high[1])]
    if tool == "P":
        for corner in ring:
            QTest.mouseClick(sheet, LEFT, held, QPoint(*(round(float(c)) for c in corner)))
        cell.key(Qt.Key.Key_Return)
    elif tool == "U":
        sheet.radius = 1000.0
        drag(cell, [ring[0], ring[2]], held)
    else:
        drag(cell, ring if tool == "L" else [low, high], held)
    expected = np.ones(len(road), bool) if held == SHIFT else ~road
    assert np.array_equal(drawn(cell).selected, expected)
    cell.key("A")
    (entry,) = cell.entries()
    assert (entry.classes == np.where(expected, TRUNK, ROAD)).all()


def test_the_preview_shows_only_what_the_tool_will_take(cell):
    first, _ = thirds(cell)
    cut(cell, first)
    cell.key("R")
    road = drawn(cell).classes == ROAD
    xy = places(cell)
    cell.key("O")
    press_and_move(cell, [xy.min(axis=0) - 6, xy.max(axis=0) + 6])
    preview = cell.session.work.in_view.colours._preview
    assert np.array_equal(preview, ~road)


def test_where_all_that_is_in_the_shape_has_a_class_it_is_told(cell):
    first, _ = thirds(cell)
    cut(cell, first)
    cell.key("R")
    road = drawn(cell).classes == ROAD
    inside, others = places(cell)[road], places(cell)[~road]
    apart = np.linalg.norm(inside[:, None] - others[None], axis=2).min(axis=1)
    middle, half = inside[apart.argmax()], apart.max() / 2  # a box around nothing but road
    cell.key("O")
    before = drawn(cell)
    drag(cell, [middle - half, middle + half])
    assert drawn(cell) is before
    assert "Shift" in cell.session.status.said.text()


def test_the_guess_of_the_network_leaves_what_was_given(cell):
    first, _ = thirds(cell)
    target, content = cell.state.target, cell.state.content
    content.prediction = np.full(len(content.points), TRUNK, np.uint8)
    cut(cell, first)
    cell.key("R")
    road = drawn(cell).classes == ROAD
    cell.key("Y")
    assert np.array_equal(drawn(cell).classes, np.where(road, ROAD, TRUNK))
    cell.key("T")  # for what is only guessed
    assert np.array_equal(drawn(cell).classes, np.where(road, ROAD, PARKING))
    cell.key("A")  # now each has its class from the person: a key alone changes nothing
    assert np.array_equal(drawn(cell).classes, np.where(road, ROAD, PARKING))
    cell.key(Qt.Key.Key_Return)
    (entry,) = cell.entries()
    assert np.array_equal(entry.classes, np.where(road, ROAD, PARKING))
    assert np.array_equal(entry.rows, target.rows)


def test_noise_that_has_a_class_is_not_taken_with_its_neighbour(driver):
    content = driver.state.content
    content.unit.setflags(write=True)
    away = np.linalg.norm(content.points[:, :3] - content.points[0, :3], axis=1)
    near = np.argsort(away)[:6]
    content.unit[near] = NOISE
    content.points.setflags(write=True)
    content.points[near, :3] = content.points[0, :3] + np.arange(6)[:, None] * [0.3, 0, 0]
    labelling = driver.session.work.labelling
    labelling.pick(int(near[0]))  # what lies within 1 m of it: four of the six
    driver.key("1")
    labelling.pick(int(near[5]))
    driver.key("2")
    first, second = driver.entries()
    assert sorted(first.rows) == sorted(near[:4])
    assert sorted(second.rows) == sorted(near[4:])


# -- undo ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anew", [False, True])
def test_undoing_an_answer_reopens_its_draft_and_one_point_is_corrected(
    cell, qtbot, project_path, anew: bool
):
    unit = cell.state.target.unit
    first, _ = thirds(cell)
    cut(cell, first)
    cell.key("R")
    cell.key("A")
    (answer,) = cell.entries()
    assert cell.state.target.unit != unit
    if anew:
        cell.window.close()
        cell.window = open_window(project_path, qtbot)
        cell.settle()
        cell.key("J")
    cell.key("Z", CONTROL)
    assert cell.state.target.unit == unit
    assert (cell.state.content.labels[cell.state.target.rows] == UNLABELLED).all()
    assert np.array_equal(drawn(cell).classes, answer.classes)
    cell.key("T")  # without a shape it would be for everything: refused aloud
    assert np.array_equal(drawn(cell).classes, answer.classes)
    assert "Every point has its class" in cell.session.status.said.text()
    xy = places(cell)
    alone = int(np.argmax(np.abs(xy - np.median(xy, axis=0)).sum(axis=1)))
    cell.key("O")
    drag(cell, [xy[alone] - 3, xy[alone] + 3])
    few = drawn(cell).selected
    assert few[alone]
    assert few.sum() < 20
    cell.key("T")
    newest = cell.entries()[-1]
    assert np.array_equal(newest.classes, np.where(few, PARKING, answer.classes))
    assert "box" in newest.tool
    assert drawn(cell) is None


def test_the_steps_of_a_reopened_draft_are_taken_back_before_older_answers(cell):
    cell.key(Qt.Key.Key_Tab)
    other = cell.state.target.unit
    cell.key("1")
    cell.key(Qt.Key.Key_Backtab, SHIFT)
    cell.key(Qt.Key.Key_Backtab, SHIFT)
    unit = cell.state.target.unit
    first, _ = thirds(cell)
    cut(cell, first)
    selected = drawn(cell).selected
    cell.key("R")
    cell.key("A")
    for _ in range(3):
        cell.key("Z", CONTROL)
    assert np.array_equal(drawn(cell).selected, selected)
    cell.key("Z", CONTROL)
    assert drawn(cell) is None
    assert other in cell.answers.effective
    for _ in range(4):
        cell.key("Y", CONTROL)
    assert set(cell.answers.effective) == {unit, other}
    assert drawn(cell) is None
    for _ in range(5):
        cell.key("Z", CONTROL)
    assert not cell.answers.effective
    assert cell.state.target.unit == other


# -- nothing is lost -------------------------------------------------------------------------------


def half_drawn(cell) -> tuple[str, tuple]:
    """Cut and give one side its class, select some of the other."""
    first, second = thirds(cell)
    cut(cell, second)
    cell.key("R")
    cut(cell, first)
    assert drawn(cell).selected.any()
    assert (drawn(cell).classes == ROAD).any()
    return cell.state.target.unit, as_left(cell)


def test_a_draft_is_there_again_after_a_detour(cell):
    unit, left = half_drawn(cell)
    place = cell.state.cursor
    cell.key(Qt.Key.Key_Tab)
    assert cell.state.target.unit != unit
    assert drawn(cell) is None
    cell.key("1")
    cell.key(Qt.Key.Key_PageDown)
    cell.state.go(place)
    cell.settle()
    assert as_left(cell) == left
    cell.key("Z", CONTROL)  # its steps too
    assert not drawn(cell).selected.any()
    cell.key(Qt.Key.Key_Tab)
    cell.window.actions_table.made["drawing"].trigger()
    cell.settle()
    assert cell.state.target.unit == unit


def test_a_draft_outlives_colours_and_theme(cell):
    unit, left = half_drawn(cell)
    for key in "1234567":
        cell.key(key, CONTROL)
    cell.key("L", CONTROL | SHIFT)
    cell.key("S", CONTROL | SHIFT)
    cell.key("L", CONTROL | SHIFT)
    assert (cell.state.target.unit, as_left(cell)) == (unit, left)
    assert cell.session.work.in_view.drawing.draw_tool.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed", "killed"])
def test_a_draft_is_there_again_when_the_project_is_opened(
    cell, qtbot, project_path, tmp_path, how
):
    """Killed: a copy of the folder as it lies on the disk while the window is open."""
    cell.key(Qt.Key.Key_Tab)
    cell.key(Qt.Key.Key_Backtab, SHIFT)
    unit, left = half_drawn(cell)
    rows = cell.state.target.rows
    if how == "closed":
        cell.window.close()
    else:
        drafts = cell.session.work.labelling.drafts
        qtbot.waitUntil(lambda: not drafts._wanted)
        with drafts._writing:
            shutil.copytree(project_path, tmp_path / "copy")
        cell.window.close()
        project_path = tmp_path / "copy"
    cell.window = open_window(project_path, qtbot)
    cell.settle()
    assert cell.state.target.unit == unit
    assert as_left(cell) == left
    assert "left open" in cell.session.banner.what.text()
    cell.key("J")
    cell.key("T")
    cell.key("A")
    (entry,) = cell.entries()
    assert set(entry.classes.tolist()) == {ROAD, PARKING, TRUNK}
    assert np.array_equal(entry.rows, rows)
    assert entry.tool == "cut"
    cell.window.close()
    assert list((project_path / "drawings").rglob("*.npz")) == []
    cell.window = open_window(project_path, qtbot)
    cell.settle()
    assert drawn(cell) is None
    assert not cell.session.banner.isVisible()


def test_an_answer_written_just_before_a_kill_leaves_no_draft(cell, qtbot, project_path, tmp_path):
    half_drawn(cell)
    unit = cell.state.target.unit
    drafts = cell.session.work.labelling.drafts
    qtbot.waitUntil(lambda: not drafts._wanted)
    with drafts._writing:
        shutil.copytree(project_path / "drawings", tmp_path / "drawings")
    cell.key("T")
    cell.key("A")
    assert unit in cell.answers.effective
    cell.window.close()
    shutil.copytree(tmp_path / "drawings", project_path / "drawings", dirs_exist_ok=True)
    cell.window = open_window(project_path, qtbot)
    cell.settle()
    assert cell.session.work.labelling.drafts.open() == []
    assert unit in cell.answers.effective


def test_a_damaged_drawing_is_told_and_the_rest_goes_on(cell, qtbot, project_path):
    half_drawn(cell)
    cell.window.close()
    (file,) = (project_path / "drawings").rglob("*.npz")
    file.write_bytes(file.read_bytes()[:-200])
    cell.window = open_window(project_path, qtbot)
    cell.settle()
    assert file.name in cell.session.banner.what.text()
    cell.key("1")
    assert len(cell.entries()) == 1


def test_put_away_it_is_gone_from_the_disk_too(cell, project_path):
    half_drawn(cell)
    for _ in range(3):
        cell.key(Qt.Key.Key_Escape)
    assert drawn(cell) is None
    cell.window.close()
    assert list((project_path / "drawings").rglob("*.npz")) == []
