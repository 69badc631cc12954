"""What is asked stays owed: after a click, a review, an undo, one finds back; numbers agree."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.data.items import scan_of
from core.project.project import Project
from gui.desk.order import by_scan, changes
from gui.start.recent import store
from tests.gui.driver import Driver, open_window

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def another_unit(driver) -> int:
    """A row of a unit of the shown scan that the query does not ask."""
    content, units = driver.state.content, driver.session.project.need_units()
    first, asked = units.range_of(content.scan).start, set(driver.state.round.query.items)
    number = next(n for n in range(content.units) if units.name(first + n) not in asked)
    return int(np.flatnonzero(content.unit == number)[0])


def stray_click(driver) -> None:
    driver.session.work.labelling.pick(another_unit(driver))
    driver.settle()


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Escape])
@pytest.mark.parametrize("detour", ["click", "click and answer", "scan", "review", "asked unit"])
def test_from_every_detour_one_key_leads_back_to_what_is_asked(driver, detour: str, key):
    state, items = driver.state, driver.state.round.query.items
    driver.key("1")
    driver.key("1")
    asked = state.target.unit
    assert asked == items[2]
    if detour == "scan":
        driver.key(Qt.Key.Key_PageDown)
    elif detour == "review":
        driver.session.review.chosen.emit(items[0])
        driver.settle()
    elif detour == "asked unit":
        place = next(n for n in range(3, len(items)) if scan_of(items[n]) == state.content.scan)
        units = driver.session.project.need_units()
        number = units.find(items[place]) - units.range_of(state.content.scan).start
        driver.session.work.labelling.pick(int(np.flatnonzero(state.content.unit == number)[0]))
        assert state.target.unit == items[place]
        driver.key("1")
    else:
        stray_click(driver)
        assert "Esc: back to 3 of" in driver.session.work.in_view.overlays.card.reason.text()
        if detour == "click and answer":
            driver.key("1")
            assert "back to 3 of" in driver.session.status.said.text()
    assert state.target is None or state.target.unit != asked
    driver.key(key)
    assert state.target.unit == asked
    driver.key("2")
    assert state.target.unit == items[3]


def test_escape_leaves_a_tool_first(driver):
    asked = driver.state.target.unit
    stray_click(driver)
    clicked = driver.state.target.unit
    driver.key("L")
    driver.key(Qt.Key.Key_Escape)
    assert driver.state.target.unit == clicked
    driver.key(Qt.Key.Key_Escape)
    assert driver.state.target.unit == asked


def test_after_an_undo_one_comes_back_to_where_one_was(driver):
    """What was skipped meanwhile stays skipped: 7 was asked, and 7 comes again."""
    state, items = driver.state, driver.state.round.query.items
    for key in ("1", "1", Qt.Key.Key_Tab, Qt.Key.Key_Tab, "1", "1", Qt.Key.Key_Tab):
        driver.key(key)
    assert state.target.unit == items[7]
    for place in (5, 4, 1):
        driver.key("Z", CONTROL)
        assert state.target.unit == items[place]
    for place in (4, 5, 7):
        driver.key("2")
        assert state.target.unit == items[place]
    driver.key("Z", CONTROL)
    driver.key("Z", CONTROL)
    assert state.target.unit == items[4]
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == items[5]
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == items[7]
    driver.key("Y", CONTROL)
    driver.key("Y", CONTROL)
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == items[7]


def test_the_highlight_of_the_queue_is_what_is_shown(driver):
    driver.key("1")
    driver.rest()
    panel = driver.session.queue
    assert panel.list.currentIndex().row() == 1
    stray_click(driver)
    driver.rest()
    assert not panel.list.selectedIndexes()
    driver.key(Qt.Key.Key_Escape)
    driver.rest()
    assert [index.row() for index in panel.list.selectedIndexes()] == [1]


def test_skip_goes_past_items_whose_scan_cannot_be_read(driver, small_street):
    state, items = driver.state, driver.state.round.query.items
    gone = next(scan_of(item) for item in items if scan_of(item) != state.content.scan)
    (small_street / f"{gone}.bin").unlink()
    state.loader.forget()
    seen = [state.target.unit]
    for item in items[1:]:
        driver.key(Qt.Key.Key_Tab)
        assert state.announced == item
        if state.target is not None:
            seen.append(state.target.unit)
        else:
            assert "No such file" in driver.session.banner.what.text()
    assert seen == [item for item in items if scan_of(item) != gone]
    driver.key(Qt.Key.Key_Tab)
    assert state.target.unit == items[0]


# -- words and numbers -----------------------------------------------------------------------------


def test_one_number_of_items_stands_everywhere(driver):
    for key in ("1", "2", Qt.Key.Key_Delete):
        driver.key(key)
    stray_click(driver)
    driver.key("1")
    driver.key(Qt.Key.Key_Tab)
    driver.rest()
    count, session = len(driver.state.round.query.items), driver.session
    session.rounds.refill()
    assert driver.window.stepper.buttons["label"].text().endswith(f"3/{count}")
    assert session.queue.budget.spent.text().startswith(f"3 of {count} items (1 declined), ")
    assert session.rounds.table.item(0, 1).text() == f"3 of {count}"
    assert session.work.in_view.overlays.card.title.text().startswith(f"4 of {count} ")
    units = driver.answers.spent().units
    assert units == 3  # two items and what was clicked
    assert f"{units} units labelled" in session.status.spent.text()
    assert f"{units} units labelled" in session.rounds.spent.text()


def test_a_number_stays_under_every_filter_and_order(driver):
    card, state = driver.session.work.in_view.overlays.card, driver.state
    count = len(state.round.query.items)
    for _ in range(2):
        driver.key("S", CONTROL | SHIFT)
        lines = [driver.session.queue.model.lines.at(place).number for place in state.order.places]
        assert lines == [f"{n} of {count}" for n in range(1, count + 1)]
    driver.key("F", CONTROL | SHIFT)
    driver.key(Qt.Key.Key_Tab)
    driver.rest()
    assert card.title.text().startswith(f"{state.cursor + 1} of {count} ")


@pytest.mark.slow
def test_a_filter_ends_with_its_round(driver):
    driver.step("oracle")
    driver.key("F", CONTROL | SHIFT)
    assert driver.state.order.partition is not None
    driver.step("train")
    driver.step("ask")
    assert driver.state.order.partition is None
    assert driver.session.queue.partition.currentData() is None
    assert len(driver.state.order.places) == len(driver.state.round.query.items)


def test_an_export_is_told_with_its_files_and_place(driver, tmp_path):
    out, banner = tmp_path / "out", driver.session.banner
    for answered in (False, True):
        if answered:
            driver.step("oracle")
        driver.export(out)
        files = len(list(out.rglob("*.label")))
        assert (files > 0) == answered
        if answered:
            assert banner.what.text() == f"{files} files of labels written to {out.resolve()}."
        else:
            assert banner.what.text() == "Nothing was written: no point has a class yet."
        assert banner.isVisible()


def test_while_the_scans_are_prepared_nobody_is_told_to_prepare_them(qtbot, tmp_path, small_street):
    path = tmp_path / "fresh"
    Project.create(path, format="semantickitti", root=small_street, train=["00"]).close()
    window = open_window(path, qtbot)
    driver, session = Driver(window, qtbot), window.session
    card = session.work.in_view.overlays.card
    assert "press Prepare" in card.reason.text()
    with qtbot.waitSignal(window.jobs.finished, timeout=60_000):
        QTest.mouseClick(window.stepper.buttons["prepare"], Qt.MouseButton.LeftButton)
        for text in (card.reason.text(), session.queue.empty.text()):
            assert "being prepared" in text
            assert "not prepared" not in text
    driver.settle()
    assert "press Ask" in session.queue.empty.text()
    window.close()


# -- the order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_by_scan_is_the_order_of_best_ranks(seed: int):
    """Against a slow reference: take the best place that is left, then its scan's others."""
    rng = np.random.default_rng(seed)
    scans = [f"s{n}" for n in rng.integers(0, 9, 60)]
    places = sorted(rng.choice(60, 40, replace=False).tolist())
    left, expected = list(places), []
    while left:
        mine = [place for place in left if scans[place] == scans[left[0]]]
        expected += mine
        left = [place for place in left if place not in mine]
    found = by_scan(places, scans)
    assert found == expected
    count = len({scans[place] for place in places})
    assert changes([scans[place] for place in found]) == count - 1


