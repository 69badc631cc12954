"""Hidden repeats look like any other item; a second opinion is a list with an end."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core import steps
from core.answers.answers import Given
from core.answers.effort import NO_EFFORT
from core.answers.labels import CARRIED
from core.base.jobs import Job
from core.data.classes import UNLABELLED, UNSURE
from core.data.items import scan_of
from core.project.project import Project
from gui.desk.chosen import choice_of
from tests.gui.driver import Driver, open_window
from tests.gui.panels.lists import refilled

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def repeating(driver, monkeypatch):
    """Every unit is seen again after three more answers."""
    monkeypatch.setattr("core.quality.agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.agreement.LATER", 3)
    return driver


def look(driver) -> tuple:
    """How the asked unit is painted: colour and brightness of its points, and whether any other
    point has both."""
    driver.rest()
    view, target = driver.session.view, driver.state.target
    table = view.cloud._table.reshape(-1, 4)
    slots = driver.session.work.in_view.colours.placed[target.rows]
    return tuple(map(tuple, np.unique(table[slots], axis=0).tolist()))


def legend(driver) -> str:
    return driver.session.work.in_view.overlays.legend.text.text()


def line(driver) -> tuple[str, str]:
    """What the queue says in the line that is selected, and over it."""
    panel = driver.session.queue
    index = panel.list.currentIndex()
    role = Qt.ItemDataRole.ToolTipRole
    return panel.model.data(index), panel.model.data(index, role)


def until_again(driver, key: str = "1") -> str:
    """Answer until a unit is seen again; return it."""
    for _ in range(20):
        driver.key(key)
        if driver.state.target.blind:
            return driver.state.target.unit
    raise AssertionError("no repeat came")


@pytest.mark.parametrize(
    "mode", ["scene", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("unit", "label"))]
)
def test_a_repeat_cannot_be_told_from_an_item(repeating, mode: str):
    driver, state = repeating, repeating.state
    driver.window.actions_table.run(f"mode {mode}")
    card = driver.session.work.in_view.overlays.card
    looks, lines = {}, {}
    while not state.target.blind:
        looks[state.target.unit] = look(driver)
        lines[state.target.unit] = line(driver)
        driver.key("1")
    driver.rest()
    unit, waiting = state.target.unit, state.cursor
    count = len(state.round.query.items)
    assert unit in looks
    assert look(driver) == looks[unit]
    # The number, the line and its place are those of the item that comes next.
    assert card.title.text().startswith(f"{waiting + 1} of {count}   ")
    assert driver.session.queue.list.currentIndex().row() == waiting
    assert "✓" not in card.title.text()
    text, tip = line(driver)
    assert text.startswith(f"{waiting + 1} of {count}  ")
    first = lines[unit]
    assert text.partition("  ")[2] == first[0].partition("  ")[2]  # points and reason
    assert re.sub(r"Rank \d+", "", tip) == re.sub(r"Rank \d+", "", first[1])
    assert card.reason.text() == first[1].splitlines()[1]
    assert "olunteered" not in card.reason.text()
    answered = [row for row in range(waiting) if driver.session.queue.model.lines.at(row).done]
    assert len(answered) == waiting
    assert not driver.session.queue.model.lines.at(waiting).done
    assert driver.session.work.in_view.history.ask(int(state.target.rows[0])).result() == ""
    label = driver.window.stepper.buttons["label"].text()
    assert label.endswith(f"{waiting}/{count}")


def test_the_legend_does_not_tell_what_a_repeat_was_called(repeating):
    driver = repeating
    driver.window.actions_table.run("mode label")
    driver.key("S")  # a class that nothing else has
    name = driver.state.class_name(int(driver.entries()[0].classes[0]))
    until_again(driver)
    driver.rest()
    assert driver.state.target.unit == driver.entries()[0].unit
    assert name not in legend(driver)
    driver.key("1")
    driver.state.show_scan(scan_of(driver.entries()[0].unit))
    driver.settle()
    driver.rest()
    assert name in legend(driver)


def test_after_a_repeat_comes_the_item_in_whose_row_it_stood(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    waiting = state.cursor
    driver.key("2")
    entry = driver.entries()[-1]
    assert (entry.unit, entry.blind) == (unit, True)
    assert state.target.unit == state.round.query.items[waiting]
    assert not state.target.blind


def test_a_repeat_is_skipped_like_an_item_and_comes_later(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    waiting = state.cursor
    driver.key(Qt.Key.Key_Tab)
    assert state.target.item == waiting + 1
    driver.key("1")
    assert state.target.unit != unit


def test_a_repeat_that_cannot_be_told_is_an_answer(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    heard: list[str] = []
    state.told.connect(heard.append)
    driver.key(Qt.Key.Key_Delete)
    entry = driver.entries()[-1]
    assert (entry.unit, entry.blind, entry.verb) == (unit, True, "answer")
    assert set(entry.classes.tolist()) == {UNSURE}
    assert state.target.unit != unit
    assert not any("looks most like" in text for text in heard)


def test_a_click_on_a_repeat_is_still_the_repeat(repeating):
    driver, state = repeating, repeating.state
    until_again(driver)
    before = state.target
    driver.session.work.labelling.pick(int(before.rows[0]))
    driver.settle()
    assert state.target.blind
    driver.key("3")
    assert driver.entries()[-1].blind


def test_by_scan_a_repeat_never_leaves_the_scan_that_is_being_asked(repeating):
    driver, state = repeating, repeating.state
    driver.key("S", CONTROL | SHIFT)
    repeats = 0
    for _ in range(30):
        before = state.content.scan
        driver.key("1")
        if state.target is None:
            break
        if state.target.blind:
            repeats += 1
            following = scan_of(state.round.query.items[state.cursor])
            assert scan_of(state.target.unit) == before or following != before
    assert repeats > 3


def test_neither_an_undone_nor_a_declined_unit_comes_as_a_repeat(repeating):
    driver, state = repeating, repeating.state
    undone = state.target.unit
    driver.key("1")
    driver.key("Z", CONTROL)
    driver.key(Qt.Key.Key_Tab)
    declined = state.target.unit
    driver.key(Qt.Key.Key_Delete)
    seen = set()
    for _ in range(12):
        driver.key("1")
        if state.target.blind:
            seen.add(state.target.unit)
    assert seen
    assert seen.isdisjoint({undone, declined})


@pytest.mark.slow
def test_whoever_leaves_a_repeat_is_told_of_what_is_shown_instead(repeating):
    driver, state = repeating, repeating.state
    panel, card = driver.session.queue, driver.session.work.in_view.overlays.card

    def click_a_line() -> None:
        box = panel.list.visualRect(panel.model.index(state.cursor + 1))
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=box.center())

    ways = [
        lambda: driver.key(Qt.Key.Key_Backtab, SHIFT),
        lambda: driver.key("Z", CONTROL),
        click_a_line,
        lambda: driver.key("L", CONTROL),
        lambda: state.show_unit(state.round.query.items[state.cursor]),  # as a chart does
    ]
    for way in ways:
        unit = until_again(driver)
        driver.rest()
        way()
        driver.settle()
        driver.rest()
        shown = state.round.query.items[state.cursor]
        assert state.target.unit == shown != unit
        assert not state.target.blind
        row = panel.model.lines.at(state.cursor)
        assert (row.unit, row.done) == (shown, shown in driver.answers.effective)
        assert card.reason.text() == row.reason
        assert line(driver)[1].startswith(shown)


def test_what_was_drawn_on_a_repeat_waits_until_it_is_asked_again(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    rows = state.target.rows
    driver.session.work.labelling.select(np.arange(len(rows)) < len(rows) // 2, "box")
    driver.key(Qt.Key.Key_Tab)
    before = state.target
    driver.window.actions_table.run("drawing")
    driver.settle()
    assert state.target is before
    assert "No drawing is open." in driver.session.status.said.text()
    while state.target.unit != unit:
        driver.key("1")
    assert driver.session.work.labelling.draft is not None


def blind_of(driver, unit: str) -> int:
    """How many blind answers to a unit hold."""
    fold, heads = driver.answers.fold, driver.answers.history.heads
    held = [h for h in heads if h.unit == unit and h.blind and h.verb == "answer"]
    return sum(not fold.is_undone(head) for head in held)


def test_what_was_carried_over_comes_as_no_repeat(repeating):
    """Nobody judged it: there is nothing to compare with."""
    driver, state = repeating, repeating.state
    unit, count = state.target.unit, len(state.target.rows)
    driver.session.work.labelling._write(np.full(count, 1, np.uint8), CARRIED)
    driver.settle()
    seen = set()
    for _ in range(12):
        driver.key("1")
        if state.target.blind:
            seen.add(state.target.unit)
    assert seen
    assert unit not in seen


def test_a_repeat_that_is_brought_back_is_answered_once(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    waiting = state.round.query.items[state.cursor]
    driver.key("2")
    driver.key("Z", CONTROL)
    assert (state.target.unit, state.target.blind) == (unit, True)
    driver.key("Z", CONTROL | SHIFT)
    assert (state.target.unit, state.target.blind) == (waiting, False)
    assert "Redone" in driver.session.status.said.text()
    driver.key("3")
    assert (driver.entries()[-1].unit, driver.entries()[-1].blind) == (waiting, False)
    assert blind_of(driver, unit) == 1


def test_a_repeat_taken_back_within_a_sample_ends_it_first(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    waiting = state.round.query.items[state.cursor]
    driver.key("2")
    state.begin_second(list(state.round.query.items)[-4:])
    driver.settle()
    driver.key("Z", CONTROL)
    assert state.second is None
    assert (state.target.unit, state.target.blind) == (unit, True)
    driver.key("3")
    assert blind_of(driver, unit) == 1
    assert (state.target.unit, state.target.blind) == (waiting, False)


def test_a_repeat_that_a_sample_takes_the_place_of_comes_later(repeating):
    driver, state = repeating, repeating.state
    unit = until_again(driver)
    state.begin_second(list(state.round.query.items)[-4:])
    driver.settle()
    driver.key(Qt.Key.Key_Escape)
    driver.key("1")
    assert state.target.unit != unit
    until_again(driver)


# -- second opinions -------------------------------------------------------------------------------


@pytest.fixture
def second(qapp, qtbot, project_path, monkeypatch):
    """Bob's window, in which he gives a second opinion on what Ann answered."""
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    with Project(project_path) as project:
        steps.annotate(project, Job(), oracle="majority")
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    monkeypatch.setattr("gui.window.session.SAMPLE", 6)
    driver = Driver(open_window(project_path, qtbot), qtbot)
    driver.settle()
    driver.window.actions_table.run("second")
    driver.settle()
    yield driver
    driver.window.close()


