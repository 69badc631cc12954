"""What is highlighted, shown and answered is the same, whatever moves the highlight."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.answers.effort import Effort
from core.data.items import scan_of
from tests.gui.panels.lists import bring, refilled

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
USER = Qt.ItemDataRole.UserRole
EFFORT = Effort()


def click(driver, view, index) -> None:
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.visualRect(index).center())
    driver.settle()
    driver.rest()


def press(driver, view, key, modifier=NONE) -> None:
    """A key with the focus in a list."""
    assert view.hasFocus()
    QTest.keyClick(view, key, modifier)
    driver.settle()
    driver.rest()


def lit(view):
    """What a list's highlighted row stands for, None where none is highlighted."""
    chosen = view.selectionModel().selectedIndexes()
    return chosen[0].data(USER) if chosen else None


def one_thing(driver, view) -> str:
    """The unit that is highlighted, shown and asked."""
    found = lit(view)
    query = driver.state.round.query
    unit = query.items[found] if isinstance(found, int) else found
    assert driver.state.target.unit == unit
    assert driver.state.content.scan == scan_of(unit)
    return unit


@pytest.fixture
def review(driver):
    """A review of eight answers, in sight, that a click has given the focus."""
    for key in "12345123":
        driver.key(key)
    bring(driver, "Review")
    refilled(driver)
    return driver.session.review


@pytest.mark.slow
def test_arrows_in_the_review_show_what_the_next_key_relabels(driver, review):
    table, model = review.table, review.model
    click(driver, table, model.index(0, 0))
    assert one_thing(driver, table) == model.rows[0].unit
    for line in (1, 2, 3):
        press(driver, table, Qt.Key.Key_Down)
        assert one_thing(driver, table) == model.rows[line].unit
    press(driver, table, Qt.Key.Key_Up)
    unit = one_thing(driver, table)
    before = {row.unit: row.found for row in model.rows}
    press(driver, table, "T")
    assert driver.entries()[-1].unit == unit
    refilled(driver)
    assert {row.unit: row.found for row in model.rows} == before | {unit: 9}


@pytest.mark.parametrize(
    ("key", "line"), [(Qt.Key.Key_End, 7), pytest.param(Qt.Key.Key_Home, 0, marks=pytest.mark.slow)]
)
def test_jumps_in_the_review(driver, review, key, line: int):
    table, model = review.table, review.model
    click(driver, table, model.index(3, 0))
    press(driver, table, key, CONTROL)
    assert one_thing(driver, table) == model.rows[line].unit


@pytest.mark.slow
def test_a_typed_name_is_gone_to(driver, review):
    """Letters that are no action's key look for a row, as in every list."""
    table, model = review.table, review.model
    click(driver, table, model.index(3, 0))
    names = [driver.state.class_name(row.found) for row in model.rows]
    line = next(n for n in range(4, 8) if names[n] not in names[:4])
    table.keyboardSearch(names[line])
    driver.settle()
    assert one_thing(driver, table) == model.rows[line].unit


def test_a_refill_moves_neither_highlight_nor_view(driver, review):
    """The unit goes to another line, as the newest are first."""
    table, model = review.table, review.model
    click(driver, table, model.index(5, 0))
    unit = one_thing(driver, table)
    project = driver.session.project
    other = model.rows[6].unit
    rows = driver.session.project.answers.entry(driver.answers.effective[other]).rows
    driver.session.work.labelling.write_together([(other, rows)], 7, [EFFORT])
    refilled(driver)
    assert model.rows[0].unit == other
    assert model.rows[6].unit == unit
    assert one_thing(driver, table) == unit
    assert project.answers.effective[unit].main_class() != 7


@pytest.mark.slow
def test_another_list_of_the_review_goes_on_from_where_one_was(driver, review):
    table, model = review.table, review.model
    click(driver, table, model.index(2, 0))
    one_thing(driver, table)
    review.kind.setCurrentIndex(1)  # nobody differs: an empty list
    assert lit(table) is None
    review.kind.setCurrentIndex(0)
    assert one_thing(driver, table) == model.rows[2].unit


@pytest.mark.slow
def test_what_is_shown_otherwise_moves_the_highlights(driver, review):
    table, model = review.table, review.model
    click(driver, table, model.index(4, 0))
    unit = one_thing(driver, table)
    assert one_thing(driver, driver.session.queue.list) == unit
    assert lit(driver.session.browser) == scan_of(unit)
    driver.window.focus_view()
    driver.key(Qt.Key.Key_Tab)
    driver.rest()
    assert one_thing(driver, driver.session.queue.list) != unit
    assert lit(table) is None  # what is asked now has no answer to be listed
    table.setFocus()
    press(driver, table, Qt.Key.Key_Down)  # goes on from where one was
    assert one_thing(driver, table) == model.rows[5].unit