@pytest.mark.slow
def test_a_new_window_asks_by_scan_and_says_what_that_spares(qapp, qtbot, project_path):
    store().remove("by_scan")
    driver = Driver(open_window(project_path, qtbot), qtbot)
    driver.settle()
    query, panel = driver.state.round.query, driver.session.queue
    assert panel.sort.currentText() == "By scan"
    scans = [scan_of(item) for item in query.items]
    ranked = sum(a != b for a, b in pairwise(scans))
    spared = ranked - (len(set(scans)) - 1)
    assert panel.saving.text() == f"By scan spares {spared} changes of scan."
    answered = []
    for _ in query.items:
        answered.append(driver.state.target.unit)
        driver.key("1")
    assert changes([scan_of(unit) for unit in answered]) == len(set(scans)) - 1
    for _ in range(4):
        driver.session.gate._measure(0.8, True)
    assert driver.state.change is not None
    driver.rest()
    panel._tell_saving()
    assert re.fullmatch(
        rf"By scan spares {spared} changes of scan: [\d.]+ (s|min|h)\.", panel.saving.text()
    )
    assert re.search(r"takes \d+\.\d\d s more", panel.saving.toolTip())
    driver.key("S", CONTROL | SHIFT)
    assert "would spare" in panel.saving.text()
    driver.window.close()
    again = Driver(open_window(project_path, qtbot), qtbot)
    assert again.session.queue.sort.currentText() == "By rank"  # it stays as it was chosen
    again.window.close()


@pytest.mark.slow
def test_a_reason_names_what_the_network_hesitates_between(driver):
    """In words, with the two classes of most points; the numbers are in the tooltip."""
    driver.step("oracle")
    driver.step("train")
    driver.step("ask")
    card, state = driver.session.work.in_view.overlays.card, driver.state
    driver.qtbot.waitUntil(lambda: state.guesses.rested, timeout=30_000)
    said = set()
    for _ in range(12):
        driver.rest()
        target, content = state.target, state.content
        text = card.reason.text()
        assert card.reason.toolTip().endswith(f"{state.round.query.reason[target.item]}.")
        assert "rank" not in text
        said.add(text.partition(":")[0])
        likely = state.suggestion
        if text.startswith("The network is unsure") and likely is not None and likely.shown:
            counts = np.bincount(content.prediction[target.rows], minlength=19)
            two = sorted(np.flatnonzero(counts).tolist(), key=lambda c: (-counts[c], c))[:2]
            names = " or ".join(state.class_name(c) for c in two)
            assert text == f"The network is unsure here: {names}?"
        driver.key("1")
    assert "The network is unsure here" in said
