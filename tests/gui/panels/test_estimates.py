"""What a query will ask is said before it is asked: at the budget, in the step, in the options."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core import steps
from core.base.jobs import Job
from gui.panels.ask_options import AskOptions
from tests.gui.driver import Driver, open_window
from tests.streets import small_project


@pytest.fixture
def driver(qapp, qtbot, tmp_path: Path, small_street: Path):
    """A window on a prepared project that has asked nothing."""
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
    made = Driver(open_window(tmp_path / "p", qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


def said(query) -> str:
    return f"{len(query.items):,} units, {int(query.cost.sum()):,} points"


def test_the_step_and_the_budget_say_what_is_then_asked(driver, qtbot):
    budget = driver.session.queue.budget
    qtbot.waitUntil(lambda: "points" in budget.spent.text())
    told = budget.spent.text()
    tip = driver.window.stepper.buttons["ask"].toolTip()
    assert budget.bar.isHidden()
    driver.step("ask")
    asked = said(driver.state.round.query)
    assert asked in told
    assert asked in tip
    assert not budget.bar.isHidden()


@pytest.mark.parametrize(
    ("kind", "amount"),
    [(0, 20.0), *(pytest.param(*one, marks=pytest.mark.slow) for one in ((1, 9), (2, 1)))],
)
def test_the_options_say_what_is_then_asked(driver, qtbot, kind: int, amount: float):
    driver.window.open_ask()
    options = driver.window.findChild(AskOptions)
    options.kind.setCurrentIndex(kind)
    options.amount.setValue(amount)
    wanted = driver.state.estimates.of
    qtbot.waitUntil(lambda: wanted(options.options) is not None)
    qtbot.waitUntil(
        lambda: options.estimate.text() == driver.state.estimates.words(options.options)
    )
    told = options.estimate.text()
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=30_000):
        QTest.mouseClick(options.button, Qt.MouseButton.LeftButton)
    driver.settle()
    assert said(driver.state.round.query) in told


def test_an_answer_makes_the_estimate_anew(driver, qtbot):
    """A volunteered unit leaves the pool, so the next query cannot ask it any more."""
    estimates = driver.state.estimates
    everything = {"units": 10**6}
    qtbot.waitUntil(lambda: estimates.of(everything) is not None)
    before = estimates.of(everything).units
    assert before == len(driver.session.project.units)
    content = driver.state.content
    driver.session.work.labelling.pick(int((content.unit >= 0).nonzero()[0][0]))
    driver.settle()
    driver.key("1")
    qtbot.waitUntil(lambda: estimates.of(everything) is not None)
    assert estimates.of(everything).units == before - 1


def test_what_cannot_be_asked_is_said_in_the_options(driver, qtbot):
    driver.window.open_ask()
    options = driver.window.findChild(AskOptions)
    options.strategy.setCurrentText("basal")
    options.amount.setValue(0.001)
    qtbot.waitUntil(lambda: "Nothing fits" in options.estimate.text())
    options.close()


def test_options_that_were_closed_ask_for_nothing_more(driver, qtbot, monkeypatch):
    """Each popup that had been open started a dry run whenever an answer came."""
    estimates, window = driver.state.estimates, driver.window
    for amount in (10.0, 20.0, 30.0):
        window.open_ask()
        (options,) = (one for one in window.findChildren(AskOptions) if one.isVisible())
        options.amount.setValue(amount)
        qtbot.waitUntil(lambda one=options: isinstance(estimates.of(one.options), steps.Estimate))
        QTest.mouseClick(options, Qt.MouseButton.LeftButton, pos=QPoint(-50, -50))
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
    asked, estimate = [], steps.estimate

    def noted(project, **options):
        asked.append(options)
        return estimate(project, **options)

    monkeypatch.setattr(steps, "estimate", noted)
    estimates.forget()
    with qtbot.waitSignal(estimates.changed, timeout=30_000):
        estimates.of()
    driver.rest()
    assert asked == [{}]


@pytest.mark.slow
def test_a_slider_and_another_round_change_what_would_be_asked(driver, qtbot):
    """A branch from the start is asked while another query is open, and loses none of its items."""
    driver.step("ask")
    first = driver.state.round
    driver.window.open_ask()
    options = driver.window.findChild(AskOptions)
    options.kind.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "unanswered items" in options.estimate.text())
    assert not options.button.isEnabled()
    options.after.setCurrentIndex(options.after.count() - 1)
    options.slider.setValue(0)
    assert options.amount.value() == 1
    options.slider.setValue(500)
    assert options.amount.value() == 100  # the middle of 1 to 10,000
    options.amount.setValue(10)
    assert options.slider.value() == 250
    options.strategy.setCurrentText("random")
    options.seed.setValue(9)
    wanted = driver.state.estimates.of
    qtbot.waitUntil(lambda: wanted(options.options) is not None)
    qtbot.waitUntil(options.button.isEnabled)
    told = options.estimate.text()
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=30_000):
        QTest.mouseClick(options.button, Qt.MouseButton.LeftButton)
    driver.settle()
    asked = driver.state.round
    assert said(asked.query) in told
    assert (asked.parent, asked.query.seed, asked.number) == (None, 9, 1)
    assert driver.session.project.open_items(first) == list(first.query.items)