def title(driver) -> str:
    return driver.session.work.in_view.overlays.card.title.text()


def test_a_sample_has_numbers_and_an_end(second):
    driver, state = second, second.state
    units, heard = state.second.units, []
    state.told.connect(heard.append)
    for place, unit in enumerate(units):
        assert state.target.unit == unit
        assert title(driver).startswith(f"{place + 1} of 6   ")
        assert "olunteered" not in driver.session.work.in_view.overlays.card.reason.text()
        driver.key("1")
    assert state.second is None
    assert any("ended after 6 of 6" in text for text in heard)
    assert [(e.unit, e.blind) for e in driver.entries() if e.annotator == "bob"] == [
        (unit, True) for unit in units
    ]
    driver.window.actions_table.run("second")
    assert "is answered: see Review" in driver.session.status.said.text()


def test_the_queue_lists_the_sample_and_tells_nobodys_answer(second):
    driver = second
    panel, units = driver.session.queue, driver.state.second.units
    assert panel.model.rowCount() == 6
    names = driver.session.project.classes.names
    driver.key("1")
    driver.rest()
    for place, unit in enumerate(units):
        row = panel.model.lines.at(place)
        assert (row.unit, row.head, row.done) == (unit, None, place == 0)
        shown = panel.model.data(panel.model.index(place))
        assert not any(name in shown for name in names)
    assert panel.list.currentIndex().row() == 1
    assert not panel.sort.isEnabled()