def test_arrows_and_pages_in_the_queue(driver):
    queue = driver.session.queue
    click(driver, queue.list, queue.model.index(1, 0))
    assert one_thing(driver, queue.list) == driver.state.round.query.items[1]
    for key, modifier, place in (
        (Qt.Key.Key_Down, NONE, 2),
        (Qt.Key.Key_Down, NONE, 3),
        (Qt.Key.Key_Up, NONE, 2),
        (Qt.Key.Key_End, CONTROL, len(driver.state.round.query.items) - 1),
        (Qt.Key.Key_Home, CONTROL, 0),
    ):
        press(driver, queue.list, key, modifier)
        assert one_thing(driver, queue.list) == driver.state.round.query.items[place]
        assert driver.state.cursor == place
    press(driver, queue.list, "R")
    assert driver.entries()[-1].unit == driver.state.round.query.items[0]
    assert one_thing(driver, queue.list) == driver.state.round.query.items[1]


@pytest.mark.slow
def test_a_filter_shows_an_item_that_it_keeps(driver):
    """Before, the old one stayed to be answered, and nothing in the list was highlighted."""
    query = driver.state.round.query
    for _ in driver.session.project.units.partition_names:
        driver.key("F", CONTROL | SHIFT)
        driver.rest()
        kept = driver.state.order.places
        if kept:
            unit = one_thing(driver, driver.session.queue.list)
            assert unit in {query.items[place] for place in kept}


def test_where_another_unit_is_asked_nothing_in_the_queue_is_highlighted(driver):
    asked = set(driver.state.round.query.items)
    units = driver.session.project.units
    driver.state.show_unit(
        next(unit for unit in units.names(np.arange(len(units))) if unit not in asked)
    )
    driver.settle()
    driver.rest()
    queue = driver.session.queue
    assert lit(queue.list) is None
    queue.list.setFocus()
    press(driver, queue.list, Qt.Key.Key_Down)
    assert one_thing(driver, queue.list) == driver.state.round.query.items[1]


def test_arrows_in_the_scans_show_them(driver):
    browser = driver.session.browser
    bring(driver, "Scans")
    names = list(driver.session.project.dataset.scans)
    first = browser.indexFromItem(browser._items[names[0]])
    click(driver, browser, first)
    assert driver.state.content.scan == names[0]
    assert driver.state.target is None
    press(driver, browser, Qt.Key.Key_Down)
    assert driver.state.content.scan == names[1] == lit(browser)
    for _ in range(2):  # to the first scan, then to its sequence, which is no scan
        press(driver, browser, Qt.Key.Key_Up)
    assert driver.state.content.scan == names[0]
    assert lit(browser) in (None, names[0])
    driver.window.focus_view()
    driver.key(Qt.Key.Key_PageDown)
    driver.rest()
    assert lit(browser) == driver.state.content.scan == names[1]


def test_a_scan_that_cannot_be_read_is_not_left_highlighted(driver, small_street):
    browser, names = driver.session.browser, list(driver.session.project.dataset.scans)
    bring(driver, "Scans")
    click(driver, browser, browser.indexFromItem(browser._items[names[0]]))
    driver.state.loader.forget()
    (small_street / f"{names[1]}.bin").unlink()
    press(driver, browser, Qt.Key.Key_Down)
    assert driver.session.banner.isVisible()
    assert lit(browser) == driver.state.content.scan == names[0]
    driver.window.focus_view()
    driver.key(Qt.Key.Key_PageDown)  # the next one, not the same error again
    assert driver.state.content.scan == names[2]
    driver.key(Qt.Key.Key_PageUp)
    driver.key(Qt.Key.Key_PageUp)
    assert driver.state.content.scan == names[0]


@pytest.mark.slow
def test_a_round_that_was_gone_to_by_arrows_stays_highlighted(driver):
    driver.step("oracle")
    driver.step("train")
    driver.step("ask")
    bring(driver, "Rounds")
    driver.rest()
    rounds = driver.session.rounds
    click(driver, rounds.table, rounds.table.model().index(0, 0))
    press(driver, rounds.table, Qt.Key.Key_Down)
    assert rounds.table.currentRow() == 1
    rounds.refill()
    assert rounds.table.currentRow() == 1
