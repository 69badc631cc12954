"""Labelling with real keys and clicks: the journal holds what the pixels showed."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.base.errors import ProjectError, StorageError
from core.data.classes import IGNORED, MIXED, UNLABELLED, UNSURE
from core.data.items import scan_of
from core.prepare.units import CELL, NOISE, OVERSIZE
from gui.points.paint import FULL
from gui.points.said import describe
from tests.gui.driver import open_window

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_one_key_answers_and_the_next_item_is_shown(driver):
    query = driver.state.round.query
    first = driver.state.target
    assert first.unit == query.items[0]
    driver.key("1")
    (entry,) = driver.entries()
    assert entry.unit == query.items[0]
    assert entry.round == "001-size"
    assert np.array_equal(entry.rows, first.rows)
    assert set(entry.classes.tolist()) == {0}
    assert (entry.tool, entry.keys, entry.clicks) == ("key", 1, 0)
    assert driver.state.target.unit == query.items[1]
    assert driver.session.status.saved.text().startswith("saved in")


def test_the_asked_unit_is_the_bright_one(driver):
    content, target, view = driver.state.content, driver.state.target, driver.session.view
    image = view.canvas.render()[..., :3].astype(int)
    scale = view.canvas.pixel_scale
    xy = np.round(view.picker.screen_xy(content.points[target.rows]) * scale).astype(int)
    height, width = image.shape[:2]
    inside = (xy >= 0).all(axis=1) & (xy[:, 0] < width) & (xy[:, 1] < height)
    assert inside.mean() > 0.9
    lit = image[xy[inside, 1], xy[inside, 0]].max(axis=1)
    assert np.median(lit) > 120
    assert (view.cloud._table[..., 3] == FULL).sum() == 1


@pytest.mark.parametrize(("key", "code"), [("I", IGNORED), ("M", MIXED), ("N", UNSURE)])
def test_codes_have_keys(driver, key: str, code: int):
    driver.key(key)
    assert set(driver.entries()[0].classes.tolist()) == {code}


def test_a_click_in_the_palette_does_what_the_key_does(driver):
    driver.click(driver.session.palette.buttons[8])
    (entry,) = driver.entries()
    assert set(entry.classes.tolist()) == {8}
    assert entry.clicks == 1


@pytest.mark.slow
def test_every_item_can_be_answered_until_the_queue_is_empty(driver):
    items = list(driver.state.round.query.items)
    for place in range(len(items)):
        assert driver.state.target.unit == items[place]
        driver.key("R")
    assert driver.state.target is None
    assert not driver.session.project.open_items(driver.state.round)
    assert [entry.unit for entry in driver.entries()] == items


def test_skip_and_back(driver):
    items = driver.state.round.query.items
    driver.key(Qt.Key.Key_Tab)
    assert driver.state.target.unit == items[1]
    driver.key("1")
    assert driver.state.target.unit == items[2]
    driver.key(Qt.Key.Key_Backtab, SHIFT)
    assert driver.state.target.unit == items[1]
    driver.key(Qt.Key.Key_Backtab, SHIFT)
    assert driver.state.target.unit == items[0]
    assert driver.state.order.is_open(0)


@pytest.mark.slow
def test_the_queue_comes_round_to_what_was_skipped(driver):
    items = driver.state.round.query.items
    driver.key(Qt.Key.Key_Tab)
    for _ in items[1:]:
        driver.key("1")
    assert driver.state.target.unit == items[0]


def test_undo_and_redo_fly_back_across_scans(driver):
    items = driver.state.round.query.items
    for key in ("1", "2", "3"):
        driver.key(key)
    scan = driver.session.project.dataset.train[-1]
    driver.key(Qt.Key.Key_PageDown)
    for place in (2, 1, 0):
        driver.key("Z", CONTROL)
        assert driver.state.target.unit == items[place]
        assert driver.state.content.scan == scan_of(items[place])
        rows = driver.state.target.rows
        assert set(driver.state.content.labels[rows].tolist()) == {UNLABELLED}
    assert driver.answers.fold.class_counts() == {}
    for place in range(3):
        driver.key("Z", CONTROL | SHIFT)
        assert driver.state.target.unit == items[place]
        rows = driver.state.target.rows
        assert set(driver.state.content.labels[rows].tolist()) == {place}
    driver.key("Z", CONTROL | SHIFT)
    assert driver.session.status.said.text() == "Nothing to redo."
    assert scan in driver.session.project.dataset.scans


def test_undo_reaches_over_closing_the_window(driver, qtbot, project_path):
    driver.key("1")
    unit = driver.entries()[0].unit
    driver.window.close()
    window = open_window(project_path, qtbot)
    driver.window = window
    driver.settle()
    driver.key("Z", CONTROL)
    assert unit not in driver.answers.effective
    assert driver.state.target.unit == unit


def on_screen(driver, rows: np.ndarray) -> tuple[int, np.ndarray] | None:
    """A row of `rows` that is drawn front-most, and its place."""
    view, points = driver.session.view, driver.state.content.points
    ids = view.picker.ids()
    seen = np.intersect1d(ids[ids >= 0], rows)
    if not len(seen):
        return None
    row = int(seen[len(seen) // 2])
    line, column = np.argwhere(ids == row)[0]
    assert np.isfinite(points[row]).all()
    return row, np.array([column, line]) / view.canvas.pixel_scale


def test_a_click_picks_the_unit_under_the_pixel_and_counts_as_volunteered(driver):
    driver.key(Qt.Key.Key_End)
    content = driver.state.content
    asked = set(driver.state.round.query.items)
    first = driver.session.project.units.range_of(content.scan).start
    free = [
        n for n in range(content.units) if driver.session.project.units.name(first + n) not in asked
    ]
    found = next(
        (number, hit[1])
        for number in free
        if (hit := on_screen(driver, np.flatnonzero(content.unit == number))) is not None
    )
    number, place = found
    driver.click_at(place)
    assert driver.state.target.unit == driver.session.project.units.name(first + number)
    assert driver.state.target.item is None
    driver.key("Q")
    (entry,) = driver.entries()
    assert entry.round == ""
    assert entry.unit == driver.session.project.units.name(first + number)
    assert np.array_equal(entry.rows, np.flatnonzero(content.unit == number))
    assert driver.state.target is None
    driver.key(Qt.Key.Key_Tab)
    assert driver.state.target.item is not None


def test_a_click_on_an_asked_unit_answers_the_query(driver):
    driver.key(Qt.Key.Key_End)
    content, query = driver.state.content, driver.state.round.query
    units = driver.session.project.units
    first = units.range_of(content.scan).start
    for place in range(1, len(query.items)):
        if scan_of(query.items[place]) != content.scan:
            continue
        number = units.find(query.items[place]) - first
        hit = on_screen(driver, np.flatnonzero(content.unit == number))
        if hit is not None:
            break
    driver.click_at(hit[1])
    assert driver.state.target.item == place
    driver.key("1")
    assert driver.entries()[0].round == "001-size"


def test_noise_and_clusters_too_large_can_be_labelled(driver):
    state, content = driver.state, driver.state.content
    rows = np.array([3, 4, 5, 90])
    content.unit.setflags(write=True)
    content.unit[rows] = OVERSIZE
    content.unit[[10, 11]] = NOISE
    driver.session.work.labelling.pick(4)
    assert np.array_equal(state.target.rows, rows)
    driver.key("1")
    driver.session.work.labelling.pick(10)
    near = np.linalg.norm(content.points[[10, 11], :3] - content.points[10, :3], axis=1) <= 1
    driver.key("2")
    large, noise = driver.entries()
    assert np.array_equal(large.rows, rows)
    assert (large.unit, large.round) == ("", "")
    assert set(np.array([10, 11])[near].tolist()) <= set(noise.rows.tolist())
    assert (content.unit[noise.rows] == NOISE).all()
    driver.key("Z", CONTROL)
    assert (driver.state.content.labels[noise.rows] == UNLABELLED).all()


def test_a_ground_cell_is_cut_in_two_classes_by_one_line(driver):
    units, query = driver.session.project.units, driver.state.round.query
    place = next(n for n, item in enumerate(query.items) if units.kind[units.find(item)] == CELL)
    driver.state.go(place)
    driver.settle()
    driver.key("J")
    target, content = driver.state.target, driver.state.content
    view = driver.session.view
    xy = view.picker.screen_xy(content.points[target.rows])
    middle = np.median(xy, axis=0)
    driver.key("K")
    sheet = driver.session.work.in_view.drawing.draw_tool
    assert sheet.isVisible()
    ends = [QPoint(round(middle[0]), round(middle[1] + off)) for off in (-200, 200)]
    QTest.mousePress(sheet, Qt.MouseButton.LeftButton, pos=ends[0])
    QTest.mouseMove(sheet, ends[1])
    QTest.mouseRelease(sheet, Qt.MouseButton.LeftButton, pos=ends[1])
    driver.settle()
    assert driver.entries() == []
    driver.key("R")
    assert driver.entries() == []
    driver.key("A")
    (entry,) = driver.entries()
    assert entry.tool == "cut"
    assert np.array_equal(entry.rows, target.rows)
    left = xy[:, 0] < ends[0].x()
    first = entry.classes[left]
    second = entry.classes[~left]
    assert {len(set(first.tolist())), len(set(second.tolist()))} == {1}
    assert {int(first[0]), int(second[0])} == {8, 10}
    assert np.array_equal(content.labels[target.rows], entry.classes)


def test_escape_makes_a_cut_whole_again(driver):
    target = driver.state.target
    driver.session.work.labelling.select(np.arange(len(target.rows)) % 2 == 0, "cut")
    driver.key("R")
    driver.key(Qt.Key.Key_Escape)
    driver.key("1")
    (entry,) = driver.entries()
    assert set(entry.classes.tolist()) == {0}


def test_a_refused_write_is_told_and_the_item_stays(driver, monkeypatch):
    def refuse(*_, **__):
        raise StorageError("No space is left on the disk.", "Free some space.")

    target = driver.state.target
    with monkeypatch.context() as patch:
        patch.setattr(driver.answers, "answer", refuse)
        driver.key("1")
    banner = driver.session.banner
    assert banner.isVisible()
    assert banner.what.text() == "No space is left on the disk."
    assert driver.state.target is target
    driver.key("1")
    assert driver.entries()[0].unit == target.unit


def test_an_undo_that_cannot_read_the_journal_is_told(driver, monkeypatch):
    def fail(_: int) -> None:
        raise StorageError("The disk does not answer.", "Look at its cable.")

    unit = driver.state.target.unit
    driver.key("1")
    with monkeypatch.context() as patch:
        patch.setattr(driver.answers.history._journal, "entry", fail)
        driver.key("Z", CONTROL)
    assert driver.session.banner.what.text() == "The disk does not answer."
    assert unit in driver.answers.effective
    driver.key("Z", CONTROL)
    assert unit not in driver.answers.effective


def test_a_declined_unit_leaves_the_queue(driver):
    unit = driver.state.target.unit
    driver.key(Qt.Key.Key_Delete)
    assert driver.answers.effective[unit].verb == "decline"
    assert driver.state.target.unit != unit
    driver.key("Z", CONTROL)
    assert driver.state.target.unit == unit


def test_digits_typed_into_a_text_field_label_nothing(driver):
    driver.key("P", CONTROL | SHIFT)
    palette = driver.window.command_palette
    assert palette.isVisible()
    QTest.keyClicks(palette.text, "1")
    assert palette.text.text() == "1"
    assert driver.entries() == []
    QTest.keyClick(palette.text, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_a_drag_turns_the_view_and_picks_nothing(driver):
    camera, target = driver.session.view.camera, driver.state.target
    before = (camera.azimuth, camera.elevation)
    driver.drag((300, 300), (340, 310), (380, 330))
    assert (camera.azimuth, camera.elevation) != before
    assert driver.state.target is target


def test_a_shaking_click_does_not_turn_the_view(driver):
    camera = driver.session.view.camera
    before = (camera.azimuth, camera.elevation)
    driver.drag((300, 300), (303, 302))
    assert (camera.azimuth, camera.elevation) == before


def test_a_scan_that_is_read_at_once_arrives_after_the_call(driver, monkeypatch):
    """The reading thread may be done before `ask` returns."""

    class AtOnce:
        def submit(self, work, _):
            done = Future()
            done.set_result(work())
            return done

    loader = driver.state.loader
    background = loader._background
    monkeypatch.setattr(loader, "_background", AtOnce())
    driver.state.reload()
    assert not driver.state.settled
    driver.settle()
    assert driver.state.target.unit == driver.state.round.query.items[0]
    monkeypatch.setattr(loader, "_background", background)


@pytest.mark.slow
def test_the_partition_panel_counts_answers_undo_and_declines(driver):
    panel = driver.session.partitions
    driver.rest()
    assert panel._rows == []  # nobody sees it: at a dataset's size it would cost seconds

    def shown() -> list[int]:
        driver.rest()
        return list(panel._answered)

    next(dock for dock in driver.window.docks if dock.widget() is panel).raise_()

    def slow() -> list[int]:
        names = driver.session.project.need_units().partition_names
        query, answers = driver.state.round.query, driver.answers
        of = dict(zip(query.items, query.group, strict=True))
        heads = [h for h in answers.effective.values() if h.verb == "answer"]
        return [sum(of[h.unit] == name for h in heads) for name in names]

    for key in ("1", "2", Qt.Key.Key_Delete, "3"):
        driver.key(key)
        assert shown() == slow()
    assert sum(shown()) == 3
    for _ in range(3):
        driver.key(Qt.Key.Key_Z, CONTROL)
        assert shown() == slow()
    driver.key(Qt.Key.Key_Y, CONTROL)
    assert shown() == slow()
    driver.state.reload()
    assert shown() == slow()


def test_an_undone_entry_of_a_kind_to_come_is_told_as_such(driver):
    driver.key("1")
    (head,) = driver.answers.effective.values()
    told = describe(head._replace(kind="boxes"), driver.state.class_name)
    assert told == "boxes of 1 unit"


def test_what_is_undone_is_told_where_it_cannot_be_shown(driver, monkeypatch):
    def fail(*_: object) -> None:
        raise ProjectError("The labels cannot be read.", "Look at the disk.")

    driver.key("1")
    monkeypatch.setattr(type(driver.session.project), "labels", fail)
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    assert driver.answers.history.redoable()
    assert driver.session.status.said.text().startswith("Undone: ")
    assert driver.session.banner.what.text() == "The labels cannot be read."