def test_skip_back_and_undo_work_in_a_sample(second):
    driver, state = second, second.state
    units = state.second.units
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == units[1]
    driver.key("1")
    assert state.target.unit == units[2]
    driver.key(Qt.Key.Key_Backtab, SHIFT)
    assert state.target.unit == units[1]
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == units[2]
    for _ in range(4):
        driver.key("1")
    assert state.target.unit == units[0]  # what was skipped comes round
    driver.key("Z", CONTROL)
    assert state.target.unit == units[5]
    assert state.target.blind
    driver.key("2")
    driver.key("2")
    assert state.second is None


@pytest.mark.slow
def test_an_answer_of_a_sample_that_is_brought_back_is_done(second):
    driver, state = second, second.state
    units = state.second.units
    driver.key("1")
    driver.key("Z", CONTROL)
    assert state.target.unit == units[0]
    driver.key("Z", CONTROL | SHIFT)
    assert state.second.done == {units[0]}
    assert state.target.unit == units[1]
    for unit in units[1:]:
        assert state.target.unit == unit
        driver.key("1")
    driver.key("Z", CONTROL)  # of the last one, when the sample has ended
    assert (state.target.unit, state.target.blind) == (units[-1], True)
    driver.key("Z", CONTROL | SHIFT)
    assert state.target is None or not state.target.blind
    assert [blind_of(driver, unit) for unit in units] == [1] * len(units)


def test_escape_goes_back_to_the_sample_and_then_ends_it(second):
    driver, state = second, second.state
    driver.key("1")
    unit, heard = state.target.unit, []
    state.told.connect(heard.append)
    driver.key(Qt.Key.Key_PageDown)
    assert state.target is None
    driver.key(Qt.Key.Key_Escape)
    assert state.target.unit == unit
    driver.key(Qt.Key.Key_Escape)
    assert state.second is None
    assert any("ended after 1 of 6" in text for text in heard)
    assert (state.content.labels != UNLABELLED).any()
    driver.window.actions_table.run("second")
    driver.settle()
    assert title(driver).startswith("1 of 5   ")  # it goes on with the rest
    driver.window.actions_table.run("second")
    assert state.second is None


def test_in_a_second_opinion_nothing_else_is_labelled(second):
    driver, state = second, second.state
    content = state.content
    first = driver.session.project.need_units().range_of(content.scan).start
    names = driver.session.project.need_units().names
    number = next(
        n for n in range(content.units) if names([first + n])[0] not in state.second.units
    )
    before = state.target
    driver.session.work.labelling.pick(int(np.flatnonzero(content.unit == number)[0]))
    assert state.target is before
    assert "Only the sample" in driver.session.status.said.text()
    panel = driver.session.queue
    box = panel.list.visualRect(panel.model.index(3))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    driver.settle()
    assert state.target.unit == state.second.units[3]
    driver.key("1")
    assert all(e.blind for e in driver.entries() if e.annotator == "bob")


def outside(driver) -> str:
    """An item of the query that is not in the sample."""
    return next(i for i in driver.state.round.query.items if i not in driver.state.second.units)


def test_no_way_leads_from_a_second_opinion_to_another_unit(second):
    """Review and charts name units that the sample has not."""
    driver, state = second, second.state
    session, unit = driver.session, outside(second)
    number = session.project.need_units().find(unit)
    ways = {
        "review": lambda: session.review.chosen.emit(unit),
        "chart": lambda: choice_of(state).choose("one unit", np.array([number])),
        "points of a chart": lambda: state.show_rows(scan_of(unit), "", np.arange(9)),
    }
    for way in ways.values():
        before = state.target
        way()
        driver.settle()
        assert state.target is before
        assert "Only the sample is answered; Esc ends it." in session.status.said.text()
    for _ in range(6):
        driver.key("1")
    assert state.second is None
    assert all(e.blind for e in driver.entries() if e.annotator == "bob")


def test_an_open_drawing_waits_for_the_end_of_a_second_opinion(second):
    driver, state = second, second.state
    unit, asked = outside(second), state.target.unit
    driver.key(Qt.Key.Key_Escape)
    state.show_unit(unit)
    driver.settle()
    rows = state.target.rows
    driver.session.work.labelling.select(np.arange(len(rows)) < len(rows) // 2, "box")
    driver.window.actions_table.run("second")
    driver.settle()
    assert state.target.unit == asked
    driver.window.actions_table.run("drawing")
    driver.settle()
    assert state.target.unit == asked
    driver.key(Qt.Key.Key_Escape)
    driver.window.actions_table.run("drawing")
    driver.settle()
    assert state.target.unit == unit
    assert driver.session.work.labelling.draft is not None


def half_drawn(driver) -> str:
    """Draw on half of what is asked, and leave it; the unit."""
    unit, count = driver.state.target.unit, len(driver.state.target.rows)
    driver.session.work.labelling.select(np.arange(count) < max(count // 2, 1), "box")
    return unit


@pytest.mark.slow
def test_in_a_second_opinion_the_open_drawings_are_those_on_its_units(second):
    driver, state = second, second.state
    action = driver.window.actions_table.run
    driver.key(Qt.Key.Key_Escape)
    state.show_unit(min(state.project.units.names(np.arange(len(state.project.units.kind)))))
    driver.settle()
    ordinary = half_drawn(driver)
    action("second")
    driver.settle()
    blind = half_drawn(driver)
    assert ordinary < blind
    for _ in range(2):
        driver.key(Qt.Key.Key_Tab)
        assert state.target.unit != blind
        action("drawing")
        driver.settle()
        assert state.target.unit == blind
        assert driver.session.work.labelling.draft is not None
    while state.second is not None:
        driver.key(Qt.Key.Key_Escape)
    action("drawing")
    driver.settle()
    assert (state.target.unit, state.target.blind) == (ordinary, False)


def test_undo_of_a_sheet_ends_a_second_opinion_first(second):
    """The unit that was asked then is shown again, which the sample has not."""
    driver, state = second, second.state
    unit, project = outside(second), second.session.project
    driver.key(Qt.Key.Key_Escape)
    other = next(i for i in state.round.query.items if i != unit)
    entry = next(e for e in driver.entries() if e.unit == other)
    scan = project.scan_ref(entry.scan)
    given = Given(scan, entry.rows, entry.classes, "", other, NO_EFFORT)
    driver.answers.answer_together([given], at=unit)
    driver.window.actions_table.run("second")
    driver.settle()
    driver.key("Z", CONTROL)
    assert state.second is None
    assert state.target.unit == unit


def test_a_blind_answer_taken_back_stays_blind_where_its_unit_has_other_points_now(second):
    driver, state = second, second.state
    driver.key("1")
    head = driver.answers.undo()
    entry = driver.answers.entry(head)
    state.show_again(head, entry.rows[:-1])
    driver.settle()
    assert (state.target.unit, len(state.target.rows)) == ("", len(entry.rows) - 1)
    assert state.target.blind
    driver.key("2")
    assert driver.entries()[-1].blind
    assert len(state.second.done) == 0


def test_review_lists_nobodys_answer_from_the_first_moment_of_a_second_opinion(second):
    driver, review = second, second.session.review
    driver.key(Qt.Key.Key_Escape)
    refilled(driver)
    listed = review.model.rowCount()
    assert listed > 6
    driver.window.actions_table.run("second")
    assert review.model.rowCount() == 0
    driver.settle()
    assert not review.table.selectedIndexes()
    driver.key(Qt.Key.Key_Escape)
    assert review.model.rowCount() == listed


def test_escape_ends_a_second_opinion_where_a_scan_cannot_be_read(second, small_street):
    driver, state = second, second.state
    here, units = state.content.scan, state.second.units
    gone = next(scan_of(unit) for unit in units if scan_of(unit) != here)
    (small_street / f"{gone}.bin").unlink()
    state.loader.forget()
    while state.target is not None:
        driver.key(Qt.Key.Key_Tab)
    assert scan_of(state.second.unit) == gone
    driver.key(Qt.Key.Key_Escape)
    assert state.second is None
